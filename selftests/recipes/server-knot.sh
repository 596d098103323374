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
	local first
	network
	server_start
	comes
	place /run/knot-second knot
	place /var/lib/knot-second knot
	# as README.md has it
	sed 's#/run/knot#&-second#; s#/var/lib/knot#&-second#' \
		/etc/knot/knot.conf >/etc/knot/second.conf
	note "as root"
	first=$MAIN
	launch knotd -c /etc/knot/second.conf
	eventually "the second to end" dead "$MAIN"
	grep -q "cannot bind address.*address already in use" "$TMP/server.log" ||
		fail "for another reason: $(tail -n 3 "$TMP/server.log")"
	MAIN=$first
	expect answered
	note "as knot"
	CONF=second.conf
	takeover
	expect knotc -c /etc/knot/second.conf status >/dev/null
	killed
}

t "start, stop, reload, SIGKILL" life
t "a second Knot takes over" second

run_tests "$@"
