// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses and devices that others change: notifiers that write a hint.
 *
 * They run under RTNL, which the engine waits for with its own locks held, or
 * in atomic context (IPv6): they take no lock of ours but the ring's.
 *
 * And the end of a suspend: the clock of deadlines goes on meanwhile, the timers
 * do not.
 */
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>

#include "anygate.h"

static void hint_now(struct anygate_net *agn, struct anygate_hint *hint)
{
	hint->actor.at = ktime_get_boottime_ns();
	anygate_actor_current(&hint->actor);
	anygate_hint(agn, hint);
}

/* Not what the engine itself is doing: it knows from the answer. */
static bool concerns(const struct anygate_net *agn)
{
	return rcu_access_pointer(agn->ring) &&
	       READ_ONCE(agn->acting) != current;
}

static int inet_event(struct notifier_block *nb, unsigned long event,
		      void *ptr)
{
	const struct in_ifaddr *ifa = ptr;
	struct anygate_net *agn = anygate_net_of(dev_net(ifa->ifa_dev->dev));
	struct anygate_hint hint = { .type = ANYGATE_HINT_ADDR };

	if (ifa->ifa_prefixlen != 32 || !concerns(agn))
		return NOTIFY_DONE;
	hint.key.addr.family = AF_INET;
	hint.key.addr.ip.s6_addr32[0] = ifa->ifa_local;
	hint.plen = 32;
	hint_now(agn, &hint);
	return NOTIFY_DONE;
}

static struct notifier_block inet_nb = { .notifier_call = inet_event };

#if IS_ENABLED(CONFIG_IPV6)
static int inet6_event(struct notifier_block *nb, unsigned long event,
		       void *ptr)
{
	const struct inet6_ifaddr *ifp = ptr;
	struct anygate_net *agn = anygate_net_of(dev_net(ifp->idev->dev));
	struct anygate_hint hint = { .type = ANYGATE_HINT_ADDR };

	if (ifp->prefix_len != 128 || !concerns(agn))
		return NOTIFY_DONE;
	hint.key.addr.family = AF_INET6;
	hint.key.addr.ip = ifp->addr;
	hint.plen = 128;
	hint_now(agn, &hint);
	return NOTIFY_DONE;
}

static struct notifier_block inet6_nb = { .notifier_call = inet6_event };
#endif

static int netdev_event(struct notifier_block *nb, unsigned long event,
			void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct anygate_net *agn = anygate_net_of(dev_net(dev));
	struct anygate_hint hint = { .type = ANYGATE_HINT_DEV };

	switch (event) {
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_REGISTER:
	case NETDEV_UNREGISTER:
	case NETDEV_CHANGENAME:
	case NETDEV_CHANGEUPPER:
		break;
	default:
		return NOTIFY_DONE;
	}
	/* The old name is not told: anybody's may be meant. */
	if (event != NETDEV_CHANGENAME)
		strscpy(hint.dev, dev->name, sizeof(hint.dev));
	/* A router's many devices are none of our business. */
	if (!(dev->flags & IFF_LOOPBACK) && !READ_ONCE(agn->n_otherdev))
		return NOTIFY_DONE;
	if (concerns(agn))
		hint_now(agn, &hint);
	return NOTIFY_DONE;
}

static struct notifier_block netdev_nb = { .notifier_call = netdev_event };

static int pm_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	switch (event) {
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		anygate_slept_all();
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block pm_nb = { .notifier_call = pm_event };

/**
 * anygate_notify_init() - watch addresses and devices in all namespaces, and
 * the machine's sleep
 *
 * Return: 0 or a negative errno.
 */
int anygate_notify_init(void)
{
	int ret;

	ret = register_inetaddr_notifier(&inet_nb);
	if (ret)
		return ret;
#if IS_ENABLED(CONFIG_IPV6)
	ret = register_inet6addr_notifier(&inet6_nb);
	if (ret)
		goto err_inet;
#endif
	ret = register_netdevice_notifier(&netdev_nb);
	if (ret)
		goto err_inet6;
	ret = register_pm_notifier(&pm_nb);
	if (ret)
		goto err_netdev;
	return 0;

err_netdev:
	unregister_netdevice_notifier(&netdev_nb);
err_inet6:
#if IS_ENABLED(CONFIG_IPV6)
	unregister_inet6addr_notifier(&inet6_nb);
err_inet:
#endif
	unregister_inetaddr_notifier(&inet_nb);
	return ret;
}

/**
 * anygate_notify_exit() - the reverse of anygate_notify_init()
 */
void anygate_notify_exit(void)
{
	unregister_pm_notifier(&pm_nb);
	unregister_netdevice_notifier(&netdev_nb);
#if IS_ENABLED(CONFIG_IPV6)
	unregister_inet6addr_notifier(&inet6_nb);
#endif
	unregister_inetaddr_notifier(&inet_nb);
}
