// SPDX-License-Identifier: GPL-2.0
/*
 * How many TCP connections do the service addresses still have?  One walk
 * through the kernel's table of connections counts for every gate of the
 * namespace, as its length does not depend on how many one asks for.
 */
#include <linux/rculist_nulls.h>
#include <linux/sched.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "anygate.h"

/* Buckets to be looked at before others get the processor. */
#define BATCH 1024

/* Whoever asks sooner gets the last answer: anybody may ask. */
#define PERIOD_NS (100 * NSEC_PER_MSEC)

/* One side or both may still send: closed connections in TIME_WAIT may not. */
#define COUNTED (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT | TCPF_FIN_WAIT1 | \
		 TCPF_FIN_WAIT2 | TCPF_CLOSING | TCPF_LAST_ACK)

/*
 * A host prefix has all connections of its address; the gate of a shorter one
 * those of its services.
 */
static void count(struct anygate_net *agn, const struct sock *sk)
{
	struct anygate_prefix prefix = {};
	struct anygate_sockkey key = {
		.port = inet_sk(sk)->inet_num,
		.proto = IPPROTO_TCP,
	};
	struct anygate_gate *gate;

	anygate_sock_addr(sk, &prefix.addr);
	if (!prefix.addr.family)
		return;
	prefix.len = anygate_addr_bits(&prefix.addr);
	gate = anygate_gate_find(agn, &prefix);
	if (gate)
		gate->flows++;
	key.addr = prefix.addr;
	anygate_services_count_flow(agn, &key);
}

/**
 * anygate_flows_count() - count the connections of every gate
 * @agn: the namespace
 *
 * Context: process, sleeps; @agn->lock held.
 */
void anygate_flows_count(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	struct inet_hashinfo *hashinfo = agn->net->ipv4.tcp_death_row.hashinfo;
	struct hlist_nulls_node *node;
	u64 now = ktime_get_boottime_ns();
	struct anygate_gate *gate;
	struct sock *sk;
	unsigned long id;
	unsigned int i;

	lockdep_assert_held(&agn->lock);
	if (agn->flows_counted && now - agn->flows_counted < PERIOD_NS)
		return;
	agn->flows_counted = now;
	xa_for_each(&agn->gates, id, gate) {
		gate->flows = 0;
		gate->flows_known = true;
	}
	rcu_read_lock();
	for (i = 0; i <= hashinfo->ehash_mask; i++) {
		sk_nulls_for_each_rcu(sk, node, &hashinfo->ehash[i].chain) {
			if (!((1 << READ_ONCE(sk->sk_state)) & COUNTED) ||
			    !net_eq(sock_net(sk), agn->net))
				continue;
			count(agn, sk);
		}
		if (i % BATCH == BATCH - 1) {
			rcu_read_unlock();
			cond_resched();
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
}
