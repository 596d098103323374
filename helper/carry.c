// SPDX-License-Identifier: GPL-2.0
/* A plan is carried out, as a whole or not at all. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "carry.h"
#include "cmd.h"
#include "format.h"

static int send_conf(struct ag *ag, uint8_t cmd, const struct conf *c,
		     struct extack *x, struct reqmap *map)
{
	struct nl_msg *msg = ag_request(ag, cmd, 0);

	if (msg)
		conf_put(msg, c, map);
	return ag_do(ag, msg, NULL, NULL, x);
}

static int send_del(struct ag *ag, const struct gate_ref *gate, struct extack *x,
		    struct reqmap *map)
{
	struct nl_msg *msg = ag_request(ag, ANYGATE_CMD_GATE_DEL, 0);
	int ret;

	if (msg)
		ag_put_gate(msg, gate, map);
	ret = ag_do(ag, msg, NULL, NULL, x);
	return ret == -ENOENT ? 0 : ret;	/* that is what was wanted */
}

static uint8_t command(const struct step *s)
{
	switch (s->kind) {
	case STEP_ADD:
		return ANYGATE_CMD_GATE_ADD;
	case STEP_DEL:
		return ANYGATE_CMD_GATE_DEL;
	default:
		return ANYGATE_CMD_GATE_CHANGE;
	}
}

static int step_do(struct ag *ag, const struct step *s, struct err *e)
{
	struct reqmap map = { 0 };
	char prefix[PREFIX_TEXT];
	struct extack x;
	int ret;

	if (s->kind == STEP_DEL)
		ret = send_del(ag, &s->conf.gate, &x, &map);
	else
		ret = send_conf(ag, command(s), &s->conf, &x, &map);
	if (!ret)
		return 0;
	extack_explain(&x, command(s), prefix_text(&s->conf.gate.prefix, prefix), &map, e);
	e->word = extack_word(&x, &map);
	return ret;
}

/* For as long as it would have held; 1 ms where that is over by now. */
static uint32_t rest_ms(uint64_t at, uint64_t now)
{
	const uint64_t ms = at > now ? (at - now) / NSEC_PER_MSEC : 0;

	return !ms ? 1 : ms > TIME_MAX ? TIME_MAX : ms;
}

/* A lease that ran out means the same for the millisecond that it lives. */
static int report_again(struct ag *ag, const struct step *s, const struct lease *l)
{
	const uint64_t now = clock_ns(CLOCK_BOOTTIME);
	struct lease_args args = {
		.gate = s->conf.gate,
		.name = l->name,
		.verdict = l->verdict,
		.ttl = rest_ms(l->expires, now),
		.ttl_said = "",
	};
	struct reqmap map = { 0 };
	struct nl_msg *msg;
	struct extack x;

	if (l->expires <= now)
		args.verdict = s->gate->on_expiry == ANYGATE_ON_EXPIRY_IGNORE ?
			       ANYGATE_VERDICT_UP : ANYGATE_VERDICT_DOWN;
	msg = ag_request(ag, ANYGATE_CMD_GATE_LEASE, 0);
	if (msg)
		ag_put_lease(msg, &args, &map);
	return ag_do(ag, msg, NULL, NULL, &x);
}

static bool requires(const struct conf *c, const char *lease)
{
	unsigned int i;

	for (i = 0; i < c->n_require; i++)
		if (!strcmp(c->require[i], lease))
			return true;
	return false;
}

static int give_back_leases(struct ag *ag, const struct step *s)
{
	const struct gate *g = s->gate;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < g->n_leases; i++)
		if (g->leases[i].verdict != ANYGATE_VERDICT_NONE &&
		    !requires(&s->to->conf, g->leases[i].name))
			ret |= report_again(ag, s, &g->leases[i]);
	return ret;
}

static int observe_again(struct ag *ag, const struct step *s)
{
	const uint64_t now = clock_ns(CLOCK_BOOTTIME);
	struct reqmap map = { 0 };
	struct nl_msg *msg;
	struct extack x;

	msg = ag_request(ag, ANYGATE_CMD_GATE_ORDER, 0);
	if (msg) {
		ag_put_gate(msg, &s->conf.gate, &map);
		nla_put_u32(msg, ANYGATE_A_GATE_ORDER, ANYGATE_ORDER_OBSERVE);
		nla_put_u32(msg, ANYGATE_A_GATE_FOR, rest_ms(s->from->observing_until, now));
	}
	return ag_do(ag, msg, NULL, NULL, &x);
}

static int undo_change(struct ag *ag, const struct step *s)
{
	const bool observed = s->from->observing_until && s->conf.said[KEY_OBSERVE];
	struct reqmap map = { 0 };
	struct conf back = s->undo;
	struct extack x;
	unsigned int i;
	bool any;

	if (observed)
		back.said[KEY_OBSERVE] = NULL;
	any = back.n_services;
	for (i = 0; i < KEY_MAX; i++)
		any |= back.said[i] != NULL;
	if (any && send_conf(ag, ANYGATE_CMD_GATE_CHANGE, &back, &x, &map))
		return -1;
	if (s->kind == STEP_UNREQUIRE && give_back_leases(ag, s))
		return -1;
	return observed ? observe_again(ag, s) : 0;
}

static int step_undo(struct ag *ag, const struct step *s)
{
	struct reqmap map = { 0 };
	struct extack x;

	if (s->kind == STEP_ADD)
		return send_del(ag, &s->conf.gate, &x, &map);
	return undo_change(ag, s);
}

/* A gate that was removed has lost what no request brings back. */
static void roll_back(struct ag *ag, const struct plan *p, struct outcome *o)
{
	size_t i = o->failed;

	if (i && p->steps[i - 1].kind == STEP_DEL)
		return;
	/* Without an answer it may have been done as well. */
	if (o->fate[i] == FATE_UNKNOWN && p->steps[i].kind != STEP_DEL &&
	    !step_undo(ag, &p->steps[i]))
		o->fate[i] = FATE_UNDONE;
	while (i--)
		o->fate[i] = step_undo(ag, &p->steps[i]) ? FATE_NOT_UNDONE : FATE_UNDONE;
}

/**
 * plan_carry_out() - do what a plan says, or nothing
 * @ag: connection
 * @p: plan
 * @o: result; its fates are to be freed
 *
 * After a failure what was done is undone, unless a gate has been removed
 * already. Signals wait until it is over.
 *
 * Return: 0 or -1
 */
int plan_carry_out(struct ag *ag, const struct plan *p, struct outcome *o)
{
	sigset_t all, old;
	int ret = 0;

	*o = (struct outcome){ .fate = calloc(p->n ? p->n : 1, sizeof(*o->fate)) };
	if (!o->fate)
		exit(complain(ST_REFUSED, "out of memory"));
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (; o->failed < p->n; o->failed++) {
		ret = step_do(ag, &p->steps[o->failed], &o->e);
		if (ret)
			break;
		o->fate[o->failed] = FATE_DONE;
	}
	if (ret) {
		if (ret == -EIO)
			o->fate[o->failed] = FATE_UNKNOWN;
		roll_back(ag, p, o);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret ? -1 : 0;
}
