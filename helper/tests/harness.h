/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_HARNESS_H
#define ANYGATECTL_HARNESS_H

#include "args.h"
#include "fake_kernel.h"
#include "testlib.h"

struct nlattr;

/*
 * A verb is run against a kernel that says what the test wants; what it has
 * printed is in these until the next one is run.
 */
extern char *out, *err;

int verb_start(void **state);
int verb_stop(void **state);
#define verb_test(name)	cmocka_unit_test_setup_teardown(name, verb_start, verb_stop)

int run_words(int (*cmd)(int argc, char **argv), int argc, char **argv);
int run(int (*cmd)(int argc, char **argv), const char *line);

/* Answers to the requests to come. */
void granted(unsigned int times);
void refuse(int error, const char *msg, uint32_t offs);
void have(unsigned int n, const struct gate *gates);

/* What request number @i said: as it came, by type, or decoded. */
struct nlattr *attrs_of(unsigned int i, int *len);
struct nlattr **attrs_in(unsigned int i, uint8_t cmd);
uint8_t request(unsigned int i, struct gate *g);
void assert_sent(struct nlattr **tb, const char *attrs);

#endif
