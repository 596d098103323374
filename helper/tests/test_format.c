// SPDX-License-Identifier: GPL-2.0
/* What people and programs read of a gate and of an event. */

#include <errno.h>
#include <json-c/json.h>
#include <time.h>

#include "event.h"
#include "format.h"
#include "names.h"
#include "show.h"
#include "testlib.h"

#define NOW	(100 * NSEC_PER_SEC)

static void times(void **state)
{
	static const struct {
		uint64_t ns;
		const char *age, *step;
	} cases[] = {
		{ 0, "0.0s", "0us" },
		{ 499, "0.0s", "0us" },
		{ 500, "0.0s", "1us" },
		{ 12345, "0.0s", "12us" },
		{ 9999499, "0.0s", "9999us" },
		{ 15 * NSEC_PER_MSEC + 240000, "0.0s", "15.2ms" },
		{ 450 * NSEC_PER_MSEC, "0.4s", "450.0ms" },
		{ 9999 * NSEC_PER_MSEC, "9.9s", "9999.0ms" },
		{ 12 * NSEC_PER_SEC, "12s", "12.0s" },
		{ 184 * NSEC_PER_SEC, "3m4s", "184.0s" },
		{ 7500 * NSEC_PER_SEC, "2h5m", "7500.0s" },
		{ 273600 * NSEC_PER_SEC, "3d4h", "273600.0s" },
		{ UINT64_MAX, "213503d23h", "18446744073.7s" },
	};
	static const struct {
		uint32_t ms;
		const char *text;
	} delays[] = {
		{ 0, "0" }, { 300, "300ms" }, { 1500, "1500ms" }, { 2000, "2s" },
		{ 300000, "5m" }, { 3600000, "1h" }, { 90000, "90s" },
	};
	char buf[AGE_TEXT];
	struct err e;
	uint32_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(age_text(cases[i].ns, buf), cases[i].age);
		/* UINT64_MAX rounds over */
		if (cases[i].ns != UINT64_MAX)
			assert_string_equal(step_text(cases[i].ns, buf), cases[i].step);
	}
	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		assert_string_equal(delay_text(delays[i].ms, buf), delays[i].text);
		assert_int_equal(parse_delay("up", buf, &ms, &e), 0);
		assert_int_equal(ms, delays[i].ms);
	}
}

static void announced(void **state)
{
	struct gate g = open_gate();
	char buf[128];

	(void)state;
	assert_string_equal(announced_text(&g, buf, sizeof(buf)), "lo");
	g.announced = ANYGATE_SWITCH_OFF;
	assert_string_equal(announced_text(&g, buf, sizeof(buf)), "-!differs");
	g.difference = ANYGATE_DIFFERENCE_NO_DEVICE;
	assert_string_equal(announced_text(&g, buf, sizeof(buf)), "-!no-device");
	g.announced = ANYGATE_SWITCH_ON;
	g.difference = ANYGATE_DIFFERENCE_NONE;
	g.action = ANYGATE_ACTION_ROUTE;
	g.table = 254;
	assert_string_equal(announced_text(&g, buf, sizeof(buf)), "blackhole");
	g.table = 4242;
	assert_string_equal(announced_text(&g, buf, sizeof(buf)), "blackhole/4242");
	g.table = 255;
	assert_string_equal(announced_text(&g, buf, sizeof(buf)), "blackhole/local");
	g.state = ANYGATE_STATE_CLOSED;
	g.difference = ANYGATE_DIFFERENCE_ERROR;
	assert_string_equal(announced_text(&g, buf, sizeof(buf)), "blackhole/local!error");
}

static void why(void **state)
{
	struct gate g = open_gate();
	char buf[WHY_TEXT];

	(void)state;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "listener");

	g.contested = 3;
	g.adopted = 1;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "listener, contested 3 times, adopted");

	g = open_gate();
	g.state = ANYGATE_STATE_CLOSING;
	g.reason = ANYGATE_REASON_DOWN_DELAY;
	g.has |= BIT(DEADLINE);
	g.deadline = NOW + 1200 * NSEC_PER_MSEC;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "down-delay, closes in 1.2s");
	g.deadline = NOW - 1;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "down-delay, closes in 0.0s");

	g = open_gate();
	g.announced = ANYGATE_SWITCH_OFF;
	g.difference = ANYGATE_DIFFERENCE_ERROR;
	g.has |= BIT(ERROR) | BIT(ERROR_MSG) | BIT(RETRY_AT);
	g.error = EBUSY;
	strcpy(g.error_msg, "add address: in use");
	g.retries = 3;
	g.retry_at = NOW + 400 * NSEC_PER_MSEC;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "NOT ANNOUNCED: EBUSY (Device or resource busy): add address: in use, failed 3 times, next attempt in 0.4s; listener");

	g = closed_gate();
	g.announced = ANYGATE_SWITCH_ON;
	g.difference = ANYGATE_DIFFERENCE_PENDING;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "STILL ANNOUNCED: under way, waiting for the kernel's routing lock; no-listener: nsd[1234] closed it");

	g = closed_gate();
	g.difference = ANYGATE_DIFFERENCE_FOREIGN;
	assert_contains(why_text(&g, NOW, buf, sizeof(buf)), "foreign: the object is another");

	g = open_gate();
	g.reason = 99;
	g.state = 98;
	assert_contains(why_text(&g, NOW, buf, sizeof(buf)), "STILL ANNOUNCED; 99");
}

static struct json_object *json_gate(const struct gate *g)
{
	struct json_object *o;
	struct printer p;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	pr_init(&p, f, true, false);
	show_gate(&p, g, "live", NOW);
	fclose(f);
	o = json_tokener_parse(text);
	assert_non_null(o);
	free(text);
	return o;
}

static void assert_json(struct json_object *o, const char *path, const char *value)
{
	const char *got = json_path(o, path);

	if (strcmp(got, value))
		fail_msg("%s is %s, not %s", path, got, value);
}

static void gate_json(void **state)
{
	struct gate g = closed_gate();
	struct json_object *o;

	(void)state;
	o = json_gate(&g);
	assert_json(o, "id", "8");
	assert_json(o, "prefix", "\"2001:db8::53/128\"");
	assert_json(o, "family", "\"ipv6\"");
	assert_json(o, "action", "\"address\"");
	assert_json(o, "dev", "\"lo\"");
	assert_json(o, "table", "absent");
	assert_json(o, "metric", "absent");
	assert_json(o, "hold", "true");
	assert_json(o, "up_ms", "1000");
	assert_json(o, "down_ms", "0");
	assert_json(o, "listen_dev", "\"any\"");
	assert_json(o, "services.0.service", "\"udp/53\"");
	assert_json(o, "services.0.address", "\"2001:db8::53\"");
	assert_json(o, "services.0.protocol", "\"udp\"");
	assert_json(o, "services.0.port", "53");
	assert_json(o, "services.0.listeners", "0");
	assert_json(o, "state", "\"closed\"");
	assert_json(o, "reason", "\"no-listener\"");
	assert_json(o, "since_s", "12.000");
	assert_json(o, "deadline_ms", "absent");
	assert_json(o, "announced", "false");
	assert_json(o, "difference", "\"none\"");
	assert_json(o, "error", "absent");
	assert_json(o, "retries", "0");
	assert_json(o, "retry_in_ms", "absent");
	assert_json(o, "contested", "0");
	assert_json(o, "adopted", "false");
	assert_json(o, "opened", "3");
	assert_json(o, "closed", "2");
	assert_json(o, "flaps", "9");
	assert_json(o, "closer.pid", "1234");
	assert_json(o, "closer.comm", "\"nsd\"");
	assert_json(o, "probes", "\"live\"");
	json_object_put(o);

	g = open_gate();
	g.action = ANYGATE_ACTION_ROUTE;
	g.has &= ~(BIT(DEV) | BIT(HOLD));
	g.has |= BIT(TABLE) | BIT(METRIC) | BIT(LISTEN_DEV) | BIT(DEADLINE) | BIT(ERROR) |
		 BIT(ERROR_MSG) | BIT(RETRY_AT);
	g.table = 100;
	g.metric = 5;
	g.listen_policy = ANYGATE_LISTEN_POLICY_DEV;
	strcpy(g.listen_dev, "vrf1");
	g.deadline = NOW + 1;
	g.error = ENODEV;
	strcpy(g.error_msg, "why");
	g.retry_at = NOW + 1500 * NSEC_PER_MSEC;
	o = json_gate(&g);
	assert_json(o, "dev", "absent");
	assert_json(o, "hold", "absent");
	assert_json(o, "table", "100");
	assert_json(o, "metric", "5");
	assert_json(o, "listen_dev", "\"vrf1\"");
	assert_json(o, "deadline_ms", "1");
	assert_json(o, "error", "19");
	assert_json(o, "error_name", "\"ENODEV\"");
	assert_json(o, "error_msg", "\"why\"");
	assert_json(o, "retry_in_ms", "1500");
	assert_json(o, "closer", "absent");
	json_object_put(o);
}

static void gate_text(void **state)
{
	struct gate g = closed_gate();
	struct printer p;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	pr_init(&p, f, false, false);
	show_gate(&p, &g, "live", NOW);
	fclose(f);
	assert_string_equal(text,
			    "prefix: 2001:db8::53/128\n"
			    "id: 8\n"
			    "action: address\n"
			    "dev: lo\n"
			    "hold: on\n"
			    "up: 1s\n"
			    "down: 0\n"
			    "listen-dev: any\n"
			    "service: udp/53, 0 listeners\n"
			    "state: closed\n"
			    "reason: no-listener\n"
			    "since: 12s\n"
			    "announced: -\n"
			    "contested: 0\n"
			    "adopted: no\n"
			    "opened: 3\n"
			    "closed: 2\n"
			    "flaps: 9\n"
			    "closer: nsd[1234]\n"
			    "probes: live\n");
	free(text);
}

static char *event(const struct gate *ev, bool json, bool timestamp)
{
	struct printer p;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	pr_init(&p, f, json, false);
	event_print(&p, ev, timestamp, NOW);
	fclose(f);
	return text;
}

static void assert_event(const struct gate *ev, bool timestamp, const char *line)
{
	char *text = event(ev, false, timestamp);

	assert_string_equal(text, line);
	free(text);
}

static struct gate transition(void)
{
	struct gate ev = open_gate();

	ev.has |= BIT(KIND) | BIT(SEQ) | BIT(TIME) | BIT(OLD_STATE) | BIT(SOURCE) | BIT(TRIGGER) |
		  BIT(PID) | BIT(COMM) | BIT(WAIT_NS) | BIT(PROBE_NS) | BIT(ACT_NS) | BIT(TOTAL_NS);
	ev.kind = ANYGATE_EVENT_KIND_TRANSITION;
	ev.seq = 42;
	ev.time = 1763875865123456789ULL;
	ev.old_state = ANYGATE_STATE_OPEN;
	ev.state = ANYGATE_STATE_CLOSED;
	ev.reason = ANYGATE_REASON_NO_LISTENER;
	ev.announced = ANYGATE_SWITCH_OFF;
	ev.source = ANYGATE_SOURCE_PROBE;
	ev.trigger = svc("udp/53", "192.0.2.53", 0);
	ev.pid = 1234;
	strcpy(ev.comm, "nsd");
	ev.wait_ns = 12000;
	ev.probe_ns = 1200;
	ev.act_ns = 35400;
	ev.total_ns = 50000;
	return ev;
}

static void event_transition(void **state)
{
	struct gate ev = transition();

	(void)state;
	assert_event(&ev, false,
		     "192.0.2.53/32 open -> closed no-listener udp/53 by nsd[1234] wait 12us probe 1us act 35us total 50us\n");
	assert_event(&ev, true,
		     "2025-11-23T05:31:05.123456 192.0.2.53/32 open -> closed no-listener udp/53 by nsd[1234] wait 12us probe 1us act 35us total 50us\n");
	ev.source = ANYGATE_SOURCE_RECONCILE;
	ev.has &= ~(BIT(PID) | BIT(COMM) | BIT(TRIGGER) | BIT(WAIT_NS));
	assert_event(&ev, false,
		     "192.0.2.53/32 open -> closed no-listener (reconcile) probe 1us act 35us total 50us\n");
	ev = transition();
	ev.announced = ANYGATE_SWITCH_ON;
	ev.difference = ANYGATE_DIFFERENCE_PENDING;
	assert_event(&ev, false,
		     "192.0.2.53/32 open -> closed no-listener udp/53 by nsd[1234] wait 12us probe 1us act 35us total 50us [STILL ANNOUNCED: under way, waiting for the kernel's routing lock]\n");
}

static void event_kinds(void **state)
{
	const uint64_t no_steps = ~(BIT(WAIT_NS) | BIT(PROBE_NS) | BIT(ACT_NS) | BIT(TOTAL_NS) |
				    BIT(PID) | BIT(COMM) | BIT(TRIGGER) | BIT(OLD_STATE));
	struct gate ev = transition();

	(void)state;
	ev.has &= no_steps;
	ev.source = ANYGATE_SOURCE_REQUEST;
	ev.kind = ANYGATE_EVENT_KIND_ADDED;
	ev.reason = ANYGATE_REASON_ADDED;
	assert_event(&ev, false, "192.0.2.53/32 added closed (request)\n");
	ev.kind = ANYGATE_EVENT_KIND_DELETED;
	ev.reason = ANYGATE_REASON_DELETED;
	assert_event(&ev, false, "192.0.2.53/32 deleted (request)\n");

	ev = transition();
	ev.has &= no_steps;
	ev.source = ANYGATE_SOURCE_REQUEST;
	ev.kind = ANYGATE_EVENT_KIND_CHANGED;
	assert_event(&ev, false, "192.0.2.53/32 changed closed no-listener (request)\n");

	ev.kind = ANYGATE_EVENT_KIND_ANNOUNCED;
	ev.state = ANYGATE_STATE_OPEN;
	ev.reason = ANYGATE_REASON_LISTENER;
	ev.announced = ANYGATE_SWITCH_ON;
	ev.source = ANYGATE_SOURCE_TIMER;
	assert_event(&ev, false, "192.0.2.53/32 announced open listener lo (timer)\n");

	ev.kind = ANYGATE_EVENT_KIND_CONTESTED;
	ev.source = ANYGATE_SOURCE_TABLE;
	ev.announced = ANYGATE_SWITCH_OFF;
	ev.difference = ANYGATE_DIFFERENCE_CONTESTED;
	ev.contested = 2;
	ev.has |= BIT(PID) | BIT(COMM);
	strcpy(ev.comm, "ip");
	assert_event(&ev, false,
		     "192.0.2.53/32 contested 2 times (table) by ip[1234] [NOT ANNOUNCED: another program keeps undoing it]\n");

	ev.kind = ANYGATE_EVENT_KIND_ERROR;
	ev.has &= ~(BIT(PID) | BIT(COMM));
	ev.has |= BIT(ERROR) | BIT(ERROR_MSG);
	ev.error = ENODEV;
	strcpy(ev.error_msg, "add address");
	assert_event(&ev, false,
		     "192.0.2.53/32 error ENODEV (No such device): add address (table)\n");

	ev = (struct gate){ .has = BIT(KIND) | BIT(PROBES) | BIT(SEQ),
			    .kind = ANYGATE_EVENT_KIND_DEGRADED,
			    .probes = ANYGATE_PROBES_DEGRADED };
	assert_event(&ev, false,
		     "anygate degraded: socket events no longer arrive; the gates rely on the reconcile\n");
	ev.kind = ANYGATE_EVENT_KIND_LIVE;
	ev.probes = ANYGATE_PROBES_LIVE;
	assert_event(&ev, false, "anygate live: socket events arrive again\n");
	ev.kind = 77;
	assert_event(&ev, false, "anygate 77: socket events arrive again\n");
}

static void event_json(void **state)
{
	struct gate ev = transition();
	char *text = event(&ev, true, false);
	struct json_object *o = json_tokener_parse(text);

	(void)state;
	assert_non_null(o);
	/* one line */
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_json(o, "kind", "\"transition\"");
	assert_json(o, "seq", "42");
	assert_json(o, "time", "1763875865.123456789");
	assert_json(o, "timestamp", "absent");
	assert_json(o, "prefix", "\"192.0.2.53/32\"");
	assert_json(o, "old_state", "\"open\"");
	assert_json(o, "state", "\"closed\"");
	assert_json(o, "reason", "\"no-listener\"");
	assert_json(o, "announced", "false");
	assert_json(o, "difference", "\"none\"");
	assert_json(o, "source", "\"probe\"");
	assert_json(o, "service", "\"udp/53\"");
	assert_json(o, "pid", "1234");
	assert_json(o, "comm", "\"nsd\"");
	assert_json(o, "wait_ns", "12000");
	assert_json(o, "probe_ns", "1200");
	assert_json(o, "act_ns", "35400");
	assert_json(o, "total_ns", "50000");
	json_object_put(o);
	free(text);
}

static int utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(announced),
		cmocka_unit_test(why),
		cmocka_unit_test(gate_json),
		cmocka_unit_test(gate_text),
		cmocka_unit_test(event_transition),
		cmocka_unit_test(event_kinds),
		cmocka_unit_test(event_json),
	};

	return cmocka_run_group_tests_name("format", tests, utc, NULL);
}
