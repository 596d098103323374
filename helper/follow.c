// SPDX-License-Identifier: GPL-2.0
/* Events tell what has happened, unless some are lost: then the gates do. */

#include "follow.h"

/**
 * follow_event() - an event has come
 * @f: follower
 * @ev: event
 *
 * Return: how many were lost before it
 */
uint64_t follow_event(struct follow *f, const struct gate *ev)
{
	uint64_t lost = 0;

	if (gate_has(ev, ANYGATE_A_GATE_SEQ)) {
		if (f->started && ev->seq > f->seq + 1)
			lost = ev->seq - f->seq - 1;
		f->started = true;
		f->seq = ev->seq;
	}
	f->behind |= lost > 0;
	known_event(&f->known, ev);
	return lost;
}

/**
 * follow_module() - the module has come or gone, and with it all gates
 * @f: follower
 * @loaded: it has come
 *
 * A new one counts its events anew, and the first of them may have been sent
 * before anybody could subscribe.
 */
void follow_module(struct follow *f, bool loaded)
{
	f->started = false;
	known_free(&f->known);
	f->behind = loaded;
	f->told = true;	/* that there are no gates */
}

/**
 * follow_compare() - ask for all gates
 * @f: follower
 * @fn: called for every difference, but not the first time: the gates that there
 *	are from the beginning are no news
 * @arg: for @fn
 *
 * On a connection of its own: the other one hears events only. What is left in
 * that one's buffer is to be read first, being older than what the kernel says
 * now.
 *
 * Return: whether it is done; if not, it is worth another try
 */
bool follow_compare(struct follow *f, known_fn *fn, void *arg)
{
	const struct gate_ref all = { 0 };
	struct reqmap map = { 0 };
	struct gates l = { 0 };
	struct extack ack;
	struct err e;
	struct ag ag;

	f->behind = true;
	if (ag_open(&ag, &e))
		return false;
	f->behind = gates_get(&ag, &all, &l, &ack, &map) || l.partial;
	if (!f->behind) {
		known_sync(&f->known, &l, f->told ? fn : NULL, arg);
		f->told = true;
	}
	gates_free(&l);
	ag_close(&ag);
	return !f->behind;
}

/**
 * follow_free() - forget everything
 * @f: follower
 */
void follow_free(struct follow *f)
{
	known_free(&f->known);
}
