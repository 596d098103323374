/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_CONF_H
#define ANYGATECTL_CONF_H

#include <linux/anygate.h>

#include "parse.h"

enum conf_key {
	KEY_ACTION,
	KEY_DEV,
	KEY_TABLE,
	KEY_METRIC,
	KEY_HOLD,
	KEY_UP,
	KEY_DOWN,
	KEY_LISTEN_DEV,
	KEY_MAX,
};

extern const char *const conf_keys[KEY_MAX];

/**
 * struct conf - what the command line says of a gate
 * @prefix: the gate's prefix
 * @said: for each keyword what the user gave as its value, NULL if nothing;
 *	the fields below it are valid only where it is set
 * @action: ANYGATE_ACTION_*
 * @table: routing table
 * @metric: of the route
 * @hold: ANYGATE_SWITCH_*
 * @up: milliseconds
 * @down: milliseconds
 * @listen_policy: ANYGATE_LISTEN_POLICY_*; said[KEY_LISTEN_DEV] is the device
 * @services: all of them have an address
 * @service_said: what the user gave for each of them
 * @n_services: how many there are
 */
struct conf {
	struct prefix prefix;
	const char *said[KEY_MAX];
	uint32_t action;
	uint32_t table;
	uint32_t metric;
	uint32_t hold;
	uint32_t up;
	uint32_t down;
	uint32_t listen_policy;
	struct service services[ANYGATE_SERVICES_MAX];
	const char *service_said[ANYGATE_SERVICES_MAX];
	unsigned int n_services;
};

int conf_parse(struct conf *c, bool change, int argc, char **argv,
	       struct err *e);

#endif
