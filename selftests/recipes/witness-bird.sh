#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=600
#
# Documentation/recipes/witness-bird, with exactly its files: three nodes and a
# router. Servers die one after the other, and the last node stays.

. "${0%/*}/../lib.sh"

PYTHON=${PYTHON:-/usr/bin/python3}
RECIPE=$SELFTESTS/../Documentation/recipes/witness-bird
# OSPF announces anew what it has just withdrawn after some five seconds.
PATIENCE=60000

needs bird birdc "$PYTHON"

node()
{
	ip netns exec "${NS[$1]}" "${@:2}"
}

# bird_on N FILE: 0 is the router
bird_on()
{
	# not by a function: it is the program itself that has the number
	ip netns exec "${NS[$1]}" bird -f -c "$2" -s "$TMP/bird$1.ctl" -P "$TMP/bird$1.pid" \
		>"$TMP/bird$1.log" 2>&1 &
	MONITORS+=($!)
	eventually "BIRD of $1" birdc_ok "$1" show status
}

birdc_ok()
{
	birdc -s "$TMP/bird$1.ctl" "${@:2}" >"$TMP/birdc" 2>&1
}

network()
{
	local n router one two three
	setup_ns router one two three
	NS=("$router" "$one" "$two" "$three")
	node 0 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	for n in 1 2 3; do
		ip link add eth$n netns "$router" type veth peer name eth0 netns "${NS[n]}" ||
			fail "no veth"
		ip -n "$router" addr add 10.0.$n.1/24 dev eth$n
		ip -n "$router" addr add 2001:db8:$n::1/64 dev eth$n nodad
		ip -n "$router" link set eth$n up
		ip -n "${NS[n]}" addr add 10.0.$n.2/24 dev eth0
		ip -n "${NS[n]}" addr add 2001:db8:$n::2/64 dev eth0 nodad
		ip -n "${NS[n]}" link set eth0 up
		node "$n" sysctl -qw net.ipv6.conf.eth0.accept_dad=0
	done
	bird_on 0 "$RECIPE/router.conf"
	for n in 1 2 3; do
		bird_on $n "$RECIPE/bird.conf"
		ctl -n "${NS[n]}" apply "$RECIPE/anygate.conf" >/dev/null
	done
}

# A server that says which node it is on.
server()
{
	ip netns exec "${NS[$1]}" "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", 53))
while True:
    _, who = s.recvfrom(512)
    s.sendto(sys.argv[1].encode(), who)
' "$1" &
	SERVER[$1]=$!
	disown	# bash would tell of its end, with all its text
	defer "kill -9 $! 2>/dev/null"
}

kill_server()
{
	kill -9 "${SERVER[$1]}"
}

# Which node answers a client behind the router; nothing if none does.
answer()
{
	node 0 "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET,
                  socket.SOCK_DGRAM)
s.settimeout(2)
try:
    s.sendto(b"?", (sys.argv[1], 53))
    print(s.recv(512).decode())
except OSError:
    pass
' "$1"
}

answers()
{
	[ "$(answer "$2")" = "$1" ]
}

state_is()
{
	local g
	for g in $V4/32 $V6/128; do
		"$ANYGATECTL" -n "${NS[$1]}" -j show $g 2>/dev/null |
			grep -q "\"state\":\"$2\"" || return
	done
}

# kept_for N SECONDS
kept_for()
{
	"$ANYGATECTL" -n "${NS[$1]}" -j show $V4/32 | jq -e ".[0].since_s > $2" >/dev/null
}

# routed N: the router's routes lead to this node, and to no other
routed()
{
	[[ $(ip -n "${NS[0]}" route show $V4) == *" dev eth$1 "* &&
	   $(ip -n "${NS[0]}" -6 route show $V6) == *" dev eth$1 "* ]]
}

# sees N, sees_nobody N: what its witness has
sees()
{
	[ -n "$(ip -n "${NS[$1]}" route show table 100 $V4 2>/dev/null)" ] &&
		[ -n "$(ip -n "${NS[$1]}" -6 route show table 100 $V6 2>/dev/null)" ]
}

sees_nobody()
{
	[ -z "$(ip -n "${NS[$1]}" route show table 100 2>/dev/null)" ] &&
		[ -z "$(ip -n "${NS[$1]}" -6 route show table 100 2>/dev/null)" ]
}

# What "eventually" shows, of all of them.
show_all()
{
	local n
	for n in 0 1 2 3; do
		echo "#  --- $n"
		{
			"$ANYGATECTL" -n "${NS[n]}" show
			ip -n "${NS[n]}" route
			ip -n "${NS[n]}" route show table 100
			ip -n "${NS[n]}" -6 route show table 100
			birdc -s "$TMP/bird$n.ctl" show route
			cat "$TMP/bird$n.log"
		} 2>&1 | sed 's/^/#   /'
	done
}

last_stays()
{
	local n
	network
	SERVER=()
	for n in 1 2 3; do
		server $n
	done
	for n in 1 2 3; do
		eventually "node $n to announce" state_is $n open
		eventually "node $n to see the others" sees $n
	done
	eventually "the router to have a route" ip_route_any

	note "the first server dies"
	kill_server 1
	eventually "node 1 to withdraw" state_is 1 closed
	note "the second"
	kill_server 2
	eventually "node 2 to withdraw" state_is 2 closed
	eventually "the router to know the third only" routed 3
	eventually "a client to be answered" answers 3 $V4
	eventually "a client to be answered" answers 3 $V6
	eventually "the last one to know that it is alone" sees_nobody 3

	note "the last"
	"$ANYGATECTL" -n "${NS[3]}" -j monitor >"$TMP/events" 2>&1 &
	MONITORS+=($!)
	kill_server 3
	eventually "node 3 to be kept" state_is 3 kept
	"$ANYGATECTL" -n "${NS[3]}" show | grep -q "KEPT: no other path" ||
		fail "show does not say so"
	expect routed 3
	# the routing has had time enough to lose it
	eventually "some seconds to pass" kept_for 3 5
	expect state_is 3 kept
	expect sees 1
	expect routed 3

	note "the first returns, and the last withdraws"
	server 1
	eventually "node 1 to announce" state_is 1 open
	eventually "node 3 to withdraw" state_is 3 closed
	eventually "the router to know the first only" routed 1
	eventually "a client to be answered" answers 1 $V4
	eventually "a client to be answered" answers 1 $V6
	expect state_is 1 open

	note "and the first is the last one now"
	eventually "it to know that" sees_nobody 1
	kill_server 1
	eventually "node 1 to be kept" state_is 1 kept
	expect routed 1
}

ip_route_any()
{
	[ -n "$(ip -n "${NS[0]}" route show $V4)" ] &&
		[ -n "$(ip -n "${NS[0]}" -6 route show $V6)" ]
}

# All of them in the same moment: the one that waits longest finds itself alone.
all_at_once()
{
	local n
	network
	SERVER=()
	for n in 1 2 3; do
		ctl -n "${NS[n]}" change dns down $((10 * (n - 1)))s
		server $n
	done
	for n in 1 2 3; do
		eventually "node $n to announce" state_is $n open
		eventually "node $n to see the others" sees $n
	done
	kill -9 "${SERVER[@]}"
	eventually "node 1 to withdraw" state_is 1 closed
	eventually "node 2 to withdraw" state_is 2 closed
	eventually "node 3 to be kept" state_is 3 kept
	eventually "the router to know the third only" routed 3
	eventually "some seconds to pass" kept_for 3 5
	expect routed 3
}

# A BIRD that ends takes the routes of others along: what dies then stays.
without_bird()
{
	local n
	network
	SERVER=()
	server 1
	server 2
	for n in 1 2; do
		eventually "node $n to announce" state_is $n open
		eventually "node $n to see the other" sees $n
	done
	kill "$(cat "$TMP/bird1.pid")"
	eventually "its routes to go" sees_nobody 1
	kill_server 1
	eventually "node 1 to be kept" state_is 1 kept
	bird_on 1 "$RECIPE/bird.conf"
	eventually "node 1 to withdraw" state_is 1 closed
	eventually "the router to know the second only" routed 2
}

t "the last of three nodes stays" last_stays
t "all die at once: the one with the longest down stays" all_at_once
t "the routing daemon ends, and comes back" without_bird

run_tests "$@"
