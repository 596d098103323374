// SPDX-License-Identifier: GPL-2.0
/* What a gate is about, in words for people. */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "format.h"
#include "names.h"
#include "rttable.h"

/**
 * clock_ns() - read a clock
 * @clock: CLOCK_*
 *
 * Return: nanoseconds
 */
uint64_t clock_ns(int clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/**
 * age_text() - a length of time, in the two units that matter
 * @ns: nanoseconds
 * @buf: for the result
 *
 * Return: @buf: 0.4s, 12s, 3m4s, 2h5m, 3d4h
 */
const char *age_text(uint64_t ns, char buf[AGE_TEXT])
{
	unsigned long long s = ns / NSEC_PER_SEC;

	if (s < 10)
		snprintf(buf, AGE_TEXT, "%llu.%llus", s,
			 (unsigned long long)(ns % NSEC_PER_SEC / (NSEC_PER_SEC / 10)));
	else if (s < 60)
		snprintf(buf, AGE_TEXT, "%llus", s);
	else if (s < 3600)
		snprintf(buf, AGE_TEXT, "%llum%llus", s / 60, s % 60);
	else if (s < 24 * 3600)
		snprintf(buf, AGE_TEXT, "%lluh%llum", s / 3600, s / 60 % 60);
	else
		snprintf(buf, AGE_TEXT, "%llud%lluh", s / (24 * 3600), s / 3600 % 24);
	return buf;
}

/**
 * step_text() - how long a step took
 * @ns: nanoseconds
 * @buf: for the result
 *
 * Return: @buf: 12us, 15.2ms, 1.5s
 */
const char *step_text(uint64_t ns, char buf[AGE_TEXT])
{
	unsigned long long us = (ns + NSEC_PER_USEC / 2) / NSEC_PER_USEC;

	if (us < 10 * 1000)
		snprintf(buf, AGE_TEXT, "%lluus", us);
	else if (us < 10 * 1000 * 1000)
		snprintf(buf, AGE_TEXT, "%llu.%llums", us / 1000, us % 1000 / 100);
	else
		snprintf(buf, AGE_TEXT, "%llu.%llus", us / 1000000, us % 1000000 / 100000);
	return buf;
}

/**
 * errno_name() - the symbol of an error
 * @error: positive errno
 *
 * Return: ENODEV and the like, or "error" for one that has no name
 */
const char *errno_name(uint32_t error)
{
	const char *name = error < 4096 ? strerrorname_np(error) : NULL;

	return name ? name : "error";
}

/**
 * who_text() - name a process
 * @comm: its name
 * @pid: its number, 0 if it has none here
 * @buf: for the result
 * @size: of @buf
 *
 * Return: @buf: nsd[1234] or nsd
 */
const char *who_text(const char *comm, uint32_t pid, char *buf, size_t size)
{
	if (!*comm)
		comm = "?";
	if (pid)
		snprintf(buf, size, "%s[%u]", comm, pid);
	else
		snprintf(buf, size, "%s", comm);
	return buf;
}

/**
 * announced_text() - where the prefix is announced
 * @g: gate
 * @buf: for the result
 * @size: of @buf
 *
 * Return: @buf: "lo", "blackhole", "blackhole/100" (not table main) or "-";
 * if the state asks for something else, "!" and the difference follow
 */
const char *announced_text(const struct gate *g, char *buf, size_t size)
{
	char table[64];

	if (!g->announced)
		snprintf(buf, size, "-");
	else if (g->action == ANYGATE_ACTION_ADDRESS)
		snprintf(buf, size, "%s", *g->dev ? g->dev : "lo");
	else if (!g->table || g->table == RT_TABLE_MAIN)
		snprintf(buf, size, "blackhole");
	else
		snprintf(buf, size, "blackhole/%s",
			 rttable_name(g->table, table, sizeof(table)));
	if (gate_differs(g))
		text_append(buf, size, "!%s",
		       g->difference ? name_of(&difference_names, g->difference) : "differs");
	return buf;
}

/**
 * error_text() - the last failed attempt to change the tables
 * @g: gate
 * @now: CLOCK_BOOTTIME, in nanoseconds
 * @buf: for the result; empty if the last attempt did not fail
 * @size: of @buf
 *
 * Return: @buf
 */
const char *error_text(const struct gate *g, uint64_t now, char *buf,
		       size_t size)
{
	char age[AGE_TEXT];

	buf[0] = '\0';
	if (!gate_has(g, ANYGATE_A_GATE_ERROR) || !g->error)
		return buf;
	text_append(buf, size, "%s", errno_name(g->error));
	text_append(buf, size, " (%s)", strerror(g->error));
	if (*g->error_msg)
		text_append(buf, size, ": %s", g->error_msg);
	if (g->retries)
		text_append(buf, size, ", failed %u times", g->retries);
	if (gate_has(g, ANYGATE_A_GATE_RETRY_AT))
		text_append(buf, size, ", next attempt in %s",
		       age_text(g->retry_at > now ? g->retry_at - now : 0, age));
	return buf;
}

/* Why the tables are not as they should be, where the kernel said it. */
static const char *difference_cause(const struct gate *g)
{
	switch (g->difference) {
	case ANYGATE_DIFFERENCE_CONTESTED:
		return "another program keeps undoing it";
	case ANYGATE_DIFFERENCE_FOREIGN:
		return "the object is another program's and is left alone";
	case ANYGATE_DIFFERENCE_NO_DEVICE:
		return "the device is missing or down";
	case ANYGATE_DIFFERENCE_PENDING:
		return "under way, waiting for the kernel's routing lock";
	}
	return "";
}

/**
 * difference_text() - what is wrong with the announcement
 * @g: gate
 * @now: CLOCK_BOOTTIME, in nanoseconds
 * @buf: for the result; empty if it is as the state asks for
 * @size: of @buf
 *
 * Return: @buf
 */
const char *difference_text(const struct gate *g, uint64_t now, char *buf,
			    size_t size)
{
	const char *cause = difference_cause(g);
	char error[WHY_TEXT];

	buf[0] = '\0';
	error_text(g, now, error, sizeof(error));
	if (g->difference == ANYGATE_DIFFERENCE_OBSERVING) {
		/* what was asked for, and nothing to shout about */
		if (gate_wanted(g) != !!g->announced)
			text_append(buf, size, "observing: would %s it",
				    gate_wanted(g) ? "announce" : "withdraw");
	} else if (gate_differs(g)) {
		if (gate_wanted(g) == !!g->announced)
			text_append(buf, size, "%s", name_of(&difference_names, g->difference));
		else
			text_append(buf, size, "%s", g->announced ? "STILL ANNOUNCED" : "NOT ANNOUNCED");
		if (*cause)
			text_append(buf, size, ": %s", cause);
	}
	if (*error)
		text_append(buf, size, "%s%s", *buf ? ": " : "", error);
	return buf;
}
