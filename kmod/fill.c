// SPDX-License-Identifier: GPL-2.0
/*
 * Gates, status and events, from what the engine knows to attributes.
 */
#include <linux/timekeeping.h>
#include <net/netlink.h>

#include "anygate.h"

/**
 * anygate_gate_difference() - why is the prefix not announced as wanted?
 * @gate: the gate
 *
 * Context: anygate_net.lock held.
 * Return: why, or none if it is.
 */
enum anygate_difference anygate_gate_difference(const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	const struct anygate_obj *obj = &gate->announce;
	bool want = anygate_fsm_want(&gate->fsm);

	lockdep_assert_held(&gate->agn->lock);
	if (want ? anygate_obj_stands(obj) : !obj->present)
		return anygate_engine_behind(gate) ?
		       ANYGATE_DIFFERENCE_PENDING : ANYGATE_DIFFERENCE_NONE;
	if (!want && obj->owner == ANYGATE_OWNER_FOREIGN)
		return ANYGATE_DIFFERENCE_FOREIGN;
	if (gate->orders.observe)
		return ANYGATE_DIFFERENCE_OBSERVING;
	if (obj->err == -ENODEV || obj->err == -ENETDOWN)
		return ANYGATE_DIFFERENCE_NO_DEVICE;
	if (obj->err)
		return ANYGATE_DIFFERENCE_ERROR;
	if (obj->retry_at)
		return ANYGATE_DIFFERENCE_CONTESTED;
	return ANYGATE_DIFFERENCE_PENDING;
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, ANYGATE_A_GATE_PAD);
}

static int put_service(struct sk_buff *skb, int attr,
		       const struct anygate_sockkey *key, u32 listeners)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    nla_put(skb, ANYGATE_A_SERVICE_ADDRESS,
		    anygate_addr_len(&key->addr), &key->addr.ip) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_PROTOCOL, key->proto) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_PORT, key->port) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_LISTENERS, listeners))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * A process, for those who may know of it: ss, too, tells users of their own
 * processes only.  One of another pid namespace may have no number for the
 * reader.
 */
static int put_actor(struct sk_buff *skb, const struct anygate_actor *actor,
		     const struct anygate_reader *reader, int pid_attr,
		     int comm_attr)
{
	pid_t pid = 0;

	if (!actor->pid || !reader->actors)
		return 0;
	if (reader->pidns == init_pid_ns.ns.inum)
		pid = actor->pid;
	else if (!reader->pidns || reader->pidns == actor->pidns)
		pid = actor->vpid;
	if ((pid && nla_put_u32(skb, pid_attr, pid)) ||
	    nla_put_string(skb, comm_attr, actor->comm))
		return -EMSGSIZE;
	return 0;
}

/* The same with what was found in the queues. */
static int put_queues(struct sk_buff *skb, const struct anygate_service *svc)
{
	const struct anygate_memberlist *list = svc->members;
	struct nlattr *nest = nla_nest_start(skb, ANYGATE_A_GATE_SERVICE);
	u64 drops = 0, age = 0;
	u32 queue = 0, limit = 0;
	u64 waits = 0;
	unsigned int i;

	for (i = 0; list && i < list->n; i++) {
		queue += list->m[i].queue;
		limit += list->m[i].limit;
		drops += list->m[i].drops;
		if (list->m[i].token)
			age = max(age, list->at - list->m[i].since);
		waits |= list->m[i].token;
	}
	if (!nest ||
	    nla_put(skb, ANYGATE_A_SERVICE_ADDRESS,
		    anygate_addr_len(&svc->key.addr), &svc->key.addr.ip) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_PROTOCOL, svc->key.proto) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_PORT, svc->key.port) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_LISTENERS, svc->listeners) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_QUEUE, queue) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_LIMIT, limit) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_SERVICE_DROPS, drops,
			      ANYGATE_A_SERVICE_PAD) ||
	    (waits && nla_put_u64_64bit(skb, ANYGATE_A_SERVICE_AGE, age,
					ANYGATE_A_SERVICE_PAD)) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_STALLED,
			anygate_stall_stalled(svc)) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_DYING, svc->dying))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_conf(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_conf *conf = &gate->conf;
	unsigned int i;

	if (nla_put_u32(skb, ANYGATE_A_GATE_ID, gate->id) ||
	    nla_put(skb, ANYGATE_A_GATE_PREFIX,
		    anygate_addr_len(&conf->prefix.addr),
		    &conf->prefix.addr.ip) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_PREFIX_LEN, conf->prefix.len) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_ACTION, conf->action) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_UP, conf->fsm.up_ms) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_DOWN, conf->fsm.down_ms) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_LISTEN_POLICY,
			conf->listen_policy) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_NEED, conf->need) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_SHIELD, conf->shield_ms) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_STALL, conf->stall_ms) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_STALL_MEMBERS,
			conf->stall_members) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_FATAL, conf->fatal) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_WITNESS, conf->witness))
		return -EMSGSIZE;
	if (conf->name[0] &&
	    nla_put_string(skb, ANYGATE_A_GATE_NAME, conf->name))
		return -EMSGSIZE;
	if (conf->listen_policy == ANYGATE_LISTEN_POLICY_DEV &&
	    nla_put_string(skb, ANYGATE_A_GATE_LISTEN_DEV, conf->listen_dev))
		return -EMSGSIZE;
	if (conf->action == ANYGATE_ACTION_ADDRESS) {
		if (nla_put_string(skb, ANYGATE_A_GATE_DEV, conf->dev) ||
		    nla_put_u32(skb, ANYGATE_A_GATE_HOLD, conf->hold))
			return -EMSGSIZE;
	} else {
		if (nla_put_u32(skb, ANYGATE_A_GATE_TABLE, conf->table) ||
		    nla_put_u32(skb, ANYGATE_A_GATE_METRIC, conf->metric))
			return -EMSGSIZE;
	}
	for (i = 0; i < gate->services->n; i++)
		if (put_queues(skb, &gate->services->s[i]))
			return -EMSGSIZE;
	return 0;
}

static int put_damp(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_damp_conf *conf = &gate->conf.fsm.damp;
	const struct anygate_damp *damp = &gate->fsm.damp;
	u64 now = ktime_get_boottime_ns(), figure;

	if (nla_put_u32(skb, ANYGATE_A_GATE_DAMP, conf->on) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_DAMP_PENALTY, conf->penalty) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_DAMP_SUPPRESS, conf->suppress) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_DAMP_REUSE, conf->reuse) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_DAMP_HALF_LIFE,
			conf->half_life_ms) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_DAMP_MAX, conf->max_ms))
		return -EMSGSIZE;
	if (!conf->on)
		return 0;
	figure = anygate_damp_figure(damp, conf, now) >> ANYGATE_FIGURE_SHIFT;
	if (nla_put_u32(skb, ANYGATE_A_GATE_FIGURE, min_t(u64, figure, U32_MAX)))
		return -EMSGSIZE;
	if (!damp->suppressed)
		return 0;
	return put_u64(skb, ANYGATE_A_GATE_RELEASE_AT,
		       anygate_damp_release(damp, conf, now));
}

static int put_orders(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_orders *orders = &gate->orders;

	if (nla_put_u32(skb, ANYGATE_A_GATE_ORDER, orders->order) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_OBSERVE, orders->observe))
		return -EMSGSIZE;
	if (orders->order != ANYGATE_ORDER_FOLLOW &&
	    orders->until != ANYGATE_NEVER &&
	    put_u64(skb, ANYGATE_A_GATE_ORDER_UNTIL, orders->until))
		return -EMSGSIZE;
	if (orders->observe && orders->observe_until != ANYGATE_NEVER &&
	    put_u64(skb, ANYGATE_A_GATE_OBSERVE_UNTIL, orders->observe_until))
		return -EMSGSIZE;
	return 0;
}

static int put_leases(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_lease *lease;
	struct nlattr *nest;
	unsigned int i;

	if (nla_put_u32(skb, ANYGATE_A_GATE_ON_EXPIRY, gate->conf.on_expiry))
		return -EMSGSIZE;
	for (i = 0; gate->leases && i < gate->leases->n; i++) {
		lease = &gate->leases->l[i];
		nest = nla_nest_start(skb, ANYGATE_A_GATE_LEASE);
		if (!nest ||
		    nla_put_string(skb, ANYGATE_A_LEASE_NAME, lease->name) ||
		    nla_put_u32(skb, ANYGATE_A_LEASE_VERDICT, lease->verdict))
			return -EMSGSIZE;
		if (lease->verdict != ANYGATE_VERDICT_NONE &&
		    nla_put_u64_64bit(skb, ANYGATE_A_LEASE_EXPIRES,
				      lease->expires, ANYGATE_A_LEASE_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int put_fallback(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_conf *conf = &gate->conf;

	if (!conf->fallback.family)
		return 0;
	if (nla_put(skb, ANYGATE_A_GATE_FALLBACK_VIA,
		    anygate_addr_len(&conf->fallback), &conf->fallback.ip) ||
	    nla_put_string(skb, ANYGATE_A_GATE_FALLBACK_DEV,
			   conf->fallback_dev) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_FALLBACK,
			gate->fallback && gate->fallback->present))
		return -EMSGSIZE;
	return 0;
}

/* The first failure there is, the announcement's before the others. */
static int put_error(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_obj *objs[] = {
		&gate->announce, gate->retired, gate->fallback, &gate->hold,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		if (!objs[i] || !objs[i]->err)
			continue;
		if (nla_put_u32(skb, ANYGATE_A_GATE_ERROR, -objs[i]->err) ||
		    nla_put_string(skb, ANYGATE_A_GATE_ERROR_MSG,
				   objs[i]->msg ?: "") ||
		    nla_put_u32(skb, ANYGATE_A_GATE_RETRIES,
				objs[i]->retries) ||
		    put_u64(skb, ANYGATE_A_GATE_RETRY_AT, objs[i]->retry_at))
			return -EMSGSIZE;
		return 0;
	}
	return 0;
}

/**
 * anygate_put_gate() - a gate with all that is known of it
 * @skb: the message
 * @gate: the gate
 * @reader: who is to be told
 *
 * The same for get, dump and events.
 *
 * Context: anygate_net.lock held.
 * Return: 0 or -EMSGSIZE.
 */
int anygate_put_gate(struct sk_buff *skb, const struct anygate_gate *gate,
		     const struct anygate_reader *reader)
	__must_hold(&gate->agn->lock)
{
	const struct anygate_fsm *fsm = &gate->fsm;
	bool adopted = gate->announce.type == ANYGATE_OBJ_ADDR &&
		       gate->announce.owner == ANYGATE_OWNER_ADOPTED;
	const struct anygate_history *history = anygate_history_of(gate);
	u32 flows;

	lockdep_assert_held(&gate->agn->lock);
	if (put_conf(skb, gate) ||
	    put_damp(skb, gate) ||
	    put_orders(skb, gate) ||
	    put_leases(skb, gate) ||
	    put_fallback(skb, gate) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_STATE, fsm->state) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_REASON, fsm->reason) ||
	    put_u64(skb, ANYGATE_A_GATE_SINCE, fsm->since) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_ANNOUNCED,
			gate->announce.present) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_DIFFERENCE,
			anygate_gate_difference(gate)) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_CONTESTED, history->contested) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_ADOPTED, adopted) ||
	    put_u64(skb, ANYGATE_A_GATE_OPENED, history->opened) ||
	    put_u64(skb, ANYGATE_A_GATE_CLOSED, history->closed) ||
	    put_u64(skb, ANYGATE_A_GATE_FLAPS, gate->flaps))
		return -EMSGSIZE;
	if (fsm->deadline != ANYGATE_NEVER &&
	    put_u64(skb, ANYGATE_A_GATE_DEADLINE, fsm->deadline))
		return -EMSGSIZE;
	if (put_actor(skb, &history->closer, reader, ANYGATE_A_GATE_CLOSER_PID,
		      ANYGATE_A_GATE_CLOSER_COMM))
		return -EMSGSIZE;
	if (anygate_flows_known(gate, &flows) &&
	    nla_put_u32(skb, ANYGATE_A_GATE_FLOWS, flows))
		return -EMSGSIZE;
	if (anygate_shield_put(skb, gate))
		return -EMSGSIZE;
	return put_error(skb, gate);
}

static int put_count(struct sk_buff *skb, int type, int attr, u64 key,
		     u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest)
		return -EMSGSIZE;
	if (attr == ANYGATE_A_COUNT_REASON ?
	    nla_put_u32(skb, attr, key) :
	    key && nla_put_u64_64bit(skb, attr, key, ANYGATE_A_COUNT_PAD))
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, ANYGATE_A_COUNT_COUNT, count,
			      ANYGATE_A_COUNT_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_listener(struct sk_buff *skb, const struct anygate_sockkey *key,
			const struct anygate_member *m, u64 at)
{
	struct nlattr *nest = nla_nest_start(skb, ANYGATE_A_STATS_LISTENER);
	const int pad = ANYGATE_A_LISTENER_PAD;

	if (!nest ||
	    nla_put(skb, ANYGATE_A_LISTENER_ADDRESS,
		    anygate_addr_len(&key->addr), &key->addr.ip) ||
	    nla_put_u32(skb, ANYGATE_A_LISTENER_PROTOCOL, key->proto) ||
	    nla_put_u32(skb, ANYGATE_A_LISTENER_PORT, key->port) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_LISTENER_INODE, m->inode, pad) ||
	    nla_put_u32(skb, ANYGATE_A_LISTENER_QUEUE, m->queue) ||
	    nla_put_u32(skb, ANYGATE_A_LISTENER_LIMIT, m->limit) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_LISTENER_DROPS, m->drops, pad) ||
	    (m->token &&
	     nla_put_u64_64bit(skb, ANYGATE_A_LISTENER_AGE, at - m->since,
			       pad)) ||
	    nla_put_u32(skb, ANYGATE_A_LISTENER_STALLED, m->stalled))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* As many as there is to be told of one by one, and how many there are more. */
static int put_listeners(struct sk_buff *skb, const struct anygate_gate *gate)
{
	unsigned int i, j, told = 0;
	u32 left_off = 0;

	for (i = 0; i < gate->services->n; i++) {
		const struct anygate_service *svc = &gate->services->s[i];
		const struct anygate_memberlist *list = svc->members;

		left_off += svc->left_off;
		for (j = 0; list && j < list->n; j++) {
			if (told == ANYGATE_LISTENERS_MAX) {
				left_off++;
				continue;
			}
			told++;
			if (put_listener(skb, &svc->key, &list->m[j], list->at))
				return -EMSGSIZE;
		}
	}
	return nla_put_u32(skb, ANYGATE_A_STATS_LEFT_OFF, left_off);
}

/**
 * anygate_put_stats() - a gate's counters
 * @skb: the message
 * @gate: the gate
 *
 * Context: anygate_net.lock held.
 * Return: 0 or -EMSGSIZE.
 */
int anygate_put_stats(struct sk_buff *skb, const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	static const u32 steps[] = { ANYGATE_LATENCY_STEPS, 0 };
	const struct anygate_counts *counts = &anygate_history_of(gate)->counts;
	const struct anygate_prefix *prefix = &gate->conf.prefix;
	const int pad = ANYGATE_A_STATS_PAD;
	unsigned int i;

	lockdep_assert_held(&gate->agn->lock);
	if (nla_put_u32(skb, ANYGATE_A_STATS_ID, gate->id) ||
	    nla_put(skb, ANYGATE_A_STATS_PREFIX,
		    anygate_addr_len(&prefix->addr), &prefix->addr.ip) ||
	    nla_put_u32(skb, ANYGATE_A_STATS_PREFIX_LEN, prefix->len))
		return -EMSGSIZE;
	if (gate->conf.name[0] &&
	    nla_put_string(skb, ANYGATE_A_STATS_NAME, gate->conf.name))
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(counts->reasons); i++) {
		u32 n = counts->reasons[i] + (i == gate->began);

		if (n && put_count(skb, ANYGATE_A_STATS_TRANSITION,
				   ANYGATE_A_COUNT_REASON, i, n))
			return -EMSGSIZE;
	}
	for (i = 0; i < ANYGATE_N_LATENCIES; i++)
		if (put_count(skb, ANYGATE_A_STATS_LATENCY,
			      ANYGATE_A_COUNT_BELOW,
			      (u64)steps[i] * NSEC_PER_USEC,
			      counts->latency[i]))
			return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, ANYGATE_A_STATS_LATENCY_SUM,
			      counts->latency_ns, pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATS_ERRORS, counts->errors,
			      pad))
		return -EMSGSIZE;
	return put_listeners(skb, gate);
}

/**
 * anygate_put_probes() - the probed functions
 * @skb: the message
 *
 * Context: process, sleeps.
 * Return: 0 or -EMSGSIZE.
 */
int anygate_put_probes(struct sk_buff *skb)
{
	struct anygate_probe_info probe;
	struct nlattr *nest;
	unsigned int i;

	might_sleep();
	for (i = 0; anygate_watch_info(i, &probe); i++) {
		nest = nla_nest_start(skb, ANYGATE_A_STATUS_PROBE);
		if (!nest ||
		    nla_put_string(skb, ANYGATE_A_PROBE_SYMBOL,
				   probe.symbol) ||
		    nla_put_u32(skb, ANYGATE_A_PROBE_ARMED, probe.armed) ||
		    (probe.err && nla_put_u32(skb, ANYGATE_A_PROBE_ERROR,
					      -probe.err)) ||
		    nla_put_u64_64bit(skb, ANYGATE_A_PROBE_MISSED,
				      probe.missed, ANYGATE_A_PROBE_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

/**
 * anygate_put_status() - the module's health, as seen from a namespace
 * @skb: the message
 * @agn: the namespace
 *
 * Context: @agn->lock held.
 * Return: 0 or -EMSGSIZE.
 */
int anygate_put_status(struct sk_buff *skb, const struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	unsigned int max = anygate_net_of_user(agn) ?
			   READ_ONCE(anygate_max_gates_user) :
			   READ_ONCE(anygate_max_gates);
	const int pad = ANYGATE_A_STATUS_PAD;

	lockdep_assert_held(&agn->lock);
	if (nla_put_string(skb, ANYGATE_A_STATUS_VERSION, ANYGATE_VERSION) ||
	    nla_put_u32(skb, ANYGATE_A_STATUS_GATES, agn->n_gates) ||
	    nla_put_u32(skb, ANYGATE_A_STATUS_MAX_GATES, max) ||
	    nla_put_u32(skb, ANYGATE_A_STATUS_PROBES,
			agn->n_gates ? anygate_watch_health() :
				       ANYGATE_PROBES_IDLE) ||
	    nla_put_u32(skb, ANYGATE_A_STATUS_RECONCILE,
			anygate_engine_period()) ||
	    nla_put_u32(skb, ANYGATE_A_STATUS_PROTOCOL, anygate_protocol) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATUS_EVENTS, agn->n_hints,
			      pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATUS_MISSED,
			      anygate_watch_missed(), pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATUS_OVERFLOWS,
			      agn->n_overflows, pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATUS_PASSES, agn->n_passes,
			      pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATUS_HEALED, agn->n_healed,
			      pad))
		return -EMSGSIZE;
	return 0;
}

/**
 * anygate_put_event() - an event, with the gate after it
 * @skb: the message
 * @agn: the namespace
 * @event: the event
 * @reader: who is to be told
 *
 * Context: @agn->lock held.
 * Return: 0 or -EMSGSIZE.
 */
int anygate_put_event(struct sk_buff *skb, const struct anygate_net *agn,
		      const struct anygate_event *event,
		      const struct anygate_reader *reader)
	__must_hold(&agn->lock)
{
	const struct anygate_actor *actor = &event->actor;

	lockdep_assert_held(&agn->lock);
	if (nla_put_u32(skb, ANYGATE_A_GATE_KIND, event->kind) ||
	    put_u64(skb, ANYGATE_A_GATE_SEQ, agn->event_seq) ||
	    put_u64(skb, ANYGATE_A_GATE_TIME, ktime_get_real_ns()))
		return -EMSGSIZE;
	if (!event->gate)
		return nla_put_u32(skb, ANYGATE_A_GATE_PROBES, agn->probes);

	if (nla_put_u32(skb, ANYGATE_A_GATE_SOURCE, event->source))
		return -EMSGSIZE;
	if (put_actor(skb, actor, reader, ANYGATE_A_GATE_PID,
		      ANYGATE_A_GATE_COMM))
		return -EMSGSIZE;
	if (event->key &&
	    put_service(skb, ANYGATE_A_GATE_TRIGGER, event->key,
			event->listeners))
		return -EMSGSIZE;
	if (event->kind == ANYGATE_EVENT_KIND_TRANSITION &&
	    (nla_put_u32(skb, ANYGATE_A_GATE_OLD_STATE, event->old_state) ||
	     put_u64(skb, ANYGATE_A_GATE_PROBE_NS, event->probe_ns) ||
	     put_u64(skb, ANYGATE_A_GATE_ACT_NS, event->act_ns)))
		return -EMSGSIZE;
	if (event->timed &&
	    (put_u64(skb, ANYGATE_A_GATE_WAIT_NS, event->wait_ns) ||
	     put_u64(skb, ANYGATE_A_GATE_TOTAL_NS, event->total_ns)))
		return -EMSGSIZE;
	return anygate_put_gate(skb, event->gate, reader);
}
