/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_LEX_H
#define ANYGATECTL_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "util.h"

/**
 * struct word - a word of a file
 * @text: it, with escapes resolved
 * @line: where it begins, from 1
 * @column: in characters, from 1
 */
struct word {
	char *text;
	unsigned int line;
	unsigned int column;
};

/**
 * typedef lex_error_fn - called for everything that makes no word
 * @line: where
 * @column: where
 * @e: what is wrong
 * @arg: what the caller gave
 */
typedef void lex_error_fn(unsigned int line, unsigned int column,
			  const struct err *e, void *arg);

/**
 * struct lexer - a file being cut into words
 * @at: what has not been looked at yet
 * @end: end of the file
 * @out: where the next word's text goes
 * @line: of @at
 * @column: of @at
 * @fn: whom to tell what is wrong
 * @arg: for @fn
 */
struct lexer {
	const char *at;
	const char *end;
	char *out;
	unsigned int line;
	unsigned int column;
	lex_error_fn *fn;
	void *arg;
};

/**
 * enum lex_token - what the next thing is
 * @LEX_WORD: a word
 * @LEX_LINE: the end of a line that is not continued
 * @LEX_END: the end of the file
 */
enum lex_token {
	LEX_WORD,
	LEX_LINE,
	LEX_END,
};

void lex_init(struct lexer *lx, const char *text, size_t size, char *out,
	      lex_error_fn *fn, void *arg);
enum lex_token lex_next(struct lexer *lx, struct word *w);
void lex_quote(char *buf, size_t size, const char *word);

#endif
