/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_MONITOR_H
#define ANYGATECTL_MONITOR_H

#include "nl.h"

#define DRAIN_MAX	1000	/* events between two looks at the signals */

int monitor_exec(struct ag *ag, char **command);

#endif
