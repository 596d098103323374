#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/ospf-frr, with exactly its files: two nodes with FRR, a
# router with BIRD, and a client behind it.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/routing.inc.sh"

needs bird birdc vtysh /usr/lib/frr/frr-reload.py

network()
{
	local n
	star 2
	client
	bird_on 0 "${ROUTER:-$RECIPE/router.conf}"
	for n in 1 2; do
		frr_on $n "$(as_node $n "$RECIPE/frr.conf")" "$RECIPE/daemons"
		gates_on $n
	done
}

# Two sessions with each node, for OSPFv2 and OSPFv3.
bfd_up()
{
	birdc_ok 0 show bfd sessions && [ "$(grep -c " Up " "$TMP/birdc")" = 4 ]
}

t "the router's routes follow the gates, and FRR is reloaded" follows
t "FRR's file is changed" rewritten
t "FRR is restarted" restarts
t "FRR is killed" crashes
t "drained before FRR is restarted, or killed" drained stop crash
t "the node dies, and BFD tells" dies 15000
t "routes and addresses that are not for routers" others

run_tests "$@"
