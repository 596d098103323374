#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/activated, with exactly its files: a socket-activated
# service of systemd's.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"

RECIPE=$SERVERS/activated
PROGRAM=none
KIND=hello
ANSWER=hello
SYSTEMD=/lib/systemd/systemd

needs bird birdc systemctl nsenter "$PYTHON"

# A manager of units that is not the first process: systemd --user, of root's and on
# the node. It wants to see that systemd runs, and has units in a directory of its own.
server_files()
{
	place /run/systemd
	mkdir /run/systemd/system
	export XDG_RUNTIME_DIR=/run/anygate-systemd
	place $XDG_RUNTIME_DIR
	mkdir -p $XDG_RUNTIME_DIR/systemd/user
	cp "$RECIPE"/hello.s* $XDG_RUNTIME_DIR/systemd/user
	# A user's manager has no others: 252 says nothing of it, 257 refuses the unit.
	mkdir $XDG_RUNTIME_DIR/systemd/user/hello.service.d
	printf '[Service]\nDynamicUser=no\n' >$XDG_RUNTIME_DIR/systemd/user/hello.service.d/user.conf
	place /usr/local/lib
	cp "$RECIPE/hello.py" /usr/local/lib
}

manager()
{
	# "ip netns exec" would hide the control groups
	nsenter --net="/run/netns/${NS[1]}" "$SYSTEMD" --user --unit=basic.target \
		--log-target=console >"$TMP/server.log" 2>&1 &
	defer "kill -9 $! 2>/dev/null"
	defer units stop hello.socket hello.service
	disown
	eventually "systemd" units list-units
}

units()
{
	systemctl --user "$@" >"$TMP/systemctl" 2>&1
}

service_pid()
{
	systemctl --user show -P MainPID hello.service
}

unit_is()
{
	[ "$(systemctl --user show -P ActiveState "$1")" = "$2" ]
}

life()
{
	local word
	network
	manager
	units start hello.socket || fail "start: $(<"$TMP/systemctl")"
	comes
	note "restart of the service"
	watch
	units restart hello.service || fail "restart: $(<"$TMP/systemctl")"
	unmoved restart
	lost_at_most 1
	note "SIGKILL"
	watch
	kill -9 "$(service_pid)"
	unmoved SIGKILL
	lost_at_most 1
	for word in daemon-reload daemon-reexec; do
		note "$word"
		watch
		units $word || fail "$word: $(<"$TMP/systemctl")"
		eventually "systemd" units list-units
		unmoved $word
		nothing_lost $word
	done
	note "stop of the service: the next client starts it"
	units stop hello.service || true
	eventually "the service to be stopped" unit_is hello.service inactive
	expect state_is 1 open
	expect answered
	note "stop of the socket"
	units stop hello.service hello.socket
	goes
}

# A service that accepts no more is told by its queue.
stopped()
{
	network
	manager
	units start hello.socket || fail "start: $(<"$TMP/systemctl")"
	comes
	kill -STOP "$(service_pid)"
	note "SIGSTOP; two clients"
	client hello $V4 >/dev/null &
	client hello $V6 >/dev/null &
	goes
	expect gates_say stalled
	kill -CONT "$(service_pid)"
	comes
}

gates_say()
{
	"$ANYGATECTL" -n "${NS[1]}" show | grep -q "$1"
}

# systemd gives up a service that always dies at once, and closes its sockets.
crash_loop()
{
	network
	sed -i "s#^ExecStart=.*#ExecStart=/bin/false#" $XDG_RUNTIME_DIR/systemd/user/hello.service
	manager
	units start hello.socket || fail "start: $(<"$TMP/systemctl")"
	eventually "the router to have the routes" routed 1
	note "a client"
	client hello $V4 >/dev/null
	eventually "systemd to give up" unit_is hello.socket failed
	goes
	expect gates_say no-listener
}

# The socket's IPv6 address is away, and IPv6 has no route to help.
not_free()
{
	network
	sed -i "/^FreeBind/d" $XDG_RUNTIME_DIR/systemd/user/hello.socket
	manager
	units start hello.socket && fail "it is started"
	expect unit_is hello.socket failed
	expect unrouted
}

t "start, stop, restart, SIGKILL" life
t "SIGSTOP of the service: a stall" stopped
t "a service that always dies" crash_loop
t "not started without FreeBind" not_free

run_tests "$@"
