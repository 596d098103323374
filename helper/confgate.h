/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_CONFGATE_H
#define ANYGATECTL_CONFGATE_H

#include "conf.h"
#include "gate.h"

#define CONF_TEXT	16384

/**
 * struct full - all settings of a gate
 * @conf: they; every keyword is said
 * @observing_until: CLOCK_BOOTTIME nanoseconds; the gate observes for a while,
 *	which is no setting but an order. 0 if it does not
 * @text: what @conf points to
 * @used: of @text
 */
struct full {
	struct conf conf;
	uint64_t observing_until;
	char text[2048];
	size_t used;
};

void full_of_conf(struct full *f, const struct conf *c);
int full_of_gate(struct full *f, const struct gate *g, struct err *e);
bool full_delta(struct conf *delta, const struct full *from,
		const struct full *to);
void full_prune(struct conf *c, const struct full *f);

void conf_text(const struct conf *c, char *buf, size_t size);
const char *conf_value(const struct conf *c, enum conf_key key, char *buf,
		       size_t size);

#endif
