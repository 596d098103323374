// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink: requests handed to the engine, events told; netlink_get.c
 * has those that only read.  The interface is
 * Documentation/netlink/specs/anygate.yaml; netlink_gen.[ch] come from it.
 */
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "anygate.h"
#include "netlink_gen.h"

/*
 * CAP_NET_ADMIN in the user namespace that owns the network namespace, as for
 * addresses and routes themselves.  Checked here because the specification's
 * "admin-perm" means the initial user namespace, and its "uns-admin-perm" is
 * not known to the schema of every kernel that we support.
 */
static int need_admin(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_ns_capable(skb, genl_info_net(info)->user_ns,
			       CAP_NET_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "changes need CAP_NET_ADMIN in the user namespace that owns this network namespace");
	return -EPERM;
}

/**
 * anygate_need_prefix() - the prefix of a request that can't do without
 * @info: the request
 * @prefix: filled in
 *
 * Return: 0 or a negative errno.
 */
int anygate_need_prefix(struct genl_info *info, struct anygate_prefix *prefix)
{
	int ret = anygate_parse_prefix(info->attrs, prefix, info->extack);

	if (!ret) {
		NL_SET_ERR_MSG(info->extack,
			       "the prefix is missing: it says which gate");
		return -EINVAL;
	}
	return ret < 0 ? ret : 0;
}

/**
 * struct targets - the gates a request is for
 * @prefix: the prefix it names, if @by_prefix
 * @by_prefix: it names one, and no group
 * @name: the group it names otherwise
 */
struct targets {
	struct anygate_prefix prefix;
	bool by_prefix;
	char name[ANYGATE_NAME_MAX + 1];
};

static int parse_targets(struct genl_info *info, struct targets *targets)
{
	int ret;

	ret = anygate_parse_prefix(info->attrs, &targets->prefix,
				   info->extack);
	if (ret < 0)
		return ret;
	targets->by_prefix = ret;
	if (targets->by_prefix)
		return 0;
	if (!info->attrs[ANYGATE_A_GATE_NAME]) {
		NL_SET_ERR_MSG(info->extack,
			       "neither a prefix nor a name says which gate: give one of them");
		return -EINVAL;
	}
	return anygate_parse_name(info->attrs[ANYGATE_A_GATE_NAME],
				  targets->name, info->extack);
}

/* For whoever changes something: may they, and which gates? */
static int need_targets(struct sk_buff *skb, struct genl_info *info,
			struct targets *targets)
{
	return need_admin(skb, info) ?: parse_targets(info, targets);
}

/* The first target from @id on; @agn->conf_lock keeps it. */
static struct anygate_gate *next_target(struct anygate_net *agn,
					const struct targets *targets,
					unsigned long *id)
{
	struct anygate_gate *gate;

	if (targets->by_prefix) {
		if ((*id)++)
			return NULL;
		return anygate_gate_find(agn, &targets->prefix);
	}
	for (;;) {
		gate = xa_find_after(&agn->gates, id, ULONG_MAX, XA_PRESENT);
		if (!gate || !strcmp(gate->conf.name, targets->name))
			return gate;
	}
}

/**
 * anygate_no_gate() - refuse a request for a gate that there is not
 * @info: the request, with a prefix
 *
 * Return: -ENOENT.
 */
int anygate_no_gate(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ANYGATE_A_GATE_PREFIX],
			    "no such gate: prefix and length have to be those that it was added with");
	return -ENOENT;
}

static int no_target(struct genl_info *info, const struct targets *targets)
{
	if (targets->by_prefix)
		return anygate_no_gate(info);
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[ANYGATE_A_GATE_NAME],
			    "no gate has this name: see the names with gate-get, or give a prefix");
	return -ENOENT;
}

/* Carry out @req for each target. */
static int run_for_each(struct genl_info *info, struct anygate_net *agn,
			const struct targets *targets, struct anygate_req *req)
	__must_hold(&agn->conf_lock)
{
	unsigned long id = 0;
	bool any = false;
	int ret = 0, err;

	lockdep_assert_held(&agn->conf_lock);
	while ((req->gate = next_target(agn, targets, &id))) {
		any = true;
		err = anygate_engine_run(agn, req);
		if (!ret)
			ret = err;
	}
	return any ? ret : no_target(info, targets);
}

int anygate_nl_gate_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_req req = {
		.type = ANYGATE_REQ_ADD,
		.extack = info->extack,
	};
	struct anygate_services *services;
	struct anygate_leases *leases = NULL;
	struct anygate_prefix prefix;
	struct anygate_conf conf;
	struct sk_buff *reply;
	void *hdr;
	int ret;

	ret = need_admin(skb, info);
	if (ret)
		return ret;
	ret = anygate_need_prefix(info, &prefix);
	if (ret)
		return ret;
	anygate_conf_default(&conf, &prefix);
	if (info->attrs[ANYGATE_A_GATE_NAME]) {
		ret = anygate_parse_name(info->attrs[ANYGATE_A_GATE_NAME],
					 conf.name, info->extack);
		if (ret)
			return ret;
	}
	services = anygate_parse_services(info, &prefix);
	if (IS_ERR(services))
		return PTR_ERR(services);
	if (!services) {
		NL_SET_ERR_MSG(info->extack,
			       "a gate needs a service: a protocol and a port");
		return -EINVAL;
	}
	ret = anygate_parse_conf(info, &conf, services->n);
	if (ret >= 0)
		ret = anygate_parse_leases(info, &leases);
	if (ret >= 0)
		req.gate = anygate_gate_alloc(agn, &conf, services, leases);
	if (!req.gate) {
		kfree(leases);
		anygate_services_free(services);
		return ret < 0 ? ret : -ENOMEM;
	}
	if (info->attrs[ANYGATE_A_GATE_OBSERVE])
		req.gate->orders.observe =
			nla_get_u32(info->attrs[ANYGATE_A_GATE_OBSERVE]);
	reply = genlmsg_new(nla_total_size(sizeof(u32)), GFP_KERNEL);
	if (!reply) {
		ret = -ENOMEM;
		goto err_gate;
	}

	mutex_lock(&agn->conf_lock);
	ret = anygate_engine_start(agn, info->extack);
	if (!ret)
		ret = anygate_engine_run(agn, &req);
	if (ret == -EEXIST)
		NL_SET_BAD_ATTR(info->extack,
				info->attrs[ANYGATE_A_GATE_PREFIX]);
	if (!ret) {
		hdr = genlmsg_put_reply(reply, info,
					anygate_genl(&anygate_nl_family), 0,
					ANYGATE_CMD_GATE_ADD);
		/* Made to fit. */
		if (hdr && !nla_put_u32(reply, ANYGATE_A_GATE_ID,
					req.gate->id))
			genlmsg_end(reply, hdr);
	}
	mutex_unlock(&agn->conf_lock);
	if (ret)
		goto err_reply;
	/* The gate is there, whether or not the sender can be told. */
	genlmsg_reply(reply, info);
	return 0;

err_reply:
	nlmsg_free(reply);
err_gate:
	anygate_gate_free(req.gate);
	return ret;
}

/**
 * struct change - one gate's share of a change
 * @list: in the list of all shares
 * @req: what the engine is to do
 * @conf: the new settings
 */
struct change {
	struct list_head list;
	struct anygate_req req;
	struct anygate_conf conf;
};

static void free_changes(struct list_head *changes)
{
	struct change *change, *next;

	list_for_each_entry_safe(change, next, changes, list) {
		anygate_services_free(change->req.services);
		kfree(change->req.leases);
		kfree(change);
	}
}

static int prepare_change(struct genl_info *info, struct anygate_gate *gate,
			  const struct targets *targets, struct change *change)
{
	const struct nlattr *name = info->attrs[ANYGATE_A_GATE_NAME];
	struct anygate_req *req = &change->req;
	unsigned int n;
	int ret;

	req->type = ANYGATE_REQ_CHANGE;
	req->gate = gate;
	req->extack = info->extack;
	req->conf = &change->conf;
	change->conf = gate->conf;

	/* With a prefix it is the new name, and "" removes it. */
	if (targets->by_prefix && name) {
		change->conf.name[0] = '\0';
		if (*(const char *)nla_data(name)) {
			ret = anygate_parse_name(name, change->conf.name,
						 info->extack);
			if (ret)
				return ret;
		}
	}
	req->services = anygate_parse_services(info, &gate->conf.prefix);
	if (IS_ERR(req->services)) {
		ret = PTR_ERR(req->services);
		req->services = NULL;
		return ret;
	}
	n = req->services ? req->services->n : gate->services->n;
	ret = anygate_parse_conf(info, &change->conf, n);
	if (ret)
		return ret;
	ret = anygate_parse_leases(info, &req->leases);
	if (ret < 0)
		return ret;
	req->set_leases = ret;
	if (info->attrs[ANYGATE_A_GATE_OBSERVE]) {
		req->set_observe = true;
		req->order = nla_get_u32(info->attrs[ANYGATE_A_GATE_OBSERVE]) ?
			     ANYGATE_ORDER_OBSERVE : ANYGATE_ORDER_UNOBSERVE;
	}
	return 0;
}

/* Everything is checked for every gate before anything is changed in one. */
int anygate_nl_gate_change_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_gate *gate;
	struct targets targets;
	struct change *change;
	unsigned long id = 0;
	LIST_HEAD(changes);
	int ret;

	ret = need_targets(skb, info, &targets);
	if (ret)
		return ret;

	mutex_lock(&agn->conf_lock);
	while ((gate = next_target(agn, &targets, &id))) {
		ret = -ENOMEM;
		change = kzalloc(sizeof(*change), GFP_KERNEL_ACCOUNT);
		if (!change)
			goto out;
		list_add_tail(&change->list, &changes);
		ret = prepare_change(info, gate, &targets, change);
		if (ret)
			goto out;
	}
	if (list_empty(&changes)) {
		ret = no_target(info, &targets);
		goto out;
	}
	list_for_each_entry(change, &changes, list) {
		ret = anygate_engine_run(agn, &change->req);
		if (ret)
			break;
		/* The gate's own now. */
		change->req.services = NULL;
		change->req.leases = NULL;
	}
out:
	mutex_unlock(&agn->conf_lock);
	free_changes(&changes);
	return ret;
}

int anygate_nl_gate_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_req req = {
		.type = ANYGATE_REQ_DEL,
		.extack = info->extack,
	};
	struct targets targets;
	int ret;

	ret = need_targets(skb, info, &targets);
	if (ret)
		return ret;
	mutex_lock(&agn->conf_lock);
	ret = run_for_each(info, agn, &targets, &req);
	mutex_unlock(&agn->conf_lock);
	return ret;
}

/*
 * Some gates at a time: those that stay are looked at meanwhile.  What could not
 * be removed is told at the end, the first of it.
 */
static int run_flush(struct anygate_net *agn, struct anygate_req *req)
{
	int ret = 0, err;

	do {
		err = anygate_engine_run(agn, req);
		if (!ret)
			ret = err;
	} while (req->from);
	return ret;
}

int anygate_nl_gate_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_req req = {
		.type = ANYGATE_REQ_FLUSH,
		.extack = info->extack,
	};
	char name[ANYGATE_NAME_MAX + 1];
	int ret;

	ret = need_admin(skb, info);
	if (ret)
		return ret;
	ret = anygate_parse_prefix(info->attrs, &req.within, info->extack);
	if (ret < 0)
		return ret;
	if (info->attrs[ANYGATE_A_GATE_NAME]) {
		ret = anygate_parse_name(info->attrs[ANYGATE_A_GATE_NAME],
					 name, info->extack);
		if (ret)
			return ret;
		req.name = name;
	}
	mutex_lock(&agn->conf_lock);
	ret = agn->started ? run_flush(agn, &req) : 0;
	mutex_unlock(&agn->conf_lock);
	return ret;
}

int anygate_nl_gate_order_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_req req = {
		.type = ANYGATE_REQ_ORDER,
		.extack = info->extack,
	};
	struct nlattr **tb = info->attrs;
	struct targets targets;
	int ret;

	ret = need_targets(skb, info, &targets);
	if (ret)
		return ret;
	if (!tb[ANYGATE_A_GATE_ORDER]) {
		NL_SET_ERR_MSG(info->extack,
			       "the order is missing: it says what the gate is to do");
		return -EINVAL;
	}
	req.order = nla_get_u32(tb[ANYGATE_A_GATE_ORDER]);
	if (tb[ANYGATE_A_GATE_FOR]) {
		if (req.order != ANYGATE_ORDER_DRAIN &&
		    req.order != ANYGATE_ORDER_PIN &&
		    req.order != ANYGATE_ORDER_OBSERVE) {
			NL_SET_ERR_MSG_ATTR(info->extack,
					    tb[ANYGATE_A_GATE_FOR],
					    "only drain, pin and observe can end by themselves");
			return -EINVAL;
		}
		req.for_ms = nla_get_u32(tb[ANYGATE_A_GATE_FOR]);
	} else if (req.order == ANYGATE_ORDER_PIN &&
		   !tb[ANYGATE_A_GATE_FORCE]) {
		NL_SET_ERR_MSG_ATTR(info->extack, tb[ANYGATE_A_GATE_ORDER],
				    "a pin without an end announces a dead service for ever: say for how long, or force");
		return -EPERM;
	}
	mutex_lock(&agn->conf_lock);
	ret = run_for_each(info, agn, &targets, &req);
	mutex_unlock(&agn->conf_lock);
	return ret;
}

int anygate_nl_gate_lease_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_req req = { .type = ANYGATE_REQ_LEASE };
	struct nlattr **tb = info->attrs;
	char name[ANYGATE_NAME_MAX + 1];
	struct anygate_gate *gate;
	struct targets targets;
	unsigned long id = 0;
	int ret;

	ret = need_targets(skb, info, &targets);
	if (ret)
		return ret;
	if (!tb[ANYGATE_A_GATE_LEASE_NAME] || !tb[ANYGATE_A_GATE_VERDICT] ||
	    !tb[ANYGATE_A_GATE_FOR]) {
		NL_SET_ERR_MSG(info->extack,
			       "a lease needs its name, a verdict and a time to live");
		return -EINVAL;
	}
	ret = anygate_parse_name(tb[ANYGATE_A_GATE_LEASE_NAME], name,
				 info->extack);
	if (ret)
		return ret;
	req.name = name;
	req.verdict = nla_get_u32(tb[ANYGATE_A_GATE_VERDICT]);
	if (req.verdict == ANYGATE_VERDICT_NONE) {
		NL_SET_ERR_MSG_ATTR(info->extack, tb[ANYGATE_A_GATE_VERDICT],
				    "the verdict is up or down");
		return -EINVAL;
	}
	req.for_ms = nla_get_u32(tb[ANYGATE_A_GATE_FOR]);

	mutex_lock(&agn->conf_lock);
	while ((gate = next_target(agn, &targets, &id))) {
		if (anygate_lease_find(gate, name))
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, tb[ANYGATE_A_GATE_LEASE_NAME],
				    "the gate does not require this lease; change it with require");
		ret = -ENOENT;
		goto out;
	}
	ret = run_for_each(info, agn, &targets, &req);
out:
	mutex_unlock(&agn->conf_lock);
	return ret;
}

/* The family is registered, and so are its groups. */
static bool is_open;

/* Tell one group. */
static void send_event(struct anygate_net *agn,
		       const struct anygate_event *event, unsigned int group,
		       const struct anygate_reader *reader)
{
	struct sk_buff *skb;
	void *hdr;

	if (!genl_has_listeners(anygate_genl(&anygate_nl_family), agn->net,
				group))
		return;
	skb = genlmsg_new(ANYGATE_MSG_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	hdr = genlmsg_put(skb, 0, 0, anygate_genl(&anygate_nl_family), 0,
			  ANYGATE_CMD_EVENT);
	if (!hdr || anygate_put_event(skb, agn, event, reader)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	genlmsg_multicast_netns(anygate_genl(&anygate_nl_family), agn->net,
				skb, 0, group, GFP_KERNEL);
}

/**
 * anygate_netlink_event() - tell the listeners of a namespace
 * @agn: the namespace
 * @event: what happened
 *
 * Who did it only those are told who may know.  They are many: processes are
 * named as in the initial pid namespace where they have to be privileged
 * there, and each as in its own where they are root of a user's.
 *
 * An event that can't be sent for want of memory leaves a gap in the
 * sequence numbers.
 *
 * Context: the engine, @agn->lock held; sleeps.
 */
void anygate_netlink_event(struct anygate_net *agn,
			   const struct anygate_event *event)
	__must_hold(&agn->lock)
{
	const struct anygate_reader anybody = {};
	const struct anygate_reader admin = {
		.actors = true,
		.pidns = anygate_net_of_user(agn) ? 0 : init_pid_ns.ns.inum,
	};

	might_sleep();
	lockdep_assert_held(&agn->lock);
	agn->event_seq++;
	/* The groups' numbers may be another family's by now. */
	if (!READ_ONCE(is_open))
		return;
	send_event(agn, event, ANYGATE_NLGRP_EVENTS, &anybody);
	send_event(agn, event, ANYGATE_NLGRP_EVENTS_ADMIN, &admin);
}

/*
 * As generated, and with what the generator has no words for: to join, one
 * needs the capability in the user namespace that owns the network namespace.
 */
static const struct genl_multicast_group mcgrps[] = {
	[ANYGATE_NLGRP_EVENTS] = { ANYGATE_MCGRP_EVENTS, },
	[ANYGATE_NLGRP_EVENTS_ADMIN] = {
		ANYGATE_MCGRP_EVENTS_ADMIN, .flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

/**
 * anygate_netlink_init() - open the door
 *
 * Return: 0 or a negative errno.
 */
int anygate_netlink_init(void)
{
	int ret;

	anygate_nl_family.mcgrps = mcgrps;
	anygate_nl_family.n_mcgrps = ARRAY_SIZE(mcgrps);
	/* Before there is a gate to tell of. */
	WRITE_ONCE(is_open, true);
	ret = anygate_genl_register(&anygate_nl_family);
	if (ret)
		WRITE_ONCE(is_open, false);
	return ret;
}

/**
 * anygate_netlink_exit() - close it; no request is under way afterwards
 */
void anygate_netlink_exit(void)
{
	WRITE_ONCE(is_open, false);
	anygate_genl_unregister(&anygate_nl_family);
}
