/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_FOLLOW_H
#define ANYGATECTL_FOLLOW_H

#include "known.h"

#define FOLLOW_RETRY_MS	1000	/* after a comparison that failed */

/**
 * struct follow - one who is told of the gates by events, and misses none
 * @known: what the events have told
 * @started: @seq is valid
 * @seq: of the last event
 * @behind: what is known may be wrong; follow_compare() is to be called
 * @told: what is known is something to compare with
 */
struct follow {
	struct known known;
	bool started;
	uint64_t seq;
	bool behind;
	bool told;
};

uint64_t follow_event(struct follow *f, const struct gate *ev);
void follow_module(struct follow *f, bool loaded);
bool follow_compare(struct follow *f, known_fn *fn, void *arg);
void follow_free(struct follow *f);

#endif
