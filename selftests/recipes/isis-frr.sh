#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/isis-frr, with exactly its files: two nodes with FRR, a
# router with FRR, and a client behind it.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/routing.inc.sh"

needs vtysh /usr/lib/frr/frr-reload.py

network()
{
	local n
	star 2
	client
	frr_on 0 "${ROUTER:-$RECIPE/router.conf}" "$RECIPE/router.daemons"
	for n in 1 2; do
		frr_on $n "$(as_node $n "$RECIPE/frr.conf")" "$RECIPE/daemons"
		gates_on $n
	done
}

# One session with each node: of the two families IPv6.
bfd_up()
{
	[ "$(vty 0 "show bfd peers brief" | grep -c " up")" = 2 ]
}

t "the router's routes follow the gates, and FRR is reloaded" follows
t "FRR's file is changed" rewritten again
t "FRR is restarted" restarts
t "FRR is killed" crashes
t "drained before FRR is restarted, or killed" drained stop crash
t "the node dies, and BFD tells" dies 15000
t "routes and addresses that are not for routers" others

run_tests "$@"
