/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_FILTER_H
#define ANYGATECTL_FILTER_H

#include "args.h"
#include "gates.h"

/**
 * enum sort_key - what gates are sorted by
 * @SORT_PREFIX: IPv4 first, then by address, shorter first
 * @SORT_NAME: group; what is in none comes last
 * @SORT_STATE: what needs a person's attention first
 * @SORT_SINCE: what has changed its state last comes first
 * @SORT_FLAPS: what has come and gone most often comes first
 */
enum sort_key {
	SORT_PREFIX,
	SORT_NAME,
	SORT_STATE,
	SORT_SINCE,
	SORT_FLAPS,
	SORT_MAX,
};

extern const char *const sort_keys[SORT_MAX];

/**
 * struct filter - which gates to show, and in which order
 * @gate: one gate or a group, in full; all if it says nothing
 * @states: one bit for each of ANYGATE_STATE_*, 0 for any
 * @name: group, "" for those that are in none, or NULL for any
 * @sort: what to sort by
 */
struct filter {
	struct gate_ref gate;
	uint32_t states;
	const char *name;
	enum sort_key sort;
};

int parse_filter(int argc, char **argv, struct filter *f, struct err *e);
bool filter_passes(const struct filter *f, const struct gate *g);
void filter_gates(const struct filter *f, struct gates *l);

#endif
