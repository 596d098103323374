// SPDX-License-Identifier: GPL-2.0
/*
 * What a gate's settings say about its objects: when it is new, when it has only
 * observed, and when they change.  upkeep.c does the rest.
 */
#include <linux/netlink.h>

#include "anygate.h"

static enum anygate_obj_type announce_type(const struct anygate_conf *conf)
{
	return conf->action == ANYGATE_ACTION_ADDRESS ? ANYGATE_OBJ_ADDR :
							ANYGATE_OBJ_ROUTE;
}

/* Whose it is once it is known to be adopted, and how it looked then, stays. */
static void find_announced(struct anygate_gate *gate)
{
	struct anygate_obj *obj = &gate->announce;
	struct anygate_found found;

	obj->present = anygate_table_find(gate->agn, obj, &found);
	if (obj->present)
		obj->ifindex = found.ifindex;
	if (!obj->present || obj->owner == ANYGATE_OWNER_ADOPTED)
		return;
	obj->owner = found.owner;
	*obj->saved = found.saved;
}

static void init_announce(struct anygate_gate *gate)
{
	struct anygate_obj *obj = &gate->announce;

	anygate_obj_init(obj, announce_type(&gate->conf), &gate->conf,
			 &gate->saved);
	if (obj->type == ANYGATE_OBJ_ADDR)
		find_announced(gate);
	else
		/* Routes can't be read: see act(). */
		obj->check = true;
}

/**
 * anygate_upkeep_init() - describe a new gate's objects
 * @gate: the gate, with its settings
 *
 * Notes whether the address is there, and whose it is.
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_upkeep_init(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	anygate_obj_init(&gate->hold, ANYGATE_OBJ_HOLD, &gate->conf, NULL);
	gate->hold.table = anygate_table_local(gate->agn, gate->conf.dev);
	/* Perhaps left by an earlier life of the module, and not wanted any more. */
	gate->hold.check = true;
	if (gate->fallback)
		gate->fallback->check = true;
	init_announce(gate);
}

/**
 * anygate_upkeep_adopt() - take the tables as they are
 * @gate: the gate, that has only observed so far
 *
 * What is announced, by whomever, becomes the gate's to keep up; what the
 * gate did itself before it observed is known already.
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_upkeep_adopt(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	struct anygate_obj *obj = &gate->announce;

	lockdep_assert_held(&gate->agn->lock);
	if (obj->type != ANYGATE_OBJ_ADDR) {
		obj->check = true;
		return;
	}
	/* On a device that has another name by now it is still ours to remove. */
	if (anygate_upkeep_strayed(gate))
		return;
	obj->check = false;
	find_announced(gate);
}

/* Is the fallback to be another one? */
static bool fallback_changes(const struct anygate_gate *gate,
			     const struct anygate_conf *conf)
{
	struct anygate_addr gateway;
	struct anygate_obj new;

	if (!gate->fallback || !conf->fallback.family)
		return gate->fallback || conf->fallback.family;
	anygate_obj_init_fallback(&new, conf, &gateway);
	return !anygate_obj_same(gate->fallback, &new);
}

static bool announce_changes(const struct anygate_gate *gate,
			     const struct anygate_conf *conf)
{
	struct anygate_obj new;

	anygate_obj_init(&new, announce_type(conf), conf, NULL);
	return !anygate_obj_same(&gate->announce, &new);
}

/* Nothing leads to the old gateway any more, see anygate_upkeep_prepare(). */
static void replace_fallback(struct anygate_gate *gate,
			     struct anygate_spares *spares)
{
	struct anygate_obj *obj = gate->fallback;

	if (obj) {
		anygate_obj_forgive(obj);
	} else {
		obj = spares->fallback;
		spares->fallback = NULL;
	}
	if (gate->conf.fallback.family) {
		anygate_obj_init_fallback(obj, &gate->conf, obj->gateway);
	} else {
		anygate_obj_free(obj);
		obj = NULL;
	}
	gate->fallback = obj;
}

/* What is announced now is removed when its successor is there. */
static void replace_announce(struct anygate_gate *gate,
			     struct anygate_spares *spares)
{
	struct anygate_obj *old = &gate->announce;

	if (!gate->orders.observe &&
	    (old->present || old->check ||
	     old->owner == ANYGATE_OWNER_ADOPTED)) {
		gate->retired = spares->retired;
		spares->retired = NULL;
		anygate_obj_retire(gate->retired, old);
	} else {
		anygate_obj_forgive(old);
	}
	init_announce(gate);
}

/**
 * anygate_upkeep_replace() - describe the objects anew after a change
 * @gate: the gate, with its new settings
 * @spares: of anygate_upkeep_prepare() for these settings; what is left of them
 *	is freed
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_upkeep_replace(struct anygate_gate *gate,
			    struct anygate_spares *spares)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	if (fallback_changes(gate, &gate->conf))
		replace_fallback(gate, spares);
	if (announce_changes(gate, &gate->conf))
		replace_announce(gate, spares);
	anygate_upkeep_cancel(spares);
}

/**
 * anygate_upkeep_prepare() - can the objects be described anew?
 * @gate: the gate; to be looked at again if it is not changed after all
 * @conf: the new settings
 * @spares: filled in with the memory that takes, for anygate_upkeep_replace() or
 *	anygate_upkeep_cancel()
 * @extack: where to say why not
 *
 * A fallback that is to be another one is taken out of the tables.
 *
 * Context: the engine, anygate_net.lock held; releases it to wait for RTNL.
 * Return: 0, or a negative errno; then there is nothing to be freed.
 */
int anygate_upkeep_prepare(struct anygate_gate *gate,
			   const struct anygate_conf *conf,
			   struct anygate_spares *spares,
			   struct netlink_ext_ack *extack)
	__must_hold(&gate->agn->lock)
{
	bool fallback = fallback_changes(gate, conf);
	bool announce = announce_changes(gate, conf);
	bool ours;
	int ret;

	might_sleep();
	lockdep_assert_held(&gate->agn->lock);
	*spares = (struct anygate_spares){};
	if (!fallback && !announce)
		return 0;

	ours = (gate->announce.present &&
		gate->announce.owner == ANYGATE_OWNER_US) ||
	       gate->announce.taken ||
	       (gate->fallback && gate->fallback->present);
	if (gate->orders.observe && ours) {
		NL_SET_ERR_MSG(extack,
			       "the gate only observes, and may not replace what it announces: unobserve it first");
		return -EBUSY;
	}
	if (gate->retired && announce) {
		NL_SET_ERR_MSG(extack,
			       "the last change of this gate is still being carried out; see its error in show");
		return -EBUSY;
	}
	if (fallback && !gate->fallback)
		spares->fallback = anygate_obj_alloc_fallback(conf);
	if (announce)
		spares->retired = anygate_obj_alloc_retired();
	if ((fallback && !gate->fallback && !spares->fallback) ||
	    (announce && !spares->retired)) {
		anygate_upkeep_cancel(spares);
		return -ENOMEM;
	}
	ret = fallback ? anygate_upkeep_drop_fallback(gate) : 0;
	if (ret) {
		NL_SET_ERR_MSG(extack,
			       "the fallback route that there is could not be removed, and the gate stays as it was; try again");
		anygate_upkeep_cancel(spares);
	}
	return ret;
}

/**
 * anygate_upkeep_cancel() - a change is not made after all
 * @spares: of anygate_upkeep_prepare()
 */
void anygate_upkeep_cancel(struct anygate_spares *spares)
{
	anygate_obj_free(spares->fallback);
	anygate_obj_free(spares->retired);
}
