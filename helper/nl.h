/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_NL_H
#define ANYGATECTL_NL_H

#include <netlink/msg.h>
#include <netlink/socket.h>

#include "args.h"
#include "extack.h"

/**
 * struct ag - a connection to the module
 * @sk: libnl's socket
 * @family: number of the generic netlink family
 * @group: number of the event group, once subscribed
 * @deaf: no event may come, and ag_receive() will try to change that
 */
struct ag {
	struct nl_sock *sk;
	int family;
	int group;
	bool deaf;
};

/**
 * typedef ag_attrs_fn - called for every message of a reply
 * @attrs: first attribute
 * @len: length of all attributes
 * @arg: what the caller of the request gave
 */
typedef void ag_attrs_fn(const struct nlattr *attrs, int len, void *arg);

/**
 * enum ag_news - what has come by a subscription
 * @AG_NEWS_EVENT: an event of the module
 * @AG_NEWS_LOADED: the module was loaded
 * @AG_NEWS_UNLOADED: the module was unloaded
 */
enum ag_news {
	AG_NEWS_EVENT,
	AG_NEWS_LOADED,
	AG_NEWS_UNLOADED,
};

/**
 * typedef ag_news_fn - called for everything that comes by a subscription
 * @news: what it is
 * @attrs: of an event, first attribute
 * @len: of an event, length of all attributes
 * @arg: what the caller of ag_receive() gave
 */
typedef void ag_news_fn(enum ag_news news, const struct nlattr *attrs, int len,
			void *arg);

int ag_open(struct ag *ag, struct err *e);
void ag_close(struct ag *ag);

struct nl_msg *ag_request(struct ag *ag, uint8_t cmd, int flags);
void ag_put_gate(struct nl_msg *msg, const struct gate_ref *ref,
		 struct reqmap *map);
int ag_do(struct ag *ag, struct nl_msg *msg, ag_attrs_fn *fn, void *arg,
	  struct extack *x);

int ag_join(struct ag *ag, struct nl_sock *sk);
int ag_rejoin(struct ag *ag);
int ag_subscribe(struct ag *ag, struct err *e);
int ag_fd(struct ag *ag);
int ag_receive(struct ag *ag, ag_news_fn *fn, void *arg);

#endif
