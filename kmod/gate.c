// SPDX-License-Identifier: GPL-2.0
/*
 * Gates and the tables they are found in.
 *
 * All of it belongs to the engine of the namespace: the functions that change
 * something want anygate_net.lock held, those that look something up want it
 * or anygate_net.conf_lock, without which no request can change the set.
 */
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "anygate.h"

static const struct rhashtable_params prefix_params = {
	.key_offset = offsetof(struct anygate_gate, conf.prefix),
	.key_len = sizeof(struct anygate_prefix),
	.head_offset = offsetof(struct anygate_gate, by_prefix),
	.automatic_shrinking = true,
};

static const struct rhashtable_params addr_params = {
	.key_offset = offsetof(struct anygate_service, key),
	.key_len = sizeof(struct anygate_sockkey),
	.head_offset = offsetof(struct anygate_service, by_addr),
	.automatic_shrinking = true,
};

/* Port and protocol, the last two fields of struct anygate_sockkey. */
#define PORTKEY_OFFSET offsetof(struct anygate_sockkey, port)
#define PORTKEY_LEN (sizeof(struct anygate_sockkey) - PORTKEY_OFFSET)

static const struct rhashtable_params port_params = {
	.key_offset = offsetof(struct anygate_service, key) + PORTKEY_OFFSET,
	.key_len = PORTKEY_LEN,
	.head_offset = offsetof(struct anygate_service, by_port),
	.automatic_shrinking = true,
};

/* Keys are hashed as bytes: no padding may stand in them. */
static_assert(sizeof(struct anygate_prefix) == sizeof(struct in6_addr) + 8);
static_assert(sizeof(struct anygate_sockkey) == sizeof(struct in6_addr) + 8);

/*
 * Sizes of which kmalloc() would make a third more and twice as much. Most gates
 * have one service, or UDP and TCP of one port.
 */
static struct kmem_cache *gate_cache;
static struct kmem_cache *services_cache[2];

/*
 * A gate of a user's namespace takes more than it needs, which is charged to whoever
 * asks: for what the engine and, on its behalf, the kernel's tables will allocate, up
 * to an address, a hold and a fallback of IPv6.  Charging that itself would have the
 * engine, in a worker that others' gates want as well, wait for memory that the user's
 * control group does not have, for as long as the user likes (memory.high).
 */
#define USER_RESERVE 2048
static struct kmem_cache *user_gate_cache;

static struct kmem_cache *gate_cache_of(const struct anygate_net *agn)
{
	return anygate_net_of_user(agn) ? user_gate_cache : gate_cache;
}

static struct kmem_cache *services_cache_of(const char *name, unsigned int n)
{
	return kmem_cache_create(name, struct_size((struct anygate_services *)NULL, s, n),
				 0, SLAB_ACCOUNT, NULL);
}

/**
 * anygate_gates_init() - get ready for gates
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int anygate_gates_init(void)
{
	might_sleep();
	gate_cache = KMEM_CACHE(anygate_gate, SLAB_ACCOUNT);
	if (!gate_cache)
		return -ENOMEM;
	user_gate_cache = kmem_cache_create("anygate_gate_user",
					    sizeof(struct anygate_gate) + USER_RESERVE,
					    0, SLAB_ACCOUNT, NULL);
	if (!user_gate_cache)
		goto err_gate;
	services_cache[0] = services_cache_of("anygate_services1", 1);
	if (!services_cache[0])
		goto err_user_gate;
	services_cache[1] = services_cache_of("anygate_services2", 2);
	if (!services_cache[1])
		goto err_services;
	return 0;

err_services:
	kmem_cache_destroy(services_cache[0]);
err_user_gate:
	kmem_cache_destroy(user_gate_cache);
err_gate:
	kmem_cache_destroy(gate_cache);
	return -ENOMEM;
}

/**
 * anygate_gates_exit() - the reverse of anygate_gates_init()
 *
 * Context: process, sleeps; there is no gate any more.
 */
void anygate_gates_exit(void)
{
	might_sleep();
	kmem_cache_destroy(services_cache[1]);
	kmem_cache_destroy(services_cache[0]);
	kmem_cache_destroy(user_gate_cache);
	kmem_cache_destroy(gate_cache);
}

/**
 * anygate_gate_tables_init() - make the tables of a namespace
 * @agn: the namespace
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int anygate_gate_tables_init(struct anygate_net *agn)
{
	int ret;

	might_sleep();
	ret = rhashtable_init(&agn->by_prefix, &prefix_params);
	if (ret)
		return ret;
	ret = rhltable_init(&agn->by_addr, &addr_params);
	if (ret)
		goto err_prefix;
	ret = rhltable_init(&agn->by_port, &port_params);
	if (ret)
		goto err_addr;
	return 0;

err_addr:
	rhltable_destroy(&agn->by_addr);
err_prefix:
	rhashtable_destroy(&agn->by_prefix);
	return ret;
}

/**
 * anygate_gate_tables_exit() - the reverse of anygate_gate_tables_init()
 * @agn: the namespace; it has no gate
 */
void anygate_gate_tables_exit(struct anygate_net *agn)
{
	xa_destroy(&agn->gates);
	rhltable_destroy(&agn->by_port);
	rhltable_destroy(&agn->by_addr);
	rhashtable_destroy(&agn->by_prefix);
}

/**
 * anygate_services_alloc() - make room for services
 * @n: how many, 1 to ANYGATE_SERVICES_MAX
 *
 * Charged to the caller's memory control group: a request comes from a user.
 *
 * Return: zeroed but for @n, to be freed with anygate_services_free() or given to
 * a gate; NULL without memory.
 */
struct anygate_services *anygate_services_alloc(unsigned int n)
{
	struct anygate_services *services;

	if (n <= ARRAY_SIZE(services_cache))
		services = kmem_cache_zalloc(services_cache[n - 1], GFP_KERNEL);
	else
		services = kzalloc(struct_size(services, s, n),
				   GFP_KERNEL_ACCOUNT);
	if (services)
		services->n = n;
	return services;
}

/**
 * anygate_services_free() - free services that are in no table
 * @services: they, or NULL
 *
 * Context: process, sleeps.
 */
void anygate_services_free(struct anygate_services *services)
{
	might_sleep();
	if (!services)
		return;
	anygate_stall_forget(services);
	if (services->n <= ARRAY_SIZE(services_cache))
		kmem_cache_free(services_cache[services->n - 1], services);
	else
		kfree(services);
}

/**
 * anygate_gate_alloc() - make a gate
 * @agn: its namespace
 * @conf: its settings
 * @services: its services; owned by the gate after success
 * @leases: the leases it requires, or NULL; owned by the gate after success
 *
 * Return: a gate that nobody knows of, to be freed with anygate_gate_free();
 * NULL without memory.
 */
struct anygate_gate *anygate_gate_alloc(struct anygate_net *agn,
					const struct anygate_conf *conf,
					struct anygate_services *services,
					struct anygate_leases *leases)
{
	struct anygate_gate *gate;
	unsigned int i;

	gate = kmem_cache_zalloc(gate_cache_of(agn), GFP_KERNEL);
	if (!gate)
		return NULL;
	gate->agn = agn;
	gate->conf = *conf;
	gate->services = services;
	gate->leases = leases;
	if (conf->fallback.family) {
		gate->fallback = anygate_obj_alloc_fallback(&gate->conf);
		if (!gate->fallback) {
			kmem_cache_free(gate_cache_of(agn), gate);
			return NULL;
		}
	}
	gate->orders.until = ANYGATE_NEVER;
	gate->orders.observe_until = ANYGATE_NEVER;
	for (i = 0; i < services->n; i++)
		services->s[i].gate = gate;
	INIT_LIST_HEAD(&gate->dirty_list);
	INIT_LIST_HEAD(&gate->flows_list);
	timerqueue_init(&gate->timer);
	gate->fsm.reason = ANYGATE_REASON_ADDED;
	gate->fsm.deadline = ANYGATE_NEVER;
	return gate;
}

/**
 * anygate_gate_free() - free a gate that is in no table
 * @gate: the gate
 */
void anygate_gate_free(struct anygate_gate *gate)
{
	kfree(gate->leases);
	anygate_services_free(gate->services);
	kfree(gate->history);
	anygate_obj_forgive(&gate->announce);
	anygate_obj_forgive(&gate->hold);
	anygate_obj_free(gate->fallback);
	anygate_obj_free(gate->retired);
	kmem_cache_free(gate_cache_of(gate->agn), gate);
}

/**
 * anygate_history() - what has happened to a gate, to be added to
 * @gate: the gate
 *
 * It has memory of its own, since to most of ten thousand gates nothing has. What
 * happens while there is none is forgotten: it is for people, and nothing that is
 * wanted depends on it, but for the pace of a contest, which then starts anew.
 *
 * Context: the engine, anygate_net.lock held; sleeps.
 * Return: it, never NULL.
 */
struct anygate_history *anygate_history(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	might_sleep();
	lockdep_assert_held(&gate->agn->lock);
	if (!gate->history)
		gate->history = kzalloc(sizeof(*gate->history),
					GFP_KERNEL_ACCOUNT);
	if (gate->history)
		return gate->history;
	memset(&gate->agn->forgotten, 0, sizeof(gate->agn->forgotten));
	return &gate->agn->forgotten;
}

/**
 * anygate_history_of() - what has happened to a gate, to be read
 * @gate: the gate
 *
 * Context: anygate_net.lock held.
 * Return: it, never NULL.
 */
const struct anygate_history *
anygate_history_of(const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	static const struct anygate_history nothing;

	lockdep_assert_held(&gate->agn->lock);
	return gate->history ?: &nothing;
}

static void unlink_service(struct anygate_net *agn, struct anygate_service *svc)
{
	rhltable_remove(&agn->by_port, &svc->by_port, port_params);
	rhltable_remove(&agn->by_addr, &svc->by_addr, addr_params);
	anygate_watch_put(svc->key.proto, svc->key.port);
}

/* From here on changes of the service's listeners give a hint: see anygate_gate_fresh(). */
static int link_service(struct anygate_net *agn, struct anygate_service *svc)
{
	int ret;

	ret = anygate_watch_get(svc->key.proto, svc->key.port);
	if (ret)
		return ret;
	ret = rhltable_insert(&agn->by_addr, &svc->by_addr, addr_params);
	if (ret)
		goto err_watch;
	ret = rhltable_insert(&agn->by_port, &svc->by_port, port_params);
	if (ret)
		goto err_addr;
	return 0;

err_addr:
	rhltable_remove(&agn->by_addr, &svc->by_addr, addr_params);
err_watch:
	anygate_watch_put(svc->key.proto, svc->key.port);
	return ret;
}

static void unlink_services(struct anygate_net *agn,
			    struct anygate_services *services, unsigned int n)
{
	while (n--)
		unlink_service(agn, &services->s[n]);
}

static int link_services(struct anygate_net *agn,
			 struct anygate_services *services)
{
	unsigned int i;
	int ret;

	for (i = 0; i < services->n; i++) {
		ret = link_service(agn, &services->s[i]);
		if (ret) {
			unlink_services(agn, services, i);
			return ret;
		}
	}
	return 0;
}

static bool on_otherdev(const struct anygate_gate *gate)
{
	return gate->conf.listen_policy == ANYGATE_LISTEN_POLICY_DEV ||
	       gate->conf.fallback.family ||
	       (gate->conf.action == ANYGATE_ACTION_ADDRESS &&
		strcmp(gate->conf.dev, "lo"));
}

/**
 * anygate_gate_link() - make a gate known
 * @gate: the gate
 *
 * Context: the engine, anygate_net.lock held; sleeps.
 * Return: 0, -EEXIST if the prefix has a gate, or -ENOMEM; then nothing has
 * changed.
 */
int anygate_gate_link(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	struct anygate_net *agn = gate->agn;
	struct anygate_shield *shield;
	int ret;

	might_sleep();
	lockdep_assert_held(&agn->lock);

	/* Ids are never used twice, so that a dump resumes where it was. */
	gate->id = agn->next_id + 1;
	ret = xa_insert(&agn->gates, gate->id, gate, GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret == -EBUSY ? -EOVERFLOW : ret;
	ret = rhashtable_lookup_insert_fast(&agn->by_prefix, &gate->by_prefix,
					    prefix_params);
	if (ret)
		goto err_id;
	ret = link_services(agn, gate->services);
	if (ret)
		goto err_prefix;
	shield = anygate_shield_prepare(gate, &gate->conf, gate->services);
	if (IS_ERR(shield)) {
		ret = PTR_ERR(shield);
		goto err_services;
	}
	anygate_shield_commit(gate, shield);
	if (gate->conf.fatal)
		anygate_fatal_get();
	anygate_flows_init(gate);
	anygate_gate_fresh(gate);

	agn->next_id++;
	agn->n_gates++;
	agn->n_otherdev += on_otherdev(gate);
	agn->genseq++;
	return 0;

err_services:
	unlink_services(agn, gate->services, gate->services->n);
err_prefix:
	rhashtable_remove_fast(&agn->by_prefix, &gate->by_prefix,
			       prefix_params);
err_id:
	xa_erase(&agn->gates, gate->id);
	return ret;
}

/**
 * anygate_gate_unlink() - the reverse of anygate_gate_link()
 * @gate: the gate; may be freed afterwards
 *
 * Context: the engine, anygate_net.lock held; sleeps.
 */
void anygate_gate_unlink(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	struct anygate_net *agn = gate->agn;

	might_sleep();
	lockdep_assert_held(&agn->lock);
	agn->genseq++;
	agn->n_otherdev -= on_otherdev(gate);
	agn->n_gates--;
	list_del_init(&gate->dirty_list);
	list_del_init(&gate->flows_list);
	if (gate->timer_on)
		timerqueue_del(&agn->timers, &gate->timer);
	gate->timer_on = false;
	anygate_shield_remove(gate);
	if (gate->conf.fatal)
		anygate_fatal_put();
	unlink_services(agn, gate->services, gate->services->n);
	rhashtable_remove_fast(&agn->by_prefix, &gate->by_prefix,
			       prefix_params);
	xa_erase(&agn->gates, gate->id);
}

/**
 * anygate_gate_set_conf() - give a gate other settings
 * @gate: the gate
 * @conf: they; of the same prefix
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_gate_set_conf(struct anygate_gate *gate,
			   const struct anygate_conf *conf)
	__must_hold(&gate->agn->lock)
{
	struct anygate_net *agn = gate->agn;

	lockdep_assert_held(&agn->lock);
	agn->n_otherdev -= on_otherdev(gate);
	if (conf->fatal && !gate->conf.fatal)
		anygate_fatal_get();
	if (!conf->fatal && gate->conf.fatal)
		anygate_fatal_put();
	if (conf->fsm.damp.half_life_ms != gate->conf.fsm.damp.half_life_ms)
		gate->fsm.damp = anygate_damp_settle(gate->fsm.damp,
						     &gate->conf.fsm.damp,
						     ktime_get_boottime_ns());
	gate->conf = *conf;
	agn->n_otherdev += on_otherdev(gate);
}

/**
 * anygate_gate_set_services() - give a gate other services
 * @gate: the gate
 * @services: they; owned by the gate after success
 *
 * The new ones are watched before the old ones no longer are.
 *
 * Context: the engine, anygate_net.lock held; sleeps.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int anygate_gate_set_services(struct anygate_gate *gate,
			      struct anygate_services *services)
	__must_hold(&gate->agn->lock)
{
	struct anygate_net *agn = gate->agn;
	unsigned int i;
	int ret;

	might_sleep();
	lockdep_assert_held(&agn->lock);
	for (i = 0; i < services->n; i++)
		services->s[i].gate = gate;
	ret = link_services(agn, services);
	if (ret)
		return ret;
	unlink_services(agn, gate->services, gate->services->n);
	anygate_services_free(gate->services);
	gate->services = services;
	anygate_gate_fresh(gate);
	return 0;
}

/**
 * anygate_gate_find() - find the gate of a prefix
 * @agn: the namespace
 * @prefix: the prefix
 *
 * Context: anygate_net.lock or anygate_net.conf_lock held.
 * Return: the gate, valid as long as the lock is held, or NULL.
 */
struct anygate_gate *anygate_gate_find(struct anygate_net *agn,
				       const struct anygate_prefix *prefix)
{
	lockdep_assert(lockdep_is_held(&agn->lock) ||
		       lockdep_is_held(&agn->conf_lock));
	if (!agn->started)
		return NULL;
	return rhashtable_lookup_fast(&agn->by_prefix, prefix, prefix_params);
}

/**
 * anygate_prefix_within() - does one prefix lie in another?
 * @inner: the one
 * @outer: the other
 *
 * Return: true if it does, or is the same.
 */
bool anygate_prefix_within(const struct anygate_prefix *inner,
			   const struct anygate_prefix *outer)
{
	return inner->addr.family == outer->addr.family &&
	       inner->len >= outer->len &&
	       ipv6_prefix_equal(&inner->addr.ip, &outer->addr.ip, outer->len);
}

/**
 * anygate_gate_mark() - have the engine look at a gate
 * @gate: the gate
 * @source: what caused it
 *
 * What happened to one gate does not wait for the reconcile's look at thousands.
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_gate_mark(struct anygate_gate *gate, enum anygate_source source)
	__must_hold(&gate->agn->lock)
{
	bool routine = source == ANYGATE_SOURCE_RECONCILE;

	lockdep_assert_held(&gate->agn->lock);
	/* Of several causes the one with a socket event is to be told. */
	if (list_empty(&gate->dirty_list) || source == ANYGATE_SOURCE_PROBE)
		gate->source = source;
	if (list_empty(&gate->dirty_list)) {
		gate->routine = routine;
		list_add_tail(&gate->dirty_list, routine ? &gate->agn->routine :
							   &gate->agn->dirty);
	} else if (gate->routine && !routine) {
		gate->routine = false;
		list_move_tail(&gate->dirty_list, &gate->agn->dirty);
	}
}

/**
 * anygate_gate_fresh() - look at a gate once more, if need be
 * @gate: the gate, whose services are watched
 *
 * A socket call that began before they were may change the table after the look
 * that follows, without a hint.
 *
 * Context: the engine, anygate_net.lock held; sleeps.
 */
void anygate_gate_fresh(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	u64 period = anygate_settling();
	struct anygate_fresh *fresh = &gate->agn->fresh[period & 1];

	might_sleep();
	lockdep_assert_held(&gate->agn->lock);
	if (!period)
		return;
	gate->fresh |= BIT(period & 1);
	/* Whoever waits for an earlier one, which has ended, waits for this one, too. */
	fresh->period = period;
	fresh->from = fresh->from ? min(fresh->from, gate->id) : gate->id;
}

static void service_mark(struct anygate_service *svc,
			 const struct anygate_hint *hint)
{
	svc->hint = hint->actor;
	svc->gate->flaps++;
	anygate_gate_mark(svc->gate, ANYGATE_SOURCE_PROBE);
}

/**
 * anygate_services_mark() - have the engine look at all gates with a service
 * that a socket hint can concern
 * @agn: the namespace
 * @hint: the hint
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_services_mark(struct anygate_net *agn,
			   const struct anygate_hint *hint)
	__must_hold(&agn->lock)
{
	struct anygate_service *svc;
	struct rhlist_head *list, *pos;

	lockdep_assert_held(&agn->lock);
	rcu_read_lock();
	if (hint->key.addr.family) {
		list = rhltable_lookup(&agn->by_addr, &hint->key, addr_params);
		rhl_for_each_entry_rcu(svc, pos, list, by_addr)
			service_mark(svc, hint);
	} else {
		list = rhltable_lookup(&agn->by_port, &hint->key.port,
				       port_params);
		rhl_for_each_entry_rcu(svc, pos, list, by_port)
			service_mark(svc, hint);
	}
	rcu_read_unlock();
}

/**
 * anygate_services_count_flow() - count a connection for the gates of shorter
 * prefixes that have it behind a service
 * @agn: the namespace
 * @key: its local address and port
 *
 * Context: anygate_net.lock held, in an RCU read side section.
 */
void anygate_services_count_flow(struct anygate_net *agn,
				 const struct anygate_sockkey *key)
	__must_hold(&agn->lock)
{
	struct anygate_service *svc;
	struct rhlist_head *list, *pos;

	lockdep_assert_held(&agn->lock);
	list = rhltable_lookup(&agn->by_addr, key, addr_params);
	rhl_for_each_entry_rcu(svc, pos, list, by_addr) {
		const struct anygate_prefix *prefix = &svc->gate->conf.prefix;

		if (prefix->len < anygate_addr_bits(&prefix->addr))
			anygate_flows_add(svc->gate);
	}
}
