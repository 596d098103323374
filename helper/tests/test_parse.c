// SPDX-License-Identifier: GPL-2.0
/* Words of the command line, good and bad. */

#include <linux/anygate.h>

#include "testlib.h"

static void prefix_good(void **state)
{
	static const struct {
		const char *arg, *text;
	} cases[] = {
		{ "192.0.2.53/32", "192.0.2.53/32" },
		{ "192.0.2.53", "192.0.2.53/32" },
		{ "192.0.2.0/24", "192.0.2.0/24" },
		{ "192.0.2.128/25", "192.0.2.128/25" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "2001:db8::53/128", "2001:db8::53/128" },
		{ "2001:DB8:0:0::53", "2001:db8::53/128" },
		{ "2001:db8::/32", "2001:db8::/32" },
		{ "2001:db8::8000:0:0:0/65", "2001:db8:0:0:8000::/65" },
	};
	char buf[PREFIX_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix p = pfx(cases[i].arg);

		assert_string_equal(prefix_text(&p, buf), cases[i].text);
	}
}

static void prefix_bad(void **state)
{
	static const struct {
		const char *arg, *text;
	} cases[] = {
		{ "", "is no prefix" },
		{ "/", "is no prefix" },
		{ "/24", "is no prefix" },
		{ "nonsense", "nonsense is no prefix" },
		{ "192.0.2", "is no prefix" },
		{ "192.0.2.256", "is no prefix" },
		{ "192.0.2.053", "is no prefix" },
		{ " 192.0.2.53", "is no prefix" },
		{ "fe80::1%lo", "is no prefix" },
		{ "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000/64", "is no prefix" },
		{ "192.0.2.53/", "number from 0 to 32" },
		{ "192.0.2.53/33", "number from 0 to 32" },
		{ "192.0.2.53/-1", "number from 0 to 32" },
		{ "192.0.2.53/+24", "number from 0 to 32" },
		{ "192.0.2.53/24 ", "number from 0 to 32" },
		{ "192.0.2.53/24/24", "number from 0 to 32" },
		{ "192.0.2.53/4294967328", "number from 0 to 32" },
		{ "192.0.2.53/18446744073709551648", "number from 0 to 32" },
		{ "2001:db8::/129", "number from 0 to 128" },
		{ "192.0.2.53/24", "say 192.0.2.0/24 for the prefix or 192.0.2.53/32 for the host" },
		{ "192.0.2.129/25", "say 192.0.2.128/25" },
		{ "192.0.2.1/0", "say 0.0.0.0/0" },
		{ "2001:db8::53/64", "say 2001:db8::/64 for the prefix or 2001:db8::53/128" },
		{ "::ffff:192.0.2.53", "say 192.0.2.53/32" },
		{ "::ffff:192.0.2.0/120", "say 192.0.2.0/24" },
	};
	struct prefix p;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse_prefix(cases[i].arg, &p, &e), -1);
		assert_contains(e.text, cases[i].text);
		assert_contains(e.text, cases[i].arg);
	}
}

static void service_good(void **state)
{
	static const struct {
		const char *arg, *text;
	} cases[] = {
		{ "udp/53", "udp/53" },
		{ "tcp/1", "tcp/1" },
		{ "tcp/65535", "tcp/65535" },
		{ "udp/00053", "udp/53" },
		{ "udp/domain", "udp/53" },
		{ "tcp/https", "tcp/443" },
		{ "192.0.2.53:udp/53", "192.0.2.53:udp/53" },
		{ "[2001:db8::53]:tcp/443", "[2001:db8::53]:tcp/443" },
	};
	struct prefix p = pfx("198.51.100.0/24");
	char buf[SERVICE_TEXT];
	struct service s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		s = svc(cases[i].arg, NULL, 0);
		assert_string_equal(service_text(&s, &p, buf), cases[i].text);
	}
}

static void service_bad(void **state)
{
	static const struct {
		const char *arg, *text;
	} cases[] = {
		{ "", "is no service" },
		{ "53", "is no service" },
		{ "/", "unknown protocol \"\"" },
		{ "/53", "unknown protocol \"\"" },
		{ "sctp/53", "unknown protocol \"sctp\"; say tcp or udp" },
		{ "UDP/53", "unknown protocol \"UDP\"" },
		{ "ud/53", "unknown protocol \"ud\"" },
		{ "53/udp", "say udp/53" },
		{ "192.0.2.53:53/udp", "say 192.0.2.53:udp/53" },
		{ "udp/0", "port 0 is not in the range 1 to 65535" },
		{ "udp/70000", "port 70000 is not in the range 1 to 65535" },
		{ "udp/65536", "port 65536 is not in the range" },
		{ "udp/4294967349", "is not in the range" },
		{ "udp/18446744073709551669", "is not in the range" },
		{ "udp/-53", "no service \"-53\"" },
		{ "udp/ 53", "no service \" 53\"" },
		{ "udp/", "the port is missing" },
		{ "udp/no-such-service", "no service \"no-such-service\" for udp in /etc/services" },
		{ ":udp/53", "is no address" },
		{ "192.0.2.256:udp/53", "\"192.0.2.256\" is no address" },
		{ "[]:udp/53", "is no address" },
		{ "[:udp/53", "is no address" },
		{ "[2001:db8::53:udp/53", "is no address" },
		{ "[2001:db8::53]udp/53", "unknown protocol" },
		{ "2001:db8::53:udp/53", "needs brackets: [2001:db8::53]:udp/53" },
		{ "[192.0.2.53]:udp/53", "192.0.2.53:udp/53" },
		{ "[::ffff:192.0.2.53]:udp/53", "in disguise" },
		{ "2001:0db8:0000:0000:0000:0000:0000:0000:0000:0053:udp/53", "is no address" },
	};
	struct service s;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse_service(cases[i].arg, &s, &e), -1);
		assert_contains(e.text, cases[i].text);
		assert_contains(e.text, cases[i].arg);
	}
}

static void delay_good(void **state)
{
	static const struct {
		const char *arg;
		uint32_t ms;
	} cases[] = {
		{ "0", 0 }, { "0.0", 0 }, { "0s", 0 }, { "0h", 0 }, { "300ms", 300 }, { "2s", 2000 },
		{ "5m", 300000 }, { "1h", 3600000 }, { "1.5s", 1500 }, { "0.5s", 500 },
		{ "0.001s", 1 }, { "1.2340s", 1234 }, { "0.25m", 15000 }, { "0.5h", 1800000 },
		{ "0.000005h", 18 }, { "0.0000025h", 9 }, { "1.0ms", 1 }, { "60m", 3600000 },
		{ "3600s", 3600000 }, { "3600000ms", 3600000 }, { "0003s", 3000 },
		{ "0.50000000000000000000s", 500 }, { "0d", 0 }, { "0.0000003125d", 27 },
		{ "0.01d", 864000 },
	};
	struct err e;
	uint32_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (parse_time("up", cases[i].arg, 0, ANYGATE_DELAY_MAX, &ms, &e))
			fail_msg("%s", e.text);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void delay_bad(void **state)
{
	static const struct {
		const char *arg, *text;
	} cases[] = {
		{ "5", "the unit is missing; say 5s or 5ms" },
		{ "1.5", "the unit is missing; say 1.5s" },
		{ "1.00001", "the unit is missing; say for example 300ms" },
		{ "", "no time" }, { "s", "no time" }, { ".", "no time" }, { ".5s", "no time" },
		{ "1.s", "no time" }, { "1..5s", "no time" }, { "-1s", "no time" },
		{ "1 s", "no time" }, { "1d", "at most 1h" }, { "1D", "no time" }, { "1S", "no time" },
		{ "1us", "no time" }, { "1s5", "no time" }, { "0x5s", "no time" },
		{ "inf", "no time" }, { "soon", "no time" },
		{ "0.5ms", "whole milliseconds" }, { "0.0005s", "whole milliseconds" },
		{ "0.00000000001h", "whole milliseconds" },
		{ "0.0000055h", "whole milliseconds" },
		{ "61m", "at most 1h" }, { "3600.001s", "at most 1h" }, { "2h", "at most 1h" },
		{ "3600001ms", "at most 1h" }, { "4294967297ms", "at most 1h" },
		{ "99999999999999999999999h", "at most 1h" },
	};
	struct err e;
	uint32_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse_time("up", cases[i].arg, 0, ANYGATE_DELAY_MAX, &ms, &e), -1);
		assert_contains(e.text, cases[i].text);
		assert_contains(e.text, cases[i].arg);
	}
}

static void numbers(void **state)
{
	static const char *const bad[] = {
		"", "0", "-1", "+1", "1 ", "0x10", "4294967296", "18446744073709551617", "x",
	};
	struct err e;
	uint32_t n;
	size_t i;

	(void)state;
	assert_int_equal(parse_number("metric", "4294967295", 1, UINT32_MAX, &n, &e), 0);
	assert_int_equal(n, UINT32_MAX);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse_number("metric", bad[i], 1, UINT32_MAX, &n, &e), -1);
		assert_contains(e.text, "metric");
		assert_contains(e.text, bad[i]);
	}
}

static void time_ranges(void **state)
{
	static const struct {
		const char *arg;
		uint32_t min, max;
		const char *text;
	} cases[] = {
		{ "0", 1000, 3600000, "half-life 0: a time from 1s to 1h is needed" },
		{ "999ms", 1000, 3600000, "half-life 999ms: a time from 1s to 1h" },
		{ "2h", 1000, 3600000, "half-life 2h: a time from 1s to 1h" },
		{ "49.0001d", 0, TIME_MAX, "half-life 49.0001d: at most 49d" },
		{ "50d", 1, TIME_MAX, "half-life 50d: a time from 1ms to 49d" },
		{ "99999999999d", 0, TIME_MAX, "at most 49d" },
		{ "4233600001ms", 0, TIME_MAX, "at most 49d" },
	};
	struct err e;
	uint32_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse_time("half-life", cases[i].arg, cases[i].min, cases[i].max,
					    &ms, &e), -1);
		assert_contains(e.text, cases[i].text);
	}
	assert_int_equal(parse_time("for", "49d", 1, TIME_MAX, &ms, &e), 0);
	assert_int_equal(ms, TIME_MAX);
	assert_int_equal(parse_time("for", "1ms", 1, TIME_MAX, &ms, &e), 0);
	assert_int_equal(ms, 1);
	assert_int_equal(parse_time("for", "1.5d", 1, TIME_MAX, &ms, &e), 0);
	assert_int_equal(ms, 129600000);
}

static void names(void **state)
{
	static const char *const good[] = {
		"a", "dns", "DNS-2", "a.b_c-d", "n0ne", "abcdefghijklmnopqrstuvwxyz01234",
	};
	static const struct {
		const char *arg, *text;
	} bad[] = {
		{ "", "a letter" }, { "1a", "a letter" }, { "-a", "a letter" }, { "a b", "a letter" },
		{ "a,b", "a letter" }, { "a/b", "a letter" }, { "a:b", "a letter" },
		{ "\303\244", "a letter" }, { "none", "meaning of its own" },
		{ "for", "meaning of its own" }, { "help", "meaning of its own" },
		{ "abcdefghijklmnopqrstuvwxyz012345", "at most 31" },
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++)
		if (parse_name("name", good[i], &e))
			fail_msg("%s", e.text);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse_name("name", bad[i].arg, &e), -1);
		assert_contains(e.text, bad[i].text);
		assert_contains(e.text, bad[i].arg);
	}
}

static void gateways(void **state)
{
	static const char *const bad[] = {
		"", "router", "192.0.2.0/24", "0.0.0.0", "::", "::ffff:192.0.2.1", "192.0.2.1:53",
	};
	struct ipaddr a;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(parse_gateway("fallback via", "192.0.2.1", &a, &e), 0);
	assert_int_equal(a.family, AF_INET);
	assert_int_equal(parse_gateway("fallback via", "2001:db8::1", &a, &e), 0);
	assert_int_equal(a.family, AF_INET6);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse_gateway("fallback via", bad[i], &a, &e), -1);
		assert_contains(e.text, "fallback via");
		assert_contains(e.text, bad[i]);
	}
}

static void devices(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", "a/b", "a b", "a:1", "a\tb", "sixteen-letters-",
	};
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(parse_device("dev", "fifteen-letters", &e), 0);
	assert_int_equal(parse_device("dev", "eth0.100", &e), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse_device("dev", bad[i], &e), -1);
		assert_contains(e.text, "dev");
		assert_contains(e.text, bad[i]);
	}
}

static void words(void **state)
{
	static const char *const list[] = { "dev", "down", "downward", "up" };
	struct err e;

	(void)state;
	assert_int_equal(match_word("word", "dev", list, 4, &e), 0);
	assert_int_equal(match_word("word", "de", list, 4, &e), 0);
	assert_int_equal(match_word("word", "down", list, 4, &e), 1);
	assert_int_equal(match_word("word", "downw", list, 4, &e), 2);
	assert_int_equal(match_word("word", "u", list, 4, &e), 3);
	assert_int_equal(match_word("word", "d", list, 4, &e), -1);
	assert_string_equal(e.text, "word \"d\" is ambiguous; say dev, down or downward");
	assert_int_equal(match_word("word", "do", list, 4, &e), -1);
	assert_string_equal(e.text, "word \"do\" is ambiguous; say down or downward");
	assert_int_equal(match_word("word", "ups", list, 4, &e), -1);
	assert_string_equal(e.text, "unknown word \"ups\"; say dev, down, downward or up");
	assert_int_equal(match_word("word", "", list, 4, &e), -1);
	assert_contains(e.text, "unknown word \"\"");
}

static bool contains(const struct prefix *p, const char *addr)
{
	struct prefix host = pfx(addr);

	return prefix_contains(p, &host.addr);
}

static void order(void **state)
{
	struct prefix v4 = pfx("192.0.2.0/24"), longer = pfx("192.0.2.0/25");
	struct prefix other = pfx("192.0.3.0/24"), v6 = pfx("2001:db8::/32");

	(void)state;
	assert_true(prefix_cmp(&v4, &longer) < 0);
	assert_true(prefix_cmp(&longer, &other) < 0);
	assert_true(prefix_cmp(&other, &v6) < 0);
	assert_true(prefix_cmp(&v6, &v4) > 0);
	assert_int_equal(prefix_cmp(&v6, &v6), 0);

	assert_true(contains(&longer, "192.0.2.127"));
	assert_false(contains(&longer, "192.0.2.128"));
	assert_true(contains(&v6, "2001:db8:ffff::1"));
	assert_false(contains(&v6, "2001:db9::"));
	assert_false(prefix_contains(&v4, &v6.addr));
	assert_true(prefix_contains(&(struct prefix){ v4.addr, 0 }, &other.addr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefix_good),
		cmocka_unit_test(prefix_bad),
		cmocka_unit_test(service_good),
		cmocka_unit_test(service_bad),
		cmocka_unit_test(delay_good),
		cmocka_unit_test(delay_bad),
		cmocka_unit_test(numbers),
		cmocka_unit_test(time_ranges),
		cmocka_unit_test(names),
		cmocka_unit_test(gateways),
		cmocka_unit_test(devices),
		cmocka_unit_test(words),
		cmocka_unit_test(order),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
