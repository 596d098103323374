#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/ospf-bird, with exactly its files: two nodes with BIRD, a
# router with FRR, and a client behind it.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/routing.inc.sh"

needs bird birdc vtysh

network()
{
	local n
	star 2
	client
	frr_on 0 "${ROUTER:-$RECIPE/router.conf}" "$RECIPE/router.daemons"
	for n in 1 2; do
		start $n
		gates_on $n
	done
}

start()
{
	bird_on "$1" "$RECIPE/bird.conf"
}

# Two sessions with each node, for OSPFv2 and OSPFv3.
bfd_up()
{
	[ "$(vty 0 "show bfd peers brief" | grep -c " up")" = 4 ]
}

# answered_at N BY: a client on node N itself has its answers from node BY
answered_at()
{
	[ "$(CLIENT=$1 ask "${ASKED[@]:0:2}")" = "$2"$'\n'"$2" ]
}

unanswered_at()
{
	[ -z "$(CLIENT=$1 ask "${ASKED[@]:0:2}")" ]
}

# Clients on the node itself: hold keeps them with a service that is dead, and without
# it they follow the routing like all others. Those of addresses, that is: what a
# covering prefix is for is on lo for good.
own_clients()
{
	local gate
	ready 1 2
	expect answered_at 1 1
	note "the service dies, with hold"
	kill_server 1
	eventually "the router to know the second only" leads 2
	eventually "node 2 to answer" served 2
	expect unanswered_at 1
	server 1
	eventually "the router to know both" leads 12
	note "and without"
	for gate in "${GATES[@]:0:2}"; do
		ctl -n "${NS[1]}" change "$gate" hold off
	done
	expect answered_at 1 1
	kill_server 1
	eventually "a client on node 1 to be answered by node 2" answered_at 1 2
	expect gates_are 1 closed
	server 1
	eventually "a client on node 1 to be answered by node 1" answered_at 1 1
	eventually "the router to know both" leads 12
}

# A node with FRR beside one with BIRD: to a router they are alike.
both_daemons()
{
	local frr=$SELFTESTS/../Documentation/recipes/ospf-frr
	star 2
	client
	frr_on 0 "$RECIPE/router.conf" "$RECIPE/router.daemons"
	bird_on 1 "$RECIPE/bird.conf"
	frr_on 2 "$(as_node 2 "$frr/frr.conf")" "$frr/daemons"
	gates_on 1
	gates_on 2
	server 1
	server 2
	eventually "the router to know both" leads 12
	eventually "both to answer" served 12
}

t "the router's routes follow the gates, and BIRD is reloaded" follows
t "BIRD's file is changed" rewritten
t "BIRD is restarted" restarts
t "BIRD is killed" crashes
t "drained before BIRD is restarted, or killed" drained stop crash
t "the node dies, and BFD tells" dies 15000
t "routes and addresses that are not for routers" others
t "clients on the node itself, with hold and without" own_clients
t "one node with BIRD, the other with FRR" both_daemons

run_tests "$@"
