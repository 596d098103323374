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
{
	const struct anygate_obj *obj = &gate->announce;
	bool want = anygate_fsm_want(&gate->fsm);

	if (want == obj->present)
		return ANYGATE_DIFFERENCE_NONE;
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
	    nla_put_u32(skb, ANYGATE_A_GATE_NEED, conf->need))
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
		if (put_service(skb, ANYGATE_A_GATE_SERVICE,
				&gate->services->s[i].key,
				gate->services->s[i].listeners))
			return -EMSGSIZE;
	return 0;
}

static int put_damp(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_damp_conf *conf = &gate->conf.fsm.damp;
	const struct anygate_damp *damp = &gate->fsm.damp;
	u64 now = ktime_get_boottime_ns();

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
	if (nla_put_u32(skb, ANYGATE_A_GATE_FIGURE,
			anygate_damp_figure(damp, conf, now) >>
			ANYGATE_FIGURE_SHIFT))
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
	    nla_put_u32(skb, ANYGATE_A_GATE_FALLBACK, gate->fallback.present))
		return -EMSGSIZE;
	return 0;
}

/* The first failure there is, the announcement's before the others. */
static int put_error(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_obj *objs[] = {
		&gate->announce, &gate->retired, &gate->fallback, &gate->hold,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		if (!objs[i]->err || objs[i]->type == ANYGATE_OBJ_NONE)
			continue;
		if (nla_put_u32(skb, ANYGATE_A_GATE_ERROR, -objs[i]->err) ||
		    nla_put_string(skb, ANYGATE_A_GATE_ERROR_MSG,
				   objs[i]->msg) ||
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
 *
 * The same for get, dump and events.
 *
 * Context: anygate_net.lock held.
 * Return: 0 or -EMSGSIZE.
 */
int anygate_put_gate(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_fsm *fsm = &gate->fsm;
	bool adopted = gate->announce.type == ANYGATE_OBJ_ADDR &&
		       gate->announce.owner == ANYGATE_OWNER_ADOPTED;

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
	    nla_put_u32(skb, ANYGATE_A_GATE_CONTESTED, gate->contested) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_ADOPTED, adopted) ||
	    put_u64(skb, ANYGATE_A_GATE_OPENED, gate->opened) ||
	    put_u64(skb, ANYGATE_A_GATE_CLOSED, gate->closed) ||
	    put_u64(skb, ANYGATE_A_GATE_FLAPS, gate->flaps))
		return -EMSGSIZE;
	if (fsm->deadline != ANYGATE_NEVER &&
	    put_u64(skb, ANYGATE_A_GATE_DEADLINE, fsm->deadline))
		return -EMSGSIZE;
	if (gate->closer.pid &&
	    (nla_put_u32(skb, ANYGATE_A_GATE_CLOSER_PID, gate->closer.pid) ||
	     nla_put_string(skb, ANYGATE_A_GATE_CLOSER_COMM,
			    gate->closer.comm)))
		return -EMSGSIZE;
	return put_error(skb, gate);
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
{
	unsigned int max = agn->net->user_ns == &init_user_ns ?
			   READ_ONCE(anygate_max_gates) :
			   READ_ONCE(anygate_max_gates_user);
	const int pad = ANYGATE_A_STATUS_PAD;

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
 *
 * Context: @agn->lock held.
 * Return: 0 or -EMSGSIZE.
 */
int anygate_put_event(struct sk_buff *skb, const struct anygate_net *agn,
		      const struct anygate_event *event)
{
	const struct anygate_actor *actor = &event->actor;

	if (nla_put_u32(skb, ANYGATE_A_GATE_KIND, event->kind) ||
	    put_u64(skb, ANYGATE_A_GATE_SEQ, agn->event_seq) ||
	    put_u64(skb, ANYGATE_A_GATE_TIME, ktime_get_real_ns()))
		return -EMSGSIZE;
	if (!event->gate)
		return nla_put_u32(skb, ANYGATE_A_GATE_PROBES, agn->probes);

	if (nla_put_u32(skb, ANYGATE_A_GATE_SOURCE, event->source))
		return -EMSGSIZE;
	if (actor->pid &&
	    (nla_put_u32(skb, ANYGATE_A_GATE_PID, actor->pid) ||
	     nla_put_string(skb, ANYGATE_A_GATE_COMM, actor->comm)))
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
	if (actor->at && event->total_ns &&
	    (put_u64(skb, ANYGATE_A_GATE_WAIT_NS, event->wait_ns) ||
	     put_u64(skb, ANYGATE_A_GATE_TOTAL_NS, event->total_ns)))
		return -EMSGSIZE;
	return anygate_put_gate(skb, event->gate);
}
