#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/pdns, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"

RECIPE=$SERVERS/pdns
PROGRAM=/usr/sbin/pdns_server
CONFIG=/etc/powerdns/pdns.conf

needs bird birdc pdns_server pdns_control "$PYTHON"

server_files()
{
	place /etc/powerdns
	place /run/pdns pdns
	cp "$RECIPE"/*.conf "$SERVERS/example.zone" /etc/powerdns
}

# As the unit of Debian's package has it.
server_start()
{
	launch pdns_server --guardian=no --daemon=no --disable-syslog --log-timestamp=no \
		--write-pid=no "$@"
}

server_stop()
{
	kill $MAIN
}

server_newer()
{
	newer_zone /etc/powerdns/example.zone
}

server_renewed()
{
	has_newer_zone
}

life()
{
	network
	start_and_stop
	reload "pdns_control bind-reload-now" pdns_control bind-reload-now example
	killed
}

# The first one goes on.
second()
{
	local first
	network
	server_start
	comes
	first=$MAIN
	watch
	note "with the same files"
	server_start
	eventually "the second to end" dead $MAIN
	grep -q "controlsocket.* in use" "$TMP/server.log" ||
		fail "for another reason: $(tail -n 3 "$TMP/server.log")"
	note "with a control socket of its own"
	mkdir "$TMP/second"
	chown pdns: "$TMP/second"
	server_start --socket-dir="$TMP/second"
	eventually "the second to end" dead $MAIN
	grep -q "Address already in use" "$TMP/server.log" || fail "for another reason: $(tail -n 3 "$TMP/server.log")"
	expect lives "$first"
	unmoved "a second instance"
	[ -z "$WRONG" ] || fail "wrong answers: $WRONG"
}

t "start, stop, reload, SIGKILL" life
t "a second one ends" second
t "not started without non-local-bind" unbound_without "^non-local-bind"

run_tests "$@"
