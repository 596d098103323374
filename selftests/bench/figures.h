/* SPDX-License-Identifier: GPL-2.0 */
/* figures.h - what the programs of the bench measure with, and how they tell it */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Nanoseconds; on an emulated clock that counts them, instructions. */
static inline long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static inline int compare_figures(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

/*
 * NAME, their number, minimum, median, 99th percentile (nearest rank: of a hundred the
 * second highest) and maximum; sorts them.
 */
static inline void print_figures(const char *name, long long *took, int n)
{
	qsort(took, n, sizeof(*took), compare_figures);
	printf("%s\t%d\t%lld\t%lld\t%lld\t%lld\n", name, n, took[0],
	       took[n / 2], took[(n * 99 + 99) / 100 - 1], took[n - 1]);
}

#endif
