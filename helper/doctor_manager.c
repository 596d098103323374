// SPDX-License-Identifier: GPL-2.0
/* doctor: does another program believe that a gate's address is its own? */

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
