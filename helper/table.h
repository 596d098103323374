/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_TABLE_H
#define ANYGATECTL_TABLE_H

#include <stdio.h>

#include "util.h"

/**
 * struct table - rows of text whose columns line up
 * @columns: how many cells make a row
 * @cells: all cells, row by row; each is malloc()ed
 * @n: number of cells
 * @size: number of cells there is room for
 */
struct table {
	size_t columns;
	char **cells;
	size_t n;
	size_t size;
};

void table_cell(struct table *t, const char *fmt, ...) __printf(2, 3);
void table_print(struct table *t, FILE *out);

#endif
