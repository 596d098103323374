#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/namespace, with exactly its files: a service in a
# namespace of the node, with gates and a BIRD of its own.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"

RECIPE=$SERVERS/namespace
NODE_CONF=$RECIPE/host.conf
PROGRAM=/usr/sbin/nsd

needs bird birdc nsd "$PYTHON"

server_files()
{
	place /etc/nsd
	place /run/nsd nsd
	place /var/lib/nsd nsd
	cp "$SERVERS/nsd/nsd.conf" "$SERVERS/example.zone" /etc/nsd
}

# The namespace is number 3; the host is node 1, and forwards.
box()
{
	local box
	echo "# no gates" >"$TMP/none"
	GATES=$TMP/none
	network
	setup_ns box
	NS[3]=$box
	ip link add box0 netns "${NS[1]}" type veth peer name eth0 netns "$box" || fail "no veth"
	ip -n "${NS[1]}" addr add 10.0.3.1/24 dev box0
	ip -n "${NS[1]}" addr add 2001:db8:3::1/64 dev box0 nodad
	ip -n "${NS[1]}" link set box0 up
	ip -n "$box" addr add 10.0.3.2/24 dev eth0
	ip -n "$box" addr add 2001:db8:3::2/64 dev eth0 nodad
	ip -n "$box" link set eth0 up
	ip -n "$box" route add default via 10.0.3.1
	ip -n "$box" route add default via 2001:db8:3::1
	node 1 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	bird_on 3 "$RECIPE/bird.conf"
	eventually "BGP with the namespace" box_is_up
	ctl -n "$box" apply "$RECIPE/anygate.conf" >/dev/null
}

box_is_up()
{
	birdc_ok 3 show protocols && [ "$(grep -c Established "$TMP/birdc")" = 2 ]
}

server_start()
{
	ip netns exec "${NS[3]}" nsd -d -P "" >>"$TMP/server.log" 2>&1 &
	MAIN=$!
	disown
	defer "kill -9 $MAIN 2>/dev/null"
}

life()
{
	box
	note "start"
	server_start
	comes
	expect no_gates_outside
	note "SIGKILL"
	kill -9 $MAIN
	goes
	note "start again"
	eventually "the old one's end" all_ended
	server_start
	comes
}

all_ended()
{
	[ -z "$(node 3 ss -Hlntu "sport = 53")" ]
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
	for p in $(ip netns pids "${NS[3]}"); do
		kill -9 "$p"
	done
	ip netns del "${NS[3]}"
	goes
}

t "start, SIGKILL, start again" life
t "the namespace is removed" removed

run_tests "$@"
