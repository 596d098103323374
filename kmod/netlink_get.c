// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink: gates, their counters and the module's health, read.  Any
 * user may, but is not told which process did what; what there is to be told is
 * in fill.c.
 */
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "anygate.h"
#include "netlink_gen.h"

/* Who sent this request? */
static struct anygate_reader reader_of(const struct sk_buff *request)
{
	struct net *net = sock_net(NETLINK_CB(request).sk);

	return (struct anygate_reader) {
		.actors = netlink_ns_capable(request, net->user_ns,
					     CAP_NET_ADMIN),
		.pidns = anygate_current_pidns(),
	};
}

static int put_one(struct sk_buff *skb, u8 cmd,
		   const struct anygate_gate *gate,
		   const struct anygate_reader *reader)
{
	if (cmd == ANYGATE_CMD_STATS_GET)
		return anygate_put_stats(skb, gate);
	return anygate_put_gate(skb, gate, reader);
}

/* Reply with what @cmd says of the gate that is asked for. */
static int reply_one(const struct sk_buff *request, struct genl_info *info,
		     u8 cmd, bool count_flows)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	const struct anygate_reader reader = reader_of(request);
	struct anygate_prefix prefix;
	struct anygate_gate *gate;
	struct sk_buff *reply;
	void *hdr;
	int ret;

	ret = anygate_need_prefix(info, &prefix);
	if (ret)
		return ret;
	reply = genlmsg_new(ANYGATE_MSG_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, anygate_genl(&anygate_nl_family),
				0, cmd);
	if (!hdr) {
		ret = -EMSGSIZE;
		goto err;
	}

	if (count_flows)
		anygate_flows_count(agn);
	mutex_lock(&agn->lock);
	gate = anygate_gate_find(agn, &prefix);
	ret = gate ? put_one(reply, cmd, gate, &reader) : -ENOENT;
	mutex_unlock(&agn->lock);
	if (ret == -ENOENT)
		anygate_no_gate(info);
	if (ret)
		goto err;
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);

err:
	nlmsg_free(reply);
	return ret;
}

int anygate_nl_gate_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return reply_one(skb, info, ANYGATE_CMD_GATE_GET,
			 info->attrs[ANYGATE_A_GATE_COUNT_FLOWS]);
}

/* Both sets of attributes say in the same way which gates are meant. */
static_assert((int)ANYGATE_A_GATE_PREFIX == (int)ANYGATE_A_STATS_PREFIX);
static_assert((int)ANYGATE_A_GATE_PREFIX_LEN ==
	      (int)ANYGATE_A_STATS_PREFIX_LEN);

/*
 * The first message of a dump is as large as a page unless one says so, and a
 * gate with many services is larger.
 */
int anygate_nl_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = ANYGATE_MSG_SIZE;
	return 0;
}

/* Dump what @cmd says of each gate that is asked for. */
static int dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd,
		const struct nlattr *name_attr)
{
	struct anygate_net *agn = anygate_net_of(sock_net(skb->sk));
	const struct anygate_reader reader = reader_of(cb->skb);
	char name[ANYGATE_NAME_MAX + 1] = "";
	struct anygate_prefix within;
	struct anygate_gate *gate;
	unsigned long id;
	int ret;

	ret = anygate_parse_prefix(anygate_dump_attrs(cb), &within,
				   cb->extack);
	if (ret < 0)
		return ret;
	if (name_attr) {
		ret = anygate_parse_name(name_attr, name, cb->extack);
		if (ret)
			return ret;
	}

	ret = 0;
	mutex_lock(&agn->lock);
	cb->seq = agn->genseq;
	xa_for_each_start(&agn->gates, id, gate, cb->args[0]) {
		void *hdr;

		if (within.addr.family &&
		    !anygate_prefix_within(&gate->conf.prefix, &within))
			continue;
		if (name[0] && strcmp(gate->conf.name, name))
			continue;
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq,
				  anygate_genl(&anygate_nl_family),
				  NLM_F_MULTI, cmd);
		if (!hdr) {
			ret = -EMSGSIZE;
			break;
		}
		genl_dump_check_consistent(cb, hdr);
		ret = put_one(skb, cmd, gate, &reader);
		if (ret) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
		cb->args[0] = id + 1;
	}
	mutex_unlock(&agn->lock);
	/* A message that is full is a dump that goes on. */
	return ret && !skb->len ? ret : skb->len;
}

int anygate_nl_gate_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct anygate_net *agn = anygate_net_of(sock_net(skb->sk));
	struct nlattr **tb = anygate_dump_attrs(cb);

	/* Once, when the dump begins. */
	if (tb[ANYGATE_A_GATE_COUNT_FLOWS] && !cb->args[0])
		anygate_flows_count(agn);
	return dump(skb, cb, ANYGATE_CMD_GATE_GET, tb[ANYGATE_A_GATE_NAME]);
}

int anygate_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return reply_one(skb, info, ANYGATE_CMD_STATS_GET, false);
}

int anygate_nl_stats_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct nlattr **tb = anygate_dump_attrs(cb);

	return dump(skb, cb, ANYGATE_CMD_STATS_GET, tb[ANYGATE_A_STATS_NAME]);
}

int anygate_nl_status_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct sk_buff *reply;
	void *hdr;
	int ret;

	reply = genlmsg_new(ANYGATE_MSG_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, anygate_genl(&anygate_nl_family),
				0, ANYGATE_CMD_STATUS_GET);
	if (!hdr) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	mutex_lock(&agn->lock);
	ret = anygate_put_status(reply, agn);
	mutex_unlock(&agn->lock);
	if (!ret)
		ret = anygate_put_probes(reply);
	if (ret) {
		nlmsg_free(reply);
		return ret;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}
