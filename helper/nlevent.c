// SPDX-License-Identifier: GPL-2.0
/* The module's events, and its coming and going. */

#include <errno.h>
#include <linux/anygate.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "nl.h"

#define EVENTS_SIZE	(4 * 1024 * 1024)	/* thousands of events */

/**
 * ag_subscribe() - ask for events
 * @ag: connection; from now on for ag_receive() only
 * @e: why it did not work
 *
 * The controller's notifications are asked for as well: without them a
 * subscription would turn deaf unnoticed when the module is loaded anew.
 *
 * Return: 0 or -1
 */
int ag_subscribe(struct ag *ag, struct err *e)
{
	int fd = nl_socket_get_fd(ag->sk), size = EVENTS_SIZE, ret;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	ret = ag_join(ag, ag->sk);
	if (ret < 0)
		return err_set(e, "cannot subscribe to events: %s", nl_geterror(ret));
	nl_socket_add_membership(ag->sk, GENL_ID_CTRL);
	nl_socket_set_nonblocking(ag->sk);
	return 0;
}

/**
 * ag_fd() - for poll()
 * @ag: connection
 *
 * Return: the socket's descriptor
 */
int ag_fd(struct ag *ag)
{
	return nl_socket_get_fd(ag->sk);
}

struct receiver {
	struct ag *ag;
	ag_news_fn *fn;
	void *arg;
	bool loaded;
};

static void on_ctrl(struct receiver *r, struct nlmsghdr *nlh)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1];
	uint8_t cmd = genlmsg_hdr(nlh)->cmd;

	if (genlmsg_parse(nlh, 0, tb, CTRL_ATTR_MAX, NULL) ||
	    !tb[CTRL_ATTR_FAMILY_NAME] || !tb[CTRL_ATTR_FAMILY_ID] ||
	    nla_strcmp(tb[CTRL_ATTR_FAMILY_NAME], ANYGATE_FAMILY_NAME))
		return;
	if (cmd == CTRL_CMD_DELFAMILY) {
		r->fn(AG_NEWS_UNLOADED, NULL, 0, r->arg);
	} else if (cmd == CTRL_CMD_NEWFAMILY) {
		r->ag->family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
		r->loaded = true;
		r->fn(AG_NEWS_LOADED, NULL, 0, r->arg);
	}
}

static int on_news(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct receiver *r = arg;

	if (!genlmsg_valid_hdr(nlh, 0))
		return NL_OK;
	if (nlh->nlmsg_type == GENL_ID_CTRL)
		on_ctrl(r, nlh);
	else if (nlh->nlmsg_type == r->ag->family &&
		 genlmsg_hdr(nlh)->cmd == ANYGATE_CMD_EVENT)
		r->fn(AG_NEWS_EVENT, genlmsg_attrdata(genlmsg_hdr(nlh), 0),
		      genlmsg_attrlen(genlmsg_hdr(nlh), 0), r->arg);
	return NL_OK;
}

/* Nobody asked for an event, so its sequence number is no answer's. */
static int any_seq(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

/*
 * A module that has come has groups of its own; an overrun may have swallowed
 * that it did. Without a module there is nothing to join, and the controller
 * tells when there is. Returns whether it was put off until now, when nothing
 * else is to be done.
 */
static bool hear(struct ag *ag, bool doubtful, bool idle)
{
	const bool late = ag->deaf;
	int ret;

	if (!doubtful && !(late && idle))
		return false;
	ret = ag_rejoin(ag);
	ag->deaf = ret && ret != -NLE_OBJ_NOTFOUND;
	return late && !ag->deaf;
}

/**
 * ag_receive() - take what has come by the subscription
 * @ag: connection
 * @fn: called for everything that has come
 * @arg: for @fn
 *
 * As long as @ag is deaf it is to be called even if nothing has come.
 *
 * Return: 1; 0 if nothing has come; -ENOBUFS if events were lost; another
 * -errno when there is no point in going on
 */
int ag_receive(struct ag *ag, ag_news_fn *fn, void *arg)
{
	struct receiver r = { .ag = ag, .fn = fn, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_news, &r);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_seq, NULL);
	ret = nl_recvmsgs(ag->sk, cb);
	nl_cb_put(cb);
	if (hear(ag, r.loaded || ret == -NLE_NOMEM, ret == -NLE_AGAIN))
		return -ENOBUFS;
	switch (ret) {
	case -NLE_AGAIN:
		return 0;
	case -NLE_NOMEM:	/* libnl's word for it */
		return -ENOBUFS;
	}
	return ret < 0 ? -EIO : 1;
}
