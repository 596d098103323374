// SPDX-License-Identifier: GPL-2.0
/* The counters of a gate: decode them, and reckon with them. */

#include <netlink/attr.h>
#include <string.h>

#include "stats.h"

static struct nla_policy stats_policy[ANYGATE_A_STATS_MAX + 1] = {
	[ANYGATE_A_STATS_ID]		= { .type = NLA_U32 },
	[ANYGATE_A_STATS_PREFIX_LEN]	= { .type = NLA_U32 },
	[ANYGATE_A_STATS_NAME]		= { .type = NLA_STRING },
	[ANYGATE_A_STATS_LATENCY_SUM]	= { .type = NLA_U64 },
	[ANYGATE_A_STATS_ERRORS]	= { .type = NLA_U64 },
	[ANYGATE_A_STATS_LEFT_OFF]	= { .type = NLA_U32 },
};

static struct nla_policy count_policy[ANYGATE_A_COUNT_MAX + 1] = {
	[ANYGATE_A_COUNT_REASON]	= { .type = NLA_U32 },
	[ANYGATE_A_COUNT_BELOW]		= { .type = NLA_U64 },
	[ANYGATE_A_COUNT_COUNT]		= { .type = NLA_U64 },
};

static struct nla_policy listener_policy[ANYGATE_A_LISTENER_MAX + 1] = {
	[ANYGATE_A_LISTENER_PROTOCOL]	= { .type = NLA_U32 },
	[ANYGATE_A_LISTENER_PORT]	= { .type = NLA_U32 },
	[ANYGATE_A_LISTENER_INODE]	= { .type = NLA_U64 },
	[ANYGATE_A_LISTENER_QUEUE]	= { .type = NLA_U32 },
	[ANYGATE_A_LISTENER_LIMIT]	= { .type = NLA_U32 },
	[ANYGATE_A_LISTENER_DROPS]	= { .type = NLA_U64 },
	[ANYGATE_A_LISTENER_AGE]	= { .type = NLA_U64 },
	[ANYGATE_A_LISTENER_STALLED]	= { .type = NLA_U32 },
};

static uint32_t u32_of(struct nlattr *nla)
{
	return nla ? nla_get_u32(nla) : 0;
}

static uint64_t u64_of(struct nlattr *nla)
{
	return nla ? nla_get_u64(nla) : 0;
}

static void get_address(struct ipaddr *a, struct nlattr *nla)
{
	int len = nla ? nla_len(nla) : 0;

	if (len != 4 && len != 16)
		return;
	a->family = len == 4 ? AF_INET : AF_INET6;
	memcpy(a->bytes, nla_data(nla), len);
}

static void add_transition(struct stats *st, struct nlattr *nest)
{
	struct nlattr *tb[ANYGATE_A_COUNT_MAX + 1];
	struct reason_count *t = &st->transitions[st->n_transitions];

	if (st->n_transitions == REASONS_MAX ||
	    nla_parse_nested(tb, ANYGATE_A_COUNT_MAX, nest, count_policy))
		return;
	t->reason = u32_of(tb[ANYGATE_A_COUNT_REASON]);
	t->count = u64_of(tb[ANYGATE_A_COUNT_COUNT]);
	st->n_transitions++;
}

static void add_step(struct stats *st, struct nlattr *nest)
{
	struct nlattr *tb[ANYGATE_A_COUNT_MAX + 1];
	struct step *s = &st->steps[st->n_steps];

	if (st->n_steps == STEPS_MAX ||
	    nla_parse_nested(tb, ANYGATE_A_COUNT_MAX, nest, count_policy))
		return;
	s->below = tb[ANYGATE_A_COUNT_BELOW] ? u64_of(tb[ANYGATE_A_COUNT_BELOW]) : UINT64_MAX;
	s->count = u64_of(tb[ANYGATE_A_COUNT_COUNT]);
	st->n_steps++;
}

static void add_listener(struct stats *st, struct nlattr *nest)
{
	struct nlattr *tb[ANYGATE_A_LISTENER_MAX + 1];
	struct listener *l = &st->listeners[st->n_listeners];

	if (st->n_listeners == ARRAY_SIZE(st->listeners)) {
		st->left_off++;
		return;
	}
	if (nla_parse_nested(tb, ANYGATE_A_LISTENER_MAX, nest, listener_policy))
		return;
	get_address(&l->s.addr, tb[ANYGATE_A_LISTENER_ADDRESS]);
	l->s.protocol = u32_of(tb[ANYGATE_A_LISTENER_PROTOCOL]);
	l->s.port = u32_of(tb[ANYGATE_A_LISTENER_PORT]);
	l->s.listeners = 1;
	l->s.queued = true;
	l->s.queue = u32_of(tb[ANYGATE_A_LISTENER_QUEUE]);
	l->s.limit = u32_of(tb[ANYGATE_A_LISTENER_LIMIT]);
	l->s.drops = u64_of(tb[ANYGATE_A_LISTENER_DROPS]);
	l->s.waiting = tb[ANYGATE_A_LISTENER_AGE];
	l->s.age = u64_of(tb[ANYGATE_A_LISTENER_AGE]);
	l->s.stalled = u32_of(tb[ANYGATE_A_LISTENER_STALLED]);
	l->inode = u64_of(tb[ANYGATE_A_LISTENER_INODE]);
	st->n_listeners++;
}

/**
 * stats_decode() - decode the attributes of a gate's counters
 * @st: result
 * @attrs: first attribute
 * @len: length of all of them
 */
void stats_decode(struct stats *st, const struct nlattr *attrs, int len)
{
	struct nlattr *tb[ANYGATE_A_STATS_MAX + 1], *nla;
	char raw[128] = "";
	int left;

	memset(st, 0, sizeof(*st));
	if (nla_parse(tb, ANYGATE_A_STATS_MAX, (struct nlattr *)attrs, len, stats_policy))
		return;
	st->id = u32_of(tb[ANYGATE_A_STATS_ID]);
	get_address(&st->prefix.addr, tb[ANYGATE_A_STATS_PREFIX]);
	st->prefix.len = tb[ANYGATE_A_STATS_PREFIX_LEN] ?
			 u32_of(tb[ANYGATE_A_STATS_PREFIX_LEN]) :
			 8 * ip_size(st->prefix.addr.family);
	if (tb[ANYGATE_A_STATS_NAME])
		nla_strlcpy(raw, tb[ANYGATE_A_STATS_NAME], sizeof(raw));
	clean(st->name, sizeof(st->name), raw);
	st->latency_sum = u64_of(tb[ANYGATE_A_STATS_LATENCY_SUM]);
	st->errors = u64_of(tb[ANYGATE_A_STATS_ERRORS]);
	st->left_off = u32_of(tb[ANYGATE_A_STATS_LEFT_OFF]);
	nla_for_each_attr(nla, (struct nlattr *)attrs, len, left) {
		if (nla_type(nla) == ANYGATE_A_STATS_TRANSITION)
			add_transition(st, nla);
		else if (nla_type(nla) == ANYGATE_A_STATS_LATENCY)
			add_step(st, nla);
		else if (nla_type(nla) == ANYGATE_A_STATS_LISTENER)
			add_listener(st, nla);
	}
}

/**
 * stats_actions() - how many actions the histogram holds
 * @st: counters
 *
 * Return: their number
 */
uint64_t stats_actions(const struct stats *st)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < st->n_steps; i++)
		sum += st->steps[i].count;
	return sum;
}

/**
 * stats_quantile() - how long an action takes, approximately
 * @st: counters, of at least one action
 * @percent: this share of all actions took no longer
 * @ns: result
 *
 * Within a step they are taken to be spread evenly.
 *
 * Return: true; false if it is more than @ns, the end of the histogram
 */
bool stats_quantile(const struct stats *st, unsigned int percent, uint64_t *ns)
{
	const double rank = (double)stats_actions(st) * percent / 100;
	uint64_t from = 0, before = 0;
	const struct step *s;
	unsigned int i;

	for (i = 0; i < st->n_steps; i++) {
		s = &st->steps[i];
		*ns = from;
		if (s->count && before + s->count >= rank) {
			if (s->below == UINT64_MAX)
				return false;
			if (s->below > from && rank > before)
				*ns += (s->below - from) * ((rank - before) / s->count);
			return true;
		}
		before += s->count;
		from = s->below;
	}
	return false;
}
