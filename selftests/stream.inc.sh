# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154,SC2034 # shared with lib.sh and watch.inc.sh
#
# stream.inc.sh - what watch_tcp.sh and watch_mptcp.sh share

# bind() alone makes no listener, listen() does.
bound_only()
{
	begin "$@"
	metronome
	mon_start "$TMP/mon"
	sk socket a "$KIND"
	local option
	for option in "${OPTS[@]}"; do
		sk set a "$option"
	done
	sk bind a "$ADDR" "$PORT"
	settle
	quiet "$TMP/mon" "$ADDRESS"
	sk listen a
	announced
	sk close a
	withdrawn
}

# A second listen() changes the backlog, and no more than that.
backlog()
{
	begin "$@"
	metronome
	listener a
	announced
	untouched sk listen a 1
	sk close a
	withdrawn
}

# Trap 1b: the port is found within listen() itself. Trap 6: when such a
# listener goes, its number is already gone.
unbound_listen()
{
	one_port
	begin "$@"
	sk socket a "$KIND"
	local option
	for option in "${OPTS[@]}"; do
		sk set a "$option"
	done
	sk listen a
	sk port a
	[ "$ANSWER" = "$PORT" ] || fail "got port $ANSWER, not $PORT"
	announced
	sk close a
	withdrawn
}

# A connection has the service's port and address, and is no listener; it lives
# on when the listener has gone and the prefix with it, thanks to the hold route.
child()
{
	begin "$@"
	listener a reuseaddr
	announced
	sk socket client "$KIND"
	sk connect client "$ADDRESS" "$PORT"
	sk accept a server
	sk close a
	withdrawn
	sk write client hello
	sk read server
	[ "$ANSWER" = hello ] || fail "received '$ANSWER'"
	expect lacks_addr "$GATE"
	# a listener beside the connection, and again none
	listener b reuseaddr
	announced
	sk close b
	withdrawn
}

# Connections that nobody has accepted die with their listener.
unaccepted()
{
	begin "$@"
	listener a
	announced
	sk socket client "$KIND"
	sk connect client "$ADDRESS" "$PORT"
	sk close a
	withdrawn
}

stream_cases()
{
	local transport=$1

	shapes bound_only "$transport" "bind() alone makes no listener" \
		v4-specific v4-wildcard v6-specific v6-wildcard
	shapes backlog "$transport" "a second listen() changes nothing" \
		v4-specific v6-wildcard
	shapes unbound_listen "$transport" \
		"traps 1b and 6: listen() without bind()" \
		v4-wildcard v4-dual v6-wildcard
	shapes child "$transport" \
		"a connection is no listener, and outlives the withdrawal" \
		v4-specific v4-wildcard v4-dual
	shapes unaccepted "$transport" \
		"a listener with unaccepted connections" v4-specific v6-wildcard
}
