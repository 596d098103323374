/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_SHOW_H
#define ANYGATECTL_SHOW_H

#include "gate.h"
#include "print.h"
#include "table.h"

void show_gate(struct printer *p, const struct gate *g, const char *probes,
	       uint64_t now);
void show_difference(struct printer *p, const struct gate *g, uint64_t now);
void show_decision(struct printer *p, const struct gate *g);
void show_orders(struct printer *p, const struct gate *g, bool text,
		 uint64_t now);
void show_queue(struct printer *p, const struct service *s);
void show_clients_conf(struct printer *p, const struct gate *g);
void show_clients(struct printer *p, const struct gate *g, bool text,
		  uint64_t now);
void show_header(struct table *t, bool named);
void show_row(struct table *t, const struct gate *g, bool named,
	      uint64_t now);
bool show_matches(const struct gate *g, const char *find, uint64_t now);

#endif
