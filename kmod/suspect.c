// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets whose reads are watched, for stall.c: what does not move at the head of a
 * queue may be looked at all the time by a reader that only peeks.
 *
 * The probe and the time stamps of packets are the machine's, and there only while
 * somebody suspects a socket; which sockets are suspects is each namespace's own
 * business, so that nobody's are in the way of others, nor cost their readers anything
 * but the probe.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/kprobes.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "anygate.h"
#include "regs.h"

#define SUSPECT_BITS 8

/* So long the probe stays when it is not needed: it may be again. */
#define KEEP_MS 10000

/**
 * struct anygate_suspects - the suspects of a namespace
 * @rcu: for freeing
 * @heads: they, by hash of the socket
 */
struct anygate_suspects {
	struct rcu_head rcu;
	struct hlist_head heads[1 << SUSPECT_BITS];
};

/*
 * Protects the next three.  Held while the probe comes and goes, which takes long: a
 * look does not wait for it, and suspects a little later.
 */
static DEFINE_MUTEX(suspects_lock);
static bool watching;
static bool probe_armed;
static bool closed;

/* Counted up under the lock, down anywhere. */
static atomic_t n_suspects = ATOMIC_INIT(0);

static struct hlist_head *head_of(struct anygate_suspects *all, const void *sk)
{
	return &all->heads[hash_ptr((void *)sk, SUSPECT_BITS)];
}

/* Called by whoever reads a datagram: as a probe's handler must be. */
static int on_read(struct kprobe *kp, struct pt_regs *regs)
{
	const struct sock *sk = (void *)anygate_regs_arg(regs, 0);
	struct anygate_suspects *all;
	struct anygate_suspect *s;

	rcu_read_lock();
	all = rcu_dereference(anygate_net_of(sock_net(sk))->suspects);
	if (all)
		hlist_for_each_entry_rcu(s, head_of(all, sk), node)
			if (s->sk == sk)
				WRITE_ONCE(s->read_at,
					   ktime_get_mono_fast_ns());
	rcu_read_unlock();
	return 0;
}

static struct kprobe read_probe;

static void arm(void)
	__must_hold(&suspects_lock)
{
	lockdep_assert_held(&suspects_lock);
	if (!watching)
		net_enable_timestamp();
	watching = true;
	if (probe_armed)
		return;
	memset(&read_probe, 0, sizeof(read_probe));
	read_probe.symbol_name = "__skb_recv_udp";
	read_probe.pre_handler = on_read;
	/*
	 * Without it a reader that only peeks is taken for one that sleeps.  What
	 * failed for want of memory is tried again with the next suspect.
	 */
	probe_armed = !register_kprobe(&read_probe);
}

static void disarm(void)
	__must_hold(&suspects_lock)
{
	lockdep_assert_held(&suspects_lock);
	if (!watching)
		return;
	net_disable_timestamp();
	if (probe_armed)
		unregister_kprobe(&read_probe);
	probe_armed = false;
	watching = false;
}

static void disarm_fn(struct work_struct *work)
{
	mutex_lock(&suspects_lock);
	if (!atomic_read(&n_suspects))
		disarm();
	mutex_unlock(&suspects_lock);
}

static DECLARE_DELAYED_WORK(disarm_work, disarm_fn);

/* One more: have reads watched.  Return: false if that can't be had now. */
static bool count_one(void)
{
	bool open;

	if (!mutex_trylock(&suspects_lock))
		return false;
	open = !closed;
	if (open) {
		arm();
		atomic_inc(&n_suspects);
	}
	mutex_unlock(&suspects_lock);
	return open;
}

static struct anygate_suspect *find(struct anygate_net *agn, const void *sk)
	__must_hold(&agn->lock)
{
	struct anygate_suspects *all =
		rcu_dereference_protected(agn->suspects,
					  lockdep_is_held(&agn->lock));
	struct anygate_suspect *s;

	if (!all)
		return NULL;
	hlist_for_each_entry(s, head_of(all, sk), node)
		if (s->sk == sk)
			return s;
	return NULL;
}

/* The table comes with the first and stays. */
static struct anygate_suspects *table(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	struct anygate_suspects *all =
		rcu_dereference_protected(agn->suspects,
					  lockdep_is_held(&agn->lock));

	if (!all) {
		all = kzalloc(sizeof(*all), GFP_KERNEL_ACCOUNT);
		rcu_assign_pointer(agn->suspects, all);
	}
	return all;
}

/**
 * anygate_suspect_get() - have the reads of a socket watched
 * @agn: its namespace
 * @sk: the socket, for comparison only
 *
 * Several services of several gates may suspect the same one.
 *
 * Context: the engine, @agn->lock held; sleeps.
 * Return: to be given back with anygate_suspect_put(); NULL if it can't be had now.
 */
struct anygate_suspect *anygate_suspect_get(struct anygate_net *agn,
					    const void *sk)
	__must_hold(&agn->lock)
{
	struct anygate_suspects *all;
	struct anygate_suspect *s;

	lockdep_assert_held(&agn->lock);
	might_sleep();
	s = find(agn, sk);
	if (s) {
		s->users++;
		return s;
	}
	all = table(agn);
	if (!all)
		return NULL;
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return NULL;
	if (!count_one()) {
		kfree(s);
		return NULL;
	}
	s->sk = sk;
	s->users = 1;
	hlist_add_head_rcu(&s->node, head_of(all, sk));
	return s;
}

/**
 * anygate_suspect_put() - the reverse of anygate_suspect_get()
 * @agn: the namespace
 * @s: what that has returned, or NULL
 *
 * Context: the engine, @agn->lock held; sleeps.
 */
void anygate_suspect_put(struct anygate_net *agn, struct anygate_suspect *s)
	__must_hold(&agn->lock)
{
	lockdep_assert_held(&agn->lock);
	might_sleep();
	if (!s || --s->users)
		return;
	hlist_del_rcu(&s->node);
	kfree_rcu(s, rcu);
	if (!atomic_dec_and_test(&n_suspects))
		return;
	mutex_lock(&suspects_lock);
	if (!closed)
		mod_delayed_work(anygate_wq, &disarm_work,
				 msecs_to_jiffies(KEEP_MS));
	mutex_unlock(&suspects_lock);
}

/**
 * anygate_suspects_free() - a namespace ends
 * @agn: the namespace, whose gates are gone
 *
 * Context: process; @agn->lock held.
 */
void anygate_suspects_free(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	struct anygate_suspects *all =
		rcu_dereference_protected(agn->suspects,
					  lockdep_is_held(&agn->lock));

	lockdep_assert_held(&agn->lock);
	RCU_INIT_POINTER(agn->suspects, NULL);
	if (all)
		kfree_rcu(all, rcu);
}

/**
 * anygate_suspects_exit() - watch no reads any more
 *
 * Before the namespaces' memory goes, which the probe's handler looks into.
 * Namespaces that are ending may still have suspects.
 *
 * Context: process, sleeps.
 */
void anygate_suspects_exit(void)
{
	might_sleep();
	mutex_lock(&suspects_lock);
	closed = true;
	disarm();
	mutex_unlock(&suspects_lock);
	cancel_delayed_work_sync(&disarm_work);
}
