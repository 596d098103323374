// SPDX-License-Identifier: GPL-2.0
/*
 * What the checks of doctor can see of a node. With a root prefix it is a
 * directory's picture of one, and nothing is run.
 */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"
#include "format.h"

#define TEXT_MAX	(4U << 20)	/* a full configuration, thousands of sockets */
#define RUN_NS		(5 * NSEC_PER_SEC)	/* a daemon that hangs is no reason to hang */

static char *path_of(const struct node *n, char path[PATH_MAX], const char *fmt, va_list ap)
{
	int used = snprintf(path, PATH_MAX, "%s", n->root ? n->root : "");

	vsnprintf(path + used, PATH_MAX - used, fmt, ap);
	return path;
}

/*
 * Reads to the end; NULL if that does not come before the deadline, if there is
 * one: of half a configuration the wrong things would be said. What is too long
 * is cut off.
 */
static char *read_all(int fd, uint64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t used = 0, size = 4096;
	char *text = malloc(size + 1);
	uint64_t now;
	ssize_t got;

	while (text && used < TEXT_MAX) {
		if (used == size) {
			char *more = realloc(text, 2 * size + 1);

			if (!more)
				break;
			text = more;
			size *= 2;
		}
		if (deadline) {
			now = clock_ns(CLOCK_MONOTONIC);
			if (now >= deadline) {
				free(text);
				return NULL;
			}
			if (poll(&p, 1, (deadline - now) / NSEC_PER_MSEC + 1) <= 0)
				continue;
		}
		got = read(fd, text + used, size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += got;
	}
	if (text)
		text[used] = '\0';
	return text;
}

/**
 * node_read() - read a file
 * @n: node
 * @fmt: printf format of its path
 *
 * Return: its text, or NULL if it cannot be read
 */
char *node_read(const struct node *n, const char *fmt, ...)
{
	char path[PATH_MAX], *text;
	va_list ap;
	int fd;

	va_start(ap, fmt);
	fd = open(path_of(n, path, fmt, ap), O_RDONLY | O_CLOEXEC);
	va_end(ap);
	if (fd < 0)
		return NULL;
	text = read_all(fd, 0);
	close(fd);
	return text;
}

/**
 * node_number() - read a file that holds a number
 * @n: node
 * @absent: what to return if there is no such file
 * @fmt: printf format of its path
 *
 * Return: the number
 */
long node_number(const struct node *n, long absent, const char *fmt, ...)
{
	char path[PATH_MAX] = "", line[64];
	long value = absent;
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	f = fopen(path_of(n, path, fmt, ap), "re");
	va_end(ap);
	if (f) {
		if (fgets(line, sizeof(line), f))
			value = strtol(line, NULL, 10);
		fclose(f);
	}
	return value;
}

/**
 * node_link() - read a symbolic link
 * @n: node
 * @fmt: printf format of its path
 *
 * Return: what it says, or NULL
 */
char *node_link(const struct node *n, const char *fmt, ...)
{
	char path[PATH_MAX], to[PATH_MAX];
	va_list ap;
	ssize_t len;

	va_start(ap, fmt);
	len = readlink(path_of(n, path, fmt, ap), to, sizeof(to) - 1);
	va_end(ap);
	if (len < 0)
		return NULL;
	to[len] = '\0';
	return strdup(to);
}

static int no_dots(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/**
 * node_list() - names in a directory, sorted
 * @n: node
 * @dir: its path
 *
 * Return: names, ending with NULL; for list_free()
 */
char **node_list(const struct node *n, const char *dir)
{
	struct dirent **found = NULL;
	char path[PATH_MAX], **names;
	int i, count;

	snprintf(path, sizeof(path), "%s%s", n->root ? n->root : "", dir);
	count = scandir(path, &found, no_dots, alphasort);
	names = calloc((count < 0 ? 0 : count) + 1, sizeof(*names));
	for (i = 0; i < count; i++) {
		if (names)
			names[i] = strdup(found[i]->d_name);
		free(found[i]);
	}
	free(found);
	return names;
}

/**
 * list_free() - free what node_list() returned
 * @names: names, or NULL
 */
void list_free(char **names)
{
	size_t i;

	for (i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

/* "vtysh -c show run" is commands/vtysh_-c_show_run below a root. */
static char *canned(const struct node *n, const char *const *command)
{
	char name[256] = "";
	size_t i;

	for (i = 0; command[i]; i++)
		text_append(name, sizeof(name), "%s%s", i ? "_" : "", command[i]);
	for (i = 0; name[i]; i++)
		if (name[i] == '/' || name[i] == ' ')
			name[i] = '_';
	return node_read(n, "/commands/%s", name);
}

/**
 * node_run() - what a command prints
 * @n: node
 * @command: its words; ends with NULL
 *
 * It is given five seconds.
 *
 * Return: its standard output, or NULL if it is not there, failed or hangs; then
 * errno is ETIMEDOUT
 */
char *node_run(const struct node *n, const char *const *command)
{
	posix_spawn_file_actions_t files;
	int out[2], status = -1, ret;
	char *text;
	pid_t pid;

	errno = 0;
	if (n->root)
		return canned(n, command);
	if (pipe2(out, O_CLOEXEC))
		return NULL;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
	ret = posix_spawnp(&pid, command[0], &files, NULL, (char **)command, environ);
	posix_spawn_file_actions_destroy(&files);
	close(out[1]);
	if (ret) {
		close(out[0]);
		return NULL;
	}
	text = read_all(out[0], clock_ns(CLOCK_MONOTONIC) + RUN_NS);
	close(out[0]);
	kill(pid, SIGKILL);	/* has ended by itself if all is well */
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status)) {
		free(text);
		text = NULL;
	}
	errno = text ? 0 : WIFEXITED(status) ? EIO : ETIMEDOUT;
	return text;
}

/* In our network namespace, as far as we may know: another one is another node. */
static bool is_here(const struct node *n, const char *pid)
{
	char *ours = node_link(n, "/proc/thread-self/ns/net");
	char *its = node_link(n, "/proc/%s/ns/net", pid);
	bool here = !ours || !its || !strcmp(ours, its);

	free(ours);
	free(its);
	return here;
}

static bool is_one_of(const struct node *n, const char *pid, const char *const *comms)
{
	char *comm = node_read(n, "/proc/%s/comm", pid);
	bool is = false;
	size_t i;

	if (comm)
		comm[strcspn(comm, "\n")] = '\0';
	for (i = 0; comm && comms[i] && !is; i++)
		is = !strcmp(comm, comms[i]);
	free(comm);
	return is;
}

/**
 * node_process() - find a process of one of some programs
 * @n: node
 * @comms: their names as in /proc/PID/comm; ends with NULL
 *
 * Return: its number, or NULL if there is none in our network namespace
 */
char *node_process(const struct node *n, const char *const *comms)
{
	char **pids = node_list(n, "/proc"), *found = NULL;
	size_t i;

	for (i = 0; pids && pids[i] && !found; i++)
		if (pids[i][0] >= '0' && pids[i][0] <= '9' && is_one_of(n, pids[i], comms) &&
		    is_here(n, pids[i]))
			found = strdup(pids[i]);
	list_free(pids);
	return found;
}

/**
 * node_runs() - whether one of some programs runs
 * @n: node
 * @comms: their names as in /proc/PID/comm; ends with NULL
 *
 * Return: whether it does, in our network namespace
 */
bool node_runs(const struct node *n, const char *const *comms)
{
	char *pid = node_process(n, comms);
	bool runs = pid;

	free(pid);
	return runs;
}

static FILE *open_path(const struct node *n, const char *fmt, ...)
{
	char path[PATH_MAX] = "";
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	f = fopen(path_of(n, path, fmt, ap), "re");
	va_end(ap);
	return f;
}

/**
 * node_option() - what a process was given with an option
 * @n: node
 * @pid: from node_process(), or NULL
 * @option: "-s": it is found as "-s VALUE" and "-sVALUE"
 *
 * Return: the value, or NULL
 */
char *node_option(const struct node *n, const char *pid, const char *option)
{
	FILE *f = pid ? open_path(n, "/proc/%s/cmdline", pid) : NULL;
	const size_t len = strlen(option);
	char *word = NULL, *value = NULL;
	bool next = false;
	size_t size = 0;

	while (f && !value && getdelim(&word, &size, '\0', f) > 0) {
		if (next)
			value = strdup(word);
		else if (!strcmp(word, option))
			next = true;
		else if (!strncmp(word, option, len))
			value = strdup(word + len);
	}
	free(word);
	if (f)
		fclose(f);
	return value;
}

/**
 * next_line() - the lines of a text, one after the other
 * @text: where to go on; the text is cut into lines
 *
 * Return: a line, or NULL at the end
 */
char *next_line(char **text)
{
	return *text && **text ? strsep(text, "\n") : NULL;
}

/**
 * config_line() - a line of a configuration without what surrounds it
 * @line: is changed
 *
 * Return: from the first word to the last; "" if it is all a comment
 */
char *config_line(char *line)
{
	char *end;

	line += strspn(line, " \t");
	if (*line == '#' || *line == ';' || *line == '!' || !strncmp(line, "//", 2))
		*line = '\0';
	end = line + strlen(line);
	while (end > line && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return line;
}

static bool in_token(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '.' || c == ':' || c == '_' || c == '-';
}

/**
 * has_token() - whether a word stands in a text
 * @text: text
 * @token: word, or address
 *
 * Return: whether it does, and not as part of another
 */
bool has_token(const char *text, const char *token)
{
	const char *at = text;
	size_t len = strlen(token);

	for (; (at = strstr(at, token)); at++)
		if ((at == text || !in_token(at[-1])) && !in_token(at[len]))
			return true;
	return false;
}

static struct ipaddr hex_addr(const char *hex)
{
	struct ipaddr a = { .family = strlen(hex) == 8 ? AF_INET : AF_INET6 };
	unsigned int word;
	size_t i;

	/* /proc/net has them as words of the machine, not of the network. */
	for (i = 0; i < ip_size(a.family) / 4; i++) {
		word = 0;
		if (sscanf(hex + 8 * i, "%8x", &word) != 1)
			a.family = 0;
		memcpy(a.bytes + 4 * i, &word, 4);
	}
	return a;
}

static bool read_socket(const char *line, uint32_t protocol, struct sock *s)
{
	char local[33], peer[33];
	unsigned int state;

	if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%x %32[0-9A-Fa-f]:%x %x %*s %*s %*s %*u %*u %lu",
		   local, &s->port, peer, &s->peer_port, &state, &s->inode) != 6)
		return false;
	s->protocol = protocol;
	s->local = hex_addr(local);
	s->listening = protocol == IPPROTO_TCP ? state == 10 : !s->peer_port;
	return true;
}

/**
 * node_sockets() - the TCP and UDP sockets of the network namespace
 * @n: node
 * @count: result, how many
 *
 * Return: sockets, the caller's to free
 */
struct sock *node_sockets(const struct node *n, size_t *count)
{
	static const char *const files[] = { "tcp", "tcp6", "udp", "udp6" };
	struct sock *socks = NULL, *more, s;
	char *text, *rest, *line;
	size_t i;

	*count = 0;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		rest = text = node_read(n, "/proc/thread-self/net/%s", files[i]);
		while ((line = next_line(&rest))) {
			if (!read_socket(line, i < 2 ? IPPROTO_TCP : IPPROTO_UDP, &s))
				continue;
			more = reallocarray(socks, *count + 1, sizeof(*socks));
			if (!more)
				break;
			socks = more;
			socks[(*count)++] = s;
		}
		free(text);
	}
	return socks;
}
