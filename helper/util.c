// SPDX-License-Identifier: GPL-2.0
/* Errors, and text that is safe to print. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "print.h"
#include "util.h"

struct options opt;

#define WORD_SHOWN	64	/* of a word that makes a sentence too long */

/*
 * Words that the user gave can be of any length; what is wrong with them comes
 * behind, and must not be cut off.
 */
static void format(char *text, size_t size, const char *fmt, va_list ap)
{
	char *whole = NULL, *word;
	size_t len, n = 0;

	if (vasprintf(&whole, fmt, ap) < 0) {
		snprintf(text, size, "out of memory");
		return;
	}
	text[0] = '\0';
	for (word = whole; *word && n + 1 < size; word += len) {
		len = *word == ' ' ? 1 : strcspn(word, " ");
		if (len <= WORD_SHOWN || strlen(whole) < size)
			n += snprintf(text + n, size - n, "%.*s", (int)len, word);
		else
			n += snprintf(text + n, size - n, "%.*s...", WORD_SHOWN, word);
	}
	free(whole);
}

/**
 * err_set() - say what is wrong
 * @e: where to say it
 * @fmt: printf format
 *
 * Return: -1, so that a parser can return it.
 */
int err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

/**
 * clean() - copy text from outside, harmless for terminals and JSON
 * @dst: result, always terminated
 * @size: of @dst
 * @src: any bytes; a process can call itself whatever it likes
 *
 * What is no printable ASCII becomes \xNN.
 */
void clean(char *dst, size_t size, const char *src)
{
	size_t n = 0;

	for (; *src; src++) {
		unsigned char c = *src;

		if (c >= 0x20 && c < 0x7f) {
			if (n + 2 > size)
				break;
			dst[n++] = c;
		} else {
			if (n + 5 > size)
				break;
			n += snprintf(dst + n, size - n, "\\x%02x", c);
		}
	}
	dst[n] = '\0';
}

/**
 * text_append() - add to a text
 * @buf: text, always terminated
 * @size: of @buf; what does not fit is cut off
 * @fmt: printf format of what to add
 */
void text_append(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, size - used, fmt, ap);
	va_end(ap);
}

/* One and the same message, whoever says it. */
static void say(const char *text)
{
	flush_output();
	fprintf(stderr, "anygatectl: %s\n", text);
}

/**
 * warning() - tell of what does not end the program
 * @fmt: printf format of the sentence
 *
 * On stderr, with -j as well: who reads the objects on stdout is to find there
 * what was asked for, and one error at most.
 */
void warning(const char *fmt, ...)
{
	char raw[1024], text[2048];
	va_list ap;

	va_start(ap, fmt);
	format(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	clean(text, sizeof(text), raw);
	say(text);
}

/**
 * complain() - report an error
 * @status: what the program will exit with
 * @fmt: printf format of the sentence
 *
 * As text on stderr or, with -j, as an object on stdout, so that a program
 * that reads the JSON needs to look in one place only. Where that place cannot
 * be written to, on stderr all the same.
 *
 * Return: @status
 */
int complain(enum status status, const char *fmt, ...)
{
	char raw[1024], text[2048];
	struct printer p;
	va_list ap;

	va_start(ap, fmt);
	format(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	clean(text, sizeof(text), raw);

	if (!opt.json) {
		say(text);
		return status;
	}
	pr_init(&p, stdout, true, opt.pretty);
	pr_object(&p, NULL);
	pr_str(&p, "error", text, NULL);
	pr_uint(&p, "status", status, NULL);
	pr_object_end(&p);
	if (flush_output())
		say(text);
	return status;
}

/*
 * A stream remembers that a write has failed, but not why. What was printed is
 * in pieces already; one more line end shows it.
 */
static int why_not_written(void)
{
	errno = 0;
	return write(STDOUT_FILENO, "\n", 1) < 0 && errno ? errno : EIO;
}

/**
 * flush_output() - make sure that what was printed has arrived
 *
 * The only way to flush the standard output: the first error is the one that is
 * returned from then on.
 *
 * Return: 0, or -errno: a full disk must not look like success.
 */
int flush_output(void)
{
	static int error;

	errno = 0;
	if (error)
		return -error;
	if (fflush(stdout))
		error = errno ? errno : EIO;
	else if (ferror(stdout))
		error = why_not_written();
	return -error;
}
