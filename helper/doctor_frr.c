// SPDX-License-Identifier: GPL-2.0
/* doctor: would a running FRR redistribute what the gates put there? */

#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#define TABLE_MAIN	254

/**
 * struct redist - what some routing protocol of FRR redistributes
 * @found: by family (IPv4, IPv6) and source (connected, kernel)
 */
struct redist {
	bool found[2][2];
};

/* The family that a protocol's lines are about; -1 for a line of none. */
static int router_family(const char *line)
{
	if (!strncmp(line, "router ospf6", 12) || !strncmp(line, "router ripng", 12))
		return 1;
	return 0;
}

static void read_redistribute(struct redist *d, const char *line, int family)
{
	const char *what = line + strlen("redistribute ");

	/* IS-IS says the family in the line. */
	if (!strncmp(what, "ipv4 ", 5) || !strncmp(what, "ipv6 ", 5)) {
		family = what[3] == '6';
		what += 5;
	}
	if (has_token(what, "connected"))
		d->found[family][0] = true;
	if (has_token(what, "kernel"))
		d->found[family][1] = true;
}

static void read_config(struct redist *d, char *text)
{
	bool in_router = false;
	char *line, *rest = text;
	int family = 0;

	while ((line = next_line(&rest))) {
		const bool top = *line != ' ';

		line = config_line(line);
		if (top && *line) {
			in_router = !strncmp(line, "router ", 7);
			family = router_family(line);
		}
		if (!in_router)
			continue;
		if (!strncmp(line, "address-family ipv", 18))
			family = line[18] == '6';
		else if (!strcmp(line, "exit-address-family"))
			family = 0;
		else if (!strncmp(line, "redistribute ", 13))
			read_redistribute(d, line, family);
	}
}

/* BGP and OSPF may also name the prefix itself. */
static bool named(const char *config, const struct gate *g)
{
	char prefix[PREFIX_TEXT], line[PREFIX_TEXT + 16];

	snprintf(line, sizeof(line), "network %s", gate_prefix(g, prefix));
	return has_token(config, line);
}

static void judge(const struct redist *d, const char *config, const struct gate *g,
		  struct report *r)
{
	const bool address = gate_is_address(g, 0), v6 = g->prefix.addr.family == AF_INET6;
	const char *source = address ? "connected" : "kernel";
	char prefix[PREFIX_TEXT];

	gate_prefix(g, prefix);
	if (!address && g->table && g->table != TABLE_MAIN)
		report_remedy(report_add(r, "frr-table", SEV_WARNING, prefix,
					 "the route is in table %u, and FRR reads the main table only unless a VRF has that table",
					 g->table),
			      "anygatectl change %s table main", prefix);
	if (d->found[v6][!address] || named(config, g))
		return;
	report_remedy(report_add(r, "frr-redistribute", SEV_PROBLEM, prefix,
				 "FRR runs, but no routing protocol for %s redistributes %s routes: an open gate is announced to nobody",
				 v6 ? "IPv6" : "IPv4", source),
		      "vtysh: router %s, redistribute %s route-map MAP with a map that permits %s",
		      v6 ? "ospf6 (or bgp)" : "ospf (or bgp)", source, prefix);
}

/* An FRR of a namespace has sockets of its own: zebra -N NAME, vtysh -N NAME. */
static char *ask(const struct node *n, const char *pid)
{
	const char *command[6] = { "vtysh" };
	char *name = node_option(n, pid, "-N"), *config;
	size_t i = 1;

	if (name) {
		command[i++] = "-N";
		command[i++] = name;
	}
	command[i++] = "-c";
	command[i] = "show running-config";
	config = node_run(n, command);
	free(name);
	return config;
}

/**
 * doctor_frr() - ask FRR for its configuration
 * @n: node
 * @r: findings are added to it
 */
void doctor_frr(const struct node *n, struct report *r)
{
	static const char *const zebra[] = { "zebra", NULL };
	char *config, *copy, *pid = n->n_gates ? node_process(n, zebra) : NULL;
	struct redist d = { 0 };
	size_t i;

	if (!pid)
		return;
	config = ask(n, pid);
	copy = config ? strdup(config) : NULL;
	if (copy) {
		read_config(&d, copy);
		for (i = 0; i < n->n_gates; i++)
			judge(&d, config, &n->gates[i], r);
	} else {
		report_remedy(report_add(r, "frr-silent", SEV_NOTE, "FRR",
					 "it runs, but vtysh does not say what it redistributes"),
			      "run doctor as root; vtysh -c 'show running-config' says what is wrong");
	}
	free(copy);
	free(config);
	free(pid);
}
