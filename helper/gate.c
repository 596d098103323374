// SPDX-License-Identifier: GPL-2.0
/*
 * From netlink attributes to structures. Attributes of a newer module are
 * skipped, and one of the wrong size is as good as absent.
 */

#include <netlink/attr.h>
#include <string.h>

#include "gate.h"

static bool get_u32(const struct nlattr *nla, uint32_t *value)
{
	if (nla_len(nla) < (int)sizeof(*value))
		return false;
	memcpy(value, nla_data(nla), sizeof(*value));
	return true;
}

static bool get_u64(const struct nlattr *nla, uint64_t *value)
{
	if (nla_len(nla) < (int)sizeof(*value))
		return false;
	memcpy(value, nla_data(nla), sizeof(*value));
	return true;
}

static bool get_string(const struct nlattr *nla, char *buf, size_t size)
{
	char raw[512];
	size_t len = nla_len(nla);

	if (len >= sizeof(raw))
		len = sizeof(raw) - 1;
	memcpy(raw, nla_data(nla), len);
	raw[len] = '\0';
	clean(buf, size, raw);
	return true;
}

/* Escapes cannot be undone: a device may be called "\\x41". */
static bool get_device(const struct nlattr *nla, char *shown, size_t size,
		       char raw[ANYGATE_DEVNAME_MAX + 1])
{
	snprintf(raw, ANYGATE_DEVNAME_MAX + 1, "%.*s", nla_len(nla),
		 (const char *)nla_data(nla));
	clean(shown, size, raw);
	return true;
}

static bool get_address(const struct nlattr *nla, struct ipaddr *a)
{
	int len = nla_len(nla);

	if (len != 4 && len != 16)
		return false;
	memset(a, 0, sizeof(*a));
	a->family = len == 4 ? AF_INET : AF_INET6;
	memcpy(a->bytes, nla_data(nla), len);
	return true;
}

static bool get_service(const struct nlattr *nest, struct service *s)
{
	const struct nlattr *nla;
	int left;

	memset(s, 0, sizeof(*s));
	nla_for_each_nested(nla, nest, left) {
		switch (nla_type(nla)) {
		case ANYGATE_A_SERVICE_ADDRESS:
			get_address(nla, &s->addr);
			break;
		case ANYGATE_A_SERVICE_PROTOCOL:
			get_u32(nla, &s->protocol);
			break;
		case ANYGATE_A_SERVICE_PORT:
			get_u32(nla, &s->port);
			break;
		case ANYGATE_A_SERVICE_LISTENERS:
			get_u32(nla, &s->listeners);
			break;
		case ANYGATE_A_SERVICE_QUEUE:
			s->queued = get_u32(nla, &s->queue);
			break;
		case ANYGATE_A_SERVICE_LIMIT:
			get_u32(nla, &s->limit);
			break;
		case ANYGATE_A_SERVICE_DROPS:
			get_u64(nla, &s->drops);
			break;
		case ANYGATE_A_SERVICE_AGE:
			s->waiting = get_u64(nla, &s->age);
			break;
		case ANYGATE_A_SERVICE_STALLED:
			get_u32(nla, &s->stalled);
			break;
		case ANYGATE_A_SERVICE_DYING:
			get_u32(nla, &s->dying);
			break;
		}
	}
	return true;
}

static bool add_service(struct gate *g, const struct nlattr *nla)
{
	if (g->n_services == ARRAY_SIZE(g->services))
		return false;
	return get_service(nla, &g->services[g->n_services++]);
}

static bool add_lease(struct gate *g, const struct nlattr *nest)
{
	const struct nlattr *nla;
	struct lease *l;
	int left;

	if (g->n_leases == ARRAY_SIZE(g->leases))
		return false;
	l = &g->leases[g->n_leases++];
	nla_for_each_nested(nla, nest, left) {
		switch (nla_type(nla)) {
		case ANYGATE_A_LEASE_NAME:
			get_string(nla, l->name, sizeof(l->name));
			break;
		case ANYGATE_A_LEASE_VERDICT:
			get_u32(nla, &l->verdict);
			break;
		case ANYGATE_A_LEASE_EXPIRES:
			get_u64(nla, &l->expires);
			break;
		}
	}
	return true;
}

static bool decode_conf(struct gate *g, const struct nlattr *nla)
{
	switch (nla_type(nla)) {
	case ANYGATE_A_GATE_ID:
		return get_u32(nla, &g->id);
	case ANYGATE_A_GATE_PREFIX:
		return get_address(nla, &g->prefix.addr);
	case ANYGATE_A_GATE_PREFIX_LEN:
		return get_u32(nla, &g->prefix.len);
	case ANYGATE_A_GATE_ACTION:
		return get_u32(nla, &g->action);
	case ANYGATE_A_GATE_DEV:
		return get_device(nla, g->dev, sizeof(g->dev), g->dev_raw);
	case ANYGATE_A_GATE_TABLE:
		return get_u32(nla, &g->table);
	case ANYGATE_A_GATE_METRIC:
		return get_u32(nla, &g->metric);
	case ANYGATE_A_GATE_HOLD:
		return get_u32(nla, &g->hold);
	case ANYGATE_A_GATE_UP:
		return get_u32(nla, &g->up);
	case ANYGATE_A_GATE_DOWN:
		return get_u32(nla, &g->down);
	case ANYGATE_A_GATE_LISTEN_POLICY:
		return get_u32(nla, &g->listen_policy);
	case ANYGATE_A_GATE_LISTEN_DEV:
		return get_device(nla, g->listen_dev, sizeof(g->listen_dev), g->listen_dev_raw);
	case ANYGATE_A_GATE_SERVICE:
		return add_service(g, nla);
	case ANYGATE_A_GATE_NAME:
		return get_string(nla, g->name, sizeof(g->name));
	case ANYGATE_A_GATE_NEED:
		return get_u32(nla, &g->need);
	case ANYGATE_A_GATE_ON_EXPIRY:
		return get_u32(nla, &g->on_expiry);
	case ANYGATE_A_GATE_FALLBACK_VIA:
		return get_address(nla, &g->fallback_via);
	case ANYGATE_A_GATE_FALLBACK_DEV:
		return get_device(nla, g->fallback_dev, sizeof(g->fallback_dev),
				  g->fallback_dev_raw);
	}
	return false;
}

static bool decode_damp(struct gate *g, const struct nlattr *nla)
{
	switch (nla_type(nla)) {
	case ANYGATE_A_GATE_DAMP:
		return get_u32(nla, &g->damp);
	case ANYGATE_A_GATE_DAMP_PENALTY:
		return get_u32(nla, &g->damp_penalty);
	case ANYGATE_A_GATE_DAMP_SUPPRESS:
		return get_u32(nla, &g->damp_suppress);
	case ANYGATE_A_GATE_DAMP_REUSE:
		return get_u32(nla, &g->damp_reuse);
	case ANYGATE_A_GATE_DAMP_HALF_LIFE:
		return get_u32(nla, &g->damp_half_life);
	case ANYGATE_A_GATE_DAMP_MAX:
		return get_u32(nla, &g->damp_max);
	case ANYGATE_A_GATE_FIGURE:
		return get_u32(nla, &g->figure);
	case ANYGATE_A_GATE_RELEASE_AT:
		return get_u64(nla, &g->release_at);
	}
	return false;
}

/* What operators and outside checks have said. */
static bool decode_orders(struct gate *g, const struct nlattr *nla)
{
	switch (nla_type(nla)) {
	case ANYGATE_A_GATE_ORDER:
		return get_u32(nla, &g->order);
	case ANYGATE_A_GATE_ORDER_UNTIL:
		return get_u64(nla, &g->order_until);
	case ANYGATE_A_GATE_OBSERVE:
		return get_u32(nla, &g->observe);
	case ANYGATE_A_GATE_OBSERVE_UNTIL:
		return get_u64(nla, &g->observe_until);
	case ANYGATE_A_GATE_LEASE:
		return add_lease(g, nla);
	}
	return false;
}

static bool decode_state(struct gate *g, const struct nlattr *nla)
{
	switch (nla_type(nla)) {
	case ANYGATE_A_GATE_STATE:
		return get_u32(nla, &g->state);
	case ANYGATE_A_GATE_REASON:
		return get_u32(nla, &g->reason);
	case ANYGATE_A_GATE_SINCE:
		return get_u64(nla, &g->since);
	case ANYGATE_A_GATE_DEADLINE:
		return get_u64(nla, &g->deadline);
	case ANYGATE_A_GATE_FALLBACK:
		return get_u32(nla, &g->fallback);
	case ANYGATE_A_GATE_ANNOUNCED:
		return get_u32(nla, &g->announced);
	case ANYGATE_A_GATE_DIFFERENCE:
		return get_u32(nla, &g->difference);
	case ANYGATE_A_GATE_ERROR:
		return get_u32(nla, &g->error);
	case ANYGATE_A_GATE_ERROR_MSG:
		return get_string(nla, g->error_msg, sizeof(g->error_msg));
	case ANYGATE_A_GATE_RETRIES:
		return get_u32(nla, &g->retries);
	case ANYGATE_A_GATE_RETRY_AT:
		return get_u64(nla, &g->retry_at);
	case ANYGATE_A_GATE_CONTESTED:
		return get_u32(nla, &g->contested);
	case ANYGATE_A_GATE_ADOPTED:
		return get_u32(nla, &g->adopted);
	case ANYGATE_A_GATE_OPENED:
		return get_u64(nla, &g->opened);
	case ANYGATE_A_GATE_CLOSED:
		return get_u64(nla, &g->closed);
	case ANYGATE_A_GATE_FLAPS:
		return get_u64(nla, &g->flaps);
	case ANYGATE_A_GATE_CLOSER_PID:
		return get_u32(nla, &g->closer_pid);
	case ANYGATE_A_GATE_CLOSER_COMM:
		return get_string(nla, g->closer_comm, sizeof(g->closer_comm));
	}
	return false;
}

/* What clients see. */
static bool decode_clients(struct gate *g, const struct nlattr *nla)
{
	switch (nla_type(nla)) {
	case ANYGATE_A_GATE_SHIELD:
		return get_u32(nla, &g->shield);
	case ANYGATE_A_GATE_STALL:
		return get_u32(nla, &g->stall);
	case ANYGATE_A_GATE_STALL_MEMBERS:
		return get_u32(nla, &g->stall_members);
	case ANYGATE_A_GATE_FATAL:
		return get_u32(nla, &g->fatal);
	case ANYGATE_A_GATE_SHIELD_UNTIL:
		return get_u64(nla, &g->shield_until);
	case ANYGATE_A_GATE_SHIELD_DROPPED:
		return get_u64(nla, &g->shield_dropped);
	case ANYGATE_A_GATE_SHIELD_FIRST:
		return get_u64(nla, &g->shield_first);
	case ANYGATE_A_GATE_SHIELD_LAST:
		return get_u64(nla, &g->shield_last);
	case ANYGATE_A_GATE_SHIELD_LATELY:
		return get_u64(nla, &g->shield_lately);
	case ANYGATE_A_GATE_FLOWS:
		return get_u32(nla, &g->flows);
	case ANYGATE_A_GATE_WITNESS:
		return get_u32(nla, &g->witness);
	}
	return false;
}

static bool decode_event(struct gate *g, const struct nlattr *nla)
{
	switch (nla_type(nla)) {
	case ANYGATE_A_GATE_KIND:
		return get_u32(nla, &g->kind);
	case ANYGATE_A_GATE_SEQ:
		return get_u64(nla, &g->seq);
	case ANYGATE_A_GATE_TIME:
		return get_u64(nla, &g->time);
	case ANYGATE_A_GATE_OLD_STATE:
		return get_u32(nla, &g->old_state);
	case ANYGATE_A_GATE_SOURCE:
		return get_u32(nla, &g->source);
	case ANYGATE_A_GATE_TRIGGER:
		return get_service(nla, &g->trigger);
	case ANYGATE_A_GATE_PID:
		return get_u32(nla, &g->pid);
	case ANYGATE_A_GATE_COMM:
		return get_string(nla, g->comm, sizeof(g->comm));
	case ANYGATE_A_GATE_WAIT_NS:
		return get_u64(nla, &g->wait_ns);
	case ANYGATE_A_GATE_PROBE_NS:
		return get_u64(nla, &g->probe_ns);
	case ANYGATE_A_GATE_ACT_NS:
		return get_u64(nla, &g->act_ns);
	case ANYGATE_A_GATE_TOTAL_NS:
		return get_u64(nla, &g->total_ns);
	case ANYGATE_A_GATE_PROBES:
		return get_u32(nla, &g->probes);
	}
	return false;
}

/**
 * gate_decode() - decode the attributes of a gate or an event
 * @g: result
 * @attrs: first attribute
 * @len: length of all of them
 */
void gate_decode(struct gate *g, const struct nlattr *attrs, int len)
{
	const struct nlattr *nla;
	int left;

	memset(g, 0, sizeof(*g));
	nla_for_each_attr(nla, attrs, len, left) {
		if (nla_type(nla) > ANYGATE_A_GATE_MAX) {
			g->unknown = true;
			continue;
		}
		if (decode_conf(g, nla) || decode_damp(g, nla) ||
		    decode_orders(g, nla) || decode_state(g, nla) ||
		    decode_clients(g, nla) || decode_event(g, nla))
			g->has[nla_type(nla)] = true;
	}
	if (gate_has(g, ANYGATE_A_GATE_PREFIX) &&
	    !gate_has(g, ANYGATE_A_GATE_PREFIX_LEN))
		g->prefix.len = 8 * ip_size(g->prefix.addr.family);
}

/**
 * gate_differs() - whether a gate's announcement is not what it wants
 * @g: gate
 *
 * Both what the kernel says of it and what can be seen count, so that a
 * difference the kernel has not found yet shows as well.
 *
 * Return: true if it differs
 */
bool gate_differs(const struct gate *g)
{
	if (g->difference != ANYGATE_DIFFERENCE_NONE)
		return true;
	return gate_has(g, ANYGATE_A_GATE_ANNOUNCED) &&
	       gate_has(g, ANYGATE_A_GATE_STATE) &&
	       gate_wanted(g) != !!g->announced;
}
