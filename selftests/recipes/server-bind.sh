#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/bind, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/bind.inc.sh"

needs bird birdc named rndc rndc-confgen "$PYTHON"

life()
{
	network
	addresses
	start_and_stop
	reload "rndc reload" rndc_ reload
	watch
	rndc_ reconfig || fail "rndc reconfig"
	unmoved "rndc reconfig"
	nothing_lost "rndc reconfig"
	killed
}

# At boot, the addresses may come later than it does.
early()
{
	network
	server_start
	eventually "BIND" is_running
	expect deaf
	expect state_is 1 closed
	addresses
	comes
}

second()
{
	network
	addresses
	server_start
	comes
	takeover
	rndc_ status || fail "rndc status"
	killed
}

# --- with a gate of action address ------------------------------------------------------

listens()
{
	[ -n "$(node 1 ss -Hlnu "src $V4")" ] && [ -n "$(node 1 ss -Hlnu "src [$V6]")" ]
}

deaf()
{
	[ -z "$(node 1 ss -Hlnu "src $V4 or src [$V6]")" ]
}

is_running()
{
	rndc_ status && grep -q "server is up" "$TMP/rndc"
}

gates()
{
	local prefix
	for prefix in $V4/32 $V6/128; do
		ctl -n "${NS[1]}" "$1" $prefix "${@:2}"
	done
}

# BIND asks the kernel for the addresses that there are, and binds no other: while a
# gate is closed there is none, whatever route it holds.
deadlock()
{
	GATES=$SERVERS/nsd/anygate.conf NODE_CONF=$SERVERS/bird.conf
	DOCTOR_SAYS=(bind-scan)
	network
	note "it is started while the addresses are away"
	server_start
	eventually "BIND" is_running
	expect deaf
	expect state_is 1 closed

	note "somebody pins them"
	gates pin for 1h
}

# The default: it is told of addresses that come and go, and follows.
scanning()
{
	deadlock
	eventually "it to listen" listens
	gates unpin
	comes

	note "the gates are drained"
	gates drain >/dev/null
	eventually "its sockets to go with the addresses" deaf
	note "and the drain ends: there is nobody to be announced"
	gates undrain
	eventually "the gates to be closed" state_is 1 closed
	expect deaf
}

# It is not told, but looks at each reload.
not_scanning()
{
	sed "s/recursion no;/& automatic-interface-scan no; interface-interval 0;/" \
		"$RECIPE/named.conf" >"$TMP/named.conf"
	RECIPE=$TMP deadlock
	expect deaf
	eventually "the addresses" state_is 1 pinned
	rndc_ reload || fail "rndc reload"
	eventually "it to listen" listens
	gates unpin
	comes

	note "the gates are drained"
	gates drain >/dev/null
	eventually "no route" unrouted
	expect listens
	note "a reload while they are"
	rndc_ reload || fail "rndc reload"
	eventually "its sockets to go" deaf
	gates undrain
	eventually "the gates to be closed" state_is 1 closed
	expect deaf
}

t "start, stop, reload, SIGKILL" life
t "started before its addresses are there" early
t "a second BIND takes over" second
t "action address, automatic-interface-scan yes" scanning
t "action address, automatic-interface-scan no" not_scanning

run_tests "$@"
