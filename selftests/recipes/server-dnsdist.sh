#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/dnsdist, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/dnsdist.inc.sh"

needs bird birdc dnsdist nsd dig setpriv "$PYTHON"

# Behind it.
behind()
{
	ip netns exec "${NS[1]}" nsd -d -P "" >"$TMP/nsd.log" 2>&1 &
	NSD=$!
	disown
	defer "kill $NSD 2>/dev/null"
}

console()
{
	node 1 dnsdist -C /etc/dnsdist/dnsdist.conf -e "$1"
}

change()
{
	console "addAction('release.example.', SpoofAction('$CHANGED'))"
}

life()
{
	network
	behind
	check
	start_and_stop
	reload "a change by the console" change
	killed
}

second()
{
	network
	behind
	check
	server_start
	comes
	local old=$MAIN
	watch
	server_start
	eventually "the second to listen" holds $MAIN
	kill "$old"
	eventually "the end of the first" dead "$old"
	unmoved "a second instance"
	[ -z "$WRONG" ] || fail "wrong answers: $WRONG"
	lost_at_most 2
	killed
}

# dnsdist listens on, whatever is behind it.
nobody_behind()
{
	network
	behind
	check
	server_start
	comes
	note "NSD ends"
	kill $NSD
	goes
	expect holds $MAIN
	note "and comes back"
	behind
	comes
}

t "start, stop, change, SIGKILL" life
t "a second dnsdist takes over" second
t "the server behind it ends, and comes back" nobody_behind

run_tests "$@"
