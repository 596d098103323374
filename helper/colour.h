/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_COLOUR_H
#define ANYGATECTL_COLOUR_H

#include "gate.h"

/**
 * enum colour - what a colour means
 * @COLOUR_NONE: nothing
 * @COLOUR_GOOD: announced, as it should be
 * @COLOUR_BAD: withdrawn, since something is missing
 * @COLOUR_CHANGING: not for long
 * @COLOUR_ORDER: somebody ordered it
 * @COLOUR_ALARM: the tables are not as they should be
 */
enum colour {
	COLOUR_NONE,
	COLOUR_GOOD,
	COLOUR_BAD,
	COLOUR_CHANGING,
	COLOUR_ORDER,
	COLOUR_ALARM,
};

bool colour_choose(const char *when, bool *on, struct err *e);
const char *colour_on(enum colour c);
const char *colour_off(enum colour c);
enum colour colour_of_state(uint32_t state);
enum colour colour_of_difference(const struct gate *g);
enum colour colour_of_why(const struct gate *g);

#endif
