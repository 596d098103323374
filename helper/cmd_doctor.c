// SPDX-License-Identifier: GPL-2.0
/* doctor: look the node over, and say what to do. */

#include <errno.h>
#include <stdio.h>

#include "cmd.h"
#include "doctor.h"
#include "gates.h"
#include "netns.h"
#include "print.h"

static void collect_status(const struct nlattr *attrs, int len, void *arg)
{
	status_decode(arg, attrs, len);
}

/*
 * Without a module there is still something to be said about the node; but what
 * would be said of one whose gates are not known is wrong. Returns 0 or -1.
 */
static int ask_module(struct node *n, struct gates *l, struct err *e)
{
	const struct gate_ref all = { 0 };
	struct reqmap map = { 0 };
	struct extack x;
	struct ag ag;
	int ret;

	ret = ag_open(&ag, e);
	if (ret)
		return ret == -ENOENT ? 0 : -1;
	n->loaded = true;
	ag_do(&ag, ag_request(&ag, ANYGATE_CMD_STATUS_GET, 0), collect_status, &n->status, &x);
	ret = gates_get(&ag, &all, l, &x, &map);
	if (ret)
		extack_explain(&x, ANYGATE_CMD_GATE_GET, "doctor", &map, e);
	else if (l->partial)
		ret = err_set(e, "doctor: the gates change while they are read; try again");
	ag_close(&ag);
	n->gates = l->gates;
	n->n_gates = l->n;
	return ret ? -1 : 0;
}

/**
 * cmd_doctor() - look the node over
 * @argc: number of arguments
 * @argv: nothing
 *
 * Return: exit status; ST_FINDINGS if there is something to be done
 */
int cmd_doctor(int argc, char **argv)
{
	struct report r = { 0 };
	struct gates l = { 0 };
	struct node n = { 0 };
	struct err e;
	int ret;

	if (argc)
		return complain(ST_USAGE, "doctor: \"%s\" is too much; doctor takes nothing",
				argv[0]);
	/* What it reads below /proc is to be of the same namespace as the gates. */
	if (opt.netns && netns_enter(opt.netns, &e))
		return complain(ST_REFUSED, "%s", e.text);
	opt.netns = NULL;
	if (ask_module(&n, &l, &e)) {
		gates_free(&l);
		return complain(ST_REFUSED, "%s", e.text);
	}
	doctor_all(&n, &r);
	ret = report_print(&r, stdout);
	report_free(&r);
	gates_free(&l);
	return ret;
}
