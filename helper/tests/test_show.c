// SPDX-License-Identifier: GPL-2.0
/* All that is known of a gate, as people and as programs read it. */

#include <errno.h>
#include <json-c/json.h>

#include "forms.h"
#include "names.h"

static void gate_json(void **state)
{
	struct gate g = closed_gate();
	struct json_object *o;

	(void)state;
	o = gate_object(&g, "live");
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
	o = gate_object(&g, "live");
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
	struct json_object *o = gate_object(&g, "live");

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
	o = gate_object(&g, "live");
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
	char *text = gate_form(&g, NULL, false);

	(void)state;
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
	char *text = gate_form(&g, "live", false);

	(void)state;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gate_json),
		cmocka_unit_test(decision_json),
		cmocka_unit_test(decision_text),
		cmocka_unit_test(gate_text),
	};

	return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
