/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_CONF_H
#define ANYGATECTL_CONF_H

#include <linux/anygate.h>

#include "args.h"

enum conf_key {
	KEY_ACTION,
	KEY_DEV,
	KEY_TABLE,
	KEY_METRIC,
	KEY_HOLD,
	KEY_UP,
	KEY_DOWN,
	KEY_LISTEN_DEV,
	KEY_NAME,
	KEY_NEED,
	KEY_DAMP,
	KEY_PENALTY,
	KEY_SUPPRESS,
	KEY_REUSE,
	KEY_HALF_LIFE,
	KEY_MAX_SUPPRESS,
	KEY_REQUIRE,
	KEY_ON_EXPIRY,
	KEY_FALLBACK,
	KEY_OBSERVE,
	KEY_SHIELD,
	KEY_STALL,
	KEY_STALL_MEMBERS,
	KEY_FATAL,
	KEY_WITNESS,
	KEY_MAX,
};

extern const char *const conf_keys[KEY_MAX];

/**
 * struct conf - what the command line or a file says of a gate
 * @exact: words must not be cut short
 * @gate: which gate; in a change it may be a group
 * @said: for each keyword what the user gave as its value, NULL if nothing;
 *	the fields below it are valid only where it is set
 * @action: ANYGATE_ACTION_*
 * @table: routing table
 * @metric: of the route
 * @hold: ANYGATE_SWITCH_*
 * @up: milliseconds
 * @down: milliseconds
 * @listen_policy: ANYGATE_LISTEN_POLICY_*; said[KEY_LISTEN_DEV] is the device
 * @name: group, "" for none
 * @need: how many services are needed, 0 for all
 * @damp: ANYGATE_SWITCH_*
 * @penalty: of a flap
 * @suppress: figure of merit from which on the prefix is not announced
 * @reuse: figure of merit below which it is announced again
 * @half_life: milliseconds
 * @max_suppress: milliseconds
 * @require: names of leases
 * @n_require: how many there are, 0 for "none"
 * @on_expiry: ANYGATE_ON_EXPIRY_*
 * @fallback_via: gateway, family 0 for "none"
 * @fallback_dev: its device
 * @observe: ANYGATE_SWITCH_*
 * @shield: milliseconds, 0 for none
 * @stall: milliseconds, 0 for never
 * @stall_members: ANYGATE_MEMBERS_*
 * @fatal: ANYGATE_SWITCH_*
 * @witness: routing table, 0 for none
 * @services: all of them have an address
 * @service_said: what the user gave for each of them
 * @n_services: how many there are
 */
struct conf {
	bool exact;
	struct gate_ref gate;
	const char *said[KEY_MAX];
	uint32_t action;
	uint32_t table;
	uint32_t metric;
	uint32_t hold;
	uint32_t up;
	uint32_t down;
	uint32_t listen_policy;
	const char *name;
	uint32_t need;
	uint32_t damp;
	uint32_t penalty;
	uint32_t suppress;
	uint32_t reuse;
	uint32_t half_life;
	uint32_t max_suppress;
	char require[ANYGATE_LEASES_MAX][ANYGATE_NAME_MAX + 1];
	unsigned int n_require;
	uint32_t on_expiry;
	struct ipaddr fallback_via;
	const char *fallback_dev;
	uint32_t observe;
	uint32_t shield;
	uint32_t stall;
	uint32_t stall_members;
	uint32_t fatal;
	uint32_t witness;
	struct service services[ANYGATE_SERVICES_MAX];
	const char *service_said[ANYGATE_SERVICES_MAX];
	unsigned int n_services;
};

/**
 * typedef conf_error_fn - called for everything that is wrong with settings
 * @e: what is wrong, and which of the words is to blame
 * @arg: what the caller gave
 */
typedef void conf_error_fn(const struct err *e, void *arg);

void conf_check(const struct conf *c, bool change, conf_error_fn *fn,
		void *arg);
int conf_set(struct conf *c, enum conf_key key, int argc, char **argv,
	     struct err *e);
int conf_parse_all(struct conf *c, bool change, bool exact, int argc,
		   char **argv, conf_error_fn *fn, void *arg);
int conf_parse(struct conf *c, bool change, int argc, char **argv,
	       struct err *e);

#endif
