// SPDX-License-Identifier: GPL-2.0
/* anygatectl: the verbs, the options that go before them, and the help. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "colour.h"
#include "print.h"

#define KEYS_HELP							\
	"PREFIX   192.0.2.53/32, 192.0.2.53, 192.0.2.0/24, 2001:db8::53/128\n" \
	"SERVICE  udp/53, tcp/domain, 192.0.2.53:udp/53, [2001:db8::53]:tcp/443;\n" \
	"         the address is needed where the prefix has more than one\n"	\
	"KEY VALUE\n"							\
	"  action address|route      an address on dev, or a blackhole route in table\n" \
	"                            (host prefix: address; shorter prefix: route)\n" \
	"  dev DEV                   device for the address (lo)\n"	\
	"  hold on|off               keep a local route while the address is away (on)\n" \
	"  table N|NAME              table for the route (main)\n"	\
	"  metric N                  metric of the route (1024)\n"	\
	"  fallback via GW dev DEV   route to another node while not announced;\n" \
	"                            fallback none removes it (none)\n"	\
	"  need all|any|N            how many of the services are needed (all)\n" \
	"  up TIME                   listeners this long before announcing (1s)\n" \
	"  down TIME                 no listeners this long before withdrawing (0)\n" \
	"  listen-dev any|none|DEV   which listeners bound to a device count (any)\n" \
	"  require LEASE[,LEASE...]  outside checks that must say up; none removes (none)\n" \
	"  on-expiry withdraw|ignore what a lease that has run out means (withdraw)\n" \
	"  damp on|off               damp the announcement of what flaps (off)\n" \
	"  penalty N                 figure of merit of a withdrawal (1000)\n" \
	"  suppress N                not announced from this figure on (2000)\n" \
	"  reuse N                   announced again below this figure (750)\n" \
	"  half-life TIME            in which the figure decays to half (1m)\n" \
	"  max-suppress TIME         not announced for this long at most (5m)\n" \
	"  shield TIME               drop new clients' packets this long after closing (0)\n" \
	"  stall TIME                whose queue stands still this long is gone; 0 for never,\n" \
	"                            else 100ms to 1h (0)\n"		\
	"  stall-members all|any     how many of a service's listeners must have (all)\n" \
	"  fatal on|off              who dumps core or is being killed is gone at once (off)\n" \
	"  witness TABLE|off         not withdrawn while this routing table, which has what\n" \
	"                            other nodes announce, has no path to the prefix (off)\n" \
	"  observe on|off            decide and report, but touch nothing (off)\n" \
	"  name NAME                 group the gate is in; none removes it (none)\n" \
	"TIME     300ms, 1.5s, 5m, 1h, 2d, 0\n"

#define GATE_HELP							\
	"GATE     the PREFIX of a gate, or the NAME of a group for all of its gates\n"

#define FILTER_HELP							\
	"KEY VALUE\n"							\
	"  state STATE[,STATE...]    closed, opening, open, closing, damped, drained, pinned,\n" \
	"                            kept\n" \
	"  name NAME                 gates of a group, or of none\n"	\
	"  sort prefix|name|state|since|flaps\n"

#define FOR_HELP							\
	GATE_HELP							\
	"Without TIME it holds until it is revoked.\n"			\
	"TIME     300ms, 1.5s, 5m, 1h, 2d; at most 49d\n"

static const struct command commands[] = {
	{ "add", cmd_add, "PREFIX SERVICE... [KEY VALUE]...", "add a gate", KEYS_HELP },
	{ "change", cmd_change, "GATE [SERVICE]... [KEY VALUE]...",
	  "change what is given, leave the rest",
	  GATE_HELP "Services, if any are given, replace all the old ones.\n" KEYS_HELP },
	{ "del", cmd_del, "GATE", "remove a gate", GATE_HELP },
	{ "show", cmd_show, "[GATE] [KEY VALUE]...", "show all gates, or some in full",
	  "This is what is done without a verb.\n" GATE_HELP FILTER_HELP },
	{ "flush", cmd_flush, "[GATE]", "remove all gates, or some",
	  "Without a PREFIX all are removed, with one all that are within it.\n" GATE_HELP },
	{ "stats", cmd_stats, "[GATE]", "what was counted of gates, and their listeners",
	  GATE_HELP },
	{ "metrics", cmd_metrics, "[openmetrics]", "print metrics for Prometheus",
	  "What is printed is for node_exporter's textfile collector and for Prometheus.\n"
	  "openmetrics  for readers that are strict: counters' types without _total\n" },
	{ "drain", cmd_drain, "GATE [for TIME] [wait [for TIME]]",
	  "withdraw, whatever the services",
	  GATE_HELP
	  "Tells how many established TCP connections are left.\n"
	  "for TIME drained that long, or else until it is revoked\n"
	  "wait     return when no connection is left, or (for TIME) when the time is up,\n"
	  "         with status 3; drained all the same\n"
	  "TIME     300ms, 1.5s, 5m, 1h, 2d; at most 49d\n" },
	{ "undrain", cmd_undrain, "GATE", "follow the services again", GATE_HELP },
	{ "pin", cmd_pin, "GATE [for TIME] [force]", "announce, whatever the services",
	  FOR_HELP "Without TIME, force is needed.\n" },
	{ "unpin", cmd_unpin, "GATE", "follow the services again", GATE_HELP },
	{ "observe", cmd_observe, "GATE [for TIME]", "decide and report, but touch nothing",
	  FOR_HELP },
	{ "unobserve", cmd_unobserve, "GATE", "act on the decisions again", GATE_HELP },
	{ "undamp", cmd_undamp, "GATE", "forget the penalty of flaps", GATE_HELP },
	{ "lease", cmd_lease, "GATE LEASE up|down ttl TIME",
	  "report what an outside check found",
	  GATE_HELP
	  "The gate must have been told to require LEASE.\n"
	  "TIME     how long this is good for: 300ms, 1.5s, 5m, 1h, 2d; at most 49d\n" },
	{ "check", cmd_check, "GATE LEASE [KEY VALUE]... -- COMMAND",
	  "keep a lease by running COMMAND",
	  GATE_HELP
	  "Exit status 0 is up. What COMMAND prints goes to the standard error.\n"
	  "KEY VALUE\n"
	  "  every TIME                from the start of a run to that of the next (5s)\n"
	  "  timeout TIME              then COMMAND is killed, which is a failure (2s)\n"
	  "  rise N                    successes in a row that make it up (2)\n"
	  "  fall N                    failures in a row that make it down (2)\n"
	  "Each report is good for every + timeout + 2s.\n" },
	{ "apply", cmd_apply, "FILE [dry-run]", "make all gates be as a file says",
	  "FILE     lines of add and what belongs to it, see anygate.conf(5); - is the\n"
	  "         standard input. Gates that it has not are removed, those that are\n"
	  "         as it says are not touched. One without any add is refused while\n"
	  "         there are gates: flush removes all.\n"
	  "dry-run  only print what would be done\n" },
	{ "save", cmd_save, "[FILE]", "write a file for apply",
	  "FILE     without it, or with -, the file is printed\n" },
	{ "monitor", cmd_monitor, "[exec COMMAND...]", "print events, or run COMMAND for each",
	  "COMMAND gets the event in its environment, as ANYGATE_KIND, ANYGATE_PREFIX and\n"
	  "so on, and as JSON on the standard input. For one gate it is never run twice\n"
	  "at once; of the events that come meanwhile, the last of each kind waits.\n" },
	{ "top", cmd_top, "[KEY VALUE]...", "show the gates, kept up to date",
	  FILTER_HELP "Keys: q ends it, p n s t f sort, / filters, j k and arrows scroll.\n" },
	{ "doctor", cmd_doctor, "", "look the node over, and say what to do", NULL },
	{ "version", cmd_version, "", "versions, and the module's health", NULL },
	{ "help", cmd_help, "[VERB]", "this, or more about a verb", NULL },
};

static void usage(FILE *out)
{
	size_t i;

	fprintf(out, "Usage: anygatectl [-j] [-p] [-t] [-c[WHEN]] [-n NETNS] [VERB ...]\n\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s%-38s%s\n", commands[i].name, commands[i].args,
			commands[i].about);
	fprintf(out,
		"\n"
		"GATE is the PREFIX of a gate, or the NAME of a group of gates.\n"
		"\n"
		"  -j, --json         print JSON\n"
		"  -p, --pretty       indent the JSON\n"
		"  -t, --timestamp    monitor, check: time in front of every line\n"
		"  -c, --color[=WHEN] colours: always (which -c alone means), auto or never\n"
		"  -n, --netns NETNS  work in a network namespace (ip netns, or a path)\n"
		"  -h, --help         print this\n"
		"  -V, --version      print the version of anygatectl\n"
		"\n"
		"For example: anygatectl add 192.0.2.53/32 udp/53 tcp/53\n"
		"More: anygatectl help add; man anygatectl\n");
}

/* Verbs may be cut short, as long as it is clear which one is meant. */
static const struct command *find_command(const char *arg, struct err *e)
{
	const char *names[ARRAY_SIZE(commands)];
	struct prefix p;
	struct err ignored;
	size_t i;
	int hit;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	if (!strcmp(arg, "delete"))
		arg = "del";
	hit = match_word("verb", arg, names, ARRAY_SIZE(names), e);
	if (hit < 0 && !parse_prefix(arg, &p, &ignored))
		err_set(e, "%s: the verb is missing; say for example show %s", arg, arg);
	return hit < 0 ? NULL : &commands[hit];
}

static int help_json(const struct command *c, size_t n)
{
	struct printer p;

	pr_init(&p, stdout, true, opt.pretty);
	pr_array(&p, NULL);
	for (; n--; c++) {
		pr_object(&p, NULL);
		pr_str(&p, "verb", c->name, NULL);
		pr_str(&p, "arguments", c->args, NULL);
		pr_str(&p, "about", c->about, NULL);
		if (c->more)
			pr_str(&p, "more", c->more, NULL);
		pr_object_end(&p);
	}
	pr_array_end(&p);
	return ST_OK;
}

static int help_command(const struct command *c)
{
	if (opt.json)
		return help_json(c, 1);
	printf("Usage: anygatectl %s%s%s\n\n%s\n", c->name, *c->args ? " " : "", c->args,
	       c->about);
	if (c->more)
		printf("%s", c->more);
	return ST_OK;
}

/**
 * cmd_help() - print the usage
 * @argc: number of arguments
 * @argv: [VERB]
 *
 * Return: exit status
 */
int cmd_help(int argc, char **argv)
{
	const struct command *c;
	struct err e;

	if (argc > 1)
		return complain(ST_USAGE, "help: \"%s\" is too much; help takes one verb", argv[1]);
	if (!argc && opt.json)
		return help_json(commands, ARRAY_SIZE(commands));
	if (!argc) {
		usage(stdout);
		return ST_OK;
	}
	c = find_command(argv[0], &e);
	if (!c)
		return complain(ST_USAGE, "%s", e.text);
	return help_command(c);
}

static bool is_help(const char *arg)
{
	return !strcmp(arg, "-h") || !strcmp(arg, "--help");
}

/* "-" is the standard input or output, and "--" goes before a command. */
static bool is_option(const struct command *c, const char *arg)
{
	if (*arg != '-' || !arg[1])
		return false;
	return strcmp(arg, "--") || (c->run != cmd_check && c->run != cmd_monitor);
}

/* What removes gates is not done by a letter that was typed too early. */
static bool cut_short(const struct command *c, const char *arg)
{
	return (c->run == cmd_del || c->run == cmd_flush) && strcmp(arg, c->name) &&
	       strcmp(arg, "delete");
}

static int run(int argc, char **argv)
{
	const struct command *c;
	struct err e;

	if (!argc)
		return cmd_show(0, argv);
	c = find_command(argv[0], &e);
	if (!c)
		return complain(ST_USAGE, "%s", e.text);
	if ((argc == 2 && !strcmp(argv[1], "help")) || (argc > 1 && is_help(argv[1])))
		return help_command(c);
	if (cut_short(c, argv[0]))
		return complain(ST_USAGE, "verb \"%s\": %s removes gates, and must be spelled out",
				argv[0], c->name);
	if (argc > 1 && is_option(c, argv[1]))
		return complain(ST_USAGE, "%s: \"%.64s\": options go before the verb%s", c->name,
				argv[1], c->run == cmd_apply || c->run == cmd_save ?
				"; a file of this name is ./ and the name" : "");
	return c->run(argc - 1, argv + 1);
}

/* Of this program alone: it must work where no netlink does. */
static int print_version(void)
{
	struct printer p;

	pr_init(&p, stdout, opt.json, opt.pretty);
	pr_object(&p, NULL);
	pr_str(&p, "version", ANYGATE_VERSION, "anygatectl %s\n", ANYGATE_VERSION);
	pr_object_end(&p);
	return ST_OK;
}

static int bad_option(int opt_char, char **argv)
{
	if (opt_char == ':')
		return complain(ST_USAGE, "option %s needs the name of a network namespace",
				argv[optind - 1]);
	if (optopt && optopt < 256 && strncmp(argv[optind - 1], "--", 2))
		return complain(ST_USAGE, "unknown option -%c; see anygatectl help", optopt);
	return complain(ST_USAGE, "option %s is unknown, ambiguous or takes no value; see anygatectl help",
			argv[optind - 1]);
}

/* -c, -c=WHEN and iproute2's -color=WHEN, of which getopt makes -c "olor=WHEN". */
static const char *colour_word(const char *arg)
{
	static const char rest[] = "olor";
	size_t len;

	if (!arg)
		return "always";
	len = strcspn(arg, "=");
	if (len <= strlen(rest) && !strncmp(arg, rest, len)) {
		if (!arg[len])
			return "always";
		return arg + len + 1;
	}
	return arg;
}

/*
 * iproute2 has one dash before words: -json, not --json. To getopt that is a
 * bundle of letters, but none that any of ours would be in.
 */
static void two_dashes(int argc, char **argv)
{
	static char *const words[] = {
		(char *)"--json", (char *)"--pretty", (char *)"--timestamp", (char *)"--netns",
		(char *)"--help", (char *)"--version",
	};
	size_t w;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		for (w = 0; w < ARRAY_SIZE(words); w++)
			if (!strcmp(argv[i], words[w] + 1))
				argv[i] = words[w];
		/* what follows is its value */
		if (!strcmp(argv[i], "-n") || !strcmp(argv[i], "--netns"))
			i++;
	}
}

/*
 * The next socket would take the place of a standard stream that is closed, and
 * be written to. What is opened here instead fails as a closed one does.
 */
static int hold_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -1;
	return 0;
}

/*
 * Nobody may need to read what is printed; but what cannot be written, to a full
 * disk for example, is no success.
 */
static int finish(int status)
{
	int error = flush_output();

	if (!error || error == -EPIPE)
		return status;
	fprintf(stderr, "anygatectl: cannot write: %s\n", strerror(-error));
	return status == ST_OK ? ST_REFUSED : status;
}

/**
 * main() - parse the options and run the verb
 * @argc: number of arguments
 * @argv: arguments
 *
 * Return: 0, 1 if it was refused or impossible, 2 if the command line is bad
 */
int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "timestamp", no_argument, NULL, 't' },
		{ "color", optional_argument, NULL, 'c' },
		{ "netns", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 }
	};
	const char *colour = NULL;
	bool version = false;
	struct err e;
	int c;

	if (hold_streams())
		return ST_REFUSED;	/* and no place to say it */
	opterr = 0;
	two_dashes(argc, argv);
	while ((c = getopt_long(argc, argv, "+:jptc::n:hV", options, NULL)) >= 0) {
		switch (c) {
		case 'j':
			opt.json = true;
			break;
		case 'p':
			opt.pretty = true;
			break;
		case 't':
			opt.timestamp = true;
			break;
		case 'c':
			colour = colour_word(optarg);
			break;
		case 'n':
			opt.netns = optarg;
			break;
		case 'h':
			usage(stdout);
			return finish(ST_OK);
		case 'V':
			version = true;
			break;
		default:
			return bad_option(c, argv);
		}
	}
	if (!colour_choose(colour, &opt.colour, &e))
		return complain(ST_USAGE, "option -c: %s", e.text);
	opt.colour &= !opt.json;
	return finish(version ? print_version() : run(argc - optind, argv + optind));
}
