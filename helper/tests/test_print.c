// SPDX-License-Identifier: GPL-2.0
/* The printer: the same calls, text or JSON. */

#include "print.h"
#include "testlib.h"

static char *print(bool json, bool pretty)
{
	struct printer p;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	pr_init(&p, f, json, pretty);
	pr_array(&p, NULL);
	pr_object(&p, NULL);
	pr_str(&p, "name", "a/\"b\"", "name: %s\n", "a/\"b\"");
	pr_uint(&p, "big", UINT64_MAX, "big: %s\n", "all ones");
	pr_bool(&p, "yes", true, "yes: %d\n", 1);
	pr_seconds(&p, "age", 1500000001ULL, 3, "age: %s\n", "1.5s");
	pr_seconds(&p, "time", 1763875865123456789ULL, 9, NULL);
	pr_null(&p, "none", "none\n");
	pr_text(&p, "for people\n");
	pr_uint(&p, NULL, 1, "text only\n");
	pr_uint(&p, "json_only", 2, NULL);
	pr_object(&p, "inner");
	pr_array(&p, "list");
	pr_array_end(&p);
	pr_object_end(&p);
	pr_object_end(&p);
	pr_array_end(&p);
	fclose(f);
	return text;
}

static void text(void **state)
{
	char *out = print(false, false);

	(void)state;
	assert_string_equal(out,
			    "name: a/\"b\"\n"
			    "big: all ones\n"
			    "yes: 1\n"
			    "age: 1.5s\n"
			    "none\n"
			    "for people\n"
			    "text only\n");
	free(out);
}

static void json(void **state)
{
	char *out = print(true, false);

	(void)state;
	assert_string_equal(out,
			    "[{\"name\":\"a/\\\"b\\\"\",\"big\":18446744073709551615,"
			    "\"yes\":true,\"age\":1.500,\"time\":1763875865.123456789,"
			    "\"none\":null,\"json_only\":2,\"inner\":{\"list\":[]}}]\n");
	free(out);
}

static void pretty(void **state)
{
	char *out = print(true, true);

	(void)state;
	assert_contains(out, "\n    \"yes\": true,\n");
	free(out);
}

static void several(void **state)
{
	struct printer p;
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);
	int i;

	(void)state;
	pr_init(&p, f, true, false);
	for (i = 0; i < 2; i++) {
		pr_object(&p, NULL);
		pr_uint(&p, "n", i, NULL);
		pr_object_end(&p);
	}
	fclose(f);
	assert_string_equal(out, "{\"n\":0}\n{\"n\":1}\n");
	free(out);
}

static void cleaning(void **state)
{
	char buf[16];

	(void)state;
	clean(buf, sizeof(buf), "a\033[1m\n\xff");
	assert_string_equal(buf, "a\\x1b[1m\\x0a");
	clean(buf, 5, "\033");
	assert_string_equal(buf, "\\x1b");
	clean(buf, 4, "\033");
	assert_string_equal(buf, "");
	clean(buf, 4, "abcdef");
	assert_string_equal(buf, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test(json),
		cmocka_unit_test(pretty),
		cmocka_unit_test(several),
		cmocka_unit_test(cleaning),
	};

	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
