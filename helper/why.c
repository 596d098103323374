// SPDX-License-Identifier: GPL-2.0
/* Why a gate is as it is, in words: services, orders, leases, damping. */

#include <stdio.h>
#include <string.h>

#include "format.h"
#include "names.h"
#include "rttable.h"

/**
 * left_text() - how long it is until then
 * @at: CLOCK_BOOTTIME, in nanoseconds
 * @now: the same
 * @buf: for the result
 *
 * Rounded up, so that "for 1h" does not show as 59m59s from the start.
 *
 * Return: @buf, as of age_text()
 */
const char *left_text(uint64_t at, uint64_t now, char buf[AGE_TEXT])
{
	uint64_t left = at > now ? at - now : 0, unit;

	unit = left < 10 * NSEC_PER_SEC ? NSEC_PER_SEC / 10 : NSEC_PER_SEC;
	return age_text((left + unit - 1) / unit * unit, buf);
}

/**
 * lease_text() - what a lease says
 * @g: its gate
 * @l: lease
 * @now: CLOCK_BOOTTIME, in nanoseconds
 *
 * Return: missing, up, down, expired or ignored
 */
const char *lease_text(const struct gate *g, const struct lease *l,
		       uint64_t now)
{
	if (l->verdict == ANYGATE_VERDICT_NONE)
		return "missing";
	if (l->expires > now)
		return name_of(&verdict_names, l->verdict);
	return g->on_expiry == ANYGATE_ON_EXPIRY_IGNORE ? "ignored" : "expired";
}

/**
 * need_text() - how many services are needed, as the command line takes it
 * @need: as the kernel says it
 * @buf: for the result
 *
 * Return: all, any, or @buf
 */
const char *need_text(uint32_t need, char buf[AGE_TEXT])
{
	if (need < 2)
		return need ? "any" : "all";
	snprintf(buf, AGE_TEXT, "%u", need);
	return buf;
}

/**
 * gate_has_fallback() - whether a gate has a fallback
 * @g: gate
 *
 * Return: true if it has, in place or not
 */
bool gate_has_fallback(const struct gate *g)
{
	static const uint8_t zeros[16];

	return g->fallback_via.family && memcmp(g->fallback_via.bytes, zeros, sizeof(zeros));
}

/**
 * fallback_text() - where the fallback leads, as the command line takes it
 * @g: gate, with a fallback
 * @buf: for the result
 * @size: of @buf
 *
 * Return: @buf: via 192.0.2.1 dev tun0
 */
const char *fallback_text(const struct gate *g, char *buf, size_t size)
{
	char via[INET6_ADDRSTRLEN];

	snprintf(buf, size, "via %s dev %s", ip_text(&g->fallback_via, via), g->fallback_dev);
	return buf;
}

/**
 * order_text() - what an operator wants of a gate
 * @g: gate
 * @now: CLOCK_BOOTTIME, in nanoseconds
 * @buf: for the result
 * @size: of @buf
 *
 * Return: @buf: "follow", "drain", "pin for another 4m0s"
 */
const char *order_text(const struct gate *g, uint64_t now, char *buf,
		       size_t size)
{
	char left[AGE_TEXT];

	snprintf(buf, size, "%s", name_of(&order_names, g->order));
	if (gate_has(g, ANYGATE_A_GATE_ORDER_UNTIL))
		text_append(buf, size, " for another %s", left_text(g->order_until, now, left));
	return buf;
}

/**
 * observe_text() - whether a gate only observes
 * @g: gate
 * @now: CLOCK_BOOTTIME, in nanoseconds
 * @buf: for the result; empty if it does not
 * @size: of @buf
 *
 * Return: @buf: "observing", "observing for another 4m0s"
 */
const char *observe_text(const struct gate *g, uint64_t now, char *buf,
			 size_t size)
{
	char left[AGE_TEXT];

	buf[0] = '\0';
	if (!g->observe)
		return buf;
	text_append(buf, size, "observing");
	if (gate_has(g, ANYGATE_A_GATE_OBSERVE_UNTIL))
		text_append(buf, size, " for another %s", left_text(g->observe_until, now, left));
	return buf;
}

static bool enough_listeners(const struct gate *g)
{
	unsigned int i, n = 0;

	for (i = 0; i < g->n_services; i++)
		n += g->services[i].listeners > 0;
	return n >= (g->need ? g->need : g->n_services);
}

/* Loud: traffic may be on its way to nobody. */
static void append_pinned(const struct gate *g, uint64_t now, char *buf, size_t size)
{
	char left[AGE_TEXT];

	if (gate_has(g, ANYGATE_A_GATE_ORDER_UNTIL))
		text_append(buf, size, "PINNED for another %s",
			    left_text(g->order_until, now, left));
	else
		text_append(buf, size, "PINNED without an end");
	if (!enough_listeners(g))
		text_append(buf, size, ", LISTENERS ARE MISSING");
}

/* As loud as a pin: this one nobody has ordered. */
static void append_kept(const struct gate *g, char *buf, size_t size)
{
	char table[64];

	text_append(buf, size, "KEPT: no other path in table %s",
		    rttable_name(g->witness, table, sizeof(table)));
	if (!enough_listeners(g))
		text_append(buf, size, ", LISTENERS ARE MISSING");
}

static void append_damped(const struct gate *g, uint64_t now, char *buf, size_t size)
{
	char left[AGE_TEXT];

	text_append(buf, size, "damped");
	if (gate_has(g, ANYGATE_A_GATE_FIGURE))
		text_append(buf, size, ", figure %u", g->figure);
	if (gate_has(g, ANYGATE_A_GATE_RELEASE_AT))
		text_append(buf, size, ", released in %s", left_text(g->release_at, now, left));
}

/* "lease zone expired": each lease that has what the reason says. */
static void append_lease(const struct gate *g, uint64_t now, char *buf, size_t size)
{
	const char *what = g->reason == ANYGATE_REASON_LEASE_MISSING ? "missing" :
			   g->reason == ANYGATE_REASON_LEASE_DOWN ? "down" : "expired";
	char names[WHY_TEXT / 2] = "";
	unsigned int i, n = 0;

	for (i = 0; i < g->n_leases; i++) {
		if (strcmp(lease_text(g, &g->leases[i], now), what))
			continue;
		text_append(names, sizeof(names), "%s%s", n++ ? ", " : "", g->leases[i].name);
	}
	if (n)
		text_append(buf, size, "lease%s %s %s", n == 1 ? "" : "s", names, what);
	else
		text_append(buf, size, "%s", name_of(&reason_names, g->reason));
}

static void append_reason(const struct gate *g, uint64_t now, char *buf, size_t size)
{
	char who[COMM_TEXT + 16], left[AGE_TEXT];

	switch (g->reason) {
	case ANYGATE_REASON_PINNED:
		append_pinned(g, now, buf, size);
		return;
	case ANYGATE_REASON_ALONE:
		append_kept(g, buf, size);
		return;
	case ANYGATE_REASON_DAMPED:
		append_damped(g, now, buf, size);
		return;
	case ANYGATE_REASON_DRAINED:
		text_append(buf, size, "drained");
		if (gate_has(g, ANYGATE_A_GATE_ORDER_UNTIL))
			text_append(buf, size, " for another %s",
				    left_text(g->order_until, now, left));
		return;
	case ANYGATE_REASON_LEASE_MISSING:
	case ANYGATE_REASON_LEASE_DOWN:
	case ANYGATE_REASON_LEASE_EXPIRED:
		append_lease(g, now, buf, size);
		return;
	case ANYGATE_REASON_DYING:
		text_append(buf, size, "%s", name_of(&reason_names, g->reason));
		if (gate_has(g, ANYGATE_A_GATE_CLOSER_COMM))
			text_append(buf, size, ": %s dumps core or exits",
				    who_text(g->closer_comm, g->closer_pid, who, sizeof(who)));
		return;
	case ANYGATE_REASON_NO_LISTENER:
		text_append(buf, size, "%s", name_of(&reason_names, g->reason));
		if (gate_has(g, ANYGATE_A_GATE_CLOSER_COMM))
			text_append(buf, size, ": %s closed it",
				    who_text(g->closer_comm, g->closer_pid, who, sizeof(who)));
		return;
	}
	text_append(buf, size, "%s", name_of(&reason_names, g->reason));
}

/**
 * why_text() - why a gate is as it is
 * @g: gate
 * @now: CLOCK_BOOTTIME, in nanoseconds
 * @buf: for the result
 * @size: of @buf
 *
 * What is wrong comes first, so that it is not overlooked.
 *
 * Return: @buf
 */
const char *why_text(const struct gate *g, uint64_t now, char *buf, size_t size)
{
	char text[WHY_TEXT], left[AGE_TEXT];

	buf[0] = '\0';
	difference_text(g, now, text, sizeof(text));
	if (*text)
		text_append(buf, size, "%s; ", text);
	append_reason(g, now, buf, size);
	/* "stalled: tcp/53 queue 12/128, oldest 3.2s" */
	if (*clients_text(g, now, text, sizeof(text)))
		text_append(buf, size, "%s%s", g->reason == ANYGATE_REASON_STALLED ? ": " : ", ",
			    text);
	if (gate_delayed(g))
		text_append(buf, size, ", %s in %s", gate_wanted(g) ? "closes" : "opens",
			    left_text(g->deadline, now, left));
	if (g->fallback)
		text_append(buf, size, ", fallback %s", fallback_text(g, text, sizeof(text)));
	/* Where it would do something else, that was said to begin with. */
	if (g->observe && (gate_has(g, ANYGATE_A_GATE_OBSERVE_UNTIL) ||
			   g->difference != ANYGATE_DIFFERENCE_OBSERVING))
		text_append(buf, size, ", %s", observe_text(g, now, text, sizeof(text)));
	if (g->contested)
		text_append(buf, size, ", contested %u time%s", g->contested,
			    g->contested == 1 ? "" : "s");
	if (g->adopted)
		text_append(buf, size, ", adopted");
	return buf;
}
