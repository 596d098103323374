// SPDX-License-Identifier: GPL-2.0
/* The arguments of add and change: PREFIX SERVICE... [KEY VALUE]... */

#include <stdio.h>
#include <string.h>

#include "conf.h"
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
};

static int parse_enum(const struct names *names, const char *what,
		      const char *arg, uint32_t *value, struct err *e)
{
	int i = match_word(what, arg, names->name, names->n, e);

	if (i < 0)
		return -1;
	*value = i;
	return 0;
}

static int parse_table(const char *arg, uint32_t *table, struct err *e)
{
	if (arg[strspn(arg, "0123456789")] == '\0')
		return parse_number("table", arg, 1, table, e);
	if (rttable_number(arg, table))
		return err_set(e, "table %s: no such name in /etc/iproute2/rt_tables; give a number",
			       arg);
	if (!*table)
		return err_set(e, "table %s: this is no table that can hold a route", arg);
	return 0;
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

static int parse_value(struct conf *c, enum conf_key key, const char *arg,
		       struct err *e)
{
	switch (key) {
	case KEY_ACTION:
		return parse_enum(&action_names, "action", arg, &c->action, e);
	case KEY_DEV:
		return parse_device("dev", arg, e);
	case KEY_TABLE:
		return parse_table(arg, &c->table, e);
	case KEY_METRIC:
		return parse_number("metric", arg, 1, &c->metric, e);
	case KEY_HOLD:
		return parse_enum(&switch_names, "hold", arg, &c->hold, e);
	case KEY_UP:
		return parse_delay("up", arg, &c->up, e);
	case KEY_DOWN:
		return parse_delay("down", arg, &c->down, e);
	case KEY_LISTEN_DEV:
		return parse_listen_dev(arg, &c->listen_policy, e);
	case KEY_MAX:
		break;
	}
	return -1;
}

/* A service without an address is one of the prefix's own address. */
static int check_service_address(const struct conf *c, struct service *s,
				 const char *arg, struct err *e)
{
	const bool v4 = c->prefix.addr.family == AF_INET;
	struct ipaddr example = c->prefix.addr;
	char prefix[PREFIX_TEXT], buf[INET6_ADDRSTRLEN];

	prefix_text(&c->prefix, prefix);
	if (!s->addr.family) {
		if (prefix_is_host(&c->prefix)) {
			s->addr = c->prefix.addr;
			return 0;
		}
		example.bytes[ip_size(example.family) - 1] |= 1;
		return err_set(e, "%s: %s has many addresses, so the service needs one; say for example %s%s%s:%s",
			       arg, prefix, v4 ? "" : "[", ip_text(&example, buf),
			       v4 ? "" : "]", arg);
	}
	if (s->addr.family != c->prefix.addr.family)
		return err_set(e, "%s: the address is %s, but the prefix %s is %s", arg,
			       v4 ? "IPv6" : "IPv4", prefix, v4 ? "IPv4" : "IPv6");
	if (!prefix_contains(&c->prefix, &s->addr))
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

/* Keywords that say something of one action only. */
static int check_action(const struct conf *c, bool change, struct err *e)
{
	static const enum conf_key of_address[] = { KEY_DEV, KEY_HOLD };
	static const enum conf_key of_route[] = { KEY_TABLE, KEY_METRIC };
	const bool host = prefix_is_host(&c->prefix);
	const enum conf_key *wrong;
	const char *a = NULL, *r = NULL;
	char prefix[PREFIX_TEXT];
	uint32_t action;
	size_t i;

	prefix_text(&c->prefix, prefix);
	if (c->said[KEY_ACTION] && c->action == ANYGATE_ACTION_ADDRESS && !host)
		return err_set(e, "action %s: %s is no host prefix; only action route can announce it",
			       c->said[KEY_ACTION], prefix);

	for (i = 0; i < ARRAY_SIZE(of_address); i++)
		if (c->said[of_address[i]])
			a = conf_keys[of_address[i]];
	for (i = 0; i < ARRAY_SIZE(of_route); i++)
		if (c->said[of_route[i]])
			r = conf_keys[of_route[i]];
	if (a && r)
		return err_set(e, "%s is for action address and %s for action route; a gate has one action",
			       a, r);

	if (c->said[KEY_ACTION])
		action = c->action;
	else if (!host)
		action = ANYGATE_ACTION_ROUTE;
	else if (!change)
		action = ANYGATE_ACTION_ADDRESS;
	else
		return 0;	/* only the kernel knows what the gate does now */

	wrong = action == ANYGATE_ACTION_ADDRESS ? of_route : of_address;
	for (i = 0; i < ARRAY_SIZE(of_route); i++) {
		if (!c->said[wrong[i]])
			continue;
		return err_set(e, "%s %s: this is for action %s, and the action of %s is %s%s",
			       conf_keys[wrong[i]], c->said[wrong[i]],
			       name_of(&action_names, !action), prefix,
			       name_of(&action_names, action),
			       c->said[KEY_ACTION] ? "" : " unless another is given");
	}
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

/**
 * conf_parse() - parse the arguments of add or change
 * @c: result; points into @argv
 * @change: the gate exists, and what is not given stays as it is
 * @argc: number of arguments
 * @argv: PREFIX and all that follows
 * @e: what is wrong with them
 *
 * Return: 0 or -1
 */
int conf_parse(struct conf *c, bool change, int argc, char **argv,
	       struct err *e)
{
	const char *verb = change ? "change" : "add";
	int i, key;

	memset(c, 0, sizeof(*c));
	if (argc < 1)
		return err_set(e, "%s: the prefix is missing; say for example %s 192.0.2.53/32 udp/53",
			       verb, verb);
	if (parse_prefix(argv[0], &c->prefix, e))
		return -1;

	for (i = 1; i < argc; i++) {
		/* A slash makes the service, so that no keyword can be one. */
		if (strchr(argv[i], '/')) {
			if (add_service(c, argv[i], e))
				return -1;
			continue;
		}
		if (!strcmp(argv[i], "udp") || !strcmp(argv[i], "tcp"))
			return err_set(e, "%s: the port is missing; say for example %s/53", argv[i],
				       argv[i]);
		key = match_word("keyword", argv[i], conf_keys, KEY_MAX, e);
		if (key < 0)
			return -1;
		if (c->said[key])
			return err_set(e, "%s is given twice", conf_keys[key]);
		if (i + 1 == argc)
			return err_set(e, "%s: the value is missing; give %s", conf_keys[key],
				       key_values[key]);
		if (parse_value(c, key, argv[++i], e))
			return -1;
		c->said[key] = argv[i];
	}

	if (!change && !c->n_services)
		return err_set(e, "%s: a gate needs a service; say for example udp/53", argv[0]);
	if (change && !says_something(c))
		return err_set(e, "%s: nothing to change; give services or keywords", argv[0]);
	return check_action(c, change, e);
}
