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
		{ 300000, "5m" }, { 3600000, "1h" }, { 90000, "90s" }, { 86400000, "1d" },
		{ 90000000, "25h" }, { TIME_MAX, "49d" },
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
		assert_int_equal(parse_time("for", buf, 0, TIME_MAX, &ms, &e), 0);
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
	give(&g, "deadline");
	g.deadline = NOW + 1200 * NSEC_PER_MSEC;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "down-delay, closes in 1.2s");
	g.deadline = NOW - 1;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "down-delay, closes in 0.0s");

	g = open_gate();
	g.announced = ANYGATE_SWITCH_OFF;
	g.difference = ANYGATE_DIFFERENCE_ERROR;
	give(&g, "error error-msg retry-at");
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

/* Damped, pinned, drained, waiting for a lease: with the time that is left. */
static void why_decided(void **state)
{
	struct gate g = closed_gate();
	char buf[WHY_TEXT];

	(void)state;
	g.state = ANYGATE_STATE_DAMPED;
	g.reason = ANYGATE_REASON_DAMPED;
	g.figure = 2310;
	g.release_at = g.deadline = NOW + 72 * NSEC_PER_SEC;
	give(&g, "figure release-at deadline");
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "damped, figure 2310, released in 1m12s");

	g = closed_gate();
	g.state = ANYGATE_STATE_DRAINED;
	g.reason = ANYGATE_REASON_DRAINED;
	g.order = ANYGATE_ORDER_DRAIN;
	give(&g, "order");
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "drained");
	g.order_until = g.deadline = NOW + 240 * NSEC_PER_SEC;
	give(&g, "order-until deadline");
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "drained for another 4m0s");
	g.fallback = ANYGATE_SWITCH_ON;
	g.fallback_via = pfx("2001:db8::1").addr;
	strcpy(g.fallback_dev, "tun0");
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "drained for another 4m0s, fallback via 2001:db8::1 dev tun0");

	g = open_gate();
	g.state = ANYGATE_STATE_PINNED;
	g.reason = ANYGATE_REASON_PINNED;
	g.order = ANYGATE_ORDER_PIN;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "PINNED without an end");
	g.order_until = g.deadline = NOW + 600 * NSEC_PER_SEC;
	give(&g, "order order-until deadline");
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "PINNED for another 10m0s");
	g.services[1].listeners = 0;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "PINNED for another 10m0s, LISTENERS ARE MISSING");
	g.need = 1;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "PINNED for another 10m0s");

	g = closed_gate();
	g.n_leases = 4;
	g.leases[0] = (struct lease){ "zone", ANYGATE_VERDICT_UP, NOW };
	g.leases[1] = (struct lease){ "dig", ANYGATE_VERDICT_DOWN, NOW + 1 };
	g.leases[2] = (struct lease){ "peer", ANYGATE_VERDICT_NONE, 0 };
	g.leases[3] = (struct lease){ "key", ANYGATE_VERDICT_DOWN, NOW - 1 };
	g.reason = ANYGATE_REASON_LEASE_EXPIRED;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "leases zone, key expired");
	g.reason = ANYGATE_REASON_LEASE_DOWN;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "lease dig down");
	g.reason = ANYGATE_REASON_LEASE_MISSING;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "lease peer missing");
	g.n_leases = 0;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "lease-missing");

	/* to observe is no fault, but what it would do must be told */
	g = closed_gate();
	g.announced = ANYGATE_SWITCH_ON;
	g.difference = ANYGATE_DIFFERENCE_OBSERVING;
	g.observe = ANYGATE_SWITCH_ON;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "observing: would withdraw it; no-listener: nsd[1234] closed it");
	assert_string_equal(announced_text(&g, buf, sizeof(buf)), "lo!observing");
	g = open_gate();
	g.observe = ANYGATE_SWITCH_ON;
	g.observe_until = NOW + 3600 * NSEC_PER_SEC;
	give(&g, "observe observe-until");
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "listener, observing for another 1h0m");
	g.announced = ANYGATE_SWITCH_OFF;
	g.difference = ANYGATE_DIFFERENCE_OBSERVING;
	assert_contains(why_text(&g, NOW, buf, sizeof(buf)), "observing: would announce it; listener");
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
	take(&g, "dev hold");
	give(&g, "table metric listen-dev deadline error error-msg retry-at");
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

static struct gate decided_gate(void)
{
	struct gate g = open_gate();

	give(&g, "name need damp damp-penalty damp-suppress damp-reuse damp-half-life damp-max");
	give(&g, "on-expiry fallback-via fallback-dev fallback order order-until observe");
	give(&g, "observe-until lease figure release-at deadline");
	strcpy(g.name, "dns");
	g.need = 1;
	g.damp = ANYGATE_SWITCH_ON;
	g.damp_penalty = 1000;
	g.damp_suppress = 2000;
	g.damp_reuse = 750;
	g.damp_half_life = 60000;
	g.damp_max = 300000;
	g.on_expiry = ANYGATE_ON_EXPIRY_WITHDRAW;
	g.fallback_via = pfx("198.51.100.1").addr;
	strcpy(g.fallback_dev, "tun0");
	g.state = ANYGATE_STATE_PINNED;
	g.reason = ANYGATE_REASON_PINNED;
	g.order = ANYGATE_ORDER_PIN;
	g.order_until = g.deadline = NOW + 600 * NSEC_PER_SEC;
	g.observe = ANYGATE_SWITCH_ON;
	g.observe_until = NOW + 1;
	g.n_leases = 3;
	g.leases[0] = (struct lease){ "zone", ANYGATE_VERDICT_UP, NOW + 5100 * NSEC_PER_MSEC };
	g.leases[1] = (struct lease){ "dig", ANYGATE_VERDICT_DOWN, NOW - 1 };
	g.leases[2] = (struct lease){ "peer", ANYGATE_VERDICT_NONE, 0 };
	g.figure = 2310;
	g.release_at = NOW + 72 * NSEC_PER_SEC;
	return g;
}

static void decision_json(void **state)
{
	struct gate g = decided_gate();
	struct json_object *o = json_gate(&g);

	(void)state;
	assert_json(o, "name", "\"dns\"");
	assert_json(o, "need", "1");
	assert_json(o, "damp.on", "true");
	assert_json(o, "damp.penalty", "1000");
	assert_json(o, "damp.suppress", "2000");
	assert_json(o, "damp.reuse", "750");
	assert_json(o, "damp.half_life_ms", "60000");
	assert_json(o, "damp.max_ms", "300000");
	assert_json(o, "figure", "2310");
	assert_json(o, "release_in_ms", "72000");
	assert_json(o, "order", "\"pin\"");
	assert_json(o, "order_left_ms", "600000");
	assert_json(o, "observe", "true");
	assert_json(o, "observe_left_ms", "1");
	assert_json(o, "on_expiry", "\"withdraw\"");
	assert_json(o, "leases.0.name", "\"zone\"");
	assert_json(o, "leases.0.verdict", "\"up\"");
	assert_json(o, "leases.0.expires_in_ms", "5100");
	assert_json(o, "leases.1.expires_in_ms", "0");
	assert_json(o, "leases.2.verdict", "\"none\"");
	assert_json(o, "leases.2.expires_in_ms", "absent");
	assert_json(o, "fallback.via", "\"198.51.100.1\"");
	assert_json(o, "fallback.dev", "\"tun0\"");
	assert_json(o, "fallback.present", "false");
	json_object_put(o);

	/* none of it */
	g = open_gate();
	give(&g, "need order observe damp on-expiry fallback-via");
	g.fallback_via = pfx("0.0.0.0").addr;
	o = json_gate(&g);
	assert_json(o, "name", "absent");
	assert_json(o, "need", "0");
	assert_json(o, "damp.on", "false");
	assert_json(o, "order", "\"follow\"");
	assert_json(o, "order_left_ms", "absent");
	assert_json(o, "observe", "false");
	assert_json(o, "leases", "[]");
	assert_json(o, "fallback", "absent");
	assert_json(o, "figure", "absent");
	json_object_put(o);
}

static void decision_text(void **state)
{
	struct gate g = decided_gate();
	struct printer p;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	pr_init(&p, f, false, false);
	show_gate(&p, &g, NULL, NOW);
	fclose(f);
	assert_contains(text, "prefix: 192.0.2.53/32\nname: dns\n");
	assert_contains(text,
			"need: any\n"
			"damp: on, penalty 1000, suppress 2000, reuse 750, half-life 1m, max-suppress 5m\n"
			"on-expiry: withdraw\n"
			"fallback: via 198.51.100.1 dev tun0\n");
	assert_contains(text,
			"order: pin for another 10m0s\n"
			"observe: observing for another 0.1s\n"
			"lease: zone, up, expires in 5.1s\n"
			"lease: dig, expired\n"
			"lease: peer, missing\n"
			"figure: 2310\n"
			"released in: 1m12s\n");
	assert_null(strstr(text, "closes in"));
	free(text);
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

	give(&ev, "kind seq time old-state source trigger pid comm wait-ns probe-ns act-ns total-ns");
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
	take(&ev, "pid comm trigger wait-ns");
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
	const char *steps = "wait-ns probe-ns act-ns total-ns pid comm trigger old-state";
	struct gate ev = transition();

	(void)state;
	take(&ev, steps);
	ev.source = ANYGATE_SOURCE_REQUEST;
	ev.kind = ANYGATE_EVENT_KIND_ADDED;
	ev.reason = ANYGATE_REASON_ADDED;
	assert_event(&ev, false, "192.0.2.53/32 added closed (request)\n");
	ev.kind = ANYGATE_EVENT_KIND_DELETED;
	ev.reason = ANYGATE_REASON_DELETED;
	assert_event(&ev, false, "192.0.2.53/32 deleted (request)\n");

	ev = transition();
	take(&ev, steps);
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
	give(&ev, "pid comm");
	strcpy(ev.comm, "ip");
	assert_event(&ev, false,
		     "192.0.2.53/32 contested 2 times (table) by ip[1234] [NOT ANNOUNCED: another program keeps undoing it]\n");

	ev.kind = ANYGATE_EVENT_KIND_ERROR;
	take(&ev, "pid comm");
	give(&ev, "error error-msg");
	ev.error = ENODEV;
	strcpy(ev.error_msg, "add address");
	assert_event(&ev, false,
		     "192.0.2.53/32 error ENODEV (No such device): add address (table)\n");

	ev = (struct gate){ .kind = ANYGATE_EVENT_KIND_DEGRADED,
			    .probes = ANYGATE_PROBES_DEGRADED };
	give(&ev, "kind probes seq");
	assert_event(&ev, false,
		     "anygate degraded: socket events no longer arrive; the gates rely on the reconcile\n");
	ev.kind = ANYGATE_EVENT_KIND_LIVE;
	ev.probes = ANYGATE_PROBES_LIVE;
	assert_event(&ev, false, "anygate live: socket events arrive again\n");
	ev.kind = 77;
	assert_event(&ev, false, "anygate 77: socket events arrive again\n");
}

static void event_orders(void **state)
{
	struct gate ev = open_gate();
	struct json_object *o;
	char *text;

	(void)state;
	give(&ev, "kind seq source pid comm order order-until observe");
	ev.kind = ANYGATE_EVENT_KIND_ORDER;
	ev.source = ANYGATE_SOURCE_REQUEST;
	ev.order = ANYGATE_ORDER_DRAIN;
	ev.order_until = NOW + 300 * NSEC_PER_SEC;
	ev.pid = 99;
	strcpy(ev.comm, "anygatectl");
	assert_event(&ev, false,
		     "192.0.2.53/32 order drain for another 5m0s (request) by anygatectl[99]\n");
	take(&ev, "pid comm order-until");
	ev.order = ANYGATE_ORDER_FOLLOW;
	ev.observe = ANYGATE_SWITCH_ON;
	ev.source = ANYGATE_SOURCE_TIMER;
	assert_event(&ev, false, "192.0.2.53/32 order follow, observing (timer)\n");

	ev.kind = ANYGATE_EVENT_KIND_LEASE;
	ev.observe = ANYGATE_SWITCH_OFF;
	ev.n_leases = 2;
	ev.leases[0] = (struct lease){ "zone", ANYGATE_VERDICT_UP, NOW + 1 };
	ev.leases[1] = (struct lease){ "dig", ANYGATE_VERDICT_UP, NOW };
	assert_event(&ev, false, "192.0.2.53/32 lease zone up, dig expired (timer)\n");
	ev.on_expiry = ANYGATE_ON_EXPIRY_IGNORE;
	assert_event(&ev, false, "192.0.2.53/32 lease zone up, dig ignored (timer)\n");

	text = event(&ev, true, false);
	o = json_tokener_parse(text);
	assert_json(o, "kind", "\"lease\"");
	assert_json(o, "order", "\"follow\"");
	assert_json(o, "observe", "false");
	assert_json(o, "leases.1.name", "\"dig\"");
	json_object_put(o);
	free(text);

	ev = transition();
	ev.state = ANYGATE_STATE_DRAINED;
	ev.reason = ANYGATE_REASON_DRAINED;
	ev.source = ANYGATE_SOURCE_REQUEST;
	take(&ev, "wait-ns probe-ns act-ns total-ns pid comm trigger");
	assert_event(&ev, false, "192.0.2.53/32 open -> drained (request)\n");
	ev.state = ANYGATE_STATE_CLOSED;
	ev.reason = ANYGATE_REASON_LEASE_EXPIRED;
	ev.announced = ANYGATE_SWITCH_ON;
	ev.difference = ANYGATE_DIFFERENCE_OBSERVING;
	assert_event(&ev, false,
		     "192.0.2.53/32 open -> closed lease-expired (request) [observing: would withdraw it]\n");
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
		cmocka_unit_test(why_decided),
		cmocka_unit_test(gate_json),
		cmocka_unit_test(gate_text),
		cmocka_unit_test(decision_json),
		cmocka_unit_test(decision_text),
		cmocka_unit_test(event_transition),
		cmocka_unit_test(event_kinds),
		cmocka_unit_test(event_orders),
		cmocka_unit_test(event_json),
	};

	return cmocka_run_group_tests_name("format", tests, utc, NULL);
}
