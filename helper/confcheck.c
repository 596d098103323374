// SPDX-License-Identifier: GPL-2.0
/*
 * Settings that do not fit together. What depends on settings that only the
 * kernel knows is for the kernel to refuse.
 */

#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "damp.h"
#include "names.h"

/* Keywords that say something of one action only. */
static int check_action(const struct conf *c, bool change, struct err *e)
{
	static const enum conf_key of_address[] = { KEY_DEV, KEY_HOLD };
	static const enum conf_key of_route[] = { KEY_TABLE, KEY_METRIC };
	const bool host = prefix_is_host(&c->gate.prefix);
	const enum conf_key *wrong;
	const char *a = NULL, *r = NULL;
	char prefix[PREFIX_TEXT];
	uint32_t action;
	size_t i;

	gate_ref_text(&c->gate, prefix);
	e->word = c->said[KEY_ACTION];
	if (!c->gate.name && c->said[KEY_ACTION] && c->action == ANYGATE_ACTION_ADDRESS && !host)
		return err_set(e, "action %s: %s is no host prefix; only action route can announce it",
			       c->said[KEY_ACTION], prefix);

	for (i = 0; i < ARRAY_SIZE(of_address); i++)
		if (c->said[of_address[i]])
			a = conf_keys[of_address[i]];
	for (i = 0; i < ARRAY_SIZE(of_route); i++)
		if (c->said[of_route[i]]) {
			r = conf_keys[of_route[i]];
			e->word = c->said[of_route[i]];
		}
	if (a && r)
		return err_set(e, "%s is for action address and %s for action route; a gate has one action",
			       a, r);

	if (c->said[KEY_ACTION])
		action = c->action;
	else if (!c->gate.name && !host)
		action = ANYGATE_ACTION_ROUTE;
	else if (!change)
		action = ANYGATE_ACTION_ADDRESS;
	else
		return 0;	/* only the kernel knows what the gate does now */

	wrong = action == ANYGATE_ACTION_ADDRESS ? of_route : of_address;
	for (i = 0; i < ARRAY_SIZE(of_route); i++) {
		if (!c->said[wrong[i]])
			continue;
		e->word = c->said[wrong[i]];
		return err_set(e, "%s %s: this is for action %s, and the action of %s is %s%s",
			       conf_keys[wrong[i]], c->said[wrong[i]],
			       name_of(&action_names, !action), prefix,
			       name_of(&action_names, action),
			       c->said[KEY_ACTION] ? "" : " unless another is given");
	}
	return 0;
}

static int check_need(const struct conf *c, struct err *e)
{
	if (!c->said[KEY_NEED] || !c->n_services || c->need <= c->n_services)
		return 0;
	return err_set(e, "need %s: the gate has %u service%s, so that it would never open; give 1 to %u, any or all",
		       c->said[KEY_NEED], c->n_services, c->n_services == 1 ? "" : "s",
		       c->n_services);
}

/* What is given; in an add, what is not is the kernel's default. */
static bool damp_value(const struct conf *c, bool change, enum conf_key key,
		       uint32_t given, uint32_t normal, uint32_t *value)
{
	*value = c->said[key] ? given : normal;
	return c->said[key] || !change;
}

static const char *first_said(const struct conf *c, enum conf_key first,
			      enum conf_key last)
{
	unsigned int i;

	for (i = first; i <= last; i++)
		if (c->said[i])
			return c->said[i];
	return NULL;
}

/* No figure is higher than what decays to "reuse" in the longest time. */
static bool reaches(uint32_t reuse, uint32_t half_life, uint32_t max, uint32_t suppress)
{
	uint32_t halvings = (max + half_life - 1) / half_life;

	return halvings >= 32 || (uint64_t)reuse << halvings >= suppress;
}

static int check_damp(const struct conf *c, bool change, struct err *e)
{
	uint32_t suppress, reuse, half_life, max;
	char max_buf[DELAY_TEXT], half_buf[DELAY_TEXT];
	bool known;

	if (!first_said(c, KEY_PENALTY, KEY_MAX_SUPPRESS))
		return 0;
	known = damp_value(c, change, KEY_SUPPRESS, c->suppress, SUPPRESS_DEFAULT, &suppress) &
		damp_value(c, change, KEY_REUSE, c->reuse, REUSE_DEFAULT, &reuse);
	e->word = c->said[KEY_SUPPRESS] ? c->said[KEY_SUPPRESS] : c->said[KEY_REUSE];
	if (known && suppress < reuse)
		return err_set(e, "suppress %u%s is below reuse %u%s, so that nothing would stay suppressed; give suppress from %u to %u, or a lower reuse",
			       suppress, c->said[KEY_SUPPRESS] ? "" : " (the default)", reuse,
			       c->said[KEY_REUSE] ? "" : " (the default)", reuse,
			       ANYGATE_DAMP_MAX);
	e->word = first_said(c, KEY_PENALTY, KEY_MAX_SUPPRESS);
	known &= damp_value(c, change, KEY_HALF_LIFE, c->half_life, HALF_LIFE_DEFAULT, &half_life) &
		 damp_value(c, change, KEY_MAX_SUPPRESS, c->max_suppress, MAX_SUPPRESS_DEFAULT, &max);
	if (known && !reaches(reuse, half_life, max, suppress))
		return err_set(e, "max-suppress %s: with reuse %u and half-life %s no figure of merit could reach suppress %u; give a longer max-suppress, a shorter half-life or a lower suppress",
			       delay_text(max, max_buf), reuse, delay_text(half_life, half_buf),
			       suppress);
	return 0;
}

static int check_fallback(const struct conf *c, struct err *e)
{
	const struct prefix *p = &c->gate.prefix;
	const bool v4 = p->addr.family == AF_INET;
	char prefix[PREFIX_TEXT];

	if (!c->fallback_via.family || c->gate.name)
		return 0;
	prefix_text(p, prefix);
	if (c->fallback_via.family != p->addr.family)
		return err_set(e, "fallback via %s: the gateway is %s, but the prefix %s is %s",
			       c->said[KEY_FALLBACK], v4 ? "IPv6" : "IPv4", prefix,
			       v4 ? "IPv4" : "IPv6");
	if (prefix_contains(p, &c->fallback_via))
		return err_set(e, "fallback via %s: the gateway is within the prefix %s itself, which would be routed to itself; give another node's own address",
			       c->said[KEY_FALLBACK], prefix);
	return 0;
}

/* Its own route would stand for those of other nodes. */
static int check_witness(const struct conf *c, struct err *e)
{
	if (!c->said[KEY_WITNESS] || !c->said[KEY_TABLE] || c->witness != c->table)
		return 0;
	return err_set(e, "witness %s: this is the table of the gate's own route; give another, into which the routing daemon writes those of other nodes",
		       c->said[KEY_WITNESS]);
}

static int check_name(const struct conf *c, struct err *e)
{
	if (!c->gate.name || !c->said[KEY_NAME])
		return 0;
	return err_set(e, "name %s: a group is not renamed as a whole; change its gates by their prefixes",
		       c->said[KEY_NAME]);
}

/**
 * conf_check() - check that settings fit together
 * @c: settings
 * @change: the gate exists, and what is not given stays as it is
 * @fn: called for everything that is wrong with them
 * @arg: for @fn
 */
void conf_check(const struct conf *c, bool change, conf_error_fn *fn,
		void *arg)
{
	struct err e = { .word = c->gate.said };

	if (check_action(c, change, &e))
		fn(&e, arg);
	e.word = c->said[KEY_NEED];
	if (check_need(c, &e))
		fn(&e, arg);
	e.word = c->gate.said;
	if (check_damp(c, change, &e))
		fn(&e, arg);
	e.word = c->said[KEY_FALLBACK];
	if (check_fallback(c, &e))
		fn(&e, arg);
	e.word = c->said[KEY_WITNESS];
	if (check_witness(c, &e))
		fn(&e, arg);
	e.word = c->said[KEY_NAME];
	if (check_name(c, &e))
		fn(&e, arg);
}
