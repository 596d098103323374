// SPDX-License-Identifier: GPL-2.0
/*
 * One target for everything that reads what others wrote: the words of the
 * command line, acknowledgements, and attributes of gates, events and status.
 * The first byte chooses.
 */

#include <netdb.h>
#include <netlink/attr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "event.h"
#include "extack.h"
#include "format.h"
#include "gate.h"
#include "show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* /etc/services would be read for every input. */
struct servent *getservbyname(const char *name, const char *proto)
{
	static struct servent domain = { .s_name = (char *)"domain", .s_port = 53 << 8 };

	(void)proto;
	return strcmp(name, "domain") ? NULL : &domain;
}

/* What was accepted must be accepted again, and mean the same, as printed. */
static void check_conf(const struct conf *c)
{
	char buf[SERVICE_TEXT], prefix[PREFIX_TEXT];
	struct service s;
	struct prefix p;
	unsigned int i;
	struct err e;

	if (parse_prefix(prefix_text(&c->prefix, prefix), &p, &e) ||
	    prefix_cmp(&p, &c->prefix))
		abort();
	if (c->up > ANYGATE_DELAY_MAX || c->down > ANYGATE_DELAY_MAX)
		abort();
	for (i = 0; i < c->n_services; i++) {
		if (!prefix_contains(&c->prefix, &c->services[i].addr))
			abort();
		if (parse_service(service_text(&c->services[i], &p, buf), &s, &e))
			abort();
		if (s.port != c->services[i].port || s.protocol != c->services[i].protocol)
			abort();
	}
}

static void fuzz_conf(char *line, bool change)
{
	char *argv[128], *word, *save = NULL;
	struct conf c;
	struct err e;
	int argc = 0;

	for (word = strtok_r(line, " ", &save); word && argc < 128;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	if (!conf_parse(&c, change, argc, argv, &e))
		check_conf(&c);
	else if (!*e.text)
		abort();
}

static void fuzz_ack(const uint8_t *data, size_t size)
{
	struct reqmap map = { .n = 1, .at = { { 20, 40, "prefix", "::" } } };
	struct nlmsghdr *nlh;
	struct extack x;
	struct err e;

	if (size < sizeof(*nlh))
		return;
	nlh = malloc(size);
	memcpy(nlh, data, size);
	nlh->nlmsg_len = size;
	extack_parse(nlh, &x);
	extack_explain(&x, ANYGATE_CMD_GATE_ADD, "::/0", &map, &e);
	extack_parse_done(nlh, &x);
	free(nlh);
}

static void fuzz_attrs(const uint8_t *data, size_t size, FILE *null)
{
	static struct module_status st;
	static struct gate g;
	struct table t = { 0 };
	struct printer p;
	char text[512];
	void *attrs;
	int json;

	attrs = malloc(size ? size : 1);
	memcpy(attrs, data, size);
	gate_decode(&g, attrs, size);
	status_decode(&st, attrs, size);
	free(attrs);
	for (json = 0; json < 2; json++) {
		pr_init(&p, null, json, false);
		show_gate(&p, &g, "live", 1);
		event_print(&p, &g, true, 1);
	}
	show_row(&t, &g, 1);
	table_print(&t, null);
	status_warning(&st, text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;
	char *line;

	if (!null)
		null = fopen("/dev/null", "w");
	if (!size)
		return 0;
	switch (data[0] % 4) {
	case 0:
	case 1:
		line = malloc(size);
		memcpy(line, data + 1, size - 1);
		line[size - 1] = '\0';
		fuzz_conf(line, data[0] % 4);
		free(line);
		break;
	case 2:
		fuzz_ack(data + 1, size - 1);
		break;
	case 3:
		fuzz_attrs(data + 1, size - 1, null);
		break;
	}
	return 0;
}
