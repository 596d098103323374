// SPDX-License-Identifier: GPL-2.0
/* Configuration files: words, lines, and the places of errors. */

#include <linux/rtnetlink.h>
#include <net/if.h>

#include "confgate.h"
#include "conffile.h"
#include "testlib.h"

static struct conf_file file;

/* A machine with two devices, of which one has two names. */
unsigned int if_nametoindex(const char *name)
{
	return !strcmp(name, "dummy0") || !strcmp(name, "anycast") ? 5 : !strcmp(name, "eth0") ? 2 : 0;
}

static int parse(const char *text)
{
	conf_file_free(&file);
	return conf_file_parse(&file, "test", text, strlen(text));
}

static int forget(void **state)
{
	(void)state;
	conf_file_free(&file);
	return 0;
}

static void assert_error(size_t i, unsigned int line, unsigned int column, const char *text)
{
	assert_true(i < file.n_errors);
	if (file.errors[i].line != line || file.errors[i].column != column)
		fail_msg("%u:%u: %s", file.errors[i].line, file.errors[i].column,
			 file.errors[i].text);
	assert_contains(file.errors[i].text, text);
}

static void good(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(file.n, 0);
	assert_int_equal(parse("\n\n  # nothing but a comment \\\n\t\n\\\n"), 0);
	assert_int_equal(file.n, 0);
	/* the last line needs no end, and DOS's ends do no harm */
	assert_int_equal(parse("add 192.0.2.53 udp/53 # one\r\n"
			       "add 2001:db8::53 udp/53 \\\r\n"
			       "  name dns\\\n"
			       "up 2s\r\n"
			       "\tadd 10.0.0.0/8 10.0.0.1:tcp/1"), 0);
	assert_int_equal(file.n, 3);
	/* sorted */
	assert_string_equal(file.gates[0].gate.said, "10.0.0.0/8");
	assert_string_equal(file.gates[1].gate.said, "192.0.2.53");
	assert_int_equal(file.gates[1].n_services, 1);
	assert_string_equal(file.gates[2].name, "dns");
	assert_int_equal(file.gates[2].up, 2000);
}

static void escapes(void **state)
{
	(void)state;
	assert_int_equal(parse("add 192.0.2.53 udp/53 dev d\\x23\\x5C#x"), 0);
	assert_string_equal(file.gates[0].said[KEY_DEV], "d#\\#x");
	assert_int_equal(parse("add 192.0.2.53 udp/53 dev d\\x2"), -1);
	assert_int_equal(file.n_errors, 1);
	assert_error(0, 1, 28, "a backslash stands at the end of a line");
	assert_int_equal(parse("add 192.0.2.53 udp/53 dev d\\x00"), -1);
	conf_file_free(&file);
	assert_int_equal(conf_file_parse(&file, "test", "add 1.2.3.4 udp/\0001", 18), -1);
	assert_error(0, 1, 17, "the byte \\x00 does not belong");
}

static void every_error(void **state)
{
	(void)state;
	assert_int_equal(parse("add 192.0.2.53/32 udp/53 up 5 colour red hold maybe need 9 dev\n"
			       "ad 192.0.2.54 udp/53\n"
			       "add 192.0.2.1/24 udp/53 need\n"
			       "add 192.0.2.7 udp/53 \\\n"
			       "  \xc3\xa4 damp on up 1s up 2s\n"
			       "add 192.0.2.8 udp/53\n"
			       "add 192.0.2.8/32 tcp/53\n"
			       "add 192.0.2.8/32 sctp/53 udp\n"
			       "add 10.0.0.1/32 udp/53 table 100 suppress 1 need 2\n"
			       "add 10.0.0.2/32 up 1s\n"
			       "add\n"), -1);
	assert_error(0, 1, 29, "up 5: the unit is missing");
	assert_error(1, 1, 31, "unknown keyword \"colour\"");
	assert_error(2, 1, 47, "unknown hold \"maybe\"");
	assert_error(3, 1, 60, "dev: the value is missing");
	assert_error(4, 2, 1, "\"ad\": a line begins with add");
	assert_error(5, 3, 5, "192.0.2.1/24 has host bits set");
	assert_error(6, 3, 25, "need: the value is missing");
	/* columns count characters, and lines are those of the file */
	assert_error(7, 5, 3, "unknown keyword");
	assert_error(8, 5, 19, "up is given twice");
	assert_error(9, 7, 5, "192.0.2.8/32 has a gate already, in line 6");
	assert_error(10, 8, 18, "unknown protocol \"sctp\"");
	assert_error(11, 8, 26, "udp: the port is missing");
	assert_error(12, 9, 30, "table 100: this is for action route");
	assert_error(13, 9, 43, "suppress 1 is below reuse");
	assert_error(14, 9, 50, "need 2: the gate has 1 service");
	assert_error(15, 10, 5, "a gate needs a service");
	assert_error(16, 11, 1, "add: the prefix is missing");
	assert_int_equal(file.n_errors, 17);
}

static void words_in_full(void **state)
{
	(void)state;
	assert_int_equal(parse("add 192.0.2.53 udp/53 listen any hold of"), -1);
	assert_error(0, 1, 23, "keyword \"listen\" is cut short; say listen-dev");
	assert_error(1, 1, 39, "hold \"of\" is cut short; say off");
	assert_int_equal(file.n_errors, 2);
}

static void many(void **state)
{
	char *text = malloc(5000 * 64), *at = text;
	unsigned int i;

	(void)state;
	for (i = 5000; i--;)
		at += sprintf(at, "add 10.0.%u.%u udp/53\n", i / 250, i % 250);
	assert_int_equal(parse(text), 0);
	assert_int_equal(file.n, 5000);
	assert_string_equal(file.gates[4999].gate.said, "10.0.19.249");
	sprintf(at, "add 10.0.7.7/32 tcp/53\n");
	assert_int_equal(parse(text), -1);
	assert_int_equal(file.n_errors, 1);
	assert_error(0, 5001, 5, "has a gate already, in line 3243");
	free(text);
}

/* As the kernel would send it: everything is said. */
static struct gate full_gate(void)
{
	struct gate g = open_gate();

	give(&g, "need damp damp-penalty damp-suppress damp-reuse damp-half-life damp-max on-expiry order observe");
	g.damp_penalty = 1000;
	g.damp_suppress = 2000;
	g.damp_reuse = 750;
	g.damp_half_life = 60000;
	g.damp_max = 300000;
	return g;
}

static const char *saved(const struct gate *g)
{
	static char text[CONF_TEXT];
	static struct full full;
	struct conf c;
	struct err e;

	if (full_of_gate(&full, g, &e))
		return strcpy(text, e.text);
	full_prune(&c, &full);
	conf_text(&c, text, sizeof(text));
	return text;
}

static void defaults_are_left_out(void **state)
{
	struct gate g = full_gate();

	(void)state;
	assert_string_equal(saved(&g), " udp/53 tcp/53");
	g.prefix = pfx("192.0.2.0/24");
	g.action = ANYGATE_ACTION_ROUTE;
	take(&g, "dev hold");
	give(&g, "table metric");
	g.table = RT_TABLE_MAIN;
	g.metric = 1024;
	assert_string_equal(saved(&g), " 192.0.2.53:udp/53 192.0.2.53:tcp/53");
	/* a service elsewhere on a host prefix cannot be, but what is shown is */
	g.table = 100;
	g.metric = 1;
	assert_string_equal(saved(&g),
			    " 192.0.2.53:udp/53 192.0.2.53:tcp/53 table 100 metric 1");
}

static void everything_is_kept(void **state)
{
	struct gate g = full_gate();
	struct prefix via = pfx("198.51.100.1");

	(void)state;
	give(&g, "listen-dev name fallback-via fallback-dev");
	strcpy(g.dev_raw, "d\xc3\xa4");
	g.hold = ANYGATE_SWITCH_OFF;
	g.up = 1500;
	g.down = 60000;
	g.listen_policy = ANYGATE_LISTEN_POLICY_DEV;
	strcpy(g.listen_dev_raw, "#1");
	strcpy(g.name, "dns");
	g.need = 1;
	g.damp = ANYGATE_SWITCH_ON;
	g.damp_max = 3600000;
	g.on_expiry = ANYGATE_ON_EXPIRY_IGNORE;
	g.fallback_via = via.addr;
	strcpy(g.fallback_dev_raw, "gre\\1");
	g.observe = ANYGATE_SWITCH_ON;
	g.n_leases = 2;
	strcpy(g.leases[0].name, "zone");
	strcpy(g.leases[1].name, "dig");
	assert_string_equal(saved(&g), " udp/53 tcp/53 dev d\\xc3\\xa4 hold off up 1500ms down 1m listen-dev \\x231 name dns need any damp on max-suppress 1h require zone,dig on-expiry ignore fallback via 198.51.100.1 dev gre\\x5c1 observe on");
	/* what looks like an escape is none */
	strcpy(g.dev_raw, "\\x41");
	assert_contains(saved(&g), " dev \\x5cx41 ");
	strcpy(g.dev_raw, "d\\x4");
	assert_contains(saved(&g), " dev d\\x5cx4 ");
	strcpy(g.dev_raw, "\\x+1\\x");
	assert_contains(saved(&g), " dev \\x5cx+1\\x5cx ");
	/* observing for a while is an order */
	give(&g, "observe-until");
	assert_null(strstr(saved(&g), "observe"));
	/* what a newer module may have */
	g.on_expiry = 7;
	assert_contains(saved(&g), "a setting that this version does not know: unknown on-expiry \"7\"");
}

static bool delta(struct conf *d, const struct gate *g, const char *line)
{
	static struct full from, to;
	struct err e;

	if (full_of_gate(&from, g, &e))
		fail_msg("%s", e.text);
	if (parse(line))
		fail_msg("%s", file.errors[0].text);
	full_of_conf(&to, &file.gates[0]);
	return full_delta(d, &from, &to);
}

static void assert_said(const struct conf *d, const char *text)
{
	char buf[CONF_TEXT];

	conf_text(d, buf, sizeof(buf));
	assert_string_equal(buf, text);
}

static void differences(void **state)
{
	struct gate g = full_gate();
	struct conf d;

	(void)state;
	assert_false(delta(&d, &g, "add 192.0.2.53 udp/53 tcp/53"));
	/* said otherwise, and in another order */
	assert_false(delta(&d, &g, "add 192.0.2.53 tcp/53 192.0.2.53:udp/53 up 1000ms need all dev lo name none"));
	assert_true(delta(&d, &g, "add 192.0.2.53 tcp/53 udp/53 up 2s damp on"));
	assert_said(&d, " up 2s damp on");
	assert_true(delta(&d, &g, "add 192.0.2.53 tcp/53"));
	assert_said(&d, " tcp/53");
	/* what the file has not is so by default */
	give(&g, "name");
	strcpy(g.name, "dns");
	strcpy(g.dev_raw, "dummy0");
	g.n_leases = 1;
	strcpy(g.leases[0].name, "zone");
	assert_true(delta(&d, &g, "add 192.0.2.53 tcp/53 udp/53"));
	assert_said(&d, " dev lo name none require none");
	assert_true(delta(&d, &g, "add 192.0.2.53 tcp/53 udp/53 action route metric 5 name dns require zone"));
	assert_said(&d, " action route metric 5");
	g.n_leases = 2;
	strcpy(g.leases[1].name, "dig");
	assert_false(delta(&d, &g, "add 192.0.2.53 tcp/53 udp/53 dev dummy0 name dns require dig,zone"));
}

/* The kernel has the one name of a device that is not added to it. */
static void other_names(void **state)
{
	struct gate g = full_gate();
	struct prefix via = pfx("198.51.100.1");
	struct conf d;

	(void)state;
	give(&g, "listen-dev fallback-via fallback-dev");
	strcpy(g.dev_raw, "dummy0");
	g.listen_policy = ANYGATE_LISTEN_POLICY_DEV;
	strcpy(g.listen_dev_raw, "dummy0");
	g.fallback_via = via.addr;
	strcpy(g.fallback_dev_raw, "dummy0");
	assert_false(delta(&d, &g, "add 192.0.2.53 udp/53 tcp/53 dev anycast listen-dev anycast fallback via 198.51.100.1 dev anycast"));
	assert_true(delta(&d, &g, "add 192.0.2.53 udp/53 tcp/53 dev eth0 listen-dev eth0 fallback via 198.51.100.1 dev eth0"));
	assert_said(&d, " dev eth0 listen-dev eth0 fallback via 198.51.100.1 dev eth0");
	/* what is not there is not the same as anything else */
	strcpy(g.dev_raw, "gone0");
	assert_true(delta(&d, &g, "add 192.0.2.53 udp/53 tcp/53 dev gone1 listen-dev dummy0 fallback via 198.51.100.1 dev dummy0"));
	assert_said(&d, " dev gone1");
}

/* Without an end it is a setting, with one an order. */
static void observing(void **state)
{
	struct gate g = full_gate();
	struct conf d;

	(void)state;
	g.observe = ANYGATE_SWITCH_ON;
	assert_false(delta(&d, &g, "add 192.0.2.53 udp/53 tcp/53 observe on"));
	assert_true(delta(&d, &g, "add 192.0.2.53 udp/53 tcp/53"));
	assert_said(&d, " observe off");
	give(&g, "observe-until");
	g.observe_until = 1000 * NSEC_PER_SEC;
	assert_false(delta(&d, &g, "add 192.0.2.53 udp/53 tcp/53"));
	assert_true(delta(&d, &g, "add 192.0.2.53 udp/53 tcp/53 observe on"));
	assert_said(&d, " observe on");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(escapes),
		cmocka_unit_test(every_error),
		cmocka_unit_test(words_in_full),
		cmocka_unit_test(many),
		cmocka_unit_test(defaults_are_left_out),
		cmocka_unit_test(everything_is_kept),
		cmocka_unit_test(differences),
		cmocka_unit_test(other_names),
		cmocka_unit_test(observing),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, forget);
}
