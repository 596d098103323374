// SPDX-License-Identifier: GPL-2.0
/*
 * The decision of a gate, without a kernel: every state against every fact,
 * the delays to the nanosecond, and a long random walk over properties that
 * must always hold.
 */
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

static const struct anygate_facts up = { .up = true };
static const struct anygate_facts down = { .up = false };
static const struct anygate_facts up_present = { .up = true, .present = true };
static const struct anygate_facts down_present = { .present = true };

static struct anygate_fsm at(enum anygate_state state, __u64 since)
{
	static const enum anygate_reason reasons[] = {
		[ANYGATE_STATE_CLOSED] = ANYGATE_REASON_NO_LISTENER,
		[ANYGATE_STATE_OPENING] = ANYGATE_REASON_UP_DELAY,
		[ANYGATE_STATE_OPEN] = ANYGATE_REASON_LISTENER,
		[ANYGATE_STATE_CLOSING] = ANYGATE_REASON_DOWN_DELAY,
	};
	struct anygate_fsm fsm = {
		.state = state,
		.reason = reasons[state],
		.since = since,
		.deadline = ANYGATE_NEVER,
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
	struct anygate_fsm_conf conf = { .up_ms = 1000, .down_ms = 0 };
	struct anygate_facts facts = down;
	__u64 now = T0, up_since = 0, down_since = now;
	const char *seed = getenv("SEED");
	struct anygate_fsm fsm, next, again;
	unsigned int i;

	(void)state;
	if (seed)
		random_state = strtoul(seed, NULL, 0) ?: 1;
	print_message("SEED=%u\n", random_state);

	fsm = anygate_fsm_start(&conf, &facts, now);
	for (i = 0; i < STEPS; i++) {
		bool was = anygate_fsm_want(&fsm), want;

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
		if (rnd() % 1000 == 0)
			conf.up_ms = rnd() % 2 ? rnd() % 3000 : 0;
		if (rnd() % 1000 == 0)
			conf.down_ms = rnd() % 2 ? rnd() % 3000 : 0;

		next = anygate_fsm_step(fsm, &conf, &facts, now);
		want = anygate_fsm_want(&next);

		/* Never announced before the listener was there so long. */
		if (want && !was) {
			assert_true(facts.up);
			assert_true(now - up_since >= conf.up_ms * MS);
		}
		/* Withdrawal is never late, and never early. */
		if (!facts.up && now - down_since >= conf.down_ms * MS)
			assert_false(want);
		if (was && !want) {
			assert_false(facts.up);
			assert_true(now - down_since >= conf.down_ms * MS);
		}
		/* Whatever waits has a deadline, what does not has none. */
		if (next.state == ANYGATE_STATE_OPENING ||
		    next.state == ANYGATE_STATE_CLOSING)
			assert_true(next.deadline != ANYGATE_NEVER &&
				    next.deadline > now);
		else
			assert_true(next.deadline == ANYGATE_NEVER);
		/* The same question again gets the same answer. */
		again = anygate_fsm_step(next, &conf, &facts, now);
		check(again, next.state, next.reason, next.since,
		      next.deadline);
		assert_true(next.since <= now);
		fsm = next;
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
		cmocka_unit_test(properties),
	};

	return cmocka_run_group_tests_name("fsm", tests, NULL, NULL);
}
