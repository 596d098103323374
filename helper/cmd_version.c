// SPDX-License-Identifier: GPL-2.0
/* version: of this program and of the module, and the module's health. */

#include <errno.h>
#include <stdio.h>

#include "cmd.h"
#include "format.h"
#include "gate.h"
#include "names.h"
#include "nl.h"
#include "print.h"

static void collect(const struct nlattr *attrs, int len, void *arg)
{
	status_decode(arg, attrs, len);
}

static void print_probe(struct printer *p, const struct probe *probe)
{
	pr_object(p, NULL);
	pr_str(p, "symbol", probe->symbol, NULL);
	pr_bool(p, "armed", probe->armed, NULL);
	if (probe->error)
		pr_uint(p, "error", probe->error, "  %s cannot be probed: %s\n", probe->symbol,
			errno_name(probe->error));
	pr_uint(p, "missed", probe->missed, NULL);
	pr_object_end(p);
}

static void print_module(struct printer *p, const struct module_status *st)
{
	char text[512];
	unsigned int i;

	pr_object(p, "module");
	pr_str(p, "version", st->version, "anygate %s", st->version);
	pr_str(p, "probes", name_of(&probes_names, st->probes), ", probes %s",
	       name_of(&probes_names, st->probes));
	if (st->reconcile)
		pr_uint(p, "reconcile_ms", st->reconcile, ", reconcile every %s",
			delay_text(st->reconcile, text));
	else
		pr_uint(p, "reconcile_ms", 0, ", reconcile off");
	pr_uint(p, "protocol", st->protocol, ", protocol %u", st->protocol);
	pr_uint(p, "gates", st->gates, ", %u", st->gates);
	pr_uint(p, "max_gates", st->max_gates, " of at most %u gates\n", st->max_gates);
	pr_uint(p, "events", st->events, NULL);
	pr_uint(p, "missed", st->missed, NULL);
	pr_uint(p, "overflows", st->overflows, NULL);
	pr_uint(p, "passes", st->passes, NULL);
	pr_uint(p, "healed", st->healed, NULL);
	status_warning(st, text, sizeof(text));
	if (*text)
		pr_text(p, "warning: %s\n", text);
	pr_array(p, "probed");
	for (i = 0; i < st->n_probe; i++)
		print_probe(p, &st->probe[i]);
	pr_array_end(p);
	pr_object_end(p);
}

/**
 * cmd_version() - print the versions of this program and of the module
 * @argc: number of arguments
 * @argv: nothing
 *
 * Return: exit status; it is no error if the module is not loaded
 */
int cmd_version(int argc, char **argv)
{
	struct module_status st = { 0 };
	struct printer p;
	struct extack x;
	struct err e;
	struct ag ag;
	int ret;

	if (argc)
		return complain(ST_USAGE, "version: \"%s\" is too much; version takes nothing",
				argv[0]);
	ret = ag_open(&ag, &e);
	if (ret && ret != -ENOENT)
		return complain(ST_REFUSED, "%s", e.text);
	if (!ret) {
		ret = ag_do(&ag, ag_request(&ag, ANYGATE_CMD_STATUS_GET, 0), collect, &st, &x);
		ag_close(&ag);
		if (ret) {
			extack_explain(&x, ANYGATE_CMD_STATUS_GET, "version", NULL, &e);
			return complain(ST_REFUSED, "%s", e.text);
		}
	}
	pr_init(&p, stdout, opt.json, opt.pretty);
	pr_object(&p, NULL);
	pr_str(&p, "version", ANYGATE_VERSION, "anygatectl %s\n", ANYGATE_VERSION);
	if (ret)
		pr_null(&p, "module", "%s\n", e.text);
	else
		print_module(&p, &st);
	pr_object_end(&p);
	return ST_OK;
}
