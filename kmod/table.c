// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's tables, read: is an address there, and whose is it? And which
 * table is a device's?
 *
 * Only addresses: their lists can be walked under RCU.  The routing tables
 * can't be read from a module without a dump; actuate.c finds out by adding
 * exclusively.
 */
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/flow.h>
#include <net/if_inet6.h>
#include <net/ip6_fib.h>
#include <net/l3mdev.h>

#include "anygate.h"

/* A lifetime that does not end, as rtnetlink has it. */
#define FOREVER 0xffffffffU

/*
 * Remaining of a lifetime that began to run at @tstamp, as the kernel counts. Of one
 * that is over and not yet acted upon, @least.
 */
static u32 remaining(u32 lft, unsigned long tstamp, u32 least)
{
	unsigned long passed = (jiffies - tstamp) / HZ;

	if (lft == FOREVER)
		return lft;
	return lft > passed ? lft - passed : least;
}

static void save4(const struct in_ifaddr *ifa, struct anygate_saved *saved)
{
	unsigned long tstamp = READ_ONCE(ifa->ifa_tstamp);

	memset(saved, 0, sizeof(*saved));
	/* Primary or secondary is not for us to say. */
	saved->flags = READ_ONCE(ifa->ifa_flags) & ~IFA_F_SECONDARY;
	saved->rt_priority = READ_ONCE(ifa->ifa_rt_priority);
	saved->broadcast = ifa->ifa_broadcast;
	saved->scope = ifa->ifa_scope;
	saved->proto = READ_ONCE(ifa->ifa_proto);
	strscpy(saved->label, ifa->ifa_label, sizeof(saved->label));
	/* Valid for no time at all is refused. */
	saved->valid_lft = remaining(READ_ONCE(ifa->ifa_valid_lft), tstamp, 1);
	saved->preferred_lft = remaining(READ_ONCE(ifa->ifa_preferred_lft),
					 tstamp, 0);
	if (saved->flags & IFA_F_PERMANENT) {
		saved->valid_lft = FOREVER;
		saved->preferred_lft = saved->flags & IFA_F_DEPRECATED ?
				       0 : FOREVER;
	}
	/* Follows from the lifetimes, and is refused in a request. */
	saved->flags &= ~(IFA_F_PERMANENT | IFA_F_DEPRECATED);
}

#if IS_ENABLED(CONFIG_IPV6)
static void save6(const struct inet6_ifaddr *ifp, struct anygate_saved *saved)
{
	unsigned long tstamp = READ_ONCE(ifp->tstamp);
	u32 flags = READ_ONCE(ifp->flags);

	memset(saved, 0, sizeof(*saved));
	saved->rt_priority = READ_ONCE(ifp->rt_priority);
	saved->proto = READ_ONCE(ifp->ifa_proto);
	saved->scope = RT_SCOPE_UNIVERSE;
	saved->valid_lft = remaining(READ_ONCE(ifp->valid_lft), tstamp, 1);
	saved->preferred_lft = remaining(READ_ONCE(ifp->prefered_lft), tstamp,
					 0);
	if (flags & IFA_F_PERMANENT) {
		saved->valid_lft = FOREVER;
		saved->preferred_lft = flags & IFA_F_DEPRECATED ?
				       0 : FOREVER;
	}
	/* The ones that a request may set. */
	saved->flags = flags & (IFA_F_NODAD | IFA_F_HOMEADDRESS |
				IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE |
				IFA_F_MCAUTOJOIN | IFA_F_OPTIMISTIC);
}
#endif

/* Whose is an address with this protocol number, for a gate that is new? */
static enum anygate_owner owner_of(u8 proto)
{
	return proto == anygate_protocol ? ANYGATE_OWNER_US :
					   ANYGATE_OWNER_ADOPTED;
}

static bool find4(const struct net_device *dev, const struct anygate_obj *obj,
		  struct anygate_found *found)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev) {
		if (ifa->ifa_local != obj->prefix->addr.ip.s6_addr32[0] ||
		    ifa->ifa_prefixlen != 32 ||
		    ifa->ifa_address != ifa->ifa_local)
			continue;
		found->owner = owner_of(READ_ONCE(ifa->ifa_proto));
		save4(ifa, &found->saved);
		return true;
	}
	return false;
}

#if IS_ENABLED(CONFIG_IPV6)
/* An address as we add it. One with a peer has routes that it would not come back with. */
static bool ours6(const struct inet6_ifaddr *ifp)
{
	return ifp->prefix_len == 128 && ipv6_addr_any(&ifp->peer_addr);
}

static const struct inet6_ifaddr *lookup6(const struct inet6_dev *idev,
					  const struct in6_addr *addr)
{
	const struct inet6_ifaddr *ifp;

	list_for_each_entry_rcu(ifp, &idev->addr_list, if_list)
		if (ours6(ifp) && ipv6_addr_equal(&ifp->addr, addr))
			return ifp;
	return NULL;
}
#endif

static bool find6(const struct net_device *dev, const struct anygate_obj *obj,
		  struct anygate_found *found)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct inet6_dev *idev = __in6_dev_get(dev);
	const struct inet6_ifaddr *ifp;

	ifp = idev ? lookup6(idev, &obj->prefix->addr.ip) : NULL;
	if (!ifp)
		return false;
	found->owner = owner_of(READ_ONCE(ifp->ifa_proto));
	save6(ifp, &found->saved);
	return true;
#else
	return false;
#endif
}

/**
 * anygate_table_find() - is the address there?
 * @agn: the namespace
 * @obj: the address
 * @found: filled in if it is
 *
 * Linear in the addresses of the device, as the kernel is itself when it adds
 * or deletes one.
 *
 * Context: any.
 * Return: true if it is.
 */
bool anygate_table_find(const struct anygate_net *agn,
			const struct anygate_obj *obj,
			struct anygate_found *found)
{
	struct net_device *dev;
	bool is_there = false;

	rcu_read_lock();
	dev = dev_get_by_name_rcu(agn->net, obj->dev);
	if (dev) {
		is_there = obj->prefix->addr.family == AF_INET ?
			   find4(dev, obj, found) : find6(dev, obj, found);
		found->ifindex = dev->ifindex;
	}
	rcu_read_unlock();
	return is_there;
}

/**
 * anygate_table_ready() - does the address take packets already?
 * @agn: the namespace
 * @obj: the object, present
 *
 * An IPv6 address is announced, and acknowledged, before a kernel worker has
 * given it its route (addrconf_dad_work()); all else is ready when it is there.
 *
 * Context: any.
 * Return: true if it does.
 */
bool anygate_table_ready(const struct anygate_net *agn,
			 const struct anygate_obj *obj)
{
	bool ready = true;
#if IS_ENABLED(CONFIG_IPV6)
	const struct inet6_ifaddr *ifp;
	const struct inet6_dev *idev;
	const struct fib6_info *rt;
	struct net_device *dev;

	if (obj->type != ANYGATE_OBJ_ADDR ||
	    obj->prefix->addr.family != AF_INET6)
		return true;
	rcu_read_lock();
	dev = dev_get_by_name_rcu(agn->net, obj->dev);
	idev = dev ? __in6_dev_get(dev) : NULL;
	ifp = idev ? lookup6(idev, &obj->prefix->addr.ip) : NULL;
	if (ifp) {
		rt = READ_ONCE(ifp->rt);
		ready = rt && rcu_access_pointer(rt->fib6_node);
	}
	rcu_read_unlock();
#endif
	return ready;
}

/**
 * anygate_table_local() - the table that has the local routes of a device
 * @agn: the namespace
 * @name: the device, which need not be there
 *
 * It is another one from one moment to the next: a device joins a VRF and
 * leaves it.
 *
 * Context: any.
 * Return: the VRF's own if it is in one, or is one.
 */
u32 anygate_table_local(const struct anygate_net *agn, const char *name)
{
	struct net_device *dev;
	u32 table = 0;

	/* Of most gates, and no VRF takes it. */
	if (!strcmp(name, "lo"))
		return RT_TABLE_LOCAL;
	rcu_read_lock();
	dev = dev_get_by_name_rcu(agn->net, name);
	if (dev)
		table = l3mdev_fib_table_rcu(dev);
	rcu_read_unlock();
	return table ?: RT_TABLE_LOCAL;
}

/**
 * anygate_table_index() - the number of a device
 * @agn: the namespace
 * @name: its name
 *
 * Context: any.
 * Return: it, or 0 if there is none of that name.
 */
int anygate_table_index(const struct anygate_net *agn, const char *name)
{
	struct net_device *dev;
	int index = 0;

	rcu_read_lock();
	dev = dev_get_by_name_rcu(agn->net, name);
	if (dev)
		index = dev->ifindex;
	rcu_read_unlock();
	return index;
}

static void seen(struct anygate_net *agn, const struct net_device *dev,
		 const struct anygate_prefix *prefix)
{
	struct anygate_gate *gate = anygate_gate_find(agn, prefix);

	/* A device may have more than one name. */
	if (gate && gate->announce.type == ANYGATE_OBJ_ADDR &&
	    (!strcmp(gate->announce.dev, dev->name) ||
	     anygate_table_index(agn, gate->announce.dev) == dev->ifindex))
		gate->seen = agn->pass;
}

static void scan_dev(struct anygate_net *agn, const struct net_device *dev)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	struct anygate_prefix prefix;
	const struct in_ifaddr *ifa;

	memset(&prefix, 0, sizeof(prefix));
	if (in_dev) {
		prefix.addr.family = AF_INET;
		prefix.len = 32;
		in_dev_for_each_ifa_rcu(ifa, in_dev) {
			if (ifa->ifa_prefixlen != 32 ||
			    ifa->ifa_address != ifa->ifa_local)
				continue;
			prefix.addr.ip.s6_addr32[0] = ifa->ifa_local;
			seen(agn, dev, &prefix);
		}
	}
#if IS_ENABLED(CONFIG_IPV6)
	{
		const struct inet6_dev *idev = __in6_dev_get(dev);
		const struct inet6_ifaddr *ifp;

		if (!idev)
			return;
		prefix.addr.family = AF_INET6;
		prefix.len = 128;
		list_for_each_entry_rcu(ifp, &idev->addr_list, if_list) {
			if (!ours6(ifp))
				continue;
			prefix.addr.ip = ifp->addr;
			seen(agn, dev, &prefix);
		}
	}
#endif
}

/**
 * anygate_table_scan() - note in every gate whether its address is there
 * @agn: the namespace; its @pass goes into the @seen of each gate found
 *
 * One walk for all gates: looking each one up would be quadratic.
 *
 * Context: the engine, @agn->lock held.
 */
void anygate_table_scan(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	struct net_device *dev;

	lockdep_assert_held(&agn->lock);
	rcu_read_lock();
	if (!agn->n_otherdev) {
		/* Not net->loopback_dev: it is cleared when it is gone already. */
		dev = dev_get_by_index_rcu(agn->net, LOOPBACK_IFINDEX);
		if (dev)
			scan_dev(agn, dev);
	} else {
		for_each_netdev_rcu(agn->net, dev)
			scan_dev(agn, dev);
	}
	rcu_read_unlock();
}
