/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place that knows that kernels differ; included before everything
 * else in every file of the module.  config.h says what this kernel has.
 */
#ifndef ANYGATE_COMPAT_H
#define ANYGATE_COMPAT_H

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "config.h"

#ifndef __ASSEMBLY__
#include <linux/net.h>
#include <linux/socket.h>
#include <net/genetlink.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/udp.h>

#ifndef __counted_by
#define __counted_by(member)
#endif

/* genl_bind() has asked the same by a flag of operations before that (6.1.176, 6.7). */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

/* The UDP table of a namespace. */
static inline struct udp_table *anygate_udp_table(const struct net *net)
{
#ifdef HAVE_NET_UDP_TABLE
	return net->ipv4.udp_table;
#else
	return &udp_table;
#endif
}

/*
 * The kernel's own lookups.  The casts of net: it became const in some of them
 * only, and none changes it.
 */
static inline struct sock *
anygate_tcp4_lookup(const struct net *net, __be32 saddr, __be16 sport,
		    __be32 daddr, u16 port, int dif, int sdif)
{
#ifdef HAVE_TCP_LOOKUP_HASHINFO
	return __inet_lookup_listener((struct net *)net,
				      net->ipv4.tcp_death_row.hashinfo, NULL,
				      0, saddr, sport, daddr, port, dif, sdif);
#else
	return __inet_lookup_listener((struct net *)net, NULL, 0, saddr, sport,
				      daddr, port, dif, sdif);
#endif
}

static inline struct sock *
anygate_udp4_lookup(const struct net *net, __be32 saddr, __be16 sport,
		    __be32 daddr, u16 port, int dif, int sdif)
{
#ifdef HAVE_UDP_LOOKUP_TABLE
	return __udp4_lib_lookup((struct net *)net, saddr, sport, daddr,
				 htons(port), dif, sdif,
				 anygate_udp_table(net), NULL);
#else
	return __udp4_lib_lookup((struct net *)net, saddr, sport, daddr,
				 htons(port), dif, sdif, NULL);
#endif
}

#if IS_ENABLED(CONFIG_IPV6)
static inline struct sock *
anygate_tcp6_lookup(const struct net *net, const struct in6_addr *saddr,
		    __be16 sport, const struct in6_addr *daddr, u16 port,
		    int dif, int sdif)
{
#ifdef HAVE_TCP_LOOKUP_HASHINFO
	return inet6_lookup_listener((struct net *)net,
				     net->ipv4.tcp_death_row.hashinfo, NULL, 0,
				     saddr, sport, daddr, port, dif, sdif);
#else
	return inet6_lookup_listener((struct net *)net, NULL, 0, saddr, sport,
				     daddr, port, dif, sdif);
#endif
}

static inline struct sock *
anygate_udp6_lookup(const struct net *net, const struct in6_addr *saddr,
		    __be16 sport, const struct in6_addr *daddr, u16 port,
		    int dif, int sdif)
{
#ifdef HAVE_UDP_LOOKUP_TABLE
	return __udp6_lib_lookup((struct net *)net, saddr, sport, daddr,
				 htons(port), dif, sdif,
				 anygate_udp_table(net), NULL);
#else
	return __udp6_lib_lookup((struct net *)net, saddr, sport, daddr,
				 htons(port), dif, sdif, NULL);
#endif
}
#endif /* CONFIG_IPV6 */

/*
 * The lowest port that who asks for none may get (ip_local_port_range; a
 * socket's own range only narrows that).  The kernel's function takes a lock
 * before 6.8, and a probe must not wait for one.
 */
static inline unsigned int anygate_lowest_assigned(const struct net *net)
{
#ifdef HAVE_LOCAL_PORTS_WORD
	int low, high;

	inet_get_local_port_range(net, &low, &high);
	return low;
#else
	return READ_ONCE(net->ipv4.ip_local_ports.range[0]);
#endif
}

/* Packets that a socket has dropped. */
static inline u32 anygate_sk_drops(const struct sock *sk)
{
#ifdef HAVE_SK_DROPS_READ
	return sk_drops_read(sk);
#else
	return atomic_read(&sk->sk_drops);
#endif
}

static inline int anygate_kernel_bind(struct socket *sock, void *addr, int len)
{
#ifdef HAVE_SOCKADDR_UNSIZED
	return kernel_bind(sock, (struct sockaddr_unsized *)addr, len);
#else
	return kernel_bind(sock, (struct sockaddr *)addr, len);
#endif
}

/* Attributes of the request that started a dump. */
static inline struct nlattr **anygate_dump_attrs(struct netlink_callback *cb)
{
#ifdef HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/*
 * Before 6.2 an operation has one policy for do and dump.  The generated
 * table is compiled against these look-alikes, and anygate_genl_register()
 * translates it at start-up: the generated files stay as they are generated.
 */
#ifdef HAVE_GENL_SPLIT_OPS
static inline struct genl_family *anygate_genl(struct genl_family *family)
{
	return family;
}

#define anygate_genl_register(family)	genl_register_family(family)
#define anygate_genl_unregister(family)	genl_unregister_family(family)
#else
struct genl_split_ops {
	int (*doit)(struct sk_buff *skb, struct genl_info *info);
	int (*start)(struct netlink_callback *cb);
	int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb);
	const struct nla_policy *policy;
	unsigned int maxattr;
	u8 cmd;
	u8 flags;
};

struct anygate_genl_family {
	char name[GENL_NAMSIZ];
	unsigned int version;
	u8 netnsok;
	u8 parallel_ops;
	u8 n_split_ops;
	u8 n_mcgrps;
	const struct genl_split_ops *split_ops;
	const struct genl_multicast_group *mcgrps;
	struct module *module;
};

struct genl_family *anygate_genl(struct anygate_genl_family *family);
int anygate_genl_register(struct anygate_genl_family *family);
int anygate_genl_unregister(struct anygate_genl_family *family);

/* What the generated files call struct genl_family; not so in genl.c. */
#ifndef ANYGATE_REAL_GENL_FAMILY
#define genl_family anygate_genl_family
#endif
#endif /* HAVE_GENL_SPLIT_OPS */

#endif /* !__ASSEMBLY__ */
#endif /* ANYGATE_COMPAT_H */
