/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_TOP_H
#define ANYGATECTL_TOP_H

#include <stdio.h>

#include "filter.h"

/**
 * enum top_result - what a key asks for
 * @TOP_GO_ON: nothing but to be drawn
 * @TOP_QUIT: to end
 * @TOP_SUSPEND: to give the terminal back for a while
 */
enum top_result {
	TOP_GO_ON,
	TOP_QUIT,
	TOP_SUSPEND,
};

/**
 * struct top - the live view
 * @filter: which gates, and in which order
 * @find: only those with this text in their row are shown; "" for all
 * @typing: @find is being typed
 * @scroll: the first row that is shown
 * @escape: how much of an escape sequence has been read
 * @rows: of the terminal
 * @columns: of the terminal
 * @page: how many rows there were room for; known once it has been drawn
 * @trouble: why nothing is known, or ""
 * @warning: what is wrong with the module, or ""
 * @event: the last event, or ""
 */
struct top {
	struct filter filter;
	char find[64];
	bool typing;
	size_t scroll;
	unsigned int escape;
	unsigned int rows;
	unsigned int columns;
	size_t page;
	char trouble[512];
	char warning[512];
	char event[512];
};

enum top_result top_key(struct top *t, unsigned char key);
void top_draw(struct top *t, const struct gates *l, const char *clock, uint64_t now,
	      FILE *out);

#endif
