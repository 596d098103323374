// SPDX-License-Identifier: GPL-2.0
/* Requests and dumps over libnl, with the kernel's extended acknowledgement. */

#include <errno.h>
#include <linux/anygate.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netns.h"
#include "nl.h"

#define ANSWER_SIZE	(64 * 1024)	/* fits every message of a dump */

static void set_option(struct nl_sock *sk, int option)
{
	int one = 1;

	/* Without it errors are terser; that is no reason to give up. */
	setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, option, &one, sizeof(one));
}

/**
 * ag_open() - connect to the module
 * @ag: result; close it with ag_close()
 * @e: why it did not work
 *
 * Enters the network namespace of -n first: a socket belongs to the namespace
 * in which it was made.
 *
 * Return: 0, or -1 with nothing to close; -ENOENT if the module is not loaded
 */
int ag_open(struct ag *ag, struct err *e)
{
	int ret;

	memset(ag, 0, sizeof(*ag));
	if (opt.netns && netns_enter(opt.netns, e))
		return -1;
	ag->sk = nl_socket_alloc();
	if (!ag->sk)
		return err_set(e, "out of memory");
	ret = genl_connect(ag->sk);
	if (ret) {
		ag_close(ag);
		return err_set(e, "generic netlink: %s", nl_geterror(ret));
	}
	set_option(ag->sk, NETLINK_EXT_ACK);
	set_option(ag->sk, NETLINK_CAP_ACK);
	nl_socket_set_msg_buf_size(ag->sk, ANSWER_SIZE);

	ag->family = genl_ctrl_resolve(ag->sk, ANYGATE_FAMILY_NAME);
	if (ag->family >= 0)
		return 0;
	ret = ag->family;
	ag_close(ag);
	if (ret != -NLE_OBJ_NOTFOUND)
		return err_set(e, "generic netlink: %s", nl_geterror(ret));
	err_set(e, "module anygate is not loaded (modprobe anygate, or insmod anygate.ko)");
	return -ENOENT;
}

/**
 * ag_close() - end a connection
 * @ag: connection
 */
void ag_close(struct ag *ag)
{
	nl_socket_free(ag->sk);
	ag->sk = NULL;
}

/**
 * ag_request() - begin a request
 * @ag: connection
 * @cmd: ANYGATE_CMD_*
 * @flags: NLM_F_DUMP or 0
 *
 * Return: message to put attributes into, or NULL without memory
 */
struct nl_msg *ag_request(struct ag *ag, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(ANSWER_SIZE);

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, ag->family, 0,
				flags, cmd, ANYGATE_FAMILY_VERSION)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

/**
 * ag_put_gate() - put into a request which gate it is about
 * @msg: request
 * @ref: gate or group
 * @map: where to note it, or NULL
 *
 * The messages are so large that attributes cannot fail to fit.
 */
void ag_put_gate(struct nl_msg *msg, const struct gate_ref *ref,
		 struct reqmap *map)
{
	const struct prefix *p = &ref->prefix;
	uint32_t start = nlmsg_hdr(msg)->nlmsg_len;

	if (ref->name) {
		nla_put_string(msg, ANYGATE_A_GATE_NAME, ref->name);
	} else {
		nla_put(msg, ANYGATE_A_GATE_PREFIX, ip_size(p->addr.family), p->addr.bytes);
		nla_put_u32(msg, ANYGATE_A_GATE_PREFIX_LEN, p->len);
	}
	if (map)
		reqmap_add(map, start, nlmsg_hdr(msg)->nlmsg_len,
			   ref->name ? "name" : "prefix", ref->said);
}

struct answer {
	ag_attrs_fn *fn;
	void *arg;
	struct extack *x;
	bool done;
};

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct answer *a = arg;

	if (a->fn && genlmsg_valid_hdr(nlh, 0))
		a->fn(genlmsg_attrdata(genlmsg_hdr(nlh), 0),
		      genlmsg_attrlen(genlmsg_hdr(nlh), 0), a->arg);
	return NL_OK;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;

	extack_parse(nlmsg_hdr(msg), a->x);
	a->done = true;
	return NL_STOP;
}

static int on_finish(struct nl_msg *msg, void *arg)
{
	struct answer *a = arg;

	extack_parse_done(nlmsg_hdr(msg), a->x);
	a->done = true;
	return NL_OK;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	struct answer *a = arg;

	(void)from;
	/* libnl has checked that the message is as long as it says. */
	extack_parse((struct nlmsghdr *)((char *)err - NLMSG_HDRLEN), a->x);
	a->done = true;
	return NL_STOP;
}

/**
 * ag_do() - send a request and wait for the end of the answer
 * @ag: connection
 * @msg: request; freed
 * @fn: called for every message of the answer, or NULL
 * @arg: for @fn
 * @x: what the kernel says about the request
 *
 * Return: 0; -errno, the one in @x or that of the socket; -EAGAIN if a dump
 * was interrupted by a change and what @fn was told is to be forgotten
 */
int ag_do(struct ag *ag, struct nl_msg *msg, ag_attrs_fn *fn, void *arg,
	  struct extack *x)
{
	struct answer a = { .fn = fn, .arg = arg, .x = x };
	struct nl_cb *cb;
	int ret;

	memset(x, 0, sizeof(*x));
	cb = nl_cb_alloc(NL_CB_DEFAULT);
	if (!msg || !cb) {
		ret = -NLE_NOMEM;
		goto out;
	}
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &a);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, &a);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &a);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &a);

	ret = nl_send_auto(ag->sk, msg);
	while (ret >= 0 && !a.done)
		ret = nl_recvmsgs(ag->sk, cb);
out:
	nl_cb_put(cb);
	nlmsg_free(msg);
	if (x->error)
		return -x->error;
	if (ret >= 0)
		return 0;
	if (ret == -NLE_DUMP_INTR)
		return -EAGAIN;
	x->error = EIO;
	snprintf(x->msg, sizeof(x->msg), "netlink: %s", nl_geterror(ret));
	return -EIO;
}
