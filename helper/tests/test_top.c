// SPDX-License-Identifier: GPL-2.0
/* The live view: its keys, and its screen. */

#include <time.h>

#include "testlib.h"
#include "top.h"

#define NOW	(100 * NSEC_PER_SEC)

static void press(struct top *t, const char *keys)
{
	for (; *keys; keys++)
		assert_int_equal(top_key(t, *keys), TOP_GO_ON);
}

static void keys(void **state)
{
	struct top t = { .page = 10 };

	(void)state;
	assert_int_equal(top_key(&t, 'q'), TOP_QUIT);
	assert_int_equal(top_key(&t, 3), TOP_QUIT);
	assert_int_equal(top_key(&t, 26), TOP_SUSPEND);
	press(&t, "s");
	assert_int_equal(t.filter.sort, SORT_STATE);
	press(&t, "f");
	assert_int_equal(t.filter.sort, SORT_FLAPS);
	press(&t, "t");
	assert_int_equal(t.filter.sort, SORT_SINCE);
	press(&t, "np");
	assert_int_equal(t.filter.sort, SORT_PREFIX);
	press(&t, "jjk");
	assert_int_equal(t.scroll, 1);
	press(&t, "kkkk");
	assert_int_equal(t.scroll, 0);
	press(&t, " \033[B\033OB\033[A");
	assert_int_equal(t.scroll, 11);
	press(&t, "\033[6~\033[5~");
	assert_int_equal(t.scroll, 11);
	press(&t, "b\033[H");
	assert_int_equal(t.scroll, 0);
	press(&t, "xyz!\t");
}

static void typing(void **state)
{
	struct top t = { 0 };
	int i;

	(void)state;
	press(&t, "/qx\177ua");
	assert_string_equal(t.find, "qua");
	assert_true(t.typing);
	press(&t, "\r");
	assert_false(t.typing);
	assert_string_equal(t.find, "qua");
	press(&t, "/abc\033");
	assert_false(t.typing);
	assert_string_equal(t.find, "");
	press(&t, "/\177\177abc\025");
	assert_string_equal(t.find, "");
	for (i = 0; i < 100; i++)
		press(&t, "x");
	assert_int_equal(strlen(t.find), sizeof(t.find) - 1);
	assert_int_equal(top_key(&t, 3), TOP_QUIT);
}

/* What is drawn, as lines; the escape sequences that move things are checked. */
static char *draw(struct top *t, struct gates *l)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	top_draw(t, l, "07:04:13", NOW, out);
	fclose(out);
	assert_int_equal(strncmp(text, "\033[H", 3), 0);
	return text;
}

static void screen(void **state)
{
	struct gate all[] = { open_gate(), closed_gate() };
	struct gates l = { .gates = all, .n = 2 };
	struct top t = { .rows = 24, .columns = 80 };
	char *text;

	(void)state;
	strcpy(t.event, "the last event");
	strcpy(t.warning, "a warning");
	text = draw(&t, &l);
	assert_contains(text, "anygate 07:04:13  2 gates: 1 closed, 1 open\033[K\r\n");
	assert_contains(text, "a warning\033[K\r\n");
	assert_contains(text, "PREFIX            STATE   ANNOUNCED");
	assert_contains(text, "192.0.2.53/32     open    lo");
	assert_contains(text, "2001:db8::53/128  closed  -");
	assert_contains(text, "\033[23;1Hthe last event\033[K");
	assert_contains(text, "q quit  sort by prefix");
	free(text);

	strcpy(t.find, "nsd[12");
	text = draw(&t, &l);
	assert_null(strstr(text, "192.0.2.53/32"));
	assert_contains(text, "2001:db8::53/128");
	assert_contains(text, "/nsd[12  q quit");
	free(text);

	t.find[0] = '\0';
	t.filter.states = 1 << ANYGATE_STATE_OPEN;
	text = draw(&t, &l);
	assert_null(strstr(text, "2001:db8::53/128"));
	free(text);

	strcpy(t.trouble, "module anygate is not loaded");
	l.n = 0;
	text = draw(&t, &l);
	assert_contains(text, "anygate 07:04:13  module anygate is not loaded\033[K");
	free(text);
}

/* Whatever the size: no line is wider, and there are no more lines than rows. */
static void sizes(void **state)
{
	struct gate all[50];
	struct gates l = { .gates = all, .n = ARRAY_SIZE(all) };
	unsigned int rows, columns, lines, width;
	struct top t = { 0 };
	char *text, *c;
	size_t i;

	(void)state;
	for (i = 0; i < l.n; i++) {
		all[i] = i % 2 ? open_gate() : closed_gate();
		all[i].prefix.addr.bytes[3] = i;
	}
	opt.colour = true;
	for (rows = 1; rows < 70; rows += 3) {
		for (columns = 1; columns < 140; columns += 7) {
			t.rows = rows;
			t.columns = columns;
			t.scroll = 1000;	/* more than there are */
			text = draw(&t, &l);
			lines = 1;
			width = 0;
			for (c = text; *c; c++) {
				if (*c == '\033') {
					while (!strchr("mKJH", *c))
						c++;
				} else if (*c == '\n' || *c == '\r') {
					lines += *c == '\n';
					width = 0;
				} else if (++width > columns) {
					fail_msg("wider than %u: %s", columns, text);
				}
			}
			if (rows > 6 && lines > rows + 1)
				fail_msg("%u lines of %u", lines, rows);
			assert_true(t.scroll < 1000);
			free(text);
		}
	}
	opt.colour = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(typing),
		cmocka_unit_test(screen),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
