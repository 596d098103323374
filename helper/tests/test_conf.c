// SPDX-License-Identifier: GPL-2.0
/* Whole command lines of add and change. */

#include "conf.h"
#include "testlib.h"

#define ARGS	(ANYGATE_SERVICES_MAX + 32)

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
	assert_true(ip_equal(&c.services[0].addr, &c.gate.prefix.addr));
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
			      "192.0.2.0/24 192.0.2.1:udp/53 ac r t default me 5 l none", &e), 0);
	assert_int_equal(c.action, ANYGATE_ACTION_ROUTE);
	assert_int_equal(c.table, 253);
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

static void decision(void **state)
{
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(conf(&c, false,
			      "192.0.2.53 udp/53 tcp/53 name dns need any damp on penalty 1 suppress 1000000 reuse 999999 half-life 1h max-suppress 1d require zone,dig-1 on-expiry ignore fallback via 198.51.100.1 dev tun0 observe on",
			      &e), 0);
	assert_string_equal(c.name, "dns");
	assert_int_equal(c.need, 1);
	assert_int_equal(c.damp, ANYGATE_SWITCH_ON);
	assert_int_equal(c.penalty, 1);
	assert_int_equal(c.suppress, 1000000);
	assert_int_equal(c.reuse, 999999);
	assert_int_equal(c.half_life, 3600000);
	assert_int_equal(c.max_suppress, 86400000);
	assert_int_equal(c.n_require, 2);
	assert_string_equal(c.require[0], "zone");
	assert_string_equal(c.require[1], "dig-1");
	assert_int_equal(c.on_expiry, ANYGATE_ON_EXPIRY_IGNORE);
	assert_int_equal(c.fallback_via.family, AF_INET);
	assert_string_equal(c.fallback_dev, "tun0");
	assert_int_equal(c.observe, ANYGATE_SWITCH_ON);

	assert_int_equal(conf(&c, false,
			      "192.0.2.53 udp/53 shield 5s stall 100ms stall-members any fatal on",
			      &e), 0);
	assert_int_equal(c.shield, 5000);
	assert_int_equal(c.stall, 100);
	assert_int_equal(c.stall_members, ANYGATE_MEMBERS_ANY);
	assert_int_equal(c.fatal, ANYGATE_SWITCH_ON);
	assert_int_equal(conf(&c, true, "dns sh off stall off stall- all fat off", &e), 0);
	assert_non_null(c.said[KEY_SHIELD]);
	assert_int_equal(c.shield, 0);
	assert_int_equal(c.stall, 0);
	assert_int_equal(c.stall_members, ANYGATE_MEMBERS_ALL);
	assert_int_equal(c.fatal, ANYGATE_SWITCH_OFF);
	assert_int_equal(conf(&c, true, "dns shield 0 stall 0", &e), 0);
	assert_int_equal(conf(&c, true, "dns shield 1h stall 1h", &e), 0);
	assert_int_equal(c.shield, ANYGATE_DELAY_MAX);
	assert_int_equal(c.stall, ANYGATE_DELAY_MAX);

	assert_int_equal(conf(&c, false, "192.0.2.53 udp/53 witness 100", &e), 0);
	assert_int_equal(c.witness, 100);
	assert_int_equal(conf(&c, true, "dns witness default", &e), 0);
	assert_int_equal(c.witness, 253);
	assert_int_equal(conf(&c, true, "dns wit off", &e), 0);
	assert_non_null(c.said[KEY_WITNESS]);
	assert_int_equal(c.witness, 0);
	assert_int_equal(conf(&c, true, "dns witness 0 table 100", &e), 0);
	assert_int_equal(conf(&c, true, "dns witness 4294967295 table 100", &e), 0);

	/* the value of several words ends where the next keyword is */
	assert_int_equal(conf(&c, false,
			      "2001:db8::53 fallback via fe80::1 dev tun0 need all udp/53 dev lo", &e),
			 0);
	assert_int_equal(c.fallback_via.family, AF_INET6);
	assert_string_equal(c.said[KEY_DEV], "lo");
	assert_int_equal(c.need, 0);
	assert_int_equal(conf(&c, false, "192.0.2.53 udp/53 tcp/53 need 2 name none", &e), 0);
	assert_int_equal(c.need, 2);
	assert_null(c.said[KEY_NAME]);

	/* what is removed */
	assert_int_equal(conf(&c, true, "192.0.2.53 name none require none fallback none", &e), 0);
	assert_string_equal(c.name, "");
	assert_string_equal(c.said[KEY_NAME], "none");
	assert_int_equal(c.n_require, 0);
	assert_int_equal(c.fallback_via.family, 0);
	assert_non_null(c.said[KEY_FALLBACK]);
}

static void group(void **state)
{
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(conf(&c, true, "dns udp/53 up 5s table 5", &e), 0);
	assert_string_equal(c.gate.name, "dns");
	assert_int_equal(c.services[0].addr.family, 0);
	/* of which family the group's gates are is for the kernel to know */
	assert_int_equal(conf(&c, true, "dns fallback via 2001:db8::1 dev tun0", &e), 0);
	assert_int_equal(conf(&c, true, "dns fallback none", &e), 0);
	assert_int_equal(conf(&c, true, "dns name other", &e), -1);
	assert_contains(e.text, "name other: a group is not renamed");
	assert_int_equal(conf(&c, true, "dns", &e), -1);
	assert_contains(e.text, "nothing to change");
	assert_int_equal(conf(&c, false, "dns udp/53", &e), -1);
	assert_contains(e.text, "dns is no prefix");
	assert_int_equal(conf(&c, true, "none up 1s", &e), -1);
	assert_contains(e.text, "none");
}

/* What an add refuses, a change may have to leave to the kernel. */
static void damping(void **state)
{
	static const char *const good[] = {
		"suppress 750", "reuse 2000", "suppress 2000 reuse 2000", "half-life 1s",
		"reuse 62 half-life 1m max-suppress 5m suppress 1984", "max-suppress 2m",
	};
	static const struct {
		const char *line, *text;
		bool change;
	} bad[] = {
		{ "suppress 500", "suppress 500 is below reuse 750 (the default)", false },
		{ "reuse 3000", "suppress 2000 (the default) is below reuse 3000", false },
		{ "suppress 500 reuse 501", "suppress 500 is below reuse 501", true },
		{ "suppress 500 reuse 501", "give suppress from 501 to 1000000", true },
		{ "max-suppress 1m", "max-suppress 1m: with reuse 750 and half-life 1m no figure", false },
		{ "suppress 1000000", "could reach suppress 1000000", false },
		{ "max-suppress 1s half-life 1h reuse 1 suppress 3", "max-suppress 1s", true },
		{ "penalty 0", "penalty 0: a number from 1 to 1000000", true },
		{ "penalty 1000001", "penalty 1000001: a number from 1 to 1000000", true },
		{ "suppress 0", "suppress 0: a number from 1 to 1000000", true },
		{ "reuse -1", "reuse -1: a number from 1 to 1000000", true },
		{ "half-life 999ms", "half-life 999ms: a time from 1s to 1h", true },
		{ "half-life 2h", "half-life 2h: a time from 1s to 1h", true },
		{ "max-suppress 2d", "max-suppress 2d: a time from 1s to 1d", true },
		{ "damp maybe", "unknown damp \"maybe\"", true },
	};
	char line[256];
	struct conf c;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(line, sizeof(line), "192.0.2.53 udp/53 %s", good[i]);
		if (conf(&c, false, line, &e))
			fail_msg("%s", e.text);
		assert_null(c.said[KEY_DAMP]);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(line, sizeof(line), "192.0.2.53 udp/53 %s", bad[i].line);
		assert_int_equal(conf(&c, false, line, &e), -1);
		assert_contains(e.text, bad[i].text);
		assert_int_equal(conf(&c, true, line, &e), bad[i].change ? -1 : 0);
	}
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
		{ "192.0.2.53 udp/53 d lo", "\"d\" is ambiguous; say dev, down or damp" },
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
		{ "192.0.2.0/24 192.0.2.1:udp/53 table local", "table local: a blackhole route" },
		{ "192.0.2.0/24 192.0.2.1:udp/53 table 255", "table 255: a blackhole route" },
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
		{ "192.0.2.53 udp/53 need 2", "need 2: the gate has 1 service, so that it would never open; give 1 to 1" },
		{ "192.0.2.53 udp/53 need 0", "need 0: a number from 1 to 64" },
		{ "192.0.2.53 udp/53 need 65", "need 65: a number from 1 to 64" },
		{ "192.0.2.53 udp/53 need most", "need most: all, any or a number" },
		{ "192.0.2.53 udp/53 name 1st", "name \"1st\": a name is a letter" },
		{ "192.0.2.53 udp/53 name help", "name help: this word has a meaning" },
		{ "192.0.2.53 udp/53 require zone,,dig", "require zone,,dig: a name is missing" },
		{ "192.0.2.53 udp/53 require zone,", "require zone,: a name is missing" },
		{ "192.0.2.53 udp/53 require zone,zone", "zone is given twice" },
		{ "192.0.2.53 udp/53 require zone,none", "require none: this word" },
		{ "192.0.2.53 udp/53 require zone,abcdefghijklmnopqrstuvwxyz012345", "at most 31" },
		{ "192.0.2.53 udp/53 require a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "at most 16 leases" },
		{ "192.0.2.53 udp/53 require", "require: the value is missing; give names of leases" },
		{ "192.0.2.53 udp/53 on-expiry close", "unknown on-expiry \"close\"; say withdraw or ignore" },
		{ "192.0.2.53 udp/53 fallback", "fallback: the value is missing; give via" },
		{ "192.0.2.53 udp/53 fallback 192.0.2.1", "fallback 192.0.2.1: say fallback via" },
		{ "192.0.2.53 udp/53 fallback via", "the gateway is missing" },
		{ "192.0.2.53 udp/53 fallback via 192.0.2.1", "via 192.0.2.1: the device is missing" },
		{ "192.0.2.53 udp/53 fallback via 192.0.2.1 tun0", "the device is missing" },
		{ "192.0.2.53 udp/53 fallback via 192.0.2.1 dev", "the device is missing" },
		{ "192.0.2.53 udp/53 fallback via gw dev tun0", "fallback via gw: this is no address" },
		{ "192.0.2.53 udp/53 fallback via 192.0.2.1 dev a/b", "fallback dev" },
		{ "192.0.2.53 udp/53 fallback via 192.0.2.53 dev tun0", "192.0.2.53: the gateway is within the prefix 192.0.2.53/32" },
		{ "192.0.2.0/24 192.0.2.1:udp/53 fallback via 192.0.2.254 dev tun0", "within the prefix 192.0.2.0/24" },
		{ "192.0.2.53 udp/53 fallback via 2001:db8::1 dev tun0", "the gateway is IPv6, but the prefix 192.0.2.53/32 is IPv4" },
		{ "2001:db8::53 udp/53 fallback via 192.0.2.1 dev tun0", "the gateway is IPv4, but the prefix" },
		{ "192.0.2.53 udp/53 fallback none fallback none", "fallback is given twice" },
		{ "192.0.2.53 udp/53 observe yes", "unknown observe \"yes\"" },
		{ "192.0.2.53 udp/53 shield 2h", "shield 2h: at most 1h" },
		{ "192.0.2.53 udp/53 shield 5", "shield 5: the unit is missing; say 5s or 5ms" },
		{ "192.0.2.53 udp/53 shield on", "shield on: this is no time" },
		{ "192.0.2.53 udp/53 shield", "shield: the value is missing; give a time, as 5s, or off" },
		{ "192.0.2.53 udp/53 stall 99ms", "stall 99ms: a time from 100ms to 1h is needed, or off" },
		{ "192.0.2.53 udp/53 stall 2h", "stall 2h: at most 1h" },
		{ "192.0.2.53 udp/53 stall -1s", "stall -1s: this is no time" },
		{ "192.0.2.53 udp/53 stal 2s", "\"stal\" is ambiguous; say stall or stall-members" },
		{ "192.0.2.53 udp/53 witness main", "witness main: this table has the node's own routes" },
		{ "192.0.2.53 udp/53 witness 255", "witness 255: this table has the node's own routes" },
		{ "192.0.2.53 udp/53 witness on", "witness on: no such name in" },
		{ "192.0.2.53 udp/53 witness -1", "witness -1" },
		{ "192.0.2.53 udp/53 action route table 100 witness 100", "the table of the gate's own route" },
		{ "192.0.2.53 udp/53 stall-members most", "unknown stall-members \"most\"; say all or any" },
		{ "192.0.2.53 udp/53 stall-members a", "ambiguous; say all or any" },
		{ "192.0.2.53 udp/53 fatal yes", "unknown fatal \"yes\"; say off or on" },
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
		cmocka_unit_test(decision),
		cmocka_unit_test(group),
		cmocka_unit_test(damping),
		cmocka_unit_test(bad),
		cmocka_unit_test(too_many_services),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
