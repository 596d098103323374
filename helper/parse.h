/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_PARSE_H
#define ANYGATECTL_PARSE_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

/**
 * struct ipaddr - an address of either family
 * @family: AF_INET or AF_INET6; 0 for none
 * @bytes: 4 or 16 of them, in network order
 */
struct ipaddr {
	int family;
	uint8_t bytes[16];
};

/**
 * struct prefix - what a gate is for
 * @addr: host bits are zero
 * @len: in bits
 */
struct prefix {
	struct ipaddr addr;
	unsigned int len;
};

/**
 * struct service - a transport port on an address
 * @addr: service address; family 0 until it is known
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @port: in host order
 * @listeners: how many sockets were found
 * @queued: the queues were looked at: the fields below it are known
 * @queue: what waits in them, bytes (UDP) or connections (TCP)
 * @limit: the most they take
 * @drops: packets that the sockets have dropped
 * @waiting: something waits, for @age
 * @age: of the oldest, in nanoseconds
 * @stalled: how many listeners stand still
 * @dying: how many sockets are not counted because their process is ending
 */
struct service {
	struct ipaddr addr;
	uint32_t protocol;
	uint32_t port;
	uint32_t listeners;
	bool queued;
	uint32_t queue;
	uint32_t limit;
	uint64_t drops;
	bool waiting;
	uint64_t age;
	uint32_t stalled;
	uint32_t dying;
};

/* The longest "for" and "ttl": what 32 bits hold of milliseconds, in days. */
#define TIME_MAX	(49U * 24 * 3600 * 1000)

#define DELAY_TEXT	24
#define PREFIX_TEXT	(INET6_ADDRSTRLEN + 4)
#define SERVICE_TEXT	(INET6_ADDRSTRLEN + 24)

/**
 * ip_size() - size of an address
 * @family: AF_INET or AF_INET6
 *
 * Return: in bytes
 */
static inline size_t ip_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

/**
 * prefix_is_host() - whether a prefix is a single address
 * @p: prefix
 *
 * Return: true for a /32 of IPv4 and a /128 of IPv6
 */
static inline bool prefix_is_host(const struct prefix *p)
{
	return p->len == 8 * ip_size(p->addr.family);
}

bool ip_equal(const struct ipaddr *a, const struct ipaddr *b);
bool prefix_contains(const struct prefix *p, const struct ipaddr *a);
int prefix_cmp(const struct prefix *a, const struct prefix *b);
const char *ip_text(const struct ipaddr *a, char buf[INET6_ADDRSTRLEN]);
const char *prefix_text(const struct prefix *p, char buf[PREFIX_TEXT]);
const char *protocol_text(uint32_t protocol);
const char *delay_text(uint32_t ms, char buf[DELAY_TEXT]);
const char *service_text(const struct service *s, const struct prefix *p,
			 char buf[SERVICE_TEXT]);

int parse_prefix(const char *arg, struct prefix *p, struct err *e);
int parse_service(const char *arg, struct service *s, struct err *e);
int parse_time(const char *key, const char *arg, uint32_t min, uint32_t max,
	       uint32_t *ms, struct err *e);
int parse_number(const char *key, const char *arg, uint32_t min, uint32_t max,
		 uint32_t *n, struct err *e);
bool is_name(const char *arg);
int parse_name(const char *key, const char *arg, struct err *e);
int parse_gateway(const char *key, const char *arg, struct ipaddr *a,
		  struct err *e);
int parse_device(const char *key, const char *arg, struct err *e);
int match_word(const char *what, const char *arg, const char *const *words,
	       size_t n, struct err *e);

#endif
