// SPDX-License-Identifier: GPL-2.0
/* The group of events, whose number is another one each time the module is loaded. */

#include <linux/anygate.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "nl.h"

/**
 * ag_join() - become a member of the group of events
 * @ag: connection
 * @sk: to ask for numbers on; one that hears no events, or none yet
 *
 * The group that is told who did it, which asks for CAP_NET_ADMIN, or else that
 * for anybody.
 *
 * Return: 0 or libnl's -NLE_*; -NLE_OBJ_NOTFOUND without a module
 */
int ag_join(struct ag *ag, struct nl_sock *sk)
{
	static const char *const names[] = {
		ANYGATE_MCGRP_EVENTS_ADMIN, ANYGATE_MCGRP_EVENTS,
	};
	int group = -NLE_OBJ_NOTFOUND, ret = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		group = genl_ctrl_resolve_grp(sk, ANYGATE_FAMILY_NAME, names[i]);
		if (group < 0)
			continue;
		ret = nl_socket_add_membership(ag->sk, group);
		if (!ret) {
			ag->group = group;
			return 0;
		}
	}
	return group < 0 ? group : ret;
}

/**
 * ag_rejoin() - become a member again, where the module may be another one
 * @ag: connection that is subscribed
 *
 * The family's number may have changed as well, by which events are known.
 *
 * Return: as of ag_join()
 */
int ag_rejoin(struct ag *ag)
{
	struct nl_sock *sk = nl_socket_alloc();
	int ret;

	if (!sk)
		return -NLE_NOMEM;
	ret = genl_connect(sk);
	if (!ret)
		ret = genl_ctrl_resolve(sk, ANYGATE_FAMILY_NAME);
	if (ret > 0) {
		ag->family = ret;
		ret = ag_join(ag, sk);
	}
	nl_socket_free(sk);
	return ret;
}
