// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink: requests checked and handed to the engine, gates and
 * status shown, events told.  The interface is
 * Documentation/netlink/specs/anygate.yaml; netlink_gen.[ch] come from it.
 */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "anygate.h"
#include "netlink_gen.h"

#define DEFAULT_UP_MS	1000
#define DEFAULT_METRIC	1024

/* One gate with all its services fits. */
#define MSG_SIZE	(2 * NLMSG_GOODSIZE + ANYGATE_SERVICES_MAX * 64)

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

/* 1 if there is a prefix, 0 if there is none. */
static int parse_prefix(struct nlattr **tb, struct anygate_prefix *prefix,
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
					    "a prefix length without a prefix");
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
				    "the prefix has host bits set");
		return -EINVAL;
	}
	return 1;
}

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

static int need_prefix(struct genl_info *info, struct anygate_prefix *prefix)
{
	int ret = parse_prefix(info->attrs, prefix, info->extack);

	if (!ret) {
		NL_SET_ERR_MSG(info->extack, "the prefix is missing");
		return -EINVAL;
	}
	return ret < 0 ? ret : 0;
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

static int parse_service(const struct nlattr *nest,
			 const struct anygate_prefix *prefix,
			 struct anygate_sockkey *key,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[ANYGATE_A_SERVICE_MAX + 1];
	struct anygate_prefix host;
	u32 port, proto;
	int ret;

	ret = nla_parse_nested(tb, ANYGATE_A_SERVICE_LISTENERS, nest,
			       anygate_service_nl_policy, extack);
	if (ret)
		return ret;
	if (tb[ANYGATE_A_SERVICE_LISTENERS]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_SERVICE_LISTENERS],
				    "the number of listeners can't be set");
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
				    "the service address is not of the prefix's family");
		return -EINVAL;
	}
	memset(&host, 0, sizeof(host));
	host.addr = key->addr;
	host.len = anygate_addr_bits(&key->addr);
	if (!anygate_prefix_within(&host, prefix)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_SERVICE_ADDRESS],
				    "the service address is not in the prefix");
		return -EINVAL;
	}
	if (!usable_addr(&key->addr)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_SERVICE_ADDRESS],
				    "no service can have this address");
		return -EINVAL;
	}
	return 0;
}

/* NULL if the request names no service. */
static struct anygate_services *
parse_services(struct genl_info *info, const struct anygate_prefix *prefix)
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
		NL_SET_ERR_MSG(info->extack,
			       "a gate can have no more than 64 services");
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
					    "the service is there twice");
			ret = -EINVAL;
			goto err;
		}
		n++;
	}
	return services;

err:
	kfree(services);
	return ERR_PTR(ret);
}

static int check_dev(struct net *net, const struct nlattr *attr, char *name,
		     struct netlink_ext_ack *extack)
{
	struct net_device *dev;

	nla_strscpy(name, attr, IFNAMSIZ);
	rcu_read_lock();
	dev = dev_get_by_name_rcu(net, name);
	rcu_read_unlock();
	if (dev)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "there is no such device in this namespace");
	return -ENODEV;
}

/* Settings that the request gives, over what @conf holds. */
static int parse_conf(struct genl_info *info, struct anygate_conf *conf)
{
	struct netlink_ext_ack *extack = info->extack;
	struct nlattr **tb = info->attrs;
	enum anygate_action was = conf->action;
	bool host;
	int ret;

	host = conf->prefix.len == anygate_addr_bits(&conf->prefix.addr);
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
					    "no device can have this address");
			return -EINVAL;
		}
		if (tb[ANYGATE_A_GATE_TABLE] || tb[ANYGATE_A_GATE_METRIC]) {
			NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_TABLE] ?:
					    tb[ANYGATE_A_GATE_METRIC],
					    "table and metric are for action route");
			return -EINVAL;
		}
	} else if (tb[ANYGATE_A_GATE_DEV] || tb[ANYGATE_A_GATE_HOLD]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[ANYGATE_A_GATE_DEV] ?:
				    tb[ANYGATE_A_GATE_HOLD],
				    "dev and hold are for action address");
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
					    "a blackhole in table local would cut the service off");
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
		NL_SET_ERR_MSG(extack, "listen-policy dev needs a listen-dev");
		return -EINVAL;
	}
	return 0;
}

int anygate_nl_gate_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_req req = {
		.type = ANYGATE_REQ_ADD,
		.extack = info->extack,
	};
	struct anygate_services *services;
	struct anygate_conf conf = {};
	struct sk_buff *reply;
	void *hdr;
	int ret;

	ret = need_admin(skb, info);
	if (ret)
		return ret;
	ret = need_prefix(info, &conf.prefix);
	if (ret)
		return ret;
	conf.action = conf.prefix.len == anygate_addr_bits(&conf.prefix.addr) ?
		      ANYGATE_ACTION_ADDRESS : ANYGATE_ACTION_ROUTE;
	strscpy(conf.dev, "lo", sizeof(conf.dev));
	conf.table = RT_TABLE_MAIN;
	conf.metric = DEFAULT_METRIC;
	conf.hold = true;
	conf.fsm.up_ms = DEFAULT_UP_MS;
	ret = parse_conf(info, &conf);
	if (ret)
		return ret;

	services = parse_services(info, &conf.prefix);
	if (IS_ERR(services))
		return PTR_ERR(services);
	if (!services) {
		NL_SET_ERR_MSG(info->extack, "a gate needs a service");
		return -EINVAL;
	}
	req.gate = anygate_gate_alloc(agn, &conf, services);
	if (!req.gate) {
		kfree(services);
		return -ENOMEM;
	}
	reply = genlmsg_new(nla_total_size(sizeof(u32)), GFP_KERNEL);
	if (!reply) {
		ret = -ENOMEM;
		goto err_gate;
	}

	mutex_lock(&agn->conf_lock);
	ret = anygate_engine_start(agn);
	if (!ret)
		ret = anygate_engine_run(agn, &req);
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

int anygate_nl_gate_change_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_req req = {
		.type = ANYGATE_REQ_CHANGE,
		.extack = info->extack,
	};
	struct anygate_prefix prefix;
	struct anygate_conf conf;
	int ret;

	ret = need_admin(skb, info);
	if (ret)
		return ret;
	ret = need_prefix(info, &prefix);
	if (ret)
		return ret;
	req.services = parse_services(info, &prefix);
	if (IS_ERR(req.services))
		return PTR_ERR(req.services);

	mutex_lock(&agn->conf_lock);
	req.gate = anygate_gate_find(agn, &prefix);
	if (!req.gate) {
		NL_SET_ERR_MSG(info->extack, "no such gate");
		ret = -ENOENT;
		goto out;
	}
	conf = req.gate->conf;
	ret = parse_conf(info, &conf);
	if (ret)
		goto out;
	req.conf = &conf;
	ret = anygate_engine_run(agn, &req);
out:
	mutex_unlock(&agn->conf_lock);
	if (ret)
		kfree(req.services);
	return ret;
}

int anygate_nl_gate_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_req req = {
		.type = ANYGATE_REQ_DEL,
		.extack = info->extack,
	};
	struct anygate_prefix prefix;
	int ret;

	ret = need_admin(skb, info);
	if (ret)
		return ret;
	ret = need_prefix(info, &prefix);
	if (ret)
		return ret;
	mutex_lock(&agn->conf_lock);
	req.gate = anygate_gate_find(agn, &prefix);
	if (req.gate) {
		ret = anygate_engine_run(agn, &req);
	} else {
		NL_SET_ERR_MSG(info->extack, "no such gate");
		ret = -ENOENT;
	}
	mutex_unlock(&agn->conf_lock);
	return ret;
}

int anygate_nl_gate_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_req req = {
		.type = ANYGATE_REQ_FLUSH,
		.extack = info->extack,
	};
	int ret;

	ret = need_admin(skb, info);
	if (ret)
		return ret;
	ret = parse_prefix(info->attrs, &req.within, info->extack);
	if (ret < 0)
		return ret;
	mutex_lock(&agn->conf_lock);
	ret = agn->started ? anygate_engine_run(agn, &req) : 0;
	mutex_unlock(&agn->conf_lock);
	return ret;
}

/**
 * anygate_gate_difference() - why is the prefix not announced as wanted?
 * @gate: the gate
 *
 * Context: anygate_net.lock held.
 * Return: why, or none if it is.
 */
enum anygate_difference anygate_gate_difference(const struct anygate_gate *gate)
{
	const struct anygate_obj *obj = &gate->announce;
	bool want = anygate_fsm_want(&gate->fsm);

	if (want == obj->present)
		return ANYGATE_DIFFERENCE_NONE;
	if (!want && obj->owner == ANYGATE_OWNER_FOREIGN)
		return ANYGATE_DIFFERENCE_FOREIGN;
	if (obj->err == -ENODEV || obj->err == -ENETDOWN)
		return ANYGATE_DIFFERENCE_NO_DEVICE;
	if (obj->err)
		return ANYGATE_DIFFERENCE_ERROR;
	if (obj->retry_at)
		return ANYGATE_DIFFERENCE_CONTESTED;
	return ANYGATE_DIFFERENCE_PENDING;
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, ANYGATE_A_GATE_PAD);
}

static int put_service(struct sk_buff *skb, int attr,
		       const struct anygate_service *svc)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    nla_put(skb, ANYGATE_A_SERVICE_ADDRESS,
		    anygate_addr_len(&svc->key.addr), &svc->key.addr.ip) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_PROTOCOL, svc->key.proto) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_PORT, svc->key.port) ||
	    nla_put_u32(skb, ANYGATE_A_SERVICE_LISTENERS, svc->listeners))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_conf(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_conf *conf = &gate->conf;
	unsigned int i;

	if (nla_put_u32(skb, ANYGATE_A_GATE_ID, gate->id) ||
	    nla_put(skb, ANYGATE_A_GATE_PREFIX,
		    anygate_addr_len(&conf->prefix.addr),
		    &conf->prefix.addr.ip) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_PREFIX_LEN, conf->prefix.len) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_ACTION, conf->action) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_UP, conf->fsm.up_ms) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_DOWN, conf->fsm.down_ms) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_LISTEN_POLICY,
			conf->listen_policy))
		return -EMSGSIZE;
	if (conf->listen_policy == ANYGATE_LISTEN_POLICY_DEV &&
	    nla_put_string(skb, ANYGATE_A_GATE_LISTEN_DEV, conf->listen_dev))
		return -EMSGSIZE;
	if (conf->action == ANYGATE_ACTION_ADDRESS) {
		if (nla_put_string(skb, ANYGATE_A_GATE_DEV, conf->dev) ||
		    nla_put_u32(skb, ANYGATE_A_GATE_HOLD, conf->hold))
			return -EMSGSIZE;
	} else {
		if (nla_put_u32(skb, ANYGATE_A_GATE_TABLE, conf->table) ||
		    nla_put_u32(skb, ANYGATE_A_GATE_METRIC, conf->metric))
			return -EMSGSIZE;
	}
	for (i = 0; i < gate->services->n; i++)
		if (put_service(skb, ANYGATE_A_GATE_SERVICE,
				&gate->services->s[i]))
			return -EMSGSIZE;
	return 0;
}

/* The first failure there is, the announcement's before the others. */
static int put_error(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_obj *objs[] = {
		&gate->announce, &gate->retired, &gate->hold,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		if (!objs[i]->err || objs[i]->type == ANYGATE_OBJ_NONE)
			continue;
		if (nla_put_u32(skb, ANYGATE_A_GATE_ERROR, -objs[i]->err) ||
		    nla_put_string(skb, ANYGATE_A_GATE_ERROR_MSG,
				   objs[i]->msg) ||
		    nla_put_u32(skb, ANYGATE_A_GATE_RETRIES,
				objs[i]->retries) ||
		    put_u64(skb, ANYGATE_A_GATE_RETRY_AT, objs[i]->retry_at))
			return -EMSGSIZE;
		return 0;
	}
	return 0;
}

/* The same for get, dump and events. */
static int put_gate(struct sk_buff *skb, const struct anygate_gate *gate)
{
	const struct anygate_fsm *fsm = &gate->fsm;
	bool adopted = gate->announce.type == ANYGATE_OBJ_ADDR &&
		       gate->announce.owner == ANYGATE_OWNER_ADOPTED;

	lockdep_assert_held(&gate->agn->lock);
	if (put_conf(skb, gate) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_STATE, fsm->state) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_REASON, fsm->reason) ||
	    put_u64(skb, ANYGATE_A_GATE_SINCE, fsm->since) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_ANNOUNCED,
			gate->announce.present) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_DIFFERENCE,
			anygate_gate_difference(gate)) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_CONTESTED, gate->contested) ||
	    nla_put_u32(skb, ANYGATE_A_GATE_ADOPTED, adopted) ||
	    put_u64(skb, ANYGATE_A_GATE_OPENED, gate->opened) ||
	    put_u64(skb, ANYGATE_A_GATE_CLOSED, gate->closed) ||
	    put_u64(skb, ANYGATE_A_GATE_FLAPS, gate->flaps))
		return -EMSGSIZE;
	if (fsm->deadline != ANYGATE_NEVER &&
	    put_u64(skb, ANYGATE_A_GATE_DEADLINE, fsm->deadline))
		return -EMSGSIZE;
	if (gate->closer.pid &&
	    (nla_put_u32(skb, ANYGATE_A_GATE_CLOSER_PID, gate->closer.pid) ||
	     nla_put_string(skb, ANYGATE_A_GATE_CLOSER_COMM,
			    gate->closer.comm)))
		return -EMSGSIZE;
	return put_error(skb, gate);
}

int anygate_nl_gate_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct anygate_prefix prefix;
	struct anygate_gate *gate;
	struct sk_buff *reply;
	void *hdr;
	int ret;

	ret = need_prefix(info, &prefix);
	if (ret)
		return ret;
	reply = genlmsg_new(MSG_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, anygate_genl(&anygate_nl_family),
				0, ANYGATE_CMD_GATE_GET);
	if (!hdr) {
		ret = -EMSGSIZE;
		goto err;
	}

	mutex_lock(&agn->lock);
	gate = anygate_gate_find(agn, &prefix);
	ret = gate ? put_gate(reply, gate) : -ENOENT;
	mutex_unlock(&agn->lock);
	if (ret == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "no such gate");
	if (ret)
		goto err;
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);

err:
	nlmsg_free(reply);
	return ret;
}

int anygate_nl_gate_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct anygate_net *agn = anygate_net_of(sock_net(skb->sk));
	struct anygate_prefix within;
	struct anygate_gate *gate;
	unsigned long id;
	int ret;

	ret = parse_prefix(anygate_dump_attrs(cb), &within, cb->extack);
	if (ret < 0)
		return ret;

	ret = 0;
	mutex_lock(&agn->lock);
	cb->seq = agn->genseq;
	xa_for_each_start(&agn->gates, id, gate, cb->args[0]) {
		void *hdr;

		if (within.addr.family &&
		    !anygate_prefix_within(&gate->conf.prefix, &within))
			continue;
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq,
				  anygate_genl(&anygate_nl_family),
				  NLM_F_MULTI, ANYGATE_CMD_GATE_GET);
		if (!hdr) {
			ret = -EMSGSIZE;
			break;
		}
		genl_dump_check_consistent(cb, hdr);
		ret = put_gate(skb, gate);
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

static int put_probes(struct sk_buff *skb)
{
	struct anygate_probe_info probe;
	struct nlattr *nest;
	unsigned int i;

	for (i = 0; anygate_watch_info(i, &probe); i++) {
		nest = nla_nest_start(skb, ANYGATE_A_STATUS_PROBE);
		if (!nest ||
		    nla_put_string(skb, ANYGATE_A_PROBE_SYMBOL,
				   probe.symbol) ||
		    nla_put_u32(skb, ANYGATE_A_PROBE_ARMED, probe.armed) ||
		    (probe.err && nla_put_u32(skb, ANYGATE_A_PROBE_ERROR,
					      -probe.err)) ||
		    nla_put_u64_64bit(skb, ANYGATE_A_PROBE_MISSED,
				      probe.missed, ANYGATE_A_PROBE_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int put_status(struct sk_buff *skb, struct anygate_net *agn)
{
	unsigned int max = agn->net->user_ns == &init_user_ns ?
			   READ_ONCE(anygate_max_gates) :
			   READ_ONCE(anygate_max_gates_user);
	const int pad = ANYGATE_A_STATUS_PAD;

	if (nla_put_string(skb, ANYGATE_A_STATUS_VERSION, ANYGATE_VERSION) ||
	    nla_put_u32(skb, ANYGATE_A_STATUS_GATES, agn->n_gates) ||
	    nla_put_u32(skb, ANYGATE_A_STATUS_MAX_GATES, max) ||
	    nla_put_u32(skb, ANYGATE_A_STATUS_PROBES,
			agn->n_gates ? anygate_watch_health() :
				       ANYGATE_PROBES_IDLE) ||
	    nla_put_u32(skb, ANYGATE_A_STATUS_RECONCILE,
			anygate_engine_period()) ||
	    nla_put_u32(skb, ANYGATE_A_STATUS_PROTOCOL, anygate_protocol) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATUS_EVENTS, agn->n_hints,
			      pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATUS_MISSED,
			      anygate_watch_missed(), pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATUS_OVERFLOWS,
			      agn->n_overflows, pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATUS_PASSES, agn->n_passes,
			      pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_STATUS_HEALED, agn->n_healed,
			      pad))
		return -EMSGSIZE;
	return 0;
}

int anygate_nl_status_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct anygate_net *agn = anygate_net_of(genl_info_net(info));
	struct sk_buff *reply;
	void *hdr;
	int ret;

	reply = genlmsg_new(MSG_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, anygate_genl(&anygate_nl_family),
				0, ANYGATE_CMD_STATUS_GET);
	if (!hdr) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	mutex_lock(&agn->lock);
	ret = put_status(reply, agn);
	mutex_unlock(&agn->lock);
	if (!ret)
		ret = put_probes(reply);
	if (ret) {
		nlmsg_free(reply);
		return ret;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

static int put_event(struct sk_buff *skb, const struct anygate_net *agn,
		     const struct anygate_event *event)
{
	const struct anygate_actor *actor = &event->actor;

	if (nla_put_u32(skb, ANYGATE_A_GATE_KIND, event->kind) ||
	    put_u64(skb, ANYGATE_A_GATE_SEQ, agn->event_seq) ||
	    put_u64(skb, ANYGATE_A_GATE_TIME, ktime_get_real_ns()))
		return -EMSGSIZE;
	if (!event->gate)
		return nla_put_u32(skb, ANYGATE_A_GATE_PROBES, agn->probes);

	if (nla_put_u32(skb, ANYGATE_A_GATE_SOURCE, event->source))
		return -EMSGSIZE;
	if (actor->pid &&
	    (nla_put_u32(skb, ANYGATE_A_GATE_PID, actor->pid) ||
	     nla_put_string(skb, ANYGATE_A_GATE_COMM, actor->comm)))
		return -EMSGSIZE;
	if (event->service &&
	    put_service(skb, ANYGATE_A_GATE_TRIGGER, event->service))
		return -EMSGSIZE;
	if (event->kind == ANYGATE_EVENT_KIND_TRANSITION &&
	    (nla_put_u32(skb, ANYGATE_A_GATE_OLD_STATE, event->old_state) ||
	     put_u64(skb, ANYGATE_A_GATE_PROBE_NS, event->probe_ns) ||
	     put_u64(skb, ANYGATE_A_GATE_ACT_NS, event->act_ns)))
		return -EMSGSIZE;
	if (actor->at && event->total_ns &&
	    (put_u64(skb, ANYGATE_A_GATE_WAIT_NS, event->wait_ns) ||
	     put_u64(skb, ANYGATE_A_GATE_TOTAL_NS, event->total_ns)))
		return -EMSGSIZE;
	return put_gate(skb, event->gate);
}

/**
 * anygate_netlink_event() - tell the listeners of a namespace
 * @agn: the namespace
 * @event: what happened
 *
 * An event that can't be sent for want of memory leaves a gap in the
 * sequence numbers.
 *
 * Context: the engine, @agn->lock held; sleeps.
 */
void anygate_netlink_event(struct anygate_net *agn,
			   const struct anygate_event *event)
{
	struct sk_buff *skb;
	void *hdr;

	lockdep_assert_held(&agn->lock);
	agn->event_seq++;
	if (!genl_has_listeners(anygate_genl(&anygate_nl_family), agn->net,
				ANYGATE_NLGRP_EVENTS))
		return;
	skb = genlmsg_new(MSG_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	hdr = genlmsg_put(skb, 0, 0, anygate_genl(&anygate_nl_family), 0,
			  ANYGATE_CMD_EVENT);
	if (!hdr || put_event(skb, agn, event)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	genlmsg_multicast_netns(anygate_genl(&anygate_nl_family), agn->net,
				skb, 0, ANYGATE_NLGRP_EVENTS, GFP_KERNEL);
}

/**
 * anygate_netlink_init() - open the door
 *
 * Return: 0 or a negative errno.
 */
int anygate_netlink_init(void)
{
	return anygate_genl_register(&anygate_nl_family);
}

/**
 * anygate_netlink_exit() - close it; no request is under way afterwards
 */
void anygate_netlink_exit(void)
{
	anygate_genl_unregister(&anygate_nl_family);
}
