// SPDX-License-Identifier: GPL-2.0
/*
 * The truth: which sockets would receive a new client's packet, read from the
 * kernel's socket tables.
 *
 * The tables are walked rather than asked, because the kernel's own lookup
 * picks one socket for one device: it can neither count the members of an
 * SO_REUSEPORT group nor answer for "any device".  Only where a BPF program
 * of type sk_lookup decides in this namespace is the kernel asked, since then
 * no table says what a packet gets.
 */
#include <linux/filter.h>
#include <linux/rculist_nulls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/sock.h>

#include "anygate.h"

/**
 * struct look - one look at the tables
 * @net: the namespace
 * @key: the service
 * @policy: which bound devices count
 * @dif: where packets come in by the kernel's own account (policy dev): the device,
 *	or the VRF it is in; 0 if it is missing
 * @sdif: the device, if that is in a VRF, or is one; else 0
 * @agn: the namespace
 * @fatal: leave out sockets whose process is ending
 * @dying: how many were left out so far
 * @visitor: who wants to see each, or NULL
 * @wildcard: count sockets bound to no address, instead of those bound to the
 *	service's: two hashes may share a bucket, and none is to be counted twice
 */
struct look {
	struct net *net;
	const struct anygate_sockkey *key;
	enum anygate_listen_policy policy;
	int dif;
	int sdif;
	struct anygate_net *agn;
	bool fatal;
	u32 dying;
	const struct anygate_visitor *visitor;
	bool wildcard;
};

static bool dev_counts(const struct look *look, const struct sock *sk)
{
	int bound = READ_ONCE(sk->sk_bound_dev_if);

	switch (look->policy) {
	case ANYGATE_LISTEN_POLICY_ANY:
		return true;
	case ANYGATE_LISTEN_POLICY_NONE:
		return !bound;
	case ANYGATE_LISTEN_POLICY_DEV:
		if (!look->dif)
			return false;
		/* As the kernel's lookups do, l3mdev_accept included. */
		return look->key->proto == IPPROTO_TCP ?
		       inet_sk_bound_dev_eq(look->net, bound, look->dif,
					    look->sdif) :
		       udp_sk_bound_dev_eq(look->net, bound, look->dif,
					   look->sdif);
	}
	return false;
}

/* Does the socket receive packets to the service's address? */
static bool addr_matches(const struct look *look, const struct sock *sk)
{
	const struct anygate_addr *addr = &look->key->addr;

#if IS_ENABLED(CONFIG_IPV6)
	if (addr->family == AF_INET6) {
		if (sk->sk_family != AF_INET6)
			return false;
		return look->wildcard ?
		       ipv6_addr_any(&sk->sk_v6_rcv_saddr) :
		       ipv6_addr_equal(&sk->sk_v6_rcv_saddr, &addr->ip);
	}
	/* An IPv6 socket takes IPv4 if it is mapped, or a wildcard and may. */
	if (sk->sk_family == AF_INET6) {
		if (ipv6_only_sock(sk))
			return false;
		if (!ipv6_addr_any(&sk->sk_v6_rcv_saddr) &&
		    !ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
			return false;
	}
#endif
	return look->wildcard ? !sk->sk_rcv_saddr :
				sk->sk_rcv_saddr == addr->ip.s6_addr32[0];
}

static bool tcp_counts(const struct look *look, const struct sock *sk)
{
	return net_eq(sock_net(sk), look->net) &&
	       inet_sk(sk)->inet_num == look->key->port &&
	       READ_ONCE(sk->sk_state) == TCP_LISTEN &&
	       addr_matches(look, sk) && dev_counts(look, sk);
}

/* A connected socket gets only its peer's packets. */
static bool udp_counts(const struct look *look, const struct sock *sk)
{
	return net_eq(sock_net(sk), look->net) &&
	       udp_sk(sk)->udp_port_hash == look->key->port &&
	       READ_ONCE(sk->sk_state) != TCP_ESTABLISHED &&
	       !inet_sk(sk)->inet_daddr &&
	       addr_matches(look, sk) && dev_counts(look, sk);
}

/* It counts, unless its process is ending. */
static u32 take(struct look *look, struct sock *sk)
{
	if (look->fatal && anygate_dying_is(look->agn, sk)) {
		look->dying++;
		return 0;
	}
	if (look->visitor)
		look->visitor->visit(sk, look->visitor->arg);
	return 1;
}

static u32 tcp_count(struct look *look,
		     const struct inet_listen_hashbucket *ilb2)
{
	struct hlist_nulls_node *node;
	struct sock *sk;
	u32 n = 0;

	rcu_read_lock();
	sk_nulls_for_each_rcu(sk, node, &ilb2->nulls_head)
		if (tcp_counts(look, sk))
			n += take(look, sk);
	rcu_read_unlock();
	return n;
}

static u32 udp_count(struct look *look, const struct udp_hslot *slot)
{
	struct sock *sk;
	u32 n = 0;

	rcu_read_lock();
	udp_portaddr_for_each_entry_rcu(sk, &slot->head)
		if (udp_counts(look, sk))
			n += take(look, sk);
	rcu_read_unlock();
	return n;
}

/*
 * Count in one bucket.  Without the lock a socket that is being moved can be
 * passed over, so a walk that finds nothing is done again with it.
 */
static u32 tcp_bucket(struct look *look, unsigned int hash, bool locked)
{
	struct inet_hashinfo *hashinfo =
		look->net->ipv4.tcp_death_row.hashinfo;
	struct inet_listen_hashbucket *ilb2 = inet_lhash2_bucket(hashinfo,
								 hash);
	u32 n;

	if (!locked)
		return tcp_count(look, ilb2);
	/* Process context only, as in __inet_hash(): no _bh. */
	spin_lock(&ilb2->lock);
	n = tcp_count(look, ilb2);
	spin_unlock(&ilb2->lock);
	return n;
}

static u32 udp_bucket(struct look *look, unsigned int hash, bool locked)
{
	struct udp_hslot *slot =
		udp_hashslot2(anygate_udp_table(look->net), hash);
	u32 n;

	if (!locked)
		return udp_count(look, slot);
	spin_lock_bh(&slot->lock);
	n = udp_count(look, slot);
	spin_unlock_bh(&slot->lock);
	return n;
}

static u32 bucket(struct look *look, unsigned int hash, bool locked)
{
	if (look->key->proto == IPPROTO_TCP)
		return tcp_bucket(look, hash, locked);
	return udp_bucket(look, hash, locked);
}

/*
 * Sockets bound to the address, and those bound to none.  The hash of the
 * IPv6 wildcard is that of the IPv4 one, by design of ipv6_portaddr_hash().
 */
static u32 walk(struct look *look, bool locked)
{
	const struct anygate_sockkey *key = look->key;
	unsigned int exact, any;
	u32 n;

	any = ipv4_portaddr_hash(look->net, htonl(INADDR_ANY), key->port);
#if IS_ENABLED(CONFIG_IPV6)
	if (key->addr.family == AF_INET6)
		exact = ipv6_portaddr_hash(look->net, &key->addr.ip,
					   key->port);
	else
#endif
		exact = ipv4_portaddr_hash(look->net,
					   key->addr.ip.s6_addr32[0],
					   key->port);

	look->dying = 0;
	if (look->visitor && look->visitor->restart)
		look->visitor->restart(look->visitor->arg);
	look->wildcard = false;
	n = bucket(look, exact, locked);
	look->wildcard = true;
	return n + bucket(look, any, locked);
}

/* Does a BPF sk_lookup program decide in this namespace? */
static bool bpf_decides(const struct net *net)
{
#if defined(CONFIG_BPF_SYSCALL) && defined(CONFIG_INET)
	if (static_branch_unlikely(&bpf_sk_lookup_enabled))
		return rcu_access_pointer(net->bpf.run_array[NETNS_BPF_SK_LOOKUP]);
#endif
	return false;
}

/*
 * What the kernel itself would give a packet to: 1 or 0.  It answers for one
 * device: without "listen-dev DEV" for a packet that came in on none, which
 * sockets that are bound to one do not get.
 */
static u32 lookup(struct look *look)
{
	const struct anygate_sockkey *key = look->key;
	const struct anygate_addr *addr = &key->addr;
	struct sock *sk = NULL;
	u32 n;

	/* Nothing comes in on a device that is not there. */
	if (look->policy == ANYGATE_LISTEN_POLICY_DEV && !look->dif)
		return 0;
	rcu_read_lock();
	if (addr->family == AF_INET) {
		__be32 daddr = addr->ip.s6_addr32[0];

		sk = key->proto == IPPROTO_TCP ?
		     anygate_tcp4_lookup(look->net, 0, 0, daddr, key->port,
					 look->dif, look->sdif) :
		     anygate_udp4_lookup(look->net, 0, 0, daddr, key->port,
					 look->dif, look->sdif);
	}
#if IS_ENABLED(CONFIG_IPV6)
	if (addr->family == AF_INET6)
		sk = key->proto == IPPROTO_TCP ?
		     anygate_tcp6_lookup(look->net, &in6addr_any, 0, &addr->ip,
					 key->port, look->dif, look->sdif) :
		     anygate_udp6_lookup(look->net, &in6addr_any, 0, &addr->ip,
					 key->port, look->dif, look->sdif);
#endif
	n = sk ? take(look, sk) : 0;
	rcu_read_unlock();
	return n;
}

/*
 * As a packet on the device would have it when the sockets are looked for. A VRF
 * takes its ports' packets for its own, and remembers the port (vrf_ip_rcv(),
 * inet_iif(), inet_sdif(), and the same for IPv6); what is sent within it has
 * itself for both. The walk would not mind if they were swapped; a BPF program is
 * told the first one only.
 */
static void set_dev(struct look *look, const char *name)
{
	struct net_device *dev;
	int master;

	rcu_read_lock();
	dev = dev_get_by_name_rcu(look->net, name);
	if (dev) {
		master = l3mdev_master_ifindex_rcu(dev);
		look->dif = master ?: dev->ifindex;
		look->sdif = master ? dev->ifindex : 0;
	}
	rcu_read_unlock();
}

/**
 * anygate_probe_listeners() - count the listeners of a service
 * @agn: the namespace
 * @conf: the gate's settings, for its policy on bound devices
 * @key: the service
 * @likely_gone: something has just gone: look with the table's lock at once
 * @visitor: who wants to see each of them, or NULL
 * @dying: set to the number of sockets that do not count because their process
 *	is ending
 *
 * Exact address, wildcard, "::" without IPV6_V6ONLY for IPv4, every member of
 * an SO_REUSEPORT group; not a connected UDP socket.
 *
 * Context: process.
 * Return: their number; where a BPF program decides, 0 or 1.
 */
u32 anygate_probe_listeners(struct anygate_net *agn,
			    const struct anygate_conf *conf,
			    const struct anygate_sockkey *key,
			    bool likely_gone,
			    const struct anygate_visitor *visitor, u32 *dying)
{
	struct look look = {
		.net = agn->net,
		.key = key,
		.policy = conf->listen_policy,
		.agn = agn,
		.fatal = conf->fatal && agn->n_dying,
		.visitor = visitor,
	};
	u32 n;

	might_sleep();
	if (conf->listen_policy == ANYGATE_LISTEN_POLICY_DEV)
		set_dev(&look, conf->listen_dev);

	if (bpf_decides(agn->net)) {
		if (visitor && visitor->restart)
			visitor->restart(visitor->arg);
		n = lookup(&look);
	} else {
		n = likely_gone ? 0 : walk(&look, false);
		if (!n)
			n = walk(&look, true);
	}
	*dying = look.dying;
	return n;
}
