// SPDX-License-Identifier: GPL-2.0
/* Verbs to test, each with a kernel of its own that the test makes speak. */

#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <unistd.h>

#include "harness.h"

#define LONGEST	120	/* seconds; a request that nobody answers takes for ever */

char *out, *err;

int verb_start(void **state)
{
	(void)state;
	memset(&opt, 0, sizeof(opt));
	out = err = NULL;
	fake_start();
	alarm(LONGEST);
	return 0;
}

int verb_stop(void **state)
{
	(void)state;
	alarm(0);
	fake_stop();
	free(out);
	free(err);
	return 0;
}

int run_words(int (*cmd)(int argc, char **argv), int argc, char **argv)
{
	int ret;

	free(out);
	free(err);
	capture_begin();
	ret = cmd(argc, argv);
	out = capture_end(&err);
	return ret;
}

int run(int (*cmd)(int argc, char **argv), const char *line)
{
	char buffer[1024], *argv[64], *word, *save = NULL;
	int argc = 0;

	snprintf(buffer, sizeof(buffer), "%s", line);
	for (word = strtok_r(buffer, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	return run_words(cmd, argc, argv);
}

void granted(unsigned int times)
{
	while (times--)
		refuse(0, NULL, 0);
}

void refuse(int error, const char *msg, uint32_t offs)
{
	fake_error(error, msg, offs);
	fake_end();
}

void have(unsigned int n, const struct gate *gates)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		fake_gate(&gates[i], NLM_F_MULTI);
	fake_done(0, 0);
	fake_end();
}

struct nlattr *attrs_of(unsigned int i, int *len)
{
	const struct nlmsghdr *nlh = fake_request(i);

	assert_non_null(nlh);
	*len = nlmsg_attrlen(nlh, GENL_HDRLEN);
	return nlmsg_attrdata(nlh, GENL_HDRLEN);
}

struct nlattr **attrs_in(unsigned int i, uint8_t cmd)
{
	static struct nlattr *tb[ANYGATE_A_GATE_MAX + 1];
	struct nlattr *attrs;
	int len;

	attrs = attrs_of(i, &len);
	assert_int_equal(((struct genlmsghdr *)NLMSG_DATA(fake_request(i)))->cmd, cmd);
	assert_int_equal(nla_parse(tb, ANYGATE_A_GATE_MAX, attrs, len, NULL), 0);
	return tb;
}

uint8_t request(unsigned int i, struct gate *g)
{
	int len;
	struct nlattr *attrs = attrs_of(i, &len);

	gate_decode(g, attrs, len);
	return ((struct genlmsghdr *)NLMSG_DATA(fake_request(i)))->cmd;
}

void assert_sent(struct nlattr **tb, const char *attrs)
{
	struct gate g = { 0 };
	unsigned int i;

	for (i = 1; i <= ANYGATE_A_GATE_MAX; i++)
		g.has[i] = tb[i];
	assert_has(&g, attrs);
}
