/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_ARGS_H
#define ANYGATECTL_ARGS_H

#include <linux/anygate.h>

#include "parse.h"

/**
 * struct gate_ref - which gate a verb is about, or which gates
 * @said: what the user gave; NULL if nothing
 * @name: the group, or NULL for a prefix
 * @prefix: the prefix, where there is no @name
 */
struct gate_ref {
	const char *said;
	const char *name;
	struct prefix prefix;
};

/**
 * struct order_args - the arguments of drain, pin and the like
 * @gate: which gate
 * @order: ANYGATE_ORDER_*
 * @ms: for how many milliseconds, 0 for no end
 * @ms_said: what the user gave for it
 * @force: for a pin without an end
 * @wait: for a drain: until no connection is left
 * @wait_ms: for that many milliseconds at most, 0 for no end
 * @wait_said: what the user gave for it
 */
struct order_args {
	struct gate_ref gate;
	uint32_t order;
	uint32_t ms;
	const char *ms_said;
	bool force;
	bool wait;
	uint32_t wait_ms;
	const char *wait_said;
};

/**
 * struct lease_args - the arguments of lease
 * @gate: which gate
 * @name: the lease
 * @verdict: ANYGATE_VERDICT_UP or ANYGATE_VERDICT_DOWN
 * @ttl: for how many milliseconds
 * @ttl_said: what the user gave for it
 */
struct lease_args {
	struct gate_ref gate;
	const char *name;
	uint32_t verdict;
	uint32_t ttl;
	const char *ttl_said;
};

int parse_gate_ref(const char *arg, struct gate_ref *ref, struct err *e);
const char *gate_ref_text(const struct gate_ref *ref, char buf[PREFIX_TEXT]);
int parse_gate_arg(int argc, char **argv, const char *verb,
		   struct gate_ref *ref, struct err *e);
int parse_first_arg(int argc, char **argv, const char *verb,
		    struct gate_ref *ref, struct err *e);
int parse_order_args(int argc, char **argv, const char *verb, uint32_t order,
		     struct order_args *o, struct err *e);
int parse_lease_args(int argc, char **argv, struct lease_args *l,
		     struct err *e);

#endif
