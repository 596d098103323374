/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/anygate.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_ANYGATE_H
#define _UAPI_LINUX_ANYGATE_H

#define ANYGATE_FAMILY_NAME	"anygate"
#define ANYGATE_FAMILY_VERSION	1

#define ANYGATE_DELAY_MAX	3600000
#define ANYGATE_DEVNAME_MAX	15
#define ANYGATE_SERVICES_MAX	64
#define ANYGATE_NAME_MAX	31
#define ANYGATE_LEASES_MAX	16
#define ANYGATE_DAMP_MAX	1000000
#define ANYGATE_STALL_MIN	100
#define ANYGATE_LISTENERS_MAX	64

/**
 * enum anygate_action - What an open gate puts into the kernel's tables.
 * @ANYGATE_ACTION_ADDRESS: The prefix as an address on "dev" (redistribute
 *   connected, direct).
 * @ANYGATE_ACTION_ROUTE: A blackhole route for the prefix in "table"
 *   (redistribute kernel, learn).
 */
enum anygate_action {
	ANYGATE_ACTION_ADDRESS,
	ANYGATE_ACTION_ROUTE,
};

enum anygate_switch {
	ANYGATE_SWITCH_OFF,
	ANYGATE_SWITCH_ON,
};

/**
 * enum anygate_listen_policy - Which listeners bound to a device or VRF count.
 * @ANYGATE_LISTEN_POLICY_ANY: Every listener counts, whatever device it is
 *   bound to.
 * @ANYGATE_LISTEN_POLICY_NONE: Only listeners that are not bound to a device
 *   count.
 * @ANYGATE_LISTEN_POLICY_DEV: Listeners count that receive what arrives on
 *   "listen-dev".
 */
enum anygate_listen_policy {
	ANYGATE_LISTEN_POLICY_ANY,
	ANYGATE_LISTEN_POLICY_NONE,
	ANYGATE_LISTEN_POLICY_DEV,
};

/**
 * enum anygate_state - What the gate has decided. The prefix is wanted in
 *   "open", "closing", "pinned" and "kept".
 * @ANYGATE_STATE_CLOSED: Not enough services have a listener.
 * @ANYGATE_STATE_OPENING: Listeners are there, the "up" delay is running.
 * @ANYGATE_STATE_OPEN: Listeners are there and the prefix is wanted.
 * @ANYGATE_STATE_CLOSING: Listeners are gone, the "down" delay is running.
 * @ANYGATE_STATE_DAMPED: Listeners are there, but have come and gone too often
 *   of late.
 * @ANYGATE_STATE_DRAINED: Withdrawn by order, whatever the listeners.
 * @ANYGATE_STATE_PINNED: Announced by order, whatever the listeners.
 * @ANYGATE_STATE_KEPT: Announced without listeners, because nobody else is
 *   known to announce the prefix.
 */
enum anygate_state {
	ANYGATE_STATE_CLOSED,
	ANYGATE_STATE_OPENING,
	ANYGATE_STATE_OPEN,
	ANYGATE_STATE_CLOSING,
	ANYGATE_STATE_DAMPED,
	ANYGATE_STATE_DRAINED,
	ANYGATE_STATE_PINNED,
	ANYGATE_STATE_KEPT,
};

/**
 * enum anygate_reason - Why the gate is in its state; one closed set.
 * @ANYGATE_REASON_ADDED: The gate is new and has not looked yet.
 * @ANYGATE_REASON_NO_LISTENER: A service has no listener.
 * @ANYGATE_REASON_LISTENER: Every service that is needed has a listener.
 * @ANYGATE_REASON_UP_DELAY: The listener has not been there for the whole "up"
 *   time.
 * @ANYGATE_REASON_DOWN_DELAY: The listener has not been gone for the whole
 *   "down" time.
 * @ANYGATE_REASON_DELETED: The gate is being removed.
 * @ANYGATE_REASON_DAMPED: The penalty has not decayed to "reuse" yet.
 * @ANYGATE_REASON_DRAINED: Somebody ordered the gate drained.
 * @ANYGATE_REASON_PINNED: Somebody ordered the gate pinned.
 * @ANYGATE_REASON_LEASE_MISSING: A lease that the gate requires has not been
 *   reported yet.
 * @ANYGATE_REASON_LEASE_DOWN: A lease that the gate requires says down.
 * @ANYGATE_REASON_LEASE_EXPIRED: A lease that the gate requires has run out.
 * @ANYGATE_REASON_STALLED: A service has listeners, but what waits in their
 *   queues has not moved for "stall".
 * @ANYGATE_REASON_DYING: The process that holds a service's last listener
 *   dumps core or exits.
 * @ANYGATE_REASON_ALONE: The services are down, but the witness table has no
 *   other path to the prefix.
 */
enum anygate_reason {
	ANYGATE_REASON_ADDED,
	ANYGATE_REASON_NO_LISTENER,
	ANYGATE_REASON_LISTENER,
	ANYGATE_REASON_UP_DELAY,
	ANYGATE_REASON_DOWN_DELAY,
	ANYGATE_REASON_DELETED,
	ANYGATE_REASON_DAMPED,
	ANYGATE_REASON_DRAINED,
	ANYGATE_REASON_PINNED,
	ANYGATE_REASON_LEASE_MISSING,
	ANYGATE_REASON_LEASE_DOWN,
	ANYGATE_REASON_LEASE_EXPIRED,
	ANYGATE_REASON_STALLED,
	ANYGATE_REASON_DYING,
	ANYGATE_REASON_ALONE,
};

/**
 * enum anygate_difference - Why "announced" is not what "state" asks for.
 * @ANYGATE_DIFFERENCE_NONE: The kernel's tables hold what the state asks for.
 * @ANYGATE_DIFFERENCE_ERROR: The last attempt to change the tables failed; see
 *   error and error-msg.
 * @ANYGATE_DIFFERENCE_CONTESTED: Another program keeps undoing what the gate
 *   did.
 * @ANYGATE_DIFFERENCE_FOREIGN: The object belongs to another program and is
 *   left alone.
 * @ANYGATE_DIFFERENCE_NO_DEVICE: The device does not exist or is down.
 * @ANYGATE_DIFFERENCE_PENDING: The change is under way, or the look that is to
 *   decide on it, waiting for the kernel's routing lock.
 * @ANYGATE_DIFFERENCE_OBSERVING: The gate only observes and touches nothing.
 */
enum anygate_difference {
	ANYGATE_DIFFERENCE_NONE,
	ANYGATE_DIFFERENCE_ERROR,
	ANYGATE_DIFFERENCE_CONTESTED,
	ANYGATE_DIFFERENCE_FOREIGN,
	ANYGATE_DIFFERENCE_NO_DEVICE,
	ANYGATE_DIFFERENCE_PENDING,
	ANYGATE_DIFFERENCE_OBSERVING,
};

/**
 * enum anygate_source - What made the gate look at its services.
 * @ANYGATE_SOURCE_PROBE: A socket event.
 * @ANYGATE_SOURCE_RECONCILE: The periodic reconcile found what no socket event
 *   had told.
 * @ANYGATE_SOURCE_TIMER: A delay ran out, or a retry was due.
 * @ANYGATE_SOURCE_REQUEST: Somebody asked by netlink.
 * @ANYGATE_SOURCE_TABLE: Somebody changed an address or a device.
 */
enum anygate_source {
	ANYGATE_SOURCE_PROBE,
	ANYGATE_SOURCE_RECONCILE,
	ANYGATE_SOURCE_TIMER,
	ANYGATE_SOURCE_REQUEST,
	ANYGATE_SOURCE_TABLE,
};

/**
 * enum anygate_order - What an operator wants of a gate.
 * @ANYGATE_ORDER_FOLLOW: Follow the services; ends drain and pin.
 * @ANYGATE_ORDER_DRAIN: Withdraw, whatever the services.
 * @ANYGATE_ORDER_PIN: Announce, whatever the services. Without "for" it needs
 *   "force".
 * @ANYGATE_ORDER_OBSERVE: Go on deciding and reporting, but touch nothing.
 * @ANYGATE_ORDER_UNOBSERVE: Touch the tables again, from what they hold,
 *   without a flap.
 * @ANYGATE_ORDER_UNDAMP: Forget the penalty.
 */
enum anygate_order {
	ANYGATE_ORDER_FOLLOW,
	ANYGATE_ORDER_DRAIN,
	ANYGATE_ORDER_PIN,
	ANYGATE_ORDER_OBSERVE,
	ANYGATE_ORDER_UNOBSERVE,
	ANYGATE_ORDER_UNDAMP,
};

/**
 * enum anygate_on_expiry - What a lease that has run out means.
 * @ANYGATE_ON_EXPIRY_WITHDRAW: The same as down.
 * @ANYGATE_ON_EXPIRY_IGNORE: Nothing; the lease has no part in the decision
 *   until the next report.
 */
enum anygate_on_expiry {
	ANYGATE_ON_EXPIRY_WITHDRAW,
	ANYGATE_ON_EXPIRY_IGNORE,
};

/**
 * enum anygate_members - How many of a service's listeners must have stalled
 *   before it counts as gone.
 * @ANYGATE_MEMBERS_ALL: All of them.
 * @ANYGATE_MEMBERS_ANY: One is enough, for the clients that the kernel sends
 *   to it.
 */
enum anygate_members {
	ANYGATE_MEMBERS_ALL,
	ANYGATE_MEMBERS_ANY,
};

/**
 * enum anygate_verdict - What a lease says.
 * @ANYGATE_VERDICT_NONE: Nothing has been reported yet.
 */
enum anygate_verdict {
	ANYGATE_VERDICT_NONE,
	ANYGATE_VERDICT_UP,
	ANYGATE_VERDICT_DOWN,
};

/**
 * enum anygate_event_kind
 * @ANYGATE_EVENT_KIND_ADDED: A gate was added.
 * @ANYGATE_EVENT_KIND_CHANGED: A gate's configuration was changed.
 * @ANYGATE_EVENT_KIND_DELETED: A gate was removed.
 * @ANYGATE_EVENT_KIND_TRANSITION: A gate's state changed.
 * @ANYGATE_EVENT_KIND_ANNOUNCED: The kernel's tables changed without a change
 *   of state.
 * @ANYGATE_EVENT_KIND_ERROR: A change of the kernel's tables failed; it is
 *   retried.
 * @ANYGATE_EVENT_KIND_CONTESTED: Another program undid what the gate did.
 * @ANYGATE_EVENT_KIND_FOREIGN: Another program put the object there while the
 *   gate is closed.
 * @ANYGATE_EVENT_KIND_DEGRADED: Socket events no longer arrive; the gates rely
 *   on the reconcile.
 * @ANYGATE_EVENT_KIND_LIVE: Socket events arrive again.
 * @ANYGATE_EVENT_KIND_ORDER: An operator gave an order, or one has run out.
 * @ANYGATE_EVENT_KIND_LEASE: A lease changed its verdict, or has run out.
 * @ANYGATE_EVENT_KIND_SHIELD: The shield has come down; tells what it dropped.
 * @ANYGATE_EVENT_KIND_FLOWS: The prefix was withdrawn; tells how many TCP
 *   connections are left.
 */
enum anygate_event_kind {
	ANYGATE_EVENT_KIND_ADDED,
	ANYGATE_EVENT_KIND_CHANGED,
	ANYGATE_EVENT_KIND_DELETED,
	ANYGATE_EVENT_KIND_TRANSITION,
	ANYGATE_EVENT_KIND_ANNOUNCED,
	ANYGATE_EVENT_KIND_ERROR,
	ANYGATE_EVENT_KIND_CONTESTED,
	ANYGATE_EVENT_KIND_FOREIGN,
	ANYGATE_EVENT_KIND_DEGRADED,
	ANYGATE_EVENT_KIND_LIVE,
	ANYGATE_EVENT_KIND_ORDER,
	ANYGATE_EVENT_KIND_LEASE,
	ANYGATE_EVENT_KIND_SHIELD,
	ANYGATE_EVENT_KIND_FLOWS,
};

/**
 * enum anygate_probes - Health of the socket events.
 * @ANYGATE_PROBES_IDLE: No gate needs them.
 * @ANYGATE_PROBES_LIVE: Armed, and the canary was heard.
 * @ANYGATE_PROBES_DEGRADED: Missing or silenced; gates rely on a faster
 *   reconcile.
 */
enum anygate_probes {
	ANYGATE_PROBES_IDLE,
	ANYGATE_PROBES_LIVE,
	ANYGATE_PROBES_DEGRADED,
};

enum {
	ANYGATE_A_SERVICE_ADDRESS = 1,
	ANYGATE_A_SERVICE_PROTOCOL,
	ANYGATE_A_SERVICE_PORT,
	ANYGATE_A_SERVICE_LISTENERS,
	ANYGATE_A_SERVICE_QUEUE,
	ANYGATE_A_SERVICE_LIMIT,
	ANYGATE_A_SERVICE_DROPS,
	ANYGATE_A_SERVICE_AGE,
	ANYGATE_A_SERVICE_STALLED,
	ANYGATE_A_SERVICE_DYING,
	ANYGATE_A_SERVICE_PAD,

	__ANYGATE_A_SERVICE_MAX,
	ANYGATE_A_SERVICE_MAX = (__ANYGATE_A_SERVICE_MAX - 1)
};

enum {
	ANYGATE_A_LEASE_NAME = 1,
	ANYGATE_A_LEASE_VERDICT,
	ANYGATE_A_LEASE_EXPIRES,
	ANYGATE_A_LEASE_PAD,

	__ANYGATE_A_LEASE_MAX,
	ANYGATE_A_LEASE_MAX = (__ANYGATE_A_LEASE_MAX - 1)
};

enum {
	ANYGATE_A_GATE_ID = 1,
	ANYGATE_A_GATE_PREFIX,
	ANYGATE_A_GATE_PREFIX_LEN,
	ANYGATE_A_GATE_ACTION,
	ANYGATE_A_GATE_DEV,
	ANYGATE_A_GATE_TABLE,
	ANYGATE_A_GATE_METRIC,
	ANYGATE_A_GATE_HOLD,
	ANYGATE_A_GATE_UP,
	ANYGATE_A_GATE_DOWN,
	ANYGATE_A_GATE_LISTEN_POLICY,
	ANYGATE_A_GATE_LISTEN_DEV,
	ANYGATE_A_GATE_SERVICE,
	ANYGATE_A_GATE_NAME,
	ANYGATE_A_GATE_NEED,
	ANYGATE_A_GATE_DAMP,
	ANYGATE_A_GATE_DAMP_PENALTY,
	ANYGATE_A_GATE_DAMP_SUPPRESS,
	ANYGATE_A_GATE_DAMP_REUSE,
	ANYGATE_A_GATE_DAMP_HALF_LIFE,
	ANYGATE_A_GATE_DAMP_MAX,
	ANYGATE_A_GATE_REQUIRE,
	ANYGATE_A_GATE_ON_EXPIRY,
	ANYGATE_A_GATE_FALLBACK_VIA,
	ANYGATE_A_GATE_FALLBACK_DEV,
	ANYGATE_A_GATE_ORDER,
	ANYGATE_A_GATE_FOR,
	ANYGATE_A_GATE_FORCE,
	ANYGATE_A_GATE_LEASE_NAME,
	ANYGATE_A_GATE_VERDICT,
	ANYGATE_A_GATE_ORDER_UNTIL,
	ANYGATE_A_GATE_OBSERVE,
	ANYGATE_A_GATE_OBSERVE_UNTIL,
	ANYGATE_A_GATE_LEASE,
	ANYGATE_A_GATE_FALLBACK,
	ANYGATE_A_GATE_FIGURE,
	ANYGATE_A_GATE_RELEASE_AT,
	ANYGATE_A_GATE_STATE,
	ANYGATE_A_GATE_REASON,
	ANYGATE_A_GATE_SINCE,
	ANYGATE_A_GATE_DEADLINE,
	ANYGATE_A_GATE_ANNOUNCED,
	ANYGATE_A_GATE_DIFFERENCE,
	ANYGATE_A_GATE_ERROR,
	ANYGATE_A_GATE_ERROR_MSG,
	ANYGATE_A_GATE_RETRIES,
	ANYGATE_A_GATE_RETRY_AT,
	ANYGATE_A_GATE_CONTESTED,
	ANYGATE_A_GATE_ADOPTED,
	ANYGATE_A_GATE_OPENED,
	ANYGATE_A_GATE_CLOSED,
	ANYGATE_A_GATE_FLAPS,
	ANYGATE_A_GATE_CLOSER_PID,
	ANYGATE_A_GATE_CLOSER_COMM,
	ANYGATE_A_GATE_PAD,
	ANYGATE_A_GATE_KIND,
	ANYGATE_A_GATE_SEQ,
	ANYGATE_A_GATE_TIME,
	ANYGATE_A_GATE_OLD_STATE,
	ANYGATE_A_GATE_SOURCE,
	ANYGATE_A_GATE_TRIGGER,
	ANYGATE_A_GATE_PID,
	ANYGATE_A_GATE_COMM,
	ANYGATE_A_GATE_WAIT_NS,
	ANYGATE_A_GATE_PROBE_NS,
	ANYGATE_A_GATE_ACT_NS,
	ANYGATE_A_GATE_TOTAL_NS,
	ANYGATE_A_GATE_PROBES,
	ANYGATE_A_GATE_SHIELD,
	ANYGATE_A_GATE_STALL,
	ANYGATE_A_GATE_STALL_MEMBERS,
	ANYGATE_A_GATE_FATAL,
	ANYGATE_A_GATE_SHIELD_UNTIL,
	ANYGATE_A_GATE_SHIELD_DROPPED,
	ANYGATE_A_GATE_SHIELD_FIRST,
	ANYGATE_A_GATE_SHIELD_LAST,
	ANYGATE_A_GATE_SHIELD_LATELY,
	ANYGATE_A_GATE_COUNT_FLOWS,
	ANYGATE_A_GATE_FLOWS,
	ANYGATE_A_GATE_WITNESS,

	__ANYGATE_A_GATE_MAX,
	ANYGATE_A_GATE_MAX = (__ANYGATE_A_GATE_MAX - 1)
};

enum {
	ANYGATE_A_STATUS_VERSION = 1,
	ANYGATE_A_STATUS_GATES,
	ANYGATE_A_STATUS_MAX_GATES,
	ANYGATE_A_STATUS_PROBES,
	ANYGATE_A_STATUS_RECONCILE,
	ANYGATE_A_STATUS_PROTOCOL,
	ANYGATE_A_STATUS_EVENTS,
	ANYGATE_A_STATUS_MISSED,
	ANYGATE_A_STATUS_OVERFLOWS,
	ANYGATE_A_STATUS_PASSES,
	ANYGATE_A_STATUS_HEALED,
	ANYGATE_A_STATUS_PROBE,
	ANYGATE_A_STATUS_PAD,

	__ANYGATE_A_STATUS_MAX,
	ANYGATE_A_STATUS_MAX = (__ANYGATE_A_STATUS_MAX - 1)
};

enum {
	ANYGATE_A_PROBE_SYMBOL = 1,
	ANYGATE_A_PROBE_ARMED,
	ANYGATE_A_PROBE_ERROR,
	ANYGATE_A_PROBE_MISSED,
	ANYGATE_A_PROBE_PAD,

	__ANYGATE_A_PROBE_MAX,
	ANYGATE_A_PROBE_MAX = (__ANYGATE_A_PROBE_MAX - 1)
};

enum {
	ANYGATE_A_COUNT_REASON = 1,
	ANYGATE_A_COUNT_BELOW,
	ANYGATE_A_COUNT_COUNT,
	ANYGATE_A_COUNT_PAD,

	__ANYGATE_A_COUNT_MAX,
	ANYGATE_A_COUNT_MAX = (__ANYGATE_A_COUNT_MAX - 1)
};

enum {
	ANYGATE_A_LISTENER_ADDRESS = 1,
	ANYGATE_A_LISTENER_PROTOCOL,
	ANYGATE_A_LISTENER_PORT,
	ANYGATE_A_LISTENER_INODE,
	ANYGATE_A_LISTENER_QUEUE,
	ANYGATE_A_LISTENER_LIMIT,
	ANYGATE_A_LISTENER_DROPS,
	ANYGATE_A_LISTENER_AGE,
	ANYGATE_A_LISTENER_STALLED,
	ANYGATE_A_LISTENER_PAD,

	__ANYGATE_A_LISTENER_MAX,
	ANYGATE_A_LISTENER_MAX = (__ANYGATE_A_LISTENER_MAX - 1)
};

enum {
	ANYGATE_A_STATS_ID = 1,
	ANYGATE_A_STATS_PREFIX,
	ANYGATE_A_STATS_PREFIX_LEN,
	ANYGATE_A_STATS_NAME,
	ANYGATE_A_STATS_TRANSITION,
	ANYGATE_A_STATS_LATENCY,
	ANYGATE_A_STATS_LATENCY_SUM,
	ANYGATE_A_STATS_ERRORS,
	ANYGATE_A_STATS_LISTENER,
	ANYGATE_A_STATS_LEFT_OFF,
	ANYGATE_A_STATS_PAD,

	__ANYGATE_A_STATS_MAX,
	ANYGATE_A_STATS_MAX = (__ANYGATE_A_STATS_MAX - 1)
};

enum {
	ANYGATE_CMD_GATE_ADD = 1,
	ANYGATE_CMD_GATE_CHANGE,
	ANYGATE_CMD_GATE_DEL,
	ANYGATE_CMD_GATE_FLUSH,
	ANYGATE_CMD_GATE_GET,
	ANYGATE_CMD_GATE_ORDER,
	ANYGATE_CMD_GATE_LEASE,
	ANYGATE_CMD_STATUS_GET,
	ANYGATE_CMD_STATS_GET,
	ANYGATE_CMD_EVENT,

	__ANYGATE_CMD_MAX,
	ANYGATE_CMD_MAX = (__ANYGATE_CMD_MAX - 1)
};

#define ANYGATE_MCGRP_EVENTS		"events"
#define ANYGATE_MCGRP_EVENTS_ADMIN	"events-admin"

#endif /* _UAPI_LINUX_ANYGATE_H */
