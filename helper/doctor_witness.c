// SPDX-License-Identifier: GPL-2.0
/* doctor: do the witnesses see anybody? */

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "rttable.h"

/* Of the gate's family; NULL if there is no such table. */
static char *routes_in(const struct node *n, const struct gate *g, const char *table)
{
	const char *family = g->prefix.addr.family == AF_INET ? "-4" : "-6";
	const char *const command[] = { "ip", family, "route", "show", "table", table, NULL };

	return node_run(n, command);
}

static bool leads_away(const char *line)
{
	return !has_token(line, "linkdown") && !has_token(line, "dead");
}

/* Our own routes are no witness, nor is what the kernel makes of addresses (witness.c). */
static bool from_others(const char *line)
{
	return !strstr(line, "proto kernel") && !strstr(line, "proto anygate") &&
	       !strstr(line, "proto 166 ");
}

/* "192.0.2.0/24 via 198.51.100.1 dev eth0 proto bird metric 32" */
static bool is_path(const char *line, const struct gate *g)
{
	struct prefix p;
	char word[64];
	struct err e;

	/* A host's has no length, and other types than unicast are told first. */
	return sscanf(line, "%63s", word) == 1 && !parse_prefix(word, &p, &e) &&
	       p.len <= g->prefix.len && prefix_contains(&p, &g->prefix.addr) &&
	       from_others(line);
}

static void look(const struct node *n, struct report *r, const struct gate *g)
{
	const char *family = g->prefix.addr.family == AF_INET ? "IPv4" : "IPv6";
	char number[16], name[64], prefix[PREFIX_TEXT];
	char *text, *rest, *line;
	bool any = false, path = false, is = false;

	snprintf(number, sizeof(number), "%u", g->witness);
	rttable_name(g->witness, name, sizeof(name));
	rest = text = routes_in(n, g, number);
	while ((line = next_line(&rest))) {
		any |= *line != '\0';
		/* Of several next hops each has a line of its own, below the route's. */
		if (*line != '\t' && *line != ' ')
			is = is_path(line, g);
		path |= is && leads_away(line) && has_token(line, "dev");
	}
	free(text);
	gate_prefix(g, prefix);
	if (!any)
		report_remedy(report_add(r, "witness-blind", SEV_WARNING, prefix,
					 "its witness, table %s, has no %s route: it sees no other node, and a dead service stays announced",
					 name, family),
			      "have the routing daemon write what other nodes announce into table %s, as states.md says; if this is the only node, never mind",
			      name);
	else if (!path)
		report_remedy(report_add(r, "witness-alone", SEV_NOTE, prefix,
					 "its witness, table %s, has no path to it: if its services die now, it stays announced",
					 name),
			      "see whether the other nodes announce it, and whether the routing daemon writes that into table %s",
			      name);
}

/**
 * doctor_witness() - whether the tables of witnesses are filled
 * @n: node
 * @r: findings are added to it
 */
void doctor_witness(const struct node *n, struct report *r)
{
	const char *const works[] = { "ip", "route", "show", "table", "local", NULL };
	char *text = NULL;
	size_t i;

	for (i = 0; i < n->n_gates; i++) {
		if (!n->gates[i].witness)
			continue;
		/* Without a way to read the tables there is nothing to be said. */
		if (!text)
			text = node_run(n, works);
		if (!text)
			return;
		look(n, r, &n->gates[i]);
	}
	free(text);
}
