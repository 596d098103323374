// SPDX-License-Identifier: GPL-2.0
/* Requests: what the verbs say to the kernel, and what they make of its answers. */

#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "cmd.h"
#include "harness.h"

static void add_minimal(void **state)
{
	struct nlattr *tb[ANYGATE_A_GATE_MAX + 1], *service[ANYGATE_A_SERVICE_MAX + 1];
	const struct nlmsghdr *nlh;
	struct nlattr *attrs;
	unsigned int i;
	int len;

	(void)state;
	fake_gate(&(struct gate){ .has[ANYGATE_A_GATE_ID] = true, .id = 1 }, 0);
	fake_error(0, NULL, 0);
	assert_int_equal(run(cmd_add, "192.0.2.53/32 udp/53"), ST_OK);
	assert_string_equal(out, "");
	assert_string_equal(err, "");

	nlh = fake_request(0);
	assert_int_equal(((struct genlmsghdr *)NLMSG_DATA(nlh))->cmd, ANYGATE_CMD_GATE_ADD);
	assert_int_equal(((struct genlmsghdr *)NLMSG_DATA(nlh))->version, 1);
	assert_int_equal(nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	attrs = attrs_of(0, &len);
	assert_int_equal(nla_parse(tb, ANYGATE_A_GATE_MAX, attrs, len, NULL), 0);
	for (i = 0; i <= ANYGATE_A_GATE_MAX; i++)
		assert_int_equal(!!tb[i], i == ANYGATE_A_GATE_PREFIX ||
				 i == ANYGATE_A_GATE_PREFIX_LEN || i == ANYGATE_A_GATE_SERVICE);
	assert_int_equal(nla_len(tb[ANYGATE_A_GATE_PREFIX]), 4);
	assert_memory_equal(nla_data(tb[ANYGATE_A_GATE_PREFIX]), "\xc0\x00\x02\x35", 4);
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_PREFIX_LEN]), 32);
	assert_int_equal(tb[ANYGATE_A_GATE_SERVICE]->nla_type,
			 NLA_F_NESTED | ANYGATE_A_GATE_SERVICE);
	nla_parse_nested(service, ANYGATE_A_SERVICE_MAX, tb[ANYGATE_A_GATE_SERVICE], NULL);
	assert_int_equal(nla_len(service[ANYGATE_A_SERVICE_ADDRESS]), 4);
	assert_int_equal(nla_get_u32(service[ANYGATE_A_SERVICE_PROTOCOL]), 17);
	assert_int_equal(nla_get_u32(service[ANYGATE_A_SERVICE_PORT]), 53);
	assert_null(service[ANYGATE_A_SERVICE_LISTENERS]);
}

static void add_everything(void **state)
{
	struct gate g;
	struct nlattr *attrs;
	int len;

	(void)state;
	fake_error(0, NULL, 0);
	fake_end();
	fake_error(0, NULL, 0);
	fake_end();
	assert_int_equal(run(cmd_add, "2001:db8::53 tcp/53 udp/53 dev dummy0 hold off up 300ms down 2s listen-dev vrf1 action address"), ST_OK);
	attrs = attrs_of(0, &len);
	gate_decode(&g, attrs, len);
	assert_has(&g, "prefix prefix-len service dev hold up down listen-policy listen-dev action");
	assert_string_equal(g.dev, "dummy0");
	assert_string_equal(g.listen_dev, "vrf1");
	assert_int_equal(g.listen_policy, ANYGATE_LISTEN_POLICY_DEV);
	assert_int_equal(g.hold, ANYGATE_SWITCH_OFF);
	assert_int_equal(g.up, 300);
	assert_int_equal(g.down, 2000);
	assert_int_equal(g.n_services, 2);
	assert_int_equal(g.services[0].protocol, 6);

	assert_int_equal(run(cmd_change, "192.0.2.0/24 table main metric 5 listen-dev none"), ST_OK);
	attrs = attrs_of(1, &len);
	gate_decode(&g, attrs, len);
	assert_has(&g, "prefix prefix-len table metric listen-policy");
	assert_int_equal(g.table, 254);
	assert_int_equal(g.listen_policy, ANYGATE_LISTEN_POLICY_NONE);
}

static void add_decision(void **state)
{
	struct nlattr **tb, *attrs, *nla;
	unsigned int n = 0;
	struct gate g;
	int len, left;

	(void)state;
	granted(6);
	assert_int_equal(run(cmd_add, "192.0.2.53 udp/53 tcp/53 name dns need any damp on penalty 1 suppress 9 reuse 8 half-life 1s max-suppress 3s require zone,dig on-expiry ignore fallback via 198.51.100.1 dev tun0 observe on"), ST_OK);
	tb = attrs_in(0, ANYGATE_CMD_GATE_ADD);
	assert_sent(tb, "prefix prefix-len service name need damp damp-penalty damp-suppress damp-reuse damp-half-life damp-max require on-expiry fallback-via fallback-dev observe");
	attrs = attrs_of(0, &len);
	gate_decode(&g, attrs, len);
	assert_string_equal(g.name, "dns");
	assert_int_equal(g.need, 1);
	assert_int_equal(g.damp, ANYGATE_SWITCH_ON);
	assert_int_equal(g.damp_penalty, 1);
	assert_int_equal(g.damp_suppress, 9);
	assert_int_equal(g.damp_reuse, 8);
	assert_int_equal(g.damp_half_life, 1000);
	assert_int_equal(g.damp_max, 3000);
	assert_int_equal(g.on_expiry, ANYGATE_ON_EXPIRY_IGNORE);
	assert_int_equal(g.fallback_via.family, AF_INET);
	assert_string_equal(g.fallback_dev, "tun0");
	assert_int_equal(g.observe, ANYGATE_SWITCH_ON);
	nla_for_each_attr(nla, attrs, len, left)
		if (nla_type(nla) == ANYGATE_A_GATE_REQUIRE)
			assert_string_equal(nla_get_string(nla), n++ ? "dig" : "zone");
	assert_int_equal(n, 2);

	/* what clients see */
	assert_int_equal(run(cmd_change, "dns shield 5s stall 2s stall-members any fatal on"), ST_OK);
	tb = attrs_in(1, ANYGATE_CMD_GATE_CHANGE);
	assert_sent(tb, "name shield stall stall-members fatal");
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_SHIELD]), 5000);
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_STALL]), 2000);
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_STALL_MEMBERS]), ANYGATE_MEMBERS_ANY);
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_FATAL]), ANYGATE_SWITCH_ON);

	assert_int_equal(run(cmd_change, "dns witness 100"), ST_OK);
	tb = attrs_in(2, ANYGATE_CMD_GATE_CHANGE);
	assert_sent(tb, "name witness");
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_WITNESS]), 100);

	/* what is removed */
	assert_int_equal(run(cmd_change, "2001:db8::53 name none require none fallback none"), ST_OK);
	tb = attrs_in(3, ANYGATE_CMD_GATE_CHANGE);
	assert_sent(tb, "prefix prefix-len name require fallback-via");
	assert_string_equal(nla_get_string(tb[ANYGATE_A_GATE_NAME]), "");
	assert_string_equal(nla_get_string(tb[ANYGATE_A_GATE_REQUIRE]), "");
	assert_int_equal(nla_len(tb[ANYGATE_A_GATE_FALLBACK_VIA]), 16);

	/* a group, whose services' addresses the kernel knows */
	assert_int_equal(run(cmd_change, "dns udp/5353 up 2s"), ST_OK);
	tb = attrs_in(4, ANYGATE_CMD_GATE_CHANGE);
	assert_sent(tb, "name up service");
	assert_null(nla_find(nla_data(tb[ANYGATE_A_GATE_SERVICE]),
			     nla_len(tb[ANYGATE_A_GATE_SERVICE]), ANYGATE_A_SERVICE_ADDRESS));
	assert_int_equal(run(cmd_del, "dns"), ST_OK);
	tb = attrs_in(5, ANYGATE_CMD_GATE_DEL);
	assert_sent(tb, "name");
	assert_string_equal(nla_get_string(tb[ANYGATE_A_GATE_NAME]), "dns");
}

/* Of a value of two words, the one that is wrong is named. */
static void refused_fallback(void **state)
{
	struct nlattr *attrs, *nla;
	int len;

	(void)state;
	fake_error(ENODEV, "there is no such device", 44);
	fake_end();
	assert_int_equal(run(cmd_change, "192.0.2.53 fallback via 198.51.100.1 dev tun9"), ST_REFUSED);
	attrs = attrs_of(0, &len);
	nla = nla_find(attrs, len, ANYGATE_A_GATE_FALLBACK_DEV);
	assert_int_equal((const char *)nla - (const char *)fake_request(0), 44);
	assert_string_equal(err, "anygatectl: 192.0.2.53/32: fallback dev tun9: there is no such device\n");
}

static void orders(void **state)
{
	static const struct {
		int (*cmd)(int argc, char **argv);
		const char *line;
		uint32_t order;
		const char *sent;
	} cases[] = {
		{ cmd_undrain, "dns", ANYGATE_ORDER_FOLLOW, "name order" },
		{ cmd_pin, "dns for 5m", ANYGATE_ORDER_PIN, "name order for" },
		{ cmd_pin, "dns force", ANYGATE_ORDER_PIN, "name order force" },
		{ cmd_unpin, "dns", ANYGATE_ORDER_FOLLOW, "name order" },
		{ cmd_observe, "dns for 5m", ANYGATE_ORDER_OBSERVE, "name order for" },
		{ cmd_unobserve, "dns", ANYGATE_ORDER_UNOBSERVE, "name order" },
		{ cmd_undamp, "dns", ANYGATE_ORDER_UNDAMP, "name order" },
	};
	struct nlattr **tb;
	size_t i;

	(void)state;
	granted(ARRAY_SIZE(cases));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(run(cases[i].cmd, cases[i].line), ST_OK);
		assert_string_equal(out, "");
		assert_string_equal(err, "");
		tb = attrs_in(i, ANYGATE_CMD_GATE_ORDER);
		assert_sent(tb, cases[i].sent);
		assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_ORDER]), cases[i].order);
		if (tb[ANYGATE_A_GATE_FOR])
			assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_FOR]), 300000);
	}
	/* refused before anything is sent */
	assert_int_equal(run(cmd_pin, "dns"), ST_USAGE);
	assert_null(fake_request(i));
}

static void lease(void **state)
{
	struct nlattr **tb;

	(void)state;
	granted(1);
	fake_error(ENOENT, "the gate does not require this lease", 28);
	fake_end();
	fake_error(ENOENT, "no gate has this name", 0);
	fake_end();
	assert_int_equal(run(cmd_lease, "192.0.2.53 zone down ttl 1.5s"), ST_OK);
	tb = attrs_in(0, ANYGATE_CMD_GATE_LEASE);
	assert_sent(tb, "prefix prefix-len lease-name verdict for");
	assert_string_equal(nla_get_string(tb[ANYGATE_A_GATE_LEASE_NAME]), "zone");
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_VERDICT]), ANYGATE_VERDICT_DOWN);
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_FOR]), 1500);

	assert_int_equal(run(cmd_lease, "dns zone up ttl 1s"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: dns: lease zone: the gate does not require this lease\n");
	assert_int_equal(run(cmd_lease, "dns zone up ttl 1s"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: dns: no gate has this name\n");
}

static void refused(void **state)
{
	struct nlattr *attrs, *dev;
	int len;

	(void)state;
	fake_error(EEXIST, NULL, 0);
	fake_end();
	fake_error(ENODEV, "the device does not exist", 36);
	fake_end();
	fake_error(EPERM, NULL, 0);
	fake_end();
	fake_error(ENOENT, NULL, 0);
	fake_end();
	fake_error(EINVAL, "because", 0);
	fake_end();
	assert_int_equal(run(cmd_add, "192.0.2.53 udp/53"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: 192.0.2.53/32 has a gate already; use change\n");

	assert_int_equal(run(cmd_add, "192.0.2.53 udp/53 dev eth9"), ST_REFUSED);
	/* the offset above is really that of the device */
	attrs = attrs_of(1, &len);
	dev = nla_find(attrs, len, ANYGATE_A_GATE_DEV);
	assert_int_equal((const char *)dev - (const char *)fake_request(1), 36);
	assert_string_equal(err, "anygatectl: 192.0.2.53/32: dev eth9: the device does not exist\n");

	assert_int_equal(run(cmd_flush, ""), ST_REFUSED);
	assert_contains(err, "flush: not permitted: CAP_NET_ADMIN is needed");

	assert_int_equal(run(cmd_del, "192.0.2.53"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: 192.0.2.53/32: No such gate\n");

	opt.json = true;
	assert_int_equal(run(cmd_del, "192.0.2.53"), ST_REFUSED);
	assert_string_equal(out, "{\"error\":\"192.0.2.53/32: because\",\"status\":1}\n");
	assert_string_equal(err, "");
}

/* The kernel would find nothing to remove, and grant it. */
static void flush_group(void **state)
{
	struct gate g = open_gate();

	(void)state;
	strcpy(g.name, "dns");
	give(&g, "name");
	have(1, &g);
	granted(1);
	have(1, &g);
	assert_int_equal(run(cmd_flush, "dns"), ST_OK);
	assert_sent(attrs_in(1, ANYGATE_CMD_GATE_FLUSH), "name");
	assert_int_equal(run(cmd_flush, "dnss"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: dnss: no gate has this name\n");
	assert_null(fake_request(3));
}

static void note(void **state)
{
	(void)state;
	fake_error(0, "the address was there before", 0);
	assert_int_equal(run(cmd_add, "192.0.2.53 udp/53"), ST_OK);
	assert_contains(err, "192.0.2.53/32: note: the address was there before");
}

static void no_module(void **state)
{
	(void)state;
	fake_module_missing();
	assert_int_equal(run(cmd_add, "192.0.2.53 udp/53"), ST_REFUSED);
	assert_int_equal(run(cmd_del, "192.0.2.53"), ST_REFUSED);
	assert_int_equal(run(cmd_flush, ""), ST_REFUSED);
	assert_int_equal(run(cmd_show, ""), ST_REFUSED);
	assert_int_equal(run(cmd_monitor, ""), ST_REFUSED);
	assert_contains(err, "module anygate is not loaded");
	assert_int_equal(run(cmd_version, ""), ST_OK);
	assert_string_equal(out, "anygatectl " ANYGATE_VERSION "\nmodule anygate is not loaded\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		verb_test(add_minimal),
		verb_test(add_everything),
		verb_test(add_decision),
		verb_test(refused_fallback),
		verb_test(orders),
		verb_test(lease),
		verb_test(refused),
		verb_test(flush_group),
		verb_test(note),
		verb_test(no_module),
	};

	return cmocka_run_group_tests_name("nl", tests, NULL, NULL);
}
