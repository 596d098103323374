/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_GATES_H
#define ANYGATECTL_GATES_H

#include "gate.h"
#include "nl.h"

/**
 * struct gates - gates as the kernel has them
 * @gates: they, sorted by prefix; malloc()ed
 * @n: how many there are
 * @size: how many there is room for
 * @partial: the gates changed while they were read, some may be missing
 */
struct gates {
	struct gate *gates;
	size_t n;
	size_t size;
	bool partial;
};

int gates_get(struct ag *ag, const struct gate_ref *ref, struct gates *l,
	      struct extack *x, struct reqmap *map);
void gates_free(struct gates *l);

#endif
