// SPDX-License-Identifier: GPL-2.0
/* The verbs against a kernel that says what the test wants. */

#include <errno.h>
#include <json-c/json.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <unistd.h>

#include "cmd.h"
#include "fake_kernel.h"
#include "testlib.h"

static char *out, *err;

static int start(void **state)
{
	(void)state;
	memset(&opt, 0, sizeof(opt));
	out = err = NULL;
	fake_start();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_stop();
	free(out);
	free(err);
	return 0;
}

static int run(int (*cmd)(int argc, char **argv), const char *line)
{
	static char buffer[1024];
	char *argv[64], *word, *save = NULL;
	int argc = 0, ret;

	snprintf(buffer, sizeof(buffer), "%s", line);
	for (word = strtok_r(buffer, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	free(out);
	free(err);
	capture_begin();
	ret = cmd(argc, argv);
	out = capture_end(&err);
	return ret;
}

static struct nlattr *attrs_of(unsigned int request, int *len)
{
	const struct nlmsghdr *nlh = fake_request(request);

	assert_non_null(nlh);
	*len = nlmsg_attrlen(nlh, GENL_HDRLEN);
	return nlmsg_attrdata(nlh, GENL_HDRLEN);
}

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

/* What request number @i said. */
static struct nlattr **attrs_in(unsigned int i, uint8_t cmd)
{
	static struct nlattr *tb[ANYGATE_A_GATE_MAX + 1];
	struct nlattr *attrs;
	int len;

	attrs = attrs_of(i, &len);
	assert_int_equal(((struct genlmsghdr *)NLMSG_DATA(fake_request(i)))->cmd, cmd);
	assert_int_equal(nla_parse(tb, ANYGATE_A_GATE_MAX, attrs, len, NULL), 0);
	return tb;
}

static void assert_sent(struct nlattr **tb, const char *attrs)
{
	struct gate g = { 0 };
	unsigned int i;

	for (i = 1; i <= ANYGATE_A_GATE_MAX; i++)
		g.has[i] = tb[i];
	assert_has(&g, attrs);
}

static void granted(unsigned int times)
{
	while (times--) {
		fake_error(0, NULL, 0);
		fake_end();
	}
}

static void add_decision(void **state)
{
	struct nlattr **tb, *attrs, *nla;
	unsigned int n = 0;
	struct gate g;
	int len, left;

	(void)state;
	granted(5);
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

	/* what is removed */
	assert_int_equal(run(cmd_change, "2001:db8::53 name none require none fallback none"), ST_OK);
	tb = attrs_in(2, ANYGATE_CMD_GATE_CHANGE);
	assert_sent(tb, "prefix prefix-len name require fallback-via");
	assert_string_equal(nla_get_string(tb[ANYGATE_A_GATE_NAME]), "");
	assert_string_equal(nla_get_string(tb[ANYGATE_A_GATE_REQUIRE]), "");
	assert_int_equal(nla_len(tb[ANYGATE_A_GATE_FALLBACK_VIA]), 16);

	/* a group, whose services' addresses the kernel knows */
	assert_int_equal(run(cmd_change, "dns udp/5353 up 2s"), ST_OK);
	tb = attrs_in(3, ANYGATE_CMD_GATE_CHANGE);
	assert_sent(tb, "name up service");
	assert_null(nla_find(nla_data(tb[ANYGATE_A_GATE_SERVICE]),
			     nla_len(tb[ANYGATE_A_GATE_SERVICE]), ANYGATE_A_SERVICE_ADDRESS));
	assert_int_equal(run(cmd_del, "dns"), ST_OK);
	tb = attrs_in(4, ANYGATE_CMD_GATE_DEL);
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

static void show_group(void **state)
{
	struct gate a = open_gate(), b = closed_gate(), other = open_gate();

	(void)state;
	strcpy(a.name, "dns");
	strcpy(b.name, "dns");
	strcpy(other.name, "web");
	give(&a, "name");
	give(&b, "name");
	give(&other, "name");
	other.prefix = pfx("192.0.2.80/32");
	fake_gate(&a, NLM_F_MULTI);
	fake_gate(&other, NLM_F_MULTI);
	fake_gate(&b, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	fake_error(EOPNOTSUPP, NULL, 0);
	fake_end();
	fake_done(0, 0);
	fake_end();
	assert_int_equal(run(cmd_show, "dns"), ST_OK);
	assert_contains(out, "prefix: 192.0.2.53/32\nname: dns\n");
	assert_contains(out, "prefix: 2001:db8::53/128\nname: dns\n");
	assert_null(strstr(out, "web"));
	assert_sent(attrs_in(0, ANYGATE_CMD_GATE_GET), "name count-flows");
	assert_int_equal(run(cmd_show, "web"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: web: no gate has this name\n");
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

static void show_all(void **state)
{
	struct gate a = closed_gate(), b = open_gate();

	(void)state;
	fake_gate(&a, NLM_F_MULTI);
	fake_gate(&b, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	fake_status(ANYGATE_PROBES_DEGRADED, 20);
	fake_error(0, NULL, 0);
	assert_int_equal(run(cmd_show, ""), ST_OK);
	assert_int_equal(fake_request(0)->nlmsg_flags & NLM_F_DUMP, NLM_F_DUMP);
	/* the warning, the header, and the gates in order */
	assert_ptr_equal(strstr(out, "warning: socket events are silenced (kernel.ftrace_enabled=0?); reconciling every 20 ms\nPREFIX "), out);
	assert_contains(out, "\n192.0.2.53/32     open    lo         udp/53(1) tcp/53(1)  ");
	assert_true(strstr(out, "192.0.2.53/32") < strstr(out, "2001:db8::53/128"));
}

static void show_json(void **state)
{
	struct gate a = closed_gate(), b = open_gate();
	struct json_object *o;

	(void)state;
	opt.json = true;
	fake_gate(&a, NLM_F_MULTI);
	fake_gate(&b, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	assert_int_equal(run(cmd_show, ""), ST_OK);
	o = json_tokener_parse(out);
	assert_int_equal(json_object_array_length(o), 2);
	assert_string_equal(json_path(o, "0.prefix"), "\"192.0.2.53/32\"");
	assert_string_equal(json_path(o, "1.probes"), "\"live\"");
	json_object_put(o);
}

static void show_none(void **state)
{
	(void)state;
	fake_done(0, 0);
	fake_end();
	fake_status(ANYGATE_PROBES_IDLE, 1000);
	fake_error(0, NULL, 0);
	fake_end();
	assert_int_equal(run(cmd_show, ""), ST_OK);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
	fake_done(0, 0);
	fake_end();
	fake_status(ANYGATE_PROBES_IDLE, 1000);
	fake_error(0, NULL, 0);
	opt.json = true;
	assert_int_equal(run(cmd_show, ""), ST_OK);
	assert_string_equal(out, "[]\n");
}

static void show_one(void **state)
{
	struct gate g = open_gate();
	struct json_object *o;

	(void)state;
	fake_gate(&g, 0);
	fake_error(0, NULL, 0);
	fake_end();
	/* gates are shown even if the module's health is not known */
	fake_error(EOPNOTSUPP, NULL, 0);
	fake_end();
	fake_error(ENOENT, "some words", 0);
	fake_end();
	assert_int_equal(run(cmd_show, "192.0.2.53"), ST_OK);
	assert_contains(out, "prefix: 192.0.2.53/32\n");
	assert_contains(out, "service: tcp/53, 1 listener\n");
	assert_int_equal(fake_request(0)->nlmsg_flags & NLM_F_DUMP, 0);

	assert_int_equal(run(cmd_show, "192.0.2.54"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: 192.0.2.54/32: No such gate\n");

	opt.json = true;
	fake_gate(&g, 0);
	fake_error(0, NULL, 0);
	fake_end();
	fake_error(EOPNOTSUPP, NULL, 0);
	fake_end();
	assert_int_equal(run(cmd_show, "192.0.2.53"), ST_OK);
	o = json_tokener_parse(out);
	assert_int_equal(json_object_array_length(o), 1);
	assert_string_equal(json_path(o, "0.probes"), "absent");
	json_object_put(o);
}

static void show_interrupted(void **state)
{
	struct gate a = closed_gate(), b = open_gate();

	(void)state;
	/* a gate goes away while the first dump runs */
	fake_gate(&a, NLM_F_MULTI);
	fake_gate(&b, NLM_F_MULTI | NLM_F_DUMP_INTR);
	fake_done(0, NLM_F_DUMP_INTR);
	fake_end();
	fake_gate(&b, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	assert_int_equal(run(cmd_show, ""), ST_OK);
	assert_contains(out, "192.0.2.53/32");
	assert_null(strstr(out, "2001:db8"));
	assert_string_equal(err, "");
}

static void show_always_interrupted(void **state)
{
	struct gate g = open_gate();
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		fake_gate(&g, NLM_F_MULTI | NLM_F_DUMP_INTR);
		fake_done(0, 0);
		fake_end();
	}
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	assert_int_equal(run(cmd_show, ""), ST_OK);
	assert_contains(out, "192.0.2.53/32");
	assert_contains(err, "the gates change while they are read");
}

static void show_dump_fails(void **state)
{
	(void)state;
	fake_done(ENOMEM, 0);
	fake_end();
	assert_int_equal(run(cmd_show, ""), ST_REFUSED);
	assert_string_equal(out, "");
	assert_contains(err, "Cannot allocate memory");
}

static void version(void **state)
{
	struct json_object *o;

	(void)state;
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	fake_end();
	assert_int_equal(run(cmd_version, ""), ST_OK);
	assert_string_equal(out, "anygatectl " ANYGATE_VERSION "\n"
			    "anygate 0.1.0, probes live, reconcile every 1s, protocol 114, 2 of at most 1024 gates\n");
	fake_status(ANYGATE_PROBES_DEGRADED, 0);
	fake_error(0, NULL, 0);
	opt.json = true;
	assert_int_equal(run(cmd_version, ""), ST_OK);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "version"), "\"" ANYGATE_VERSION "\"");
	assert_string_equal(json_path(o, "module.probes"), "\"degraded\"");
	assert_string_equal(json_path(o, "module.reconcile_ms"), "0");
	assert_string_equal(json_path(o, "module.protocol"), "114");
	json_object_put(o);
}

/* The gates as they are when the monitor asks for them. */
static void have(unsigned int n, const struct gate *gates)
{
	unsigned int i;

	fake_end();
	for (i = 0; i < n; i++)
		fake_gate(&gates[i], NLM_F_MULTI);
	fake_done(0, 0);
}

/* What is printed without the times. */
static const char *lines(void)
{
	static char text[4096];
	const char *from = out;
	char *to = text;

	while (*from) {
		if (!strncmp(from, "\"time\":", 7))
			from += strcspn(from, ",") + 1;
		else
			*to++ = *from++;
	}
	*to = '\0';
	return text;
}

static struct gate event(uint32_t kind, const char *attrs)
{
	struct gate ev = open_gate();

	give(&ev, "kind");
	give(&ev, attrs);
	ev.kind = kind;
	return ev;
}

/*
 * Ends with the SIGTERM that the fake kernel sends when it has said all: to the
 * subscription, to the question at the start, and to that after a gap.
 */
static void monitor(void **state)
{
	struct gate ev = event(ANYGATE_EVENT_KIND_TRANSITION, "seq old-state");
	struct gate is[] = { open_gate(), closed_gate() };
	static const uint64_t seq[] = { 5, 6, 9, 11 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(seq); i++) {
		ev.seq = seq[i];
		fake_event(&ev);
	}
	have(0, NULL);
	is[0].state = ANYGATE_STATE_CLOSED;
	is[0].reason = ANYGATE_REASON_DOWN_DELAY;
	have(2, is);
	assert_int_equal(run(cmd_monitor, ""), ST_OK);
	assert_string_equal(out,
			    "192.0.2.53/32 closed -> open listener\n"
			    "192.0.2.53/32 closed -> open listener\n"
			    "lost 2 events\n"
			    "192.0.2.53/32 closed -> open listener\n"
			    "lost 1 event\n"
			    "192.0.2.53/32 closed -> open listener\n"
			    "192.0.2.53/32 resync open -> closed down-delay, announced\n"
			    "2001:db8::53/128 resync closed no-listener, not announced\n"
			    "in step again: 2 gates differed\n");
}

static void monitor_json(void **state)
{
	struct gate ev = event(ANYGATE_EVENT_KIND_LIVE, "seq probes"), was = open_gate();

	(void)state;
	opt.json = true;
	memset(ev.has, 0, sizeof(ev.has));
	give(&ev, "kind seq probes");
	ev.probes = ANYGATE_PROBES_LIVE;
	ev.n_services = 0;
	ev.seq = 5;
	fake_event(&ev);
	ev.seq = 7;
	fake_event(&ev);
	have(1, &was);
	have(0, NULL);
	assert_int_equal(run(cmd_monitor, ""), ST_OK);
	assert_contains(out, "{\"time\":");
	assert_string_equal(lines(),
			    "{\"seq\":5,\"kind\":\"live\",\"probes\":\"live\"}\n"
			    "{\"kind\":\"lost\",\"events\":1}\n"
			    "{\"seq\":7,\"kind\":\"live\",\"probes\":\"live\"}\n"
			    "{\"kind\":\"deleted\",\"prefix\":\"192.0.2.53/32\",\"id\":7,\"old_state\":\"open\"}\n"
			    "{\"kind\":\"resynced\",\"differences\":1}\n");
}

/* A module that comes may have sent its first events before we could hear them. */
static void monitor_module(void **state)
{
	struct gate is = closed_gate();

	(void)state;
	fake_ctrl(CTRL_CMD_DELFAMILY);
	fake_ctrl(CTRL_CMD_NEWFAMILY);
	have(0, NULL);
	have(1, &is);
	assert_int_equal(run(cmd_monitor, ""), ST_OK);
	assert_string_equal(out,
			    "anygate unloaded\n"
			    "anygate loaded\n"
			    "2001:db8::53/128 resync closed no-listener, not announced\n");
}

/* The kernel says ENOBUFS when a subscriber is too slow. */
static void monitor_overrun(void **state)
{
	struct gate ev = event(ANYGATE_EVENT_KIND_TRANSITION, "old-state"), is = open_gate();
	struct gate all[] = { open_gate(), closed_gate() };

	(void)state;
	fake_event(&ev);
	fake_flood(1000);
	have(1, &is);
	have(2, all);
	assert_int_equal(run(cmd_monitor, ""), ST_OK);
	if (!strstr(out, "lost"))
		skip();	/* groups are for root only */
	assert_contains(out, "192.0.2.53/32 closed -> open listener\n");
	assert_contains(out, "events lost\n");
	assert_contains(out, "2001:db8::53/128 resync closed no-listener, not announced\n"
			"in step again: 1 gate differed\n");
}

#define test(name)	cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(add_minimal),
		test(add_everything),
		test(add_decision),
		test(refused_fallback),
		test(orders),
		test(lease),
		test(show_group),
		test(refused),
		test(note),
		test(no_module),
		test(show_all),
		test(show_json),
		test(show_none),
		test(show_one),
		test(show_interrupted),
		test(show_always_interrupted),
		test(show_dump_fails),
		test(version),
		test(monitor),
		test(monitor_json),
		test(monitor_module),
		test(monitor_overrun),
	};

	alarm(120);	/* a request that nobody answers takes for ever */
	return cmocka_run_group_tests_name("nl", tests, NULL, NULL);
}
