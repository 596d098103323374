// SPDX-License-Identifier: GPL-2.0
/*
 * The words of the netlink specification. The assertions catch a table that
 * is short; the unit test compares every word with the specification.
 */

#include <assert.h>
#include <linux/anygate.h>
#include <stdio.h>

#include "names.h"
#include "util.h"

#define DEFINE_NAMES(var, text, last, ...)				\
	static const char *const var##_table[] = { __VA_ARGS__ };	\
	static_assert(ARRAY_SIZE(var##_table) == (last) + 1, text);	\
	const struct names var##_names = {				\
		.what = text,						\
		.name = var##_table,					\
		.n = ARRAY_SIZE(var##_table),				\
	}

DEFINE_NAMES(action, "action", ANYGATE_ACTION_ROUTE,
	[ANYGATE_ACTION_ADDRESS]	= "address",
	[ANYGATE_ACTION_ROUTE]		= "route",
);

DEFINE_NAMES(switch, "switch", ANYGATE_SWITCH_ON,
	[ANYGATE_SWITCH_OFF]	= "off",
	[ANYGATE_SWITCH_ON]	= "on",
);

DEFINE_NAMES(listen_policy, "listen-policy", ANYGATE_LISTEN_POLICY_DEV,
	[ANYGATE_LISTEN_POLICY_ANY]	= "any",
	[ANYGATE_LISTEN_POLICY_NONE]	= "none",
	[ANYGATE_LISTEN_POLICY_DEV]	= "dev",
);

DEFINE_NAMES(state, "state", ANYGATE_STATE_KEPT,
	[ANYGATE_STATE_CLOSED]	= "closed",
	[ANYGATE_STATE_OPENING]	= "opening",
	[ANYGATE_STATE_OPEN]	= "open",
	[ANYGATE_STATE_CLOSING]	= "closing",
	[ANYGATE_STATE_DAMPED]	= "damped",
	[ANYGATE_STATE_DRAINED]	= "drained",
	[ANYGATE_STATE_PINNED]	= "pinned",
	[ANYGATE_STATE_KEPT]	= "kept",
);

DEFINE_NAMES(reason, "reason", ANYGATE_REASON_ALONE,
	[ANYGATE_REASON_ADDED]		= "added",
	[ANYGATE_REASON_NO_LISTENER]	= "no-listener",
	[ANYGATE_REASON_LISTENER]	= "listener",
	[ANYGATE_REASON_UP_DELAY]	= "up-delay",
	[ANYGATE_REASON_DOWN_DELAY]	= "down-delay",
	[ANYGATE_REASON_DELETED]	= "deleted",
	[ANYGATE_REASON_DAMPED]		= "damped",
	[ANYGATE_REASON_DRAINED]	= "drained",
	[ANYGATE_REASON_PINNED]		= "pinned",
	[ANYGATE_REASON_LEASE_MISSING]	= "lease-missing",
	[ANYGATE_REASON_LEASE_DOWN]	= "lease-down",
	[ANYGATE_REASON_LEASE_EXPIRED]	= "lease-expired",
	[ANYGATE_REASON_STALLED]	= "stalled",
	[ANYGATE_REASON_DYING]		= "dying",
	[ANYGATE_REASON_ALONE]		= "alone",
);

DEFINE_NAMES(difference, "difference", ANYGATE_DIFFERENCE_OBSERVING,
	[ANYGATE_DIFFERENCE_NONE]	= "none",
	[ANYGATE_DIFFERENCE_ERROR]	= "error",
	[ANYGATE_DIFFERENCE_CONTESTED]	= "contested",
	[ANYGATE_DIFFERENCE_FOREIGN]	= "foreign",
	[ANYGATE_DIFFERENCE_NO_DEVICE]	= "no-device",
	[ANYGATE_DIFFERENCE_PENDING]	= "pending",
	[ANYGATE_DIFFERENCE_OBSERVING]	= "observing",
);

DEFINE_NAMES(source, "source", ANYGATE_SOURCE_TABLE,
	[ANYGATE_SOURCE_PROBE]		= "probe",
	[ANYGATE_SOURCE_RECONCILE]	= "reconcile",
	[ANYGATE_SOURCE_TIMER]		= "timer",
	[ANYGATE_SOURCE_REQUEST]	= "request",
	[ANYGATE_SOURCE_TABLE]		= "table",
);

DEFINE_NAMES(order, "order", ANYGATE_ORDER_UNDAMP,
	[ANYGATE_ORDER_FOLLOW]		= "follow",
	[ANYGATE_ORDER_DRAIN]		= "drain",
	[ANYGATE_ORDER_PIN]		= "pin",
	[ANYGATE_ORDER_OBSERVE]		= "observe",
	[ANYGATE_ORDER_UNOBSERVE]	= "unobserve",
	[ANYGATE_ORDER_UNDAMP]		= "undamp",
);

DEFINE_NAMES(on_expiry, "on-expiry", ANYGATE_ON_EXPIRY_IGNORE,
	[ANYGATE_ON_EXPIRY_WITHDRAW]	= "withdraw",
	[ANYGATE_ON_EXPIRY_IGNORE]	= "ignore",
);

DEFINE_NAMES(members, "members", ANYGATE_MEMBERS_ANY,
	[ANYGATE_MEMBERS_ALL]	= "all",
	[ANYGATE_MEMBERS_ANY]	= "any",
);

DEFINE_NAMES(verdict, "verdict", ANYGATE_VERDICT_DOWN,
	[ANYGATE_VERDICT_NONE]	= "none",
	[ANYGATE_VERDICT_UP]	= "up",
	[ANYGATE_VERDICT_DOWN]	= "down",
);

DEFINE_NAMES(event_kind, "event-kind", ANYGATE_EVENT_KIND_FLOWS,
	[ANYGATE_EVENT_KIND_ADDED]	= "added",
	[ANYGATE_EVENT_KIND_CHANGED]	= "changed",
	[ANYGATE_EVENT_KIND_DELETED]	= "deleted",
	[ANYGATE_EVENT_KIND_TRANSITION]	= "transition",
	[ANYGATE_EVENT_KIND_ANNOUNCED]	= "announced",
	[ANYGATE_EVENT_KIND_ERROR]	= "error",
	[ANYGATE_EVENT_KIND_CONTESTED]	= "contested",
	[ANYGATE_EVENT_KIND_FOREIGN]	= "foreign",
	[ANYGATE_EVENT_KIND_DEGRADED]	= "degraded",
	[ANYGATE_EVENT_KIND_LIVE]	= "live",
	[ANYGATE_EVENT_KIND_ORDER]	= "order",
	[ANYGATE_EVENT_KIND_LEASE]	= "lease",
	[ANYGATE_EVENT_KIND_SHIELD]	= "shield",
	[ANYGATE_EVENT_KIND_FLOWS]	= "flows",
);

DEFINE_NAMES(probes, "probes", ANYGATE_PROBES_DEGRADED,
	[ANYGATE_PROBES_IDLE]		= "idle",
	[ANYGATE_PROBES_LIVE]		= "live",
	[ANYGATE_PROBES_DEGRADED]	= "degraded",
);

DEFINE_NAMES(service_attr, "service", ANYGATE_A_SERVICE_MAX,
	[ANYGATE_A_SERVICE_ADDRESS]	= "address",
	[ANYGATE_A_SERVICE_PROTOCOL]	= "protocol",
	[ANYGATE_A_SERVICE_PORT]	= "port",
	[ANYGATE_A_SERVICE_LISTENERS]	= "listeners",
	[ANYGATE_A_SERVICE_QUEUE]	= "queue",
	[ANYGATE_A_SERVICE_LIMIT]	= "limit",
	[ANYGATE_A_SERVICE_DROPS]	= "drops",
	[ANYGATE_A_SERVICE_AGE]		= "age",
	[ANYGATE_A_SERVICE_STALLED]	= "stalled",
	[ANYGATE_A_SERVICE_DYING]	= "dying",
	[ANYGATE_A_SERVICE_PAD]		= "pad",
);

DEFINE_NAMES(lease_attr, "lease", ANYGATE_A_LEASE_MAX,
	[ANYGATE_A_LEASE_NAME]		= "name",
	[ANYGATE_A_LEASE_VERDICT]	= "verdict",
	[ANYGATE_A_LEASE_EXPIRES]	= "expires",
	[ANYGATE_A_LEASE_PAD]		= "pad",
);

DEFINE_NAMES(gate_attr, "gate", ANYGATE_A_GATE_MAX,
	[ANYGATE_A_GATE_ID]		= "id",
	[ANYGATE_A_GATE_PREFIX]		= "prefix",
	[ANYGATE_A_GATE_PREFIX_LEN]	= "prefix-len",
	[ANYGATE_A_GATE_ACTION]		= "action",
	[ANYGATE_A_GATE_DEV]		= "dev",
	[ANYGATE_A_GATE_TABLE]		= "table",
	[ANYGATE_A_GATE_METRIC]		= "metric",
	[ANYGATE_A_GATE_HOLD]		= "hold",
	[ANYGATE_A_GATE_UP]		= "up",
	[ANYGATE_A_GATE_DOWN]		= "down",
	[ANYGATE_A_GATE_LISTEN_POLICY]	= "listen-policy",
	[ANYGATE_A_GATE_LISTEN_DEV]	= "listen-dev",
	[ANYGATE_A_GATE_SERVICE]	= "service",
	[ANYGATE_A_GATE_NAME]		= "name",
	[ANYGATE_A_GATE_NEED]		= "need",
	[ANYGATE_A_GATE_DAMP]		= "damp",
	[ANYGATE_A_GATE_DAMP_PENALTY]	= "damp-penalty",
	[ANYGATE_A_GATE_DAMP_SUPPRESS]	= "damp-suppress",
	[ANYGATE_A_GATE_DAMP_REUSE]	= "damp-reuse",
	[ANYGATE_A_GATE_DAMP_HALF_LIFE]	= "damp-half-life",
	[ANYGATE_A_GATE_DAMP_MAX]	= "damp-max",
	[ANYGATE_A_GATE_REQUIRE]	= "require",
	[ANYGATE_A_GATE_ON_EXPIRY]	= "on-expiry",
	[ANYGATE_A_GATE_FALLBACK_VIA]	= "fallback-via",
	[ANYGATE_A_GATE_FALLBACK_DEV]	= "fallback-dev",
	[ANYGATE_A_GATE_ORDER]		= "order",
	[ANYGATE_A_GATE_FOR]		= "for",
	[ANYGATE_A_GATE_FORCE]		= "force",
	[ANYGATE_A_GATE_LEASE_NAME]	= "lease-name",
	[ANYGATE_A_GATE_VERDICT]	= "verdict",
	[ANYGATE_A_GATE_ORDER_UNTIL]	= "order-until",
	[ANYGATE_A_GATE_OBSERVE]	= "observe",
	[ANYGATE_A_GATE_OBSERVE_UNTIL]	= "observe-until",
	[ANYGATE_A_GATE_LEASE]		= "lease",
	[ANYGATE_A_GATE_FALLBACK]	= "fallback",
	[ANYGATE_A_GATE_FIGURE]		= "figure",
	[ANYGATE_A_GATE_RELEASE_AT]	= "release-at",
	[ANYGATE_A_GATE_STATE]		= "state",
	[ANYGATE_A_GATE_REASON]		= "reason",
	[ANYGATE_A_GATE_SINCE]		= "since",
	[ANYGATE_A_GATE_DEADLINE]	= "deadline",
	[ANYGATE_A_GATE_ANNOUNCED]	= "announced",
	[ANYGATE_A_GATE_DIFFERENCE]	= "difference",
	[ANYGATE_A_GATE_ERROR]		= "error",
	[ANYGATE_A_GATE_ERROR_MSG]	= "error-msg",
	[ANYGATE_A_GATE_RETRIES]	= "retries",
	[ANYGATE_A_GATE_RETRY_AT]	= "retry-at",
	[ANYGATE_A_GATE_CONTESTED]	= "contested",
	[ANYGATE_A_GATE_ADOPTED]	= "adopted",
	[ANYGATE_A_GATE_OPENED]		= "opened",
	[ANYGATE_A_GATE_CLOSED]		= "closed",
	[ANYGATE_A_GATE_FLAPS]		= "flaps",
	[ANYGATE_A_GATE_CLOSER_PID]	= "closer-pid",
	[ANYGATE_A_GATE_CLOSER_COMM]	= "closer-comm",
	[ANYGATE_A_GATE_PAD]		= "pad",
	[ANYGATE_A_GATE_KIND]		= "kind",
	[ANYGATE_A_GATE_SEQ]		= "seq",
	[ANYGATE_A_GATE_TIME]		= "time",
	[ANYGATE_A_GATE_OLD_STATE]	= "old-state",
	[ANYGATE_A_GATE_SOURCE]		= "source",
	[ANYGATE_A_GATE_TRIGGER]	= "trigger",
	[ANYGATE_A_GATE_PID]		= "pid",
	[ANYGATE_A_GATE_COMM]		= "comm",
	[ANYGATE_A_GATE_WAIT_NS]	= "wait-ns",
	[ANYGATE_A_GATE_PROBE_NS]	= "probe-ns",
	[ANYGATE_A_GATE_ACT_NS]		= "act-ns",
	[ANYGATE_A_GATE_TOTAL_NS]	= "total-ns",
	[ANYGATE_A_GATE_PROBES]		= "probes",
	[ANYGATE_A_GATE_SHIELD]		= "shield",
	[ANYGATE_A_GATE_STALL]		= "stall",
	[ANYGATE_A_GATE_STALL_MEMBERS]	= "stall-members",
	[ANYGATE_A_GATE_FATAL]		= "fatal",
	[ANYGATE_A_GATE_SHIELD_UNTIL]	= "shield-until",
	[ANYGATE_A_GATE_SHIELD_DROPPED]	= "shield-dropped",
	[ANYGATE_A_GATE_SHIELD_FIRST]	= "shield-first",
	[ANYGATE_A_GATE_SHIELD_LAST]	= "shield-last",
	[ANYGATE_A_GATE_SHIELD_LATELY]	= "shield-lately",
	[ANYGATE_A_GATE_COUNT_FLOWS]	= "count-flows",
	[ANYGATE_A_GATE_FLOWS]		= "flows",
	[ANYGATE_A_GATE_WITNESS]	= "witness",
);

/**
 * name_of() - the word for a value
 * @names: of which enum
 * @value: as the kernel sent it
 *
 * Return: the word; for a value that a newer module knows and we do not, the
 * number, in one of a few static buffers that take turns.
 */
const char *name_of(const struct names *names, uint32_t value)
{
	static char number[4][16];
	static unsigned int turn;
	char *buf;

	if (value < names->n && names->name[value])
		return names->name[value];
	buf = number[turn++ % ARRAY_SIZE(number)];
	snprintf(buf, sizeof(number[0]), "%u", value);
	return buf;
}
