// SPDX-License-Identifier: GPL-2.0
/*
 * The engine: one work item per network namespace, the only writer of gates.
 *
 * It takes a gate off the dirty list before it looks, looks, decides, acts,
 * and looks again after it has acted: the sockets may have changed while it
 * waited for RTNL.  Whatever changes after the look gives a hint, which puts
 * the gate on the list again.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/net_namespace.h>

#include "anygate.h"
#include "trace.h"

/* Gates looked at before hints and requests get their turn again. */
#define BATCH 64

/* How often connections are counted at most. */
#define FLOWS_PERIOD_NS NSEC_PER_SEC
/* And how long between two steps of that. */
#define FLOWS_STEP_NS NSEC_PER_MSEC

/*
 * Routes whose presence is verified per second: without a way to read the
 * routing tables each costs an exclusive add, which takes RTNL.
 */
#define VERIFY_PER_SECOND 64

static void timer_fn(struct work_struct *work)
{
	struct anygate_net *agn = container_of(to_delayed_work(work),
					       struct anygate_net, timer);

	WRITE_ONCE(agn->timer_spent, true);
	queue_work(agn->wq, &agn->work);
}

/**
 * anygate_engine_period() - the reconcile period now
 *
 * Context: any.
 * Return: milliseconds, or 0 if there is no reconcile.
 */
u32 anygate_engine_period(void)
{
	if (anygate_watch_health() == ANYGATE_PROBES_DEGRADED)
		return READ_ONCE(anygate_degraded_ms);
	return READ_ONCE(anygate_reconcile_ms);
}

static void mark_all(struct anygate_net *agn, bool check,
		     enum anygate_source source)
{
	struct anygate_gate *gate;
	unsigned long id;

	xa_for_each(&agn->gates, id, gate) {
		if (check) {
			gate->announce.check = true;
			gate->hold.check |= gate->hold.present;
		}
		anygate_gate_mark(gate, source);
	}
}

/* Others' devices come and go by the hundred where containers do. */
static bool names(const struct anygate_gate *gate, const char *dev)
{
	return !dev[0] || !strcmp(dev, "lo") ||
	       !strcmp(dev, gate->conf.dev) ||
	       !strcmp(dev, gate->conf.listen_dev) ||
	       !strcmp(dev, gate->conf.fallback_dev);
}

static void device_hint(struct anygate_net *agn, const char *dev)
{
	struct anygate_gate *gate;
	unsigned long id;

	xa_for_each(&agn->gates, id, gate) {
		if (!names(gate, dev))
			continue;
		anygate_upkeep_device(gate);
		anygate_gate_mark(gate, ANYGATE_SOURCE_TABLE);
	}
}

static void address_hint(struct anygate_net *agn,
			 const struct anygate_hint *hint)
{
	struct anygate_prefix prefix = {
		.addr = hint->key.addr,
		.len = hint->plen,
	};
	struct anygate_gate *gate = anygate_gate_find(agn, &prefix);

	if (!gate || !anygate_upkeep_concerned(gate))
		return;
	gate->announce.check = true;
	anygate_history(gate)->meddler = hint->actor;
	anygate_gate_mark(gate, ANYGATE_SOURCE_TABLE);
}

static bool pop_hint(struct anygate_net *agn, struct anygate_hint *hint,
		     bool *overflow)
{
	struct anygate_ring *ring = agn->ring_mem;
	bool popped = false;
	unsigned long flags;

	if (!ring || (READ_ONCE(ring->head) == ring->tail &&
		      !READ_ONCE(ring->overflow)))
		return false;
	raw_spin_lock_irqsave(&ring->lock, flags);
	if (ring->head != ring->tail) {
		*hint = ring->hints[ring->tail++ % ANYGATE_RING_SIZE];
		popped = true;
	}
	*overflow |= ring->overflow;
	ring->overflow = false;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return popped;
}

static bool concerns(const struct anygate_hint *hint,
		     const struct anygate_gate *gate)
{
	const struct anygate_sockkey *key = &hint->key;
	unsigned int i;

	/* One hint for all sockets of a process. */
	if (hint->type == ANYGATE_HINT_DYING)
		return gate->conf.fatal;
	if (hint->type != ANYGATE_HINT_SOCK)
		return false;
	for (i = 0; i < gate->services->n; i++) {
		const struct anygate_sockkey *own = &gate->services->s[i].key;

		if (own->proto == key->proto && own->port == key->port &&
		    (!key->addr.family ||
		     anygate_addr_equal(&own->addr, &key->addr)))
			return true;
	}
	return false;
}

/**
 * anygate_engine_behind() - does a gate wait for the engine, which waits?
 * @gate: the gate
 *
 * While RTNL is somebody else's, what happens to other sockets than those of
 * the gate that needs it is not looked at.
 *
 * Context: anygate_net.lock held.
 * Return: true if there is an event that the gate's state does not show; never
 * where the engine itself asks, since it does not wait then.
 */
bool anygate_engine_behind(const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	struct anygate_ring *ring = gate->agn->ring_mem;
	bool behind = false;
	unsigned long flags;
	unsigned int i;

	lockdep_assert_held(&gate->agn->lock);
	if (!READ_ONCE(gate->agn->acting) || !ring)
		return false;
	/* Taken, but not looked at: a look forgets them. */
	for (i = 0; i < gate->services->n; i++)
		if (gate->services->s[i].hint.at)
			return true;
	raw_spin_lock_irqsave(&ring->lock, flags);
	for (i = ring->tail; i != ring->head && !behind; i++)
		behind = concerns(&ring->hints[i % ANYGATE_RING_SIZE], gate);
	behind |= ring->overflow;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return behind;
}

/*
 * A ring's worth at a time: whoever makes hints as fast as they are taken must
 * not keep the engine from looking.  Return: true if some may be left.
 */
static bool take_hints(struct anygate_net *agn)
{
	unsigned int left = ANYGATE_RING_SIZE;
	struct anygate_hint hint;
	bool overflow = false;

	while (left && pop_hint(agn, &hint, &overflow)) {
		left--;
		agn->n_hints++;
		switch (hint.type) {
		case ANYGATE_HINT_SOCK:
			anygate_dying_gone(agn, hint.sk);
			anygate_services_mark(agn, &hint);
			break;
		case ANYGATE_HINT_DYING:
			anygate_dying_take(agn);
			break;
		case ANYGATE_HINT_ADDR:
			address_hint(agn, &hint);
			break;
		case ANYGATE_HINT_DEV:
			device_hint(agn, hint.dev);
			break;
		}
	}
	if (overflow) {
		agn->n_overflows++;
		anygate_dying_take(agn);
		mark_all(agn, true, ANYGATE_SOURCE_RECONCILE);
	}
	return !left;
}

static void take_timers(struct anygate_net *agn, u64 now)
{
	struct timerqueue_node *node;

	while ((node = timerqueue_getnext(&agn->timers)) &&
	       (u64)node->expires <= now) {
		struct anygate_gate *gate =
			container_of(node, struct anygate_gate, timer);

		timerqueue_del(&agn->timers, node);
		gate->timer_on = false;
		anygate_gate_mark(gate, ANYGATE_SOURCE_TIMER);
	}
}

/*
 * After a suspend.  What has become due meanwhile is taken like everything that
 * is due; the timer, which counts time awake, would be late for the rest.
 */
static void take_sleep(struct anygate_net *agn)
{
	if (!READ_ONCE(agn->slept))
		return;
	WRITE_ONCE(agn->slept, false);
	agn->timer_at = ANYGATE_NEVER;
}

/* Gates whose sockets nobody can have changed unnoticed any more. */
static void take_settled(struct anygate_net *agn)
{
	u64 ended = anygate_settled();
	struct anygate_gate *gate;
	unsigned long id;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(agn->fresh); i++) {
		struct anygate_fresh *fresh = &agn->fresh[i];

		if (!fresh->from || fresh->period > ended)
			continue;
		xa_for_each_start(&agn->gates, id, gate, fresh->from) {
			if (!(gate->fresh & BIT(i)))
				continue;
			gate->fresh &= ~BIT(i);
			anygate_gate_mark(gate, ANYGATE_SOURCE_RECONCILE);
		}
		fresh->from = 0;
	}
}

/* Have some routes verified, going round all gates. */
static void verify_some(struct anygate_net *agn)
{
	unsigned int left = VERIFY_PER_SECOND;
	struct anygate_gate *gate;
	unsigned long id;

	xa_for_each_start(&agn->gates, id, gate, agn->verify_id + 1) {
		agn->verify_id = id;
		gate->hold.check |= gate->hold.present;
		if (gate->fallback)
			gate->fallback->check |= gate->fallback->present;
		if (gate->announce.type == ANYGATE_OBJ_ROUTE &&
		    gate->announce.present)
			gate->announce.check = true;
		if (!--left)
			return;
	}
	agn->verify_id = 0;
}

static void reconcile(struct anygate_net *agn, u64 now)
{
	struct anygate_gate *gate;
	unsigned long id;

	agn->pass++;
	anygate_fatal_again();
	anygate_dying_sweep(agn);
	anygate_table_scan(agn);
	if (now >= agn->next_verify) {
		agn->next_verify = now + NSEC_PER_SEC;
		verify_some(agn);
	}
	xa_for_each(&agn->gates, id, gate) {
		bool seen = gate->seen == agn->pass;

		if (gate->announce.type == ANYGATE_OBJ_ADDR &&
		    gate->announce.present != seen)
			gate->announce.check = true;
		anygate_gate_mark(gate, ANYGATE_SOURCE_RECONCILE);
	}
}

/* Socket events: missed some, or silenced, or back? */
static void check_health(struct anygate_net *agn)
{
	enum anygate_probes health = anygate_watch_health();
	u64 missed = anygate_watch_missed();
	struct anygate_event event = {};
	struct anygate_gate *gate;
	unsigned long id;
	bool told = false;

	if (missed != agn->missed) {
		agn->missed = missed;
		mark_all(agn, false, ANYGATE_SOURCE_RECONCILE);
	}
	if (health == agn->probes || !agn->n_gates)
		return;
	if (health == ANYGATE_PROBES_DEGRADED) {
		event.kind = ANYGATE_EVENT_KIND_DEGRADED;
		told = true;
		mark_all(agn, false, ANYGATE_SOURCE_RECONCILE);
	} else if (agn->probes == ANYGATE_PROBES_DEGRADED) {
		event.kind = ANYGATE_EVENT_KIND_LIVE;
		told = true;
		/* What has happened since the last of the many reconciles? */
		mark_all(agn, false, ANYGATE_SOURCE_RECONCILE);
		xa_for_each(&agn->gates, id, gate)
			anygate_gate_fresh(gate);
	}
	agn->probes = health;
	if (told)
		anygate_netlink_event(agn, &event);
}

static void take_reconcile(struct anygate_net *agn, u64 now)
{
	u32 period = agn->n_gates ? anygate_engine_period() : 0;

	if (period != agn->period) {
		agn->period = period;
		agn->next_reconcile = period ?
			now + period * ANYGATE_NS_PER_MS : ANYGATE_NEVER;
	}
	if (!period || now < agn->next_reconcile)
		return;
	agn->next_reconcile = now + period * ANYGATE_NS_PER_MS;
	reconcile(agn, now);
}

/*
 * Look at up to so many gates of a list, as long as the namespace lives: each may
 * wait for RTNL.  Return: at how many.
 */
static unsigned int look_at(struct anygate_net *agn, struct list_head *list,
			    unsigned int most)
{
	unsigned int n;

	for (n = 0; n < most && !list_empty(list) && !READ_ONCE(agn->dead); n++)
		anygate_look(list_first_entry(list, struct anygate_gate,
					      dirty_list), false);
	return n;
}

/*
 * Gates that something happened to come first; but whoever makes things happen
 * without end must not keep the others from being looked at.
 */
static bool take_dirty(struct anygate_net *agn)
{
	unsigned int n = look_at(agn, &agn->dirty, BATCH - BATCH / 4);

	look_at(agn, &agn->routine, BATCH - n);
	if (!list_empty(&agn->dirty) || !list_empty(&agn->routine))
		return true;
	agn->walked = true;
	return false;
}

/*
 * Who was withdrawn is told how many connections are left: after everything
 * else, and not for each one of a thousand gates anew.
 */
static bool take_flows(struct anygate_net *agn, u64 now)
{
	struct anygate_event event = {
		.kind = ANYGATE_EVENT_KIND_FLOWS,
		.source = ANYGATE_SOURCE_TIMER,
	};
	unsigned int left = BATCH;
	struct anygate_gate *gate;

	if (!agn->flows_due || now < agn->flows_at)
		return false;
	if (anygate_flows_step(agn)) {
		/* Nobody waits for it, and others wait for the processor. */
		agn->flows_at = now + FLOWS_STEP_NS;
		return false;
	}
	while (!list_empty(&agn->flows_tell)) {
		if (!left--)
			return true;
		gate = list_first_entry(&agn->flows_tell, struct anygate_gate,
					flows_list);
		list_del_init(&gate->flows_list);
		event.gate = gate;
		event.old_state = gate->fsm.state;
		anygate_netlink_event(agn, &event);
	}
	agn->flows_due = false;
	agn->flows_at = now + FLOWS_PERIOD_NS;
	return false;
}

/**
 * anygate_engine_count_flows() - a gate was withdrawn: count connections
 * @agn: the namespace
 *
 * Not in this pass: whoever is to read of the withdrawal may have to wait for
 * this processor.
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_engine_count_flows(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	lockdep_assert_held(&agn->lock);
	if (agn->flows_due)
		return;
	agn->flows_due = true;
	agn->flows_at = max(agn->flows_at,
			    ktime_get_boottime_ns() + FLOWS_STEP_NS);
}

static void arm_timer(struct anygate_net *agn, u64 now)
{
	struct timerqueue_node *node = timerqueue_getnext(&agn->timers);
	u64 at = agn->next_reconcile;

	if (agn->flows_due)
		at = min(at, agn->flows_at);

	if (node)
		at = min(at, (u64)node->expires);
	if (READ_ONCE(agn->timer_spent)) {
		WRITE_ONCE(agn->timer_spent, false);
		agn->timer_at = ANYGATE_NEVER;
	}
	if (at == agn->timer_at)
		return;
	agn->timer_at = at;
	if (at == ANYGATE_NEVER)
		cancel_delayed_work(&agn->timer);
	else
		mod_delayed_work(agn->wq, &agn->timer,
				 at > now ? nsecs_to_jiffies(at - now) + 1 : 0);
}

static void engine_fn(struct work_struct *work)
{
	struct anygate_net *agn = container_of(work, struct anygate_net, work);
	bool more;
	u64 now;

	mutex_lock(&agn->lock);
	agn->n_passes++;
	/* First: what is asked for may look at a gate. */
	take_sleep(agn);
	anygate_requests_take(agn);
	if (READ_ONCE(agn->dead))
		goto out;
	more = take_hints(agn);
	check_health(agn);
	take_settled(agn);
	now = ktime_get_boottime_ns();
	take_timers(agn, now);
	take_reconcile(agn, now);
	more |= take_dirty(agn);
	more |= take_flows(agn, ktime_get_boottime_ns());
	arm_timer(agn, ktime_get_boottime_ns());
	/* Not at once: readers wait for the lock. */
	if (more)
		queue_work(agn->wq, &agn->work);
out:
	mutex_unlock(&agn->lock);
}

/**
 * anygate_engine_init() - prepare a namespace
 * @agn: the namespace, zeroed but for @net
 *
 * Cheap: what a namespace with gates needs is made by
 * anygate_engine_start().
 */
void anygate_engine_init(struct anygate_net *agn)
{
	agn->wq = anygate_net_of_user(agn) ? anygate_user_wq : anygate_wq;
	INIT_WORK(&agn->work, engine_fn);
	INIT_DELAYED_WORK(&agn->timer, timer_fn);
	agn->timer_at = ANYGATE_NEVER;
	agn->next_reconcile = ANYGATE_NEVER;
	mutex_init(&agn->conf_lock);
	spin_lock_init(&agn->req_lock);
	INIT_LIST_HEAD(&agn->reqs);
	mutex_init(&agn->lock);
	xa_init(&agn->gates);
	INIT_LIST_HEAD(&agn->dirty);
	INIT_LIST_HEAD(&agn->routine);
	INIT_LIST_HEAD(&agn->flows_tell);
	timerqueue_init_head(&agn->timers);
}

/**
 * anygate_engine_start() - make what a namespace with gates needs
 * @agn: the namespace
 * @extack: where to say what is wrong
 *
 * Does nothing if it is there already.  It stays until the end of the
 * namespace or of the module.
 *
 * Context: process, sleeps; @agn->conf_lock held.
 * Return: 0 or a negative errno.
 */
int anygate_engine_start(struct anygate_net *agn,
			 struct netlink_ext_ack *extack)
	__must_hold(&agn->conf_lock)
{
	struct anygate_ring *ring;
	int ret;

	might_sleep();
	lockdep_assert_held(&agn->conf_lock);
	if (agn->started)
		return 0;

	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return -ENOMEM;
	raw_spin_lock_init(&ring->lock);
	ret = anygate_gate_tables_init(agn);
	if (ret)
		goto err_ring;
	ret = anygate_actuate_init(agn);
	if (ret) {
		if (ret != -ENOMEM)
			NL_SET_ERR_MSG(extack,
				       "the module's own rtnetlink socket could not be made in this namespace");
		goto err_tables;
	}

	mutex_lock(&agn->lock);
	agn->ring_mem = ring;
	agn->missed = anygate_watch_missed();
	agn->started = true;
	mutex_unlock(&agn->lock);
	/* Last: from here on hints come in. */
	rcu_assign_pointer(agn->ring, ring);
	anygate_net_started(agn);
	/* Other namespaces may have had the port of the first gate watched. */
	anygate_settle();
	return 0;

err_tables:
	anygate_gate_tables_exit(agn);
err_ring:
	kfree(ring);
	return ret;
}

/**
 * anygate_engine_stop() - let no hint in any more
 * @agn: the namespace
 *
 * A grace period later nobody touches the ring but the engine.
 *
 * Context: any.
 */
void anygate_engine_stop(struct anygate_net *agn)
{
	WRITE_ONCE(agn->dead, true);
	RCU_INIT_POINTER(agn->ring, NULL);
}

/**
 * anygate_engine_exit() - the reverse of init and start
 * @agn: the namespace, after anygate_engine_stop() and a grace period
 *
 * Changes no table: the namespace ends, or the module has stopped it before.
 *
 * Context: process, sleeps.
 */
void anygate_engine_exit(struct anygate_net *agn)
{
	struct anygate_gate *gate;
	unsigned long id;

	might_sleep();
	/* First: from here on nobody finds it to kick it. */
	anygate_net_stopped(agn);
	cancel_work_sync(&agn->work);
	cancel_delayed_work_sync(&agn->timer);
	/* The timer may have queued it once more. */
	cancel_work_sync(&agn->work);
	if (!agn->started)
		return;

	mutex_lock(&agn->lock);
	xa_for_each(&agn->gates, id, gate) {
		anygate_gate_unlink(gate);
		anygate_gate_free(gate);
	}
	anygate_shield_exit(agn);
	anygate_suspects_free(agn);
	anygate_dying_free(agn);
	mutex_unlock(&agn->lock);
	anygate_actuate_exit(agn);
	anygate_gate_tables_exit(agn);
	kfree(agn->ring_mem);
	agn->ring_mem = NULL;
}

/**
 * anygate_engine_run() - have the engine carry out a request
 * @agn: the namespace, which must not end meanwhile
 * @req: the request; its owner gets it back
 *
 * Context: process, sleeps, without @agn->lock.
 * Return: @req->ret.
 */
int anygate_engine_run(struct anygate_net *agn, struct anygate_req *req)
{
	might_sleep();
	init_completion(&req->done);
	spin_lock(&agn->req_lock);
	list_add_tail(&req->list, &agn->reqs);
	spin_unlock(&agn->req_lock);
	queue_work(agn->wq, &agn->work);
	wait_for_completion(&req->done);
	return req->ret;
}

/**
 * anygate_engine_kick() - have the engine look whether there is work
 * @agn: the namespace
 *
 * Context: any.
 */
void anygate_engine_kick(struct anygate_net *agn)
{
	queue_work(agn->wq, &agn->work);
}

/**
 * anygate_engine_slept() - the machine was asleep
 * @agn: the namespace
 *
 * Context: any.
 */
void anygate_engine_slept(struct anygate_net *agn)
{
	/* Kept for an engine that waits for RTNL meanwhile. */
	WRITE_ONCE(agn->slept, true);
	queue_work(agn->wq, &agn->work);
}
