// SPDX-License-Identifier: GPL-2.0
/*
 * One target for everything that reads what others wrote: the words of the
 * command line, acknowledgements, and attributes of gates, events and status.
 * The first byte chooses.
 */

#include <linux/rtnetlink.h>
#include <netdb.h>
#include <netlink/attr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "conf.h"
#include "damp.h"
#include "event.h"
#include "extack.h"
#include "format.h"
#include "gate.h"
#include "show.h"
#include "stats.h"

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

	if (c->damp > 1 || c->observe > 1 || c->on_expiry > 1 || c->need > ANYGATE_SERVICES_MAX)
		abort();
	if (c->said[KEY_SUPPRESS] && c->said[KEY_REUSE] && c->suppress < c->reuse)
		abort();
	if (c->said[KEY_HALF_LIFE] &&
	    (c->half_life < HALF_LIFE_MIN || c->half_life > HALF_LIFE_MAX))
		abort();
	if (c->fatal > 1 || c->stall_members > 1 || c->shield > ANYGATE_DELAY_MAX ||
	    c->stall > ANYGATE_DELAY_MAX || (c->stall && c->stall < ANYGATE_STALL_MIN))
		abort();
	if (c->said[KEY_WITNESS] &&
	    (c->witness == RT_TABLE_MAIN || c->witness == RT_TABLE_LOCAL ||
	     (c->said[KEY_TABLE] && c->witness == c->table)))
		abort();
	for (i = 0; i < c->n_require; i++)
		if (parse_name("require", c->require[i], &e))
			abort();
	if (c->gate.name) {
		if (!is_name(c->gate.name))
			abort();
		return;
	}
	p = c->gate.prefix;
	if (c->fallback_via.family && prefix_contains(&p, &c->fallback_via))
		abort();
	if (parse_prefix(prefix_text(&c->gate.prefix, prefix), &p, &e) ||
	    prefix_cmp(&p, &c->gate.prefix))
		abort();
	if (c->up > ANYGATE_DELAY_MAX || c->down > ANYGATE_DELAY_MAX)
		abort();
	for (i = 0; i < c->n_services; i++) {
		if (!prefix_contains(&p, &c->services[i].addr))
			abort();
		if (parse_service(service_text(&c->services[i], &p, buf), &s, &e))
			abort();
		if (s.port != c->services[i].port || s.protocol != c->services[i].protocol)
			abort();
	}
}

#define ARGS	128

/* Ends with NULL, as a command line does. */
static int words(char *line, char *argv[ARGS + 1])
{
	char *word, *save = NULL;
	int argc = 0;

	for (word = strtok_r(line, " ", &save); word && argc < ARGS;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	return argc;
}

static void fuzz_order(char *line)
{
	char *argv[ARGS + 1];
	struct order_args o;
	struct lease_args l;
	struct check_args c;
	int argc = words(line, argv);
	uint32_t order;
	struct err e;

	for (order = 0; order <= ANYGATE_ORDER_UNDAMP; order++)
		if (!parse_order_args(argc, argv, "drain", order, &o, &e) &&
		    (o.ms > TIME_MAX || o.wait_ms > TIME_MAX ||
		     (o.wait && order != ANYGATE_ORDER_DRAIN) ||
		     (order == ANYGATE_ORDER_PIN && !o.ms && !o.force)))
			abort();
	if (!parse_lease_args(argc, argv, &l, &e) && (!l.ttl || !l.verdict || !is_name(l.name)))
		abort();
	if (!parse_check_args(argc, argv, &c, &e) &&
	    (!c.command[0] || !c.every || !c.timeout || !c.rise || !c.fall ||
	     check_ttl(&c) > TIME_MAX))
		abort();
}

static void fuzz_conf(char *line, bool change)
{
	char *argv[ARGS + 1];
	struct conf c;
	struct err e;
	int argc = words(line, argv);

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
	static struct stats stats;
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
	stats_decode(&stats, attrs, size);
	free(attrs);
	for (json = 0; json < 2; json++) {
		pr_init(&p, null, json, false);
		show_gate(&p, &g, "live", 1);
		event_print(&p, &g, true, 1);
		show_stats(&p, &stats);
	}
	show_header(&t, true);
	show_row(&t, &g, true, 1);
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
	switch (data[0] % 5) {
	case 0:
	case 1:
	case 4:
		line = malloc(size);
		memcpy(line, data + 1, size - 1);
		line[size - 1] = '\0';
		if (data[0] % 5 == 4)
			fuzz_order(line);
		else
			fuzz_conf(line, data[0] % 5);
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
