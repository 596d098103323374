#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1200
#
# Documentation/recipes/witness-bird, with exactly its files: three nodes and a
# router. Servers die one after the other, and the last node stays.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"

RECIPE=$SELFTESTS/../Documentation/recipes/witness-bird

needs bird birdc "$PYTHON"

network()
{
	local n
	star 3
	bird_on 0 "$RECIPE/router.conf"
	for n in 1 2 3; do
		bird_on $n "$RECIPE/bird.conf"
		ctl -n "${NS[n]}" apply "$RECIPE/anygate.conf" >/dev/null
	done
}

# kept_for N SECONDS
kept_for()
{
	"$ANYGATECTL" -n "${NS[$1]}" -j show $V4/32 | jq -e ".[0].since_s > $2" >/dev/null
}

last_stays()
{
	local n
	network
	for n in 1 2 3; do
		server $n
	done
	for n in 1 2 3; do
		eventually "node $n to announce" state_is $n open
		eventually "node $n to see the others" sees $n
	done
	eventually "the router to have a route" ip_route_any
	page_commands "$RECIPE/README.md" 1
	doctor_clean 1

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

# All of them in the same moment: the one that waits longest finds itself alone.
all_at_once()
{
	local n
	network
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
