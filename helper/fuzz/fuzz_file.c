// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration files. What is refused is refused with a place in the file;
 * what is accepted must be accepted again, and mean the same, as "save" would
 * write it.
 */

#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conffile.h"
#include "confgate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* /etc/services would be read for every input. */
struct servent *getservbyname(const char *name, const char *proto)
{
	static struct servent domain = { .s_name = (char *)"domain", .s_port = 53 << 8 };

	(void)proto;
	return strcmp(name, "domain") ? NULL : &domain;
}

static void check_errors(const struct conf_file *f, const uint8_t *data, size_t size)
{
	unsigned int lines = 1, line = 0, column = 0;
	const struct file_error *e;
	size_t i;

	for (i = 0; i < size; i++)
		lines += data[i] == '\n';
	for (i = 0; i < f->n_errors; i++) {
		e = &f->errors[i];
		if (!e->line || !e->column || e->line > lines || !*e->text)
			abort();
		if (e->line < line || (e->line == line && e->column < column))
			abort();
		line = e->line;
		column = e->column;
	}
}

static void check_gate(const struct conf *c)
{
	static struct full full, again;
	static char text[CONF_TEXT], line[CONF_TEXT + 128];
	struct conf pruned, delta;
	struct conf_file f;
	char prefix[PREFIX_TEXT];

	full_of_conf(&full, c);
	full_prune(&pruned, &full);
	conf_text(&pruned, text, sizeof(text));
	snprintf(line, sizeof(line), "add %s%s", prefix_text(&pruned.gate.prefix, prefix), text);
	if (conf_file_parse(&f, "again", line, strlen(line)) || f.n != 1)
		abort();
	full_of_conf(&again, &f.gates[0]);
	if (full_delta(&delta, &full, &again) || full_delta(&delta, &again, &full))
		abort();
	conf_file_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);
	struct conf_file f;
	size_t i;

	memcpy(text, data, size);
	if (!conf_file_parse(&f, "fuzz", text, size) != !f.n_errors)
		abort();
	free(text);
	check_errors(&f, data, size);
	for (i = 0; !f.n_errors && i < f.n; i++) {
		if (i && prefix_cmp(&f.gates[i - 1].gate.prefix, &f.gates[i].gate.prefix) >= 0)
			abort();
		check_gate(&f.gates[i]);
	}
	conf_file_free(&f);
	return 0;
}
