// SPDX-License-Identifier: GPL-2.0
/* All gates, or some, as the kernel has them. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gates.h"
#include "query.h"

struct collector {
	struct gates *l;
	const char *name;
};

static void collect(const struct nlattr *attrs, int len, void *arg)
{
	struct collector *c = arg;
	struct gates *l = c->l;

	if (l->n == l->size) {
		l->size = l->size ? 2 * l->size : 16;
		l->gates = reallocarray(l->gates, l->size, sizeof(*l->gates));
		if (!l->gates)
			exit(complain(ST_REFUSED, "out of memory"));
	}
	gate_decode(&l->gates[l->n], attrs, len);
	if (!c->name || !strcmp(c->name, l->gates[l->n].name))
		l->n++;
}

static void forget(void *arg)
{
	struct collector *c = arg;

	c->l->n = 0;
}

static int by_prefix(const void *a, const void *b)
{
	const struct gate *ga = a, *gb = b;

	return prefix_cmp(&ga->prefix, &gb->prefix);
}

/**
 * gates_get() - ask for gates
 * @ag: connection
 * @ref: which gate or group; all, if it says nothing
 * @l: result; free it with gates_free(), whatever is returned
 * @x: what the kernel says about the request
 * @map: which word of the command line went where
 *
 * Return: 0; -errno as of ag_do(); -ENOENT for a group of none, if all gates
 * could be read
 */
int gates_get(struct ag *ag, const struct gate_ref *ref, struct gates *l,
	      struct extack *x, struct reqmap *map)
{
	struct collector c = { .l = l, .name = ref->name };
	struct query q = {
		.cmd = ANYGATE_CMD_GATE_GET,
		.ref = ref,
		.count_flows = l->count_flows,
		.fn = collect,
		.restart = forget,
		.arg = &c,
	};
	int ret;

	ret = query_run(ag, &q, x, map);
	l->partial = q.partial;
	/* A dump of nothing is no error, but nobody asks for a group of none. */
	if (!ret && ref->name && !l->n && !l->partial) {
		x->error = ENOENT;
		ret = -ENOENT;
	}
	if (l->n)
		qsort(l->gates, l->n, sizeof(*l->gates), by_prefix);
	return ret;
}

/**
 * gates_free() - forget gates
 * @l: gates
 */
void gates_free(struct gates *l)
{
	free(l->gates);
	*l = (struct gates){ 0 };
}
