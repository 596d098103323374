/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_CMD_H
#define ANYGATECTL_CMD_H

#include <stddef.h>

#include "nl.h"

/**
 * struct command - a verb
 * @name: the verb
 * @run: does it; @argv begins after the verb; returns an exit status
 * @args: its arguments, for the usage
 * @about: what it does, in a few words
 * @more: the rest of "help VERB", or NULL
 */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args;
	const char *about;
	const char *more;
};

int cmd_add(int argc, char **argv);
int cmd_change(int argc, char **argv);
int cmd_del(int argc, char **argv);
int cmd_flush(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_undrain(int argc, char **argv);
int cmd_pin(int argc, char **argv);
int cmd_unpin(int argc, char **argv);
int cmd_observe(int argc, char **argv);
int cmd_unobserve(int argc, char **argv);
int cmd_undamp(int argc, char **argv);
int cmd_lease(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_save(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_help(int argc, char **argv);

struct conf;

void conf_put(struct nl_msg *msg, const struct conf *c, struct reqmap *map);
void ag_put_lease(struct nl_msg *msg, const struct lease_args *l,
		  struct reqmap *map);
void ag_put_order(struct nl_msg *msg, const struct order_args *o,
		  struct reqmap *map);
int cmd_send(struct ag *ag, struct nl_msg *msg, uint8_t cmd,
	     const char *subject, const struct reqmap *map);
int cmd_finish(struct ag *ag, struct nl_msg *msg, uint8_t cmd,
	       const char *subject, const struct reqmap *map);

#endif
