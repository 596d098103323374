// SPDX-License-Identifier: GPL-2.0
/* Acknowledgements as kernels send them, and as they should not be. */

#include <errno.h>
#include <linux/netlink.h>

#include "extack.h"
#include "testlib.h"

/* An acknowledgement under construction; sized exactly for the sanitizer. */
struct ack {
	char buf[512];
	size_t len;
};

static void put(struct ack *a, const void *data, size_t len)
{
	memcpy(a->buf + a->len, data, len);
	a->len += NLMSG_ALIGN(len);
}

static struct ack ack(int error, uint16_t flags, uint32_t request_len)
{
	struct nlmsghdr nlh = { .nlmsg_type = NLMSG_ERROR, .nlmsg_flags = flags };
	struct nlmsgerr err = { .error = error, .msg.nlmsg_len = request_len };
	struct ack a = { 0 };

	put(&a, &nlh, sizeof(nlh));
	put(&a, &err, sizeof(err));
	return a;
}

static void tlv(struct ack *a, uint16_t type, const void *data, uint16_t len)
{
	struct nlattr nla = { .nla_len = sizeof(nla) + len, .nla_type = type };

	put(a, &nla, sizeof(nla));
	put(a, data, len);
}

static void tlv_u32(struct ack *a, uint16_t type, uint32_t value)
{
	tlv(a, type, &value, sizeof(value));
}

static struct extack parse(const struct ack *a, bool done)
{
	struct nlmsghdr *nlh = malloc(a->len);
	struct extack x;

	memcpy(nlh, a->buf, a->len);
	nlh->nlmsg_len = a->len;
	if (done)
		extack_parse_done(nlh, &x);
	else
		extack_parse(nlh, &x);
	free(nlh);
	return x;
}

static void capped(void **state)
{
	struct ack a = ack(-EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS, 100);
	struct extack x;

	(void)state;
	tlv(&a, NLMSGERR_ATTR_MSG, "no room", sizeof("no room"));
	tlv_u32(&a, NLMSGERR_ATTR_OFFS, 48);
	x = parse(&a, false);
	assert_int_equal(x.error, EINVAL);
	assert_string_equal(x.msg, "no room");
	assert_true(x.has_offs);
	assert_int_equal(x.offs, 48);
	assert_false(x.has_missing);
}

static void not_capped(void **state)
{
	/* a request of 16 + 10 bytes, padded: its payload is before the attributes */
	struct ack a = ack(-ENODEV, NLM_F_ACK_TLVS, 16 + 10);
	struct extack x;

	(void)state;
	put(&a, "0123456789", 10);
	tlv(&a, NLMSGERR_ATTR_MSG, "gone", sizeof("gone"));
	tlv_u32(&a, NLMSGERR_ATTR_MISS_TYPE, ANYGATE_A_GATE_SERVICE);
	x = parse(&a, false);
	assert_int_equal(x.error, ENODEV);
	assert_string_equal(x.msg, "gone");
	assert_true(x.has_missing);
	assert_int_equal(x.missing, ANYGATE_A_GATE_SERVICE);
	assert_false(x.in_nest);
}

static void no_tlvs(void **state)
{
	struct ack a = ack(-EPERM, 0, 16);
	struct extack x;

	(void)state;
	/* without the flag, what follows is no attribute */
	tlv(&a, NLMSGERR_ATTR_MSG, "not this", sizeof("not this"));
	x = parse(&a, false);
	assert_int_equal(x.error, EPERM);
	assert_string_equal(x.msg, "");
}

static void success(void **state)
{
	struct ack a = ack(0, NLM_F_CAPPED | NLM_F_ACK_TLVS, 16);
	struct extack x;

	(void)state;
	tlv(&a, NLMSGERR_ATTR_MSG, "by the way", sizeof("by the way"));
	x = parse(&a, false);
	assert_int_equal(x.error, 0);
	assert_string_equal(x.msg, "by the way");
}

static void malformed(void **state)
{
	struct ack a;
	struct extack x;
	struct nlattr nla = { .nla_len = 200, .nla_type = NLMSGERR_ATTR_MSG };

	(void)state;
	a = ack(-EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS, 16);
	put(&a, &nla, sizeof(nla));			/* longer than the message */
	assert_string_equal(parse(&a, false).msg, "");

	a = ack(-EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS, 16);
	nla.nla_len = 2;				/* shorter than itself */
	put(&a, &nla, sizeof(nla));
	assert_string_equal(parse(&a, false).msg, "");

	a = ack(-EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS, 16);
	tlv(&a, NLMSGERR_ATTR_OFFS, "ab", 2);		/* no room for a number */
	assert_false(parse(&a, false).has_offs);

	a = ack(-EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS, 16);
	tlv(&a, NLMSGERR_ATTR_MSG, "abcd", 4);		/* no terminating zero */
	assert_string_equal(parse(&a, false).msg, "abcd");

	a = ack(-EINVAL, NLM_F_ACK_TLVS, 4000);		/* request longer than the message */
	tlv(&a, NLMSGERR_ATTR_MSG, "abcd", 4);
	assert_string_equal(parse(&a, false).msg, "");
	a = ack(-EINVAL, NLM_F_ACK_TLVS, UINT32_MAX);
	assert_int_equal(parse(&a, false).error, EINVAL);
	a = ack(-EINVAL, NLM_F_ACK_TLVS, 0);
	assert_int_equal(parse(&a, false).error, EINVAL);

	a = ack(INT32_MIN, 0, 16);
	assert_int_equal(parse(&a, false).error, EBADMSG);
	a = ack(17, 0, 16);
	assert_int_equal(parse(&a, false).error, EBADMSG);
	a = ack(-EINVAL, 0, 16);
	a.len = 20;					/* cut short */
	x = parse(&a, false);
	assert_int_equal(x.error, EBADMSG);
}

static void dump_end(void **state)
{
	struct nlmsghdr nlh = { .nlmsg_type = NLMSG_DONE };
	int error = -ENOMEM;
	struct ack a = { 0 };
	struct extack x;

	(void)state;
	put(&a, &nlh, sizeof(nlh));
	assert_int_equal(parse(&a, true).error, 0);
	put(&a, &error, sizeof(error));
	assert_int_equal(parse(&a, true).error, ENOMEM);
	((struct nlmsghdr *)a.buf)->nlmsg_flags = NLM_F_ACK_TLVS;
	tlv(&a, NLMSGERR_ATTR_MSG, "too big", sizeof("too big"));
	x = parse(&a, true);
	assert_int_equal(x.error, ENOMEM);
	assert_string_equal(x.msg, "too big");
	error = 12;	/* a length, as some dumps end with */
	memcpy(a.buf + NLMSG_HDRLEN, &error, sizeof(error));
	assert_int_equal(parse(&a, true).error, 0);
}

static void explained(void **state)
{
	static const struct {
		uint8_t cmd;
		struct extack x;
		const char *text;
	} cases[] = {
		{ ANYGATE_CMD_GATE_ADD, { .error = EEXIST },
		  "192.0.2.53/32 has a gate already; use change" },
		{ ANYGATE_CMD_GATE_ADD, { .error = EEXIST, .msg = "exists", .has_offs = true, .offs = 20 },
		  "192.0.2.53/32 has a gate already; use change" },
		{ ANYGATE_CMD_GATE_ADD, { .error = EEXIST, .msg = "in use", .has_offs = true, .offs = 44 },
		  "192.0.2.53/32: dev eth9: in use" },
		{ ANYGATE_CMD_GATE_DEL, { .error = ENOENT }, "192.0.2.53/32: No such gate" },
		{ ANYGATE_CMD_GATE_CHANGE, { .error = ENOENT, .msg = "not found" },
		  "192.0.2.53/32: No such gate" },
		{ ANYGATE_CMD_GATE_GET, { .error = ENOENT }, "192.0.2.53/32: No such gate" },
		{ ANYGATE_CMD_GATE_ADD, { .error = ENODEV, .has_offs = true, .offs = 44 },
		  "192.0.2.53/32: dev eth9: no such device" },
		{ ANYGATE_CMD_GATE_ADD,
		  { .error = ENODEV, .msg = "the device does not exist", .has_offs = true, .offs = 44 },
		  "192.0.2.53/32: dev eth9: the device does not exist" },
		{ ANYGATE_CMD_GATE_ADD,
		  { .error = EINVAL, .msg = "port is reserved", .has_offs = true, .offs = 72 },
		  "192.0.2.53/32: service tcp/53: port is reserved" },
		{ ANYGATE_CMD_GATE_ADD, { .error = EINVAL, .msg = "bad", .has_offs = true, .offs = 9999 },
		  "192.0.2.53/32: bad" },
		{ ANYGATE_CMD_GATE_ADD, { .error = EINVAL },
		  "192.0.2.53/32: the kernel refused: Invalid argument" },
		{ ANYGATE_CMD_GATE_ADD,
		  { .error = EINVAL, .has_missing = true, .missing = ANYGATE_A_GATE_SERVICE },
		  "192.0.2.53/32: the kernel refused: Invalid argument (service is missing)" },
		{ ANYGATE_CMD_GATE_ADD,
		  { .error = EINVAL, .msg = "incomplete", .has_missing = true, .in_nest = true,
		    .missing = ANYGATE_A_SERVICE_PORT },
		  "192.0.2.53/32: incomplete (port is missing)" },
		{ ANYGATE_CMD_GATE_ADD, { .error = ENOSPC },
		  "192.0.2.53/32: this network namespace has as many gates as it may have" },
		{ ANYGATE_CMD_GATE_DEL, { .error = EPERM },
		  "192.0.2.53/32: not permitted: CAP_NET_ADMIN is needed in this network namespace" },
		{ ANYGATE_CMD_GATE_DEL, { .error = EPERM, .msg = "because" },
		  "192.0.2.53/32: not permitted: CAP_NET_ADMIN is needed in this network namespace (because)" },
		{ ANYGATE_CMD_STATUS_GET, { .error = EOPNOTSUPP }, "older than anygatectl" },
		{ ANYGATE_CMD_GATE_ADD,
		  { .error = EINVAL, .msg = "Unknown attribute type", .has_offs = true, .offs = 44 },
		  "192.0.2.53/32: dev eth9: the loaded module does not know this; is it older than anygatectl?" },
	};
	struct reqmap map = { 0 };
	struct err e;
	size_t i;

	(void)state;
	reqmap_add(&map, 20, 36, "prefix", "192.0.2.53");
	reqmap_add(&map, 40, 52, "dev", "eth9");
	reqmap_add(&map, 52, 90, "service", "tcp/53");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		extack_explain(&cases[i].x, cases[i].cmd, "192.0.2.53/32", &map, &e);
		assert_contains(e.text, cases[i].text);
	}
	extack_explain(&cases[2].x, ANYGATE_CMD_GATE_ADD, "flush", NULL, &e);
	assert_contains(e.text, "flush has a gate");
}

static void map_is_bounded(void **state)
{
	struct reqmap map = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 2 * REQMAP_MAX; i++)
		reqmap_add(&map, i, i + 1, "key", "value");
	assert_int_equal(map.n, REQMAP_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capped),
		cmocka_unit_test(not_capped),
		cmocka_unit_test(no_tlvs),
		cmocka_unit_test(success),
		cmocka_unit_test(malformed),
		cmocka_unit_test(dump_end),
		cmocka_unit_test(explained),
		cmocka_unit_test(map_is_bounded),
	};

	return cmocka_run_group_tests_name("extack", tests, NULL, NULL);
}
