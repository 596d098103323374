// SPDX-License-Identifier: GPL-2.0
/*
 * The decision of a gate, without a kernel: every state against every fact,
 * the delays to the nanosecond, and a long random walk over properties that
 * must always hold.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fsm.h"

#define MS ANYGATE_NS_PER_MS
#define T0 (1000 * MS)

#define DOWN .why = ANYGATE_REASON_NO_LISTENER
static const struct anygate_facts up = { .up = true };
static const struct anygate_facts down = { DOWN };
static const struct anygate_facts alone = { DOWN, .alone = true };
static const struct anygate_facts up_present = { .up = true, .present = true };
static const struct anygate_facts down_present = { DOWN, .present = true };

static struct anygate_fsm at(enum anygate_state state, __u64 since)
{
	static const enum anygate_reason reasons[] = {
		[ANYGATE_STATE_CLOSED] = ANYGATE_REASON_NO_LISTENER,
		[ANYGATE_STATE_OPENING] = ANYGATE_REASON_UP_DELAY,
		[ANYGATE_STATE_OPEN] = ANYGATE_REASON_LISTENER,
		[ANYGATE_STATE_CLOSING] = ANYGATE_REASON_DOWN_DELAY,
		[ANYGATE_STATE_DAMPED] = ANYGATE_REASON_DAMPED,
		[ANYGATE_STATE_DRAINED] = ANYGATE_REASON_DRAINED,
		[ANYGATE_STATE_PINNED] = ANYGATE_REASON_PINNED,
		[ANYGATE_STATE_KEPT] = ANYGATE_REASON_ALONE,
	};
	struct anygate_fsm fsm = {
		.state = state,
		.reason = reasons[state],
		.since = since,
		.deadline = ANYGATE_NEVER,
		.up = state == ANYGATE_STATE_OPENING ||
		      state == ANYGATE_STATE_OPEN ||
		      state == ANYGATE_STATE_DAMPED,
		.up_since = since,
		.fall_since = since,
	};

	return fsm;
}

static void check(struct anygate_fsm fsm, enum anygate_state state,
		  enum anygate_reason reason, __u64 since, __u64 deadline)
{
	assert_int_equal(fsm.state, state);
	assert_int_equal(fsm.reason, reason);
	assert_true(fsm.since == since);
	assert_true(fsm.deadline == deadline);
}

static void starts(void **state)
{
	struct anygate_fsm_conf conf = { .up_ms = 1000, .down_ms = 500 };
	struct anygate_fsm_conf fast = { 0 };

	(void)state;
	check(anygate_fsm_start(&conf, &down, T0), ANYGATE_STATE_CLOSED,
	      ANYGATE_REASON_NO_LISTENER, T0, ANYGATE_NEVER);
	check(anygate_fsm_start(&conf, &up, T0), ANYGATE_STATE_OPENING,
	      ANYGATE_REASON_UP_DELAY, T0, T0 + 1000 * MS);
	check(anygate_fsm_start(&fast, &up, T0), ANYGATE_STATE_OPEN,
	      ANYGATE_REASON_LISTENER, T0, ANYGATE_NEVER);
	/* What is announced and alive is taken over without a delay ... */
	check(anygate_fsm_start(&conf, &up_present, T0), ANYGATE_STATE_OPEN,
	      ANYGATE_REASON_LISTENER, T0, ANYGATE_NEVER);
	/* ... and what is announced and dead is withdrawn without one. */
	check(anygate_fsm_start(&conf, &down_present, T0),
	      ANYGATE_STATE_CLOSED, ANYGATE_REASON_NO_LISTENER, T0,
	      ANYGATE_NEVER);
}

/* Every state, listener there or not, before, at and after its deadline. */
static void cells(void **state)
{
	struct anygate_fsm_conf conf = { .up_ms = 1000, .down_ms = 500 };
	__u64 t = T0 + 10 * MS;

	(void)state;
#define STEP(from, facts, now) \
	anygate_fsm_step(at(ANYGATE_STATE_##from, T0), &conf, &facts, now)

	check(STEP(CLOSED, down, t), ANYGATE_STATE_CLOSED,
	      ANYGATE_REASON_NO_LISTENER, T0, ANYGATE_NEVER);
	check(STEP(CLOSED, up, t), ANYGATE_STATE_OPENING,
	      ANYGATE_REASON_UP_DELAY, t, t + 1000 * MS);

	check(STEP(OPENING, down, t), ANYGATE_STATE_CLOSED,
	      ANYGATE_REASON_NO_LISTENER, t, ANYGATE_NEVER);
	check(STEP(OPENING, up, T0 + 1000 * MS - 1), ANYGATE_STATE_OPENING,
	      ANYGATE_REASON_UP_DELAY, T0, T0 + 1000 * MS);
	check(STEP(OPENING, up, T0 + 1000 * MS), ANYGATE_STATE_OPEN,
	      ANYGATE_REASON_LISTENER, T0 + 1000 * MS, ANYGATE_NEVER);
	/* Gone at the very end: not seen without interruption. */
	check(STEP(OPENING, down, T0 + 1000 * MS), ANYGATE_STATE_CLOSED,
	      ANYGATE_REASON_NO_LISTENER, T0 + 1000 * MS, ANYGATE_NEVER);

	check(STEP(OPEN, up, t), ANYGATE_STATE_OPEN, ANYGATE_REASON_LISTENER,
	      T0, ANYGATE_NEVER);
	check(STEP(OPEN, down, t), ANYGATE_STATE_CLOSING,
	      ANYGATE_REASON_DOWN_DELAY, t, t + 500 * MS);

	check(STEP(CLOSING, up, t), ANYGATE_STATE_OPEN,
	      ANYGATE_REASON_LISTENER, t, ANYGATE_NEVER);
	check(STEP(CLOSING, down, T0 + 500 * MS - 1), ANYGATE_STATE_CLOSING,
	      ANYGATE_REASON_DOWN_DELAY, T0, T0 + 500 * MS);
	check(STEP(CLOSING, down, T0 + 500 * MS), ANYGATE_STATE_CLOSED,
	      ANYGATE_REASON_NO_LISTENER, T0 + 500 * MS, ANYGATE_NEVER);
	/* Back at the very end: a restart that was just in time. */
	check(STEP(CLOSING, up, T0 + 500 * MS), ANYGATE_STATE_OPEN,
	      ANYGATE_REASON_LISTENER, T0 + 500 * MS, ANYGATE_NEVER);
#undef STEP
}

static void no_delay_is_no_state(void **state)
{
	struct anygate_fsm_conf conf = { 0 };

	(void)state;
	check(anygate_fsm_step(at(ANYGATE_STATE_CLOSED, T0), &conf, &up, T0),
	      ANYGATE_STATE_OPEN, ANYGATE_REASON_LISTENER, T0, ANYGATE_NEVER);
	check(anygate_fsm_step(at(ANYGATE_STATE_OPEN, T0), &conf, &down, T0),
	      ANYGATE_STATE_CLOSED, ANYGATE_REASON_NO_LISTENER, T0,
	      ANYGATE_NEVER);
}

/* A setting changed while its delay runs holds from when the delay began. */
static void changed_delay(void **state)
{
	struct anygate_fsm_conf conf = { .up_ms = 1000, .down_ms = 500 };
	struct anygate_fsm fsm;

	(void)state;
	fsm = anygate_fsm_step(at(ANYGATE_STATE_CLOSED, 0), &conf, &up, T0);
	conf.up_ms = 5000;
	fsm = anygate_fsm_step(fsm, &conf, &up, T0 + 2000 * MS);
	check(fsm, ANYGATE_STATE_OPENING, ANYGATE_REASON_UP_DELAY, T0,
	      T0 + 5000 * MS);
	conf.up_ms = 100;
	fsm = anygate_fsm_step(fsm, &conf, &up, T0 + 2001 * MS);
	check(fsm, ANYGATE_STATE_OPEN, ANYGATE_REASON_LISTENER,
	      T0 + 2001 * MS, ANYGATE_NEVER);
}

static void longest_delay(void **state)
{
	struct anygate_fsm_conf conf = { .up_ms = ANYGATE_DELAY_MAX };
	__u64 now = UINT64_MAX / 4;
	struct anygate_fsm fsm;

	(void)state;
	fsm = anygate_fsm_step(at(ANYGATE_STATE_CLOSED, 0), &conf, &up, now);
	check(fsm, ANYGATE_STATE_OPENING, ANYGATE_REASON_UP_DELAY, now,
	      now + ANYGATE_DELAY_MAX * MS);
}

static void orders(void **state)
{
	struct anygate_fsm_conf conf = { .up_ms = 1000, .down_ms = 500 };
	struct anygate_facts facts = up;
	struct anygate_fsm fsm = at(ANYGATE_STATE_OPEN, T0);
	__u64 t = T0 + 5000 * MS;

	(void)state;
	facts.order = ANYGATE_ORDER_DRAIN;
	facts.order_until = t + 60000 * MS;
	fsm = anygate_fsm_step(fsm, &conf, &facts, t);
	check(fsm, ANYGATE_STATE_DRAINED, ANYGATE_REASON_DRAINED, t,
	      facts.order_until);
	assert_false(anygate_fsm_want(&fsm));
	/* The listener was there all along: no "up" delay when it is over. */
	fsm = anygate_fsm_step(fsm, &conf, &facts, facts.order_until);
	check(fsm, ANYGATE_STATE_OPEN, ANYGATE_REASON_LISTENER,
	      facts.order_until, ANYGATE_NEVER);

	/* Pinned while the service dies, and long after. */
	t = facts.order_until + 1000 * MS;
	facts.order = ANYGATE_ORDER_PIN;
	facts.order_until = ANYGATE_NEVER;
	fsm = anygate_fsm_step(fsm, &conf, &facts, t);
	facts.up = false;
	facts.why = ANYGATE_REASON_NO_LISTENER;
	fsm = anygate_fsm_step(fsm, &conf, &facts, t + 1000 * MS);
	check(fsm, ANYGATE_STATE_PINNED, ANYGATE_REASON_PINNED, t,
	      ANYGATE_NEVER);
	assert_true(anygate_fsm_want(&fsm));
	/* Its "down" time is long over when the pin goes. */
	facts.order = ANYGATE_ORDER_FOLLOW;
	fsm = anygate_fsm_step(fsm, &conf, &facts, t + 9000 * MS);
	check(fsm, ANYGATE_STATE_CLOSED, ANYGATE_REASON_NO_LISTENER,
	      t + 9000 * MS, ANYGATE_NEVER);
	/* An order is nobody's flap. */
	assert_true(fsm.damp.figure == 0);
}

static const struct anygate_damp_conf damping = {
	.on = true,
	.penalty = 1000,
	.suppress = 2000,
	.reuse = 750,
	.half_life_ms = 60000,
	.max_ms = 300000,
};

/* The last one stays, for as long as it is that. */
static void keeps(void **state)
{
	struct anygate_fsm_conf conf = { .up_ms = 1000, .down_ms = 500 };
	struct anygate_facts facts = alone;
	struct anygate_fsm fsm;
	__u64 t = T0 + 10 * MS;

	(void)state;
	/* A new gate does not undo what somebody announces ... */
	facts.present = true;
	fsm = anygate_fsm_start(&conf, &facts, T0);
	check(fsm, ANYGATE_STATE_KEPT, ANYGATE_REASON_ALONE, T0,
	      ANYGATE_NEVER);
	assert_true(anygate_fsm_want(&fsm));
	/* ... nor announce what nobody does. */
	check(anygate_fsm_start(&conf, &alone, T0), ANYGATE_STATE_CLOSED,
	      ANYGATE_REASON_NO_LISTENER, T0, ANYGATE_NEVER);
	check(anygate_fsm_step(at(ANYGATE_STATE_CLOSED, T0), &conf, &alone, t),
	      ANYGATE_STATE_CLOSED, ANYGATE_REASON_NO_LISTENER, T0,
	      ANYGATE_NEVER);

	/* "down" first: a restart is nothing to be loud about. */
	fsm = at(ANYGATE_STATE_OPEN, T0);
	fsm = anygate_fsm_step(fsm, &conf, &alone, t);
	check(fsm, ANYGATE_STATE_CLOSING, ANYGATE_REASON_DOWN_DELAY, t,
	      t + 500 * MS);
	fsm = anygate_fsm_step(fsm, &conf, &alone, t + 500 * MS);
	check(fsm, ANYGATE_STATE_KEPT, ANYGATE_REASON_ALONE, t + 500 * MS,
	      ANYGATE_NEVER);
	/* Back: open at once, for it never was away. */
	check(anygate_fsm_step(fsm, &conf, &up, t + 900 * MS),
	      ANYGATE_STATE_OPEN, ANYGATE_REASON_LISTENER, t + 900 * MS,
	      ANYGATE_NEVER);
	/* Somebody else: "down" once more, for the other one may be kept, too. */
	conf.down_ms = 300;
	conf.damp = damping;
	fsm = anygate_fsm_step(fsm, &conf, &down, t + 900 * MS);
	check(fsm, ANYGATE_STATE_CLOSING, ANYGATE_REASON_DOWN_DELAY,
	      t + 900 * MS, t + 1200 * MS);
	check(anygate_fsm_step(fsm, &conf, &alone, t + 1200 * MS - 1),
	      ANYGATE_STATE_CLOSING, ANYGATE_REASON_DOWN_DELAY, t + 900 * MS,
	      t + 1200 * MS);
	check(anygate_fsm_step(fsm, &conf, &alone, t + 1200 * MS),
	      ANYGATE_STATE_KEPT, ANYGATE_REASON_ALONE, t + 1200 * MS,
	      ANYGATE_NEVER);
	fsm = anygate_fsm_step(fsm, &conf, &down, t + 1200 * MS);
	check(fsm, ANYGATE_STATE_CLOSED, ANYGATE_REASON_NO_LISTENER,
	      t + 1200 * MS, ANYGATE_NEVER);
	/* That is what the neighbour sees: a flap. */
	assert_true(fsm.damp.figure == 1000ULL << ANYGATE_FIGURE_SHIFT);

	/* Without "down" it is withdrawn at once. */
	conf.down_ms = 0;
	check(anygate_fsm_step(at(ANYGATE_STATE_KEPT, T0), &conf, &down, t),
	      ANYGATE_STATE_CLOSED, ANYGATE_REASON_NO_LISTENER, t,
	      ANYGATE_NEVER);

	/* An order is an order. */
	facts.order = ANYGATE_ORDER_DRAIN;
	facts.order_until = ANYGATE_NEVER;
	fsm = anygate_fsm_step(at(ANYGATE_STATE_KEPT, T0), &conf, &facts, t);
	check(fsm, ANYGATE_STATE_DRAINED, ANYGATE_REASON_DRAINED, t,
	      ANYGATE_NEVER);
	/* What it has withdrawn is not announced again for a dead service. */
	check(anygate_fsm_step(fsm, &conf, &alone, t + MS),
	      ANYGATE_STATE_CLOSED, ANYGATE_REASON_NO_LISTENER, t + MS,
	      ANYGATE_NEVER);
}

static void reasons(void **state)
{
	struct anygate_fsm_conf conf = { 0 };
	struct anygate_facts facts = { .why = ANYGATE_REASON_LEASE_DOWN };
	struct anygate_fsm fsm = at(ANYGATE_STATE_OPEN, T0);

	(void)state;
	fsm = anygate_fsm_step(fsm, &conf, &facts, T0 + MS);
	check(fsm, ANYGATE_STATE_CLOSED, ANYGATE_REASON_LEASE_DOWN, T0 + MS,
	      ANYGATE_NEVER);
	/* Another reason is not another state. */
	facts.why = ANYGATE_REASON_NO_LISTENER;
	fsm = anygate_fsm_step(fsm, &conf, &facts, T0 + 2 * MS);
	check(fsm, ANYGATE_STATE_CLOSED, ANYGATE_REASON_NO_LISTENER, T0 + MS,
	      ANYGATE_NEVER);
}

static void damps(void **state)
{
	struct anygate_fsm_conf conf = { .damp = damping };
	struct anygate_fsm fsm = at(ANYGATE_STATE_OPEN, T0);
	__u64 release, now = T0;
	int i;

	(void)state;
	fsm.damp.at = T0;
	for (i = 0; i < 2; i++) {
		now += MS;
		fsm = anygate_fsm_step(fsm, &conf, &down, now);
		assert_int_equal(fsm.state, ANYGATE_STATE_CLOSED);
		fsm = anygate_fsm_step(fsm, &conf, &up, now += MS);
		assert_int_equal(fsm.state, ANYGATE_STATE_OPEN);
	}
	/* The third in a row is not announced ... */
	fsm = anygate_fsm_step(fsm, &conf, &down, now += MS);
	assert_int_equal(fsm.state, ANYGATE_STATE_CLOSED);
	fsm = anygate_fsm_step(fsm, &conf, &up, now += MS);
	assert_int_equal(fsm.state, ANYGATE_STATE_DAMPED);
	assert_int_equal(fsm.reason, ANYGATE_REASON_DAMPED);
	/* ... for two half-lives: from 3000 to 750. */
	release = fsm.deadline;
	assert_in_range(release / MS, (T0 + 120000 * MS) / MS - 10,
			(T0 + 120000 * MS) / MS + 10);
	fsm = anygate_fsm_step(fsm, &conf, &up, release - MS);
	assert_int_equal(fsm.state, ANYGATE_STATE_DAMPED);
	fsm = anygate_fsm_step(fsm, &conf, &up, release);
	check(fsm, ANYGATE_STATE_OPEN, ANYGATE_REASON_LISTENER, release,
	      ANYGATE_NEVER);
}

static void undamps(void **state)
{
	struct anygate_fsm_conf conf = { .damp = damping };
	struct anygate_fsm fsm = at(ANYGATE_STATE_DAMPED, T0);

	(void)state;
	fsm.damp.figure = 5000ULL << ANYGATE_FIGURE_SHIFT;
	fsm.damp.at = T0;
	fsm.damp.suppressed = true;
	fsm = anygate_fsm_step(fsm, &conf, &up, T0 + MS);
	assert_int_equal(fsm.state, ANYGATE_STATE_DAMPED);
	fsm = anygate_fsm_undamp(fsm, T0 + 2 * MS);
	fsm = anygate_fsm_step(fsm, &conf, &up, T0 + 2 * MS);
	assert_int_equal(fsm.state, ANYGATE_STATE_OPEN);
}

/* However often it flapped: "max" after the last flap it is over. */
static void damp_ends(void **state)
{
	struct anygate_damp damp = { .at = T0 };
	__u64 now = T0;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++)
		damp = anygate_damp_flap(damp, &damping, now += MS);
	assert_true(damp.suppressed);
	assert_in_range((anygate_damp_release(&damp, &damping, now) - now) / MS,
			299990, 300001);
	/* Long idle times: nothing overflows, nothing is left. */
	assert_true(anygate_damp_figure(&damp, &damping,
					now + UINT64_MAX / 8) == 0);
}

static __u32 rnd(void);

/* A day of flaps, beside the same in floating point. */
static void damp_exactly(void **state)
{
	struct anygate_damp_conf conf = damping;
	struct anygate_damp damp = { .at = T0 };
	double figure = 0, ceiling, at = T0, worst = 0;
	__u64 now = T0;
	int flaps = 0;

	(void)state;
	conf.max_ms = 900000;
	ceiling = conf.reuse * exp2((double)conf.max_ms / conf.half_life_ms);
	while (now < T0 + 86400000ULL * MS) {
		/* Seldom enough, and often enough, to see all heights. */
		now += rnd() % 8 ? rnd() % (20000 * MS) : rnd() * 100ULL;
		damp = anygate_damp_flap(damp, &conf, now);
		figure = figure * exp2(-(now - at) / (conf.half_life_ms * 1e6)) +
			 conf.penalty;
		if (figure > ceiling)
			figure = ceiling;
		at = now;
		worst = fmax(worst, fabs(damp.figure / 1048576.0 - figure) /
				    figure);
		flaps++;
	}
	print_message("%d flaps, at most %.2g of the figure off\n", flaps,
		      worst);
	assert_true(flaps > 1000);
	assert_true(worst < 1e-6);
}

static __u32 random_state = 1;

/* xorshift: the same walk everywhere, from the seed that is printed. */
static __u32 rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

#define STEPS 2000000

static void properties(void **state)
{
	struct anygate_fsm_conf conf = { .up_ms = 1000, .damp = damping };
	struct anygate_facts facts = down;
	__u64 now = T0, up_since = 0, down_since = now;
	unsigned int announced = 0, flaps = 0, kept = 0;
	const char *seed = getenv("SEED");
	struct anygate_fsm fsm, next, again;
	unsigned int i;

	(void)state;
	if (seed)
		random_state = strtoul(seed, NULL, 0) ?: 1;
	print_message("SEED=%u\n", random_state);

	fsm = anygate_fsm_start(&conf, &facts, now);
	for (i = 0; i < STEPS; i++) {
		bool was = anygate_fsm_want(&fsm), want, pinned, drained;

		/* The engine also comes exactly when the deadline says. */
		if (fsm.deadline != ANYGATE_NEVER && rnd() % 4 == 0 &&
		    fsm.deadline > now)
			now = fsm.deadline;
		else
			now += rnd() % 3 ? rnd() % (20 * MS) : rnd();
		if (rnd() % 4 == 0) {
			facts.up = !facts.up;
			if (facts.up)
				up_since = now;
			else
				down_since = now;
		}
		if (rnd() % 50 == 0)
			facts.alone = !facts.alone;
		if (fsm.state == ANYGATE_STATE_KEPT && !facts.alone &&
		    !facts.up)
			down_since = now;
		if (rnd() % 500 == 0) {
			facts.order = rnd() % 3;
			facts.order_until = rnd() % 4 ? now + rnd() :
							ANYGATE_NEVER;
		}
		if (rnd() % 5000 == 0)
			conf.damp.on = !conf.damp.on;
		if (rnd() % 1000 == 0)
			conf.up_ms = rnd() % 2 ? rnd() % 3000 : 0;
		if (rnd() % 1000 == 0)
			conf.down_ms = rnd() % 2 ? rnd() % 3000 : 0;

		next = anygate_fsm_step(fsm, &conf, &facts, now);
		want = anygate_fsm_want(&next);

		pinned = facts.order == ANYGATE_ORDER_PIN &&
			 now < facts.order_until;
		drained = facts.order == ANYGATE_ORDER_DRAIN &&
			  now < facts.order_until;
		/* Orders are obeyed. */
		assert_true(!pinned || want);
		assert_true(!drained || !want);
		/* Never announced before the listener was there so long. */
		if (want && !was && !pinned) {
			assert_true(facts.up);
			assert_true(now - up_since >= conf.up_ms * MS);
			/* Nor while the figure forbids it. */
			if (conf.damp.on && fsm.damp.suppressed)
				assert_true(anygate_damp_figure(&fsm.damp,
					&conf.damp, now) <
					(__u64)conf.damp.reuse <<
					ANYGATE_FIGURE_SHIFT);
			announced++;
		}
		/*
		 * Withdrawal is never late, damped or not, and never early;
		 * and the last one stays, but for an order.
		 */
		if (!facts.up && !pinned &&
		    now - down_since >= conf.down_ms * MS)
			assert_true(want == (was && facts.alone && !drained));
		if (was && !want && !drained) {
			assert_false(facts.up);
			assert_false(facts.alone);
			assert_true(now - down_since >= conf.down_ms * MS);
			flaps++;
		}
		kept += fsm.state != ANYGATE_STATE_KEPT &&
			next.state == ANYGATE_STATE_KEPT;
		/* Whatever waits has a deadline, what does not has none. */
		if (next.state == ANYGATE_STATE_OPENING ||
		    next.state == ANYGATE_STATE_CLOSING ||
		    next.state == ANYGATE_STATE_DAMPED)
			assert_true(next.deadline != ANYGATE_NEVER &&
				    next.deadline > now);
		else if (next.state == ANYGATE_STATE_OPEN ||
			 next.state == ANYGATE_STATE_CLOSED ||
			 next.state == ANYGATE_STATE_KEPT)
			assert_true(next.deadline == ANYGATE_NEVER);
		else
			assert_true(next.deadline == facts.order_until);
		/* The same question again gets the same answer. */
		again = anygate_fsm_step(next, &conf, &facts, now);
		check(again, next.state, next.reason, next.since,
		      next.deadline);
		assert_true(next.since <= now);
		fsm = next;
	}
	/* The walk went where it was to go. */
	assert_true(announced > 1000 && flaps > 1000 && kept > 1000);
}

/*
 * A daemon in a crash loop, at any pace: with damping there are no more
 * announcements than the settings say.  From "reuse" to "suppress" it takes
 * at least (suppress - reuse) / penalty flaps, and from "suppress" back at
 * least half_life * log2(suppress / reuse).
 */
static void announcements_are_few(void **state)
{
	struct anygate_fsm_conf conf = { .damp = damping };
	const __u64 day = 86400000ULL * MS;
	double pause = log2(2000.0 / 750) * 60000, most;
	unsigned int period;

	(void)state;
	/* Two announcements in each period of suppression, and the first few. */
	most = 2 * 86400000.0 / pause + 4;
	for (period = 1; period < 30000; period = period * 3 + 7) {
		struct anygate_fsm fsm = at(ANYGATE_STATE_CLOSED, T0);
		unsigned int announced = 0;
		__u64 now = T0;

		fsm.damp.at = T0;
		while (now < T0 + day) {
			bool was = anygate_fsm_want(&fsm);

			now += period * 50ULL * MS;
			fsm = anygate_fsm_step(fsm, &conf, fsm.up ? &down : &up,
					       now);
			announced += !was && anygate_fsm_want(&fsm);
		}
		assert_true(announced <= most);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts),
		cmocka_unit_test(cells),
		cmocka_unit_test(no_delay_is_no_state),
		cmocka_unit_test(changed_delay),
		cmocka_unit_test(longest_delay),
		cmocka_unit_test(orders),
		cmocka_unit_test(keeps),
		cmocka_unit_test(reasons),
		cmocka_unit_test(damps),
		cmocka_unit_test(undamps),
		cmocka_unit_test(damp_ends),
		cmocka_unit_test(damp_exactly),
		cmocka_unit_test(properties),
		cmocka_unit_test(announcements_are_few),
	};

	return cmocka_run_group_tests_name("fsm", tests, NULL, NULL);
}
