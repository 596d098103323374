/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_DAMP_H
#define ANYGATECTL_DAMP_H

/* The module's ranges and defaults of damping; times are in milliseconds. */
#define SUPPRESS_DEFAULT	2000
#define REUSE_DEFAULT		750
#define HALF_LIFE_DEFAULT	(60 * 1000)
#define MAX_SUPPRESS_DEFAULT	(300 * 1000)

#define HALF_LIFE_MIN		1000
#define HALF_LIFE_MAX		(3600 * 1000)
#define MAX_SUPPRESS_MIN	1000
#define MAX_SUPPRESS_MAX	(24 * 3600 * 1000)

#endif
