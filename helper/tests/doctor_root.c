// SPDX-License-Identifier: GPL-2.0
/* A directory that looks like a node, for the checks of doctor. */

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor_root.h"

static char root[] = "/tmp/anygatectl-doctor-XXXXXX";
struct gate gates[4];
struct node node;
struct report report;

int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? setenv("D", root, 1) : -1;
}

int remove_root(void **state)
{
	(void)state;
	return system("rm -rf \"$D\"");
}

int start(void **state)
{
	(void)state;
	memset(&opt, 0, sizeof(opt));
	memset(&report, 0, sizeof(report));
	memset(&node, 0, sizeof(node));
	node.root = root;
	node.loaded = true;
	node.gates = gates;
	return system("rm -rf \"$D\"; mkdir \"$D\"");
}

int stop(void **state)
{
	(void)state;
	report_free(&report);
	return 0;
}

/* Parents of a path below the root. */
static void parents(const char *path)
{
	char dir[PATH_MAX], *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	for (slash = strchr(dir + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(dir, 0755) && errno != EEXIST)
			fail_msg("mkdir %s: %s", dir, strerror(errno));
		*slash = '/';
	}
}

void put_bytes(const char *path, const void *bytes, size_t len)
{
	char full[PATH_MAX];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	parents(full);
	f = fopen(full, "w");
	if (!f || fwrite(bytes, 1, len, f) != len || fclose(f))
		fail_msg("cannot write %s", full);
}

void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

void put_link(const char *path, const char *to)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	parents(full);
	assert_int_equal(symlink(to, full), 0);
}

struct gate *add_gate(const char *prefix, uint32_t action, const char *service)
{
	struct gate *g = &gates[node.n_gates++];
	char addr[PREFIX_TEXT];

	memset(g, 0, sizeof(*g));
	g->prefix = pfx(prefix);
	g->action = action;
	g->table = 254;
	g->hold = ANYGATE_SWITCH_ON;
	strcpy(g->dev, "lo");
	if (service) {
		ip_text(&g->prefix.addr, addr);
		g->services[g->n_services++] = svc(service, addr, 1);
	}
	return g;
}

const struct finding *found(const char *id)
{
	size_t i;

	for (i = 0; i < report.n; i++)
		if (!strcmp(report.f[i].id, id))
			return &report.f[i];
	return NULL;
}

/* Asks again, and expects this and no other. */
void expect(void (*check)(const struct node *, struct report *), const char *id,
	    enum severity severity, const char *subject)
{
	const struct finding *f;

	report_free(&report);
	check(&node, &report);
	if (!id) {
		if (report.n)
			fail_msg("%s %s: %s", report.f[0].id, report.f[0].subject,
				 report.f[0].text);
		return;
	}
	f = found(id);
	if (!f)
		fail_msg("no %s among %zu findings", id, report.n);
	assert_int_equal(report.n, 1);
	assert_int_equal(f->severity, severity);
	assert_string_equal(f->subject, subject);
	assert_string_not_equal(f->text, "");
	assert_string_not_equal(f->remedy, "");
}
