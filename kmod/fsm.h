/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The decision of a gate: a pure function, compiled for the kernel and for
 * the unit tests alike.  Nothing here may need a kernel header beyond the
 * UAPI ones, look at a clock, allocate or lock.
 */
#ifndef ANYGATE_FSM_H
#define ANYGATE_FSM_H

#include <linux/types.h>
#include <linux/anygate.h>

#ifndef __KERNEL__
#include <stdbool.h>
#endif

#include "damp.h"

/* "deadline" of a state that only a fact can end. */
#define ANYGATE_NEVER	(~(__u64)0)

#define ANYGATE_NS_PER_MS	1000000ULL

/**
 * struct anygate_fsm_conf - the settings that the decision depends on
 * @up_ms: milliseconds, 0 to ANYGATE_DELAY_MAX; how long the services must be
 *	seen to be up before the prefix is announced
 * @down_ms: milliseconds, 0 to ANYGATE_DELAY_MAX; how long they must be seen
 *	to be down before it is withdrawn
 * @damp: damping of the announcement
 */
struct anygate_fsm_conf {
	__u32 up_ms;
	__u32 down_ms;
	struct anygate_damp_conf damp;
};

/**
 * struct anygate_facts - what the engine found when it looked
 * @up: enough of the gate's services have a listener, and its leases are good
 * @why: if not @up, the reason: ANYGATE_REASON_NO_LISTENER or one of the leases'
 * @present: the prefix is announced already; asked only of a new gate
 * @alone: if not @up, nobody else is known to announce the prefix, and that is
 *	a reason to go on with it
 * @order: ANYGATE_ORDER_FOLLOW, _DRAIN or _PIN
 * @order_until: CLOCK_BOOTTIME nanoseconds at which @order ends, or
 *	ANYGATE_NEVER
 */
struct anygate_facts {
	bool up;
	enum anygate_reason why;
	bool present;
	bool alone;
	enum anygate_order order;
	__u64 order_until;
};

/**
 * struct anygate_fsm - what has been decided
 * @state: the state
 * @reason: why it is in that state
 * @since: CLOCK_BOOTTIME nanoseconds at which the state was entered
 * @deadline: CLOCK_BOOTTIME nanoseconds at which the state ends if the facts
 *	stay as they are, or ANYGATE_NEVER
 * @up: the services were up at the last step
 * @up_since: CLOCK_BOOTTIME nanoseconds at which @up became what it is
 * @fall_since: the same for what "down" counts from: @up, or that somebody else
 *	was there
 * @damp: the figure of merit
 *
 * Only the functions below make one; the fields are for reading.
 */
struct anygate_fsm {
	enum anygate_state state;
	enum anygate_reason reason;
	__u64 since;
	__u64 deadline;
	bool up;
	__u64 up_since;
	__u64 fall_since;
	struct anygate_damp damp;
};

/**
 * anygate_fsm_want() - is the prefix to be announced in this state?
 * @fsm: the state
 *
 * "closing" still announces: its down delay exists to survive a restart; and
 * "kept", because a prefix that nobody announces is no better than a dead one.
 *
 * Return: true if the address or route is wanted in the kernel's tables.
 */
static inline bool anygate_fsm_want(const struct anygate_fsm *fsm)
{
	return fsm->state == ANYGATE_STATE_OPEN ||
	       fsm->state == ANYGATE_STATE_CLOSING ||
	       fsm->state == ANYGATE_STATE_PINNED ||
	       fsm->state == ANYGATE_STATE_KEPT;
}

struct anygate_fsm anygate_fsm_start(const struct anygate_fsm_conf *conf,
				     const struct anygate_facts *facts,
				     __u64 now);
struct anygate_fsm anygate_fsm_step(struct anygate_fsm old,
				    const struct anygate_fsm_conf *conf,
				    const struct anygate_facts *facts,
				    __u64 now);
struct anygate_fsm anygate_fsm_undamp(struct anygate_fsm old, __u64 now);

#endif /* ANYGATE_FSM_H */
