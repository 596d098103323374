// SPDX-License-Identifier: GPL-2.0
/* What events have told of the gates, to find out what they have not told. */

#include <stdlib.h>
#include <string.h>

#include "known.h"

static size_t find(const struct known *k, const struct prefix *p, bool *there)
{
	size_t low = 0, high = k->n, middle;
	int cmp;

	*there = false;
	while (low < high) {
		middle = low + (high - low) / 2;
		cmp = prefix_cmp(&k->gates[middle].prefix, p);
		if (!cmp) {
			*there = true;
			return middle;
		}
		if (cmp < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void note(struct known_gate *g, const struct gate *ev)
{
	g->prefix = ev->prefix;
	g->id = ev->id;
	g->state = ev->state;
	if (gate_has(ev, ANYGATE_A_GATE_ANNOUNCED))
		g->announced = ev->announced;
}

static struct known_gate *insert(struct known *k, size_t at)
{
	if (k->n == k->size) {
		k->size = k->size ? 2 * k->size : 16;
		k->gates = reallocarray(k->gates, k->size, sizeof(*k->gates));
		if (!k->gates)
			exit(complain(ST_REFUSED, "out of memory"));
	}
	memmove(&k->gates[at + 1], &k->gates[at], (k->n++ - at) * sizeof(*k->gates));
	memset(&k->gates[at], 0, sizeof(*k->gates));
	return &k->gates[at];
}

/**
 * known_event() - an event tells of a gate
 * @k: what is known
 * @ev: event
 */
void known_event(struct known *k, const struct gate *ev)
{
	bool there;
	size_t at;

	if (!gate_has(ev, ANYGATE_A_GATE_PREFIX))
		return;
	at = find(k, &ev->prefix, &there);
	if (ev->kind == ANYGATE_EVENT_KIND_DELETED) {
		if (there)
			memmove(&k->gates[at], &k->gates[at + 1],
				(--k->n - at) * sizeof(*k->gates));
	} else if (gate_has(ev, ANYGATE_A_GATE_STATE)) {
		note(there ? &k->gates[at] : insert(k, at), ev);
	}
}

/**
 * known_sync() - compare with what the kernel has
 * @k: what is known; then it is what the kernel has
 * @l: all gates, sorted by prefix
 * @fn: called for every difference, in the order of the prefixes, or NULL
 * @arg: for @fn
 */
void known_sync(struct known *k, const struct gates *l, known_fn *fn, void *arg)
{
	struct known now = { 0 };
	size_t i = 0, j = 0;
	int cmp;

	while (i < k->n || j < l->n) {
		cmp = i == k->n ? 1 : j == l->n ? -1 :
		      prefix_cmp(&k->gates[i].prefix, &l->gates[j].prefix);
		if (cmp >= 0)
			note(insert(&now, now.n), &l->gates[j]);
		if (fn && (cmp || k->gates[i].id != l->gates[j].id ||
			   k->gates[i].state != l->gates[j].state ||
			   k->gates[i].announced != !!l->gates[j].announced))
			fn(cmp <= 0 ? &k->gates[i] : NULL, cmp >= 0 ? &l->gates[j] : NULL, arg);
		i += cmp <= 0;
		j += cmp >= 0;
	}
	known_free(k);
	*k = now;
}

/**
 * known_free() - forget everything
 * @k: what is known
 */
void known_free(struct known *k)
{
	free(k->gates);
	*k = (struct known){ 0 };
}
