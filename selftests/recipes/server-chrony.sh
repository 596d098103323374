#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/chrony, with exactly its files but for
# the rate limit.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/chrony.inc.sh"

needs bird birdc chronyd chronyc "$PYTHON"

life()
{
	network
	start_and_stop
	reload "chronyc reload sources" node 1 chronyc reload sources
	killed
}

second()
{
	first_alone
	refused_second "Another chronyd may already be running"
	first_goes_on
	[ -z "$LOST" ] || fail "lost questions: $LOST"
}

# Without "local", and with nothing to get its time from.
unsynchronised()
{
	network
	sed -i '/^local/d' /etc/chrony/chrony.conf
	server_start
	eventually "the router to have the routes" routed 1
	eventually "the client to be answered so" is_told ntp "" "stratum 0"
	note "a check"
	requirement
	check
	goes
	eventually "the check to have its say" gates_say "lease synced down"
}

gates_say()
{
	"$ANYGATECTL" -n "${NS[1]}" show | grep -q "$1"
}

t "start, stop, reload, SIGKILL" life
t "a second one ends" second
t "without a source of time" unsynchronised

run_tests "$@"
