// SPDX-License-Identifier: GPL-2.0
/* drain: withdraw, and see the established connections out. */

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "format.h"
#include "gates.h"
#include "print.h"
#include "stop.h"

#define PERIOD	(200 * NSEC_PER_MSEC)	/* between two counts */

#define INCOMPLETE "the gates change while their connections are counted; the count is incomplete"

/**
 * struct drain - a drain under way
 * @args: what was ordered
 * @subject: the gate or group, for messages
 * @ag: connection
 * @gates: as last counted in full or, if they never were, in part
 * @counted: they were, once
 * @partial: the last count was interrupted
 * @flows: connections of all of @gates together
 * @start: when the wait began; CLOCK_MONOTONIC, in nanoseconds
 * @now: when they were last counted
 */
struct drain {
	struct order_args args;
	char subject[PREFIX_TEXT];
	struct ag ag;
	struct gates gates;
	bool counted;
	bool partial;
	uint64_t flows;
	uint64_t start;
	uint64_t now;
};

static int count(struct drain *d, struct err *e)
{
	struct gates l = { .count_flows = true };
	struct reqmap map = { 0 };
	struct extack x;
	size_t i;

	if (gates_get(&d->ag, &d->args.gate, &l, &x, &map)) {
		extack_explain(&x, ANYGATE_CMD_GATE_GET, d->subject, &map, e);
		gates_free(&l);
		return -1;
	}
	d->now = clock_ns(CLOCK_MONOTONIC);
	d->partial = l.partial;
	/* Gates that are missing are none without connections. */
	if (d->partial && d->counted) {
		gates_free(&l);
		return 0;
	}
	d->counted = !d->partial;
	gates_free(&d->gates);
	d->gates = l;
	d->flows = 0;
	for (i = 0; i < d->gates.n; i++) {
		if (!gate_has(&d->gates.gates[i], ANYGATE_A_GATE_FLOWS))
			return err_set(e, "%s: the loaded module does not count connections; is it older than anygatectl?",
				       d->subject);
		d->flows += d->gates.gates[i].flows;
	}
	return 0;
}

static void print_counts(struct printer *p, const struct drain *d)
{
	char prefix[PREFIX_TEXT], text[FLOWS_TEXT];
	const struct gate *g;
	size_t i;

	pr_array(p, "gates");
	for (i = 0; i < d->gates.n; i++) {
		g = &d->gates.gates[i];
		pr_object(p, NULL);
		pr_str(p, "prefix", prefix_text(&g->prefix, prefix), "%s: ", prefix);
		if (*g->name)
			pr_str(p, "name", g->name, NULL);
		pr_uint(p, "flows", g->flows, "%s\n", flows_text(g->flows, text));
		pr_object_end(p);
	}
	pr_array_end(p);
	pr_uint(p, "flows", d->flows, NULL);
}

/* In text it has been said how it began; with JSON there is but one object. */
static int report(const struct drain *d, enum status status, const struct err *e)
{
	const uint64_t waited = d->now - d->start;
	char age[AGE_TEXT];
	struct printer p;

	if (!opt.json && status)
		return complain(status, "%s", e->text);
	pr_init(&p, stdout, opt.json, opt.pretty);
	pr_object(&p, NULL);
	if (opt.json)
		print_counts(&p, d);
	if (d->args.wait) {
		pr_bool(&p, "ended", !status, "%s: no established TCP connection left after %s\n",
			d->subject, age_text(waited, age));
		pr_seconds(&p, "waited_s", waited, 3, NULL);
	}
	if (status) {
		pr_str(&p, "error", e->text, NULL);
		pr_uint(&p, "status", status, NULL);
	}
	pr_object_end(&p);
	if (opt.json && status && flush_output())
		warning("%s", e->text);
	return status;
}

static bool still_drained(const struct drain *d)
{
	size_t i;

	for (i = 0; i < d->gates.n; i++)
		if (d->gates.gates[i].order != ANYGATE_ORDER_DRAIN)
			return false;
	return true;
}

static int wait_for_end(struct drain *d, int stop)
{
	const uint64_t limit = d->args.wait_ms * NSEC_PER_MSEC;
	char age[AGE_TEXT], flows[FLOWS_TEXT];
	uint64_t waited, wait;
	struct err e;

	for (;;) {
		waited = d->now - d->start;
		age_text(waited, age);
		if (d->counted)
			flows_text(d->flows, flows);
		else
			snprintf(flows, sizeof(flows), "connections that could not be counted");
		if (d->counted && !d->flows && !d->partial)
			return report(d, ST_OK, NULL);
		if (!still_drained(d)) {
			err_set(&e, "%s: the drain has ended or was revoked, with %s left",
				d->subject, flows);
			return report(d, ST_REFUSED, &e);
		}
		if (limit && waited >= limit) {
			err_set(&e, "%s: %s left after %s; the drain stays in force", d->subject,
				flows, age);
			return report(d, ST_LEFT, &e);
		}
		wait = limit && limit - waited < PERIOD ? limit - waited : PERIOD;
		if (stop_wait(stop, wait)) {
			err_set(&e, "%s: interrupted after %s with %s left; the drain stays in force",
				d->subject, age, flows);
			return report(d, ST_LEFT, &e);
		}
		if (count(d, &e))
			return complain(ST_REFUSED, "%s", e.text);
	}
}

static int see_out(struct drain *d, int stop)
{
	struct printer p;
	struct err e;

	d->start = clock_ns(CLOCK_MONOTONIC);
	if (count(d, &e)) {
		/* What was ordered is done, and only that was asked for. */
		if (!d->args.wait)
			return complain(ST_OK, "drained, but %s", e.text);
		return complain(ST_REFUSED, "drained, but %s", e.text);
	}
	if (!opt.json) {
		pr_init(&p, stdout, false, false);
		print_counts(&p, d);
		flush_output();
	}
	if (d->args.wait)
		return wait_for_end(d, stop);
	if (d->partial)
		return complain(ST_OK, "drained, but %s: " INCOMPLETE, d->subject);
	return opt.json ? report(d, ST_OK, NULL) : ST_OK;
}

/**
 * cmd_drain() - withdraw, whatever the services
 * @argc: number of arguments
 * @argv: PREFIX|NAME [for TIME] [wait [for TIME]]
 *
 * Return: exit status
 */
int cmd_drain(int argc, char **argv)
{
	struct reqmap map = { 0 };
	struct drain d = { 0 };
	struct nl_msg *msg;
	int ret, stop = -1;
	struct err e;

	if (parse_order_args(argc, argv, "drain", ANYGATE_ORDER_DRAIN, &d.args, &e))
		return complain(ST_USAGE, "%s", e.text);
	gate_ref_text(&d.args.gate, d.subject);
	if (ag_open(&d.ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	if (d.args.wait)
		stop = stop_fd();
	msg = ag_request(&d.ag, ANYGATE_CMD_GATE_ORDER, 0);
	if (msg)
		ag_put_order(msg, &d.args, &map);
	ret = cmd_send(&d.ag, msg, ANYGATE_CMD_GATE_ORDER, d.subject, &map);
	if (ret == ST_OK)
		ret = see_out(&d, stop);
	ag_close(&d.ag);
	gates_free(&d.gates);
	if (stop >= 0)
		close(stop);
	return ret;
}
