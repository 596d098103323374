#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/knot, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/knot.inc.sh"

needs bird birdc knotd knotc setpriv "$PYTHON"

life()
{
	network
	start_and_stop
	reload "knotc reload" knotc reload
	reload SIGHUP kill -HUP $MAIN
	killed
}

# With the same files it sees that there is one already: what it writes has to go
# to directories of its own.
second()
{
	network
	server_start
	comes
	place /run/knot2 knot
	place /var/lib/knot2 knot
	sed "s#/run/knot#&2#; s#/var/lib/knot#&2#" "$RECIPE/knot.conf" >/etc/knot/second.conf
	CONF=second.conf
	takeover
	expect knotc -c /etc/knot/second.conf status >/dev/null
	killed
}

t "start, stop, reload, SIGKILL" life
t "a second Knot takes over" second

run_tests "$@"
