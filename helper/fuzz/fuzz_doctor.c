// SPDX-License-Identifier: GPL-2.0
/*
 * What doctor reads of a node: files of /proc and /sys, what other programs print,
 * configurations. An input is a node: records that end with RECORD_END, of which the
 * first line is a path, or commands/NAME for what a command prints, and the rest what
 * it holds; of a symbolic link, where it leads. The first byte chooses the gates.
 * Nothing of the machine's own is looked at, and nothing is run.
 */

#include <dirent.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "doctor.h"
#include "parse.h"
#include "print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORD_END	'\x1e'
/* No file of this machine, whose own are libFuzzer's to open. */
#define ROOT		"/\1node"
#define RECORDS_MAX	64
#define GATES_MAX	4

/* The linker puts these in the place of what the checks call. */
int __real_open(const char *path, int flags, mode_t mode);
FILE *__real_fopen(const char *path, const char *mode);
ssize_t __real_readlink(const char *path, char *buf, size_t size);
int __real_scandir(const char *dir, struct dirent ***names,
		   int (*filter)(const struct dirent *),
		   int (*compar)(const struct dirent **, const struct dirent **));
int __wrap_open(const char *path, int flags, mode_t mode);
FILE *__wrap_fopen(const char *path, const char *mode);
ssize_t __wrap_readlink(const char *path, char *buf, size_t size);
int __wrap_scandir(const char *dir, struct dirent ***names,
		   int (*filter)(const struct dirent *),
		   int (*compar)(const struct dirent **, const struct dirent **));

/**
 * struct record - a file of the node
 * @path: from its root, without the first slash
 * @path_len: bytes of it
 * @text: what is in it
 * @len: bytes of it
 */
static struct record {
	const char *path;
	size_t path_len;
	const char *text;
	size_t len;
} records[RECORDS_MAX];
static size_t n_records;

/* What is below the root, or NULL. */
static const char *below(const char *path)
{
	return strncmp(path, ROOT "/", strlen(ROOT "/")) ? NULL : path + strlen(ROOT "/");
}

/* Is it a path of the node?  Then also what is there, or NULL. */
static bool of_node(const char *path, const struct record **r)
{
	const char *name = below(path);
	size_t i;

	*r = NULL;
	for (i = 0; name && !*r && i < n_records; i++)
		if (records[i].path_len == strlen(name) &&
		    !memcmp(records[i].path, name, records[i].path_len))
			*r = &records[i];
	return name;
}

static void cut(const char *text, size_t size)
{
	const char *end, *line;
	struct record *r;

	for (n_records = 0; size && n_records < RECORDS_MAX; n_records++) {
		end = memchr(text, RECORD_END, size);
		end = end ? end : text + size;
		line = memchr(text, '\n', end - text);
		r = &records[n_records];
		r->path = text;
		r->path_len = (line ? line : end) - text;
		r->text = line ? line + 1 : end;
		r->len = end - r->text;
		size -= end - text;
		text = end;
		if (size) {
			text++;
			size--;
		}
	}
}

int __wrap_open(const char *path, int flags, mode_t mode)
{
	const struct record *r;
	int fd;

	if (!of_node(path, &r))
		return __real_open(path, flags, mode);
	fd = r ? memfd_create("record", MFD_CLOEXEC) : -1;
	if (fd >= 0 && (write(fd, r->text, r->len) != (ssize_t)r->len || lseek(fd, 0, SEEK_SET)))
		abort();
	return fd;
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
	const struct record *r;

	if (!of_node(path, &r))
		return __real_fopen(path, mode);
	/* It cannot be empty for fmemopen(). */
	if (!r || !r->len)
		return r ? __real_fopen("/dev/null", "re") : NULL;
	return fmemopen((void *)r->text, r->len, "r");
}

ssize_t __wrap_readlink(const char *path, char *buf, size_t size)
{
	const struct record *r;
	size_t len;

	if (!of_node(path, &r))
		return __real_readlink(path, buf, size);
	if (!r)
		return -1;
	len = strnlen(r->text, r->len);
	len = len < size ? len : size;
	memcpy(buf, r->text, len);
	return len;
}

static bool listed(struct dirent *const *names, int n, const struct dirent *d)
{
	int i;

	for (i = 0; i < n; i++)
		if (!strcmp(names[i]->d_name, d->d_name))
			return true;
	return false;
}

int __wrap_scandir(const char *dir, struct dirent ***names,
		   int (*filter)(const struct dirent *),
		   int (*compar)(const struct dirent **, const struct dirent **))
{
	const char *name = below(dir), *rest;
	struct dirent *d;
	size_t len, i;
	int n = 0;

	if (!name)
		return __real_scandir(dir, names, filter, compar);
	len = strlen(name);
	*names = calloc(RECORDS_MAX, sizeof(**names));
	for (i = 0; i < n_records; i++) {
		if (records[i].path_len <= len + 1 || memcmp(records[i].path, name, len) ||
		    records[i].path[len] != '/')
			continue;
		d = calloc(1, sizeof(*d));
		rest = records[i].path + len + 1;
		snprintf(d->d_name, sizeof(d->d_name), "%.*s",
			 (int)(records[i].path_len - len - 1), rest);
		d->d_name[strcspn(d->d_name, "/")] = '\0';
		if (*d->d_name && filter(d) && !listed(*names, n, d))
			(*names)[n++] = d;
		else
			free(d);
	}
	qsort(*names, n, sizeof(**names), (int (*)(const void *, const void *))compar);
	return n;
}

static struct gate *add(struct gate *g, const char *prefix, const char *service, uint32_t action)
{
	struct err e;

	if (parse_prefix(prefix, &g->prefix, &e) || parse_service(service, &g->services[0], &e))
		abort();
	g->services[0].addr = g->prefix.addr;
	g->n_services = 1;
	g->action = action;
	g->table = RT_TABLE_MAIN;
	g->hold = ANYGATE_SWITCH_ON;
	strcpy(g->dev, "lo");
	return g;
}

static void node_init(struct node *n, struct gate gates[GATES_MAX], uint8_t choice)
{
	struct gate *g;

	memset(n, 0, sizeof(*n));
	memset(gates, 0, GATES_MAX * sizeof(*gates));
	n->root = ROOT;
	n->loaded = !(choice & 1);
	n->status.probes = choice & 2 ? ANYGATE_PROBES_DEGRADED : ANYGATE_PROBES_LIVE;
	n->gates = gates;
	n->n_gates = choice & 4 ? 1 : GATES_MAX;
	add(&gates[0], "192.0.2.53/32", "udp/53", ANYGATE_ACTION_ADDRESS);
	g = add(&gates[1], "2001:db8::53/128", "tcp/53", ANYGATE_ACTION_ADDRESS);
	g->hold = ANYGATE_SWITCH_OFF;
	g->fallback_via = g->prefix.addr;
	g->fallback_via.bytes[7] = 9;
	g->announced = ANYGATE_SWITCH_ON;
	g = add(&gates[2], "192.0.2.0/24", "udp/53", ANYGATE_ACTION_ROUTE);
	g->services[0].addr.bytes[3] = 53;
	g->table = choice & 8 ? 100 : RT_TABLE_MAIN;
	g->witness = 4242;
	add(&gates[3], "2001:db8:53::/48", "udp/53", ANYGATE_ACTION_ROUTE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gate gates[GATES_MAX];
	struct report r = { 0 };
	static FILE *null;
	struct node n;
	char *text;
	size_t i;

	if (!null)
		null = fopen("/dev/null", "w");
	if (!size)
		return 0;
	node_init(&n, gates, data[0]);
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	cut(text, size - 1);
	doctor_all(&n, &r);
	for (i = 0; i < r.n; i++)
		if (!*r.f[i].subject || !*r.f[i].text || !*r.f[i].remedy)
			abort();
	for (i = 0; i < 2; i++) {
		opt.json = i;
		report_print(&r, null);
	}
	report_free(&r);
	free(text);
	return 0;
}
