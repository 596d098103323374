// SPDX-License-Identifier: GPL-2.0
/*
 * The decision of a gate.  Documentation/states.md has it as a table and a
 * picture, made from this code by selftests/fsm_table.
 *
 * Every step decides anew, from whether the prefix is announced, the facts
 * and the clock: there is no list of transitions that could lack one.  A
 * delay of 0 passes through the state between in the same step.  Deadlines
 * are computed from when the facts became what they are, so that a changed
 * setting needs no special case.
 */
#include "fsm.h"

/* What a step comes to. */
struct verdict {
	enum anygate_state state;
	enum anygate_reason reason;
	__u64 deadline;
};

#define VERDICT(s, r, d)					\
	((struct verdict){ .state = ANYGATE_STATE_##s,		\
			   .reason = (r), .deadline = (d) })

static enum anygate_order order_now(const struct anygate_facts *facts,
				    __u64 now)
{
	return now < facts->order_until ? facts->order : ANYGATE_ORDER_FOLLOW;
}

/* Up, and not announced: is it time? */
static struct verdict rise(const struct anygate_fsm *fsm,
			   const struct anygate_fsm_conf *conf, __u64 now)
{
	__u64 ready = fsm->up_since + conf->up_ms * ANYGATE_NS_PER_MS;

	if (now < ready)
		return VERDICT(OPENING, ANYGATE_REASON_UP_DELAY, ready);
	if (fsm->damp.suppressed)
		return VERDICT(DAMPED, ANYGATE_REASON_DAMPED,
			       anygate_damp_release(&fsm->damp, &conf->damp,
						    now));
	return VERDICT(OPEN, ANYGATE_REASON_LISTENER, ANYGATE_NEVER);
}

/*
 * Down, and announced: is it time, and is somebody else there?  Damping has no
 * say in this.
 */
static struct verdict fall(const struct anygate_fsm *fsm,
			   const struct anygate_fsm_conf *conf,
			   const struct anygate_facts *facts, __u64 now)
{
	__u64 over = fsm->fall_since + conf->down_ms * ANYGATE_NS_PER_MS;
	bool kept = fsm->state == ANYGATE_STATE_KEPT;

	if (facts->alone && (kept || now >= over))
		return VERDICT(KEPT, ANYGATE_REASON_ALONE, ANYGATE_NEVER);
	if (now < over)
		return VERDICT(CLOSING, ANYGATE_REASON_DOWN_DELAY, over);
	return VERDICT(CLOSED, facts->why, ANYGATE_NEVER);
}

static struct verdict decide(const struct anygate_fsm *fsm,
			     const struct anygate_fsm_conf *conf,
			     const struct anygate_facts *facts, __u64 now)
{
	switch (order_now(facts, now)) {
	case ANYGATE_ORDER_PIN:
		return VERDICT(PINNED, ANYGATE_REASON_PINNED,
			       facts->order_until);
	case ANYGATE_ORDER_DRAIN:
		return VERDICT(DRAINED, ANYGATE_REASON_DRAINED,
			       facts->order_until);
	default:
		break;
	}
	if (anygate_fsm_want(fsm))
		return facts->up ? VERDICT(OPEN, ANYGATE_REASON_LISTENER,
					   ANYGATE_NEVER) :
				   fall(fsm, conf, facts, now);
	return facts->up ? rise(fsm, conf, now) :
			   VERDICT(CLOSED, facts->why, ANYGATE_NEVER);
}

/*
 * A flap is what a neighbour would have seen: a withdrawal for the services'
 * sake, and, while suppressed, one that it was spared.  An operator's order
 * is none.
 */
static bool flapped(const struct anygate_fsm *old, enum anygate_state state)
{
	if (state != ANYGATE_STATE_CLOSED)
		return false;
	return old->state == ANYGATE_STATE_OPEN ||
	       old->state == ANYGATE_STATE_CLOSING ||
	       old->state == ANYGATE_STATE_KEPT ||
	       old->state == ANYGATE_STATE_DAMPED;
}

/**
 * anygate_fsm_start() - the first state of a new gate
 * @conf: the gate's settings
 * @facts: what was found, @facts->present included
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * A service that is alive behind a prefix that is announced already is taken
 * over as it is, without the "up" delay: adding a gate must not flap what
 * works.  Without a listener the gate starts closed at once: nobody has seen
 * the listener that a "down" time would be a grace for; or, where the prefix
 * is announced and nobody else announces it, kept as it is.
 *
 * Return: the state.
 */
struct anygate_fsm anygate_fsm_start(const struct anygate_fsm_conf *conf,
				     const struct anygate_facts *facts,
				     __u64 now)
{
	struct anygate_fsm new = {
		.state = ANYGATE_STATE_CLOSED,
		.reason = ANYGATE_REASON_ADDED,
		.since = now,
		.up = facts->up,
		.up_since = now,
		.fall_since = now,
		.damp.at = now,
	};
	struct verdict verdict;

	if (facts->present && facts->up)
		new.state = ANYGATE_STATE_OPEN;
	else if (facts->present && facts->alone)
		new.state = ANYGATE_STATE_KEPT;
	verdict = decide(&new, conf, facts, now);
	new.state = verdict.state;
	new.reason = verdict.reason;
	new.deadline = verdict.deadline;
	return new;
}

/**
 * anygate_fsm_step() - the next state
 * @old: the state before
 * @conf: the gate's settings
 * @facts: what was found
 * @now: CLOCK_BOOTTIME nanoseconds, not before any earlier step's
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
	struct anygate_fsm new = old;
	struct verdict verdict;

	if (facts->up != old.up) {
		new.up = facts->up;
		new.up_since = now;
		new.fall_since = now;
	}
	/*
	 * Two that are kept may see each other at once.  "down" passes again,
	 * and where it is not the same the one finds the other one gone.
	 */
	if (old.state == ANYGATE_STATE_KEPT && !facts->alone)
		new.fall_since = now;
	new.damp = anygate_damp_step(old.damp, &conf->damp, now);

	verdict = decide(&new, conf, facts, now);
	if (flapped(&old, verdict.state))
		new.damp = anygate_damp_flap(new.damp, &conf->damp, now);
	if (verdict.state != old.state) {
		new.state = verdict.state;
		new.since = now;
	}
	new.reason = verdict.reason;
	new.deadline = verdict.deadline;
	return new;
}

/**
 * anygate_fsm_undamp() - forget the figure of merit
 * @old: the state before
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * Return: the same with a figure of 0; the next step releases it.
 */
struct anygate_fsm anygate_fsm_undamp(struct anygate_fsm old, __u64 now)
{
	old.damp.figure = 0;
	old.damp.at = now;
	old.damp.suppressed = false;
	return old;
}
