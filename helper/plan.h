/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_PLAN_H
#define ANYGATECTL_PLAN_H

#include "confgate.h"
#include "conffile.h"
#include "gates.h"
#include "print.h"

/**
 * enum step_kind - what a step does, in the order of steps
 * @STEP_CHANGE: change a gate
 * @STEP_ADD: add one
 * @STEP_UNREQUIRE: change a gate in a way that makes it forget leases
 * @STEP_DEL: remove one
 *
 * What can be undone without a trace goes first.
 */
enum step_kind {
	STEP_CHANGE,
	STEP_ADD,
	STEP_UNREQUIRE,
	STEP_DEL,
};

/**
 * struct step - one request on the way to what a file says
 * @kind: what it does
 * @conf: what the request says; points into the file and @to
 * @undo: settings of the request that changes it back; points to @from
 * @gate: what the kernel has, or NULL
 * @from: its settings, or NULL
 * @to: all settings of the file, or NULL
 */
struct step {
	enum step_kind kind;
	struct conf conf;
	struct conf undo;
	const struct gate *gate;
	struct full *from;
	struct full *to;
};

/**
 * struct plan - the way to what a file says
 * @steps: in their order; NULL if there are none
 * @n: how many there are
 * @size: how many there is room for
 */
struct plan {
	struct step *steps;
	size_t n;
	size_t size;
};

int plan_make(struct plan *p, const struct conf_file *f, const struct gates *l,
	      struct err *e);
void plan_free(struct plan *p);
void step_print(struct printer *pr, const struct step *s);
const char *step_line(const struct step *s, char buf[CONF_TEXT]);

#endif
