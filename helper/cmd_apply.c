// SPDX-License-Identifier: GPL-2.0
/* apply: make the kernel have what a file says. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carry.h"
#include "cmd.h"

#define FILE_TEXT	(4 * PATH_MAX)	/* each byte may become \xNN */

static const char *const fates[] = {
	[FATE_NOT_DONE]		= "not done",
	[FATE_DONE]		= "done",
	[FATE_UNDONE]		= "undone",
	[FATE_NOT_UNDONE]	= "done, and cannot be undone",
	[FATE_UNKNOWN]		= "perhaps done",
};

static void print_place(struct printer *p, const struct conf_file *f, unsigned int line,
			unsigned int column)
{
	char name[FILE_TEXT];

	clean(name, sizeof(name), f->name);
	pr_str(p, "file", name, "%s:", name);
	pr_uint(p, "line", line, "%u:", line);
	pr_uint(p, "column", column, "%u: ", column);
}

/* Places come first, as tools expect them that jump to errors. */
static int bad_file(const struct conf_file *f)
{
	char summary[64], text[2048], name[FILE_TEXT];
	struct printer p;
	size_t i;

	snprintf(summary, sizeof(summary), "%zu error%s; nothing was changed", f->n_errors,
		 f->n_errors == 1 ? "" : "s");
	pr_init(&p, opt.json ? stdout : stderr, opt.json, opt.pretty);
	pr_object(&p, NULL);
	pr_array(&p, "errors");
	for (i = 0; i < f->n_errors; i++) {
		clean(text, sizeof(text), f->errors[i].text);
		pr_object(&p, NULL);
		print_place(&p, f, f->errors[i].line, f->errors[i].column);
		pr_str(&p, "error", text, "%s\n", text);
		pr_object_end(&p);
	}
	pr_array_end(&p);
	clean(name, sizeof(name), f->name);
	pr_str(&p, "error", summary, "anygatectl: %s: %s\n", name, summary);
	pr_uint(&p, "status", ST_USAGE, NULL);
	pr_object_end(&p);
	if (opt.json && flush_output())
		warning("%s: %s", f->name, summary);
	return ST_USAGE;
}

static const char *whole_fate(const struct plan *plan, const struct outcome *o)
{
	bool undone = false;
	size_t i;

	for (i = 0; i < plan->n; i++) {
		if (o->fate[i] != FATE_NOT_DONE && o->fate[i] != FATE_UNDONE)
			return "the file is applied in part";
		undone |= o->fate[i] == FATE_UNDONE;
	}
	return undone ? "what had been done is undone" : "nothing was changed";
}

static int failed(const struct conf_file *f, const struct plan *plan, const struct outcome *o)
{
	const struct word *w = conf_file_find(f, o->e.word);
	const char *fate = whole_fate(plan, o);
	char line[CONF_TEXT], text[2048];
	struct printer p;
	size_t i;

	clean(text, sizeof(text), o->e.text);
	pr_init(&p, opt.json ? stdout : stderr, opt.json, opt.pretty);
	pr_object(&p, NULL);
	if (w)
		print_place(&p, f, w->line, w->column);
	else
		pr_text(&p, "anygatectl: ");
	pr_str(&p, "error", text, "%s; %s\n", text, fate);
	pr_str(&p, "outcome", fate, NULL);
	pr_uint(&p, "status", ST_REFUSED, NULL);
	pr_array(&p, "steps");
	for (i = 0; i < plan->n; i++) {
		step_line(&plan->steps[i], line);
		pr_object(&p, NULL);
		pr_str(&p, "command", line, "anygatectl: %s: %s\n", fates[o->fate[i]], line);
		pr_str(&p, "fate", fates[o->fate[i]], NULL);
		pr_object_end(&p);
	}
	pr_array_end(&p);
	pr_object_end(&p);
	if (opt.json && flush_output())
		warning("%s; %s", o->e.text, fate);
	return ST_REFUSED;
}

static void print_plan(const struct plan *plan, bool dry_run)
{
	struct printer p;
	size_t i;

	pr_init(&p, stdout, opt.json, opt.pretty);
	pr_object(&p, NULL);
	pr_bool(&p, "dry_run", dry_run, NULL);
	pr_array(&p, "steps");
	for (i = 0; i < plan->n; i++)
		step_print(&p, &plan->steps[i]);
	pr_array_end(&p);
	pr_object_end(&p);
	if (!plan->n && !opt.json && isatty(STDOUT_FILENO))
		fprintf(stderr, "no difference\n");
}

static int apply(const struct conf_file *f, struct ag *ag, bool dry_run)
{
	const struct gate_ref all = { 0 };
	struct outcome o = { 0 };
	struct reqmap map = { 0 };
	struct plan plan = { 0 };
	struct gates l = { 0 };
	int ret = ST_REFUSED;
	struct extack x;
	struct err e;

	if (gates_get(ag, &all, &l, &x, &map)) {
		extack_explain(&x, ANYGATE_CMD_GATE_GET, "apply", &map, &e);
		complain(ST_REFUSED, "%s", e.text);
	} else if (l.partial) {
		complain(ST_REFUSED, "apply: the gates change while they are read; is another apply at work? Nothing was changed");
	} else if (!f->n && l.n) {
		/* More likely that somebody had nothing to say than that all is to go. */
		ret = complain(ST_USAGE, "apply: %s says nothing, and there %s %zu gate%s: to remove all gates, use anygatectl flush; nothing was changed",
			       f->name, l.n == 1 ? "is" : "are", l.n, l.n == 1 ? "" : "s");
	} else if (plan_make(&plan, f, &l, &e)) {
		complain(ST_REFUSED, "%s", e.text);
	} else if (!dry_run && plan_carry_out(ag, &plan, &o)) {
		failed(f, &plan, &o);
	} else {
		print_plan(&plan, dry_run);
		ret = ST_OK;
	}
	free(o.fate);
	plan_free(&plan);
	gates_free(&l);
	return ret;
}

/**
 * cmd_apply() - make the kernel have what a file says
 * @argc: number of arguments
 * @argv: FILE [dry-run]
 *
 * Return: exit status
 */
int cmd_apply(int argc, char **argv)
{
	static const char *const words[] = { "dry-run" };
	struct conf_file f;
	struct err e;
	struct ag ag;
	int ret;

	if (argc < 1)
		return complain(ST_USAGE, "apply: the file is missing; say for example apply /etc/anygate/anygate.conf, or - for the standard input");
	if (argc > 1 && match_word("keyword", argv[1], words, ARRAY_SIZE(words), &e) < 0)
		return complain(ST_USAGE, "apply: %s", e.text);
	if (argc > 2)
		return complain(ST_USAGE, "apply: \"%s\" is too much", argv[2]);

	if (conf_file_read(&f, argv[0], &e))
		ret = f.n_errors ? bad_file(&f) : complain(ST_REFUSED, "apply: %s", e.text);
	else if (ag_open(&ag, &e))
		ret = complain(ST_REFUSED, "%s", e.text);
	else {
		ret = apply(&f, &ag, argc > 1);
		ag_close(&ag);
	}
	conf_file_free(&f);
	return ret;
}
