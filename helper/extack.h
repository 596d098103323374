/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_EXTACK_H
#define ANYGATECTL_EXTACK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "util.h"

/**
 * struct extack - what the kernel says about a request
 * @error: positive errno; 0 for success
 * @msg: its words, or ""
 * @has_offs: @offs is known
 * @offs: where in the request the attribute is that it dislikes
 * @has_missing: @missing is known
 * @missing: type of the attribute that it misses
 * @in_nest: @missing is one of the nest at @nest, not of the request itself
 * @nest: where in the request the nest is
 */
struct extack {
	int error;
	char msg[256];
	bool has_offs;
	uint32_t offs;
	bool has_missing;
	uint32_t missing;
	bool in_nest;
	uint32_t nest;
};

#define REQMAP_MAX	96

/**
 * struct reqmap - which word of the command line went where in a request
 * @n: number of words
 * @at: attribute from @start up to @end is @value of the keyword @key
 */
struct reqmap {
	unsigned int n;
	struct {
		uint32_t start;
		uint32_t end;
		const char *key;
		const char *value;
	} at[REQMAP_MAX];
};

void extack_parse(const struct nlmsghdr *nlh, struct extack *x);
void extack_parse_done(const struct nlmsghdr *nlh, struct extack *x);
void reqmap_add(struct reqmap *map, uint32_t start, uint32_t end,
		const char *key, const char *value);
const char *extack_word(const struct extack *x, const struct reqmap *map);
void extack_explain(const struct extack *x, uint8_t cmd, const char *subject,
		    const struct reqmap *map, struct err *e);

#endif
