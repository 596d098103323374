// SPDX-License-Identifier: GPL-2.0
/*
 * A configuration file: the arguments of add, one gate per line. Whatever is
 * wrong is noted with its place, and the rest is looked at nevertheless.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conffile.h"

/* Room for one more at the end of an array. */
static void *grow(void *array, size_t n, size_t *size, size_t element)
{
	if (n < *size)
		return array;
	*size = *size ? 2 * *size : 16;
	array = reallocarray(array, *size, element);
	if (!array)
		exit(complain(ST_REFUSED, "out of memory"));
	return array;
}

static void add_error(unsigned int line, unsigned int column, const struct err *e,
		      void *arg)
{
	struct conf_file *f = arg;
	struct file_error *error;

	f->errors = grow(f->errors, f->n_errors, &f->errors_size, sizeof(*f->errors));
	error = &f->errors[f->n_errors++];
	error->line = line;
	error->column = column;
	error->text = strdup(e->text);
	if (!error->text)
		exit(complain(ST_REFUSED, "out of memory"));
}

/**
 * conf_file_find() - where in a file a word is
 * @f: file
 * @word: text of one of its words
 *
 * Return: it, or NULL if it is not of this file
 */
const struct word *conf_file_find(const struct conf_file *f, const char *word)
{
	size_t low = 0, high = f->n_words, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (f->words[middle].text == word)
			return &f->words[middle];
		if (f->words[middle].text < word)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void blame_word(const struct err *e, void *arg)
{
	struct conf_file *f = arg;
	const struct word *w = conf_file_find(f, e->word);

	add_error(w ? w->line : 0, w ? w->column : 0, e, f);
}

/* The words from number @first on are a line. */
static void parse_line(struct conf_file *f, size_t first)
{
	const struct word *verb = &f->words[first];
	size_t n = f->n_words - first, i;
	struct err e = { .word = verb->text };
	char **argv;

	if (strcmp(verb->text, "add")) {
		err_set(&e, "\"%s\": a line begins with add; say for example add 192.0.2.53/32 udp/53",
			verb->text);
		add_error(verb->line, verb->column, &e, f);
		return;
	}
	if (n == 1) {
		err_set(&e, "add: the prefix is missing; say for example add 192.0.2.53/32 udp/53");
		add_error(verb->line, verb->column, &e, f);
		return;
	}
	argv = calloc(n, sizeof(*argv));
	if (!argv)
		exit(complain(ST_REFUSED, "out of memory"));
	for (i = 1; i < n; i++)
		argv[i - 1] = verb[i].text;
	f->gates = grow(f->gates, f->n, &f->size, sizeof(*f->gates));
	if (!conf_parse_all(&f->gates[f->n], false, true, n - 1, argv, blame_word, f))
		f->n++;
	free(argv);
}

/* Where two are of the same prefix, that which comes first in the file. */
static int by_prefix(const void *a, const void *b)
{
	const struct conf *ca = a, *cb = b;
	int ret = prefix_cmp(&ca->gate.prefix, &cb->gate.prefix);

	return ret ? ret : ca->gate.said < cb->gate.said ? -1 : 1;
}

static int by_place(const void *a, const void *b)
{
	const struct file_error *ea = a, *eb = b;

	if (ea->line != eb->line)
		return ea->line < eb->line ? -1 : 1;
	return (ea->column > eb->column) - (ea->column < eb->column);
}

static void find_doubles(struct conf_file *f)
{
	char prefix[PREFIX_TEXT];
	const struct word *w;
	struct err e = { 0 };
	size_t i, first = 0;

	for (i = 1; i < f->n; i++) {
		if (prefix_cmp(&f->gates[i].gate.prefix, &f->gates[first].gate.prefix)) {
			first = i;
			continue;
		}
		w = conf_file_find(f, f->gates[first].gate.said);
		err_set(&e, "%s has a gate already, in line %u; a prefix has one gate",
			prefix_text(&f->gates[i].gate.prefix, prefix), w->line);
		e.word = f->gates[i].gate.said;
		blame_word(&e, f);
	}
}

/*
 * Who writes a stream may die in the middle of a word, and port 53 is port 5
 * then: the last line of a @stream must have its end.
 */
static int parse(struct conf_file *f, const char *name, const char *text, size_t size,
		 bool stream)
{
	bool ended = !size || text[size - 1] == '\n';
	enum lex_token token;
	struct lexer lx;
	struct word w;
	struct err e;
	size_t first;

	*f = (struct conf_file){ .name = name, .text = malloc(size + 1) };
	if (!f->text)
		exit(complain(ST_REFUSED, "out of memory"));
	lex_init(&lx, text, size, f->text, add_error, f);
	do {
		first = f->n_words;
		while ((token = lex_next(&lx, &w)) == LEX_WORD) {
			f->words = grow(f->words, f->n_words, &f->words_size,
					sizeof(*f->words));
			f->words[f->n_words++] = w;
		}
		if (f->n_words > first)
			parse_line(f, first);
	} while (token != LEX_END);
	/* Nor may the last line be one that goes on in the next. */
	if (stream && (!ended || f->n_words > first)) {
		err_set(&e, "the input ends within a line; was it cut off? The last line must end with a newline, too");
		add_error(lx.line, lx.column, &e, f);
	}

	if (f->n)
		qsort(f->gates, f->n, sizeof(*f->gates), by_prefix);
	find_doubles(f);
	if (f->n_errors)
		qsort(f->errors, f->n_errors, sizeof(*f->errors), by_place);
	return f->n_errors ? -1 : 0;
}

/**
 * conf_file_parse() - parse the text of a configuration file
 * @f: result; free it with conf_file_free(), whatever is returned
 * @name: of the file, for messages; must outlive @f
 * @text: what is in it
 * @size: of @text in bytes
 *
 * Return: 0, or -1 if there are errors
 */
int conf_file_parse(struct conf_file *f, const char *name, const char *text,
		    size_t size)
{
	return parse(f, name, text, size, false);
}

static char *slurp(FILE *in, size_t *size)
{
	size_t room = 64 * 1024, n = 0, got;
	char *text = malloc(room), *more;

	while (text && (got = fread(text + n, 1, room - n, in)) > 0) {
		n += got;
		if (n < room)
			continue;
		room *= 2;
		more = n > CONF_FILE_MAX ? NULL : realloc(text, room);
		if (!more) {
			free(text);
			errno = EFBIG;
			return NULL;
		}
		text = more;
	}
	*size = n;
	return text;
}

/**
 * conf_file_read() - read and parse a configuration file
 * @f: result; free it with conf_file_free(), whatever is returned
 * @name: of the file; "-" is the standard input
 * @e: why it cannot be read
 *
 * Return: 0, or -1; if @f->n_errors is 0 it could not be read
 */
int conf_file_read(struct conf_file *f, const char *name, struct err *e)
{
	const bool standard = !strcmp(name, "-");
	bool stream = standard;
	char *text = NULL;
	struct stat st;
	size_t size = 0;
	int ret = 0;
	FILE *in;

	*f = (struct conf_file){ .name = standard ? "<stdin>" : name };
	errno = 0;
	in = standard ? stdin : fopen(name, "re");
	if (in)
		text = slurp(in, &size);
	if (!text || ferror(in)) {
		ret = err_set(e, "%s: %s", f->name, strerror(errno ? errno : EIO));
	}
	if (in && !standard)
		stream = fstat(fileno(in), &st) || !S_ISREG(st.st_mode);
	if (in && !standard)
		fclose(in);
	if (!ret)
		ret = parse(f, f->name, text, size, stream);
	free(text);
	return ret;
}

/**
 * conf_file_free() - forget a configuration file
 * @f: file
 */
void conf_file_free(struct conf_file *f)
{
	size_t i;

	for (i = 0; i < f->n_errors; i++)
		free(f->errors[i].text);
	free(f->errors);
	free(f->gates);
	free(f->words);
	free(f->text);
	*f = (struct conf_file){ 0 };
}
