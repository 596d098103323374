// SPDX-License-Identifier: GPL-2.0
/* The verbs that only ask: show, and version. */

#include <errno.h>
#include <json-c/json.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "cmd.h"
#include "harness.h"

static void show_group(void **state)
{
	struct gate a = open_gate(), b = closed_gate(), other = open_gate();

	(void)state;
	strcpy(a.name, "dns");
	strcpy(b.name, "dns");
	strcpy(other.name, "web");
	give(&a, "name");
	give(&b, "name");
	give(&other, "name");
	other.prefix = pfx("192.0.2.80/32");
	fake_gate(&a, NLM_F_MULTI);
	fake_gate(&other, NLM_F_MULTI);
	fake_gate(&b, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	fake_error(EOPNOTSUPP, NULL, 0);
	fake_end();
	fake_done(0, 0);
	fake_end();
	assert_int_equal(run(cmd_show, "dns"), ST_OK);
	assert_contains(out, "prefix: 192.0.2.53/32\nname: dns\n");
	assert_contains(out, "prefix: 2001:db8::53/128\nname: dns\n");
	assert_null(strstr(out, "web"));
	assert_sent(attrs_in(0, ANYGATE_CMD_GATE_GET), "name count-flows");
	assert_int_equal(run(cmd_show, "web"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: web: no gate has this name\n");
}

static void show_all(void **state)
{
	struct gate a = closed_gate(), b = open_gate();

	(void)state;
	fake_gate(&a, NLM_F_MULTI);
	fake_gate(&b, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	fake_status(ANYGATE_PROBES_DEGRADED, 20);
	fake_error(0, NULL, 0);
	assert_int_equal(run(cmd_show, ""), ST_OK);
	assert_int_equal(fake_request(0)->nlmsg_flags & NLM_F_DUMP, NLM_F_DUMP);
	/* the warning, the header, and the gates in order */
	assert_ptr_equal(strstr(out, "warning: socket events are silenced (kernel.ftrace_enabled=0?); reconciling every 20 ms\nPREFIX "), out);
	assert_contains(out, "\n192.0.2.53/32     open    lo         udp/53(1) tcp/53(1)  ");
	assert_true(strstr(out, "192.0.2.53/32") < strstr(out, "2001:db8::53/128"));
}

static void show_json(void **state)
{
	struct gate a = closed_gate(), b = open_gate();
	struct json_object *o;

	(void)state;
	opt.json = true;
	fake_gate(&a, NLM_F_MULTI);
	fake_gate(&b, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	assert_int_equal(run(cmd_show, ""), ST_OK);
	o = json_tokener_parse(out);
	assert_int_equal(json_object_array_length(o), 2);
	assert_string_equal(json_path(o, "0.prefix"), "\"192.0.2.53/32\"");
	assert_string_equal(json_path(o, "1.probes"), "\"live\"");
	json_object_put(o);
}

static void show_none(void **state)
{
	(void)state;
	fake_done(0, 0);
	fake_end();
	fake_status(ANYGATE_PROBES_IDLE, 1000);
	fake_error(0, NULL, 0);
	fake_end();
	assert_int_equal(run(cmd_show, ""), ST_OK);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
	fake_done(0, 0);
	fake_end();
	fake_status(ANYGATE_PROBES_IDLE, 1000);
	fake_error(0, NULL, 0);
	opt.json = true;
	assert_int_equal(run(cmd_show, ""), ST_OK);
	assert_string_equal(out, "[]\n");
}

static void show_one(void **state)
{
	struct gate g = open_gate();
	struct json_object *o;

	(void)state;
	fake_gate(&g, 0);
	fake_error(0, NULL, 0);
	fake_end();
	/* gates are shown even if the module's health is not known */
	fake_error(EOPNOTSUPP, NULL, 0);
	fake_end();
	fake_error(ENOENT, "some words", 0);
	fake_end();
	assert_int_equal(run(cmd_show, "192.0.2.53"), ST_OK);
	assert_contains(out, "prefix: 192.0.2.53/32\n");
	assert_contains(out, "service: tcp/53, 1 listener\n");
	assert_int_equal(fake_request(0)->nlmsg_flags & NLM_F_DUMP, 0);

	assert_int_equal(run(cmd_show, "192.0.2.54"), ST_REFUSED);
	assert_string_equal(err, "anygatectl: 192.0.2.54/32: No such gate\n");

	opt.json = true;
	fake_gate(&g, 0);
	fake_error(0, NULL, 0);
	fake_end();
	fake_error(EOPNOTSUPP, NULL, 0);
	fake_end();
	assert_int_equal(run(cmd_show, "192.0.2.53"), ST_OK);
	o = json_tokener_parse(out);
	assert_int_equal(json_object_array_length(o), 1);
	assert_string_equal(json_path(o, "0.probes"), "absent");
	json_object_put(o);
}

static void show_interrupted(void **state)
{
	struct gate a = closed_gate(), b = open_gate();

	(void)state;
	/* a gate goes away while the first dump runs */
	fake_gate(&a, NLM_F_MULTI);
	fake_gate(&b, NLM_F_MULTI | NLM_F_DUMP_INTR);
	fake_done(0, NLM_F_DUMP_INTR);
	fake_end();
	fake_gate(&b, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	assert_int_equal(run(cmd_show, ""), ST_OK);
	assert_contains(out, "192.0.2.53/32");
	assert_null(strstr(out, "2001:db8"));
	assert_string_equal(err, "");
}

static void show_always_interrupted(void **state)
{
	struct gate g = open_gate();
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		fake_gate(&g, NLM_F_MULTI | NLM_F_DUMP_INTR);
		fake_done(0, 0);
		fake_end();
	}
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	assert_int_equal(run(cmd_show, ""), ST_OK);
	assert_contains(out, "192.0.2.53/32");
	assert_contains(err, "the gates change while they are read");
}

/* A program would take what is missing for gone. */
static void json_always_interrupted(void **state)
{
	struct gate g = open_gate();
	struct json_object *o;
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		fake_gate(&g, NLM_F_MULTI | NLM_F_DUMP_INTR);
		fake_done(0, 0);
		fake_end();
	}
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	fake_end();
	opt.json = true;
	assert_int_equal(run(cmd_show, ""), ST_REFUSED);
	o = json_tokener_parse(out);
	assert_contains(json_path(o, "error"), "the gates change while they are read");
	assert_string_equal(json_path(o, "status"), "1");
	json_object_put(o);
	for (i = 0; i < 20; i++) {
		fake_done(0, NLM_F_DUMP_INTR);
		fake_end();
	}
	assert_int_equal(run(cmd_stats, ""), ST_REFUSED);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "status"), "1");
	json_object_put(o);
}

/* Of a node whose gates are not all known the wrong things would be said. */
static void doctor_without_gates(void **state)
{
	struct gate g = open_gate();
	int i;

	(void)state;
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	granted(1);
	for (i = 0; i < 20; i++) {
		fake_gate(&g, NLM_F_MULTI | NLM_F_DUMP_INTR);
		fake_done(0, 0);
		fake_end();
	}
	assert_int_equal(run(cmd_doctor, ""), ST_REFUSED);
	assert_string_equal(out, "");
	assert_contains(err, "doctor: the gates change while they are read");
	fake_no_netlink();
	assert_int_equal(run(cmd_doctor, ""), ST_REFUSED);
	assert_string_equal(out, "");
	assert_string_equal(err, "anygatectl: generic netlink: Out of memory\n");
}

static void show_dump_fails(void **state)
{
	(void)state;
	fake_done(ENOMEM, 0);
	fake_end();
	assert_int_equal(run(cmd_show, ""), ST_REFUSED);
	assert_string_equal(out, "");
	assert_contains(err, "Cannot allocate memory");
}

static void version(void **state)
{
	struct json_object *o;

	(void)state;
	fake_status(ANYGATE_PROBES_LIVE, 1000);
	fake_error(0, NULL, 0);
	fake_end();
	assert_int_equal(run(cmd_version, ""), ST_OK);
	assert_string_equal(out, "anygatectl " ANYGATE_VERSION "\n"
			    "anygate 0.1.0, probes live, reconcile every 1s, protocol 114, 2 of at most 1024 gates\n");
	fake_status(ANYGATE_PROBES_DEGRADED, 0);
	fake_error(0, NULL, 0);
	opt.json = true;
	assert_int_equal(run(cmd_version, ""), ST_OK);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "version"), "\"" ANYGATE_VERSION "\"");
	assert_string_equal(json_path(o, "module.probes"), "\"degraded\"");
	assert_string_equal(json_path(o, "module.reconcile_ms"), "0");
	assert_string_equal(json_path(o, "module.protocol"), "114");
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		verb_test(show_group),
		verb_test(show_all),
		verb_test(show_json),
		verb_test(show_none),
		verb_test(show_one),
		verb_test(show_interrupted),
		verb_test(show_always_interrupted),
		verb_test(json_always_interrupted),
		verb_test(doctor_without_gates),
		verb_test(show_dump_fails),
		verb_test(version),
	};

	return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
