#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1200
#
# Documentation/recipes/witness-frr, with exactly its files: two nodes with FRR, and
# BIRD beside it, which listens. The last node stays.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/routing.inc.sh"

needs bird birdc vtysh "$PYTHON"

GATES=("$V4/32" "$V6/128")
ASKED=("$V4" "$V6")

network()
{
	local n
	star 2
	client
	frr_on 0 "$RECIPE/router.conf" "$RECIPE/router.daemons"
	for n in 1 2; do
		ip -n "${NS[n]}" addr add 10.0.$n.3/24 dev eth0
		ip -n "${NS[n]}" addr add 2001:db8:$n::3/64 dev eth0 nodad
		frr_on $n "$(as_node $n "$RECIPE/frr.conf")" "$RECIPE/daemons"
		bird_on $n "$(as_node $n "$RECIPE/bird.conf")"
		ctl -n "${NS[n]}" apply "$RECIPE/anygate.conf" >/dev/null
	done
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

last_stays()
{
	ready 1 2
	eventually "node 1 to see the other" sees 1
	eventually "node 2 to see the other" sees 2
	"$ANYGATECTL" -n "${NS[1]}" doctor >"$TMP/doctor" || fail "doctor: $(cat "$TMP/doctor")"
	note "the first server dies"
	kill_server 1
	eventually "the router to know the second only" leads 2
	expect gates_are 1 closed
	eventually "node 2 to know that it is alone" sees_nobody 2
	expect sees 1

	note "the last"
	kill_server 2
	eventually "node 2 to be kept" gates_are 2 kept
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	expect gates_are 2 kept
	expect leads 2

	note "the first returns"
	server 1
	eventually "the router to know the first only" leads 1
	eventually "the last to have withdrawn" gates_are 2 closed
	eventually "node 1 to answer" served 1
}

t "the last of two nodes stays" last_stays

run_tests "$@"
