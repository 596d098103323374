// SPDX-License-Identifier: GPL-2.0
/* Text or JSON from one call site, after the manner of iproute2. */

#include <assert.h>
#include <json-c/json.h>
#include <stdarg.h>

#include "print.h"

/**
 * pr_init() - start to print
 * @p: printer
 * @out: where to
 * @json: JSON instead of text
 * @pretty: indent the JSON
 */
void pr_init(struct printer *p, FILE *out, bool json, bool pretty)
{
	*p = (struct printer){ .out = out, .json = json, .pretty = pretty };
}

static void add(struct printer *p, const char *key, struct json_object *value)
{
	struct json_object *parent;

	assert(p->depth);
	parent = p->stack[p->depth - 1];
	if (json_object_is_type(parent, json_type_array))
		json_object_array_add(parent, value);
	else
		json_object_object_add(parent, key, value);
}

static void begin(struct printer *p, const char *key, struct json_object *value)
{
	assert(p->depth < PR_DEPTH);
	if (p->depth)
		add(p, key, value);
	p->stack[p->depth++] = value;
}

static void end(struct printer *p)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *root = p->stack[0];

	assert(p->depth);
	if (--p->depth)
		return;
	if (p->pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	fprintf(p->out, "%s\n", json_object_to_json_string_ext(root, flags));
	json_object_put(root);
}

/**
 * pr_object() - open a JSON object; nothing in text
 * @p: printer
 * @key: its key in the object around it, if there is one
 */
void pr_object(struct printer *p, const char *key)
{
	if (p->json)
		begin(p, key, json_object_new_object());
}

/**
 * pr_object_end() - close the innermost JSON object
 * @p: printer
 */
void pr_object_end(struct printer *p)
{
	if (p->json)
		end(p);
}

/**
 * pr_array() - open a JSON array; nothing in text
 * @p: printer
 * @key: its key in the object around it, if there is one
 */
void pr_array(struct printer *p, const char *key)
{
	if (p->json)
		begin(p, key, json_object_new_array());
}

/**
 * pr_array_end() - close the innermost JSON array
 * @p: printer
 */
void pr_array_end(struct printer *p)
{
	if (p->json)
		end(p);
}

/* The text half of every pr_*() call. */
#define print_text(p, fmt)				\
	do {						\
		va_list ap;				\
							\
		va_start(ap, fmt);			\
		if (fmt)				\
			vfprintf((p)->out, fmt, ap);	\
		va_end(ap);				\
	} while (0)

/**
 * pr_text() - print what has no counterpart in JSON
 * @p: printer
 * @fmt: text
 */
void pr_text(struct printer *p, const char *fmt, ...)
{
	if (!p->json)
		print_text(p, fmt);
}

/**
 * pr_str() - print a string
 * @p: printer
 * @key: JSON key, or NULL for text only
 * @value: JSON value
 * @fmt: text, or NULL for JSON only
 */
void pr_str(struct printer *p, const char *key, const char *value,
	    const char *fmt, ...)
{
	if (!p->json)
		print_text(p, fmt);
	else if (key)
		add(p, key, json_object_new_string(value));
}

/**
 * pr_uint() - print a number
 * @p: printer
 * @key: JSON key, or NULL for text only
 * @value: JSON value
 * @fmt: text, or NULL for JSON only
 */
void pr_uint(struct printer *p, const char *key, uint64_t value,
	     const char *fmt, ...)
{
	if (!p->json)
		print_text(p, fmt);
	else if (key)
		add(p, key, json_object_new_uint64(value));
}

/**
 * pr_bool() - print a truth
 * @p: printer
 * @key: JSON key, or NULL for text only
 * @value: JSON value
 * @fmt: text, or NULL for JSON only
 */
void pr_bool(struct printer *p, const char *key, bool value,
	     const char *fmt, ...)
{
	if (!p->json)
		print_text(p, fmt);
	else if (key)
		add(p, key, json_object_new_boolean(value));
}

/**
 * pr_seconds() - print nanoseconds, in JSON as a decimal number of seconds
 * @p: printer
 * @key: JSON key, or NULL for text only
 * @ns: JSON value
 * @decimals: how many of the 9 decimals to print; the rest is cut off
 * @fmt: text, or NULL for JSON only
 *
 * The digits are written from the integer: a double cannot hold the present
 * time in nanoseconds.
 */
void pr_seconds(struct printer *p, const char *key, uint64_t ns,
		unsigned int decimals, const char *fmt, ...)
{
	char digits[32];
	int n;

	if (!p->json) {
		print_text(p, fmt);
		return;
	}
	if (!key)
		return;
	n = snprintf(digits, sizeof(digits), "%llu.%09llu",
		     (unsigned long long)(ns / NSEC_PER_SEC),
		     (unsigned long long)(ns % NSEC_PER_SEC));
	digits[n - 9 + (decimals < 9 ? decimals : 9)] = '\0';
	add(p, key, json_object_new_double_s((double)ns / NSEC_PER_SEC, digits));
}

/**
 * pr_null() - print that there is nothing
 * @p: printer
 * @key: JSON key, or NULL for text only
 * @fmt: text, or NULL for JSON only
 */
void pr_null(struct printer *p, const char *key, const char *fmt, ...)
{
	if (!p->json)
		print_text(p, fmt);
	else if (key)
		add(p, key, NULL);
}
