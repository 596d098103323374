#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/nsd, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/nsd.inc.sh"

RECIPE=$SERVERS/nsd
CONFIG=/etc/nsd/nsd.conf

needs bird birdc nsd nsd-control "$PYTHON"

life()
{
	network
	start_and_stop
	reload "nsd-control reload" nsd-control reload
	reload SIGHUP kill -HUP $MAIN
	killed
}

second()
{
	network
	server_start
	comes
	takeover
	reload "nsd-control reload of the second" nsd-control reload
	killed
}

main_killed()
{
	network
	server_start
	comes
	kill -9 $MAIN
	goes
	eventually "the end of all of them" has_ended
}

t "start, stop, reload, SIGKILL" life
t "a second NSD takes over" second
t "SIGKILL of the first process only" main_killed
t "not started without ip-freebind" unbound_without "ip-freebind"

run_tests "$@"
