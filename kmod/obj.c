// SPDX-License-Identifier: GPL-2.0
/*
 * What a gate wants in the kernel's tables: its description and its memory.
 * actuate.c puts it there.
 */
#include <linux/slab.h>

#include "anygate.h"

/* Metric of the hold route: any but 0, which is the kernel's own. */
#define HOLD_METRIC 1

/*
 * Metric of an address's fallback. IPv6 puts a prefix route of metric
 * IP6_RT_PRIO_ADDRCONF (256) into table main at once with the address, and the
 * local route only when the address's work item has run (addrconf_dad_work());
 * were the fallback behind the former, packets would in between be refused
 * with "no route to destination".
 */
#define FALLBACK_METRIC 128

/* An object with memory of its own. */
struct alone {
	struct anygate_obj obj;
	union {
		struct anygate_addr gateway;
		struct anygate_saved saved;
	};
};

/**
 * anygate_obj_init() - describe what a gate wants in the tables
 * @obj: filled in; not present as yet
 * @type: what; not a fallback
 * @conf: the gate's settings, whose prefix has to stay as long as @obj
 * @saved: for what an address looked like, stays as long; NULL for other types, or
 *	if it is only compared
 */
void anygate_obj_init(struct anygate_obj *obj, enum anygate_obj_type type,
		      const struct anygate_conf *conf,
		      struct anygate_saved *saved)
{
	memset(obj, 0, sizeof(*obj));
	obj->type = type;
	obj->prefix = &conf->prefix;
	switch (type) {
	case ANYGATE_OBJ_ADDR:
		strscpy(obj->dev, conf->dev, sizeof(obj->dev));
		obj->saved = saved;
		break;
	case ANYGATE_OBJ_ROUTE:
		obj->table = conf->table;
		obj->metric = conf->metric;
		break;
	case ANYGATE_OBJ_HOLD:
		/* Its table is whichever the device has, see upkeep.c. */
		obj->metric = HOLD_METRIC;
		break;
	case ANYGATE_OBJ_FALLBACK:
	case ANYGATE_OBJ_NONE:
		break;
	}
}

/**
 * anygate_obj_init_fallback() - the same for a fallback
 * @obj: filled in; not present as yet
 * @conf: the gate's settings, whose prefix has to stay as long as @obj
 * @gateway: filled in, stays as long
 */
void anygate_obj_init_fallback(struct anygate_obj *obj,
			       const struct anygate_conf *conf,
			       struct anygate_addr *gateway)
{
	anygate_obj_init(obj, ANYGATE_OBJ_FALLBACK, conf, NULL);
	strscpy(obj->dev, conf->fallback_dev, sizeof(obj->dev));
	obj->gateway = gateway;
	*obj->gateway = conf->fallback;
	obj->table = conf->table;
	/* Beside the blackhole for an instant, and behind it. */
	obj->metric = conf->action == ANYGATE_ACTION_ROUTE ?
		      conf->metric + 1 : FALLBACK_METRIC;
}

/**
 * anygate_obj_alloc_fallback() - the same, with memory of its own
 * @conf: the gate's settings, whose prefix has to stay as long as the object
 *
 * Context: process, sleeps.
 * Return: it, to be freed with anygate_obj_free(), or NULL.
 */
struct anygate_obj *anygate_obj_alloc_fallback(const struct anygate_conf *conf)
{
	struct alone *alone;

	might_sleep();
	alone = kmalloc(sizeof(*alone), GFP_KERNEL_ACCOUNT);
	if (!alone)
		return NULL;
	anygate_obj_init_fallback(&alone->obj, conf, &alone->gateway);
	return &alone->obj;
}

/**
 * anygate_obj_alloc_retired() - memory for what anygate_obj_retire() is told about
 *
 * Context: process, sleeps.
 * Return: it, to be freed with anygate_obj_free(), or NULL.
 */
struct anygate_obj *anygate_obj_alloc_retired(void)
{
	struct alone *alone;

	might_sleep();
	alone = kzalloc(sizeof(*alone), GFP_KERNEL_ACCOUNT);
	if (!alone)
		return NULL;
	alone->obj.saved = &alone->saved;
	return &alone->obj;
}

/**
 * anygate_obj_retire() - an address or route is another object's business now
 * @to: of anygate_obj_alloc_retired()
 * @from: what it has been so far; to be described anew
 */
void anygate_obj_retire(struct anygate_obj *to, const struct anygate_obj *from)
{
	struct anygate_saved *saved = to->saved;

	*to = *from;
	to->saved = saved;
	if (from->type == ANYGATE_OBJ_ADDR)
		*saved = *from->saved;
	to->retry_at = 0;
}

/**
 * anygate_obj_forgive() - forget the failures to change an object
 * @obj: the object
 *
 * Also frees what it has: afterwards it may be described anew, or forgotten.
 *
 * Context: process.
 */
void anygate_obj_forgive(struct anygate_obj *obj)
{
	obj->err = 0;
	obj->retries = 0;
	kfree(obj->msg);
	obj->msg = NULL;
}

/**
 * anygate_obj_free() - free an object, not what it stands for
 * @obj: of anygate_obj_alloc_fallback() or _retired(), or NULL
 *
 * Context: process.
 */
void anygate_obj_free(struct anygate_obj *obj)
{
	if (!obj)
		return;
	kfree(obj->msg);
	kfree(container_of(obj, struct alone, obj));
}

/**
 * anygate_obj_same() - do two descriptions mean the same object?
 * @a: one
 * @b: the other
 *
 * Return: true if adding one adds the other.
 */
bool anygate_obj_same(const struct anygate_obj *a, const struct anygate_obj *b)
{
	if (a->type == ANYGATE_OBJ_FALLBACK && b->type == a->type &&
	    !anygate_addr_equal(a->gateway, b->gateway))
		return false;
	return a->type == b->type && a->prefix->len == b->prefix->len &&
	       anygate_addr_equal(&a->prefix->addr, &b->prefix->addr) &&
	       !strcmp(a->dev, b->dev) && a->table == b->table &&
	       a->metric == b->metric;
}
