// SPDX-License-Identifier: GPL-2.0
/*
 * Socket events: kretprobes, by symbol name, on the functions in which a
 * socket begins or ceases to listen.  Which ones, and what their handlers do, is
 * in hooks.c; they are armed here while a gate needs them.
 *
 * Probes can be missed (no free instance, re-entrancy) or silenced
 * (kernel.ftrace_enabled=0).  The counters tell the first; the canary, a
 * socket of our own that is bound and closed, tells the second.
 *
 * Functions that are under way when a port begins to be watched give no hint:
 * see settle.c.
 */
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/xarray.h>
#include <net/ip.h>
#include <net/sock.h>

#include "anygate.h"
#include "watch.h"

/*
 * Protects everything below that is not marked otherwise: the probes'
 * registration and the reference counts.  Taken with no other lock of ours
 * held but anygate_net.lock and the caller's requests.
 */
DEFINE_MUTEX(watch_lock);
static struct xarray port_refs;		/* by watch_proto() << 16 | port */
static unsigned int proto_refs[WATCH_PROTOS];

static void canary_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(canary_work, canary_fn);

/* Written under watch_lock, read without. */
static enum anygate_probes health = ANYGATE_PROBES_IDLE;

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
	struct kretprobe *rps[WATCH_PROBES];
	unsigned int i, n = 0, needed = 0;

	lockdep_assert_held(&watch_lock);

	for (i = 0; i < WATCH_PROTOS; i++)
		if (proto_refs[i])
			needed |= BIT(i);
	for (i = 0; i < WATCH_PROBES; i++)
		if (watch_probes[i].armed && !(watch_probes[i].protos & needed))
			rps[n++] = &watch_probes[i].rp;
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

	for (i = 0; i < WATCH_PROBES; i++)
		for (p = 0; p < WATCH_PROTOS; p++)
			if (watch_probes[i].err == -ENOMEM && proto_refs[p] &&
			    (watch_probes[i].protos & BIT(p)))
				arm(&watch_probes[i]);
}

/* Health as far as the registrations alone tell. */
static enum anygate_probes armed_health(void)
	__must_hold(&watch_lock)
{
	unsigned int i, needed = 0;

	lockdep_assert_held(&watch_lock);

	for (i = 0; i < WATCH_PROTOS; i++)
		if (proto_refs[i])
			needed |= BIT(i);
	if (!needed)
		return ANYGATE_PROBES_IDLE;
	for (i = 0; i < WATCH_PROBES; i++)
		if ((watch_probes[i].protos & needed) && !watch_probes[i].armed)
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
	int p = watch_proto(proto);
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
	if (!refs)
		watch_port(p, port);
	if (!proto_refs[p]++) {
		for (i = 0; i < WATCH_PROBES; i++)
			if (watch_probes[i].protos & BIT(p))
				arm(&watch_probes[i]);
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
	int p = watch_proto(proto);
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
		unwatch_port(p, port);
	}
	if (!--proto_refs[p])
		disarm_unneeded();
	mutex_unlock(&watch_lock);
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

	for (i = 0; i < WATCH_PROBES; i++) {
		sum += READ_ONCE(watch_probes[i].missed_before);
		if (READ_ONCE(watch_probes[i].armed))
			sum += rp_missed(&watch_probes[i].rp);
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
	if (i >= WATCH_PROBES)
		return false;
	p = &watch_probes[i];
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
	watch_canary(sock->sk);
	ret = anygate_kernel_bind(sock, &sin, sizeof(sin));
	if (!ret && type == SOCK_STREAM)
		ret = kernel_listen(sock, 1);
	sock_release(sock);
	watch_canary(NULL);
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
	unsigned long heard;
	bool told = false;

	mutex_lock(&watch_lock);
	was = health;
	arm_again();
	now = armed_health();
	if (now == ANYGATE_PROBES_IDLE)
		goto out;

	watch_heard();
	if (proto_refs[0] && !sing(SOCK_STREAM, IPPROTO_TCP))
		protos |= WATCH_TCP;
	if (proto_refs[1] && !sing(SOCK_DGRAM, IPPROTO_UDP))
		protos |= WATCH_UDP;
	heard = watch_heard();
	for (i = 0; i < WATCH_PROBES; i++)
		if (watch_probes[i].canary && (watch_probes[i].protos & protos) &&
		    !(heard & BIT(i)))
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
