// SPDX-License-Identifier: GPL-2.0
/* Gates, events and status from their attributes, complete and broken. */

#include <errno.h>
#include <json-c/json.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "show.h"
#include "testlib.h"

static void decode(struct gate *g, struct nl_msg *msg)
{
	gate_decode(g, nlmsg_attrdata(nlmsg_hdr(msg), 0), nlmsg_attrlen(nlmsg_hdr(msg), 0));
}

static struct nl_msg *message(void)
{
	struct nl_msg *msg = nlmsg_alloc_size(65536);

	nlmsg_put(msg, 0, 0, 0, 0, 0);
	return msg;
}

static void round_trip(void **state)
{
	struct gate in = closed_gate(), out;
	struct nl_msg *msg = message();
	size_t i;

	(void)state;
	/* every attribute there is, but for those of requests only */
	for (i = 1; i <= ANYGATE_A_GATE_MAX; i++)
		in.has[i] = true;
	take(&in, "pad require for force lease-name verdict count-flows");
	strcpy(in.name, "dns");
	in.need = 1;
	in.damp = ANYGATE_SWITCH_ON;
	in.damp_penalty = 21;
	in.damp_suppress = 22;
	in.damp_reuse = 23;
	in.damp_half_life = 24;
	in.damp_max = 25;
	in.on_expiry = ANYGATE_ON_EXPIRY_IGNORE;
	in.fallback_via = pfx("2001:db8::1").addr;
	strcpy(in.fallback_dev, "tun0");
	in.order = ANYGATE_ORDER_PIN;
	in.order_until = 26;
	in.observe = ANYGATE_SWITCH_ON;
	in.observe_until = 27;
	in.n_leases = 2;
	in.leases[0] = (struct lease){ "zone", ANYGATE_VERDICT_UP, 28 };
	in.leases[1] = (struct lease){ "dig", ANYGATE_VERDICT_NONE, 0 };
	in.fallback = ANYGATE_SWITCH_ON;
	in.figure = 29;
	in.release_at = 30;
	in.table = 254;
	in.metric = 1024;
	strcpy(in.listen_dev, "vrf1");
	in.deadline = 1;
	in.error = ENODEV;
	strcpy(in.error_msg, "add address");
	in.retry_at = 2;
	in.kind = ANYGATE_EVENT_KIND_TRANSITION;
	in.seq = 1ULL << 40;
	in.time = 3;
	in.old_state = ANYGATE_STATE_OPEN;
	in.source = ANYGATE_SOURCE_TIMER;
	in.trigger = svc("udp/53", "2001:db8::53", 0);
	in.pid = 4;
	strcpy(in.comm, "nsd");
	in.wait_ns = 5;
	in.probe_ns = 6;
	in.act_ns = 7;
	in.total_ns = 8;
	in.probes = ANYGATE_PROBES_LIVE;
	in.shield = 31;
	in.stall = 132;
	in.stall_members = ANYGATE_MEMBERS_ANY;
	in.fatal = ANYGATE_SWITCH_ON;
	in.shield_until = 33;
	in.shield_dropped = 1ULL << 41;
	in.shield_first = 34;
	in.shield_last = 35;
	in.flows = 36;
	in.witness = 100;
	in.services[0].queued = true;
	in.services[0].queue = 37;
	in.services[0].limit = 38;
	in.services[0].drops = 1ULL << 42;
	in.services[0].waiting = true;
	in.services[0].age = 39;
	in.services[0].stalled = 40;
	in.services[0].dying = 41;
	encode_gate(msg, &in);
	decode(&out, msg);
	assert_memory_equal(in.has, out.has, sizeof(in.has));
	assert_int_equal(out.n_services, 1);
	assert_int_equal(out.services[0].queue, 37);
	assert_int_equal(out.services[0].limit, 38);
	assert_true(out.services[0].drops == 1ULL << 42);
	assert_true(out.services[0].queued && out.services[0].waiting);
	assert_int_equal(out.services[0].age, 39);
	assert_int_equal(out.services[0].stalled, 40);
	assert_int_equal(out.services[0].dying, 41);
	assert_false(out.trigger.queued || out.trigger.waiting);
	assert_int_equal(out.shield, 31);
	assert_int_equal(out.stall, 132);
	assert_int_equal(out.stall_members, ANYGATE_MEMBERS_ANY);
	assert_int_equal(out.fatal, ANYGATE_SWITCH_ON);
	assert_int_equal(out.shield_until, 33);
	assert_true(out.shield_dropped == 1ULL << 41);
	assert_int_equal(out.shield_first, 34);
	assert_int_equal(out.shield_last, 35);
	assert_int_equal(out.flows, 36);
	assert_int_equal(out.witness, 100);
	assert_memory_equal(&in.prefix, &out.prefix, sizeof(in.prefix));
	assert_memory_equal(in.leases, out.leases, sizeof(in.leases));
	assert_int_equal(out.n_leases, 2);
	assert_string_equal(out.name, "dns");
	assert_int_equal(out.need, 1);
	assert_int_equal(out.damp, ANYGATE_SWITCH_ON);
	assert_int_equal(out.damp_penalty, 21);
	assert_int_equal(out.damp_suppress, 22);
	assert_int_equal(out.damp_reuse, 23);
	assert_int_equal(out.damp_half_life, 24);
	assert_int_equal(out.damp_max, 25);
	assert_int_equal(out.on_expiry, ANYGATE_ON_EXPIRY_IGNORE);
	assert_true(ip_equal(&out.fallback_via, &in.fallback_via));
	assert_string_equal(out.fallback_dev, "tun0");
	assert_int_equal(out.order, ANYGATE_ORDER_PIN);
	assert_int_equal(out.order_until, 26);
	assert_int_equal(out.observe, ANYGATE_SWITCH_ON);
	assert_int_equal(out.observe_until, 27);
	assert_int_equal(out.fallback, ANYGATE_SWITCH_ON);
	assert_int_equal(out.figure, 29);
	assert_int_equal(out.release_at, 30);
	assert_int_equal(out.metric, 1024);
	assert_string_equal(out.listen_dev, "vrf1");
	assert_int_equal(out.error, ENODEV);
	assert_string_equal(out.error_msg, "add address");
	assert_true(out.seq == 1ULL << 40);
	assert_int_equal(out.trigger.port, 53);
	assert_int_equal(out.total_ns, 8);
	assert_string_equal(out.closer_comm, "nsd");
	nlmsg_free(msg);
}

static void broken(void **state)
{
	struct nl_msg *msg = message();
	struct gate g;

	(void)state;
	nla_put(msg, ANYGATE_A_GATE_PREFIX, 5, "12345");
	nla_put(msg, ANYGATE_A_GATE_ID, 2, "12");
	nla_put(msg, ANYGATE_A_GATE_SINCE, 4, "1234");
	nla_put(msg, ANYGATE_A_GATE_SERVICE, 3, "\xff\xff\xff");
	nla_put(msg, ANYGATE_A_GATE_LEASE, 3, "\xff\xff\xff");
	nla_put_u32(msg, ANYGATE_A_GATE_MAX + 1, 1);
	nla_put_u32(msg, 1000, 1);
	nla_put(msg, ANYGATE_A_GATE_CLOSER_COMM, 6, "a\033b\nc\377");
	decode(&g, msg);
	assert_has(&g, "service lease closer-comm");
	assert_int_equal(g.services[0].port, 0);
	assert_string_equal(g.closer_comm, "a\\x1bb\\x0ac\\xff");
	nlmsg_free(msg);
}

static void too_many(void **state)
{
	struct nl_msg *msg = message();
	struct gate g = open_gate();
	char comm[600];
	int i;

	(void)state;
	g.n_leases = 1;
	for (i = 0; i < 50; i++)
		encode_gate(msg, &g);
	memset(comm, '\033', sizeof(comm));
	nla_put(msg, ANYGATE_A_GATE_CLOSER_COMM, sizeof(comm), comm);
	nla_put(msg, ANYGATE_A_GATE_ERROR_MSG, sizeof(comm), comm);
	nla_put(msg, ANYGATE_A_GATE_DEV, sizeof(comm), comm);
	decode(&g, msg);
	assert_int_equal(g.n_services, ANYGATE_SERVICES_MAX);
	assert_int_equal(g.n_leases, ANYGATE_LEASES_MAX);
	assert_int_equal(strlen(g.closer_comm), COMM_TEXT - 1);
	nlmsg_free(msg);
}

/* Shown it may look like an escape; as the kernel knows it, it is none. */
static void raw_devices(void **state)
{
	struct nl_msg *msg = message();
	struct gate g;

	(void)state;
	nla_put_string(msg, ANYGATE_A_GATE_DEV, "\\x41");
	nla_put_string(msg, ANYGATE_A_GATE_LISTEN_DEV, "d\xff\\x");
	nla_put(msg, ANYGATE_A_GATE_FALLBACK_DEV, 3, "abc");
	decode(&g, msg);
	assert_string_equal(g.dev_raw, "\\x41");
	assert_string_equal(g.listen_dev, "d\\xff\\x");
	assert_string_equal(g.listen_dev_raw, "d\xff\\x");
	assert_string_equal(g.fallback_dev_raw, "abc");
	nlmsg_free(msg);
}

static void host_prefix_is_default(void **state)
{
	struct nl_msg *msg = message();
	struct gate g;

	(void)state;
	nla_put(msg, ANYGATE_A_GATE_PREFIX, 4, "\xc0\x00\x02\x35");
	decode(&g, msg);
	assert_int_equal(g.prefix.len, 32);
	nlmsg_free(msg);
}

static void differing(void **state)
{
	struct gate g = open_gate();

	(void)state;
	assert_false(gate_differs(&g));
	g.announced = ANYGATE_SWITCH_OFF;
	assert_true(gate_differs(&g));
	g.state = ANYGATE_STATE_CLOSING;
	assert_true(gate_differs(&g));
	g.state = ANYGATE_STATE_OPENING;
	assert_false(gate_differs(&g));
	g.announced = ANYGATE_SWITCH_ON;
	assert_true(gate_differs(&g));
	g.state = ANYGATE_STATE_PINNED;
	assert_false(gate_differs(&g));
	g.state = ANYGATE_STATE_KEPT;
	assert_false(gate_differs(&g));
	g.state = ANYGATE_STATE_DAMPED;
	assert_true(gate_differs(&g));
	g.state = ANYGATE_STATE_DRAINED;
	assert_true(gate_differs(&g));
	g = closed_gate();
	assert_false(gate_differs(&g));
	g.difference = ANYGATE_DIFFERENCE_FOREIGN;
	assert_true(gate_differs(&g));
}

static void status(void **state)
{
	struct nl_msg *msg = message();
	struct module_status st;
	struct nlattr *nest;
	char text[512];

	(void)state;
	nla_put_string(msg, ANYGATE_A_STATUS_VERSION, "0.1.0");
	nla_put_u32(msg, ANYGATE_A_STATUS_GATES, 3);
	nla_put_u32(msg, ANYGATE_A_STATUS_PROBES, ANYGATE_PROBES_LIVE);
	nla_put_u32(msg, ANYGATE_A_STATUS_RECONCILE, 20);
	nla_put_u32(msg, ANYGATE_A_STATUS_PROTOCOL, 114);
	nla_put_u64(msg, ANYGATE_A_STATUS_MISSED, 5);
	nest = nla_nest_start(msg, ANYGATE_A_STATUS_PROBE);
	nla_put_string(msg, ANYGATE_A_PROBE_SYMBOL, "tcp_close");
	nla_put_u32(msg, ANYGATE_A_PROBE_ARMED, ANYGATE_SWITCH_ON);
	nla_put_u64(msg, ANYGATE_A_PROBE_MISSED, 5);
	nla_nest_end(msg, nest);
	status_decode(&st, nlmsg_attrdata(nlmsg_hdr(msg), 0), nlmsg_attrlen(nlmsg_hdr(msg), 0));
	nlmsg_free(msg);

	assert_string_equal(st.version, "0.1.0");
	assert_int_equal(st.protocol, 114);
	assert_int_equal(st.missed, 5);
	assert_int_equal(st.n_probe, 1);
	assert_string_equal(st.probe[0].symbol, "tcp_close");
	assert_true(st.probe[0].armed);

	status_warning(&st, text, sizeof(text));
	assert_string_equal(text, "");
	st.probes = ANYGATE_PROBES_DEGRADED;
	status_warning(&st, text, sizeof(text));
	assert_string_equal(text, "socket events are silenced (kernel.ftrace_enabled=0?); reconciling every 20 ms");
	st.reconcile = 0;
	st.probe[0].error = ENOENT;
	status_warning(&st, text, sizeof(text));
	assert_string_equal(text, "socket events are incomplete (tcp_close cannot be probed: No such file or directory); and the reconcile is off: NOTHING IS WATCHED");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(broken),
		cmocka_unit_test(too_many),
		cmocka_unit_test(raw_devices),
		cmocka_unit_test(host_prefix_is_default),
		cmocka_unit_test(differing),
		cmocka_unit_test(status),
	};

	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
