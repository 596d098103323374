/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers, as handlers of kprobes and kretprobes get them.
 */
#ifndef ANYGATE_REGS_H
#define ANYGATE_REGS_H

#include <linux/kmsan-checks.h>
#include <linux/ptrace.h>

/**
 * anygate_regs_saved() - a handler's registers are what they are
 * @regs: the registers
 *
 * They were saved by assembler: to KMSAN what was on the stack before.
 *
 * Context: any.
 */
static inline void anygate_regs_saved(struct pt_regs *regs)
{
	kmsan_unpoison_memory(regs, sizeof(*regs));
}

/**
 * anygate_regs_arg() - an argument of the function that is probed
 * @regs: the registers, in the handler of its entry
 * @n: from 0
 *
 * Context: any.
 * Return: it.
 */
static inline unsigned long anygate_regs_arg(struct pt_regs *regs,
					     unsigned int n)
{
	anygate_regs_saved(regs);
	return regs_get_kernel_argument(regs, n);
}

#endif
