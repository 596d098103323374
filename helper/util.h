/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_UTIL_H
#define ANYGATECTL_UTIL_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(f, a)	__attribute__((format(printf, f, a)))

#define NSEC_PER_USEC	1000ULL
#define NSEC_PER_MSEC	1000000ULL
#define NSEC_PER_SEC	1000000000ULL

/**
 * enum status - what the program exits with
 * @ST_OK: done
 * @ST_REFUSED: the kernel refused, or it is not possible here
 * @ST_USAGE: the command line is bad, and nothing was sent
 * @ST_LEFT: what was waited for has not come about
 */
enum status {
	ST_OK = 0,
	ST_REFUSED = 1,
	ST_USAGE = 2,
	ST_LEFT = 3,
};

/**
 * struct err - a sentence about what went wrong
 * @text: without the program's name and without a newline
 * @word: which of the user's words is to blame, where the parser says so
 */
struct err {
	char text[512];
	const char *word;
};

/**
 * struct options - the global options
 * @json: -j, print JSON
 * @pretty: -p, indent it
 * @timestamp: -t, put the time in front of every event
 * @colour: -c, and what the terminal and the environment say
 * @netns: -n, name or path of the network namespace to work in, or NULL
 */
struct options {
	bool json;
	bool pretty;
	bool timestamp;
	bool colour;
	const char *netns;
};

extern struct options opt;

int err_set(struct err *e, const char *fmt, ...) __printf(2, 3);
int complain(enum status status, const char *fmt, ...) __printf(2, 3);
void warning(const char *fmt, ...) __printf(1, 2);
int flush_output(void);
void text_append(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
void clean(char *dst, size_t size, const char *src);

#endif
