// SPDX-License-Identifier: GPL-2.0
/* doctor: is the module there, could it be loaded, and does it see anything? */

#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* The variable is four bytes of attributes and one that says it. */
static bool secure_boot(const struct node *n)
{
	char path[512], value[5] = "";
	bool on = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s" SECURE_BOOT, n->root ? n->root : "");
	f = fopen(path, "re");
	if (f) {
		on = fread(value, 1, 5, f) == 5 && value[4] == 1;
		fclose(f);
	}
	return on;
}

static bool module_signed(const struct node *n)
{
	static const char *const command[] = { "modinfo", "-F", "signer", "anygate", NULL };
	char *text;
	bool yes;

	if (n->loaded) {
		text = node_read(n, "/sys/module/anygate/taint");
		yes = !text || !strchr(text, 'E');
	} else {
		text = node_run(n, command);
		yes = text && *text && *text != '\n';
	}
	free(text);
	return yes;
}

/**
 * doctor_module() - the module and its probes
 * @n: node
 * @r: findings are added to it
 */
void doctor_module(const struct node *n, struct report *r)
{
	char warning[512] = "";

	if (!n->loaded)
		report_remedy(report_add(r, "module", SEV_PROBLEM, "anygate",
					 "the module is not loaded: nothing is gated"),
			      "systemctl start anygate; if that fails, dkms status anygate says whether it was built for this kernel");
	else if (!n->n_gates)
		report_remedy(report_add(r, "no-gates", SEV_NOTE, "anygate", "there is no gate"),
			      "put some into /etc/anygate/anygate.conf and systemctl reload-or-restart anygate; or anygatectl add");
	if (n->loaded)
		status_warning(&n->status, warning, sizeof(warning));
	if (*warning)
		report_remedy(report_add(r, "probes", SEV_PROBLEM, "anygate", "%s", warning),
			      "sysctl kernel.ftrace_enabled=1, echo 1 >/sys/kernel/debug/kprobes/enabled; anygatectl -j version says which function cannot be probed");
	if (secure_boot(n) && !module_signed(n))
		report_remedy(report_add(r, "secure-boot", n->loaded ? SEV_WARNING : SEV_PROBLEM,
					 "anygate",
					 "Secure Boot is on and the module is not signed: %s",
					 n->loaded ? "a kernel that is locked down will not load it"
						   : "the kernel will not load it"),
			      "mokutil --import /var/lib/dkms/mok.pub, reboot and enrol the key, dkms install --force anygate/VERSION");
}
