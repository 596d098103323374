#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/bgp-frr, with exactly its files: two nodes with FRR, a
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
		frr_on $n "$(as_node $n "$RECIPE/${CONF:-frr.conf}")" "$RECIPE/daemons"
		gates_on $n
	done
}

# What its filters of routes from nodes do not take, this one does.
credulous()
{
	sed 's/import where net ~ ANYCAST[46]/import all/' "$RECIPE/router.conf" >"$TMP/router.conf"
	echo "$TMP/router.conf"
}

# Two sessions with each node, for IPv4 and IPv6.
bfd_up()
{
	birdc_ok 0 show bfd sessions && [ "$(grep -c " Up " "$TMP/birdc")" = 4 ]
}

# "ip import-table" is for IPv4 only.
by_table()
{
	GATES=("${GATES[@]:0:3}")
	scopes anygate-table.conf "table 200" "table main"
}

# From FRR 10 on there is "redistribute table-direct", for both families.
by_table_direct()
{
	CONF=frr-10.conf
	scopes anygate-table-10.conf "table 200" "table main"
	frr_reload 2
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	expect leads 2
	expect unheard "${GATES[@]}"
}

t "the router's routes follow the gates, and FRR is reloaded" follows
t "FRR's file is changed" rewritten
t "FRR is restarted" restarts
t "FRR is killed" crashes
t "the node dies, and BFD tells" dies 15000
t "routes and addresses that are not for routers" others
t "global and local nodes by metric" scopes anygate-local.conf "metric 2048" "metric 1024"
t "global and local nodes by table" by_table
case $(/usr/lib/frr/bgpd --version) in
"bgpd version "[1-9].*)	;;
*)	t "the same with FRR 10, both families" by_table_direct ;;
esac

run_tests "$@"
