// SPDX-License-Identifier: GPL-2.0
/*
 * The decision of a gate.
 *
 *	           up                    up time over
 *	 closed ---------> opening ----------------------> open
 *	   ^ ^    !up         |                            | ^
 *	   | +----------------+                       !up  | | up
 *	   |                  down time over               v |
 *	   +------------------------------------------- closing
 *
 * A delay of 0 passes through the state between in the same step, so that it
 * is never seen.  The deadline of a delay is computed anew from the time its
 * state was entered at every step: a changed setting needs no special case.
 */
#include "fsm.h"

static struct anygate_fsm enter(enum anygate_state state,
				enum anygate_reason reason, __u64 now)
{
	struct anygate_fsm fsm = {
		.state = state,
		.reason = reason,
		.since = now,
		.deadline = ANYGATE_NEVER,
	};

	return fsm;
}

/* A listener must have been seen without interruption since @fsm.since. */
static struct anygate_fsm opening(struct anygate_fsm fsm, __u32 up_ms,
				  __u64 now)
{
	fsm.deadline = fsm.since + up_ms * ANYGATE_NS_PER_MS;
	if (now >= fsm.deadline)
		return enter(ANYGATE_STATE_OPEN, ANYGATE_REASON_LISTENER, now);
	return fsm;
}

static struct anygate_fsm closing(struct anygate_fsm fsm, __u32 down_ms,
				  __u64 now)
{
	fsm.deadline = fsm.since + down_ms * ANYGATE_NS_PER_MS;
	if (now >= fsm.deadline)
		return enter(ANYGATE_STATE_CLOSED, ANYGATE_REASON_NO_LISTENER,
			     now);
	return fsm;
}

/**
 * anygate_fsm_start() - the first state of a new gate
 * @conf: the gate's settings
 * @facts: what was found, @facts->present included
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * A service that is alive behind a prefix that is announced already is taken
 * over as it is: neither delay applies, because adding a gate must not flap
 * what works.  Without a listener the gate starts closed at once: nobody has
 * seen the listener that a "down" time would be a grace for.
 *
 * Return: the state.
 */
struct anygate_fsm anygate_fsm_start(const struct anygate_fsm_conf *conf,
				     const struct anygate_facts *facts,
				     __u64 now)
{
	if (!facts->up)
		return enter(ANYGATE_STATE_CLOSED, ANYGATE_REASON_NO_LISTENER,
			     now);
	if (facts->present)
		return enter(ANYGATE_STATE_OPEN, ANYGATE_REASON_LISTENER, now);
	return opening(enter(ANYGATE_STATE_OPENING, ANYGATE_REASON_UP_DELAY,
			     now), conf->up_ms, now);
}

/**
 * anygate_fsm_step() - the next state
 * @old: the state before
 * @conf: the gate's settings
 * @facts: what was found
 * @now: CLOCK_BOOTTIME nanoseconds, not before @old.since
 *
 * May be called at any time and as often as one likes: with the same facts
 * and before the deadline it returns @old, but for a deadline that a changed
 * setting has moved.
 *
 * Return: the state after.
 */
struct anygate_fsm anygate_fsm_step(struct anygate_fsm old,
				    const struct anygate_fsm_conf *conf,
				    const struct anygate_facts *facts,
				    __u64 now)
{
	switch (old.state) {
	case ANYGATE_STATE_CLOSED:
		if (!facts->up)
			return old;
		return opening(enter(ANYGATE_STATE_OPENING,
				     ANYGATE_REASON_UP_DELAY, now),
			       conf->up_ms, now);
	case ANYGATE_STATE_OPENING:
		if (!facts->up)
			return enter(ANYGATE_STATE_CLOSED,
				     ANYGATE_REASON_NO_LISTENER, now);
		return opening(old, conf->up_ms, now);
	case ANYGATE_STATE_OPEN:
		if (facts->up)
			return old;
		return closing(enter(ANYGATE_STATE_CLOSING,
				     ANYGATE_REASON_DOWN_DELAY, now),
			       conf->down_ms, now);
	case ANYGATE_STATE_CLOSING:
		if (facts->up)
			return enter(ANYGATE_STATE_OPEN,
				     ANYGATE_REASON_LISTENER, now);
		return closing(old, conf->down_ms, now);
	}
	return old;
}
