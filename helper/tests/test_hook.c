// SPDX-License-Identifier: GPL-2.0
/* monitor exec: what commands are told, and that they do not meet. */

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "fake_kernel.h"
#include "format.h"
#include "hook.h"
#include "known.h"
#include "testlib.h"

static char dir[] = "/tmp/anygatectl-hook-XXXXXX";
static char *text;

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	return setenv("D", dir, 1);
}

static int remove_dir(void **state)
{
	(void)state;
	free(text);
	return system("rm -rf \"$D\"");
}

static int start(void **state)
{
	(void)state;
	memset(&opt, 0, sizeof(opt));
	return system("rm -rf \"$D\"/*");
}

static int start_fake(void **state)
{
	fake_start();
	return start(state);
}

static int stop_fake(void **state)
{
	(void)state;
	fake_stop();
	return 0;
}

static const char *content(const char *name)
{
	char path[64];
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	free(text);
	text = NULL;
	f = fopen(path, "r");
	if (!f)
		return "absent";
	if (getdelim(&text, &size, '\0', f) < 0)
		text[0] = '\0';
	fclose(f);
	return text;
}

/* Until all that was added has been run; as the program does, but without events. */
static void run_all(struct hooks *h)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	do {
		hooks_start(h);
		nanosleep(&ms, NULL);
		hooks_reap(h);
	} while (h->n_running || h->waiting);
}

static char *sh(char *script, char *command[4])
{
	command[0] = (char *)"sh";
	command[1] = (char *)"-c";
	command[2] = script;
	command[3] = NULL;
	return script;
}

static void told(void **state)
{
	char *command[4];
	struct hooks h;

	(void)state;
	setenv("ANYGATE_OLD", "1", 1);
	sh((char *)"env | grep ^ANYGATE_ | sort > $D/env; cat > $D/input", command);
	hooks_init(&h, command);
	hooks_add(&h, "192.0.2.53/32", "transition",
		  "{\"kind\":\"transition\",\"id\":7,\"announced\":false,\"leases\":[{\"name\":\"zone\"}],\"time\":1.25,\"nothing\":null,\"comm\":\"a=b c\"}\n");
	run_all(&h);
	hooks_free(&h);
	unsetenv("ANYGATE_OLD");
	assert_string_equal(content("env"),
			    "ANYGATE_ANNOUNCED=false\n"
			    "ANYGATE_COMM=a=b c\n"
			    "ANYGATE_ID=7\n"
			    "ANYGATE_KIND=transition\n"
			    "ANYGATE_SKIPPED=0\n"
			    "ANYGATE_TIME=1.25\n");
	assert_contains(content("input"), "\"leases\":[{\"name\":\"zone\"}]");
}

/* One at a time, and of what waits the last of each kind, in order. */
static void coalesced(void **state)
{
	static const char *const kinds[] = {
		"added", "transition", "lease", "transition", "lease", "announced", "transition",
	};
	char *command[4], json[128];
	struct hooks h;
	size_t i;

	(void)state;
	sh((char *)"mkdir $D/lock || echo both >> $D/log; until [ -e $D/go ]; do sleep 0.01; done; echo $ANYGATE_KIND $ANYGATE_N $ANYGATE_SKIPPED >> $D/log; rmdir $D/lock",
	   command);
	hooks_init(&h, command);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(json, sizeof(json), "{\"kind\":\"%s\",\"n\":%zu}", kinds[i], i);
		hooks_add(&h, "192.0.2.53/32", kinds[i], json);
		if (!i)
			hooks_start(&h);
	}
	assert_int_equal(h.n_running, 1);
	assert_int_equal(h.waiting, 3);
	hooks_start(&h);
	assert_int_equal(h.n_running, 1);
	assert_int_equal(system(": > $D/go"), 0);
	run_all(&h);
	hooks_free(&h);
	assert_string_equal(content("log"),
			    "added 0 0\nlease 4 1\nannounced 5 0\ntransition 6 2\n");
}

/* Gates do not wait for each other, unless there are many. */
static void side_by_side(void **state)
{
	char *command[4], subject[16];
	struct hooks h;
	unsigned int i;

	(void)state;
	sh((char *)"until [ -e $D/go ]; do sleep 0.01; done; echo >> $D/log", command);
	hooks_init(&h, command);
	for (i = 0; i < HOOKS_MAX + 5; i++) {
		snprintf(subject, sizeof(subject), "10.0.0.%u/32", i);
		hooks_add(&h, subject, "added", "{}");
	}
	hooks_start(&h);
	assert_int_equal(h.n_running, HOOKS_MAX);
	assert_int_equal(h.waiting, 5);
	assert_int_equal(system(": > $D/go"), 0);
	run_all(&h);
	assert_null(h.tree);
	hooks_free(&h);
	assert_int_equal(strlen(content("log")), HOOKS_MAX + 5);
}

static void complaints(void **state)
{
	char *command[4], *out, *err;
	struct hooks h;

	(void)state;
	sh((char *)"exit 3", command);
	opt.json = true;	/* which is for what is asked for */
	capture_begin();
	hooks_init(&h, command);
	hooks_add(&h, "192.0.2.53/32", "added", "{}");
	run_all(&h);
	hooks_free(&h);
	out = capture_end(&err);
	assert_string_equal(out, "");
	assert_string_equal(err, "anygatectl: monitor: 192.0.2.53/32: sh: exit status 3\n");
	free(out);
	free(err);
}

/* A command that is not there just now is told of the last event when it is. */
static void comes_later(void **state)
{
	char path[64], expected[256], *command[] = { path, NULL }, *out, *err;
	struct hooks h;

	(void)state;
	snprintf(path, sizeof(path), "%s/command", dir);
	capture_begin();
	hooks_init(&h, command);
	hooks_add(&h, "192.0.2.53/32", "added", "{}");
	hooks_add(&h, "192.0.2.53/32", "transition", "{\"state\":\"open\"}");
	hooks_start(&h);
	hooks_start(&h);
	hooks_add(&h, "192.0.2.53/32", "transition", "{\"state\":\"closed\"}");
	hooks_add(&h, "192.0.2.54/32", "deleted", "no JSON");
	hooks_start(&h);
	assert_int_equal(h.err, ENOENT);
	assert_int_equal(h.n_running, 0);
	assert_int_equal(h.waiting, 3);
	assert_int_equal(system("printf '#!/bin/sh\\necho $ANYGATE_STATE >>$D/log\\n' >$D/new; chmod 755 $D/new; mv $D/new $D/command"),
			 0);
	run_all(&h);
	assert_null(h.tree);
	hooks_free(&h);
	out = capture_end(&err);
	snprintf(expected, sizeof(expected),
		 "anygatectl: monitor: cannot run %s: No such file or directory; trying again\n"
		 "anygatectl: monitor: %s can be run again\n", path, path);
	assert_string_equal(err, expected);
	free(out);
	free(err);
	assert_int_equal(system("sort -o $D/log $D/log"), 0);
	assert_string_equal(content("log"), "\n\nclosed\n");
}

/* What waits when it is over is forgotten, and no child is. */
static void left_over(void **state)
{
	char *command[4];
	struct hooks h;

	(void)state;
	sh((char *)"sleep 0.1", command);
	hooks_init(&h, command);
	hooks_add(&h, "a", "added", "{}");
	hooks_start(&h);
	hooks_add(&h, "a", "added", "{}");
	hooks_add(&h, "b", "added", "{}");
	assert_int_equal(h.waiting, 2);
	hooks_free(&h);
	assert_true(wait(NULL) > 0);
}

static struct gate event(uint32_t kind, uint64_t seq, const char *prefix, uint32_t st)
{
	struct gate ev = open_gate();

	give(&ev, "kind seq time");
	ev.kind = kind;
	ev.seq = seq;
	ev.time = NSEC_PER_SEC;
	ev.prefix = pfx(prefix);
	ev.state = st;
	return ev;
}

static char log_text[512];

static void log_difference(const struct known_gate *was, const struct gate *is, void *arg)
{
	char prefix[PREFIX_TEXT];

	(void)arg;
	text_append(log_text, sizeof(log_text), "%s%c%c ",
		    prefix_text(was ? &was->prefix : &is->prefix, prefix),
		    was ? '0' + was->state : '-', is ? '0' + is->state : '-');
}

static void known_gates(void **state)
{
	struct gate gates[] = {
		event(0, 0, "192.0.2.1/32", 0), event(0, 0, "192.0.2.2/32", 2),
		event(0, 0, "192.0.2.3/32", 2),
	};
	struct gates l = { .gates = gates, .n = 3 };
	struct known k = { 0 };
	struct gate ev;

	(void)state;
	known_sync(&k, &l, NULL, NULL);
	known_sync(&k, &l, log_difference, NULL);
	assert_string_equal(log_text, "");
	/* told: .1 opens, .2 goes, .4 comes; not told: all of it is otherwise */
	ev = event(ANYGATE_EVENT_KIND_TRANSITION, 1, "192.0.2.1/32", 2);
	known_event(&k, &ev);
	ev = event(ANYGATE_EVENT_KIND_DELETED, 2, "192.0.2.2/32", 2);
	known_event(&k, &ev);
	ev = event(ANYGATE_EVENT_KIND_ADDED, 3, "192.0.2.4/32", 0);
	known_event(&k, &ev);
	ev = event(ANYGATE_EVENT_KIND_DELETED, 3, "192.0.2.9/32", 0);
	known_event(&k, &ev);
	known_sync(&k, &l, log_difference, NULL);
	assert_string_equal(log_text, "192.0.2.1/3220 192.0.2.2/32-2 192.0.2.4/320- ");
	known_free(&k);
}

static int monitor(char *script)
{
	char *argv[5] = { (char *)"exec" }, *out, *err;
	int ret;

	sh(script, argv + 1);
	capture_begin();
	ret = cmd_monitor(4, argv);
	out = capture_end(&err);
	assert_string_equal(out, "");
	free(text);
	text = err;
	free(out);
	return ret;
}

/* Ends when the fake kernel has nothing more to say; what is at work may end. */
static void whole(void **state)
{
	struct gate ev;

	(void)state;
	/* the subscriber's first, then what the dump would say */
	ev = event(ANYGATE_EVENT_KIND_TRANSITION, 1, "192.0.2.1/32", 0);
	fake_event(&ev);
	ev = event(ANYGATE_EVENT_KIND_TRANSITION, 2, "192.0.2.2/32", 2);
	fake_event(&ev);
	fake_end();
	fake_done(0, 0);
	assert_int_equal(monitor((char *)"sleep 0.05; echo $ANYGATE_PREFIX $ANYGATE_STATE $ANYGATE_SEQ >> $D/log"),
			 ST_OK);
	assert_int_equal(system("sort -o $D/log $D/log"), 0);
	assert_string_equal(content("log"), "192.0.2.1/32 closed 1\n192.0.2.2/32 open 2\n");
}

/* More events than the buffer holds: what they would have told is found out. */
static void overrun(void **state)
{
	struct gate ev = event(ANYGATE_EVENT_KIND_TRANSITION, 1, "192.0.2.1/32", 2);
	struct gate old = event(0, 0, "192.0.2.9/32", 0);

	(void)state;
	fake_event(&ev);
	fake_flood(1000);
	fake_end();
	fake_gate(&old, NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
	old.state = ANYGATE_STATE_OPEN;
	fake_gate(&old, NLM_F_MULTI);
	fake_done(0, 0);
	assert_int_equal(monitor((char *)"echo $ANYGATE_PREFIX $ANYGATE_KIND $ANYGATE_OLD_STATE $ANYGATE_STATE >> $D/log"),
			 ST_OK);
	assert_contains(text, "events were lost; asking for all gates");
	assert_contains(content("log"), "192.0.2.9/32 resync closed open\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(told, start),
		cmocka_unit_test_setup(coalesced, start),
		cmocka_unit_test_setup(side_by_side, start),
		cmocka_unit_test_setup(complaints, start),
		cmocka_unit_test_setup(comes_later, start),
		cmocka_unit_test_setup(left_over, start),
		cmocka_unit_test(known_gates),
		cmocka_unit_test_setup_teardown(whole, start_fake, stop_fake),
		cmocka_unit_test_setup_teardown(overrun, start_fake, stop_fake),
	};

	alarm(120);	/* a request that nobody answers takes for ever */
	return cmocka_run_group_tests_name("hook", tests, make_dir, remove_dir);
}
