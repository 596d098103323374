/* until about 7.0 the UDP lookups take the table */
#include <net/udp.h>
struct sock *l(struct net *net);
struct sock *l(struct net *net)
{
	return __udp4_lib_lookup(net, 0, 0, 0, 0, 0, 0, (struct udp_table *)0,
				 NULL);
}
