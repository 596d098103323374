// SPDX-License-Identifier: GPL-2.0
/*
 * Requests, from attributes to settings.  Whatever is wrong is said in words
 * that name the remedy, with the attribute that is to blame, and before
 * anything is changed.
 */
#include <linux/ctype.h>
#include <linux/ipv6.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "anygate.h"
#include "netlink_gen.h"

/**
 * anygate_parse_addr() - an address
 * @attr: 4 or 16 bytes
 * @addr: filled in
 * @extack: where to say what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int anygate_parse_addr(const struct nlattr *attr, struct anygate_addr *addr,
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
	ret = anygate_parse_addr(attr, &prefix->addr, extack);
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

/**
 * anygate_addr_usable() - can a host have this address?
 * @addr: the address
 *
 * Return: true if it can.
 */
bool anygate_addr_usable(const struct anygate_addr *addr)
{
	if (addr->family == AF_INET) {
		__be32 ip = addr->ip.s6_addr32[0];

		return ip && !ipv4_is_multicast(ip) && !ipv4_is_lbcast(ip);
	}
	return !ipv6_addr_any(&addr->ip) && !ipv6_addr_is_multicast(&addr->ip) &&
	       !ipv6_addr_v4mapped(&addr->ip);
}

/**
 * anygate_addr_stays_here() - does no router pass this address on?
 * @addr: the address
 *
 * Loopback and link-local ones: RFC 1122, RFC 3927, RFC 4291.
 *
 * Return: true if none does.
 */
bool anygate_addr_stays_here(const struct anygate_addr *addr)
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
	ret = anygate_parse_addr(tb[ANYGATE_A_SERVICE_ADDRESS], &key->addr,
				 extack);
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
	if (!anygate_addr_usable(&key->addr)) {
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
		struct anygate_sockkey *key;

		if (nla_type(attr) != ANYGATE_A_GATE_SERVICE)
			continue;
		key = &services->s[n].key;
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
		char *name;

		if (nla_type(attr) != ANYGATE_A_GATE_REQUIRE)
			continue;
		name = (*leases)->l[n].name;
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
