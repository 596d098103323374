/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_DOCTOR_H
#define ANYGATECTL_DOCTOR_H

#include <stdio.h>

#include "gate.h"

/* What doctor exits with if there is something to be done. */
#define ST_FINDINGS	3

/**
 * struct node - all that the checks know: what can be read, and the gates
 * @root: what is put before every path; NULL on a real node. Below a root no
 * command is run, either: commands/NAME has what it would print
 * @gates: the gates, or NULL
 * @n_gates: how many
 * @loaded: whether the module is
 * @status: its health, if it is loaded
 */
struct node {
	const char *root;
	const struct gate *gates;
	size_t n_gates;
	bool loaded;
	struct module_status status;
};

/**
 * enum severity - how bad a finding is
 * @SEV_NOTE: worth knowing, may well be meant
 * @SEV_WARNING: will hurt some day, or hurts somebody
 * @SEV_PROBLEM: a gate does not do what it is for
 */
enum severity {
	SEV_NOTE,
	SEV_WARNING,
	SEV_PROBLEM,
};

/**
 * struct finding - something to be said about the node
 * @id: which check, stable, explained in the manual page
 * @severity: how bad it is
 * @subject: what it is about: a prefix, an interface, a file
 * @text: what is the case
 * @remedy: what to do
 */
struct finding {
	const char *id;
	enum severity severity;
	char subject[64];
	char text[512];
	char remedy[384];
};

/**
 * struct report - the findings, in the order of the checks
 * @f: findings
 * @n: how many
 */
struct report {
	struct finding *f;
	size_t n;
};

struct finding *report_add(struct report *r, const char *id, enum severity s,
			   const char *subject, const char *fmt, ...) __printf(5, 6);
void report_remedy(struct finding *f, const char *fmt, ...) __printf(2, 3);
void report_free(struct report *r);
int report_print(const struct report *r, FILE *out);

/* What can be seen of the node. All texts are the caller's to free. */
char *node_read(const struct node *n, const char *fmt, ...) __printf(2, 3);
long node_number(const struct node *n, long absent, const char *fmt, ...) __printf(3, 4);
char *node_link(const struct node *n, const char *fmt, ...) __printf(2, 3);
char **node_list(const struct node *n, const char *dir);
void list_free(char **names);
char *node_run(const struct node *n, const char *const *command);
char *node_process(const struct node *n, const char *const *comms);
bool node_runs(const struct node *n, const char *const *comms);
char *node_option(const struct node *n, const char *pid, const char *option);
char *next_line(char **text);
char *config_line(char *line);
bool has_token(const char *text, const char *token);

/* Gates. */
const char *gate_prefix(const struct gate *g, char buf[PREFIX_TEXT]);
bool gate_is_address(const struct gate *g, int family);
#define COVER_TEXT	(PREFIX_TEXT + 64)
enum severity gate_unannounced(const struct node *n, const struct gate *g, char cover[COVER_TEXT]);

/* FRR: what a check of another daemon has to know of it, too. */
struct frr;
struct frr *frr_ask(const struct node *n);
bool frr_announces(const struct frr *f, const struct gate *g);
void frr_free(struct frr *f);

/**
 * struct sock - a socket of /proc/net
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @local: its address
 * @port: its port
 * @peer_port: of the other side; 0 for a listener
 * @listening: whether it would get a new client's packets
 * @inode: its number
 */
struct sock {
	uint32_t protocol;
	struct ipaddr local;
	unsigned int port;
	unsigned int peer_port;
	bool listening;
	unsigned long inode;
};

struct sock *node_sockets(const struct node *n, size_t *count);

/* The checks; each is a file's, and looks at nothing but the node. */
void doctor_module(const struct node *n, struct report *r);
void doctor_sysctl(const struct node *n, struct report *r);
void doctor_local(const struct node *n, struct report *r);
void doctor_frr(const struct node *n, struct report *r);
void doctor_bird(const struct node *n, struct report *r);
void doctor_routing(const struct node *n, struct report *r);
void doctor_socket(const struct node *n, struct report *r);
void doctor_server(const struct node *n, struct report *r);
void doctor_witness(const struct node *n, struct report *r);
void doctor_manager(const struct node *n, struct report *r);

void doctor_all(const struct node *n, struct report *r);

#endif
