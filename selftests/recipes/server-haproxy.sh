#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/haproxy, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/haproxy.inc.sh"

needs bird birdc haproxy curl "$PYTHON"

life()
{
	network
	behind
	start_and_stop
	# the master executes itself anew
	reload "SIGUSR2" kill -USR2 $MAIN
	expect lives $MAIN
	killed
}

# Without a master: the sockets are passed over the old one's admin socket.
handover()
{
	local old
	network
	behind
	sed -i "s#^global#&\n\tstats socket /run/haproxy/admin.sock mode 600 expose-fd listeners#" \
		/etc/haproxy/haproxy.cfg
	launch haproxy -db -f /etc/haproxy/haproxy.cfg
	comes
	watch
	old=$MAIN
	server_newer
	launch haproxy -db -f /etc/haproxy/haproxy.cfg -x /run/haproxy/admin.sock -sf $old
	eventually "the end of the old one" dead "$old"
	eventually "the new one to answer" server_renewed
	unmoved "-x and -sf"
	nothing_lost "-x and -sf"
	killed
}

main_killed()
{
	network
	behind
	server_start
	comes
	kill -9 $MAIN
	goes
	eventually "the end of all of them" has_ended
}

t "start, stop, reload, SIGKILL" life
t "handover by -x and -sf" handover
t "SIGKILL of the master only" main_killed
t "with a check: the server behind it ends, and comes back" checked
t "not started without transparent" unbound_without "bind .* transparent" transparent

run_tests "$@"
