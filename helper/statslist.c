// SPDX-License-Identifier: GPL-2.0
/* The counters of all gates, or some, as the kernel has them. */

#include <errno.h>
#include <stdlib.h>

#include "query.h"
#include "statslist.h"

static void collect(const struct nlattr *attrs, int len, void *arg)
{
	struct statslist *l = arg;

	if (l->n == l->size) {
		l->size = l->size ? 2 * l->size : 16;
		l->stats = reallocarray(l->stats, l->size, sizeof(*l->stats));
		if (!l->stats)
			exit(complain(ST_REFUSED, "out of memory"));
	}
	stats_decode(&l->stats[l->n++], attrs, len);
}

static void forget(void *arg)
{
	struct statslist *l = arg;

	l->n = 0;
}

static int by_prefix(const void *a, const void *b)
{
	const struct stats *sa = a, *sb = b;

	return prefix_cmp(&sa->prefix, &sb->prefix);
}

/**
 * statslist_get() - ask for the counters of gates
 * @ag: connection
 * @ref: which gate or group; all, if it says nothing
 * @l: result; free it with statslist_free(), whatever is returned
 * @x: what the kernel says about the request
 * @map: which word of the command line went where
 *
 * Return: 0; -errno as of ag_do(); -ENOENT for a group of none
 */
int statslist_get(struct ag *ag, const struct gate_ref *ref,
		  struct statslist *l, struct extack *x, struct reqmap *map)
{
	struct query q = {
		.cmd = ANYGATE_CMD_STATS_GET,
		.ref = ref,
		.fn = collect,
		.restart = forget,
		.arg = l,
	};
	int ret = query_run(ag, &q, x, map);

	l->partial = q.partial;
	if (!ret && ref->name && !l->n && !l->partial) {
		x->error = ENOENT;
		ret = -ENOENT;
	}
	if (l->n)
		qsort(l->stats, l->n, sizeof(*l->stats), by_prefix);
	return ret;
}

/**
 * statslist_free() - forget counters
 * @l: counters
 */
void statslist_free(struct statslist *l)
{
	free(l->stats);
	*l = (struct statslist){ 0 };
}
