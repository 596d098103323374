/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_DOCTOR_ROOT_H
#define ANYGATECTL_DOCTOR_ROOT_H

#include "cmd.h"
#include "doctor.h"
#include "testlib.h"

/* The node, its gates, and what was found last. */
extern struct gate gates[4];
extern struct node node;
extern struct report report;

/* Once for all tests, and for each: an empty directory. */
int make_root(void **state);
int remove_root(void **state);
int start(void **state);
int stop(void **state);

/* Paths are relative to the root. */
void put_bytes(const char *path, const void *bytes, size_t len);
void put(const char *path, const char *text);
void put_link(const char *path, const char *to);

struct gate *add_gate(const char *prefix, uint32_t action, const char *service);

#define address_gate(prefix, service)	add_gate(prefix, ANYGATE_ACTION_ADDRESS, service)
#define route_gate(prefix)		add_gate(prefix, ANYGATE_ACTION_ROUTE, NULL)

const struct finding *found(const char *id);
void expect(void (*check)(const struct node *, struct report *), const char *id,
	    enum severity severity, const char *subject);

#define expect_nothing(check)	expect(check, NULL, 0, NULL)
#define test(name)	cmocka_unit_test_setup_teardown(name, start, stop)

#endif
