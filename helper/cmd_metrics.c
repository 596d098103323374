// SPDX-License-Identifier: GPL-2.0
/* metrics: what there is to be graphed and to be alarmed about. */

#include <stdio.h>
#include <time.h>

#include "cmd.h"
#include "format.h"
#include "gates.h"
#include "metrics.h"
#include "statslist.h"

static void collect_status(const struct nlattr *attrs, int len, void *arg)
{
	status_decode(arg, attrs, len);
}

/* All of it or nothing: half a file would look as if gates had gone. */
static int get_all(struct ag *ag, struct module_status *st, struct gates *gates,
		   struct statslist *stats, struct err *e)
{
	const struct gate_ref all = { 0 };
	uint8_t cmd = ANYGATE_CMD_STATUS_GET;
	struct reqmap map = { 0 };
	struct extack x;
	int ret;

	gates->count_flows = true;
	ret = ag_do(ag, ag_request(ag, cmd, 0), collect_status, st, &x);
	if (!ret) {
		cmd = ANYGATE_CMD_GATE_GET;
		ret = gates_get(ag, &all, gates, &x, &map);
	}
	if (!ret) {
		cmd = ANYGATE_CMD_STATS_GET;
		ret = statslist_get(ag, &all, stats, &x, &map);
	}
	if (ret)
		extack_explain(&x, cmd, "metrics", NULL, e);
	else if (gates->partial || stats->partial)
		ret = err_set(e, "metrics: the gates change while they are read; try again");
	return ret;
}

/**
 * cmd_metrics() - print what there is to be graphed and to be alarmed about
 * @argc: number of arguments
 * @argv: [openmetrics]
 *
 * Return: exit status
 */
int cmd_metrics(int argc, char **argv)
{
	static const char *const words[] = { "openmetrics" };
	struct module_status st = { 0 };
	struct statslist stats = { 0 };
	struct gates gates = { 0 };
	struct metrics m = { .status = &st, .netns = opt.netns };
	struct err e;
	struct ag ag;
	int ret;

	if (argc && match_word("format", argv[0], words, ARRAY_SIZE(words), &e) < 0)
		return complain(ST_USAGE, "metrics: %s", e.text);
	if (argc > 1)
		return complain(ST_USAGE, "metrics: \"%s\" is too much", argv[1]);
	m.strict = argc;
	if (opt.json)
		return complain(ST_USAGE, "metrics: there is no JSON of it; leave out -j, or take stats");
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	ret = get_all(&ag, &st, &gates, &stats, &e);
	ag_close(&ag);
	if (ret) {
		ret = complain(ST_REFUSED, "%s", e.text);
	} else {
		m.gates = gates.gates;
		m.n_gates = gates.n;
		m.stats = stats.stats;
		m.n_stats = stats.n;
		m.now = clock_ns(CLOCK_BOOTTIME);
		metrics_print(stdout, &m);
	}
	gates_free(&gates);
	statslist_free(&stats);
	return ret;
}
