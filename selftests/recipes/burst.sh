#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1200
#
# GATES (1000) host prefixes behind one daemon, and a routing daemon that has to
# follow: all of them gone, and all of them back. What counts is the kernel's table
# of the router next door.
#
# With its default buffer BIRD 2.0.12 loses messages of such a burst, and looks at
# the kernel's tables again only when its scan time is over, a minute: "netlink rx
# buffer" has room for it. So has zebra as Debian starts it, with -s 90000000.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"

GATES=${GATES:-1000}
PATIENCE=120000

gates_file()
{
	awk -v n="$GATES" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "add 10.128.%d.%d/32 udp/53 up 0 action %s\n",
			       int(i / 256), i % 256, i % 2 ? "route" : "address"
	}' >"$TMP/gates"
}

bird_conf()
{
	cat >"$TMP/node.conf" <<-END
		router id 10.0.1.2;
		protocol device { }
		protocol direct { ipv4; interface "lo"; }
		protocol kernel {
			learn;
			netlink rx buffer 16777216;
			ipv4 { import where krt_source = 166; export none; };
		}
		protocol bgp {
			local as 64502;
			neighbor 10.0.1.1 as 64501;
			connect retry time 1;
			ipv4 {
				import none;
				export where net ~ [ 10.128.0.0/16{32,32} ];
			};
		}
	END
	cat >"$TMP/router.conf" <<-END
		router id 10.0.1.1;
		protocol device { }
		protocol kernel { netlink rx buffer 16777216; ipv4 { export all; }; }
		protocol bgp {
			local as 64501;
			neighbor 10.0.1.2 as 64502;
			connect retry time 1;
			ipv4 { import all; export none; };
		}
	END
}

frr_conf()
{
	cat >"$TMP/frr.conf" <<-END
		frr defaults traditional
		ip prefix-list GATES seq 5 permit 10.128.0.0/16 ge 32
		route-map GATES permit 10
		 match ip address prefix-list GATES
		 set metric 0
		exit
		route-map NONE deny 10
		exit
		route-map ALL permit 10
		exit
		router bgp 64502
		 bgp router-id 10.0.1.2
		 neighbor 10.0.1.1 remote-as 64501
		 neighbor 10.0.1.1 timers connect 1
		 address-family ipv4 unicast
		  redistribute kernel route-map GATES
		  redistribute connected route-map GATES
		  neighbor 10.0.1.1 route-map NONE in
		  neighbor 10.0.1.1 route-map ALL out
		 exit-address-family
		exit
	END
	printf '%s\n' bgpd=yes 'zebra_options="-A 127.0.0.1 -s 90000000"' \
		'bgpd_options="-A 127.0.0.1"' >"$TMP/daemons"
}

# How many the router has
learnt()
{
	[ "$(ip -n "${NS[0]}" -j route show root 10.128.0.0/16 | jq length)" = "$1" ]
}

show_counts()
{
	note "node: $("$ANYGATECTL" -n "${NS[1]}" -j show state open 2>/dev/null | jq length) open," \
		"router: $(ip -n "${NS[0]}" route show root 10.128.0.0/16 | wc -l) routes"
}

round()
{
	local begun
	begun=$(now_ms)
	server 1
	eventually "all to be announced" learnt "$GATES"
	note "announced after $(($(now_ms) - begun)) ms"
	begun=$(now_ms)
	kill_server 1
	eventually "none to be" learnt 0
	note "gone after $(($(now_ms) - begun)) ms"
}

burst()
{
	local daemon=$1
	star 1
	gates_file
	bird_conf
	bird_on 0 "$TMP/router.conf"
	if [ "$daemon" = bird ]; then
		bird_on 1 "$TMP/node.conf"
	else
		frr_conf
		frr_on 1 "$TMP/frr.conf" "$TMP/daemons"
	fi
	ctl -n "${NS[1]}" apply "$TMP/gates" >/dev/null
	round
	round
	# and some of them removed
	server 1
	eventually "all to be announced again" learnt "$GATES"
	"$ANYGATECTL" -n "${NS[1]}" flush 10.128.0.0/24 || fail "flush"
	eventually "those that are left" learnt $((GATES - 256))
	show_counts
}

needs bird birdc "$PYTHON"

t "BIRD" burst bird
t "FRR" burst frr

run_tests "$@"
