// SPDX-License-Identifier: GPL-2.0
/*
 * Leases: verdicts of outside checks.  One that is not renewed runs out, so
 * that the death of a check is noticed without anybody having to watch it.
 */
#include <linux/slab.h>

#include "anygate.h"

/**
 * anygate_leases_alloc() - make room for leases
 * @n: how many, 1 to ANYGATE_LEASES_MAX
 *
 * Return: zeroed but for @n, to be freed with kfree() or given to a gate;
 * NULL without memory.
 */
struct anygate_leases *anygate_leases_alloc(unsigned int n)
{
	struct anygate_leases *leases;

	leases = kzalloc(struct_size(leases, l, n), GFP_KERNEL_ACCOUNT);
	if (leases)
		leases->n = n;
	return leases;
}

/**
 * anygate_lease_find() - find a lease that a gate requires
 * @gate: the gate
 * @name: the name of the lease
 *
 * Context: anygate_net.lock or anygate_net.conf_lock held.
 * Return: it, or NULL.
 */
struct anygate_lease *anygate_lease_find(const struct anygate_gate *gate,
					 const char *name)
{
	unsigned int i;

	lockdep_assert(lockdep_is_held(&gate->agn->lock) ||
		       lockdep_is_held(&gate->agn->conf_lock));
	for (i = 0; gate->leases && i < gate->leases->n; i++)
		if (!strcmp(gate->leases->l[i].name, name))
			return &gate->leases->l[i];
	return NULL;
}

/**
 * anygate_leases_replace() - have a gate require other leases
 * @gate: the gate
 * @leases: they, owned by the gate from now on; NULL for none
 *
 * What has been reported of a lease that stays is kept.
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_leases_replace(struct anygate_gate *gate,
			    struct anygate_leases *leases)
	__must_hold(&gate->agn->lock)
{
	const struct anygate_lease *old;
	unsigned int i;

	lockdep_assert_held(&gate->agn->lock);
	for (i = 0; leases && i < leases->n; i++) {
		old = anygate_lease_find(gate, leases->l[i].name);
		if (old)
			leases->l[i] = *old;
	}
	kfree(gate->leases);
	gate->leases = leases;
}

/**
 * anygate_leases_good() - do the leases let the gate open?
 * @gate: the gate
 * @now: CLOCK_BOOTTIME nanoseconds
 * @why: set to the reason if not
 *
 * Context: the engine, anygate_net.lock held.
 * Return: true if each is up, or has run out and is to be ignored then.
 */
bool anygate_leases_good(const struct anygate_gate *gate, u64 now,
			 enum anygate_reason *why)
	__must_hold(&gate->agn->lock)
{
	unsigned int i;

	lockdep_assert_held(&gate->agn->lock);
	for (i = 0; gate->leases && i < gate->leases->n; i++) {
		const struct anygate_lease *lease = &gate->leases->l[i];

		if (lease->verdict == ANYGATE_VERDICT_NONE) {
			*why = ANYGATE_REASON_LEASE_MISSING;
			return false;
		}
		if (now >= lease->expires) {
			if (gate->conf.on_expiry == ANYGATE_ON_EXPIRY_IGNORE)
				continue;
			*why = ANYGATE_REASON_LEASE_EXPIRED;
			return false;
		}
		if (lease->verdict == ANYGATE_VERDICT_DOWN) {
			*why = ANYGATE_REASON_LEASE_DOWN;
			return false;
		}
	}
	return true;
}

/**
 * anygate_leases_deadline() - when does the next lease run out?
 * @gate: the gate
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * Context: the engine, anygate_net.lock held.
 * Return: CLOCK_BOOTTIME nanoseconds after @now, or ANYGATE_NEVER.
 */
u64 anygate_leases_deadline(const struct anygate_gate *gate, u64 now)
	__must_hold(&gate->agn->lock)
{
	u64 at = ANYGATE_NEVER;
	unsigned int i;

	lockdep_assert_held(&gate->agn->lock);
	for (i = 0; gate->leases && i < gate->leases->n; i++)
		if (gate->leases->l[i].verdict != ANYGATE_VERDICT_NONE &&
		    gate->leases->l[i].expires > now)
			at = min(at, gate->leases->l[i].expires);
	return at;
}

/**
 * anygate_leases_ran_out() - has a lease run out that nobody was told of?
 * @gate: the gate
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * Context: the engine, anygate_net.lock held.
 * Return: true once for each.
 */
bool anygate_leases_ran_out(struct anygate_gate *gate, u64 now)
	__must_hold(&gate->agn->lock)
{
	bool ran_out = false;
	unsigned int i;

	lockdep_assert_held(&gate->agn->lock);
	for (i = 0; gate->leases && i < gate->leases->n; i++) {
		struct anygate_lease *lease = &gate->leases->l[i];

		if (lease->verdict == ANYGATE_VERDICT_NONE ||
		    now < lease->expires || lease->told)
			continue;
		lease->told = true;
		ran_out = true;
	}
	return ran_out;
}
