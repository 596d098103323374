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
 * work item finds out which sockets on watched ports it alone holds, and gives
 * the engine of their namespace a hint for each.  "Alone" is what the reference
 * count of the open file says: it is no more than the descriptors in the
 * process's own table.  System calls under way hold references too, which
 * are given back as the threads die, so the question is asked again for a
 * while.  Somebody else's never are.
 *
 * All of them are armed only while there is such a gate.
 */
#include <linux/cred.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/llist.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <trace/events/signal.h>

#include "anygate.h"

/* Processes that can end at a time; a power of two. */
#define RING_SIZE 64

/*
 * Descriptors of sockets on watched ports that are looked at in one process: some
 * servers have a socket for each protocol, address and thread.
 */
#define SOCKS_MAX 4096U

/*
 * The memory for so many comes from what is kept for those who cannot wait: the
 * process may have been killed for the want of it, and who waits for memory waits
 * for that process's end.
 */
#define SOCKS_FEW 64

/* Asked again after 1, 2, 4 ... milliseconds, so many times: for four seconds. */
#define TRIES 12

/**
 * struct victim - a process that is ending
 * @pid: it, with a reference; NULL for a free place
 * @actor: it, and when it began
 * @uid: whose it is
 * @ours: it has a socket in a namespace that is no user's, as of the last look
 * @due: jiffies at which it is to be asked for again
 * @tries: how often its sockets were looked at again
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

/* --- whose sockets? ---------------------------------------------------------- */

/**
 * struct held - a socket on a watched port, in a process's table
 * @sk: the socket, for comparison only; NULL for a free place
 * @fds: descriptors for it; 0 if it has been told of
 * @refs: references to the open file
 */
struct held {
	const void *sk;
	long fds;
	long refs;
};

/**
 * struct search - the look at a process's table under way
 * @victim: the process
 * @shared: another process has the same table
 * @unsure: somebody else, or a system call, has one of the sockets
 * @fds: descriptors of such sockets
 * @max: so many sockets there is memory for
 * @n: sockets found
 * @bits: of the number of places in @held, of which half stay free
 * @held: they, by a hash of the socket
 * @spares: for the engine, one for each of @max
 */
struct search {
	struct victim *victim;
	bool shared;
	bool unsure;
	unsigned int fds;
	unsigned int max;
	unsigned int n;
	unsigned int bits;
	struct held *held;
	struct llist_head spares;
};

/* The watched socket behind a file, or NULL. */
static struct sock *watched_sock(struct file *file, u16 *port)
{
	struct socket *sock = sock_from_file(file);
	struct sock *sk = sock ? READ_ONCE(sock->sk) : NULL;

	if (!sk || (sk->sk_family != AF_INET && sk->sk_family != AF_INET6))
		return NULL;
	if (sk->sk_protocol != IPPROTO_TCP && sk->sk_protocol != IPPROTO_UDP)
		return NULL;
	*port = READ_ONCE(inet_sk(sk)->inet_num);
	if (!anygate_watch_wants(sk->sk_protocol, *port))
		return NULL;
	/* The port may be that of another namespace's gate. */
	return rcu_access_pointer(anygate_net_of(sock_net(sk))->ring) ? sk : NULL;
}

/* A socket's place, or the one that it can have. */
static struct held *find_held(const struct search *search, const void *sk)
{
	unsigned int i = hash_ptr(sk, search->bits);

	while (search->held[i].sk && search->held[i].sk != sk)
		i = (i + 1) & (BIT(search->bits) - 1);
	return &search->held[i];
}

static int count_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct search *search = (struct search *)arg;
	u16 port;

	search->fds += !!watched_sock(file, &port);
	return 0;
}

static int gather_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct search *search = (struct search *)arg;
	struct held *held;
	struct sock *sk;
	u16 port;

	sk = watched_sock(file, &port);
	if (!sk)
		return 0;
	held = find_held(search, sk);
	if (!held->sk) {
		if (search->n == search->max) {
			/* Not there when memory was asked for, or too many. */
			if (search->max < SOCKS_MAX)
				search->unsure = true;
			else
				atomic_inc(&anygate_net_of(sock_net(sk))->dying_lost);
			return 0;
		}
		search->n++;
		held->sk = sk;
	}
	held->fds++;
	held->refs = file_count(file);
	return 0;
}

static int tell_fd(const void *arg, struct file *file, unsigned int fd)
{
	struct search *search = (struct search *)arg;
	struct anygate_hint hint = { .type = ANYGATE_HINT_DYING };
	struct anygate_dying *dying;
	struct anygate_net *agn;
	struct held *held;
	struct sock *sk;
	u16 port;

	sk = watched_sock(file, &port);
	if (!sk)
		return 0;
	held = find_held(search, sk);
	if (!held->fds)
		return 0;
	agn = anygate_net_of(sock_net(sk));
	if (held->refs > held->fds || search->shared) {
		search->unsure = true;
		search->victim->ours |= agn->net->user_ns == &init_user_ns;
		return 0;
	}
	/* Once for each socket. */
	held->fds = 0;
	dying = llist_entry(llist_del_first(&search->spares),
			    struct anygate_dying, fresh);
	dying->sk = sk;
	dying->inode = sock_i_ino(sk);
	dying->actor = search->victim->actor;
	dying->key.port = port;
	dying->key.proto = sk->sk_protocol;
	anygate_sock_addr(sk, &dying->key.addr);
	hint.key = dying->key;
	hint.actor = dying->actor;
	/* With the ring goes, a grace period later, whoever frees them. */
	rcu_read_lock();
	if (!rcu_access_pointer(agn->ring))
		llist_add(&dying->fresh, &search->spares);
	else if (llist_add(&dying->fresh, &agn->dying_fresh))
		anygate_hint(agn, &hint);
	rcu_read_unlock();
	return 0;
}

/* The table, as long as any of the threads still has it. */
static struct task_struct *with_files(struct pid *pid)
{
	struct task_struct *task, *thread, *found = NULL;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task) {
		for_each_thread(task, thread) {
			if (!READ_ONCE(thread->files))
				continue;
			found = thread;
			get_task_struct(found);
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/*
 * Does another process have the same table?  A thread forgets it before it lets go
 * of it: who holds it is counted first, and once more for those who came since.
 */
static bool table_shared(struct task_struct *task)
	__must_hold(&task->alloc_lock)
{
	const struct files_struct *files = task->files;
	int before = atomic_read(&files->count);
	struct task_struct *thread;
	int n = 0;

	lockdep_assert_held(&task->alloc_lock);
	/* Before the threads: pairs with the count's decrement, a full barrier. */
	smp_rmb();
	rcu_read_lock();
	for_each_thread(task, thread)
		n += READ_ONCE(thread->files) == files;
	rcu_read_unlock();
	return max(before, atomic_read(&files->count)) > n;
}

static void count_table(struct search *search, struct task_struct *task)
	__must_hold(&task->alloc_lock)
{
	lockdep_assert_held(&task->alloc_lock);
	iterate_fd(task->files, 0, count_fd, search);
}

static void tell_table(struct search *search, struct task_struct *task)
	__must_hold(&task->alloc_lock)
{
	lockdep_assert_held(&task->alloc_lock);
	search->shared = table_shared(task);
	iterate_fd(task->files, 0, gather_fd, search);
	if (search->n)
		iterate_fd(task->files, 0, tell_fd, search);
}

/*
 * As procfs does: the table can't go while the lock is held.  A thread may have lost
 * it before that, and another one still have it.
 */
static void with_table(struct search *search,
		       void (*fn)(struct search *, struct task_struct *))
{
	struct task_struct *task;
	bool found = false;

	while (!found) {
		task = with_files(search->victim->pid);
		if (!task)
			return;
		task_lock(task);
		found = task->files;
		if (found)
			fn(search, task);
		task_unlock(task);
		put_task_struct(task);
	}
}

static void release(struct search *search)
{
	struct anygate_dying *dying, *next;

	llist_for_each_entry_safe(dying, next, llist_del_all(&search->spares),
				  fresh)
		kfree(dying);
	kvfree(search->held);
	search->held = NULL;
}

/* Memory for as many sockets as there are descriptors.  Return: true if there is. */
static bool provide(struct search *search)
{
	gfp_t gfp = search->fds <= SOCKS_FEW ? GFP_ATOMIC | __GFP_NOWARN :
					       GFP_KERNEL;
	struct anygate_dying *dying;
	unsigned int i;

	search->max = min(search->fds, SOCKS_MAX);
	search->bits = ilog2(roundup_pow_of_two(search->max)) + 1;
	search->held = kvcalloc(BIT(search->bits), sizeof(*search->held), gfp);
	if (!search->held)
		return false;
	for (i = 0; i < search->max; i++) {
		dying = kzalloc(sizeof(*dying), gfp);
		if (!dying) {
			release(search);
			return false;
		}
		llist_add(&dying->fresh, &search->spares);
	}
	return true;
}

/* Return: true if it is worth asking again. */
static bool look_at(struct victim *victim)
{
	struct search search = { .victim = victim };

	might_sleep();
	with_table(&search, count_table);
	if (!search.fds)
		return false;
	if (!provide(&search))
		return true;
	with_table(&search, tell_table);
	release(&search);
	return search.unsure;
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
static void put_off(struct victim *victim)
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
	put_off(place);
}

/* Those that are due.  Others who end are no reason to ask for them sooner. */
static void ask_again(void)
{
	unsigned int i;

	for (i = 0; i < RING_SIZE; i++) {
		struct victim *w = &waiting[i];

		if (!w->pid || time_before(jiffies, w->due))
			continue;
		if (look_at(w) && ++w->tries < TRIES) {
			put_off(w);
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

/* --- the engine's side --------------------------------------------------------- */

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
 * anygate_fatal_take() - take note of sockets whose only process is ending
 * @agn: the namespace
 *
 * Has the engine look at the gates that they concern.
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_fatal_take(struct anygate_net *agn)
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
 * anygate_fatal_free() - forget all
 * @agn: the namespace, to which nobody gives a hint any more
 *
 * Context: process, anygate_net.lock held.
 */
void anygate_fatal_free(struct anygate_net *agn)
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

/* Has the process given its files back? */
static bool has_ended(pid_t nr)
{
	struct task_struct *task;
	struct pid *pid;

	rcu_read_lock();
	pid = get_pid(find_pid_ns(nr, &init_pid_ns));
	rcu_read_unlock();
	task = pid ? with_files(pid) : NULL;
	put_pid(pid);
	if (task)
		put_task_struct(task);
	return !task;
}

/**
 * anygate_fatal_gone() - a socket has been closed, or whatever
 * @agn: the namespace
 * @sk: the socket, for comparison only
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_fatal_gone(struct anygate_net *agn, const void *sk)
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
 * anygate_fatal_sweep() - forget the sockets that nobody has met of late, and
 * those that have outlived their process
 * @agn: the namespace, before a look at all its gates
 *
 * Nobody has met them only where everybody has been asked: a reconcile may be due
 * before all gates have been looked at for the last one.
 *
 * Whoever may look into a process can take a socket from it until its very end.
 *
 * Probes that could not be armed for want of memory are tried once more.
 *
 * Context: the engine, anygate_net.lock held; sleeps.
 */
void anygate_fatal_sweep(struct anygate_net *agn)
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
	anygate_fatal_take(agn);
	if (agn->n_dying) {
		hash_for_each_safe(agn->dying, i, tmp, dying, node) {
			/* Many have the same process. */
			if (dying->actor.pid != asked)
				ended = has_ended(dying->actor.pid);
			asked = dying->actor.pid;
			if (ended || (agn->walked && !dying->seen))
				forget(agn, dying);
			else if (agn->walked)
				dying->seen = false;
		}
	}
	agn->walked = false;
	if (likely(!READ_ONCE(again)))
		return;
	mutex_lock(&fatal_lock);
	if (n_gates)
		arm();
	mutex_unlock(&fatal_lock);
}

/**
 * anygate_fatal_dying() - is a socket's process ending?
 * @agn: its namespace
 * @sk: the socket
 *
 * Context: the engine, anygate_net.lock held; may be called with spinlocks
 * held.
 * Return: true if it is.
 */
bool anygate_fatal_dying(struct anygate_net *agn, struct sock *sk)
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
