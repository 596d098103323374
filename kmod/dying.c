// SPDX-License-Identifier: GPL-2.0
/*
 * The engine's list of sockets whose only process is ending: open, and no listeners
 * any more.  fdtable.c finds them, the sockets' end or a look at all gates forgets them.
 */
#include <linux/hashtable.h>
#include <linux/llist.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "anygate.h"

static bool is_known(struct anygate_net *agn, const void *sk, u64 inode)
	__must_hold(&agn->lock)
{
	const struct anygate_dying *dying;

	lockdep_assert_held(&agn->lock);
	hash_for_each_possible(agn->dying, dying, node, (unsigned long)sk)
		if (dying->sk == sk && dying->inode == inode)
			return true;
	return false;
}

static void forget(struct anygate_net *agn, struct anygate_dying *dying)
	__must_hold(&agn->lock)
{
	lockdep_assert_held(&agn->lock);
	hash_del(&dying->node);
	agn->n_dying--;
	kfree(dying);
}

/**
 * anygate_dying_take() - take note of sockets whose only process is ending
 * @agn: the namespace
 *
 * Has the engine look at the gates that they concern.
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_dying_take(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	struct anygate_dying *dying, *next;
	struct llist_node *list;
	unsigned int lost;

	lockdep_assert_held(&agn->lock);
	list = llist_reverse_order(llist_del_all(&agn->dying_fresh));
	lost = atomic_xchg(&agn->dying_lost, 0);
	llist_for_each_entry_safe(dying, next, list, fresh) {
		struct anygate_hint hint = {
			.type = ANYGATE_HINT_DYING,
			.key = dying->key,
			.sk = dying->sk,
			.actor = dying->actor,
		};

		/* It is asked for again if one of its sockets is another's, too. */
		if (is_known(agn, dying->sk, dying->inode)) {
			kfree(dying);
			continue;
		}
		if (agn->n_dying == ANYGATE_DYING_MAX) {
			kfree(dying);
			lost++;
			continue;
		}
		dying->seen = true;
		hash_add(agn->dying, &dying->node, (unsigned long)dying->sk);
		agn->n_dying++;
		anygate_services_mark(agn, &hint);
	}
	if (!lost)
		return;
	agn->n_overflows++;
	pr_notice_ratelimited("%u sockets of processes that end are too many: they count until they are closed\n",
			      lost);
}

/**
 * anygate_dying_free() - forget all
 * @agn: the namespace, to which nobody gives a hint any more
 *
 * Context: process, anygate_net.lock held.
 */
void anygate_dying_free(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	struct anygate_dying *dying, *next;
	struct hlist_node *tmp;
	int i;

	lockdep_assert_held(&agn->lock);
	llist_for_each_entry_safe(dying, next,
				  llist_del_all(&agn->dying_fresh), fresh)
		kfree(dying);
	hash_for_each_safe(agn->dying, i, tmp, dying, node)
		forget(agn, dying);
}

/**
 * anygate_dying_gone() - a socket has been closed, or whatever
 * @agn: the namespace
 * @sk: the socket, for comparison only
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_dying_gone(struct anygate_net *agn, const void *sk)
	__must_hold(&agn->lock)
{
	struct anygate_dying *dying;
	struct hlist_node *tmp;

	lockdep_assert_held(&agn->lock);
	if (!agn->n_dying)
		return;
	hash_for_each_possible_safe(agn->dying, dying, tmp, node,
				    (unsigned long)sk)
		if (dying->sk == sk)
			forget(agn, dying);
}

/**
 * anygate_dying_sweep() - forget the sockets that nobody has met of late, and
 * those that have outlived their process
 * @agn: the namespace, before a look at all its gates
 *
 * Nobody has met them only where everybody has been asked: a reconcile may be due
 * before all gates have been looked at for the last one.
 *
 * Whoever may look into a process can take a socket from it until its very end.
 *
 * Context: the engine, anygate_net.lock held; sleeps.
 */
void anygate_dying_sweep(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	struct anygate_dying *dying;
	struct hlist_node *tmp;
	pid_t asked = 0;
	bool ended = false;
	int i;

	might_sleep();
	lockdep_assert_held(&agn->lock);
	/* A hint was lost, perhaps, for want of room. */
	anygate_dying_take(agn);
	if (agn->n_dying) {
		hash_for_each_safe(agn->dying, i, tmp, dying, node) {
			/* Many have the same process. */
			if (dying->actor.pid != asked)
				ended = anygate_fdtable_gone(dying->actor.pid);
			asked = dying->actor.pid;
			if (ended || (agn->walked && !dying->seen))
				forget(agn, dying);
			else if (agn->walked)
				dying->seen = false;
		}
	}
	agn->walked = false;
}

/**
 * anygate_dying_is() - is a socket's process ending?
 * @agn: its namespace
 * @sk: the socket
 *
 * Context: the engine, anygate_net.lock held; may be called with spinlocks
 * held.
 * Return: true if it is.
 */
bool anygate_dying_is(struct anygate_net *agn, struct sock *sk)
	__must_hold(&agn->lock)
{
	struct anygate_dying *dying;

	lockdep_assert_held(&agn->lock);
	hash_for_each_possible(agn->dying, dying, node, (unsigned long)sk) {
		if (dying->sk != sk || dying->inode != sock_i_ino(sk))
			continue;
		dying->seen = true;
		return true;
	}
	return false;
}
