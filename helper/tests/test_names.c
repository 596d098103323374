// SPDX-License-Identifier: GPL-2.0
/* Every word of the specification, in its order, and no other. */

#include "names.h"
#include "testlib.h"

#define SPEC	"../Documentation/netlink/specs/anygate.yaml"

static FILE *spec;

static int open_spec(void **state)
{
	(void)state;
	spec = fopen(SPEC, "r");
	return spec ? 0 : -1;
}

static int close_spec(void **state)
{
	(void)state;
	return fclose(spec);
}

/* The value of "key: value", wherever it is indented to. */
static bool value_of(const char *line, const char *key, char *value)
{
	char format[32];

	line += strspn(line, " ");
	snprintf(format, sizeof(format), "%s: %%63s", key);
	return sscanf(line, format, value) == 1;
}

static size_t indent(const char *line)
{
	return strspn(line, " ");
}

/*
 * Enough of YAML for the specification: entries of @what are the names that
 * are indented deeper than its own name, up to the next one that is not.
 */
static size_t spec_names(const char *section, const char *what, char names[][64],
			 size_t max)
{
	char line[256], value[64];
	bool in_section = false, in_what = false;
	size_t n = 0, depth = 0;
	char *word, *save = NULL;

	rewind(spec);
	while (fgets(line, sizeof(line), spec)) {
		if (line[0] != ' ' && line[0] != '\n')
			in_section = !strncmp(line, section, strlen(section));
		if (!in_section)
			continue;
		if (in_what && indent(line) <= depth && value_of(line, "name", value))
			break;
		if (in_what && value_of(line, "name", value)) {
			assert_true(n < max);
			strcpy(names[n++], value);
		} else if (in_what && strstr(line, "entries: [")) {
			word = strtok_r(strchr(line, '[') + 1, "\", ]\n", &save);
			for (; word; word = strtok_r(NULL, "\", ]\n", &save))
				strcpy(names[n++], word);
		} else if (value_of(line, "name", value) && !strcmp(value, what)) {
			in_what = true;
			depth = indent(line);
		}
	}
	return n;
}

static void compare(const char *section, const struct names *names,
		    uint32_t first)
{
	char spec_name[128][64];
	size_t i, n = spec_names(section, names->what, spec_name, 128);

	if (n != names->n - first)
		fail_msg("%s: the specification has %zu names, we have %zu", names->what, n,
			 names->n - first);
	for (i = 0; i < n; i++)
		assert_string_equal(names->name[first + i], spec_name[i]);
}

static void enums(void **state)
{
	(void)state;
	compare("definitions:", &action_names, 0);
	compare("definitions:", &switch_names, 0);
	compare("definitions:", &listen_policy_names, 0);
	compare("definitions:", &state_names, 0);
	compare("definitions:", &reason_names, 0);
	compare("definitions:", &difference_names, 0);
	compare("definitions:", &source_names, 0);
	compare("definitions:", &order_names, 0);
	compare("definitions:", &on_expiry_names, 0);
	compare("definitions:", &members_names, 0);
	compare("definitions:", &verdict_names, 0);
	compare("definitions:", &event_kind_names, 0);
	compare("definitions:", &probes_names, 0);
}

static void attributes(void **state)
{
	(void)state;
	compare("attribute-sets:", &service_attr_names, 1);
	compare("attribute-sets:", &lease_attr_names, 1);
	compare("attribute-sets:", &gate_attr_names, 1);
}

static void unknown(void **state)
{
	const char *a = name_of(&state_names, 17), *b = name_of(&state_names, 4294967295u);

	(void)state;
	assert_string_equal(a, "17");
	assert_string_equal(b, "4294967295");
	assert_string_equal(name_of(&gate_attr_names, 0), "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enums),
		cmocka_unit_test(attributes),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests_name("names", tests, open_spec, close_spec);
}
