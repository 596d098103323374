// SPDX-License-Identifier: GPL-2.0
/* doctor: every finding about servers, their sockets, and who else manages addresses. */

#include "doctor_root.h"

#define SOCKETS "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define SOCKET(n, local, peer, st, inode)					\
	"   " n ": " local " " peer " " st " 00000000:00000000 00:00000000 00000000     0        0 " inode " 1 0\n"

static void activation(void **state)
{
	(void)state;
	address_gate("192.0.2.53/32", "tcp/53");
	put("proc/1/comm", "systemd\n");
	put("proc/42/comm", "named\n");
	put_link("proc/42/fd/3", "socket:[1002]");
	put("proc/thread-self/net/tcp",
	    SOCKETS SOCKET("0", "350200C0:0035", "00000000:0000", "0A", "1001")
	    SOCKET("1", "0100007F:0035", "00000000:0000", "0A", "1003"));
	expect_nothing(doctor_socket);
	put_link("proc/1/fd/7", "socket:[1003]");	/* of another address */
	expect_nothing(doctor_socket);
	put_link("proc/1/fd/8", "socket:[1001]");
	expect(doctor_socket, "socket-activation", SEV_PROBLEM, "192.0.2.53/32");
	assert_contains(report.f[0].text, "tcp/53: nobody but systemd");
	assert_contains(report.f[0].remedy, "change 192.0.2.53/32 stall");
	gates[0].stall = 3000;
	expect(doctor_socket, "socket-activation", SEV_NOTE, "192.0.2.53/32");
	assert_contains(report.f[0].text, "nobody but systemd");
	put_link("proc/42/fd/4", "socket:[1001]");
	expect(doctor_socket, "socket-activation", SEV_NOTE, "192.0.2.53/32");
	assert_contains(report.f[0].text, "as well");
	gates[0].stall = 0;
	expect(doctor_socket, "socket-activation", SEV_WARNING, "192.0.2.53/32");
}

static void ipv6_bind(void **state)
{
	(void)state;
	address_gate("2001:db8::53/128", "udp/53");
	expect(doctor_socket, "ipv6-bind", SEV_WARNING, "2001:db8::53/128");
	put("proc/thread-self/net/udp6",
	    SOCKETS SOCKET("9", "00000000000000000000000000000000:0035",
			   "00000000000000000000000000000000:0000", "07", "7"));
	expect_nothing(doctor_socket);
	put("proc/thread-self/net/udp6",
	    SOCKETS SOCKET("9", "B80D0120000000000000000053000000:0035",
			   "00000000000000000000000000000000:0000", "07", "7"));
	expect(doctor_socket, "ipv6-bind", SEV_NOTE, "2001:db8::53/128");
	put("proc/sys/net/ipv6/ip_nonlocal_bind", "1\n");
	expect_nothing(doctor_socket);
}

static void ipv4_bind(void **state)
{
	(void)state;
	address_gate("192.0.2.53/32", "udp/53");
	gates[0].hold = ANYGATE_SWITCH_ON;
	expect_nothing(doctor_socket);
	gates[0].hold = ANYGATE_SWITCH_OFF;
	expect(doctor_socket, "ipv4-bind", SEV_WARNING, "192.0.2.53/32");
	assert_contains(report.f[0].text, "hold is off");
	assert_contains(report.f[0].remedy, "net.ipv4.ip_nonlocal_bind=1");
	gates[0].hold = ANYGATE_SWITCH_ON;
	gates[0].fallback_via.family = AF_INET;
	expect(doctor_socket, "ipv4-bind", SEV_WARNING, "192.0.2.53/32");
	assert_contains(report.f[0].text, "fallback");
	put("proc/thread-self/net/udp",
	    SOCKETS SOCKET("9", "00000000:0035", "00000000:0000", "07", "7"));
	expect_nothing(doctor_socket);
	put("proc/thread-self/net/udp",
	    SOCKETS SOCKET("9", "350200C0:0035", "00000000:0000", "07", "7"));
	expect(doctor_socket, "ipv4-bind", SEV_NOTE, "192.0.2.53/32");
	put("proc/sys/net/ipv4/ip_nonlocal_bind", "1\n");
	expect_nothing(doctor_socket);
	put("proc/sys/net/ipv4/ip_nonlocal_bind", "0\n");
	gates[0].action = ANYGATE_ACTION_ROUTE;
	expect_nothing(doctor_socket);
}

static void data_sync(void **state)
{
	(void)state;
	address_gate("192.0.2.53/32", "tcp/53");
	/* a client's connection */
	put("proc/thread-self/net/tcp",
	    SOCKETS SOCKET("0", "350200C0:0035", "0101A8C0:8000", "01", "5"));
	expect_nothing(doctor_socket);
	put("proc/thread-self/net/tcp",
	    SOCKETS SOCKET("0", "350200C0:8001", "0101A8C0:0035", "01", "5"));
	expect(doctor_socket, "sync-address", SEV_WARNING, "192.0.2.53/32");
	assert_contains(report.f[0].text, "port 53 ");
}

static void servers(void **state)
{
	(void)state;
	route_gate("192.0.2.0/24");
	put("proc/42/comm", "named\n");
	expect_nothing(doctor_server);
	address_gate("192.0.2.53/32", "tcp/53");
	expect(doctor_server, "bind-scan", SEV_PROBLEM, "BIND");
	put("etc/bind/named.conf.options",
	    "options {\n\t// automatic-interface-scan no;\n\tinterface-interval 0;\n};\n");
	expect(doctor_server, "bind-scan", SEV_PROBLEM, "BIND");
	put("etc/bind/named.conf.options", "options {\n\tautomatic-interface-scan no;\n};\n");
	expect(doctor_server, "bind-scan", SEV_WARNING, "BIND");
	put("etc/bind/named.conf.options",
	    "options {\n\tautomatic-interface-scan no;\n\tinterface-interval 0;\n};\n");
	expect(doctor_server, "bind-scan", SEV_WARNING, "BIND");
	assert_contains(report.f[0].text, "starts or reloads");
	assert_contains(report.f[0].remedy, "action route");

	put("proc/42/comm", "nsd\n");
	put("etc/nsd/nsd.conf", "zone:\n\toutgoing-interface: 192.0.2.5\n");
	expect_nothing(doctor_server);
	put("etc/nsd/nsd.conf", "zone:\n\toutgoing-interface: 192.0.2.53\n");
	expect(doctor_server, "sync-address", SEV_WARNING, "/etc/nsd/nsd.conf");
}

static void managers(void **state)
{
	(void)state;
	address_gate("192.0.2.53/32", "tcp/53");
	put("etc/network/interfaces",
	    "# address 192.0.2.53\niface lo inet static\n\taddress 192.0.2.5/32\n");
	put("etc/systemd/network/lo.network.off", "Address=192.0.2.53/32\n");
	expect_nothing(doctor_manager);
	put("etc/systemd/network/lo.network", "[Match]\nName=lo\n[Network]\nAddress=192.0.2.53/32\n");
	expect(doctor_manager, "other-manager", SEV_WARNING, "192.0.2.53/32");
	assert_contains(report.f[0].text, "/etc/systemd/network/lo.network");
	/* a route gate leaves addresses alone */
	gates[0].action = ANYGATE_ACTION_ROUTE;
	expect_nothing(doctor_manager);
	gates[0].action = ANYGATE_ACTION_ADDRESS;
	put("etc/systemd/network/lo.network", "");
	put("etc/keepalived/keepalived.conf",
	    "vrrp_instance V {\n  virtual_ipaddress {\n    192.0.2.53/32 dev lo\n  }\n}\n");
	expect(doctor_manager, "other-manager", SEV_WARNING, "192.0.2.53/32");
}

static void networkd(void **state)
{
	struct gate *g = route_gate("192.0.2.0/24");

	(void)state;
	expect_nothing(doctor_manager);
	put("proc/42/comm", "systemd-network\n");
	expect(doctor_manager, "foreign-routes", SEV_NOTE, "systemd-networkd");
	/* an address, and no route that is kept */
	g->action = ANYGATE_ACTION_ADDRESS;
	g->hold = ANYGATE_SWITCH_OFF;
	expect_nothing(doctor_manager);
	g->hold = ANYGATE_SWITCH_ON;
	put("etc/systemd/networkd.conf", "[Network]\n#ManageForeignRoutes=no\n");
	expect(doctor_manager, "foreign-routes", SEV_NOTE, "systemd-networkd");
	put("etc/systemd/networkd.conf.d/anygate.conf", "[Network]\nManageForeignRoutes=no\n");
	expect_nothing(doctor_manager);
	put("etc/systemd/networkd.conf.d/anygate.conf", "ManageForeignRoutes=no\nManageForeignRoutes=yes\n");
	expect(doctor_manager, "foreign-routes", SEV_NOTE, "systemd-networkd");
	put("etc/systemd/networkd.conf", "[Network]\nManageForeignRoutes = false\n");
	expect_nothing(doctor_manager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(activation),
		test(ipv6_bind),
		test(ipv4_bind),
		test(data_sync),
		test(servers),
		test(managers),
		test(networkd),
	};

	return cmocka_run_group_tests_name("doctor_server", tests, make_root, remove_root);
}
