/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between watch.c and hooks.c only: what is probed, and what the handlers know.
 */
#ifndef ANYGATE_WATCH_H
#define ANYGATE_WATCH_H

#include <linux/bits.h>
#include <linux/in.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct sock;

#define WATCH_PROTOS	2
#define WATCH_TCP	BIT(0)
#define WATCH_UDP	BIT(1)

/**
 * watch_proto() - number a protocol
 * @proto: IPPROTO_...
 *
 * Return: below WATCH_PROTOS, the number of its bit; or -1: not watched.
 */
static inline int watch_proto(u16 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 0;
	case IPPROTO_UDP:
		return 1;
	default:
		return -1;
	}
}

/**
 * struct watch_data - from the entry of a probed function to its exit
 * @sk: the socket, valid in the function as its caller holds it
 * @key: what it was at entry; port 0 for "to be found at exit"
 */
struct watch_data {
	struct sock *sk;
	struct anygate_sockkey key;
};

/**
 * struct watch_probe - one probed function
 * @symbol: its name
 * @protos: protocols whose gates need it
 * @canary: the canary sets it off
 * @entry: handler at entry
 * @leave: handler at exit, or NULL
 * @rp: the kretprobe, made anew at each registration
 * @armed: it is registered
 * @err: negative errno of the last registration
 * @missed_before: misses of earlier registrations
 */
struct watch_probe {
	const char *symbol;
	unsigned int protos;
	bool canary;
	int (*entry)(struct kretprobe_instance *ri, struct pt_regs *regs);
	int (*leave)(struct kretprobe_instance *ri, struct pt_regs *regs);
	struct kretprobe rp;
	bool armed;
	int err;
	u64 missed_before;
};

#define WATCH_PROBES	(8 + IS_ENABLED(CONFIG_IPV6))

/* See watch.c. */
extern struct mutex watch_lock;

extern struct watch_probe watch_probes[WATCH_PROBES];

void watch_port(int p, u16 port);
void unwatch_port(int p, u16 port);
void watch_canary(struct sock *sk);
unsigned long watch_heard(void);

#endif
