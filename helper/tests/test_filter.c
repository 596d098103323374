// SPDX-License-Identifier: GPL-2.0
/* Which gates are shown, in which order, and in which colours. */

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "colour.h"
#include "filter.h"
#include "table.h"
#include "testlib.h"

static int parse(const char *line, struct filter *f, struct err *e)
{
	static char buffer[256];
	char *argv[16], *word, *save = NULL;
	int argc = 0;

	snprintf(buffer, sizeof(buffer), "%s", line);
	for (word = strtok_r(buffer, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return parse_filter(argc, argv, f, e);
}

static void words(void **state)
{
	struct filter f;
	struct err e;

	(void)state;
	assert_int_equal(parse("", &f, &e), 0);
	assert_null(f.gate.said);
	assert_int_equal(parse("192.0.2.53", &f, &e), 0);
	assert_string_equal(f.gate.said, "192.0.2.53");
	assert_int_equal(parse("dns state open,dr sort flaps", &f, &e), 0);
	assert_string_equal(f.gate.name, "dns");
	assert_int_equal(f.states, 1 << ANYGATE_STATE_OPEN | 1 << ANYGATE_STATE_DRAINED);
	assert_int_equal(f.sort, SORT_FLAPS);
	assert_int_equal(parse("name state state closed", &f, &e), 0);
	assert_null(f.gate.said);
	assert_string_equal(f.name, "state");
	assert_int_equal(f.states, 1 << ANYGATE_STATE_CLOSED);
	assert_int_equal(parse("name none", &f, &e), 0);
	assert_string_equal(f.name, "");
}

static void bad_words(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "192.0.2.1/24", "has host bits set" },
		{ "192.0.2.1 192.0.2.2", "unknown keyword \"192.0.2.2\"; say state, name or sort" },
		{ "state", "state: the value is missing" },
		{ "state ,", "state: the value is missing" },
		{ "state half", "unknown state \"half\"; say closed, opening" },
		{ "state cl", "state \"cl\" is ambiguous; say closed or closing" },
		{ "state open state open", "state is given twice" },
		{ "name 1", "name \"1\": a name is" },
		{ "sort size", "unknown sort \"size\"; say prefix, name, state, since or flaps" },
		/* what could be a group's name is one */
		{ "s open", "unknown keyword \"open\"" },
	};
	struct filter f;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(cases[i].line, &f, &e), -1);
		assert_contains(e.text, cases[i].text);
	}
}

static struct gate gate(const char *prefix, uint32_t st, const char *name, uint64_t since,
			uint64_t flaps)
{
	struct gate g = open_gate();

	g.prefix = pfx(prefix);
	g.state = st;
	g.announced = gate_wanted(&g);
	strcpy(g.name, name);
	g.since = since;
	g.flaps = flaps;
	return g;
}

static void assert_order(const char *line, const char *want)
{
	struct gate all[] = {
		gate("192.0.2.4", ANYGATE_STATE_OPEN, "", 10, 1),
		gate("192.0.2.3", ANYGATE_STATE_CLOSED, "dns", 40, 2),
		gate("192.0.2.2", ANYGATE_STATE_DRAINED, "dns", 20, 9),
		gate("192.0.2.1", ANYGATE_STATE_OPEN, "abc", 30, 1),
	};
	struct gates l = { .gates = all, .n = ARRAY_SIZE(all) };
	struct filter f;
	char got[8] = "";
	struct err e;
	size_t i;

	if (parse(line, &f, &e))
		fail_msg("%s", e.text);
	filter_gates(&f, &l);
	for (i = 0; i < l.n; i++)
		text_append(got, sizeof(got), "%u", l.gates[i].prefix.addr.bytes[3]);
	assert_string_equal(got, want);
}

static void order(void **state)
{
	(void)state;
	assert_order("", "1234");
	assert_order("sort name", "1234");
	assert_order("sort state", "3214");
	assert_order("sort since", "3124");
	assert_order("sort flaps", "2314");
	assert_order("state open", "14");
	assert_order("state open,closed sort since", "314");
	assert_order("name dns", "23");
	assert_order("name none", "4");
	assert_order("name dns state open", "");
}

/* What is wrong is before all else. */
static void wrong_first(void **state)
{
	struct gate all[] = {
		gate("192.0.2.1", ANYGATE_STATE_CLOSED, "", 0, 0),
		gate("192.0.2.2", ANYGATE_STATE_OPEN, "", 0, 0),
	};
	struct gates l = { .gates = all, .n = 2 };
	struct filter f = { .sort = SORT_STATE };

	(void)state;
	all[1].announced = false;
	filter_gates(&f, &l);
	assert_int_equal(l.gates[0].prefix.addr.bytes[3], 2);
	assert_int_equal(colour_of_difference(&l.gates[0]), COLOUR_ALARM);
	l.gates[0].difference = ANYGATE_DIFFERENCE_OBSERVING;
	assert_int_equal(colour_of_difference(&l.gates[0]), COLOUR_NONE);
}

static void colours(void **state)
{
	struct err e;
	bool on;

	(void)state;
	assert_true(colour_choose("always", &on, &e));
	assert_true(on);
	assert_true(colour_choose("never", &on, &e));
	assert_false(on);
	assert_false(colour_choose("sometimes", &on, &e));
	assert_contains(e.text, "unknown colour \"sometimes\"; say always, auto or never");
	opt.colour = false;
	assert_string_equal(colour_on(COLOUR_BAD), "");
	assert_string_equal(colour_off(COLOUR_BAD), "");
	opt.colour = true;
	assert_string_equal(colour_on(COLOUR_NONE), "");
	assert_string_equal(colour_off(COLOUR_NONE), "");
	assert_string_equal(colour_off(COLOUR_BAD), "\033[m");
	opt.colour = false;
}

static bool on_terminal(const char *term, const char *no_color)
{
	struct err e;
	bool on;

	if (term)
		setenv("TERM", term, 1);
	else
		unsetenv("TERM");
	if (no_color)
		setenv("NO_COLOR", no_color, 1);
	else
		unsetenv("NO_COLOR");
	assert_true(colour_choose("auto", &on, &e));
	return on;
}

/* The usual rules: a terminal, that is not dumb, and nobody who wants none. */
static void terminals(void **state)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), slave, kept = dup(STDOUT_FILENO);
	struct winsize size = { .ws_row = 24, .ws_col = 61 };
	bool no_terminal, good, dumb, none, no, empty, always;
	struct err e;
	size_t width;

	(void)state;
	if (fd < 0 || grantpt(fd) || unlockpt(fd))
		skip();
	slave = open(ptsname(fd), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);

	fflush(stdout);
	dup2(slave, STDOUT_FILENO);
	good = on_terminal("xterm", NULL);
	dumb = on_terminal("dumb", NULL);
	none = on_terminal(NULL, NULL);
	no = on_terminal("xterm", "1");
	empty = on_terminal("xterm", "");
	on_terminal("dumb", "1");
	colour_choose("always", &always, &e);
	width = terminal_width(STDOUT_FILENO);
	dup2(fd = open("/dev/null", O_WRONLY), STDOUT_FILENO);
	no_terminal = on_terminal("xterm", NULL);
	dup2(kept, STDOUT_FILENO);

	assert_true(good);
	assert_true(empty);
	assert_true(always);
	assert_false(dumb);
	assert_false(none);
	assert_false(no);
	assert_false(no_terminal);
	assert_int_equal(width, 61);
	assert_int_equal(terminal_width(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(bad_words),
		cmocka_unit_test(order),
		cmocka_unit_test(wrong_first),
		cmocka_unit_test(colours),
		cmocka_unit_test(terminals),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
