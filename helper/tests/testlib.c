// SPDX-License-Identifier: GPL-2.0
/* Gates to test with, and what programs print. */

#include <json-c/json.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <unistd.h>

#include "names.h"
#include "testlib.h"

struct prefix pfx(const char *text)
{
	struct prefix p;
	struct err e;

	if (parse_prefix(text, &p, &e))
		fail_msg("%s", e.text);
	return p;
}

struct service svc(const char *text, const char *addr, uint32_t listeners)
{
	struct service s;
	struct err e;

	if (parse_service(text, &s, &e))
		fail_msg("%s", e.text);
	if (addr)
		s.addr = pfx(addr).addr;
	s.listeners = listeners;
	return s;
}

static void set(struct gate *g, const char *attrs, bool has)
{
	char copy[256], *word, *save = NULL;
	size_t i;

	snprintf(copy, sizeof(copy), "%s", attrs);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		for (i = 1; i < gate_attr_names.n && strcmp(gate_attr_names.name[i], word); i++)
			;
		if (i == gate_attr_names.n)
			fail_msg("no attribute %s", word);
		g->has[i] = has;
	}
}

void give(struct gate *g, const char *attrs)
{
	set(g, attrs, true);
}

void take(struct gate *g, const char *attrs)
{
	set(g, attrs, false);
}

void assert_has(const struct gate *g, const char *attrs)
{
	struct gate other = { 0 };

	give(&other, attrs);
	assert_memory_equal(g->has, other.has, sizeof(other.has));
}

/* Times are relative to a "now" of 100 s. */
struct gate open_gate(void)
{
	struct gate g = {
		.id = 7,
		.prefix = pfx("192.0.2.53/32"),
		.action = ANYGATE_ACTION_ADDRESS,
		.dev = "lo",
		.dev_raw = "lo",
		.hold = ANYGATE_SWITCH_ON,
		.up = 1000,
		.n_services = 2,
		.services = { svc("udp/53", "192.0.2.53", 1), svc("tcp/53", "192.0.2.53", 1) },
		.state = ANYGATE_STATE_OPEN,
		.reason = ANYGATE_REASON_LISTENER,
		.since = 88 * NSEC_PER_SEC,
		.announced = ANYGATE_SWITCH_ON,
		.opened = 3,
		.closed = 2,
		.flaps = 9,
	};

	give(&g, "id prefix prefix-len action dev hold up down listen-policy service");
	give(&g, "state reason since announced difference retries contested adopted");
	give(&g, "opened closed flaps");
	return g;
}

struct gate closed_gate(void)
{
	struct gate g = open_gate();

	give(&g, "closer-pid closer-comm");
	g.id = 8;
	g.prefix = pfx("2001:db8::53/128");
	g.n_services = 1;
	g.services[0] = svc("udp/53", "2001:db8::53", 0);
	g.state = ANYGATE_STATE_CLOSED;
	g.reason = ANYGATE_REASON_NO_LISTENER;
	g.announced = ANYGATE_SWITCH_OFF;
	g.closer_pid = 1234;
	strcpy(g.closer_comm, "nsd");
	return g;
}

static void put_service(struct nl_msg *msg, int attr, const struct service *s)
{
	struct nlattr *nest = nla_nest_start(msg, attr);

	if (s->addr.family)
		nla_put(msg, ANYGATE_A_SERVICE_ADDRESS, ip_size(s->addr.family), s->addr.bytes);
	nla_put_u32(msg, ANYGATE_A_SERVICE_PROTOCOL, s->protocol);
	nla_put_u32(msg, ANYGATE_A_SERVICE_PORT, s->port);
	nla_put_u32(msg, ANYGATE_A_SERVICE_LISTENERS, s->listeners);
	if (s->queued) {
		nla_put_u32(msg, ANYGATE_A_SERVICE_QUEUE, s->queue);
		nla_put_u32(msg, ANYGATE_A_SERVICE_LIMIT, s->limit);
		nla_put_u64(msg, ANYGATE_A_SERVICE_DROPS, s->drops);
		nla_put_u32(msg, ANYGATE_A_SERVICE_STALLED, s->stalled);
		nla_put_u32(msg, ANYGATE_A_SERVICE_DYING, s->dying);
	}
	if (s->waiting)
		nla_put_u64(msg, ANYGATE_A_SERVICE_AGE, s->age);
	nla_nest_end(msg, nest);
}

static void put_lease(struct nl_msg *msg, const struct lease *l)
{
	struct nlattr *nest = nla_nest_start(msg, ANYGATE_A_GATE_LEASE);

	nla_put_string(msg, ANYGATE_A_LEASE_NAME, l->name);
	nla_put_u32(msg, ANYGATE_A_LEASE_VERDICT, l->verdict);
	if (l->verdict)
		nla_put_u64(msg, ANYGATE_A_LEASE_EXPIRES, l->expires);
	nla_nest_end(msg, nest);
}

#define PUT_U32(attr, field) \
	do { if (g->has[ANYGATE_A_GATE_##attr]) nla_put_u32(msg, ANYGATE_A_GATE_##attr, g->field); } while (0)
#define PUT_U64(attr, field) \
	do { if (g->has[ANYGATE_A_GATE_##attr]) nla_put_u64(msg, ANYGATE_A_GATE_##attr, g->field); } while (0)
#define PUT_STR(attr, field) \
	do { if (g->has[ANYGATE_A_GATE_##attr]) nla_put_string(msg, ANYGATE_A_GATE_##attr, g->field); } while (0)

void encode_gate(struct nl_msg *msg, const struct gate *g)
{
	unsigned int i;

	if (g->unknown)
		nla_put_u32(msg, ANYGATE_A_GATE_MAX + 1, 1);
	PUT_U32(KIND, kind);
	PUT_U64(SEQ, seq);
	PUT_U64(TIME, time);
	PUT_U32(OLD_STATE, old_state);
	PUT_U32(SOURCE, source);
	if (g->has[ANYGATE_A_GATE_TRIGGER])
		put_service(msg, ANYGATE_A_GATE_TRIGGER, &g->trigger);
	PUT_U32(PID, pid);
	PUT_STR(COMM, comm);
	PUT_U64(WAIT_NS, wait_ns);
	PUT_U64(PROBE_NS, probe_ns);
	PUT_U64(ACT_NS, act_ns);
	PUT_U64(TOTAL_NS, total_ns);
	PUT_U32(PROBES, probes);
	PUT_U32(ID, id);
	if (g->has[ANYGATE_A_GATE_PREFIX])
		nla_put(msg, ANYGATE_A_GATE_PREFIX, ip_size(g->prefix.addr.family),
			g->prefix.addr.bytes);
	PUT_U32(PREFIX_LEN, prefix.len);
	PUT_U32(ACTION, action);
	PUT_STR(DEV, dev);
	PUT_U32(TABLE, table);
	PUT_U32(METRIC, metric);
	PUT_U32(HOLD, hold);
	PUT_U32(UP, up);
	PUT_U32(DOWN, down);
	PUT_U32(LISTEN_POLICY, listen_policy);
	PUT_STR(LISTEN_DEV, listen_dev);
	for (i = 0; i < g->n_services; i++)
		put_service(msg, ANYGATE_A_GATE_SERVICE, &g->services[i]);
	PUT_STR(NAME, name);
	PUT_U32(NEED, need);
	PUT_U32(DAMP, damp);
	PUT_U32(DAMP_PENALTY, damp_penalty);
	PUT_U32(DAMP_SUPPRESS, damp_suppress);
	PUT_U32(DAMP_REUSE, damp_reuse);
	PUT_U32(DAMP_HALF_LIFE, damp_half_life);
	PUT_U32(DAMP_MAX, damp_max);
	PUT_U32(ON_EXPIRY, on_expiry);
	if (g->has[ANYGATE_A_GATE_FALLBACK_VIA])
		nla_put(msg, ANYGATE_A_GATE_FALLBACK_VIA, ip_size(g->fallback_via.family),
			g->fallback_via.bytes);
	PUT_STR(FALLBACK_DEV, fallback_dev);
	PUT_U32(ORDER, order);
	PUT_U64(ORDER_UNTIL, order_until);
	PUT_U32(OBSERVE, observe);
	PUT_U64(OBSERVE_UNTIL, observe_until);
	for (i = 0; i < g->n_leases; i++)
		put_lease(msg, &g->leases[i]);
	PUT_U32(FALLBACK, fallback);
	PUT_U32(FIGURE, figure);
	PUT_U64(RELEASE_AT, release_at);
	PUT_U32(STATE, state);
	PUT_U32(REASON, reason);
	PUT_U64(SINCE, since);
	PUT_U64(DEADLINE, deadline);
	PUT_U32(ANNOUNCED, announced);
	PUT_U32(DIFFERENCE, difference);
	PUT_U32(ERROR, error);
	PUT_STR(ERROR_MSG, error_msg);
	PUT_U32(RETRIES, retries);
	PUT_U64(RETRY_AT, retry_at);
	PUT_U32(CONTESTED, contested);
	PUT_U32(ADOPTED, adopted);
	PUT_U64(OPENED, opened);
	PUT_U64(CLOSED, closed);
	PUT_U64(FLAPS, flaps);
	PUT_U32(CLOSER_PID, closer_pid);
	PUT_STR(CLOSER_COMM, closer_comm);
	PUT_U32(SHIELD, shield);
	PUT_U32(STALL, stall);
	PUT_U32(STALL_MEMBERS, stall_members);
	PUT_U32(FATAL, fatal);
	PUT_U64(SHIELD_UNTIL, shield_until);
	PUT_U64(SHIELD_DROPPED, shield_dropped);
	PUT_U64(SHIELD_FIRST, shield_first);
	PUT_U64(SHIELD_LAST, shield_last);
	PUT_U64(SHIELD_LATELY, shield_lately);
	PUT_U32(FLOWS, flows);
	PUT_U32(WITNESS, witness);
}

struct stats full_stats(void)
{
	struct stats st = {
		.id = 7,
		.prefix = pfx("192.0.2.53/32"),
		.name = "dns",
		.n_transitions = 3,
		.transitions = {
			{ ANYGATE_REASON_NO_LISTENER, 5 }, { ANYGATE_REASON_LISTENER, 6 }, { 77, 1 },
		},
		.n_steps = 5,
		.steps = {
			{ 10000, 0 }, { 50000, 3 }, { 100000, 6 }, { 1000000000, 0 },
			{ UINT64_MAX, 1 },
		},
		.latency_sum = 700000,
		.errors = 2,
		.n_listeners = 2,
		.listeners = {
			{ svc("udp/53", "192.0.2.53", 1), 12345 },
			{ svc("tcp/53", "192.0.2.53", 1), 0 },
		},
		.left_off = 5,
	};

	st.listeners[0].s.queued = st.listeners[1].s.queued = true;
	st.listeners[0].s.limit = 212992;
	st.listeners[0].s.drops = 5;
	st.listeners[1].s.queue = 12;
	st.listeners[1].s.limit = 128;
	st.listeners[1].s.waiting = true;
	st.listeners[1].s.age = 3200 * NSEC_PER_MSEC;
	st.listeners[1].s.stalled = 1;
	return st;
}

static void put_count(struct nl_msg *msg, int type, int attr, uint64_t key, uint64_t count)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	if (attr == ANYGATE_A_COUNT_REASON)
		nla_put_u32(msg, attr, key);
	else if (key != UINT64_MAX)
		nla_put_u64(msg, attr, key);
	nla_put_u64(msg, ANYGATE_A_COUNT_COUNT, count);
	nla_nest_end(msg, nest);
}

static void put_listener(struct nl_msg *msg, const struct listener *l)
{
	struct nlattr *nest = nla_nest_start(msg, ANYGATE_A_STATS_LISTENER);

	nla_put(msg, ANYGATE_A_LISTENER_ADDRESS, ip_size(l->s.addr.family), l->s.addr.bytes);
	nla_put_u32(msg, ANYGATE_A_LISTENER_PROTOCOL, l->s.protocol);
	nla_put_u32(msg, ANYGATE_A_LISTENER_PORT, l->s.port);
	nla_put_u64(msg, ANYGATE_A_LISTENER_INODE, l->inode);
	nla_put_u32(msg, ANYGATE_A_LISTENER_QUEUE, l->s.queue);
	nla_put_u32(msg, ANYGATE_A_LISTENER_LIMIT, l->s.limit);
	nla_put_u64(msg, ANYGATE_A_LISTENER_DROPS, l->s.drops);
	if (l->s.waiting)
		nla_put_u64(msg, ANYGATE_A_LISTENER_AGE, l->s.age);
	nla_put_u32(msg, ANYGATE_A_LISTENER_STALLED, l->s.stalled);
	nla_nest_end(msg, nest);
}

void encode_stats(struct nl_msg *msg, const struct stats *st)
{
	unsigned int i;

	nla_put_u32(msg, ANYGATE_A_STATS_ID, st->id);
	nla_put(msg, ANYGATE_A_STATS_PREFIX, ip_size(st->prefix.addr.family),
		st->prefix.addr.bytes);
	nla_put_u32(msg, ANYGATE_A_STATS_PREFIX_LEN, st->prefix.len);
	if (*st->name)
		nla_put_string(msg, ANYGATE_A_STATS_NAME, st->name);
	for (i = 0; i < st->n_transitions; i++)
		put_count(msg, ANYGATE_A_STATS_TRANSITION, ANYGATE_A_COUNT_REASON,
			  st->transitions[i].reason, st->transitions[i].count);
	for (i = 0; i < st->n_steps; i++)
		put_count(msg, ANYGATE_A_STATS_LATENCY, ANYGATE_A_COUNT_BELOW,
			  st->steps[i].below, st->steps[i].count);
	nla_put_u64(msg, ANYGATE_A_STATS_LATENCY_SUM, st->latency_sum);
	nla_put_u64(msg, ANYGATE_A_STATS_ERRORS, st->errors);
	for (i = 0; i < st->n_listeners; i++)
		put_listener(msg, &st->listeners[i]);
	nla_put_u32(msg, ANYGATE_A_STATS_LEFT_OFF, st->left_off);
}

static FILE *captured[2];
static int kept[2];

void capture_begin(void)
{
	int i;

	fflush(stdout);
	fflush(stderr);
	for (i = 0; i < 2; i++) {
		captured[i] = tmpfile();
		kept[i] = dup(i + 1);
		dup2(fileno(captured[i]), i + 1);
	}
}

static char *slurp(FILE *f)
{
	long size;
	char *text;

	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	text = calloc(1, size + 1);
	if (fread(text, 1, size, f) != (size_t)size)
		fail_msg("short read");
	fclose(f);
	return text;
}

/* Both texts are to be freed; @err may be NULL. */
char *capture_end(char **err)
{
	char *text[2];
	int i;

	fflush(stdout);
	fflush(stderr);
	for (i = 0; i < 2; i++) {
		dup2(kept[i], i + 1);
		close(kept[i]);
		text[i] = slurp(captured[i]);
	}
	if (err)
		*err = text[1];
	else
		free(text[1]);
	return text[0];
}

/* "services.0.port" of an object, as JSON; "absent" where there is nothing. */
const char *json_path(struct json_object *o, const char *path)
{
	char copy[128], *word, *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (word = strtok_r(copy, ".", &save); word; word = strtok_r(NULL, ".", &save)) {
		if (json_object_is_type(o, json_type_array))
			o = json_object_array_get_idx(o, atoi(word));
		else if (!json_object_object_get_ex(o, word, &o))
			return "absent";
	}
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE);
}
