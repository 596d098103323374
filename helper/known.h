/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_KNOWN_H
#define ANYGATECTL_KNOWN_H

#include "gates.h"

/**
 * struct known - what has been told of the gates so far
 * @gates: they
 * @n: how many there are
 * @size: how many there is room for
 */
struct known {
	struct known_gate *gates;
	size_t n;
	size_t size;
};

/**
 * struct known_gate - what has been told of one gate
 * @prefix: its prefix
 * @id: its number
 * @state: ANYGATE_STATE_*
 * @announced: whether the tables held it
 */
struct known_gate {
	struct prefix prefix;
	uint32_t id;
	uint32_t state;
	bool announced;
};

/**
 * typedef known_fn - called for every gate that is not as it was told
 * @was: what was told, or NULL of a gate that is new
 * @is: what it is, or NULL of one that is gone
 * @arg: what the caller gave
 */
typedef void known_fn(const struct known_gate *was, const struct gate *is, void *arg);

void known_event(struct known *k, const struct gate *ev);
void known_sync(struct known *k, const struct gates *l, known_fn *fn, void *arg);
void known_free(struct known *k);

#endif
