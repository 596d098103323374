// SPDX-License-Identifier: GPL-2.0
/* Whole command lines of add and change. */

#include "conf.h"
#include "testlib.h"

#define ARGS	(ANYGATE_SERVICES_MAX + 8)

/* The result points into the words, so they outlive the call. */
static char buffer[4096];

static int conf(struct conf *c, bool change, const char *line, struct err *e)
{
	char *argv[ARGS], *word, *save = NULL;
	int argc = 0;

	snprintf(buffer, sizeof(buffer), "%s", line);
	for (word = strtok_r(buffer, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return conf_parse(c, change, argc, argv, e);
}

static void minimal(void **state)
{
	struct conf c;
	struct err e;
	int i;

	(void)state;
	assert_int_equal(conf(&c, false, "192.0.2.53/32 udp/53", &e), 0);
	assert_int_equal(c.n_services, 1);
	assert_true(ip_equal(&c.services[0].addr, &c.prefix.addr));
	for (i = 0; i < KEY_MAX; i++)
		assert_null(c.said[i]);
}

static void everything(void **state)
{
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(conf(&c, false,
			      "2001:db8::53 up 1.5s udp/53 action address [2001:db8::53]:tcp/53 dev dummy0 hold off down 300ms listen-dev vrf1",
			      &e), 0);
	assert_int_equal(c.n_services, 2);
	assert_int_equal(c.action, ANYGATE_ACTION_ADDRESS);
	assert_string_equal(c.said[KEY_DEV], "dummy0");
	assert_int_equal(c.hold, ANYGATE_SWITCH_OFF);
	assert_int_equal(c.up, 1500);
	assert_int_equal(c.down, 300);
	assert_int_equal(c.listen_policy, ANYGATE_LISTEN_POLICY_DEV);
	assert_string_equal(c.said[KEY_LISTEN_DEV], "vrf1");

	assert_int_equal(conf(&c, false,
			      "192.0.2.0/24 192.0.2.1:udp/53 ac r t local m 5 l none", &e), 0);
	assert_int_equal(c.action, ANYGATE_ACTION_ROUTE);
	assert_int_equal(c.table, 255);
	assert_int_equal(c.metric, 5);
	assert_int_equal(c.listen_policy, ANYGATE_LISTEN_POLICY_NONE);
}

static void change(void **state)
{
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(conf(&c, true, "192.0.2.53 down 5s", &e), 0);
	assert_int_equal(c.n_services, 0);
	/* what the gate does now is for the kernel to know */
	assert_int_equal(conf(&c, true, "192.0.2.53 table 5", &e), 0);
	assert_int_equal(conf(&c, true, "192.0.2.53 hold off", &e), 0);
	assert_int_equal(conf(&c, true, "192.0.2.53", &e), -1);
	assert_contains(e.text, "nothing to change");
	assert_int_equal(conf(&c, true, "192.0.2.0/24 hold off", &e), -1);
	assert_contains(e.text, "hold off");
}

static void bad(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "", "the prefix is missing" },
		{ "192.0.2.53", "needs a service; say for example udp/53" },
		{ "192.0.2.53 up 1s", "needs a service" },
		{ "192.0.2.53 udp", "udp: the port is missing" },
		{ "192.0.2.53 udp/53 colour red", "unknown keyword \"colour\"; say action, dev" },
		{ "192.0.2.53 udp/53 d lo", "\"d\" is ambiguous; say dev or down" },
		{ "192.0.2.53 udp/53 up", "up: the value is missing; give a time" },
		{ "192.0.2.53 udp/53 up 1s u 2s", "up is given twice" },
		{ "192.0.2.53 udp/53 up 5", "up 5: the unit is missing" },
		{ "192.0.2.53 udp/53 hold o", "hold \"o\" is ambiguous; say off or on" },
		{ "192.0.2.53 udp/53 hold maybe", "unknown hold \"maybe\"" },
		{ "192.0.2.53 udp/53 action nat", "unknown action \"nat\"; say address or route" },
		{ "192.0.2.53 udp/53 dev this-name-is-too-long", "this-name-is-too-long" },
		{ "192.0.2.53 udp/53 action route table 0", "table 0" },
		{ "192.0.2.53 udp/53 action route table unspec", "table unspec" },
		{ "192.0.2.53 udp/53 action route table nosuch", "table nosuch: no such name" },
		{ "192.0.2.53 udp/53 action route metric 0", "metric 0" },
		{ "192.0.2.53 udp/53 action route metric x", "metric x" },
		{ "192.0.2.53 udp/53 listen-dev a:b", "a:b" },
		{ "192.0.2.53 udp/53 table 5", "table 5: this is for action route" },
		{ "192.0.2.53 udp/53 action address metric 5", "metric 5: this is for action route" },
		{ "192.0.2.53 udp/53 action route dev lo", "dev lo: this is for action address" },
		{ "192.0.2.53 udp/53 action route hold on", "hold on: this is for action address" },
		{ "192.0.2.53 udp/53 dev lo table 5", "a gate has one action" },
		{ "192.0.2.0/24 192.0.2.1:udp/53 dev lo", "dev lo: this is for action address" },
		{ "192.0.2.0/24 192.0.2.1:udp/53 action address", "192.0.2.0/24 is no host prefix" },
		{ "192.0.2.0/24 udp/53", "say for example 192.0.2.1:udp/53" },
		{ "2001:db8::/64 udp/53", "say for example [2001:db8::1]:udp/53" },
		{ "192.0.2.0/24 192.0.3.1:udp/53", "192.0.3.1:udp/53: the address is outside" },
		{ "192.0.2.53 192.0.2.54:udp/53", "outside the prefix 192.0.2.53/32" },
		{ "192.0.2.53 [2001:db8::53]:udp/53", "the address is IPv6, but the prefix" },
		{ "2001:db8::53 192.0.2.53:udp/53", "the address is IPv4, but the prefix" },
		{ "192.0.2.53 udp/53 udp/53", "udp/53: the service is given twice" },
		{ "192.0.2.53 udp/53 192.0.2.53:udp/domain", "the same service as udp/53" },
		{ "192.0.2.53/24 udp/53", "say 192.0.2.0/24" },
		{ "192.0.2.53 192.0.2.54/32", "unknown protocol" },
	};
	struct conf c;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!conf(&c, false, cases[i].line, &e))
			fail_msg("\"%s\" was accepted", cases[i].line);
		assert_contains(e.text, cases[i].text);
	}
}

static void too_many_services(void **state)
{
	char line[4096] = "192.0.2.53", *end;
	struct conf c;
	struct err e;
	int i;

	(void)state;
	for (i = 1; i <= ANYGATE_SERVICES_MAX; i++) {
		end = line + strlen(line);
		snprintf(end, line + sizeof(line) - end, " udp/%d", i);
	}
	assert_int_equal(conf(&c, false, line, &e), 0);
	assert_int_equal(c.n_services, ANYGATE_SERVICES_MAX);
	strcat(line, " tcp/53");
	assert_int_equal(conf(&c, false, line, &e), -1);
	assert_contains(e.text, "tcp/53: a gate has at most 64 services");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minimal),
		cmocka_unit_test(everything),
		cmocka_unit_test(change),
		cmocka_unit_test(bad),
		cmocka_unit_test(too_many_services),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
