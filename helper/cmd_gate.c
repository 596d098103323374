// SPDX-License-Identifier: GPL-2.0
/* add, change, del, flush: what makes and removes gates. */

#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "conf.h"
#include "nl.h"

static void put_service(struct nl_msg *msg, const struct service *s)
{
	struct nlattr *nest = nla_nest_start(msg, ANYGATE_A_GATE_SERVICE);

	nla_put(msg, ANYGATE_A_SERVICE_ADDRESS, ip_size(s->addr.family), s->addr.bytes);
	nla_put_u32(msg, ANYGATE_A_SERVICE_PROTOCOL, s->protocol);
	nla_put_u32(msg, ANYGATE_A_SERVICE_PORT, s->port);
	nla_nest_end(msg, nest);
}

static void put_key(struct nl_msg *msg, const struct conf *c, enum conf_key key)
{
	switch (key) {
	case KEY_ACTION:
		nla_put_u32(msg, ANYGATE_A_GATE_ACTION, c->action);
		break;
	case KEY_DEV:
		nla_put_string(msg, ANYGATE_A_GATE_DEV, c->said[key]);
		break;
	case KEY_TABLE:
		nla_put_u32(msg, ANYGATE_A_GATE_TABLE, c->table);
		break;
	case KEY_METRIC:
		nla_put_u32(msg, ANYGATE_A_GATE_METRIC, c->metric);
		break;
	case KEY_HOLD:
		nla_put_u32(msg, ANYGATE_A_GATE_HOLD, c->hold);
		break;
	case KEY_UP:
		nla_put_u32(msg, ANYGATE_A_GATE_UP, c->up);
		break;
	case KEY_DOWN:
		nla_put_u32(msg, ANYGATE_A_GATE_DOWN, c->down);
		break;
	case KEY_LISTEN_DEV:
		nla_put_u32(msg, ANYGATE_A_GATE_LISTEN_POLICY, c->listen_policy);
		if (c->listen_policy == ANYGATE_LISTEN_POLICY_DEV)
			nla_put_string(msg, ANYGATE_A_GATE_LISTEN_DEV, c->said[key]);
		break;
	case KEY_MAX:
		break;
	}
}

/* What the user did not say is not sent, so that its default is the kernel's. */
static void put_conf(struct nl_msg *msg, const struct conf *c, const char *said,
		     struct reqmap *map)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	uint32_t start;
	unsigned int i;

	ag_put_prefix(msg, &c->prefix, said, map);
	for (i = 0; i < KEY_MAX; i++) {
		if (!c->said[i])
			continue;
		start = nlh->nlmsg_len;
		put_key(msg, c, i);
		reqmap_add(map, start, nlh->nlmsg_len, conf_keys[i], c->said[i]);
	}
	for (i = 0; i < c->n_services; i++) {
		start = nlh->nlmsg_len;
		put_service(msg, &c->services[i]);
		reqmap_add(map, start, nlh->nlmsg_len, "service", c->service_said[i]);
	}
}

/* Sends @msg, closes @ag, and reports what the kernel has against it. */
static int finish(struct ag *ag, struct nl_msg *msg, uint8_t cmd,
		  const char *subject, const struct reqmap *map)
{
	struct extack x;
	struct err e;
	int ret;

	ret = ag_do(ag, msg, NULL, NULL, &x);
	ag_close(ag);
	if (ret) {
		extack_explain(&x, cmd, subject, map, &e);
		return complain(ST_REFUSED, "%s", e.text);
	}
	/* The kernel may have something to say about what it did, too. */
	if (*x.msg && !opt.json)
		fprintf(stderr, "anygatectl: %s: note: %s\n", subject, x.msg);
	return ST_OK;
}

static int add_or_change(bool change, int argc, char **argv)
{
	const uint8_t cmd = change ? ANYGATE_CMD_GATE_CHANGE : ANYGATE_CMD_GATE_ADD;
	struct reqmap map = { 0 };
	char subject[PREFIX_TEXT];
	struct nl_msg *msg;
	struct conf c;
	struct err e;
	struct ag ag;

	if (conf_parse(&c, change, argc, argv, &e))
		return complain(ST_USAGE, "%s", e.text);
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	msg = ag_request(&ag, cmd, 0);
	if (msg)
		put_conf(msg, &c, argv[0], &map);
	return finish(&ag, msg, cmd, prefix_text(&c.prefix, subject), &map);
}

/**
 * cmd_add() - add a gate
 * @argc: number of arguments
 * @argv: PREFIX SERVICE... [KEY VALUE]...
 *
 * Return: exit status
 */
int cmd_add(int argc, char **argv)
{
	return add_or_change(false, argc, argv);
}

/**
 * cmd_change() - change a gate
 * @argc: number of arguments
 * @argv: PREFIX [SERVICE]... [KEY VALUE]...
 *
 * Return: exit status
 */
int cmd_change(int argc, char **argv)
{
	return add_or_change(true, argc, argv);
}

/**
 * parse_gate_arg() - parse the arguments of a verb that takes a prefix
 * @argc: number of arguments
 * @argv: arguments
 * @verb: the verb, for messages
 * @needed: the prefix must be there
 * @p: result
 * @given: whether it is there
 * @e: what is wrong
 *
 * Return: 0 or -1
 */
int parse_gate_arg(int argc, char **argv, const char *verb, bool needed,
		   struct prefix *p, bool *given, struct err *e)
{
	*given = argc > 0;
	if (!argc)
		return needed ? err_set(e, "%s: the prefix is missing; say for example %s 192.0.2.53/32",
					verb, verb) : 0;
	if (parse_prefix(argv[0], p, e))
		return -1;
	if (argc > 1)
		return err_set(e, "%s: \"%s\" is too much; %s takes one prefix", verb, argv[1],
			       verb);
	return 0;
}

static int del_or_flush(bool flush, int argc, char **argv)
{
	const uint8_t cmd = flush ? ANYGATE_CMD_GATE_FLUSH : ANYGATE_CMD_GATE_DEL;
	char subject[PREFIX_TEXT] = "flush";
	struct reqmap map = { 0 };
	struct nl_msg *msg;
	struct prefix p;
	bool given;
	struct err e;
	struct ag ag;

	if (parse_gate_arg(argc, argv, flush ? "flush" : "del", !flush, &p, &given, &e))
		return complain(ST_USAGE, "%s", e.text);
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	msg = ag_request(&ag, cmd, 0);
	if (msg && given)
		ag_put_prefix(msg, &p, argv[0], &map);
	return finish(&ag, msg, cmd, given ? prefix_text(&p, subject) : subject, &map);
}

/**
 * cmd_del() - remove a gate
 * @argc: number of arguments
 * @argv: PREFIX
 *
 * Return: exit status
 */
int cmd_del(int argc, char **argv)
{
	return del_or_flush(false, argc, argv);
}

/**
 * cmd_flush() - remove all gates, or those within a prefix
 * @argc: number of arguments
 * @argv: [PREFIX]
 *
 * Return: exit status
 */
int cmd_flush(int argc, char **argv)
{
	return del_or_flush(true, argc, argv);
}
