#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/recursor, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/recursor.inc.sh"

needs bird birdc pdns_recursor rec_control nsd dig host "$PYTHON"

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
	reload "rec_control reload-zones" rec_control reload-zones
	killed
}

second()
{
	network
	server_start
	comes
	takeover
	# the first has ended: it is the second that says so, each of its threads
	[[ $(rec_control ping 2>&1) == pong* ]] || fail "rec_control ping: $(rec_control ping 2>&1)"
	reload "rec_control reload-zones of the second" rec_control reload-zones
	killed
}

t "start, stop, reload, SIGKILL" life
t "a second Recursor takes over" second
t "with a check: the Internet is away, and comes back" checked
t "not started without non-local-bind" unbound_without "non[-_]local[-_]bind"

run_tests "$@"
