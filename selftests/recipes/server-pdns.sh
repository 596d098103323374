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
		--write-pid=no
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

t "start, stop, reload, SIGKILL" life

run_tests "$@"
