// SPDX-License-Identifier: GPL-2.0
/* The live view: what keys do, and what the screen shows. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "show.h"
#include "top.h"

#define CTRL(c)		((c) & 0x1f)
#define ESC		0x1b

static void scroll_by(struct top *t, long rows)
{
	if (rows < 0 && t->scroll < (size_t)-rows)
		t->scroll = 0;
	else
		t->scroll += rows;
}

/* Return: whether it was one for typing */
static bool type(struct top *t, unsigned char key)
{
	size_t len = strlen(t->find);

	if (!t->typing)
		return false;
	if (key == '\r' || key == '\n') {
		t->typing = false;
	} else if (key == ESC) {
		t->typing = false;
		t->find[0] = '\0';
	} else if (key == CTRL('u')) {
		t->find[0] = '\0';
	} else if (key == 0x7f || key == '\b') {
		if (len)
			t->find[len - 1] = '\0';
	} else if (isprint(key) && len + 1 < sizeof(t->find)) {
		t->find[len] = key;
		t->find[len + 1] = '\0';
	}
	t->scroll = 0;
	return true;
}

/* Arrows and the like: ESC [ A. Return: whether it belongs to one */
static bool escape(struct top *t, unsigned char key)
{
	switch (t->escape) {
	case 0:
		t->escape = key == ESC;
		return key == ESC;
	case 1:
		t->escape = key == '[' || key == 'O' ? 2 : key == ESC;
		return t->escape;
	}
	if (isdigit(key) || key == ';') {
		if (key == '5')
			scroll_by(t, -(long)t->page);
		else if (key == '6')
			scroll_by(t, t->page);
		return true;
	}
	t->escape = 0;
	if (key == 'A')
		scroll_by(t, -1);
	else if (key == 'B')
		scroll_by(t, 1);
	else if (key == 'H')
		t->scroll = 0;
	return true;
}

/**
 * top_key() - a key was pressed
 * @t: view
 * @key: one byte of it
 *
 * Return: what it asks for
 */
enum top_result top_key(struct top *t, unsigned char key)
{
	static const char sorts[] = "pnstf";
	const char *sort;

	if (key == CTRL('c'))
		return TOP_QUIT;
	if (key == CTRL('z'))
		return TOP_SUSPEND;
	if (type(t, key) || escape(t, key))
		return TOP_GO_ON;
	sort = key ? strchr(sorts, key) : NULL;
	if (sort) {
		t->filter.sort = sort - sorts;
		return TOP_GO_ON;
	}
	switch (key) {
	case 'q':
		return TOP_QUIT;
	case '/':
		t->typing = true;
		t->find[0] = '\0';
		break;
	case 'j':
		scroll_by(t, 1);
		break;
	case 'k':
		scroll_by(t, -1);
		break;
	case ' ':
		scroll_by(t, t->page);
		break;
	case 'b':
		scroll_by(t, -(long)t->page);
		break;
	case 'g':
		t->scroll = 0;
		break;
	}
	return TOP_GO_ON;
}

/* A line of the screen, no wider than it is; escape sequences take no room. */
static void put_line(const struct top *t, FILE *out, const char *line, size_t len)
{
	unsigned int column = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (line[i] == ESC) {
			while (i < len && line[i] != 'm')
				fputc(line[i++], out);
			if (i < len)
				fputc('m', out);
		} else if (column < t->columns) {
			fputc(line[i], out);
			column++;
		}
	}
	fputs("\033[K", out);
}

static void put_text(const struct top *t, FILE *out, const char *text)
{
	put_line(t, out, text, strlen(text));
}

/* "12 gates: 10 open, 2 closed" */
static void summary(const struct gates *l, char *buf, size_t size)
{
	size_t count[8] = { 0 }, i;
	const char *comma = ": ";

	for (i = 0; i < l->n; i++)
		count[l->gates[i].state < 7 ? l->gates[i].state : 7]++;
	text_append(buf, size, "%zu gate%s", l->n, l->n == 1 ? "" : "s");
	for (i = 0; i < ARRAY_SIZE(count); i++) {
		if (!count[i])
			continue;
		text_append(buf, size, "%s%zu %s", comma, count[i], name_of(&state_names, i));
		comma = ", ";
	}
}

static char *make_table(const struct top *t, const struct gates *l, uint64_t now)
{
	struct table table = { .width = t->columns };
	bool named = false;
	char *text = NULL;
	size_t size, i;
	FILE *out;

	for (i = 0; i < l->n; i++)
		named |= *l->gates[i].name;
	show_header(&table, named);
	for (i = 0; i < l->n; i++)
		if (filter_passes(&t->filter, &l->gates[i]) &&
		    show_matches(&l->gates[i], t->find, now))
			show_row(&table, &l->gates[i], named, now);
	out = open_memstream(&text, &size);
	if (!out)
		exit(complain(ST_REFUSED, "out of memory"));
	table_print(&table, out);
	fclose(out);
	return text;
}

/* The header stays, the rows scroll; there is always one to be seen. */
static void put_table(struct top *t, const char *text, FILE *out)
{
	const char *end, *line = text;
	size_t lines = 0, n, skip;

	for (n = 0; text[n]; n++)
		lines += text[n] == '\n';
	if (t->scroll + 1 >= lines)
		t->scroll = lines > 1 ? lines - 2 : 0;
	for (n = 0, skip = t->scroll; *line && n < t->page + 1; line = end + 1) {
		end = strchr(line, '\n');
		if (n && skip) {
			skip--;
			continue;
		}
		put_line(t, out, line, end - line);
		fputs("\r\n", out);
		n++;
	}
	fputs("\033[J", out);
}

/**
 * top_draw() - draw the screen
 * @t: view
 * @l: all gates
 * @clock: the time of day
 * @now: CLOCK_BOOTTIME, in nanoseconds
 * @out: terminal
 */
void top_draw(struct top *t, const struct gates *l, const char *clock, uint64_t now,
	      FILE *out)
{
	char line[1024] = "anygate ";
	char *table;

	/* above: summary, warning; below: event, keys */
	t->page = t->rows > 6 ? t->rows - 5 : 1;
	text_append(line, sizeof(line), "%s  ", clock);
	if (*t->trouble)
		text_append(line, sizeof(line), "%s", t->trouble);
	else
		summary(l, line, sizeof(line));
	fputs("\033[H", out);
	put_text(t, out, line);
	fputs("\r\n", out);
	put_text(t, out, t->warning);
	fputs("\r\n", out);
	table = make_table(t, l, now);
	put_table(t, table, out);
	free(table);

	fprintf(out, "\033[%u;1H", t->rows > 1 ? t->rows - 1 : 1);
	put_text(t, out, t->event);
	line[0] = '\0';
	if (t->typing || *t->find)
		text_append(line, sizeof(line), "/%s%s  ", t->find, t->typing ? "_" : "");
	if (!t->typing)
		text_append(line, sizeof(line), "q quit  sort by %s: p prefix n name s state t since f flaps  / filter  j k scroll",
			    sort_keys[t->filter.sort]);
	fputs("\r\n", out);
	put_text(t, out, line);
	fflush(out);
}
