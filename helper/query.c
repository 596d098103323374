// SPDX-License-Identifier: GPL-2.0
/* Questions about one gate, a group or all gates. */

#include <errno.h>
#include <poll.h>

#include "query.h"

#define DUMP_ATTEMPTS	20
#define DUMP_WAIT_MS	10	/* between two, for whoever makes gates to get on */

static bool one(const struct query *q)
{
	return q->ref->said && !q->ref->name;
}

static void put_ref(struct nl_msg *msg, const struct query *q, struct reqmap *map)
{
	const struct gate_ref *ref = q->ref;
	const uint32_t start = nlmsg_hdr(msg)->nlmsg_len;

	/* Prefixes have the same numbers in both, names have not. */
	if (q->cmd != ANYGATE_CMD_STATS_GET || !ref->name) {
		ag_put_gate(msg, ref, map);
		return;
	}
	nla_put_string(msg, ANYGATE_A_STATS_NAME, ref->name);
	reqmap_add(map, start, nlmsg_hdr(msg)->nlmsg_len, "name", ref->said);
}

/**
 * query_run() - ask
 * @ag: connection
 * @q: what
 * @x: what the kernel says about the request
 * @map: which word of the command line went where
 *
 * A gate that comes or goes interrupts a dump; then it is asked for again.
 *
 * Return: 0, or -errno as of ag_do()
 */
int query_run(struct ag *ag, struct query *q, struct extack *x,
	      struct reqmap *map)
{
	int attempt = 0, ret;
	struct nl_msg *msg;

	do {
		if (attempt)
			poll(NULL, 0, DUMP_WAIT_MS);
		q->restart(q->arg);
		map->n = 0;
		msg = ag_request(ag, q->cmd, one(q) ? 0 : NLM_F_DUMP);
		if (msg && q->ref->said)
			put_ref(msg, q, map);
		if (msg && q->count_flows)
			nla_put_flag(msg, ANYGATE_A_GATE_COUNT_FLOWS);
		ret = ag_do(ag, msg, q->fn, q->arg, x);
	} while (ret == -EAGAIN && !x->error && ++attempt < DUMP_ATTEMPTS);
	q->partial = ret == -EAGAIN && !x->error;
	return q->partial ? 0 : ret;
}
