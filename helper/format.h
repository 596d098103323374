/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_FORMAT_H
#define ANYGATECTL_FORMAT_H

#include <stdint.h>

#include "gate.h"

#define AGE_TEXT	24
#define WHY_TEXT	1024
#define FLOWS_TEXT	48

uint64_t clock_ns(int clock);
const char *age_text(uint64_t ns, char buf[AGE_TEXT]);
const char *step_text(uint64_t ns, char buf[AGE_TEXT]);
const char *errno_name(uint32_t error);

const char *who_text(const char *comm, uint32_t pid, char *buf, size_t size);
const char *announced_text(const struct gate *g, char *buf, size_t size);
const char *error_text(const struct gate *g, uint64_t now, char *buf,
		       size_t size);
const char *difference_text(const struct gate *g, uint64_t now, char *buf,
			    size_t size);
const char *left_text(uint64_t at, uint64_t now, char buf[AGE_TEXT]);
const char *lease_text(const struct gate *g, const struct lease *l,
		       uint64_t now);
const char *need_text(uint32_t need, char buf[AGE_TEXT]);
bool gate_has_fallback(const struct gate *g);
const char *fallback_text(const struct gate *g, char *buf, size_t size);
const char *order_text(const struct gate *g, uint64_t now, char *buf,
		       size_t size);
const char *observe_text(const struct gate *g, uint64_t now, char *buf,
			 size_t size);
const char *queue_text(const struct service *s, bool all, char *buf,
		       size_t size);
const char *clients_text(const struct gate *g, uint64_t now, char *buf,
			 size_t size);
const char *dropped_text(const struct gate *g, uint64_t now, char *buf,
			 size_t size);
const char *flows_text(uint32_t flows, char buf[FLOWS_TEXT]);
const char *why_text(const struct gate *g, uint64_t now, char *buf,
		     size_t size);

#endif
