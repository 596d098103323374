/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/anygate.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_ANYGATE_GEN_H
#define _LINUX_ANYGATE_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/anygate.h>

/* Common nested types */
extern const struct nla_policy anygate_service_nl_policy[ANYGATE_A_SERVICE_PAD + 1];

int anygate_nl_dump_start(struct netlink_callback *cb);

int anygate_nl_gate_add_doit(struct sk_buff *skb, struct genl_info *info);
int anygate_nl_gate_change_doit(struct sk_buff *skb, struct genl_info *info);
int anygate_nl_gate_del_doit(struct sk_buff *skb, struct genl_info *info);
int anygate_nl_gate_flush_doit(struct sk_buff *skb, struct genl_info *info);
int anygate_nl_gate_get_doit(struct sk_buff *skb, struct genl_info *info);
int anygate_nl_gate_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int anygate_nl_gate_order_doit(struct sk_buff *skb, struct genl_info *info);
int anygate_nl_gate_lease_doit(struct sk_buff *skb, struct genl_info *info);
int anygate_nl_status_get_doit(struct sk_buff *skb, struct genl_info *info);
int anygate_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int anygate_nl_stats_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);

enum {
	ANYGATE_NLGRP_EVENTS,
	ANYGATE_NLGRP_EVENTS_ADMIN,
};

extern struct genl_family anygate_nl_family;

#endif /* _LINUX_ANYGATE_GEN_H */
