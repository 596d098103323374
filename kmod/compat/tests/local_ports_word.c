/* 6.8: the range of local ports is one word, and read without a lock */
#include <linux/build_bug.h>
#include <net/ip.h>
static_assert(sizeof_field(struct net, ipv4.ip_local_ports.range) == sizeof(u32));
