// SPDX-License-Identifier: GPL-2.0
/*
 * The program itself, on a machine without the module: exit status, where
 * output goes, and that a bad command line is noticed before anything else.
 */

#include <json-c/json.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testlib.h"

/* Runs the shell command @line with $A for the program; returns its status. */
static int run(const char *line, char *out, char *err, size_t size)
{
	char *captured_err, *captured_out;
	int status;

	capture_begin();
	status = system(line);
	captured_out = capture_end(&captured_err);
	snprintf(out, size, "%s", captured_out);
	snprintf(err, size, "%s", captured_err);
	free(captured_out);
	free(captured_err);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char out[32768], err[32768];

static void usage_errors(void **state)
{
	static const struct {
		const char *args, *text;
	} cases[] = {
		{ "add", "the prefix is missing" },
		{ "add 192.0.2.53/32", "needs a service" },
		{ "add 192.0.2.53/32 sctp/53", "unknown protocol \"sctp\"; say tcp or udp" },
		{ "add 192.0.2.53/32 udp/53 colour red", "unknown keyword \"colour\"" },
		{ "add 192.0.2.53/32 udp/0", "port 0 is not in the range" },
		{ "add 192.0.2.53/32 udp/70000", "port 70000 is not in the range" },
		{ "add 192.0.2.1/24 192.0.2.1:udp/53", "192.0.2.1/24 has host bits set; say 192.0.2.0/24" },
		{ "add 192.0.2.0/24 192.0.2.1:udp/53 action address", "192.0.2.0/24 is no host prefix" },
		{ "add 192.0.2.53/32 192.0.2.54:udp/53", "192.0.2.54:udp/53: the address is outside" },
		{ "add 192.0.2.53/32 '[2001:db8::53]:udp/53'", "the address is IPv6, but the prefix 192.0.2.53/32 is IPv4" },
		{ "add 2001:db8::53 192.0.2.53:udp/53", "the address is IPv4, but the prefix" },
		{ "add 192.0.2.0/24 udp/53", "say for example 192.0.2.1:udp/53" },
		{ "add 192.0.2.53/32 udp/53 up 5", "up 5: the unit is missing; say 5s or 5ms" },
		{ "add 192.0.2.53/32 udp/53 up 2h", "up 2h: at most 1h" },
		{ "add 192.0.2.53/32 udp/53 d 1s", "keyword \"d\" is ambiguous; say dev, down or damp" },
		{ "add 192.0.2.53/32 udp/53 up 1s up 2s", "up is given twice" },
		{ "add 192.0.2.53/32 udp/53 udp/53", "udp/53: the service is given twice" },
		{ "add 192.0.2.53/32 udp/53 table 100", "table 100: this is for action route" },
		{ "add 192.0.2.53/32 udp/53 action route dev lo", "dev lo: this is for action address" },
		{ "add 192.0.2.53/32 udp/53 dev 0123456789abcdef", "0123456789abcdef: a device name has at most 15" },
		{ "add '' udp/53", "\"\" is no prefix" },
		{ "add 192.0.2.53 udp/53 up ''", "up \"\": the value is missing; give a time" },
		{ "add 192.0.2.53 udp/53 fallback via '' dev tun0", "via \"\": this is no address" },
		{ "drain dns for ''", "for \"\": this is no time" },
		{ "check dns zone rise '' -- true", "rise \"\": a number from 1" },
		{ "change 192.0.2.53/32", "nothing to change" },
		{ "change", "the prefix is missing" },
		{ "del", "the prefix is missing" },
		{ "del 192.0.2.53 192.0.2.54", "\"192.0.2.54\" is too much" },
		{ "del 192.0.2.300", "192.0.2.300 is no prefix" },
		{ "del none", "name none: this word has a meaning" },
		{ "show 192.0.2.1/24", "has host bits set" },
		{ "show non/sense", "non/sense is no prefix" },
		{ "flush non:sense", "non:sense is no prefix" },
		{ "drain", "drain: the prefix is missing" },
		{ "drain for 5m", "drain: the prefix is missing" },
		{ "drain 192.0.2.53 for 0", "for 0: a time from 1ms to 49d is needed" },
		{ "pin 192.0.2.53", "pin 192.0.2.53/32: without an end" },
		{ "pin dns", "pin dns: without an end it would be announced for good" },
		{ "unpin dns now", "unpin: \"now\" is too much" },
		{ "lease dns zone up", "lease zone up: the time to live is missing" },
		{ "lease dns zone up ttl 0", "ttl 0: a time from 1ms to 49d is needed" },
		{ "check dns zone", "check dns: the command is missing" },
		{ "check dns zone every 0 -- true", "every 0: a time from 100ms to 1d" },
		{ "add 192.0.2.53 udp/53 need 2", "need 2: the gate has 1 service" },
		{ "add 192.0.2.53 udp/53 suppress 1", "suppress 1 is below reuse 750" },
		{ "add 192.0.2.53 udp/53 fallback via 192.0.2.53 dev tun0", "within the prefix" },
		{ "monitor all", "unknown keyword \"all\"; say exec" },
		{ "monitor exec", "the command is missing" },
		{ "monitor exec --", "the command is missing" },
		{ "top 192.0.2.53", "top: \"192.0.2.53\" is too much" },
		{ "top sort size", "unknown sort \"size\"" },
		{ "version 2", "\"2\" is too much" },
		{ "help frob", "unknown verb \"frob\"" },
		{ "help add del", "\"del\" is too much" },
		{ "frob", "unknown verb \"frob\"; say add, change" },
		{ "192.0.2.53", "the verb is missing; say for example show 192.0.2.53" },
		{ "''", "unknown verb \"\"" },
		{ "f", "verb \"f\": flush removes gates, and must be spelled out" },
		{ "flus dns", "verb \"flus\": flush removes gates" },
		{ "de 192.0.2.53", "verb \"de\": del removes gates" },
		{ "save -j", "save: \"-j\": options go before the verb; a file of this name is ./" },
		{ "save --", "save: \"--\": options go before the verb" },
		{ "apply --dry-run", "apply: \"--dry-run\": options go before the verb" },
		{ "show -j", "show: \"-j\": options go before the verb" },
		{ "show -j dns", "show: \"-j\": options go before the verb" },
		{ "monitor -t", "monitor: \"-t\": options go before the verb" },
		{ "check --", "-- is no prefix" },
		{ "-x", "unknown option -x" },
		{ "-jx", "unknown option -x" },
		{ "-c=blue", "unknown colour \"blue\"; say always, auto or never" },
		{ "-colour=always", "unknown colour" },
		{ "--color=b", "unknown colour" },
		{ "show state half", "unknown state \"half\"" },
		{ "show dns colour red", "unknown keyword \"colour\"; say state, name or sort" },
		{ "apply", "the file is missing; say for example apply /etc/anygate/anygate.conf" },
		{ "apply - wet-run", "unknown keyword \"wet-run\"; say dry-run" },
		{ "apply - dry-run now", "\"now\" is too much" },
		{ "save one two", "\"two\" is too much" },
		{ "--frob", "option --frob is unknown" },
		{ "--json=1", "option --json=1" },
		{ "-n", "option -n needs" },
		{ "--netns", "option --netns needs" },
		{ "-n no-such-namespace add 192.0.2.53 udp/0", "port 0" },
	};
	char line[512];
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(line, sizeof(line), "\"$A\" %s", cases[i].args);
		ret = run(line, out, err, sizeof(out));
		if (ret != ST_USAGE)
			fail_msg("\"%s\" ended with %d", cases[i].args, ret);
		/* -jx: the error is where the program that asked for JSON reads */
		assert_contains(cases[i].args[1] == 'j' ? out : err, cases[i].text);
	}
}

static void usage_errors_in_json(void **state)
{
	struct json_object *o;

	(void)state;
	assert_int_equal(run("\"$A\" -j add 192.0.2.53 sctp/53", out, err, sizeof(out)), ST_USAGE);
	assert_string_equal(err, "");
	o = json_tokener_parse(out);
	assert_contains(json_path(o, "error"), "unknown protocol");
	assert_string_equal(json_path(o, "status"), "2");
	json_object_put(o);

	/* what cannot be printed is no way to break the JSON */
	assert_int_equal(run("\"$A\" -j show \"$(printf 'a\\377\\033[1m\"b')\"", out, err, sizeof(out)),
			 ST_USAGE);
	o = json_tokener_parse(out);
	assert_non_null(o);
	assert_contains(out, "a\\\\xff\\\\x1b[1m\\\"b is no prefix");
	json_object_put(o);
}

static void long_arguments(void **state)
{
	(void)state;
	/* and what is wrong is not cut off with it */
	assert_int_equal(run("\"$A\" show $(head -c 3000 /dev/zero | tr '\\0' x)/1", out, err,
			     sizeof(out)), ST_USAGE);
	assert_contains(err, "xxx... is no prefix; say for example");
	assert_int_equal(run("\"$A\" save a \"b $(head -c 3000 /dev/zero | tr '\\0' x)\"", out, err,
			     sizeof(out)), ST_USAGE);
	assert_contains(err, "xxx... is too much; save takes one file");
	assert_int_equal(run("\"$A\" add $(head -c 100000 /dev/zero | tr '\\0' x) udp/53", out, err,
			     sizeof(out)), ST_USAGE);
	assert_int_equal(run("\"$A\" add 192.0.2.53 udp/$(head -c 100000 /dev/zero | tr '\\0' 9)",
			     out, err, sizeof(out)), ST_USAGE);
	assert_int_equal(run("\"$A\" add 192.0.2.53 udp/53 up $(head -c 100000 /dev/zero | tr '\\0' 9)s",
			     out, err, sizeof(out)), ST_USAGE);
}

static void help(void **state)
{
	static const char *const lines[] = {
		"\"$A\" help", "\"$A\" -h", "\"$A\" --help", "\"$A\" h",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(run(lines[i], out, err, sizeof(out)), ST_OK);
		assert_contains(out, "Usage: anygatectl");
		assert_string_equal(err, "");
	}
	assert_int_equal(run("\"$A\" help ad", out, err, sizeof(out)), ST_OK);
	assert_contains(out, "listen-dev any|none|DEV");
	assert_int_equal(run("\"$A\" add help", out, err, sizeof(out)), ST_OK);
	assert_contains(out, "Usage: anygatectl add PREFIX");
	assert_int_equal(run("\"$A\" help f", out, err, sizeof(out)), ST_OK);
	assert_contains(out, "Usage: anygatectl flush");
	/* and it is no name of a file, nor of a gate */
	assert_int_equal(run("\"$A\" save --help", out, err, sizeof(out)), ST_OK);
	assert_contains(out, "Usage: anygatectl save [FILE]");
	assert_int_equal(run("\"$A\" flush -h dns", out, err, sizeof(out)), ST_OK);
	assert_contains(out, "Usage: anygatectl flush");
	assert_int_equal(run("\"$A\" -j de --help", out, err, sizeof(out)), ST_OK);
	assert_contains(out, "\"verb\":\"del\"");
}

static void help_in_json(void **state)
{
	struct json_object *o;

	(void)state;
	assert_int_equal(run("\"$A\" -j help", out, err, sizeof(out)), ST_OK);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "0.verb"), "\"add\"");
	json_object_put(o);
	assert_int_equal(run("\"$A\" -j help show", out, err, sizeof(out)), ST_OK);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "0.arguments"), "\"[GATE] [KEY VALUE]...\"");
	json_object_put(o);
}

/* Where colours are switched: the test has no terminal, -c asks for them anyway. */
static void options(void **state)
{
	static const char *const good[] = {
		"-c", "-c=auto", "-color", "-color=never", "-col=always", "--color",
		"--color=never", "--colo", "-tpc", "-c -j", "-json -pretty -timestamp",
		"-netns -json", "-n -pretty -json", "-netns blue -json",
	};
	char line[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(line, sizeof(line), "\"$A\" %s -V", good[i]);
		assert_int_equal(run(line, out, err, sizeof(out)), ST_OK);
		assert_contains(out, ANYGATE_VERSION);
	}
	assert_int_equal(run("\"$A\" -json -version", out, err, sizeof(out)), ST_OK);
	assert_string_equal(out, "{\"version\":\"" ANYGATE_VERSION "\"}\n");
	/* the namespace's name is no option */
	assert_int_equal(run("\"$A\" -n -json -V", out, err, sizeof(out)), ST_OK);
	assert_string_equal(out, "anygatectl " ANYGATE_VERSION "\n");
	assert_int_equal(run("\"$A\" -jsonx", out, err, sizeof(out)), ST_USAGE);
	assert_int_equal(run("\"$A\" -netns", out, err, sizeof(out)), ST_USAGE);
	assert_contains(err, "needs the name of a network namespace");
}

static void version(void **state)
{
	(void)state;
	assert_int_equal(run("\"$A\" -V", out, err, sizeof(out)), ST_OK);
	assert_string_equal(out, "anygatectl " ANYGATE_VERSION "\n");
	assert_int_equal(run("\"$A\" -j --version", out, err, sizeof(out)), ST_OK);
	assert_string_equal(out, "{\"version\":\"" ANYGATE_VERSION "\"}\n");
}

static void no_netns(void **state)
{
	(void)state;
	assert_int_equal(run("\"$A\" -n no-such-namespace show", out, err, sizeof(out)), ST_REFUSED);
	assert_contains(err, "no network namespace \"no-such-namespace\": /run/netns/no-such-namespace");
	assert_int_equal(run("\"$A\" -n /dev/null show", out, err, sizeof(out)), ST_REFUSED);
	assert_contains(err, "network namespace \"/dev/null\"");
	assert_int_equal(run("d=$(mktemp -d) && mkfifo $d/pipe && timeout 10 \"$A\" -n $d/pipe show; s=$?; rm -r $d; exit $s",
			     out, err, sizeof(out)), ST_REFUSED);
	assert_contains(err, "is no network namespace");
	assert_int_equal(run("\"$A\" -n $(head -c 5000 /dev/zero | tr '\\0' x) show", out, err,
			     sizeof(out)), ST_REFUSED);
}

static void no_module(void **state)
{
	static const char *const lines[] = {
		"\"$A\"", "\"$A\" show", "\"$A\" show 192.0.2.53", "\"$A\" monitor",
		"\"$A\" add 192.0.2.53 udp/53", "\"$A\" change 192.0.2.53 up 1s",
		"\"$A\" drain dns", "\"$A\" pin dns force", "\"$A\" undamp dns",
		"\"$A\" lease dns zone up ttl 1s", "\"$A\" change dns up 1s", "\"$A\" show dns",
		"\"$A\" del 192.0.2.53", "\"$A\" delete 192.0.2.53", "\"$A\" flush", "\"$A\" flush 192.0.2.0/24",
		"\"$A\" -n /proc/self/ns/net show",
	};
	size_t i;

	(void)state;
	if (!access("/sys/module/anygate", F_OK))
		skip();
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(run(lines[i], out, err, sizeof(out)), ST_REFUSED);
		assert_string_equal(out, "");
		if (strstr(err, "CAP_SYS_ADMIN"))
			continue;	/* nobody but root enters a namespace */
		assert_string_equal(err, "anygatectl: module anygate is not loaded (modprobe anygate, or insmod anygate.ko)\n");
	}
	assert_int_equal(run("\"$A\" version", out, err, sizeof(out)), ST_OK);
	assert_contains(out, "module anygate is not loaded");
	assert_int_equal(run("\"$A\" -j version", out, err, sizeof(out)), ST_OK);
	assert_contains(out, "\"module\":null");
	assert_int_equal(run("\"$A\" -j show", out, err, sizeof(out)), ST_REFUSED);
	assert_contains(out, "\"status\":1");
	assert_string_equal(err, "");
}

static void output_errors(void **state)
{
	(void)state;
	assert_int_equal(run("\"$A\" help >/dev/full", out, err, sizeof(out)), ST_REFUSED);
	assert_contains(err, "cannot write: No space left on device");
	/* more than fits into the buffer, so that it is not the last flush that fails */
	assert_int_equal(run("\"$A\" -j help >/dev/full", out, err, sizeof(out)), ST_REFUSED);
	assert_contains(err, "cannot write: No space left on device");
	assert_int_equal(run("\"$A\" -h >/dev/full", out, err, sizeof(out)), ST_REFUSED);
	assert_contains(err, "cannot write: No space left on device");
	/* what is said in vain in one place is said in the other */
	assert_int_equal(run("\"$A\" -j add >/dev/full", out, err, sizeof(out)), ST_USAGE);
	assert_contains(err, "anygatectl: add: the prefix is missing");
	assert_int_equal(run("echo add >\"${D:=/tmp}/anygate-full.$$\"; \"$A\" -j apply \"$D/anygate-full.$$\" >/dev/full; r=$?; rm \"$D/anygate-full.$$\"; exit $r",
			     out, err, sizeof(out)), ST_USAGE);
	assert_contains(err, ": 1 error; nothing was changed");
}

/* A socket in the place of a closed stream must not get what is printed. */
static void closed_streams(void **state)
{
	(void)state;
	assert_int_equal(run("\"$A\" version >&-", out, err, sizeof(out)), ST_REFUSED);
	assert_contains(err, "cannot write: Bad file descriptor");
	assert_int_equal(run("\"$A\" apply - <&-", out, err, sizeof(out)), ST_REFUSED);
	assert_contains(err, "Bad file descriptor");
	assert_int_equal(run("\"$A\" add <&- 2>&-", out, err, sizeof(out)), ST_USAGE);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage_errors),
		cmocka_unit_test(usage_errors_in_json),
		cmocka_unit_test(long_arguments),
		cmocka_unit_test(help),
		cmocka_unit_test(help_in_json),
		cmocka_unit_test(options),
		cmocka_unit_test(version),
		cmocka_unit_test(no_netns),
		cmocka_unit_test(no_module),
		cmocka_unit_test(output_errors),
		cmocka_unit_test(closed_streams),
	};
	const char *program = getenv("ANYGATECTL");

	setenv("A", program ? program : "./anygatectl", 1);
	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
