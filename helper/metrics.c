// SPDX-License-Identifier: GPL-2.0
/*
 * Metrics as text, in two formats that differ in one thing. In OpenMetrics the
 * help and the type of a counter go by the family's name, without the "_total"
 * of its samples. The older format of Prometheus knows no families: there a
 * counter without help and type under its full name has none. node_exporter's
 * textfile collector and "promtool check metrics" read the older one only;
 * Prometheus itself takes it for either, and "# EOF" is a comment in it. So that
 * is what is printed, unless OpenMetrics to the letter is asked for.
 */

#include <stdarg.h>
#include <string.h>

#include "format.h"
#include "metrics.h"
#include "names.h"

/**
 * struct family - metrics of one name
 * @name: the name
 * @type: gauge, counter or histogram
 * @help: what it says
 * @of_module: prints the sample of the module
 * @of_gate: prints the samples of a gate
 * @of_service: prints the sample of a service of a gate
 * @of_stats: prints the samples of a gate's counters
 */
struct family {
	const char *name;
	const char *type;
	const char *help;
	void (*of_module)(const struct family *f);
	void (*of_gate)(const struct family *f, const struct gate *g);
	void (*of_service)(const struct family *f, const struct gate *g,
			   const struct service *s);
	void (*of_stats)(const struct family *f, const struct stats *st);
};

/* What is being printed, and where to. */
static const struct metrics *m;
static FILE *out;
static bool labelled;

static void label(const char *key, const char *value)
{
	fprintf(out, "%c%s=\"", labelled ? ',' : '{', key);
	labelled = true;
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', out);
		if (*value == '\n')
			fputs("\\n", out);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

static void begin(const char *name, const char *suffix)
{
	fprintf(out, "%s%s", name, suffix);
	labelled = false;
	if (m->netns)
		label("netns", m->netns);
}

static void begin_gate(const char *name, const char *suffix, const struct prefix *p,
		       const char *group)
{
	char prefix[PREFIX_TEXT];

	begin(name, suffix);
	label("prefix", prefix_text(p, prefix));
	label("name", group);
}

static void end(uint64_t value)
{
	fprintf(out, "%s %llu\n", labelled ? "}" : "", (unsigned long long)value);
}

static void end_seconds(uint64_t ns)
{
	fprintf(out, "%s %llu.%09llu\n", labelled ? "}" : "",
		(unsigned long long)(ns / NSEC_PER_SEC), (unsigned long long)(ns % NSEC_PER_SEC));
}

/* --- the module ------------------------------------------------------------- */

static void module_info(const struct family *f)
{
	begin(f->name, "");
	label("version", m->status->version);
	end(1);
}

#define OF_MODULE(field)						\
	static void module_##field(const struct family *f)		\
	{								\
		begin(f->name, "");					\
		end(m->status->field);					\
	}

OF_MODULE(gates)
OF_MODULE(max_gates)
OF_MODULE(events)
OF_MODULE(missed)
OF_MODULE(overflows)
OF_MODULE(passes)
OF_MODULE(healed)

static void module_reconcile(const struct family *f)
{
	begin(f->name, "");
	end_seconds(m->status->reconcile * NSEC_PER_MSEC);
}

static void module_probes(const struct family *f)
{
	size_t i;

	for (i = 0; i < probes_names.n; i++) {
		begin(f->name, "");
		label("state", probes_names.name[i]);
		end(m->status->probes == i);
	}
}

static void probe_armed(const struct family *f)
{
	unsigned int i;

	for (i = 0; i < m->status->n_probe; i++) {
		begin(f->name, "");
		label("symbol", m->status->probe[i].symbol);
		end(m->status->probe[i].armed);
	}
}

static void probe_missed(const struct family *f)
{
	unsigned int i;

	for (i = 0; i < m->status->n_probe; i++) {
		begin(f->name, "");
		label("symbol", m->status->probe[i].symbol);
		end(m->status->probe[i].missed);
	}
}

/* --- gates ------------------------------------------------------------------ */

static void gate_state(const struct family *f, const struct gate *g)
{
	size_t i;

	for (i = 0; i < state_names.n; i++) {
		begin_gate(f->name, "", &g->prefix, g->name);
		label("state", state_names.name[i]);
		end(g->state == i);
	}
}

static void gate_announced(const struct family *f, const struct gate *g)
{
	begin_gate(f->name, "", &g->prefix, g->name);
	end(!!g->announced);
}

static void gate_difference(const struct family *f, const struct gate *g)
{
	begin_gate(f->name, "", &g->prefix, g->name);
	end(gate_differs(g));
}

static void gate_observing(const struct family *f, const struct gate *g)
{
	begin_gate(f->name, "", &g->prefix, g->name);
	end(!!g->observe);
}

static void gate_contested(const struct family *f, const struct gate *g)
{
	begin_gate(f->name, "", &g->prefix, g->name);
	end(g->contested);
}

static void gate_penalty(const struct family *f, const struct gate *g)
{
	if (!gate_has(g, ANYGATE_A_GATE_FIGURE))
		return;
	begin_gate(f->name, "", &g->prefix, g->name);
	end(g->figure);
}

static void gate_flows(const struct family *f, const struct gate *g)
{
	if (!gate_has(g, ANYGATE_A_GATE_FLOWS))
		return;
	begin_gate(f->name, "", &g->prefix, g->name);
	end(g->flows);
}

static void shield_up(const struct family *f, const struct gate *g)
{
	if (!gate_has(g, ANYGATE_A_GATE_SHIELD_DROPPED))
		return;
	begin_gate(f->name, "", &g->prefix, g->name);
	end(gate_has(g, ANYGATE_A_GATE_SHIELD_UNTIL) && g->shield_until > m->now);
}

static void shield_dropped(const struct family *f, const struct gate *g)
{
	if (!gate_has(g, ANYGATE_A_GATE_SHIELD_DROPPED))
		return;
	begin_gate(f->name, "", &g->prefix, g->name);
	end(g->shield_dropped);
}

static void lease_up(const struct family *f, const struct gate *g)
{
	unsigned int i;

	for (i = 0; i < g->n_leases; i++) {
		begin_gate(f->name, "", &g->prefix, g->name);
		label("lease", g->leases[i].name);
		end(!strcmp(lease_text(g, &g->leases[i], m->now), "up"));
	}
}

static void lease_left(const struct family *f, const struct gate *g)
{
	const struct lease *l;
	unsigned int i;

	for (i = 0; i < g->n_leases; i++) {
		l = &g->leases[i];
		begin_gate(f->name, "", &g->prefix, g->name);
		label("lease", l->name);
		end_seconds(l->verdict && l->expires > m->now ? l->expires - m->now : 0);
	}
}

/* --- services --------------------------------------------------------------- */

static void begin_service(const struct family *f, const struct gate *g,
			  const struct service *s)
{
	char service[SERVICE_TEXT];

	begin_gate(f->name, "", &g->prefix, g->name);
	label("service", service_text(s, &g->prefix, service));
}

#define OF_SERVICE(field)						\
	static void service_##field(const struct family *f, const struct gate *g, \
				    const struct service *s)		\
	{								\
		begin_service(f, g, s);					\
		end(s->field);						\
	}

OF_SERVICE(listeners)
OF_SERVICE(drops)
OF_SERVICE(stalled)
OF_SERVICE(dying)

static void service_fill(const struct family *f, const struct gate *g,
			 const struct service *s)
{
	const uint64_t millionths = s->limit ? 1000000ULL * s->queue / s->limit : 0;

	begin_service(f, g, s);
	fprintf(out, "} %llu.%06llu\n", (unsigned long long)(millionths / 1000000),
		(unsigned long long)(millionths % 1000000));
}

static void service_age(const struct family *f, const struct gate *g,
			const struct service *s)
{
	begin_service(f, g, s);
	end_seconds(s->waiting ? s->age : 0);
}

/* --- counters --------------------------------------------------------------- */

static uint64_t transitions_for(const struct stats *st, uint32_t reason)
{
	unsigned int i;

	for (i = 0; i < st->n_transitions; i++)
		if (st->transitions[i].reason == reason)
			return st->transitions[i].count;
	return 0;
}

/* Also those that have not been yet: what comes from nowhere has no rate. */
static void transitions(const struct family *f, const struct stats *st)
{
	size_t i;

	for (i = 0; i < reason_names.n; i++) {
		begin_gate(f->name, "", &st->prefix, st->name);
		label("reason", reason_names.name[i]);
		end(transitions_for(st, i));
	}
}

static void errors(const struct family *f, const struct stats *st)
{
	begin_gate(f->name, "", &st->prefix, st->name);
	end(st->errors);
}

/* The limit of a step, as a float is written: 1e-05, 0.0002, 1.0 */
static void label_le(uint64_t below)
{
	char text[32];

	snprintf(text, sizeof(text), "%g", (double)below / NSEC_PER_SEC);
	if (!strpbrk(text, ".e"))
		text_append(text, sizeof(text), ".0");
	label("le", text);
}

static void latency(const struct family *f, const struct stats *st)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < st->n_steps && st->steps[i].below != UINT64_MAX; i++) {
		sum += st->steps[i].count;
		begin_gate(f->name, "_bucket", &st->prefix, st->name);
		label_le(st->steps[i].below);
		end(sum);
	}
	begin_gate(f->name, "_bucket", &st->prefix, st->name);
	label("le", "+Inf");
	end(stats_actions(st));
	begin_gate(f->name, "_sum", &st->prefix, st->name);
	end_seconds(st->latency_sum);
	begin_gate(f->name, "_count", &st->prefix, st->name);
	end(stats_actions(st));
}

/* --- all of it -------------------------------------------------------------- */

static const struct family families[] = {
	{ "anygate_module_info", "gauge", "Version of the module.",
	  .of_module = module_info },
	{ "anygate_gates", "gauge", "Gates of the network namespace.",
	  .of_module = module_gates },
	{ "anygate_gates_max", "gauge", "Most gates that the network namespace can have.",
	  .of_module = module_max_gates },
	{ "anygate_probes_state", "gauge", "Health of the socket events: 1 for the one that it is.",
	  .of_module = module_probes },
	{ "anygate_probe_armed", "gauge", "Whether a kernel function is probed.",
	  .of_module = probe_armed },
	{ "anygate_probe_missed_total", "counter", "Events that a probe missed.",
	  .of_module = probe_missed },
	{ "anygate_missed_events_total", "counter",
	  "Events that the probes missed, in all network namespaces.",
	  .of_module = module_missed },
	{ "anygate_socket_events_total", "counter", "Socket events that reached the engine.",
	  .of_module = module_events },
	{ "anygate_event_overflows_total", "counter",
	  "Times that events came faster than the engine took them.",
	  .of_module = module_overflows },
	{ "anygate_engine_passes_total", "counter", "Passes of the engine.",
	  .of_module = module_passes },
	{ "anygate_healed_total", "counter", "Changes that only the reconcile noticed.",
	  .of_module = module_healed },
	{ "anygate_reconcile_period_seconds", "gauge", "Time between two reconciles; 0 for none.",
	  .of_module = module_reconcile },
	{ "anygate_gate_state", "gauge", "What the gate has decided: 1 for the state it is in.",
	  .of_gate = gate_state },
	{ "anygate_gate_announced", "gauge", "Whether the kernel's tables hold the prefix.",
	  .of_gate = gate_announced },
	{ "anygate_gate_differs", "gauge",
	  "Whether the kernel's tables are not as the state asks for.",
	  .of_gate = gate_difference },
	{ "anygate_gate_observing", "gauge", "Whether the gate only observes.",
	  .of_gate = gate_observing },
	{ "anygate_gate_contested_total", "counter",
	  "Times that another program undid what the gate did.",
	  .of_gate = gate_contested },
	{ "anygate_gate_damping_penalty", "gauge", "Figure of merit, with damping.",
	  .of_gate = gate_penalty },
	{ "anygate_gate_flows", "gauge", "Established TCP connections with the service addresses.",
	  .of_gate = gate_flows },
	{ "anygate_shield_up", "gauge", "Whether new clients' packets are dropped just now.",
	  .of_gate = shield_up },
	{ "anygate_shield_dropped_packets_total", "counter", "New clients' packets dropped.",
	  .of_gate = shield_dropped },
	{ "anygate_lease_up", "gauge", "Whether a lease says up and has not run out.",
	  .of_gate = lease_up },
	{ "anygate_lease_remaining_seconds", "gauge",
	  "Time until a lease runs out; 0 if it has, or was not reported.",
	  .of_gate = lease_left },
	{ "anygate_service_listeners", "gauge", "Listeners found.",
	  .of_service = service_listeners },
	{ "anygate_service_queue_fill_ratio", "gauge",
	  "What waits in the listeners' queues, of what fits.",
	  .of_service = service_fill },
	{ "anygate_service_queue_age_seconds", "gauge",
	  "How long the oldest in the listeners' queues has waited; 0 if none waits.",
	  .of_service = service_age },
	{ "anygate_service_drops", "gauge",
	  "Packets dropped by the sockets that listen now; less when one of them goes.",
	  .of_service = service_drops },
	{ "anygate_service_stalled_listeners", "gauge", "Listeners whose queue stands still.",
	  .of_service = service_stalled },
	{ "anygate_service_dying_sockets", "gauge",
	  "Sockets not counted because their process is ending.",
	  .of_service = service_dying },
	{ "anygate_transitions_total", "counter", "Changes of state, by reason.",
	  .of_stats = transitions },
	{ "anygate_actuation_errors_total", "counter",
	  "Changes of the kernel's tables that failed.",
	  .of_stats = errors },
	{ "anygate_actuation_latency_seconds", "histogram",
	  "Time from a socket event to the changed tables.",
	  .of_stats = latency },
};

static void print_services(const struct family *f, const struct gate *g)
{
	unsigned int i;

	for (i = 0; i < g->n_services; i++)
		if (g->services[i].queued || f->of_service == service_listeners)
			f->of_service(f, g, &g->services[i]);
}

static void print_family(const struct family *f)
{
	int len = strlen(f->name);
	size_t i;

	if (m->strict && !strcmp(f->type, "counter"))
		len -= strlen("_total");
	fprintf(out, "# HELP %.*s %s\n# TYPE %.*s %s\n", len, f->name, f->help, len, f->name,
		f->type);
	if (f->of_module)
		f->of_module(f);
	for (i = 0; f->of_gate && i < m->n_gates; i++)
		f->of_gate(f, &m->gates[i]);
	for (i = 0; f->of_service && i < m->n_gates; i++)
		print_services(f, &m->gates[i]);
	for (i = 0; f->of_stats && i < m->n_stats; i++)
		f->of_stats(f, &m->stats[i]);
}

/**
 * metrics_print() - print metrics
 * @file: where to
 * @metrics: what they are made of
 */
void metrics_print(FILE *file, const struct metrics *metrics)
{
	size_t i;

	out = file;
	m = metrics;
	for (i = 0; i < ARRAY_SIZE(families); i++)
		print_family(&families[i]);
	fprintf(out, "# EOF\n");
}
