/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_STATSLIST_H
#define ANYGATECTL_STATSLIST_H

#include "nl.h"
#include "stats.h"

/**
 * struct statslist - the counters of gates
 * @stats: they, sorted by prefix; malloc()ed
 * @n: how many there are
 * @size: how many there is room for
 * @partial: the gates changed while they were read, some may be missing
 */
struct statslist {
	struct stats *stats;
	size_t n;
	size_t size;
	bool partial;
};

int statslist_get(struct ag *ag, const struct gate_ref *ref,
		  struct statslist *l, struct extack *x, struct reqmap *map);
void statslist_free(struct statslist *l);

#endif
