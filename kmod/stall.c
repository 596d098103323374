// SPDX-License-Identifier: GPL-2.0
/*
 * Queues: how long has the oldest datagram, or connection that nobody has
 * accepted, been waiting?  A server that is stopped, deadlocked or waiting for
 * a disk keeps its sockets, and only what piles up in them tells.
 *
 * Each listener's queue is sampled: what is at its head is boiled down to a
 * token, and the time is kept since the token became what it is.  An empty
 * queue is no evidence of anything: an idle server never stands still.
 *
 * The token of a connection is its peer's port and initial sequence number; of
 * a datagram its memory, its first bytes and, if it has one, its time stamp.
 * Memory is used again at once, and clients repeat themselves, so two
 * datagrams may look the same to two samples: once a queue is suspect, that
 * is, looks the same twice, the kernel is asked to stamp packets, and from
 * then on two can't be taken for one.
 *
 * A reader that only peeks moves nothing and is alive: of a suspect socket the
 * reads are watched as well, see suspect.c.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/inet_connection_sock.h>
#include <net/request_sock.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "anygate.h"

/* Samples of a queue in the gate's stall time, and how long between two. */
#define SAMPLES_PER_STALL	4
#define SAMPLE_MIN_MS		20
#define SAMPLE_MAX_MS		1000

/* Listeners of a service that are sampled. */
#define MEMBERS_MAX 1024

/*
 * And those of all services of a user's namespace, a number beside one for each gate.  What
 * they take is charged to nobody, and a few gates with as many services, each with the same
 * thousand sockets, would take gigabytes: this is what a gate's reserve pays for.
 */
#define MEMBERS_USER		64
#define MEMBERS_USER_GATE	16

/* Bytes of a datagram that go into its token. */
#define TOKEN_BYTES 16

/* --- one socket ------------------------------------------------------------- */

static u64 skb_token(const struct sk_buff *skb)
{
	unsigned int len = min_t(unsigned int, skb_headlen(skb), TOKEN_BYTES);
	u64 token = (unsigned long)skb;

	token = token * GOLDEN_RATIO_64 + skb->len;
	token = token * GOLDEN_RATIO_64 + ktime_to_ns(skb->tstamp);
	token ^= jhash(skb->data, len, (__force u32)udp_hdr(skb)->source);
	return token ?: 1;
}

/* Reader first, as in __skb_recv_udp(). */
static u64 udp_token(struct sock *sk)
{
	struct sk_buff_head *reader = &udp_sk(sk)->reader_queue;
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	const struct sk_buff *skb;
	u64 token = 0;

	spin_lock_bh(&reader->lock);
	skb = skb_peek(reader);
	if (skb) {
		token = skb_token(skb);
	} else {
		spin_lock(&queue->lock);
		skb = skb_peek(queue);
		if (skb)
			token = skb_token(skb);
		spin_unlock(&queue->lock);
	}
	spin_unlock_bh(&reader->lock);
	return token;
}

static u64 tcp_token(struct sock *sk)
{
	struct request_sock_queue *queue = &inet_csk(sk)->icsk_accept_queue;
	const struct request_sock *req;
	u64 token = 0;

	spin_lock_bh(&queue->rskq_lock);
	req = queue->rskq_accept_head;
	if (req) {
		token = tcp_rsk(req)->rcv_isn;
		token = token << 16 | be16_to_cpu(inet_rsk(req)->ir_rmt_port);
		token ^= (u64)(unsigned long)req << 8;
		token = token ?: 1;
	}
	spin_unlock_bh(&queue->rskq_lock);
	return token;
}

/* A look without a lock first: most queues are empty. */
static u64 read_queue(struct sock *sk, u32 *queue, u32 *limit)
{
	if (sk->sk_protocol == IPPROTO_UDP) {
		*queue = sk_rmem_alloc_get(sk);
		*limit = READ_ONCE(sk->sk_rcvbuf);
		return *queue ? udp_token(sk) : 0;
	}
	*queue = READ_ONCE(sk->sk_ack_backlog);
	*limit = READ_ONCE(sk->sk_max_ack_backlog);
	return *queue ? tcp_token(sk) : 0;
}

/* --- a service's sockets ------------------------------------------------------ */

/**
 * struct sample - the sample of a service under way
 * @list: where it goes, may be NULL
 * @next: where the next socket is expected: the order seldom changes
 * @left_off: sockets without a place
 * @now: CLOCK_MONOTONIC nanoseconds
 */
struct sample {
	struct anygate_memberlist *list;
	unsigned int next;
	u32 left_off;
	u64 now;
};

static struct anygate_member *place(struct sample *sample, struct sock *sk)
{
	struct anygate_memberlist *list = sample->list;
	unsigned long inode = sock_i_ino(sk);
	unsigned int i, n = list ? list->n : 0;

	for (i = 0; i < n; i++) {
		unsigned int at = (sample->next + i) % n;

		if (list->m[at].sk == sk && list->m[at].inode == inode) {
			sample->next = at + 1;
			return &list->m[at];
		}
	}
	if (!list || n == list->max)
		return NULL;
	list->n++;
	memset(&list->m[n], 0, sizeof(list->m[n]));
	list->m[n].sk = sk;
	list->m[n].inode = inode;
	return &list->m[n];
}

static void visit(struct sock *sk, void *arg)
{
	struct sample *sample = arg;
	struct anygate_member *m = place(sample, sk);
	u64 token;

	if (!m) {
		sample->left_off++;
		return;
	}
	token = read_queue(sk, &m->queue, &m->limit);
	if (token != m->token || !token)
		m->since = token ? sample->now : 0;
	m->token = token;
	m->drops = anygate_sk_drops(sk);
	m->seen = true;
}

static void restart(void *arg)
{
	struct sample *sample = arg;

	sample->left_off = 0;
	sample->next = 0;
}

/* How many more a namespace may have. */
static unsigned int room(const struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	unsigned int max = MEMBERS_USER + MEMBERS_USER_GATE * agn->n_gates;

	lockdep_assert_held(&agn->lock);
	if (!anygate_net_of_user(agn))
		return MEMBERS_MAX;
	/* Gates may have gone. */
	return max > agn->n_members ? max - agn->n_members : 0;
}

/* Room for those that were left off, if there is memory. */
static bool grow(struct anygate_service *svc, u32 left_off)
	__must_hold(&svc->gate->agn->lock)
{
	struct anygate_memberlist *old = svc->members, *new;
	struct anygate_net *agn = svc->gate->agn;
	unsigned int n = old ? old->n : 0;
	unsigned int more = min(left_off, room(agn));
	unsigned int max = min_t(unsigned int, n + more, MEMBERS_MAX);

	lockdep_assert_held(&agn->lock);
	if (max <= n)
		return false;
	new = kvzalloc(struct_size(new, m, max), GFP_KERNEL_ACCOUNT);
	if (!new)
		return false;
	new->max = max;
	new->n = n;
	if (old)
		memcpy(new->m, old->m, n * sizeof(*new->m));
	agn->n_members += max - (old ? old->max : 0);
	kvfree(old);
	svc->members = new;
	return true;
}

static void clear(struct anygate_net *agn, struct anygate_member *m)
	__must_hold(&agn->lock)
{
	lockdep_assert_held(&agn->lock);
	anygate_suspect_put(agn, m->suspect);
	m->suspect = NULL;
}

/* Those that are gone leave no trace. */
static void sweep(struct anygate_net *agn, struct anygate_memberlist *list)
	__must_hold(&agn->lock)
{
	unsigned int i, n = 0;

	lockdep_assert_held(&agn->lock);
	for (i = 0; list && i < list->n; i++) {
		if (!list->m[i].seen) {
			clear(agn, &list->m[i]);
			continue;
		}
		if (n != i)
			list->m[n] = list->m[i];
		list->m[n++].seen = false;
	}
	if (list)
		list->n = n;
}

static bool has_stalled(const struct anygate_gate *gate,
			struct anygate_member *m, u64 now)
	__must_hold(&gate->agn->lock)
{
	u64 stall = gate->conf.stall_ms * ANYGATE_NS_PER_MS;
	u64 moved;

	lockdep_assert_held(&gate->agn->lock);
	if (!stall || !m->token || now == m->since) {
		clear(gate->agn, m);
		return false;
	}
	/* The same twice: look closer. */
	if (!m->suspect)
		m->suspect = anygate_suspect_get(gate->agn, m->sk);
	if (!m->suspect)
		return m->stalled;
	moved = max(m->since, READ_ONCE(m->suspect->read_at));
	return now >= moved && now - moved >= stall;
}

/**
 * anygate_stall_sample() - count and sample the listeners of a service
 * @gate: its gate
 * @svc: the service
 * @likely_gone: as for anygate_probe_listeners()
 *
 * Context: the engine, anygate_net.lock held; sleeps.
 * Return: the number of listeners.
 */
u32 anygate_stall_sample(struct anygate_gate *gate, struct anygate_service *svc,
			 bool likely_gone)
	__must_hold(&gate->agn->lock)
{
	/*
	 * Not the time that counts a suspend: nobody could read meanwhile, and
	 * this may be asked before anybody has been told of its end.
	 */
	u64 now = ktime_get_ns();
	struct sample sample = { .now = now };
	const struct anygate_visitor visitor = {
		.visit = visit,
		.restart = restart,
		.arg = &sample,
	};
	unsigned int i;
	u32 n;

	might_sleep();
	lockdep_assert_held(&gate->agn->lock);
	do {
		sample.list = svc->members;
		n = anygate_probe_listeners(gate->agn, &gate->conf, &svc->key,
					    likely_gone, &visitor,
					    &svc->dying);
	} while (sample.left_off && grow(svc, sample.left_off));
	svc->left_off = sample.left_off;
	sweep(gate->agn, svc->members);
	if (svc->members)
		svc->members->at = now;
	for (i = 0; svc->members && i < svc->members->n; i++) {
		struct anygate_member *m = &svc->members->m[i];

		m->stalled = has_stalled(gate, m, now);
	}
	return n;
}

/**
 * anygate_stall_knows() - are these the listeners that were sampled?
 * @svc: the service
 * @n: how many it has now
 *
 * Context: anygate_net.lock held.
 * Return: false if there are more or fewer.
 */
bool anygate_stall_knows(const struct anygate_service *svc, u32 n)
	__must_hold(&svc->gate->agn->lock)
{
	lockdep_assert_held(&svc->gate->agn->lock);
	return n == svc->left_off + (svc->members ? svc->members->n : 0);
}

/**
 * anygate_stall_stalled() - how many listeners stand still?
 * @svc: the service, as last sampled
 *
 * Context: anygate_net.lock held.
 * Return: their number.
 */
u32 anygate_stall_stalled(const struct anygate_service *svc)
	__must_hold(&svc->gate->agn->lock)
{
	unsigned int i;
	u32 n = 0;

	lockdep_assert_held(&svc->gate->agn->lock);
	for (i = 0; svc->members && i < svc->members->n; i++)
		n += svc->members->m[i].stalled;
	return n;
}

/**
 * anygate_stall_forget() - free what is known of the listeners
 * @services: services that are in no table
 *
 * Context: the engine, anygate_net.lock held, if they have ever been in one; sleeps.
 */
void anygate_stall_forget(struct anygate_services *services)
{
	unsigned int i, j;

	might_sleep();
	for (i = 0; i < services->n; i++) {
		struct anygate_memberlist *list = services->s[i].members;

		if (!list)
			continue;
		for (j = 0; j < list->n; j++)
			clear(services->s[i].gate->agn, &list->m[j]);
		services->s[i].gate->agn->n_members -= list->max;
		kvfree(list);
		services->s[i].members = NULL;
	}
}

/**
 * anygate_stall_due() - is it time to sample a gate's queues?
 * @gate: the gate
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * Context: the engine, anygate_net.lock held.
 * Return: true if it is.
 */
bool anygate_stall_due(const struct anygate_gate *gate, u64 now)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	return now >= gate->sample_at;
}

/**
 * anygate_stall_sampled() - all services of a gate have been sampled
 * @gate: the gate
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_stall_sampled(struct anygate_gate *gate, u64 now)
	__must_hold(&gate->agn->lock)
{
	u32 ms = SAMPLE_MAX_MS;

	lockdep_assert_held(&gate->agn->lock);
	if (gate->conf.stall_ms)
		ms = clamp(gate->conf.stall_ms / SAMPLES_PER_STALL,
			   SAMPLE_MIN_MS, SAMPLE_MAX_MS);
	/* The reconcile comes as often, and must not come too early. */
	gate->sample_at = now + ms * ANYGATE_NS_PER_MS -
			  (gate->conf.stall_ms ? 0 : 10 * ANYGATE_NS_PER_MS);
}

/**
 * anygate_stall_deadline() - when is the next sample due?
 * @gate: the gate
 *
 * Without a stall time the reconcile's passes are used, and none is made for
 * this.
 *
 * Context: the engine, anygate_net.lock held.
 * Return: CLOCK_BOOTTIME nanoseconds, or ANYGATE_NEVER.
 */
u64 anygate_stall_deadline(const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	return gate->conf.stall_ms ? gate->sample_at : ANYGATE_NEVER;
}
