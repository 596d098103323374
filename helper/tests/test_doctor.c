// SPDX-License-Identifier: GPL-2.0
/* doctor: every finding about the node and its routing, against a directory. */

#include <errno.h>
#include <json-c/json.h>

#include "doctor_root.h"

static void module(void **state)
{
	static const char off[5] = { 6, 0, 0, 0, 0 }, on[5] = { 6, 0, 0, 0, 1 };
	static const char var[] =
		"sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

	(void)state;
	expect(doctor_module, "no-gates", SEV_NOTE, "anygate");
	/* a reload alone is refused where the service is not active */
	assert_contains(report.f[0].remedy, "systemctl reload-or-restart anygate");
	address_gate("192.0.2.53/32", "udp/53");
	expect_nothing(doctor_module);

	node.status.probes = ANYGATE_PROBES_DEGRADED;
	node.status.reconcile = 20;
	expect(doctor_module, "probes", SEV_PROBLEM, "anygate");
	assert_contains(report.f[0].text, "kernel.ftrace_enabled=0?");
	node.status.probes = ANYGATE_PROBES_LIVE;

	put_bytes(var, off, 5);
	put("sys/module/anygate/taint", "OE\n");
	expect_nothing(doctor_module);
	put_bytes(var, on, 5);
	expect(doctor_module, "secure-boot", SEV_WARNING, "anygate");
	put("sys/module/anygate/taint", "O\n");
	expect_nothing(doctor_module);

	node.loaded = false;
	put("commands/modinfo_-F_signer_anygate", "\n");
	report_free(&report);
	doctor_module(&node, &report);
	assert_non_null(found("module"));
	assert_int_equal(found("secure-boot")->severity, SEV_PROBLEM);
	put("commands/modinfo_-F_signer_anygate", "DKMS module signing key\n");
	expect(doctor_module, "module", SEV_PROBLEM, "anygate");
}

#define ROUTES									\
	"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"	\
	"eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\n"			\
	"eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n"

static void good_sysctls(void)
{
	put("proc/thread-self/net/route", ROUTES);
	put("proc/sys/net/ipv4/conf/eth0/arp_ignore", "1\n");
	put("proc/sys/net/ipv4/conf/all/arp_announce", "2\n");
}

static void rp_filter(void **state)
{
	(void)state;
	good_sysctls();
	put("proc/sys/net/ipv4/conf/eth0/rp_filter", "1\n");
	address_gate("2001:db8::53/128", "udp/53");
	expect_nothing(doctor_sysctl);
	address_gate("192.0.2.53/32", "udp/53");
	expect(doctor_sysctl, "rp-filter", SEV_WARNING, "eth0");
	/* loose wins over strict */
	put("proc/sys/net/ipv4/conf/all/rp_filter", "2\n");
	expect_nothing(doctor_sysctl);
	put("proc/sys/net/ipv4/conf/eth0/rp_filter", "0\n");
	put("proc/sys/net/ipv4/conf/all/rp_filter", "1\n");
	expect(doctor_sysctl, "rp-filter", SEV_WARNING, "eth0");
	assert_contains(report.f[0].remedy, "sysctl net/ipv4/conf/eth0/rp_filter=2");
}

static void arp(void **state)
{
	(void)state;
	good_sysctls();
	route_gate("192.0.2.0/24");
	put("proc/sys/net/ipv4/conf/eth0/arp_ignore", "0\n");
	expect_nothing(doctor_sysctl);
	address_gate("192.0.2.53/32", "udp/53");
	expect(doctor_sysctl, "arp-ignore", SEV_NOTE, "eth0");
	put("proc/sys/net/ipv4/conf/eth0/arp_ignore", "1\n");
	put("proc/sys/net/ipv4/conf/all/arp_announce", "0\n");
	expect(doctor_sysctl, "arp-announce", SEV_NOTE, "eth0");
}

static void forwarding(void **state)
{
	struct gate *g;

	(void)state;
	good_sysctls();
	g = address_gate("192.0.2.53/32", "udp/53");
	g->hold = ANYGATE_SWITCH_OFF;
	expect_nothing(doctor_sysctl);
	put("proc/sys/net/ipv4/ip_forward", "1\n");
	expect(doctor_sysctl, "forward-loop", SEV_WARNING, "192.0.2.53/32");
	g->fallback_via = pfx("10.9.9.2/32").addr;
	expect(doctor_sysctl, "no-forwarding", SEV_WARNING, "192.0.2.53/32");
	put("proc/sys/net/ipv4/conf/default/forwarding", "1\n");
	put("proc/sys/net/ipv4/conf/lo/forwarding", "1\n");
	expect(doctor_sysctl, "no-forwarding", SEV_WARNING, "192.0.2.53/32");
	put("proc/sys/net/ipv4/conf/eth0/forwarding", "1\n");
	expect_nothing(doctor_sysctl);
	g->fallback_via.family = 0;
	g->hold = ANYGATE_SWITCH_ON;
	expect_nothing(doctor_sysctl);
	g = address_gate("2001:db8::53/128", "udp/53");
	g->hold = ANYGATE_SWITCH_OFF;
	expect_nothing(doctor_sysctl);
	put("proc/sys/net/ipv6/conf/all/forwarding", "1\n");
	expect(doctor_sysctl, "forward-loop", SEV_WARNING, "2001:db8::53/128");
	g->fallback_via = pfx("2001:db8:9::2/128").addr;
	put("proc/sys/net/ipv6/conf/all/forwarding", "0\n");
	expect(doctor_sysctl, "no-forwarding", SEV_WARNING, "2001:db8::53/128");
	assert_contains(report.f[0].remedy, "net.ipv6.conf.all.forwarding=1");
	put("proc/sys/net/ipv6/conf/all/forwarding", "1\n");
	expect_nothing(doctor_sysctl);
}

/* What a gate's route attracts, the node is to take. */
static void local(void **state)
{
	struct gate *g = route_gate("198.51.100.0/24");

	(void)state;
	g->services[g->n_services++] = svc("udp/53", "198.51.100.53", 1);
	g->services[g->n_services++] = svc("tcp/53", "198.51.100.53", 1);
	expect_nothing(doctor_local);	/* who cannot ask says nothing */
	put("commands/ip_-4_route_show_table_all_type_local",
	    "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1\n"
	    "local 198.51.100.5 dev lo table local proto kernel scope host\n");
	expect(doctor_local, "not-local", SEV_WARNING, "198.51.100.0/24");
	assert_contains(report.f[0].remedy, "ip address add 198.51.100.53/32 dev lo");
	g->announced = ANYGATE_SWITCH_ON;
	expect(doctor_local, "not-local", SEV_PROBLEM, "198.51.100.0/24");
	put("commands/ip_-4_route_show_table_all_type_local",
	    "local 198.51.100.53 dev lo table local proto kernel scope host\n");
	expect_nothing(doctor_local);
	put("commands/ip_-4_route_show_table_all_type_local",
	    "local 198.51.100.0/25 dev lo table 100 scope host\n");
	expect_nothing(doctor_local);
	g = route_gate("2001:db8:53::/48");
	g->services[g->n_services++] = svc("udp/53", "2001:db8:53::53", 1);
	put("commands/ip_-6_route_show_table_all_type_local",
	    "local ::1 dev lo table local proto kernel metric 0 pref medium\n");
	expect(doctor_local, "not-local", SEV_WARNING, "2001:db8:53::/48");
	put("commands/ip_-6_route_show_table_all_type_local",
	    "local 2001:db8:53::53 dev lo table local proto kernel metric 0 pref medium\n");
	expect_nothing(doctor_local);
	/* What it announces, it adds. */
	node.n_gates = 0;
	address_gate("192.0.2.53/32", "udp/53");
	expect_nothing(doctor_local);
}

/* What a command says, and none that does not come to an end. */
static void commands(void **state)
{
	static const char *const good[] = { "echo", "yes", NULL };
	static const char *const bad[] = { "sh", "-c", "echo half; exit 1", NULL };
	static const char *const hangs[] = { "sh", "-c", "echo half; exec sleep 60", NULL };
	static const char *const none[] = { "/nonexistent/command", NULL };
	char *text;

	(void)state;
	node.root = NULL;
	text = node_run(&node, good);
	assert_string_equal(text, "yes\n");
	free(text);
	assert_null(node_run(&node, bad));
	assert_int_not_equal(errno, ETIMEDOUT);
	assert_null(node_run(&node, none));
	assert_int_not_equal(errno, ETIMEDOUT);
	assert_null(node_run(&node, hangs));
	assert_int_equal(errno, ETIMEDOUT);
}

static void routing_daemon(void **state)
{
	(void)state;
	put("proc/1/comm", "systemd\n");
	put("proc/self/comm", "bird\n");	/* no process number */
	expect_nothing(doctor_routing);
	address_gate("192.0.2.53/32", "udp/53");
	expect(doctor_routing, "no-routing-daemon", SEV_WARNING, "node");
	put("proc/42/comm", "bird\n");
	expect_nothing(doctor_routing);
}

static void witness(void **state)
{
	struct gate *g = address_gate("192.0.2.53/32", "udp/53");

	(void)state;
	expect_nothing(doctor_witness);
	g->witness = 4242;
	/* not even a way to look */
	expect_nothing(doctor_witness);
	put("commands/ip_route_show_table_local", "local 127.0.0.1 dev lo\n");
	expect(doctor_witness, "witness-blind", SEV_WARNING, "192.0.2.53/32");
	assert_contains(report.f[0].text, "table 4242, has no IPv4 route");
	put("commands/ip_-4_route_show_table_4242", "");
	expect(doctor_witness, "witness-blind", SEV_WARNING, "192.0.2.53/32");
	put("commands/ip_-4_route_show_table_4242",
	    "default via 10.0.0.1 dev eth0\n"
	    "192.0.2.54 via 10.0.0.1 dev eth0 proto bird\n"
	    "192.0.2.53 via 10.0.0.1 dev eth0 proto bird linkdown\n"
	    "unreachable 192.0.2.0/24 proto bird\n"
	    "192.0.2.0/25 dev eth0 proto kernel scope link\n"
	    "192.0.2.48/28 via 10.0.0.1 dev eth0 proto 166 metric 5\n"
	    "192.0.2.0/26 proto bird metric 32\n"
	    "\tnexthop via 10.0.0.1 dev eth0 weight 1 dead linkdown\n"
	    "\tnexthop via 10.0.0.2 dev eth1 weight 1 dead linkdown\n");
	expect(doctor_witness, "witness-alone", SEV_NOTE, "192.0.2.53/32");
	put("commands/ip_-4_route_show_table_4242",
	    "192.0.2.53 via 10.0.0.1 dev eth0 proto bird metric 32\n");
	expect_nothing(doctor_witness);
	put("commands/ip_-4_route_show_table_4242",
	    "192.0.2.0/24 proto bird metric 32\n"
	    "\tnexthop via 10.0.0.1 dev eth0 weight 1 dead linkdown\n"
	    "\tnexthop via 10.0.0.2 dev eth1 weight 1\n");
	expect_nothing(doctor_witness);

	g = add_gate("2001:db8::53/128", ANYGATE_ACTION_ADDRESS, "udp/53");
	g->witness = 4242;
	expect(doctor_witness, "witness-blind", SEV_WARNING, "2001:db8::53/128");
	assert_contains(report.f[0].text, "table 4242, has no IPv6 route");
	put("commands/ip_-6_route_show_table_4242",
	    "2001:db8::53 via fe80::1 dev eth0 proto bird metric 32 pref medium\n");
	expect_nothing(doctor_witness);
}

static void frr(void **state)
{
	static const char show[] = "commands/vtysh_-c_show_running-config";

	(void)state;
	address_gate("192.0.2.53/32", "udp/53");
	expect_nothing(doctor_frr);
	put("proc/42/comm", "zebra\n");
	expect(doctor_frr, "frr-silent", SEV_NOTE, "FRR");

	put(show, "hostname node\n!\nrouter ospf\n ospf router-id 1.1.1.1\nexit\n"
		  "! redistribute connected\nredistribute connected\n");
	expect(doctor_frr, "frr-redistribute", SEV_PROBLEM, "192.0.2.53/32");
	assert_contains(report.f[0].remedy, "redistribute connected");
	put(show, "router ospf\n redistribute kernel\nexit\nrouter ospf6\n redistribute connected\nexit\n");
	expect(doctor_frr, "frr-redistribute", SEV_PROBLEM, "192.0.2.53/32");
	put(show, "router ospf\n redistribute connected route-map ANYCAST\nexit\n");
	expect_nothing(doctor_frr);
	put(show, "router bgp 65000\n !\n address-family ipv4 unicast\n  redistribute connected\n"
		  " exit-address-family\nexit\n");
	expect_nothing(doctor_frr);
	put(show, "router bgp 65000\n address-family ipv4 unicast\n  network 192.0.2.53/32\n exit-address-family\n");
	expect_nothing(doctor_frr);
	put(show, "router isis x\n redistribute ipv4 connected level-2\n");
	expect_nothing(doctor_frr);

	node.n_gates = 0;
	address_gate("2001:db8::53/128", "udp/53");
	put(show, "router bgp 65000\n address-family ipv4 unicast\n  redistribute connected\n"
		  " exit-address-family\n");
	expect(doctor_frr, "frr-redistribute", SEV_PROBLEM, "2001:db8::53/128");
	put(show, "router bgp 65000\n address-family ipv6 unicast\n  redistribute connected\n"
		  " exit-address-family\n");
	expect_nothing(doctor_frr);

	node.n_gates = 0;
	route_gate("192.0.2.0/24");
	put(show, "router ospf\n redistribute connected\n");
	expect(doctor_frr, "frr-redistribute", SEV_PROBLEM, "192.0.2.0/24");
	put(show, "router ospf\n redistribute kernel\n");
	expect_nothing(doctor_frr);
}

static void frr_table(void **state)
{
	static const char show[] = "commands/vtysh_-c_show_running-config";

	(void)state;
	put("proc/42/comm", "zebra\n");
	route_gate("192.0.2.0/24")->table = 100;
	put(show, "router ospf\n redistribute kernel\n");
	expect(doctor_frr, "frr-table", SEV_WARNING, "192.0.2.0/24");
	assert_contains(report.f[0].remedy, "ip import-table 100");
	/* imported, it is no kernel route any more */
	put(show, "ip import-table 100 distance 20\nrouter ospf\n redistribute kernel\n");
	expect(doctor_frr, "frr-redistribute", SEV_PROBLEM, "192.0.2.0/24");
	assert_contains(report.f[0].remedy, "redistribute table 100");
	put(show, "ip import-table 100\nrouter ospf\n redistribute table 1001\n");
	expect(doctor_frr, "frr-redistribute", SEV_PROBLEM, "192.0.2.0/24");
	put(show, "ip import-table 100\nrouter isis x\n redistribute ipv4 table level-2\n");
	expect(doctor_frr, "frr-redistribute", SEV_PROBLEM, "192.0.2.0/24");
	put(show, "ip import-table 100\nrouter ospf\n redistribute table 100 route-map M\n");
	expect_nothing(doctor_frr);
	put(show, "ip import-table 101\nrouter ospf\n redistribute table 100\n redistribute kernel\n");
	expect(doctor_frr, "frr-table", SEV_WARNING, "192.0.2.0/24");
	put(show, "router bgp 65000\n address-family ipv4 unicast\n  redistribute table-direct 100\n");
	expect_nothing(doctor_frr);
	/* more than can be imported */
	gates[0].table = 300;
	put(show, "router ospf\n redistribute kernel\n");
	expect(doctor_frr, "frr-table", SEV_WARNING, "192.0.2.0/24");
	assert_null(strstr(report.f[0].remedy, "import-table"));

	node.n_gates = 0;
	route_gate("2001:db8::/48")->table = 100;
	put(show, "ip import-table 100\nrouter bgp 65000\n address-family ipv6 unicast\n"
		  "  redistribute table 100\n  redistribute kernel\n exit-address-family\n");
	expect(doctor_frr, "frr-table", SEV_WARNING, "2001:db8::/48");
	assert_null(strstr(report.f[0].remedy, "import-table"));
}

/* What is announced is the covering prefix, and its gate says whether it is. */
static void covered(void **state)
{
	static const char show[] = "commands/vtysh_-c_show_running-config";
	struct gate *g = address_gate("192.0.2.53/32", "udp/53"), *cover;

	(void)state;
	put("proc/42/comm", "zebra\n");
	put(show, "router ospf\n redistribute kernel\n");
	expect(doctor_frr, "frr-redistribute", SEV_PROBLEM, "192.0.2.53/32");
	cover = route_gate("192.0.2.0/24");
	expect(doctor_frr, "frr-redistribute", SEV_NOTE, "192.0.2.53/32");
	assert_contains(report.f[0].text, "inside 192.0.2.0/24");
	cover->prefix = pfx("192.0.3.0/24");
	expect(doctor_frr, "frr-redistribute", SEV_PROBLEM, "192.0.2.53/32");
	cover->prefix = pfx("2001:db8::/32");
	report_free(&report);
	doctor_frr(&node, &report);
	assert_int_equal(found("frr-redistribute")->severity, SEV_PROBLEM);

	put("proc/42/comm", "bird\n");
	put("commands/birdc_-r_show_protocols", "ospf1 OSPF master4 up now\n");
	expect(doctor_bird, "bird-direct", SEV_PROBLEM, "192.0.2.53/32");
	cover->prefix = pfx("192.0.2.0/24");
	expect(doctor_bird, "bird-direct", SEV_NOTE, "192.0.2.53/32");
	assert_contains(report.f[0].text, "inside 192.0.2.0/24");
	put("commands/birdc_-r_show_protocols",
	    "ospf1 OSPF master4 up now\ndirect1 Direct --- up now\n");
	g->announced = ANYGATE_SWITCH_ON;
	expect(doctor_bird, "bird-route", SEV_NOTE, "192.0.2.53/32");
	put("commands/birdc_-r_show_route_192.0.2.53_32", "192.0.2.53/32 unicast\n");
	expect(doctor_bird, "bird-export", SEV_NOTE, "192.0.2.53/32");
	/* the covering one has to be announced, and so has a route inside it */
	g->action = ANYGATE_ACTION_ROUTE;
	expect(doctor_bird, "bird-export", SEV_PROBLEM, "192.0.2.53/32");
	g->announced = ANYGATE_SWITCH_OFF;
	cover->announced = ANYGATE_SWITCH_ON;
	expect(doctor_bird, "bird-route", SEV_PROBLEM, "192.0.2.0/24");
}

/* It announces nothing, and has not to. */
static void bird_beside_frr(void **state)
{
	static const char show[] = "commands/vtysh_-c_show_running-config";
	struct gate *g = address_gate("192.0.2.53/32", "udp/53");

	(void)state;
	g->announced = ANYGATE_SWITCH_ON;
	put("proc/42/comm", "bird\n");
	put("commands/birdc_-r_show_protocols", "listen4 BGP witness4 up now\n");
	put(show, "router ospf\n redistribute connected\n");
	expect(doctor_bird, "bird-direct", SEV_PROBLEM, "192.0.2.53/32");
	put("proc/43/comm", "zebra\n");
	expect_nothing(doctor_bird);
	put(show, "router ospf\n redistribute kernel\n");
	expect(doctor_bird, "bird-direct", SEV_PROBLEM, "192.0.2.53/32");
	/* of a table that FRR has not been told to import it tells nobody */
	g->action = ANYGATE_ACTION_ROUTE;
	expect_nothing(doctor_bird);
	g->table = 100;
	expect(doctor_bird, "bird-route", SEV_PROBLEM, "192.0.2.53/32");
}

#define PROTOCOLS								\
	"BIRD 2.0.12 ready.\n"							\
	"Access restricted\n"							\
	"Name       Proto      Table      State  Since         Info\n"		\
	"device1    Device     ---        up     08:00:00.000  \n"		\
	"ospf1      OSPF       master4    up     08:00:00.000  Running\n"

static void bird(void **state)
{
	static const char show[] = "commands/birdc_-r_show_protocols";
	static const char route[] = "commands/birdc_-r_show_route_192.0.2.53_32";
	static const char export[] = "commands/birdc_-r_show_route_192.0.2.53_32_export_ospf1";
	struct gate *g = address_gate("192.0.2.53/32", "udp/53");

	(void)state;
	expect_nothing(doctor_bird);
	put("proc/42/comm", "bird\n");
	expect(doctor_bird, "bird-silent", SEV_NOTE, "BIRD");
	put(show, PROTOCOLS);
	expect(doctor_bird, "bird-direct", SEV_PROBLEM, "192.0.2.53/32");
	put(show, PROTOCOLS "direct1    Direct     ---        down   08:00:00.000  \n");
	expect(doctor_bird, "bird-direct", SEV_PROBLEM, "192.0.2.53/32");
	put(show, PROTOCOLS "direct1    Direct     ---        up     08:00:00.000  \n");
	expect_nothing(doctor_bird);

	g->announced = ANYGATE_SWITCH_ON;
	put(route, "BIRD 2.0.12 ready.\nNetwork not found\n");
	expect(doctor_bird, "bird-route", SEV_PROBLEM, "192.0.2.53/32");
	put(route, "BIRD 2.0.12 ready.\nTable master4:\n"
		   "192.0.2.53/32        unicast [direct1 08:00:00.000] * (240)\n\tdev lo\n");
	put(export, "BIRD 2.0.12 ready.\n");
	expect(doctor_bird, "bird-export", SEV_PROBLEM, "192.0.2.53/32");
	put(export, "Table master4:\n192.0.2.53/32        unicast [direct1 08:00:00.000] * (240)\n");
	expect_nothing(doctor_bird);

	g->action = ANYGATE_ACTION_ROUTE;
	put(show, PROTOCOLS);
	put(route, "BIRD 2.0.12 ready.\nNetwork not found\n");
	expect(doctor_bird, "bird-route", SEV_PROBLEM, "192.0.2.53/32");
	assert_contains(report.f[0].remedy, "krt_source 166");
}

/* Daemons of other network namespaces are not this node's; ours may listen elsewhere. */
static void elsewhere(void **state)
{
	(void)state;
	address_gate("192.0.2.53/32", "udp/53");
	put("proc/42/comm", "bird\n");
	put_bytes("proc/42/cmdline", "bird\0-c\0/etc/x\0-s\0/run/x.ctl", 26);
	put_link("proc/thread-self/ns/net", "net:[1]");
	put_link("proc/42/ns/net", "net:[2]");
	put("commands/birdc_-r_-s__run_x.ctl_show_protocols", "direct1 Direct --- down now\n");
	expect_nothing(doctor_bird);
	expect(doctor_routing, "no-routing-daemon", SEV_WARNING, "node");
	put("proc/43/comm", "bird\n");
	put_bytes("proc/43/cmdline", "bird\0-s/run/x.ctl\0-f", 21);
	put_link("proc/43/ns/net", "net:[1]");
	expect_nothing(doctor_routing);
	expect(doctor_bird, "bird-direct", SEV_PROBLEM, "192.0.2.53/32");
	put("proc/43/comm", "zebra\n");
	put_bytes("proc/43/cmdline", "zebra\0-N\0blue", 13);
	put("commands/vtysh_-N_blue_-c_show_running-config",
	    "router ospf\n redistribute connected\n");
	expect_nothing(doctor_frr);
	put("proc/43/comm", "keepalived\n");
	put_bytes("proc/43/cmdline", "keepalived\0-f\0/x.conf", 22);
	put("x.conf", "\t192.0.2.53/32 dev lo\n");
	expect(doctor_manager, "other-manager", SEV_WARNING, "192.0.2.53/32");
	put("proc/43/comm", "named\n");
	put_bytes("proc/43/cmdline", "named\0-c\0/x.conf", 17);
	put("commands/named-checkconf_-p__x.conf",
	    "options {\n\tautomatic-interface-scan no;\n\tinterface-interval 7;\n};\n");
	expect(doctor_server, "bind-scan", SEV_WARNING, "BIND");
	assert_contains(report.f[0].text, "interface-interval is 7");
}

static void healthy(void **state)
{
	struct gate *g = address_gate("192.0.2.53/32", "udp/53");

	(void)state;
	good_sysctls();
	g->announced = ANYGATE_SWITCH_ON;
	put("proc/42/comm", "zebra\n");
	put("commands/vtysh_-c_show_running-config", "router ospf\n redistribute connected\n");
	expect_nothing(doctor_all);
}

static void printed(void **state)
{
	struct json_object *all, *o;
	char *text = NULL;
	size_t size;
	FILE *f;

	(void)state;
	f = open_memstream(&text, &size);
	assert_int_equal(report_print(&report, f), ST_OK);
	report_remedy(report_add(&report, "arp-ignore", SEV_NOTE, "eth0", "one"), "do");
	assert_int_equal(report_print(&report, f), ST_OK);
	/* what comes from outside is harmless */
	report_remedy(report_add(&report, "rp-filter", SEV_WARNING, "e\033", "two"), "undo");
	assert_int_equal(report_print(&report, f), ST_FINDINGS);
	fclose(f);
	assert_string_equal(text,
			    "0 problems, 0 warnings, 0 notes\n"
			    "note arp-ignore eth0: one\n    do\n"
			    "0 problems, 0 warnings, 1 note\n"
			    "note arp-ignore eth0: one\n    do\n"
			    "warning rp-filter e\\x1b: two\n    undo\n"
			    "0 problems, 1 warning, 1 note\n");
	free(text);

	opt.json = true;
	f = open_memstream(&text, &size);
	assert_int_equal(report_print(&report, f), ST_FINDINGS);
	fclose(f);
	all = json_tokener_parse(text);
	o = json_object_array_get_idx(all, 1);
	assert_string_equal(json_path(o, "severity"), "\"warning\"");
	assert_string_equal(json_path(o, "id"), "\"rp-filter\"");
	assert_string_equal(json_path(o, "remedy"), "\"undo\"");
	json_object_put(all);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(module),
		test(rp_filter),
		test(arp),
		test(forwarding),
		test(local),
		test(commands),
		test(routing_daemon),
		test(witness),
		test(frr),
		test(frr_table),
		test(bird),
		test(covered),
		test(bird_beside_frr),
		test(elsewhere),
		test(healthy),
		test(printed),
	};

	return cmocka_run_group_tests_name("doctor", tests, make_root, remove_root);
}
