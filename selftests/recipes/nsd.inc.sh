# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # for server.inc.sh
#
# nsd.inc.sh - NSD as a server of server.inc.sh, with the recipe's files

PROGRAM=/usr/sbin/nsd

server_files()
{
	place /etc/nsd
	place /run/nsd nsd
	place /var/lib/nsd nsd
	cp "$SERVERS/nsd/nsd.conf" "$SERVERS/example.zone" /etc/nsd
}

# As the unit of Debian's package has it.
server_start()
{
	launch nsd -d -P ""
}

server_stop()
{
	kill $MAIN
}

server_newer()
{
	newer_zone /etc/nsd/example.zone
}

server_renewed()
{
	has_newer_zone
}
