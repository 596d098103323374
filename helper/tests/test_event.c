// SPDX-License-Identifier: GPL-2.0
/* An event, as people and as programs read it. */

#include <errno.h>
#include <json-c/json.h>
#include <time.h>

#include "forms.h"
#include "names.h"

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

	text = event_form(&ev, true, false);
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
	char *text = event_form(&ev, true, false);
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
		cmocka_unit_test(event_transition),
		cmocka_unit_test(event_kinds),
		cmocka_unit_test(event_orders),
		cmocka_unit_test(event_json),
	};

	return cmocka_run_group_tests_name("event", tests, utc, NULL);
}
