// SPDX-License-Identifier: GPL-2.0
/*
 * Requests, from attributes to settings.  Whatever is wrong is said in words
 * that name the remedy, with the attribute that is to blame, and before
 * anything is changed.
 */
#include <linux/ctype.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
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

/* An address of 4 or 16 bytes. */
static int parse_addr(const struct nlattr *attr, struct anygate_addr *addr,
		      struct netlink_ext_ack *extack)
{
	memset(addr, 0, sizeof(*addr));
	switch (nla_len(attr)) {
	case 4:
		addr->family = AF_INET;
		break;
	case 16:
		addr->family = AF_INET6;
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	memcpy(&addr->ip, nla_data(attr), nla_len(attr));
	return 0;
}

/**
 * anygate_parse_prefix() - the prefix of a request
 * @tb: its attributes
 * @prefix: filled in; zeroed if there is none
 * @extack: where to say what is wrong
 *
 * Return: 1 if there is a prefix, 0 if there is none, or a negative errno.
 */
int anygate_parse_prefix(struct nlattr **tb, struct anygate_prefix *prefix,
			 struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = tb[ANYGATE_A_GATE_PREFIX];
	const struct nlattr *len = tb[ANYGATE_A_GATE_PREFIX_LEN];
	struct in6_addr masked;
	int ret;

	memset(prefix, 0, sizeof(*prefix));
	if (!attr) {
		if (len) {
			NL_SET_ERR_MSG_ATTR(extack, len,
					    "a prefix length without a prefix: give both or none");
			return -EINVAL;
		}
		return 0;
	}
	ret = parse_addr(attr, &prefix->addr, extack);
	if (ret)
		return ret;
	prefix->len = anygate_addr_bits(&prefix->addr);
	if (len) {
		if (nla_get_u32(len) > prefix->len) {
			NL_SET_ERR_MSG_ATTR(extack, len,
					    "the prefix length is at most 32 (IPv4) or 128 (IPv6)");
			return -EINVAL;
		}
		prefix->len = nla_get_u32(len);
	}
	ipv6_addr_prefix(&masked, &prefix->addr.ip, prefix->len);
	if (!ipv6_addr_equal(&masked, &prefix->addr.ip)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the prefix has host bits set: clear them, or give a longer prefix length");
		return -EINVAL;
	}
	return 1;
}

static bool usable_addr(const struct anygate_addr *addr)
{
	if (addr->family == AF_INET) {
		__be32 ip = addr->ip.s6_addr32[0];

		return ip && !ipv4_is_multicast(ip) && !ipv4_is_lbcast(ip);
	}
	return !ipv6_addr_any(&addr->ip) && !ipv6_addr_is_multicast(&addr->ip) &&
	       !ipv6_addr_v4mapped(&addr->ip);
}

/* No router passes these on (RFC 1122, RFC 3927, RFC 4291). */
static bool stays_here(const struct anygate_addr *addr)
{
	if (addr->family == AF_INET) {
		__be32 ip = addr->ip.s6_addr32[0];

		return ipv4_is_loopback(ip) || ipv4_is_linklocal_169(ip);
	}
	return ipv6_addr_loopback(&addr->ip) ||
	       ipv6_addr_type(&addr->ip) & IPV6_ADDR_LINKLOCAL;
}

static int parse_service(const struct nlattr *nest,
			 const struct anygate_prefix *prefix,
			 struct anygate_sockkey *key,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[ANYGATE_A_SERVICE_MAX + 1];
	struct anygate_prefix host;
	unsigned int i;
	u32 port, proto;
	int ret;

	ret = nla_parse_nested(tb, ANYGATE_A_SERVICE_PAD, nest,
			       anygate_service_nl_policy, extack);
	if (ret)
		return ret;
	for (i = ANYGATE_A_SERVICE_LISTENERS; i <= ANYGATE_A_SERVICE_PAD; i++) {
		if (!tb[i])
			continue;
		NL_SET_ERR_MSG_ATTR(extack, tb[i],
				    "what was found of a service can't be set: leave it out");
		return -EINVAL;
	}
	if (!tb[ANYGATE_A_SERVICE_PROTOCOL] || !tb[ANYGATE_A_SERVICE_PORT]) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "a service needs a protocol and a port");
		return -EINVAL;
	}
	proto = nla_get_u32(tb[ANYGATE_A_SERVICE_PROTOCOL]);
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_SERVICE_PROTOCOL],
				    "the protocol is TCP (6) or UDP (17)");
		return -EPROTONOSUPPORT;
	}
	port = nla_get_u32(tb[ANYGATE_A_SERVICE_PORT]);
	if (!port || port > 65535) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_SERVICE_PORT],
				    "the port is 1 to 65535");
		return -ERANGE;
	}

	memset(key, 0, sizeof(*key));
	key->proto = proto;
	key->port = port;
	if (!tb[ANYGATE_A_SERVICE_ADDRESS]) {
		if (prefix->len != anygate_addr_bits(&prefix->addr)) {
			NL_SET_ERR_MSG_ATTR(extack, nest,
					    "a service of a covering prefix needs its address");
			return -EINVAL;
		}
		key->addr = prefix->addr;
		return 0;
	}
	ret = parse_addr(tb[ANYGATE_A_SERVICE_ADDRESS], &key->addr, extack);
	if (ret)
		return ret;
	if (key->addr.family != prefix->addr.family) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_SERVICE_ADDRESS],
				    "the service address is not of the prefix's family: a gate has services of one");
		return -EINVAL;
	}
	memset(&host, 0, sizeof(host));
	host.addr = key->addr;
	host.len = anygate_addr_bits(&key->addr);
	if (!anygate_prefix_within(&host, prefix)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_SERVICE_ADDRESS],
				    "the service address is not in the prefix: clients would not reach it by that");
		return -EINVAL;
	}
	if (!usable_addr(&key->addr)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_SERVICE_ADDRESS],
				    "no service can have this address: give one of a host");
		return -EINVAL;
	}
	return 0;
}

/**
 * anygate_parse_services() - the services of a request
 * @info: the request
 * @prefix: of the gate that is to have them
 *
 * Return: they, to be freed with anygate_services_free(); NULL if the request
 * names none; or an ERR_PTR.
 */
struct anygate_services *
anygate_parse_services(struct genl_info *info, const struct anygate_prefix *prefix)
{
	struct anygate_services *services;
	const struct nlattr *attr;
	unsigned int n = 0, i;
	int rem, ret;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		n += nla_type(attr) == ANYGATE_A_GATE_SERVICE;
	if (!n)
		return NULL;
	if (n > ANYGATE_SERVICES_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[ANYGATE_A_GATE_SERVICE],
				    "a gate can have no more than 64 services: make two of it");
		return ERR_PTR(-E2BIG);
	}
	services = anygate_services_alloc(n);
	if (!services)
		return ERR_PTR(-ENOMEM);

	n = 0;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		struct anygate_sockkey *key = &services->s[n].key;

		if (nla_type(attr) != ANYGATE_A_GATE_SERVICE)
			continue;
		ret = parse_service(attr, prefix, key, info->extack);
		if (ret)
			goto err;
		for (i = 0; i < n; i++) {
			if (memcmp(&services->s[i].key, key, sizeof(*key)))
				continue;
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "the service is there twice: name it once");
			ret = -EINVAL;
			goto err;
		}
		n++;
	}
	return services;

err:
	anygate_services_free(services);
	return ERR_PTR(ret);
}

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
		ret = parse_addr(via, &conf->fallback, extack);
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
	if (!usable_addr(&conf->fallback)) {
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
	if (conf->witness && conf->prefix.addr.family == AF_INET6 &&
	    !ipv6_mod_enabled()) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_WITNESS],
				    "IPv6 is disabled on this machine (ipv6.disable=1): a witness would see nobody");
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
	if (stays_here(&conf->prefix.addr)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_PREFIX],
				    "loopback and link-local prefixes never leave the node: give one that routers pass on");
		return -EINVAL;
	}
	if (tb[ANYGATE_A_GATE_ACTION])
		conf->action = nla_get_u32(tb[ANYGATE_A_GATE_ACTION]);
	if (conf->action == ANYGATE_ACTION_ADDRESS && !host) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_ACTION],
				    "action address needs a host prefix (/32 or /128); use action route");
		return -EINVAL;
	}
	if (conf->action == ANYGATE_ACTION_ADDRESS) {
		if (!usable_addr(&conf->prefix.addr)) {
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

/* ctype.h takes the letters of Latin-1 for letters, too. */
static bool is_letter(char c)
{
	return isascii(c) && isalpha(c);
}

/**
 * anygate_parse_name() - the name of a group or a lease
 * @attr: the attribute
 * @name: filled in, ANYGATE_NAME_MAX + 1 bytes
 * @extack: where to say what is wrong
 *
 * A letter, then letters, digits, "-", "_" and ".": never to be taken for a
 * prefix.
 *
 * Return: 0 or -EINVAL.
 */
int anygate_parse_name(const struct nlattr *attr, char *name,
		       struct netlink_ext_ack *extack)
{
	unsigned int i;

	if (nla_strscpy(name, attr, ANYGATE_NAME_MAX + 1) < 0)
		goto err;
	if (!is_letter(name[0]))
		goto err;
	for (i = 1; name[i]; i++)
		if (!is_letter(name[i]) && !isdigit(name[i]) &&
		    !strchr("-_.", name[i]))
			goto err;
	return 0;

err:
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "a name is a letter and up to 30 letters, digits, - _ or .");
	return -EINVAL;
}

/**
 * anygate_parse_leases() - the leases of a request
 * @info: the request
 * @leases: set to them, to be freed with kfree(), or to NULL for none
 *
 * Return: 1 if the request says which leases there are to be, 0 if it says
 * nothing about them, or a negative errno.
 */
int anygate_parse_leases(struct genl_info *info, struct anygate_leases **leases)
{
	const struct nlattr *attr, *last = NULL;
	struct netlink_ext_ack *extack = info->extack;
	unsigned int n = 0, i;
	int rem, ret;

	*leases = NULL;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != ANYGATE_A_GATE_REQUIRE)
			continue;
		last = attr;
		n++;
	}
	if (!n)
		return 0;
	if (n == 1 && (!nla_len(last) || !*(const char *)nla_data(last)))
		return 1;
	if (n > ANYGATE_LEASES_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, last,
				    "a gate can require no more than 16 leases");
		return -E2BIG;
	}
	*leases = anygate_leases_alloc(n);
	if (!*leases)
		return -ENOMEM;

	n = 0;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		char *name = (*leases)->l[n].name;

		if (nla_type(attr) != ANYGATE_A_GATE_REQUIRE)
			continue;
		ret = anygate_parse_name(attr, name, extack);
		if (ret)
			goto err;
		for (i = 0; i < n; i++) {
			if (strcmp((*leases)->l[i].name, name))
				continue;
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "the lease is required twice: name it once");
			ret = -EINVAL;
			goto err;
		}
		n++;
	}
	return 1;

err:
	kfree(*leases);
	*leases = NULL;
	return ret;
}
