// SPDX-License-Identifier: GPL-2.0
/* Times, and what a table says of a gate. */

#include <errno.h>

#include "forms.h"
#include "names.h"

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

	g = open_gate();
	g.state = ANYGATE_STATE_KEPT;
	g.reason = ANYGATE_REASON_ALONE;
	g.witness = 4242;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)), "KEPT: no other path in table 4242");
	g.services[1].listeners = 0;
	assert_string_equal(why_text(&g, NOW, buf, sizeof(buf)),
			    "KEPT: no other path in table 4242, LISTENERS ARE MISSING");

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(announced),
		cmocka_unit_test(why),
		cmocka_unit_test(why_decided),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
