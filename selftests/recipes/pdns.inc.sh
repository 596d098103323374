# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # for server.inc.sh
#
# pdns.inc.sh - the PowerDNS Authoritative Server as a server of server.inc.sh, with the recipe's files

RECIPE=$SERVERS/pdns
PROGRAM=/usr/sbin/pdns_server
CONFIG=/etc/powerdns/pdns.conf

server_files()
{
	place /etc/powerdns
	place /run/pdns pdns
	cp "$RECIPE"/*.conf "$SERVERS/example.zone" /etc/powerdns
}

# As the unit of Debian's package has it.
server_start()
{
	launch pdns_server --guardian=no --daemon=no --disable-syslog --log-timestamp=no \
		--write-pid=no "$@"
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
