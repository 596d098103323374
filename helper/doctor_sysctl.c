// SPDX-License-Identifier: GPL-2.0
/* doctor: settings of the kernel's network that get in a gate's way. */

#include <stdlib.h>
#include <string.h>

#include "doctor.h"

static const struct gate *address_gate(const struct node *n, int family)
{
	size_t i;

	for (i = 0; i < n->n_gates; i++)
		if (gate_is_address(&n->gates[i], family))
			return &n->gates[i];
	return NULL;
}

static bool any_ipv4(const struct node *n)
{
	size_t i;

	for (i = 0; i < n->n_gates; i++)
		if (n->gates[i].prefix.addr.family == AF_INET)
			return true;
	return false;
}

/* Interfaces that IPv4 routes go through, lo aside; ends with "". */
#define UPLINKS	32
static void uplinks(const struct node *n, char list[UPLINKS][32])
{
	char *text = node_read(n, "/proc/thread-self/net/route"), *rest = text, *line, dev[32];
	size_t used = 0, i;

	memset(list, 0, UPLINKS * sizeof(*list));
	next_line(&rest);	/* the heading */
	while ((line = next_line(&rest)) && used < UPLINKS - 1) {
		if (sscanf(line, "%31s", dev) != 1 || !strcmp(dev, "lo"))
			continue;
		for (i = 0; i < used && strcmp(list[i], dev); i++)
			;
		if (i == used)
			strcpy(list[used++], dev);
	}
	free(text);
}

/* What is in force: the greater one of "all" and the interface's own. */
static long ipv4_conf(const struct node *n, const char *dev, const char *key)
{
	long all = node_number(n, 0, "/proc/sys/net/ipv4/conf/all/%s", key);
	long own = node_number(n, 0, "/proc/sys/net/ipv4/conf/%s/%s", dev, key);

	return all > own ? all : own;
}

/*
 * Slashes in the remedies: a dot may be part of the name, as of eth0.100.
 *
 * A client's packets come by the way that is best for the network, answers
 * leave by the one that is best for this node.
 */
static void rp_filter(const struct node *n, struct report *r, const char *dev)
{
	if (ipv4_conf(n, dev, "rp_filter") != 1)
		return;
	report_remedy(report_add(r, "rp-filter", SEV_WARNING, dev,
				 "reverse path filtering is strict: packets of clients whose best way back is another one are dropped"),
		      "sysctl net/ipv4/conf/%s/rp_filter=2 (loose), and the same for net/ipv4/conf/all if that is 1",
		      dev);
}

/* On a link that it shares with other nodes, none may answer for all. */
static void arp(const struct node *n, struct report *r, const char *dev)
{
	long ignore = ipv4_conf(n, dev, "arp_ignore"), announce = ipv4_conf(n, dev, "arp_announce");

	if (ignore < 1)
		report_remedy(report_add(r, "arp-ignore", SEV_NOTE, dev,
					 "answers ARP requests for service addresses on lo: matters if clients or other nodes are on the same link"),
			      "sysctl net/ipv4/conf/%s/arp_ignore=1", dev);
	if (announce < 2)
		report_remedy(report_add(r, "arp-announce", SEV_NOTE, dev,
					 "may ask by ARP in the name of a service address: matters if other nodes are on the same link"),
			      "sysctl net/ipv4/conf/%s/arp_announce=2", dev);
}

/* Interfaces have a switch of their own, which "all" turns over. */
static bool forwards(const struct node *n, const char *family)
{
	char dir[64], **devs;
	bool any = false;
	size_t i;

	snprintf(dir, sizeof(dir), "/proc/sys/net/%s/conf", family);
	devs = node_list(n, dir);
	for (i = 0; devs && devs[i] && !any; i++)
		any = strcmp(devs[i], "default") && strcmp(devs[i], "lo") &&
		      node_number(n, 0, "%s/%s/forwarding", dir, devs[i]);
	list_free(devs);
	return any;
}

/*
 * What comes for a closed gate is to leave by its fallback. One that has none and no
 * hold either must not be forwarded, see below.
 */
static void no_forwarding(const struct node *n, struct report *r, const struct gate *g)
{
	const char *family = g->prefix.addr.family == AF_INET ? "ipv4" : "ipv6";
	char prefix[PREFIX_TEXT];

	if (!g->fallback_via.family || forwards(n, family))
		return;
	report_remedy(report_add(r, "no-forwarding", SEV_WARNING, gate_prefix(g, prefix),
				 "it has a fallback, and this node forwards nothing: while the gate is closed, packets for it are dropped"),
		      "sysctl net.%s.conf.all.forwarding=1, for good in sysctl.d; with FRR no line \"no %s forwarding\" in frr.conf, which turns it off again",
		      family, family[3] == '4' ? "ip" : "ipv6");
}

/*
 * Without a hold, what still comes for a closed gate's address is not for this
 * node any more; a router sends it back to where it came from.
 */
static void forwarding(const struct node *n, struct report *r, const struct gate *g)
{
	const bool v4 = g->prefix.addr.family == AF_INET;
	const char *key = v4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
	char prefix[PREFIX_TEXT];

	if (!gate_is_address(g, 0) || g->hold != ANYGATE_SWITCH_OFF ||
	    g->fallback_via.family || node_number(n, 0, "/proc/sys/%s", key) != 1)
		return;
	report_remedy(report_add(r, "forward-loop", SEV_WARNING, gate_prefix(g, prefix),
				 "hold is off and this node forwards: while the gate is closed, packets for it go back by the default route and round in circles"),
		      "anygatectl change %s hold on, or fallback via GATEWAY dev DEV; or no forwarding on this node",
		      prefix);
}

/**
 * doctor_sysctl() - the kernel's settings
 * @n: node
 * @r: findings are added to it
 */
void doctor_sysctl(const struct node *n, struct report *r)
{
	char list[UPLINKS][32];
	size_t i;

	uplinks(n, list);
	for (i = 0; any_ipv4(n) && *list[i]; i++)
		rp_filter(n, r, list[i]);
	for (i = 0; address_gate(n, AF_INET) && *list[i]; i++)
		arp(n, r, list[i]);
	for (i = 0; n->gates && i < n->n_gates; i++) {
		no_forwarding(n, r, &n->gates[i]);
		forwarding(n, r, &n->gates[i]);
	}
}
