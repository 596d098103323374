#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/flapping, with exactly its files: a server that crashes again
# and again, and a router that damps. What it sees of a node that damps itself, and
# of one that does not.

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
		bird_on $n "$(as_node $n "$RECIPE/bird.conf")"
		ctl -n "${NS[n]}" apply "$RECIPE/anygate.conf" >/dev/null
	done
}

# flap TIMES: there, and gone again. FRR counts in steps of five seconds; what
# flaps faster than that has no time to decay.
flap()
{
	local begun i
	for ((i = 0; i < $1; i++)); do
		begun=$(now_ms)
		server 1
		eventually "node 1 to announce" gates_are 1 open
		eventually "the router to know both, or to know better" seen_or_damped
		kill_server 1
		eventually "node 1 to withdraw" gates_are 1 closed
		eventually "the router to know the second only" leads 2
		eventually "some seconds to pass" elapsed "$begun" 6000
	done
}

seen_or_damped()
{
	leads 12 || suppressed
}

# Does the router hold back what it hears from node 1?
suppressed()
{
	vty 0 "show bgp ipv4 unicast dampening dampened-paths" | grep -q "$V4/32" &&
		vty 0 "show bgp ipv6 unicast dampening dampened-paths" | grep -q "$V6/128"
}

unsuppressed()
{
	! vty 0 "show bgp ipv4 unicast dampening dampened-paths" \
		"show bgp ipv6 unicast dampening dampened-paths" | grep -qE "$V4|$V6"
}

# The node holds back its prefix before the router does, and has it in its hand.
damped()
{
	ready 2
	flap 2
	server 1
	eventually "node 1 to be damped" gates_are 1 damped
	expect unsuppressed
	expect leads 2
	eventually "node 2 to answer" served 2
	note "it flaps on, and nobody hears of it"
	routes_watched
	for _ in 1 2 3; do
		kill_server 1
		eventually "node 1 to be closed" gates_are 1 closed
		server 1
		eventually "node 1 to be damped" gates_are 1 damped
	done
	none_lost
	expect unsuppressed
	note "it is mended"
	ctl -n "${NS[1]}" undamp dns
	eventually "the router to know both" leads 12
	expect unsuppressed
	eventually "both to answer" served 12
}

# Without, it is the router that holds it back, and nothing on the node helps.
undamped()
{
	ready 2
	ctl -n "${NS[1]}" change dns damp off
	flap 3
	server 1
	eventually "node 1 to announce" gates_are 1 open
	eventually "the router to hold it back" suppressed
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	expect gates_are 1 open
	expect suppressed
	page_commands "$RECIPE/README.md" 0
	doctor_clean 1
	expect leads 2
	eventually "node 2 to answer" served 2
}

t "a node that damps is not damped by its router" damped
t "a node that does not is" undamped

run_tests "$@"
