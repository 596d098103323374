/* about 6.19: kernel_bind() takes a struct sockaddr_unsized */
#include <linux/net.h>
int b(struct socket *s);
int b(struct socket *s)
{
	return kernel_bind(s, (struct sockaddr_unsized *)0, 0);
}
