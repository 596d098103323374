// SPDX-License-Identifier: GPL-2.0
/*
 * A day in the life of a daemon that crashes, and of two gates before it, one
 * that damps and one that does not.  The gates are the module's own code, the
 * clock is virtual: what is printed is the same everywhere.
 *
 *	day [SEED]	every change of the day, for plot.py
 *	day -s N	the sums only, for each of the seeds 1 to N
 *
 * The supervisor restarts as systemd does with RestartSec=100ms,
 * RestartMaxDelaySec=30s and RestartSteps=8, about twice as late each time;
 * a minute's life makes it forget.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fsm.h"
#include "names.h"

#define MS ANYGATE_NS_PER_MS
#define SEED 1
#define HOUR 3600000u
#define DAY (24 * HOUR)

#define RESTART_MIN 100u
#define RESTART_MAX 30000u
#define RESTART_FORGET 60000u

/*
 * How long a life lasts, in milliseconds, until when in the day.  With "burst"
 * a life of that length is followed by up to so many of some seconds.
 */
static const struct phase {
	__u32 until;
	__u32 shortest;
	__u32 longest;
	__u32 burst;
} phases[] = {
	/* The night: a crash now and then. */
	{ 6 * HOUR, 40 * 60000, 110 * 60000, 0 },
	/* A bad release is rolled out, and dies of its first clients ... */
	{ 8 * HOUR + HOUR / 2, 500, 45000, 0 },
	/* ... is made better, but not good ... */
	{ 12 * HOUR, 60000, 12 * 60000, 0 },
	/* ... and is rolled back. */
	{ 17 * HOUR, 24 * HOUR, 24 * HOUR, 0 },
	/* In the evening a poisonous query comes around every so often. */
	{ 21 * HOUR, 12 * 60000, 35 * 60000, 9 },
	{ 24 * HOUR, 40 * 60000, 110 * 60000, 0 },
};

/* Its short lives, in milliseconds. */
#define BURST_SHORTEST 1500u
#define BURST_LONGEST 12000u

static __u32 random_state;

static __u32 rnd(__u32 from, __u32 to)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return from + random_state % (to - from + 1);
}

struct daemon {
	bool up;
	__u32 at;		/* millisecond of the next change */
	__u32 restart;		/* what the supervisor will wait */
	__u32 burst;		/* short lives to come */
	__u32 n_crashes;
};

struct gate {
	struct anygate_fsm_conf conf;
	struct anygate_fsm fsm;
	__u32 n_announced;
	__u32 n_withdrawn;
	__u64 announced_ns;
	__u64 damped_ns;	/* up, and held back ... */
	__u64 longest_ns;	/* ... at a stretch */
};

static __u32 life(struct daemon *daemon)
{
	const struct phase *phase = phases;
	__u32 left, length;

	while (daemon->at >= phase->until)
		phase++;
	if (daemon->burst) {
		daemon->burst--;
		return rnd(BURST_SHORTEST, BURST_LONGEST);
	}
	if (phase->burst)
		daemon->burst = rnd(2, phase->burst);
	length = rnd(phase->shortest, phase->longest);
	/* A quiet time ends with its phase. */
	left = phase->until - daemon->at;
	return length < left ? length : left + rnd(0, 60000);
}

static void change(struct daemon *daemon)
{
	__u32 lived;

	daemon->up = !daemon->up;
	if (!daemon->up) {
		daemon->n_crashes++;
		daemon->at += daemon->restart;
		daemon->restart = daemon->restart * 2 < RESTART_MAX ?
				  daemon->restart * 2 : RESTART_MAX;
		return;
	}
	lived = life(daemon);
	if (lived >= RESTART_FORGET)
		daemon->restart = RESTART_MIN;
	daemon->at += lived;
}

static void step(struct gate *gate, bool up, __u64 now)
{
	const struct anygate_facts facts = {
		.up = up,
		.why = ANYGATE_REASON_NO_LISTENER,
	};
	bool was = anygate_fsm_want(&gate->fsm), want;
	struct anygate_fsm old = gate->fsm;

	gate->fsm = anygate_fsm_step(old, &gate->conf, &facts, now);
	want = anygate_fsm_want(&gate->fsm);
	if (want && !was)
		gate->n_announced++;
	if (!want && was) {
		gate->n_withdrawn++;
		gate->announced_ns += now - old.since;
	}
	if (old.state == ANYGATE_STATE_DAMPED && gate->fsm.state != old.state) {
		__u64 ns = now - old.since;

		gate->damped_ns += ns;
		if (ns > gate->longest_ns)
			gate->longest_ns = ns;
	}
}

static void print(const struct gate *plain, const struct gate *damped,
		  bool up, __u64 now)
{
	__u64 figure = anygate_damp_figure(&damped->fsm.damp,
					   &damped->conf.damp, now);
	__u64 ms = now / MS;

	printf("%llu.%03llu\t%s\t%s\t%s\t%llu\n", ms / 1000, ms % 1000,
	       up ? "up" : "down", name_of(&state_names, plain->fsm.state),
	       name_of(&state_names, damped->fsm.state),
	       (figure + (1 << (ANYGATE_FIGURE_SHIFT - 1))) >>
	       ANYGATE_FIGURE_SHIFT);
}

static void head(const struct gate *gate, __u32 seed)
{
	const struct anygate_damp_conf *damp = &gate->conf.damp;

	printf("# A day of a crashing daemon, with and without damping.\n"
	       "# Made by \"make -C selftests sim\"; drawn in Documentation/damping.svg.\n"
	       "# seed=%u up=%u down=%u penalty=%u suppress=%u reuse=%u half_life=%u max=%u\n"
	       "time\tservice\tplain\tdamped\tfigure\n",
	       seed, gate->conf.up_ms, gate->conf.down_ms, damp->penalty,
	       damp->suppress, damp->reuse, damp->half_life_ms, damp->max_ms);
}

/* Rounded: the sums are for people. */
static unsigned int seconds(__u64 ns)
{
	return (ns + 500 * MS) / (1000 * MS);
}

static void simulate(__u32 seed, bool verbose)
{
	const struct anygate_facts none = { .why = ANYGATE_REASON_NO_LISTENER };
	struct daemon daemon = { .restart = RESTART_MIN, .at = 1000 };
	struct gate gates[2] = { 0 };
	struct gate *plain = &gates[0], *damped = &gates[1];
	__u64 now = 0, end = DAY * MS, up_ns = 0, up_since = 0;
	int i;

	/* The defaults, of which only "damp on" is not one. */
	for (i = 0; i < 2; i++) {
		gates[i].conf = (struct anygate_fsm_conf){
			.up_ms = 1000,
			.damp = {
				.on = i,
				.penalty = 1000,
				.suppress = 2000,
				.reuse = 750,
				.half_life_ms = 60000,
				.max_ms = 300000,
			},
		};
		gates[i].fsm = anygate_fsm_start(&gates[i].conf, &none, now);
	}
	random_state = seed * 2654435761u ?: 1;
	if (verbose)
		head(damped, seed);
	for (;;) {
		enum anygate_state old[2] = { plain->fsm.state,
					      damped->fsm.state };
		bool changed = false;

		now = daemon.at * MS;
		for (i = 0; i < 2; i++)
			if (gates[i].fsm.deadline < now)
				now = gates[i].fsm.deadline;
		if (now >= end)
			break;
		if (now == daemon.at * MS) {
			change(&daemon);
			changed = true;
			if (daemon.up)
				up_since = now;
			else
				up_ns += now - up_since;
		}
		for (i = 0; i < 2; i++) {
			step(&gates[i], daemon.up, now);
			changed |= gates[i].fsm.state != old[i];
		}
		if (verbose && changed)
			print(plain, damped, daemon.up, now);
	}
	if (daemon.up)
		up_ns += end - up_since;
	for (i = 0; i < 2; i++)
		if (anygate_fsm_want(&gates[i].fsm))
			gates[i].announced_ns += end - gates[i].fsm.since;

	printf("%sseed=%u crashes=%u service_up=%us plain: announced=%u withdrawn=%u up=%us damped: announced=%u withdrawn=%u up=%us held_back=%us longest=%us\n",
	       verbose ? "# " : "", seed, daemon.n_crashes, seconds(up_ns),
	       plain->n_announced, plain->n_withdrawn,
	       seconds(plain->announced_ns), damped->n_announced,
	       damped->n_withdrawn, seconds(damped->announced_ns),
	       seconds(damped->damped_ns), seconds(damped->longest_ns));
}

int main(int argc, char **argv)
{
	__u32 seed = SEED;

	if (argc == 3 && !strcmp(argv[1], "-s")) {
		for (seed = 1; seed <= strtoul(argv[2], NULL, 0); seed++)
			simulate(seed, false);
		return 0;
	}
	if (argc == 2)
		seed = strtoul(argv[1], NULL, 0);
	simulate(seed, true);
	return 0;
}
