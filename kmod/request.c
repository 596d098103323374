// SPDX-License-Identifier: GPL-2.0
/*
 * Requests, carried out by the engine: gates come, change and go.
 */
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "anygate.h"

static void tell_simply(struct anygate_gate *gate,
			enum anygate_event_kind kind)
{
	struct anygate_event event = {
		.kind = kind,
		.gate = gate,
		.old_state = gate->fsm.state,
		.source = ANYGATE_SOURCE_REQUEST,
	};

	anygate_netlink_event(gate->agn, &event);
}

/* Netfilter has no words of its own. */
static int no_shield(struct netlink_ext_ack *extack, int err)
{
	if (err != -ENOMEM)
		NL_SET_ERR_MSG(extack,
			       "the shield's hooks are refused in this namespace: it may have too many hooks; leave shield out");
	return err;
}

static int add_gate(struct anygate_net *agn, struct anygate_req *req)
{
	struct anygate_gate *gate = req->gate;
	unsigned int max;
	int ret;

	max = anygate_net_of_user(agn) ? READ_ONCE(anygate_max_gates_user) :
					 READ_ONCE(anygate_max_gates);
	if (agn->n_gates >= max) {
		NL_SET_ERR_MSG(req->extack,
			       "this namespace has all the gates it may have; see the parameters max_gates and max_gates_user");
		return -ENOSPC;
	}
	ret = anygate_gate_link(gate);
	if (ret == -EEXIST)
		NL_SET_ERR_MSG(req->extack,
			       "the prefix has a gate already: change that, or remove it first");
	else if (ret == -EOVERFLOW)
		NL_SET_ERR_MSG(req->extack,
			       "every number for a gate has been used in this namespace: load the module anew");
	else if (ret && gate->conf.shield_ms)
		no_shield(req->extack, ret);
	if (ret)
		return ret;

	anygate_upkeep_init(gate);
	gate->source = ANYGATE_SOURCE_REQUEST;
	anygate_look(gate, true);
	tell_simply(gate, ANYGATE_EVENT_KIND_ADDED);
	return 0;
}

static void observe(struct anygate_gate *gate, bool on, u64 until)
{
	if (!on && gate->orders.observe) {
		anygate_look_unobserve(gate, ANYGATE_SOURCE_REQUEST);
		return;
	}
	gate->orders.observe = on;
	gate->orders.observe_until = on ? until : ANYGATE_NEVER;
}

static int change_gate(struct anygate_net *agn, struct anygate_req *req)
{
	struct anygate_gate *gate = req->gate;
	struct anygate_shield *shield;
	struct anygate_spares spares;
	int ret;

	ret = anygate_upkeep_prepare(gate, req->conf, &spares, req->extack);
	if (ret)
		goto err;
	shield = anygate_shield_prepare(gate, req->conf,
					req->services ?: gate->services);
	if (IS_ERR(shield)) {
		ret = no_shield(req->extack, PTR_ERR(shield));
		goto err_spares;
	}
	if (req->services) {
		ret = anygate_gate_set_services(gate, req->services);
		if (ret)
			goto err_shield;
	}
	anygate_shield_commit(gate, shield);
	if (req->set_leases)
		anygate_leases_replace(gate, req->leases);
	anygate_gate_set_conf(gate, req->conf);
	anygate_upkeep_replace(gate, &spares);
	if (req->set_observe)
		observe(gate, req->order == ANYGATE_ORDER_OBSERVE,
			ANYGATE_NEVER);
	gate->source = ANYGATE_SOURCE_REQUEST;
	anygate_look(gate, false);
	tell_simply(gate, ANYGATE_EVENT_KIND_CHANGED);
	return 0;

err_shield:
	anygate_shield_cancel(gate, shield);
err_spares:
	anygate_upkeep_cancel(&spares);
err:
	/* What has been prepared is put back. */
	anygate_gate_mark(gate, ANYGATE_SOURCE_REQUEST);
	return ret;
}

/* An order is an order; but whoever gives it may not know that it is the last. */
static void warn_of_drain(const struct anygate_gate *gate,
			  struct netlink_ext_ack *extack)
{
	if (!gate->conf.witness || !anygate_fsm_want(&gate->fsm) ||
	    anygate_witness_other(gate->agn, &gate->conf.prefix,
				  gate->conf.witness))
		return;
	NL_SET_ERR_MSG(extack,
		       "the witness table has no other path: nobody else is known to announce what is withdrawn now");
}

static void order_gate(struct anygate_gate *gate, const struct anygate_req *req)
{
	u64 now = ktime_get_boottime_ns();
	u64 until = req->for_ms ? now + req->for_ms * ANYGATE_NS_PER_MS :
				  ANYGATE_NEVER;

	if (req->order == ANYGATE_ORDER_DRAIN)
		warn_of_drain(gate, req->extack);
	switch (req->order) {
	case ANYGATE_ORDER_FOLLOW:
	case ANYGATE_ORDER_DRAIN:
	case ANYGATE_ORDER_PIN:
		gate->orders.order = req->order;
		gate->orders.until = until;
		break;
	case ANYGATE_ORDER_OBSERVE:
	case ANYGATE_ORDER_UNOBSERVE:
		observe(gate, req->order == ANYGATE_ORDER_OBSERVE, until);
		break;
	case ANYGATE_ORDER_UNDAMP:
		gate->fsm = anygate_fsm_undamp(gate->fsm, now);
		break;
	}
	gate->source = ANYGATE_SOURCE_REQUEST;
	anygate_look(gate, false);
	if (req->order != ANYGATE_ORDER_UNOBSERVE)
		tell_simply(gate, ANYGATE_EVENT_KIND_ORDER);
}

static int report_lease(struct anygate_gate *gate,
			const struct anygate_req *req)
{
	struct anygate_lease *lease = anygate_lease_find(gate, req->name);
	u64 now = ktime_get_boottime_ns();
	bool news;

	if (!lease)
		return -ENOENT;
	news = lease->verdict != req->verdict || now >= lease->expires;
	lease->verdict = req->verdict;
	lease->expires = now + req->for_ms * ANYGATE_NS_PER_MS;
	lease->told = false;
	gate->source = ANYGATE_SOURCE_REQUEST;
	anygate_look(gate, false);
	/* Renewals are no news. */
	if (news)
		tell_simply(gate, ANYGATE_EVENT_KIND_LEASE);
	return 0;
}

static void remove_gate(struct anygate_gate *gate)
{
	gate->fsm.reason = ANYGATE_REASON_DELETED;
	tell_simply(gate, ANYGATE_EVENT_KIND_DELETED);
	anygate_gate_unlink(gate);
	anygate_gate_free(gate);
}

static int del_gate(struct anygate_gate *gate, struct netlink_ext_ack *extack)
{
	int ret;

	ret = anygate_upkeep_undo(gate);
	if (ret) {
		/* What was undone is done again: the gate lives on. */
		anygate_gate_mark(gate, ANYGATE_SOURCE_REQUEST);
		NL_SET_ERR_MSG(extack,
			       "the address or route could not be put back as it was; the gate stays, see its error in show");
		return ret;
	}
	remove_gate(gate);
	return 0;
}

/* Gates removed before hints and others' requests get their turn. */
#define FLUSH_BATCH 32

static int flush_gates(struct anygate_net *agn, struct anygate_req *req)
{
	unsigned int left = FLUSH_BATCH;
	unsigned long id, from = req->from;
	struct anygate_gate *gate;
	int ret = 0, err;

	req->from = 0;
	xa_for_each_start(&agn->gates, id, gate, from) {
		if (req->within.addr.family &&
		    !anygate_prefix_within(&gate->conf.prefix, &req->within))
			continue;
		if (req->name && strcmp(gate->conf.name, req->name))
			continue;
		if (!left--) {
			req->from = id;
			break;
		}
		err = del_gate(gate, req->extack);
		if (!ret)
			ret = err;
	}
	return ret;
}

/* The module goes: undo what can be undone, whatever fails. */
static int stop_gates(struct anygate_net *agn)
{
	bool keep = anygate_unload_keeps();
	struct anygate_gate *gate;
	unsigned int tries;
	unsigned long id;

	xa_for_each(&agn->gates, id, gate) {
		/* A want of memory passes, and this is the last chance. */
		for (tries = 0; !keep && tries < 8 && anygate_upkeep_undo(gate); tries++)
			cond_resched();
		if (!keep && tries == 8)
			pr_err("gate %u: tables not restored\n", gate->id);
		remove_gate(gate);
	}
	return 0;
}

/**
 * anygate_requests_take() - carry out all requests
 * @agn: the namespace
 *
 * Context: the engine, @agn->lock held; releases it to wait for RTNL.
 */
void anygate_requests_take(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	struct anygate_req *req;

	lockdep_assert_held(&agn->lock);
	might_sleep();
	for (;;) {
		spin_lock(&agn->req_lock);
		req = list_first_entry_or_null(&agn->reqs, struct anygate_req,
					       list);
		if (req)
			list_del(&req->list);
		spin_unlock(&agn->req_lock);
		if (!req)
			return;

		switch (req->type) {
		case ANYGATE_REQ_ADD:
			req->ret = add_gate(agn, req);
			break;
		case ANYGATE_REQ_CHANGE:
			req->ret = change_gate(agn, req);
			break;
		case ANYGATE_REQ_DEL:
			req->ret = del_gate(req->gate, req->extack);
			break;
		case ANYGATE_REQ_FLUSH:
			req->ret = flush_gates(agn, req);
			break;
		case ANYGATE_REQ_ORDER:
			order_gate(req->gate, req);
			req->ret = 0;
			break;
		case ANYGATE_REQ_LEASE:
			req->ret = report_lease(req->gate, req);
			break;
		case ANYGATE_REQ_STOP:
			req->ret = stop_gates(agn);
			break;
		}
		complete(&req->done);
	}
}
