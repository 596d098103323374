// SPDX-License-Identifier: GPL-2.0
/*
 * Socket events: kretprobes, by symbol name, on the functions in which a
 * socket begins or ceases to listen.
 *
 * A probe is a hint and nothing more.  Its handler filters by protocol and
 * port, writes a hint into the ring of the socket's namespace and queues the
 * engine.  It never filters by address: __udp_disconnect(), a bind refused by
 * a cgroup program and tcp_disconnect() change the address before, or
 * without, the event.  Where the address at entry and at exit agree it goes
 * into the hint, so that the engine looks only at the gates it can concern.
 *
 * ORDER: a hint is written after the hash table was changed (at exit, or at
 * entry of a function that is called after the change), and the engine takes
 * the hint before it looks.  So no change can be missed but with its probe.
 *
 * Probes can be missed (no free instance, re-entrancy) or silenced
 * (kernel.ftrace_enabled=0).  The counters tell the first; the canary, a
 * socket of our own that is bound and closed, tells the second.
 *
 * Functions that are under way when a port begins to be watched give no hint:
 * see settle.c.
 *
 * Context of handlers: preemption off, interrupts on or off, any task.  No
 * sleeping, no allocation, no spinlock_t (PREEMPT_RT), no printk.
 */
#include <linux/bitmap.h>
#include <linux/kprobes.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "anygate.h"
#include "trace.h"

#define N_PORTS		65536
#define N_PROTOS	2

/* Ports that a gate in any namespace has a service on; written under watch_lock. */
static DECLARE_BITMAP(tcp_ports, N_PORTS);
static DECLARE_BITMAP(udp_ports, N_PORTS);
static unsigned long *const ports[N_PROTOS] = { tcp_ports, udp_ports };
/* The highest of each, 0 without any; written under watch_lock. */
static unsigned int highest[N_PROTOS];

#define PROTO_TCP	BIT(0)
#define PROTO_UDP	BIT(1)

static int proto_index(u16 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 0;
	case IPPROTO_UDP:
		return 1;
	default:
		return -1;
	}
}

/*
 * Protects everything below that is not marked otherwise: the probes'
 * registration and the reference counts.  Taken with no other lock of ours
 * held but anygate_net.lock and the caller's requests.
 */
static DEFINE_MUTEX(watch_lock);
static struct xarray port_refs;		/* by proto_index << 16 | port */
static unsigned int proto_refs[N_PROTOS];

/* The canary's socket, while it sings; read by handlers. */
static struct sock *canary;
/* Probes that heard it, by index; written by handlers. */
static unsigned long canary_heard;
static void canary_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(canary_work, canary_fn);

/* Written under watch_lock, read without. */
static enum anygate_probes health = ANYGATE_PROBES_IDLE;

/**
 * struct watch_data - from the entry of a probed function to its exit
 * @sk: the socket, valid in the function as its caller holds it
 * @key: what it was at entry; port 0 for "to be found at exit"
 */
struct watch_data {
	struct sock *sk;
	struct anygate_sockkey key;
};

/**
 * anygate_sock_addr() - the local address of a socket
 * @sk: the socket
 * @addr: filled in; family 0 for a wildcard
 *
 * A mapped address is an IPv4 one.
 *
 * Context: any.
 */
void anygate_sock_addr(const struct sock *sk, struct anygate_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr)) {
		if (ipv6_addr_any(&sk->sk_v6_rcv_saddr))
			return;
		addr->family = AF_INET6;
		addr->ip = sk->sk_v6_rcv_saddr;
		return;
	}
#endif
	if (!sk->sk_rcv_saddr)
		return;
	addr->family = AF_INET;
	addr->ip.s6_addr32[0] = sk->sk_rcv_saddr;
}

/**
 * anygate_hint() - give the engine a hint
 * @agn: the namespace
 * @hint: the hint
 *
 * Context: any but NMI; does not sleep, safe in a probe's handler on
 * PREEMPT_RT.  The caller must be in an RCU read side section or have
 * preemption off.
 */
void anygate_hint(struct anygate_net *agn, const struct anygate_hint *hint)
{
	struct anygate_ring *ring;
	unsigned long flags;

	rcu_read_lock();
	ring = rcu_dereference(agn->ring);
	if (!ring)
		goto out;

	raw_spin_lock_irqsave(&ring->lock, flags);
	if (ring->head - ring->tail < ANYGATE_RING_SIZE)
		ring->hints[ring->head++ % ANYGATE_RING_SIZE] = *hint;
	else
		ring->overflow = true;
	raw_spin_unlock_irqrestore(&ring->lock, flags);

	trace_anygate_hint(hint);
	queue_work(anygate_wq, &agn->work);
out:
	rcu_read_unlock();
}

static void sock_hint(const struct sock *sk, const struct anygate_sockkey *key)
{
	struct anygate_hint hint = {
		.type = ANYGATE_HINT_SOCK,
		.key = *key,
		.sk = sk,
		.actor.at = ktime_get_boot_fast_ns(),
	};

	anygate_actor_current(&hint.actor);
	anygate_hint(anygate_net_of(sock_net(sk)), &hint);
}

/*
 * Could the kernel give this socket a port that a gate has?  Services have low
 * ports, clients get high ones, and there are many clients.
 */
static bool assignable(const struct sock *sk, int proto)
{
	return READ_ONCE(highest[proto]) >=
	       anygate_lowest_assigned(sock_net(sk));
}

/*
 * Is this socket worth the rest of the way?  Port 0 passes where the function
 * is the one that assigns it.
 */
static bool interesting(const struct sock *sk, u16 port, bool assigns)
{
	int proto = proto_index(sk->sk_protocol);

	if (proto < 0)
		return false;
	if (unlikely(sk == READ_ONCE(canary)))
		return true;
	if (port ? !test_bit(port, ports[proto]) :
		   !assigns || !assignable(sk, proto))
		return false;
	return rcu_access_pointer(anygate_net_of(sock_net(sk))->ring);
}

static int enter(struct kretprobe_instance *ri, struct sock *sk, u16 port,
		 bool assigns)
{
	struct watch_data *data = (struct watch_data *)ri->data;

	if (!interesting(sk, port, assigns))
		return 1;
	/* Before it is gone: see shield.c. Whoever gets a port is coming. */
	if (!assigns && likely(sk != READ_ONCE(canary)))
		anygate_shield_arm(anygate_net_of(sock_net(sk)));
	data->sk = sk;
	data->key.port = port;
	data->key.proto = sk->sk_protocol;
	anygate_sock_addr(sk, &data->key.addr);
	return 0;
}

static struct sock *arg_sock(struct pt_regs *regs)
{
	return (struct sock *)regs_get_kernel_argument(regs, 0);
}

/* Functions in which the port is known at entry, if there is one. */
static int enter_bound(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct sock *sk = arg_sock(regs);

	return enter(ri, sk, inet_sk(sk)->inet_num, false);
}

/* listen() binds a socket that has no port yet only inside. */
static int enter_listen_start(struct kretprobe_instance *ri,
			      struct pt_regs *regs)
{
	struct sock *sk = arg_sock(regs);

	return enter(ri, sk, inet_sk(sk)->inet_num, true);
}

/* int udp_lib_get_port(struct sock *sk, unsigned short snum, ...) */
static int enter_get_port(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return enter(ri, arg_sock(regs),
		     (u16)regs_get_kernel_argument(regs, 1), true);
}

static void heard(struct kretprobe_instance *ri);

/* The caller is done with the tables: the socket is what it is at exit. */
static int leave(struct kretprobe_instance *ri, struct pt_regs *regs,
		 bool gained)
{
	struct watch_data *data = (struct watch_data *)ri->data;
	struct anygate_sockkey key = data->key;
	const struct sock *sk = data->sk;
	struct anygate_addr addr;
	int proto;

	heard(ri);
	if (!key.port) {
		key.port = inet_sk(sk)->inet_num;
		proto = proto_index(key.proto);
		if (!test_bit(key.port, ports[proto]))
			return 0;
	}

	anygate_sock_addr(sk, &addr);
	if (gained)
		key.addr = addr;
	else if (!anygate_addr_equal(&addr, &key.addr))
		/* The address changed on the way: any gate may be concerned. */
		memset(&key.addr, 0, sizeof(key.addr));
	sock_hint(sk, &key);
	return 0;
}

/* The function put the socket into the table, or failed and did nothing. */
static int leave_gained(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (regs_return_value(regs)) {
		heard(ri);
		return 0;
	}
	return leave(ri, regs, true);
}

static int leave_changed(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return leave(ri, regs, false);
}

/* The new address is there at entry, and what the old one was is unknown. */
static int leave_rehash(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct watch_data *data = (struct watch_data *)ri->data;
	struct anygate_sockkey key = data->key;

	heard(ri);
	memset(&key.addr, 0, sizeof(key.addr));
	sock_hint(data->sk, &key);
	return 0;
}

/*
 * inet_csk_listen_stop() is called when the socket is out of the table
 * already.  An auto-bound one has lost inet_num by then, but not inet_sport.
 */
static int enter_listen_stop(struct kretprobe_instance *ri,
			     struct pt_regs *regs)
{
	struct sock *sk = arg_sock(regs);
	struct anygate_sockkey key;

	key.port = inet_sk(sk)->inet_num ?: ntohs(inet_sk(sk)->inet_sport);
	key.proto = sk->sk_protocol;
	if (!interesting(sk, key.port, false))
		return 1;
	if (unlikely(sk == READ_ONCE(canary)))
		heard(ri);
	else
		anygate_shield_arm(anygate_net_of(sock_net(sk)));
	anygate_sock_addr(sk, &key.addr);
	sock_hint(sk, &key);
	return 1;
}

/**
 * struct watch_probe - one probed function
 * @symbol: its name
 * @protos: protocols whose gates need it
 * @canary: the canary sets it off
 * @entry: handler at entry
 * @leave: handler at exit, or NULL
 * @rp: the kretprobe, made anew at each registration
 * @armed: it is registered
 * @err: negative errno of the last registration
 * @missed_before: misses of earlier registrations
 */
struct watch_probe {
	const char *symbol;
	unsigned int protos;
	bool canary;
	int (*entry)(struct kretprobe_instance *ri, struct pt_regs *regs);
	int (*leave)(struct kretprobe_instance *ri, struct pt_regs *regs);
	struct kretprobe rp;
	bool armed;
	int err;
	u64 missed_before;
};

static struct watch_probe probes[] = {
	{ "inet_csk_listen_start", PROTO_TCP, true,
	  enter_listen_start, leave_gained },
	{ "inet_csk_listen_stop", PROTO_TCP, true,
	  enter_listen_stop, NULL },
	{ "udp_lib_get_port", PROTO_UDP, true,
	  enter_get_port, leave_gained },
	{ "udp_lib_unhash", PROTO_UDP, true,
	  enter_bound, leave_changed },
	{ "udp_lib_rehash", PROTO_UDP, false,
	  enter_bound, leave_rehash },
	{ "__ip4_datagram_connect", PROTO_UDP, false,
	  enter_bound, leave_changed },
#if IS_ENABLED(CONFIG_IPV6)
	{ "__ip6_datagram_connect", PROTO_UDP, false,
	  enter_bound, leave_changed },
#endif
	{ "__udp_disconnect", PROTO_UDP, false,
	  enter_bound, leave_changed },
	{ "sock_bindtoindex_locked", PROTO_TCP | PROTO_UDP, false,
	  enter_bound, leave_changed },
};

static void heard(struct kretprobe_instance *ri)
{
	struct kretprobe *rp = get_kretprobe(ri);
	struct watch_probe *p;

	if (likely(!READ_ONCE(canary)) || !rp)
		return;
	p = container_of(rp, struct watch_probe, rp);
	set_bit(p - probes, &canary_heard);
}

static void arm(struct watch_probe *p)
	__must_hold(&watch_lock)
{
	int was = p->err;

	lockdep_assert_held(&watch_lock);

	if (p->armed)
		return;
	memset(&p->rp, 0, sizeof(p->rp));
	p->rp.kp.symbol_name = p->symbol;
	p->rp.entry_handler = p->entry;
	p->rp.handler = p->leave;
	p->rp.data_size = sizeof(struct watch_data);
	/* Every caller takes an instance, if only for the entry handler. */
	p->rp.maxactive = max(256U, 8 * num_possible_cpus());
	p->err = register_kretprobe(&p->rp);
	p->armed = !p->err;
	if (p->err && p->err != was)
		pr_warn("no probe on %s (%d), relying on the reconcile\n",
			p->symbol, p->err);
}

static u64 rp_missed(const struct kretprobe *rp)
{
	return READ_ONCE(rp->nmissed) + READ_ONCE(rp->kp.nmissed);
}

/* Disarm every probe that no protocol with a gate needs any more. */
static void disarm_unneeded(void)
	__must_hold(&watch_lock)
{
	struct kretprobe *rps[ARRAY_SIZE(probes)];
	unsigned int i, n = 0, needed = 0;

	lockdep_assert_held(&watch_lock);

	for (i = 0; i < N_PROTOS; i++)
		if (proto_refs[i])
			needed |= BIT(i);
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].armed && !(probes[i].protos & needed))
			rps[n++] = &probes[i].rp;
	if (!n)
		return;
	/* All at once: each call waits for a grace period. */
	unregister_kretprobes(rps, n);
	for (i = 0; i < n; i++) {
		struct watch_probe *p = container_of(rps[i],
						     struct watch_probe, rp);

		p->missed_before += rp_missed(&p->rp);
		WRITE_ONCE(p->armed, false);
	}
	if (!needed)
		WRITE_ONCE(health, ANYGATE_PROBES_IDLE);
}

/* A want of memory passes. */
static void arm_again(void)
	__must_hold(&watch_lock)
{
	unsigned int i, p;

	lockdep_assert_held(&watch_lock);

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		for (p = 0; p < N_PROTOS; p++)
			if (probes[i].err == -ENOMEM && proto_refs[p] &&
			    (probes[i].protos & BIT(p)))
				arm(&probes[i]);
}

/* Health as far as the registrations alone tell. */
static enum anygate_probes armed_health(void)
	__must_hold(&watch_lock)
{
	unsigned int i, needed = 0;

	lockdep_assert_held(&watch_lock);

	for (i = 0; i < N_PROTOS; i++)
		if (proto_refs[i])
			needed |= BIT(i);
	if (!needed)
		return ANYGATE_PROBES_IDLE;
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if ((probes[i].protos & needed) && !probes[i].armed)
			return ANYGATE_PROBES_DEGRADED;
	return ANYGATE_PROBES_LIVE;
}

/**
 * anygate_watch_get() - watch a port
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @port: 1 to 65535
 *
 * When it returns, every change concerning the port gives a hint that is made
 * by a function that begins later, or the health is "degraded"; see
 * anygate_settling() for the others.
 *
 * Context: process, sleeps.
 * Return: 0, or -ENOMEM.
 */
int anygate_watch_get(u16 proto, u16 port)
{
	int p = proto_index(proto);
	unsigned long idx = (unsigned long)p << 16 | port;
	unsigned long refs;
	unsigned int i;
	int ret = 0;
	void *old;

	might_sleep();
	mutex_lock(&watch_lock);
	old = xa_load(&port_refs, idx);
	refs = old ? xa_to_value(old) : 0;
	ret = xa_err(xa_store(&port_refs, idx, xa_mk_value(refs + 1),
			      GFP_KERNEL));
	if (ret)
		goto out;
	if (!refs) {
		set_bit(port, ports[p]);
		if (port > highest[p])
			WRITE_ONCE(highest[p], port);
	}
	if (!proto_refs[p]++) {
		for (i = 0; i < ARRAY_SIZE(probes); i++)
			if (probes[i].protos & BIT(p))
				arm(&probes[i]);
		/* Innocent until the canary proves otherwise. */
		if (READ_ONCE(health) != ANYGATE_PROBES_DEGRADED)
			WRITE_ONCE(health, armed_health());
	}
	if (!refs)
		anygate_settle();
out:
	/* Not postponed by a stream of new gates. */
	if (!ret && READ_ONCE(anygate_canary_ms))
		queue_delayed_work(anygate_wq, &canary_work,
				   msecs_to_jiffies(anygate_canary_ms));
	mutex_unlock(&watch_lock);
	return ret;
}

/**
 * anygate_watch_put() - no longer watch a port
 * @proto: as given to anygate_watch_get()
 * @port: as given to anygate_watch_get()
 *
 * Context: process, sleeps; waits for a grace period where it was the last.
 */
void anygate_watch_put(u16 proto, u16 port)
{
	int p = proto_index(proto);
	unsigned long idx = (unsigned long)p << 16 | port;
	unsigned long refs;

	might_sleep();
	mutex_lock(&watch_lock);
	refs = xa_to_value(xa_load(&port_refs, idx));
	if (refs > 1) {
		/* Replaces an entry: needs no memory. */
		xa_store(&port_refs, idx, xa_mk_value(refs - 1), GFP_KERNEL);
	} else {
		xa_erase(&port_refs, idx);
		clear_bit(port, ports[p]);
		if (port == highest[p])
			WRITE_ONCE(highest[p],
				   find_last_bit(ports[p], N_PORTS) % N_PORTS);
	}
	if (!--proto_refs[p])
		disarm_unneeded();
	mutex_unlock(&watch_lock);
}

/**
 * anygate_watch_wants() - has any gate a service on this port?
 * @proto: the protocol
 * @port: host byte order
 *
 * Context: any.
 * Return: true if one has, in whatever namespace.
 */
bool anygate_watch_wants(u16 proto, u16 port)
{
	int p = proto_index(proto);

	return p >= 0 && port && test_bit(port, ports[p]);
}

/**
 * anygate_watch_health() - do socket events arrive?
 *
 * Context: any.
 * Return: idle, live or degraded.
 */
enum anygate_probes anygate_watch_health(void)
{
	return READ_ONCE(health);
}

/**
 * anygate_watch_missed() - how often could a probe not fire?
 *
 * Context: any.
 * Return: the sum over all probes since the module was loaded.
 */
u64 anygate_watch_missed(void)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		sum += READ_ONCE(probes[i].missed_before);
		if (READ_ONCE(probes[i].armed))
			sum += rp_missed(&probes[i].rp);
	}
	return sum;
}

/**
 * anygate_watch_info() - describe one probe
 * @i: 0 and up
 * @info: filled in
 *
 * Context: process, sleeps.
 * Return: false if there is no such probe.
 */
bool anygate_watch_info(unsigned int i, struct anygate_probe_info *info)
{
	struct watch_probe *p;

	might_sleep();
	if (i >= ARRAY_SIZE(probes))
		return false;
	p = &probes[i];
	mutex_lock(&watch_lock);
	info->symbol = p->symbol;
	info->armed = p->armed;
	info->err = p->armed ? 0 : p->err;
	info->missed = p->missed_before + (p->armed ? rp_missed(&p->rp) : 0);
	mutex_unlock(&watch_lock);
	return true;
}

/*
 * Bind a socket of our own to a free port on loopback (or listen there) and
 * close it again.  "freebind", because loopback may be down.
 *
 * Return: 0 if the probes had to hear it, a negative errno if it could not be
 * tried.
 */
static int sing(int type, int proto)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct socket *sock;
	int ret;

	ret = sock_create_kern(&init_net, AF_INET, type, proto, &sock);
	if (ret)
		return ret;
	ip_sock_set_freebind(sock->sk);
	WRITE_ONCE(canary, sock->sk);
	ret = anygate_kernel_bind(sock, &sin, sizeof(sin));
	if (!ret && type == SOCK_STREAM)
		ret = kernel_listen(sock, 1);
	sock_release(sock);
	WRITE_ONCE(canary, NULL);
	return ret;
}

static void set_health(enum anygate_probes now)
	__must_hold(&watch_lock)
{
	lockdep_assert_held(&watch_lock);
	/* The engines look at everything then, and once more after that. */
	if (health == ANYGATE_PROBES_DEGRADED && now == ANYGATE_PROBES_LIVE)
		anygate_settle();
	WRITE_ONCE(health, now);
}

static void canary_fn(struct work_struct *work)
{
	enum anygate_probes was, now;
	unsigned int i, protos = 0;
	bool told = false;

	mutex_lock(&watch_lock);
	was = health;
	arm_again();
	now = armed_health();
	if (now == ANYGATE_PROBES_IDLE)
		goto out;

	WRITE_ONCE(canary_heard, 0);
	if (proto_refs[0] && !sing(SOCK_STREAM, IPPROTO_TCP))
		protos |= PROTO_TCP;
	if (proto_refs[1] && !sing(SOCK_DGRAM, IPPROTO_UDP))
		protos |= PROTO_UDP;
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].canary && (probes[i].protos & protos) &&
		    !test_bit(i, &canary_heard))
			now = ANYGATE_PROBES_DEGRADED;
	/* No socket to be had: no news. */
	if (!protos && was != ANYGATE_PROBES_IDLE)
		now = was;
out:
	if (now != was) {
		set_health(now);
		told = true;
	}
	if (now != ANYGATE_PROBES_IDLE && READ_ONCE(anygate_canary_ms))
		queue_delayed_work(anygate_wq, &canary_work,
				   msecs_to_jiffies(anygate_canary_ms));
	mutex_unlock(&watch_lock);

	if (told) {
		if (now == ANYGATE_PROBES_DEGRADED)
			pr_warn("socket events no longer arrive (kernel.ftrace_enabled=0?), reconciling every %u ms\n",
				READ_ONCE(anygate_degraded_ms));
		else if (was == ANYGATE_PROBES_DEGRADED)
			pr_info("socket events arrive again\n");
		anygate_kick_all();
	}
}

/**
 * anygate_watch_canary_period() - the canary's period has changed
 *
 * Without a canary nobody can say that the probes are silenced: health is
 * what the registrations tell.
 *
 * Context: process, sleeps.
 */
void anygate_watch_canary_period(void)
{
	might_sleep();
	if (READ_ONCE(anygate_canary_ms)) {
		mod_delayed_work(anygate_wq, &canary_work,
				 msecs_to_jiffies(anygate_canary_ms));
		return;
	}
	cancel_delayed_work_sync(&canary_work);
	mutex_lock(&watch_lock);
	set_health(armed_health());
	mutex_unlock(&watch_lock);
}

/**
 * anygate_watch_init() - prepare; probes are armed when a gate needs them
 *
 * Return: 0.
 */
int anygate_watch_init(void)
{
	xa_init(&port_refs);
	return 0;
}

/**
 * anygate_watch_exit() - the reverse of anygate_watch_init()
 *
 * All ports must have been put: then no probe is armed, and unregistering
 * them has waited until no handler runs.
 *
 * Context: process, sleeps; waits for a grace period of RCU Tasks if one is under way.
 */
void anygate_watch_exit(void)
{
	cancel_delayed_work_sync(&canary_work);
	anygate_settle_exit();
	xa_destroy(&port_refs);
}
