/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flap damping: the figure of merit of RFC 2439, in integers.  Pure, like
 * fsm.h, and part of it.
 */
#ifndef ANYGATE_DAMP_H
#define ANYGATE_DAMP_H

#include <linux/types.h>

#ifndef __KERNEL__
#include <stdbool.h>
#endif

/* Fraction bits of a figure of merit: ANYGATE_DAMP_MAX << ceiling still fits. */
#define ANYGATE_FIGURE_SHIFT 20

/* Range of the half-life and of the longest suppression, in milliseconds. */
#define ANYGATE_HALF_LIFE_MIN	1000U
#define ANYGATE_HALF_LIFE_MAX	3600000U
#define ANYGATE_SUPPRESS_MAX	86400000U

/**
 * struct anygate_damp_conf - how to damp
 * @on: damp at all
 * @penalty: added to the figure by each withdrawal, 1 to ANYGATE_DAMP_MAX
 * @suppress: from this figure on the prefix is not announced again
 * @reuse: until the figure is below this; not above @suppress
 * @half_life_ms: milliseconds in which the figure decays to half
 * @max_ms: milliseconds after the last flap at which the prefix is announced
 *	again at the latest; limits the figure (RFC 2439, section 4.2)
 */
struct anygate_damp_conf {
	bool on;
	__u32 penalty;
	__u32 suppress;
	__u32 reuse;
	__u32 half_life_ms;
	__u32 max_ms;
};

/**
 * struct anygate_damp - the figure of merit
 * @figure: its value at @at, with ANYGATE_FIGURE_SHIFT fraction bits
 * @at: CLOCK_BOOTTIME nanoseconds: decay goes on while suspended
 * @suppressed: it has reached "suppress" and not yet fallen below "reuse"
 */
struct anygate_damp {
	__u64 figure;
	__u64 at;
	bool suppressed;
};

__u64 anygate_damp_decay(__u64 figure, __u64 ns, __u32 half_life_ms);
__u64 anygate_damp_ceiling(const struct anygate_damp_conf *conf);
__u64 anygate_damp_figure(const struct anygate_damp *damp,
			  const struct anygate_damp_conf *conf, __u64 now);
__u64 anygate_damp_release(const struct anygate_damp *damp,
			   const struct anygate_damp_conf *conf, __u64 now);
struct anygate_damp anygate_damp_settle(struct anygate_damp old,
					const struct anygate_damp_conf *conf,
					__u64 now);
struct anygate_damp anygate_damp_step(struct anygate_damp old,
				      const struct anygate_damp_conf *conf,
				      __u64 now);
struct anygate_damp anygate_damp_flap(struct anygate_damp old,
				      const struct anygate_damp_conf *conf,
				      __u64 now);

#endif /* ANYGATE_DAMP_H */
