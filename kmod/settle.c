// SPDX-License-Identifier: GPL-2.0
/*
 * When does a change of the socket tables no longer come without a hint?
 *
 * A probed function that began before something was watched gives none, and
 * may change the table after the look that the gate's addition brings: its
 * entry handler has found nothing of interest, or there was no probe yet.  To
 * have each of them decide at its exit would make all sockets pay for that.
 *
 * None of these functions sleeps of its own accord, but any may be preempted,
 * for as long as others have the processor.  That is what RCU Tasks is for: its
 * grace period ends when every task has slept, been idle or in user space.  A
 * tenth of a second as a rule, and after it the gates in question are looked at
 * once more.
 *
 * Not waited for are, on PREEMPT_RT, a task in there that waits for another to
 * let softirqs run, and, on kernels that are never preempted in the kernel
 * (RCU Tasks is plain RCU there), a search for a free port that lets others
 * run.  Those, too, the reconcile finds.
 */
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "anygate.h"

static void settle_fn(struct work_struct *work);
static DECLARE_WORK(settle_work, settle_fn);

/*
 * Protects the grace periods, which are counted from 1.  Taken with watch_lock
 * or anygate_net.lock held; inside it no other.
 */
static DEFINE_MUTEX(settle_lock);
static bool period_wanted;
static u64 periods_begun;
static u64 periods_ended;

static void settle_fn(struct work_struct *work)
{
	mutex_lock(&settle_lock);
	period_wanted = false;
	periods_begun++;
	mutex_unlock(&settle_lock);

	synchronize_rcu_tasks();

	mutex_lock(&settle_lock);
	WRITE_ONCE(periods_ended, periods_begun);
	mutex_unlock(&settle_lock);
	anygate_kick_all();
}

/**
 * anygate_settle() - hints come from where none have come
 *
 * One period is for all who want it before it begins.
 *
 * Context: process, sleeps.
 */
void anygate_settle(void)
{
	might_sleep();
	mutex_lock(&settle_lock);
	period_wanted = true;
	queue_work(anygate_wq, &settle_work);
	mutex_unlock(&settle_lock);
}

/**
 * anygate_settling() - may a change yet come without a hint?
 *
 * Context: process, sleeps.
 * Return: number of the grace period after which none does any more; 0 if that
 * is so already.
 */
u64 anygate_settling(void)
{
	u64 period = 0;

	might_sleep();
	mutex_lock(&settle_lock);
	if (period_wanted)
		period = periods_begun + 1;
	else if (periods_begun != periods_ended)
		period = periods_begun;
	mutex_unlock(&settle_lock);
	return period;
}

/**
 * anygate_settled() - how far is it?
 *
 * Context: any.
 * Return: number of the last grace period that has ended.
 */
u64 anygate_settled(void)
{
	return READ_ONCE(periods_ended);
}

/**
 * anygate_settle_exit() - no grace period is waited for any more
 *
 * With all ports put: nobody wants another one.
 *
 * Context: process, sleeps; waits for the one that is under way.
 */
void anygate_settle_exit(void)
{
	might_sleep();
	cancel_work_sync(&settle_work);
}
