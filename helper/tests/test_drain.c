// SPDX-License-Identifier: GPL-2.0
/* drain, and the connections that are left, with a kernel that says how many. */

#include <errno.h>
#include <json-c/json.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "format.h"
#include "harness.h"

static int drain(const char *line)
{
	return run(cmd_drain, line);
}

static struct gate drained(uint32_t flows)
{
	struct gate g = open_gate();

	give(&g, "order flows");
	g.state = ANYGATE_STATE_DRAINED;
	g.reason = ANYGATE_REASON_DRAINED;
	g.order = ANYGATE_ORDER_DRAIN;
	g.flows = flows;
	return g;
}

static void count(uint32_t flows)
{
	struct gate g = drained(flows);

	fake_gate(&g, 0);
	granted(1);
}

static void group(uint32_t flows, uint32_t other)
{
	struct gate a = drained(flows), b = drained(other);

	strcpy(a.name, "dns");
	strcpy(b.name, "dns");
	give(&a, "name");
	give(&b, "name");
	b.prefix = pfx("2001:db8::53");
	fake_gate(&b, NLM_F_MULTI);
	fake_gate(&a, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
}

static void counts(void **state)
{
	(void)state;
	granted(1);
	count(12);
	assert_int_equal(drain("192.0.2.53 for 5m"), ST_OK);
	assert_string_equal(out, "192.0.2.53/32: 12 established TCP connections\n");
	assert_string_equal(err, "");
	assert_sent(attrs_in(0, ANYGATE_CMD_GATE_ORDER), "prefix prefix-len order for");
	assert_sent(attrs_in(1, ANYGATE_CMD_GATE_GET), "prefix prefix-len count-flows");

	granted(1);
	group(1, 0);
	assert_int_equal(drain("dns"), ST_OK);
	assert_string_equal(out, "192.0.2.53/32: 1 established TCP connection\n"
			    "2001:db8::53/128: no established TCP connection\n");
	assert_sent(attrs_in(2, ANYGATE_CMD_GATE_ORDER), "name order");
	assert_sent(attrs_in(3, ANYGATE_CMD_GATE_GET), "name count-flows");
}

static void counts_json(void **state)
{
	struct json_object *o;

	(void)state;
	opt.json = true;
	granted(1);
	group(2, 3);
	assert_int_equal(drain("dns"), ST_OK);
	assert_string_equal(out,
			    "{\"gates\":[{\"prefix\":\"192.0.2.53/32\",\"name\":\"dns\",\"flows\":2},"
			    "{\"prefix\":\"2001:db8::53/128\",\"name\":\"dns\",\"flows\":3}],\"flows\":5}\n");

	granted(1);
	count(1);
	count(0);
	assert_int_equal(drain("192.0.2.53 wait"), ST_OK);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "flows"), "0");
	assert_string_equal(json_path(o, "ended"), "true");
	assert_true(atof(json_path(o, "waited_s")) >= 0.2);
	assert_string_equal(json_path(o, "error"), "absent");
	json_object_put(o);

	granted(1);
	count(4);
	count(4);
	assert_int_equal(drain("192.0.2.53 wait for 1ms"), ST_LEFT);
	assert_string_equal(err, "");
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "flows"), "4");
	assert_string_equal(json_path(o, "ended"), "false");
	assert_string_equal(json_path(o, "status"), "3");
	assert_contains(json_path(o, "error"), "4 established TCP connections left");
	json_object_put(o);
}

static void refused(void **state)
{
	(void)state;
	fake_error(ENOENT, "no such gate", 0);
	fake_end();
	assert_int_equal(drain("192.0.2.53 wait"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: 192.0.2.53/32: No such gate\n");
	assert_string_equal(out, "");
	assert_null(fake_request(1));
}

/* Drained is drained, even if nobody can tell what is left. */
static void no_count(void **state)
{
	struct gate g = drained(0);

	(void)state;
	take(&g, "flows");
	granted(1);
	fake_error(EINVAL, "Unknown attribute type", 0);
	fake_end();
	assert_int_equal(drain("192.0.2.53"), ST_OK);
	assert_string_equal(err, "anygatectl: drained, but 192.0.2.53/32: the loaded module does not know this; is it older than anygatectl?\n");

	granted(1);
	fake_gate(&g, 0);
	granted(1);
	assert_int_equal(drain("192.0.2.53 wait"), ST_REFUSED);
	assert_contains(err, "drained, but 192.0.2.53/32: the loaded module does not count connections");
}

static void waits(void **state)
{
	(void)state;
	granted(1);
	count(0);
	assert_int_equal(drain("192.0.2.53 wait for 1h"), ST_OK);
	assert_contains(out, "192.0.2.53/32: no established TCP connection\n"
			"192.0.2.53/32: no established TCP connection left after ");

	granted(1);
	group(1, 1);
	group(0, 1);
	group(0, 0);
	assert_int_equal(drain("dns for 10m wait"), ST_OK);
	assert_contains(out, "2001:db8::53/128: 1 established TCP connection\n"
			"dns: no established TCP connection left after ");
	assert_sent(attrs_in(2, ANYGATE_CMD_GATE_ORDER), "name order for");
	assert_non_null(fake_request(5));
	assert_null(fake_request(6));
}

/* Whoever makes gates all the time interrupts each of the attempts to read them. */
static void interrupted_dump(uint32_t flows)
{
	struct gate g = drained(flows);
	unsigned int i;

	strcpy(g.name, "dns");
	give(&g, "name");
	for (i = 0; i < 20; i++) {
		fake_gate(&g, NLM_F_MULTI | NLM_F_DUMP_INTR);
		fake_done(0, NLM_F_DUMP_INTR);
		fake_end();
	}
}

static void incomplete(void **state)
{
	(void)state;
	granted(1);
	interrupted_dump(2);
	assert_int_equal(drain("dns"), ST_OK);
	assert_string_equal(out, "192.0.2.53/32: 2 established TCP connections\n");
	assert_contains(err, "drained, but dns: the gates change while their connections are counted");
}

static void incomplete_json(void **state)
{
	(void)state;
	opt.json = true;
	granted(1);
	interrupted_dump(2);
	assert_int_equal(drain("dns"), ST_OK);
	assert_contains(out, "{\"error\":\"drained, but dns: the gates change");
	assert_contains(out, "\"status\":0}");
}

/* That a gate is missing in the answer does not end its connections. */
static void incomplete_wait(void **state)
{
	(void)state;
	granted(1);
	group(0, 1);
	interrupted_dump(0);
	group(0, 0);
	assert_int_equal(drain("dns wait"), ST_OK);
	assert_non_null(fake_request(22));
	assert_null(fake_request(23));
}

static void incomplete_start(void **state)
{
	(void)state;
	granted(1);
	interrupted_dump(0);
	assert_int_equal(drain("dns wait for 1ms"), ST_LEFT);
	assert_contains(err, "dns: connections that could not be counted left after ");
}

static void time_is_up(void **state)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), took;

	(void)state;
	granted(1);
	count(3);
	count(2);
	count(2);
	assert_int_equal(drain("192.0.2.53 for 10m wait for 250ms"), ST_LEFT);
	took = clock_ns(CLOCK_MONOTONIC) - begin;
	assert_true(took >= 250 * NSEC_PER_MSEC);
	assert_string_equal(out, "192.0.2.53/32: 3 established TCP connections\n");
	assert_contains(err, "anygatectl: 192.0.2.53/32: 2 established TCP connections left after ");
	assert_contains(err, "; the drain stays in force\n");
}

static void revoked(void **state)
{
	struct gate g = drained(2);

	(void)state;
	g.order = ANYGATE_ORDER_FOLLOW;
	granted(1);
	count(2);
	fake_gate(&g, 0);
	granted(1);
	assert_int_equal(drain("192.0.2.53 wait"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: 192.0.2.53/32: the drain has ended or was revoked, with 2 established TCP connections left\n");

	/* or the gate is gone altogether */
	granted(1);
	count(2);
	fake_error(ENOENT, NULL, 0);
	fake_end();
	assert_int_equal(drain("192.0.2.53 wait"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: 192.0.2.53/32: No such gate\n");
}

static void interrupted(void **state)
{
	sigset_t set, old;

	(void)state;
	/* whoever runs this in the background may have it ignored */
	signal(SIGINT, SIG_DFL);
	/* it has come before the wait begins, so that this is no race */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &old);
	kill(getpid(), SIGINT);
	granted(1);
	count(2);
	assert_int_equal(drain("192.0.2.53 wait"), ST_LEFT);
	assert_contains(err, "anygatectl: 192.0.2.53/32: interrupted after ");
	assert_contains(err, " with 2 established TCP connections left; the drain stays in force\n");
	assert_null(fake_request(2));
	/* it is for this program no more */
	signal(SIGINT, SIG_IGN);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGINT, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		verb_test(counts),
		verb_test(counts_json),
		verb_test(refused),
		verb_test(no_count),
		verb_test(waits),
		verb_test(incomplete),
		verb_test(incomplete_json),
		verb_test(incomplete_wait),
		verb_test(incomplete_start),
		verb_test(time_is_up),
		verb_test(revoked),
		verb_test(interrupted),
	};

	return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}
