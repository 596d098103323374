// SPDX-License-Identifier: GPL-2.0
/*
 * rawnl - netlink messages to the module that no helper would send
 *
 *   rawnl bad		malformed requests; each must be refused, with the
 *			kernel saying why
 *   rawnl fuzz SEED N	N valid requests with bytes changed at random; the
 *			module must answer every one, and be alive at the end
 *   rawnl cycle ADDRESS PORT N
 *			add a gate and remove it at once, N times over
 *   rawnl gates N	add N gates, 10.0.0.0/32 and so on, of action route
 *   rawnl interrupted	a dump during which a gate goes says so, and no other
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/anygate.h>

#include "genl.h"

static struct genl genl;
static int bad;

static const unsigned char v4[4] = { 192, 0, 2, 53 };
static const unsigned char v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 0x53 };

static void start(struct message *m, uint8_t command)
{
	message_start(m, genl.family, 0, command);
}

static void put_service(struct message *m, uint32_t protocol, uint32_t port)
{
	size_t nest = nest_start(m, ANYGATE_A_GATE_SERVICE);

	put_u32(m, ANYGATE_A_SERVICE_PROTOCOL, protocol);
	put_u32(m, ANYGATE_A_SERVICE_PORT, port);
	nest_end(m, nest);
}

/* The service comes last: a message cut short anywhere has none, or half. */
static void valid(struct message *m, uint8_t command)
{
	start(m, command);
	put(m, ANYGATE_A_GATE_PREFIX, v4, 4);
	put_u32(m, ANYGATE_A_GATE_PREFIX_LEN, 32);
	put_u32(m, ANYGATE_A_GATE_UP, 0);
	put(m, ANYGATE_A_GATE_DEV, "lo", 3);
	put_service(m, IPPROTO_UDP, 53);
}

static int del(const void *prefix, size_t len)
{
	struct message m;

	start(&m, ANYGATE_CMD_GATE_DEL);
	put(&m, ANYGATE_A_GATE_PREFIX, prefix, len);
	return ask(&genl, &m, NULL);
}

/* reasoned: the kernel has to say why */
static void judge(const char *what, int ret, bool reasoned)
{
	if (ret && ret != -ETIMEDOUT && (!reasoned || genl.reason[0])) {
		printf("# refused: %s: %s: %s\n", what,
		       strerrorname_np(-ret), genl.reason);
		return;
	}
	printf("# NOT REFUSED PROPERLY: %s: %s: \"%s\"\n", what,
	       ret ? strerrorname_np(-ret) : "success", genl.reason);
	bad++;
	if (!ret) {
		del(v4, 4);
		del(v6, 16);
	}
}

static void refuse(const char *what, struct message *m)
{
	judge(what, ask(&genl, m, NULL), true);
}

static void bad_attribute(const char *what, uint16_t type, const void *data,
			  size_t len)
{
	struct message m;

	start(&m, ANYGATE_CMD_GATE_ADD);
	if (type != ANYGATE_A_GATE_PREFIX)
		put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	put(&m, type, data, len);
	put_service(&m, IPPROTO_UDP, 53);
	refuse(what, &m);
}

static void bad_u32(const char *what, uint16_t type, uint32_t value)
{
	bad_attribute(what, type, &value, sizeof(value));
}

static void bad_service(const char *what, uint32_t protocol, uint32_t port)
{
	struct message m;

	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	put_service(&m, protocol, port);
	refuse(what, &m);
}

/* The kernel has to say which attribute is to blame, too. */
static void blame(const char *what, struct message *m, uint16_t type)
{
	int ret = ask(&genl, m, NULL);
	const struct nlattr *a = (void *)(m->buf + genl.blamed);

	judge(what, ret, true);
	if (!ret || (genl.blamed && (a->nla_type & NLA_TYPE_MASK) == type))
		return;
	printf("# NOT BLAMED PROPERLY: %s: attribute %d, not %u\n", what,
	       genl.blamed ? a->nla_type & NLA_TYPE_MASK : -1, type);
	bad++;
}

/* A gate of 192.0.2.0/24 or of 192.0.2.53/32, but for its service. */
static void start_add(struct message *m, bool host)
{
	static const unsigned char net[4] = { 192, 0, 2, 0 };

	start(m, ANYGATE_CMD_GATE_ADD);
	put(m, ANYGATE_A_GATE_PREFIX, host ? v4 : net, 4);
	put_u32(m, ANYGATE_A_GATE_PREFIX_LEN, host ? 32 : 24);
}

static void blame_u32(const char *what, uint16_t type, uint32_t value)
{
	struct message m;

	start_add(&m, true);
	put_u32(&m, type, value);
	put_service(&m, IPPROTO_UDP, 53);
	blame(what, &m, type);
}

/* What is well-formed, and yet not possible: value and remedy are named. */
static void impossible(void)
{
	static const uint8_t missing[] = {
		ANYGATE_CMD_GATE_DEL, ANYGATE_CMD_GATE_GET,
		ANYGATE_CMD_STATS_GET, ANYGATE_CMD_GATE_CHANGE,
	};
	static const unsigned char group[4] = { 224, 0, 0, 5 };
	static const unsigned char loopback[4] = { 127, 0, 0, 53 };
	static const unsigned char linklocal[16] = { 0xfe, 0x80, [15] = 0x53 };
	struct message m;
	char text[64];
	size_t nest;

	for (size_t i = 0; i < sizeof(missing); i++) {
		snprintf(text, sizeof(text), "command %u, no such gate", missing[i]);
		start(&m, missing[i]);
		put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
		blame(text, &m, ANYGATE_A_GATE_PREFIX);
	}
	start(&m, ANYGATE_CMD_GATE_DEL);
	put(&m, ANYGATE_A_GATE_NAME, "nobody", 7);
	blame("no such group", &m, ANYGATE_A_GATE_NAME);
	start(&m, ANYGATE_CMD_GATE_GET);
	put_u32(&m, ANYGATE_A_GATE_PREFIX_LEN, 32);
	blame("length without a prefix", &m, ANYGATE_A_GATE_PREFIX_LEN);

	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	put_u32(&m, ANYGATE_A_GATE_PREFIX_LEN, 24);
	blame("host bits", &m, ANYGATE_A_GATE_PREFIX);
	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, group, 4);
	put_service(&m, IPPROTO_UDP, 53);
	blame("multicast address", &m, ANYGATE_A_GATE_PREFIX);
	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, loopback, 4);
	put_service(&m, IPPROTO_UDP, 53);
	blame("loopback", &m, ANYGATE_A_GATE_PREFIX);
	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, linklocal, 16);
	put_u32(&m, ANYGATE_A_GATE_ACTION, ANYGATE_ACTION_ROUTE);
	put_service(&m, IPPROTO_UDP, 53);
	blame("link-local address", &m, ANYGATE_A_GATE_PREFIX);
	start_add(&m, false);
	put_u32(&m, ANYGATE_A_GATE_ACTION, ANYGATE_ACTION_ADDRESS);
	nest = nest_start(&m, ANYGATE_A_GATE_SERVICE);
	put(&m, ANYGATE_A_SERVICE_ADDRESS, v4, 4);
	put_u32(&m, ANYGATE_A_SERVICE_PROTOCOL, IPPROTO_UDP);
	put_u32(&m, ANYGATE_A_SERVICE_PORT, 53);
	nest_end(&m, nest);
	blame("address of a /24", &m, ANYGATE_A_GATE_ACTION);
	start_add(&m, false);
	put_service(&m, IPPROTO_UDP, 53);
	blame("service of a /24 without an address", &m, ANYGATE_A_GATE_SERVICE);
	start_add(&m, true);
	nest = nest_start(&m, ANYGATE_A_GATE_SERVICE);
	put(&m, ANYGATE_A_SERVICE_ADDRESS, group, 4);
	put_u32(&m, ANYGATE_A_SERVICE_PROTOCOL, IPPROTO_UDP);
	put_u32(&m, ANYGATE_A_SERVICE_PORT, 53);
	nest_end(&m, nest);
	blame("service outside the prefix", &m, ANYGATE_A_SERVICE_ADDRESS);
	start_add(&m, true);
	for (int i = 0; i <= ANYGATE_SERVICES_MAX; i++)
		put_service(&m, IPPROTO_UDP, 1000 + i);
	blame("too many services", &m, ANYGATE_A_GATE_SERVICE);

	blame_u32("table with action address", ANYGATE_A_GATE_TABLE, 254);
	blame_u32("metric with action address", ANYGATE_A_GATE_METRIC, 1);
	blame_u32("policy dev, no device", ANYGATE_A_GATE_LISTEN_POLICY,
		  ANYGATE_LISTEN_POLICY_DEV);
	blame_u32("need 2 of 1", ANYGATE_A_GATE_NEED, 2);
	blame_u32("stall 99ms", ANYGATE_A_GATE_STALL, 99);
	blame_u32("witness main", ANYGATE_A_GATE_WITNESS, 254);
	blame_u32("witness local", ANYGATE_A_GATE_WITNESS, 255);
	blame_u32("suppress below reuse", ANYGATE_A_GATE_DAMP_SUPPRESS, 1);
	blame_u32("penalty 0", ANYGATE_A_GATE_DAMP_PENALTY, 0);
	blame_u32("half-life 1ms", ANYGATE_A_GATE_DAMP_HALF_LIFE, 1);
	blame_u32("longest suppression 1ms", ANYGATE_A_GATE_DAMP_MAX, 1);

	start_add(&m, true);
	put_u32(&m, ANYGATE_A_GATE_ACTION, ANYGATE_ACTION_ROUTE);
	put(&m, ANYGATE_A_GATE_DEV, "lo", 3);
	put_service(&m, IPPROTO_UDP, 53);
	blame("device with action route", &m, ANYGATE_A_GATE_DEV);
	start_add(&m, true);
	put_u32(&m, ANYGATE_A_GATE_ACTION, ANYGATE_ACTION_ROUTE);
	put_u32(&m, ANYGATE_A_GATE_TABLE, 255);
	put_service(&m, IPPROTO_UDP, 53);
	blame("a blackhole in table local", &m, ANYGATE_A_GATE_TABLE);
	start_add(&m, true);
	put(&m, ANYGATE_A_GATE_LISTEN_DEV, "lo", 3);
	put_service(&m, IPPROTO_UDP, 53);
	blame("listen-dev without its policy", &m, ANYGATE_A_GATE_LISTEN_DEV);
	start_add(&m, true);
	put(&m, ANYGATE_A_GATE_DEV, "nosuchdev", 10);
	put_service(&m, IPPROTO_UDP, 53);
	blame("missing device", &m, ANYGATE_A_GATE_DEV);
	start_add(&m, true);
	put(&m, ANYGATE_A_GATE_FALLBACK_VIA, "\xc6\x33\x64\1", 4);
	put_service(&m, IPPROTO_UDP, 53);
	blame("fallback without a device", &m, ANYGATE_A_GATE_FALLBACK_VIA);
	start_add(&m, true);
	put(&m, ANYGATE_A_GATE_FALLBACK_DEV, "lo", 3);
	put_service(&m, IPPROTO_UDP, 53);
	blame("fallback without a gateway", &m, ANYGATE_A_GATE_FALLBACK_DEV);
	start_add(&m, true);
	put(&m, ANYGATE_A_GATE_FALLBACK_VIA, v4, 4);
	put(&m, ANYGATE_A_GATE_FALLBACK_DEV, "lo", 3);
	put_service(&m, IPPROTO_UDP, 53);
	blame("gateway in the prefix", &m, ANYGATE_A_GATE_FALLBACK_VIA);
	start_add(&m, true);
	put(&m, ANYGATE_A_GATE_FALLBACK_VIA, v6, 16);
	put(&m, ANYGATE_A_GATE_FALLBACK_DEV, "lo", 3);
	put_service(&m, IPPROTO_UDP, 53);
	blame("gateway of the other family", &m, ANYGATE_A_GATE_FALLBACK_VIA);
	start_add(&m, true);
	put(&m, ANYGATE_A_GATE_FALLBACK_VIA, group, 4);
	put(&m, ANYGATE_A_GATE_FALLBACK_DEV, "lo", 3);
	put_service(&m, IPPROTO_UDP, 53);
	blame("gateway that is no host", &m, ANYGATE_A_GATE_FALLBACK_VIA);
	start_add(&m, true);
	put_service(&m, IPPROTO_UDP, 53);
	for (int i = 0; i < 2; i++)
		put(&m, ANYGATE_A_GATE_REQUIRE, "zone", 5);
	blame("a lease twice", &m, ANYGATE_A_GATE_REQUIRE);
	start_add(&m, true);
	put_service(&m, IPPROTO_UDP, 53);
	for (int i = 0; i <= ANYGATE_LEASES_MAX; i++) {
		snprintf(text, sizeof(text), "lease%d", i);
		put(&m, ANYGATE_A_GATE_REQUIRE, text, strlen(text) + 1);
	}
	blame("too many leases", &m, ANYGATE_A_GATE_REQUIRE);

	valid(&m, ANYGATE_CMD_GATE_ADD);
	if (ask(&genl, &m, NULL)) {
		printf("# the valid request is refused: %s\n", genl.reason);
		bad++;
	}
	blame("a second gate", &m, ANYGATE_A_GATE_PREFIX);
	start(&m, ANYGATE_CMD_GATE_ORDER);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	refuse("no order", &m);
	put_u32(&m, ANYGATE_A_GATE_ORDER, ANYGATE_ORDER_PIN);
	blame("pinned for ever", &m, ANYGATE_A_GATE_ORDER);
	start(&m, ANYGATE_CMD_GATE_ORDER);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	put_u32(&m, ANYGATE_A_GATE_ORDER, ANYGATE_ORDER_FOLLOW);
	put_u32(&m, ANYGATE_A_GATE_FOR, 1000);
	blame("follow for a time", &m, ANYGATE_A_GATE_FOR);
	start(&m, ANYGATE_CMD_GATE_LEASE);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	put(&m, ANYGATE_A_GATE_LEASE_NAME, "zone", 5);
	refuse("no verdict", &m);
	put_u32(&m, ANYGATE_A_GATE_FOR, 1000);
	put_u32(&m, ANYGATE_A_GATE_VERDICT, ANYGATE_VERDICT_UP);
	blame("a lease that is not required", &m, ANYGATE_A_GATE_LEASE_NAME);
	start(&m, ANYGATE_CMD_GATE_LEASE);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	put(&m, ANYGATE_A_GATE_LEASE_NAME, "zone", 5);
	put_u32(&m, ANYGATE_A_GATE_FOR, 1000);
	put_u32(&m, ANYGATE_A_GATE_VERDICT, ANYGATE_VERDICT_NONE);
	blame("no verdict for a verdict", &m, ANYGATE_A_GATE_VERDICT);
	if (del(v4, 4)) {
		printf("# the gate cannot be removed: %s\n", genl.reason);
		bad++;
	}
}

static void bad_messages(void)
{
	static const size_t lengths[] = { 0, 1, 3, 5, 8, 15, 17, 64 };
	char text[64], longtext[200];
	struct message m;
	size_t nest;

	memset(longtext, 'x', sizeof(longtext));

	start(&m, ANYGATE_CMD_GATE_ADD);
	refuse("no attributes", &m);
	start(&m, ANYGATE_CMD_GATE_ADD);
	put_service(&m, IPPROTO_UDP, 53);
	refuse("no prefix", &m);
	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	refuse("no service", &m);
	start(&m, ANYGATE_CMD_GATE_CHANGE);
	refuse("change without prefix", &m);
	start(&m, ANYGATE_CMD_GATE_DEL);
	refuse("del without prefix", &m);
	start(&m, ANYGATE_CMD_GATE_GET);
	refuse("get without prefix", &m);

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		snprintf(text, sizeof(text), "prefix of %zu bytes", lengths[i]);
		bad_attribute(text, ANYGATE_A_GATE_PREFIX, longtext, lengths[i]);
	}
	bad_u32("prefix length 33", ANYGATE_A_GATE_PREFIX_LEN, 33);
	bad_u32("prefix length 129", ANYGATE_A_GATE_PREFIX_LEN, 129);
	bad_u32("prefix length -1", ANYGATE_A_GATE_PREFIX_LEN, -1);
	bad_u32("host bits", ANYGATE_A_GATE_PREFIX_LEN, 24);
	bad_attribute("one byte for an u32", ANYGATE_A_GATE_UP, "\1", 1);
	bad_attribute("eight bytes for an u32", ANYGATE_A_GATE_UP,
		      "\1\0\0\0\0\0\0\0", 8);
	bad_u32("action 2", ANYGATE_A_GATE_ACTION, 2);
	bad_u32("hold 2", ANYGATE_A_GATE_HOLD, 2);
	bad_u32("listen policy 3", ANYGATE_A_GATE_LISTEN_POLICY, 3);
	bad_u32("listen policy dev without a device",
		ANYGATE_A_GATE_LISTEN_POLICY, ANYGATE_LISTEN_POLICY_DEV);
	bad_u32("up too long", ANYGATE_A_GATE_UP, ANYGATE_DELAY_MAX + 1);
	bad_u32("down too long", ANYGATE_A_GATE_DOWN, -1);
	bad_u32("table 0", ANYGATE_A_GATE_TABLE, 0);
	bad_u32("metric 0", ANYGATE_A_GATE_METRIC, 0);
	bad_attribute("empty device name", ANYGATE_A_GATE_DEV, "", 1);
	bad_attribute("no device name at all", ANYGATE_A_GATE_DEV, "", 0);
	bad_attribute("long device name", ANYGATE_A_GATE_DEV,
		      "abcdefghijklmnop", 17);
	bad_attribute("unterminated device name", ANYGATE_A_GATE_DEV, longtext,
		      sizeof(longtext));
	bad_attribute("missing device", ANYGATE_A_GATE_DEV, "nosuchdev", 10);
	bad_attribute("name of Latin-1 letters", ANYGATE_A_GATE_NAME,
		      "\xff\xfe", 3);
	bad_attribute("lease of Latin-1 letters", ANYGATE_A_GATE_REQUIRE,
		      "\xe9t\xe9", 4);
	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	put_u32(&m, ANYGATE_A_GATE_ACTION, ANYGATE_ACTION_ROUTE);
	put_u32(&m, ANYGATE_A_GATE_METRIC, -1);
	put(&m, ANYGATE_A_GATE_FALLBACK_VIA, "\xc6\x33\x64\1", 4);
	put(&m, ANYGATE_A_GATE_FALLBACK_DEV, "lo", 3);
	put_service(&m, IPPROTO_UDP, 53);
	refuse("fallback of metric 4294967296", &m);
	bad_attribute("unknown attribute", 200, "", 0);
	bad_attribute("highest attribute", 0x3fff, longtext, 20);
	bad_u32("attribute 0", 0, 0);
	bad_u32("id is not to be given", ANYGATE_A_GATE_ID, 7);
	bad_u32("state is not to be given", ANYGATE_A_GATE_STATE, 2);
	bad_u32("kind is not to be given", ANYGATE_A_GATE_KIND, 0);

	bad_service("port 0", IPPROTO_UDP, 0);
	bad_service("port 65536", IPPROTO_UDP, 65536);
	bad_service("port -1", IPPROTO_UDP, -1);
	bad_service("protocol 0", 0, 53);
	bad_service("protocol 1", 1, 53);
	bad_service("protocol 132", 132, 53);
	bad_service("protocol 256 + 17", 256 + 17, 53);

	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	nest = nest_start(&m, ANYGATE_A_GATE_SERVICE);
	nest_end(&m, nest);
	refuse("empty service", &m);

	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	nest = nest_start(&m, ANYGATE_A_GATE_SERVICE);
	put_u32(&m, ANYGATE_A_SERVICE_PROTOCOL, IPPROTO_UDP);
	nest_end(&m, nest);
	refuse("service without port", &m);

	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	nest = nest_start(&m, ANYGATE_A_GATE_SERVICE);
	put_u32(&m, ANYGATE_A_SERVICE_PORT, 53);
	nest_end(&m, nest);
	refuse("service without protocol", &m);

	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	nest = nest_start(&m, ANYGATE_A_GATE_SERVICE);
	put_u32(&m, ANYGATE_A_SERVICE_PROTOCOL, IPPROTO_UDP);
	put_u32(&m, ANYGATE_A_SERVICE_PORT, 53);
	put_u32(&m, 77, 1);
	nest_end(&m, nest);
	refuse("unknown attribute in a service", &m);

	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	nest = nest_start(&m, ANYGATE_A_GATE_SERVICE);
	put_u32(&m, ANYGATE_A_SERVICE_PROTOCOL, IPPROTO_UDP);
	put_u32(&m, ANYGATE_A_SERVICE_PORT, 53);
	nest_end(&m, nest);
	((struct nlattr *)(m.buf + nest))->nla_type &= ~NLA_F_NESTED;
	refuse("service that is not marked as nested", &m);

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		snprintf(text, sizeof(text), "service address of %zu bytes",
			 lengths[i]);
		start(&m, ANYGATE_CMD_GATE_ADD);
		put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
		nest = nest_start(&m, ANYGATE_A_GATE_SERVICE);
		put(&m, ANYGATE_A_SERVICE_ADDRESS, longtext, lengths[i]);
		put_u32(&m, ANYGATE_A_SERVICE_PROTOCOL, IPPROTO_UDP);
		put_u32(&m, ANYGATE_A_SERVICE_PORT, 53);
		nest_end(&m, nest);
		refuse(text, &m);
	}

	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v6, 16);
	nest = nest_start(&m, ANYGATE_A_GATE_SERVICE);
	put(&m, ANYGATE_A_SERVICE_ADDRESS, v4, 4);
	put_u32(&m, ANYGATE_A_SERVICE_PROTOCOL, IPPROTO_UDP);
	put_u32(&m, ANYGATE_A_SERVICE_PORT, 53);
	nest_end(&m, nest);
	refuse("service of the other family", &m);

	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	for (int i = 0; i <= ANYGATE_SERVICES_MAX; i++)
		put_service(&m, IPPROTO_UDP, 1000 + i);
	refuse("too many services", &m);

	start(&m, ANYGATE_CMD_GATE_ADD);
	put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	for (int i = 0; i < 2; i++)
		put_service(&m, IPPROTO_UDP, 53);
	refuse("the same service twice", &m);

	impossible();

	/* attributes whose own length is a lie */
	valid(&m, ANYGATE_CMD_GATE_ADD);
	((struct nlattr *)(m.buf + NLMSG_HDRLEN + GENL_HDRLEN))->nla_len = 3;
	judge("attribute shorter than its header", ask(&genl, &m, NULL), false);
	valid(&m, ANYGATE_CMD_GATE_ADD);
	((struct nlattr *)(m.buf + NLMSG_HDRLEN + GENL_HDRLEN))->nla_len = 4000;
	judge("attribute longer than the message", ask(&genl, &m, NULL), false);
	valid(&m, ANYGATE_CMD_GATE_ADD);
	m.len += 3;
	judge("trailing bytes", ask(&genl, &m, NULL), false);

	for (int command = 0; command < 256; command++) {
		if (command >= ANYGATE_CMD_GATE_ADD &&
		    command <= ANYGATE_CMD_STATS_GET)
			continue;
		valid(&m, command);
		if (ask(&genl, &m, NULL) != -EOPNOTSUPP) {
			snprintf(text, sizeof(text), "command %d", command);
			judge(text, 0, false);
		}
	}

	valid(&m, ANYGATE_CMD_GATE_ADD);
	for (size_t whole = m.len, len = NLMSG_HDRLEN; len < whole; len++) {
		int ret;

		valid(&m, ANYGATE_CMD_GATE_ADD);
		m.len = len;
		ret = ask(&genl, &m, NULL);
		if (ret >= 0 || ret == -ETIMEDOUT) {
			snprintf(text, sizeof(text), "cut after %zu of %zu bytes",
				 len, whole);
			judge(text, ret, false);
		}
	}

	/* All this while the same request, unharmed, would have been good. */
	valid(&m, ANYGATE_CMD_GATE_ADD);
	if (ask(&genl, &m, NULL)) {
		printf("# the valid request is refused: %s\n", genl.reason);
		bad++;
	} else if (del(v4, 4)) {
		printf("# the gate cannot be removed: %s\n", genl.reason);
		bad++;
	}
}

static void fuzz(unsigned int seed, int n)
{
	static const uint8_t commands[] = {
		ANYGATE_CMD_GATE_ADD, ANYGATE_CMD_GATE_CHANGE,
		ANYGATE_CMD_GATE_DEL, ANYGATE_CMD_GATE_FLUSH,
		ANYGATE_CMD_GATE_GET, ANYGATE_CMD_STATUS_GET,
		ANYGATE_CMD_STATS_GET,
	};
	int accepted = 0, refused = 0;
	struct message m;

	srandom(seed);
	for (int i = 0; i < n; i++) {
		size_t first = NLMSG_HDRLEN + GENL_HDRLEN;
		int changes = random() % 4, ret;

		valid(&m, commands[random() % sizeof(commands)]);
		if (random() % 4 == 0)
			m.h.nlmsg_flags |= NLM_F_DUMP;
		if (random() % 4 == 0)
			m.len = first + random() % (m.len - first);
		while (changes-- && m.len > first)
			m.buf[first + random() % (m.len - first)] =
				random() % 3 ? 1 << random() % 8 : random();
		ret = ask(&genl, &m, NULL);
		if (ret == -ETIMEDOUT) {
			printf("# no answer to message %d of seed %u\n", i, seed);
			bad++;
			return;
		}
		ret ? refused++ : accepted++;
	}
	start(&m, ANYGATE_CMD_GATE_FLUSH);
	if (ask(&genl, &m, NULL)) {
		printf("# flush: %s\n", genl.reason);
		bad++;
	}
	printf("# %d requests accepted, %d refused\n", accepted, refused);
	if (!accepted || !refused)
		bad++;
}

static void cycle(const char *address, uint32_t port, int n)
{
	unsigned char addr[16];
	size_t len = strchr(address, ':') ? 16 : 4;
	struct message m;
	int ret;

	if (inet_pton(len == 16 ? AF_INET6 : AF_INET, address, addr) != 1)
		errx(2, "%s?", address);
	for (int i = 0; i < n; i++) {
		start(&m, ANYGATE_CMD_GATE_ADD);
		put(&m, ANYGATE_A_GATE_PREFIX, addr, len);
		put_u32(&m, ANYGATE_A_GATE_UP, 0);
		put_service(&m, IPPROTO_UDP, port);
		ret = ask(&genl, &m, NULL);
		if (ret)
			errx(1, "add, round %d: %s: %s", i, strerror(-ret),
			     genl.reason);
		ret = del(addr, len);
		if (ret)
			errx(1, "del, round %d: %s: %s", i, strerror(-ret),
			     genl.reason);
	}
	printf("# %d times\n", n);
}

static void gates(uint32_t n)
{
	struct message m;
	uint32_t i, addr;
	int ret;

	for (i = 0; i < n; i++) {
		addr = htonl((10 << 24) + i);
		start(&m, ANYGATE_CMD_GATE_ADD);
		put(&m, ANYGATE_A_GATE_PREFIX, &addr, sizeof(addr));
		put_u32(&m, ANYGATE_A_GATE_ACTION, ANYGATE_ACTION_ROUTE);
		put_u32(&m, ANYGATE_A_GATE_UP, 0);
		put_service(&m, IPPROTO_UDP, 53);
		ret = ask(&genl, &m, NULL);
		if (ret)
			errx(1, "gate %u: %s: %s", i, strerror(-ret), genl.reason);
	}
}

/*
 * A dump of gates, of which one goes (or not) when a part of it has been read. Returns
 * whether the kernel says that it was interrupted; in "n", how many gates it told of.
 */
static bool dump_interrupted(uint8_t command, bool goes, int *n)
{
	static char buf[65536] __attribute__((aligned(4)));
	uint32_t addr = htonl(10 << 24);
	bool interrupted = false, end = false;
	struct message m;
	struct genl other;
	int parts = 0;

	genl_open(&other, ANYGATE_FAMILY_NAME);
	message_start(&m, other.family, NLM_F_DUMP, command);
	m.h.nlmsg_len = m.len;
	m.h.nlmsg_seq = 4711;
	if (send(other.fd, m.buf, m.len, 0) < 0)
		err(2, "send");
	for (*n = 0; !end;) {
		ssize_t len = recv(other.fd, buf, sizeof(buf), 0);
		struct nlmsghdr *h = (void *)buf;

		if (len < 0)
			err(2, "no answer");
		for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
			if (h->nlmsg_seq != 4711)
				continue;
			interrupted |= h->nlmsg_flags & NLM_F_DUMP_INTR;
			end |= h->nlmsg_type == NLMSG_DONE;
			*n += h->nlmsg_type == other.family;
		}
		if (!parts++ && goes && del((void *)&addr, 4))
			errx(2, "del: %s", genl.reason);
	}
	close(other.fd);
	if (parts < 4)
		errx(2, "of %d parts only", parts);
	return interrupted;
}

static void interrupted(void)
{
	static const struct {
		const char *name;
		uint8_t command;
	} dumps[] = {
		{ "gates", ANYGATE_CMD_GATE_GET }, { "stats", ANYGATE_CMD_STATS_GET },
	};
	struct message m;
	int i, n;

	for (i = 0; i < 2; i++) {
		gates(500);
		if (dump_interrupted(dumps[i].command, false, &n) || n != 500) {
			printf("# %s: %d told, or interrupted without a reason\n", dumps[i].name, n);
			bad++;
		}
		if (!dump_interrupted(dumps[i].command, true, &n)) {
			printf("# %s: interrupted, and not said so\n", dumps[i].name);
			bad++;
		}
		start(&m, ANYGATE_CMD_GATE_FLUSH);
		if (ask(&genl, &m, NULL))
			errx(2, "flush: %s", genl.reason);
	}
}

int main(int argc, char **argv)
{
	genl_open(&genl, ANYGATE_FAMILY_NAME);
	if (argc == 2 && !strcmp(argv[1], "bad"))
		bad_messages();
	else if (argc == 4 && !strcmp(argv[1], "fuzz"))
		fuzz(atoi(argv[2]), atoi(argv[3]));
	else if (argc == 5 && !strcmp(argv[1], "cycle"))
		cycle(argv[2], atoi(argv[3]), atoi(argv[4]));
	else if (argc == 2 && !strcmp(argv[1], "interrupted"))
		interrupted();
	else if (argc == 3 && !strcmp(argv[1], "gates"))
		gates(atoi(argv[2]));
	else
		errx(2, "usage: rawnl bad | fuzz SEED N | cycle ADDRESS PORT N | gates N | interrupted");
	return bad ? 1 : 0;
}
