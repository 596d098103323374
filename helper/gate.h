/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_GATE_H
#define ANYGATECTL_GATE_H

#include <linux/anygate.h>

#include "parse.h"

struct nlattr;

#define COMM_TEXT	(4 * 16 + 1)	/* TASK_COMM_LEN, every byte escaped */

#define NAME_TEXT	(4 * ANYGATE_NAME_MAX + 1)

/**
 * struct lease - the verdict of an outside check
 * @name: of the lease
 * @verdict: ANYGATE_VERDICT_*
 * @expires: CLOCK_BOOTTIME in nanoseconds, if there is a verdict
 */
struct lease {
	char name[NAME_TEXT];
	uint32_t verdict;
	uint64_t expires;
};

/*
 * A gate, or an event that concerns one, as the kernel sent it. The fields are
 * the attributes of the specification by the same name; has tells which of
 * them were there, and unknown whether there were any that this program does not
 * know, of a newer module. Strings are safe to print, but for those called raw: devices
 * by the names that the kernel knows them by.
 */
struct gate {
	bool has[ANYGATE_A_GATE_MAX + 1];
	bool unknown;
	uint32_t id;
	struct prefix prefix;
	uint32_t action;
	char dev[4 * ANYGATE_DEVNAME_MAX + 1];
	char dev_raw[ANYGATE_DEVNAME_MAX + 1];
	uint32_t table;
	uint32_t metric;
	uint32_t hold;
	uint32_t up;
	uint32_t down;
	uint32_t listen_policy;
	char listen_dev[4 * ANYGATE_DEVNAME_MAX + 1];
	char listen_dev_raw[ANYGATE_DEVNAME_MAX + 1];
	unsigned int n_services;
	struct service services[ANYGATE_SERVICES_MAX];
	char name[NAME_TEXT];
	uint32_t need;
	uint32_t damp;
	uint32_t damp_penalty;
	uint32_t damp_suppress;
	uint32_t damp_reuse;
	uint32_t damp_half_life;
	uint32_t damp_max;
	uint32_t on_expiry;
	struct ipaddr fallback_via;
	char fallback_dev[4 * ANYGATE_DEVNAME_MAX + 1];
	char fallback_dev_raw[ANYGATE_DEVNAME_MAX + 1];
	uint32_t order;
	uint64_t order_until;
	uint32_t observe;
	uint64_t observe_until;
	unsigned int n_leases;
	struct lease leases[ANYGATE_LEASES_MAX];
	uint32_t fallback;
	uint32_t figure;
	uint64_t release_at;
	uint32_t state;
	uint32_t reason;
	uint64_t since;
	uint64_t deadline;
	uint32_t announced;
	uint32_t difference;
	uint32_t error;
	char error_msg[512];
	uint32_t retries;
	uint64_t retry_at;
	uint32_t contested;
	uint32_t adopted;
	uint64_t opened;
	uint64_t closed;
	uint64_t flaps;
	uint32_t closer_pid;
	char closer_comm[COMM_TEXT];
	uint32_t shield;
	uint32_t stall;
	uint32_t stall_members;
	uint32_t fatal;
	uint64_t shield_until;
	uint64_t shield_dropped;
	uint64_t shield_first;
	uint64_t shield_last;
	uint64_t shield_lately;
	uint32_t flows;
	uint32_t witness;

	/* in events only */
	uint32_t kind;
	uint64_t seq;
	uint64_t time;
	uint32_t old_state;
	uint32_t source;
	struct service trigger;
	uint32_t pid;
	char comm[COMM_TEXT];
	uint64_t wait_ns;
	uint64_t probe_ns;
	uint64_t act_ns;
	uint64_t total_ns;
	uint32_t probes;
};

/**
 * gate_has() - whether the kernel sent an attribute
 * @g: gate or event
 * @attr: ANYGATE_A_GATE_*
 *
 * Return: true if it did
 */
static inline bool gate_has(const struct gate *g, unsigned int attr)
{
	return g->has[attr];
}

/**
 * gate_wanted() - whether the state asks for an announcement
 * @g: gate
 *
 * Return: true for open, closing, pinned and kept
 */
static inline bool gate_wanted(const struct gate *g)
{
	return g->state == ANYGATE_STATE_OPEN ||
	       g->state == ANYGATE_STATE_CLOSING ||
	       g->state == ANYGATE_STATE_PINNED ||
	       g->state == ANYGATE_STATE_KEPT;
}

/**
 * gate_delayed() - whether an "up" or "down" delay runs
 * @g: gate
 *
 * Return: true if @g->deadline is the end of one; in other states it is the
 * end of something that has an attribute of its own
 */
static inline bool gate_delayed(const struct gate *g)
{
	return gate_has(g, ANYGATE_A_GATE_DEADLINE) &&
	       g->state != ANYGATE_STATE_DAMPED &&
	       g->state != ANYGATE_STATE_DRAINED &&
	       g->state != ANYGATE_STATE_PINNED;
}

void gate_decode(struct gate *g, const struct nlattr *attrs, int len);
bool gate_differs(const struct gate *g);

#define PROBES_MAX	32

/**
 * struct probe - one probed kernel function
 * @symbol: its name
 * @armed: whether the probe is in place
 * @error: positive errno of the attempt to arm it, or 0
 * @missed: events that the kernel says it missed
 */
struct probe {
	char symbol[128];
	bool armed;
	uint32_t error;
	uint64_t missed;
};

/*
 * The module's health, as the kernel sent it: the attributes of the
 * specification by the same name.
 */
struct module_status {
	char version[64];
	uint32_t gates;
	uint32_t max_gates;
	uint32_t probes;
	uint32_t reconcile;
	uint32_t protocol;
	uint64_t events;
	uint64_t missed;
	uint64_t overflows;
	uint64_t passes;
	uint64_t healed;
	unsigned int n_probe;
	struct probe probe[PROBES_MAX];
};

void status_decode(struct module_status *st, const struct nlattr *attrs,
		   int len);
void status_warning(const struct module_status *st, char *buf, size_t size);

#endif
