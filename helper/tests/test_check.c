// SPDX-License-Identifier: GPL-2.0
/* check: its verdicts, its commands, and the whole of it against a fake kernel. */

#include <errno.h>
#include <json-c/json.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "cmd.h"
#include "format.h"
#include "harness.h"

static char dir[] = "/tmp/anygatectl-check-XXXXXX";

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
	return system("rm -rf \"$D\"");
}

static int start(void **state)
{
	verb_start(state);
	return system("rm -rf \"$D\"/*");
}

static void verdicts(void **state)
{
	const struct check_args c = { .rise = 3, .fall = 2 };
	/* rounds and, after each of them, the verdict: none, up or down */
	static const char *const cases[][2] = {
		{ "+++-+--+++", "nnuuuudddu" },
		{ "--+-++-", "ndddddd" },
		{ "+-+-+-", "nnnnnn" },
		{ "-+--", "nnnd" },
	};
	uint32_t old, want;
	struct tally t;
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&t, 0, sizeof(t));
		for (j = 0; cases[i][0][j]; j++) {
			want = cases[i][1][j] == 'u' ? ANYGATE_VERDICT_UP :
			       cases[i][1][j] == 'd' ? ANYGATE_VERDICT_DOWN : ANYGATE_VERDICT_NONE;
			old = t.verdict;
			assert_int_equal(tally_add(&t, &c, cases[i][0][j] == '+'), want != old);
			assert_int_equal(t.verdict, want);
		}
	}
}

static int wait_for(pid_t pid)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	int status;

	while (!run_ended(pid, &status))
		nanosleep(&ms, NULL);
	return status;
}

static const char *ended(char *script, bool kill)
{
	char *command[] = { (char *)"sh", (char *)"-c", script, NULL };
	static char text[64];
	struct err e;
	pid_t pid;

	if (run_start(command, &pid, &e))
		fail_msg("%s", e.text);
	if (kill)
		run_kill(pid);
	return run_text(wait_for(pid), text, sizeof(text));
}

static void commands(void **state)
{
	char *missing[] = { (char *)"/no/such/program", NULL };
	struct err e;
	pid_t pid;

	(void)state;
	assert_string_equal(ended((char *)"exit 0", false), "exit status 0");
	assert_string_equal(ended((char *)"exit 42", false), "exit status 42");
	assert_string_equal(ended((char *)"kill -SEGV $$", false), "killed by SIGSEGV");
	assert_string_equal(ended((char *)"sleep 100", true), "killed by SIGKILL");
	/* nothing to read, and signals as they should be */
	assert_string_equal(ended((char *)"read line && exit 1; exit 0", false), "exit status 0");
	assert_string_equal(ended((char *)"kill -PIPE $$; exit 3", false), "killed by SIGPIPE");
	assert_int_equal(run_start(missing, &pid, &e), -1);
	assert_string_equal(e.text, "cannot run /no/such/program: No such file or directory");
}

static bool alive(const char *file)
{
	char path[64];
	pid_t pid;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%d", &pid) != 1)
		fail_msg("no %s", path);
	fclose(f);
	/* somebody else's zombie is as dead */
	snprintf(path, sizeof(path), "grep -q '^State:.[^ZX]' /proc/%d/status 2>/dev/null", pid);
	return !system(path);
}

/* Killed is not dead: that takes as long as the processor has others to run. */
static bool ends(const char *file)
{
	const struct timespec tick = { .tv_nsec = 20000000 };
	int i;

	for (i = 0; i < 500 && alive(file); i++)
		nanosleep(&tick, NULL);
	return !alive(file);
}

static void whole_group(void **state)
{
	(void)state;
	assert_string_equal(ended((char *)"sleep 100 & echo $! >\"$D/child\"; exit 0", false),
			    "exit status 0");
	assert_true(ends("child"));
}

static int check(const char *options, const char *script)
{
	char buffer[256], *argv[32], *word, *save = NULL;
	int argc = 0;

	snprintf(buffer, sizeof(buffer), "%s", options);
	for (word = strtok_r(buffer, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc++] = (char *)"--";
	argv[argc++] = (char *)"sh";
	argv[argc++] = (char *)"-c";
	argv[argc++] = (char *)script;
	argv[argc] = NULL;
	return run_words(cmd_check, argc, argv);
}

/* Request number @i must be this report. */
static void assert_report(unsigned int i, uint32_t verdict, uint32_t ttl)
{
	struct nlattr *tb[ANYGATE_A_GATE_MAX + 1];
	const struct nlmsghdr *nlh = fake_request(i);

	assert_non_null(nlh);
	assert_int_equal(((struct genlmsghdr *)NLMSG_DATA(nlh))->cmd, ANYGATE_CMD_GATE_LEASE);
	nla_parse(tb, ANYGATE_A_GATE_MAX, nlmsg_attrdata(nlh, GENL_HDRLEN),
		  nlmsg_attrlen(nlh, GENL_HDRLEN), NULL);
	assert_string_equal(nla_get_string(tb[ANYGATE_A_GATE_NAME]), "dns");
	assert_string_equal(nla_get_string(tb[ANYGATE_A_GATE_LEASE_NAME]), "zone");
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_VERDICT]), verdict);
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_FOR]), ttl);
}

/* Runs number 1, 2, 3 ... do what $1, $2, $3 ... say; then it is told to stop. */
#define ROUNDS(...)								\
	"set -- " #__VA_ARGS__ "; n=$(cat \"$D/n\" 2>/dev/null); n=$((n + 1)); "	\
	"echo $n >\"$D/n\"; [ $n -le $# ] || { kill $PPID; sleep 100; }; "		\
	"shift $((n - 1)); eval \"$1\""

static void keeps_a_lease(void **state)
{
	(void)state;
	granted(8);
	assert_int_equal(check("dns zone every 100ms timeout 5s rise 2 fall 2",
			       ROUNDS(true true "exit 3" true "exit 3" "exit 3" true true)), ST_OK);
	assert_string_equal(out,
			    "dns zone up: exit status 0\n"
			    "dns zone down: exit status 3\n"
			    "dns zone up: exit status 0\n");
	assert_string_equal(err, "");
	/* nothing before the first verdict; from then on after every round */
	assert_report(0, ANYGATE_VERDICT_UP, 7100);
	assert_report(1, ANYGATE_VERDICT_UP, 7100);
	assert_report(2, ANYGATE_VERDICT_UP, 7100);
	assert_report(3, ANYGATE_VERDICT_UP, 7100);
	assert_report(4, ANYGATE_VERDICT_DOWN, 7100);
	assert_report(5, ANYGATE_VERDICT_DOWN, 7100);
	assert_report(6, ANYGATE_VERDICT_UP, 7100);
	assert_null(fake_request(7));
}

static void in_json(void **state)
{
	struct json_object *o;

	(void)state;
	opt.json = opt.timestamp = true;
	granted(2);
	assert_int_equal(check("dns zone every 100ms rise 1", ROUNDS("echo said; true")), ST_OK);
	/* what the command says does not get between */
	assert_string_equal(err, "said\n");
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "gate"), "\"dns\"");
	assert_string_equal(json_path(o, "lease"), "\"zone\"");
	assert_string_equal(json_path(o, "verdict"), "\"up\"");
	assert_string_equal(json_path(o, "cause"), "\"exit status 0\"");
	assert_string_not_equal(json_path(o, "timestamp"), "absent");
	json_object_put(o);
}

/* What goes wrong meanwhile is no line of the output. */
static void in_json_with_trouble(void **state)
{
	(void)state;
	opt.json = true;
	refuse(ENOENT, "no gate has this name", 0);
	fake_error(0, NULL, 0);
	fake_terminates();
	assert_int_equal(check("dns zone every 1h rise 1", "true"), ST_OK);
	assert_contains(out, "\"verdict\":\"up\"");
	assert_null(strstr(out, "error"));
	assert_string_equal(err, "anygatectl: check: dns: no gate has this name; trying again\n"
			    "anygatectl: check: the lease is reported again\n");
}

static void times_out(void **state)
{
	uint64_t before;

	(void)state;
	granted(4);
	before = clock_ns(CLOCK_MONOTONIC);
	/* the shell waits for a child, and both must go */
	assert_int_equal(check("dns zone every 100ms timeout 2s fall 1 rise 1",
			       "mkdir \"$D/once\" 2>/dev/null || { kill $PPID; sleep 100; }; "
			       "sleep 100 & echo $! >\"$D/child\"; wait"), ST_OK);
	assert_true(clock_ns(CLOCK_MONOTONIC) - before < 20 * NSEC_PER_SEC);
	assert_string_equal(out, "dns zone down: timed out after 2s\n");
	assert_report(0, ANYGATE_VERDICT_DOWN, 4100);
	assert_true(ends("child"));
}

static void never_two_at_once(void **state)
{
	(void)state;
	granted(8);
	assert_int_equal(check("dns zone every 100ms timeout 5s rise 1",
			       "mkdir \"$D/lock\" || echo two >&2; sleep 0.25; rmdir \"$D/lock\"; "
			       ROUNDS(true true true)), ST_OK);
	assert_string_equal(err, "");
	assert_string_equal(out, "dns zone up: exit status 0\n");
}

/* The module or the gate is away for a while, and comes back. */
static void survives(void **state)
{
	(void)state;
	fake_error(ENOENT, "no gate has this name", 0);
	fake_end();
	fake_error(ENOENT, "no gate has this name", 0);
	fake_end();
	fake_error(ENOENT, "the gate does not require this lease; change it with require", 28);
	fake_end();
	granted(6);
	assert_int_equal(check("dns zone every 100ms rise 1", ROUNDS(true true true true true)),
			 ST_OK);
	assert_string_equal(err,
			    "anygatectl: check: dns: no gate has this name; trying again\n"
			    "anygatectl: check: dns: lease zone: the gate does not require this lease; change it with require; trying again\n"
			    "anygatectl: check: the lease is reported again\n");
	assert_report(3, ANYGATE_VERDICT_UP, 4100);
}

/* A report that failed is not left until the next round, which never comes here. */
static void tries_again(void **state)
{
	(void)state;
	fake_error(ENOMEM, NULL, 0);
	fake_end();
	fake_error(0, NULL, 0);
	fake_terminates();
	assert_int_equal(check("dns zone every 1h rise 1", "true"), ST_OK);
	assert_report(0, ANYGATE_VERDICT_UP, 3604000);
	assert_report(1, ANYGATE_VERDICT_UP, 3604000);
	assert_null(fake_request(2));
}

static void gives_up(void **state)
{
	(void)state;
	fake_error(EPERM, NULL, 0);
	fake_end();
	assert_int_equal(check("dns zone every 100ms rise 1", "true"), ST_REFUSED);
	assert_contains(err, "check: dns: not permitted: CAP_NET_ADMIN is needed");
}

static void waits_for_the_module(void **state)
{
	(void)state;
	fake_module_missing();
	assert_int_equal(check("dns zone every 100ms rise 1", ROUNDS(true true true)), ST_OK);
	assert_string_equal(err, "anygatectl: check: module anygate is not loaded; trying again\n");
}

static void no_such_command(void **state)
{
	char *argv[] = { (char *)"dns", (char *)"zone", (char *)"--", (char *)"/no/such", NULL };

	(void)state;
	capture_begin();
	assert_int_equal(cmd_check(4, argv), ST_REFUSED);
	out = capture_end(&err);
	assert_string_equal(err, "anygatectl: check: cannot run /no/such: No such file or directory\n");
	assert_null(fake_request(0));
}

/* Whoever ends the check ends the command, too. */
static void takes_it_along(void **state)
{
	(void)state;
	assert_int_equal(check("dns zone", "echo $$ >\"$D/child\"; kill $PPID; sleep 100"), ST_OK);
	assert_true(ends("child"));
	assert_string_equal(out, "");
}

#define test(name)	cmocka_unit_test_setup_teardown(name, start, verb_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(commands),
		cmocka_unit_test(whole_group),
		test(keeps_a_lease),
		test(in_json),
		test(in_json_with_trouble),
		test(times_out),
		test(never_two_at_once),
		test(survives),
		test(tries_again),
		test(gives_up),
		test(waits_for_the_module),
		test(no_such_command),
		test(takes_it_along),
	};

	signal(SIGPIPE, SIG_IGN);	/* as check does; its commands must not */
	return cmocka_run_group_tests_name("check", tests, make_dir, remove_dir);
}
