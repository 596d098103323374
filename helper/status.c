// SPDX-License-Identifier: GPL-2.0
/* The module's health: decode it, and say when it is bad. */

#include <errno.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>

#include "gate.h"

static struct nla_policy status_policy[ANYGATE_A_STATUS_MAX + 1] = {
	[ANYGATE_A_STATUS_VERSION]	= { .type = NLA_STRING },
	[ANYGATE_A_STATUS_GATES]	= { .type = NLA_U32 },
	[ANYGATE_A_STATUS_MAX_GATES]	= { .type = NLA_U32 },
	[ANYGATE_A_STATUS_PROBES]	= { .type = NLA_U32 },
	[ANYGATE_A_STATUS_RECONCILE]	= { .type = NLA_U32 },
	[ANYGATE_A_STATUS_PROTOCOL]	= { .type = NLA_U32 },
	[ANYGATE_A_STATUS_EVENTS]	= { .type = NLA_U64 },
	[ANYGATE_A_STATUS_MISSED]	= { .type = NLA_U64 },
	[ANYGATE_A_STATUS_OVERFLOWS]	= { .type = NLA_U64 },
	[ANYGATE_A_STATUS_PASSES]	= { .type = NLA_U64 },
	[ANYGATE_A_STATUS_HEALED]	= { .type = NLA_U64 },
};

static struct nla_policy probe_policy[ANYGATE_A_PROBE_MAX + 1] = {
	[ANYGATE_A_PROBE_SYMBOL]	= { .type = NLA_STRING },
	[ANYGATE_A_PROBE_ARMED]		= { .type = NLA_U32 },
	[ANYGATE_A_PROBE_ERROR]		= { .type = NLA_U32 },
	[ANYGATE_A_PROBE_MISSED]	= { .type = NLA_U64 },
};

static void copy_string(char *dst, size_t size, struct nlattr *nla)
{
	char raw[128] = "";

	if (nla)
		nla_strlcpy(raw, nla, sizeof(raw));
	clean(dst, size, raw);
}

static uint32_t u32_of(struct nlattr *nla)
{
	return nla ? nla_get_u32(nla) : 0;
}

static uint64_t u64_of(struct nlattr *nla)
{
	return nla ? nla_get_u64(nla) : 0;
}

static void decode_probe(struct probe *p, struct nlattr *nest)
{
	struct nlattr *tb[ANYGATE_A_PROBE_MAX + 1];

	memset(p, 0, sizeof(*p));
	if (nla_parse_nested(tb, ANYGATE_A_PROBE_MAX, nest, probe_policy))
		return;
	copy_string(p->symbol, sizeof(p->symbol), tb[ANYGATE_A_PROBE_SYMBOL]);
	p->armed = u32_of(tb[ANYGATE_A_PROBE_ARMED]);
	p->error = u32_of(tb[ANYGATE_A_PROBE_ERROR]);
	p->missed = u64_of(tb[ANYGATE_A_PROBE_MISSED]);
}

/**
 * status_decode() - decode the attributes of the module's status
 * @st: result
 * @attrs: first attribute
 * @len: length of all of them
 */
void status_decode(struct module_status *st, const struct nlattr *attrs,
		   int len)
{
	struct nlattr *tb[ANYGATE_A_STATUS_MAX + 1];
	struct nlattr *nla;
	int left;

	memset(st, 0, sizeof(*st));
	if (nla_parse(tb, ANYGATE_A_STATUS_MAX, (struct nlattr *)attrs, len,
		      status_policy))
		return;
	copy_string(st->version, sizeof(st->version), tb[ANYGATE_A_STATUS_VERSION]);
	st->gates = u32_of(tb[ANYGATE_A_STATUS_GATES]);
	st->max_gates = u32_of(tb[ANYGATE_A_STATUS_MAX_GATES]);
	st->probes = u32_of(tb[ANYGATE_A_STATUS_PROBES]);
	st->reconcile = u32_of(tb[ANYGATE_A_STATUS_RECONCILE]);
	st->protocol = u32_of(tb[ANYGATE_A_STATUS_PROTOCOL]);
	st->events = u64_of(tb[ANYGATE_A_STATUS_EVENTS]);
	st->missed = u64_of(tb[ANYGATE_A_STATUS_MISSED]);
	st->overflows = u64_of(tb[ANYGATE_A_STATUS_OVERFLOWS]);
	st->passes = u64_of(tb[ANYGATE_A_STATUS_PASSES]);
	st->healed = u64_of(tb[ANYGATE_A_STATUS_HEALED]);

	nla_for_each_attr(nla, (struct nlattr *)attrs, len, left)
		if (nla_type(nla) == ANYGATE_A_STATUS_PROBE &&
		    st->n_probe < ARRAY_SIZE(st->probe))
			decode_probe(&st->probe[st->n_probe++], nla);
}

/**
 * status_warning() - what there is to be said about the socket events
 * @st: the module's status
 * @buf: for the result; empty if all is well
 * @size: of @buf
 */
void status_warning(const struct module_status *st, char *buf, size_t size)
{
	const struct probe *bad = NULL;
	char why[256], then[64];
	unsigned int i;

	buf[0] = '\0';
	if (st->probes != ANYGATE_PROBES_DEGRADED)
		return;
	for (i = 0; i < st->n_probe && !bad; i++)
		if (st->probe[i].error)
			bad = &st->probe[i];
	if (bad)
		snprintf(why, sizeof(why), "incomplete (%s cannot be probed: %s)",
			 bad->symbol, strerror(bad->error));
	else
		snprintf(why, sizeof(why), "silenced (kernel.ftrace_enabled=0?)");
	if (st->reconcile)
		snprintf(then, sizeof(then), "reconciling every %u ms", st->reconcile);
	else
		snprintf(then, sizeof(then), "and the reconcile is off: NOTHING IS WATCHED");
	snprintf(buf, size, "socket events are %s; %s", why, then);
}
