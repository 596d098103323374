// SPDX-License-Identifier: GPL-2.0
/* A gate's settings, from attributes; see parse.c for what the two have in common. */
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "anygate.h"
#include "netlink_gen.h"

#define DEFAULT_UP_MS		1000
#define DEFAULT_METRIC		1024
#define DEFAULT_PENALTY		1000
#define DEFAULT_SUPPRESS	2000
#define DEFAULT_REUSE		750
#define DEFAULT_HALF_LIFE_MS	60000
#define DEFAULT_MAX_MS		300000

static int check_dev(struct net *net, const struct nlattr *attr, char *name,
		     struct netlink_ext_ack *extack)
{
	struct net_device *dev;

	nla_strscpy(name, attr, IFNAMSIZ);
	rcu_read_lock();
	dev = dev_get_by_name_rcu(net, name);
	/* It may have been called by another of its names. */
	if (dev)
		strscpy(name, dev->name, IFNAMSIZ);
	rcu_read_unlock();
	if (dev)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "there is no such device in this namespace: create it first");
	return -ENODEV;
}

static int parse_damp_value(const struct nlattr *attr, u32 *value, u32 min,
			    u32 max, const char *text,
			    struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	*value = nla_get_u32(attr);
	if (*value >= min && *value <= max)
		return 0;
	NL_SET_BAD_ATTR(extack, attr);
	if (extack)
		extack->_msg = text;
	return -ERANGE;
}

static int parse_damp(struct nlattr **tb, struct anygate_damp_conf *damp,
		      struct netlink_ext_ack *extack)
{
	static const char figure[] =
		"penalty, suppress and reuse are 1 to 1000000";
	static const char half_life[] = "the half-life is 1s to 1h";
	static const char longest[] =
		"the longest suppression is 1s to 24h";
	int ret;

	if (tb[ANYGATE_A_GATE_DAMP])
		damp->on = nla_get_u32(tb[ANYGATE_A_GATE_DAMP]);
	ret = parse_damp_value(tb[ANYGATE_A_GATE_DAMP_PENALTY],
			       &damp->penalty, 1, ANYGATE_DAMP_MAX, figure,
			       extack) ?:
	      parse_damp_value(tb[ANYGATE_A_GATE_DAMP_SUPPRESS],
			       &damp->suppress, 1, ANYGATE_DAMP_MAX, figure,
			       extack) ?:
	      parse_damp_value(tb[ANYGATE_A_GATE_DAMP_REUSE], &damp->reuse, 1,
			       ANYGATE_DAMP_MAX, figure, extack) ?:
	      parse_damp_value(tb[ANYGATE_A_GATE_DAMP_HALF_LIFE],
			       &damp->half_life_ms, ANYGATE_HALF_LIFE_MIN,
			       ANYGATE_HALF_LIFE_MAX, half_life, extack) ?:
	      parse_damp_value(tb[ANYGATE_A_GATE_DAMP_MAX], &damp->max_ms,
			       1000, ANYGATE_SUPPRESS_MAX, longest, extack);
	if (ret)
		return ret;
	if (damp->suppress < damp->reuse) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_DAMP_SUPPRESS] ?:
				    tb[ANYGATE_A_GATE_DAMP_REUSE],
				    "suppress is below reuse: what is suppressed would be released at once");
		return -EINVAL;
	}
	if (anygate_damp_ceiling(damp) <
	    (u64)damp->suppress << ANYGATE_FIGURE_SHIFT) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_DAMP_MAX] ?:
				    tb[ANYGATE_A_GATE_DAMP_SUPPRESS],
				    "the figure never reaches suppress: it is limited to reuse * 2^(longest suppression / half-life)");
		return -EINVAL;
	}
	return 0;
}

static int parse_fallback(struct genl_info *info, struct anygate_conf *conf)
{
	const struct nlattr *via = info->attrs[ANYGATE_A_GATE_FALLBACK_VIA];
	const struct nlattr *dev = info->attrs[ANYGATE_A_GATE_FALLBACK_DEV];
	struct netlink_ext_ack *extack = info->extack;
	struct anygate_prefix host;
	int ret;

	if (!via && !dev)
		return 0;
	if (via) {
		ret = anygate_parse_addr(via, &conf->fallback, extack);
		if (ret)
			return ret;
		if (ipv6_addr_any(&conf->fallback.ip)) {
			memset(&conf->fallback, 0, sizeof(conf->fallback));
			conf->fallback_dev[0] = '\0';
			return 0;
		}
	}
	if (!conf->fallback.family) {
		NL_SET_ERR_MSG_ATTR(extack, dev,
				    "a fallback needs a gateway: give its address, too");
		return -EINVAL;
	}
	if (conf->fallback.family != conf->prefix.addr.family) {
		NL_SET_ERR_MSG_ATTR(extack, via,
				    "the gateway is not of the prefix's family: give one that is");
		return -EINVAL;
	}
	memset(&host, 0, sizeof(host));
	host.addr = conf->fallback;
	host.len = anygate_addr_bits(&conf->fallback);
	if (anygate_prefix_within(&host, &conf->prefix)) {
		NL_SET_ERR_MSG_ATTR(extack, via,
				    "the gateway is in the prefix itself: the fallback would lead nowhere");
		return -EINVAL;
	}
	if (!anygate_addr_usable(&conf->fallback)) {
		NL_SET_ERR_MSG_ATTR(extack, via,
				    "no gateway can have this address: give one of a host");
		return -EINVAL;
	}
	if (dev)
		return check_dev(genl_info_net(info), dev, conf->fallback_dev,
				 extack);
	if (!conf->fallback_dev[0]) {
		NL_SET_ERR_MSG_ATTR(extack, via,
				    "a fallback needs a device: say through which the gateway is reached");
		return -EINVAL;
	}
	return 0;
}

/* Shield, stall and fatal. */
static int parse_watching(struct nlattr **tb, struct anygate_conf *conf,
			  struct netlink_ext_ack *extack)
{
	const struct nlattr *stall = tb[ANYGATE_A_GATE_STALL];

	if (tb[ANYGATE_A_GATE_SHIELD])
		conf->shield_ms = nla_get_u32(tb[ANYGATE_A_GATE_SHIELD]);
	if (stall) {
		conf->stall_ms = nla_get_u32(stall);
		if (conf->stall_ms && conf->stall_ms < ANYGATE_STALL_MIN) {
			NL_SET_ERR_MSG_ATTR(extack, stall,
					    "stall is 0 (off), or 100ms to 1h");
			return -ERANGE;
		}
	}
	if (tb[ANYGATE_A_GATE_STALL_MEMBERS])
		conf->stall_members =
			nla_get_u32(tb[ANYGATE_A_GATE_STALL_MEMBERS]);
	if (tb[ANYGATE_A_GATE_FATAL])
		conf->fatal = nla_get_u32(tb[ANYGATE_A_GATE_FATAL]);
	return 0;
}

/*
 * A table in which this node's own routes hide those of others, or stand for
 * them, is no witness.
 */
static int parse_witness(struct nlattr **tb, struct anygate_conf *conf,
			 struct netlink_ext_ack *extack)
{
	bool tables = conf->prefix.addr.family == AF_INET ?
		      IS_ENABLED(CONFIG_IP_MULTIPLE_TABLES) :
		      IS_ENABLED(CONFIG_IPV6_MULTIPLE_TABLES);

	if (tb[ANYGATE_A_GATE_WITNESS])
		conf->witness = nla_get_u32(tb[ANYGATE_A_GATE_WITNESS]);
	if (conf->witness && !tables) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_WITNESS],
				    "this kernel has no routing tables but main and local: a witness would see nobody");
		return -EOPNOTSUPP;
	}
	if (conf->witness == RT_TABLE_MAIN || conf->witness == RT_TABLE_LOCAL) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_WITNESS],
				    "the tables main and local have this node's own routes: have the routing daemon write those of other nodes into another");
		return -EINVAL;
	}
	if (conf->witness && conf->action == ANYGATE_ACTION_ROUTE &&
	    conf->witness == conf->table) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_WITNESS] ?:
				    tb[ANYGATE_A_GATE_TABLE],
				    "the gate's own route is in that table, and would hide those of other nodes: give another");
		return -EINVAL;
	}
	return 0;
}

/**
 * anygate_parse_conf() - the settings of a request
 * @info: the request
 * @conf: the settings so far; those that the request gives are changed
 * @n_services: how many services the gate is to have
 *
 * Return: 0, or a negative errno, and then @conf is of no use.
 */
int anygate_parse_conf(struct genl_info *info, struct anygate_conf *conf,
		       unsigned int n_services)
{
	struct netlink_ext_ack *extack = info->extack;
	struct nlattr **tb = info->attrs;
	enum anygate_action was = conf->action;
	bool host;
	int ret;

	host = conf->prefix.len == anygate_addr_bits(&conf->prefix.addr);
	if (anygate_addr_stays_here(&conf->prefix.addr)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_PREFIX],
				    "loopback and link-local prefixes never leave the node: give one that routers pass on");
		return -EINVAL;
	}
	/* There are neither addresses nor tables then, nor a protocol to be asked. */
	if (conf->prefix.addr.family == AF_INET6 && !ipv6_mod_enabled()) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_PREFIX],
				    "IPv6 is disabled on this machine: boot it without ipv6.disable=1");
		return -EAFNOSUPPORT;
	}
	if (tb[ANYGATE_A_GATE_ACTION])
		conf->action = nla_get_u32(tb[ANYGATE_A_GATE_ACTION]);
	if (conf->action == ANYGATE_ACTION_ADDRESS && !host) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_ACTION],
				    "action address needs a host prefix (/32 or /128); use action route");
		return -EINVAL;
	}
	if (conf->action == ANYGATE_ACTION_ADDRESS) {
		if (!anygate_addr_usable(&conf->prefix.addr)) {
			NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_PREFIX],
					    "no device can have this address: give one of a host, or action route");
			return -EINVAL;
		}
		if (tb[ANYGATE_A_GATE_TABLE] || tb[ANYGATE_A_GATE_METRIC]) {
			NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_TABLE] ?:
					    tb[ANYGATE_A_GATE_METRIC],
					    "table and metric are for action route: leave them out, or change the action");
			return -EINVAL;
		}
	} else if (tb[ANYGATE_A_GATE_DEV] || tb[ANYGATE_A_GATE_HOLD]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_DEV] ?:
				    tb[ANYGATE_A_GATE_HOLD],
				    "dev and hold are for action address: leave them out, or change the action");
		return -EINVAL;
	}
	/* The settings of the other action are at their defaults. */
	if (conf->action != was) {
		strscpy(conf->dev, "lo", sizeof(conf->dev));
		conf->table = RT_TABLE_MAIN;
		conf->metric = DEFAULT_METRIC;
		conf->hold = true;
	}

	if (tb[ANYGATE_A_GATE_DEV]) {
		ret = check_dev(genl_info_net(info), tb[ANYGATE_A_GATE_DEV],
				conf->dev, extack);
		if (ret)
			return ret;
	}
	if (tb[ANYGATE_A_GATE_TABLE]) {
		conf->table = nla_get_u32(tb[ANYGATE_A_GATE_TABLE]);
		if (conf->table == RT_TABLE_LOCAL) {
			NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_TABLE],
					    "a blackhole in table local would cut the service off: give another table");
			return -EINVAL;
		}
	}
	if (tb[ANYGATE_A_GATE_METRIC])
		conf->metric = nla_get_u32(tb[ANYGATE_A_GATE_METRIC]);
	if (tb[ANYGATE_A_GATE_HOLD])
		conf->hold = nla_get_u32(tb[ANYGATE_A_GATE_HOLD]);
	if (tb[ANYGATE_A_GATE_UP])
		conf->fsm.up_ms = nla_get_u32(tb[ANYGATE_A_GATE_UP]);
	if (tb[ANYGATE_A_GATE_DOWN])
		conf->fsm.down_ms = nla_get_u32(tb[ANYGATE_A_GATE_DOWN]);

	if (tb[ANYGATE_A_GATE_LISTEN_POLICY]) {
		conf->listen_policy =
			nla_get_u32(tb[ANYGATE_A_GATE_LISTEN_POLICY]);
		conf->listen_dev[0] = '\0';
	}
	if (tb[ANYGATE_A_GATE_LISTEN_DEV]) {
		if (conf->listen_policy != ANYGATE_LISTEN_POLICY_DEV) {
			NL_SET_ERR_MSG_ATTR(extack,
					    tb[ANYGATE_A_GATE_LISTEN_DEV],
					    "listen-dev needs listen-policy dev");
			return -EINVAL;
		}
		ret = check_dev(genl_info_net(info),
				tb[ANYGATE_A_GATE_LISTEN_DEV],
				conf->listen_dev, extack);
		if (ret)
			return ret;
	}
	if (conf->listen_policy == ANYGATE_LISTEN_POLICY_DEV &&
	    !conf->listen_dev[0]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_LISTEN_POLICY],
				    "listen-policy dev needs a listen-dev");
		return -EINVAL;
	}

	if (tb[ANYGATE_A_GATE_NEED])
		conf->need = nla_get_u32(tb[ANYGATE_A_GATE_NEED]);
	if (conf->need > n_services) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_NEED] ?:
				    tb[ANYGATE_A_GATE_SERVICE],
				    "more services are needed than the gate has: need less, or 0 for all");
		return -EINVAL;
	}
	if (tb[ANYGATE_A_GATE_ON_EXPIRY])
		conf->on_expiry = nla_get_u32(tb[ANYGATE_A_GATE_ON_EXPIRY]);
	ret = parse_damp(tb, &conf->fsm.damp, extack);
	if (ret)
		return ret;
	ret = parse_watching(tb, conf, extack);
	if (ret)
		return ret;
	ret = parse_fallback(info, conf);
	if (ret)
		return ret;
	ret = parse_witness(tb, conf, extack);
	if (ret)
		return ret;
	/* Its route has the next metric, and 0 means something else. */
	if (conf->fallback.family && conf->action == ANYGATE_ACTION_ROUTE &&
	    conf->metric == U32_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_METRIC],
				    "with a fallback the metric is at most 4294967294");
		return -ERANGE;
	}
	return 0;
}

/**
 * anygate_conf_default() - the settings of a gate of which only the prefix is
 * known
 * @conf: filled in
 * @prefix: the prefix
 */
void anygate_conf_default(struct anygate_conf *conf,
			  const struct anygate_prefix *prefix)
{
	bool host = prefix->len == anygate_addr_bits(&prefix->addr);

	memset(conf, 0, sizeof(*conf));
	conf->prefix = *prefix;
	conf->action = host ? ANYGATE_ACTION_ADDRESS : ANYGATE_ACTION_ROUTE;
	strscpy(conf->dev, "lo", sizeof(conf->dev));
	conf->table = RT_TABLE_MAIN;
	conf->metric = DEFAULT_METRIC;
	conf->hold = true;
	conf->fsm.up_ms = DEFAULT_UP_MS;
	conf->fsm.damp.penalty = DEFAULT_PENALTY;
	conf->fsm.damp.suppress = DEFAULT_SUPPRESS;
	conf->fsm.damp.reuse = DEFAULT_REUSE;
	conf->fsm.damp.half_life_ms = DEFAULT_HALF_LIFE_MS;
	conf->fsm.damp.max_ms = DEFAULT_MAX_MS;
}
