#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1200
#
# Documentation/recipes/witness-frr, with exactly its files: three nodes with FRR, and
# BIRD beside it, which listens. The last node stays. And the same where nodes announce
# by BIRD and BGP, with the files of bgp-bird.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/routing.inc.sh"

needs bird birdc vtysh "$PYTHON"

GATES=("$V4/32" "$V6/128")
ASKED=("$V4" "$V6")

# The listener of node N is known as N + 10.
network()
{
	local n
	star 3
	client
	frr_on 0 "$RECIPE/router.conf" "$RECIPE/router.daemons"
	for n in 1 2 3; do
		ip -n "${NS[n]}" addr add 10.0.$n.3/24 dev eth0
		ip -n "${NS[n]}" addr add 2001:db8:$n::3/64 dev eth0 nodad
		"announce_by_$DAEMON" $n
		NS[n + 10]=${NS[n]}
		bird_on $((n + 10)) "$(as_node $n "$RECIPE/bird.conf")"
		ctl -n "${NS[n]}" apply "$RECIPE/anygate.conf" >/dev/null
	done
}

announce_by_frr()
{
	frr_on "$1" "$(as_node "$1" "$RECIPE/frr.conf")" "$RECIPE/daemons"
}

announce_by_bird()
{
	bird_on "$1" "$(as_node "$1" "$RECIPE/../bgp-bird/bird.conf")"
}

last_stays()
{
	local n
	DAEMON=$1
	ready 1 2 3
	for n in 1 2 3; do
		eventually "node $n to see the others" sees $n
	done
	"$ANYGATECTL" -n "${NS[1]}" doctor >"$TMP/doctor" || fail "doctor: $(cat "$TMP/doctor")"
	page_commands "$RECIPE/README.md" 11
	note "the first server dies"
	kill_server 1
	eventually "the router to know the others only" leads 23
	expect gates_are 1 closed
	note "the second"
	kill_server 2
	eventually "the router to know the third only" leads 3
	expect gates_are 2 closed
	eventually "node 3 to know that it is alone" sees_nobody 3
	expect sees 1

	note "the last"
	kill_server 3
	eventually "node 3 to be kept" gates_are 3 kept
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	expect gates_are 3 kept
	expect leads 3

	note "the first returns"
	server 1
	eventually "the router to know the first only" leads 1
	eventually "the last to have withdrawn" gates_are 3 closed
	eventually "node 1 to answer" served 1
}

t "the last of three nodes stays" last_stays frr
t "the same where BIRD announces by BGP" last_stays bird

run_tests "$@"
