// SPDX-License-Identifier: GPL-2.0
/* doctor: does this node take the packets that a gate's route attracts? */

#include <stdlib.h>
#include <string.h>

#include "doctor.h"

/*
 * Whether an address is in a route of type local, of whatever table: a VRF has its
 * own, and a prefix may be local as a whole (ip route add local PREFIX dev lo).
 * LOCALS are lines as "local 198.51.100.53 dev lo table local proto kernel".
 */
static bool is_local(const char *locals, const struct ipaddr *a)
{
	char *text = strdup(locals), *rest = text, *line, word[64];
	struct prefix p;
	bool is = !text;
	struct err e;

	while (!is && (line = next_line(&rest)))
		is = sscanf(line, "local %63s", word) == 1 && !parse_prefix(word, &p, &e) &&
		     prefix_contains(&p, a);
	free(text);
	return is;
}

/*
 * An address that a gate announces it also adds. A route is a blackhole's: what it
 * attracts goes there unless something longer takes it.
 */
static void look(struct report *r, const struct gate *g, const char *locals)
{
	char prefix[PREFIX_TEXT], addr[PREFIX_TEXT];
	unsigned int i;

	for (i = 0; i < g->n_services; i++) {
		const struct ipaddr *a = &g->services[i].addr;

		/* One of several ports of an address is enough. */
		if (is_local(locals, a) || (i && ip_equal(a, &g->services[i - 1].addr)))
			continue;
		ip_text(a, addr);
		report_remedy(report_add(r, "not-local",
					 g->announced == ANYGATE_SWITCH_ON ? SEV_PROBLEM : SEV_WARNING,
					 gate_prefix(g, prefix),
					 "%s is not an address of this node: while the gate is open, clients' packets for it go into the gate's own blackhole route",
					 addr),
			      "ip address add %s/%d dev lo, and the same where this node's network is configured; or action address",
			      addr, a->family == AF_INET ? 32 : 128);
	}
}

/**
 * doctor_local() - whether the addresses behind gates' routes are this node's
 * @n: node
 * @r: findings are added to it
 */
void doctor_local(const struct node *n, struct report *r)
{
	static const struct {
		int family;
		const char *command[9];
	} of[] = {
		{ AF_INET, { "ip", "-4", "route", "show", "table", "all", "type", "local" } },
		{ AF_INET6, { "ip", "-6", "route", "show", "table", "all", "type", "local" } },
	};
	char *locals;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(of); i++) {
		locals = NULL;
		for (j = 0; j < n->n_gates; j++) {
			const struct gate *g = &n->gates[j];

			if (g->action != ANYGATE_ACTION_ROUTE ||
			    g->prefix.addr.family != of[i].family)
				continue;
			if (!locals)
				locals = node_run(n, of[i].command);
			/* Whoever cannot ask has nothing to say. */
			if (!locals)
				break;
			look(r, g, locals);
		}
		free(locals);
	}
}
