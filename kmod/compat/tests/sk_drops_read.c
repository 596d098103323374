// SPDX-License-Identifier: GPL-2.0
/* A socket's drops are counted per NUMA node. */
#include <net/sock.h>

int test(const struct sock *sk);
int test(const struct sock *sk)
{
	return sk_drops_read(sk);
}
