/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Just enough generic netlink to send what no sane library would, and to read
 * the answer.
 */
#ifndef SELFTESTS_GENL_H
#define SELFTESTS_GENL_H

#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

struct genl {
	int fd;
	uint16_t family;
	uint32_t seq;
	char reason[256];	/* the kernel's words about the last error */
	uint32_t blamed;	/* where in the request, 0: it doesn't say */
};

struct message {
	size_t len;
	union {
		struct nlmsghdr h;
		char buf[16384];
	};
};

static inline void message_start(struct message *m, uint16_t type,
				 uint16_t flags, uint8_t command)
{
	struct genlmsghdr *g;

	memset(m->buf, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	m->h.nlmsg_type = type;
	m->h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	g = NLMSG_DATA(&m->h);
	g->cmd = command;
	g->version = 1;
	m->len = NLMSG_HDRLEN + GENL_HDRLEN;
}

/* Any type and any content, whether they make sense or not. */
static inline void put(struct message *m, uint16_t type, const void *data,
		       size_t len)
{
	struct nlattr *a = (void *)(m->buf + m->len);

	if (m->len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(m->buf))
		errx(2, "message too long");
	memset(a, 0, NLA_HDRLEN + NLA_ALIGN(len));
	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	memcpy((char *)a + NLA_HDRLEN, data, len);
	m->len += NLA_ALIGN(a->nla_len);
}

static inline void put_u32(struct message *m, uint16_t type, uint32_t value)
{
	put(m, type, &value, sizeof(value));
}

static inline size_t nest_start(struct message *m, uint16_t type)
{
	size_t at = m->len;

	put(m, type | NLA_F_NESTED, "", 0);
	return at;
}

static inline void nest_end(struct message *m, size_t at)
{
	((struct nlattr *)(m->buf + at))->nla_len = m->len - at;
}

/* What came with an error; the attributes follow the request's header. */
static inline void read_reason(struct genl *g, struct nlmsghdr *h)
{
	struct nlmsgerr *e = NLMSG_DATA(h);
	size_t at = NLMSG_HDRLEN + sizeof(*e);

	g->reason[0] = '\0';
	g->blamed = 0;
	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		at += e->msg.nlmsg_len - NLMSG_HDRLEN;
	at = NLMSG_ALIGN(at);
	while (at + NLA_HDRLEN <= h->nlmsg_len) {
		struct nlattr *a = (void *)((char *)h + at);

		if (a->nla_len < NLA_HDRLEN)
			return;
		if (a->nla_type == NLMSGERR_ATTR_MSG)
			snprintf(g->reason, sizeof(g->reason), "%.*s",
				 (int)(a->nla_len - NLA_HDRLEN),
				 (char *)a + NLA_HDRLEN);
		if (a->nla_type == NLMSGERR_ATTR_OFFS)
			memcpy(&g->blamed, (char *)a + NLA_HDRLEN,
			       sizeof(g->blamed));
		at += NLA_ALIGN(a->nla_len);
	}
}

/*
 * Send a message whose header says "claimed" bytes, and wait for the end of
 * the answer. Returns 0 or a negative errno; in "answer", if given, the first
 * message that is no acknowledgement. -ETIMEDOUT: the kernel does not answer.
 */
static inline int ask_as(struct genl *g, struct message *m, size_t claimed,
			 struct message *answer)
{
	static char buf[65536] __attribute__((aligned(4)));
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	m->h.nlmsg_len = claimed;
	m->h.nlmsg_seq = ++g->seq;
	g->reason[0] = '\0';
	g->blamed = 0;
	if (sendto(g->fd, m->buf, m->len, 0, (void *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	for (;;) {
		ssize_t len = recv(g->fd, buf, sizeof(buf), 0);
		struct nlmsghdr *h = (void *)buf;

		if (len < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
			if (h->nlmsg_seq != g->seq)
				continue;
			if (h->nlmsg_type == NLMSG_ERROR) {
				read_reason(g, h);
				return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
			}
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (answer) {
				answer->len = h->nlmsg_len;
				memcpy(answer->buf, h, h->nlmsg_len);
				answer = NULL;
			}
		}
	}
}

static inline int ask(struct genl *g, struct message *m, struct message *answer)
{
	return ask_as(g, m, m->len, answer);
}

static inline void genl_open(struct genl *g, const char *name)
{
	struct timeval patience = { .tv_sec = 10 };
	struct message m, answer;
	size_t at;
	int one = 1, ret;

	memset(g, 0, sizeof(*g));
	g->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (g->fd < 0)
		err(2, "netlink");
	setsockopt(g->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(g->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));

	message_start(&m, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	put(&m, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	answer.len = 0;
	ret = ask(g, &m, &answer);
	if (ret)
		errx(2, "no family %s: %s", name, strerror(-ret));
	for (at = NLMSG_HDRLEN + GENL_HDRLEN; at + NLA_HDRLEN <= answer.len;) {
		struct nlattr *a = (void *)(answer.buf + at);

		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			memcpy(&g->family, (char *)a + NLA_HDRLEN, 2);
		at += NLA_ALIGN(a->nla_len);
	}
	if (!g->family)
		errx(2, "family %s has no number", name);
}

#endif
