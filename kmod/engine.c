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
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/net_namespace.h>

#include "anygate.h"
#include "trace.h"

/* Gates looked at before hints and requests get their turn again. */
#define BATCH 64

/*
 * Routes whose presence is verified per second: without a way to read the
 * routing tables each costs an exclusive add, which takes RTNL.
 */
#define VERIFY_PER_SECOND 64

/* Backoff against another program that undoes what we do, in milliseconds. */
static const u32 contest_ms[] = { 1, 10, 100, 1000 };

/* So long after the last time, the backoff starts anew. */
#define CONTEST_CALM_NS (30 * NSEC_PER_SEC)

static void timer_fn(struct work_struct *work)
{
	struct anygate_net *agn = container_of(to_delayed_work(work),
					       struct anygate_net, timer);

	WRITE_ONCE(agn->timer_spent, true);
	queue_work(anygate_wq, &agn->work);
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

static bool due(const struct anygate_obj *obj, u64 now)
{
	return now >= obj->retry_at;
}

static bool hold_wanted(const struct anygate_gate *gate)
{
	return gate->conf.hold && gate->conf.action == ANYGATE_ACTION_ADDRESS;
}

static bool dev_up(const struct anygate_net *agn, const char *name)
{
	struct net_device *dev;
	bool up;

	rcu_read_lock();
	dev = dev_get_by_name_rcu(agn->net, name);
	up = dev && (READ_ONCE(dev->flags) & IFF_UP);
	rcu_read_unlock();
	return up;
}

/* Somebody undid what we did: do it again, but ever more slowly. */
static void contest(struct anygate_gate *gate, struct anygate_obj *obj, u64 now)
{
	struct anygate_event event = {
		.kind = ANYGATE_EVENT_KIND_CONTESTED,
		.gate = gate,
		.source = gate->source,
		.actor = gate->meddler,
	};

	if (gate->contested && now - gate->contested_at < CONTEST_CALM_NS)
		gate->contested_burst++;
	else
		gate->contested_burst = 0;
	gate->contested++;
	gate->contested_at = now;
	obj->retry_at = now + ANYGATE_NS_PER_MS *
		contest_ms[min_t(u32, gate->contested_burst,
				 ARRAY_SIZE(contest_ms) - 1)];
	anygate_netlink_event(gate->agn, &event);
}

/* Is the address where we think it is?  If not, somebody else was here. */
static void check_address(struct anygate_gate *gate, u64 now)
{
	struct anygate_net *agn = gate->agn;
	struct anygate_obj *obj = &gate->announce;
	bool want = anygate_fsm_want(&gate->fsm);
	struct anygate_obj found = *obj;
	struct anygate_event event = {
		.kind = ANYGATE_EVENT_KIND_FOREIGN,
		.gate = gate,
		.source = gate->source,
		.actor = gate->meddler,
	};

	obj->check = false;
	if (anygate_table_find(agn, &found, true) == obj->present)
		return;

	if (obj->present) {
		obj->present = false;
		/* A device that goes down or away takes its addresses along. */
		if (want && !gate->dev_event && dev_up(agn, obj->dev))
			contest(gate, obj, now);
		return;
	}

	obj->present = true;
	if (obj->owner == ANYGATE_OWNER_ADOPTED) {
		/* Handed over to the gate once: still the gate's to remove. */
		if (!want)
			contest(gate, obj, now);
		return;
	}
	if (found.owner == ANYGATE_OWNER_US)
		return;
	obj->owner = ANYGATE_OWNER_FOREIGN;
	if (!want)
		anygate_netlink_event(agn, &event);
}

/* Is the route still there?  An exclusive add tells, and mends. */
static void check_route(struct anygate_gate *gate, struct anygate_obj *obj,
			u64 now)
{
	obj->check = false;
	if (anygate_obj_add(gate->agn, obj))
		return;
	contest(gate, obj, now);
	obj->retry_at = 0;
}

static void check_tables(struct anygate_gate *gate, u64 now)
{
	struct anygate_obj *obj = &gate->announce;

	if (obj->check && obj->type == ANYGATE_OBJ_ADDR)
		check_address(gate, now);
	if (obj->check && obj->type == ANYGATE_OBJ_ROUTE && obj->present &&
	    anygate_fsm_want(&gate->fsm) && due(obj, now))
		check_route(gate, obj, now);
	obj = &gate->hold;
	if (obj->check && obj->present && hold_wanted(gate) && due(obj, now))
		check_route(gate, obj, now);
}

/* What an added object turned out to be. */
static void added(struct anygate_gate *gate, struct anygate_obj *obj, int ret)
{
	struct anygate_obj found = *obj;

	if (!ret) {
		if (obj->owner != ANYGATE_OWNER_ADOPTED)
			obj->owner = ANYGATE_OWNER_US;
	} else if (ret == -EEXIST && obj->type == ANYGATE_OBJ_ADDR &&
		   obj->owner != ANYGATE_OWNER_ADOPTED) {
		anygate_table_find(gate->agn, &found, true);
		obj->owner = found.owner == ANYGATE_OWNER_US ?
			     ANYGATE_OWNER_US : ANYGATE_OWNER_FOREIGN;
	}
}

static void announce(struct anygate_gate *gate)
{
	struct anygate_obj *obj = &gate->announce;

	added(gate, obj, anygate_obj_add(gate->agn, obj));
}

static void withdraw(struct anygate_gate *gate)
{
	struct anygate_obj *obj = &gate->announce;
	bool present = obj->present;
	int ret;

	ret = anygate_obj_del(gate->agn, obj);
	/*
	 * A route that was there when we wanted to add it, and that is none
	 * of our protocol: somebody else's, and it stays.
	 */
	if (ret == -ESRCH && obj->type == ANYGATE_OBJ_ROUTE && present) {
		obj->present = true;
		obj->owner = ANYGATE_OWNER_FOREIGN;
	}
}

/*
 * Remove an object, known or only suspected to be there.  A failure counts
 * only where it was known: there is nothing of ours to be left behind else.
 */
static int remove_obj(struct anygate_net *agn, struct anygate_obj *obj)
{
	bool known = obj->present;

	anygate_obj_del(agn, obj);
	return known ? obj->err : 0;
}

/* Put an adopted address back, or remove what is ours.  0 if that is done. */
static int restore(struct anygate_gate *gate, struct anygate_obj *obj)
{
	struct anygate_net *agn = gate->agn;

	if (obj->type == ANYGATE_OBJ_ADDR &&
	    obj->owner == ANYGATE_OWNER_ADOPTED) {
		if (!obj->present)
			anygate_obj_add(agn, obj);
		return obj->err;
	}
	if (obj->type == ANYGATE_OBJ_ADDR &&
	    obj->owner == ANYGATE_OWNER_FOREIGN)
		return 0;
	if (obj->present || obj->check)
		return remove_obj(agn, obj);
	return 0;
}

/* Change the tables to what is wanted, as far as it is time to.  True if
 * anything was tried.
 */
static bool act(struct anygate_gate *gate, u64 now)
{
	struct anygate_obj *obj = &gate->announce;
	bool want = anygate_fsm_want(&gate->fsm);
	bool acted = false;

	/* Before the address first goes; but nothing waits for it. */
	if (hold_wanted(gate) != gate->hold.present && due(&gate->hold, now)) {
		if (hold_wanted(gate))
			anygate_obj_add(gate->agn, &gate->hold);
		else
			anygate_obj_del(gate->agn, &gate->hold);
		acted = true;
	}

	if (want && !obj->present) {
		if (due(obj, now)) {
			announce(gate);
			acted = true;
		}
	} else if (!want && obj->present) {
		if (obj->owner != ANYGATE_OWNER_FOREIGN && due(obj, now)) {
			withdraw(gate);
			acted = true;
		}
	} else if (!want && obj->check && obj->type == ANYGATE_OBJ_ROUTE &&
		   gate->fsm.state == ANYGATE_STATE_CLOSED && due(obj, now)) {
		/* New, and perhaps left by an earlier life of the module. */
		withdraw(gate);
		acted = true;
	} else {
		/* As it is wanted: an earlier failure is history. */
		obj->err = 0;
		obj->retries = 0;
		obj->msg[0] = '\0';
	}

	/* The new object first, so that the prefix is never without one. */
	if (gate->retired.type != ANYGATE_OBJ_NONE &&
	    (obj->present || !want) && due(&gate->retired, now)) {
		if (!restore(gate, &gate->retired))
			gate->retired.type = ANYGATE_OBJ_NONE;
		acted = true;
	}
	return acted;
}

static bool probe(struct anygate_gate *gate, struct anygate_service **changed)
{
	bool up = true;
	unsigned int i;

	*changed = NULL;
	for (i = 0; i < gate->services->n; i++) {
		struct anygate_service *svc = &gate->services->s[i];
		u32 n;

		n = anygate_probe_listeners(gate->agn, &gate->conf, &svc->key);
		/* Of several, the one that closes the gate is to be told. */
		if (!n != !svc->listeners && (!*changed || !n))
			*changed = svc;
		svc->listeners = n;
		up &= !!n;
	}
	return up;
}

static void forget_hints(struct anygate_gate *gate)
{
	unsigned int i;

	for (i = 0; i < gate->services->n; i++)
		gate->services->s[i].hint.at = 0;
	gate->meddler.at = 0;
	gate->dev_event = false;
}

static u64 obj_deadline(const struct anygate_obj *obj, bool unfinished)
{
	return unfinished ? obj->retry_at : ANYGATE_NEVER;
}

static void set_timer(struct anygate_gate *gate)
{
	struct anygate_net *agn = gate->agn;
	const struct anygate_obj *obj = &gate->announce;
	bool want = anygate_fsm_want(&gate->fsm);
	u64 at = gate->fsm.deadline;

	at = min(at, obj_deadline(obj, want != obj->present &&
				  (want ||
				   obj->owner != ANYGATE_OWNER_FOREIGN)));
	at = min(at, obj_deadline(obj, obj->check && obj->err));
	at = min(at, obj_deadline(&gate->hold,
				  hold_wanted(gate) != gate->hold.present));
	at = min(at, obj_deadline(&gate->retired,
				  gate->retired.type != ANYGATE_OBJ_NONE));

	if (gate->timer_on) {
		if (gate->timer.expires == (ktime_t)at)
			return;
		timerqueue_del(&agn->timers, &gate->timer);
		gate->timer_on = false;
	}
	if (at != ANYGATE_NEVER) {
		gate->timer.expires = (ktime_t)at;
		timerqueue_add(&agn->timers, &gate->timer);
		gate->timer_on = true;
	}
}

/* Tell what came of a look. */
static void tell(struct anygate_gate *gate, struct anygate_event *event,
		 bool was_announced, int was_err)
{
	int err = gate->announce.err ?: gate->retired.err ?: gate->hold.err;

	if (event->old_state != gate->fsm.state)
		event->kind = ANYGATE_EVENT_KIND_TRANSITION;
	else if (was_announced != gate->announce.present)
		event->kind = ANYGATE_EVENT_KIND_ANNOUNCED;
	else if (err && err != was_err)
		event->kind = ANYGATE_EVENT_KIND_ERROR;
	else
		return;
	anygate_netlink_event(gate->agn, event);
}

/* Take note of a transition: counters, and who is to be named for it. */
static void transition(struct anygate_gate *gate, struct anygate_event *event,
		       bool wanted)
{
	bool want = anygate_fsm_want(&gate->fsm);

	trace_anygate_decision(gate, event->old_state);
	gate->opened += want && !wanted;
	gate->closed += wanted && !want;
	if (gate->source == ANYGATE_SOURCE_RECONCILE)
		gate->agn->n_healed++;

	if (event->service && event->service->hint.at)
		event->actor = event->service->hint;
	switch (gate->fsm.state) {
	case ANYGATE_STATE_CLOSING:
		gate->closer = event->actor;
		break;
	case ANYGATE_STATE_CLOSED:
		if (event->old_state == ANYGATE_STATE_CLOSING &&
		    !event->actor.at) {
			event->actor = gate->closer;
			event->actor.at = 0;
		} else {
			gate->closer = event->actor;
		}
		break;
	case ANYGATE_STATE_OPEN:
		memset(&gate->closer, 0, sizeof(gate->closer));
		break;
	case ANYGATE_STATE_OPENING:
		break;
	}
}

/* Look at one gate, decide, act. */
static void look_at(struct anygate_gate *gate, bool start)
{
	struct anygate_event event = {
		.gate = gate,
		.old_state = gate->fsm.state,
		.source = gate->source,
	};
	bool wanted = anygate_fsm_want(&gate->fsm);
	bool announced = gate->announce.present;
	int err = gate->announce.err ?: gate->retired.err ?: gate->hold.err;
	struct anygate_facts facts = { .present = announced };
	u64 begun, decided, done;

	list_del_init(&gate->dirty_list);

	begun = ktime_get_boottime_ns();
	if (gate->announce.check || gate->hold.check)
		check_tables(gate, begun);

	facts.up = probe(gate, &event.service);
	decided = ktime_get_boottime_ns();
	gate->fsm = start ?
		anygate_fsm_start(&gate->conf.fsm, &facts, decided) :
		anygate_fsm_step(gate->fsm, &gate->conf.fsm, &facts, decided);
	if (gate->fsm.state != event.old_state || start)
		transition(gate, &event, wanted);

	if (act(gate, decided)) {
		done = ktime_get_boottime_ns();
		event.act_ns = done - decided;
		/* It may have taken long: look again. */
		anygate_gate_mark(gate, gate->source);
	} else {
		done = decided;
	}
	event.probe_ns = decided - begun;
	if (event.actor.at) {
		event.wait_ns = begun > event.actor.at ?
				begun - event.actor.at : 0;
		event.total_ns = event.wait_ns + done - begun;
	}
	if (!start)
		tell(gate, &event, announced, err);
	forget_hints(gate);
	set_timer(gate);
}

static void mark_all(struct anygate_net *agn, bool check,
		     enum anygate_source source)
{
	struct anygate_gate *gate;
	unsigned long id;

	xa_for_each(&agn->gates, id, gate) {
		if (check) {
			gate->announce.check = true;
			gate->hold.check = true;
		}
		anygate_gate_mark(gate, source);
	}
}

/*
 * A device came, went, or changed its state.  The kernel takes addresses and
 * local routes away with it, which is nobody's contest, and what failed for
 * want of a device may now succeed.
 */
static void device_hint(struct anygate_net *agn)
{
	struct anygate_gate *gate;
	unsigned long id;

	xa_for_each(&agn->gates, id, gate) {
		gate->dev_event = true;
		gate->announce.retry_at = 0;
		if (gate->announce.type == ANYGATE_OBJ_ADDR)
			gate->announce.check = true;
		gate->hold.retry_at = 0;
		/* Unknown: adding it again does no harm. */
		if (hold_wanted(gate))
			gate->hold.present = false;
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

	if (!gate || gate->announce.type != ANYGATE_OBJ_ADDR)
		return;
	gate->announce.check = true;
	gate->meddler = hint->actor;
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
	} else {
		*overflow = ring->overflow;
		ring->overflow = false;
	}
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return popped;
}

static void take_hints(struct anygate_net *agn)
{
	struct anygate_hint hint;
	bool overflow = false;

	while (pop_hint(agn, &hint, &overflow)) {
		agn->n_hints++;
		switch (hint.type) {
		case ANYGATE_HINT_SOCK:
			anygate_services_mark(agn, &hint);
			break;
		case ANYGATE_HINT_ADDR:
			address_hint(agn, &hint);
			break;
		case ANYGATE_HINT_DEV:
			device_hint(agn);
			break;
		}
	}
	if (overflow) {
		agn->n_overflows++;
		mark_all(agn, true, ANYGATE_SOURCE_RECONCILE);
	}
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

/* Have some routes verified, going round all gates. */
static void verify_some(struct anygate_net *agn)
{
	unsigned int left = VERIFY_PER_SECOND;
	struct anygate_gate *gate;
	unsigned long id;

	xa_for_each_start(&agn->gates, id, gate, agn->verify_id + 1) {
		agn->verify_id = id;
		gate->hold.check = true;
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
	anygate_table_scan(agn);
	if (now >= agn->next_verify) {
		agn->next_verify = now + NSEC_PER_SEC;
		verify_some(agn);
	}
	xa_for_each(&agn->gates, id, gate) {
		if (gate->announce.type == ANYGATE_OBJ_ADDR &&
		    gate->announce.present != (gate->seen == agn->pass))
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

static void tell_simply(struct anygate_gate *gate,
			enum anygate_event_kind kind)
{
	struct anygate_event event = {
		.kind = kind,
		.gate = gate,
		.old_state = gate->fsm.state,
		.source = ANYGATE_SOURCE_REQUEST,
	};

	anygate_netlink_event(gate->agn, &event);
}

static void init_announce(struct anygate_gate *gate)
{
	struct anygate_obj *obj = &gate->announce;

	if (gate->conf.action == ANYGATE_ACTION_ADDRESS) {
		anygate_obj_init(obj, ANYGATE_OBJ_ADDR, &gate->conf);
		obj->present = anygate_table_find(gate->agn, obj, true);
		if (!obj->present)
			obj->owner = ANYGATE_OWNER_US;
	} else {
		anygate_obj_init(obj, ANYGATE_OBJ_ROUTE, &gate->conf);
		/* Routes can't be read: see act(). */
		obj->check = true;
	}
}

static int add_gate(struct anygate_net *agn, struct anygate_req *req)
{
	struct anygate_gate *gate = req->gate;
	unsigned int max;
	int ret;

	max = agn->net->user_ns == &init_user_ns ?
	      READ_ONCE(anygate_max_gates) : READ_ONCE(anygate_max_gates_user);
	if (agn->n_gates >= max) {
		NL_SET_ERR_MSG(req->extack,
			       "this namespace has all the gates it may have; see the parameters max_gates and max_gates_user");
		return -ENOSPC;
	}
	ret = anygate_gate_link(gate);
	if (ret == -EEXIST)
		NL_SET_ERR_MSG(req->extack, "the prefix has a gate already");
	if (ret)
		return ret;

	anygate_obj_init(&gate->hold, ANYGATE_OBJ_HOLD, &gate->conf);
	init_announce(gate);
	gate->source = ANYGATE_SOURCE_REQUEST;
	look_at(gate, true);
	tell_simply(gate, ANYGATE_EVENT_KIND_ADDED);
	return 0;
}

static int change_gate(struct anygate_net *agn, struct anygate_req *req)
{
	struct anygate_gate *gate = req->gate;
	struct anygate_obj old = gate->announce;
	struct anygate_obj new;
	int ret;

	anygate_obj_init(&new, req->conf->action == ANYGATE_ACTION_ADDRESS ?
			 ANYGATE_OBJ_ADDR : ANYGATE_OBJ_ROUTE, req->conf);
	if (!anygate_obj_same(&old, &new) &&
	    gate->retired.type != ANYGATE_OBJ_NONE) {
		NL_SET_ERR_MSG(req->extack,
			       "the last change of this gate is still being carried out; see its error in show");
		return -EBUSY;
	}
	if (req->services) {
		ret = anygate_gate_set_services(gate, req->services);
		if (ret)
			return ret;
	}
	anygate_gate_set_conf(gate, req->conf);
	if (!anygate_obj_same(&old, &new)) {
		if (old.present || old.check ||
		    old.owner == ANYGATE_OWNER_ADOPTED) {
			gate->retired = old;
			gate->retired.retry_at = 0;
		}
		init_announce(gate);
	}
	gate->source = ANYGATE_SOURCE_REQUEST;
	look_at(gate, false);
	tell_simply(gate, ANYGATE_EVENT_KIND_CHANGED);
	return 0;
}

/* Leave the tables as they were before the gate. */
static int undo(struct anygate_gate *gate)
{
	int ret;

	ret = restore(gate, &gate->announce);
	if (!ret && gate->retired.type != ANYGATE_OBJ_NONE) {
		ret = restore(gate, &gate->retired);
		if (!ret)
			gate->retired.type = ANYGATE_OBJ_NONE;
	}
	/* Last: until here it let daemons bind. */
	if (!ret && (gate->hold.present || hold_wanted(gate)))
		ret = remove_obj(gate->agn, &gate->hold);
	return ret;
}

static void remove_gate(struct anygate_gate *gate)
{
	gate->fsm.reason = ANYGATE_REASON_DELETED;
	tell_simply(gate, ANYGATE_EVENT_KIND_DELETED);
	anygate_gate_unlink(gate);
	anygate_gate_free(gate);
}

static int del_gate(struct anygate_gate *gate, struct netlink_ext_ack *extack)
{
	int ret;

	ret = undo(gate);
	if (ret) {
		/* What was undone is done again: the gate lives on. */
		anygate_gate_mark(gate, ANYGATE_SOURCE_REQUEST);
		NL_SET_ERR_MSG(extack,
			       "the address or route could not be put back as it was; the gate stays, see its error in show");
		return ret;
	}
	remove_gate(gate);
	return 0;
}

static int flush_gates(struct anygate_net *agn, struct anygate_req *req)
{
	struct anygate_gate *gate;
	unsigned long id;
	int ret = 0, err;

	xa_for_each(&agn->gates, id, gate) {
		if (req->within.addr.family &&
		    !anygate_prefix_within(&gate->conf.prefix, &req->within))
			continue;
		err = del_gate(gate, req->extack);
		if (!ret)
			ret = err;
	}
	return ret;
}

/* The module goes: undo what can be undone, whatever fails. */
static int stop_gates(struct anygate_net *agn)
{
	bool keep = anygate_unload_keeps();
	struct anygate_gate *gate;
	unsigned int tries;
	unsigned long id;

	xa_for_each(&agn->gates, id, gate) {
		/* A want of memory passes, and this is the last chance. */
		for (tries = 0; !keep && tries < 8 && undo(gate); tries++)
			cond_resched();
		if (!keep && tries == 8)
			pr_err("gate %u: tables not restored\n", gate->id);
		remove_gate(gate);
	}
	return 0;
}

static void take_requests(struct anygate_net *agn)
{
	struct anygate_req *req;

	for (;;) {
		spin_lock(&agn->req_lock);
		req = list_first_entry_or_null(&agn->reqs, struct anygate_req,
					       list);
		if (req)
			list_del(&req->list);
		spin_unlock(&agn->req_lock);
		if (!req)
			return;

		switch (req->type) {
		case ANYGATE_REQ_ADD:
			req->ret = add_gate(agn, req);
			break;
		case ANYGATE_REQ_CHANGE:
			req->ret = change_gate(agn, req);
			break;
		case ANYGATE_REQ_DEL:
			req->ret = del_gate(req->gate, req->extack);
			break;
		case ANYGATE_REQ_FLUSH:
			req->ret = flush_gates(agn, req);
			break;
		case ANYGATE_REQ_STOP:
			req->ret = stop_gates(agn);
			break;
		}
		complete(&req->done);
	}
}

static bool take_dirty(struct anygate_net *agn)
{
	unsigned int left = BATCH;

	while (!list_empty(&agn->dirty)) {
		if (!left--)
			return true;
		look_at(list_first_entry(&agn->dirty, struct anygate_gate,
					 dirty_list), false);
	}
	return false;
}

static void arm_timer(struct anygate_net *agn, u64 now)
{
	struct timerqueue_node *node = timerqueue_getnext(&agn->timers);
	u64 at = agn->next_reconcile;

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
		mod_delayed_work(anygate_wq, &agn->timer,
				 at > now ? nsecs_to_jiffies(at - now) + 1 : 0);
}

static void engine_fn(struct work_struct *work)
{
	struct anygate_net *agn = container_of(work, struct anygate_net, work);
	bool more;
	u64 now;

	mutex_lock(&agn->lock);
	agn->n_passes++;
	do {
		take_requests(agn);
		if (READ_ONCE(agn->dead))
			goto out;
		take_hints(agn);
		check_health(agn);
		now = ktime_get_boottime_ns();
		take_timers(agn, now);
		take_reconcile(agn, now);
		more = take_dirty(agn);
		cond_resched();
	} while (more);
	arm_timer(agn, ktime_get_boottime_ns());
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
	timerqueue_init_head(&agn->timers);
}

/**
 * anygate_engine_start() - make what a namespace with gates needs
 * @agn: the namespace
 *
 * Does nothing if it is there already.  It stays until the end of the
 * namespace or of the module.
 *
 * Context: process, sleeps; @agn->conf_lock held.
 * Return: 0 or a negative errno.
 */
int anygate_engine_start(struct anygate_net *agn)
{
	struct anygate_ring *ring;
	int ret;

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
	if (ret)
		goto err_tables;

	mutex_lock(&agn->lock);
	agn->ring_mem = ring;
	agn->missed = anygate_watch_missed();
	agn->started = true;
	mutex_unlock(&agn->lock);
	/* Last: from here on hints come in. */
	rcu_assign_pointer(agn->ring, ring);
	anygate_net_started(agn);
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
	mutex_unlock(&agn->lock);
	anygate_net_stopped(agn);
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
	queue_work(anygate_wq, &agn->work);
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
	queue_work(anygate_wq, &agn->work);
}
