// SPDX-License-Identifier: GPL-2.0
/* Names of routing tables, from where iproute2 has them. */

#include <glob.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rttable.h"
#include "util.h"

/* Later iproute2 keeps its defaults in /usr; what is in /etc goes first. */
static const char *const files[] = {
	"/etc/iproute2/rt_tables",
	"/etc/iproute2/rt_tables.d/*.conf",
	"/usr/share/iproute2/rt_tables",
	"/usr/lib/iproute2/rt_tables",
};

static const struct {
	const char *name;
	uint32_t table;
} builtin[] = {
	{ "main", RT_TABLE_MAIN },
	{ "local", RT_TABLE_LOCAL },
	{ "default", RT_TABLE_DEFAULT },
};

static bool search_file(const char *path, const char *name, uint32_t *table,
			char *buf, size_t size)
{
	unsigned long number;
	char line[256], word[64], *end;
	bool found = false;
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		number = strtoul(line, &end, 0);
		if (end == line || number > UINT32_MAX ||
		    sscanf(end, " %63[^# \t\n]", word) != 1)
			continue;
		if (name ? !strcmp(word, name) : number == *table) {
			*table = number;
			if (buf)
				snprintf(buf, size, "%s", word);
			found = true;
		}
	}
	fclose(f);
	return found;
}

static bool search(const char *name, uint32_t *table, char *buf, size_t size)
{
	bool found = false;
	size_t i, j;
	glob_t g;

	for (i = 0; !found && i < ARRAY_SIZE(files); i++) {
		if (glob(files[i], 0, NULL, &g))
			continue;
		for (j = 0; !found && j < g.gl_pathc; j++)
			found = search_file(g.gl_pathv[j], name, table, buf, size);
		globfree(&g);
	}
	return found;
}

/**
 * rttable_number() - find a routing table by name
 * @name: main, local, default, or a name of rt_tables
 * @table: result
 *
 * Return: 0, or -1 if there is no such name
 */
int rttable_number(const char *name, uint32_t *table)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(builtin); i++) {
		if (!strcmp(name, builtin[i].name)) {
			*table = builtin[i].table;
			return 0;
		}
	}
	return search(name, table, NULL, 0) ? 0 : -1;
}

/**
 * rttable_name() - find the name of a routing table
 * @table: its number
 * @buf: for the result: the name, or the number if it has none
 * @size: of @buf
 *
 * Return: @buf
 */
const char *rttable_name(uint32_t table, char *buf, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(builtin); i++) {
		if (table == builtin[i].table) {
			snprintf(buf, size, "%s", builtin[i].name);
			return buf;
		}
	}
	if (!search(NULL, &table, buf, size))
		snprintf(buf, size, "%u", table);
	return buf;
}
