# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # for server.inc.sh
#
# dnsdist.inc.sh - dnsdist as a server of server.inc.sh, with the recipe's files

RECIPE=$SERVERS/dnsdist
PROGRAM=/usr/bin/dnsdist

server_files()
{
	place /etc/dnsdist
	cp "$RECIPE/dnsdist.conf" /etc/dnsdist
	place /etc/nsd
	place /run/nsd nsd
	place /var/lib/nsd nsd
	cp "$RECIPE/nsd.conf" "$SERVERS/example.zone" /etc/nsd
}

# With the user and the capability that the unit of Debian's package has.
server_start()
{
	launch setpriv --reuid _dnsdist --regid _dnsdist --init-groups \
		--inh-caps -all,+net_bind_service --ambient-caps -all,+net_bind_service \
		--bounding-set -all,+net_bind_service dnsdist --supervised --disable-syslog
}

server_stop()
{
	kill $MAIN
}

# dnsdist has no reload: its console changes what is running.
server_newer()
{
	CHANGED=192.0.2.$((RANDOM % 200))
}

server_renewed()
{
	is_told dns "release.example A" "$CHANGED"
}
