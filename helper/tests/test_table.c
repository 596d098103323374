// SPDX-License-Identifier: GPL-2.0
/* Columns that line up. */

#include "show.h"
#include "table.h"
#include "testlib.h"

#define NOW	(100 * NSEC_PER_SEC)

static char *print(struct table *t)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	table_print(t, f);
	fclose(f);
	return text;
}

static void aligned(void **state)
{
	struct table t = { .columns = 6 };
	char *out;
	int i;

	(void)state;
	for (i = 0; i < 12; i++)
		table_cell(&t, "%.*s", i + 1, "abcdefghijkl");
	out = print(&t);
	assert_string_equal(out,
			    "a        ab        abc        abcd        abcde        abcdef\n"
			    "abcdefg  abcdefgh  abcdefghi  abcdefghij  abcdefghijk  abcdefghijkl\n");
	free(out);
}

/* What does not fit is wrapped, the widest column first. */
static void wrapped(void **state)
{
	struct table t = { .columns = 3, .width = 40, .wrap = { [1] = true, [2] = true } };
	char *out;

	(void)state;
	table_cell(&t, "192.0.2.53/32");
	table_cell(&t, "udp/53(1) tcp/53(1)");
	table_cell(&t, "NOT ANNOUNCED: the device is missing or down");
	table_cell(&t, "192.0.2.54/32");
	table_cell(&t, "udp/53(1)");
	table_cell(&t, "listener");
	out = print(&t);
	assert_string_equal(out,
			    "192.0.2.53/32  udp/53(1)     NOT\n"
			    "               tcp/53(1)     ANNOUNCED:\n"
			    "                             the device\n"
			    "                             is missing\n"
			    "                             or down\n"
			    "192.0.2.54/32  udp/53(1)     listener\n");
	free(out);
}

/* Wide enough is as if there were no width; too narrow is left to the terminal. */
static void not_wrapped(void **state)
{
	static const size_t widths[] = { 0, 41, 1000, 1 };
	struct table t;
	char *out;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		t = (struct table){ .columns = 2, .width = widths[i], .wrap = { [0] = i < 3 } };
		table_cell(&t, "one two three");
		table_cell(&t, "averylongword-withoutblanks");
		out = print(&t);
		if (i == 1)
			assert_string_equal(out, "one two       averylongword-withoutblanks\n"
					    "three\n");
		else
			assert_string_equal(out, "one two three  averylongword-withoutblanks\n");
		free(out);
	}
	t = (struct table){ .columns = 1, .width = 12, .wrap = { true } };
	table_cell(&t, "averylongword-withoutblanks");
	out = print(&t);
	assert_string_equal(out, "averylongwor\nd-withoutbla\nnks\n");
	free(out);
}

/* Escape sequences take no room, and what is short is not padded within them. */
static void coloured(void **state)
{
	struct table t = { .columns = 2 };
	char *out;

	(void)state;
	opt.colour = true;
	table_cell(&t, "open");
	table_colour(&t, COLOUR_GOOD);
	table_cell(&t, "x");
	table_cell(&t, "closed");
	table_colour(&t, COLOUR_BAD);
	table_cell(&t, "y");
	table_colour(&t, COLOUR_ALARM);
	out = print(&t);
	opt.colour = false;
	assert_string_equal(out, "\033[32mopen\033[m    x\n"
			    "\033[31mclosed\033[m  \033[1;31my\033[m\n");
	free(out);
}

static void many_rows(void **state)
{
	struct table t = { .columns = 7 };
	size_t lines = 0;
	char *out, *c;
	int i;

	(void)state;
	for (i = 0; i < 7000; i++)
		table_cell(&t, "%d", i);
	out = print(&t);
	for (c = out; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 1000);
	assert_null(t.cells);
	free(out);
}

static void nothing(void **state)
{
	struct table t = { 0 };
	char *out = print(&t);

	(void)state;
	assert_string_equal(out, "");
	free(out);
}

static void gates(void **state)
{
	struct gate open = open_gate(), closed = closed_gate(), opening = open_gate();
	struct table t = { 0 };
	char *out;

	(void)state;
	closed.since = 0;
	opening.prefix = pfx("198.51.100.0/24");
	opening.action = ANYGATE_ACTION_ROUTE;
	opening.n_services = 1;
	opening.services[0] = svc("198.51.100.1:udp/53", NULL, 2);
	opening.state = ANYGATE_STATE_OPENING;
	opening.reason = ANYGATE_REASON_UP_DELAY;
	opening.announced = ANYGATE_SWITCH_OFF;
	opening.since = NOW - 400 * NSEC_PER_MSEC;
	opening.deadline = NOW + 600 * NSEC_PER_MSEC;
	give(&opening, "deadline");

	show_header(&t, false);
	show_row(&t, &open, false, NOW);
	show_row(&t, &closed, false, NOW);
	show_row(&t, &opening, false, NOW);
	out = print(&t);
	assert_string_equal(out,
		"PREFIX            STATE    ANNOUNCED  SERVICES                SINCE  WHY\n"
		"192.0.2.53/32     open     lo         udp/53(1) tcp/53(1)     12s    listener\n"
		"2001:db8::53/128  closed   -          udp/53(0)               1m40s  no-listener: nsd[1234] closed it\n"
		"198.51.100.0/24   opening  -          198.51.100.1:udp/53(2)  0.4s   up-delay, opens in 0.6s\n");
	free(out);
}

static void groups(void **state)
{
	struct gate named = open_gate(), other = closed_gate();
	struct table t = { 0 };
	char *out;

	(void)state;
	strcpy(named.name, "dns");
	show_header(&t, true);
	show_row(&t, &named, true, NOW);
	show_row(&t, &other, true, NOW);
	out = print(&t);
	assert_string_equal(out,
		"PREFIX            NAME  STATE   ANNOUNCED  SERVICES             SINCE  WHY\n"
		"192.0.2.53/32     dns   open    lo         udp/53(1) tcp/53(1)  12s    listener\n"
		"2001:db8::53/128  -     closed  -          udp/53(0)            12s    no-listener: nsd[1234] closed it\n");
	free(out);
}

static void widest(void **state)
{
	struct gate g = closed_gate();
	struct table t = { .columns = 6 };
	unsigned int i;
	char *out;

	(void)state;
	g.prefix = pfx("2001:db8:ffff:ffff::/64");
	g.n_services = ANYGATE_SERVICES_MAX;
	for (i = 0; i < g.n_services; i++) {
		g.services[i] = svc("tcp/65535", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
				    UINT32_MAX);
		/* a kernel gone mad must not overrun us */
		g.services[i].port = UINT32_MAX;
	}
	show_row(&t, &g, false, NOW);
	out = print(&t);
	assert_contains(out, "]:tcp/4294967295(4294967295)  12s");
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligned),
		cmocka_unit_test(wrapped),
		cmocka_unit_test(not_wrapped),
		cmocka_unit_test(coloured),
		cmocka_unit_test(many_rows),
		cmocka_unit_test(nothing),
		cmocka_unit_test(gates),
		cmocka_unit_test(groups),
		cmocka_unit_test(widest),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
