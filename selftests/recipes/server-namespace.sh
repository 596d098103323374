#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/namespace, with exactly its files: a service in a
# namespace of the node, with gates and a BIRD of its own.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/nsd.inc.sh"

RECIPE=$SERVERS/namespace
NODE_CONF=$RECIPE/host.conf
PAGE=$RECIPE/README.md
AT=3

needs bird birdc nsd nsd-control "$PYTHON"

# The namespace is number 3, and has the name of the recipe; the host is node 1.
box()
{
	echo "# no gates" >"$TMP/none"
	GATES=$TMP/none
	network
	# not by "ip netns exec", which has mounts of its own: the namespace that is
	# made there would have its name nowhere else
	defer "ip netns del box 2>/dev/null"
	nsenter "--net=/run/netns/${NS[1]}" "$RECIPE/box" || fail "no namespace"
	NS[3]=box
	# as the unit and README.md have it, not as root
	mkdir -p /etc/netns/box/bird
	cp "$RECIPE/bird.conf" /etc/netns/box/bird
	ip netns exec box bird -f -u bird -g bird -c /etc/netns/box/bird/bird.conf \
		-s "$TMP/bird3.ctl" >"$TMP/bird3.log" 2>&1 &
	MONITORS+=($!)
	eventually "BIRD in the namespace" birdc_ok 3 show status
	eventually "BGP with the namespace" box_is_up
	ctl -n box apply "$RECIPE/anygate.conf" >/dev/null
}

box_is_up()
{
	birdc_ok 3 show protocols && [ "$(grep -c Established "$TMP/birdc")" = 2 ]
}

life()
{
	box
	start_and_stop
	expect no_gates_outside
	reload "nsd-control reload" nsd-control reload
	killed
}

second()
{
	box
	server_start
	comes
	takeover
	killed
}

no_gates_outside()
{
	[ "$("$ANYGATECTL" -n "${NS[1]}" -j show)" = "[]" ] ||
		"$ANYGATECTL" -n "${NS[1]}" show
}

# All that is in it is killed, and it is gone.
removed()
{
	local p
	box
	server_start
	comes
	disown -a	# bash would tell of their end
	for p in $(ip netns pids box); do
		kill -9 "$p"
	done
	ip netns del box
	goes
}

t "start, stop, reload, SIGKILL" life
t "a second NSD takes over" second
t "the namespace is removed" removed

run_tests "$@"
