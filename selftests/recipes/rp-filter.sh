#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1200
#
# Documentation/recipes/rp-filter, with exactly its files: what a strict check of the
# way back does to anycast, on a node and on its router, and a loose one does not.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/routing.inc.sh"

needs bird birdc nft "$PYTHON"

GATES=("$V4/32")
ASKED=("$V4")

# strict N DEVICE...: what some distributions have, and many routers of others
strict()
{
	local device
	for device in all "${@:2}"; do
		node "$1" sysctl -qw "net.ipv4.conf.$device.rp_filter=1"
	done
}

loose()
{
	node "$1" sysctl -qp "$RECIPE/sysctl.conf" || fail "sysctl"
}

network()
{
	local n
	star 2
	client
	bird_on 0 "$RECIPE/router.conf"
	for n in 1 2; do
		bird_on $n "$RECIPE/bird.conf"
		ctl -n "${NS[n]}" apply "$RECIPE/anygate.conf" >/dev/null
	done
}

connected()
{
	[ -n "$(ip -n "${NS[$1]}" route show exact 10.1.0.0/24)" ]
}

# A server that thinks: it says by a file that it was asked, and answers when
# another one is there.
slow_server()
{
	ip netns exec "${NS[$1]}" "$PYTHON" -c '
import os, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("192.0.2.53", 53))
while True:
    _, who = s.recvfrom(512)
    open(sys.argv[2], "w").close()
    while not os.path.exists(sys.argv[3]):
        time.sleep(0.01)
    s.sendto(sys.argv[1].encode(), who)
' "$1" "$TMP/asked" "$TMP/answer" &
	SERVER[$1]=$!
	disown
	defer "kill -9 $! 2>/dev/null"
}

# A client that waits; what it gets is in a file.
slow_client()
{
	rm -f "$TMP/asked" "$TMP/answer" "$TMP/got"
	ip netns exec "${NS[10]}" "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(float(sys.argv[1]))
s.connect(("192.0.2.53", 53))
s.send(b"?")
try:
    print(s.recv(512).decode())
except OSError:
    print("nothing")
' "$1" >"$TMP/got" 2>&1 &
	disown
	defer "kill -9 $! 2>/dev/null"
}

got()
{
	[ "$(<"$TMP/got")" = "$1" ]
}

# The router: node 2 is asked, and withdrawn before it answers. Its answer comes from
# where the way to the service address does not lead any more.
late()
{
	slow_client "$1"
	eventually "node 2 to be asked" test -e "$TMP/asked"
	ctl -n "${NS[1]}" undrain dns >/dev/null
	ctl -n "${NS[2]}" drain dns >/dev/null
	eventually "the router to know the first only" leads 1
	: >"$TMP/answer"
	eventually "the client to have $2" got "$2"
	ctl -n "${NS[1]}" drain dns >/dev/null
	ctl -n "${NS[2]}" undrain dns >/dev/null
	eventually "the router to know the second only" leads 2
}

router()
{
	network
	slow_server 1
	slow_server 2
	ctl -n "${NS[1]}" drain dns >/dev/null
	eventually "the router to know the second only" leads 2
	strict 0 eth1 eth2
	note "strict"
	late 30 nothing
	loose 0
	note "loose"
	late 60 2
}

# A node with two links: it is asked by the one, and its way back is the other.
two_links()
{
	network
	server 1
	eventually "the router to know the first" leads 1
	eventually "node 1 to be connected" connected 1
	eventually "node 1 to answer" served 1
	ip link add eth9 netns "${NS[0]}" type veth peer name eth1 netns "${NS[1]}" ||
		fail "no veth"
	ip -n "${NS[0]}" addr add 10.0.9.1/24 dev eth9
	ip -n "${NS[0]}" link set eth9 up
	ip -n "${NS[1]}" addr add 10.0.9.2/24 dev eth1
	ip -n "${NS[1]}" link set eth1 up
	loose 0
	strict 1 eth0 eth1
	ip -n "${NS[0]}" route add $V4 via 10.0.9.2 metric 1
	note "strict"
	expect unserved
	doctor_clean 1 rp-filter
	loose 1
	note "loose"
	eventually "node 1 to answer" served 1
	page_commands "$RECIPE/README.md" 1
	doctor_clean 1
}

# A node into which another one's tunnel leads: the way back to a client is not by it.
tunnel()
{
	local n tunnel=$SELFTESTS/../Documentation/recipes/covering/tunnel
	star 2
	client
	default_routes 1 2
	loose 0
	for n in 1 2; do
		node $n "$tunnel" 10.0.$n.2 10.0.$((3 - n)).2 $n || fail "no tunnel"
	done
	ip -n "${NS[2]}" addr add $V4/32 dev lo
	server 2
	ip -n "${NS[1]}" route add $V4 via 10.9.9.2 dev anycast0
	ip -n "${NS[0]}" route add $V4 via 10.0.1.2
	eventually "node 2 to answer" served 2
	note "strict"
	strict 2 eth0 anycast0
	expect unserved
	loose 2
	note "loose"
	eventually "node 2 to answer" served 2
}

# check_of_ipv6 N WAY: no sysctl has it; WAY is ". iif" or nothing
check_of_ipv6()
{
	node "$1" nft -f - <<-END || fail "nft"
		add table ip6 anycast
		delete table ip6 anycast
		table ip6 anycast {
			chain back {
				type filter hook prerouting priority raw
				fib saddr $2 oif missing drop
			}
		}
	END
}

# The same node with two links, and IPv6.
two_links_ipv6()
{
	local ASKED=("$V6")
	star 1
	client
	default_routes 1
	ip link add eth9 netns "${NS[0]}" type veth peer name eth1 netns "${NS[1]}" ||
		fail "no veth"
	ip -n "${NS[0]}" addr add 2001:db8:9::1/64 dev eth9 nodad
	ip -n "${NS[0]}" link set eth9 up
	ip -n "${NS[1]}" addr add 2001:db8:9::2/64 dev eth1 nodad
	ip -n "${NS[1]}" link set eth1 up
	ctl -n "${NS[1]}" add $V6/128 udp/53
	server 1
	ip -n "${NS[0]}" route add $V6 via 2001:db8:9::2
	eventually "node 1 to answer" served 1
	note "strict"
	check_of_ipv6 1 ". iif"
	expect unserved
	note "loose"
	check_of_ipv6 1 ""
	eventually "node 1 to answer" served 1
}

t "the router drops a late answer, or does not" router
t "a node with two links drops a question, or does not" two_links
t "the same with IPv6 and a rule of nftables" two_links_ipv6
t "a node with a tunnel drops what comes out of it, or does not" tunnel

run_tests "$@"
