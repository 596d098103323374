// SPDX-License-Identifier: GPL-2.0
/* One line per event. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "colour.h"
#include "event.h"
#include "format.h"
#include "names.h"
#include "show.h"

/**
 * event_time() - print when it happened
 * @p: printer
 * @ns: CLOCK_REALTIME, in nanoseconds
 * @timestamp: for people, too
 */
void event_time(struct printer *p, uint64_t ns, bool timestamp)
{
	time_t seconds = ns / NSEC_PER_SEC;
	char text[64], date[32] = "?";
	struct tm tm;

	pr_seconds(p, "time", ns, 9, NULL);
	if (!timestamp)
		return;
	if (localtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%06llu", date,
		 (unsigned long long)(ns % NSEC_PER_SEC / NSEC_PER_USEC));
	pr_str(p, "timestamp", text, "%s ", text);
}

/* "open -> closed no-listener", or for other kinds the kind and the state. */
static void print_state(struct printer *p, const struct gate *ev)
{
	const char *kind = name_of(&event_kind_names, ev->kind);
	const char *state = name_of(&state_names, ev->state);
	const char *reason = name_of(&reason_names, ev->reason);
	const enum colour colour = colour_of_state(ev->state);
	const bool transition = ev->kind == ANYGATE_EVENT_KIND_TRANSITION;
	const bool said = ev->kind == ANYGATE_EVENT_KIND_DELETED ||
			  ev->kind == ANYGATE_EVENT_KIND_ERROR ||
			  ev->kind == ANYGATE_EVENT_KIND_CONTESTED ||
			  ev->kind == ANYGATE_EVENT_KIND_FOREIGN ||
			  ev->kind == ANYGATE_EVENT_KIND_ORDER ||
			  ev->kind == ANYGATE_EVENT_KIND_SHIELD ||
			  ev->kind == ANYGATE_EVENT_KIND_FLOWS ||
			  ev->kind == ANYGATE_EVENT_KIND_LEASE;

	pr_str(p, "kind", kind, NULL);
	if (!transition)
		pr_text(p, " %s", kind);
	if (gate_has(ev, ANYGATE_A_GATE_OLD_STATE))
		pr_str(p, "old_state", name_of(&state_names, ev->old_state),
		       transition ? " %s ->" : NULL, name_of(&state_names, ev->old_state));
	if (gate_has(ev, ANYGATE_A_GATE_STATE))
		pr_str(p, "state", state, said ? NULL : " %s%s%s", colour_on(colour), state,
		       colour_off(colour));
	/* "added closed added" and "open -> drained drained" would say it twice. */
	if (gate_has(ev, ANYGATE_A_GATE_REASON))
		pr_str(p, "reason", reason,
		       said || !strcmp(kind, reason) || !strcmp(state, reason) ? NULL : " %s",
		       reason);
}

/* What an operator or a check has said, for the kinds that are about that. */
static void print_orders(struct printer *p, const struct gate *ev, uint64_t now)
{
	char text[WHY_TEXT];
	unsigned int i;

	if (ev->kind == ANYGATE_EVENT_KIND_ORDER) {
		pr_text(p, " %s", order_text(ev, now, text, sizeof(text)));
		if (ev->observe)
			pr_text(p, ", %s", observe_text(ev, now, text, sizeof(text)));
	} else if (ev->kind == ANYGATE_EVENT_KIND_LEASE) {
		for (i = 0; i < ev->n_leases; i++)
			pr_text(p, "%s %s %s", i ? "," : "", ev->leases[i].name,
				lease_text(ev, &ev->leases[i], now));
	}
	show_orders(p, ev, false, now);
}

static void print_clients(struct printer *p, const struct gate *ev, uint64_t now)
{
	char text[WHY_TEXT], flows[FLOWS_TEXT];

	if (ev->kind == ANYGATE_EVENT_KIND_SHIELD)
		pr_text(p, " dropped %s", dropped_text(ev, now, text, sizeof(text)));
	else if (ev->kind == ANYGATE_EVENT_KIND_FLOWS)
		pr_text(p, " %s left", flows_text(ev->flows, flows));
	show_clients(p, ev, false, now);
}

static void print_cause(struct printer *p, const struct gate *ev)
{
	char text[COMM_TEXT + SERVICE_TEXT];

	if (gate_has(ev, ANYGATE_A_GATE_SOURCE))
		pr_str(p, "source", name_of(&source_names, ev->source),
		       ev->source == ANYGATE_SOURCE_PROBE ? NULL : " (%s)",
		       name_of(&source_names, ev->source));
	if (gate_has(ev, ANYGATE_A_GATE_TRIGGER)) {
		service_text(&ev->trigger, &ev->prefix, text);
		pr_str(p, "service", text, " %s", text);
	}
	if (gate_has(ev, ANYGATE_A_GATE_PID))
		pr_uint(p, "pid", ev->pid, NULL);
	if (gate_has(ev, ANYGATE_A_GATE_COMM))
		pr_str(p, "comm", ev->comm, " by %s",
		       who_text(ev->comm, ev->pid, text, sizeof(text)));
}

static void print_steps(struct printer *p, const struct gate *ev)
{
	const struct {
		unsigned int attr;
		const char *key;
		const char *word;
		uint64_t ns;
	} steps[] = {
		{ ANYGATE_A_GATE_WAIT_NS, "wait_ns", "wait", ev->wait_ns },
		{ ANYGATE_A_GATE_PROBE_NS, "probe_ns", "probe", ev->probe_ns },
		{ ANYGATE_A_GATE_ACT_NS, "act_ns", "act", ev->act_ns },
		{ ANYGATE_A_GATE_TOTAL_NS, "total_ns", "total", ev->total_ns },
	};
	char text[AGE_TEXT];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		if (gate_has(ev, steps[i].attr))
			pr_uint(p, steps[i].key, steps[i].ns, " %s %s", steps[i].word,
				step_text(steps[i].ns, text));
}

/* Where it is announced now, for the kinds that are about that. */
static void print_announced(struct printer *p, const struct gate *ev,
			    uint64_t now)
{
	const bool about = ev->kind == ANYGATE_EVENT_KIND_ANNOUNCED;
	char text[WHY_TEXT];

	if (gate_has(ev, ANYGATE_A_GATE_ANNOUNCED))
		pr_bool(p, "announced", ev->announced, about ? " %s" : NULL,
			announced_text(ev, text, sizeof(text)));
	if (gate_has(ev, ANYGATE_A_GATE_CONTESTED))
		pr_uint(p, "contested", ev->contested,
			ev->kind == ANYGATE_EVENT_KIND_CONTESTED ? " %u time%s" : NULL,
			ev->contested, ev->contested == 1 ? "" : "s");
	if (gate_has(ev, ANYGATE_A_GATE_ADOPTED))
		pr_bool(p, "adopted", ev->adopted, NULL);
	if (ev->kind == ANYGATE_EVENT_KIND_ERROR)
		pr_text(p, " %s", error_text(ev, now, text, sizeof(text)));
}

/* At the end, so that the line begins as it does when all is well. */
static void print_difference(struct printer *p, const struct gate *ev,
			     uint64_t now)
{
	const enum colour alarm = colour_of_difference(ev);
	char text[WHY_TEXT];

	show_difference(p, ev, now);
	if (ev->kind == ANYGATE_EVENT_KIND_DELETED ||
	    ev->kind == ANYGATE_EVENT_KIND_ERROR)
		return;
	if (*difference_text(ev, now, text, sizeof(text)))
		pr_text(p, " %s[%s]%s", colour_on(alarm), text, colour_off(alarm));
}

static void print_probes(struct printer *p, const struct gate *ev)
{
	if (!gate_has(ev, ANYGATE_A_GATE_PROBES))
		return;
	pr_str(p, "probes", name_of(&probes_names, ev->probes), "%s",
	       ev->probes == ANYGATE_PROBES_DEGRADED ?
	       ": socket events no longer arrive; the gates rely on the reconcile" :
	       ev->probes == ANYGATE_PROBES_LIVE ? ": socket events arrive again" : "");
}

/**
 * event_print() - print an event
 * @p: printer
 * @ev: event
 * @timestamp: put its time in front
 * @now: CLOCK_BOOTTIME, in nanoseconds
 */
void event_print(struct printer *p, const struct gate *ev, bool timestamp,
		 uint64_t now)
{
	char prefix[PREFIX_TEXT];

	pr_object(p, NULL);
	if (gate_has(ev, ANYGATE_A_GATE_SEQ))
		pr_uint(p, "seq", ev->seq, NULL);
	if (gate_has(ev, ANYGATE_A_GATE_TIME))
		event_time(p, ev->time, timestamp);
	if (gate_has(ev, ANYGATE_A_GATE_PREFIX))
		pr_str(p, "prefix", prefix_text(&ev->prefix, prefix), "%s", prefix);
	else
		pr_text(p, "anygate");
	if (gate_has(ev, ANYGATE_A_GATE_ID))
		pr_uint(p, "id", ev->id, NULL);
	if (*ev->name)
		pr_str(p, "name", ev->name, NULL);
	print_state(p, ev);
	print_orders(p, ev, now);
	print_clients(p, ev, now);
	print_announced(p, ev, now);
	print_cause(p, ev);
	print_steps(p, ev);
	print_difference(p, ev, now);
	print_probes(p, ev);
	pr_text(p, "\n");
	pr_object_end(p);
}

/**
 * event_difference() - print what lost events would have told, as one of ours
 * @p: printer
 * @was: what was told of the gate, or NULL
 * @is: what it is, or NULL if it is gone
 * @timestamp: put the present time in front
 */
void event_difference(struct printer *p, const struct known_gate *was,
		      const struct gate *is, bool timestamp)
{
	char prefix[PREFIX_TEXT];

	pr_object(p, NULL);
	event_time(p, clock_ns(CLOCK_REALTIME), timestamp);
	prefix_text(is ? &is->prefix : &was->prefix, prefix);
	pr_text(p, "%s", prefix);
	pr_str(p, "kind", is ? "resync" : "deleted", " %s", is ? "resync" : "deleted");
	pr_str(p, "prefix", prefix, NULL);
	pr_uint(p, "id", is ? is->id : was->id, NULL);
	if (was)
		pr_str(p, "old_state", name_of(&state_names, was->state), is ? " %s ->" : NULL,
		       name_of(&state_names, was->state));
	if (is) {
		const enum colour colour = colour_of_state(is->state);
		const char *state = name_of(&state_names, is->state);

		if (*is->name)
			pr_str(p, "name", is->name, NULL);
		pr_str(p, "state", state, " %s%s%s", colour_on(colour), state,
		       colour_off(colour));
		pr_str(p, "reason", name_of(&reason_names, is->reason), " %s",
		       name_of(&reason_names, is->reason));
		pr_bool(p, "announced", is->announced, "%s",
			is->announced ? ", announced" : ", not announced");
	}
	pr_text(p, "\n");
	pr_object_end(p);
}
