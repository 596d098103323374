// SPDX-License-Identifier: GPL-2.0
/* What an operator or an outside check has to say: orders and leases. */

#include "cmd.h"

/**
 * ag_put_order() - put an order into a request
 * @msg: request
 * @o: order, and the gate it is for
 * @map: where to note what went where
 */
void ag_put_order(struct nl_msg *msg, const struct order_args *o,
		  struct reqmap *map)
{
	uint32_t start;

	ag_put_gate(msg, &o->gate, map);
	nla_put_u32(msg, ANYGATE_A_GATE_ORDER, o->order);
	start = nlmsg_hdr(msg)->nlmsg_len;
	if (o->ms) {
		nla_put_u32(msg, ANYGATE_A_GATE_FOR, o->ms);
		reqmap_add(map, start, nlmsg_hdr(msg)->nlmsg_len, "for", o->ms_said);
	}
	if (o->force)
		nla_put_flag(msg, ANYGATE_A_GATE_FORCE);
}

static int give_order(int argc, char **argv, const char *verb, uint32_t order)
{
	struct reqmap map = { 0 };
	char subject[PREFIX_TEXT];
	struct order_args o;
	struct nl_msg *msg;
	struct err e;
	struct ag ag;

	if (parse_order_args(argc, argv, verb, order, &o, &e))
		return complain(ST_USAGE, "%s", e.text);
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	msg = ag_request(&ag, ANYGATE_CMD_GATE_ORDER, 0);
	if (msg)
		ag_put_order(msg, &o, &map);
	return cmd_finish(&ag, msg, ANYGATE_CMD_GATE_ORDER, gate_ref_text(&o.gate, subject),
			  &map);
}

/**
 * cmd_undrain() - follow the services again
 * @argc: number of arguments
 * @argv: PREFIX|NAME
 *
 * Return: exit status
 */
int cmd_undrain(int argc, char **argv)
{
	return give_order(argc, argv, "undrain", ANYGATE_ORDER_FOLLOW);
}

/**
 * cmd_pin() - announce, whatever the services
 * @argc: number of arguments
 * @argv: PREFIX|NAME [for TIME] [force]
 *
 * Return: exit status
 */
int cmd_pin(int argc, char **argv)
{
	return give_order(argc, argv, "pin", ANYGATE_ORDER_PIN);
}

/**
 * cmd_unpin() - follow the services again
 * @argc: number of arguments
 * @argv: PREFIX|NAME
 *
 * Return: exit status
 */
int cmd_unpin(int argc, char **argv)
{
	return give_order(argc, argv, "unpin", ANYGATE_ORDER_FOLLOW);
}

/**
 * cmd_observe() - decide and report, but touch nothing
 * @argc: number of arguments
 * @argv: PREFIX|NAME [for TIME]
 *
 * Return: exit status
 */
int cmd_observe(int argc, char **argv)
{
	return give_order(argc, argv, "observe", ANYGATE_ORDER_OBSERVE);
}

/**
 * cmd_unobserve() - act on the decisions again
 * @argc: number of arguments
 * @argv: PREFIX|NAME
 *
 * Return: exit status
 */
int cmd_unobserve(int argc, char **argv)
{
	return give_order(argc, argv, "unobserve", ANYGATE_ORDER_UNOBSERVE);
}

/**
 * cmd_undamp() - forget the penalty
 * @argc: number of arguments
 * @argv: PREFIX|NAME
 *
 * Return: exit status
 */
int cmd_undamp(int argc, char **argv)
{
	return give_order(argc, argv, "undamp", ANYGATE_ORDER_UNDAMP);
}

/**
 * ag_put_lease() - put the verdict of an outside check into a request
 * @msg: request
 * @l: verdict, and the gate it is about
 * @map: where to note what went where
 */
void ag_put_lease(struct nl_msg *msg, const struct lease_args *l,
		  struct reqmap *map)
{
	uint32_t start;

	ag_put_gate(msg, &l->gate, map);
	start = nlmsg_hdr(msg)->nlmsg_len;
	nla_put_string(msg, ANYGATE_A_GATE_LEASE_NAME, l->name);
	reqmap_add(map, start, nlmsg_hdr(msg)->nlmsg_len, "lease", l->name);
	nla_put_u32(msg, ANYGATE_A_GATE_VERDICT, l->verdict);
	start = nlmsg_hdr(msg)->nlmsg_len;
	nla_put_u32(msg, ANYGATE_A_GATE_FOR, l->ttl);
	reqmap_add(map, start, nlmsg_hdr(msg)->nlmsg_len, "ttl", l->ttl_said);
}

/**
 * cmd_lease() - report the verdict of an outside check
 * @argc: number of arguments
 * @argv: PREFIX|NAME LEASE up|down ttl TIME
 *
 * Return: exit status
 */
int cmd_lease(int argc, char **argv)
{
	struct reqmap map = { 0 };
	char subject[PREFIX_TEXT];
	struct lease_args l;
	struct nl_msg *msg;
	struct err e;
	struct ag ag;

	if (parse_lease_args(argc, argv, &l, &e))
		return complain(ST_USAGE, "%s", e.text);
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	msg = ag_request(&ag, ANYGATE_CMD_GATE_LEASE, 0);
	if (msg)
		ag_put_lease(msg, &l, &map);
	return cmd_finish(&ag, msg, ANYGATE_CMD_GATE_LEASE, gate_ref_text(&l.gate, subject),
			  &map);
}
