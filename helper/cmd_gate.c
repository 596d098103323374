// SPDX-License-Identifier: GPL-2.0
/* add, change, del, flush: what makes and removes gates. */

#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "conf.h"
#include "gates.h"
#include "nl.h"

/**
 * cmd_send() - send a request, and report what the kernel has against it
 * @ag: connection
 * @msg: request; freed
 * @cmd: its ANYGATE_CMD_*
 * @subject: what it is about
 * @map: which word of the command line went where
 *
 * Return: exit status
 */
int cmd_send(struct ag *ag, struct nl_msg *msg, uint8_t cmd,
	     const char *subject, const struct reqmap *map)
{
	struct extack x;
	struct err e;

	if (ag_do(ag, msg, NULL, NULL, &x)) {
		extack_explain(&x, cmd, subject, map, &e);
		return complain(ST_REFUSED, "%s", e.text);
	}
	/* The kernel may have something to say about what it did, too. */
	if (*x.msg)
		fprintf(stderr, "anygatectl: %s: note: %s\n", subject, x.msg);
	return ST_OK;
}

/**
 * cmd_finish() - cmd_send(), and no more
 * @ag: connection; closed
 * @msg: request; freed
 * @cmd: its ANYGATE_CMD_*
 * @subject: what it is about
 * @map: which word of the command line went where
 *
 * Return: exit status
 */
int cmd_finish(struct ag *ag, struct nl_msg *msg, uint8_t cmd,
	       const char *subject, const struct reqmap *map)
{
	int ret = cmd_send(ag, msg, cmd, subject, map);

	ag_close(ag);
	return ret;
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
		conf_put(msg, &c, &map);
	return cmd_finish(&ag, msg, cmd, gate_ref_text(&c.gate, subject), &map);
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
 * cmd_change() - change a gate or a group
 * @argc: number of arguments
 * @argv: PREFIX|NAME [SERVICE]... [KEY VALUE]...
 *
 * Return: exit status
 */
int cmd_change(int argc, char **argv)
{
	return add_or_change(true, argc, argv);
}

/*
 * To the kernel it is fine to remove all gates of a group of none. Who types the
 * name is mistaken, and would go on to believe that they are gone.
 */
static int group_exists(struct ag *ag, const struct gate_ref *ref)
{
	struct reqmap map = { 0 };
	struct gates l = { 0 };
	struct extack x;
	struct err e;
	int ret = gates_get(ag, ref, &l, &x, &map);

	gates_free(&l);
	if (!ret)
		return ST_OK;
	extack_explain(&x, ANYGATE_CMD_GATE_GET, ref->name, &map, &e);
	return complain(ST_REFUSED, "%s", e.text);
}

static int del_or_flush(bool flush, int argc, char **argv)
{
	const uint8_t cmd = flush ? ANYGATE_CMD_GATE_FLUSH : ANYGATE_CMD_GATE_DEL;
	const char *verb = flush ? "flush" : "del";
	struct reqmap map = { 0 };
	char buf[PREFIX_TEXT];
	struct gate_ref ref;
	struct nl_msg *msg;
	struct err e;
	struct ag ag;

	if (!flush && !argc) {
		parse_first_arg(argc, argv, verb, &ref, &e);
		return complain(ST_USAGE, "%s", e.text);
	}
	if (parse_gate_arg(argc, argv, verb, &ref, &e))
		return complain(ST_USAGE, "%s", e.text);
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	if (flush && ref.name && group_exists(&ag, &ref)) {
		ag_close(&ag);
		return ST_REFUSED;
	}
	msg = ag_request(&ag, cmd, 0);
	if (msg && ref.said)
		ag_put_gate(msg, &ref, &map);
	return cmd_finish(&ag, msg, cmd, ref.said ? gate_ref_text(&ref, buf) : verb, &map);
}

/**
 * cmd_del() - remove a gate or a group
 * @argc: number of arguments
 * @argv: PREFIX|NAME
 *
 * Return: exit status
 */
int cmd_del(int argc, char **argv)
{
	return del_or_flush(false, argc, argv);
}

/**
 * cmd_flush() - remove all gates, or those within a prefix or of a group
 * @argc: number of arguments
 * @argv: [PREFIX|NAME]
 *
 * Return: exit status
 */
int cmd_flush(int argc, char **argv)
{
	return del_or_flush(true, argc, argv);
}
