// SPDX-License-Identifier: GPL-2.0
/* What goes into a gate's decision beside its listeners, in full. */

#include <stdio.h>

#include "format.h"
#include "names.h"
#include "rttable.h"
#include "show.h"

static uint64_t left_ms(uint64_t at, uint64_t now)
{
	return at > now ? (at - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC : 0;
}

static void show_damp(struct printer *p, const struct gate *g)
{
	const char *on = name_of(&switch_names, g->damp);
	char text[DELAY_TEXT];

	pr_object(p, "damp");
	pr_bool(p, "on", g->damp, "damp: %s", on);
	if (gate_has(g, ANYGATE_A_GATE_DAMP_PENALTY))
		pr_uint(p, "penalty", g->damp_penalty, ", penalty %u", g->damp_penalty);
	if (gate_has(g, ANYGATE_A_GATE_DAMP_SUPPRESS))
		pr_uint(p, "suppress", g->damp_suppress, ", suppress %u", g->damp_suppress);
	if (gate_has(g, ANYGATE_A_GATE_DAMP_REUSE))
		pr_uint(p, "reuse", g->damp_reuse, ", reuse %u", g->damp_reuse);
	if (gate_has(g, ANYGATE_A_GATE_DAMP_HALF_LIFE))
		pr_uint(p, "half_life_ms", g->damp_half_life, ", half-life %s",
			delay_text(g->damp_half_life, text));
	if (gate_has(g, ANYGATE_A_GATE_DAMP_MAX))
		pr_uint(p, "max_ms", g->damp_max, ", max-suppress %s",
			delay_text(g->damp_max, text));
	pr_text(p, "\n");
	pr_object_end(p);
}

static void show_fallback(struct printer *p, const struct gate *g)
{
	char text[WHY_TEXT], via[INET6_ADDRSTRLEN];

	pr_object(p, "fallback");
	pr_str(p, "via", ip_text(&g->fallback_via, via), "fallback: %s",
	       fallback_text(g, text, sizeof(text)));
	pr_str(p, "dev", g->fallback_dev, NULL);
	pr_bool(p, "present", g->fallback, "%s\n", g->fallback ? ", in place" : "");
	pr_object_end(p);
}

/**
 * show_decision() - print the settings of the decision
 * @p: printer
 * @g: gate
 */
void show_decision(struct printer *p, const struct gate *g)
{
	char text[AGE_TEXT], table[64];

	if (gate_has(g, ANYGATE_A_GATE_NEED))
		pr_uint(p, "need", g->need, "need: %s\n", need_text(g->need, text));
	if (gate_has(g, ANYGATE_A_GATE_DAMP))
		show_damp(p, g);
	if (gate_has(g, ANYGATE_A_GATE_ON_EXPIRY))
		pr_str(p, "on_expiry", name_of(&on_expiry_names, g->on_expiry),
		       g->n_leases ? "on-expiry: %s\n" : NULL,
		       name_of(&on_expiry_names, g->on_expiry));
	if (gate_has_fallback(g))
		show_fallback(p, g);
	if (gate_has(g, ANYGATE_A_GATE_WITNESS))
		pr_uint(p, "witness", g->witness, "witness: %s\n",
			g->witness ? rttable_name(g->witness, table, sizeof(table)) : "off");
}

static void show_lease(struct printer *p, const struct gate *g, const struct lease *l,
		       bool text, uint64_t now)
{
	const char *says = lease_text(g, l, now);
	char left[AGE_TEXT];

	pr_object(p, NULL);
	pr_str(p, "name", l->name, text ? "lease: %s, %s" : NULL, l->name, says);
	pr_str(p, "verdict", name_of(&verdict_names, l->verdict), NULL);
	if (l->verdict != ANYGATE_VERDICT_NONE)
		pr_uint(p, "expires_in_ms", left_ms(l->expires, now),
			text && l->expires > now ? ", expires in %s" : NULL,
			left_text(l->expires, now, left));
	if (text)
		pr_text(p, "\n");
	pr_object_end(p);
}

/**
 * show_orders() - print what operators and checks have said, and the penalty
 * @p: printer
 * @g: gate or event
 * @text: in text as well, not in JSON only
 * @now: CLOCK_BOOTTIME, in nanoseconds
 */
void show_orders(struct printer *p, const struct gate *g, bool text,
		 uint64_t now)
{
	char buf[WHY_TEXT];
	unsigned int i;

	if (gate_has(g, ANYGATE_A_GATE_ORDER))
		pr_str(p, "order", name_of(&order_names, g->order), text ? "order: %s\n" : NULL,
		       order_text(g, now, buf, sizeof(buf)));
	if (gate_has(g, ANYGATE_A_GATE_ORDER_UNTIL))
		pr_uint(p, "order_left_ms", left_ms(g->order_until, now), NULL);
	if (gate_has(g, ANYGATE_A_GATE_OBSERVE))
		pr_bool(p, "observe", g->observe, text ? "observe: %s\n" : NULL,
			g->observe ? observe_text(g, now, buf, sizeof(buf)) : "off");
	if (gate_has(g, ANYGATE_A_GATE_OBSERVE_UNTIL))
		pr_uint(p, "observe_left_ms", left_ms(g->observe_until, now), NULL);
	if (gate_has(g, ANYGATE_A_GATE_ORDER) || g->n_leases) {
		pr_array(p, "leases");
		for (i = 0; i < g->n_leases; i++)
			show_lease(p, g, &g->leases[i], text, now);
		pr_array_end(p);
	}
	if (gate_has(g, ANYGATE_A_GATE_FIGURE))
		pr_uint(p, "figure", g->figure, text ? "figure: %u\n" : NULL, g->figure);
	if (gate_has(g, ANYGATE_A_GATE_RELEASE_AT))
		pr_uint(p, "release_in_ms", left_ms(g->release_at, now),
			text ? "released in: %s\n" : NULL, left_text(g->release_at, now, buf));
}
