#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/unbound, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"

RECIPE=$SERVERS/unbound
PROGRAM=/usr/sbin/unbound
CONFIG=/etc/unbound/unbound.conf

needs bird birdc unbound unbound-control nsd dig host "$PYTHON"

server_files()
{
	place /etc/unbound unbound
	place /usr/local/sbin
	cp "$SERVERS/resolves" /usr/local/sbin
	cp "$RECIPE/unbound.conf" /etc/unbound
}

# As the unit of Debian's package has it.
server_start()
{
	launch unbound -d -p
}

server_stop()
{
	kill $MAIN
}

server_newer()
{
	newer_zone /etc/unbound/unbound.conf
}

server_renewed()
{
	has_newer_zone
}

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

second()
{
	network
	server_start
	comes
	takeover
	note "unbound-control: $(unbound-control status 2>&1 | tr '\n' ' ')"
	killed
}

t "start, stop, reload, SIGKILL" life
t "a second Unbound takes over" second
t "with a check: the Internet is away, and comes back" checked
t "not started without ip-freebind" unbound_without "ip-freebind"

run_tests "$@"
