// SPDX-License-Identifier: GPL-2.0
/*
 * How many TCP connections do the service addresses still have?  One walk
 * through the kernel's table of connections counts for every gate of the
 * namespace, as its length does not depend on how many one asks for.
 *
 * It is one of many steps, for the table may have a million buckets and what a
 * gate has lost must not wait for its end.  Counts are numbered: a gate has that
 * of the last walk that has come to its end, and that of the one under way.
 */
#include <linux/rculist_nulls.h>
#include <linux/sched.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "anygate.h"

/*
 * Buckets to be looked at before others get the lock: what a gate has lost
 * meanwhile waits for one step, some 3,000 instructions, however large the table is.
 */
#define BATCH 256u

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
		anygate_flows_add(gate);
	key.addr = prefix.addr;
	anygate_services_count_flow(agn, &key);
}

/**
 * anygate_flows_add() - a connection more
 * @gate: whose it is
 *
 * Context: anygate_net.lock held.
 */
void anygate_flows_add(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	u32 number = gate->agn->flows_begun;
	struct anygate_flows *flows = &gate->flows[number % 2];

	lockdep_assert_held(&gate->agn->lock);
	if (flows->number != number) {
		flows->number = number;
		flows->n = 0;
	}
	flows->n++;
}

/**
 * anygate_flows_init() - a gate that no walk has counted for
 * @gate: the gate, to be linked
 *
 * Context: anygate_net.lock held.
 */
void anygate_flows_init(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	gate->flows_before = gate->agn->flows_begun;
}

/**
 * anygate_flows_known() - how many connections has a gate?
 * @gate: the gate
 * @n: set to their number when they were counted last
 *
 * Context: anygate_net.lock held.
 * Return: true if they have been counted since there is the gate.
 */
bool anygate_flows_known(const struct anygate_gate *gate, u32 *n)
	__must_hold(&gate->agn->lock)
{
	u32 number = gate->agn->flows_ended;
	const struct anygate_flows *flows = &gate->flows[number % 2];

	lockdep_assert_held(&gate->agn->lock);
	*n = flows->number == number ? flows->n : 0;
	return (s32)(number - gate->flows_before) > 0;
}

/**
 * anygate_flows_step() - count some of the connections of every gate
 * @agn: the namespace
 *
 * Begins a walk, unless there is one under way or one has just ended.
 *
 * Context: process; @agn->lock held.
 * Return: true if there is more to count.
 */
bool anygate_flows_step(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	struct inet_hashinfo *hashinfo = agn->net->ipv4.tcp_death_row.hashinfo;
	struct hlist_nulls_node *node;
	struct sock *sk;
	unsigned int left = BATCH;

	lockdep_assert_held(&agn->lock);
	/* Anybody may ask, and where no gate has been there are no tables. */
	if (!agn->started)
		return false;
	if (agn->flows_begun == agn->flows_ended) {
		if (agn->flows_ended && ktime_get_boottime_ns() -
					agn->flows_counted < PERIOD_NS)
			return false;
		agn->flows_begun++;
		agn->flows_bucket = 0;
	}
	rcu_read_lock();
	for (; left && agn->flows_bucket <= hashinfo->ehash_mask; left--) {
		sk_nulls_for_each_rcu(sk, node,
				      &hashinfo->ehash[agn->flows_bucket].chain) {
			if (!((1 << READ_ONCE(sk->sk_state)) & COUNTED) ||
			    !net_eq(sock_net(sk), agn->net))
				continue;
			count(agn, sk);
		}
		agn->flows_bucket++;
	}
	rcu_read_unlock();
	if (agn->flows_bucket <= hashinfo->ehash_mask)
		return true;
	agn->flows_ended = agn->flows_begun;
	agn->flows_counted = ktime_get_boottime_ns();
	return false;
}

/**
 * anygate_flows_count() - count the connections of every gate
 * @agn: the namespace
 *
 * Context: process, sleeps; takes @agn->lock, again and again.
 */
void anygate_flows_count(struct anygate_net *agn)
{
	bool more;

	might_sleep();
	do {
		mutex_lock(&agn->lock);
		more = anygate_flows_step(agn);
		mutex_unlock(&agn->lock);
		cond_resched();
	} while (more);
}
