// SPDX-License-Identifier: GPL-2.0
/*
 * anygate: an anycast gate.  Announces a prefix while the services behind it
 * have a listener, and withdraws it the moment the last one is gone.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "anygate.h"

/* Engines of namespaces that belong to other user namespaces than the first, at a time. */
#define USER_WORKERS 4

struct workqueue_struct *anygate_wq;
struct workqueue_struct *anygate_user_wq;

static unsigned int net_id __read_mostly;

/* Protects the list of started namespaces; nothing is waited for with it held. */
static DEFINE_MUTEX(nets_lock);
static LIST_HEAD(nets);

/*
 * Protects "running": between init and exit.  A parameter may be written
 * before and after.
 */
static DEFINE_MUTEX(param_lock);
static bool running;

unsigned int anygate_reconcile_ms = 1000;
unsigned int anygate_degraded_ms = 20;
unsigned int anygate_canary_ms = 1000;
unsigned int anygate_max_gates = 16384;
unsigned int anygate_max_gates_user = 256;
unsigned int anygate_protocol = 166;

enum { UNLOAD_REMOVE, UNLOAD_KEEP };
static int on_unload = UNLOAD_REMOVE;
static const char * const unload_names[] = {
	[UNLOAD_REMOVE] = "remove",
	[UNLOAD_KEEP] = "keep",
};

static int set_period(const char *val, const struct kernel_param *kp)
{
	unsigned int ms;
	int ret;

	ret = kstrtouint(val, 0, &ms);
	if (ret)
		return ret;
	/* Off, or between "as fast as a tick" and an hour. */
	if (ms > ANYGATE_DELAY_MAX ||
	    (!ms && kp->arg == &anygate_degraded_ms))
		return -ERANGE;
	mutex_lock(&param_lock);
	WRITE_ONCE(*(unsigned int *)kp->arg, ms);
	if (running) {
		if (kp->arg == &anygate_canary_ms)
			anygate_watch_canary_period();
		anygate_kick_all();
	}
	mutex_unlock(&param_lock);
	return 0;
}

static const struct kernel_param_ops period_ops = {
	.set = set_period,
	.get = param_get_uint,
};

static int set_protocol(const char *val, const struct kernel_param *kp)
{
	/* RTPROT_STATIC and below, and "unspecified", are taken. */
	return param_set_uint_minmax(val, kp, 5, 255);
}

static const struct kernel_param_ops protocol_ops = {
	.set = set_protocol,
	.get = param_get_uint,
};

static int set_on_unload(const char *val, const struct kernel_param *kp)
{
	int ret = sysfs_match_string(unload_names, val);

	if (ret < 0)
		return ret;
	WRITE_ONCE(on_unload, ret);
	return 0;
}

static int get_on_unload(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", unload_names[READ_ONCE(on_unload)]);
}

static const struct kernel_param_ops on_unload_ops = {
	.set = set_on_unload,
	.get = get_on_unload,
};

module_param_cb(reconcile_ms, &period_ops, &anygate_reconcile_ms, 0644);
MODULE_PARM_DESC(reconcile_ms, "Milliseconds between two looks at everything while socket events arrive, 0 for none (1000)");
module_param_cb(degraded_ms, &period_ops, &anygate_degraded_ms, 0644);
MODULE_PARM_DESC(degraded_ms, "The same while they do not (20)");
module_param_cb(canary_ms, &period_ops, &anygate_canary_ms, 0644);
MODULE_PARM_DESC(canary_ms, "Milliseconds between two tests whether they arrive, 0 for none (1000)");
module_param_named(max_gates, anygate_max_gates, uint, 0644);
MODULE_PARM_DESC(max_gates, "Most gates in a network namespace of the host's own (16384)");
module_param_named(max_gates_user, anygate_max_gates_user, uint, 0644);
MODULE_PARM_DESC(max_gates_user, "Most gates in a network namespace of another user namespace (256)");
module_param_cb(protocol, &protocol_ops, &anygate_protocol, 0444);
MODULE_PARM_DESC(protocol, "Protocol number of our addresses and routes, 5 to 255 (166)");
module_param_cb(on_unload, &on_unload_ops, NULL, 0644);
MODULE_PARM_DESC(on_unload, "What to do with addresses and routes on unload: remove, or keep for an upgrade (remove)");

/**
 * anygate_net_of() - our part of a network namespace
 * @net: the namespace
 *
 * Context: any.
 * Return: it; valid as long as @net is.
 */
struct anygate_net *anygate_net_of(const struct net *net)
{
	return net_generic(net, net_id);
}

/**
 * anygate_unload_keeps() - are addresses and routes to survive the module?
 *
 * Return: true if they are.
 */
bool anygate_unload_keeps(void)
{
	return READ_ONCE(on_unload) == UNLOAD_KEEP;
}

/**
 * anygate_kick_all() - have every engine look at health and periods
 *
 * Context: process, sleeps.
 */
void anygate_kick_all(void)
{
	struct anygate_net *agn;

	might_sleep();
	mutex_lock(&nets_lock);
	list_for_each_entry(agn, &nets, nets)
		anygate_engine_kick(agn);
	mutex_unlock(&nets_lock);
}

/**
 * anygate_slept_all() - the machine was asleep
 *
 * Context: process, sleeps.
 */
void anygate_slept_all(void)
{
	struct anygate_net *agn;

	might_sleep();
	mutex_lock(&nets_lock);
	list_for_each_entry(agn, &nets, nets)
		anygate_engine_slept(agn);
	mutex_unlock(&nets_lock);
}

/**
 * anygate_net_started() - a namespace has its first gate
 * @agn: the namespace
 *
 * Context: process, sleeps.
 */
void anygate_net_started(struct anygate_net *agn)
{
	might_sleep();
	mutex_lock(&nets_lock);
	list_add_tail(&agn->nets, &nets);
	mutex_unlock(&nets_lock);
}

/**
 * anygate_net_stopped() - the reverse of anygate_net_started()
 * @agn: the namespace, whether or not it was started
 *
 * Context: process, sleeps.
 */
void anygate_net_stopped(struct anygate_net *agn)
{
	might_sleep();
	mutex_lock(&nets_lock);
	list_del_init(&agn->nets);
	mutex_unlock(&nets_lock);
}

static int __net_init net_init(struct net *net)
{
	struct anygate_net *agn = anygate_net_of(net);

	agn->net = net;
	INIT_LIST_HEAD(&agn->nets);
	anygate_engine_init(agn);
	return 0;
}

/* A grace period passes between the two. */
static void __net_exit net_pre_exit(struct net *net)
{
	anygate_engine_stop(anygate_net_of(net));
}

static void __net_exit net_exit(struct net *net)
{
	anygate_engine_exit(anygate_net_of(net));
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &net_id,
	.size = sizeof(struct anygate_net),
};

/*
 * Have the engine of every namespace remove its gates.  A namespace that is
 * ending by itself is left to that: nobody sees its tables any more.
 */
static void stop_nets(void)
{
	struct anygate_net *agn;
	struct net *net;

	for (;;) {
		struct anygate_req req = { .type = ANYGATE_REQ_STOP };

		net = NULL;
		mutex_lock(&nets_lock);
		list_for_each_entry(agn, &nets, nets) {
			if (!agn->n_gates)
				continue;
			net = maybe_get_net(agn->net);
			if (net)
				break;
		}
		mutex_unlock(&nets_lock);
		if (!net)
			return;
		anygate_engine_run(agn, &req);
		put_net(net);
	}
}

/*
 * ORDER: what is registered last opens the door.  Once the generic netlink
 * family is there gates can be made, and these need all the rest.
 */
static int __init anygate_init(void)
{
	int ret;

	/*
	 * Unbound and of high priority: a withdrawal must not wait for
	 * whatever the processor that saw the event is doing.
	 */
	anygate_wq = alloc_workqueue("anygate", WQ_HIGHPRI | WQ_UNBOUND |
				     WQ_MEM_RECLAIM, 0);
	if (!anygate_wq)
		return -ENOMEM;
	/*
	 * What a user asks for in a namespace of his own neither goes before
	 * everybody's work nor takes all workers.
	 */
	ret = -ENOMEM;
	anygate_user_wq = alloc_workqueue("anygate_user", WQ_UNBOUND |
					  WQ_MEM_RECLAIM, USER_WORKERS);
	if (!anygate_user_wq)
		goto err_wq;
	ret = anygate_gates_init();
	if (ret)
		goto err_user_wq;
	ret = register_pernet_subsys(&net_ops);
	if (ret)
		goto err_gates;
	ret = anygate_watch_init();
	if (ret)
		goto err_pernet;
	ret = anygate_notify_init();
	if (ret)
		goto err_watch;
	mutex_lock(&param_lock);
	running = true;
	mutex_unlock(&param_lock);
	ret = anygate_netlink_init();
	if (ret)
		goto err_running;
	return 0;

err_running:
	mutex_lock(&param_lock);
	running = false;
	mutex_unlock(&param_lock);
	anygate_notify_exit();
err_watch:
	anygate_watch_exit();
err_pernet:
	unregister_pernet_subsys(&net_ops);
err_gates:
	anygate_gates_exit();
err_user_wq:
	destroy_workqueue(anygate_user_wq);
err_wq:
	destroy_workqueue(anygate_wq);
	return ret;
}

/* The same ladder down.  With the gates gone no probe is armed any more. */
static void __exit anygate_exit(void)
{
	anygate_netlink_exit();
	stop_nets();
	mutex_lock(&param_lock);
	running = false;
	mutex_unlock(&param_lock);
	anygate_notify_exit();
	anygate_suspects_exit();
	anygate_watch_exit();
	unregister_pernet_subsys(&net_ops);
	anygate_gates_exit();
	destroy_workqueue(anygate_user_wq);
	destroy_workqueue(anygate_wq);
	/* rhltable frees bucket tables by RCU, in the kernel's own text. */
	rcu_barrier();
}

module_init(anygate_init);
module_exit(anygate_exit);

MODULE_DESCRIPTION("Anycast gate: announce a prefix while its services listen");
MODULE_VERSION(ANYGATE_VERSION);
MODULE_ALIAS_GENL_FAMILY(ANYGATE_FAMILY_NAME);
MODULE_LICENSE("GPL");
