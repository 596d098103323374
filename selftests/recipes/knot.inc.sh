# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # for server.inc.sh
#
# knot.inc.sh - Knot DNS as a server of server.inc.sh, with the recipe's files

RECIPE=$SERVERS/knot
PROGRAM=/usr/sbin/knotd

server_files()
{
	place /etc/knot
	place /run/knot knot
	place /var/lib/knot knot
	cp "$RECIPE/knot.conf" "$SERVERS/example.zone" /etc/knot
}

# With the user and the capabilities that the unit of Debian's package has.
server_start()
{
	launch setpriv --reuid knot --regid knot --init-groups \
		--inh-caps -all,+net_bind_service,+setpcap \
		--ambient-caps -all,+net_bind_service,+setpcap \
		--bounding-set -all,+net_bind_service,+setpcap \
		knotd -c "/etc/knot/${CONF:-knot.conf}"
}

server_stop()
{
	kill $MAIN
}

server_newer()
{
	newer_zone /etc/knot/example.zone
}

server_renewed()
{
	has_newer_zone
}
