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
 * gone, and the engine does not know yet) or the shield is up.  And, but for the
 * kernel's own refusals, only while armed: from a socket event on, which the
 * probes' handlers tell before the socket is gone (UDP) or right after (TCP), for
 * as long as the longest shield lasts.  Hooks are registered in a namespace only
 * while a gate there has a shield.
 *
 * SYNs and UDP datagrams are new clients' packets: what belongs to an
 * established connection, and ICMP about it, is let through.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/l3mdev.h>
#include <net/sock.h>

#include "shield.h"

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
	list = rhltable_lookup(&sn->services, &key, anygate_shield_params);
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

/*
 * RSTs without a connection, and ICMP errors: the kernel sends them through raw
 * sockets of its own (inet_ctl_sock_create()).  They are rare enough to be
 * looked at whether armed or not: whoever closes a TCP socket can be preempted
 * between its leaving the table and the probe that arms.
 */
static bool kernels_own(const struct sock *sk)
{
	return sk && sk_fullsock(sk) && sk->sk_type == SOCK_RAW;
}

/**
 * anygate_shield_in() - a packet comes in
 * @priv: the namespace's shields
 * @skb: the packet
 * @state: from where
 *
 * Context: softirq or process with bottom halves off, in an RCU read side
 * section.
 * Return: NF_ACCEPT or NF_DROP.
 */
unsigned int anygate_shield_in(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	return likely(!armed(priv)) ? NF_ACCEPT : check_in(priv, skb, state);
}

/**
 * anygate_shield_out() - a packet of this machine's goes out
 * @priv: the namespace's shields
 * @skb: the packet
 * @state: where to
 *
 * Context: as that of anygate_shield_in().
 * Return: NF_ACCEPT or NF_DROP.
 */
unsigned int anygate_shield_out(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	return likely(!armed(priv) && !kernels_own(state->sk)) ?
		NF_ACCEPT : check_out(priv, skb, state);
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
