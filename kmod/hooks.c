// SPDX-License-Identifier: GPL-2.0
/*
 * Handlers of the kretprobes on the functions in which a socket begins or ceases
 * to listen; watch.c arms them.
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
 * Context of handlers: preemption off, interrupts on or off, any task.  No
 * sleeping, no allocation, no spinlock_t (PREEMPT_RT), no printk.
 */
#include <linux/bitmap.h>
#include <linux/kprobes.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "anygate.h"
#include "regs.h"
#include "trace.h"
#include "watch.h"

#define N_PORTS		65536

/* Ports that a gate in any namespace has a service on; written under watch_lock. */
static DECLARE_BITMAP(tcp_ports, N_PORTS);
static DECLARE_BITMAP(udp_ports, N_PORTS);
static unsigned long *const ports[WATCH_PROTOS] = { tcp_ports, udp_ports };
/* The highest of each, 0 without any; written under watch_lock. */
static unsigned int highest[WATCH_PROTOS];

/* The canary's socket, while it sings. */
static struct sock *canary;
/* Probes that heard it, by index. */
static unsigned long canary_heard;

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
	queue_work(agn->wq, &agn->work);
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
	int proto = watch_proto(sk->sk_protocol);

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
	return (struct sock *)anygate_regs_arg(regs, 0);
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
		     (u16)anygate_regs_arg(regs, 1), true);
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
		proto = watch_proto(key.proto);
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
	anygate_regs_saved(regs);
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

struct watch_probe watch_probes[WATCH_PROBES] = {
	{ "inet_csk_listen_start", WATCH_TCP, true,
	  enter_listen_start, leave_gained },
	{ "inet_csk_listen_stop", WATCH_TCP, true,
	  enter_listen_stop, NULL },
	{ "udp_lib_get_port", WATCH_UDP, true,
	  enter_get_port, leave_gained },
	{ "udp_lib_unhash", WATCH_UDP, true,
	  enter_bound, leave_changed },
	{ "udp_lib_rehash", WATCH_UDP, false,
	  enter_bound, leave_rehash },
	{ "__ip4_datagram_connect", WATCH_UDP, false,
	  enter_bound, leave_changed },
#if IS_ENABLED(CONFIG_IPV6)
	{ "__ip6_datagram_connect", WATCH_UDP, false,
	  enter_bound, leave_changed },
#endif
	{ "__udp_disconnect", WATCH_UDP, false,
	  enter_bound, leave_changed },
	{ "sock_bindtoindex_locked", WATCH_TCP | WATCH_UDP, false,
	  enter_bound, leave_changed },
};

static void heard(struct kretprobe_instance *ri)
{
	struct kretprobe *rp = get_kretprobe(ri);
	struct watch_probe *p;

	if (likely(!READ_ONCE(canary)) || !rp)
		return;
	p = container_of(rp, struct watch_probe, rp);
	set_bit(p - watch_probes, &canary_heard);
}

/**
 * watch_port() - have a port's sockets give hints
 * @p: protocol, see watch_proto()
 * @port: the port
 *
 * Context: process, under watch_lock.
 */
void watch_port(int p, u16 port)
	__must_hold(&watch_lock)
{
	lockdep_assert_held(&watch_lock);
	set_bit(port, ports[p]);
	if (port > highest[p])
		WRITE_ONCE(highest[p], port);
}

/**
 * unwatch_port() - have a port's sockets give no more hints
 * @p: protocol, see watch_proto()
 * @port: the port
 *
 * Context: process, under watch_lock.
 */
void unwatch_port(int p, u16 port)
	__must_hold(&watch_lock)
{
	lockdep_assert_held(&watch_lock);
	clear_bit(port, ports[p]);
	if (port == highest[p])
		WRITE_ONCE(highest[p],
			   find_last_bit(ports[p], N_PORTS) % N_PORTS);
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
	int p = watch_proto(proto);

	return p >= 0 && port && test_bit(port, ports[p]);
}

/**
 * watch_canary() - let the handlers listen for the canary
 * @sk: its socket, or NULL when it has sung
 *
 * Context: process, under watch_lock.
 */
void watch_canary(struct sock *sk)
	__must_hold(&watch_lock)
{
	lockdep_assert_held(&watch_lock);
	WRITE_ONCE(canary, sk);
}

/**
 * watch_heard() - which probes have heard the canary?
 *
 * Context: process, under watch_lock.
 * Return: a bit for each of watch_probes; none is set after it.
 */
unsigned long watch_heard(void)
	__must_hold(&watch_lock)
{
	lockdep_assert_held(&watch_lock);
	return xchg(&canary_heard, 0);
}
