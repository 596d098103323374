/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_TESTLIB_H
#define ANYGATECTL_TESTLIB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gate.h"
#include "stats.h"

struct nl_msg;
struct json_object;

#define assert_contains(text, part)						\
	do {									\
		if (!strstr(text, part))					\
			fail_msg("\"%s\" does not contain \"%s\"", text, part);	\
	} while (0)

struct prefix pfx(const char *text);
struct service svc(const char *text, const char *addr, uint32_t listeners);
struct gate open_gate(void);
struct gate closed_gate(void);

/* Attributes by their names in the specification, with blanks between. */
void give(struct gate *g, const char *attrs);
void take(struct gate *g, const char *attrs);
void assert_has(const struct gate *g, const char *attrs);
void encode_gate(struct nl_msg *msg, const struct gate *g);

struct stats full_stats(void);
void encode_stats(struct nl_msg *msg, const struct stats *st);

void capture_begin(void);
char *capture_end(char **err);
char *capture_file(FILE **f, size_t *size);
const char *json_path(struct json_object *o, const char *path);

#endif
