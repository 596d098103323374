// SPDX-License-Identifier: GPL-2.0
/*
 * mutate - requests of a corpus, changed at random, very many of them
 *
 *   mutate CORPUS SEED MESSAGES
 *
 * CORPUS is what "fuzz.py SPEC SEED MESSAGES --corpus FILE" writes: requests
 * made from the specification, one after the other. Each one that is sent has
 * been changed in a few places: bits, numbers, lengths, attributes left out,
 * repeated, and taken from other requests. Each has to be answered, and what
 * the kernel answers has to be attributes with nothing left over and no
 * padding that is not zero.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <linux/anygate.h>

#include "genl.h"

/* The family's number in the corpus; fuzz.py knows it, too. */
#define CORPUS_FAMILY	0x20

#define FIRST		(NLMSG_HDRLEN + GENL_HDRLEN)
#define LONGEST		8192
#define ATTRS_MAX	256

static struct genl genl;
static const struct nlmsghdr **corpus;
static size_t corpus_size;

static uint32_t below(uint32_t n)
{
	return n ? random() % n : 0;
}

static void corpus_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *data;

	if (fd < 0 || fstat(fd, &st) || !st.st_size)
		err(2, "%s", path);
	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	corpus = calloc(st.st_size / NLMSG_HDRLEN + 1, sizeof(*corpus));
	if (data == MAP_FAILED || !corpus)
		err(2, "%s", path);
	close(fd);
	for (off_t at = 0; at + (off_t)FIRST <= st.st_size;) {
		struct nlmsghdr *h = (void *)(data + at);

		if (h->nlmsg_len < FIRST || h->nlmsg_len > st.st_size - at)
			errx(2, "%s: not a request, at %jd", path, (intmax_t)at);
		if (h->nlmsg_len <= LONGEST)
			corpus[corpus_size++] = h;
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	if (!corpus_size)
		errx(2, "%s: nothing in it", path);
}

static const struct nlmsghdr *any(void)
{
	return corpus[below(corpus_size)];
}

/* Where the attributes begin, as far as they are some; the number of them. */
static size_t attributes(const void *buf, size_t len, size_t *at)
{
	size_t n = 0, pos = FIRST;

	while (n < ATTRS_MAX && pos + NLA_HDRLEN <= len) {
		const struct nlattr *a = (const void *)((const char *)buf + pos);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > len - pos)
			break;
		at[n++] = pos;
		pos += NLA_ALIGN(a->nla_len);
	}
	return n;
}

/* Insert one attribute at the end, if there is room for it. */
static void append(struct message *m, const struct nlattr *a)
{
	size_t len = NLA_ALIGN(a->nla_len);

	m->len = NLMSG_ALIGN(m->len);
	if (m->len + len > sizeof(m->buf))
		return;
	memset(m->buf + m->len, 0, len);
	memcpy(m->buf + m->len, a, a->nla_len);
	m->len += len;
}

static uint32_t number(void)
{
	static const uint32_t interesting[] = {
		0, 1, 2, 16, 32, 33, 64, 65, 128, 129, 255, 256, 53, 6, 17,
		0x7fff, 0xffff, 0x10000, 3600000, 3600001,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	};

	if (below(4) == 0)
		return random() << 1 ^ random();
	return interesting[below(sizeof(interesting) / sizeof(*interesting))];
}

static void change(struct message *m)
{
	size_t at[ATTRS_MAX], n = attributes(m->buf, m->len, at), len, pos;
	struct nlattr *a = n ? (void *)(m->buf + at[below(n)]) : NULL;
	uint32_t value;

	switch (below(9)) {
	case 0:		/* bits */
		if (m->len > FIRST)
			m->buf[FIRST + below(m->len - FIRST)] ^= 1 << below(8);
		break;
	case 1:		/* a byte */
		if (m->len > FIRST)
			m->buf[FIRST + below(m->len - FIRST)] = random();
		break;
	case 2:		/* a number */
		if (a && a->nla_len >= NLA_HDRLEN + sizeof(value)) {
			value = number();
			memcpy((char *)a + NLA_HDRLEN, &value, sizeof(value));
		}
		break;
	case 3:		/* a length, and all that follows has moved */
		if (a)
			a->nla_len += (int)below(17) - 8;
		break;
	case 4:		/* another attribute's number */
		if (a)
			a->nla_type = below(8) ? below(ANYGATE_A_GATE_MAX + 2) :
				      (uint16_t)random();
		break;
	case 5:		/* one left out */
		if (!a)
			break;
		len = NLA_ALIGN(a->nla_len);
		pos = (char *)a - m->buf;
		if (pos + len > m->len)
			len = m->len - pos;
		memmove(a, (char *)a + len, m->len - pos - len);
		m->len -= len;
		break;
	case 6:		/* one twice */
		if (a)
			append(m, a);
		break;
	case 7: {	/* one of another request */
		const struct nlmsghdr *other = any();

		n = attributes(other, other->nlmsg_len, at);
		if (n)
			append(m, (const void *)((const char *)other +
						 at[below(n)]));
		break;
	}
	case 8:		/* cut short */
		if (below(4) == 0)
			m->len = FIRST + below(m->len - FIRST + 1);
		break;
	}
}

/* What a kernel says; "depth" is how far nests are followed. */
static void check(const char *data, size_t len, int depth)
{
	size_t at = 0;

	while (at < len) {
		const struct nlattr *a = (const void *)(data + at);
		size_t end;

		if (len - at < NLA_HDRLEN || a->nla_len < NLA_HDRLEN ||
		    a->nla_len > len - at)
			errx(1, "an attribute that is none, %zu of %zu", at, len);
		end = NLA_ALIGN(a->nla_len);
		if (end > len - at)
			end = len - at;
		for (size_t i = a->nla_len; i < end; i++)
			if (data[at + i])
				errx(1, "padding of attribute %u is not zero",
				     a->nla_type);
		if (a->nla_type & NLA_F_NESTED && depth)
			check((const char *)a + NLA_HDRLEN,
			      a->nla_len - NLA_HDRLEN, depth - 1);
		at += end;
	}
}

int main(int argc, char **argv)
{
	uint64_t accepted = 0, refused = 0, total;
	struct message m, answer;
	struct timespec begun, now;
	unsigned int seed;
	int ret;

	if (argc != 4)
		errx(2, "usage: mutate CORPUS SEED MESSAGES");
	corpus_read(argv[1]);
	seed = strtoul(argv[2], NULL, 0);
	total = strtoull(argv[3], NULL, 0);
	genl_open(&genl, "anygate");
	srandom(seed);
	clock_gettime(CLOCK_MONOTONIC, &begun);

	for (uint64_t i = 0; i < total; i++) {
		const struct nlmsghdr *h = any();

		memcpy(m.buf, h, h->nlmsg_len);
		m.len = h->nlmsg_len;
		if (m.h.nlmsg_type == CORPUS_FAMILY)
			m.h.nlmsg_type = genl.family;
		for (unsigned int n = below(4); n; n--)
			change(&m);
		/* An acknowledgement is how the end of the answer is known. */
		m.h.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
		answer.len = 0;
		ret = ask(&genl, &m, &answer);
		if (ret == -ETIMEDOUT)
			errx(1, "no answer to message %ju of seed %u",
			     (uintmax_t)i, seed);
		if (ret > 0)
			errx(1, "an error of %d, message %ju of seed %u", ret,
			     (uintmax_t)i, seed);
		if (answer.len > FIRST && answer.h.nlmsg_type == genl.family)
			check(answer.buf + FIRST, answer.len - FIRST, 2);
		ret ? refused++ : accepted++;
	}

	clock_gettime(CLOCK_MONOTONIC, &now);
	message_start(&m, genl.family, 0, ANYGATE_CMD_GATE_FLUSH);
	ret = ask(&genl, &m, NULL);
	if (ret)
		errx(1, "flush: %s: %s", strerror(-ret), genl.reason);
	printf("# seed %u: %ju accepted, %ju refused, in %jd s\n", seed,
	       (uintmax_t)accepted, (uintmax_t)refused,
	       (intmax_t)(now.tv_sec - begun.tv_sec));
	return accepted && refused ? 0 : 1;
}
