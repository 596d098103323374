/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_NAMES_H
#define ANYGATECTL_NAMES_H

#include <stdint.h>
#include <stddef.h>

/**
 * struct names - names of an enum's values, as the specification spells them
 * @what: name of the enum
 * @name: indexed by value; a hole is NULL
 * @n: size of @name
 */
struct names {
	const char *what;
	const char *const *name;
	size_t n;
};

extern const struct names action_names;
extern const struct names switch_names;
extern const struct names listen_policy_names;
extern const struct names state_names;
extern const struct names reason_names;
extern const struct names difference_names;
extern const struct names source_names;
extern const struct names order_names;
extern const struct names on_expiry_names;
extern const struct names members_names;
extern const struct names verdict_names;
extern const struct names event_kind_names;
extern const struct names probes_names;
extern const struct names gate_attr_names;
extern const struct names service_attr_names;
extern const struct names lease_attr_names;

const char *name_of(const struct names *names, uint32_t value);

#endif
