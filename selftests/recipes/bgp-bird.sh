#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/bgp-bird, with exactly its files: two nodes with BIRD, a
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
	bird_on "$1" "$(as_node "$1" "$RECIPE/bird.conf")"
}

# What its filter of routes from nodes does not take, this one does.
credulous()
{
	sed '/^route-map FROM-NODES permit 20/i route-map FROM-NODES permit 30\n!' \
		"$RECIPE/router.conf" >"$TMP/router.conf"
	echo "$TMP/router.conf"
}

# Two sessions with each node, for IPv4 and IPv6.
bfd_up()
{
	[ "$(vty 0 "show bfd peers brief" | grep -c " up")" = 4 ]
}

t "the router's routes follow the gates, and BIRD is reloaded" follows
t "BIRD's file is changed" rewritten
t "BIRD is restarted" restarts
t "BIRD is killed" crashes
t "the node dies, and BFD tells" dies 15000
t "routes and addresses that are not for routers" others
t "global and local nodes by metric" scopes anygate-local.conf "metric 2048" "metric 1024"
t "global and local nodes by table" scopes anygate-table.conf "table 200" "table main"

run_tests "$@"
