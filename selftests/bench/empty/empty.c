// SPDX-License-Identifier: GPL-2.0
/*
 * empty - what the kernel takes for a probe that does nothing
 *
 * The kretprobes that a UDP and a TCP gate need, each with a handler that says at
 * entry that it is not interested.  What remains of anygate's cost when this
 * has been taken off it is anygate's own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>

static int no_interest(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return 1;
}

/* As many instances and as much for each as in kmod/watch.c and watch.h. */
#define EMPTY(symbol) {				\
	.kp.symbol_name = symbol,		\
	.entry_handler = no_interest,		\
	.data_size = 32,			\
	.maxactive = 256,			\
}

static struct kretprobe probes[] = {
	EMPTY("inet_csk_listen_start"),
	EMPTY("inet_csk_listen_stop"),
	EMPTY("udp_lib_get_port"),
	EMPTY("udp_lib_unhash"),
	EMPTY("udp_lib_rehash"),
	EMPTY("__ip4_datagram_connect"),
	EMPTY("__ip6_datagram_connect"),
	EMPTY("__udp_disconnect"),
	EMPTY("sock_bindtoindex_locked"),
};

static struct kretprobe *list[ARRAY_SIZE(probes)];

static int __init empty_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		list[i] = &probes[i];
	return register_kretprobes(list, ARRAY_SIZE(list));
}

static void __exit empty_exit(void)
{
	unregister_kretprobes(list, ARRAY_SIZE(list));
}

module_init(empty_init);
module_exit(empty_exit);
MODULE_DESCRIPTION("Probes that do nothing, for a benchmark");
MODULE_LICENSE("GPL");
