/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_PRINT_H
#define ANYGATECTL_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util.h"

struct json_object;

#define PR_DEPTH	8

/**
 * struct printer - text or JSON from one call site
 * @out: where it goes
 * @json: JSON instead of text
 * @pretty: JSON is indented
 * @depth: number of open objects and arrays
 * @stack: the open objects and arrays, outermost first
 *
 * Every pr_*() call names a datum once: its JSON key and value, and the format
 * and arguments of its text. A NULL key keeps it out of the JSON, a NULL
 * format out of the text. A JSON value is written when its outermost object or
 * array ends, followed by a newline.
 */
struct printer {
	FILE *out;
	bool json;
	bool pretty;
	unsigned int depth;
	struct json_object *stack[PR_DEPTH];
};

void pr_init(struct printer *p, FILE *out, bool json, bool pretty);
void pr_object(struct printer *p, const char *key);
void pr_object_end(struct printer *p);
void pr_array(struct printer *p, const char *key);
void pr_array_end(struct printer *p);

void pr_text(struct printer *p, const char *fmt, ...) __printf(2, 3);
void pr_str(struct printer *p, const char *key, const char *value,
	    const char *fmt, ...) __printf(4, 5);
void pr_uint(struct printer *p, const char *key, uint64_t value,
	     const char *fmt, ...) __printf(4, 5);
void pr_bool(struct printer *p, const char *key, bool value,
	     const char *fmt, ...) __printf(4, 5);
void pr_seconds(struct printer *p, const char *key, uint64_t ns,
		unsigned int decimals, const char *fmt, ...) __printf(5, 6);
void pr_null(struct printer *p, const char *key, const char *fmt, ...)
	__printf(3, 4);

#endif
