/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_FAKE_KERNEL_H
#define ANYGATECTL_FAKE_KERNEL_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "gate.h"
#include "stats.h"

#define FAKE_FAMILY	0x42

/*
 * The other end of a netlink socket, in a thread. Answers are queued before
 * the program under test is run; every request takes those up to fake_end().
 */
void fake_start(void);
void fake_stop(void);

void fake_module_missing(void);
void fake_no_netlink(void);
void fake_flood(unsigned int times);
void fake_deafens(unsigned int times);
unsigned int fake_rejoins(void);
void fake_terminates(void);
void fake_gate(const struct gate *g, uint16_t flags);
void fake_stats(const struct stats *st, uint16_t flags);
void fake_status(uint32_t probes, uint32_t reconcile);
void fake_error(int error, const char *msg, uint32_t offs);
void fake_done(int error, uint16_t flags);
void fake_end(void);
void fake_event(const struct gate *ev);
void fake_ctrl(uint8_t cmd);

/* Request number @i; NULL if there were not that many. */
const struct nlmsghdr *fake_request(unsigned int i);

#endif
