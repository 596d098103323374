// SPDX-License-Identifier: GPL-2.0
/*
 * All settings of a gate, as a file gives them and as the kernel has them, and
 * what the difference is. Both are put into the words of the command line and
 * read from there, so that there is one meaning of them.
 */

#include <assert.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confgate.h"
#include "format.h"
#include "lex.h"
#include "names.h"

/* The kernel's own, see kmod/parse.c; a selftest compares them. */
static const char *const defaults[KEY_MAX] = {
	[KEY_DEV]		= "lo",
	[KEY_TABLE]		= "main",
	[KEY_METRIC]		= "1024",
	[KEY_HOLD]		= "on",
	[KEY_UP]		= "1s",
	[KEY_DOWN]		= "0",
	[KEY_LISTEN_DEV]	= "any",
	[KEY_NAME]		= "none",
	[KEY_NEED]		= "all",
	[KEY_DAMP]		= "off",
	[KEY_PENALTY]		= "1000",
	[KEY_SUPPRESS]		= "2000",
	[KEY_REUSE]		= "750",
	[KEY_HALF_LIFE]		= "1m",
	[KEY_MAX_SUPPRESS]	= "5m",
	[KEY_REQUIRE]		= "none",
	[KEY_ON_EXPIRY]		= "withdraw",
	[KEY_FALLBACK]		= "none",
	[KEY_OBSERVE]		= "off",
	[KEY_SHIELD]		= "0",
	[KEY_STALL]		= "0",
	[KEY_STALL_MEMBERS]	= "all",
	[KEY_FATAL]		= "off",
	[KEY_WITNESS]		= "off",
};

/* Keeps a text for as long as the settings live. */
static char *keep(struct full *f, const char *text)
{
	char *copy = f->text + f->used;
	size_t size = strlen(text) + 1;

	if (size > sizeof(f->text) - f->used)
		return NULL;
	memcpy(copy, text, size);
	f->used += size;
	return copy;
}

static int set(struct full *f, enum conf_key key, const char *text, struct err *e)
{
	char *word = keep(f, text);

	if (!word)
		return err_set(e, "%s is too long", conf_keys[key]);
	return conf_set(&f->conf, key, 1, &word, e) == 1 ? 0 : -1;
}

static void complete(struct full *f)
{
	const bool host = prefix_is_host(&f->conf.gate.prefix);
	struct err e;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < KEY_MAX; i++) {
		if (f->conf.said[i])
			continue;
		ret |= set(f, i, i != KEY_ACTION ? defaults[i] : host ? "address" : "route", &e);
	}
	assert(!ret);
}

/**
 * full_of_conf() - the settings that a line of a file stands for
 * @f: result; points to what @c points to
 * @c: the line
 */
void full_of_conf(struct full *f, const struct conf *c)
{
	f->conf = *c;
	f->conf.exact = true;
	f->observing_until = 0;
	f->used = 0;
	complete(f);
}

static int set_number(struct full *f, enum conf_key key, uint32_t n, struct err *e)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	return set(f, key, text, e);
}

static int set_delay(struct full *f, enum conf_key key, uint32_t ms, struct err *e)
{
	char text[DELAY_TEXT];

	return set(f, key, delay_text(ms, text), e);
}

static int set_action(struct full *f, const struct gate *g, struct err *e)
{
	if (set(f, KEY_ACTION, name_of(&action_names, g->action), e))
		return -1;
	if (gate_has(g, ANYGATE_A_GATE_DEV) && set(f, KEY_DEV, g->dev_raw, e))
		return -1;
	if (gate_has(g, ANYGATE_A_GATE_HOLD) &&
	    set(f, KEY_HOLD, name_of(&switch_names, g->hold), e))
		return -1;
	if (gate_has(g, ANYGATE_A_GATE_METRIC) && set_number(f, KEY_METRIC, g->metric, e))
		return -1;
	if (!gate_has(g, ANYGATE_A_GATE_TABLE))
		return 0;
	/* By number: the names may be changed. */
	return g->table == RT_TABLE_MAIN ? set(f, KEY_TABLE, "main", e) :
					   set_number(f, KEY_TABLE, g->table, e);
}

static int set_damp(struct full *f, const struct gate *g, struct err *e)
{
	if (!gate_has(g, ANYGATE_A_GATE_DAMP))
		return 0;
	return set(f, KEY_DAMP, name_of(&switch_names, g->damp), e) ||
	       set_number(f, KEY_PENALTY, g->damp_penalty, e) ||
	       set_number(f, KEY_SUPPRESS, g->damp_suppress, e) ||
	       set_number(f, KEY_REUSE, g->damp_reuse, e) ||
	       set_delay(f, KEY_HALF_LIFE, g->damp_half_life, e) ||
	       set_delay(f, KEY_MAX_SUPPRESS, g->damp_max, e);
}

static int set_require(struct full *f, const struct gate *g, struct err *e)
{
	char text[ANYGATE_LEASES_MAX * (NAME_TEXT + 1)] = "";
	unsigned int i;

	for (i = 0; i < g->n_leases; i++)
		text_append(text, sizeof(text), "%s%s", i ? "," : "", g->leases[i].name);
	return set(f, KEY_REQUIRE, *text ? text : "none", e);
}

static int set_fallback(struct full *f, const struct gate *g, struct err *e)
{
	char addr[INET6_ADDRSTRLEN];
	char *words[4];

	if (!gate_has_fallback(g))
		return 0;
	words[0] = keep(f, "via");
	words[1] = keep(f, ip_text(&g->fallback_via, addr));
	words[2] = keep(f, "dev");
	words[3] = keep(f, g->fallback_dev_raw);
	if (!words[0] || !words[1] || !words[2] || !words[3])
		return err_set(e, "fallback is too long");
	return conf_set(&f->conf, KEY_FALLBACK, 4, words, e) == 4 ? 0 : -1;
}

static int set_decision(struct full *f, const struct gate *g, struct err *e)
{
	char text[AGE_TEXT];

	if (gate_has(g, ANYGATE_A_GATE_LISTEN_POLICY) &&
	    (g->listen_policy == ANYGATE_LISTEN_POLICY_DEV ?
	     set(f, KEY_LISTEN_DEV, g->listen_dev_raw, e) :
	     set(f, KEY_LISTEN_DEV, name_of(&listen_policy_names, g->listen_policy), e)))
		return -1;
	if (set_delay(f, KEY_UP, g->up, e) || set_delay(f, KEY_DOWN, g->down, e) ||
	    set(f, KEY_NEED, need_text(g->need, text), e) ||
	    (*g->name && set(f, KEY_NAME, g->name, e)))
		return -1;
	return gate_has(g, ANYGATE_A_GATE_ON_EXPIRY) ?
	       set(f, KEY_ON_EXPIRY, name_of(&on_expiry_names, g->on_expiry), e) : 0;
}

/* What an older module does not know is not set either. */
static int set_clients(struct full *f, const struct gate *g, struct err *e)
{
	if (gate_has(g, ANYGATE_A_GATE_SHIELD) && set_delay(f, KEY_SHIELD, g->shield, e))
		return -1;
	if (gate_has(g, ANYGATE_A_GATE_STALL) && set_delay(f, KEY_STALL, g->stall, e))
		return -1;
	if (gate_has(g, ANYGATE_A_GATE_STALL_MEMBERS) &&
	    set(f, KEY_STALL_MEMBERS, name_of(&members_names, g->stall_members), e))
		return -1;
	if (gate_has(g, ANYGATE_A_GATE_FATAL) &&
	    set(f, KEY_FATAL, name_of(&switch_names, g->fatal), e))
		return -1;
	return g->witness ? set_number(f, KEY_WITNESS, g->witness, e) : 0;
}

/**
 * full_of_gate() - the settings that the kernel has of a gate
 * @f: result
 * @g: gate
 * @e: what is not understood; the module may be newer than this program
 *
 * Return: 0 or -1
 */
int full_of_gate(struct full *f, const struct gate *g, struct err *e)
{
	char prefix[PREFIX_TEXT], service[SERVICE_TEXT];
	struct err why = { 0 };
	unsigned int i;

	memset(&f->conf, 0, sizeof(f->conf));
	f->observing_until = 0;
	f->used = 0;
	f->conf.exact = true;
	f->conf.gate.prefix = g->prefix;
	f->conf.gate.said = keep(f, prefix_text(&g->prefix, prefix));
	for (i = 0; i < g->n_services; i++) {
		service_text(&g->services[i], &g->prefix, service);
		f->conf.services[i] = g->services[i];
		f->conf.service_said[i] = "";
	}
	f->conf.n_services = g->n_services;
	if (g->observe && gate_has(g, ANYGATE_A_GATE_OBSERVE_UNTIL))
		f->observing_until = g->observe_until;
	else if (g->observe && set(f, KEY_OBSERVE, "on", &why))
		goto out_strange;
	if (set_clients(f, g, &why) || set_action(f, g, &why) || set_decision(f, g, &why) || set_damp(f, g, &why) ||
	    set_require(f, g, &why) || set_fallback(f, g, &why))
		goto out_strange;
	complete(f);
	return 0;

out_strange:
	return err_set(e, "%s: the kernel has a setting that this version does not know: %s", prefix,
		       why.text);
}

static bool same_require(const struct conf *a, const struct conf *b)
{
	unsigned int i, j;

	if (a->n_require != b->n_require)
		return false;
	for (i = 0; i < a->n_require; i++) {
		for (j = 0; j < b->n_require && strcmp(a->require[i], b->require[j]); j++)
			;
		if (j == b->n_require)
			return false;
	}
	return true;
}

static bool same_service(const struct service *a, const struct service *b)
{
	return a->protocol == b->protocol && a->port == b->port && ip_equal(&a->addr, &b->addr);
}

static bool same_services(const struct conf *a, const struct conf *b)
{
	unsigned int i, j;

	if (a->n_services != b->n_services)
		return false;
	for (i = 0; i < a->n_services; i++) {
		for (j = 0; j < b->n_services; j++)
			if (same_service(&a->services[i], &b->services[j]))
				break;
		if (j == b->n_services)
			return false;
	}
	return true;
}

/* One may be another name of the device, of those that "ip link property" adds. */
static bool same_dev(const char *a, const char *b)
{
	unsigned int index;

	if (!strcmp(a, b))
		return true;
	index = if_nametoindex(a);
	return index && index == if_nametoindex(b);
}

static bool same_fallback(const struct conf *a, const struct conf *b)
{
	if (a->fallback_via.family != b->fallback_via.family)
		return false;
	return !a->fallback_via.family ||
	       (ip_equal(&a->fallback_via, &b->fallback_via) &&
		same_dev(a->fallback_dev, b->fallback_dev));
}

static bool same_value(const struct conf *a, const struct conf *b, enum conf_key key)
{
	switch (key) {
	case KEY_ACTION:
		return a->action == b->action;
	case KEY_DEV:
		return same_dev(a->said[key], b->said[key]);
	case KEY_TABLE:
		return a->table == b->table;
	case KEY_METRIC:
		return a->metric == b->metric;
	case KEY_HOLD:
		return a->hold == b->hold;
	case KEY_UP:
		return a->up == b->up;
	case KEY_DOWN:
		return a->down == b->down;
	case KEY_LISTEN_DEV:
		return a->listen_policy == b->listen_policy &&
		       (a->listen_policy != ANYGATE_LISTEN_POLICY_DEV ||
			same_dev(a->said[key], b->said[key]));
	case KEY_NAME:
		return !strcmp(a->name, b->name);
	case KEY_NEED:
		return a->need == b->need;
	case KEY_SHIELD:
		return a->shield == b->shield;
	case KEY_STALL:
		return a->stall == b->stall;
	case KEY_STALL_MEMBERS:
		return a->stall_members == b->stall_members;
	case KEY_FATAL:
		return a->fatal == b->fatal;
	case KEY_WITNESS:
		return a->witness == b->witness;
	case KEY_DAMP:
		return a->damp == b->damp;
	case KEY_PENALTY:
		return a->penalty == b->penalty;
	case KEY_SUPPRESS:
		return a->suppress == b->suppress;
	case KEY_REUSE:
		return a->reuse == b->reuse;
	case KEY_HALF_LIFE:
		return a->half_life == b->half_life;
	case KEY_MAX_SUPPRESS:
		return a->max_suppress == b->max_suppress;
	case KEY_REQUIRE:
		return same_require(a, b);
	case KEY_ON_EXPIRY:
		return a->on_expiry == b->on_expiry;
	case KEY_FALLBACK:
		return same_fallback(a, b);
	case KEY_OBSERVE:
		return a->observe == b->observe;
	case KEY_MAX:
		break;
	}
	return true;
}

static bool applies(const struct conf *c, enum conf_key key)
{
	if (key == KEY_DEV || key == KEY_HOLD)
		return c->action == ANYGATE_ACTION_ADDRESS;
	if (key == KEY_TABLE || key == KEY_METRIC)
		return c->action == ANYGATE_ACTION_ROUTE;
	return true;
}

/**
 * full_delta() - what has to be changed
 * @delta: result, settings for a change; points to what @to points to
 * @from: the settings that there are
 * @to: those that there are to be
 *
 * With another action come the defaults of what belongs to it; @from has them.
 *
 * Return: whether there is anything
 */
bool full_delta(struct conf *delta, const struct full *from,
		const struct full *to)
{
	bool any = false;
	unsigned int i;

	*delta = to->conf;
	for (i = 0; i < KEY_MAX; i++) {
		if (!applies(&to->conf, i) || same_value(&from->conf, &to->conf, i))
			delta->said[i] = NULL;
		any |= delta->said[i] != NULL;
	}
	/* To observe for a while is an order, which a setting replaces. */
	if (from->observing_until && to->conf.observe) {
		delta->said[KEY_OBSERVE] = to->conf.said[KEY_OBSERVE];
		any = true;
	}
	if (same_services(&from->conf, &to->conf))
		delta->n_services = 0;
	return any || delta->n_services;
}

/**
 * full_prune() - leave out of settings what is so by itself
 * @c: result; points to what @f points to
 * @f: all settings
 */
void full_prune(struct conf *c, const struct full *f)
{
	struct conf minimal = { .gate = f->conf.gate };
	static struct full normal;
	unsigned int i;

	full_of_conf(&normal, &minimal);
	*c = f->conf;
	for (i = 0; i < KEY_MAX; i++)
		if (!applies(c, i) || same_value(&normal.conf, c, i))
			c->said[i] = NULL;
}

static const char *quoted(const char *word, char *buf, size_t size)
{
	buf[0] = '\0';
	lex_quote(buf, size, word);
	return buf;
}

/**
 * conf_value() - the value of a keyword, as a file takes it
 * @c: settings that say it
 * @key: keyword
 * @buf: for the result
 * @size: of @buf
 *
 * Return: @buf
 */
const char *conf_value(const struct conf *c, enum conf_key key, char *buf,
		       size_t size)
{
	char dev[4 * ANYGATE_DEVNAME_MAX + 1], via[INET6_ADDRSTRLEN];

	if (key != KEY_FALLBACK || !c->fallback_via.family)
		return quoted(c->said[key], buf, size);
	snprintf(buf, size, "via %s dev %s", ip_text(&c->fallback_via, via),
		 quoted(c->fallback_dev, dev, sizeof(dev)));
	return buf;
}

/**
 * conf_text() - settings, as a file takes them
 * @c: settings
 * @buf: for the services and all keywords that are said, each after a blank;
 *	CONF_TEXT is enough
 * @size: of @buf
 */
void conf_text(const struct conf *c, char *buf, size_t size)
{
	char text[1024];
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < c->n_services; i++)
		text_append(buf, size, " %s",
			    service_text(&c->services[i], &c->gate.prefix, text));
	for (i = 0; i < KEY_MAX; i++)
		if (c->said[i])
			text_append(buf, size, " %s %s", conf_keys[i],
				    conf_value(c, i, text, sizeof(text)));
}
