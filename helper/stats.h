/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_STATS_H
#define ANYGATECTL_STATS_H

#include <linux/anygate.h>

#include "gate.h"
#include "print.h"

#define REASONS_MAX	64
#define STEPS_MAX	64

/**
 * struct reason_count - transitions for one reason
 * @reason: ANYGATE_REASON_*
 * @count: how many
 */
struct reason_count {
	uint32_t reason;
	uint64_t count;
};

/**
 * struct step - one step of the latency histogram
 * @below: these took less than this many nanoseconds; UINT64_MAX for the rest
 * @count: how many, without those of the steps before
 */
struct step {
	uint64_t below;
	uint64_t count;
};

/**
 * struct listener - one socket behind a service
 * @s: the service, and the socket's queue
 * @inode: the socket's; 0 for one of the kernel's own
 */
struct listener {
	struct service s;
	uint64_t inode;
};

/**
 * struct stats - the counters of a gate
 * @id: of the gate
 * @prefix: of the gate
 * @name: of its group, or ""
 * @n_transitions: number of @transitions
 * @transitions: by reason, none is 0
 * @n_steps: number of @steps
 * @steps: actions after a socket event, by the time they took
 * @latency_sum: nanoseconds of all of them together
 * @errors: changes of the kernel's tables that failed
 * @n_listeners: number of @listeners
 * @listeners: one by one
 * @left_off: how many more there are
 */
struct stats {
	uint32_t id;
	struct prefix prefix;
	char name[NAME_TEXT];
	unsigned int n_transitions;
	struct reason_count transitions[REASONS_MAX];
	unsigned int n_steps;
	struct step steps[STEPS_MAX];
	uint64_t latency_sum;
	uint64_t errors;
	unsigned int n_listeners;
	struct listener listeners[ANYGATE_LISTENERS_MAX];
	uint32_t left_off;
};

void stats_decode(struct stats *st, const struct nlattr *attrs, int len);
uint64_t stats_actions(const struct stats *st);
bool stats_quantile(const struct stats *st, unsigned int percent, uint64_t *ns);
void show_stats(struct printer *p, const struct stats *st);

#endif
