// SPDX-License-Identifier: GPL-2.0
/* apply and save against a kernel that says what the test wants. */

#include <errno.h>
#include <json-c/json.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "format.h"
#include "harness.h"

static char path[] = "/tmp/anygate.conf.XXXXXX";

static void write_conf(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int apply(const char *text, bool dry_run)
{
	char *argv[] = { path, (char *)"dry-run", NULL };

	write_conf(text);
	return run_words(cmd_apply, 1 + dry_run, argv);
}

static struct gate gate(const char *prefix)
{
	struct gate g = open_gate();
	unsigned int i;

	give(&g, "need damp damp-penalty damp-suppress damp-reuse damp-half-life damp-max on-expiry order observe");
	g.damp_penalty = 1000;
	g.damp_suppress = 2000;
	g.damp_reuse = 750;
	g.damp_half_life = 60000;
	g.damp_max = 300000;
	g.prefix = pfx(prefix);
	for (i = 0; i < g.n_services; i++)
		g.services[i].addr = g.prefix.addr;
	return g;
}

static void assert_request(unsigned int i, uint8_t cmd, const char *prefix, const char *attrs)
{
	char text[PREFIX_TEXT];
	struct gate g;

	assert_int_equal(request(i, &g), cmd);
	assert_string_equal(prefix_text(&g.prefix, text), prefix);
	assert_has(&g, attrs);
}

#define KEY "prefix prefix-len "

static const char three[] =
	"add 192.0.2.1 udp/53 tcp/53\n"		/* as it is */
	"add 192.0.2.2 udp/53 tcp/53 up 5s\n"	/* changes */
	"add 192.0.2.4 udp/53 dev d0\n";	/* is new */

/* and .3 is gone */
static void have_three(void)
{
	struct gate gates[] = { gate("192.0.2.3"), gate("192.0.2.1"), gate("192.0.2.2") };

	have(3, gates);
}

static void no_difference(void **state)
{
	struct gate g = gate("192.0.2.1");

	(void)state;
	have(1, &g);
	assert_int_equal(apply("add 192.0.2.1 tcp/53 udp/53\n", false), ST_OK);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
	assert_null(fake_request(1));
}

static void only_what_differs(void **state)
{
	struct gate g;

	(void)state;
	have_three();
	granted(3);
	assert_int_equal(apply(three, false), ST_OK);
	assert_string_equal(err, "");
	assert_string_equal(out,
			    "change 192.0.2.2/32 up 5s\t# was up 1s\n"
			    "add 192.0.2.4/32 udp/53 dev d0\n"
			    "del 192.0.2.3/32\t# not in the file\n");
	assert_request(1, ANYGATE_CMD_GATE_CHANGE, "192.0.2.2/32", KEY "up");
	assert_request(2, ANYGATE_CMD_GATE_ADD, "192.0.2.4/32", KEY "dev service");
	assert_request(3, ANYGATE_CMD_GATE_DEL, "192.0.2.3/32", KEY);
	request(1, &g);
	assert_int_equal(g.up, 5000);
	assert_null(fake_request(4));
}

static void dry_run(void **state)
{
	struct json_object *o;

	(void)state;
	have_three();
	have_three();
	assert_int_equal(apply(three, true), ST_OK);
	assert_contains(out, "change 192.0.2.2/32 up 5s");
	opt.json = true;
	assert_int_equal(apply(three, true), ST_OK);
	assert_null(fake_request(2));
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "dry_run"), "true");
	assert_string_equal(json_path(o, "steps.0.command"), "\"change 192.0.2.2/32 up 5s\"");
	assert_string_equal(json_path(o, "steps.0.set.up"), "\"5s\"");
	assert_string_equal(json_path(o, "steps.0.was.up"), "\"1s\"");
	assert_string_equal(json_path(o, "steps.1.verb"), "\"add\"");
	assert_string_equal(json_path(o, "steps.2.prefix"), "\"192.0.2.3/32\"");
	json_object_put(o);
}

static void bad_files(void **state)
{
	struct json_object *o;
	char want[256];

	(void)state;
	assert_int_equal(apply("add 192.0.2.1 udp/0\nad\n", false), ST_USAGE);
	assert_null(fake_request(0));
	snprintf(want, sizeof(want), "%s:1:15: udp/0: port 0 is not", path);
	assert_contains(err, want);
	snprintf(want, sizeof(want), "%s:2:1: \"ad\"", path);
	assert_contains(err, want);
	assert_contains(err, ": 2 errors; nothing was changed\n");
	assert_string_equal(out, "");
	opt.json = true;
	assert_int_equal(apply("add 192.0.2.1 udp/0\nad\n", true), ST_USAGE);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "status"), "2");
	assert_string_equal(json_path(o, "errors.0.column"), "15");
	assert_string_equal(json_path(o, "errors.1.line"), "2");
	json_object_put(o);
	assert_string_equal(err, "");
}

/* Whoever made the file may have thought of the terminal. */
static void bad_name(void **state)
{
	char *argv[] = { (char *)"/tmp/anygate\033[31m.conf", NULL };
	FILE *f = fopen(argv[0], "w");

	(void)state;
	assert_non_null(f);
	fputs("ad\n", f);
	fclose(f);
	assert_int_equal(run_words(cmd_apply, 1, argv), ST_USAGE);
	unlink(argv[0]);
	assert_contains(err, "/tmp/anygate\\x1b[31m.conf:1:1: \"ad\"");
	assert_contains(err, "anygatectl: /tmp/anygate\\x1b[31m.conf: 1 error");
	assert_null(strchr(err, '\033'));
}

static void refused_at_once(void **state)
{
	char want[256];

	(void)state;
	have_three();
	refuse(EINVAL, "no", 20);
	assert_int_equal(apply(three, false), ST_REFUSED);
	assert_string_equal(out, "");
	snprintf(want, sizeof(want), "%s:2:5: 192.0.2.2/32: no; nothing was changed\n", path);
	assert_contains(err, want);
	assert_contains(err, "not done: change 192.0.2.2/32 up 5s\n");
	assert_null(fake_request(2));
}

/* The second of three is refused: the first is undone. */
static void rolled_back(void **state)
{
	char want[256];
	struct gate g;

	(void)state;
	have_three();
	granted(1);
	/* behind prefix and prefix-len */
	refuse(ENODEV, "there is no such device", NLMSG_HDRLEN + GENL_HDRLEN + 16);
	granted(1);
	assert_int_equal(apply(three, false), ST_REFUSED);
	assert_string_equal(out, "");
	snprintf(want, sizeof(want), "%s:3:26: 192.0.2.4/32: dev d0: there is no such device; what had been done is undone\n",
		 path);
	assert_contains(err, want);
	assert_contains(err, "anygatectl: undone: change 192.0.2.2/32 up 5s\n");
	assert_contains(err, "anygatectl: not done: add 192.0.2.4/32");
	assert_contains(err, "anygatectl: not done: del 192.0.2.3/32\n");
	assert_request(3, ANYGATE_CMD_GATE_CHANGE, "192.0.2.2/32", KEY "up");
	request(3, &g);
	assert_int_equal(g.up, 1000);
	assert_null(fake_request(4));
}

/* The removal is refused: both before it are undone, the last one first. */
static void rolled_back_in_reverse(void **state)
{
	(void)state;
	have_three();
	granted(2);
	refuse(ENOMEM, NULL, 0);
	granted(2);
	assert_int_equal(apply(three, false), ST_REFUSED);
	assert_contains(err, "what had been done is undone");
	assert_request(4, ANYGATE_CMD_GATE_DEL, "192.0.2.4/32", KEY);
	assert_request(5, ANYGATE_CMD_GATE_CHANGE, "192.0.2.2/32", KEY "up");
}

static void not_undone(void **state)
{
	struct json_object *o;

	(void)state;
	have_three();
	granted(1);
	refuse(EEXIST, NULL, 0);
	refuse(ENOENT, NULL, 0);
	opt.json = true;
	assert_int_equal(apply(three, false), ST_REFUSED);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "error"), "\"192.0.2.4/32 has a gate already; use change\"");
	assert_string_equal(json_path(o, "outcome"), "\"the file is applied in part\"");
	assert_string_equal(json_path(o, "steps.0.fate"), "\"done, and cannot be undone\"");
	assert_string_equal(json_path(o, "steps.1.fate"), "\"not done\"");
	json_object_put(o);
}

/* A gate that is gone cannot be brought back with all that it knew. */
static void removals_stay(void **state)
{
	struct gate gates[] = { gate("192.0.2.1"), gate("192.0.2.2"), gate("192.0.2.3"),
				gate("192.0.2.4") };

	(void)state;
	have(4, gates);
	refuse(ENOENT, "no such gate", 0);	/* somebody was faster: done */
	granted(1);
	refuse(ENOMEM, NULL, 0);
	assert_int_equal(apply("add 192.0.2.4 udp/53 tcp/53\n", false), ST_REFUSED);
	assert_contains(err, "the file is applied in part\n");
	assert_contains(err, "anygatectl: done: del 192.0.2.1/32\n");
	assert_contains(err, "anygatectl: done: del 192.0.2.2/32\n");
	assert_contains(err, "anygatectl: not done: del 192.0.2.3/32\n");
	assert_null(fake_request(4));
}

/* As shipped it says nothing, at boot; later that is a mistake, and not to remove all. */
static void nothing_said(void **state)
{
	struct gate g = gate("192.0.2.1");
	struct json_object *o;

	(void)state;
	have(0, NULL);
	assert_int_equal(apply("# nothing\n", false), ST_OK);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
	have(1, &g);
	assert_int_equal(apply("", false), ST_USAGE);
	assert_contains(err, path);
	assert_contains(err, "says nothing, and there is 1 gate: to remove all gates, use anygatectl flush");
	have(1, &g);
	assert_int_equal(apply("# add 192.0.2.1 udp/53", true), ST_USAGE);
	have(1, &g);
	opt.json = true;
	assert_int_equal(apply("\n\n", false), ST_USAGE);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "status"), "2");
	json_object_put(o);
	assert_null(fake_request(4));
}

static int apply_stdin(const char *text)
{
	char *argv[] = { (char *)"-", NULL };

	write_conf(text);
	assert_non_null(freopen(path, "r", stdin));
	return run_words(cmd_apply, 1, argv);
}

/* A regular file is whole without its last newline, a stream may have been cut. */
static void cut_off(void **state)
{
	struct gate g = gate("192.0.2.1");

	(void)state;
	have(1, &g);
	assert_int_equal(apply("add 192.0.2.1 udp/53 tcp/53", false), ST_OK);
	assert_int_equal(apply_stdin("add 192.0.2.1 udp/53 tcp/5"), ST_USAGE);
	assert_contains(err, "<stdin>:1:27: the input ends within a line");
	assert_contains(err, "nothing was changed");
	assert_int_equal(apply_stdin("add 192.0.2.1 udp/53 \\\n"), ST_USAGE);
	assert_contains(err, "<stdin>:2:1: the input ends within a line");
	assert_int_equal(apply_stdin("add 192.0.2.1 udp/53 tcp/53\n#"), ST_USAGE);
	assert_null(fake_request(1));
	have(1, &g);
	assert_int_equal(apply_stdin("add 192.0.2.1 udp/53 \\\n\ttcp/53\n"), ST_OK);
	assert_string_equal(err, "");
}

/* What the gate had been told of its leases is told again. */
static void leases_come_back(void **state)
{
	const uint64_t now = clock_ns(CLOCK_BOOTTIME);
	struct gate gates[] = { gate("192.0.2.1"), gate("192.0.2.3") };
	struct nlattr *tb[ANYGATE_A_GATE_MAX + 1];
	const struct nlmsghdr *nlh;
	uint32_t ttl;

	(void)state;
	gates[0].n_leases = 3;
	gates[0].leases[0] = (struct lease){ "zone", ANYGATE_VERDICT_UP, now + 60 * NSEC_PER_SEC };
	gates[0].leases[1] = (struct lease){ "dig", ANYGATE_VERDICT_UP, now - 1 };
	gates[0].leases[2] = (struct lease){ "new", ANYGATE_VERDICT_NONE, 0 };
	have(2, gates);
	granted(1);
	refuse(ENOMEM, NULL, 0);
	granted(3);
	assert_int_equal(apply("add 192.0.2.1 udp/53 tcp/53", false), ST_REFUSED);
	assert_contains(err, "undone: change 192.0.2.1/32 require none\n");
	assert_request(3, ANYGATE_CMD_GATE_CHANGE, "192.0.2.1/32", KEY);
	nlh = fake_request(4);
	assert_int_equal(nla_parse(tb, ANYGATE_A_GATE_MAX, nlmsg_attrdata(nlh, GENL_HDRLEN),
				   nlmsg_attrlen(nlh, GENL_HDRLEN), NULL), 0);
	assert_string_equal(nla_get_string(tb[ANYGATE_A_GATE_LEASE_NAME]), "zone");
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_VERDICT]), ANYGATE_VERDICT_UP);
	ttl = nla_get_u32(tb[ANYGATE_A_GATE_FOR]);
	assert_true(ttl > 30000 && ttl <= 60000);
	/* one that has run out counts as down, and runs out again */
	nlh = fake_request(5);
	nla_parse(tb, ANYGATE_A_GATE_MAX, nlmsg_attrdata(nlh, GENL_HDRLEN),
		  nlmsg_attrlen(nlh, GENL_HDRLEN), NULL);
	assert_string_equal(nla_get_string(tb[ANYGATE_A_GATE_LEASE_NAME]), "dig");
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_VERDICT]), ANYGATE_VERDICT_DOWN);
	assert_int_equal(nla_get_u32(tb[ANYGATE_A_GATE_FOR]), 1);
	assert_null(fake_request(6));
}

static void observing_comes_back(void **state)
{
	struct gate gates[] = { gate("192.0.2.1"), gate("192.0.2.3") };

	(void)state;
	gates[0].observe = ANYGATE_SWITCH_ON;
	gates[0].observe_until = clock_ns(CLOCK_BOOTTIME) + 60 * NSEC_PER_SEC;
	give(&gates[0], "observe-until");
	have(2, gates);
	granted(1);
	refuse(ENOMEM, NULL, 0);
	granted(2);
	assert_int_equal(apply("add 192.0.2.1 udp/53 tcp/53 observe on up 3s", false), ST_REFUSED);
	assert_contains(err, "what had been done is undone");
	assert_request(1, ANYGATE_CMD_GATE_CHANGE, "192.0.2.1/32", KEY "up observe");
	assert_request(3, ANYGATE_CMD_GATE_CHANGE, "192.0.2.1/32", KEY "up");
	assert_request(4, ANYGATE_CMD_GATE_ORDER, "192.0.2.1/32", KEY "order");
}

static int save(const char *to)
{
	char *argv[] = { (char *)to, NULL };
	int ret;

	free(out);
	free(err);
	capture_begin();
	ret = cmd_save(to ? 1 : 0, argv);
	out = capture_end(&err);
	return ret;
}

static void saves(void **state)
{
	struct gate gates[] = { gate("192.0.2.2"), gate("192.0.2.1") };
	struct json_object *o;
	struct stat st;

	(void)state;
	gates[0].up = 5000;
	gates[0].n_leases = 2;
	strcpy(gates[0].leases[0].name, "a-very-long-name-for-a-lease");
	strcpy(gates[0].leases[1].name, "another-very-long-name");
	have(2, gates);
	have(2, gates);
	have(2, gates);
	have(2, gates);
	assert_int_equal(save(NULL), ST_OK);
	assert_string_equal(out, "# anygate.conf(5): anygatectl apply FILE\n"
			    "add 192.0.2.1/32 udp/53 tcp/53\n"
			    "add 192.0.2.2/32 udp/53 tcp/53 up 5s require \\\n"
			    "\ta-very-long-name-for-a-lease,another-very-long-name\n");
	write_conf("");
	chmod(path, 0640);
	assert_int_equal(save(path), ST_OK);
	assert_string_equal(out, "");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	/* and it applies back */
	free(out);
	free(err);
	capture_begin();
	assert_int_equal(cmd_apply(1, (char *[]){ path }), ST_OK);
	out = capture_end(&err);
	assert_string_equal(out, "");

	opt.json = true;
	assert_int_equal(save("-"), ST_OK);
	o = json_tokener_parse(out);
	assert_string_equal(json_path(o, "gates"), "2");
	assert_string_equal(json_path(o, "lines.1"), "\"add 192.0.2.1/32 udp/53 tcp/53\"");
	json_object_put(o);
}

/* No gates are no reason to lose a file that has some. */
/* What a newer module has, and this program does not know, is not lost without a word. */
static void saves_unknown(void **state)
{
	struct gate gates[] = { gate("192.0.2.2"), gate("192.0.2.1") };

	(void)state;
	have(2, gates);
	assert_int_equal(save(NULL), ST_OK);
	assert_string_equal(err, "");
	gates[1].unknown = true;
	have(2, gates);
	assert_int_equal(save(NULL), ST_OK);
	assert_contains(out, "add 192.0.2.1/32 udp/53 tcp/53\n");
	assert_contains(err, "save: the module is newer than this anygatectl");
}

static void saves_none(void **state)
{
	char text[64];
	FILE *f;

	(void)state;
	have(0, NULL);
	write_conf("# dns\nadd 192.0.2.53 udp/53");
	assert_int_equal(save(path), ST_REFUSED);
	assert_contains(err, "save: there are no gates, and /tmp/");
	assert_contains(err, "remove the file before");
	f = fopen(path, "r");
	assert_non_null(fgets(text, sizeof(text), f));
	assert_string_equal(text, "# dns\n");
	fclose(f);
	write_conf("# add 192.0.2.53 udp/53\n");
	have(0, NULL);
	assert_int_equal(save(path), ST_OK);
	have(0, NULL);
	assert_int_equal(save(NULL), ST_OK);
}

/* Whose a file was, it stays; a new one is as the umask has it. */
static void saves_access(void **state)
{
	struct gate g = gate("192.0.2.2");
	const mode_t mask = umask(027);
	char file[64];
	struct stat st;

	(void)state;
	snprintf(file, sizeof(file), "%s.new", path);
	have(1, &g);
	assert_int_equal(save(file), ST_OK);
	umask(mask);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	if (!chown(file, 1234, 5678)) {
		assert_int_equal(chmod(file, 0664), 0);
		have(1, &g);
		assert_int_equal(save(file), ST_OK);
		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_uid, 1234);
		assert_int_equal(st.st_gid, 5678);
		assert_int_equal(st.st_mode & 07777, 0664);
	}
	unlink(file);
}

/* Of two links, the second of which points to nothing yet. */
static void saves_behind_links(void **state)
{
	struct gate g = gate("192.0.2.2");
	char dir[] = "/tmp/anygate.XXXXXX", first[64], second[64], file[64];
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(first, sizeof(first), "%s/first", dir);
	snprintf(second, sizeof(second), "%s/second", dir);
	snprintf(file, sizeof(file), "%s/file", dir);
	assert_int_equal(symlink(second, first), 0);
	assert_int_equal(symlink("file", second), 0);
	have(1, &g);
	assert_int_equal(save(first), ST_OK);
	assert_int_equal(lstat(first, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat(second, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat(file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink(first);
	unlink(second);
	unlink(file);
	rmdir(dir);
}

static void cannot_save(void **state)
{
	struct gate g = gate("192.0.2.2");

	(void)state;
	have(1, &g);
	have(1, &g);
	assert_int_equal(save("/nonexistent/file"), ST_REFUSED);
	assert_contains(err, "save: /nonexistent/file: No such file or directory");
	assert_int_equal(save("/dev/null"), ST_REFUSED);
	assert_contains(err, "save: /dev/null is no file");
	g.action = 9;
	have(1, &g);
	assert_int_equal(save(NULL), ST_REFUSED);
	assert_string_equal(out, "");
	assert_contains(err, "a setting that this version does not know");
}

int main(void)
{
#define T(f) verb_test(f)
	const struct CMUnitTest tests[] = {
		T(no_difference),
		T(only_what_differs),
		T(dry_run),
		T(bad_files),
		T(bad_name),
		T(refused_at_once),
		T(rolled_back),
		T(rolled_back_in_reverse),
		T(not_undone),
		T(removals_stay),
		T(nothing_said),
		T(cut_off),
		T(leases_come_back),
		T(observing_comes_back),
		T(saves),
		T(saves_unknown),
		T(saves_none),
		T(saves_access),
		T(saves_behind_links),
		T(cannot_save),
	};
	int ret;

	close(mkstemp(path));
	ret = cmocka_run_group_tests_name("apply", tests, NULL, NULL);
	unlink(path);
	return ret;
}
