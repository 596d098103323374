// SPDX-License-Identifier: GPL-2.0
/*
 * One look at one gate: facts, decision, action, and what is told of it.
 */
#include <linux/timekeeping.h>

#include "anygate.h"
#include "trace.h"

static bool probe(struct anygate_gate *gate, struct anygate_service **changed)
{
	bool up = true;
	unsigned int i;

	*changed = NULL;
	for (i = 0; i < gate->services->n; i++) {
		struct anygate_service *svc = &gate->services->s[i];
		u32 n;

		n = anygate_probe_listeners(gate->agn, &gate->conf, &svc->key,
					    svc->listeners && svc->hint.at);
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

static void set_timer(struct anygate_gate *gate)
{
	u64 at = min(gate->fsm.deadline, anygate_upkeep_deadline(gate));
	struct anygate_net *agn = gate->agn;

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

/**
 * anygate_look() - look at a gate, decide, act
 * @gate: the gate; taken off the dirty list first
 * @start: it is new, and tells nothing yet
 *
 * Context: the engine, anygate_net.lock held; releases it to wait for RTNL.
 */
void anygate_look(struct anygate_gate *gate, bool start)
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
		anygate_upkeep_check(gate, begun);

	facts.up = probe(gate, &event.service);
	decided = ktime_get_boottime_ns();
	gate->fsm = start ?
		anygate_fsm_start(&gate->conf.fsm, &facts, decided) :
		anygate_fsm_step(gate->fsm, &gate->conf.fsm, &facts, decided);
	if (gate->fsm.state != event.old_state || start)
		transition(gate, &event, wanted);

	if (anygate_upkeep_act(gate, decided)) {
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
