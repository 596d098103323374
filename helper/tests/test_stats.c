// SPDX-License-Identifier: GPL-2.0
/* The counters of gates: as attributes, as text, as JSON. */

#include <errno.h>
#include <json-c/json.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "cmd.h"
#include "harness.h"
#include "stats.h"

static int stats(const char *line)
{
	return run(cmd_stats, line);
}

static void decode(struct stats *st, struct nl_msg *msg)
{
	stats_decode(st, nlmsg_attrdata(nlmsg_hdr(msg), 0), nlmsg_attrlen(nlmsg_hdr(msg), 0));
}

static struct nl_msg *message(void)
{
	struct nl_msg *msg = nlmsg_alloc_size(65536);

	nlmsg_put(msg, 0, 0, 0, 0, 0);
	return msg;
}

static void round_trip(void **state)
{
	struct stats in = full_stats(), st;
	struct nl_msg *msg = message();

	(void)state;
	encode_stats(msg, &in);
	decode(&st, msg);
	nlmsg_free(msg);
	assert_memory_equal(&in, &st, sizeof(in));
}

static void broken(void **state)
{
	struct nl_msg *msg = message();
	struct stats in = full_stats(), st;
	int i;

	(void)state;
	nla_put(msg, ANYGATE_A_STATS_PREFIX, 5, "12345");
	nla_put(msg, ANYGATE_A_STATS_TRANSITION, 3, "\xff\xff\xff");
	nla_put(msg, ANYGATE_A_STATS_LATENCY, 3, "\xff\xff\xff");
	nla_put(msg, ANYGATE_A_STATS_LISTENER, 3, "\xff\xff\xff");
	nla_put_u32(msg, 1000, 1);
	decode(&st, msg);
	assert_int_equal(st.prefix.addr.family, 0);
	assert_int_equal(stats_actions(&st), 0);
	nlmsg_free(msg);

	/* more than there is room for is told as such */
	msg = message();
	for (i = 0; i < 40; i++)
		encode_stats(msg, &in);
	decode(&st, msg);
	assert_int_equal(st.n_listeners, ANYGATE_LISTENERS_MAX);
	assert_int_equal(st.left_off, 5 + 80 - ANYGATE_LISTENERS_MAX);
	assert_int_equal(st.n_steps, STEPS_MAX);
	assert_int_equal(st.n_transitions, REASONS_MAX);
	nlmsg_free(msg);
}

static void quantiles(void **state)
{
	struct stats st = { 0 };
	uint64_t ns = 0;

	(void)state;
	assert_false(stats_quantile(&st, 50, &ns));
	st.n_steps = 4;
	st.steps[0] = (struct step){ 10000, 0 };
	st.steps[1] = (struct step){ 20000, 100 };
	st.steps[2] = (struct step){ 50000, 0 };
	st.steps[3] = (struct step){ UINT64_MAX, 0 };
	assert_true(stats_quantile(&st, 50, &ns));
	assert_int_equal(ns, 15000);
	assert_true(stats_quantile(&st, 99, &ns));
	assert_int_equal(ns, 19900);
	assert_true(stats_quantile(&st, 0, &ns));
	assert_int_equal(ns, 10000);
	assert_true(stats_quantile(&st, 100, &ns));
	assert_int_equal(ns, 20000);
	st.steps[3].count = 2;
	assert_true(stats_quantile(&st, 50, &ns));
	assert_int_equal(ns, 15100);
	assert_false(stats_quantile(&st, 99, &ns));
	assert_int_equal(ns, 50000);
	/* a single one */
	st.steps[1].count = 1;
	st.steps[3].count = 0;
	assert_true(stats_quantile(&st, 50, &ns));
	assert_int_equal(ns, 15000);
}

static void one(void **state)
{
	struct stats st = full_stats();

	(void)state;
	fake_stats(&st, 0);
	fake_error(0, NULL, 0);
	fake_end();
	assert_int_equal(stats("192.0.2.53"), ST_OK);
	assert_string_equal(err, "");
	assert_string_equal(out,
			    "prefix: 192.0.2.53/32\n"
			    "name: dns\n"
			    "transitions: 12 (no-listener 5, listener 6, 77 1)\n"
			    "errors: 2\n"
			    "latency: 10 actions, mean 70us, p50 about 67us, p99 over 1000.0ms\n"
			    "  TOOK         ACTIONS\n"
			    "  under 50us   3\n"
			    "  under 100us  6\n"
			    "  longer       1\n"
			    "listeners: 7\n"
			    "  LISTENER  INODE   QUEUE  LIMIT   DROPS  OLDEST  STATE\n"
			    "  udp/53    12345   0      212992  5      -       -\n"
			    "  tcp/53    kernel  12     128     0      3.2s    stalled\n"
			    "  and 5 more\n");
	assert_int_equal(fake_request(0)->nlmsg_flags & NLM_F_DUMP, 0);
	assert_int_equal(((struct genlmsghdr *)NLMSG_DATA(fake_request(0)))->cmd,
			 ANYGATE_CMD_STATS_GET);
}

static void json(void **state)
{
	struct stats st = full_stats();
	struct json_object *o;

	(void)state;
	opt.json = true;
	fake_stats(&st, 0);
	fake_error(0, NULL, 0);
	assert_int_equal(stats("192.0.2.53"), ST_OK);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "0.prefix"), "\"192.0.2.53/32\"");
	assert_string_equal(json_path(o, "0.name"), "\"dns\"");
	assert_string_equal(json_path(o, "0.id"), "7");
	assert_string_equal(json_path(o, "0.transitions.listener"), "6");
	assert_string_equal(json_path(o, "0.errors"), "2");
	assert_string_equal(json_path(o, "0.latency.count"), "10");
	assert_string_equal(json_path(o, "0.latency.sum_ns"), "700000");
	assert_string_equal(json_path(o, "0.latency.p50_ns"), "66666");
	assert_string_equal(json_path(o, "0.latency.p99_ns"), "null");
	assert_string_equal(json_path(o, "0.latency.buckets.0.below_ns"), "10000");
	assert_string_equal(json_path(o, "0.latency.buckets.1.count"), "3");
	assert_string_equal(json_path(o, "0.latency.buckets.4.below_ns"), "absent");
	assert_string_equal(json_path(o, "0.listeners.0.service"), "\"udp/53\"");
	assert_string_equal(json_path(o, "0.listeners.0.address"), "\"192.0.2.53\"");
	assert_string_equal(json_path(o, "0.listeners.0.protocol"), "\"udp\"");
	assert_string_equal(json_path(o, "0.listeners.0.port"), "53");
	assert_string_equal(json_path(o, "0.listeners.0.inode"), "12345");
	assert_string_equal(json_path(o, "0.listeners.0.drops"), "5");
	assert_string_equal(json_path(o, "0.listeners.0.age_ms"), "absent");
	assert_string_equal(json_path(o, "0.listeners.0.stalled"), "false");
	assert_string_equal(json_path(o, "0.listeners.1.queue"), "12");
	assert_string_equal(json_path(o, "0.listeners.1.limit"), "128");
	assert_string_equal(json_path(o, "0.listeners.1.age_ms"), "3200");
	assert_string_equal(json_path(o, "0.listeners.1.stalled"), "true");
	assert_string_equal(json_path(o, "0.left_off"), "5");
	json_object_put(o);
}

static void several(void **state)
{
	struct stats a = full_stats(), b = { .prefix = pfx("2001:db8::53") };
	struct nlattr *attrs;
	const struct nlmsghdr *nlh;

	(void)state;
	fake_stats(&b, NLM_F_MULTI);
	fake_stats(&a, NLM_F_MULTI | NLM_F_DUMP_INTR);
	fake_done(0, 0);
	fake_end();
	fake_stats(&b, NLM_F_MULTI);
	fake_stats(&a, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	assert_int_equal(stats(""), ST_OK);
	assert_contains(out, "  and 5 more\n\n"
			"prefix: 2001:db8::53/128\n"
			"transitions: 0\n"
			"errors: 0\n"
			"latency: 0 actions\n"
			"listeners: 0\n");
	assert_int_equal(fake_request(1)->nlmsg_flags & NLM_F_DUMP, NLM_F_DUMP);

	fake_stats(&a, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	assert_int_equal(stats("dns"), ST_OK);
	nlh = fake_request(2);
	attrs = nla_find(nlmsg_attrdata(nlh, GENL_HDRLEN), nlmsg_attrlen(nlh, GENL_HDRLEN),
			 ANYGATE_A_STATS_NAME);
	assert_non_null(attrs);
	assert_string_equal(nla_get_string(attrs), "dns");
}

static void refused(void **state)
{
	(void)state;
	fake_error(ENOENT, "no such gate", 0);
	fake_end();
	fake_done(0, 0);
	fake_end();
	fake_error(EOPNOTSUPP, NULL, 0);
	fake_end();
	assert_int_equal(stats("192.0.2.53"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: 192.0.2.53/32: No such gate\n");
	assert_int_equal(stats("dns"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: dns: no gate has this name\n");
	assert_int_equal(stats(""), ST_REFUSED);
	assert_contains(err, "stats: the loaded module does not know this request");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(broken),
		cmocka_unit_test(quantiles),
		verb_test(one),
		verb_test(json),
		verb_test(several),
		verb_test(refused),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
