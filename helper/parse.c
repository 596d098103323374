// SPDX-License-Identifier: GPL-2.0
/*
 * Parsers of single words. They look at nothing but their argument (and
 * /etc/services), and say in a sentence what is wrong with it.
 */

#include <ctype.h>
#include <linux/anygate.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"

/* An empty word would not be seen in a sentence. */
static const char *shown(const char *arg)
{
	return *arg ? arg : "\"\"";
}

/* strtoul() takes signs, blanks and overlong numbers; a port is none of these. */
static int digits(const char *s, size_t len, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;
	size_t i;

	if (!len)
		return -1;
	for (i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]))
			return -1;
		if (v <= max)
			v = 10 * v + (s[i] - '0');
	}
	*value = v;
	return v <= max ? 0 : 1;
}

static int parse_ip(const char *s, struct ipaddr *a)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, s, a->bytes) == 1)
		a->family = AF_INET;
	else if (inet_pton(AF_INET6, s, a->bytes) == 1)
		a->family = AF_INET6;
	else
		return -1;
	return 0;
}

static bool is_mapped(const struct ipaddr *a)
{
	return a->family == AF_INET6 &&
	       IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)a->bytes);
}

static void clear_host_bits(struct prefix *p)
{
	unsigned int i, bits = p->len;

	for (i = 0; i < ip_size(p->addr.family); i++) {
		if (bits >= 8) {
			bits -= 8;
			continue;
		}
		p->addr.bytes[i] &= 0xff00 >> bits;
		bits = 0;
	}
}

/**
 * parse_prefix() - parse ADDRESS or ADDRESS/LENGTH
 * @arg: what the user gave
 * @p: result
 * @e: what is wrong with it
 *
 * Return: 0 or -1
 */
int parse_prefix(const char *arg, struct prefix *p, struct err *e)
{
	const char *slash = strchr(arg, '/');
	size_t len = slash ? (size_t)(slash - arg) : strlen(arg);
	char addr[INET6_ADDRSTRLEN], good[PREFIX_TEXT];
	struct prefix host;
	unsigned int bits;
	uint64_t value;

	if (len >= sizeof(addr))
		goto out_bad;
	memcpy(addr, arg, len);
	addr[len] = '\0';
	memset(p, 0, sizeof(*p));
	if (parse_ip(addr, &p->addr))
		goto out_bad;

	bits = 8 * ip_size(p->addr.family);
	p->len = bits;
	if (slash) {
		if (digits(slash + 1, strlen(slash + 1), bits, &value))
			return err_set(e, "%s: the length must be a number from 0 to %u",
				       arg, bits);
		p->len = value;
	}
	if (is_mapped(&p->addr) && p->len >= 96)
		return err_set(e, "%s is an IPv4 address in disguise; say %s/%u", arg,
			       inet_ntop(AF_INET, p->addr.bytes + 12, addr, sizeof(addr)),
			       p->len - 96);

	host = *p;
	clear_host_bits(p);
	if (!ip_equal(&host.addr, &p->addr)) {
		host.len = bits;
		return err_set(e, "%s has host bits set; say %s for the prefix or %s/%u for the host",
			       arg, prefix_text(p, good), addr, bits);
	}
	return 0;

out_bad:
	return err_set(e, "%s is no prefix; say for example 192.0.2.53/32 or 2001:db8::53/128",
		       shown(arg));
}

static int parse_port(const char *arg, const char *port, struct service *s,
		      struct err *e)
{
	const char *protocol = protocol_text(s->protocol);
	struct servent *ent;
	uint64_t value;
	int ret;

	ret = digits(port, strlen(port), 65535, &value);
	if (!ret && value) {
		s->port = value;
		return 0;
	}
	if (ret >= 0)
		return err_set(e, "%s: port %s is not in the range 1 to 65535", arg, port);
	if (!*port)
		return err_set(e, "%s: the port is missing; say for example %s/53", arg, protocol);
	ent = getservbyname(port, protocol);
	if (!ent || !ent->s_port)
		return err_set(e, "%s: no service \"%s\" for %s in /etc/services; give a number",
			       arg, port, protocol);
	s->port = ntohs(ent->s_port);
	return 0;
}

static int parse_service_address(const char *arg, const char *addr, size_t len,
				 struct service *s, struct err *e)
{
	bool bracketed = len >= 2 && addr[0] == '[' && addr[len - 1] == ']';
	char buf[INET6_ADDRSTRLEN];

	if (bracketed) {
		addr++;
		len -= 2;
	}
	if (len >= sizeof(buf))
		goto out_bad;
	memcpy(buf, addr, len);
	buf[len] = '\0';
	if (parse_ip(buf, &s->addr))
		goto out_bad;
	if (is_mapped(&s->addr))
		return err_set(e, "%s: the address is an IPv4 address in disguise; give it as IPv4",
			       arg);
	if (!bracketed && s->addr.family == AF_INET6)
		return err_set(e, "%s: an IPv6 address needs brackets: [%s]:%s", arg, buf,
			       addr + len + 1);
	if (bracketed && s->addr.family == AF_INET)
		return err_set(e, "%s: brackets are for IPv6 addresses: %s:%s", arg, buf,
			       addr + len + 2);
	return 0;

out_bad:
	return err_set(e, "%s: \"%.*s\" is no address; say for example 192.0.2.53:udp/53 or [2001:db8::53]:udp/53",
		       arg, (int)len, addr);
}

/**
 * parse_service() - parse [ADDRESS:]PROTOCOL/PORT
 * @arg: what the user gave
 * @s: result; its address has family 0 if none was given
 * @e: what is wrong with it
 *
 * Return: 0 or -1
 */
int parse_service(const char *arg, struct service *s, struct err *e)
{
	const char *slash = strrchr(arg, '/');
	const char *proto = arg, *colon;
	size_t len;

	memset(s, 0, sizeof(*s));
	if (!slash)
		return err_set(e, "%s is no service; say for example udp/53", arg);
	for (colon = slash; colon > arg; colon--) {
		if (colon[-1] == ':') {
			proto = colon;
			break;
		}
	}
	len = slash - proto;
	if (len == 3 && !memcmp(proto, "udp", 3))
		s->protocol = IPPROTO_UDP;
	else if (len == 3 && !memcmp(proto, "tcp", 3))
		s->protocol = IPPROTO_TCP;
	else if (!strcmp(slash, "/udp") || !strcmp(slash, "/tcp"))
		return err_set(e, "%s: the protocol comes first; say %.*s%s/%.*s", arg,
			       (int)(proto - arg), arg, slash + 1, (int)len, proto);
	else
		return err_set(e, "%s: unknown protocol \"%.*s\"; say tcp or udp", arg,
			       (int)len, proto);
	if (proto > arg &&
	    parse_service_address(arg, arg, proto - 1 - arg, s, e))
		return -1;
	return parse_port(arg, slash + 1, s, e);
}

static const struct unit {
	const char *name;
	uint32_t ms;
} units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 3600 * 1000 },
	{ "d", 24 * 3600 * 1000 },
};

static int out_of_range(const char *key, const char *arg, uint32_t min,
			uint32_t max, struct err *e)
{
	char low[DELAY_TEXT], high[DELAY_TEXT];

	delay_text(max, high);
	if (!min)
		return err_set(e, "%s %s: at most %s", key, arg, high);
	return err_set(e, "%s %s: a time from %s to %s is needed", key, arg,
		       delay_text(min, low), high);
}

/* Suggests what would be taken. */
static int missing_unit(const char *key, const char *arg, uint32_t min, uint32_t max,
			struct err *e)
{
	static const char *const unit[] = { "s", "ms" };
	char text[32], say[2 * sizeof(text)] = "";
	struct err ignored;
	uint32_t ms;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unit); i++)
		if (snprintf(text, sizeof(text), "%s%s", arg, unit[i]) < (int)sizeof(text) &&
		    !parse_time(key, text, min, max, &ms, &ignored))
			text_append(say, sizeof(say), "%s%s", *say ? " or " : "", text);
	return err_set(e, "%s %s: the unit is missing; say %s", key, arg,
		       *say ? say : "for example 300ms, 1.5s, 5m or 1h");
}

/**
 * parse_time() - parse a time such as 300ms, 1.5s, 5m, 1h, 2d or 0
 * @key: the keyword, for the message
 * @arg: what the user gave
 * @min: the least that is allowed, in milliseconds
 * @max: the most, at most TIME_MAX
 * @ms: result
 * @e: what is wrong with it
 *
 * A number without a unit is refused: half the world would mean seconds and
 * the other half milliseconds.
 *
 * Return: 0 or -1
 */
int parse_time(const char *key, const char *arg, uint32_t min, uint32_t max,
	       uint32_t *ms, struct err *e)
{
	size_t whole = strspn(arg, "0123456789"), frac = 0, i;
	const struct unit *unit = NULL;
	uint64_t value, scale, part;
	const char *rest = arg + whole;

	if (*rest == '.') {
		frac = strspn(rest + 1, "0123456789");
		if (!frac)
			goto out_bad;
		rest += 1 + frac;
	}
	if (!whole)
		goto out_bad;
	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(rest, units[i].name))
			unit = &units[i];
	if (!unit && *rest)
		goto out_bad;
	if (!unit) {
		if (strspn(arg, "0.") != strlen(arg))
			return missing_unit(key, arg, min, max, e);
		if (min)
			return out_of_range(key, arg, min, max, e);
		*ms = 0;
		return 0;
	}

	if (digits(arg, whole, max, &value))
		return out_of_range(key, arg, min, max, e);
	value *= unit->ms;
	while (frac && arg[whole + frac] == '0')
		frac--;
	if (frac) {
		/* No unit has more factors of two than 10, so 10 decimals do. */
		for (i = 0, scale = 1; i < frac && i < 10; i++)
			scale *= 10;
		if (frac > 10 || digits(arg + whole + 1, frac, scale, &part) ||
		    part * unit->ms % scale)
			return err_set(e, "%s %s: whole milliseconds are needed", key, arg);
		value += part * unit->ms / scale;
	}
	if (value < min || value > max)
		return out_of_range(key, arg, min, max, e);
	*ms = value;
	return 0;

out_bad:
	return err_set(e, "%s %s: this is no time; say for example 300ms, 1.5s, 5m, 1h or 0",
		       key, shown(arg));
}

/**
 * parse_number() - parse a decimal number
 * @key: the keyword, for the message
 * @arg: what the user gave
 * @min: the least that is allowed
 * @max: the most
 * @n: result
 * @e: what is wrong with it
 *
 * Return: 0 or -1
 */
int parse_number(const char *key, const char *arg, uint32_t min, uint32_t max,
		 uint32_t *n, struct err *e)
{
	uint64_t value;

	if (digits(arg, strlen(arg), max, &value) || value < min)
		return err_set(e, "%s %s: a number from %u to %u is needed", key,
			       shown(arg), min, max);
	*n = value;
	return 0;
}

/**
 * parse_device() - check the name of a device
 * @key: the keyword, for the message
 * @arg: what the user gave
 * @e: what is wrong with it
 *
 * Whether there is such a device is for the kernel to say.
 *
 * Return: 0 or -1
 */
int parse_device(const char *key, const char *arg, struct err *e)
{
	const char *c;

	if (strlen(arg) > ANYGATE_DEVNAME_MAX)
		return err_set(e, "%s %s: a device name has at most %u characters", key, arg,
			       ANYGATE_DEVNAME_MAX);
	if (!*arg || !strcmp(arg, ".") || !strcmp(arg, ".."))
		goto out_bad;
	for (c = arg; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
			goto out_bad;
	return 0;

out_bad:
	return err_set(e, "%s \"%s\": this is no device name", key, arg);
}

/* Words with a meaning where a name may stand, too. */
static const char *const no_names[] = { "none", "for", "help" };

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/**
 * is_name() - whether a word can be told from a prefix, and is a name
 * @arg: what the user gave
 *
 * Return: true for a letter with letters, digits, "_", "-" and "." behind it
 */
bool is_name(const char *arg)
{
	if (!isalpha((unsigned char)*arg))
		return false;
	while (is_name_char(*arg))
		arg++;
	return !*arg;
}

/**
 * parse_name() - check the name of a group or a lease
 * @key: the keyword, for the message
 * @arg: what the user gave
 * @e: what is wrong with it
 *
 * Return: 0 or -1
 */
int parse_name(const char *key, const char *arg, struct err *e)
{
	size_t i;

	if (!is_name(arg))
		return err_set(e, "%s \"%s\": a name is a letter, with letters, digits, \"_\", \"-\" and \".\" behind it",
			       key, arg);
	if (strlen(arg) > ANYGATE_NAME_MAX)
		return err_set(e, "%s %s: a name has at most %u characters", key, arg,
			       ANYGATE_NAME_MAX);
	for (i = 0; i < ARRAY_SIZE(no_names); i++)
		if (!strcmp(arg, no_names[i]))
			return err_set(e, "%s %s: this word has a meaning of its own; take another name",
				       key, arg);
	return 0;
}

/**
 * parse_gateway() - parse the address of a gateway
 * @key: the keyword, for the message
 * @arg: what the user gave
 * @a: result
 * @e: what is wrong with it
 *
 * Return: 0 or -1
 */
int parse_gateway(const char *key, const char *arg, struct ipaddr *a,
		  struct err *e)
{
	static const uint8_t zeros[16];

	if (parse_ip(arg, a))
		return err_set(e, "%s %s: this is no address; say for example 192.0.2.1 or 2001:db8::1",
			       key, shown(arg));
	if (is_mapped(a))
		return err_set(e, "%s %s: this is an IPv4 address in disguise; give it as IPv4", key,
			       arg);
	if (!memcmp(a->bytes, zeros, sizeof(zeros)))
		return err_set(e, "%s %s: this is no address of a machine", key, arg);
	return 0;
}

static void join(char *buf, size_t size, const char *const *words, size_t n,
		 const char *start)
{
	size_t i, left = 0, len = strlen(start), used = 0;

	for (i = 0; i < n; i++)
		left += !strncmp(words[i], start, len);
	buf[0] = '\0';
	for (i = 0; i < n; i++) {
		if (strncmp(words[i], start, len))
			continue;
		left--;
		used += snprintf(buf + used, size - used, "%s%s", words[i],
				 left > 1 ? ", " : left ? " or " : "");
		if (used >= size)
			return;
	}
}

/**
 * match_word() - find a word, or the one word that it is the beginning of
 * @what: what kind of word it is, for the message
 * @arg: what the user gave
 * @words: all that are allowed
 * @n: number of @words
 * @e: what is wrong with @arg
 *
 * Return: index of the word, or -1
 */
int match_word(const char *what, const char *arg, const char *const *words,
	       size_t n, struct err *e)
{
	size_t i, len = strlen(arg), hits = 0;
	char list[512];
	int hit = -1;

	for (i = 0; i < n; i++) {
		if (!strcmp(words[i], arg))
			return i;
		if (len && !strncmp(words[i], arg, len)) {
			hits++;
			hit = i;
		}
	}
	if (hits == 1)
		return hit;
	if (hits) {
		join(list, sizeof(list), words, n, arg);
		return err_set(e, "%s \"%s\" is ambiguous; say %s", what, arg, list);
	}
	join(list, sizeof(list), words, n, "");
	return err_set(e, "unknown %s \"%s\"; say %s", what, arg, list);
}
