// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/anygate.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/anygate.h>

/* Integer value ranges */
static const struct netlink_range_validation anygate_a_gate_up_range = {
	.max	= ANYGATE_DELAY_MAX,
};

static const struct netlink_range_validation anygate_a_gate_down_range = {
	.max	= ANYGATE_DELAY_MAX,
};

static const struct netlink_range_validation anygate_a_gate_shield_range = {
	.max	= ANYGATE_DELAY_MAX,
};

static const struct netlink_range_validation anygate_a_gate_stall_range = {
	.max	= ANYGATE_DELAY_MAX,
};

/* Common nested types */
const struct nla_policy anygate_service_nl_policy[ANYGATE_A_SERVICE_PAD + 1] = {
	[ANYGATE_A_SERVICE_ADDRESS] = { .type = NLA_BINARY, },
	[ANYGATE_A_SERVICE_PROTOCOL] = NLA_POLICY_MAX(NLA_U32, 255),
	[ANYGATE_A_SERVICE_PORT] = { .type = NLA_U32, },
	[ANYGATE_A_SERVICE_LISTENERS] = { .type = NLA_U32, },
	[ANYGATE_A_SERVICE_QUEUE] = { .type = NLA_U32, },
	[ANYGATE_A_SERVICE_LIMIT] = { .type = NLA_U32, },
	[ANYGATE_A_SERVICE_DROPS] = { .type = NLA_U64, },
	[ANYGATE_A_SERVICE_AGE] = { .type = NLA_U64, },
	[ANYGATE_A_SERVICE_STALLED] = { .type = NLA_U32, },
	[ANYGATE_A_SERVICE_DYING] = { .type = NLA_U32, },
};

/* ANYGATE_CMD_GATE_ADD - do */
static const struct nla_policy anygate_gate_add_nl_policy[ANYGATE_A_GATE_WITNESS + 1] = {
	[ANYGATE_A_GATE_PREFIX] = { .type = NLA_BINARY, },
	[ANYGATE_A_GATE_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[ANYGATE_A_GATE_ACTION] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_DEV] = { .type = NLA_NUL_STRING, .len = ANYGATE_DEVNAME_MAX, },
	[ANYGATE_A_GATE_TABLE] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_METRIC] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_HOLD] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_UP] = NLA_POLICY_FULL_RANGE(NLA_U32, &anygate_a_gate_up_range),
	[ANYGATE_A_GATE_DOWN] = NLA_POLICY_FULL_RANGE(NLA_U32, &anygate_a_gate_down_range),
	[ANYGATE_A_GATE_LISTEN_POLICY] = NLA_POLICY_MAX(NLA_U32, 2),
	[ANYGATE_A_GATE_LISTEN_DEV] = { .type = NLA_NUL_STRING, .len = ANYGATE_DEVNAME_MAX, },
	[ANYGATE_A_GATE_SERVICE] = NLA_POLICY_NESTED(anygate_service_nl_policy),
	[ANYGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
	[ANYGATE_A_GATE_NEED] = NLA_POLICY_MAX(NLA_U32, ANYGATE_SERVICES_MAX),
	[ANYGATE_A_GATE_DAMP] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_DAMP_PENALTY] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_DAMP_SUPPRESS] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_DAMP_REUSE] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_DAMP_HALF_LIFE] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_DAMP_MAX] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_REQUIRE] = { .type = NLA_STRING, .len = ANYGATE_NAME_MAX, },
	[ANYGATE_A_GATE_ON_EXPIRY] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_FALLBACK_VIA] = { .type = NLA_BINARY, },
	[ANYGATE_A_GATE_FALLBACK_DEV] = { .type = NLA_NUL_STRING, .len = ANYGATE_DEVNAME_MAX, },
	[ANYGATE_A_GATE_OBSERVE] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_SHIELD] = NLA_POLICY_FULL_RANGE(NLA_U32, &anygate_a_gate_shield_range),
	[ANYGATE_A_GATE_STALL] = NLA_POLICY_FULL_RANGE(NLA_U32, &anygate_a_gate_stall_range),
	[ANYGATE_A_GATE_STALL_MEMBERS] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_FATAL] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_WITNESS] = { .type = NLA_U32, },
};

/* ANYGATE_CMD_GATE_CHANGE - do */
static const struct nla_policy anygate_gate_change_nl_policy[ANYGATE_A_GATE_WITNESS + 1] = {
	[ANYGATE_A_GATE_PREFIX] = { .type = NLA_BINARY, },
	[ANYGATE_A_GATE_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[ANYGATE_A_GATE_ACTION] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_DEV] = { .type = NLA_NUL_STRING, .len = ANYGATE_DEVNAME_MAX, },
	[ANYGATE_A_GATE_TABLE] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_METRIC] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_HOLD] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_UP] = NLA_POLICY_FULL_RANGE(NLA_U32, &anygate_a_gate_up_range),
	[ANYGATE_A_GATE_DOWN] = NLA_POLICY_FULL_RANGE(NLA_U32, &anygate_a_gate_down_range),
	[ANYGATE_A_GATE_LISTEN_POLICY] = NLA_POLICY_MAX(NLA_U32, 2),
	[ANYGATE_A_GATE_LISTEN_DEV] = { .type = NLA_NUL_STRING, .len = ANYGATE_DEVNAME_MAX, },
	[ANYGATE_A_GATE_SERVICE] = NLA_POLICY_NESTED(anygate_service_nl_policy),
	[ANYGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
	[ANYGATE_A_GATE_NEED] = NLA_POLICY_MAX(NLA_U32, ANYGATE_SERVICES_MAX),
	[ANYGATE_A_GATE_DAMP] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_DAMP_PENALTY] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_DAMP_SUPPRESS] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_DAMP_REUSE] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_DAMP_HALF_LIFE] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_DAMP_MAX] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_REQUIRE] = { .type = NLA_STRING, .len = ANYGATE_NAME_MAX, },
	[ANYGATE_A_GATE_ON_EXPIRY] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_FALLBACK_VIA] = { .type = NLA_BINARY, },
	[ANYGATE_A_GATE_FALLBACK_DEV] = { .type = NLA_NUL_STRING, .len = ANYGATE_DEVNAME_MAX, },
	[ANYGATE_A_GATE_OBSERVE] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_SHIELD] = NLA_POLICY_FULL_RANGE(NLA_U32, &anygate_a_gate_shield_range),
	[ANYGATE_A_GATE_STALL] = NLA_POLICY_FULL_RANGE(NLA_U32, &anygate_a_gate_stall_range),
	[ANYGATE_A_GATE_STALL_MEMBERS] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_FATAL] = NLA_POLICY_MAX(NLA_U32, 1),
	[ANYGATE_A_GATE_WITNESS] = { .type = NLA_U32, },
};

/* ANYGATE_CMD_GATE_DEL - do */
static const struct nla_policy anygate_gate_del_nl_policy[ANYGATE_A_GATE_NAME + 1] = {
	[ANYGATE_A_GATE_PREFIX] = { .type = NLA_BINARY, },
	[ANYGATE_A_GATE_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[ANYGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
};

/* ANYGATE_CMD_GATE_FLUSH - do */
static const struct nla_policy anygate_gate_flush_nl_policy[ANYGATE_A_GATE_NAME + 1] = {
	[ANYGATE_A_GATE_PREFIX] = { .type = NLA_BINARY, },
	[ANYGATE_A_GATE_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[ANYGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
};

/* ANYGATE_CMD_GATE_GET - do */
static const struct nla_policy anygate_gate_get_do_nl_policy[ANYGATE_A_GATE_COUNT_FLOWS + 1] = {
	[ANYGATE_A_GATE_PREFIX] = { .type = NLA_BINARY, },
	[ANYGATE_A_GATE_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[ANYGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
	[ANYGATE_A_GATE_COUNT_FLOWS] = { .type = NLA_FLAG, },
};

/* ANYGATE_CMD_GATE_GET - dump */
static const struct nla_policy anygate_gate_get_dump_nl_policy[ANYGATE_A_GATE_COUNT_FLOWS + 1] = {
	[ANYGATE_A_GATE_PREFIX] = { .type = NLA_BINARY, },
	[ANYGATE_A_GATE_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[ANYGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
	[ANYGATE_A_GATE_COUNT_FLOWS] = { .type = NLA_FLAG, },
};

/* ANYGATE_CMD_GATE_ORDER - do */
static const struct nla_policy anygate_gate_order_nl_policy[ANYGATE_A_GATE_FORCE + 1] = {
	[ANYGATE_A_GATE_PREFIX] = { .type = NLA_BINARY, },
	[ANYGATE_A_GATE_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[ANYGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
	[ANYGATE_A_GATE_ORDER] = NLA_POLICY_MAX(NLA_U32, 5),
	[ANYGATE_A_GATE_FOR] = NLA_POLICY_MIN(NLA_U32, 1),
	[ANYGATE_A_GATE_FORCE] = { .type = NLA_FLAG, },
};

/* ANYGATE_CMD_GATE_LEASE - do */
static const struct nla_policy anygate_gate_lease_nl_policy[ANYGATE_A_GATE_VERDICT + 1] = {
	[ANYGATE_A_GATE_PREFIX] = { .type = NLA_BINARY, },
	[ANYGATE_A_GATE_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[ANYGATE_A_GATE_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
	[ANYGATE_A_GATE_LEASE_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
	[ANYGATE_A_GATE_VERDICT] = NLA_POLICY_MAX(NLA_U32, 2),
	[ANYGATE_A_GATE_FOR] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* ANYGATE_CMD_STATS_GET - do */
static const struct nla_policy anygate_stats_get_do_nl_policy[ANYGATE_A_STATS_NAME + 1] = {
	[ANYGATE_A_STATS_PREFIX] = { .type = NLA_BINARY, },
	[ANYGATE_A_STATS_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[ANYGATE_A_STATS_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
};

/* ANYGATE_CMD_STATS_GET - dump */
static const struct nla_policy anygate_stats_get_dump_nl_policy[ANYGATE_A_STATS_NAME + 1] = {
	[ANYGATE_A_STATS_PREFIX] = { .type = NLA_BINARY, },
	[ANYGATE_A_STATS_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[ANYGATE_A_STATS_NAME] = { .type = NLA_NUL_STRING, .len = ANYGATE_NAME_MAX, },
};

/* Ops table for anygate */
static const struct genl_split_ops anygate_nl_ops[] = {
	{
		.cmd		= ANYGATE_CMD_GATE_ADD,
		.doit		= anygate_nl_gate_add_doit,
		.policy		= anygate_gate_add_nl_policy,
		.maxattr	= ANYGATE_A_GATE_WITNESS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ANYGATE_CMD_GATE_CHANGE,
		.doit		= anygate_nl_gate_change_doit,
		.policy		= anygate_gate_change_nl_policy,
		.maxattr	= ANYGATE_A_GATE_WITNESS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ANYGATE_CMD_GATE_DEL,
		.doit		= anygate_nl_gate_del_doit,
		.policy		= anygate_gate_del_nl_policy,
		.maxattr	= ANYGATE_A_GATE_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ANYGATE_CMD_GATE_FLUSH,
		.doit		= anygate_nl_gate_flush_doit,
		.policy		= anygate_gate_flush_nl_policy,
		.maxattr	= ANYGATE_A_GATE_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ANYGATE_CMD_GATE_GET,
		.doit		= anygate_nl_gate_get_doit,
		.policy		= anygate_gate_get_do_nl_policy,
		.maxattr	= ANYGATE_A_GATE_COUNT_FLOWS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ANYGATE_CMD_GATE_GET,
		.start		= anygate_nl_dump_start,
		.dumpit		= anygate_nl_gate_get_dumpit,
		.policy		= anygate_gate_get_dump_nl_policy,
		.maxattr	= ANYGATE_A_GATE_COUNT_FLOWS,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= ANYGATE_CMD_GATE_ORDER,
		.doit		= anygate_nl_gate_order_doit,
		.policy		= anygate_gate_order_nl_policy,
		.maxattr	= ANYGATE_A_GATE_FORCE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ANYGATE_CMD_GATE_LEASE,
		.doit		= anygate_nl_gate_lease_doit,
		.policy		= anygate_gate_lease_nl_policy,
		.maxattr	= ANYGATE_A_GATE_VERDICT,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= ANYGATE_CMD_STATUS_GET,
		.doit	= anygate_nl_status_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ANYGATE_CMD_STATS_GET,
		.doit		= anygate_nl_stats_get_doit,
		.policy		= anygate_stats_get_do_nl_policy,
		.maxattr	= ANYGATE_A_STATS_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= ANYGATE_CMD_STATS_GET,
		.start		= anygate_nl_dump_start,
		.dumpit		= anygate_nl_stats_get_dumpit,
		.policy		= anygate_stats_get_dump_nl_policy,
		.maxattr	= ANYGATE_A_STATS_NAME,
		.flags		= GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group anygate_nl_mcgrps[] = {
	[ANYGATE_NLGRP_EVENTS] = { "events", },
	[ANYGATE_NLGRP_EVENTS_ADMIN] = { "events-admin", },
};

struct genl_family anygate_nl_family __ro_after_init = {
	.name		= ANYGATE_FAMILY_NAME,
	.version	= ANYGATE_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= anygate_nl_ops,
	.n_split_ops	= ARRAY_SIZE(anygate_nl_ops),
	.mcgrps		= anygate_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(anygate_nl_mcgrps),
};
