/* until about 6.17 the TCP listener lookups take the table */
#include <net/inet_hashtables.h>
struct sock *l(struct net *net);
struct sock *l(struct net *net)
{
	return __inet_lookup_listener(net, net->ipv4.tcp_death_row.hashinfo,
				      NULL, 0, 0, 0, 0, 0, 0, 0);
}
