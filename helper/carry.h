/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_CARRY_H
#define ANYGATECTL_CARRY_H

#include "plan.h"

/**
 * enum fate - what has become of a step
 * @FATE_NOT_DONE: nothing
 * @FATE_DONE: it is done
 * @FATE_UNDONE: it was done, and is undone
 * @FATE_NOT_UNDONE: it was done, and could not be undone
 * @FATE_UNKNOWN: the kernel has not answered
 */
enum fate {
	FATE_NOT_DONE,
	FATE_DONE,
	FATE_UNDONE,
	FATE_NOT_UNDONE,
	FATE_UNKNOWN,
};

/**
 * struct outcome - what has become of a plan
 * @fate: of every step; calloc()ed
 * @failed: number of the step that failed; as many as there are, if none did
 * @e: why it failed; @e.word is the word that the kernel blames, or NULL
 */
struct outcome {
	enum fate *fate;
	size_t failed;
	struct err e;
};

int plan_carry_out(struct ag *ag, const struct plan *p, struct outcome *o);

#endif
