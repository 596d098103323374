// SPDX-License-Identifier: GPL-2.0
/* What clients see: queues, the shield, connections that are left. */

#include <netinet/in.h>
#include <stdio.h>

#include "format.h"
#include "names.h"
#include "show.h"

/*
 * Without a stall time queues are sampled about every second, and until the
 * next sample what was in one is taken to wait still. What is older than two
 * samples does wait.
 */
#define WAITS_LONG	(2 * NSEC_PER_SEC)

static void append(char *buf, size_t size, const char *comma, const char *text)
{
	text_append(buf, size, "%s%s", *buf ? comma : "", text);
}

static void append_number(char *buf, size_t size, uint64_t n, const char *what, bool plural)
{
	char text[64];

	snprintf(text, sizeof(text), "%llu %s%s", (unsigned long long)n, what,
		 plural && n != 1 ? "s" : "");
	append(buf, size, ", ", text);
}

/**
 * queue_text() - what waits in the queues of a service's listeners
 * @s: service
 * @all: also what is 0
 * @buf: for the result; empty if there is nothing to be said
 * @size: of @buf
 *
 * Return: @buf: "queue 12/128, oldest 3.2s, 5 drops, 1 stalled, 1 dying"
 */
const char *queue_text(const struct service *s, bool all, char *buf,
		       size_t size)
{
	char text[64], age[AGE_TEXT];

	buf[0] = '\0';
	if (!s->queued)
		return buf;
	if (all || s->queue) {
		snprintf(text, sizeof(text), "queue %u/%u%s", s->queue, s->limit,
			 s->protocol == IPPROTO_UDP ? " bytes" : "");
		append(buf, size, ", ", text);
	}
	if (s->waiting) {
		snprintf(text, sizeof(text), "oldest %s", age_text(s->age, age));
		append(buf, size, ", ", text);
	}
	if (all || s->drops)
		append_number(buf, size, s->drops, "drop", true);
	if (s->stalled)
		append_number(buf, size, s->stalled, "stalled", false);
	if (s->dying)
		append_number(buf, size, s->dying, "dying", false);
	return buf;
}

/* A queue that is not empty is daily business, and so is a drop long ago. */
static bool worth_a_word(const struct service *s)
{
	return s->stalled || s->dying || (s->waiting && s->age >= WAITS_LONG) ||
	       (s->limit && s->queue > s->limit / 2);
}

/**
 * clients_text() - what is wrong for clients just now
 * @g: gate
 * @now: CLOCK_BOOTTIME, in nanoseconds
 * @buf: for the result; empty if all is well
 * @size: of @buf
 *
 * Return: @buf: "udp/53 queue 900/1000 bytes, oldest 3.2s, shield for another
 * 2.0s, 12 dropped"
 */
const char *clients_text(const struct gate *g, uint64_t now, char *buf,
			 size_t size)
{
	char service[SERVICE_TEXT], queue[256], text[SERVICE_TEXT + 258], left[AGE_TEXT];
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < g->n_services; i++) {
		if (!worth_a_word(&g->services[i]))
			continue;
		snprintf(text, sizeof(text), "%s %s",
			 service_text(&g->services[i], &g->prefix, service),
			 queue_text(&g->services[i], false, queue, sizeof(queue)));
		append(buf, size, ", ", text);
	}
	if (gate_has(g, ANYGATE_A_GATE_SHIELD_UNTIL) && g->shield_until > now) {
		snprintf(text, sizeof(text), "shield for another %s, %llu dropped",
			 left_text(g->shield_until, now, left),
			 (unsigned long long)g->shield_dropped);
		append(buf, size, ", ", text);
	}
	return buf;
}

/**
 * dropped_text() - what the shield has dropped
 * @g: gate or event, with a shield
 * @now: CLOCK_BOOTTIME, in nanoseconds
 * @buf: for the result
 * @size: of @buf
 *
 * Return: @buf: "12 packets, first 4.1s ago, last 0.3s ago, 30 in all"; the
 * first numbers are of the last time it was up
 */
const char *dropped_text(const struct gate *g, uint64_t now, char *buf,
			 size_t size)
{
	const uint64_t lately = gate_has(g, ANYGATE_A_GATE_SHIELD_LATELY) ?
				g->shield_lately : g->shield_dropped;
	char first[AGE_TEXT], last[AGE_TEXT];

	buf[0] = '\0';
	append_number(buf, size, lately, "packet", true);
	if (gate_has(g, ANYGATE_A_GATE_SHIELD_FIRST))
		text_append(buf, size, ", first %s ago, last %s ago",
			    age_text(now > g->shield_first ? now - g->shield_first : 0, first),
			    age_text(now > g->shield_last ? now - g->shield_last : 0, last));
	if (lately != g->shield_dropped)
		text_append(buf, size, ", %llu in all", (unsigned long long)g->shield_dropped);
	return buf;
}

/**
 * flows_text() - a number of connections
 * @flows: the number
 * @buf: for the result
 *
 * Return: @buf: "12 established TCP connections"
 */
const char *flows_text(uint32_t flows, char buf[FLOWS_TEXT])
{
	if (flows)
		snprintf(buf, FLOWS_TEXT, "%u established TCP connection%s", flows,
			 flows == 1 ? "" : "s");
	else
		snprintf(buf, FLOWS_TEXT, "no established TCP connection");
	return buf;
}

/**
 * show_queue() - print what was found in the queues of a service's listeners
 * @p: printer
 * @s: service
 */
void show_queue(struct printer *p, const struct service *s)
{
	char text[256];

	if (!s->queued)
		return;
	pr_text(p, ", %s", queue_text(s, true, text, sizeof(text)));
	pr_uint(p, "queue", s->queue, NULL);
	pr_uint(p, "limit", s->limit, NULL);
	pr_uint(p, "drops", s->drops, NULL);
	if (s->waiting)
		pr_uint(p, "age_ms", s->age / NSEC_PER_MSEC, NULL);
	pr_uint(p, "stalled", s->stalled, NULL);
	pr_uint(p, "dying", s->dying, NULL);
}

/**
 * show_clients_conf() - print the settings about what clients see
 * @p: printer
 * @g: gate
 */
void show_clients_conf(struct printer *p, const struct gate *g)
{
	char text[DELAY_TEXT];

	if (gate_has(g, ANYGATE_A_GATE_SHIELD))
		pr_uint(p, "shield_ms", g->shield, "shield: %s\n",
			g->shield ? delay_text(g->shield, text) : "off");
	if (gate_has(g, ANYGATE_A_GATE_STALL))
		pr_uint(p, "stall_ms", g->stall, "stall: %s\n",
			g->stall ? delay_text(g->stall, text) : "off");
	if (gate_has(g, ANYGATE_A_GATE_STALL_MEMBERS))
		pr_str(p, "stall_members", name_of(&members_names, g->stall_members),
		       "stall-members: %s\n", name_of(&members_names, g->stall_members));
	if (gate_has(g, ANYGATE_A_GATE_FATAL))
		pr_bool(p, "fatal", g->fatal, "fatal: %s\n", name_of(&switch_names, g->fatal));
}

static uint64_t ago_ms(uint64_t at, uint64_t now)
{
	return now > at ? (now - at) / NSEC_PER_MSEC : 0;
}

static void show_shield(struct printer *p, const struct gate *g, bool text, uint64_t now)
{
	const bool up = gate_has(g, ANYGATE_A_GATE_SHIELD_UNTIL) && g->shield_until > now;
	char buf[WHY_TEXT];

	if (up)
		pr_uint(p, "shield_left_ms",
			(g->shield_until - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC,
			text ? "shielding: for another %s\n" : NULL,
			left_text(g->shield_until, now, buf));
	else if (text)
		pr_text(p, "shielding: no\n");
	pr_uint(p, "shield_dropped", g->shield_dropped, text ? "shield dropped: %s\n" : NULL,
		dropped_text(g, now, buf, sizeof(buf)));
	if (gate_has(g, ANYGATE_A_GATE_SHIELD_LATELY))
		pr_uint(p, "shield_lately", g->shield_lately, NULL);
	if (!gate_has(g, ANYGATE_A_GATE_SHIELD_FIRST))
		return;
	pr_uint(p, "shield_first_ago_ms", ago_ms(g->shield_first, now), NULL);
	pr_uint(p, "shield_last_ago_ms", ago_ms(g->shield_last, now), NULL);
}

/**
 * show_clients() - print what the shield has done, and the connections left
 * @p: printer
 * @g: gate or event
 * @text: in text as well, not in JSON only
 * @now: CLOCK_BOOTTIME, in nanoseconds
 */
void show_clients(struct printer *p, const struct gate *g, bool text,
		  uint64_t now)
{
	if (gate_has(g, ANYGATE_A_GATE_SHIELD_DROPPED))
		show_shield(p, g, text, now);
	if (gate_has(g, ANYGATE_A_GATE_FLOWS))
		pr_uint(p, "flows", g->flows,
			text ? "established TCP connections: %u\n" : NULL, g->flows);
}
