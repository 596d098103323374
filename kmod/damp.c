// SPDX-License-Identifier: GPL-2.0
/*
 * Flap damping (RFC 2439): each withdrawal adds a penalty to a figure of
 * merit, which decays exponentially.  From "suppress" on the prefix is not
 * announced, until the figure has decayed below "reuse".
 *
 * Integers only, for the kernel: the decay by a fraction of a half-life is a
 * product of 2^-(1/2), 2^-(1/4), 2^-(1/8) ..., one factor for each bit of the
 * fraction.  Each figure is computed from the last penalty and not from the
 * last look, so that rounding does not add up however often one looks.
 */
#include "damp.h"
#include "fsm.h"

#ifdef __KERNEL__
#include <linux/math64.h>
#define mul_shift32(a, b) mul_u64_u64_shr(a, b, 32)
#define div64(a, b) div64_u64(a, b)
#define rem64(a, b, r) div64_u64_rem(a, b, r)
#else
#define mul_shift32(a, b) ((__u64)(((unsigned __int128)(a) * (b)) >> 32))
#define div64(a, b) ((a) / (b))

static __u64 rem64(__u64 a, __u64 b, __u64 *rest)
{
	*rest = a % b;
	return a / b;
}
#endif

/* 2^-(2^-(i+1)) with 32 fraction bits, rounded. */
static const __u32 roots[] = {
	3037000500U, 3611622603U, 3938502376U, 4112874773U,
	4202935003U, 4248701965U, 4271771996U, 4283353945U,
	4289156690U, 4292061010U, 4293513907U, 4294240540U,
	4294603903U, 4294785595U, 4294876445U, 4294921870U,
	4294944583U, 4294955939U, 4294961618U, 4294964457U,
	4294965876U, 4294966586U, 4294966941U, 4294967119U,
	4294967207U, 4294967252U, 4294967274U, 4294967285U,
	4294967290U, 4294967293U, 4294967295U, 4294967295U,
};

#define FIGURE_MAX (1ULL << 60)

#define N_ROOTS (sizeof(roots) / sizeof(roots[0]))

static __u64 lower(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/**
 * anygate_damp_decay() - a figure some time later
 * @figure: the figure, with fraction bits
 * @ns: nanoseconds that have passed
 * @half_life_ms: milliseconds, not 0
 *
 * Return: @figure * 2^-(@ns / half-life), at most one part in 10^8 and 32
 * units of the last fraction bit off.
 */
__u64 anygate_damp_decay(__u64 figure, __u64 ns, __u32 half_life_ms)
{
	__u64 half = half_life_ms * ANYGATE_NS_PER_MS;
	__u64 halvings, rest, fraction;
	unsigned int i;

	halvings = rem64(ns, half, &rest);
	if (halvings >= 64)
		return 0;
	figure >>= halvings;
	/*
	 * 32 bits of the fraction, in two parts: both are below 2^42 (an hour
	 * in nanoseconds), so that 22 bits are the most that fit at once.
	 */
	fraction = rem64(rest << 22, half, &rest) << 10;
	fraction |= div64(rest << 10, half);
	for (i = 0; i < N_ROOTS; i++)
		if (fraction & (1ULL << (N_ROOTS - 1 - i)))
			figure = mul_shift32(figure, roots[i]);
	return figure;
}

/**
 * anygate_damp_ceiling() - the highest figure there is
 * @conf: the settings
 *
 * From it the figure decays to "reuse" in the longest time that a prefix may
 * be suppressed: reuse * 2^(max / half-life), which is one halving more, and
 * what is missing to a whole one decayed.  2^60 is as good as no ceiling.
 *
 * Return: it, with fraction bits.
 */
__u64 anygate_damp_ceiling(const struct anygate_damp_conf *conf)
{
	__u64 reuse = (__u64)conf->reuse << ANYGATE_FIGURE_SHIFT;
	__u32 halvings = conf->max_ms / conf->half_life_ms + 1;
	__u64 missing = halvings * (__u64)conf->half_life_ms - conf->max_ms;

	if (halvings >= 60 || reuse >= FIGURE_MAX >> halvings)
		return FIGURE_MAX;
	return anygate_damp_decay(reuse << halvings,
				  missing * ANYGATE_NS_PER_MS,
				  conf->half_life_ms);
}

/**
 * anygate_damp_figure() - the figure of merit now
 * @damp: the figure when it was last written
 * @conf: the settings
 * @now: CLOCK_BOOTTIME nanoseconds, not before @damp->at
 *
 * Return: it, with fraction bits.
 */
__u64 anygate_damp_figure(const struct anygate_damp *damp,
			  const struct anygate_damp_conf *conf, __u64 now)
{
	return anygate_damp_decay(damp->figure, now - damp->at,
				  conf->half_life_ms);
}

static __u64 after(const struct anygate_damp *damp, __u64 ms)
{
	return damp->at + ms * ANYGATE_NS_PER_MS;
}

/**
 * anygate_damp_release() - when will the figure have fallen below "reuse"?
 * @damp: the figure
 * @conf: the settings
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * Return: CLOCK_BOOTTIME nanoseconds, to the millisecond; @now if it has.
 */
__u64 anygate_damp_release(const struct anygate_damp *damp,
			   const struct anygate_damp_conf *conf, __u64 now)
{
	__u64 reuse = (__u64)conf->reuse << ANYGATE_FIGURE_SHIFT;
	__u64 low = 0, high = 1;

	if (anygate_damp_figure(damp, conf, now) < reuse)
		return now;
	/*
	 * The decay is monotonic, but for some units of the last fraction bit:
	 * halve the interval, in milliseconds from the last flap.
	 */
	while (anygate_damp_figure(damp, conf, after(damp, high)) >= reuse)
		high <<= 1;
	while (high - low > 1) {
		__u64 mid = (low + high) / 2;

		if (anygate_damp_figure(damp, conf, after(damp, mid)) >= reuse)
			low = mid;
		else
			high = mid;
	}
	/* In the millisecond after the last that is not, at the latest. */
	return after(damp, high) > now ? after(damp, high) :
					  now + ANYGATE_NS_PER_MS;
}

/**
 * anygate_damp_settle() - the half-life is about to change
 * @old: the figure before
 * @conf: the settings before
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * What has decayed has decayed with the old half-life.
 *
 * Return: the same figure, written now.
 */
struct anygate_damp anygate_damp_settle(struct anygate_damp old,
					const struct anygate_damp_conf *conf,
					__u64 now)
{
	old.figure = anygate_damp_figure(&old, conf, now);
	old.at = now;
	return old;
}

/**
 * anygate_damp_step() - time has passed
 * @old: the figure before
 * @conf: the settings
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * Return: @old, no longer suppressed once it is below "reuse".
 */
struct anygate_damp anygate_damp_step(struct anygate_damp old,
				      const struct anygate_damp_conf *conf,
				      __u64 now)
{
	__u64 reuse = (__u64)conf->reuse << ANYGATE_FIGURE_SHIFT;

	if (!conf->on) {
		old.suppressed = false;
		return old;
	}
	/* A lower "max" holds at once. */
	old.figure = lower(old.figure, anygate_damp_ceiling(conf));
	if (old.suppressed && anygate_damp_figure(&old, conf, now) < reuse)
		old.suppressed = false;
	return old;
}

/**
 * anygate_damp_flap() - the prefix was withdrawn
 * @old: the figure before
 * @conf: the settings
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * Return: the figure with a penalty more, suppressed from "suppress" on.
 */
struct anygate_damp anygate_damp_flap(struct anygate_damp old,
				      const struct anygate_damp_conf *conf,
				      __u64 now)
{
	struct anygate_damp new = old;
	__u64 ceiling;

	if (!conf->on)
		return old;
	ceiling = anygate_damp_ceiling(conf);
	new.figure = lower(ceiling, anygate_damp_figure(&old, conf, now) +
			   ((__u64)conf->penalty << ANYGATE_FIGURE_SHIFT));
	new.at = now;
	if (new.figure >= (__u64)conf->suppress << ANYGATE_FIGURE_SHIFT)
		new.suppressed = true;
	return new;
}
