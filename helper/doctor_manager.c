// SPDX-License-Identifier: GPL-2.0
/* doctor: does another program believe that what is a gate's is its own? */

#include <stdlib.h>
#include <string.h>

#include "doctor.h"

/**
 * struct manager - a program that manages addresses
 * @name: its name
 * @path: a directory of its configuration, or a file of it
 * @ending: how the names of files in the directory end; NULL for a file
 */
static const struct manager {
	const char *name;
	const char *path;
	const char *ending;
} managers[] = {
	{ "ifupdown", "/etc/network/interfaces", NULL },
	{ "ifupdown", "/etc/network/interfaces.d", "" },
	{ "systemd-networkd", "/etc/systemd/network", ".network" },
	{ "systemd-networkd", "/run/systemd/network", ".network" },
	{ "netplan", "/etc/netplan", ".yaml" },
	{ "NetworkManager", "/etc/NetworkManager/system-connections", "" },
	{ "NetworkManager", "/run/NetworkManager/system-connections", "" },
	{ "keepalived", "/etc/keepalived/keepalived.conf", NULL },
	{ "keepalived", "/etc/keepalived/conf.d", ".conf" },
};

static void look(const struct node *n, struct report *r, const char *name, const char *path)
{
	char *text = node_read(n, "%s", path), *rest = text, *line;
	char address[INET6_ADDRSTRLEN], prefix[PREFIX_TEXT];
	size_t i;

	while ((line = next_line(&rest))) {
		line = config_line(line);
		for (i = 0; *line && i < n->n_gates; i++) {
			const struct gate *g = &n->gates[i];

			if (!gate_is_address(g, 0) ||
			    !has_token(line, ip_text(&g->prefix.addr, address)))
				continue;
			report_remedy(report_add(r, "other-manager", SEV_WARNING,
						 gate_prefix(g, prefix),
						 "%s has the address too (%s): it puts it there at boot, before there is a gate and a service, and may fight over it later",
						 name, path),
				      "take it out of %s: the gate adds it", path);
		}
	}
	free(text);
}

static bool ends_with(const char *name, const char *ending)
{
	size_t a = strlen(name), b = strlen(ending);

	return a >= b && !strcmp(name + a - b, ending);
}

static bool leaves_routes(const struct node *n, const char *path)
{
	char *text = node_read(n, "%s", path), *rest = text, *line;
	bool leaves = false;

	while ((line = next_line(&rest))) {
		line = config_line(line);
		if (strncmp(line, "ManageForeignRoutes", strlen("ManageForeignRoutes")))
			continue;
		/* The last one counts. */
		leaves = has_token(line, "no") || has_token(line, "false") ||
			 has_token(line, "off") || has_token(line, "0");
	}
	free(text);
	return leaves;
}

/*
 * systemd-networkd removes what is in none of its files when it starts,
 * networkd.conf(5) ManageForeignRoutes; seen with 257, not with 252.
 */
static void networkd(const struct node *n, struct report *r)
{
	static const char *const networkd[] = { "systemd-network", NULL };
	static const char *const dirs[] = {
		"/etc/systemd/networkd.conf.d", "/run/systemd/networkd.conf.d",
		"/usr/lib/systemd/networkd.conf.d",
	};
	bool leaves = leaves_routes(n, "/etc/systemd/networkd.conf"), routes = false;
	char path[512], **names;
	size_t i, j;

	for (i = 0; i < n->n_gates; i++)
		routes |= n->gates[i].action == ANYGATE_ACTION_ROUTE ||
			  n->gates[i].hold == ANYGATE_SWITCH_ON;
	if (!routes || !node_runs(n, networkd))
		return;
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		names = node_list(n, dirs[i]);
		for (j = 0; names && names[j]; j++) {
			if (!ends_with(names[j], ".conf"))
				continue;
			snprintf(path, sizeof(path), "%s/%s", dirs[i], names[j]);
			leaves |= leaves_routes(n, path);
		}
		list_free(names);
	}
	if (leaves)
		return;
	report_remedy(report_add(r, "foreign-routes", SEV_NOTE, "systemd-networkd",
				 "it runs here, and newer versions (257) remove all routes that are in none of its files when they start: gates put theirs back, and neighbours see them go and come"),
		      "ManageForeignRoutes=no below [Network] in /etc/systemd/networkd.conf.d/anygate.conf, and restart it: recipes/networkd");
}

/**
 * doctor_manager() - the configurations of programs that manage addresses
 * @n: node
 * @r: findings are added to it
 */
void doctor_manager(const struct node *n, struct report *r)
{
	static const char *const keepalived[] = { "keepalived", NULL };
	char path[512], **names, *pid = node_process(n, keepalived);
	char *file = node_option(n, pid, "-f");
	size_t i, j;

	networkd(n, r);
	if (file)
		look(n, r, "keepalived", file);
	free(file);
	free(pid);
	for (i = 0; i < ARRAY_SIZE(managers); i++) {
		const struct manager *m = &managers[i];

		if (!m->ending) {
			look(n, r, m->name, m->path);
			continue;
		}
		names = node_list(n, m->path);
		for (j = 0; names && names[j]; j++) {
			if (!ends_with(names[j], m->ending))
				continue;
			snprintf(path, sizeof(path), "%s/%s", m->path, names[j]);
			look(n, r, m->name, path);
		}
		list_free(names);
	}
}
