// SPDX-License-Identifier: GPL-2.0
/* An event as environment: what is a plain value in JSON, by the same name. */

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook.h"

#define OURS	"ANYGATE_"

static void add(char **env, size_t *n, const char *key, const char *value)
{
	char name[64];
	size_t i;

	for (i = 0; key[i] && i + 1 < sizeof(name); i++)
		name[i] = toupper((unsigned char)key[i]);
	name[i] = '\0';
	if (asprintf(&env[*n], OURS "%s=%s", name, value) < 0)
		exit(complain(ST_REFUSED, "out of memory"));
	(*n)++;
}

static bool is_plain(struct json_object *value)
{
	return !json_object_is_type(value, json_type_object) &&
	       !json_object_is_type(value, json_type_array) && value;
}

/**
 * hook_environment() - the environment of a command
 * @json: the event
 * @skipped: how many events have given way to it
 *
 * Our own environment without what looks like an event's, and the event's.
 *
 * Return: it, to be freed with hook_environment_free(); ends with NULL
 */
char **hook_environment(const char *json, unsigned int skipped)
{
	struct json_object *o = json_tokener_parse(json);
	size_t n = 0, size = 3;
	char number[16], **env, **e;

	for (e = environ; *e; e++)
		size++;
	size += o ? json_object_object_length(o) : 0;
	env = calloc(size, sizeof(*env));
	if (!env)
		exit(complain(ST_REFUSED, "out of memory"));
	for (e = environ; *e; e++) {
		if (!strncmp(*e, OURS, strlen(OURS)))
			continue;
		env[n] = strdup(*e);
		if (!env[n++])
			exit(complain(ST_REFUSED, "out of memory"));
	}
	if (o) {
		json_object_object_foreach(o, key, value)
			if (is_plain(value))
				add(env, &n, key, json_object_get_string(value));
		json_object_put(o);
	}
	snprintf(number, sizeof(number), "%u", skipped);
	add(env, &n, "skipped", number);
	return env;
}

/**
 * hook_environment_free() - free an environment
 * @env: from hook_environment()
 */
void hook_environment_free(char **env)
{
	char **e;

	for (e = env; *e; e++)
		free(*e);
	free(env);
}
