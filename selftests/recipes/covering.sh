#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/covering, with exactly its files: one prefix over two services
# on each of two nodes, with a tunnel between them. Services die one after the other.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/routing.inc.sh"

needs bird birdc "$PYTHON"

COVERING=(198.51.100.0/24 2001:db8:53::/48)
DNS=(198.51.100.53 2001:db8:53::53)
WEB=(198.51.100.80 2001:db8:53::80)
# The router's routes, whatever the gates.
GATES=("${COVERING[@]}")

network()
{
	local n other
	star 2
	client
	# a client's flows are spread
	node 0 sysctl -qw net.ipv4.fib_multipath_hash_policy=1 \
		net.ipv6.fib_multipath_hash_policy=1
	bird_on 0 "$RECIPE/router.conf"
	for n in 1 2; do
		other=$((3 - n))
		bird_on $n "$RECIPE/bird.conf"
		node $n "$RECIPE/tunnel" 10.0.$n.2 10.0.$other.2 $n || fail "no tunnel"
		# again, as a unit that is restarted
		node $n "$RECIPE/tunnel" 10.0.$n.2 10.0.$other.2 $n || fail "not twice"
		[ "$(node $n ip rule show pref 100 | wc -l)" = 1 ] || fail "two rules"
		sed "s/10\\.9\\.9\\.2/10.9.9.$other/; s/2001:db8:9::2/2001:db8:9::$other/" \
			"$RECIPE/anygate.conf" >"$TMP/anygate$n.conf"
		ctl -n "${NS[n]}" apply "$TMP/anygate$n.conf" >/dev/null
		server $n
		web_server $n
	done
	for n in 1 2; do
		eventually "node $n to be connected" connected $n
	done
	eventually "routes to both" leads 12
}

web_server()
{
	ip netns exec "${NS[$1]}" "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("::", 80))
s.listen(100)
while True:
    client, _ = s.accept()
    try:
        client.send(sys.argv[1].encode())
    except OSError:
        pass
    client.close()
' "$1" &
	WEB_SERVER[$1]=$!
	disown
	defer "kill -9 $! 2>/dev/null"
}

# dns NODES, web NODES: sixteen clients of either family have an answer, and each of
# these nodes has answered
dns()
{
	local list=() _
	for _ in {1..16}; do
		list+=("${DNS[@]}")
	done
	are_of "$1" "$(ask "${list[@]}")"
}

web()
{
	are_of "$1" "$(node 10 "$PYTHON" -c '
import socket, sys
for address in sys.argv[1:] * 16:
    try:
        print(socket.create_connection((address, 80), 3).recv(10).decode())
    except OSError:
        pass
' "${WEB[@]}")"
}

are_of()
{
	local nodes
	[ "$(wc -w <<<"$2")" = 32 ] || return
	nodes=$(sort -u <<<"$2" | tr -d '\n')
	[ "$nodes" = "$1" ]
}

dns_unanswered()
{
	[ -z "$(ask "${DNS[@]}" "${DNS[@]}" "${DNS[@]}" "${DNS[@]}")" ]
}

# through N: how many packets have come out of its end of the tunnel
through()
{
	node "$1" cat /sys/class/net/anycast0/statistics/rx_packets
}

covers()
{
	local before after
	network
	eventually "both to answer" dns 12
	eventually "both to answer" web 12
	"$ANYGATECTL" -n "${NS[1]}" doctor >"$TMP/doctor" || fail "doctor: $(cat "$TMP/doctor")"
	page_commands "$RECIPE/README.md" 1

	note "one service of node 1 dies"
	kill_server 1
	before=$(through 2)
	eventually "node 2 to answer for both" dns 2
	expect leads 12
	after=$(through 2)
	[ "$after" -gt "$before" ] || fail "nothing went through the tunnel"
	eventually "the other service to be that of both" web 12

	note "it is nowhere"
	kill_server 2
	eventually "the gates to close" closed_on 2 dns
	before=$(($(through 1) + $(through 2)))
	expect dns_unanswered
	after=$(($(through 1) + $(through 2)))
	note "$((after - before)) packets in the tunnel"
	[ $((after - before)) -le 16 ] || fail "packets went to and fro"
	expect leads 12
	eventually "the other service to be that of both" web 12

	note "the other service of node 1 dies, too"
	kill -9 "${WEB_SERVER[1]}"
	eventually "the router to know the second only" leads 2
	eventually "node 2 to answer" web 2

	note "one comes back"
	server 1
	eventually "the router to know both" leads 12
	eventually "node 1 to answer for both" dns 1
	eventually "node 2 to answer for both" web 2
}

# All services of a node are gone, and it does not announce the prefix. What comes
# nevertheless, as from a router that has not heard of that yet, is answered by the other
# node.
latecomers()
{
	local before address
	network
	kill_server 1
	kill -9 "${WEB_SERVER[1]}"
	eventually "the router to know the second only" leads 2
	for address in "${DNS[@]}" "${WEB[@]}"; do
		by_node_1 "$address"
	done
	before=$(through 2)
	eventually "node 2 to answer" dns 2
	[ "$(($(through 2) - before))" -ge 32 ] || fail "not through the tunnel"
	before=$(through 2)
	eventually "node 2 to answer" web 2
	[ "$(($(through 2) - before))" -ge 32 ] || fail "not through the tunnel"
	expect leads 2
}

# by_node_1 ADDRESS: the router's own idea of the way to it
by_node_1()
{
	case $1 in
	*:*)	ip -n "${NS[0]}" route add "$1/128" via 2001:db8:1::2 ;;
	*)	ip -n "${NS[0]}" route add "$1/32" via 10.0.1.2 ;;
	esac || fail "no route to $1"
}

# The other end of the tunnel is dead: what of a service that is not here goes there is
# lost, and nobody notices. Without the covering prefix it is not sent here.
dead_end()
{
	local address
	network
	kill_server 1
	eventually "node 2 to answer for both" dns 2
	expect leads 12
	note "the other end of the tunnel is down"
	ip -n "${NS[2]}" link set anycast0 down
	for address in "${DNS[@]}"; do
		ip -n "${NS[1]}" route get "$address" | grep -q "dev anycast0" ||
			fail "the fallback has gone"
	done
	expect some_lost
	expect leads 12
	eventually "the other service to be that of both" web 12
	note "the first service that is not there withdraws the prefix"
	need all
	eventually "the router to know the second only" leads 2
	expect dns 2
	expect web 2
	note "the tunnel is there again"
	node 2 "$RECIPE/tunnel" 10.0.2.2 10.0.1.2 2 || fail "no tunnel"
	need any
	eventually "the router to know both" leads 12
	eventually "node 2 to answer for both" dns 2
	eventually "the other service to be that of both" web 12
}

need()
{
	local prefix
	for prefix in "${COVERING[@]}"; do
		ctl -n "${NS[1]}" change "$prefix" need "$1"
	done
}

# Of sixteen clients of either family some are answered, all by node 2, and others are not.
some_lost()
{
	local list=() family answers _
	for family in 0 1; do
		list=()
		for _ in {1..16}; do
			list+=("${DNS[family]}")
		done
		answers=$(ask "${list[@]}")
		note "${DNS[family]}: $(wc -w <<<"$answers") of 16 are answered"
		[ "$(sort -u <<<"$answers")" = 2 ] && [ "$(wc -w <<<"$answers")" -lt 16 ] || return
	done
}

closed_on()
{
	! "$ANYGATECTL" -n "${NS[$1]}" -j show "$2" | grep -q '"state": *"open"'
}

t "one service for all, one node for the other" covers
t "a node without services, and what still comes to it" latecomers
t "the other end of the tunnel is dead" dead_end

run_tests "$@"
