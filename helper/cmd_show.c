// SPDX-License-Identifier: GPL-2.0
/* show: the gates at a glance, or one of them in full. */

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "filter.h"
#include "format.h"
#include "gates.h"
#include "names.h"
#include "show.h"

static void collect_status(const struct nlattr *attrs, int len, void *arg)
{
	status_decode(arg, attrs, len);
}

static void print_table(const struct gates *l, uint64_t now)
{
	struct table t = { 0 };
	bool named = false;
	size_t i;

	if (!l->n)
		return;
	for (i = 0; i < l->n; i++)
		named |= *l->gates[i].name;
	t.width = terminal_width(STDOUT_FILENO);
	show_header(&t, named);
	for (i = 0; i < l->n; i++)
		show_row(&t, &l->gates[i], named, now);
	table_print(&t, stdout);
}

static void print_gates(const struct gates *l, const struct module_status *st,
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
 * @argv: [PREFIX|NAME] [state STATE[,STATE...]] [name NAME] [sort KEY]
 *
 * Return: exit status
 */
int cmd_show(int argc, char **argv)
{
	char subject[PREFIX_TEXT] = "show";
	struct filter f;
	bool healthy, any = false;
	struct module_status st = { 0 };
	struct reqmap map = { 0 };
	struct gates l = { 0 };
	struct extack x, x2;
	struct err e;
	struct ag ag;
	int ret;

	if (parse_filter(argc, argv, &f, &e))
		return complain(ST_USAGE, "%s", e.text);
	if (f.gate.said)
		gate_ref_text(&f.gate, subject);
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	/* To count is work for the kernel, done for those who look closely. */
	l.count_flows = f.gate.said;
	ret = gates_get(&ag, &f.gate, &l, &x, &map);
	/* Gates can be shown even if nothing is known of the module's health. */
	healthy = !ret && !ag_do(&ag, ag_request(&ag, ANYGATE_CMD_STATUS_GET, 0),
				 collect_status, &st, &x2);
	ag_close(&ag);
	if (ret) {
		extack_explain(&x, ANYGATE_CMD_GATE_GET, subject, &map, &e);
		ret = complain(ST_REFUSED, "%s", e.text);
	} else if (l.partial && opt.json) {
		/* A person sees the warning, a program that there is no array. */
		ret = complain(ST_REFUSED, "show: the gates change while they are read; try again");
	} else {
		if (l.partial)
			fprintf(stderr, "anygatectl: warning: the gates change while they are read; some may be missing\n");
		any = l.n;
		filter_gates(&f, &l);
		print_gates(&l, healthy ? &st : NULL, f.gate.said);
	}
	/* A person wants to know what to do, a pipe wants nothing. */
	if (!ret && !l.n && !opt.json && isatty(STDOUT_FILENO))
		fprintf(stderr, any ? "no such gates\n" :
			"no gates; add one with: anygatectl add 192.0.2.53/32 udp/53\n");
	gates_free(&l);
	return ret;
}
