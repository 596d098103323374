# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # much of it is for those who source it
#
# recipe.inc.sh - what the tests of the recipes share: a router with nodes around
# it, each a namespace, with routing daemons and servers that are told apart.
#
# The recipe's own files are run as they are: what differs between nodes is what
# a daemon reads from its namespace. N is a node's number, 1 to 9, and 0 is the
# router; NS[N] is its namespace.

PYTHON=${PYTHON:-/usr/bin/python3}
# OSPF announces anew what it has just withdrawn after some five seconds.
PATIENCE=60000

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

# star NODES: the router has eth1, eth2, … with 10.0.N.1/24 and 2001:db8:N::1/64;
# each node has eth0, with .2 and ::2. No daemon runs.
star()
{
	local n name
	SERVER=()
	setup_ns router
	NS=("$router")
	for n in $(seq "$1"); do
		setup_ns "node$n"
		name="node$n"
		NS+=("${!name}")
	done
	node 0 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	for n in $(seq "$1"); do
		ip link add eth$n netns "${NS[0]}" type veth peer name eth0 netns "${NS[n]}" ||
			fail "no veth"
		ip -n "${NS[0]}" addr add 10.0.$n.1/24 dev eth$n
		ip -n "${NS[0]}" addr add 2001:db8:$n::1/64 dev eth$n nodad
		ip -n "${NS[0]}" link set eth$n up
		ip -n "${NS[n]}" addr add 10.0.$n.2/24 dev eth0
		ip -n "${NS[n]}" addr add 2001:db8:$n::2/64 dev eth0 nodad
		ip -n "${NS[n]}" link set eth0 up
		node "$n" sysctl -qw net.ipv6.conf.eth0.accept_dad=0
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

# routed N: the router's routes lead to this node, and to no other
routed()
{
	[[ $(ip -n "${NS[0]}" route show $V4) == *" dev eth$1 "* &&
	   $(ip -n "${NS[0]}" -6 route show $V6) == *" dev eth$1 "* ]]
}

ip_route_any()
{
	[ -n "$(ip -n "${NS[0]}" route show $V4)" ] &&
		[ -n "$(ip -n "${NS[0]}" -6 route show $V6)" ]
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
