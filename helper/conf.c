// SPDX-License-Identifier: GPL-2.0
/* The arguments of add and change: PREFIX|NAME SERVICE... [KEY VALUE]... */

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "damp.h"
#include "names.h"
#include "rttable.h"

const char *const conf_keys[KEY_MAX] = {
	[KEY_ACTION]		= "action",
	[KEY_DEV]		= "dev",
	[KEY_TABLE]		= "table",
	[KEY_METRIC]		= "metric",
	[KEY_HOLD]		= "hold",
	[KEY_UP]		= "up",
	[KEY_DOWN]		= "down",
	[KEY_LISTEN_DEV]	= "listen-dev",
	[KEY_NAME]		= "name",
	[KEY_NEED]		= "need",
	[KEY_DAMP]		= "damp",
	[KEY_PENALTY]		= "penalty",
	[KEY_SUPPRESS]		= "suppress",
	[KEY_REUSE]		= "reuse",
	[KEY_HALF_LIFE]		= "half-life",
	[KEY_MAX_SUPPRESS]	= "max-suppress",
	[KEY_REQUIRE]		= "require",
	[KEY_ON_EXPIRY]		= "on-expiry",
	[KEY_FALLBACK]		= "fallback",
	[KEY_OBSERVE]		= "observe",
	[KEY_SHIELD]		= "shield",
	[KEY_STALL]		= "stall",
	[KEY_STALL_MEMBERS]	= "stall-members",
	[KEY_FATAL]		= "fatal",
	[KEY_WITNESS]		= "witness",
};

/* What needs to be given, for the message that says that it was not. */
static const char *const key_values[KEY_MAX] = {
	[KEY_ACTION]		= "address or route",
	[KEY_DEV]		= "a device, as lo",
	[KEY_TABLE]		= "a routing table, as main or 100",
	[KEY_METRIC]		= "a number, as 1024",
	[KEY_HOLD]		= "on or off",
	[KEY_UP]		= "a time, as 1s or 300ms",
	[KEY_DOWN]		= "a time, as 0 or 300ms",
	[KEY_LISTEN_DEV]	= "any, none or a device",
	[KEY_NAME]		= "the name of a group, or none",
	[KEY_NEED]		= "all, any or a number of services",
	[KEY_DAMP]		= "on or off",
	[KEY_PENALTY]		= "a number, as 1000",
	[KEY_SUPPRESS]		= "a number, as 2000",
	[KEY_REUSE]		= "a number, as 750",
	[KEY_HALF_LIFE]		= "a time, as 1m",
	[KEY_MAX_SUPPRESS]	= "a time, as 5m",
	[KEY_REQUIRE]		= "names of leases with commas between, or none",
	[KEY_ON_EXPIRY]		= "withdraw or ignore",
	[KEY_FALLBACK]		= "via GATEWAY dev DEV, or none",
	[KEY_OBSERVE]		= "on or off",
	[KEY_SHIELD]		= "a time, as 5s, or off",
	[KEY_STALL]		= "a time, as 2s, or off",
	[KEY_STALL_MEMBERS]	= "all or any",
	[KEY_FATAL]		= "on or off",
	[KEY_WITNESS]		= "a routing table, as 100, or off",
};

/* A file outlives the program that it was written for, and its abbreviations. */
static int parse_word(const char *what, const char *arg, const char *const *words,
		      size_t n, bool exact, struct err *e)
{
	int i = match_word(what, arg, words, n, e);

	if (i < 0 || !exact || !strcmp(arg, words[i]))
		return i;
	return err_set(e, "%s \"%s\" is cut short; say %s", what, arg, words[i]);
}

static int parse_enum(const struct conf *c, const struct names *names,
		      const char *what, const char *arg, uint32_t *value,
		      struct err *e)
{
	int i = parse_word(what, arg, names->name, names->n, c->exact, e);

	if (i < 0)
		return -1;
	*value = i;
	return 0;
}

static int parse_table(const char *what, const char *arg, uint32_t *table, struct err *e)
{
	if (arg[strspn(arg, "0123456789")] == '\0')
		return parse_number(what, arg, 1, UINT32_MAX, table, e);
	if (rttable_number(arg, table))
		return err_set(e, "%s %s: no such name in /etc/iproute2/rt_tables; give a number",
			       what, arg);
	if (!*table)
		return err_set(e, "%s %s: this is no table that can hold a route", what, arg);
	return 0;
}

/* The kernel refuses it too, but not before the rest of a file is done. */
static int parse_route_table(const char *arg, uint32_t *table, struct err *e)
{
	if (parse_table("table", arg, table, e))
		return -1;
	if (*table != RT_TABLE_LOCAL)
		return 0;
	return err_set(e, "table %s: a blackhole route in the kernel's own table of addresses would cut the service off; give another, as main or 100",
		       arg);
}

static int parse_witness(const char *arg, uint32_t *table, struct err *e)
{
	*table = 0;
	if (!strcmp(arg, "off") || !strcmp(arg, "0"))
		return 0;
	if (parse_table("witness", arg, table, e))
		return -1;
	if (*table != RT_TABLE_MAIN && *table != RT_TABLE_LOCAL)
		return 0;
	return err_set(e, "witness %s: this table has the node's own routes; give another, into which the routing daemon writes those of other nodes",
		       arg);
}

static int parse_listen_dev(const char *arg, uint32_t *policy, struct err *e)
{
	*policy = ANYGATE_LISTEN_POLICY_DEV;
	if (!strcmp(arg, "any"))
		*policy = ANYGATE_LISTEN_POLICY_ANY;
	else if (!strcmp(arg, "none"))
		*policy = ANYGATE_LISTEN_POLICY_NONE;
	else
		return parse_device("listen-dev", arg, e);
	return 0;
}

static int parse_group(const char *arg, const char **name, struct err *e)
{
	*name = strcmp(arg, "none") ? arg : "";
	return **name ? parse_name("name", arg, e) : 0;
}

static int parse_need(const char *arg, uint32_t *need, struct err *e)
{
	*need = 0;
	if (!strcmp(arg, "all"))
		return 0;
	*need = 1;
	if (!strcmp(arg, "any"))
		return 0;
	if (arg[strspn(arg, "0123456789")] == '\0')
		return parse_number("need", arg, 1, ANYGATE_SERVICES_MAX, need, e);
	return err_set(e, "need %s: all, any or a number of services is needed", arg);
}

static int parse_shield(const char *arg, uint32_t *shield, struct err *e)
{
	*shield = 0;
	return strcmp(arg, "off") ? parse_time("shield", arg, 0, ANYGATE_DELAY_MAX, shield, e) : 0;
}

static int parse_stall(const char *arg, uint32_t *stall, struct err *e)
{
	char least[DELAY_TEXT], most[DELAY_TEXT];

	*stall = 0;
	if (!strcmp(arg, "off"))
		return 0;
	if (parse_time("stall", arg, 0, ANYGATE_DELAY_MAX, stall, e))
		return -1;
	if (!*stall || *stall >= ANYGATE_STALL_MIN)
		return 0;
	return err_set(e, "stall %s: a time from %s to %s is needed, or off", arg,
		       delay_text(ANYGATE_STALL_MIN, least), delay_text(ANYGATE_DELAY_MAX, most));
}

static int add_lease(struct conf *c, const char *arg, const char *name, size_t len,
		     struct err *e)
{
	char *slot = c->require[c->n_require];
	unsigned int i;

	if (!len)
		return err_set(e, "require %s: a name is missing; say for example require zone,dig",
			       arg);
	if (c->n_require == ARRAY_SIZE(c->require))
		return err_set(e, "require %s: a gate can require at most %u leases", arg,
			       ANYGATE_LEASES_MAX);
	if (len > ANYGATE_NAME_MAX)
		return err_set(e, "require %.*s: a name has at most %u characters", (int)len, name,
			       ANYGATE_NAME_MAX);
	memcpy(slot, name, len);
	slot[len] = '\0';
	if (parse_name("require", slot, e))
		return -1;
	for (i = 0; i < c->n_require; i++)
		if (!strcmp(c->require[i], slot))
			return err_set(e, "require %s: %s is given twice", arg, slot);
	c->n_require++;
	return 0;
}

static int parse_require(struct conf *c, const char *arg, struct err *e)
{
	const char *name = arg;
	size_t len;

	if (!strcmp(arg, "none"))
		return 0;
	for (;;) {
		len = strcspn(name, ",");
		if (add_lease(c, arg, name, len, e))
			return -1;
		if (!name[len])
			return 0;
		name += len + 1;
	}
}

static int parse_value(struct conf *c, enum conf_key key, const char *arg,
		       struct err *e)
{
	switch (key) {
	case KEY_ACTION:
		return parse_enum(c, &action_names, "action", arg, &c->action, e);
	case KEY_DEV:
		return parse_device("dev", arg, e);
	case KEY_TABLE:
		return parse_route_table(arg, &c->table, e);
	case KEY_WITNESS:
		return parse_witness(arg, &c->witness, e);
	case KEY_METRIC:
		return parse_number("metric", arg, 1, UINT32_MAX, &c->metric, e);
	case KEY_HOLD:
		return parse_enum(c, &switch_names, "hold", arg, &c->hold, e);
	case KEY_UP:
		return parse_time("up", arg, 0, ANYGATE_DELAY_MAX, &c->up, e);
	case KEY_DOWN:
		return parse_time("down", arg, 0, ANYGATE_DELAY_MAX, &c->down, e);
	case KEY_SHIELD:
		return parse_shield(arg, &c->shield, e);
	case KEY_STALL:
		return parse_stall(arg, &c->stall, e);
	case KEY_STALL_MEMBERS:
		return parse_enum(c, &members_names, "stall-members", arg, &c->stall_members, e);
	case KEY_FATAL:
		return parse_enum(c, &switch_names, "fatal", arg, &c->fatal, e);
	case KEY_LISTEN_DEV:
		return parse_listen_dev(arg, &c->listen_policy, e);
	case KEY_NAME:
		return parse_group(arg, &c->name, e);
	case KEY_NEED:
		return parse_need(arg, &c->need, e);
	case KEY_DAMP:
		return parse_enum(c, &switch_names, "damp", arg, &c->damp, e);
	case KEY_PENALTY:
		return parse_number("penalty", arg, 1, ANYGATE_DAMP_MAX, &c->penalty, e);
	case KEY_SUPPRESS:
		return parse_number("suppress", arg, 1, ANYGATE_DAMP_MAX, &c->suppress, e);
	case KEY_REUSE:
		return parse_number("reuse", arg, 1, ANYGATE_DAMP_MAX, &c->reuse, e);
	case KEY_HALF_LIFE:
		return parse_time("half-life", arg, HALF_LIFE_MIN, HALF_LIFE_MAX, &c->half_life, e);
	case KEY_MAX_SUPPRESS:
		return parse_time("max-suppress", arg, MAX_SUPPRESS_MIN, MAX_SUPPRESS_MAX,
				  &c->max_suppress, e);
	case KEY_REQUIRE:
		return parse_require(c, arg, e);
	case KEY_ON_EXPIRY:
		return parse_enum(c, &on_expiry_names, "on-expiry", arg, &c->on_expiry, e);
	case KEY_OBSERVE:
		return parse_enum(c, &switch_names, "observe", arg, &c->observe, e);
	case KEY_FALLBACK:	/* more than one word, see parse_fallback() */
	case KEY_MAX:
		break;
	}
	return -1;
}

/* The only value of several words: "none", or "via GATEWAY dev DEV". */
static int parse_fallback(struct conf *c, int argc, char **argv, struct err *e)
{
	if (!strcmp(argv[0], "none")) {
		c->said[KEY_FALLBACK] = argv[0];
		return 1;
	}
	if (strcmp(argv[0], "via"))
		return err_set(e, "fallback %s: say fallback via GATEWAY dev DEV, or fallback none",
			       argv[0]);
	if (argc < 2)
		return err_set(e, "fallback via: the gateway is missing; give the address of another node");
	if (argc < 4 || strcmp(argv[2], "dev"))
		return err_set(e, "fallback via %s: the device is missing; say for example dev tun0",
			       argv[1]);
	e->word = argv[1];
	if (parse_gateway("fallback via", argv[1], &c->fallback_via, e))
		return -1;
	e->word = argv[3];
	if (parse_device("fallback dev", argv[3], e))
		return -1;
	c->said[KEY_FALLBACK] = argv[1];
	c->fallback_dev = argv[3];
	return 4;
}

/**
 * conf_set() - give a keyword its value
 * @c: settings
 * @key: keyword
 * @argc: number of words from the value on
 * @argv: the value and what follows; @c points to it
 * @e: what is wrong with it
 *
 * Return: how many words belong to the value, or -1
 */
int conf_set(struct conf *c, enum conf_key key, int argc, char **argv,
	     struct err *e)
{
	if (!argc || !*argv[0])
		return err_set(e, "%s%s: the value is missing; give %s", conf_keys[key],
			       argc ? " \"\"" : "", key_values[key]);
	if (key == KEY_FALLBACK)
		return parse_fallback(c, argc, argv, e);
	if (parse_value(c, key, argv[0], e))
		return -1;
	c->said[key] = argv[0];
	return 1;
}

/* A service without an address is one of the prefix's own address. */
static int check_service_address(const struct conf *c, struct service *s,
				 const char *arg, struct err *e)
{
	const struct prefix *p = &c->gate.prefix;
	const bool v4 = p->addr.family == AF_INET;
	char prefix[PREFIX_TEXT], buf[INET6_ADDRSTRLEN];
	struct ipaddr example = p->addr;

	if (c->gate.name)
		return 0;	/* only the kernel knows the group's prefixes */
	prefix_text(p, prefix);
	if (!s->addr.family) {
		if (prefix_is_host(p)) {
			s->addr = p->addr;
			return 0;
		}
		example.bytes[ip_size(example.family) - 1] |= 1;
		return err_set(e, "%s: %s has many addresses, so the service needs one; say for example %s%s%s:%s",
			       arg, prefix, v4 ? "" : "[", ip_text(&example, buf),
			       v4 ? "" : "]", arg);
	}
	if (s->addr.family != p->addr.family)
		return err_set(e, "%s: the address is %s, but the prefix %s is %s", arg,
			       v4 ? "IPv6" : "IPv4", prefix, v4 ? "IPv4" : "IPv6");
	if (!prefix_contains(p, &s->addr))
		return err_set(e, "%s: the address is outside the prefix %s", arg, prefix);
	return 0;
}

static int add_service(struct conf *c, const char *arg, struct err *e)
{
	const struct service *other;
	struct service s;
	unsigned int i;

	if (parse_service(arg, &s, e) || check_service_address(c, &s, arg, e))
		return -1;
	for (i = 0; i < c->n_services; i++) {
		other = &c->services[i];
		if (other->protocol != s.protocol || other->port != s.port ||
		    !ip_equal(&other->addr, &s.addr))
			continue;
		if (!strcmp(arg, c->service_said[i]))
			return err_set(e, "%s: the service is given twice", arg);
		return err_set(e, "%s: this is the same service as %s", arg, c->service_said[i]);
	}
	if (c->n_services == ARRAY_SIZE(c->services))
		return err_set(e, "%s: a gate has at most %u services", arg, ANYGATE_SERVICES_MAX);
	c->services[c->n_services] = s;
	c->service_said[c->n_services++] = arg;
	return 0;
}

static bool says_something(const struct conf *c)
{
	unsigned int i;

	for (i = 0; i < KEY_MAX; i++)
		if (c->said[i])
			return true;
	return c->n_services;
}

static int find_key(const char *arg)
{
	int i;

	for (i = 0; i < KEY_MAX; i++)
		if (!strcmp(arg, conf_keys[i]))
			return i;
	return -1;
}

/* Return: how many words have been understood, or -1 */
static int parse_setting(struct conf *c, int argc, char **argv, struct err *e)
{
	int key, words;

	/* A slash makes the service, so that no keyword can be one. */
	if (strchr(argv[0], '/'))
		return add_service(c, argv[0], e) ? -1 : 1;
	if (!strcmp(argv[0], "udp") || !strcmp(argv[0], "tcp"))
		return err_set(e, "%s: the port is missing; say for example %s/53", argv[0],
			       argv[0]);
	key = parse_word("keyword", argv[0], conf_keys, KEY_MAX, c->exact, e);
	if (key < 0)
		return -1;
	if (c->said[key])
		return err_set(e, "%s is given twice", conf_keys[key]);
	if (argc > 1)
		e->word = argv[1];
	words = conf_set(c, key, argc - 1, argv + 1, e);
	return words < 0 ? -1 : 1 + words;
}

/* Where to go on behind what was not understood: at the next word that is. */
static int skip(int i, int argc, char **argv)
{
	const int key = find_key(argv[i]);

	if (strchr(argv[i++], '/'))
		return i;
	/* a bad value, or none */
	if (key >= 0 && i < argc && find_key(argv[i]) < 0)
		i++;
	if (key >= 0 && key != KEY_FALLBACK)
		return i;
	while (i < argc && !strchr(argv[i], '/') && find_key(argv[i]) < 0)
		i++;
	return i;
}

/**
 * struct parsing - a command line on its way
 * @fn: whom to tell what is wrong
 * @arg: for @fn
 * @errors: how often it was told
 */
struct parsing {
	conf_error_fn *fn;
	void *arg;
	unsigned int errors;
};

static void tell(const struct err *e, void *arg)
{
	struct parsing *p = arg;

	p->errors++;
	p->fn(e, p->arg);
}

/* What is wrong with the whole is blamed on the prefix. */
static void tell_missing(struct parsing *p, const struct conf *c, bool change)
{
	struct err e = { .word = c->gate.said };

	if (!change && !c->n_services)
		err_set(&e, "%s: a gate needs a service; say for example udp/53", e.word);
	else if (change && !says_something(c))
		err_set(&e, "%s: nothing to change; give services or keywords", e.word);
	else
		return;
	tell(&e, p);
}

/**
 * conf_parse_all() - parse the arguments of add or change, to the end
 * @c: result; points into @argv. Of no use if anything is wrong
 * @change: the gate exists, and what is not given stays as it is
 * @exact: words must not be cut short
 * @argc: number of arguments
 * @argv: PREFIX, or NAME in a change, and all that follows
 * @fn: called for everything that is wrong with them
 * @arg: for @fn
 *
 * Return: 0 or -1
 */
int conf_parse_all(struct conf *c, bool change, bool exact, int argc,
		   char **argv, conf_error_fn *fn, void *arg)
{
	struct parsing p = { .fn = fn, .arg = arg };
	const char *verb = change ? "change" : "add";
	struct err e = { .word = NULL };
	int i, words;

	memset(c, 0, sizeof(*c));
	c->exact = exact;
	if (argc < 1) {
		err_set(&e, "%s: the prefix is missing; say for example %s 192.0.2.53/32 udp/53",
			verb, verb);
		tell(&e, &p);
		return -1;
	}
	e.word = c->gate.said = argv[0];
	if (change ? parse_gate_ref(argv[0], &c->gate, &e) :
		     parse_prefix(argv[0], &c->gate.prefix, &e)) {
		tell(&e, &p);
		c->gate.name = argv[0];	/* nothing to compare addresses with */
	}

	for (i = 1; i < argc;) {
		e.word = argv[i];
		words = parse_setting(c, argc - i, argv + i, &e);
		if (words > 0) {
			i += words;
			continue;
		}
		tell(&e, &p);
		i = skip(i, argc, argv);
	}

	/* In an add this is what it is anyway. */
	if (!change && c->said[KEY_NAME] && !*c->name)
		c->said[KEY_NAME] = NULL;
	if (!p.errors)
		tell_missing(&p, c, change);
	if (!p.errors)
		conf_check(c, change, tell, &p);
	return p.errors ? -1 : 0;
}

static void keep_first(const struct err *e, void *arg)
{
	struct err *first = arg;

	if (!*first->text)
		*first = *e;
}

/**
 * conf_parse() - parse the arguments of add or change
 * @c: result; points into @argv
 * @change: the gate exists, and what is not given stays as it is
 * @argc: number of arguments
 * @argv: PREFIX, or NAME in a change, and all that follows
 * @e: what is wrong with them, or the first of it
 *
 * Return: 0 or -1
 */
int conf_parse(struct conf *c, bool change, int argc, char **argv,
	       struct err *e)
{
	e->text[0] = '\0';
	return conf_parse_all(c, change, false, argc, argv, keep_first, e);
}
