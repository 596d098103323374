// SPDX-License-Identifier: GPL-2.0
/* Aligned columns for people. */

#include <assert.h>
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "table.h"

#define GAP		2	/* blanks between columns */
#define NARROWEST	12	/* that wrapped text can be read at */

/**
 * terminal_width() - how wide a terminal is
 * @fd: terminal, or anything else
 *
 * Return: its width in characters, 0 if it has none or is no terminal
 */
size_t terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (!isatty(fd))
		return 0;
	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return columns ? strtoul(columns, NULL, 10) : 0;
}

/**
 * table_cell() - append a cell; every @t->columns cells make a row
 * @t: table
 * @fmt: its text
 */
void table_cell(struct table *t, const char *fmt, ...)
{
	struct cell *cell;
	va_list ap;

	if (t->n == t->size) {
		t->size = t->size ? 2 * t->size : 256;
		t->cells = reallocarray(t->cells, t->size, sizeof(*t->cells));
		if (!t->cells)
			err(ST_REFUSED, "table");
	}
	cell = &t->cells[t->n++];
	cell->colour = COLOUR_NONE;
	va_start(ap, fmt);
	if (vasprintf(&cell->text, fmt, ap) < 0)
		err(ST_REFUSED, "table");
	va_end(ap);
}

/**
 * table_colour() - give the last cell a colour
 * @t: table
 * @c: colour
 */
void table_colour(struct table *t, enum colour c)
{
	t->cells[t->n - 1].colour = c;
}

static void measure(const struct table *t, size_t width[COLUMNS_MAX])
{
	size_t i, len;

	for (i = 0; i < t->n; i++) {
		len = strlen(t->cells[i].text);
		if (len > width[i % t->columns])
			width[i % t->columns] = len;
	}
}

/* Takes from the widest of those that can be wrapped until it fits. */
static void narrow(const struct table *t, size_t width[COLUMNS_MAX])
{
	size_t sum = GAP * (t->columns - 1), col, widest;

	for (col = 0; col < t->columns; col++)
		sum += width[col];
	while (t->width && sum > t->width) {
		widest = COLUMNS_MAX;
		for (col = 0; col < t->columns; col++)
			if (t->wrap[col] && width[col] > NARROWEST &&
			    (widest == COLUMNS_MAX || width[col] > width[widest]))
				widest = col;
		if (widest == COLUMNS_MAX)
			return;
		width[widest]--;
		sum--;
	}
}

/* How much of a text goes into a line; a word that is too long is broken. */
static size_t line_of(const char *text, size_t width)
{
	size_t len = strlen(text), i;

	if (len <= width)
		return len;
	for (i = width; i > 0; i--)
		if (text[i] == ' ')
			return i;
	return width;
}

static void print_part(FILE *out, const struct cell *c, const char *text, size_t len)
{
	if (len)
		fprintf(out, "%s%.*s%s", colour_on(c->colour), (int)len, text,
			colour_off(c->colour));
}

static void print_row(const struct table *t, const struct cell *row,
		      const size_t width[COLUMNS_MAX], FILE *out)
{
	const char *rest[COLUMNS_MAX];
	size_t col, len, pad;
	bool more = true;

	for (col = 0; col < t->columns; col++)
		rest[col] = row[col].text;
	while (more) {
		more = false;
		pad = 0;
		for (col = 0; col < t->columns; col++) {
			len = line_of(rest[col], width[col]);
			if (len && pad)
				fprintf(out, "%*s", (int)pad, "");
			if (len)
				pad = 0;
			print_part(out, &row[col], rest[col], len);
			rest[col] += len;
			rest[col] += strspn(rest[col], " ");
			more |= *rest[col] != '\0';
			pad += width[col] - len + GAP;
		}
		fprintf(out, "\n");
	}
}

/**
 * table_print() - print the rows and forget them
 * @t: table
 * @out: where to
 *
 * Columns are two blanks apart; a line has no blanks at its end.
 */
void table_print(struct table *t, FILE *out)
{
	size_t width[COLUMNS_MAX] = { 0 };
	size_t i;

	assert(!t->n || (t->columns && t->columns <= COLUMNS_MAX));
	if (t->n) {
		measure(t, width);
		narrow(t, width);
	}
	for (i = 0; i + t->columns <= t->n && t->columns; i += t->columns)
		print_row(t, &t->cells[i], width, out);
	for (i = 0; i < t->n; i++)
		free(t->cells[i].text);
	free(t->cells);
	*t = (struct table){ 0 };
}
