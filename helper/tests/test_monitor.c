// SPDX-License-Identifier: GPL-2.0
/* monitor: its lines, and what it does about those that it cannot have. */

#include <errno.h>
#include <linux/genetlink.h>

#include "cmd.h"
#include "harness.h"

/* What is printed without the times. */
static const char *lines(void)
{
	static char text[4096];
	const char *from = out;
	char *to = text;

	while (*from) {
		if (!strncmp(from, "\"time\":", 7))
			from += strcspn(from, ",") + 1;
		else
			*to++ = *from++;
	}
	*to = '\0';
	return text;
}

static struct gate event(uint32_t kind, const char *attrs)
{
	struct gate ev = open_gate();

	give(&ev, "kind");
	give(&ev, attrs);
	ev.kind = kind;
	return ev;
}

/*
 * Ends with the SIGTERM that the fake kernel sends when it has said all: to the
 * subscription, to the question at the start, and to that after a gap.
 */
static void monitor(void **state)
{
	struct gate ev = event(ANYGATE_EVENT_KIND_TRANSITION, "seq old-state");
	struct gate is[] = { open_gate(), closed_gate() };
	static const uint64_t seq[] = { 5, 6, 9, 11 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(seq); i++) {
		ev.seq = seq[i];
		fake_event(&ev);
	}
	fake_end();
	have(0, NULL);
	is[0].state = ANYGATE_STATE_CLOSED;
	is[0].reason = ANYGATE_REASON_DOWN_DELAY;
	have(2, is);
	assert_int_equal(run(cmd_monitor, ""), ST_OK);
	assert_string_equal(out,
			    "192.0.2.53/32 closed -> open listener\n"
			    "192.0.2.53/32 closed -> open listener\n"
			    "lost 2 events\n"
			    "192.0.2.53/32 closed -> open listener\n"
			    "lost 1 event\n"
			    "192.0.2.53/32 closed -> open listener\n"
			    "192.0.2.53/32 resync open -> closed down-delay, announced\n"
			    "2001:db8::53/128 resync closed no-listener, not announced\n"
			    "in step again: 2 gates differed\n");
}

static void monitor_json(void **state)
{
	struct gate ev = event(ANYGATE_EVENT_KIND_LIVE, "seq probes"), was = open_gate();

	(void)state;
	opt.json = true;
	memset(ev.has, 0, sizeof(ev.has));
	give(&ev, "kind seq probes");
	ev.probes = ANYGATE_PROBES_LIVE;
	ev.n_services = 0;
	ev.seq = 5;
	fake_event(&ev);
	ev.seq = 7;
	fake_event(&ev);
	fake_end();
	have(1, &was);
	have(0, NULL);
	assert_int_equal(run(cmd_monitor, ""), ST_OK);
	assert_contains(out, "{\"time\":");
	assert_string_equal(lines(),
			    "{\"seq\":5,\"kind\":\"live\",\"probes\":\"live\"}\n"
			    "{\"kind\":\"lost\",\"events\":1}\n"
			    "{\"seq\":7,\"kind\":\"live\",\"probes\":\"live\"}\n"
			    "{\"kind\":\"deleted\",\"prefix\":\"192.0.2.53/32\",\"id\":7,\"old_state\":\"open\"}\n"
			    "{\"kind\":\"resynced\",\"differences\":1}\n");
}

/* A module that comes may have sent its first events before we could hear them. */
static void monitor_module(void **state)
{
	struct gate is = closed_gate();

	(void)state;
	fake_ctrl(CTRL_CMD_DELFAMILY);
	fake_ctrl(CTRL_CMD_NEWFAMILY);
	fake_end();
	have(0, NULL);
	have(1, &is);
	assert_int_equal(run(cmd_monitor, ""), ST_OK);
	assert_string_equal(out,
			    "anygate unloaded\n"
			    "anygate loaded\n"
			    "2001:db8::53/128 resync closed no-listener, not announced\n");
}

/* It is tried again, and what there was from the beginning is no news then either. */
static void monitor_second_look(void **state)
{
	struct gate is[] = { open_gate(), closed_gate() };

	(void)state;
	fake_end();
	refuse(ENOMEM, NULL, 0);
	have(2, is);
	assert_int_equal(run(cmd_monitor, ""), ST_OK);
	assert_string_equal(out, "");
	assert_non_null(fake_request(2));
}

/* The kernel says ENOBUFS when a subscriber is too slow. */
static void monitor_overrun(void **state)
{
	struct gate ev = event(ANYGATE_EVENT_KIND_TRANSITION, "old-state"), is = open_gate();
	struct gate all[] = { open_gate(), closed_gate() };

	(void)state;
	fake_event(&ev);
	fake_flood(1000);
	fake_end();
	have(1, &is);
	have(2, all);
	assert_int_equal(run(cmd_monitor, ""), ST_OK);
	if (!strstr(out, "lost"))
		skip();	/* groups are for root only */
	assert_contains(out, "192.0.2.53/32 closed -> open listener\n");
	assert_contains(out, "events lost\n");
	assert_contains(out, "2001:db8::53/128 resync closed no-listener, not announced\n"
			"in step again: 1 gate differed\n");
	/* the module's coming may have been among what was lost */
	assert_true(fake_rejoins() > 0);
}

/* A group that cannot be joined at once is joined later, and the gates are asked for again. */
static void monitor_deaf(void **state)
{
	struct gate is = open_gate(), all[] = { open_gate(), closed_gate() };

	(void)state;
	fake_ctrl(CTRL_CMD_DELFAMILY);
	fake_ctrl(CTRL_CMD_NEWFAMILY);
	fake_deafens(2);
	fake_end();
	have(0, NULL);
	have(1, &is);
	have(2, all);
	assert_int_equal(run(cmd_monitor, ""), ST_OK);
	assert_string_equal(out,
			    "anygate unloaded\n"
			    "anygate loaded\n"
			    "192.0.2.53/32 resync open listener, announced\n"
			    "events lost\n"
			    "2001:db8::53/128 resync closed no-listener, not announced\n"
			    "in step again: 1 gate differed\n");
	assert_int_equal(fake_rejoins(), 3);
}

/* A name may be given to another namespace while we run. */
static void enters_once(void **state)
{
	(void)state;
	opt.netns = "/proc/self/ns/net";
	fake_end();
	have(0, NULL);
	if (run(cmd_monitor, "") != ST_OK && strstr(err, "CAP_SYS_ADMIN"))
		skip();
	assert_string_equal(err, "");
	assert_null(opt.netns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		verb_test(monitor),
		verb_test(monitor_json),
		verb_test(monitor_module),
		verb_test(monitor_second_look),
		verb_test(monitor_overrun),
		verb_test(monitor_deaf),
		verb_test(enters_once),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
