// SPDX-License-Identifier: GPL-2.0
/* What is to be done so that the kernel has what a file says, and no more. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

static struct step *add_step(struct plan *p, enum step_kind kind)
{
	struct step *s;

	if (p->n == p->size) {
		p->size = p->size ? 2 * p->size : 16;
		p->steps = reallocarray(p->steps, p->size, sizeof(*p->steps));
		if (!p->steps)
			exit(complain(ST_REFUSED, "out of memory"));
	}
	s = &p->steps[p->n++];
	memset(s, 0, sizeof(*s));
	s->kind = kind;
	return s;
}

static struct full *new_full(void)
{
	struct full *f = calloc(1, sizeof(*f));

	if (!f)
		exit(complain(ST_REFUSED, "out of memory"));
	return f;
}

static bool forgets_leases(const struct conf *conf, const struct gate *g)
{
	unsigned int i, j;

	for (i = 0; conf->said[KEY_REQUIRE] && i < g->n_leases; i++) {
		for (j = 0; j < conf->n_require; j++)
			if (!strcmp(g->leases[i].name, conf->require[j]))
				break;
		if (j == conf->n_require)
			return true;
	}
	return false;
}

static int compare(struct plan *p, const struct conf *c, const struct gate *g, struct err *e)
{
	struct full *from = new_full(), *to = new_full();
	struct conf delta;
	struct step *s;
	int ret;

	ret = full_of_gate(from, g, e);
	full_of_conf(to, c);
	if (ret || !full_delta(&delta, from, to)) {
		free(from);
		free(to);
		return ret;
	}
	s = add_step(p, forgets_leases(&delta, g) ? STEP_UNREQUIRE : STEP_CHANGE);
	s->conf = delta;
	s->gate = g;
	s->from = from;
	s->to = to;
	full_delta(&s->undo, to, from);
	return 0;
}

static int by_kind(const void *a, const void *b)
{
	const struct step *sa = a, *sb = b;

	if (sa->kind != sb->kind)
		return sa->kind < sb->kind ? -1 : 1;
	return prefix_cmp(&sa->conf.gate.prefix, &sb->conf.gate.prefix);
}

/**
 * plan_make() - find out what is to be done
 * @p: result; points to @f and @l. Free it with plan_free(), whatever is
 *	returned
 * @f: what there is to be, without errors
 * @l: all that there is
 * @e: why it cannot be found out
 *
 * Return: 0 or -1
 */
int plan_make(struct plan *p, const struct conf_file *f, const struct gates *l,
	      struct err *e)
{
	struct step *s;
	size_t i = 0, j = 0;
	int cmp;

	memset(p, 0, sizeof(*p));
	/* Both are sorted. */
	while (i < f->n || j < l->n) {
		cmp = i == f->n ? 1 : j == l->n ? -1 :
		      prefix_cmp(&f->gates[i].gate.prefix, &l->gates[j].prefix);
		if (!cmp) {
			if (compare(p, &f->gates[i++], &l->gates[j++], e))
				return -1;
		} else if (cmp < 0) {
			add_step(p, STEP_ADD)->conf = f->gates[i++];
		} else {
			s = add_step(p, STEP_DEL);
			s->gate = &l->gates[j++];
			s->from = new_full();
			if (full_of_gate(s->from, s->gate, e))
				return -1;
			s->conf.gate = s->from->conf.gate;
			full_prune(&s->undo, s->from);
		}
	}
	if (p->n)
		qsort(p->steps, p->n, sizeof(*p->steps), by_kind);
	return 0;
}

/**
 * plan_free() - forget a plan
 * @p: plan
 */
void plan_free(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		free(p->steps[i].from);
		free(p->steps[i].to);
	}
	free(p->steps);
	*p = (struct plan){ 0 };
}

static const char *verb(const struct step *s)
{
	switch (s->kind) {
	case STEP_ADD:
		return "add";
	case STEP_DEL:
		return "del";
	default:
		return "change";
	}
}

/**
 * step_line() - a step as a command
 * @s: step
 * @buf: for the result
 *
 * Return: @buf: the verb and its arguments
 */
const char *step_line(const struct step *s, char buf[CONF_TEXT])
{
	char prefix[PREFIX_TEXT], text[CONF_TEXT - PREFIX_TEXT - 16] = "";

	if (s->kind != STEP_DEL)
		conf_text(&s->conf, text, sizeof(text));
	snprintf(buf, CONF_TEXT, "%s %s%s", verb(s), prefix_text(&s->conf.gate.prefix, prefix),
		 text);
	return buf;
}

/* What a change replaces, said as a change would say it. */
static const char *was(const struct step *s, char buf[CONF_TEXT])
{
	struct conf c = s->undo;

	buf[0] = '\0';
	if (s->from->observing_until && s->conf.said[KEY_OBSERVE])
		c.said[KEY_OBSERVE] = "for-a-while";
	conf_text(&c, buf, CONF_TEXT);
	return buf;
}

static void print_settings(struct printer *pr, const char *key, const struct conf *c)
{
	char text[1024];
	unsigned int i;

	pr_object(pr, key);
	if (c->n_services) {
		pr_array(pr, "services");
		for (i = 0; i < c->n_services; i++)
			pr_str(pr, "", service_text(&c->services[i], &c->gate.prefix, text), NULL);
		pr_array_end(pr);
	}
	for (i = 0; i < KEY_MAX; i++)
		if (c->said[i])
			pr_str(pr, conf_keys[i], conf_value(c, i, text, sizeof(text)), NULL);
	pr_object_end(pr);
}

/**
 * step_print() - print a step
 * @pr: printer; in JSON an array or object is open
 * @s: step
 */
void step_print(struct printer *pr, const struct step *s)
{
	char line[CONF_TEXT], prefix[PREFIX_TEXT];

	pr_object(pr, NULL);
	pr_str(pr, "command", step_line(s, line), "%s", line);
	pr_str(pr, "verb", verb(s), NULL);
	pr_str(pr, "prefix", prefix_text(&s->conf.gate.prefix, prefix), NULL);
	if (s->kind == STEP_DEL) {
		pr_text(pr, "\t# not in the file");
	} else if (s->kind != STEP_ADD) {
		print_settings(pr, "set", &s->conf);
		pr_text(pr, "\t# was%s", was(s, line));
		print_settings(pr, "was", &s->undo);
	}
	pr_text(pr, "\n");
	pr_object_end(pr);
}
