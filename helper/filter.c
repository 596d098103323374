// SPDX-License-Identifier: GPL-2.0
/* Which gates to show, and in which order. */

#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "names.h"

const char *const sort_keys[SORT_MAX] = {
	[SORT_PREFIX]	= "prefix",
	[SORT_NAME]	= "name",
	[SORT_STATE]	= "state",
	[SORT_SINCE]	= "since",
	[SORT_FLAPS]	= "flaps",
};

static int parse_states(const char *arg, uint32_t *states, struct err *e)
{
	char *copy = strdup(arg), *word, *save = NULL;
	int state = 0;

	if (!copy)
		return err_set(e, "out of memory");
	for (word = strtok_r(copy, ",", &save); word && state >= 0;
	     word = strtok_r(NULL, ",", &save)) {
		state = match_word("state", word, state_names.name, state_names.n, e);
		if (state >= 0)
			*states |= 1U << state;
	}
	free(copy);
	if (state >= 0 && !*states)
		return err_set(e, "state: the value is missing; give open, closed or another, or several with commas between");
	return state < 0 ? -1 : 0;
}

static int parse_value(struct filter *f, int word, const char *arg, struct err *e)
{
	int key;

	switch (word) {
	case 0:
		return parse_states(arg, &f->states, e);
	case 1:
		f->name = strcmp(arg, "none") ? arg : "";
		return *f->name ? parse_name("name", arg, e) : 0;
	}
	key = match_word("sort", arg, sort_keys, SORT_MAX, e);
	if (key < 0)
		return -1;
	f->sort = key;
	return 0;
}

/**
 * parse_filter() - parse the arguments of show and top
 * @argc: number of arguments
 * @argv: [PREFIX|NAME] [state STATE[,STATE...]] [name NAME] [sort KEY]
 * @f: result; points into @argv
 * @e: what is wrong with them
 *
 * A group whose name is a keyword is shown with "name".
 *
 * Return: 0 or -1
 */
int parse_filter(int argc, char **argv, struct filter *f, struct err *e)
{
	static const char *const words[] = { "state", "name", "sort" };
	bool seen[ARRAY_SIZE(words)] = { false };
	struct err ignored;
	int i = 0, word;

	memset(f, 0, sizeof(*f));
	if (argc && match_word("", argv[0], words, ARRAY_SIZE(words), &ignored) < 0) {
		if (parse_gate_ref(argv[0], &f->gate, e))
			return -1;
		i = 1;
	}
	for (; i < argc; i += 2) {
		word = match_word("keyword", argv[i], words, ARRAY_SIZE(words), e);
		if (word < 0)
			return -1;
		if (seen[word])
			return err_set(e, "%s is given twice", words[word]);
		seen[word] = true;
		if (i + 1 == argc)
			return err_set(e, "%s: the value is missing; say for example %s %s",
				       words[word], words[word],
				       word == 0 ? "closed" : word == 1 ? "dns" : "since");
		if (parse_value(f, word, argv[i + 1], e))
			return -1;
	}
	return 0;
}

/**
 * filter_passes() - whether a gate is to be shown
 * @f: filter
 * @g: gate
 *
 * Return: true if it is
 */
bool filter_passes(const struct filter *f, const struct gate *g)
{
	if (f->states && (g->state >= 32 || !(f->states & 1U << g->state)))
		return false;
	return !f->name || !strcmp(f->name, g->name);
}

/* What is wrong, what is not announced, what somebody ordered, what is well. */
static int urgency(const struct gate *g)
{
	if (gate_differs(g) && g->difference != ANYGATE_DIFFERENCE_OBSERVING)
		return 0;
	switch (g->state) {
	case ANYGATE_STATE_KEPT:
		return 0;
	case ANYGATE_STATE_CLOSED:
		return 1;
	case ANYGATE_STATE_DAMPED:
		return 2;
	case ANYGATE_STATE_CLOSING:
		return 3;
	case ANYGATE_STATE_OPENING:
		return 4;
	case ANYGATE_STATE_PINNED:
		return 5;
	case ANYGATE_STATE_DRAINED:
		return 6;
	}
	return 7;
}

static int by_name(const struct gate *a, const struct gate *b)
{
	if (!*a->name != !*b->name)
		return *a->name ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int compare(const void *pa, const void *pb, void *arg)
{
	const struct filter *f = arg;
	const struct gate *a = pa, *b = pb;
	int ret = 0;

	switch (f->sort) {
	case SORT_NAME:
		ret = by_name(a, b);
		break;
	case SORT_STATE:
		ret = urgency(a) - urgency(b);
		break;
	case SORT_SINCE:
		ret = (a->since < b->since) - (a->since > b->since);
		break;
	case SORT_FLAPS:
		ret = (a->flaps < b->flaps) - (a->flaps > b->flaps);
		break;
	default:
		break;
	}
	return ret ? ret : prefix_cmp(&a->prefix, &b->prefix);
}

/**
 * filter_gates() - keep what is to be shown, and sort it
 * @f: filter
 * @l: gates
 */
void filter_gates(const struct filter *f, struct gates *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		if (filter_passes(f, &l->gates[i]))
			l->gates[n++] = l->gates[i];
	l->n = n;
	if (n)
		qsort_r(l->gates, n, sizeof(*l->gates), compare, (void *)f);
}
