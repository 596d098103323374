/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the packet path (shield.c) and the engine (shieldset.c) have in common.
 */
#ifndef ANYGATE_SHIELD_H
#define ANYGATE_SHIELD_H

#include <linux/netfilter.h>
#include <linux/rhashtable.h>

#include "anygate.h"

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
 * @through: let packets through: the fallback has taken over, or the gate
 *	is pinned or only observes
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

extern const struct rhashtable_params anygate_shield_params;

unsigned int anygate_shield_in(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state);
unsigned int anygate_shield_out(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state);

#endif /* ANYGATE_SHIELD_H */
