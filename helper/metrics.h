/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_METRICS_H
#define ANYGATECTL_METRICS_H

#include <stdio.h>

#include "gate.h"
#include "stats.h"

/**
 * struct metrics - what metrics are made of
 * @status: the module's status
 * @gates: gates
 * @n_gates: number of @gates
 * @stats: their counters
 * @n_stats: number of @stats; the gates may have changed in between
 * @netns: label that tells network namespaces apart, or NULL
 * @now: CLOCK_BOOTTIME, in nanoseconds
 * @strict: OpenMetrics to the letter, which not all that read metrics understand
 */
struct metrics {
	const struct module_status *status;
	const struct gate *gates;
	size_t n_gates;
	const struct stats *stats;
	size_t n_stats;
	const char *netns;
	uint64_t now;
	bool strict;
};

void metrics_print(FILE *file, const struct metrics *metrics);

#endif
