/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_QUERY_H
#define ANYGATECTL_QUERY_H

#include "nl.h"

/**
 * struct query - a question about gates
 * @cmd: ANYGATE_CMD_GATE_GET or ANYGATE_CMD_STATS_GET
 * @ref: which gate or group; all, if it says nothing
 * @count_flows: have the connections counted first
 * @fn: called for every message of the answer
 * @restart: called before each attempt: what @fn was told is to be forgotten
 * @arg: for @fn and @restart
 * @partial: result: the gates changed while they were read, some may be missing
 */
struct query {
	uint8_t cmd;
	const struct gate_ref *ref;
	bool count_flows;
	ag_attrs_fn *fn;
	void (*restart)(void *arg);
	void *arg;
	bool partial;
};

int query_run(struct ag *ag, struct query *q, struct extack *x,
	      struct reqmap *map);

#endif
