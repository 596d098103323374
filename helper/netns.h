/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_NETNS_H
#define ANYGATECTL_NETNS_H

#include "util.h"

int netns_enter(const char *name, struct err *e);

#endif
