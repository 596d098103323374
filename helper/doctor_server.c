// SPDX-License-Identifier: GPL-2.0
/* doctor: what the configuration of a name server says that a gate won't like. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

static const char *const bind_files[] = {
	"/etc/bind/named.conf", "/etc/bind/named.conf.options", "/etc/bind/named.conf.local",
	"/etc/named.conf", NULL,
};

/* "KEY VALUE;" of a file of BIND's: fills in the value, if it is there. */
static void bind_option(const char *line, const char *key, char *value, size_t size)
{
	size_t len = strlen(key), n;

	if (strncmp(line, key, len) || !isspace((unsigned char)line[len]))
		return;
	line += len + strspn(line + len, " \t");
	n = strcspn(line, "; \t");
	if (n < size) {
		memcpy(value, line, n);
		value[n] = '\0';
	}
}

/*
 * BIND opens one socket per address that is there, and closes it with the
 * address: a gate that has closed would wait for a socket that waits for the
 * gate.
 */
static void bind_scan(const struct node *n, struct report *r)
{
	static const char *const named[] = { "named", NULL };
	char scan[16] = "yes", interval[16] = "60", *text, *rest, *line;
	size_t i;

	for (i = 0; i < n->n_gates && !gate_is_address(&n->gates[i], 0); i++)
		;
	if (i == n->n_gates || !node_runs(n, named))
		return;
	for (i = 0; bind_files[i]; i++) {
		rest = text = node_read(n, "%s", bind_files[i]);
		while ((line = next_line(&rest))) {
			line = config_line(line);
			bind_option(line, "automatic-interface-scan", scan, sizeof(scan));
			bind_option(line, "interface-interval", interval, sizeof(interval));
		}
		free(text);
	}
	if (strcmp(scan, "no"))
		report_remedy(report_add(r, "bind-scan", SEV_PROBLEM, "BIND",
					 "automatic-interface-scan is on: BIND closes its sockets when the gate takes the address away, and the gate will not open without them"),
			      "options { automatic-interface-scan no; interface-interval 0; }; or action route, with the address on lo for good");
	else if (strcmp(interval, "0"))
		report_remedy(report_add(r, "bind-scan", SEV_WARNING, "BIND",
					 "interface-interval is %s: BIND looks for addresses then, and closes its sockets if a gate is closed",
					 interval),
			      "options { interface-interval 0; };");
}

/**
 * struct source - a setting that says what address a server itself asks from
 * @file: where
 * @key: its name
 */
static const struct source {
	const char *file;
	const char *key;
} sources[] = {
	{ "/etc/nsd/nsd.conf", "outgoing-interface:" },
	{ "/etc/unbound/unbound.conf", "outgoing-interface:" },
	{ "/etc/knot/knot.conf", "via:" },
	{ "/etc/bind/named.conf", "transfer-source" },
	{ "/etc/bind/named.conf.options", "transfer-source" },
	{ "/etc/bind/named.conf.local", "transfer-source" },
	{ "/etc/bind/named.conf", "transfer-source-v6" },
	{ "/etc/bind/named.conf.options", "transfer-source-v6" },
	{ "/etc/bind/named.conf.local", "transfer-source-v6" },
	{ "/etc/bind/named.conf.options", "query-source" },
	{ "/etc/bind/named.conf.options", "query-source-v6" },
};

static void sync_setting(const struct node *n, struct report *r, const struct source *s)
{
	char *text = node_read(n, "%s", s->file), *rest = text, *line;
	char address[INET6_ADDRSTRLEN];
	const size_t len = strlen(s->key);
	size_t i;

	while ((line = next_line(&rest))) {
		line = config_line(line);
		if (strncmp(line, s->key, len) || !isspace((unsigned char)line[len]))
			continue;
		for (i = 0; i < n->n_gates; i++) {
			const struct gate *g = &n->gates[i];

			if (!prefix_is_host(&g->prefix) ||
			    !has_token(line, ip_text(&g->prefix.addr, address)))
				continue;
			report_remedy(report_add(r, "sync-address", SEV_WARNING, s->file,
						 "%s is the service address %s: answers to what the server asks may go to another node",
						 s->key, address),
				      "the node's own address there");
		}
	}
	free(text);
}

/**
 * doctor_server() - settings of name servers
 * @n: node
 * @r: findings are added to it
 */
void doctor_server(const struct node *n, struct report *r)
{
	size_t i;

	bind_scan(n, r);
	for (i = 0; i < ARRAY_SIZE(sources); i++)
		sync_setting(n, r, &sources[i]);
}
