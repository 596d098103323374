#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/chrony, with exactly its files but for
# the rate limit.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"

RECIPE=$SERVERS/chrony
PROGRAM=/usr/sbin/chronyd

KIND=ntp
ANSWER="stratum 8"

needs bird birdc chronyd chronyc "$PYTHON"

server_files()
{
	place /etc/chrony
	place /run/chrony _chrony
	# else chronyd does without its command socket
	chmod 700 /run/chrony
	place /var/lib/chrony _chrony
	cp "$RECIPE/chrony.conf" /etc/chrony
	mkdir /etc/chrony/sources.d
	chronyd -p -f /etc/chrony/chrony.conf >/dev/null || fail "not what chronyd reads"
	# this client asks some fifty times a second
	sed -i '/^ratelimit/d' /etc/chrony/chrony.conf
}

# In the foreground; and -x, for the clock is not its own in a namespace.
server_start()
{
	launch chronyd -d -x
}

server_stop()
{
	kill $MAIN
}

# chronyd reads its sources anew, and nothing else.
server_newer()
{
	echo "server 198.51.100.123" >/etc/chrony/sources.d/test.sources
}

server_renewed()
{
	node 1 chronyc -n sources | grep -q 198.51.100.123
}

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
