// SPDX-License-Identifier: GPL-2.0
/* Prefixes, services and times: compare them, turn them back into words. */

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"

/**
 * ip_equal() - compare two addresses
 * @a: one
 * @b: the other
 *
 * Return: whether they are the same
 */
bool ip_equal(const struct ipaddr *a, const struct ipaddr *b)
{
	return a->family == b->family &&
	       !memcmp(a->bytes, b->bytes, ip_size(a->family));
}

/**
 * prefix_contains() - whether an address is within a prefix
 * @p: prefix
 * @a: address
 *
 * Return: false as well if they are of different families
 */
bool prefix_contains(const struct prefix *p, const struct ipaddr *a)
{
	unsigned int whole = p->len / 8, rest = p->len % 8;

	if (p->addr.family != a->family ||
	    memcmp(p->addr.bytes, a->bytes, whole))
		return false;
	return !rest || !((p->addr.bytes[whole] ^ a->bytes[whole]) >> (8 - rest));
}

/**
 * prefix_cmp() - order prefixes as a person would list them
 * @a: one
 * @b: the other
 *
 * Return: <0, 0 or >0: IPv4 first, then by address, shorter first
 */
int prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int ret;

	if (a->addr.family != b->addr.family)
		return a->addr.family == AF_INET ? -1 : 1;
	ret = memcmp(a->addr.bytes, b->addr.bytes, ip_size(a->addr.family));
	return ret ? ret : (int)a->len - (int)b->len;
}

/**
 * ip_text() - an address as text
 * @a: address
 * @buf: for the result
 *
 * Return: @buf
 */
const char *ip_text(const struct ipaddr *a, char buf[INET6_ADDRSTRLEN])
{
	if (!a->family || !inet_ntop(a->family, a->bytes, buf, INET6_ADDRSTRLEN))
		strcpy(buf, "?");
	return buf;
}

/**
 * prefix_text() - a prefix as text, always with its length
 * @p: prefix
 * @buf: for the result
 *
 * Return: @buf
 */
const char *prefix_text(const struct prefix *p, char buf[PREFIX_TEXT])
{
	char addr[INET6_ADDRSTRLEN];

	snprintf(buf, PREFIX_TEXT, "%s/%u", ip_text(&p->addr, addr),
		 p->len & 0xff);
	return buf;
}

/**
 * protocol_text() - a transport protocol as text
 * @protocol: IPPROTO_*
 *
 * Return: its name, or "?"
 */
const char *protocol_text(uint32_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	}
	return "?";
}

/**
 * service_text() - a service as the command line takes it
 * @s: service
 * @p: prefix of its gate; the address is left out where the prefix says it
 * @buf: for the result
 *
 * Return: @buf
 */
const char *service_text(const struct service *s, const struct prefix *p,
			 char buf[SERVICE_TEXT])
{
	const char *protocol = protocol_text(s->protocol);
	char addr[INET6_ADDRSTRLEN];

	ip_text(&s->addr, addr);
	if (!s->addr.family ||
	    (prefix_is_host(p) && ip_equal(&s->addr, &p->addr)))
		snprintf(buf, SERVICE_TEXT, "%s/%u", protocol, s->port);
	else if (s->addr.family == AF_INET)
		snprintf(buf, SERVICE_TEXT, "%s:%s/%u", addr, protocol, s->port);
	else
		snprintf(buf, SERVICE_TEXT, "[%s]:%s/%u", addr, protocol, s->port);
	return buf;
}

/**
 * delay_text() - a delay, exactly, as the command line takes it
 * @ms: milliseconds
 * @buf: for the result
 *
 * Return: @buf: 0, 300ms, 1500ms, 2s, 5m, 1h, 2d
 */
const char *delay_text(uint32_t ms, char buf[DELAY_TEXT])
{
	if (!ms)
		snprintf(buf, DELAY_TEXT, "0");
	else if (ms % 1000)
		snprintf(buf, DELAY_TEXT, "%ums", ms);
	else if (ms % (60 * 1000))
		snprintf(buf, DELAY_TEXT, "%us", ms / 1000);
	else if (ms % (3600 * 1000))
		snprintf(buf, DELAY_TEXT, "%um", ms / (60 * 1000));
	else if (ms % (24 * 3600 * 1000))
		snprintf(buf, DELAY_TEXT, "%uh", ms / (3600 * 1000));
	else
		snprintf(buf, DELAY_TEXT, "%ud", ms / (24 * 3600 * 1000));
	return buf;
}
