// SPDX-License-Identifier: GPL-2.0
/* A gate as a row of the table, and in all its details. */

#include <stdio.h>
#include <string.h>

#include "format.h"
#include "names.h"
#include "rttable.h"
#include "show.h"

/**
 * show_header() - the first row of the table
 * @t: table
 * @named: with the names of groups
 */
void show_header(struct table *t, bool named)
{
	static const char *const title[] = {
		"PREFIX", "NAME", "STATE", "ANNOUNCED", "SERVICES", "SINCE", "WHY",
	};
	size_t i;

	t->columns = ARRAY_SIZE(title) - !named;
	t->wrap[t->columns - 3] = true;	/* services */
	t->wrap[t->columns - 1] = true;	/* why */
	for (i = 0; i < ARRAY_SIZE(title); i++)
		if (i != 1 || named)
			table_cell(t, "%s", title[i]);
}

/**
 * show_row() - a gate as a row of the table
 * @t: table
 * @g: gate
 * @named: with the name of its group
 * @now: CLOCK_BOOTTIME, in nanoseconds
 */
void show_row(struct table *t, const struct gate *g, bool named,
	      uint64_t now)
{
	char services[ANYGATE_SERVICES_MAX * (SERVICE_TEXT + 16)] = "";
	char prefix[PREFIX_TEXT], service[SERVICE_TEXT];
	char text[WHY_TEXT], age[AGE_TEXT];
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < g->n_services; i++)
		used += snprintf(services + used, sizeof(services) - used, "%s%s(%u)",
				 i ? " " : "",
				 service_text(&g->services[i], &g->prefix, service),
				 g->services[i].listeners);

	table_cell(t, "%s", prefix_text(&g->prefix, prefix));
	if (named)
		table_cell(t, "%s", *g->name ? g->name : "-");
	table_cell(t, "%s", name_of(&state_names, g->state));
	table_colour(t, colour_of_state(g->state));
	table_cell(t, "%s", announced_text(g, text, sizeof(text)));
	table_colour(t, colour_of_difference(g));
	table_cell(t, "%s", *services ? services : "-");
	table_cell(t, "%s", age_text(now > g->since ? now - g->since : 0, age));
	table_cell(t, "%s", why_text(g, now, text, sizeof(text)));
	table_colour(t, colour_of_why(g));
}

/**
 * show_matches() - whether a text is in what is shown of a gate
 * @g: gate
 * @find: text
 * @now: CLOCK_BOOTTIME, in nanoseconds
 *
 * Return: true if it is in its prefix, name, state, services or reason
 */
bool show_matches(const struct gate *g, const char *find, uint64_t now)
{
	char text[WHY_TEXT], service[SERVICE_TEXT];
	unsigned int i;

	if (strstr(prefix_text(&g->prefix, text), find) || strstr(g->name, find) ||
	    strstr(name_of(&state_names, g->state), find) ||
	    strstr(why_text(g, now, text, sizeof(text)), find))
		return true;
	for (i = 0; i < g->n_services; i++)
		if (strstr(service_text(&g->services[i], &g->prefix, service), find))
			return true;
	return false;
}

static void show_services(struct printer *p, const struct gate *g)
{
	char text[SERVICE_TEXT], addr[INET6_ADDRSTRLEN];
	const struct service *s;
	unsigned int i;

	pr_array(p, "services");
	for (i = 0; i < g->n_services; i++) {
		s = &g->services[i];
		pr_object(p, NULL);
		pr_str(p, "service", service_text(s, &g->prefix, text), "service: %s", text);
		pr_str(p, "address", ip_text(&s->addr, addr), NULL);
		pr_str(p, "protocol", protocol_text(s->protocol), NULL);
		pr_uint(p, "port", s->port, NULL);
		pr_uint(p, "listeners", s->listeners, ", %u listener%s", s->listeners,
			s->listeners == 1 ? "" : "s");
		show_queue(p, s);
		pr_text(p, "\n");
		pr_object_end(p);
	}
	pr_array_end(p);
}

static void show_conf(struct printer *p, const struct gate *g)
{
	const char *listen_dev = name_of(&listen_policy_names, g->listen_policy);
	char text[64];

	if (gate_has(g, ANYGATE_A_GATE_ACTION))
		pr_str(p, "action", name_of(&action_names, g->action), "action: %s\n",
		       name_of(&action_names, g->action));
	if (gate_has(g, ANYGATE_A_GATE_DEV))
		pr_str(p, "dev", g->dev, "dev: %s\n", g->dev);
	if (gate_has(g, ANYGATE_A_GATE_TABLE))
		pr_uint(p, "table", g->table, "table: %s\n",
			rttable_name(g->table, text, sizeof(text)));
	if (gate_has(g, ANYGATE_A_GATE_METRIC))
		pr_uint(p, "metric", g->metric, "metric: %u\n", g->metric);
	if (gate_has(g, ANYGATE_A_GATE_HOLD))
		pr_bool(p, "hold", g->hold, "hold: %s\n", name_of(&switch_names, g->hold));
	if (gate_has(g, ANYGATE_A_GATE_UP))
		pr_uint(p, "up_ms", g->up, "up: %s\n", delay_text(g->up, text));
	if (gate_has(g, ANYGATE_A_GATE_DOWN))
		pr_uint(p, "down_ms", g->down, "down: %s\n", delay_text(g->down, text));
	if (g->listen_policy == ANYGATE_LISTEN_POLICY_DEV &&
	    gate_has(g, ANYGATE_A_GATE_LISTEN_DEV))
		listen_dev = g->listen_dev;
	if (gate_has(g, ANYGATE_A_GATE_LISTEN_POLICY))
		pr_str(p, "listen_dev", listen_dev, "listen-dev: %s\n", listen_dev);
	show_services(p, g);
	show_decision(p, g);
	show_clients_conf(p, g);
}

/**
 * show_difference() - what keeps the tables from being as the gate wants them
 * @p: printer; nothing in text, whose sentence is difference_text()
 * @g: gate or event
 * @now: CLOCK_BOOTTIME, in nanoseconds
 */
void show_difference(struct printer *p, const struct gate *g, uint64_t now)
{
	if (gate_has(g, ANYGATE_A_GATE_DIFFERENCE))
		pr_str(p, "difference", name_of(&difference_names, g->difference), NULL);
	if (gate_has(g, ANYGATE_A_GATE_ERROR)) {
		pr_uint(p, "error", g->error, NULL);
		pr_str(p, "error_name", errno_name(g->error), NULL);
	}
	if (gate_has(g, ANYGATE_A_GATE_ERROR_MSG))
		pr_str(p, "error_msg", g->error_msg, NULL);
	if (gate_has(g, ANYGATE_A_GATE_RETRIES))
		pr_uint(p, "retries", g->retries, NULL);
	if (gate_has(g, ANYGATE_A_GATE_RETRY_AT))
		pr_uint(p, "retry_in_ms",
			g->retry_at > now ? (g->retry_at - now) / NSEC_PER_MSEC : 0, NULL);
}

static void show_state(struct printer *p, const struct gate *g, uint64_t now)
{
	const uint64_t age = now > g->since ? now - g->since : 0;
	const uint64_t left = g->deadline > now ? g->deadline - now : 0;
	const bool observing = g->difference == ANYGATE_DIFFERENCE_OBSERVING;
	const enum colour state = colour_of_state(g->state), alarm = colour_of_difference(g);
	char text[WHY_TEXT], age_buf[AGE_TEXT];

	pr_str(p, "state", name_of(&state_names, g->state), "state: %s%s%s\n",
	       colour_on(state), name_of(&state_names, g->state), colour_off(state));
	pr_str(p, "reason", name_of(&reason_names, g->reason), "reason: %s\n",
	       name_of(&reason_names, g->reason));
	if (gate_has(g, ANYGATE_A_GATE_SINCE))
		pr_seconds(p, "since_s", age, 3, "since: %s\n", age_text(age, age_buf));
	if (gate_has(g, ANYGATE_A_GATE_DEADLINE))
		pr_uint(p, "deadline_ms", (left + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC,
			gate_delayed(g) ? "%s in: %s\n" : NULL, gate_wanted(g) ? "closes" : "opens",
			age_text(left, age_buf));
	if (gate_has(g, ANYGATE_A_GATE_ANNOUNCED))
		pr_bool(p, "announced", g->announced, "announced: %s\n",
			announced_text(g, text, sizeof(text)));
	difference_text(g, now, text, sizeof(text));
	if (*text)
		pr_text(p, "%s%s: %s%s\n", colour_on(alarm), observing ? "note" : "WARNING",
			text, colour_off(alarm));
	show_difference(p, g, now);
	if (g->state == ANYGATE_STATE_KEPT)
		pr_text(p, "%sWARNING: announced without its services: table %s has no other path to it%s\n",
			colour_on(state), rttable_name(g->witness, text, sizeof(text)),
			colour_off(state));
	if (gate_has(g, ANYGATE_A_GATE_CONTESTED))
		pr_uint(p, "contested", g->contested, "contested: %u\n", g->contested);
	if (gate_has(g, ANYGATE_A_GATE_ADOPTED))
		pr_bool(p, "adopted", g->adopted, "adopted: %s\n", g->adopted ? "yes" : "no");
}

static void show_counters(struct printer *p, const struct gate *g)
{
	char text[COMM_TEXT + 16];

	if (gate_has(g, ANYGATE_A_GATE_OPENED))
		pr_uint(p, "opened", g->opened, "opened: %llu\n", (unsigned long long)g->opened);
	if (gate_has(g, ANYGATE_A_GATE_CLOSED))
		pr_uint(p, "closed", g->closed, "closed: %llu\n", (unsigned long long)g->closed);
	if (gate_has(g, ANYGATE_A_GATE_FLAPS))
		pr_uint(p, "flaps", g->flaps, "flaps: %llu\n", (unsigned long long)g->flaps);
	if (!gate_has(g, ANYGATE_A_GATE_CLOSER_COMM))
		return;
	pr_object(p, "closer");
	if (gate_has(g, ANYGATE_A_GATE_CLOSER_PID))
		pr_uint(p, "pid", g->closer_pid, NULL);
	pr_str(p, "comm", g->closer_comm, "closer: %s\n",
	       who_text(g->closer_comm, g->closer_pid, text, sizeof(text)));
	pr_object_end(p);
}

/**
 * show_gate() - print all that is known of a gate
 * @p: printer
 * @g: gate
 * @probes: health of the socket events, or NULL if it is not known
 * @now: CLOCK_BOOTTIME, in nanoseconds
 */
void show_gate(struct printer *p, const struct gate *g, const char *probes,
	       uint64_t now)
{
	char prefix[PREFIX_TEXT];

	pr_object(p, NULL);
	pr_str(p, "prefix", prefix_text(&g->prefix, prefix), "prefix: %s\n", prefix);
	if (*g->name)
		pr_str(p, "name", g->name, "name: %s\n", g->name);
	pr_uint(p, "id", g->id, "id: %u\n", g->id);
	pr_str(p, "family", g->prefix.addr.family == AF_INET ? "ipv4" : "ipv6", NULL);
	show_conf(p, g);
	show_state(p, g, now);
	show_orders(p, g, true, now);
	show_clients(p, g, true, now);
	show_counters(p, g);
	if (probes)
		pr_str(p, "probes", probes, "probes: %s\n", probes);
	pr_object_end(p);
}
