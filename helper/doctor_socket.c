// SPDX-License-Identifier: GPL-2.0
/* doctor: who holds the sockets behind a gate, and what else uses its address? */

#include <stdlib.h>
#include <string.h>

#include "doctor.h"

static bool is_zero(const struct ipaddr *a)
{
	static const uint8_t zero[16];

	return !memcmp(a->bytes, zero, ip_size(a->family));
}

/* :: may or may not take IPv4; then a bound socket is the better guess. */
static bool serves(const struct sock *s, const struct service *svc)
{
	return s->listening && s->protocol == svc->protocol && s->port == svc->port &&
	       (ip_equal(&s->local, &svc->addr) ||
		(is_zero(&s->local) &&
		 (s->local.family == svc->addr.family || s->local.family == AF_INET6)));
}

static bool process_holds(const struct node *n, const char *pid, unsigned long inode)
{
	char dir[64], want[64], *to, **fds;
	bool holds = false;
	size_t i;

	snprintf(dir, sizeof(dir), "/proc/%s/fd", pid);
	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	fds = node_list(n, dir);
	for (i = 0; fds && fds[i] && !holds; i++) {
		to = node_link(n, "%s/%s", dir, fds[i]);
		holds = to && !strcmp(to, want);
		free(to);
	}
	list_free(fds);
	return holds;
}

static bool another_holds(const struct node *n, unsigned long inode)
{
	char **pids = node_list(n, "/proc");
	bool holds = false;
	size_t i;

	for (i = 0; pids && pids[i] && !holds; i++)
		if (pids[i][0] >= '1' && pids[i][0] <= '9' && strcmp(pids[i], "1"))
			holds = process_holds(n, pids[i], inode);
	list_free(pids);
	return holds;
}

/* systemd keeps what it has opened, whatever becomes of the service. */
static void activation(const struct node *n, struct report *r, const struct gate *g,
		       const struct service *svc, const struct sock *s)
{
	char prefix[PREFIX_TEXT], service[SERVICE_TEXT];
	bool served;

	if (!serves(s, svc) || !process_holds(n, "1", s->inode))
		return;
	served = another_holds(n, s->inode);
	gate_prefix(g, prefix);
	service_text(svc, &g->prefix, service);
	if (g->stall) {
		report_remedy(report_add(r, "socket-activation", SEV_NOTE, prefix, served ?
					 "%s: systemd holds the socket as well: when the service dies, the gate closes only once clients wait for longer than its stall" :
					 "%s: nobody but systemd holds the socket: the gate closes only once clients wait for longer than its stall",
					 service),
			      "let stall be longer than the service takes to start");
		return;
	}
	report_remedy(report_add(r, "socket-activation", served ? SEV_WARNING : SEV_PROBLEM,
				 prefix, served ?
				 "%s: systemd holds the socket as well: the gate stays open when the service dies" :
				 "%s: nobody but systemd holds the socket: the gate is open without a service behind it",
				 service),
		      "anygatectl change %s stall TIME, longer than the service takes to start; or disable the .socket unit and let the service open its own sockets; or require a lease that an outside check keeps",
		      prefix);
}

/*
 * The route that a gate holds makes the address local for IPv4; with a fallback, or
 * without a hold, there is none.
 */
static bool bindable_while_closed(const struct node *n, const struct gate *g)
{
	if (g->prefix.addr.family == AF_INET6)
		return node_number(n, 0, "/proc/sys/net/ipv6/ip_nonlocal_bind");
	return (g->hold != ANYGATE_SWITCH_OFF && !g->fallback_via.family) ||
	       node_number(n, 0, "/proc/sys/net/ipv4/ip_nonlocal_bind");
}

/* Not of a wildcard socket: that can be opened at any time. */
static void closed_bind(const struct node *n, struct report *r, const struct gate *g,
			const struct sock *socks, size_t count)
{
	const bool v4 = g->prefix.addr.family == AF_INET;
	bool bound = false, wildcard = false;
	char prefix[PREFIX_TEXT];
	unsigned int i;
	size_t j;

	if (!gate_is_address(g, 0) || bindable_while_closed(n, g))
		return;
	for (i = 0; i < g->n_services; i++)
		for (j = 0; j < count; j++)
			if (serves(&socks[j], &g->services[i])) {
				bound |= !is_zero(&socks[j].local);
				wildcard |= is_zero(&socks[j].local);
			}
	if (wildcard && !bound)
		return;
	report_remedy(report_add(r, v4 ? "ipv4-bind" : "ipv6-bind", bound ? SEV_NOTE : SEV_WARNING,
				 gate_prefix(g, prefix), bound ?
				 "a server is bound to the address itself: unless it uses %s it cannot start again while the gate is closed%s" :
				 "there is no listener, and a server that binds to the address itself without %s cannot start while the gate is closed%s",
				 v4 ? "IP_FREEBIND" : "IPV6_FREEBIND", !v4 ? "" :
				 g->fallback_via.family ? ", which has a fallback in place of a hold" :
				 ", for hold is off"),
		      "sysctl net.ipv%c.ip_nonlocal_bind=1; or the server's own setting (NSD, Unbound: ip-freebind: yes); or let it listen on %s",
		      v4 ? '4' : '6', v4 ? "0.0.0.0" : "::");
}

static bool is_service_port(const struct gate *g, const struct sock *s)
{
	unsigned int i;

	for (i = 0; i < g->n_services; i++)
		if (g->services[i].protocol == s->protocol && g->services[i].port == s->port)
			return true;
	return false;
}

/*
 * A connection that this node has made in the name of the service address: the
 * answers may reach another node.
 */
static void data_sync(struct report *r, const struct gate *g, const struct sock *socks,
		      size_t count)
{
	char prefix[PREFIX_TEXT];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct sock *s = &socks[i];

		if (s->listening || !s->peer_port || is_service_port(g, s) ||
		    !prefix_contains(&g->prefix, &s->local))
			continue;
		report_remedy(report_add(r, "sync-address", SEV_WARNING, gate_prefix(g, prefix),
					 "a connection to port %u of another host uses the service address on this side: answers may go to another node",
					 s->peer_port),
			      "let zone transfers and other synchronisation use the node's own address (transfer-source, outgoing-interface)");
		return;
	}
}

/**
 * doctor_socket() - the sockets of the gates
 * @n: node
 * @r: findings are added to it
 */
void doctor_socket(const struct node *n, struct report *r)
{
	struct sock *socks;
	size_t count, i, k;
	unsigned int j;

	if (!n->n_gates)
		return;
	socks = node_sockets(n, &count);
	for (i = 0; i < n->n_gates; i++) {
		const struct gate *g = &n->gates[i];

		for (j = 0; j < g->n_services; j++)
			for (k = 0; k < count; k++)
				activation(n, r, g, &g->services[j], &socks[k]);
		closed_bind(n, r, g, socks, count);
		data_sync(r, g, socks, count);
	}
	free(socks);
}
