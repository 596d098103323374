#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/recursor, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"

RECIPE=$SERVERS/recursor
PROGRAM=/usr/sbin/pdns_recursor

needs bird birdc pdns_recursor rec_control nsd dig host "$PYTHON"

# version 5 reads YAML
case $(pdns_recursor --version 2>&1) in
*"PowerDNS Recursor 4."*)	CONF=recursor.conf ;;
*)				CONF=recursor.yml ;;
esac
CONFIG=/etc/powerdns/$CONF

server_files()
{
	place /etc/powerdns
	place /run/pdns-recursor pdns
	place /usr/local/sbin
	cp "$SERVERS/resolves" /usr/local/sbin
	note "with $CONF"
	cp "$RECIPE/$CONF" "$SERVERS/example.zone" /etc/powerdns
}

# As the unit of Debian's package has it.
server_start()
{
	launch pdns_recursor --daemon=no --write-pid=no --disable-syslog --log-timestamp=no
}

server_stop()
{
	kill $MAIN
}

server_newer()
{
	newer_zone /etc/powerdns/example.zone
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
	reload "rec_control reload-zones" rec_control reload-zones
	killed
}

second()
{
	network
	server_start
	comes
	takeover
	note "rec_control: $(rec_control ping 2>&1)"
	killed
}

t "start, stop, reload, SIGKILL" life
t "a second Recursor takes over" second
t "with a check: the Internet is away, and comes back" checked
t "not started without non-local-bind" unbound_without "non[-_]local[-_]bind"

run_tests "$@"
