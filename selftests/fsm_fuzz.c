// SPDX-License-Identifier: GPL-2.0
/*
 * What must always hold of the decision, whatever settings, facts and times
 * come in whatever order; fsm_test's "properties" says the same of a random
 * walk.  For libFuzzer, or with FSM_FUZZ_MAIN to replay files with any
 * compiler.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fsm.h"

#define MS ANYGATE_NS_PER_MS

/* Time may be anything as long as it does not wrap: some 36 years. */
#define LAST (1ULL << 60)

#define MUST(cond) must(cond, #cond, __LINE__)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond, const char *text, int line)
{
	if (cond)
		return;
	fprintf(stderr, "fsm_fuzz.c:%d: not so: %s\n", line, text);
	abort();
}

struct input {
	const uint8_t *data;
	size_t size;
};

static __u64 take(struct input *in, unsigned int bytes)
{
	__u64 value = 0;

	while (bytes--) {
		value <<= 8;
		if (in->size) {
			value |= *in->data++;
			in->size--;
		}
	}
	return value;
}

static __u32 between(struct input *in, __u32 from, __u32 to)
{
	return from + take(in, 4) % (to - from + 1);
}

/* A number of any size: nanoseconds as likely as years. */
static __u64 any_size(struct input *in)
{
	return take(in, 7) >> take(in, 1) % 56;
}

/* Settings that a request would be allowed to make. */
static void take_damp(struct input *in, struct anygate_damp_conf *damp)
{
	struct anygate_damp_conf new = {
		.on = take(in, 1) & 1,
		.penalty = between(in, 1, ANYGATE_DAMP_MAX),
		.suppress = between(in, 1, ANYGATE_DAMP_MAX),
		.reuse = between(in, 1, ANYGATE_DAMP_MAX),
		.half_life_ms = between(in, ANYGATE_HALF_LIFE_MIN,
					ANYGATE_HALF_LIFE_MAX),
		.max_ms = between(in, 1000, ANYGATE_SUPPRESS_MAX),
	};

	if (new.suppress >= new.reuse &&
	    anygate_damp_ceiling(&new) >=
	    (__u64)new.suppress << ANYGATE_FIGURE_SHIFT)
		*damp = new;
}

static void take_delays(struct input *in, struct anygate_fsm_conf *conf)
{
	conf->up_ms = any_size(in) % (ANYGATE_DELAY_MAX + 1ULL);
	conf->down_ms = any_size(in) % (ANYGATE_DELAY_MAX + 1ULL);
}

static void take_why(struct input *in, struct anygate_facts *facts)
{
	static const enum anygate_reason whys[] = {
		ANYGATE_REASON_NO_LISTENER,
		ANYGATE_REASON_LEASE_MISSING,
		ANYGATE_REASON_LEASE_DOWN,
		ANYGATE_REASON_LEASE_EXPIRED,
		ANYGATE_REASON_STALLED,
		ANYGATE_REASON_DYING,
	};

	facts->why = whys[take(in, 1) % (sizeof(whys) / sizeof(*whys))];
}

static void take_order(struct input *in, struct anygate_facts *facts,
		       __u64 now)
{
	uint8_t what = take(in, 1);

	facts->order = what % 3;
	facts->order_until = what & 0x80 ? ANYGATE_NEVER :
					   now + any_size(in);
}

/*
 * How much earlier or later than the exact figure an integer one may fall
 * below "reuse": a millisecond, and the time in which the lowest "reuse"
 * decays by the 32 units that the figure may be off.
 */
static __u64 slack(const struct anygate_damp_conf *damp)
{
	return (2 + damp->half_life_ms / 20000) * MS;
}

/* What is known from the outside, beside what the machine makes of it. */
struct world {
	struct anygate_fsm_conf conf;
	struct anygate_facts facts;
	__u64 now;
	__u64 changed;		/* when facts.up became what it is */
	__u64 falls;		/* what "down" counts from */
};

static bool released(const struct world *w, const struct anygate_fsm *fsm,
		     __u64 at)
{
	return anygate_damp_figure(&fsm->damp, &w->conf.damp, at) <
	       (__u64)w->conf.damp.reuse << ANYGATE_FIGURE_SHIFT;
}

static bool ordered(const struct world *w, enum anygate_order order)
{
	return w->facts.order == order && w->now < w->facts.order_until;
}

/* What holds of a state by itself. */
static void check_state(const struct world *w, const struct anygate_fsm *fsm)
{
	const struct anygate_damp_conf *damp = &w->conf.damp;
	/* Orders are obeyed, and nothing else makes their states. */
	MUST(ordered(w, ANYGATE_ORDER_PIN) ==
	     (fsm->state == ANYGATE_STATE_PINNED));
	MUST(ordered(w, ANYGATE_ORDER_DRAIN) ==
	     (fsm->state == ANYGATE_STATE_DRAINED));

	/* Whatever waits has a deadline, and what does not has none. */
	switch (fsm->state) {
	case ANYGATE_STATE_CLOSED:
		MUST(!w->facts.up);
		MUST(fsm->reason == w->facts.why);
		MUST(fsm->deadline == ANYGATE_NEVER);
		break;
	case ANYGATE_STATE_OPENING:
		MUST(w->facts.up);
		MUST(fsm->reason == ANYGATE_REASON_UP_DELAY);
		MUST(fsm->deadline == w->changed + w->conf.up_ms * MS);
		break;
	case ANYGATE_STATE_OPEN:
		MUST(w->facts.up);
		MUST(fsm->reason == ANYGATE_REASON_LISTENER);
		MUST(fsm->deadline == ANYGATE_NEVER);
		break;
	case ANYGATE_STATE_CLOSING:
		MUST(!w->facts.up);
		MUST(fsm->reason == ANYGATE_REASON_DOWN_DELAY);
		MUST(fsm->deadline == w->falls + w->conf.down_ms * MS);
		break;
	case ANYGATE_STATE_DAMPED:
		MUST(w->facts.up);
		MUST(fsm->reason == ANYGATE_REASON_DAMPED);
		MUST(damp->on);
		MUST(fsm->damp.suppressed);
		MUST(!released(w, fsm, w->now));
		/* The first millisecond that lets it go; "max" at the latest. */
		if (fsm->deadline > w->now + MS)
			MUST(released(w, fsm, fsm->deadline) &&
			     !released(w, fsm, fsm->deadline - MS));
		MUST(fsm->deadline <= fsm->damp.at + damp->max_ms * MS +
		     slack(damp));
		break;
	case ANYGATE_STATE_DRAINED:
		MUST(fsm->reason == ANYGATE_REASON_DRAINED);
		MUST(fsm->deadline == w->facts.order_until);
		break;
	case ANYGATE_STATE_PINNED:
		MUST(fsm->reason == ANYGATE_REASON_PINNED);
		MUST(fsm->deadline == w->facts.order_until);
		break;
	case ANYGATE_STATE_KEPT:
		MUST(!w->facts.up);
		MUST(w->facts.alone);
		MUST(fsm->reason == ANYGATE_REASON_ALONE);
		MUST(fsm->deadline == ANYGATE_NEVER);
		break;
	}
	MUST(fsm->deadline > w->now);
	MUST(fsm->since <= w->now);
	MUST(fsm->up == w->facts.up);
	MUST(fsm->up_since == w->changed);
	MUST(fsm->fall_since == w->falls);
	MUST(damp->on || !fsm->damp.suppressed);
}

/* Until the deadline nothing happens by itself; at it, something does. */
static void check_time(const struct world *w, const struct anygate_fsm *fsm,
		       __u64 later)
{
	__u64 left = (fsm->deadline < LAST ? fsm->deadline : LAST) - w->now;
	struct anygate_fsm next;

	if (fsm->state == ANYGATE_STATE_DAMPED)
		left -= left > slack(&w->conf.damp) ?
			slack(&w->conf.damp) : left - 1;
	next = anygate_fsm_step(*fsm, &w->conf, &w->facts,
				w->now + later % left);
	MUST(next.state == fsm->state);
	MUST(next.reason == fsm->reason);
	MUST(next.since == fsm->since);
	MUST(next.deadline == fsm->deadline ||
	     fsm->state == ANYGATE_STATE_DAMPED);
	MUST(next.damp.figure == fsm->damp.figure);

	/* The same question again gets the same answer. */
	next = anygate_fsm_step(*fsm, &w->conf, &w->facts, w->now);
	MUST(next.state == fsm->state);
	MUST(next.since == fsm->since);
	MUST(next.deadline == fsm->deadline);
	MUST(next.damp.figure == fsm->damp.figure);
	MUST(next.damp.suppressed == fsm->damp.suppressed);

	if (fsm->deadline >= LAST)
		return;
	/* Within the last units of a figure, it may be a little later. */
	if (fsm->state == ANYGATE_STATE_DAMPED &&
	    fsm->deadline <= w->now + MS &&
	    !released(w, fsm, fsm->deadline))
		return;
	next = anygate_fsm_step(*fsm, &w->conf, &w->facts, fsm->deadline);
	MUST(next.state != fsm->state);
	MUST(next.since == fsm->deadline);
}

/* What holds of a step. */
static void check_step(const struct world *w, const struct anygate_fsm *old,
		       const struct anygate_fsm *new)
{
	const struct anygate_damp_conf *damp = &w->conf.damp;
	bool was = anygate_fsm_want(old), want = anygate_fsm_want(new);
	bool pinned = ordered(w, ANYGATE_ORDER_PIN);
	bool drained = ordered(w, ANYGATE_ORDER_DRAIN);
	bool over = w->facts.up ?
		    w->now - w->changed >= w->conf.up_ms * MS :
		    w->now - w->falls >= w->conf.down_ms * MS;
	__u64 ceiling = anygate_damp_ceiling(damp), figure;
	struct anygate_damp before = old->damp;
	bool flap;

	/* A ceiling that was lowered holds at once. */
	if (damp->on && before.figure > ceiling)
		before.figure = ceiling;
	figure = anygate_damp_figure(&before, damp, w->now);

	/*
	 * Withdrawn in time, damped or not, and never without a reason; the
	 * last one not at all.
	 */
	if (!w->facts.up && over && !pinned)
		MUST(want == (was && w->facts.alone && !drained));
	if (was && !want && !drained)
		MUST(!w->facts.up && !w->facts.alone && over);
	if (old->state == ANYGATE_STATE_KEPT && w->facts.alone)
		MUST(new->state != ANYGATE_STATE_CLOSING);

	/* Announced for a reason, and when every reason against it is gone. */
	if (!was && want && !pinned) {
		MUST(w->facts.up && over);
		if (damp->on && old->damp.suppressed)
			MUST(figure <
			     (__u64)damp->reuse << ANYGATE_FIGURE_SHIFT);
	}
	if (!was && !want && !drained && w->facts.up && over)
		MUST(damp->on && new->damp.suppressed);

	/*
	 * A penalty for each withdrawal that the services caused, or would
	 * have, and for nothing else.
	 */
	flap = new->state == ANYGATE_STATE_CLOSED &&
	       (old->state == ANYGATE_STATE_OPEN ||
		old->state == ANYGATE_STATE_CLOSING ||
		old->state == ANYGATE_STATE_KEPT ||
		old->state == ANYGATE_STATE_DAMPED);
	if (flap && damp->on) {
		__u64 sum = figure +
			    ((__u64)damp->penalty << ANYGATE_FIGURE_SHIFT);

		MUST(new->damp.figure == (sum < ceiling ? sum : ceiling));
		if (new->damp.figure >=
		    (__u64)damp->suppress << ANYGATE_FIGURE_SHIFT)
			MUST(new->damp.suppressed);
	} else {
		MUST(anygate_damp_figure(&new->damp, damp, w->now) <= figure);
		MUST(!new->damp.suppressed || old->damp.suppressed);
	}
	MUST((new->state == old->state) == (new->since == old->since) ||
	     (new->since == w->now && old->since == w->now));
}

static void go_on(struct input *in, struct world *w,
		  const struct anygate_fsm *fsm)
{
	__u64 left = fsm->deadline - w->now;
	__u64 ns = any_size(in);

	/* The engine comes at the deadline, a hair before, or when it likes. */
	switch (take(in, 1) % 4) {
	case 0:
		if (fsm->deadline != ANYGATE_NEVER)
			ns = left;
		break;
	case 1:
		if (fsm->deadline != ANYGATE_NEVER)
			ns = left - 1;
		break;
	default:
		break;
	}
	if (ns < LAST - w->now)
		w->now += ns;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct world w = {
		.conf.damp = {
			.on = true,
			.penalty = 1000,
			.suppress = 2000,
			.reuse = 750,
			.half_life_ms = 60000,
			.max_ms = 300000,
		},
	};
	struct anygate_fsm fsm, next;
	__u64 start;
	uint8_t what;

	start = any_size(&in);
	w.now = start;
	w.changed = start;
	w.falls = start;
	what = take(&in, 1);
	w.facts.up = what & 1;
	w.facts.present = what & 2;
	w.facts.alone = what & 16;
	take_why(&in, &w.facts);
	if (what & 4)
		take_order(&in, &w.facts, w.now);
	if (what & 8)
		take_damp(&in, &w.conf.damp);
	take_delays(&in, &w.conf);

	fsm = anygate_fsm_start(&w.conf, &w.facts, w.now);
	check_state(&w, &fsm);
	/* What works is not flapped, and what is dead is not announced. */
	if (w.facts.up && w.facts.present &&
	    !ordered(&w, ANYGATE_ORDER_DRAIN))
		MUST(anygate_fsm_want(&fsm));
	if (!w.facts.up && !ordered(&w, ANYGATE_ORDER_PIN))
		MUST(anygate_fsm_want(&fsm) ==
		     (w.facts.present && w.facts.alone &&
		      !ordered(&w, ANYGATE_ORDER_DRAIN)));

	while (in.size) {
		what = take(&in, 1);
		go_on(&in, &w, &fsm);
		if (what & 1) {
			w.facts.up = !w.facts.up;
			w.changed = w.now;
			w.falls = w.now;
		}
		if ((what & 6) == 6)
			take_order(&in, &w.facts, w.now);
		if ((what & 24) == 24)
			take_delays(&in, &w.conf);
		if ((what & 24) == 8)
			take_why(&in, &w.facts);
		if ((what & 24) == 16)
			w.facts.alone = !w.facts.alone;
		if ((what & 96) == 96) {
			struct anygate_damp_conf old = w.conf.damp;

			take_damp(&in, &w.conf.damp);
			if (w.conf.damp.half_life_ms != old.half_life_ms)
				fsm.damp = anygate_damp_settle(fsm.damp, &old,
							       w.now);
		}
		if ((what & 224) == 128) {
			next = anygate_fsm_undamp(fsm, w.now);
			MUST(next.state == fsm.state && !next.damp.suppressed);
			MUST(!anygate_damp_figure(&next.damp, &w.conf.damp,
						  w.now));
			fsm = next;
		}
		/* Only a new gate is asked. */
		w.facts.present = what & 128;

		if (fsm.state == ANYGATE_STATE_KEPT && !w.facts.alone)
			w.falls = w.now;

		next = anygate_fsm_step(fsm, &w.conf, &w.facts, w.now);
		check_step(&w, &fsm, &next);
		check_state(&w, &next);
		check_time(&w, &next, any_size(&in));
		fsm = next;
	}
	return 0;
}

#ifdef FSM_FUZZ_MAIN
static int replay(const char *name)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(name, "rb");
	size_t size;

	if (!file) {
		perror(name);
		return 1;
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	printf("%s: %zu bytes\n", name, size);
	LLVMFuzzerTestOneInput(data, size);
	return 0;
}

int main(int argc, char **argv)
{
	int i, bad = 0;

	for (i = 1; i < argc; i++)
		bad |= replay(argv[i]);
	return bad;
}
#endif
