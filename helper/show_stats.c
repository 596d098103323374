// SPDX-License-Identifier: GPL-2.0
/* The counters of a gate, and its listeners one by one. */

#include <stdio.h>

#include "format.h"
#include "names.h"
#include "stats.h"
#include "table.h"

static void show_transitions(struct printer *p, const struct stats *st)
{
	const struct reason_count *t;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < st->n_transitions; i++)
		sum += st->transitions[i].count;
	pr_text(p, "transitions: %llu", (unsigned long long)sum);
	pr_object(p, "transitions");
	for (i = 0; i < st->n_transitions; i++) {
		t = &st->transitions[i];
		pr_uint(p, name_of(&reason_names, t->reason), t->count, "%s%s %llu",
			i ? ", " : " (", name_of(&reason_names, t->reason),
			(unsigned long long)t->count);
	}
	pr_object_end(p);
	pr_text(p, "%s\n", i ? ")" : "");
}

static void show_quantile(struct printer *p, const struct stats *st, unsigned int percent)
{
	char key[16], text[AGE_TEXT];
	uint64_t ns = 0;

	snprintf(key, sizeof(key), "p%u_ns", percent);
	if (stats_quantile(st, percent, &ns))
		pr_uint(p, key, ns, ", p%u about %s", percent, step_text(ns, text));
	else
		pr_null(p, key, ", p%u over %s", percent, step_text(ns, text));
}

static void show_steps(struct printer *p, const struct stats *st)
{
	const struct step *s;
	unsigned int i;

	pr_array(p, "buckets");
	for (i = 0; i < st->n_steps; i++) {
		s = &st->steps[i];
		pr_object(p, NULL);
		if (s->below != UINT64_MAX)
			pr_uint(p, "below_ns", s->below, NULL);
		pr_uint(p, "count", s->count, NULL);
		pr_object_end(p);
	}
	pr_array_end(p);
}

/* Those that there are; the others would be most of them. */
static void steps_table(FILE *out, const struct stats *st)
{
	struct table t = { .columns = 2 };
	char text[AGE_TEXT];
	const struct step *s;
	unsigned int i;

	table_cell(&t, "  TOOK");
	table_cell(&t, "ACTIONS");
	for (i = 0; i < st->n_steps; i++) {
		s = &st->steps[i];
		if (!s->count)
			continue;
		if (s->below != UINT64_MAX)
			table_cell(&t, "  under %s", step_text(s->below, text));
		else
			table_cell(&t, "  longer");
		table_cell(&t, "%llu", (unsigned long long)s->count);
	}
	table_print(&t, out);
}

/* From the socket event to the changed tables. */
static void show_latency(struct printer *p, const struct stats *st)
{
	const uint64_t n = stats_actions(st);
	char text[AGE_TEXT];

	pr_object(p, "latency");
	pr_uint(p, "count", n, "latency: %llu action%s", (unsigned long long)n,
		n == 1 ? "" : "s");
	pr_uint(p, "sum_ns", st->latency_sum, NULL);
	if (n) {
		pr_text(p, ", mean %s", step_text(st->latency_sum / n, text));
		show_quantile(p, st, 50);
		show_quantile(p, st, 99);
	}
	pr_text(p, "\n");
	show_steps(p, st);
	if (!p->json && n)
		steps_table(p->out, st);
	pr_object_end(p);
}

static void listener_header(struct table *t)
{
	static const char *const title[] = {
		"  LISTENER", "INODE", "QUEUE", "LIMIT", "DROPS", "OLDEST", "STATE",
	};
	size_t i;

	t->columns = ARRAY_SIZE(title);
	for (i = 0; i < ARRAY_SIZE(title); i++)
		table_cell(t, "%s", title[i]);
}

static void listener_row(struct table *t, const struct listener *l, const char *service)
{
	char age[AGE_TEXT];

	table_cell(t, "  %s", service);
	if (l->inode)
		table_cell(t, "%llu", (unsigned long long)l->inode);
	else
		table_cell(t, "kernel");
	table_cell(t, "%u", l->s.queue);
	table_cell(t, "%u", l->s.limit);
	table_cell(t, "%llu", (unsigned long long)l->s.drops);
	table_cell(t, "%s", l->s.waiting ? age_text(l->s.age, age) : "-");
	table_cell(t, "%s", l->s.stalled ? "stalled" : "-");
}

static void listener_table(FILE *out, const struct stats *st)
{
	char service[SERVICE_TEXT];
	const struct listener *l;
	struct table t = { 0 };
	unsigned int i;

	listener_header(&t);
	for (i = 0; i < st->n_listeners; i++) {
		l = &st->listeners[i];
		listener_row(&t, l, service_text(&l->s, &st->prefix, service));
	}
	table_print(&t, out);
}

static void show_listeners(struct printer *p, const struct stats *st)
{
	char service[SERVICE_TEXT], addr[INET6_ADDRSTRLEN];
	const struct listener *l;
	unsigned int i;

	pr_text(p, "listeners: %u\n", st->n_listeners + st->left_off);
	if (!p->json && st->n_listeners)
		listener_table(p->out, st);
	pr_array(p, "listeners");
	for (i = 0; i < st->n_listeners; i++) {
		l = &st->listeners[i];
		pr_object(p, NULL);
		pr_str(p, "service", service_text(&l->s, &st->prefix, service), NULL);
		pr_str(p, "address", ip_text(&l->s.addr, addr), NULL);
		pr_str(p, "protocol", protocol_text(l->s.protocol), NULL);
		pr_uint(p, "port", l->s.port, NULL);
		pr_uint(p, "inode", l->inode, NULL);
		pr_uint(p, "queue", l->s.queue, NULL);
		pr_uint(p, "limit", l->s.limit, NULL);
		pr_uint(p, "drops", l->s.drops, NULL);
		if (l->s.waiting)
			pr_uint(p, "age_ms", l->s.age / NSEC_PER_MSEC, NULL);
		pr_bool(p, "stalled", l->s.stalled, NULL);
		pr_object_end(p);
	}
	pr_array_end(p);
	pr_uint(p, "left_off", st->left_off, st->left_off ? "  and %u more\n" : NULL,
		st->left_off);
}

/**
 * show_stats() - print the counters of a gate
 * @p: printer
 * @st: counters
 */
void show_stats(struct printer *p, const struct stats *st)
{
	char prefix[PREFIX_TEXT];

	pr_object(p, NULL);
	pr_str(p, "prefix", prefix_text(&st->prefix, prefix), "prefix: %s\n", prefix);
	if (*st->name)
		pr_str(p, "name", st->name, "name: %s\n", st->name);
	pr_uint(p, "id", st->id, NULL);
	show_transitions(p, st);
	pr_uint(p, "errors", st->errors, "errors: %llu\n", (unsigned long long)st->errors);
	show_latency(p, st);
	show_listeners(p, st);
	pr_object_end(p);
}
