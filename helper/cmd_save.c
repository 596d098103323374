// SPDX-License-Identifier: GPL-2.0
/* save: write a file that applies back to what the kernel has. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "conffile.h"
#include "confgate.h"
#include "gates.h"
#include "print.h"

#define LINE_MAX_TEXT	78

/* One gate: a line, continued where it gets long. */
static void write_gate(FILE *out, const struct conf *c)
{
	char prefix[PREFIX_TEXT], text[CONF_TEXT], *word, *save = NULL;
	size_t used;

	conf_text(c, text, sizeof(text));
	used = fprintf(out, "add %s", prefix_text(&c->gate.prefix, prefix));
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (used + 1 + strlen(word) + 2 > LINE_MAX_TEXT) {
			fprintf(out, " \\\n\t%s", word);
			used = 8 + strlen(word);
		} else {
			used += fprintf(out, " %s", word);
		}
	}
	fprintf(out, "\n");
}

static int write_gates(FILE *out, const struct gates *l, struct err *e)
{
	static struct full full;
	struct conf c;
	size_t i;

	fprintf(out, "# anygate.conf(5): anygatectl apply FILE\n");
	for (i = 0; i < l->n; i++) {
		if (full_of_gate(&full, &l->gates[i], e))
			return -1;
		full_prune(&c, &full);
		write_gate(out, &c);
	}
	return 0;
}

static int write_error(const char *name, struct err *e)
{
	return err_set(e, "save: %s: %s", name, strerror(errno ? errno : EIO));
}

static int flushed(FILE *out)
{
	return fflush(out) || ferror(out) || fsync(fileno(out)) ? -1 : 0;
}

/* Behind all symbolic links, where the last one may point to nothing yet. */
static char *real_name(const char *name)
{
	char *path = strdup(name), *real = NULL, *next;
	char target[PATH_MAX];
	const char *slash;
	ssize_t n;

	while (path) {
		real = realpath(path, NULL);
		if (real || errno != ENOENT)
			break;
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			return path;	/* not there: it is to be made */
		target[n] = '\0';
		slash = *target == '/' ? NULL : strrchr(path, '/');
		if (asprintf(&next, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, target) < 0)
			next = NULL;
		free(path);
		path = next;
	}
	free(path);
	return real;
}

static bool says_something(const char *name)
{
	struct conf_file f;
	struct err e;
	bool ret;

	conf_file_read(&f, name, &e);
	ret = f.n_words;
	conf_file_free(&f);
	return ret;
}

/* A file that is replaced stays whose it was, a new one is as the umask has it. */
static int same_access(int fd, const char *name, const struct stat *st, struct err *e)
{
	struct stat now;
	mode_t mask;

	if (!st->st_mode) {
		mask = umask(0);
		umask(mask);
		return fchmod(fd, 0666 & ~mask) ? write_error(name, e) : 0;
	}
	if (fstat(fd, &now))
		return write_error(name, e);
	if ((now.st_uid != st->st_uid || now.st_gid != st->st_gid) &&
	    fchown(fd, st->st_uid, st->st_gid))
		return err_set(e, "save: %s: its owner and group cannot be kept (%s); run this as root, or remove the file before",
			       name, strerror(errno));
	/* Behind the owner, with whom the kernel changes it. */
	return fchmod(fd, st->st_mode & 07777) ? write_error(name, e) : 0;
}

/* That there is another file now is the directory's, and to last as well. */
static int sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, slash + 1 - path) : strdup(".");
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, ret = 0;

	free(dir);
	/* One that may not be read, or whose kind does not know of it. */
	if (fd < 0)
		return 0;
	if (fsync(fd) && errno != EINVAL)
		ret = -1;
	close(fd);
	return ret;
}

/* Whoever ends this is to find one of the files, and not both. */
static void hold_signals(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, old);
}

/*
 * All of it or nothing: written beside the file, and then put in its place. A
 * symbolic link stays one.
 */
static int write_file(const char *name, const struct gates *l, struct err *e)
{
	char *real = real_name(name), *temp = NULL;
	struct stat st = { 0 };
	int fd = -1, ret = -1;
	FILE *out = NULL;
	sigset_t old;

	hold_signals(&old);
	if (!real || (stat(real, &st) && errno != ENOENT)) {
		write_error(name, e);
		goto out;
	}
	if (st.st_mode & S_IFMT && !S_ISREG(st.st_mode)) {
		err_set(e, "save: %s is no file; give another name, or - for the standard output",
			name);
		goto out;
	}
	if (!l->n && says_something(real)) {
		err_set(e, "save: there are no gates, and %.256s has some: nothing was written; to have none in it all the same, remove the file before",
			name);
		goto out;
	}
	if (asprintf(&temp, "%s.XXXXXX", real) < 0)
		temp = NULL;
	fd = temp ? mkostemp(temp, O_CLOEXEC) : -1;
	if (fd < 0) {
		write_error(name, e);
		goto out;
	}
	out = fdopen(fd, "w");
	if (!out) {
		write_error(name, e);
		goto out_remove;
	}
	if (write_gates(out, l, e) || same_access(fd, name, &st, e))
		goto out_remove;
	if (flushed(out) || rename(temp, real)) {
		write_error(name, e);
		goto out_remove;
	}
	ret = sync_directory(real) ? write_error(name, e) : 0;
	goto out;

out_remove:
	unlink(temp);
out:
	if (out)
		fclose(out);
	else if (fd >= 0)
		close(fd);
	free(temp);
	free(real);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret;
}

/* Nothing, if it cannot be all; in JSON the lines of the file, as strings. */
static int print_lines(const struct gates *l, struct err *e)
{
	char *text = NULL, *line, *next;
	struct printer p;
	size_t size;
	FILE *out;
	int ret;

	out = open_memstream(&text, &size);
	if (!out)
		return err_set(e, "out of memory");
	ret = write_gates(out, l, e);
	if (fclose(out) && !ret)
		ret = err_set(e, "out of memory");
	if (ret)
		goto out;
	pr_init(&p, stdout, opt.json, opt.pretty);
	pr_object(&p, NULL);
	pr_uint(&p, "gates", l->n, NULL);
	pr_array(&p, "lines");
	for (line = text; *line; line = next) {
		next = strchr(line, '\n');
		*next++ = '\0';
		pr_str(&p, "", line, "%s\n", line);
	}
	pr_array_end(&p);
	pr_object_end(&p);
out:
	free(text);
	return ret;
}

static int save(const char *name, const struct gates *l, struct err *e)
{
	char shown[PATH_MAX];
	struct printer p;

	if (!name || !strcmp(name, "-"))
		return print_lines(l, e);
	if (write_file(name, l, e))
		return -1;
	clean(shown, sizeof(shown), name);
	pr_init(&p, stdout, opt.json, opt.pretty);
	pr_object(&p, NULL);
	pr_str(&p, "file", shown, NULL);
	pr_uint(&p, "gates", l->n, NULL);
	pr_object_end(&p);
	return 0;
}

/* What is not known of cannot be written, but is not to be lost without a word. */
static void warn_of_unknown(const struct gates *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (!l->gates[i].unknown)
			continue;
		warning("save: the module is newer than this anygatectl, and has something of its gates that is not known here: what of that is configuration has not been saved; install the anygatectl of the module's version");
		return;
	}
}

/**
 * cmd_save() - write a file that applies back to what the kernel has
 * @argc: number of arguments
 * @argv: [FILE]
 *
 * Return: exit status
 */
int cmd_save(int argc, char **argv)
{
	const struct gate_ref all = { 0 };
	struct reqmap map = { 0 };
	struct gates l = { 0 };
	struct extack x;
	struct err e;
	struct ag ag;
	int ret = 0;

	if (argc > 1)
		return complain(ST_USAGE, "save: \"%s\" is too much; save takes one file", argv[1]);
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	if (gates_get(&ag, &all, &l, &x, &map)) {
		extack_explain(&x, ANYGATE_CMD_GATE_GET, "save", &map, &e);
		ret = -1;
	} else if (l.partial) {
		ret = err_set(&e, "save: the gates change while they are read; nothing was written");
	}
	ag_close(&ag);
	if (!ret)
		ret = save(argc ? argv[0] : NULL, &l, &e);
	if (!ret)
		warn_of_unknown(&l);
	gates_free(&l);
	return ret ? complain(ST_REFUSED, "%s", e.text) : ST_OK;
}
