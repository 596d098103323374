# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # for server.inc.sh
#
# unbound.inc.sh - Unbound as a server of server.inc.sh, with the recipe's files

RECIPE=$SERVERS/unbound
PROGRAM=/usr/sbin/unbound
CONFIG=/etc/unbound/unbound.conf

server_files()
{
	place /etc/unbound unbound
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
