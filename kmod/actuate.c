// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's tables, changed: the only file that speaks rtnetlink.
 *
 * No function that adds an address or a route is exported to modules, but an
 * in-kernel NETLINK_ROUTE socket takes the same path as ip(8), notifications
 * included, and is done before the send returns.
 *
 * Facts this file rests on, each checked in 6.1, 6.12 and 7.2:
 *  - netlink_sendmsg() must be given a destination address: without it
 *    __netlink_ns_capable() looks at the socket's file, and ours has none.
 *  - A kernel worker's credentials are capable in every user namespace.
 *  - An autobound socket would take the port id of the current process and
 *    stand in its way; ours is bound above every process id.
 *  - Deletion of an address matches what is given: IFA_LOCAL, IFA_ADDRESS
 *    and the prefix length together name exactly one.
 *  - Deletion of a route can be limited to our protocol number.
 */
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/sched/mm.h>
#include <net/flow.h>
#include <net/ip_fib.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "anygate.h"
#include "trace.h"

#define NLBUF_SIZE 1024

/* Port ids of other sockets are process ids or, if taken, negative: both are
 * far from these.
 */
#define PORTID_BASE 0xa6000000U
#define PORTID_MASK 0x00ffffffU

/**
 * anygate_actuate_init() - open the rtnetlink socket of a namespace
 * @agn: the namespace
 *
 * The socket holds no reference to the namespace.
 *
 * Context: process, sleeps.
 * Return: 0 or a negative errno.
 */
int anygate_actuate_init(struct anygate_net *agn)
{
	struct sockaddr_nl snl = { .nl_family = AF_NETLINK };
	unsigned int tries;
	struct socket *sock;
	int one = 1;
	int ret;

	might_sleep();
	agn->nlbuf = kmalloc(NLBUF_SIZE, GFP_KERNEL_ACCOUNT);
	if (!agn->nlbuf)
		return -ENOMEM;

	ret = sock_create_kern(agn->net, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE,
			       &sock);
	if (ret)
		goto err_buf;

	for (tries = 0; tries < 16; tries++) {
		snl.nl_pid = PORTID_BASE | (get_random_u32() & PORTID_MASK);
		ret = anygate_kernel_bind(sock, &snl, sizeof(snl));
		if (ret != -EADDRINUSE)
			break;
	}
	if (ret)
		goto err_sock;

	/* The kernel's own words, and errors without the whole request. */
	ret = sock->ops->setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK,
				    KERNEL_SOCKPTR(&one), sizeof(one));
	if (ret)
		goto err_sock;
	ret = sock->ops->setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK,
				    KERNEL_SOCKPTR(&one), sizeof(one));
	if (ret)
		goto err_sock;

	agn->rtnl = sock;
	return 0;

err_sock:
	sock_release(sock);
err_buf:
	kfree(agn->nlbuf);
	agn->nlbuf = NULL;
	return ret;
}

/**
 * anygate_actuate_exit() - the reverse of anygate_actuate_init()
 * @agn: the namespace; its engine must have stopped
 */
void anygate_actuate_exit(struct anygate_net *agn)
{
	if (agn->rtnl)
		sock_release(agn->rtnl);
	agn->rtnl = NULL;
	kfree(agn->nlbuf);
	agn->nlbuf = NULL;
}

static void put_attr(struct nlmsghdr *nlh, u16 type, const void *data, u16 len)
{
	struct nlattr *attr = (void *)nlh + NLMSG_ALIGN(nlh->nlmsg_len);

	attr->nla_type = type;
	attr->nla_len = nla_attr_size(len);
	memcpy(nla_data(attr), data, len);
	memset(nla_data(attr) + len, 0, nla_padlen(len));
	nlh->nlmsg_len = NLMSG_ALIGN(nlh->nlmsg_len) + nla_total_size(len);
}

static void put_u32(struct nlmsghdr *nlh, u16 type, u32 value)
{
	put_attr(nlh, type, &value, sizeof(value));
}

static struct nlmsghdr *start_msg(struct anygate_net *agn, u16 type, u16 flags,
				  size_t header)
{
	struct nlmsghdr *nlh = agn->nlbuf;

	memset(nlh, 0, NLMSG_LENGTH(header));
	nlh->nlmsg_len = NLMSG_LENGTH(header);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++agn->nlseq;
	return nlh;
}

/* What the kernel said about the error, or "". */
static void ack_text(const struct nlmsghdr *nlh, char *text, size_t size)
{
	const struct nlattr *attr;
	int rem;

	text[0] = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* With NETLINK_CAP_ACK the attributes follow the header at once. */
	nlmsg_for_each_attr(attr, nlh, sizeof(struct nlmsgerr), rem)
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			nla_strscpy(text, attr, size);
}

/*
 * Send the message in the buffer and take the answer.  This is where the
 * engine waits for RTNL: it lets readers at the gates meanwhile, which is
 * safe because nobody but the engine changes them.
 */
static int talk(struct anygate_net *agn, char *text, size_t size)
	__must_hold(&agn->lock)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct msghdr msg = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
	};
	struct nlmsghdr *nlh = agn->nlbuf;
	u32 seq = nlh->nlmsg_seq;
	struct kvec iov;
	struct net *net;
	int ret;

	lockdep_assert_held(&agn->lock);
	if (READ_ONCE(agn->dead) || !agn->rtnl)
		return -ENODEV;
	/* While RTNL is waited for the namespace must not lose its lo. */
	net = maybe_get_net(agn->net);
	if (!net)
		return -ENODEV;

	mutex_unlock(&agn->lock);
	WRITE_ONCE(agn->acting, current);
	iov.iov_base = nlh;
	iov.iov_len = nlh->nlmsg_len;
	ret = kernel_sendmsg(agn->rtnl, &msg, &iov, 1, iov.iov_len);
	WRITE_ONCE(agn->acting, NULL);
	put_net(net);
	mutex_lock(&agn->lock);

	text[0] = '\0';
	if (ret < 0)
		return ret;

	/*
	 * rtnetlink has done it before the send returned, and says so only if
	 * it has not: an answer would cost more than the rest of our part.  An error
	 * that could not be sent for want of memory is noted in the socket
	 * instead (netlink_ack()): then nobody knows, and -ENOBUFS has the
	 * caller look.
	 */
	if (skb_queue_empty_lockless(&agn->rtnl->sk->sk_receive_queue) &&
	    !READ_ONCE(agn->rtnl->sk->sk_err))
		return 0;
	for (;;) {
		memset(&msg, 0, sizeof(msg));
		iov.iov_base = agn->nlbuf;
		iov.iov_len = NLBUF_SIZE;
		ret = kernel_recvmsg(agn->rtnl, &msg, &iov, 1, NLBUF_SIZE,
				     MSG_DONTWAIT);
		if (ret < 0)
			return -ENOBUFS;
		if (!nlmsg_ok(nlh, ret) || nlh->nlmsg_seq != seq ||
		    nlh->nlmsg_type != NLMSG_ERROR)
			continue;
		if (nlmsg_len(nlh) < (int)sizeof(struct nlmsgerr))
			return -ENOBUFS;
		ack_text(nlh, text, size);
		return ((struct nlmsgerr *)nlmsg_data(nlh))->error;
	}
}

/* One is removed from where it is, whatever that device is called by now. */
static int addr_msg(struct anygate_net *agn, struct anygate_obj *obj, bool add)
{
	const struct anygate_addr *addr = &obj->prefix->addr;
	const struct anygate_saved *saved = NULL;
	u8 len = anygate_addr_len(addr);
	struct ifaddrmsg *ifa;
	struct nlmsghdr *nlh;
	u32 flags = 0;
	u8 proto;
	int index;

	if (add || !obj->ifindex)
		obj->ifindex = anygate_table_index(agn, obj->dev);
	index = obj->ifindex;
	if (!index)
		return -ENODEV;
	if (obj->owner == ANYGATE_OWNER_ADOPTED)
		saved = obj->saved;

	nlh = start_msg(agn, add ? RTM_NEWADDR : RTM_DELADDR,
			add ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(*ifa));
	ifa = nlmsg_data(nlh);
	ifa->ifa_family = addr->family;
	ifa->ifa_prefixlen = obj->prefix->len;
	ifa->ifa_index = index;
	put_attr(nlh, IFA_LOCAL, &addr->ip, len);
	put_attr(nlh, IFA_ADDRESS, &addr->ip, len);
	if (!add)
		return 0;

	/*
	 * Ours: no duplicates to be detected, since other nodes have the
	 * address by intention.  And no IFA_F_NOPREFIXROUTE: FRR makes no
	 * connected route of an address that has it.
	 */
	if (saved)
		flags = saved->flags;
	else if (addr->family == AF_INET6)
		flags = IFA_F_NODAD;
	put_u32(nlh, IFA_FLAGS, flags);
	if (saved) {
		struct ifa_cacheinfo ci = {
			.ifa_valid = saved->valid_lft,
			.ifa_prefered = saved->preferred_lft,
		};

		ifa->ifa_scope = saved->scope;
		proto = saved->proto;
		put_attr(nlh, IFA_CACHEINFO, &ci, sizeof(ci));
		if (saved->rt_priority)
			put_u32(nlh, IFA_RT_PRIORITY, saved->rt_priority);
		if (saved->broadcast)
			put_attr(nlh, IFA_BROADCAST, &saved->broadcast,
				 sizeof(saved->broadcast));
		if (addr->family == AF_INET && saved->label[0])
			put_attr(nlh, IFA_LABEL, saved->label,
				 strlen(saved->label) + 1);
	} else {
		ifa->ifa_scope = RT_SCOPE_UNIVERSE;
		proto = anygate_protocol;
	}
	if (proto)
		put_attr(nlh, IFA_PROTO, &proto, sizeof(proto));
	return 0;
}

/*
 * A fallback is removed wherever it leads: its device may have another name by now, and
 * there is one of ours only of that prefix, table, metric and gateway.
 */
static int route_msg(struct anygate_net *agn, const struct anygate_obj *obj,
		     bool add)
{
	const struct anygate_addr *addr = &obj->prefix->addr;
	bool fallback = obj->type == ANYGATE_OBJ_FALLBACK;
	bool hold = obj->type == ANYGATE_OBJ_HOLD;
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;
	u32 table = obj->table;

	if (fallback && add && !obj->ifindex)
		return -ENODEV;

	nlh = start_msg(agn, add ? RTM_NEWROUTE : RTM_DELROUTE,
			add ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(*rtm));
	rtm = nlmsg_data(nlh);
	rtm->rtm_family = addr->family;
	rtm->rtm_dst_len = obj->prefix->len;
	rtm->rtm_table = table < 256 ? table : RT_TABLE_UNSPEC;
	rtm->rtm_protocol = anygate_protocol;
	rtm->rtm_type = hold ? RTN_LOCAL :
			fallback ? RTN_UNICAST : RTN_BLACKHOLE;
	rtm->rtm_scope = hold && addr->family == AF_INET ? RT_SCOPE_HOST :
							   RT_SCOPE_UNIVERSE;
	put_attr(nlh, RTA_DST, &addr->ip, anygate_addr_len(addr));
	put_u32(nlh, RTA_TABLE, table);
	put_u32(nlh, RTA_PRIORITY, obj->metric);
	/* The device itself may be gone: this may be the namespace's end. */
	if (hold)
		put_u32(nlh, RTA_OIF, LOOPBACK_IFINDEX);
	if (fallback) {
		/* The far end of a tunnel need not be in a connected prefix. */
		rtm->rtm_flags = RTNH_F_ONLINK;
		put_attr(nlh, RTA_GATEWAY, &obj->gateway->ip,
			 anygate_addr_len(obj->gateway));
		if (add)
			put_u32(nlh, RTA_OIF, obj->ifindex);
	}
	return 0;
}

static const char *verb(const struct anygate_obj *obj, bool add)
{
	switch (obj->type) {
	case ANYGATE_OBJ_ADDR:
		return add ? "add address" : "remove address";
	case ANYGATE_OBJ_ROUTE:
		return add ? "add route" : "remove route";
	case ANYGATE_OBJ_HOLD:
		return add ? "add hold route" : "remove hold route";
	case ANYGATE_OBJ_FALLBACK:
		return add ? "add fallback route" : "remove fallback route";
	case ANYGATE_OBJ_NONE:
		break;
	}
	return "";
}

/*
 * Milliseconds to wait before the next attempt.  The first is soon, because
 * most failures are a want of memory or a device on its way up.
 */
static u32 backoff_ms(u32 retries)
{
	return retries < 7 ? 10U << retries : 1000;
}

static void failed(struct anygate_net *agn, struct anygate_obj *obj, bool add,
		   int err, const char *text)
{
	obj->err = err;
	/* Without memory for words there is the number. */
	if (!obj->msg)
		obj->msg = kmalloc(ANYGATE_MSG_MAX, GFP_KERNEL_ACCOUNT);
	if (obj->msg)
		snprintf(obj->msg, ANYGATE_MSG_MAX, "%s%s%s", verb(obj, add),
			 text[0] ? ": " : "", text);
	obj->retry_at = ktime_get_boottime_ns() +
			backoff_ms(obj->retries) * ANYGATE_NS_PER_MS;
	obj->retries++;
	agn->n_errors++;
	trace_anygate_actuate_error(agn->net, obj, add, err);
}

static void succeeded(struct anygate_net *agn, struct anygate_obj *obj,
		      bool add, int result)
{
	anygate_obj_forgive(obj);
	obj->retry_at = 0;
	obj->check = false;
	obj->unasked = false;
	trace_anygate_actuate(agn->net, obj, add, result);
}

/* IPv6 has an address once on a device, whatever its prefix length. */
static bool is_exactly_there(const struct anygate_net *agn,
			     const struct anygate_obj *obj)
{
	struct anygate_found found;

	return obj->type != ANYGATE_OBJ_ADDR ||
	       anygate_table_find(agn, obj, &found);
}

static int change(struct anygate_net *agn, struct anygate_obj *obj, bool add)
{
	char text[ANYGATE_MSG_MAX / 2] = "";
	int ret;

	if (obj->type == ANYGATE_OBJ_FALLBACK && add)
		obj->ifindex = anygate_table_index(agn, obj->dev);
	if (obj->type == ANYGATE_OBJ_ADDR)
		ret = addr_msg(agn, obj, add);
	else
		ret = route_msg(agn, obj, add);
	if (!ret)
		ret = talk(agn, text, sizeof(text));

	switch (ret) {
	case 0:
		break;
	case -EEXIST:
		/* There already: so it is announced, whoever did it. */
		if (!add)
			goto fail;
		if (!is_exactly_there(agn, obj)) {
			strscpy(text, "there with another prefix length or a peer",
				sizeof(text));
			goto fail;
		}
		break;
	case -ESRCH:
	case -EADDRNOTAVAIL:
	case -ENOENT:
		/* Gone already.  (Also how IPv6 refuses an address: fail.) */
		if (add)
			goto fail;
		break;
	case -ENODEV:
	case -ENXIO:
		/* With its device an address or route is gone too. */
		if (add || obj->type == ANYGATE_OBJ_ROUTE || agn->dead)
			goto fail;
		break;
	default:
		goto fail;
	}
	succeeded(agn, obj, add, ret);
	return ret;

fail:
	failed(agn, obj, add, ret, text);
	return ret;
}

/**
 * anygate_obj_add() - put an object into the kernel's tables
 * @agn: its namespace
 * @obj: the object; an adopted address gets its own attributes back
 *
 * Context: the engine, @agn->lock held; releases it while it waits for RTNL.
 * Return: 0 if it was added, -EEXIST if it was there (both: @obj->present),
 * another negative errno on failure, which is noted in @obj with the time of
 * the next attempt.
 */
int anygate_obj_add(struct anygate_net *agn, struct anygate_obj *obj)
	__must_hold(&agn->lock)
{
	int ret;

	lockdep_assert_held(&agn->lock);
	might_sleep();
	ret = change(agn, obj, true);
	if (!ret)
		obj->was_there = false;
	else if (ret == -EEXIST && !obj->present)
		obj->was_there = true;
	if (!obj->err)
		obj->present = true;
	return ret;
}

/**
 * anygate_obj_there() - is a route in the kernel's tables already?
 * @agn: its namespace
 * @obj: the route, of IPv4: IPv6 would add it
 *
 * An exclusive addition that must not create anything: one of the two is
 * refused, and which one tells.
 *
 * Context: the engine, @agn->lock held; releases it while it waits for RTNL.
 * Return: true if it is there, whosever it is.
 */
bool anygate_obj_there(struct anygate_net *agn, const struct anygate_obj *obj)
	__must_hold(&agn->lock)
{
	struct nlmsghdr *nlh = agn->nlbuf;
	char text[ANYGATE_MSG_MAX / 2];

	lockdep_assert_held(&agn->lock);
	might_sleep();
	if (route_msg(agn, obj, true))
		return false;
	nlh->nlmsg_flags &= ~NLM_F_CREATE;
	return talk(agn, text, sizeof(text)) == -EEXIST;
}

/**
 * anygate_obj_del() - take an object out of the kernel's tables
 * @agn: its namespace
 * @obj: the object
 *
 * Context: the engine, @agn->lock held; releases it while it waits for RTNL.
 * Return: 0 if it was removed; -ESRCH, -EADDRNOTAVAIL, -ENOENT, -ENODEV or
 * -ENXIO if it was not there (all: not @obj->present); another negative errno on
 * failure, which is noted in @obj with the time of the next attempt.
 */
int anygate_obj_del(struct anygate_net *agn, struct anygate_obj *obj)
	__must_hold(&agn->lock)
{
	int ret;

	lockdep_assert_held(&agn->lock);
	might_sleep();
	ret = change(agn, obj, false);
	if (!obj->err)
		obj->present = false;
	return ret;
}
