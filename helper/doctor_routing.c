// SPDX-License-Identifier: GPL-2.0
/* doctor: does a routing daemon run, and which? */

#include <stdlib.h>

#include "doctor.h"

static const char *const daemons[] = {
	"zebra", "bird", "bird6", "gobgpd", "exabgp", "openbgpd", "bgpd", "ospfd", "ospf6d",
	"babeld", "holod", NULL,
};

/**
 * doctor_routing() - whether anybody announces what a gate opens
 * @n: node
 * @r: findings are added to it
 */
void doctor_routing(const struct node *n, struct report *r)
{
	if (!n->n_gates || node_runs(n, daemons))
		return;
	report_remedy(report_add(r, "no-routing-daemon", SEV_WARNING, "node",
				 "no routing daemon runs here: what a gate opens is announced to nobody"),
		      "start FRR or BIRD; if another program announces the routes of this node, never mind");
}
