# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # for server.inc.sh
#
# recursor.inc.sh - the PowerDNS Recursor as a server of server.inc.sh, with the recipe's files

RECIPE=$SERVERS/recursor
PROGRAM=/usr/sbin/pdns_recursor

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
