// SPDX-License-Identifier: GPL-2.0
/*
 * The shield, the only code on the packet path: for some time after the last
 * listener is gone new clients are told nothing, so that nobody is told
 * "refused" who would find the next node by asking again.
 *
 * Two places.  What the node itself says to a new client, an RST that answers
 * a SYN or "destination unreachable", is dropped on its way out: the kernel has
 * looked for a socket and found none, so no packet is lost to a listener, and
 * there is no instant between a look of ours and that of the kernel.  And where
 * a prefix without a local route may be forwarded, back to where it came from
 * as a rule, new clients' packets are dropped on their way in, if the kernel's
 * own lookup finds no socket for them.
 *
 * Either only if the engine still believes that there is a listener (it is
 * gone, and the engine does not know yet) or the shield is up.  And only while
 * armed: from a socket event on, which the probes' handlers tell before the
 * socket is gone (UDP) or right after (TCP), for as long as the longest shield
 * lasts.  Hooks are registered in a namespace only while a gate there has a
 * shield.
 *
 * SYNs and UDP datagrams are new clients' packets: what belongs to an
 * established connection, and ICMP about it, is let through.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/l3mdev.h>
#include <net/netlink.h>

#include "anygate.h"

/* After defragmentation, before connection tracking. */
#define PRIORITY (NF_IP_PRI_RAW - 1)

/**
 * struct anygate_shield_service - a service behind a shield
 * @key: the service
 * @by_key: in anygate_shield_net.services
 * @shield: the gate's shield
 * @had: it had a listener when the engine looked last
 */
struct anygate_shield_service {
	struct anygate_sockkey key;
	struct rhlist_head by_key;
	struct anygate_shield *shield;
	bool had;
};

/**
 * struct anygate_shield - the shield of a gate
 * @rcu: for freeing
 * @until: CLOCK_BOOTTIME nanoseconds until which it is up; 0 for not up
 * @through: the fallback has taken over: let packets through to it
 * @dropped: packets dropped, ever
 * @before: of these, those before it went up last
 * @first: CLOCK_BOOTTIME nanoseconds of the first drop since it went up; 0
 *	for none
 * @last: of the last drop
 * @in: packets are to be dropped on their way in, too
 * @n: number of services
 * @s: the services
 *
 * The engine writes @until, @through and the services, under
 * anygate_net.lock; the packet path reads them and writes the rest.
 */
struct anygate_shield {
	struct rcu_head rcu;
	u64 until;
	bool through;
	atomic64_t dropped;
	u64 before;
	atomic64_t first;
	atomic64_t last;
	bool in;
	unsigned int n;
	struct anygate_shield_service s[] __counted_by(n);
};

/**
 * struct anygate_shield_net - the shields of a namespace
 * @net: the namespace
 * @armed_until: jiffies
 * @longest: the longest time a shield here is up, in jiffies
 * @n: number of shields
 * @n_in: of these, those whose prefix may be forwarded
 * @services: their services
 * @in: the hooks for what comes in, registered while @n_in
 * @out: the hooks for what goes out
 */
struct anygate_shield_net {
	struct net *net;
	unsigned long armed_until;
	unsigned long longest;
	unsigned int n;
	unsigned int n_in;
	struct rhltable services;
	struct nf_hook_ops in[2];
	struct nf_hook_ops out[2];
};

static const struct rhashtable_params key_params = {
	.key_offset = offsetof(struct anygate_shield_service, key),
	.key_len = sizeof(struct anygate_sockkey),
	.head_offset = offsetof(struct anygate_shield_service, by_key),
	.automatic_shrinking = true,
};

/* --- the packet path ------------------------------------------------------- */

/* A new client's packet: where from and where to, in network order. */
struct packet {
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 sport;
	__be16 dport;
	int dif;
	int sdif;
	u8 family;
	u8 proto;
};

/* Ports of a SYN or a datagram; false for everything else. */
static bool get_ports(const struct sk_buff *skb, unsigned int off,
		      struct packet *packet)
{
	struct tcphdr tcp_buf, *tcp;
	struct udphdr udp_buf, *udp;

	switch (packet->proto) {
	case IPPROTO_TCP:
		tcp = skb_header_pointer(skb, off, sizeof(tcp_buf), &tcp_buf);
		if (!tcp || !tcp->syn || tcp->ack || tcp->rst)
			return false;
		packet->sport = tcp->source;
		packet->dport = tcp->dest;
		return true;
	case IPPROTO_UDP:
		udp = skb_header_pointer(skb, off, sizeof(udp_buf), &udp_buf);
		if (!udp)
			return false;
		packet->sport = udp->source;
		packet->dport = udp->dest;
		return true;
	default:
		return false;
	}
}

/* The packet that begins at @off. */
static bool get_ip(const struct sk_buff *skb, unsigned int off,
		   struct packet *packet)
{
	struct iphdr buf, *ip;

	ip = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!ip || ip->frag_off & htons(IP_OFFSET))
		return false;
	memcpy(&packet->saddr, &ip->saddr, 4);
	memcpy(&packet->daddr, &ip->daddr, 4);
	packet->proto = ip->protocol;
	return get_ports(skb, off + ip->ihl * 4, packet);
}

#if IS_ENABLED(CONFIG_IPV6)
static bool get_ipv6(const struct sk_buff *skb, unsigned int off,
		     struct packet *packet)
{
	struct ipv6hdr buf, *ip;
	__be16 frag_off;
	u8 proto;
	int at;

	ip = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!ip)
		return false;
	packet->saddr = ip->saddr;
	packet->daddr = ip->daddr;
	proto = ip->nexthdr;
	at = ipv6_skip_exthdr(skb, off + sizeof(buf), &proto, &frag_off);
	if (at < 0 || frag_off & htons(~0x7))
		return false;
	packet->proto = proto;
	return get_ports(skb, at, packet);
}
#endif

static bool get_packet(struct sk_buff *skb, const struct nf_hook_state *state,
		       struct packet *packet)
{
	packet->family = state->pf;
	/* The VRF, if there is one: as the lookups for local delivery do. */
	packet->dif = l3mdev_master_ifindex_rcu(state->in) ?:
		      state->in->ifindex;
	packet->sdif = netif_is_l3_slave(state->in) ? state->in->ifindex : 0;

	if (packet->family == NFPROTO_IPV4) {
		if (netif_is_l3_master(state->in))
			packet->sdif = inet_sdif(skb);
		return get_ip(skb, skb_network_offset(skb), packet);
	}
#if IS_ENABLED(CONFIG_IPV6)
	if (netif_is_l3_master(state->in))
		packet->sdif = inet6_sdif(skb);
	return get_ipv6(skb, skb_network_offset(skb), packet);
#else
	return false;
#endif
}

/* The SYN that an RST answers: RFC 9293, 3.10.7.1, it has no number itself. */
static bool get_refused_syn(const struct sk_buff *skb, unsigned int off,
			    struct packet *packet)
{
	struct tcphdr buf, *tcp;

	tcp = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!tcp || !tcp->rst || !tcp->ack || tcp->seq)
		return false;
	packet->proto = IPPROTO_TCP;
	packet->sport = tcp->dest;
	packet->dport = tcp->source;
	return true;
}

/* The new client's packet that this one refuses, if it does such a thing. */
static bool get_refused(struct sk_buff *skb, const struct nf_hook_state *state,
			struct packet *packet)
{
	unsigned int off = skb_network_offset(skb);

	memset(packet, 0, sizeof(*packet));
	packet->family = state->pf;
	if (packet->family == NFPROTO_IPV4) {
		const struct iphdr *ip = ip_hdr(skb);
		struct icmphdr buf, *icmp;

		off += ip->ihl * 4;
		if (ip->protocol == IPPROTO_TCP) {
			memcpy(&packet->saddr, &ip->daddr, 4);
			memcpy(&packet->daddr, &ip->saddr, 4);
			return get_refused_syn(skb, off, packet);
		}
		if (ip->protocol != IPPROTO_ICMP)
			return false;
		icmp = skb_header_pointer(skb, off, sizeof(buf), &buf);
		return icmp && icmp->type == ICMP_DEST_UNREACH &&
		       get_ip(skb, off + sizeof(buf), packet);
	}
#if IS_ENABLED(CONFIG_IPV6)
	if (packet->family == NFPROTO_IPV6) {
		const struct ipv6hdr *ip = ipv6_hdr(skb);
		struct icmp6hdr buf, *icmp;

		off += sizeof(*ip);
		if (ip->nexthdr == IPPROTO_TCP) {
			packet->saddr = ip->daddr;
			packet->daddr = ip->saddr;
			return get_refused_syn(skb, off, packet);
		}
		if (ip->nexthdr != IPPROTO_ICMPV6)
			return false;
		icmp = skb_header_pointer(skb, off, sizeof(buf), &buf);
		return icmp && icmp->icmp6_type == ICMPV6_DEST_UNREACH &&
		       get_ipv6(skb, off + sizeof(buf), packet);
	}
#endif
	return false;
}

/* Is there a socket for it?  A connected one counts: it is no new client. */
static bool has_socket(struct net *net, const struct packet *packet)
{
	if (packet->family == NFPROTO_IPV4) {
		__be32 saddr = packet->saddr.s6_addr32[0];
		__be32 daddr = packet->daddr.s6_addr32[0];

		return packet->proto == IPPROTO_TCP ?
		       anygate_tcp4_lookup(net, saddr, packet->sport, daddr,
					   ntohs(packet->dport), packet->dif,
					   packet->sdif) :
		       anygate_udp4_lookup(net, saddr, packet->sport, daddr,
					   ntohs(packet->dport), packet->dif,
					   packet->sdif);
	}
#if IS_ENABLED(CONFIG_IPV6)
	return packet->proto == IPPROTO_TCP ?
	       anygate_tcp6_lookup(net, &packet->saddr, packet->sport,
				   &packet->daddr, ntohs(packet->dport),
				   packet->dif, packet->sdif) :
	       anygate_udp6_lookup(net, &packet->saddr, packet->sport,
				   &packet->daddr, ntohs(packet->dport),
				   packet->dif, packet->sdif);
#else
	return true;
#endif
}

/*
 * The shield that wants such packets dropped while nobody listens, or NULL.
 * @had: set if the engine believes that somebody does.
 */
static struct anygate_shield *shield_of(struct anygate_shield_net *sn,
					const struct packet *packet, u64 now,
					bool *had)
{
	struct anygate_sockkey key = {
		.port = ntohs(packet->dport),
		.proto = packet->proto,
	};
	struct anygate_shield_service *svc;
	struct rhlist_head *list, *pos;

	key.addr.family = packet->family == NFPROTO_IPV4 ? AF_INET : AF_INET6;
	key.addr.ip = packet->daddr;
	list = rhltable_lookup(&sn->services, &key, key_params);
	rhl_for_each_entry_rcu(svc, pos, list, by_key) {
		struct anygate_shield *shield = svc->shield;

		if (READ_ONCE(shield->through))
			continue;
		/* Pairs with the release in anygate_shield_update(). */
		*had = smp_load_acquire(&svc->had);
		if (*had || now < READ_ONCE(shield->until))
			return shield;
	}
	return NULL;
}

static unsigned int drop(struct anygate_shield *shield, u64 now)
{
	atomic64_inc(&shield->dropped);
	atomic64_cmpxchg(&shield->first, 0, now);
	atomic64_set(&shield->last, now);
	return NF_DROP;
}

/* Out of line: a hook itself shall be a comparison and nothing else. */
static noinline unsigned int check_in(struct anygate_shield_net *sn,
				      struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	u64 now = ktime_get_boottime_ns();
	struct anygate_shield *shield;
	struct packet packet = {};
	bool had;

	if (!get_packet(skb, state, &packet))
		return NF_ACCEPT;
	shield = shield_of(sn, &packet, now, &had);
	if (!shield || !shield->in || has_socket(sn->net, &packet))
		return NF_ACCEPT;
	return drop(shield, now);
}

/*
 * There was no socket, or a packet filter has refused for reasons of its own:
 * while there is one, as far as the engine knows, only a look can tell.
 */
static noinline unsigned int check_out(struct anygate_shield_net *sn,
				       struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	u64 now = ktime_get_boottime_ns();
	struct anygate_shield *shield;
	struct packet packet;
	bool had;

	if (!get_refused(skb, state, &packet))
		return NF_ACCEPT;
	shield = shield_of(sn, &packet, now, &had);
	if (!shield || (had && has_socket(sn->net, &packet)))
		return NF_ACCEPT;
	return drop(shield, now);
}

static bool armed(const struct anygate_shield_net *sn)
{
	return !time_after(jiffies, READ_ONCE(sn->armed_until));
}

static unsigned int shield_in(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	return likely(!armed(priv)) ? NF_ACCEPT : check_in(priv, skb, state);
}

static unsigned int shield_out(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	return likely(!armed(priv)) ? NF_ACCEPT : check_out(priv, skb, state);
}

/**
 * anygate_shield_arm() - a listener may be about to go
 * @agn: its namespace
 *
 * Context: as that of anygate_hint().
 */
void anygate_shield_arm(struct anygate_net *agn)
{
	struct anygate_shield_net *sn;

	rcu_read_lock();
	sn = rcu_dereference(agn->shield);
	if (sn)
		WRITE_ONCE(sn->armed_until, jiffies + READ_ONCE(sn->longest));
	rcu_read_unlock();
}

/* --- the engine's side ------------------------------------------------------ */

static struct anygate_shield_net *shield_net(struct anygate_net *agn)
{
	return rcu_dereference_protected(agn->shield,
					 lockdep_is_held(&agn->lock));
}

static void init_hooks(struct nf_hook_ops ops[2], struct anygate_shield_net *sn,
		       nf_hookfn *fn, unsigned int where)
{
	ops[0].hook = fn;
	ops[0].priv = sn;
	ops[0].pf = NFPROTO_IPV4;
	ops[0].hooknum = where;
	ops[0].priority = PRIORITY;
	ops[1] = ops[0];
	ops[1].pf = NFPROTO_IPV6;
}

static int net_start(struct anygate_net *agn)
{
	struct anygate_shield_net *sn;
	int ret;

	if (shield_net(agn))
		return 0;
	sn = kzalloc(sizeof(*sn), GFP_KERNEL_ACCOUNT);
	if (!sn)
		return -ENOMEM;
	sn->net = agn->net;
	sn->armed_until = jiffies - 1;
	ret = rhltable_init(&sn->services, &key_params);
	if (ret)
		goto err_free;
	init_hooks(sn->in, sn, shield_in, NF_INET_PRE_ROUTING);
	init_hooks(sn->out, sn, shield_out, NF_INET_LOCAL_OUT);
	ret = nf_register_net_hooks(agn->net, sn->out, ARRAY_SIZE(sn->out));
	if (ret)
		goto err_table;
	rcu_assign_pointer(agn->shield, sn);
	return 0;

err_table:
	rhltable_destroy(&sn->services);
err_free:
	kfree(sn);
	return ret;
}

/* Without a shield there is no hook. */
static void net_stop(struct anygate_net *agn)
{
	struct anygate_shield_net *sn = shield_net(agn);

	if (!sn || sn->n)
		return;
	RCU_INIT_POINTER(agn->shield, NULL);
	nf_unregister_net_hooks(agn->net, sn->out, ARRAY_SIZE(sn->out));
	/* Neither the hook nor a probe's handler uses it any more. */
	synchronize_net();
	rhltable_destroy(&sn->services);
	kfree(sn);
}

static void unlink_services(struct anygate_shield_net *sn,
			    struct anygate_shield *shield, unsigned int n)
{
	while (n--)
		rhltable_remove(&sn->services, &shield->s[n].by_key,
				key_params);
}

static int get_in(struct anygate_shield_net *sn)
{
	int ret = 0;

	if (!sn->n_in)
		ret = nf_register_net_hooks(sn->net, sn->in,
					    ARRAY_SIZE(sn->in));
	if (!ret)
		sn->n_in++;
	return ret;
}

static void put_in(struct anygate_shield_net *sn)
{
	if (--sn->n_in)
		return;
	nf_unregister_net_hooks(sn->net, sn->in, ARRAY_SIZE(sn->in));
	/* Before the next registration of the same. */
	synchronize_net();
}

static void discard(struct anygate_shield_net *sn,
		    struct anygate_shield *shield)
{
	unlink_services(sn, shield, shield->n);
	if (shield->in)
		put_in(sn);
	sn->n--;
	kfree_rcu(shield, rcu);
}

/**
 * anygate_shield_prepare() - make a shield for a gate
 * @gate: the gate
 * @conf: its settings, perhaps to come
 * @services: the services it is for
 *
 * What the gate's present one has counted is kept.
 *
 * Context: the engine, anygate_net.lock held; sleeps.
 * Return: the shield, to be given to anygate_shield_commit() or
 * anygate_shield_cancel(); NULL for none; or an ERR_PTR.
 */
struct anygate_shield *
anygate_shield_prepare(struct anygate_gate *gate,
		       const struct anygate_conf *conf,
		       const struct anygate_services *services)
{
	struct anygate_net *agn = gate->agn;
	struct anygate_shield *old = gate->shield, *new;
	struct anygate_shield_net *sn;
	unsigned int i;
	int ret;

	lockdep_assert_held(&agn->lock);
	if (!conf->shield_ms)
		return NULL;
	ret = net_start(agn);
	if (ret)
		return ERR_PTR(ret);
	sn = shield_net(agn);
	new = kzalloc(struct_size(new, s, services->n), GFP_KERNEL_ACCOUNT);
	if (!new) {
		ret = -ENOMEM;
		goto err_net;
	}
	new->n = services->n;
	if (old) {
		new->until = old->until;
		new->through = old->through;
		new->before = old->before;
		atomic64_set(&new->dropped, atomic64_read(&old->dropped));
		atomic64_set(&new->first, atomic64_read(&old->first));
		atomic64_set(&new->last, atomic64_read(&old->last));
	}
	for (i = 0; i < new->n; i++) {
		new->s[i].key = services->s[i].key;
		new->s[i].shield = new;
		new->s[i].had = services->s[i].listeners;
		ret = rhltable_insert(&sn->services, &new->s[i].by_key,
				      key_params);
		if (ret)
			goto err_links;
	}
	/* A local route keeps packets from being forwarded. */
	new->in = conf->action != ANYGATE_ACTION_ADDRESS || !conf->hold ||
		  conf->fallback.family;
	if (new->in) {
		ret = get_in(sn);
		if (ret)
			goto err_links;
	}
	sn->n++;
	WRITE_ONCE(sn->longest, max(sn->longest,
				    msecs_to_jiffies(conf->shield_ms) + HZ));
	return new;

err_links:
	unlink_services(sn, new, i);
	kfree_rcu(new, rcu);
err_net:
	net_stop(agn);
	return ERR_PTR(ret);
}

/**
 * anygate_shield_cancel() - the reverse of anygate_shield_prepare()
 * @gate: the gate
 * @shield: what that has returned, but an ERR_PTR
 *
 * Context: as that.
 */
void anygate_shield_cancel(struct anygate_gate *gate,
			   struct anygate_shield *shield)
{
	if (shield)
		discard(shield_net(gate->agn), shield);
	net_stop(gate->agn);
}

/**
 * anygate_shield_commit() - give a gate its new shield
 * @gate: the gate
 * @shield: what anygate_shield_prepare() has returned, but an ERR_PTR
 *
 * Context: as that; waits for a grace period if the namespace's last goes.
 */
void anygate_shield_commit(struct anygate_gate *gate,
			   struct anygate_shield *shield)
{
	struct anygate_shield *old = gate->shield;

	gate->shield = shield;
	if (!shield)
		gate->shielding = false;
	if (old)
		discard(shield_net(gate->agn), old);
	net_stop(gate->agn);
}

/**
 * anygate_shield_remove() - take a gate's shield away
 * @gate: the gate
 *
 * Context: as anygate_shield_commit().
 */
void anygate_shield_remove(struct anygate_gate *gate)
{
	anygate_shield_commit(gate, NULL);
}

static void tell_down(struct anygate_gate *gate)
{
	struct anygate_event event = {
		.kind = ANYGATE_EVENT_KIND_SHIELD,
		.gate = gate,
		.old_state = gate->fsm.state,
		.source = gate->source,
	};

	gate->shielding = false;
	if (atomic64_read(&gate->shield->dropped) != gate->shield->before)
		anygate_netlink_event(gate->agn, &event);
}

/**
 * anygate_shield_update() - have the packet path know what the engine knows
 * @gate: the gate, with or without a shield, after a look
 * @gone_at: CLOCK_BOOTTIME nanoseconds at which the last listener went, if it
 *	has since the look before; 0 for "not now"
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_shield_update(struct anygate_gate *gate, u64 gone_at)
{
	struct anygate_shield *shield = gate->shield;
	u64 now = ktime_get_boottime_ns();
	unsigned int i;

	lockdep_assert_held(&gate->agn->lock);
	if (!shield)
		return;
	if (gone_at) {
		shield->before = atomic64_read(&shield->dropped);
		if (!gate->shielding &&
		    atomic64_read(&shield->last) < gone_at) {
			atomic64_set(&shield->first, 0);
			atomic64_set(&shield->last, 0);
		}
		WRITE_ONCE(shield->until, gone_at + gate->conf.shield_ms *
			   ANYGATE_NS_PER_MS);
		gate->shielding = true;
		anygate_shield_arm(gate->agn);
	} else if (gate->services_up) {
		WRITE_ONCE(shield->until, 0);
	}
	/* The fallback takes packets once the address is not here any more. */
	WRITE_ONCE(shield->through, gate->fallback.present &&
		   !gate->announce.present);
	/* After "until": see shield_of(). */
	for (i = 0; i < shield->n; i++)
		smp_store_release(&shield->s[i].had,
				  gate->services->s[i].listeners > 0);
	if (gate->shielding && now >= shield->until)
		tell_down(gate);
}

/**
 * anygate_shield_deadline() - when does the shield come down?
 * @gate: the gate
 *
 * Context: the engine, anygate_net.lock held.
 * Return: CLOCK_BOOTTIME nanoseconds, or ANYGATE_NEVER if it is not up.
 */
u64 anygate_shield_deadline(const struct anygate_gate *gate)
{
	return gate->shielding ? gate->shield->until : ANYGATE_NEVER;
}

/**
 * anygate_shield_put() - what there is to be told of a shield
 * @skb: the message
 * @gate: the gate
 *
 * Context: anygate_net.lock held.
 * Return: 0 or -EMSGSIZE.
 */
int anygate_shield_put(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_shield *shield = gate->shield;
	const int pad = ANYGATE_A_GATE_PAD;
	u64 first, dropped;

	if (!shield)
		return 0;
	first = atomic64_read(&shield->first);
	dropped = atomic64_read(&shield->dropped);
	if (nla_put_u64_64bit(skb, ANYGATE_A_GATE_SHIELD_DROPPED, dropped,
			      pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_GATE_SHIELD_LATELY,
			      dropped - shield->before, pad))
		return -EMSGSIZE;
	if (first &&
	    (nla_put_u64_64bit(skb, ANYGATE_A_GATE_SHIELD_FIRST, first, pad) ||
	     nla_put_u64_64bit(skb, ANYGATE_A_GATE_SHIELD_LAST,
			       atomic64_read(&shield->last), pad)))
		return -EMSGSIZE;
	if (gate->shielding &&
	    nla_put_u64_64bit(skb, ANYGATE_A_GATE_SHIELD_UNTIL, shield->until,
			      pad))
		return -EMSGSIZE;
	return 0;
}

/**
 * anygate_shield_exit() - the namespace ends: no hook is left behind
 * @agn: the namespace; its gates are gone
 *
 * Context: the engine's place, anygate_net.lock held; sleeps.
 */
void anygate_shield_exit(struct anygate_net *agn)
{
	net_stop(agn);
}
