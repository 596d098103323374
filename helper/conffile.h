/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_CONFFILE_H
#define ANYGATECTL_CONFFILE_H

#include "conf.h"
#include "lex.h"

/* More is no configuration; what the most gates need is far below. */
#define CONF_FILE_MAX	(64U * 1024 * 1024)

/**
 * struct file_error - something wrong in a file
 * @line: where, from 1
 * @column: where, in characters, from 1
 * @text: what; malloc()ed
 */
struct file_error {
	unsigned int line;
	unsigned int column;
	char *text;
};

/**
 * struct conf_file - a configuration file
 * @name: of the file, for messages
 * @text: the texts of its words, in their order
 * @words: all of them
 * @n_words: how many there are
 * @gates: what it says, sorted by prefix; points into @text
 * @n: how many there are
 * @errors: all that is wrong, in the order of the file
 * @n_errors: how many there are; if there are any, @gates is of no use
 */
struct conf_file {
	const char *name;
	char *text;
	struct word *words;
	size_t n_words, words_size;
	struct conf *gates;
	size_t n, size;
	struct file_error *errors;
	size_t n_errors, errors_size;
};

int conf_file_read(struct conf_file *f, const char *name, struct err *e);
int conf_file_parse(struct conf_file *f, const char *name, const char *text,
		    size_t size);
const struct word *conf_file_find(const struct conf_file *f, const char *word);
void conf_file_free(struct conf_file *f);

#endif
