// SPDX-License-Identifier: GPL-2.0
/* The arguments of check, and what makes a verdict of its rounds. */

#include <string.h>

#include "check.h"

#define EVERY_MIN	100
#define EVERY_MAX	(24 * 3600 * 1000)
#define TIMEOUT_MIN	10
#define TIMEOUT_MAX	(3600 * 1000)
#define IN_A_ROW_MAX	1000

enum check_key {
	CHECK_EVERY,
	CHECK_TIMEOUT,
	CHECK_RISE,
	CHECK_FALL,
	CHECK_KEYS,
};

static const char *const check_keys[CHECK_KEYS] = {
	[CHECK_EVERY]	= "every",
	[CHECK_TIMEOUT]	= "timeout",
	[CHECK_RISE]	= "rise",
	[CHECK_FALL]	= "fall",
};

static int parse_value(struct check_args *c, enum check_key key, const char *arg,
		       struct err *e)
{
	switch (key) {
	case CHECK_EVERY:
		return parse_time("every", arg, EVERY_MIN, EVERY_MAX, &c->every, e);
	case CHECK_TIMEOUT:
		return parse_time("timeout", arg, TIMEOUT_MIN, TIMEOUT_MAX, &c->timeout, e);
	case CHECK_RISE:
		return parse_number("rise", arg, 1, IN_A_ROW_MAX, &c->rise, e);
	case CHECK_FALL:
		return parse_number("fall", arg, 1, IN_A_ROW_MAX, &c->fall, e);
	case CHECK_KEYS:
		break;
	}
	return -1;
}

/* Return: index of the command, or -1 */
static int parse_keys(int argc, char **argv, struct check_args *c, struct err *e)
{
	bool said[CHECK_KEYS] = { false };
	int i, key;

	for (i = 2; i < argc && strcmp(argv[i], "--"); i += 2) {
		key = match_word("keyword", argv[i], check_keys, CHECK_KEYS, e);
		if (key < 0) {
			text_append(e->text, sizeof(e->text), ", or -- before the command");
			return -1;
		}
		if (said[key])
			return err_set(e, "%s is given twice", check_keys[key]);
		if (i + 1 == argc || !strcmp(argv[i + 1], "--"))
			return err_set(e, "%s: the value is missing", check_keys[key]);
		if (parse_value(c, key, argv[i + 1], e))
			return -1;
		said[key] = true;
	}
	return i + 1;
}

/**
 * parse_check_args() - parse the arguments of check
 * @argc: number of arguments
 * @argv: PREFIX|NAME LEASE [KEY VALUE]... -- COMMAND...; ends with NULL
 * @c: result; points into @argv
 * @e: what is wrong with them
 *
 * Return: 0 or -1
 */
int parse_check_args(int argc, char **argv, struct check_args *c, struct err *e)
{
	int command;

	*c = (struct check_args){ .every = 5000, .timeout = 2000, .rise = 2, .fall = 2 };
	if (parse_first_arg(argc, argv, "check", &c->gate, e))
		return -1;
	if (argc < 2 || !strcmp(argv[1], "--"))
		return err_set(e, "check %s: the name of the lease is missing; say for example check %s zone -- dig @127.0.0.1 .",
			       argv[0], argv[0]);
	c->lease = argv[1];
	if (parse_name("lease", argv[1], e))
		return -1;
	command = parse_keys(argc, argv, c, e);
	if (command < 0)
		return -1;
	if (command >= argc)
		return err_set(e, "check %s: the command is missing; say for example check %s %s -- dig @127.0.0.1 .",
			       argv[0], argv[0], argv[1]);
	c->command = argv + command;
	return 0;
}

/**
 * check_ttl() - how long each report is good for
 * @c: check
 *
 * From one report to the next it takes the wait for the next round and the
 * round itself, at the longest. If nothing has come by then, nobody checks.
 *
 * Return: milliseconds
 */
uint32_t check_ttl(const struct check_args *c)
{
	return c->every + c->timeout + CHECK_MARGIN;
}

/**
 * tally_add() - add the result of a round
 * @t: tally
 * @c: check
 * @good: the command succeeded
 *
 * There is no verdict until there have been enough results of one kind: a
 * check that was restarted must not revoke what its forerunner found.
 *
 * Return: whether this changes the verdict
 */
bool tally_add(struct tally *t, const struct check_args *c, bool good)
{
	const uint32_t old = t->verdict;

	t->good = good ? t->good + 1 : 0;
	t->bad = good ? 0 : t->bad + 1;
	if (t->good >= c->rise)
		t->verdict = ANYGATE_VERDICT_UP;
	else if (t->bad >= c->fall)
		t->verdict = ANYGATE_VERDICT_DOWN;
	return t->verdict != old;
}
