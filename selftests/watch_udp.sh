#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every way in which a UDP listener comes and goes, told by socket events alone:
# the periodic reconcile and the canary are off.
# shellcheck disable=SC2154

. "${0%/*}/lib.sh"
. "$SELFTESTS/watch.inc.sh"

# Trap 4. A connected socket gets packets of its peer only: it is no listener.
# Bound to an address it stays where it is in the socket tables.
connects()
{
	begin "$@"
	ip addr add 192.0.2.1/32 dev lo
	listener a
	announced
	[ "$KIND" = udp6 ] && [ "$ADDRESS" = "$V4" ] && LOOPBACK=192.0.2.1
	sk connect a "$LOOPBACK" 9999
	withdrawn
	# to another peer: no listener either way
	sk connect a "$LOOPBACK" 9998
	expect lacks_addr "$GATE"
	sk disconnect a
	announced
	sk connect a "$LOOPBACK" 9999
	withdrawn
	sk close a
	listener a
	announced
}

# "ss -K" disconnects a connected socket. One that was bound by the program
# stays bound, and so becomes a listener.
ss_kill_connected()
{
	begin "$@"
	listener a
	announced
	sk connect a "$LOOPBACK" 9999
	withdrawn
	kill_by_ss -u state connected "sport = :$PORT"
	announced
	sk close a
	withdrawn
}

# ss is said to have killed something only when it shows what.
kill_by_ss()
{
	ss -K -H -n "$@" >"$TMP/ss" 2>&1
	grep -q ":$PORT" "$TMP/ss" ||
		skip "ss -K has no effect: $(head -1 "$TMP/ss")"
}

# A listener that was bound by the program survives, as a listener.
ss_kill_bound()
{
	begin "$@"
	metronome
	listener a
	announced
	untouched kill_by_ss -u -a "sport = :$PORT"
	sk close a
	withdrawn
}

# Trap 1: one that the kernel has given its port is unbound.
ss_kill_autobound()
{
	one_port
	begin "$@"
	sk open a "$KIND" "$ADDR" 0 "${OPTS[@]}"
	sk port a
	[ "$ANSWER" = "$PORT" ] || fail "got port $ANSWER, not $PORT"
	announced
	kill_by_ss -u -a "sport = :$PORT"
	withdrawn
}

# Neither bind() nor connect(): the first packet sent gets it a port.
autobind()
{
	local to=127.0.0.1
	one_port
	begin "$@"
	[ "$ADDRESS" = "$V6" ] && to=::1
	sk socket a "$KIND"
	sk send a "$to" 9999 hello
	sk port a
	[ "$ANSWER" = "$PORT" ] || fail "got port $ANSWER, not $PORT"
	announced
	sk close a
	withdrawn
}

# connect() on an unbound socket passes through a moment in which it has the
# port and no peer; when all is said, it is no listener.
connect_unbound()
{
	one_port
	begin "$@"
	metronome
	sk socket a "$KIND"
	sk connect a "$LOOPBACK" 9999
	sk port a
	[ "$ANSWER" = "$PORT" ] || fail "got port $ANSWER, not $PORT"
	settle
	expect lacks_addr "$GATE"
	# disconnected, it gives its port back
	sk disconnect a
	settle
	expect lacks_addr "$GATE"
}

shutdown_unconnected()
{
	sk_err ENOTCONN shutdown a rd
}

# shutdown() of an unconnected socket is an error, and it goes on receiving.
shuts_down()
{
	begin "$@"
	metronome
	listener a
	announced
	untouched shutdown_unconnected
	sk socket client udp4
	sk send client "$V4" "$PORT" hello
	sk read a
	[ "$ANSWER" = hello ] || fail "received '$ANSWER'"
}

# A peer in the midst of others: only those that are not connected count.
connected_beside_listener()
{
	begin "$@"
	metronome
	listener a reuseport
	announced
	listener b reuseport
	untouched sk connect b "$LOOPBACK" 9999
	expect_gate "$GATE" '.services[0].listeners' 1
	sk close a
	withdrawn
	sk disconnect b
	announced
}

common_cases udp
shapes connects udp \
	"trap 4: connect() and disconnect" \
	v4-specific v4-wildcard v4-dual v4-mapped v6-specific v6-wildcard v6-dual
shapes ss_kill_connected udp "ss -K makes a connected socket a listener again" \
	v4-specific v4-wildcard v6-specific v6-wildcard
shapes ss_kill_bound udp "ss -K leaves a bound listener" \
	v4-specific v4-wildcard v6-wildcard
shapes ss_kill_autobound udp "trap 1: ss -K unbinds an autobound listener" \
	v4-wildcard v6-wildcard
shapes autobind udp "autobound by sending" v4-wildcard v6-wildcard
shapes connect_unbound udp "autobound by connect() is no listener" \
	v4-wildcard v6-wildcard
shapes shuts_down udp "shutdown() changes nothing" v4-specific
shapes connected_beside_listener udp \
	"connected sockets beside a listener do not count" \
	v4-specific v6-wildcard

run_tests "$@"
