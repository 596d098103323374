// SPDX-License-Identifier: GPL-2.0
/*
 * Extended acknowledgements. libnl knows nothing of them, so this file walks
 * the attributes behind struct nlmsgerr, and makes a sentence of what it finds.
 */

#include <errno.h>
#include <linux/anygate.h>
#include <stdio.h>
#include <string.h>

#include "extack.h"
#include "names.h"

static void parse_tlvs(const char *p, size_t left, struct extack *x)
{
	struct nlattr nla;
	size_t len, step;
	uint32_t u32;

	while (left >= sizeof(nla)) {
		memcpy(&nla, p, sizeof(nla));
		if (nla.nla_len < sizeof(nla) || nla.nla_len > left)
			return;
		len = nla.nla_len - sizeof(nla);
		memcpy(&u32, p + sizeof(nla), len >= 4 ? 4 : 0);
		switch (nla.nla_type & NLA_TYPE_MASK) {
		case NLMSGERR_ATTR_MSG:
			snprintf(x->msg, sizeof(x->msg), "%.*s", (int)len,
				 p + sizeof(nla));
			break;
		case NLMSGERR_ATTR_OFFS:
			if (len < 4)
				break;
			x->has_offs = true;
			x->offs = u32;
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			if (len < 4)
				break;
			x->has_missing = true;
			x->missing = u32;
			break;
		case NLMSGERR_ATTR_MISS_NEST:
			if (len < 4)
				break;
			x->in_nest = true;
			x->nest = u32;
			break;
		}
		step = NLA_ALIGN(nla.nla_len);
		if (step > left)
			return;
		p += step;
		left -= step;
	}
}

/**
 * extack_parse() - parse an acknowledgement, positive or negative
 * @nlh: message of type NLMSG_ERROR, of which nlmsg_len bytes can be read
 * @x: result
 */
void extack_parse(const struct nlmsghdr *nlh, struct extack *x)
{
	size_t used = NLMSG_LENGTH(sizeof(struct nlmsgerr)), payload;
	struct nlmsgerr err;

	memset(x, 0, sizeof(*x));
	if (nlh->nlmsg_len < used) {
		x->error = EBADMSG;
		return;
	}
	memcpy(&err, NLMSG_DATA(nlh), sizeof(err));
	/* -INT_MIN is no number, and no errno is positive here. */
	x->error = err.error > -4096 && err.error <= 0 ? -err.error : EBADMSG;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* Unless it is capped, the whole request comes before the attributes. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED)) {
		if (err.msg.nlmsg_len < sizeof(err.msg) ||
		    err.msg.nlmsg_len > nlh->nlmsg_len)
			return;
		payload = NLMSG_ALIGN(err.msg.nlmsg_len) - sizeof(err.msg);
		if (payload > nlh->nlmsg_len - used)
			return;
		used += payload;
	}
	parse_tlvs((const char *)nlh + used, nlh->nlmsg_len - used, x);
}

/**
 * extack_parse_done() - parse the end of a dump, which may be an error
 * @nlh: message of type NLMSG_DONE, of which nlmsg_len bytes can be read
 * @x: result
 */
void extack_parse_done(const struct nlmsghdr *nlh, struct extack *x)
{
	size_t used = NLMSG_LENGTH(sizeof(int));
	int error;

	memset(x, 0, sizeof(*x));
	if (nlh->nlmsg_len < used)
		return;
	memcpy(&error, NLMSG_DATA(nlh), sizeof(error));
	if (error >= 0)
		return;
	x->error = error > -4096 ? -error : EBADMSG;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		parse_tlvs((const char *)nlh + used, nlh->nlmsg_len - used, x);
}

/**
 * reqmap_add() - note which word of the command line an attribute is made of
 * @map: for the request
 * @start: offset of the attribute in the message
 * @end: offset of what follows it
 * @key: keyword
 * @value: what the user gave for it
 */
void reqmap_add(struct reqmap *map, uint32_t start, uint32_t end,
		const char *key, const char *value)
{
	if (map->n == ARRAY_SIZE(map->at))
		return;
	map->at[map->n].start = start;
	map->at[map->n].end = end;
	map->at[map->n].key = key;
	map->at[map->n].value = value;
	map->n++;
}

/* Where is the offset? -1 for nowhere that the user has a word for. */
static int reqmap_find(const struct reqmap *map, uint32_t offs)
{
	unsigned int i;

	for (i = 0; map && i < map->n; i++)
		if (offs >= map->at[i].start && offs < map->at[i].end)
			return i;
	return -1;
}

/**
 * extack_word() - which word of the user's the kernel blames
 * @x: what the kernel said
 * @map: which word of the command line went where
 *
 * Return: the word, or NULL if it blames none
 */
const char *extack_word(const struct extack *x, const struct reqmap *map)
{
	int word = x->has_offs ? reqmap_find(map, x->offs) : -1;

	return word < 0 ? NULL : map->at[word].value;
}

static bool is_gate_cmd(uint8_t cmd)
{
	return (cmd >= ANYGATE_CMD_GATE_ADD && cmd <= ANYGATE_CMD_GATE_LEASE) ||
	       cmd == ANYGATE_CMD_STATS_GET;
}

#define OLD_MODULE	"the loaded module does not know this; is it older than anygatectl?"

/* Of netlink's own words these have a meaning that they do not say. */
static const char *kernel_words(const char *msg)
{
	return strcmp(msg, "Unknown attribute type") ? msg : OLD_MODULE;
}

/* Without words of the kernel, the errno has to do. */
static void errno_words(const struct extack *x, uint8_t cmd, char *buf,
			size_t size)
{
	const char *text = NULL;

	if (cmd == ANYGATE_CMD_GATE_ADD && x->error == ENOSPC)
		text = "this network namespace has as many gates as it may have";
	else if (x->error == ENODEV)
		text = "no such device";
	else if (x->error == EOPNOTSUPP)
		text = "the loaded module does not know this request; is it older than anygatectl?";
	else if (x->error == EBADMSG)
		text = "the kernel's answer makes no sense";
	if (text)
		snprintf(buf, size, "%s", text);
	else
		snprintf(buf, size, "the kernel refused: %s", strerror(x->error));
}

static const char *missing_name(const struct extack *x)
{
	return name_of(x->in_nest ? &service_attr_names : &gate_attr_names,
		       x->missing);
}

/**
 * extack_explain() - say why the kernel refused, and what to do about it
 * @x: what the kernel said
 * @cmd: the command it was asked
 * @subject: what the request was about, such as the prefix
 * @map: which word of the command line went where, or NULL
 * @e: result
 *
 * What can mean one thing only has a sentence of its own, the same for every
 * version of the module. Of all else the kernel knows more than its errno says.
 */
void extack_explain(const struct extack *x, uint8_t cmd, const char *subject,
		    const struct reqmap *map, struct err *e)
{
	int word = x->has_offs ? reqmap_find(map, x->offs) : -1;
	bool about_gate = word <= 0;	/* the first word is the prefix */
	char said[320], missing[64] = "";

	/* A pin without an end is refused in the kernel's own words. */
	if (x->error == EPERM && !(cmd == ANYGATE_CMD_GATE_ORDER && *x->msg)) {
		err_set(e, "%s: not permitted: CAP_NET_ADMIN is needed in this network namespace%s%s%s",
			subject, *x->msg ? " (" : "", x->msg, *x->msg ? ")" : "");
		return;
	}
	if (cmd == ANYGATE_CMD_GATE_ADD && x->error == EEXIST && about_gate) {
		err_set(e, "%s has a gate already; use change", subject);
		return;
	}
	/* A lease may be missing as well, and the kernel says which it is. */
	if (is_gate_cmd(cmd) && x->error == ENOENT && about_gate &&
	    !(cmd == ANYGATE_CMD_GATE_LEASE && *x->msg)) {
		err_set(e, "%s: %s", subject,
			map && map->n && !strcmp(map->at[0].key, "name") ?
			"no gate has this name" : "No such gate");
		return;
	}

	if (*x->msg)
		snprintf(said, sizeof(said), "%s", kernel_words(x->msg));
	else
		errno_words(x, cmd, said, sizeof(said));
	if (x->has_missing)
		snprintf(missing, sizeof(missing), " (%s is missing)", missing_name(x));
	if (!about_gate)
		err_set(e, "%s: %s %s: %s%s", subject, map->at[word].key,
			map->at[word].value, said, missing);
	else
		err_set(e, "%s: %s%s", subject, said, missing);
}
