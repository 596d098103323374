/* SPDX-License-Identifier: GPL-2.0 */
/*
 * anygate: the module's one internal header.
 *
 * Flow, in one direction:
 *
 *   watch --hints--> engine --> probe --facts--> fsm --want--> actuate
 *
 * watch runs in the context of whoever changes a socket, an address or a
 * device, and only writes a hint.  The engine, one work item per network
 * namespace, is the only writer of gates and the only caller of fsm and
 * actuate.  netlink turns requests into struct anygate_req for the engine.
 */
#ifndef ANYGATE_H
#define ANYGATE_H

#include <linux/hashtable.h>
#include <linux/if.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/pid_namespace.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/timerqueue.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <uapi/linux/anygate.h>

#include "fsm.h"

#define ANYGATE_VERSION "0.1.0"

/* Room for a message: one gate with all its services fits. */
#define ANYGATE_MSG_SIZE \
	(2 * NLMSG_GOODSIZE + ANYGATE_SERVICES_MAX * 160)

/* Longest text about a failed actuation, the kernel's own words included. */
#define ANYGATE_MSG_MAX 96

struct anygate_net;
struct anygate_shield;
struct anygate_shield_net;
struct netlink_ext_ack;
struct sk_buff;
struct sock;
struct socket;

/**
 * struct anygate_addr - an address of either family
 * @ip: the address; IPv4 ones in @ip.s6_addr32[0], the rest zero, so that
 *	two of one family can be compared and hashed as bytes
 * @family: AF_INET or AF_INET6; 0 in a hint stands for every address; 32
 *	bits wide to leave no padding in what is hashed
 */
struct anygate_addr {
	struct in6_addr ip;
	u32 family;
};

static inline bool anygate_addr_equal(const struct anygate_addr *a,
				      const struct anygate_addr *b)
{
	return a->family == b->family && ipv6_addr_equal(&a->ip, &b->ip);
}

/* Bits of a full address: 32 or 128. */
static inline u8 anygate_addr_bits(const struct anygate_addr *a)
{
	return a->family == AF_INET ? 32 : 128;
}

/* Bytes of the address: 4 or 16. */
static inline u8 anygate_addr_len(const struct anygate_addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

/**
 * struct anygate_prefix - what identifies a gate in its namespace
 * @addr: the prefix, host bits zero
 * @len: its length in bits
 *
 * Key of a hash table: no padding may hold anything but zero.
 */
struct anygate_prefix {
	struct anygate_addr addr;
	u32 len;
};

/**
 * struct anygate_sockkey - what a service and a socket hint are matched by
 * @addr: the address; left out for the table by port
 * @port: host byte order
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 */
struct anygate_sockkey {
	struct anygate_addr addr;
	u16 port;
	u16 proto;
};

/**
 * struct anygate_actor - who caused something, and when
 * @at: CLOCK_BOOTTIME nanoseconds, 0 for nobody
 * @pid: process id in the initial pid namespace
 * @vpid: in its own
 * @pidns: number of that; those of namespaces that have ended are used again
 * @comm: its name
 *
 * No reference to anything: it is kept for as long as there is a gate.
 */
struct anygate_actor {
	u64 at;
	pid_t pid;
	pid_t vpid;
	u32 pidns;
	char comm[TASK_COMM_LEN];
};

/* Number of the pid namespace of whoever runs. */
static inline u32 anygate_current_pidns(void)
{
	const struct pid_namespace *ns = task_active_pid_ns(current);

	return ns ? ns->ns.inum : 0;
}

/* A task that can't be reaped meanwhile; any context. */
static inline void anygate_actor_task(struct anygate_actor *actor,
				      struct task_struct *task)
{
	struct pid_namespace *ns = task_active_pid_ns(task);

	actor->pid = task_tgid_nr(task);
	actor->vpid = ns ? task_tgid_nr_ns(task, ns) : 0;
	actor->pidns = ns ? ns->ns.inum : 0;
	/* Of this task and whole: __get_task_comm() would take a lock. */
	memcpy(actor->comm, task->comm, sizeof(actor->comm));
	actor->comm[TASK_COMM_LEN - 1] = '\0';
}

/* Whoever runs; any context. */
static inline void anygate_actor_current(struct anygate_actor *actor)
{
	anygate_actor_task(actor, current);
}

/**
 * struct anygate_reader - who is to be told
 * @actors: may know which processes did what
 * @pidns: number of the pid namespace in which processes are to be named; 0
 *	for each in its own
 */
struct anygate_reader {
	bool actors;
	u32 pidns;
};

enum anygate_hint_type {
	ANYGATE_HINT_SOCK,	/* a socket began or ceased to listen */
	ANYGATE_HINT_DYING,	/* the only process that has a socket is ending */
	ANYGATE_HINT_ADDR,	/* an address came or went, not by our doing */
	ANYGATE_HINT_DEV,	/* a device came, went, or changed its state */
};

/**
 * struct anygate_hint - something may have changed
 * @type: what
 * @key: the socket's address (family 0: all), port and protocol; for
 *	addresses only @key.addr
 * @plen: prefix length of the address
 * @dev: name of the device, empty if it may be any
 * @sk: the socket, for comparison only
 * @actor: who did it
 */
struct anygate_hint {
	enum anygate_hint_type type;
	struct anygate_sockkey key;
	u8 plen;
	char dev[IFNAMSIZ];
	const void *sk;
	struct anygate_actor actor;
};

/* Must be a power of two. Lost hints heal, see anygate_ring.overflow. */
#define ANYGATE_RING_SIZE 128

/**
 * struct anygate_ring - hints on their way to the engine
 * @lock: protects all fields.  Raw, because the probes' handlers may not
 *	sleep even on PREEMPT_RT; held for one copy of a hint.
 * @head: next to be written
 * @tail: next to be read
 * @overflow: hints were dropped; the engine must look at everything
 * @hints: the hints
 */
struct anygate_ring {
	raw_spinlock_t lock;
	u32 head;
	u32 tail;
	bool overflow;
	struct anygate_hint hints[ANYGATE_RING_SIZE];
};

/**
 * struct anygate_suspect - a socket whose reads are watched
 * @node: among its namespace's
 * @rcu: for freeing
 * @sk: the socket, for comparison only
 * @read_at: CLOCK_MONOTONIC nanoseconds of the last read, of any kind, or 0; written by
 *	the probe's handler
 * @users: how many services suspect it; under anygate_net.lock
 */
struct anygate_suspect {
	struct hlist_node node;
	struct rcu_head rcu;
	const void *sk;
	u64 read_at;
	unsigned int users;
};

/**
 * struct anygate_member - one listener of a service, as last sampled
 * @inode: of the socket, 0 for one of the kernel's own
 * @sk: the socket, for comparison only
 * @token: tells what is at the head of its queue; 0 for nothing
 * @since: CLOCK_MONOTONIC nanoseconds at which @token was seen first
 * @queue: what waits, bytes (UDP) or connections (TCP)
 * @limit: the most that its queue takes
 * @drops: packets it has dropped
 * @suspect: its reader is watched, or NULL
 * @stalled: it has not moved for the gate's time
 * @seen: by the sample under way
 */
struct anygate_member {
	u64 inode;
	const void *sk;
	u64 token;
	u64 since;
	u32 queue;
	u32 limit;
	u32 drops;
	struct anygate_suspect *suspect;
	bool stalled;
	bool seen;
};

/**
 * struct anygate_memberlist - the listeners of a service
 * @max: room for so many
 * @at: CLOCK_MONOTONIC nanoseconds of the sample
 * @n: how many
 * @m: they
 */
struct anygate_memberlist {
	unsigned int max;
	u64 at;
	unsigned int n;
	struct anygate_member m[] __counted_by(max);
};

/**
 * struct anygate_service - one service of a gate
 * @key: address, port and protocol
 * @by_addr: in anygate_net.by_addr
 * @by_port: in anygate_net.by_port
 * @gate: the gate it belongs to
 * @listeners: sockets found when the engine looked last
 * @dying: sockets not counted then, because their process is ending
 * @left_off: listeners that there was no room for among @members
 * @up: it counted as up then
 * @hint: the last socket event that concerned it and that no transition
 *	has been told about yet
 * @members: its listeners as last sampled, or NULL
 */
struct anygate_service {
	struct anygate_sockkey key;
	struct rhlist_head by_addr;
	struct rhlist_head by_port;
	struct anygate_gate *gate;
	u32 listeners;
	u32 dying;
	u32 left_off;
	bool up;
	struct anygate_actor hint;
	struct anygate_memberlist *members;
};

/**
 * struct anygate_services - the services of a gate, all needed
 * @n: how many, 1 to ANYGATE_SERVICES_MAX
 * @s: they
 */
struct anygate_services {
	unsigned int n;
	struct anygate_service s[] __counted_by(n);
};

/**
 * struct anygate_conf - the settings of a gate
 * @prefix: what it announces
 * @name: the group it is in, or ""
 * @fsm: delays
 * @action: address or route
 * @dev: device that carries the address
 * @table: routing table of the route
 * @metric: its metric
 * @hold: keep a local route while the address may be away
 * @listen_policy: which listeners bound to a device count
 * @listen_dev: device for ANYGATE_LISTEN_POLICY_DEV
 * @need: how many services are needed, 0 for all
 * @on_expiry: what a lease that has run out means
 * @fallback: gateway to which the prefix is routed while it is not announced;
 *	family 0 for none
 * @fallback_dev: its device
 * @shield_ms: milliseconds, 0 to ANYGATE_DELAY_MAX; how long new clients'
 *	packets are dropped after the last listener is gone
 * @stall_ms: milliseconds, 0 or ANYGATE_STALL_MIN to ANYGATE_DELAY_MAX; how
 *	long a queue may stand still before its listener counts as gone
 * @stall_members: how many of a service's listeners must stand still
 * @fatal: a process that has begun to end counts as gone
 * @witness: routing table that has what other nodes announce; while it has no
 *	path to the prefix, services that are down do not withdraw it; 0 for
 *	none
 */
struct anygate_conf {
	struct anygate_prefix prefix;
	char name[ANYGATE_NAME_MAX + 1];
	struct anygate_fsm_conf fsm;
	enum anygate_action action;
	char dev[IFNAMSIZ];
	u32 table;
	u32 metric;
	bool hold;
	enum anygate_listen_policy listen_policy;
	char listen_dev[IFNAMSIZ];
	u32 need;
	enum anygate_on_expiry on_expiry;
	struct anygate_addr fallback;
	char fallback_dev[IFNAMSIZ];
	u32 shield_ms;
	u32 stall_ms;
	enum anygate_members stall_members;
	bool fatal;
	u32 witness;
};

/**
 * struct anygate_lease - the verdict of an outside check
 * @name: what the check is called
 * @verdict: what it said last
 * @expires: CLOCK_BOOTTIME nanoseconds until which that holds
 * @told: the listeners know that it has run out
 */
struct anygate_lease {
	char name[ANYGATE_NAME_MAX + 1];
	enum anygate_verdict verdict;
	u64 expires;
	bool told;
};

/**
 * struct anygate_leases - the leases a gate requires
 * @n: how many, up to ANYGATE_LEASES_MAX
 * @l: they
 */
struct anygate_leases {
	unsigned int n;
	struct anygate_lease l[] __counted_by(n);
};

/**
 * struct anygate_orders - what an operator has ordered
 * @until: CLOCK_BOOTTIME nanoseconds until which @order holds, or ANYGATE_NEVER
 * @observe_until: the same for @observe
 * @order: ANYGATE_ORDER_FOLLOW, _DRAIN or _PIN
 * @observe: touch nothing
 */
struct anygate_orders {
	u64 until;
	u64 observe_until;
	enum anygate_order order;
	bool observe;
};

enum anygate_obj_type {
	ANYGATE_OBJ_NONE,
	ANYGATE_OBJ_ADDR,	/* the prefix as an address on conf.dev */
	ANYGATE_OBJ_ROUTE,	/* a blackhole route for the prefix */
	ANYGATE_OBJ_HOLD,	/* a local route for the prefix */
	ANYGATE_OBJ_FALLBACK,	/* a route for the prefix to another node */
};

enum anygate_owner {
	ANYGATE_OWNER_US,	/* carries our protocol number */
	ANYGATE_OWNER_ADOPTED,	/* was there before the gate */
	ANYGATE_OWNER_FOREIGN,	/* appeared while the gate was closed */
};

/**
 * struct anygate_saved - attributes of an adopted address, to put it back
 *
 * Fields as in struct ifaddrmsg and its attributes; see rtnetlink(7).
 */
struct anygate_saved {
	u32 flags;
	u32 rt_priority;
	u32 valid_lft;
	u32 preferred_lft;
	__be32 broadcast;
	u8 scope;
	u8 proto;
	char label[IFNAMSIZ];
};

/**
 * struct anygate_obj - one address or route in the kernel's tables
 * @prefix: address and length; the gate's
 * @gateway: where it leads (fallback)
 * @saved: attributes of an adopted address (address)
 * @msg: which change failed, and the kernel's words about it, ANYGATE_MSG_MAX bytes;
 *	NULL without a failure, or without memory; its own, see anygate_obj_forgive()
 * @retry_at: CLOCK_BOOTTIME nanoseconds before which not to try again
 * @dev: its device (address, fallback)
 * @ifindex: that of the device on which it is, or was last (address, fallback); a device
 *	may be renamed
 * @table: its routing table (routes); of a hold route the one in which it is, or was
 *	last: a device may move to another VRF
 * @metric: its metric (routes)
 * @err: negative errno of the last attempt to change it, 0 after a success
 * @retries: failed attempts since the last success
 * @type: what it is
 * @owner: whose it is, where @present
 * @present: the tables hold it, as far as we know
 * @was_there: and did so when we wanted to add it
 * @taken: it was adopted, and is away by our doing
 * @check: what we know may be out of date: look before acting on it
 * @unasked: it is not wanted, and somebody else's route stands for it; nobody tells
 *	when that goes, which is asked when it is wanted again
 *
 * Few of ten thousand have anything at @gateway or @saved: it is not in here, but
 * beside the object, in whatever that is a part of.
 */
struct anygate_obj {
	const struct anygate_prefix *prefix;
	union {
		struct anygate_addr *gateway;
		struct anygate_saved *saved;
	};
	char *msg;
	u64 retry_at;
	char dev[IFNAMSIZ];
	u32 table;
	u32 metric;
	int err;
	u32 retries;
	int ifindex;
	enum anygate_obj_type type:8;
	enum anygate_owner owner:8;
	bool present;
	bool was_there;
	bool taken;
	bool check;
	bool unasked;
};

/**
 * anygate_obj_stands() - do the tables hold it?
 * @obj: the object
 *
 * Return: true if they do, as far as we know, and somebody has asked since it has been
 * wanted.
 */
static inline bool anygate_obj_stands(const struct anygate_obj *obj)
{
	return obj->present && !obj->unasked;
}

/**
 * struct anygate_found - an address in the kernel's tables
 * @owner: whose it is for a gate that is new
 * @ifindex: of its device
 * @saved: what it looks like
 */
struct anygate_found {
	enum anygate_owner owner;
	int ifindex;
	struct anygate_saved saved;
};

/**
 * struct anygate_spares - memory for what a change of a gate needs
 * @fallback: for a fallback that there has not been, or NULL
 * @retired: for what is announced now and will not be any more, or NULL
 */
struct anygate_spares {
	struct anygate_obj *fallback;
	struct anygate_obj *retired;
};

/* Upper ends of the steps in which latencies are counted, in microseconds. */
#define ANYGATE_LATENCY_STEPS						\
	10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000,	\
	50000, 100000, 200000, 500000, 1000000
#define ANYGATE_N_LATENCIES 17

/**
 * struct anygate_counts - what is counted of a gate
 * @reasons: transitions, by reason; the first one is anygate_gate.began
 * @latency: actions after a socket event, by the time they took
 * @latency_ns: of all of them together
 * @errors: changes of the tables that failed
 */
struct anygate_counts {
	u32 reasons[ANYGATE_REASON_ALONE + 1];
	u32 latency[ANYGATE_N_LATENCIES];
	u64 latency_ns;
	u64 errors;
};

/**
 * struct anygate_history - what has happened to a gate
 * @contested: how often somebody else undid what we did
 * @contested_burst: how often in a row, for the backoff
 * @contested_at: CLOCK_BOOTTIME nanoseconds of the last time
 * @opened: times the prefix became wanted
 * @closed: times it became unwanted
 * @closer: while too few services have a listener: who closed the last one, if known
 * @closer_key: and of which service
 * @meddler: who changed our address last, until that has been told
 * @counts: its counters
 */
struct anygate_history {
	u32 contested;
	u32 contested_burst;
	u64 contested_at;
	u64 opened;
	u64 closed;
	struct anygate_actor closer;
	struct anygate_sockkey closer_key;
	struct anygate_actor meddler;
	struct anygate_counts counts;
};

/**
 * struct anygate_flows - a gate's part of a walk through all connections
 * @number: of the walk
 * @n: connections seen
 */
struct anygate_flows {
	u32 number;
	u32 n;
};

/**
 * struct anygate_gate - a gate
 * @agn: its namespace
 * @id: its number there, never reused
 * @conf: its settings
 * @services: its services
 * @leases: the leases it requires, or NULL
 * @orders: what an operator has ordered
 * @by_prefix: in anygate_net.by_prefix
 * @dirty_list: in anygate_net.dirty or .routine while it is to be looked at
 * @source: the most telling cause, for the event
 * @timer: in anygate_net.timers, its next deadline, if it has one
 * @fsm: what has been decided
 * @announce: the address or route
 * @saved: what its address looked like, where that was adopted
 * @hold: the local route, where conf.hold
 * @fallback: the route to another node, where conf.fallback, or NULL
 * @retired: the announced object of an earlier configuration, while it is
 *	still to be removed, or NULL
 * @seen: the pass of the last address scan that saw the address
 * @history: what has happened to it, NULL for nothing; see anygate_history()
 * @flaps: socket hints that concerned its services
 * @shield: what the packet path needs to know of it, or NULL; see shield.c
 * @sample_at: CLOCK_BOOTTIME nanoseconds at which its queues are due
 * @flows: TCP connections of its addresses, of the last two walks; see flows.c
 * @flows_before: number of the last walk that began before there was the gate
 * @began: reason of its first decision, which its history does not count
 * @routine: @dirty_list is in anygate_net.routine
 * @timer_on: @timer is there
 * @adopt: it observes no longer: take over what is announced
 * @services_up: enough services had a listener at the last look
 * @dev_event: a device has changed since the last look
 * @shielding: the shield is up, and its end is to be told
 * @unready: looks at what is announced since it was added and is not usable yet
 * @fresh: in which of anygate_net.fresh it is, one bit each
 * @flows_list: in anygate_net.flows_tell: withdrawn, and they are to be told
 *
 * Created by netlink, which hands it to the engine in a request; from then on
 * only the engine writes it, under anygate_net.lock, and frees it.  Readers
 * hold anygate_net.lock.
 */
struct anygate_gate {
	struct anygate_net *agn;
	u32 id;
	struct anygate_conf conf;
	struct anygate_services *services;
	struct anygate_leases *leases;
	struct anygate_orders orders;
	struct rhash_head by_prefix;
	struct list_head dirty_list;
	enum anygate_source source;
	struct timerqueue_node timer;
	struct anygate_fsm fsm;
	struct anygate_obj announce;
	struct anygate_saved saved;
	struct anygate_obj hold;
	struct anygate_obj *fallback;
	struct anygate_obj *retired;
	u64 seen;
	struct anygate_history *history;
	u64 flaps;
	struct anygate_shield *shield;
	u64 sample_at;
	struct anygate_flows flows[2];
	u32 flows_before;
	enum anygate_reason began;
	bool routine;
	bool timer_on;
	bool adopt;
	bool services_up;
	bool dev_event;
	bool shielding;
	u8 unready;
	u8 fresh;
	struct list_head flows_list;
};

enum anygate_req_type {
	ANYGATE_REQ_ADD,
	ANYGATE_REQ_CHANGE,
	ANYGATE_REQ_DEL,
	ANYGATE_REQ_FLUSH,
	ANYGATE_REQ_ORDER,
	ANYGATE_REQ_LEASE,
	ANYGATE_REQ_STOP,	/* remove all gates: module unload */
};

/**
 * struct anygate_req - what somebody wants the engine to do
 * @list: in anygate_net.reqs
 * @type: what
 * @gate: the new gate (ADD, owned by the engine after success), or the one
 *	concerned (CHANGE, DEL)
 * @conf: the new settings (CHANGE)
 * @services: the new services, or NULL to leave them (CHANGE); owned by the
 *	engine after success
 * @leases: the new leases, where @set_leases; NULL for none (CHANGE); owned by
 *	the engine after success
 * @set_leases: the leases are to be replaced (CHANGE)
 * @set_observe: @order holds whether to observe (CHANGE)
 * @within: the prefix to flush, family 0 for all (FLUSH)
 * @from: where to begin; set to where to go on, 0 if all is done (FLUSH)
 * @name: the group to flush, NULL for any (FLUSH); the lease (LEASE)
 * @order: the order (ORDER)
 * @verdict: what the lease says (LEASE)
 * @for_ms: how long that holds in milliseconds, 0 for ever (ORDER, LEASE)
 * @extack: where to say what is wrong; may be NULL
 * @ret: 0 or a negative errno, valid after @done
 * @done: completed by the engine, which does not touch the request again
 */
struct anygate_req {
	struct list_head list;
	enum anygate_req_type type;
	struct anygate_gate *gate;
	const struct anygate_conf *conf;
	struct anygate_services *services;
	struct anygate_leases *leases;
	bool set_leases;
	bool set_observe;
	struct anygate_prefix within;
	unsigned long from;
	const char *name;
	enum anygate_order order;
	enum anygate_verdict verdict;
	u32 for_ms;
	struct netlink_ext_ack *extack;
	int ret;
	struct completion done;
};

/**
 * struct anygate_event - one thing to tell the listeners about
 * @kind: what happened
 * @gate: to whom, NULL for degraded and live
 * @old_state: the state before (transition)
 * @source: what made the engine look
 * @key: the service whose listener came or went, or NULL
 * @listeners: how many it has now
 * @actor: who did it; at 0 for nobody
 * @timed: @wait_ns and @total_ns are known; with a coarse clock they may be 0
 * @wait_ns: from the hint to the engine's look
 * @probe_ns: to look and decide
 * @act_ns: to change the tables
 * @total_ns: from the hint to the changed tables
 */
struct anygate_event {
	enum anygate_event_kind kind;
	struct anygate_gate *gate;
	enum anygate_state old_state;
	enum anygate_source source;
	const struct anygate_sockkey *key;
	u32 listeners;
	struct anygate_actor actor;
	bool timed;
	u64 wait_ns;
	u64 probe_ns;
	u64 act_ns;
	u64 total_ns;
};

/* More at a time are not taken note of: their sockets' end tells. */
#define ANYGATE_DYING_MAX 4096
#define ANYGATE_DYING_BITS 7

/**
 * struct anygate_dying - a socket whose process is ending
 * @node: in anygate_net.dying
 * @fresh: in anygate_net.dying_fresh
 * @sk: the socket, for comparison only
 * @inode: of the socket: another socket may get the same memory
 * @key: its address, port and protocol
 * @actor: the process, and when it began to end
 * @seen: since they were swept last
 */
struct anygate_dying {
	struct hlist_node node;
	struct llist_node fresh;
	const void *sk;
	u64 inode;
	struct anygate_sockkey key;
	struct anygate_actor actor;
	bool seen;
};

/**
 * struct anygate_fresh - gates to be looked at once more
 * @period: when this grace period has ended, see anygate_settling()
 * @from: the lowest id of them, 0: there is none
 */
struct anygate_fresh {
	u64 period;
	u32 from;
};

/**
 * struct anygate_net - a network namespace with gates
 * @net: the namespace
 * @ring: hints to the engine; NULL while there is no gate, and from the start
 *	of the namespace's end
 * @ring_mem: the same, for freeing
 * @wq: where it runs
 * @work: the engine
 * @timer: queues @work at the next deadline
 * @timer_at: CLOCK_BOOTTIME nanoseconds for which @timer is armed, or
 *	ANYGATE_NEVER; engine only
 * @timer_spent: @timer has run; set by it, cleared by the engine
 * @slept: the machine was asleep, and the engine does not know of it yet
 * @started: rings, tables and socket are there; under @conf_lock
 * @nets: in the list of started namespaces
 * @dead: the namespace is ending: change no table any more
 * @conf_lock: serialises requests.  Taken by netlink around "find the gate,
 *	work out the change, have the engine make it"; outermost.
 * @req_lock: protects @reqs
 * @reqs: requests to the engine
 * @lock: protects everything below against readers; the engine, the only
 *	writer, holds it but for the time it waits for a table change
 * @gates: all gates by id
 * @next_id: id of the next gate
 * @n_gates: number of gates
 * @n_members: room for listeners, that all their services have
 * @n_otherdev: gates that name another device than lo
 * @genseq: changes with the set of gates, for consistent dumps
 * @by_prefix: gates by prefix
 * @by_addr: services by struct anygate_sockkey
 * @by_port: services by port and protocol only
 * @dirty: gates to be looked at, because something happened
 * @routine: and those that the reconcile looks at
 * @timers: gates by deadline
 * @fresh: gates with a service that has not been watched for long, by the lowest
 *	bit of the grace period's number: no more than two are waited for
 * @rtnl: the rtnetlink socket
 * @acting: the task that is changing a table on our behalf, so that its own
 *	notifications are told from those of others
 * @nlbuf: the message to and from @rtnl; engine only
 * @nlseq: its sequence number; engine only
 * @pass: number of the engine's reconcile pass
 * @verify_id: gate with which the next reconcile begins to verify routes
 * @period: reconcile period in milliseconds, as of the last pass
 * @next_reconcile: CLOCK_BOOTTIME nanoseconds, or ANYGATE_NEVER
 * @next_verify: CLOCK_BOOTTIME nanoseconds at which to verify routes again
 * @busy_since: CLOCK_BOOTTIME nanoseconds since when that is put off, or 0
 * @probes: health of the probes as last told to the listeners
 * @missed: missed probe hits as of the last look
 * @event_seq: number of the last event
 * @n_hints: socket hints taken from the ring
 * @n_overflows: times the ring overflowed
 * @n_passes: passes of the engine
 * @n_healed: changes that only the reconcile noticed
 * @n_errors: changes of a table that failed
 * @shield: what the packet path needs, or NULL; written under @lock
 * @suspects: sockets whose reads are watched, or NULL; written under @lock
 * @dying_fresh: sockets of processes that are ending, on their way to the engine;
 *	more at a time than the ring takes
 * @dying_lost: those that there was no room for, until that is told
 * @dying: those that the engine knows of
 * @n_dying: how many
 * @walked: all gates have been looked at since those were swept last
 * @forgotten: written instead of a gate's history that there is no memory for
 * @flows_due: a gate was withdrawn: count connections
 * @flows_at: CLOCK_BOOTTIME nanoseconds before which not to count again for
 *	that
 * @flows_counted: CLOCK_BOOTTIME nanoseconds of the end of the last walk
 * @flows_begun: number of the last walk that has begun, 0: none has
 * @flows_ended: that of the last one that has ended
 * @flows_bucket: where the one under way goes on
 * @flows_tell: gates to be told of, when it has ended
 */
struct anygate_net {
	struct net *net;
	struct anygate_ring __rcu *ring;
	struct anygate_ring *ring_mem;
	struct workqueue_struct *wq;
	struct work_struct work;
	struct delayed_work timer;
	u64 timer_at;
	bool timer_spent;
	bool slept;
	bool started;
	bool dead;
	struct list_head nets;

	/* serialises requests */
	struct mutex conf_lock;
	/* protects the next field */
	spinlock_t req_lock;
	struct list_head reqs;

	struct llist_head dying_fresh;
	atomic_t dying_lost;

	/* protects all that follows */
	struct mutex lock;
	struct xarray gates;
	u32 next_id;
	u32 n_gates;
	u32 n_members;
	u32 n_otherdev;
	u32 genseq;
	struct rhashtable by_prefix;
	struct rhltable by_addr;
	struct rhltable by_port;
	struct list_head dirty;
	struct list_head routine;
	struct timerqueue_head timers;
	struct anygate_fresh fresh[2];
	struct socket *rtnl;
	struct task_struct *acting;
	void *nlbuf;
	u32 nlseq;
	u64 pass;
	u32 verify_id;
	u32 period;
	u64 next_reconcile;
	u64 next_verify;
	u64 busy_since;
	enum anygate_probes probes;
	u64 missed;
	u64 event_seq;
	u64 n_hints;
	u64 n_overflows;
	u64 n_passes;
	u64 n_healed;
	u64 n_errors;
	struct anygate_shield_net __rcu *shield;
	struct anygate_suspects __rcu *suspects;
	DECLARE_HASHTABLE(dying, ANYGATE_DYING_BITS);
	unsigned int n_dying;
	bool walked;
	struct anygate_history forgotten;
	bool flows_due;
	u64 flows_at;
	u64 flows_counted;
	u32 flows_begun;
	u32 flows_ended;
	unsigned int flows_bucket;
	struct list_head flows_tell;
};

/**
 * anygate_net_of_user() - is a namespace some user's?
 * @agn: the namespace
 *
 * Context: any.
 * Return: true if another user namespace than the first owns it.
 */
static inline bool anygate_net_of_user(const struct anygate_net *agn)
{
	return agn->net->user_ns != &init_user_ns;
}

/* main.c */
extern struct workqueue_struct *anygate_wq;
extern struct workqueue_struct *anygate_user_wq;
extern unsigned int anygate_reconcile_ms;
extern unsigned int anygate_degraded_ms;
extern unsigned int anygate_canary_ms;
extern unsigned int anygate_max_gates;
extern unsigned int anygate_max_gates_user;
extern unsigned int anygate_protocol;
struct anygate_net *anygate_net_of(const struct net *net);
bool anygate_unload_keeps(void);
void anygate_kick_all(void);
void anygate_slept_all(void);
void anygate_net_started(struct anygate_net *agn);
void anygate_net_stopped(struct anygate_net *agn);

/* gate.c */
int anygate_gates_init(void);
void anygate_gates_exit(void);
int anygate_gate_tables_init(struct anygate_net *agn);
void anygate_gate_tables_exit(struct anygate_net *agn);
struct anygate_services *anygate_services_alloc(unsigned int n);
void anygate_services_free(struct anygate_services *services);
struct anygate_gate *anygate_gate_alloc(struct anygate_net *agn,
					const struct anygate_conf *conf,
					struct anygate_services *services,
					struct anygate_leases *leases);
void anygate_gate_free(struct anygate_gate *gate);
struct anygate_history *anygate_history(struct anygate_gate *gate);
const struct anygate_history *
anygate_history_of(const struct anygate_gate *gate);
int anygate_gate_link(struct anygate_gate *gate);
void anygate_gate_unlink(struct anygate_gate *gate);
void anygate_gate_set_conf(struct anygate_gate *gate,
			   const struct anygate_conf *conf);
int anygate_gate_set_services(struct anygate_gate *gate,
			      struct anygate_services *services);
struct anygate_gate *anygate_gate_find(struct anygate_net *agn,
				       const struct anygate_prefix *prefix);
bool anygate_prefix_within(const struct anygate_prefix *inner,
			   const struct anygate_prefix *outer);
void anygate_gate_mark(struct anygate_gate *gate, enum anygate_source source);
void anygate_gate_fresh(struct anygate_gate *gate);
void anygate_services_mark(struct anygate_net *agn,
			   const struct anygate_hint *hint);
void anygate_services_count_flow(struct anygate_net *agn,
				 const struct anygate_sockkey *key);

/* engine.c */
void anygate_engine_init(struct anygate_net *agn);
int anygate_engine_start(struct anygate_net *agn,
			 struct netlink_ext_ack *extack);
void anygate_engine_stop(struct anygate_net *agn);
void anygate_engine_exit(struct anygate_net *agn);
int anygate_engine_run(struct anygate_net *agn, struct anygate_req *req);
void anygate_engine_kick(struct anygate_net *agn);
void anygate_engine_slept(struct anygate_net *agn);
void anygate_engine_count_flows(struct anygate_net *agn);
u32 anygate_engine_period(void);
bool anygate_engine_behind(const struct anygate_gate *gate);

/* request.c */
void anygate_requests_take(struct anygate_net *agn);

/* look.c */
void anygate_look(struct anygate_gate *gate, bool start);
void anygate_look_unobserve(struct anygate_gate *gate,
			    enum anygate_source source);
int anygate_gate_error(const struct anygate_gate *gate);

/* upkeep.c */
bool anygate_upkeep_strayed(const struct anygate_gate *gate);
bool anygate_upkeep_concerned(const struct anygate_gate *gate);
int anygate_upkeep_drop_fallback(struct anygate_gate *gate);
void anygate_upkeep_device(struct anygate_gate *gate);
void anygate_upkeep_check(struct anygate_gate *gate, u64 now);
bool anygate_upkeep_act(struct anygate_gate *gate, u64 now);
u64 anygate_upkeep_deadline(const struct anygate_gate *gate);
int anygate_upkeep_undo(struct anygate_gate *gate);

/* upkeep_conf.c */
void anygate_upkeep_init(struct anygate_gate *gate);
int anygate_upkeep_prepare(struct anygate_gate *gate,
			   const struct anygate_conf *conf,
			   struct anygate_spares *spares,
			   struct netlink_ext_ack *extack);
void anygate_upkeep_cancel(struct anygate_spares *spares);
void anygate_upkeep_replace(struct anygate_gate *gate,
			    struct anygate_spares *spares);
void anygate_upkeep_adopt(struct anygate_gate *gate);

/* watch.c */
int anygate_watch_init(void);
void anygate_watch_exit(void);
int anygate_watch_get(u16 proto, u16 port);
void anygate_watch_put(u16 proto, u16 port);
enum anygate_probes anygate_watch_health(void);
u64 anygate_watch_missed(void);
void anygate_watch_canary_period(void);

/**
 * struct anygate_probe_info - one probed kernel function, for status
 * @symbol: its name
 * @armed: the probe is registered
 * @err: negative errno of the failed registration, or 0
 * @missed: times it could not fire
 */
struct anygate_probe_info {
	const char *symbol;
	bool armed;
	int err;
	u64 missed;
};

bool anygate_watch_info(unsigned int i, struct anygate_probe_info *info);

/* hooks.c */
bool anygate_watch_wants(u16 proto, u16 port);
void anygate_sock_addr(const struct sock *sk, struct anygate_addr *addr);
void anygate_hint(struct anygate_net *agn, const struct anygate_hint *hint);

/* settle.c */
void anygate_settle(void);
u64 anygate_settling(void);
u64 anygate_settled(void);
void anygate_settle_exit(void);

/* notify.c */
int anygate_notify_init(void);
void anygate_notify_exit(void);

/* probe.c */

/**
 * struct anygate_visitor - somebody who wants to see each listener
 * @visit: called for each, in an RCU read side section, perhaps with
 *	spinlocks held; NULL for not interested
 * @arg: for @visit
 * @restart: called when a walk begins, perhaps for the second time; or NULL
 */
struct anygate_visitor {
	void (*visit)(struct sock *sk, void *arg);
	void (*restart)(void *arg);
	void *arg;
};

u32 anygate_probe_listeners(struct anygate_net *agn,
			    const struct anygate_conf *conf,
			    const struct anygate_sockkey *key,
			    bool likely_gone,
			    const struct anygate_visitor *visitor,
			    u32 *dying);

/* shield.c */
struct anygate_shield *
anygate_shield_prepare(struct anygate_gate *gate,
		       const struct anygate_conf *conf,
		       const struct anygate_services *services);
void anygate_shield_commit(struct anygate_gate *gate,
			   struct anygate_shield *shield);
void anygate_shield_cancel(struct anygate_gate *gate,
			   struct anygate_shield *shield);
void anygate_shield_remove(struct anygate_gate *gate);
void anygate_shield_update(struct anygate_gate *gate, u64 gone_at);
void anygate_shield_arm(struct anygate_net *agn);
u64 anygate_shield_deadline(const struct anygate_gate *gate);
int anygate_shield_put(struct sk_buff *skb, const struct anygate_gate *gate);
void anygate_shield_exit(struct anygate_net *agn);

/* suspect.c */
struct anygate_suspect *anygate_suspect_get(struct anygate_net *agn,
					    const void *sk);
void anygate_suspect_put(struct anygate_net *agn, struct anygate_suspect *s);
void anygate_suspects_free(struct anygate_net *agn);
void anygate_suspects_exit(void);

/* stall.c */
bool anygate_stall_due(const struct anygate_gate *gate, u64 now);
u32 anygate_stall_sample(struct anygate_gate *gate, struct anygate_service *svc,
			 bool likely_gone);
void anygate_stall_sampled(struct anygate_gate *gate, u64 now);
bool anygate_stall_knows(const struct anygate_service *svc, u32 n);
u32 anygate_stall_stalled(const struct anygate_service *svc);
void anygate_stall_forget(struct anygate_services *services);
u64 anygate_stall_deadline(const struct anygate_gate *gate);

/* fatal.c */
void anygate_fatal_get(void);
void anygate_fatal_put(void);
void anygate_fatal_again(void);

/* fdtable.c */
bool anygate_fdtable_tell(struct pid *pid, const struct anygate_actor *actor,
			  bool *ours);
bool anygate_fdtable_gone(pid_t nr);

/* dying.c */
void anygate_dying_take(struct anygate_net *agn);
void anygate_dying_free(struct anygate_net *agn);
void anygate_dying_gone(struct anygate_net *agn, const void *sk);
void anygate_dying_sweep(struct anygate_net *agn);
bool anygate_dying_is(struct anygate_net *agn, struct sock *sk);

/* flows.c */
void anygate_flows_init(struct anygate_gate *gate);
void anygate_flows_add(struct anygate_gate *gate);
bool anygate_flows_known(const struct anygate_gate *gate, u32 *n);
bool anygate_flows_step(struct anygate_net *agn);
void anygate_flows_count(struct anygate_net *agn);

/* obj.c */
void anygate_obj_init(struct anygate_obj *obj, enum anygate_obj_type type,
		      const struct anygate_conf *conf,
		      struct anygate_saved *saved);
void anygate_obj_init_fallback(struct anygate_obj *obj,
			       const struct anygate_conf *conf,
			       struct anygate_addr *gateway);
struct anygate_obj *anygate_obj_alloc_fallback(const struct anygate_conf *conf);
struct anygate_obj *anygate_obj_alloc_retired(void);
void anygate_obj_retire(struct anygate_obj *to, const struct anygate_obj *from);
void anygate_obj_forgive(struct anygate_obj *obj);
void anygate_obj_free(struct anygate_obj *obj);
bool anygate_obj_same(const struct anygate_obj *a, const struct anygate_obj *b);

/* actuate.c */
int anygate_actuate_init(struct anygate_net *agn);
void anygate_actuate_exit(struct anygate_net *agn);
int anygate_obj_add(struct anygate_net *agn, struct anygate_obj *obj);
int anygate_obj_del(struct anygate_net *agn, struct anygate_obj *obj);
bool anygate_obj_there(struct anygate_net *agn, const struct anygate_obj *obj);

/* lease.c */
struct anygate_leases *anygate_leases_alloc(unsigned int n);
struct anygate_lease *anygate_lease_find(const struct anygate_gate *gate,
					 const char *name);
void anygate_leases_replace(struct anygate_gate *gate,
			    struct anygate_leases *leases);
bool anygate_leases_good(const struct anygate_gate *gate, u64 now,
			 enum anygate_reason *why);
u64 anygate_leases_deadline(const struct anygate_gate *gate, u64 now);
bool anygate_leases_ran_out(struct anygate_gate *gate, u64 now);

/* table.c */
bool anygate_table_find(const struct anygate_net *agn,
			const struct anygate_obj *obj,
			struct anygate_found *found);
bool anygate_table_ready(const struct anygate_net *agn,
			 const struct anygate_obj *obj);
int anygate_table_index(const struct anygate_net *agn, const char *name);
u32 anygate_table_local(const struct anygate_net *agn, const char *name);
void anygate_table_scan(struct anygate_net *agn);

/* witness.c */
bool anygate_witness_other(const struct anygate_net *agn,
			   const struct anygate_prefix *prefix, u32 table);
bool anygate_witness_left(struct anygate_net *agn,
			  const struct anygate_obj *obj);

/* parse.c */
struct genl_info;
struct nlattr;
int anygate_parse_addr(const struct nlattr *attr, struct anygate_addr *addr,
		       struct netlink_ext_ack *extack);
bool anygate_addr_usable(const struct anygate_addr *addr);
bool anygate_addr_stays_here(const struct anygate_addr *addr);
int anygate_parse_prefix(struct nlattr **tb, struct anygate_prefix *prefix,
			 struct netlink_ext_ack *extack);
int anygate_parse_name(const struct nlattr *attr, char *name,
		       struct netlink_ext_ack *extack);
struct anygate_services *
anygate_parse_services(struct genl_info *info,
		       const struct anygate_prefix *prefix);
int anygate_parse_leases(struct genl_info *info,
			 struct anygate_leases **leases);

/* parse_conf.c */
void anygate_conf_default(struct anygate_conf *conf,
			  const struct anygate_prefix *prefix);
int anygate_parse_conf(struct genl_info *info, struct anygate_conf *conf,
		       unsigned int n_services);

/* fill.c */
int anygate_put_gate(struct sk_buff *skb, const struct anygate_gate *gate,
		     const struct anygate_reader *reader);
int anygate_put_probes(struct sk_buff *skb);
int anygate_put_stats(struct sk_buff *skb, const struct anygate_gate *gate);
int anygate_put_status(struct sk_buff *skb, const struct anygate_net *agn);
int anygate_put_event(struct sk_buff *skb, const struct anygate_net *agn,
		      const struct anygate_event *event,
		      const struct anygate_reader *reader);

/* netlink.c */
int anygate_need_prefix(struct genl_info *info, struct anygate_prefix *prefix);
int anygate_no_gate(struct genl_info *info);
int anygate_netlink_init(void);
void anygate_netlink_exit(void);
void anygate_netlink_event(struct anygate_net *agn,
			   const struct anygate_event *event);
enum anygate_difference anygate_gate_difference(const struct anygate_gate *gate);

#endif /* ANYGATE_H */
