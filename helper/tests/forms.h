/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_FORMS_H
#define ANYGATECTL_FORMS_H

#include "format.h"
#include "testlib.h"

/* The times of the gates in testlib.c are relative to this. */
#define NOW	(100 * NSEC_PER_SEC)

/* What is printed of a gate and of an event; to be freed. */
char *gate_form(const struct gate *g, const char *probes, bool json);
char *event_form(const struct gate *ev, bool json, bool timestamp);

/* To be put. */
struct json_object *gate_object(const struct gate *g, const char *probes);

void assert_event(const struct gate *ev, bool timestamp, const char *line);
void assert_json(struct json_object *o, const char *path, const char *value);

#endif
