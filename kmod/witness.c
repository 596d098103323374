// SPDX-License-Identifier: GPL-2.0
/*
 * Does anybody else announce the prefix?  The routing daemon writes what it
 * hears of it from other nodes into a routing table of its own, and here that
 * is read: under RCU, without RTNL, in as many steps as the table is deep.
 *
 * Whatever is in doubt is no path: then the prefix stays announced.
 */
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/ip6_fib.h>
#include <net/ip_fib.h>
#include <net/nexthop.h>

#include "anygate.h"

/* The host itself, and what has gone with a link, lead nowhere. */
static bool leads_away(const struct fib_nh_common *nhc)
{
	return nhc->nhc_dev && !(nhc->nhc_dev->flags & IFF_LOOPBACK) &&
	       !(nhc->nhc_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN));
}

/*
 * Our own routes are no witness, nor is what the kernel makes of addresses: a
 * large connected network says nothing of who is in it.
 */
static bool from_others(u8 protocol)
{
	return protocol != anygate_protocol && protocol != RTPROT_KERNEL;
}

/* Where everything else goes is no path, but for a gate that is the default. */
static bool is_default(unsigned int len, const struct anygate_prefix *prefix)
{
	return !len && prefix->len;
}

/* fib_get_table() is not exported. */
static struct fib_table *table4(struct net *net, u32 id)
{
	struct hlist_head *head;
	struct fib_table *table;

	head = &net->ipv4.fib_table_hash[id & (FIB_TABLE_HASHSZ - 1)];
	hlist_for_each_entry_rcu(table, head, tb_hlist)
		if (table->tb_id == id)
			return table;
	return NULL;
}

/* The best route to an address, if it is one for all of the prefix. */
static bool path4(struct fib_table *table, const struct anygate_prefix *prefix,
		  __be32 addr)
{
	struct flowi4 flow = { .daddr = addr };
	struct fib_result res;
	int i;

	if (fib_table_lookup(table, &flow, &res, FIB_LOOKUP_NOREF) ||
	    res.type != RTN_UNICAST || res.prefixlen > prefix->len ||
	    is_default(res.prefixlen, prefix) ||
	    !from_others(res.fi->fib_protocol))
		return false;
	for (i = 0; i < fib_info_num_path(res.fi); i++)
		if (leads_away(fib_info_nhc(res.fi, i)))
			return true;
	return false;
}

/*
 * The kernel tells the longest match only, and that may be for a part of the
 * prefix, as is a service address within a covering one.  It hardly hides both
 * ends.
 */
static bool other4(struct net *net, const struct anygate_prefix *prefix,
		   u32 id)
{
	struct fib_table *table = table4(net, id);
	__be32 first = prefix->addr.ip.s6_addr32[0];
	__be32 last = first | ~inet_make_mask(prefix->len);

	return table && (path4(table, prefix, first) ||
			 (first != last && path4(table, prefix, last)));
}

#if IS_ENABLED(CONFIG_IPV6) && defined(CONFIG_IPV6_MULTIPLE_TABLES)
static int leads_away6(struct fib6_nh *nh, void *arg)
{
	return leads_away(&nh->nh_common);
}

static bool route6_is_path(struct fib6_info *route,
			   const struct anygate_prefix *prefix)
{
	if (route->fib6_type != RTN_UNICAST ||
	    is_default(route->fib6_dst.plen, prefix) ||
	    !from_others(route->fib6_protocol))
		return false;
	if (!route->nh)
		return leads_away(&route->fib6_nh->nh_common);
	return !nexthop_is_blackhole(route->nh) &&
	       nexthop_for_each_fib6_nh(route->nh, leads_away6, NULL);
}

/* The route that a gate would add itself. */
static bool route6_is_obj(const struct fib6_info *route,
			  const struct anygate_obj *obj)
{
	return route->fib6_dst.plen == obj->prefix->len &&
	       route->fib6_type == RTN_BLACKHOLE &&
	       route->fib6_protocol == anygate_protocol &&
	       route->fib6_metric == obj->metric;
}

static bool bit_set(const struct in6_addr *addr, unsigned int bit)
{
	return bit < 128 && addr->s6_addr[bit / 8] & (0x80 >> bit % 8);
}

/*
 * Is there a path to all of the prefix, or, with @obj, that route?  From the
 * root of the tree to the prefix: everything that contains it is on the way.
 */
static bool search6(struct net *net, const struct anygate_prefix *prefix,
		    u32 id, const struct anygate_obj *obj)
{
	const struct in6_addr *addr = &prefix->addr.ip;
	struct fib6_table *table;
	struct fib6_node *node;
	struct fib6_info *route;

	/* With ipv6.disable=1 there is not even a table of tables. */
	if (!ipv6_mod_enabled())
		return false;
	table = fib6_get_table(net, id);
	node = table ? &table->tb6_root : NULL;
	while (node && node->fn_bit <= prefix->len) {
		route = node->fn_flags & RTN_RTINFO ?
			rcu_dereference(node->leaf) : NULL;
		if (route && !ipv6_prefix_equal(&route->fib6_dst.addr, addr,
						route->fib6_dst.plen))
			return false;
		for (; route; route = rcu_dereference(route->fib6_next))
			if (obj ? route6_is_obj(route, obj) :
				  route6_is_path(route, prefix))
				return true;
		node = bit_set(addr, node->fn_bit) ?
		       rcu_dereference(node->right) :
		       rcu_dereference(node->left);
	}
	return false;
}
#else
static bool search6(struct net *net, const struct anygate_prefix *prefix,
		    u32 id, const struct anygate_obj *obj)
{
	return false;
}
#endif

/**
 * anygate_witness_other() - does another node announce the prefix?
 * @agn: the namespace
 * @prefix: the prefix
 * @table: number of the routing table that has what other nodes announce
 *
 * A unicast route to the prefix, or to one that contains it; neither a default
 * route nor one of ours or the kernel's own, and with a next hop whose link
 * is up.
 *
 * Context: any.
 * Return: true if there is such a route.
 */
bool anygate_witness_other(const struct anygate_net *agn,
			   const struct anygate_prefix *prefix, u32 table)
{
	bool other;

	rcu_read_lock();
	other = prefix->addr.family == AF_INET ?
		other4(agn->net, prefix, table) :
		search6(agn->net, prefix, table, NULL);
	rcu_read_unlock();
	return other;
}

/**
 * anygate_witness_left() - has an earlier life of the module left this route?
 * @agn: the namespace
 * @obj: the route that a new gate is to announce by
 *
 * Context: the engine, @agn->lock held; releases it while it waits for RTNL.
 * Return: true if it is in the table.
 */
bool anygate_witness_left(struct anygate_net *agn,
			  const struct anygate_obj *obj)
	__must_hold(&agn->lock)
{
	bool left;

	lockdep_assert_held(&agn->lock);
	might_sleep();
	if (obj->prefix->addr.family == AF_INET)
		return anygate_obj_there(agn, obj);
	rcu_read_lock();
	left = search6(agn->net, obj->prefix, obj->table, obj);
	rcu_read_unlock();
	return left;
}
