// SPDX-License-Identifier: GPL-2.0
/* What people and programs read of queues, shields and connections. */

#include <json-c/json.h>

#include "forms.h"

static void set_queue(struct service *s, uint32_t queue, uint32_t limit, uint64_t drops,
		      uint64_t age)
{
	s->queued = true;
	s->queue = queue;
	s->limit = limit;
	s->drops = drops;
	s->waiting = age;
	s->age = age;
}

static void queues(void **state)
{
	struct service s = svc("tcp/53", "192.0.2.53", 2);
	char buf[256];

	(void)state;
	/* a module that does not tell */
	assert_string_equal(queue_text(&s, true, buf, sizeof(buf)), "");
	set_queue(&s, 0, 128, 0, 0);
	assert_string_equal(queue_text(&s, true, buf, sizeof(buf)), "queue 0/128, 0 drops");
	assert_string_equal(queue_text(&s, false, buf, sizeof(buf)), "");
	set_queue(&s, 12, 128, 5, 3200 * NSEC_PER_MSEC);
	assert_string_equal(queue_text(&s, false, buf, sizeof(buf)),
			    "queue 12/128, oldest 3.2s, 5 drops");
	s.stalled = 1;
	s.dying = 2;
	s.drops = 1;
	assert_string_equal(queue_text(&s, true, buf, sizeof(buf)),
			    "queue 12/128, oldest 3.2s, 1 drop, 1 stalled, 2 dying");
	s = svc("udp/53", "192.0.2.53", 1);
	set_queue(&s, UINT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX);
	assert_string_equal(queue_text(&s, true, buf, sizeof(buf)),
			    "queue 4294967295/4294967295 bytes, oldest 213503d23h, 18446744073709551615 drops");
}

/* The table has a word for what is wrong, and for nothing else. */
static void why(void **state)
{
	struct gate g = open_gate();
	char buf[WHY_TEXT];

	(void)state;
	set_queue(&g.services[0], 900, 212992, 7, 1900 * NSEC_PER_MSEC);
	set_queue(&g.services[1], 0, 128, 7, 0);
	give(&g, "shield stall fatal shield-dropped shield-first shield-last flows");
	g.shield = 5000;
	g.stall = 2000;
	g.fatal = ANYGATE_SWITCH_ON;
	g.shield_dropped = 12;
	g.shield_first = g.shield_last = NOW - 1;
	g.flows = 3;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "listener");
	g.services[0].age = 3200 * NSEC_PER_MSEC;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "listener, udp/53 queue 900/212992 bytes, oldest 3.2s, 7 drops");
	g.services[0].age = 1;
	g.services[1].queue = 65;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "listener, tcp/53 queue 65/128, 7 drops");
	g.services[1].queue = 64;
	g.services[0].stalled = 1;
	g.services[0].listeners = 4;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "listener, udp/53 queue 900/212992 bytes, oldest 0.0s, 7 drops, 1 stalled");

	g.state = ANYGATE_STATE_CLOSED;
	g.announced = ANYGATE_SWITCH_OFF;
	g.reason = ANYGATE_REASON_STALLED;
	g.services[0].age = 3200 * NSEC_PER_MSEC;
	give(&g, "shield-until");
	g.shield_until = NOW + 2 * NSEC_PER_SEC;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "stalled: udp/53 queue 900/212992 bytes, oldest 3.2s, 7 drops, 1 stalled, shield for another 2.0s, 12 dropped");
	g.shield_until = NOW;
	g.services[0].stalled = 0;
	g.services[0].waiting = false;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "stalled");

	g = closed_gate();
	g.reason = ANYGATE_REASON_DYING;
	g.services[0].queued = true;
	g.services[0].dying = 1;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "dying: nsd[1234] dumps core or exits, udp/53 1 dying");
	take(&g, "closer-pid closer-comm");
	g.services[0].dying = 0;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "dying");
}

/* Every service of a gate in trouble is more than there is room for. */
static void too_much(void **state)
{
	struct gate g = open_gate();
	char buf[WHY_TEXT];
	unsigned int i;

	(void)state;
	g.prefix = pfx("2001:db8::/32");
	g.n_services = ANYGATE_SERVICES_MAX;
	for (i = 0; i < g.n_services; i++) {
		g.services[i] = svc("udp/65535", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 1);
		set_queue(&g.services[i], UINT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX);
		g.services[i].stalled = g.services[i].dying = UINT32_MAX;
	}
	why_text(&g, NOW, buf, sizeof(buf));
	assert_int_equal(strlen(buf), sizeof(buf) - 1);
}

static struct gate full_gate(void)
{
	struct gate g = closed_gate();

	give(&g, "shield stall stall-members fatal shield-until shield-dropped shield-first");
	give(&g, "shield-last flows");
	g.shield = 5000;
	g.stall = 300;
	g.stall_members = ANYGATE_MEMBERS_ANY;
	g.fatal = ANYGATE_SWITCH_ON;
	g.shield_until = NOW + 1500 * NSEC_PER_MSEC;
	g.shield_dropped = 12;
	g.shield_lately = 12;
	g.shield_first = NOW - 4100 * NSEC_PER_MSEC;
	g.shield_last = NOW - 300 * NSEC_PER_MSEC;
	g.flows = 3;
	set_queue(&g.services[0], 900, 212992, 7, 3200 * NSEC_PER_MSEC);
	g.services[0].stalled = 1;
	return g;
}

static void detail(void **state)
{
	struct gate g = full_gate();
	char *text = gate_form(&g, NULL, false);

	(void)state;
	assert_contains(text,
			"service: udp/53, 0 listeners, queue 900/212992 bytes, oldest 3.2s, 7 drops, 1 stalled\n"
			"shield: 5s\n"
			"stall: 300ms\n"
			"stall-members: any\n"
			"fatal: on\n"
			"state: closed\n");
	assert_contains(text,
			"shielding: for another 1.5s\n"
			"shield dropped: 12 packets, first 4.1s ago, last 0.3s ago\n"
			"established TCP connections: 3\n");
	free(text);

	/* set, but nothing has come of it yet */
	take(&g, "shield-until shield-first shield-last flows");
	g.shield_dropped = 0;
	g.stall = 0;
	text = gate_form(&g, NULL, false);
	assert_contains(text, "stall: off\n");
	assert_contains(text, "shielding: no\nshield dropped: 0 packets\nopened: ");
	free(text);
	take(&g, "shield-dropped");
	g.shield = 0;
	text = gate_form(&g, NULL, false);
	assert_contains(text, "shield: off\n");
	assert_null(strstr(text, "shielding"));
	free(text);
}

static void json(void **state)
{
	struct gate g = full_gate();
	char *text = gate_form(&g, NULL, true);
	struct json_object *o = json_tokener_parse(text);

	(void)state;
	assert_json(o, "shield_ms", "5000");
	assert_json(o, "stall_ms", "300");
	assert_json(o, "stall_members", "\"any\"");
	assert_json(o, "fatal", "true");
	assert_json(o, "shield_left_ms", "1500");
	assert_json(o, "shield_dropped", "12");
	assert_json(o, "shield_first_ago_ms", "4100");
	assert_json(o, "shield_last_ago_ms", "300");
	assert_json(o, "flows", "3");
	assert_json(o, "services.0.queue", "900");
	assert_json(o, "services.0.limit", "212992");
	assert_json(o, "services.0.drops", "7");
	assert_json(o, "services.0.age_ms", "3200");
	assert_json(o, "services.0.stalled", "1");
	assert_json(o, "services.0.dying", "0");
	json_object_put(o);
	free(text);

	take(&g, "shield-until shield-dropped shield-first shield-last flows");
	g.services[0].waiting = false;
	text = gate_form(&g, NULL, true);
	o = json_tokener_parse(text);
	assert_json(o, "shield_left_ms", "absent");
	assert_json(o, "shield_dropped", "absent");
	assert_json(o, "shield_first_ago_ms", "absent");
	assert_json(o, "flows", "absent");
	assert_json(o, "services.0.age_ms", "absent");
	json_object_put(o);
	free(text);
}

static void events(void **state)
{
	struct gate ev = full_gate();
	struct json_object *o;
	char *text;

	(void)state;
	give(&ev, "kind seq source");
	take(&ev, "shield-until closer-pid closer-comm");
	ev.source = ANYGATE_SOURCE_TIMER;
	ev.kind = ANYGATE_EVENT_KIND_SHIELD;
	assert_event(&ev, false, "2001:db8::53/128 shield dropped 12 packets, first 4.1s ago, last 0.3s ago (timer)\n");
	ev.shield_dropped = 1;
	ev.shield_last = ev.shield_first = NOW + 1;
	assert_event(&ev, false, "2001:db8::53/128 shield dropped 1 packet, first 0.0s ago, last 0.0s ago (timer)\n");
	ev.kind = ANYGATE_EVENT_KIND_FLOWS;
	ev.source = ANYGATE_SOURCE_PROBE;
	assert_event(&ev, false, "2001:db8::53/128 flows 3 established TCP connections left\n");
	ev.flows = 1;
	assert_event(&ev, false, "2001:db8::53/128 flows 1 established TCP connection left\n");
	ev.flows = 0;
	assert_event(&ev, false, "2001:db8::53/128 flows no established TCP connection left\n");

	text = event_form(&ev, true, false);
	o = json_tokener_parse(text);
	assert_json(o, "kind", "\"flows\"");
	assert_json(o, "flows", "0");
	assert_json(o, "shield_dropped", "1");
	assert_json(o, "shield_first_ago_ms", "0");
	assert_json(o, "state", "\"closed\"");
	json_object_put(o);
	free(text);

	/* a transition says why, like any other */
	give(&ev, "old-state");
	ev.kind = ANYGATE_EVENT_KIND_TRANSITION;
	ev.old_state = ANYGATE_STATE_OPEN;
	ev.reason = ANYGATE_REASON_STALLED;
	assert_event(&ev, false, "2001:db8::53/128 open -> closed stalled\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues),
		cmocka_unit_test(why),
		cmocka_unit_test(too_much),
		cmocka_unit_test(detail),
		cmocka_unit_test(json),
		cmocka_unit_test(events),
	};

	return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
