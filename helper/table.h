/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_TABLE_H
#define ANYGATECTL_TABLE_H

#include <stdio.h>

#include "colour.h"
#include "util.h"

#define COLUMNS_MAX	8

/**
 * struct cell - a cell of a table
 * @text: malloc()ed
 * @colour: of the text
 */
struct cell {
	char *text;
	enum colour colour;
};

/**
 * struct table - rows of text whose columns line up
 * @columns: how many cells make a row
 * @width: how wide a row may be, in characters; 0 for any width
 * @wrap: which columns may be wrapped to keep to @width
 * @cells: all cells, row by row
 * @n: number of cells
 * @size: number of cells there is room for
 */
struct table {
	size_t columns;
	size_t width;
	bool wrap[COLUMNS_MAX];
	struct cell *cells;
	size_t n;
	size_t size;
};

void table_cell(struct table *t, const char *fmt, ...) __printf(2, 3);
void table_colour(struct table *t, enum colour c);
void table_print(struct table *t, FILE *out);
size_t terminal_width(int fd);

#endif
