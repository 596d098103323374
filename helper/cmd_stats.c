// SPDX-License-Identifier: GPL-2.0
/* stats: what has been counted of gates, and their listeners. */

#include <stdio.h>

#include "cmd.h"
#include "print.h"
#include "statslist.h"

static void print_list(const struct statslist *l)
{
	struct printer p;
	size_t i;

	pr_init(&p, stdout, opt.json, opt.pretty);
	pr_array(&p, NULL);
	for (i = 0; i < l->n; i++) {
		if (i)
			pr_text(&p, "\n");
		show_stats(&p, &l->stats[i]);
	}
	pr_array_end(&p);
}

/**
 * cmd_stats() - print the counters of all gates, or some
 * @argc: number of arguments
 * @argv: [PREFIX|NAME]
 *
 * Return: exit status
 */
int cmd_stats(int argc, char **argv)
{
	char subject[PREFIX_TEXT] = "stats";
	struct reqmap map = { 0 };
	struct statslist l = { 0 };
	struct gate_ref ref;
	struct extack x;
	struct err e;
	struct ag ag;
	int ret;

	if (parse_gate_arg(argc, argv, "stats", &ref, &e))
		return complain(ST_USAGE, "%s", e.text);
	if (ref.said)
		gate_ref_text(&ref, subject);
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	ret = statslist_get(&ag, &ref, &l, &x, &map);
	ag_close(&ag);
	if (ret) {
		extack_explain(&x, ANYGATE_CMD_STATS_GET, subject, &map, &e);
		ret = complain(ST_REFUSED, "%s", e.text);
	} else if (l.partial && opt.json) {
		ret = complain(ST_REFUSED, "stats: the gates change while they are read; try again");
	} else {
		if (l.partial)
			fprintf(stderr, "anygatectl: warning: the gates change while they are read; some may be missing\n");
		print_list(&l);
	}
	statslist_free(&l);
	return ret;
}
