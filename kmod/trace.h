/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: what came in, what was decided, what was done, what failed. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM anygate

#if !defined(ANYGATE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ANYGATE_TRACE_H

#include <linux/tracepoint.h>

#include "anygate.h"

#ifndef ANYGATE_TRACE_ONCE
#define ANYGATE_TRACE_ONCE

#define anygate_trace_hints			\
	{ ANYGATE_HINT_SOCK, "sock" },		\
	{ ANYGATE_HINT_DYING, "dying" },	\
	{ ANYGATE_HINT_ADDR, "addr" },		\
	{ ANYGATE_HINT_DEV, "dev" }

#define anygate_trace_states			\
	{ ANYGATE_STATE_CLOSED, "closed" },	\
	{ ANYGATE_STATE_OPENING, "opening" },	\
	{ ANYGATE_STATE_OPEN, "open" },		\
	{ ANYGATE_STATE_CLOSING, "closing" },	\
	{ ANYGATE_STATE_DAMPED, "damped" },	\
	{ ANYGATE_STATE_DRAINED, "drained" },	\
	{ ANYGATE_STATE_PINNED, "pinned" },	\
	{ ANYGATE_STATE_KEPT, "kept" }

#define anygate_trace_reasons			\
	{ ANYGATE_REASON_ADDED, "added" },	\
	{ ANYGATE_REASON_NO_LISTENER, "no-listener" }, \
	{ ANYGATE_REASON_LISTENER, "listener" }, \
	{ ANYGATE_REASON_UP_DELAY, "up-delay" }, \
	{ ANYGATE_REASON_DOWN_DELAY, "down-delay" }, \
	{ ANYGATE_REASON_DELETED, "deleted" },	\
	{ ANYGATE_REASON_DAMPED, "damped" },	\
	{ ANYGATE_REASON_DRAINED, "drained" },	\
	{ ANYGATE_REASON_PINNED, "pinned" },	\
	{ ANYGATE_REASON_LEASE_MISSING, "lease-missing" }, \
	{ ANYGATE_REASON_LEASE_DOWN, "lease-down" }, \
	{ ANYGATE_REASON_LEASE_EXPIRED, "lease-expired" }, \
	{ ANYGATE_REASON_STALLED, "stalled" },	\
	{ ANYGATE_REASON_DYING, "dying" },	\
	{ ANYGATE_REASON_ALONE, "alone" }

#define anygate_trace_objs			\
	{ ANYGATE_OBJ_ADDR, "address" },	\
	{ ANYGATE_OBJ_ROUTE, "route" },		\
	{ ANYGATE_OBJ_HOLD, "hold" },		\
	{ ANYGATE_OBJ_FALLBACK, "fallback" }

/* An address as the 16 bytes that %pI6c and, mapped, IPv4 readers expect. */
static inline void anygate_trace_addr(u8 *to, const struct anygate_addr *addr)
{
	struct in6_addr ip = addr->ip;

	if (addr->family == AF_INET)
		ipv6_addr_set_v4mapped(addr->ip.s6_addr32[0], &ip);
	memcpy(to, &ip, sizeof(ip));
}
#endif /* ANYGATE_TRACE_ONCE */

TRACE_EVENT(anygate_hint,
	TP_PROTO(const struct anygate_hint *hint),
	TP_ARGS(hint),
	TP_STRUCT__entry(
		__field(u32, type)
		__field(u16, proto)
		__field(u16, port)
		__field(int, pid)
		__array(char, comm, TASK_COMM_LEN)
		__array(u8, addr, 16)
	),
	TP_fast_assign(
		__entry->type = hint->type;
		__entry->proto = hint->key.proto;
		__entry->port = hint->key.port;
		__entry->pid = hint->actor.pid;
		memcpy(__entry->comm, hint->actor.comm, TASK_COMM_LEN);
		anygate_trace_addr(__entry->addr, &hint->key.addr);
	),
	TP_printk("type=%s addr=%pI6c proto=%u port=%u pid=%d comm=%s",
		  __print_symbolic(__entry->type, anygate_trace_hints),
		  __entry->addr, __entry->proto, __entry->port, __entry->pid,
		  __entry->comm)
);

TRACE_EVENT(anygate_decision,
	TP_PROTO(const struct anygate_gate *gate, enum anygate_state old),
	TP_ARGS(gate, old),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, id)
		__array(u8, addr, 16)
		__field(u32, len)
		__field(u32, old)
		__field(u32, state)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->netns = gate->agn->net->ns.inum;
		__entry->id = gate->id;
		anygate_trace_addr(__entry->addr, &gate->conf.prefix.addr);
		__entry->len = gate->conf.prefix.len;
		__entry->old = old;
		__entry->state = gate->fsm.state;
		__entry->reason = gate->fsm.reason;
	),
	TP_printk("netns=%u gate=%u prefix=%pI6c/%u old=%s state=%s reason=%s",
		  __entry->netns, __entry->id, __entry->addr, __entry->len,
		  __print_symbolic(__entry->old, anygate_trace_states),
		  __print_symbolic(__entry->state, anygate_trace_states),
		  __print_symbolic(__entry->reason, anygate_trace_reasons))
);

DECLARE_EVENT_CLASS(anygate_actuation,
	TP_PROTO(const struct net *net, const struct anygate_obj *obj,
		 bool add, int result),
	TP_ARGS(net, obj, add, result),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, type)
		__array(u8, addr, 16)
		__field(u32, len)
		__field(bool, add)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->netns = net->ns.inum;
		__entry->type = obj->type;
		anygate_trace_addr(__entry->addr, &obj->prefix->addr);
		__entry->len = obj->prefix->len;
		__entry->add = add;
		__entry->result = result;
	),
	TP_printk("netns=%u %s %s %pI6c/%u result=%d", __entry->netns,
		  __entry->add ? "add" : "del",
		  __print_symbolic(__entry->type, anygate_trace_objs),
		  __entry->addr, __entry->len, __entry->result)
);

DEFINE_EVENT(anygate_actuation, anygate_actuate,
	TP_PROTO(const struct net *net, const struct anygate_obj *obj,
		 bool add, int result),
	TP_ARGS(net, obj, add, result));

DEFINE_EVENT(anygate_actuation, anygate_actuate_error,
	TP_PROTO(const struct net *net, const struct anygate_obj *obj,
		 bool add, int result),
	TP_ARGS(net, obj, add, result));

#endif /* ANYGATE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
