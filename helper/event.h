/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_EVENT_H
#define ANYGATECTL_EVENT_H

#include "gate.h"
#include "known.h"
#include "print.h"

void event_time(struct printer *p, uint64_t ns, bool timestamp);
void event_print(struct printer *p, const struct gate *ev, bool timestamp,
		 uint64_t now);
void event_difference(struct printer *p, const struct known_gate *was,
		      const struct gate *is, bool timestamp);

#endif
