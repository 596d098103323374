// SPDX-License-Identifier: GPL-2.0
/* Gates to test with, and what programs print. */

#include <json-c/json.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <unistd.h>

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

/* Times are relative to a "now" of 100 s. */
struct gate open_gate(void)
{
	struct gate g = {
		.has = BIT(ID) | BIT(PREFIX) | BIT(PREFIX_LEN) | BIT(ACTION) | BIT(DEV) |
		       BIT(HOLD) | BIT(UP) | BIT(DOWN) | BIT(LISTEN_POLICY) | BIT(SERVICE) |
		       BIT(STATE) | BIT(REASON) | BIT(SINCE) | BIT(ANNOUNCED) |
		       BIT(DIFFERENCE) | BIT(RETRIES) | BIT(CONTESTED) | BIT(ADOPTED) |
		       BIT(OPENED) | BIT(CLOSED) | BIT(FLAPS),
		.id = 7,
		.prefix = pfx("192.0.2.53/32"),
		.action = ANYGATE_ACTION_ADDRESS,
		.dev = "lo",
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

	return g;
}

struct gate closed_gate(void)
{
	struct gate g = open_gate();

	g.has |= BIT(CLOSER_PID) | BIT(CLOSER_COMM);
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
	nla_nest_end(msg, nest);
}

#define PUT_U32(attr, field) \
	do { if (g->has & BIT(attr)) nla_put_u32(msg, ANYGATE_A_GATE_##attr, g->field); } while (0)
#define PUT_U64(attr, field) \
	do { if (g->has & BIT(attr)) nla_put_u64(msg, ANYGATE_A_GATE_##attr, g->field); } while (0)
#define PUT_STR(attr, field) \
	do { if (g->has & BIT(attr)) nla_put_string(msg, ANYGATE_A_GATE_##attr, g->field); } while (0)

void encode_gate(struct nl_msg *msg, const struct gate *g)
{
	unsigned int i;

	PUT_U32(KIND, kind);
	PUT_U64(SEQ, seq);
	PUT_U64(TIME, time);
	PUT_U32(OLD_STATE, old_state);
	PUT_U32(SOURCE, source);
	if (g->has & BIT(TRIGGER))
		put_service(msg, ANYGATE_A_GATE_TRIGGER, &g->trigger);
	PUT_U32(PID, pid);
	PUT_STR(COMM, comm);
	PUT_U64(WAIT_NS, wait_ns);
	PUT_U64(PROBE_NS, probe_ns);
	PUT_U64(ACT_NS, act_ns);
	PUT_U64(TOTAL_NS, total_ns);
	PUT_U32(PROBES, probes);
	PUT_U32(ID, id);
	if (g->has & BIT(PREFIX))
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
