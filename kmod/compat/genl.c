// SPDX-License-Identifier: GPL-2.0
/*
 * The generated generic netlink family on kernels before 6.2.  Kbuild defines
 * ANYGATE_REAL_GENL_FAMILY for this file.
 */
#include "compat.h"

#ifndef HAVE_GENL_SPLIT_OPS

#define ANYGATE_MAX_OPS 16

static struct genl_ops ops[ANYGATE_MAX_OPS];
static struct genl_family real;

struct genl_family *anygate_genl(struct anygate_genl_family *family)
{
	return &real;
}

int anygate_genl_register(struct anygate_genl_family *family)
{
	unsigned int i, n = 0;

	memset(ops, 0, sizeof(ops));
	for (i = 0; i < family->n_split_ops; i++) {
		const struct genl_split_ops *split = &family->split_ops[i];

		/* The generator puts do and dump of a command in sequence. */
		if (!n || ops[n - 1].cmd != split->cmd) {
			if (n == ANYGATE_MAX_OPS)
				return -E2BIG;
			ops[n++].cmd = split->cmd;
		}
		if (split->doit)
			ops[n - 1].doit = split->doit;
		if (split->dumpit) {
			ops[n - 1].start = split->start;
			ops[n - 1].dumpit = split->dumpit;
		}
		ops[n - 1].policy = split->policy;
		ops[n - 1].maxattr = split->maxattr;
		ops[n - 1].flags = split->flags &
				   ~(GENL_CMD_CAP_DO | GENL_CMD_CAP_DUMP);
	}

	memset(&real, 0, sizeof(real));
	strscpy(real.name, family->name, sizeof(real.name));
	real.version = family->version;
	real.netnsok = family->netnsok;
	real.parallel_ops = family->parallel_ops;
	real.module = family->module;
	real.ops = ops;
	real.n_ops = n;
	real.mcgrps = family->mcgrps;
	real.n_mcgrps = family->n_mcgrps;
	return genl_register_family(&real);
}

int anygate_genl_unregister(struct anygate_genl_family *family)
{
	return genl_unregister_family(&real);
}

#endif /* !HAVE_GENL_SPLIT_OPS */
