#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/unbound, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/unbound.inc.sh"

needs bird birdc unbound unbound-control nsd dig host "$PYTHON"

# Behind it is the Internet.
behind()
{
	the_internet
}

behind_ends()
{
	the_internet_ends
}

life()
{
	network
	start_and_stop
	reload "unbound-control reload" unbound-control reload
	reload SIGHUP kill -HUP $MAIN
	killed
}

control_tells_of()
{
	unbound-control status 2>&1 | grep -q "pid $1)"
}

second()
{
	network
	server_start
	comes
	takeover
	expect control_tells_of $MAIN
	reload "unbound-control reload of the second" unbound-control reload
	killed
}

t "start, stop, reload, SIGKILL" life
t "a second Unbound takes over" second
t "with a check: the Internet is away, and comes back" checked
t "not started without ip-freebind" unbound_without "ip-freebind"

run_tests "$@"
