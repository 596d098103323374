// SPDX-License-Identifier: GPL-2.0
/* The settings of a gate as attributes of a request. */

#include "cmd.h"
#include "conf.h"

static void put_service(struct nl_msg *msg, const struct service *s)
{
	struct nlattr *nest = nla_nest_start(msg, ANYGATE_A_GATE_SERVICE);

	if (s->addr.family)
		nla_put(msg, ANYGATE_A_SERVICE_ADDRESS, ip_size(s->addr.family), s->addr.bytes);
	nla_put_u32(msg, ANYGATE_A_SERVICE_PROTOCOL, s->protocol);
	nla_put_u32(msg, ANYGATE_A_SERVICE_PORT, s->port);
	nla_nest_end(msg, nest);
}

static void put_require(struct nl_msg *msg, const struct conf *c)
{
	unsigned int i;

	if (!c->n_require)
		nla_put_string(msg, ANYGATE_A_GATE_REQUIRE, "");
	for (i = 0; i < c->n_require; i++)
		nla_put_string(msg, ANYGATE_A_GATE_REQUIRE, c->require[i]);
}

/*
 * None is all zeros, of the gate's family where it is known. The value has two
 * words, either of which the kernel may have something against.
 */
static void put_fallback(struct nl_msg *msg, const struct conf *c, struct reqmap *map)
{
	const struct nlmsghdr *nlh = nlmsg_hdr(msg);
	uint32_t start = nlh->nlmsg_len;
	int family = c->fallback_via.family;

	if (!family)
		family = c->gate.name ? AF_INET : c->gate.prefix.addr.family;
	nla_put(msg, ANYGATE_A_GATE_FALLBACK_VIA, ip_size(family), c->fallback_via.bytes);
	reqmap_add(map, start, nlh->nlmsg_len, c->fallback_via.family ? "fallback via" : "fallback",
		   c->said[KEY_FALLBACK]);
	if (!c->fallback_via.family)
		return;
	start = nlh->nlmsg_len;
	nla_put_string(msg, ANYGATE_A_GATE_FALLBACK_DEV, c->fallback_dev);
	reqmap_add(map, start, nlh->nlmsg_len, "fallback dev", c->fallback_dev);
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
	case KEY_NAME:
		nla_put_string(msg, ANYGATE_A_GATE_NAME, c->name);
		break;
	case KEY_NEED:
		nla_put_u32(msg, ANYGATE_A_GATE_NEED, c->need);
		break;
	case KEY_DAMP:
		nla_put_u32(msg, ANYGATE_A_GATE_DAMP, c->damp);
		break;
	case KEY_PENALTY:
		nla_put_u32(msg, ANYGATE_A_GATE_DAMP_PENALTY, c->penalty);
		break;
	case KEY_SUPPRESS:
		nla_put_u32(msg, ANYGATE_A_GATE_DAMP_SUPPRESS, c->suppress);
		break;
	case KEY_REUSE:
		nla_put_u32(msg, ANYGATE_A_GATE_DAMP_REUSE, c->reuse);
		break;
	case KEY_HALF_LIFE:
		nla_put_u32(msg, ANYGATE_A_GATE_DAMP_HALF_LIFE, c->half_life);
		break;
	case KEY_MAX_SUPPRESS:
		nla_put_u32(msg, ANYGATE_A_GATE_DAMP_MAX, c->max_suppress);
		break;
	case KEY_REQUIRE:
		put_require(msg, c);
		break;
	case KEY_ON_EXPIRY:
		nla_put_u32(msg, ANYGATE_A_GATE_ON_EXPIRY, c->on_expiry);
		break;
	case KEY_FALLBACK:	/* see put_fallback() */
		break;
	case KEY_OBSERVE:
		nla_put_u32(msg, ANYGATE_A_GATE_OBSERVE, c->observe);
		break;
	case KEY_SHIELD:
		nla_put_u32(msg, ANYGATE_A_GATE_SHIELD, c->shield);
		break;
	case KEY_STALL:
		nla_put_u32(msg, ANYGATE_A_GATE_STALL, c->stall);
		break;
	case KEY_STALL_MEMBERS:
		nla_put_u32(msg, ANYGATE_A_GATE_STALL_MEMBERS, c->stall_members);
		break;
	case KEY_FATAL:
		nla_put_u32(msg, ANYGATE_A_GATE_FATAL, c->fatal);
		break;
	case KEY_WITNESS:
		nla_put_u32(msg, ANYGATE_A_GATE_WITNESS, c->witness);
		break;
	case KEY_MAX:
		break;
	}
}

/**
 * conf_put() - put settings into a request
 * @msg: request
 * @c: settings, and the gate they are of
 * @map: where to note what went where
 *
 * What the user did not say is not sent, so that its default is the kernel's.
 */
void conf_put(struct nl_msg *msg, const struct conf *c, struct reqmap *map)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	uint32_t start;
	unsigned int i;

	ag_put_gate(msg, &c->gate, map);
	for (i = 0; i < KEY_MAX; i++) {
		if (!c->said[i])
			continue;
		if (i == KEY_FALLBACK) {
			put_fallback(msg, c, map);
			continue;
		}
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
