// SPDX-License-Identifier: GPL-2.0
/* The arguments of orders, leases and checks. */

#include "args.h"
#include "check.h"
#include "testlib.h"

static char buffer[1024];
static char *argv[64];

static int words(const char *line)
{
	char *word, *save = NULL;
	int argc = 0;

	snprintf(buffer, sizeof(buffer), "%s", line);
	for (word = strtok_r(buffer, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	return argc;
}

static void gate_refs(void **state)
{
	char buf[PREFIX_TEXT];
	struct gate_ref ref;
	struct err e;

	(void)state;
	assert_int_equal(parse_gate_ref("192.0.2.53", &ref, &e), 0);
	assert_null(ref.name);
	assert_string_equal(gate_ref_text(&ref, buf), "192.0.2.53/32");
	assert_int_equal(parse_gate_ref("dead", &ref, &e), 0);
	assert_string_equal(ref.name, "dead");
	assert_string_equal(gate_ref_text(&ref, buf), "dead");
	assert_int_equal(parse_gate_ref("dead::", &ref, &e), 0);
	assert_null(ref.name);
	/* a prefix gone wrong is no name */
	assert_int_equal(parse_gate_ref("192.0.2.53/33", &ref, &e), -1);
	assert_contains(e.text, "number from 0 to 32");
	assert_int_equal(parse_gate_ref("192.0.2.300", &ref, &e), -1);
	assert_contains(e.text, "is no prefix");
	assert_int_equal(parse_gate_ref("", &ref, &e), -1);
	assert_contains(e.text, "is no prefix");
}

static int order(struct order_args *o, uint32_t what, const char *line, struct err *e)
{
	return parse_order_args(words(line), argv, what == ANYGATE_ORDER_PIN ? "pin" : "drain",
				what, o, e);
}

static void orders(void **state)
{
	struct order_args o;
	struct err e;

	(void)state;
	assert_int_equal(order(&o, ANYGATE_ORDER_DRAIN, "192.0.2.53", &e), 0);
	assert_int_equal(o.order, ANYGATE_ORDER_DRAIN);
	assert_int_equal(o.ms, 0);
	assert_int_equal(order(&o, ANYGATE_ORDER_DRAIN, "dns for 2d", &e), 0);
	assert_string_equal(o.gate.name, "dns");
	assert_int_equal(o.ms, 2 * 86400000);
	assert_string_equal(o.ms_said, "2d");
	assert_false(o.wait);
	assert_int_equal(order(&o, ANYGATE_ORDER_DRAIN, "dns wait", &e), 0);
	assert_true(o.wait);
	assert_int_equal(o.wait_ms, 0);
	assert_int_equal(order(&o, ANYGATE_ORDER_DRAIN, "dns wait for 30s", &e), 0);
	assert_int_equal(o.ms, 0);
	assert_int_equal(o.wait_ms, 30000);
	assert_int_equal(order(&o, ANYGATE_ORDER_DRAIN, "dns f 10m w f 30s", &e), 0);
	assert_int_equal(o.ms, 600000);
	assert_int_equal(o.wait_ms, 30000);
	assert_string_equal(o.wait_said, "30s");
	assert_int_equal(order(&o, ANYGATE_ORDER_OBSERVE, "dns f 1ms", &e), 0);
	assert_int_equal(o.ms, 1);
	assert_int_equal(order(&o, ANYGATE_ORDER_PIN, "dns for 10m", &e), 0);
	assert_false(o.force);
	assert_int_equal(order(&o, ANYGATE_ORDER_PIN, "dns force", &e), 0);
	assert_true(o.force);
	assert_int_equal(order(&o, ANYGATE_ORDER_PIN, "dns force for 10m", &e), 0);
	assert_int_equal(o.ms, 600000);
	assert_int_equal(order(&o, ANYGATE_ORDER_UNDAMP, "dns", &e), 0);
}

static void bad_orders(void **state)
{
	static const struct {
		uint32_t order;
		const char *line, *text;
	} cases[] = {
		{ ANYGATE_ORDER_DRAIN, "", "drain: the prefix is missing" },
		{ ANYGATE_ORDER_DRAIN, "for 5m", "drain: the prefix is missing" },
		{ ANYGATE_ORDER_DRAIN, "dns 5m", "5m is a time; say for 5m" },
		{ ANYGATE_ORDER_DRAIN, "dns for", "for: the value is missing" },
		{ ANYGATE_ORDER_DRAIN, "dns 30m", "30m is a time; say for 30m" },
		{ ANYGATE_ORDER_DRAIN, "dns for 1h wait 30m", "30m is a time; say for 30m" },
		{ ANYGATE_ORDER_PIN, "dns 1.5h", "say for 1.5h" },
		{ ANYGATE_ORDER_DRAIN, "dns for 0", "for 0: a time from 1ms to 49d is needed; drain ends" },
		{ ANYGATE_ORDER_DRAIN, "dns for 0s", "for 0s" },
		{ ANYGATE_ORDER_DRAIN, "dns for 50d", "for 50d: at most 49d" },
		{ ANYGATE_ORDER_DRAIN, "dns for 5", "the unit is missing" },
		{ ANYGATE_ORDER_DRAIN, "dns for 5m for 6m", "for is given twice" },
		{ ANYGATE_ORDER_DRAIN, "dns wait for", "for: the value is missing" },
		{ ANYGATE_ORDER_DRAIN, "dns wait for 0", "for 0: a time from 1ms to 49d is needed; the wait ends" },
		{ ANYGATE_ORDER_DRAIN, "dns wait 30s", "30s is a time; say for 30s" },
		{ ANYGATE_ORDER_DRAIN, "dns wait for 50d", "for 50d: at most 49d" },
		{ ANYGATE_ORDER_DRAIN, "dns wait wait", "wait is given twice" },
		{ ANYGATE_ORDER_DRAIN, "dns wait for 1s for 2s", "for is given twice after wait" },
		{ ANYGATE_ORDER_PIN, "dns wait", "unknown keyword \"wait\"" },
		{ ANYGATE_ORDER_OBSERVE, "dns wait", "unknown keyword \"wait\"" },
		{ ANYGATE_ORDER_DRAIN, "dns force", "unknown keyword \"force\"" },
		{ ANYGATE_ORDER_DRAIN, "dns web", "unknown keyword \"web\"" },
		{ ANYGATE_ORDER_FOLLOW, "dns for 5m", "\"for\" is too much" },
		{ ANYGATE_ORDER_PIN, "dns", "pin dns: without an end it would be announced for good" },
		{ ANYGATE_ORDER_PIN, "192.0.2.53", "give for TIME, or force" },
		{ ANYGATE_ORDER_PIN, "dns fo 5m", "ambiguous; say for or force" },
	};
	struct order_args o;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(order(&o, cases[i].order, cases[i].line, &e), -1);
		assert_contains(e.text, cases[i].text);
	}
}

static void leases(void **state)
{
	static const struct {
		const char *line, *text;
	} bad[] = {
		{ "", "lease: the prefix is missing" },
		{ "dns", "the name of the lease is missing" },
		{ "dns 1zone up ttl 1s", "lease \"1zone\": a name is" },
		{ "dns zone", "lease zone: the verdict is missing" },
		{ "dns zone good ttl 1s", "unknown verdict \"good\"; say up or down" },
		{ "dns zone none ttl 1s", "unknown verdict" },
		{ "dns zone up", "the time to live is missing; say for example ttl 30s" },
		{ "dns zone up 30s", "the time to live is missing" },
		{ "dns zone up ttl", "the time to live is missing" },
		{ "dns zone up ttl 0", "ttl 0: a time from 1ms to 49d is needed; a lease runs out at once" },
		{ "dns zone up ttl 30", "the unit is missing" },
		{ "dns zone up ttl 60d", "ttl 60d: at most 49d" },
		{ "dns zone up ttl 1s now", "\"now\" is too much" },
	};
	struct lease_args l;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(parse_lease_args(words("2001:db8::53 zone u tt 30s"), argv, &l, &e), 0);
	assert_string_equal(l.name, "zone");
	assert_int_equal(l.verdict, ANYGATE_VERDICT_UP);
	assert_int_equal(l.ttl, 30000);
	assert_int_equal(parse_lease_args(words("dns zone down ttl 49d"), argv, &l, &e), 0);
	assert_int_equal(l.verdict, ANYGATE_VERDICT_DOWN);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse_lease_args(words(bad[i].line), argv, &l, &e), -1);
		assert_contains(e.text, bad[i].text);
	}
}

static void checks(void **state)
{
	static const struct {
		const char *line, *text;
	} bad[] = {
		{ "", "check: the prefix is missing" },
		{ "dns", "the name of the lease is missing" },
		{ "dns -- true", "the name of the lease is missing" },
		{ "dns zone", "the command is missing; say for example check dns zone --" },
		{ "dns zone --", "the command is missing" },
		{ "dns zone true", "unknown keyword \"true\"; say every, timeout, rise or fall" },
		{ "dns zone every -- true", "every: the value is missing" },
		{ "dns zone every", "every: the value is missing" },
		{ "dns zone dig @127.0.0.1", "unknown keyword \"dig\"; say every, timeout, rise or fall, or -- before the command" },
		{ "dns zone every 0 -- true", "every 0: a time from 100ms to 1d is needed" },
		{ "dns zone every 2d -- true", "every 2d: a time from 100ms to 1d is needed" },
		{ "dns zone every 5 -- true", "the unit is missing" },
		{ "dns zone timeout 0 -- true", "timeout 0: a time from 10ms to 1h is needed" },
		{ "dns zone rise 0 -- true", "rise 0: a number from 1 to 1000" },
		{ "dns zone fall x -- true", "fall x: a number from 1 to 1000" },
		{ "dns zone fall 1 f 2 -- true", "fall is given twice" },
		{ "dns none -- true", "lease none" },
	};
	struct check_args c;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(parse_check_args(words("dns zone -- dig every 1s"), argv, &c, &e), 0);
	assert_string_equal(c.lease, "zone");
	assert_int_equal(c.every, 5000);
	assert_int_equal(c.timeout, 2000);
	assert_int_equal(c.rise, 2);
	assert_int_equal(c.fall, 2);
	assert_string_equal(c.command[0], "dig");
	assert_string_equal(c.command[2], "1s");
	assert_null(c.command[3]);
	assert_int_equal(check_ttl(&c), 9000);

	assert_int_equal(parse_check_args(words("192.0.2.53 zone ev 1d ti 1h r 1000 fa 1 -- --"),
					  argv, &c, &e), 0);
	assert_int_equal(c.every, 86400000);
	assert_int_equal(c.timeout, 3600000);
	assert_int_equal(c.rise, 1000);
	assert_int_equal(c.fall, 1);
	assert_string_equal(c.command[0], "--");
	assert_true(check_ttl(&c) < TIME_MAX);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse_check_args(words(bad[i].line), argv, &c, &e), -1);
		assert_contains(e.text, bad[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gate_refs),
		cmocka_unit_test(orders),
		cmocka_unit_test(bad_orders),
		cmocka_unit_test(leases),
		cmocka_unit_test(checks),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
