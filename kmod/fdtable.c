// SPDX-License-Identifier: GPL-2.0
/*
 * Which sockets on watched ports does an ending process alone hold?  "Alone" is what
 * the reference count of the open file says: it is no more than the descriptors in
 * the process's own table.  System calls under way hold references too, which are
 * given back as the threads die; somebody else's never are.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/llist.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "anygate.h"

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
 * @pid: the process
 * @actor: it, and when it began to end
 * @ours: set if a socket of somebody else is in a namespace that is no user's
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
	struct pid *pid;
	const struct anygate_actor *actor;
	bool *ours;
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
		*search->ours |= !anygate_net_of_user(agn);
		return 0;
	}
	/* Once for each socket. */
	held->fds = 0;
	dying = llist_entry(llist_del_first(&search->spares),
			    struct anygate_dying, fresh);
	dying->sk = sk;
	dying->inode = sock_i_ino(sk);
	dying->actor = *search->actor;
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
		task = with_files(search->pid);
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

/**
 * anygate_fdtable_tell() - tell the engines which sockets a process alone holds
 * @pid: the process, that is ending
 * @actor: it, and when it began
 * @ours: set to whether a socket that somebody else has, too, is in a namespace that
 *	is no user's
 *
 * Context: process, sleeps.
 * Return: true if it is worth asking again: somebody else, or a system call, has one of
 * them, or memory was wanting.
 */
bool anygate_fdtable_tell(struct pid *pid, const struct anygate_actor *actor,
			  bool *ours)
{
	struct search search = {
		.pid = pid,
		.actor = actor,
		.ours = ours,
	};

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

/**
 * anygate_fdtable_gone() - has a process given its files back?
 * @nr: the process, in the initial pid namespace
 *
 * Context: any but NMI; no lock of the task's held.
 * Return: true if no thread of it has a table, or there is no such process.
 */
bool anygate_fdtable_gone(pid_t nr)
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
