// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that have begun to end.  From the moment a process starts to dump
 * core, or is being killed, it serves nobody; its sockets are closed only
 * when the core is written and its memory is freed, which may be seconds
 * later.  For gates with "fatal on" they count as gone at once.
 *
 * The tracepoint signal_generate takes note of a process that a signal is
 * certain to end, before it has so much as woken up, which it may not do for
 * long (a processor with something more urgent, a device that does not answer);
 * probes on do_group_exit() and do_coredump() of those that end otherwise.  A
 * work item has the engines told which sockets on watched ports it alone holds
 * (fdtable.c).  What system calls under way hold is given back as the threads die,
 * so the question is asked again, as long as there is the process.
 *
 * All of them are armed only while there is such a gate.
 */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <trace/events/signal.h>

#include "anygate.h"

/* Processes that can end at a time; a power of two. */
#define RING_SIZE 64

/*
 * Asked again after 1, 2, 4 ... milliseconds, and then after 256 each time: until the
 * process has no table any more, for a dump takes as long as it takes.
 */
#define TRIES_LONGER 8

/**
 * struct victim - a process that is ending
 * @pid: it, with a reference; NULL for a free place
 * @actor: it, and when it began
 * @uid: whose it is
 * @ours: it has a socket in a namespace that is no user's, as of the last look
 * @due: jiffies at which it is to be asked for again
 * @tries: how often its sockets were looked at again, up to TRIES_LONGER
 */
struct victim {
	struct pid *pid;
	struct anygate_actor actor;
	kuid_t uid;
	bool ours;
	unsigned long due;
	unsigned int tries;
};

/*
 * Written by the probes' handlers, read by the work item.  Raw: handlers may
 * not sleep even on PREEMPT_RT.
 */
static DEFINE_RAW_SPINLOCK(ring_lock);
static struct victim ring[RING_SIZE];
static unsigned int ring_head, ring_tail;

/* Those that have to be asked for again; the work item's own. */
static struct victim waiting[RING_SIZE];

/*
 * Protects the registration of the probes and the count of gates.  Taken with
 * no other lock of ours held but anygate_net.lock; the work item takes neither.
 */
static DEFINE_MUTEX(fatal_lock);
static unsigned int n_gates;

static void fatal_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(fatal_work, fatal_fn);

/* --- the probes ------------------------------------------------------------- */

/* O(1), and as a probe's handler must be. */
static void note(struct task_struct *task)
{
	struct victim victim = {
		.actor.at = ktime_get_boot_fast_ns(),
		.uid = task_uid(task),
	};
	unsigned long flags;

	anygate_actor_task(&victim.actor, task);

	raw_spin_lock_irqsave(&ring_lock, flags);
	/* Each of its threads comes by. */
	if (ring_head - ring_tail < RING_SIZE &&
	    (ring_head == ring_tail ||
	     ring[(ring_head - 1) % RING_SIZE].pid != task_tgid(task))) {
		victim.pid = get_pid(task_tgid(task));
		ring[ring_head++ % RING_SIZE] = victim;
	}
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	mod_delayed_work(anygate_wq, &fatal_work, 0);
}

static int on_end(struct kprobe *kp, struct pt_regs *regs)
{
	/* A thread that has to give way to an execve() of another one. */
	if (!READ_ONCE(current->signal->group_exec_task) &&
	    !(current->flags & PF_KTHREAD))
		note(current);
	return 0;
}

/*
 * Called with the receiver's siglock held.  complete_signal() sets
 * SIGNAL_GROUP_EXIT where nothing can save the process: neither a handler nor
 * a mask nor a debugger, and where no core is written.
 */
static void on_signal(void *data, int sig, struct kernel_siginfo *info,
		      struct task_struct *task, int group, int result)
{
	lockdep_assert_held(&rcu_dereference_raw(task->sighand)->siglock);
	if (result == TRACE_SIGNAL_DELIVERED &&
	    (READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT) &&
	    !(task->flags & PF_KTHREAD))
		note(task);
}

static const char * const symbols[] = {
	"do_group_exit",
	/* 6.16 renamed it. */
	"do_coredump",
	"vfs_coredump",
};

static struct kprobe probes[ARRAY_SIZE(symbols)];
static bool armed[ARRAY_SIZE(symbols)];
/* Where signals are told of, when that is armed. */
static struct tracepoint *signals;
/* Some are not, for want of memory. */
static bool again;

#ifdef CONFIG_TRACEPOINTS
static void find_signals(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "signal_generate"))
		*(struct tracepoint **)found = tp;
}

/*
 * The tracepoint is not exported by name, but all of them are by
 * for_each_kernel_tracepoint(), for modules that look for one.
 *
 * Return: 0, also where there is none; -ENOMEM.
 */
static int arm_signals(void)
	__must_hold(&fatal_lock)
{
	struct tracepoint *tp = NULL;
	int ret;

	lockdep_assert_held(&fatal_lock);
	if (signals)
		return 0;
	for_each_kernel_tracepoint(find_signals, &tp);
	if (!tp)
		return 0;
	check_trace_callback_type_signal_generate(on_signal);
	ret = tracepoint_probe_register(tp, on_signal, NULL);
	if (!ret)
		signals = tp;
	return ret == -ENOMEM ? ret : 0;
}

static void disarm_signals(void)
	__must_hold(&fatal_lock)
{
	lockdep_assert_held(&fatal_lock);
	if (!signals)
		return;
	tracepoint_probe_unregister(signals, on_signal, NULL);
	tracepoint_synchronize_unregister();
	signals = NULL;
}
#else
static int arm_signals(void)
{
	return 0;
}

static void disarm_signals(void)
{
}
#endif

static void arm(void)
	__must_hold(&fatal_lock)
{
	unsigned int i, n = 0;
	bool failed = false;
	int ret;

	lockdep_assert_held(&fatal_lock);
	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		if (!armed[i]) {
			memset(&probes[i], 0, sizeof(probes[i]));
			probes[i].symbol_name = symbols[i];
			probes[i].pre_handler = on_end;
			ret = register_kprobe(&probes[i]);
			armed[i] = !ret;
			failed |= ret == -ENOMEM;
		}
		n += armed[i];
	}
	failed |= arm_signals() == -ENOMEM;
	WRITE_ONCE(again, failed);
	/* Of the last two a kernel has one. */
	if (!failed && n < ARRAY_SIZE(symbols) - 1)
		pr_warn("not every end of a process can be seen as it begins; fatal works when its sockets are closed\n");
}

static void disarm(void)
	__must_hold(&fatal_lock)
{
	unsigned int i;

	lockdep_assert_held(&fatal_lock);
	disarm_signals();
	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		if (armed[i])
			unregister_kprobe(&probes[i]);
		armed[i] = false;
	}
}

/* --- the victims -------------------------------------------------------------- */

/* Return: true if it is worth asking again. */
static bool look_at(struct victim *victim)
{
	return anygate_fdtable_tell(victim->pid, &victim->actor, &victim->ours);
}

static bool pop(struct victim *victim)
{
	unsigned long flags;
	bool popped = false;

	raw_spin_lock_irqsave(&ring_lock, flags);
	if (ring_head != ring_tail) {
		*victim = ring[ring_tail++ % RING_SIZE];
		popped = true;
	}
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	return popped;
}

/* How many places a user has. */
static unsigned int places_of(kuid_t uid)
{
	unsigned int i, n = 0;

	for (i = 0; i < RING_SIZE; i++)
		n += waiting[i].pid && uid_eq(waiting[i].uid, uid);
	return n;
}

/*
 * A free place; or one of a user's namespace, for one that is none; or that of
 * somebody who has so many that the victim's user would still have fewer.  So
 * nobody can keep others from being asked for again.
 */
static struct victim *place_for(const struct victim *victim)
{
	unsigned int i, n, most = places_of(victim->uid) + 1;
	struct victim *found = NULL;

	for (i = 0; i < RING_SIZE; i++)
		if (!waiting[i].pid)
			return &waiting[i];
	for (i = 0; i < RING_SIZE; i++) {
		struct victim *w = &waiting[i];

		if (w->ours && !victim->ours)
			continue;
		n = places_of(w->uid);
		if (!w->ours && victim->ours)
			n += RING_SIZE + 1;
		if (n > most) {
			most = n;
			found = w;
		}
	}
	if (found)
		put_pid(found->pid);
	return found;
}

/* To be asked for again, after the time for its next try. */
static void postpone(struct victim *victim)
{
	victim->due = jiffies + msecs_to_jiffies(1U << victim->tries);
}

static void keep(const struct victim *victim)
{
	struct victim *place = place_for(victim);

	if (!place) {
		put_pid(victim->pid);
		return;
	}
	*place = *victim;
	postpone(place);
}

/* Those that are due.  Others who end are no reason to ask for them sooner. */
static void ask_again(void)
{
	unsigned int i;

	for (i = 0; i < RING_SIZE; i++) {
		struct victim *w = &waiting[i];

		if (!w->pid || time_before(jiffies, w->due))
			continue;
		if (look_at(w)) {
			if (w->tries < TRIES_LONGER)
				w->tries++;
			postpone(w);
			continue;
		}
		put_pid(w->pid);
		w->pid = NULL;
	}
}

static void arm_work(void)
{
	unsigned long now = jiffies, delay = ULONG_MAX;
	unsigned int i;

	for (i = 0; i < RING_SIZE; i++) {
		const struct victim *w = &waiting[i];

		if (!w->pid)
			continue;
		delay = min(delay, time_before(now, w->due) ? w->due - now : 0);
	}
	/* Does nothing where somebody has just ended: it runs at once then. */
	if (delay != ULONG_MAX)
		queue_delayed_work(anygate_wq, &fatal_work, delay);
}

static void fatal_fn(struct work_struct *work)
{
	struct victim victim;
	unsigned int n;

	ask_again();
	/* There may be no end of them: whoever comes later queues it once more. */
	for (n = 0; n < RING_SIZE && pop(&victim); n++) {
		if (look_at(&victim))
			keep(&victim);
		else
			put_pid(victim.pid);
	}
	arm_work();
}

/* Without probes: forget who is still to be asked for. */
static void forget_victims(void)
	__must_hold(&fatal_lock)
{
	struct victim victim;
	unsigned int i;

	lockdep_assert_held(&fatal_lock);
	cancel_delayed_work_sync(&fatal_work);
	while (pop(&victim))
		put_pid(victim.pid);
	for (i = 0; i < RING_SIZE; i++) {
		put_pid(waiting[i].pid);
		waiting[i].pid = NULL;
	}
}

/**
 * anygate_fatal_get() - a gate wants to know of processes that end
 *
 * Context: process, sleeps.
 */
void anygate_fatal_get(void)
{
	might_sleep();
	mutex_lock(&fatal_lock);
	if (!n_gates++)
		arm();
	mutex_unlock(&fatal_lock);
}

/**
 * anygate_fatal_put() - the reverse of anygate_fatal_get()
 *
 * With the last gate go the probes and the work item: a namespace that ends by
 * itself may have that gate, when the module is past its own exit but for the
 * namespaces' part of it.
 *
 * Context: process, sleeps; waits for a grace period where it was the last.
 */
void anygate_fatal_put(void)
{
	might_sleep();
	mutex_lock(&fatal_lock);
	if (!--n_gates) {
		WRITE_ONCE(again, false);
		disarm();
		forget_victims();
	}
	mutex_unlock(&fatal_lock);
}

/**
 * anygate_fatal_again() - try to arm what could not be for want of memory
 *
 * Context: process, sleeps.
 */
void anygate_fatal_again(void)
{
	might_sleep();
	if (likely(!READ_ONCE(again)))
		return;
	mutex_lock(&fatal_lock);
	if (n_gates)
		arm();
	mutex_unlock(&fatal_lock);
}
