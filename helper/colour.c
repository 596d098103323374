// SPDX-License-Identifier: GPL-2.0
/* Colours, for terminals that have them and people who want them. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "colour.h"

static bool terminal_wants_it(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no && *no)
		return false;
	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb");
}

/**
 * colour_choose() - whether there are to be colours
 * @when: always, auto or never; NULL is auto
 * @on: result
 * @e: what is wrong with @when
 *
 * Return: whether @when makes sense
 */
bool colour_choose(const char *when, bool *on, struct err *e)
{
	static const char *const words[] = { "always", "auto", "never" };
	int word = when ? match_word("colour", when, words, ARRAY_SIZE(words), e) : 1;

	*on = word == 0 || (word == 1 && terminal_wants_it());
	return word >= 0;
}

/**
 * colour_on() - what turns a colour on
 * @c: colour
 *
 * Return: an escape sequence, or "" without colours
 */
const char *colour_on(enum colour c)
{
	/* of the eight that every terminal and its background can show */
	static const char *const codes[] = {
		[COLOUR_NONE]		= "",
		[COLOUR_GOOD]		= "\033[32m",
		[COLOUR_BAD]		= "\033[31m",
		[COLOUR_CHANGING]	= "\033[33m",
		[COLOUR_ORDER]		= "\033[36m",
		[COLOUR_ALARM]		= "\033[1;31m",
	};

	return opt.colour ? codes[c] : "";
}

/**
 * colour_off() - what turns a colour off
 * @c: colour
 *
 * Return: an escape sequence, or "" without colours
 */
const char *colour_off(enum colour c)
{
	return opt.colour && c != COLOUR_NONE ? "\033[m" : "";
}

/**
 * colour_of_state() - the colour of a state
 * @state: ANYGATE_STATE_*
 *
 * Return: the colour
 */
enum colour colour_of_state(uint32_t state)
{
	switch (state) {
	case ANYGATE_STATE_OPEN:
		return COLOUR_GOOD;
	case ANYGATE_STATE_CLOSED:
		return COLOUR_BAD;
	case ANYGATE_STATE_DRAINED:
	case ANYGATE_STATE_PINNED:
		return COLOUR_ORDER;
	case ANYGATE_STATE_KEPT:
		return COLOUR_ALARM;
	}
	return COLOUR_CHANGING;
}

/**
 * colour_of_why() - the colour of what is to be said of a gate
 * @g: gate
 *
 * Return: the colour
 */
enum colour colour_of_why(const struct gate *g)
{
	return g->state == ANYGATE_STATE_KEPT ? COLOUR_ALARM : colour_of_difference(g);
}

/**
 * colour_of_difference() - the colour of what is announced
 * @g: gate
 *
 * Return: the colour
 */
enum colour colour_of_difference(const struct gate *g)
{
	if (!gate_differs(g) || g->difference == ANYGATE_DIFFERENCE_OBSERVING)
		return COLOUR_NONE;
	return COLOUR_ALARM;
}
