#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/ecmp-tcp, with exactly its files: connections to three nodes
# with equal paths, of which one is withdrawn. Those of the other two must live on.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/routing.inc.sh"

needs bird birdc "$PYTHON"

GATES=("$V4/32" "$V6/128")
CONNECTIONS=60

# A server that says in each answer which node it is on.
tcp_server()
{
	ip netns exec "${NS[$1]}" "$PYTHON" -c '
import selectors, socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("::", 53))
s.listen(100)
wait = selectors.DefaultSelector()
wait.register(s, selectors.EVENT_READ)
while True:
    for key, _ in wait.select():
        if key.fileobj is s:
            wait.register(s.accept()[0], selectors.EVENT_READ)
            continue
        try:
            said = key.fileobj.recv(100)
        except OSError:
            said = b""
        if said:
            key.fileobj.send(sys.argv[1].encode())
        else:
            wait.unregister(key.fileobj)
            key.fileobj.close()
' "$1" &
	SERVER[$1]=$!
	disown
	defer "kill -9 $! 2>/dev/null"
}

# The client holds its connections, and for each line that it reads asks by all of
# them; it answers with a line that has a node's number, or "-", for each.
tcp_client()
{
	coproc CLIENTS { exec ip netns exec "${NS[10]}" "$PYTHON" -c '
import socket, sys
held = []
for address in sys.argv[2:]:
    for _ in range(int(sys.argv[1])):
        held.append(socket.create_connection((address, 53), 10))
for _ in sys.stdin:
    out = ""
    for s in held:
        try:
            s.settimeout(2)
            s.send(b"?")
            out += s.recv(1).decode() or "-"
        except OSError:
            out += "-"
    print(out, flush=True)
' $CONNECTIONS "$V4" "$V6"; }
	exec {TO}>&"${CLIENTS[1]}" {FROM}<&"${CLIENTS[0]}"
}

ask_connections()
{
	echo >&"$TO"
	read -r -t 400 -u "$FROM" ANSWERS || fail "the client does not answer"
}

network()
{
	local n
	star 3
	client
	node 0 sysctl -qp "$RECIPE/router-sysctl.conf" || fail "sysctl"
	bird_on 0 "$RECIPE/router.conf"
	for n in 1 2 3; do
		bird_on $n "$RECIPE/bird.conf"
		ctl -n "${NS[n]}" apply "$RECIPE/anygate.conf" >/dev/null
		tcp_server $n
	done
	for n in 1 2 3; do
		eventually "node $n to be connected" connected $n
	done
	eventually "routes to all nodes" leads 123
}

# moved: how many connections of nodes that stay are broken
moved()
{
	local i count=0
	for ((i = 0; i < ${#BEFORE}; i++)); do
		[ "${BEFORE:i:1}" = 1 ] || [ "${BEFORE:i:1}" = "${ANSWERS:i:1}" ] ||
			count=$((count + 1))
	done
	echo $count
}

# connect_to_all: BEFORE and ANSWERS are what is said before and after what follows
connect_to_all()
{
	tcp_client
	ask_connections
	BEFORE=$ANSWERS
	note "before: $BEFORE"
	[[ $BEFORE =~ ^[123]+$ && $BEFORE == *1* && $BEFORE == *2* && $BEFORE == *3* ]] ||
		fail "not all of them are connected to three nodes"
	ask_connections
	[ "$ANSWERS" = "$BEFORE" ] || fail "a flow has more than one path: $ANSWERS"
}

# Node 1 goes.
withdraw_first()
{
	connect_to_all
	ctl -n "${NS[1]}" drain dns >/dev/null
	eventually "routes to the others only" leads 23
}

# Each flow has one path; but when a node goes the others' flows are dealt out anew.
dealt_anew()
{
	network
	withdraw_first
	ask_connections
	note "after:  $ANSWERS"
	[ "$(moved)" -gt 0 ] || fail "no connection of another node was broken"
}

mirror()
{
	ip netns exec "${NS[0]}" "$RECIPE/resilient" "$V4/32" 1000 "$V6/128" 2000 \
		>>"$TMP/resilient" 2>&1 &
	MIRROR=$!
	MONITORS+=($!)
	disown
}

mirror_ends()
{
	kill -9 $MIRROR
	eventually "its end" mirror_has_ended
}

mirror_has_ended()
{
	! kill -0 $MIRROR 2>/dev/null
}

# With buckets that stay only the flows of the node that has gone move.
resilient()
{
	network
	mirror
	eventually "groups of three" groups_of 3
	page_commands "$RECIPE/README.md" 0
	doctor_clean 1
	withdraw_first
	eventually "groups of two" groups_of 2
	ask_connections
	note "after:  $ANSWERS"
	[ "$(moved)" = 0 ] || fail "connections of other nodes were broken"

	note "and back: nobody moves who is not idle"
	BEFORE=$ANSWERS
	ctl -n "${NS[1]}" undrain dns >/dev/null
	eventually "groups of three" groups_of 3
	ask_connections
	[ "$(moved)" = 0 ] || fail "connections were broken by a return: $ANSWERS"
}

# Its successor goes on where it has ended.
restarted()
{
	network
	mirror
	eventually "groups of three" groups_of 3
	connect_to_all
	note "a node goes while nobody looks"
	mirror_ends
	ctl -n "${NS[1]}" drain dns >/dev/null
	eventually "BIRD to know the others only" bird_knows 23
	expect groups_of 3
	mirror
	eventually "groups of two" groups_of 2
	ask_connections
	note "after:  $ANSWERS"
	[ "$(moved)" = 0 ] || fail "connections of other nodes were broken"

	note "nothing happens while nobody looks"
	BEFORE=$ANSWERS
	mirror_ends
	mirror
	# it has looked when it has done something
	ctl -n "${NS[1]}" undrain dns >/dev/null
	eventually "groups of three" groups_of 3
	ask_connections
	[ "$(moved)" = 0 ] || fail "connections were broken by a restart: $ANSWERS"

	note "all go while nobody looks"
	mirror_ends
	kill_servers
	eventually "BIRD to know nobody" bird_knows ""
	expect groups_of 3
	mirror
	eventually "no route" leads ""
	expect groups_of 0
	for n in 1 2 3; do
		tcp_server $n
	done
	eventually "groups of three" groups_of 3
	eventually "routes to all nodes" leads 123
}

kill_servers()
{
	local n
	for n in 1 2 3; do
		kill_server $n
	done
}

# bird_knows NODES: what it has in its own table
bird_knows()
{
	local prefix family
	for prefix in "${GATES[@]}"; do
		family=-4
		[[ $prefix != *:* ]] || family=-6
		[ "$(ip -n "${NS[0]}" $family route show table 200 exact "$prefix" |
			grep -o 'dev eth[0-9]' | sort -u | tr -dc 0-9)" = "$1" ] || return
	done
}

groups_of()
{
	local group
	for group in 1000 2000; do
		[ "$(ip -n "${NS[0]}" nexthop show id $group 2>/dev/null |
			grep -oE 'group [0-9/]+' | tr -dc '0-9/' | tr / '\n' |
			grep -c .)" = "$1" ] || return
	done
}

t "one path for a flow; a withdrawal deals out all of them anew" dealt_anew
t "with a resilient nexthop group the others stay" resilient
t "the others stay, too, when what keeps the group is started again" restarted

run_tests "$@"
