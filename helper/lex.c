// SPDX-License-Identifier: GPL-2.0
/*
 * A configuration file, cut into words. Blanks are between them, "#" begins a
 * comment where a word could begin, a backslash at the end of a line continues
 * it, and \xNN is the byte NN.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lex.h"

/**
 * lex_init() - begin
 * @lx: lexer
 * @text: the file
 * @size: its size in bytes
 * @out: for the words' text, @size + 1 bytes; words are in it in their order
 * @fn: called for everything that makes no word
 * @arg: for @fn
 */
void lex_init(struct lexer *lx, const char *text, size_t size, char *out,
	      lex_error_fn *fn, void *arg)
{
	*lx = (struct lexer){
		.at = text, .end = text + size, .out = out, .line = 1, .column = 1,
		.fn = fn, .arg = arg,
	};
}

static void step(struct lexer *lx)
{
	const unsigned char c = *lx->at++;

	if (c == '\n') {
		lx->line++;
		lx->column = 1;
	} else if ((c & 0xc0) != 0x80) {	/* within a character of UTF-8 */
		lx->column++;
	}
}

static int peek(const struct lexer *lx, size_t ahead)
{
	return (size_t)(lx->end - lx->at) > ahead ? (unsigned char)lx->at[ahead] : -1;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_word(int c)
{
	return c < 0 || c == '\n' || is_blank(c);
}

/* How many bytes the backslash and the end of its line are; 0 if it is none. */
static int continuation(const struct lexer *lx)
{
	if (peek(lx, 0) != '\\')
		return 0;
	if (peek(lx, 1) == '\n')
		return 2;
	return peek(lx, 1) == '\r' && peek(lx, 2) == '\n' ? 3 : 0;
}

static void skip_blanks(struct lexer *lx)
{
	int n;

	for (;;) {
		n = continuation(lx);
		if (!n && is_blank(peek(lx, 0)))
			n = 1;
		if (!n)
			return;
		while (n--)
			step(lx);
	}
}

static int hex(int c)
{
	if (c < 0 || !isxdigit(c))
		return -1;
	return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

/* A byte of a word; 0 if it is none, and then it has been told. */
static char word_byte(struct lexer *lx)
{
	const int c = peek(lx, 0);
	int high, low, i;
	struct err e;

	if (c == '\\') {
		high = peek(lx, 1) == 'x' ? hex(peek(lx, 2)) : -1;
		low = hex(peek(lx, 3));
		if (high >= 0 && low >= 0 && (high || low)) {
			for (i = 0; i < 4; i++)
				step(lx);
			return high << 4 | low;
		}
		err_set(&e, "a backslash stands at the end of a line that goes on in the next one, or in \\xNN, and nowhere else");
	} else if (c < 0x20 || c == 0x7f) {
		err_set(&e, "the byte \\x%02x does not belong into a text file", c);
	} else {
		step(lx);
		return c;
	}
	lx->fn(lx->line, lx->column, &e, lx->arg);
	step(lx);
	return 0;
}

/**
 * lex_next() - the next word, or the end of a line
 * @lx: lexer
 * @w: result, if it is a word
 *
 * Return: what it is
 */
enum lex_token lex_next(struct lexer *lx, struct word *w)
{
	char c;

	skip_blanks(lx);
	if (peek(lx, 0) == '#')
		while (peek(lx, 0) >= 0 && peek(lx, 0) != '\n')
			step(lx);
	if (peek(lx, 0) < 0)
		return LEX_END;
	if (peek(lx, 0) == '\n') {
		step(lx);
		return LEX_LINE;
	}
	*w = (struct word){ .text = lx->out, .line = lx->line, .column = lx->column };
	while (!ends_word(peek(lx, 0)) && !continuation(lx)) {
		c = word_byte(lx);
		if (c)
			*lx->out++ = c;
	}
	*lx->out++ = '\0';
	return LEX_WORD;
}

static bool is_plain(const char *word, const char *c)
{
	return (unsigned char)*c > 0x20 && (unsigned char)*c < 0x7f && *c != '\\' &&
	       !(c == word && *c == '#');
}

/**
 * lex_quote() - a word as it has to stand in a file
 * @buf: where to append it
 * @size: of @buf
 * @word: any bytes
 */
void lex_quote(char *buf, size_t size, const char *word)
{
	const char *c;

	for (c = word; *c; c++)
		text_append(buf, size, is_plain(word, c) ? "%c" : "\\x%02x",
			    (unsigned char)*c);
}
