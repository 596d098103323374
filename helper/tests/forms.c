// SPDX-License-Identifier: GPL-2.0
/* What people and programs read, to be compared with what they should. */

#include <json-c/json.h>

#include "event.h"
#include "forms.h"
#include "show.h"

char *gate_form(const struct gate *g, const char *probes, bool json)
{
	struct printer p;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	pr_init(&p, f, json, false);
	show_gate(&p, g, probes, NOW);
	fclose(f);
	return text;
}

char *event_form(const struct gate *ev, bool json, bool timestamp)
{
	struct printer p;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	pr_init(&p, f, json, false);
	event_print(&p, ev, timestamp, NOW);
	fclose(f);
	return text;
}

struct json_object *gate_object(const struct gate *g, const char *probes)
{
	char *text = gate_form(g, probes, true);
	struct json_object *o = json_tokener_parse(text);

	assert_non_null(o);
	free(text);
	return o;
}

void assert_event(const struct gate *ev, bool timestamp, const char *line)
{
	char *text = event_form(ev, false, timestamp);

	assert_string_equal(text, line);
	free(text);
}

void assert_json(struct json_object *o, const char *path, const char *value)
{
	const char *got = json_path(o, path);

	if (strcmp(got, value))
		fail_msg("%s is %s, not %s", path, got, value);
}
