// SPDX-License-Identifier: GPL-2.0
/*
 * One look at one gate: facts, decision, action, and what is told of it.
 */
#include <linux/timekeeping.h>

#include "anygate.h"
#include "trace.h"

/* Is a service with so many listeners up?  If not, why? */
static bool service_up(const struct anygate_gate *gate,
		       const struct anygate_service *svc,
		       enum anygate_reason *why)
{
	u32 stalled;

	if (!svc->listeners) {
		*why = svc->dying ? ANYGATE_REASON_DYING :
				    ANYGATE_REASON_NO_LISTENER;
		return false;
	}
	if (!gate->conf.stall_ms)
		return true;
	*why = ANYGATE_REASON_STALLED;
	stalled = anygate_stall_stalled(svc);
	return gate->conf.stall_members == ANYGATE_MEMBERS_ANY ?
	       !stalled : stalled < svc->listeners;
}

static u32 count_listeners(struct anygate_gate *gate,
			   struct anygate_service *svc, bool sample)
{
	bool likely_gone = svc->listeners && svc->hint.at;
	u32 n;

	if (!sample) {
		n = anygate_probe_listeners(gate->agn, &gate->conf, &svc->key,
					    likely_gone, NULL, &svc->dying);
		/* Nothing is told of sockets that are gone. */
		if (anygate_stall_knows(svc, n))
			return n;
	}
	return anygate_stall_sample(gate, svc, likely_gone);
}

/*
 * Are as many services up as the gate needs?  If not, why?  No listener at
 * all is the plainest of reasons.
 */
static bool probe(struct anygate_gate *gate, u64 now,
		  struct anygate_service **changed, enum anygate_reason *why)
{
	unsigned int need = gate->conf.need ?: gate->services->n;
	bool sample = anygate_stall_due(gate, now);
	unsigned int i, n_up = 0;
	enum anygate_reason reason;

	*changed = NULL;
	*why = ANYGATE_REASON_STALLED;
	for (i = 0; i < gate->services->n; i++) {
		struct anygate_service *svc = &gate->services->s[i];
		bool up;

		svc->listeners = count_listeners(gate, svc, sample);
		up = service_up(gate, svc, &reason);
		if (!up && (reason == ANYGATE_REASON_NO_LISTENER ||
			    *why == ANYGATE_REASON_STALLED))
			*why = reason;
		/* Of several, the one that closes the gate is to be told. */
		if (up != svc->up && (!*changed || !up))
			*changed = svc;
		svc->up = up;
		n_up += up;
	}
	if (sample)
		anygate_stall_sampled(gate, now);
	return n_up >= need;
}

/* Who closed the last listener is known only when it happens. */
static void note_closer(struct anygate_gate *gate, bool services_up,
			const struct anygate_service *changed)
{
	struct anygate_history *history = gate->history;

	if (services_up && history) {
		memset(&history->closer, 0, sizeof(history->closer));
		memset(&history->closer_key, 0, sizeof(history->closer_key));
	} else if (!services_up && gate->services_up && changed &&
		   !changed->listeners) {
		history = anygate_history(gate);
		history->closer_key = changed->key;
		if (changed->hint.at)
			history->closer = changed->hint;
	}
	gate->services_up = services_up;
}

/* What the decision depends on. */
static void find_facts(struct anygate_gate *gate, struct anygate_facts *facts,
		       struct anygate_service **changed)
{
	facts->up = probe(gate, ktime_get_boottime_ns(), changed, &facts->why);
	note_closer(gate, facts->up, *changed);
	if (facts->up)
		facts->up = anygate_leases_good(gate, ktime_get_boottime_ns(),
						&facts->why);
	facts->order = gate->orders.order;
	facts->order_until = gate->orders.until;
}

/* How soon to look again whether somebody else announces the prefix. */
#define WITNESS_PERIOD_NS NSEC_PER_SEC

/* Down, and announced: is it the last one that is? */
static void find_witness(struct anygate_gate *gate, struct anygate_facts *facts,
			 bool *announced, bool start)
{
	struct anygate_obj *obj = &gate->announce;

	if (!gate->conf.witness || facts->up ||
	    !(start || anygate_fsm_want(&gate->fsm)))
		return;
	facts->alone = !anygate_witness_other(gate->agn, &gate->conf.prefix,
					      gate->conf.witness);
	/* A route that the module has left at an upgrade is not known yet. */
	if (facts->alone && start && obj->type == ANYGATE_OBJ_ROUTE &&
	    !gate->orders.observe)
		*announced = anygate_witness_left(gate->agn, obj);
}

/* What was to hold for a time, and that is over. */
static void expire(struct anygate_gate *gate, u64 now)
{
	struct anygate_event event = {
		.gate = gate,
		.old_state = gate->fsm.state,
		.source = ANYGATE_SOURCE_TIMER,
	};

	if (gate->orders.order != ANYGATE_ORDER_FOLLOW &&
	    now >= gate->orders.until) {
		gate->orders.order = ANYGATE_ORDER_FOLLOW;
		gate->orders.until = ANYGATE_NEVER;
		event.kind = ANYGATE_EVENT_KIND_ORDER;
		anygate_netlink_event(gate->agn, &event);
	}
	if (gate->orders.observe && now >= gate->orders.observe_until)
		anygate_look_unobserve(gate, ANYGATE_SOURCE_TIMER);
	if (anygate_leases_ran_out(gate, now)) {
		event.kind = ANYGATE_EVENT_KIND_LEASE;
		anygate_netlink_event(gate->agn, &event);
	}
}

static void forget_hints(struct anygate_gate *gate)
{
	unsigned int i;

	for (i = 0; i < gate->services->n; i++)
		gate->services->s[i].hint.at = 0;
	if (gate->history)
		gate->history->meddler.at = 0;
	gate->dev_event = false;
}

/* Whatever a gate waits for, the engine does not look at it more often for that. */
#define TIMER_MIN_NS NSEC_PER_MSEC

static void set_timer(struct anygate_gate *gate)
{
	u64 at = min(gate->fsm.deadline, anygate_upkeep_deadline(gate));
	struct anygate_net *agn = gate->agn;

	at = min(at, anygate_leases_deadline(gate, ktime_get_boottime_ns()));
	if (gate->orders.order != ANYGATE_ORDER_FOLLOW)
		at = min(at, gate->orders.until);
	if (gate->orders.observe)
		at = min(at, gate->orders.observe_until);
	at = min(at, anygate_stall_deadline(gate));
	at = min(at, anygate_shield_deadline(gate));
	/* Nothing tells that a routing table has changed. */
	if (gate->fsm.state == ANYGATE_STATE_KEPT)
		at = min(at, ktime_get_boottime_ns() + WITNESS_PERIOD_NS);

	/* What is due by now has been tried in this look. */
	at = max(at, ktime_get_boottime_ns() + TIMER_MIN_NS);

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
	int err = anygate_gate_error(gate);

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

/* For whoever reads no events.  The log is the machine's, not a user's. */
static void warn_kept(const struct anygate_gate *gate)
{
	const struct anygate_prefix *prefix = &gate->conf.prefix;

	if (anygate_net_of_user(gate->agn))
		return;
	if (prefix->addr.family == AF_INET)
		pr_warn_ratelimited("%pI4/%u is announced without its services: table %u has no other path to it\n",
				    &prefix->addr.ip, prefix->len,
				    gate->conf.witness);
	else
		pr_warn_ratelimited("%pI6c/%u is announced without its services: table %u has no other path to it\n",
				    &prefix->addr.ip, prefix->len,
				    gate->conf.witness);
}

/* Take note of a transition: counters, and who is to be named for it. */
static void transition(struct anygate_gate *gate, struct anygate_event *event,
		       const struct anygate_service *changed, bool wanted,
		       bool start)
{
	bool want = anygate_fsm_want(&gate->fsm);
	bool closes = gate->fsm.state == ANYGATE_STATE_CLOSED ||
		      gate->fsm.state == ANYGATE_STATE_CLOSING ||
		      gate->fsm.state == ANYGATE_STATE_KEPT;
	const struct anygate_history *history;

	trace_anygate_decision(gate, event->old_state);
	if (start)
		gate->began = gate->fsm.reason;
	else
		anygate_history(gate)->counts.reasons[gate->fsm.reason]++;
	if (want && !wanted)
		anygate_history(gate)->opened++;
	if (wanted && !want)
		anygate_history(gate)->closed++;
	if (wanted && !want) {
		list_move_tail(&gate->flows_list, &gate->agn->flows_tell);
		anygate_engine_count_flows(gate->agn);
	}
	/* What a witness says has no event that could have been lost. */
	if (gate->source == ANYGATE_SOURCE_RECONCILE &&
	    event->old_state != ANYGATE_STATE_KEPT)
		gate->agn->n_healed++;
	if (gate->fsm.state == ANYGATE_STATE_KEPT)
		warn_kept(gate);

	if (changed) {
		event->key = &changed->key;
		event->listeners = changed->listeners;
		if (changed->hint.at)
			event->actor = changed->hint;
	}
	/* Perhaps it closed some time ago, and the gate only now. */
	history = anygate_history_of(gate);
	if (closes && !gate->services_up && history->closer_key.port) {
		event->key = &history->closer_key;
		event->listeners = 0;
		if (!event->actor.at) {
			event->actor = history->closer;
			event->actor.at = 0;
		}
	}
}

/**
 * anygate_look_unobserve() - touch the tables again, from what they hold
 * @gate: the gate, that has only observed so far
 * @source: what ended that
 *
 * A service that is up behind a prefix that is announced, by whomever, is
 * taken over as it is, like that of a new gate, by the next look.
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_look_unobserve(struct anygate_gate *gate,
			    enum anygate_source source)
	__must_hold(&gate->agn->lock)
{
	struct anygate_event event = {
		.kind = ANYGATE_EVENT_KIND_ORDER,
		.gate = gate,
		.old_state = gate->fsm.state,
		.source = source,
	};

	lockdep_assert_held(&gate->agn->lock);
	gate->orders.observe = false;
	gate->orders.observe_until = ANYGATE_NEVER;
	gate->adopt = true;
	anygate_upkeep_adopt(gate);
	anygate_netlink_event(gate->agn, &event);
}

/**
 * anygate_gate_error() - the error to be shown for a gate
 * @gate: the gate
 *
 * Context: anygate_net.lock held.
 * Return: negative errno of its last failed actuation, or 0.
 */
int anygate_gate_error(const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	if (gate->announce.err)
		return gate->announce.err;
	if (gate->retired && gate->retired->err)
		return gate->retired->err;
	if (gate->fallback && gate->fallback->err)
		return gate->fallback->err;
	return gate->hold.err;
}

static struct anygate_fsm decide(struct anygate_gate *gate,
				 struct anygate_facts *facts, bool announced,
				 bool start, u64 now)
{
	const struct anygate_fsm_conf *conf = &gate->conf.fsm;
	struct anygate_damp damp = gate->fsm.damp;
	struct anygate_fsm fsm;
	bool adopt;

	facts->present = announced;
	adopt = gate->adopt && facts->up && announced &&
		!anygate_fsm_want(&gate->fsm);
	gate->adopt = false;
	if (!start && !adopt)
		return anygate_fsm_step(gate->fsm, conf, facts, now);
	fsm = anygate_fsm_start(conf, facts, now);
	if (adopt)
		fsm.damp = damp;
	return fsm;
}

static void count_latency(struct anygate_counts *counts, u64 ns)
{
	static const u32 steps[] = { ANYGATE_LATENCY_STEPS };
	unsigned int i;

	static_assert(ARRAY_SIZE(steps) + 1 == ANYGATE_N_LATENCIES);
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		if (ns < (u64)steps[i] * NSEC_PER_USEC)
			break;
	counts->latency[i]++;
	counts->latency_ns += ns;
}

/*
 * A shield sends new clients on to the next node.  While a gate is kept or pinned there
 * is none, and a refusal tells them more than silence; when it is no longer,
 * there is one.
 */
static void shield(struct anygate_gate *gate, const struct anygate_event *event,
		   bool had, u64 begun)
{
	bool kept = gate->fsm.state == ANYGATE_STATE_KEPT ||
		    gate->fsm.state == ANYGATE_STATE_PINNED ||
		    gate->orders.observe;
	bool was_kept = gate->fsm.fall_since != gate->fsm.up_since;
	u64 gone_at = 0;

	if (had && !gate->services_up && !kept)
		gone_at = anygate_history_of(gate)->closer.at ?: begun;
	else if ((was_kept || event->old_state == ANYGATE_STATE_PINNED) &&
		 gate->fsm.state == ANYGATE_STATE_CLOSED &&
		 event->old_state != ANYGATE_STATE_CLOSED && !gate->services_up)
		gone_at = begun;
	anygate_shield_update(gate, gone_at);
}

/**
 * anygate_look() - look at a gate, decide, act
 * @gate: the gate; taken off the dirty list first
 * @start: it is new, and tells nothing yet
 *
 * Context: the engine, anygate_net.lock held; releases it to wait for RTNL.
 */
void anygate_look(struct anygate_gate *gate, bool start)
	__must_hold(&gate->agn->lock)
{
	struct anygate_event event = {
		.gate = gate,
		.old_state = gate->fsm.state,
		.source = gate->source,
	};
	bool wanted = anygate_fsm_want(&gate->fsm);
	int err = anygate_gate_error(gate);
	struct anygate_facts facts = {};
	struct anygate_service *changed;
	u64 begun, decided, done;
	u64 errors = gate->agn->n_errors;
	bool announced, acted, had = gate->services_up;

	lockdep_assert_held(&gate->agn->lock);
	might_sleep();
	list_del_init(&gate->dirty_list);

	begun = ktime_get_boottime_ns();
	expire(gate, begun);
	announced = gate->announce.present;
	if (gate->announce.check || gate->hold.check ||
	    (gate->fallback && gate->fallback->check))
		anygate_upkeep_check(gate, begun);

	find_facts(gate, &facts, &changed);
	find_witness(gate, &facts, &announced, start);
	decided = ktime_get_boottime_ns();
	gate->fsm = decide(gate, &facts, announced, start, decided);
	if (gate->fsm.state != event.old_state || start)
		transition(gate, &event, changed, wanted, start);

	acted = anygate_upkeep_act(gate, decided);
	if (acted) {
		done = ktime_get_boottime_ns();
		event.act_ns = done - decided;
		/* It may have taken long: look again. */
		anygate_gate_mark(gate, gate->source);
	} else {
		done = decided;
	}
	event.probe_ns = decided - begun;
	if (event.actor.at) {
		event.timed = true;
		event.wait_ns = begun > event.actor.at ?
				begun - event.actor.at : 0;
		event.total_ns = event.wait_ns + done - begun;
		if (acted)
			count_latency(&anygate_history(gate)->counts,
				      event.total_ns);
	}
	if (gate->agn->n_errors != errors)
		anygate_history(gate)->counts.errors +=
			gate->agn->n_errors - errors;
	shield(gate, &event, had, begun);
	if (!start)
		tell(gate, &event, announced, err);
	forget_hints(gate);
	set_timer(gate);
}
