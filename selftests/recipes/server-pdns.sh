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
	first_alone
	note "with the same files"
	refused_second "controlsocket.* in use"
	note "with a control socket of its own"
	mkdir "$TMP/second"
	chown pdns: "$TMP/second"
	refused_second "Address already in use" --socket-dir="$TMP/second"
	first_goes_on
}

t "start, stop, reload, SIGKILL" life
t "a second one ends" second
t "not started without non-local-bind" unbound_without "^non-local-bind"

run_tests "$@"
