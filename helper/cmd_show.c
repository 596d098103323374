// SPDX-License-Identifier: GPL-2.0
/* show: the gates at a glance, or one of them in full. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "format.h"
#include "names.h"
#include "nl.h"
#include "show.h"

#define DUMP_ATTEMPTS	20

struct list {
	const char *name;
	struct gate *gates;
	size_t n;
	size_t size;
};

static void collect(const struct nlattr *attrs, int len, void *arg)
{
	struct list *l = arg;

	if (l->n == l->size) {
		l->size = l->size ? 2 * l->size : 16;
		l->gates = reallocarray(l->gates, l->size, sizeof(*l->gates));
		if (!l->gates)
			exit(complain(ST_REFUSED, "out of memory"));
	}
	gate_decode(&l->gates[l->n], attrs, len);
	if (!l->name || !strcmp(l->name, l->gates[l->n].name))
		l->n++;
}

static void collect_status(const struct nlattr *attrs, int len, void *arg)
{
	status_decode(arg, attrs, len);
}

static int by_prefix(const void *a, const void *b)
{
	const struct gate *ga = a, *gb = b;

	return prefix_cmp(&ga->prefix, &gb->prefix);
}

/* A gate that comes or goes interrupts a dump; then it is asked for again. */
static int get_gates(struct ag *ag, const struct gate_ref *ref, struct list *l,
		     struct extack *x, struct reqmap *map)
{
	const bool one = ref->said && !ref->name;
	int attempt = 0, ret;
	struct nl_msg *msg;

	l->name = ref->name;
	do {
		l->n = 0;
		map->n = 0;
		msg = ag_request(ag, ANYGATE_CMD_GATE_GET, one ? 0 : NLM_F_DUMP);
		if (msg && ref->said)
			ag_put_gate(msg, ref, map);
		ret = ag_do(ag, msg, collect, l, x);
	} while (ret == -EAGAIN && !x->error && ++attempt < DUMP_ATTEMPTS);
	if (ret == -EAGAIN && !x->error) {
		fprintf(stderr, "anygatectl: warning: the gates change while they are read; some may be missing\n");
		ret = 0;
	}
	/* A dump of nothing is no error, but nobody asks for a group of none. */
	if (!ret && ref->name && !l->n) {
		x->error = ENOENT;
		ret = -ENOENT;
	}
	return ret;
}

static void print_table(const struct list *l, uint64_t now)
{
	struct table t = { 0 };
	bool named = false;
	size_t i;

	if (!l->n) {
		/* A person wants to know what to do, a pipe wants nothing. */
		if (isatty(STDOUT_FILENO))
			fprintf(stderr, "no gates; add one with: anygatectl add 192.0.2.53/32 udp/53\n");
		return;
	}
	for (i = 0; i < l->n; i++)
		named |= *l->gates[i].name;
	show_header(&t, named);
	for (i = 0; i < l->n; i++)
		show_row(&t, &l->gates[i], named, now);
	table_print(&t, stdout);
}

static void print_gates(const struct list *l, const struct module_status *st,
			bool one)
{
	const char *probes = st ? name_of(&probes_names, st->probes) : NULL;
	uint64_t now = clock_ns(CLOCK_BOOTTIME);
	char warning[512] = "";
	struct printer p;
	size_t i;

	if (st)
		status_warning(st, warning, sizeof(warning));
	pr_init(&p, stdout, opt.json, opt.pretty);
	if (*warning)
		pr_text(&p, "warning: %s\n", warning);
	if (!opt.json && !one) {
		print_table(l, now);
		return;
	}
	pr_array(&p, NULL);
	for (i = 0; i < l->n; i++)
		show_gate(&p, &l->gates[i], probes, now);
	pr_array_end(&p);
}

/**
 * cmd_show() - show all gates, or one
 * @argc: number of arguments
 * @argv: [PREFIX|NAME]
 *
 * Return: exit status
 */
int cmd_show(int argc, char **argv)
{
	char subject[PREFIX_TEXT] = "show";
	struct gate_ref ref;
	bool healthy;
	struct module_status st = { 0 };
	struct reqmap map = { 0 };
	struct list l = { 0 };
	struct extack x, x2;
	struct err e;
	struct ag ag;
	int ret;

	if (parse_gate_arg(argc, argv, "show", &ref, &e))
		return complain(ST_USAGE, "%s", e.text);
	if (ref.said)
		gate_ref_text(&ref, subject);
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	ret = get_gates(&ag, &ref, &l, &x, &map);
	/* Gates can be shown even if nothing is known of the module's health. */
	healthy = !ret && !ag_do(&ag, ag_request(&ag, ANYGATE_CMD_STATUS_GET, 0),
				 collect_status, &st, &x2);
	ag_close(&ag);
	if (ret) {
		extack_explain(&x, ANYGATE_CMD_GATE_GET, subject, &map, &e);
		ret = complain(ST_REFUSED, "%s", e.text);
	} else {
		if (l.n)
			qsort(l.gates, l.n, sizeof(*l.gates), by_prefix);
		print_gates(&l, healthy ? &st : NULL, ref.said);
	}
	free(l.gates);
	return ret;
}
