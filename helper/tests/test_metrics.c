// SPDX-License-Identifier: GPL-2.0
/* Metrics as text, and what Prometheus's own parsers say of it. */

#include <errno.h>
#include <sys/wait.h>

#include "cmd.h"
#include "harness.h"
#include "metrics.h"

#define NOW	(100 * NSEC_PER_SEC)

/* Gates with all that can be told of them, and one with nothing. */
static char *full(const char *netns, bool strict)
{
	static struct module_status status = {
		.version = "0.1.0",
		.gates = 2,
		.max_gates = 1024,
		.probes = ANYGATE_PROBES_LIVE,
		.reconcile = 1500,
		.events = 1ULL << 40,
		.n_probe = 2,
		.probe = {
			{ .symbol = "tcp_close", .armed = true, .missed = 3 },
			{ .symbol = "udp_destroy_sock", .error = ENOENT },
		},
	};
	struct gate gates[2] = { open_gate(), closed_gate() };
	struct stats stats[2] = { full_stats(), { .prefix = pfx("2001:db8::53") } };
	const struct metrics m = {
		.status = &status,
		.gates = gates,
		.n_gates = 2,
		.stats = stats,
		.n_stats = 2,
		.netns = netns,
		.now = NOW,
		.strict = strict,
	};
	struct gate *g = &gates[0];
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	give(g, "name figure flows shield-dropped shield-until lease");
	strcpy(g->name, "a\\\"b");
	g->figure = 2310;
	g->flows = 3;
	g->shield_dropped = 12;
	g->shield_until = NOW + 1;
	g->n_leases = 2;
	g->leases[0] = (struct lease){ "zone", ANYGATE_VERDICT_UP, NOW + 1500 * NSEC_PER_MSEC };
	g->leases[1] = (struct lease){ "dig", ANYGATE_VERDICT_UP, NOW };
	g->services[0].queued = g->services[0].waiting = true;
	g->services[0].queue = 53248;
	g->services[0].limit = 212992;
	g->services[0].drops = 7;
	g->services[0].age = 3200 * NSEC_PER_MSEC;
	g->services[0].stalled = 1;
	metrics_print(f, &m);
	fclose(f);
	return text;
}

static void samples(void **state)
{
	static const char *const lines[] = {
		"\nanygate_module_info{version=\"0.1.0\"} 1\n",
		"\nanygate_gates 2\n",
		"\nanygate_probes_state{state=\"idle\"} 0\n",
		"\nanygate_probes_state{state=\"live\"} 1\n",
		"\nanygate_probe_armed{symbol=\"tcp_close\"} 1\n",
		"\nanygate_probe_missed_total{symbol=\"tcp_close\"} 3\n",
		"\nanygate_socket_events_total 1099511627776\n",
		"\nanygate_reconcile_period_seconds 1.500000000\n",
		"\nanygate_gate_state{prefix=\"192.0.2.53/32\",name=\"a\\\\\\\"b\",state=\"open\"} 1\n",
		"\nanygate_gate_state{prefix=\"2001:db8::53/128\",name=\"\",state=\"open\"} 0\n",
		"\nanygate_gate_announced{prefix=\"2001:db8::53/128\",name=\"\"} 0\n",
		"\nanygate_gate_damping_penalty{prefix=\"192.0.2.53/32\",name=\"a\\\\\\\"b\"} 2310\n",
		"\nanygate_gate_flows{prefix=\"192.0.2.53/32\",name=\"a\\\\\\\"b\"} 3\n",
		"\nanygate_shield_up{prefix=\"192.0.2.53/32\",name=\"a\\\\\\\"b\"} 1\n",
		"\nanygate_shield_dropped_packets_total{prefix=\"192.0.2.53/32\",name=\"a\\\\\\\"b\"} 12\n",
		"lease=\"zone\"} 1\n",
		"lease=\"dig\"} 0\n",
		"lease=\"zone\"} 1.500000000\n",
		"\nanygate_service_listeners{prefix=\"2001:db8::53/128\",name=\"\",service=\"udp/53\"} 0\n",
		"\nanygate_service_queue_fill_ratio{prefix=\"192.0.2.53/32\",name=\"a\\\\\\\"b\",service=\"udp/53\"} 0.250000\n",
		"service=\"udp/53\"} 3.200000000\n",
		"\n# TYPE anygate_service_drops gauge\n",
		"\nanygate_service_drops{prefix=\"192.0.2.53/32\",name=\"a\\\\\\\"b\",service=\"udp/53\"} 7\n",
		"\nanygate_service_stalled_listeners{prefix=\"192.0.2.53/32\",name=\"a\\\\\\\"b\",service=\"udp/53\"} 1\n",
		"\nanygate_transitions_total{prefix=\"192.0.2.53/32\",name=\"dns\",reason=\"listener\"} 6\n",
		"\nanygate_transitions_total{prefix=\"192.0.2.53/32\",name=\"dns\",reason=\"stalled\"} 0\n",
		"\nanygate_actuation_errors_total{prefix=\"192.0.2.53/32\",name=\"dns\"} 2\n",
		"\nanygate_actuation_latency_seconds_bucket{prefix=\"192.0.2.53/32\",name=\"dns\",le=\"1e-05\"} 0\n"
		"anygate_actuation_latency_seconds_bucket{prefix=\"192.0.2.53/32\",name=\"dns\",le=\"5e-05\"} 3\n"
		"anygate_actuation_latency_seconds_bucket{prefix=\"192.0.2.53/32\",name=\"dns\",le=\"0.0001\"} 9\n"
		"anygate_actuation_latency_seconds_bucket{prefix=\"192.0.2.53/32\",name=\"dns\",le=\"1.0\"} 9\n"
		"anygate_actuation_latency_seconds_bucket{prefix=\"192.0.2.53/32\",name=\"dns\",le=\"+Inf\"} 10\n"
		"anygate_actuation_latency_seconds_sum{prefix=\"192.0.2.53/32\",name=\"dns\"} 0.000700000\n"
		"anygate_actuation_latency_seconds_count{prefix=\"192.0.2.53/32\",name=\"dns\"} 10\n",
	};
	char *text = full(NULL, false);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		assert_contains(text, lines[i]);
	assert_null(strstr(text, "damping_penalty{prefix=\"2001"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	free(text);
}

/* Each name once, with help and type in front of all its samples. */
static void families(void **state)
{
	char *text = full("blue", false), *line, *save = NULL, name[128] = "", other[160], type[16];
	char seen[8192] = " ";
	bool ended = false;

	(void)state;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		assert_false(ended);
		if (!strcmp(line, "# EOF")) {
			ended = true;
		} else if (sscanf(line, "# HELP %127s", name) == 1) {
			snprintf(other, sizeof(other), " %s ", name);
			assert_null(strstr(seen, other));
			strcat(seen, other);
		} else if (sscanf(line, "# TYPE %159s %15s", other, type) == 2) {
			assert_string_equal(other, name);
			assert_int_equal(!strcmp(type, "counter"),
					 strlen(name) > 6 &&
					 !strcmp(name + strlen(name) - 6, "_total"));
		} else {
			assert_int_equal(strncmp(line, name, strlen(name)), 0);
			assert_contains(line, "{netns=\"blue\"");
		}
	}
	assert_true(ended);
	free(text);
}

/* Only the names of counters' families are otherwise. */
static void strict(void **state)
{
	char *text = full(NULL, true);

	(void)state;
	assert_contains(text, "\n# HELP anygate_transitions Changes of state, by reason.\n"
			"# TYPE anygate_transitions counter\n"
			"anygate_transitions_total{");
	assert_contains(text, "\n# TYPE anygate_gates gauge\nanygate_gates 2\n");
	assert_null(strstr(text, "_total counter"));
	free(text);
}

/* Has a program nothing to say about them, and does it end well? */
static void read_by(const char *program, bool is_strict)
{
	char *text = full("blue", is_strict), *said, *complaint;
	int status;
	FILE *p;

	capture_begin();
	p = popen(program, "w");
	fputs(text, p);
	status = pclose(p);
	said = capture_end(&complaint);
	if (status || *said || *complaint)
		fail_msg("status %d: %s%s", WEXITSTATUS(status), said, complaint);
	free(text);
	free(said);
	free(complaint);
}

static void promtool(void **state)
{
	(void)state;
	if (system("command -v promtool >/dev/null"))
		skip();
	read_by("promtool check metrics", false);
}

/* Prometheus's own client library for Python has the strictest of the parsers. */
static void openmetrics(void **state)
{
#define IMPORT "from prometheus_client.openmetrics.parser import text_fd_to_metric_families as parse"
	(void)state;
	if (system("/usr/bin/python3 -c '" IMPORT "' 2>/dev/null"))
		skip();
	read_by("/usr/bin/python3 -c '" IMPORT "\n"
		"import sys\n"
		"names = [f.name for f in parse(sys.stdin)]\n"
		"assert \"anygate_transitions\" in names, names'", true);
}

static void verb(void **state)
{
	struct gate g = open_gate();
	struct stats st = full_stats();

	(void)state;
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	fake_end();
	fake_gate(&g, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	fake_stats(&st, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	assert_int_equal(run(cmd_metrics, ""), ST_OK);
	assert_string_equal(err, "");
	assert_contains(out, "\nanygate_gate_announced{prefix=\"192.0.2.53/32\",name=\"\"} 1\n");
	assert_contains(out, "\nanygate_actuation_errors_total{prefix=\"192.0.2.53/32\",name=\"dns\"} 2\n");
	assert_contains(out, "\n# EOF\n");
}

/* Nothing is better than half of it. */
static void refused(void **state)
{
	struct gate g = open_gate();

	(void)state;
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	fake_end();
	fake_gate(&g, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	fake_error(EOPNOTSUPP, NULL, 0);
	fake_end();
	assert_int_equal(run(cmd_metrics, ""), ST_REFUSED);
	assert_string_equal(out, "");
	assert_contains(err, "metrics: the loaded module does not know this request");

	assert_int_equal(run(cmd_metrics, "all"), ST_USAGE);
	assert_contains(err, "metrics: unknown format \"all\"");
	assert_int_equal(run(cmd_metrics, "openmetrics twice"), ST_USAGE);
	assert_contains(err, "metrics: \"twice\" is too much");
	opt.json = true;
	assert_int_equal(run(cmd_metrics, ""), ST_USAGE);
	assert_contains(out, "there is no JSON of it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples),
		cmocka_unit_test(families),
		cmocka_unit_test(strict),
		cmocka_unit_test(promtool),
		cmocka_unit_test(openmetrics),
		verb_test(verb),
		verb_test(refused),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
