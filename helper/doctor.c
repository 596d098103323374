// SPDX-License-Identifier: GPL-2.0
/* doctor: what its checks find, and all of them. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "print.h"

static const char *const severity_names[] = {
	[SEV_NOTE] = "note", [SEV_WARNING] = "warning", [SEV_PROBLEM] = "problem",
};

/**
 * report_add() - add a finding
 * @r: report
 * @id: which check
 * @s: how bad it is
 * @subject: what it is about
 * @fmt: printf format of what is the case
 *
 * Return: the finding, for report_remedy(), until the next one is added
 */
struct finding *report_add(struct report *r, const char *id, enum severity s,
			   const char *subject, const char *fmt, ...)
{
	struct finding *f = reallocarray(r->f, r->n + 1, sizeof(*f));
	char raw[512];
	va_list ap;

	if (!f)
		exit(complain(ST_REFUSED, "out of memory"));
	r->f = f;
	f += r->n++;
	memset(f, 0, sizeof(*f));
	f->id = id;
	f->severity = s;
	clean(f->subject, sizeof(f->subject), subject);
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	clean(f->text, sizeof(f->text), raw);
	return f;
}

/**
 * report_remedy() - say what to do about a finding
 * @f: from report_add()
 * @fmt: printf format
 */
void report_remedy(struct finding *f, const char *fmt, ...)
{
	char raw[sizeof(f->remedy)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	clean(f->remedy, sizeof(f->remedy), raw);
}

/**
 * report_free() - forget all findings
 * @r: report
 */
void report_free(struct report *r)
{
	free(r->f);
	memset(r, 0, sizeof(*r));
}

/**
 * report_print() - print the findings
 * @r: report
 * @out: where to
 *
 * Return: exit status
 */
int report_print(const struct report *r, FILE *out)
{
	size_t count[3] = { 0 }, i;
	struct printer p;

	pr_init(&p, out, opt.json, opt.pretty);
	pr_array(&p, NULL);
	for (i = 0; i < r->n; i++) {
		const struct finding *f = &r->f[i];

		count[f->severity]++;
		pr_object(&p, NULL);
		pr_str(&p, "severity", severity_names[f->severity], "%s",
		       severity_names[f->severity]);
		pr_str(&p, "id", f->id, " %s", f->id);
		pr_str(&p, "subject", f->subject, " %s", f->subject);
		pr_str(&p, "text", f->text, ": %s\n", f->text);
		pr_str(&p, "remedy", f->remedy, "    %s\n", f->remedy);
		pr_object_end(&p);
	}
	pr_array_end(&p);
	pr_text(&p, "%zu problem%s, %zu warning%s, %zu note%s\n",
		count[SEV_PROBLEM], count[SEV_PROBLEM] == 1 ? "" : "s",
		count[SEV_WARNING], count[SEV_WARNING] == 1 ? "" : "s",
		count[SEV_NOTE], count[SEV_NOTE] == 1 ? "" : "s");
	return count[SEV_PROBLEM] || count[SEV_WARNING] ? ST_FINDINGS : ST_OK;
}

/**
 * gate_prefix() - a gate's prefix as text
 * @g: gate
 * @buf: for the result
 *
 * Return: @buf
 */
const char *gate_prefix(const struct gate *g, char buf[PREFIX_TEXT])
{
	return prefix_text(&g->prefix, buf);
}

/**
 * gate_is_address() - whether a gate puts an address on a device
 * @g: gate
 * @family: AF_INET or AF_INET6; 0 for either
 *
 * Return: whether it does
 */
bool gate_is_address(const struct gate *g, int family)
{
	return g->action == ANYGATE_ACTION_ADDRESS &&
	       (!family || g->prefix.addr.family == family);
}

/**
 * gate_unannounced() - how bad it is that a daemon does not announce a prefix
 * @n: node
 * @g: its gate
 * @cover: for what is to be said of the gate that makes it less bad, or ""
 *
 * An address inside a covering prefix that has a gate is mostly not to be
 * announced: the covering prefix is.
 *
 * Return: severity
 */
enum severity gate_unannounced(const struct node *n, const struct gate *g, char cover[COVER_TEXT])
{
	char prefix[PREFIX_TEXT];
	size_t i;

	*cover = '\0';
	for (i = 0; gate_is_address(g, 0) && i < n->n_gates; i++) {
		const struct gate *c = &n->gates[i];

		if (c->action != ANYGATE_ACTION_ROUTE || c->prefix.len >= g->prefix.len ||
		    !prefix_contains(&c->prefix, &g->prefix.addr))
			continue;
		snprintf(cover, COVER_TEXT, "; it is inside %s, whose gate may do for it",
			 gate_prefix(c, prefix));
		return SEV_NOTE;
	}
	return SEV_PROBLEM;
}

/**
 * doctor_all() - all the checks
 * @n: node
 * @r: findings are added to it
 */
void doctor_all(const struct node *n, struct report *r)
{
	doctor_module(n, r);
	doctor_sysctl(n, r);
	doctor_local(n, r);
	doctor_routing(n, r);
	doctor_witness(n, r);
	doctor_frr(n, r);
	doctor_bird(n, r);
	doctor_socket(n, r);
	doctor_server(n, r);
	doctor_manager(n, r);
}
