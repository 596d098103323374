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
 * BIND's own checker prints the configuration with all that it includes, a
 * setting a line; where it is not, or has an objection, the usual files do.
 */
static char *bind_config(const struct node *n, const char *pid)
{
	char *file = node_option(n, pid, "-c"), *part, *text;
	const char *command[] = { "named-checkconf", "-p", file, NULL };
	size_t i, size;
	FILE *f;

	text = node_run(n, command);
	free(file);
	if (text)
		return text;
	f = open_memstream(&text, &size);
	for (i = 0; f && bind_files[i]; i++) {
		part = node_read(n, "%s", bind_files[i]);
		fputs(part ? part : "", f);
		free(part);
	}
	if (f)
		fclose(f);
	return text;
}

/*
 * BIND opens one socket per address that is there, and closes it with the
 * address: a gate that has closed would wait for a socket that waits for the
 * gate. Without its scans that is so only where it starts or reloads while the
 * gate is closed, as after each crash.
 */
static void bind_scan(const struct node *n, struct report *r, const char *pid, const char *config)
{
	static const char remedy[] = "action route, with the address on lo for good";
	char scan[16] = "yes", interval[16] = "60", *text, *rest, *line;
	size_t i;

	for (i = 0; i < n->n_gates && !gate_is_address(&n->gates[i], 0); i++)
		;
	if (i == n->n_gates || !pid || !config)
		return;
	rest = text = strdup(config);
	while ((line = next_line(&rest))) {
		line = config_line(line);
		bind_option(line, "automatic-interface-scan", scan, sizeof(scan));
		bind_option(line, "interface-interval", interval, sizeof(interval));
	}
	free(text);
	if (strcmp(scan, "no"))
		report_remedy(report_add(r, "bind-scan", SEV_PROBLEM, "BIND",
					 "automatic-interface-scan is on: BIND closes its sockets when the gate takes the address away, and the gate will not open without them"),
			      "%s", remedy);
	else if (strcmp(interval, "0"))
		report_remedy(report_add(r, "bind-scan", SEV_WARNING, "BIND",
					 "interface-interval is %s: BIND looks for addresses then, and closes its sockets if a gate is closed",
					 interval),
			      "%s", remedy);
	else
		report_remedy(report_add(r, "bind-scan", SEV_WARNING, "BIND",
					 "BIND binds the addresses that there are when it starts or reloads: if a gate is closed then, it stays closed"),
			      "%s", remedy);
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
};

static const char *const bind_sources[] = {
	"transfer-source", "transfer-source-v6", "query-source", "query-source-v6",
	"notify-source", "notify-source-v6",
};

static void sync_setting(const struct node *n, struct report *r, const char *subject,
			 const char *config, const char *key)
{
	char *text = config ? strdup(config) : NULL, *rest = text, *line;
	char address[INET6_ADDRSTRLEN];
	const size_t len = strlen(key);
	size_t i;

	while ((line = next_line(&rest))) {
		line = config_line(line);
		if (strncmp(line, key, len) || !isspace((unsigned char)line[len]))
			continue;
		for (i = 0; i < n->n_gates; i++) {
			const struct gate *g = &n->gates[i];

			if (!prefix_is_host(&g->prefix) ||
			    !has_token(line, ip_text(&g->prefix.addr, address)))
				continue;
			report_remedy(report_add(r, "sync-address", SEV_WARNING, subject,
						 "%s is the service address %s: answers to what the server asks may go to another node",
						 key, address),
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
	static const char *const named[] = { "named", NULL };
	char *pid, *config;
	size_t i;

	if (!n->n_gates)
		return;
	pid = node_process(n, named);
	config = bind_config(n, pid);
	bind_scan(n, r, pid, config);
	for (i = 0; i < ARRAY_SIZE(bind_sources); i++)
		sync_setting(n, r, "BIND", config, bind_sources[i]);
	free(config);
	free(pid);
	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		config = node_read(n, "%s", sources[i].file);
		sync_setting(n, r, sources[i].file, config, sources[i].key);
		free(config);
	}
}
