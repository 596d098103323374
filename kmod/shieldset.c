// SPDX-License-Identifier: GPL-2.0
/*
 * Shields as the engine sees them: made, changed and removed with their gates,
 * and told what the packet path (shield.c) needs to know.
 */
#include <linux/netfilter_ipv4.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/netlink.h>

#include "shield.h"

/* After defragmentation, before connection tracking. */
#define PRIORITY (NF_IP_PRI_RAW - 1)

const struct rhashtable_params anygate_shield_params = {
	.key_offset = offsetof(struct anygate_shield_service, key),
	.key_len = sizeof(struct anygate_sockkey),
	.head_offset = offsetof(struct anygate_shield_service, by_key),
	.automatic_shrinking = true,
};

static struct anygate_shield_net *shield_net(struct anygate_net *agn)
{
	return rcu_dereference_protected(agn->shield,
					 lockdep_is_held(&agn->lock));
}

static void init_hooks(struct nf_hook_ops ops[2], struct anygate_shield_net *sn,
		       nf_hookfn *fn, unsigned int where)
{
	ops[0].hook = fn;
	ops[0].priv = sn;
	ops[0].pf = NFPROTO_IPV4;
	ops[0].hooknum = where;
	ops[0].priority = PRIORITY;
	ops[1] = ops[0];
	ops[1].pf = NFPROTO_IPV6;
}

static int net_start(struct anygate_net *agn)
{
	struct anygate_shield_net *sn;
	int ret;

	if (shield_net(agn))
		return 0;
	sn = kzalloc(sizeof(*sn), GFP_KERNEL_ACCOUNT);
	if (!sn)
		return -ENOMEM;
	sn->net = agn->net;
	sn->armed_until = jiffies - 1;
	ret = rhltable_init(&sn->services, &anygate_shield_params);
	if (ret)
		goto err_free;
	init_hooks(sn->in, sn, anygate_shield_in, NF_INET_PRE_ROUTING);
	init_hooks(sn->out, sn, anygate_shield_out, NF_INET_LOCAL_OUT);
	ret = nf_register_net_hooks(agn->net, sn->out, ARRAY_SIZE(sn->out));
	if (ret)
		goto err_table;
	rcu_assign_pointer(agn->shield, sn);
	return 0;

err_table:
	/* One of the hooks may have been there for a moment. */
	synchronize_net();
	rhltable_destroy(&sn->services);
err_free:
	kfree(sn);
	return ret;
}

/* Without a shield there is no hook. */
static void net_stop(struct anygate_net *agn)
{
	struct anygate_shield_net *sn = shield_net(agn);

	if (!sn || sn->n)
		return;
	RCU_INIT_POINTER(agn->shield, NULL);
	nf_unregister_net_hooks(agn->net, sn->out, ARRAY_SIZE(sn->out));
	/* Neither the hook nor a probe's handler uses it any more. */
	synchronize_net();
	rhltable_destroy(&sn->services);
	kfree(sn);
}

static void unlink_services(struct anygate_shield_net *sn,
			    struct anygate_shield *shield, unsigned int n)
{
	while (n--)
		rhltable_remove(&sn->services, &shield->s[n].by_key,
				anygate_shield_params);
}

static int get_in(struct anygate_shield_net *sn)
{
	int ret = 0;

	if (!sn->n_in)
		ret = nf_register_net_hooks(sn->net, sn->in,
					    ARRAY_SIZE(sn->in));
	if (!ret)
		sn->n_in++;
	return ret;
}

static void put_in(struct anygate_shield_net *sn)
{
	if (--sn->n_in)
		return;
	nf_unregister_net_hooks(sn->net, sn->in, ARRAY_SIZE(sn->in));
	/* Before the next registration of the same. */
	synchronize_net();
}

static void discard(struct anygate_shield_net *sn,
		    struct anygate_shield *shield)
{
	unlink_services(sn, shield, shield->n);
	if (shield->in)
		put_in(sn);
	sn->n--;
	kfree_rcu(shield, rcu);
}

/**
 * anygate_shield_prepare() - make a shield for a gate
 * @gate: the gate
 * @conf: its settings, perhaps to come
 * @services: the services it is for
 *
 * What the gate's present one has counted is kept.
 *
 * Context: the engine, anygate_net.lock held; sleeps.
 * Return: the shield, to be given to anygate_shield_commit() or
 * anygate_shield_cancel(); NULL for none; or an ERR_PTR.
 */
struct anygate_shield *
anygate_shield_prepare(struct anygate_gate *gate,
		       const struct anygate_conf *conf,
		       const struct anygate_services *services)
	__must_hold(&gate->agn->lock)
{
	struct anygate_net *agn = gate->agn;
	struct anygate_shield *old = gate->shield, *new;
	struct anygate_shield_net *sn;
	unsigned int i;
	int ret;

	might_sleep();
	lockdep_assert_held(&agn->lock);
	if (!conf->shield_ms)
		return NULL;
	ret = net_start(agn);
	if (ret)
		return ERR_PTR(ret);
	sn = shield_net(agn);
	new = kzalloc(struct_size(new, s, services->n), GFP_KERNEL_ACCOUNT);
	if (!new) {
		ret = -ENOMEM;
		goto err_net;
	}
	new->n = services->n;
	if (old) {
		new->until = old->until;
		new->through = old->through;
		new->before = old->before;
		atomic64_set(&new->dropped, atomic64_read(&old->dropped));
		atomic64_set(&new->first, atomic64_read(&old->first));
		atomic64_set(&new->last, atomic64_read(&old->last));
	}
	for (i = 0; i < new->n; i++) {
		new->s[i].key = services->s[i].key;
		new->s[i].shield = new;
		new->s[i].had = services->s[i].listeners;
		ret = rhltable_insert(&sn->services, &new->s[i].by_key,
				      anygate_shield_params);
		if (ret)
			goto err_links;
	}
	/* A local route keeps packets from being forwarded. */
	new->in = conf->action != ANYGATE_ACTION_ADDRESS || !conf->hold ||
		  conf->fallback.family;
	if (new->in) {
		ret = get_in(sn);
		if (ret)
			goto err_links;
	}
	sn->n++;
	WRITE_ONCE(sn->longest, max(sn->longest,
				    msecs_to_jiffies(conf->shield_ms) + HZ));
	return new;

err_links:
	unlink_services(sn, new, i);
	kfree_rcu(new, rcu);
err_net:
	net_stop(agn);
	return ERR_PTR(ret);
}

/**
 * anygate_shield_cancel() - the reverse of anygate_shield_prepare()
 * @gate: the gate
 * @shield: what that has returned, but an ERR_PTR
 *
 * Context: as that.
 */
void anygate_shield_cancel(struct anygate_gate *gate,
			   struct anygate_shield *shield)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	if (shield)
		discard(shield_net(gate->agn), shield);
	net_stop(gate->agn);
}

/**
 * anygate_shield_commit() - give a gate its new shield
 * @gate: the gate
 * @shield: what anygate_shield_prepare() has returned, but an ERR_PTR
 *
 * Context: as that; waits for a grace period if the namespace's last goes.
 */
void anygate_shield_commit(struct anygate_gate *gate,
			   struct anygate_shield *shield)
	__must_hold(&gate->agn->lock)
{
	struct anygate_shield *old = gate->shield;

	lockdep_assert_held(&gate->agn->lock);
	gate->shield = shield;
	if (!shield)
		gate->shielding = false;
	if (old)
		discard(shield_net(gate->agn), old);
	net_stop(gate->agn);
}

/**
 * anygate_shield_remove() - take a gate's shield away
 * @gate: the gate
 *
 * Context: as anygate_shield_commit().
 */
void anygate_shield_remove(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	anygate_shield_commit(gate, NULL);
}

static void tell_down(struct anygate_gate *gate)
{
	struct anygate_event event = {
		.kind = ANYGATE_EVENT_KIND_SHIELD,
		.gate = gate,
		.old_state = gate->fsm.state,
		.source = gate->source,
	};

	gate->shielding = false;
	if (atomic64_read(&gate->shield->dropped) != gate->shield->before)
		anygate_netlink_event(gate->agn, &event);
}

/**
 * anygate_shield_update() - have the packet path know what the engine knows
 * @gate: the gate, with or without a shield, after a look
 * @gone_at: CLOCK_BOOTTIME nanoseconds at which the last listener went, if it
 *	has since the look before; 0 for "not now"
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_shield_update(struct anygate_gate *gate, u64 gone_at)
	__must_hold(&gate->agn->lock)
{
	struct anygate_shield *shield = gate->shield;
	u64 now = ktime_get_boottime_ns();
	unsigned int i;

	lockdep_assert_held(&gate->agn->lock);
	if (!shield)
		return;
	if (gone_at) {
		shield->before = atomic64_read(&shield->dropped);
		if (!gate->shielding &&
		    atomic64_read(&shield->last) < gone_at) {
			atomic64_set(&shield->first, 0);
			atomic64_set(&shield->last, 0);
		}
		WRITE_ONCE(shield->until, gone_at + gate->conf.shield_ms *
			   ANYGATE_NS_PER_MS);
		gate->shielding = true;
		anygate_shield_arm(gate->agn);
	} else if (gate->services_up ||
		   gate->fsm.state == ANYGATE_STATE_KEPT) {
		WRITE_ONCE(shield->until, 0);
	}
	/*
	 * The fallback takes packets once the address is not here any more; who only
	 * observes touches none; and from a prefix that is pinned no route leads on.
	 */
	WRITE_ONCE(shield->through, gate->orders.observe ||
		   gate->fsm.state == ANYGATE_STATE_PINNED ||
		   (gate->fallback && gate->fallback->present &&
		    !gate->announce.present));
	/* After "until": see shield_of(). */
	for (i = 0; i < shield->n; i++)
		/* Pairs with the acquire in shield_of(). */
		smp_store_release(&shield->s[i].had,
				  gate->services->s[i].listeners > 0);
	if (gate->shielding && now >= shield->until)
		tell_down(gate);
}

/**
 * anygate_shield_deadline() - when does the shield come down?
 * @gate: the gate
 *
 * Context: the engine, anygate_net.lock held.
 * Return: CLOCK_BOOTTIME nanoseconds, or ANYGATE_NEVER if it is not up.
 */
u64 anygate_shield_deadline(const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	return gate->shielding ? gate->shield->until : ANYGATE_NEVER;
}

/**
 * anygate_shield_put() - what there is to be told of a shield
 * @skb: the message
 * @gate: the gate
 *
 * Context: anygate_net.lock held.
 * Return: 0 or -EMSGSIZE.
 */
int anygate_shield_put(struct sk_buff *skb, const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	const struct anygate_shield *shield = gate->shield;
	const int pad = ANYGATE_A_GATE_PAD;
	u64 first, dropped;

	lockdep_assert_held(&gate->agn->lock);
	if (!shield)
		return 0;
	first = atomic64_read(&shield->first);
	dropped = atomic64_read(&shield->dropped);
	if (nla_put_u64_64bit(skb, ANYGATE_A_GATE_SHIELD_DROPPED, dropped,
			      pad) ||
	    nla_put_u64_64bit(skb, ANYGATE_A_GATE_SHIELD_LATELY,
			      dropped - shield->before, pad))
		return -EMSGSIZE;
	if (first &&
	    (nla_put_u64_64bit(skb, ANYGATE_A_GATE_SHIELD_FIRST, first, pad) ||
	     nla_put_u64_64bit(skb, ANYGATE_A_GATE_SHIELD_LAST,
			       atomic64_read(&shield->last), pad)))
		return -EMSGSIZE;
	if (gate->shielding &&
	    nla_put_u64_64bit(skb, ANYGATE_A_GATE_SHIELD_UNTIL, shield->until,
			      pad))
		return -EMSGSIZE;
	return 0;
}

/**
 * anygate_shield_exit() - the namespace ends: no hook is left behind
 * @agn: the namespace; its gates are gone
 *
 * Context: the engine's place, anygate_net.lock held; sleeps.
 */
void anygate_shield_exit(struct anygate_net *agn)
	__must_hold(&agn->lock)
{
	might_sleep();
	lockdep_assert_held(&agn->lock);
	net_stop(agn);
}
