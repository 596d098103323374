// SPDX-License-Identifier: GPL-2.0
/* Aligned columns for people. */

#include <assert.h>
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define COLUMNS_MAX	8

/**
 * table_cell() - append a cell; every @t->columns cells make a row
 * @t: table
 * @fmt: its text
 */
void table_cell(struct table *t, const char *fmt, ...)
{
	va_list ap;

	if (t->n == t->size) {
		t->size = t->size ? 2 * t->size : 256;
		t->cells = reallocarray(t->cells, t->size, sizeof(*t->cells));
		if (!t->cells)
			err(ST_REFUSED, "table");
	}
	va_start(ap, fmt);
	if (vasprintf(&t->cells[t->n++], fmt, ap) < 0)
		err(ST_REFUSED, "table");
	va_end(ap);
}

/**
 * table_print() - print the rows and forget them
 * @t: table
 * @out: where to
 *
 * Columns are two blanks apart; a row has no blanks at its end.
 */
void table_print(struct table *t, FILE *out)
{
	size_t width[COLUMNS_MAX] = { 0 };
	size_t i, col, len;

	assert(!t->n || (t->columns && t->columns <= COLUMNS_MAX));
	for (i = 0; i < t->n; i++) {
		len = strlen(t->cells[i]);
		if (len > width[i % t->columns])
			width[i % t->columns] = len;
	}
	for (i = 0; i < t->n; i++) {
		col = i % t->columns;
		if (col + 1 == t->columns)
			fprintf(out, "%s\n", t->cells[i]);
		else
			fprintf(out, "%-*s", (int)width[col] + 2, t->cells[i]);
		free(t->cells[i]);
	}
	free(t->cells);
	*t = (struct table){ 0 };
}
