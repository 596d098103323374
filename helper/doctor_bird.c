// SPDX-License-Identifier: GPL-2.0
/* doctor: does a running BIRD know, and export, what the gates put there? */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#define PROTOCOLS_MAX	64

/**
 * struct bird - what BIRD says of its protocols
 * @socket: where it listens, if that is not where birdc looks
 * @direct: whether one takes addresses from interfaces
 * @exporter: names of those that tell others
 * @n: number of @exporter
 */
struct bird {
	char *socket;
	bool direct;
	char exporter[PROTOCOLS_MAX][64];
	size_t n;
};

static bool is_exporter(const char *type)
{
	static const char *const types[] = { "BGP", "OSPF", "RIP", "Babel" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

/* Name Proto Table State Since Info */
static void read_protocols(struct bird *b, char *text)
{
	char name[64], type[32], state[32], *line;

	while ((line = next_line(&text))) {
		if (sscanf(line, "%63s %31s %*s %31s", name, type, state) != 3)
			continue;
		if (!strcmp(type, "Direct") && !strcmp(state, "up"))
			b->direct = true;
		if (is_exporter(type) && b->n < PROTOCOLS_MAX)
			strcpy(b->exporter[b->n++], name);
	}
}

#define WORDS_MAX	8

static char *ask(const struct node *n, const struct bird *b, const char *const *words)
{
	const char *command[WORDS_MAX + 4] = { "birdc", "-r", "-s", b->socket };
	size_t i = b->socket ? 4 : 2;

	while (*words)
		command[i++] = *words++;
	command[i] = NULL;
	return node_run(n, command);
}

static bool has_route(const struct node *n, const struct bird *b, const char *prefix,
		      const char *exporter)
{
	const char *words[WORDS_MAX] = { "show", "route", prefix, exporter ? "export" : NULL,
					 exporter };
	char *text = ask(n, b, words);
	/* A birdc that hangs has not said no. */
	bool has = text ? has_token(text, prefix) : errno == ETIMEDOUT;

	free(text);
	return has;
}

static bool exported(const struct node *n, const struct bird *b, const char *prefix)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (has_route(n, b, prefix, b->exporter[i]))
			return true;
	return false;
}

/* What is not there cannot be asked for: a closed gate says less. */
static void judge(const struct node *n, const struct bird *b, const struct gate *g,
		  struct report *r)
{
	char prefix[PREFIX_TEXT], cover[COVER_TEXT];
	enum severity severity = gate_unannounced(n, g, cover);

	gate_prefix(g, prefix);
	if (gate_is_address(g, 0) && !b->direct) {
		report_remedy(report_add(r, "bird-direct", severity, prefix,
					 "BIRD runs without a direct protocol that is up: it does not see the address%s",
					 cover),
			      "protocol direct { ipv4; ipv6; interface \"%s\"; }",
			      *g->dev ? g->dev : "lo");
		return;
	}
	if (g->announced != ANYGATE_SWITCH_ON)
		return;
	if (!has_route(n, b, prefix, NULL)) {
		report_remedy(report_add(r, "bird-route", severity, prefix,
					 "the gate is open, but BIRD has no route for it%s", cover),
			      gate_is_address(g, 0) ?
			      "let the direct protocol have %s and both families (ipv4; ipv6;)" :
			      "protocol kernel { learn; ... } for the table of %s, with an import filter that accepts krt_source 166",
			      gate_is_address(g, 0) ? (*g->dev ? g->dev : "lo") : prefix);
		return;
	}
	if (!exported(n, b, prefix))
		report_remedy(report_add(r, "bird-export", severity, prefix,
					 "BIRD has the route, but exports it to none of its protocols: it is announced to nobody%s",
					 cover),
			      "export where net = %s; in the channel of an OSPF or BGP protocol that is up",
			      prefix);
}

/**
 * doctor_bird() - ask BIRD for its protocols and routes
 * @n: node
 * @r: findings are added to it
 */
void doctor_bird(const struct node *n, struct report *r)
{
	static const char *const daemon[] = { "bird", NULL };
	static const char *const words[] = { "show", "protocols", NULL };
	char *text, *pid = n->n_gates ? node_process(n, daemon) : NULL;
	struct bird b = { .socket = node_option(n, pid, "-s") };
	struct frr *frr;
	size_t i;

	if (!pid)
		return;
	/* Beside an FRR that announces, BIRD may be there for something else. */
	frr = frr_ask(n);
	text = ask(n, &b, words);
	if (text) {
		read_protocols(&b, text);
		for (i = 0; i < n->n_gates; i++)
			if (!frr_announces(frr, &n->gates[i]))
				judge(n, &b, &n->gates[i], r);
	} else {
		report_remedy(report_add(r, "bird-silent", SEV_NOTE, "BIRD",
					 "it runs, but birdc does not say what it exports"),
			      "run doctor as root; birdc show protocols says what is wrong");
	}
	frr_free(frr);
	free(text);
	free(b.socket);
	free(pid);
}
