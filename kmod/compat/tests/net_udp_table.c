/* 6.2: a UDP table may belong to a namespace */
#include <net/net_namespace.h>
#include <net/udp.h>
struct udp_table *t(struct net *net);
struct udp_table *t(struct net *net) { return net->ipv4.udp_table; }
