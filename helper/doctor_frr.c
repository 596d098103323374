// SPDX-License-Identifier: GPL-2.0
/* doctor: would a running FRR redistribute what the gates put there? */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "doctor.h"

#define TABLE_MAIN	254
#define IMPORT_MAX	252	/* of "ip import-table" */
#define SOURCE_TEXT	32

/**
 * struct frr - what a running FRR says of itself
 * @config: its configuration; NULL if it does not say
 * @redistributed: what its routing protocols redistribute, a line each, by
 * family (IPv4, IPv6)
 */
struct frr {
	char *config;
	char *redistributed[2];
};

/* The family that a protocol's lines are about, until they say another one. */
static int router_family(const char *line)
{
	if (!strncmp(line, "router ospf6", 12) || !strncmp(line, "router ripng", 12))
		return 1;
	return 0;
}

/* "redistribute connected route-map MAP"; IS-IS says the family in the line. */
static void read_redistribute(FILE *const out[2], const char *line, int family)
{
	const char *what = line + strlen("redistribute ");

	if (!strncmp(what, "ipv4 ", 5) || !strncmp(what, "ipv6 ", 5)) {
		family = what[3] == '6';
		what += 5;
	}
	fprintf(out[family], "%s\n", what);
}

static void read_config(struct frr *f, char *text)
{
	size_t size[2];
	FILE *const out[2] = {
		open_memstream(&f->redistributed[0], &size[0]),
		open_memstream(&f->redistributed[1], &size[1]),
	};
	bool in_router = false;
	char *line, *rest = text;
	int family = 0;

	if (!out[0] || !out[1])
		exit(complain(ST_REFUSED, "out of memory"));
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
			read_redistribute(out, line, family);
	}
	fclose(out[0]);
	fclose(out[1]);
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
 * frr_ask() - ask FRR for its configuration
 * @n: node
 *
 * Return: for frr_free(), or NULL if none runs
 */
struct frr *frr_ask(const struct node *n)
{
	static const char *const zebra[] = { "zebra", NULL };
	char *pid = node_process(n, zebra), *copy;
	struct frr *f;

	if (!pid)
		return NULL;
	f = calloc(1, sizeof(*f));
	if (!f)
		exit(complain(ST_REFUSED, "out of memory"));
	f->config = ask(n, pid);
	if (f->config) {
		copy = strdup(f->config);
		if (!copy)
			exit(complain(ST_REFUSED, "out of memory"));
		read_config(f, copy);
		free(copy);
	}
	free(pid);
	return f;
}

/**
 * frr_free() - forget what FRR has said
 * @f: from frr_ask(), or NULL
 */
void frr_free(struct frr *f)
{
	if (!f)
		return;
	free(f->redistributed[0]);
	free(f->redistributed[1]);
	free(f->config);
	free(f);
}

static bool in_other_table(const struct gate *g)
{
	return !gate_is_address(g, 0) && g->table && g->table != TABLE_MAIN;
}

/* "import-table" is for IPv4 only, and adds what is in the table as routes of its own kind. */
static bool imports(const struct frr *f, const struct gate *g)
{
	char line[SOURCE_TEXT];

	snprintf(line, sizeof(line), "ip import-table %u", g->table);
	return in_other_table(g) && g->prefix.addr.family == AF_INET && has_token(f->config, line);
}

/* What FRR calls the routes that a gate's is one of. */
static const char *source_of(const struct frr *f, const struct gate *g, char buf[SOURCE_TEXT])
{
	if (gate_is_address(g, 0))
		return "connected";
	if (!imports(f, g))
		return "kernel";
	snprintf(buf, SOURCE_TEXT, "table %u", g->table);
	return buf;
}

/* BGP of a newer FRR takes routes from a table by its number alone. */
static bool takes_table(const struct frr *f, const struct gate *g)
{
	char what[SOURCE_TEXT];

	snprintf(what, sizeof(what), "table-direct %u", g->table);
	return in_other_table(g) &&
	       has_token(f->redistributed[g->prefix.addr.family == AF_INET6], what);
}

/* BGP and OSPF may also name the prefix itself. */
static bool named(const struct frr *f, const struct gate *g)
{
	char prefix[PREFIX_TEXT], line[PREFIX_TEXT + 16];

	snprintf(line, sizeof(line), "network %s", gate_prefix(g, prefix));
	return has_token(f->config, line);
}

static bool redistributes(const struct frr *f, const struct gate *g)
{
	const char *what = f->redistributed[g->prefix.addr.family == AF_INET6];
	char buf[SOURCE_TEXT];

	return has_token(what, source_of(f, g, buf)) || takes_table(f, g) || named(f, g);
}

/* A VRF's table is read, too; which one that is it does not say. */
static bool reads(const struct frr *f, const struct gate *g)
{
	return !in_other_table(g) || imports(f, g) || takes_table(f, g);
}

/**
 * frr_announces() - whether FRR would tell others of what a gate opens
 * @f: from frr_ask(), or NULL
 * @g: gate
 *
 * Return: whether it would
 */
bool frr_announces(const struct frr *f, const struct gate *g)
{
	return f && f->config && reads(f, g) && redistributes(f, g);
}

static void judge(const struct node *n, const struct frr *f, const struct gate *g,
		  struct report *r)
{
	const bool v6 = g->prefix.addr.family == AF_INET6;
	char prefix[PREFIX_TEXT], cover[COVER_TEXT], buf[SOURCE_TEXT];
	const char *source = source_of(f, g, buf);
	struct finding *finding;

	gate_prefix(g, prefix);
	if (!reads(f, g)) {
		finding = report_add(r, "frr-table", SEV_WARNING, prefix,
				     "the route is in table %u, and FRR redistributes routes of the main table, of a VRF's and, for IPv4, of one that it imports",
				     g->table);
		if (v6 || g->table > IMPORT_MAX)
			report_remedy(finding, "anygatectl change %s table main", prefix);
		else
			report_remedy(finding,
				      "anygatectl change %s table main; or vtysh: ip import-table %u, and redistribute table %u in router ospf or bgp",
				      prefix, g->table, g->table);
	}
	if (redistributes(f, g))
		return;
	report_remedy(report_add(r, "frr-redistribute", gate_unannounced(n, g, cover), prefix,
				 "FRR runs, but no routing protocol for %s redistributes %s routes: an open gate is announced to nobody%s",
				 v6 ? "IPv6" : "IPv4", source, cover),
		      "vtysh: router %s, redistribute %s route-map MAP with a map that permits %s",
		      v6 ? "ospf6 (or bgp)" : "ospf (or bgp)", source, prefix);
}

/**
 * doctor_frr() - whether FRR would announce what the gates open
 * @n: node
 * @r: findings are added to it
 */
void doctor_frr(const struct node *n, struct report *r)
{
	struct frr *f = n->n_gates ? frr_ask(n) : NULL;
	size_t i;

	for (i = 0; f && f->config && i < n->n_gates; i++)
		judge(n, f, &n->gates[i], r);
	if (f && !f->config)
		report_remedy(report_add(r, "frr-silent", SEV_NOTE, "FRR",
					 "it runs, but vtysh does not say what it redistributes"),
			      "run doctor as root; vtysh -c 'show running-config' says what is wrong");
	frr_free(f);
}
