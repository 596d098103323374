// SPDX-License-Identifier: GPL-2.0
/*
 * Upkeep of a gate's objects: from "the prefix is wanted" to what is to be
 * added or removed, in which order, when to try again, and what others have
 * done to it meanwhile.
 */
#include <linux/ipv6_route.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/timekeeping.h>

#include "anygate.h"

/* Backoff against another program that undoes what we do, in milliseconds. */
static const u32 contest_ms[] = { 1, 10, 100, 1000 };

/* So long after the last time, the backoff starts anew. */
#define CONTEST_CALM_NS (30 * NSEC_PER_SEC)

/* So long the verification of routes can be put off. */
#define VERIFY_LATE_NS (10 * NSEC_PER_SEC)

/* How often the time doubles after which an address is looked at for being usable. */
#define UNREADY_MAX 9

static bool due(const struct anygate_obj *obj, u64 now)
{
	return now >= obj->retry_at;
}

/* A fallback leads elsewhere what hold would keep here. */
static bool hold_wanted(const struct anygate_gate *gate)
{
	return gate->conf.hold && !gate->conf.fallback.family &&
	       gate->conf.action == ANYGATE_ACTION_ADDRESS;
}

static bool fallback_wanted(const struct anygate_gate *gate)
{
	return gate->conf.fallback.family && !anygate_fsm_want(&gate->fsm);
}

/*
 * With an IPv6 address the kernel removes the first route of its prefix and device
 * that has no gateway (cleanup_prefix_route()), and takes it for the one that
 * came with the address, of metric IP6_RT_PRIO_ADDRCONF. The device of a
 * blackhole is lo: one of a lower metric goes instead, and what came with the
 * address stays. One of the same metric cannot be added beside it.
 */
static bool goes_with_address(const struct anygate_obj *route)
{
	return route->type == ANYGATE_OBJ_ROUTE &&
	       route->prefix->addr.family == AF_INET6 &&
	       route->table == RT_TABLE_MAIN &&
	       route->metric <= IP6_RT_PRIO_ADDRCONF;
}

/* So the address that was announced has to go before the route comes. */
static bool retires_first(const struct anygate_gate *gate)
{
	const struct anygate_obj *old = gate->retired;

	return old && old->type == ANYGATE_OBJ_ADDR &&
	       !strcmp(old->dev, "lo") && goes_with_address(&gate->announce);
}

/**
 * anygate_upkeep_concerned() - can an address's event concern what is announced?
 * @gate: the gate of that address
 *
 * Context: the engine, anygate_net.lock held.
 * Return: true if it can: "check" is to be set.
 */
bool anygate_upkeep_concerned(const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	return gate->announce.type == ANYGATE_OBJ_ADDR ||
	       (gate->announce.present && goes_with_address(&gate->announce));
}

/* What is not wanted any more goes when what takes over is there. */
static bool fallback_retires(const struct anygate_gate *gate)
{
	return gate->fallback && !fallback_wanted(gate) &&
	       anygate_obj_stands(&gate->announce);
}

static bool announce_retires(const struct anygate_gate *gate)
{
	return gate->retired && (anygate_obj_stands(&gate->announce) ||
				 !anygate_fsm_want(&gate->fsm));
}

/* A route that is not wanted, new, and perhaps left by an earlier life of the module. */
static bool inherited(const struct anygate_gate *gate)
{
	return !anygate_fsm_want(&gate->fsm) && gate->announce.check &&
	       gate->announce.type == ANYGATE_OBJ_ROUTE &&
	       gate->fsm.state != ANYGATE_STATE_OPENING;
}

static bool dev_up(const struct anygate_net *agn, const char *name)
{
	struct net_device *dev;
	bool up;

	rcu_read_lock();
	dev = dev_get_by_name_rcu(agn->net, name);
	up = dev && (READ_ONCE(dev->flags) & IFF_UP);
	rcu_read_unlock();
	return up;
}

/* Is the device, by the name that was said, still the one on which the address is? */
static bool dev_is(const struct anygate_net *agn, const struct anygate_obj *obj)
{
	return anygate_table_index(agn, obj->dev) == obj->ifindex;
}

/* The device on which an address is, or was last. */
static bool dev_there(const struct anygate_net *agn, const struct anygate_obj *obj)
{
	bool there;

	rcu_read_lock();
	there = dev_get_by_index_rcu(agn->net, obj->ifindex);
	rcu_read_unlock();
	return there;
}

/**
 * anygate_upkeep_strayed() - is what we added on a device of another name by now?
 * @gate: the gate
 *
 * Nobody has said that it be announced there.  Asked of the names: the new one is
 * written long before anybody is told, and who is told may have lost it.  While that is
 * under way the device has none; and its old one may have become a second one of it.
 *
 * Context: the engine, anygate_net.lock held.
 * Return: true if it is; only if "check" is set, which it is to stay until that is gone.
 */
bool anygate_upkeep_strayed(const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	const struct anygate_obj *obj = &gate->announce;

	lockdep_assert_held(&gate->agn->lock);
	return obj->check && obj->present && obj->type == ANYGATE_OBJ_ADDR &&
	       obj->owner == ANYGATE_OWNER_US && !dev_is(gate->agn, obj) &&
	       dev_there(gate->agn, obj);
}

/* Who observes removes nothing, but is not to forget it. */
static bool announce_strays(const struct anygate_gate *gate)
{
	return !gate->orders.observe && anygate_upkeep_strayed(gate);
}

/* Somebody undid what we did: do it again, but ever more slowly. */
static void contest(struct anygate_gate *gate, struct anygate_obj *obj, u64 now)
{
	struct anygate_history *history = anygate_history(gate);
	struct anygate_event event = {
		.kind = ANYGATE_EVENT_KIND_CONTESTED,
		.gate = gate,
		.source = gate->source,
		.actor = history->meddler,
	};

	if (history->contested &&
	    now - history->contested_at < CONTEST_CALM_NS)
		history->contested_burst++;
	else
		history->contested_burst = 0;
	history->contested++;
	history->contested_at = now;
	obj->retry_at = now + ANYGATE_NS_PER_MS *
		contest_ms[min_t(u32, history->contested_burst,
				 ARRAY_SIZE(contest_ms) - 1)];
	anygate_netlink_event(gate->agn, &event);
}

/* Is the address where we think it is?  If not, somebody else was here. */
static void check_address(struct anygate_gate *gate, u64 now)
{
	struct anygate_net *agn = gate->agn;
	struct anygate_obj *obj = &gate->announce;
	bool want = anygate_fsm_want(&gate->fsm);
	struct anygate_found found;
	struct anygate_event event = {
		.kind = ANYGATE_EVENT_KIND_FOREIGN,
		.gate = gate,
		.source = gate->source,
		.actor = anygate_history_of(gate)->meddler,
	};

	/* That is for act(). */
	if (anygate_upkeep_strayed(gate))
		return;
	obj->check = false;
	if (anygate_table_find(agn, obj, &found) == obj->present) {
		/* Of a device that has been made again: another one of that name. */
		if (obj->present)
			obj->ifindex = found.ifindex;
		return;
	}

	if (obj->present) {
		obj->present = false;
		/* A device that goes down or away takes its addresses along. */
		if (want && !gate->orders.observe && !gate->dev_event && dev_up(agn, obj->dev))
			contest(gate, obj, now);
		return;
	}

	obj->present = true;
	obj->ifindex = found.ifindex;
	if (obj->owner == ANYGATE_OWNER_ADOPTED) {
		/* Handed over to the gate once: still the gate's to remove. */
		if (!want && !gate->orders.observe)
			contest(gate, obj, now);
		return;
	}
	if (found.owner == ANYGATE_OWNER_US)
		return;
	obj->owner = ANYGATE_OWNER_FOREIGN;
	if (!want)
		anygate_netlink_event(agn, &event);
}

/*
 * Verifying takes RTNL, and while the engine waits for that it sees nothing: a
 * listener that closes meanwhile is not even noticed.  If somebody else has it,
 * verifying can be put off a little; until the last instant, since they may have
 * taken it a moment ago.
 */
static bool put_off(struct anygate_net *agn, u64 now)
{
	if (!rtnl_is_locked()) {
		agn->busy_since = 0;
		return false;
	}
	if (!agn->busy_since)
		agn->busy_since = now;
	return now - agn->busy_since < VERIFY_LATE_NS;
}

/* Is the route still there?  An exclusive add tells, and mends. */
static void check_route(struct anygate_gate *gate, struct anygate_obj *obj,
			u64 now)
{
	bool taken_along = gate->dev_event ||
			   (gate->source == ANYGATE_SOURCE_TABLE &&
			    goes_with_address(obj));

	/*
	 * The next reconcile tries again. Who has just changed a device or an address
	 * is done soon, and has probably taken the route away with it.
	 */
	if (!taken_along && put_off(gate->agn, now))
		return;
	obj->check = false;
	if (anygate_obj_add(gate->agn, obj))
		return;
	/* Somebody else's has gone, and nobody has undone anything. */
	if (obj->owner == ANYGATE_OWNER_FOREIGN) {
		obj->owner = ANYGATE_OWNER_US;
		return;
	}
	if (gate->dev_event)
		return;
	contest(gate, obj, now);
	obj->retry_at = 0;
}

/* It is there, or perhaps: nobody has looked since its device changed. */
static bool suspected(const struct anygate_obj *obj)
{
	return obj->present || obj->check;
}

/*
 * The hold route is in a table that is not the device's any more: that has joined a
 * VRF or left it, or the gate has another one. The route does not go by itself, since
 * it leads to lo.
 */
static bool hold_strays(const struct anygate_gate *gate)
{
	return hold_wanted(gate) && suspected(&gate->hold) &&
	       gate->hold.table != anygate_table_local(gate->agn,
						       gate->conf.dev);
}

/*
 * The fallback leads through a device that has another name by now, and perhaps that
 * name is another one's: the kernel keeps such routes. Of one that an earlier life of
 * the module has left nobody knows: adding it again tells.
 */
static bool fallback_strays(const struct anygate_gate *gate)
{
	const struct anygate_obj *obj = gate->fallback;

	return fallback_wanted(gate) && !obj->present && obj->check &&
	       obj->ifindex && !dev_is(gate->agn, obj);
}

/**
 * anygate_upkeep_check() - see what others have done to a gate's objects
 * @gate: the gate
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * Looks only at objects whose "check" is set.
 *
 * Context: the engine, anygate_net.lock held; releases it to wait for RTNL.
 */
void anygate_upkeep_check(struct anygate_gate *gate, u64 now)
	__must_hold(&gate->agn->lock)
{
	struct anygate_obj *obj = &gate->announce;

	might_sleep();
	lockdep_assert_held(&gate->agn->lock);
	if (obj->check && obj->type == ANYGATE_OBJ_ADDR)
		check_address(gate, now);
	if (gate->orders.observe)
		return;
	if (obj->check && obj->type == ANYGATE_OBJ_ROUTE && obj->present &&
	    anygate_fsm_want(&gate->fsm) && due(obj, now))
		check_route(gate, obj, now);
	obj = &gate->hold;
	/* Where it strays nobody is to have it: that is for act(). */
	if (obj->check && obj->present && hold_wanted(gate) && due(obj, now) &&
	    !hold_strays(gate))
		check_route(gate, obj, now);
	obj = gate->fallback;
	if (obj && obj->check && obj->present && fallback_wanted(gate) &&
	    due(obj, now))
		check_route(gate, obj, now);
}

/* What an added object turned out to be. */
static void added(struct anygate_gate *gate, struct anygate_obj *obj, int ret)
{
	struct anygate_found found = { .owner = obj->owner };

	if (!ret) {
		if (obj->owner != ANYGATE_OWNER_ADOPTED)
			obj->owner = ANYGATE_OWNER_US;
		obj->taken = false;
	} else if (ret == -EEXIST && obj->type == ANYGATE_OBJ_ADDR &&
		   obj->owner != ANYGATE_OWNER_ADOPTED) {
		anygate_table_find(gate->agn, obj, &found);
		obj->owner = found.owner == ANYGATE_OWNER_US ?
			     ANYGATE_OWNER_US : ANYGATE_OWNER_FOREIGN;
	}
}

static void announce(struct anygate_gate *gate)
{
	struct anygate_obj *obj = &gate->announce;

	added(gate, obj, anygate_obj_add(gate->agn, obj));
}

static void withdraw(struct anygate_gate *gate)
{
	struct anygate_obj *obj = &gate->announce;
	bool present = obj->present;
	int ret;

	ret = anygate_obj_del(gate->agn, obj);
	if (!ret && obj->owner == ANYGATE_OWNER_ADOPTED)
		obj->taken = true;
	/*
	 * A route that was there when we wanted to add it, and that is none
	 * of our protocol: somebody else's, and it stays.  One that we added
	 * ourselves and that is not there has been removed by somebody.
	 */
	if (ret == -ESRCH && obj->type == ANYGATE_OBJ_ROUTE && present &&
	    obj->was_there) {
		obj->present = true;
		obj->owner = ANYGATE_OWNER_FOREIGN;
	}
	/*
	 * An interface that loses its last address loses its routes of that family
	 * as well (fib_disable_ip()).
	 */
	if (obj->type == ANYGATE_OBJ_ADDR && fallback_wanted(gate) &&
	    obj->prefix->addr.family == AF_INET &&
	    !strcmp(gate->fallback->dev, obj->dev)) {
		gate->fallback->check |= gate->fallback->present;
		gate->fallback->present = false;
	}
}

/*
 * Remove an object, known or only suspected to be there.  A failure counts
 * only where it was known: there is nothing of ours to be left behind else.
 */
static int remove_obj(struct anygate_net *agn, struct anygate_obj *obj)
{
	bool known = obj->present;

	anygate_obj_del(agn, obj);
	return known ? obj->err : 0;
}

/* Put an adopted address back, or remove what is ours.  0 if that is done. */
static int restore(struct anygate_gate *gate, struct anygate_obj *obj)
{
	struct anygate_net *agn = gate->agn;

	if (obj->type == ANYGATE_OBJ_ADDR &&
	    obj->owner == ANYGATE_OWNER_ADOPTED) {
		/* Who only observes has nothing to make good. */
		if (obj->present || (gate->orders.observe && !obj->taken))
			return 0;
		anygate_obj_add(agn, obj);
		/* The kernel has taken it away with its device: not ours to make good. */
		if (obj->err == -ENODEV && !dev_there(agn, obj))
			anygate_obj_forgive(obj);
		return obj->err;
	}
	if (obj->type == ANYGATE_OBJ_ADDR &&
	    obj->owner == ANYGATE_OWNER_FOREIGN)
		return 0;
	if (suspected(obj))
		return remove_obj(agn, obj);
	return 0;
}

/**
 * anygate_upkeep_drop_fallback() - take a gate's fallback out of the tables
 * @gate: the gate, that is to have another one, or none
 *
 * Before that is settled: what could not be removed would be forgotten.  If it is
 * not settled after all, the next look puts it back.
 *
 * Context: the engine, anygate_net.lock held; releases it to wait for RTNL.
 * Return: 0, or a negative errno if it is still there.
 */
int anygate_upkeep_drop_fallback(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	struct anygate_obj *obj = gate->fallback;

	might_sleep();
	lockdep_assert_held(&gate->agn->lock);
	if (!obj || gate->orders.observe || !suspected(obj))
		return 0;
	anygate_obj_del(gate->agn, obj);
	return obj->err;
}

static void forget_retired(struct anygate_gate *gate)
{
	anygate_obj_free(gate->retired);
	gate->retired = NULL;
}

/* Is a route that is there beside the announcement as it is wanted? */
static bool kept(const struct anygate_obj *obj, bool want)
{
	return want ? obj->present : !suspected(obj);
}

/* Is there nothing yet that announces what is wanted, as far as anybody has asked? */
static bool announce_wanted(const struct anygate_gate *gate)
{
	return anygate_fsm_want(&gate->fsm) &&
	       !anygate_obj_stands(&gate->announce);
}

/* Add or remove one. */
static bool keep_route(struct anygate_gate *gate, struct anygate_obj *obj,
		       bool want, u64 now)
{
	if (kept(obj, want) || !due(obj, now))
		return false;
	if (want)
		anygate_obj_add(gate->agn, obj);
	else
		anygate_obj_del(gate->agn, obj);
	return true;
}

/*
 * The same for the hold route, which follows the device. Which table that has is
 * asked once only: what is forgotten between two answers stays behind for good.
 */
static bool keep_hold(struct anygate_gate *gate, u64 now)
{
	struct anygate_obj *hold = &gate->hold;
	bool want = hold_wanted(gate);
	bool acted = false;
	u32 table;

	if (want) {
		table = anygate_table_local(gate->agn, gate->conf.dev);
		if (table != hold->table && suspected(hold)) {
			if (!due(hold, now))
				return false;
			anygate_obj_del(gate->agn, hold);
			if (hold->err)
				return true;
			acted = true;
		}
		hold->table = table;
	}
	return keep_route(gate, hold, want, now) || acted;
}

/**
 * anygate_upkeep_act() - change the tables to what is wanted
 * @gate: the gate
 * @now: CLOCK_BOOTTIME nanoseconds
 *
 * As far as it is time to: what failed or is contested has to wait.
 *
 * Context: the engine, anygate_net.lock held; releases it to wait for RTNL.
 * Return: true if anything was tried.
 */
bool anygate_upkeep_act(struct anygate_gate *gate, u64 now)
	__must_hold(&gate->agn->lock)
{
	struct anygate_obj *obj = &gate->announce;
	bool want = anygate_fsm_want(&gate->fsm);
	bool acted = false;

	might_sleep();
	lockdep_assert_held(&gate->agn->lock);
	if (gate->orders.observe)
		return false;

	/*
	 * Before the address first goes, and the fallback each time before it
	 * goes; but nothing waits for them.
	 */
	acted |= keep_hold(gate, now);
	if (fallback_strays(gate) && due(gate->fallback, now)) {
		anygate_obj_del(gate->agn, gate->fallback);
		acted = true;
	}
	if (fallback_wanted(gate))
		acted |= keep_route(gate, gate->fallback, true, now);
	if (retires_first(gate)) {
		if (!due(gate->retired, now))
			return acted;
		if (restore(gate, gate->retired))
			return true;
		forget_retired(gate);
		acted = true;
	}

	if (announce_strays(gate)) {
		if (!due(obj, now))
			return acted;
		anygate_obj_del(gate->agn, obj);
		if (obj->err)
			return true;
		acted = true;
	}
	if (announce_wanted(gate)) {
		if (due(obj, now)) {
			announce(gate);
			acted = true;
		}
	} else if (!want && obj->present) {
		if (obj->owner != ANYGATE_OWNER_FOREIGN && due(obj, now)) {
			withdraw(gate);
			acted = true;
		}
	} else if (inherited(gate)) {
		if (due(obj, now)) {
			withdraw(gate);
			acted = true;
		}
	} else {
		/*
		 * As it is wanted, by whomever: an earlier failure is history, and
		 * whoever contested it has given in. What comes next is not to wait.
		 */
		anygate_obj_forgive(obj);
		obj->retry_at = 0;
	}
	if (!want)
		obj->unasked = obj->present && obj->type == ANYGATE_OBJ_ROUTE &&
			       obj->owner == ANYGATE_OWNER_FOREIGN;

	/*
	 * What takes over first, so that the prefix is never without a route:
	 * packets would go back to where they came from.
	 */
	if (obj->present && !anygate_table_ready(gate->agn, obj)) {
		u64 at = now + (ANYGATE_NS_PER_MS << gate->unready);

		/* A moment, as a rule; for ever on a device without a carrier. */
		if (gate->unready < UNREADY_MAX)
			gate->unready++;
		if (gate->fallback)
			gate->fallback->retry_at = at;
		if (gate->retired)
			gate->retired->retry_at = at;
		return acted;
	}
	gate->unready = 0;
	if (fallback_retires(gate))
		acted |= keep_route(gate, gate->fallback, false, now);
	if (announce_retires(gate) && due(gate->retired, now)) {
		if (!restore(gate, gate->retired))
			forget_retired(gate);
		acted = true;
	}
	return acted;
}

/* Has the announcement to be changed? */
static bool unfinished(const struct anygate_gate *gate)
{
	const struct anygate_obj *obj = &gate->announce;
	bool want = anygate_fsm_want(&gate->fsm);

	if (announce_strays(gate) || announce_wanted(gate))
		return true;
	if (!want && obj->present)
		return obj->owner != ANYGATE_OWNER_FOREIGN;
	return inherited(gate);
}

/**
 * anygate_upkeep_deadline() - when is the next attempt due?
 * @gate: the gate, after anygate_upkeep_act()
 *
 * Of nothing that waits for something else: it would be due for as long as that
 * takes, and the engine would do nothing but ask.
 *
 * Context: the engine, anygate_net.lock held.
 * Return: CLOCK_BOOTTIME nanoseconds, or ANYGATE_NEVER if all is done.
 */
u64 anygate_upkeep_deadline(const struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	u64 at = ANYGATE_NEVER;

	lockdep_assert_held(&gate->agn->lock);
	if (gate->orders.observe)
		return ANYGATE_NEVER;
	if (!kept(&gate->hold, hold_wanted(gate)) || hold_strays(gate))
		at = gate->hold.retry_at;
	if ((fallback_wanted(gate) && !gate->fallback->present) ||
	    (fallback_retires(gate) && suspected(gate->fallback)))
		at = min(at, gate->fallback->retry_at);
	if (retires_first(gate))
		return min(at, gate->retired->retry_at);
	if (unfinished(gate))
		at = min(at, gate->announce.retry_at);
	if (announce_retires(gate))
		at = min(at, gate->retired->retry_at);
	return at;
}

/**
 * anygate_upkeep_device() - a device came, went, or changed its state
 * @gate: the gate
 *
 * The kernel takes addresses and local routes away with a device, which is
 * nobody's contest, and what failed for want of it may now succeed.
 *
 * Context: the engine, anygate_net.lock held.
 */
void anygate_upkeep_device(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	lockdep_assert_held(&gate->agn->lock);
	gate->dev_event = true;
	gate->announce.retry_at = 0;
	/* With lo the kernel takes the blackholes of IPv6 away, too. */
	if (gate->announce.type == ANYGATE_OBJ_ADDR ||
	    (gate->announce.present &&
	     gate->announce.prefix->addr.family == AF_INET6))
		gate->announce.check = true;
	gate->hold.retry_at = 0;
	if (gate->fallback)
		gate->fallback->retry_at = 0;
	/* Unknown: adding it again does no harm, nor does removing it. */
	gate->hold.check |= gate->hold.present;
	if (hold_wanted(gate))
		gate->hold.present = false;
	if (gate->fallback)
		gate->fallback->check |= gate->fallback->present;
	/* Who observes adds nothing, and is not to forget what is to be removed. */
	if (fallback_wanted(gate) && !gate->orders.observe)
		gate->fallback->present = false;
}

/**
 * anygate_upkeep_undo() - leave the tables as they were before the gate
 * @gate: the gate
 *
 * Context: the engine, anygate_net.lock held; releases it to wait for RTNL.
 * Return: 0, or a negative errno if something of ours is left, or an adopted
 * address is not back.
 */
int anygate_upkeep_undo(struct anygate_gate *gate)
	__must_hold(&gate->agn->lock)
{
	int ret;

	might_sleep();
	lockdep_assert_held(&gate->agn->lock);
	ret = restore(gate, &gate->announce);
	if (!ret && gate->retired) {
		ret = restore(gate, gate->retired);
		if (!ret)
			forget_retired(gate);
	}
	if (!ret && gate->fallback && suspected(gate->fallback))
		ret = remove_obj(gate->agn, gate->fallback);
	/* Last: until here it let daemons bind. */
	if (!ret && (suspected(&gate->hold) || hold_wanted(gate)))
		ret = remove_obj(gate->agn, &gate->hold);
	return ret;
}
