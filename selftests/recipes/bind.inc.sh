# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # for server.inc.sh
#
# bind.inc.sh - BIND as a server of server.inc.sh, with the recipe's files

RECIPE=$SERVERS/bind
PROGRAM=/usr/sbin/named
NODE_CONF=$SERVERS/bird-route.conf
RAW=y

server_files()
{
	place /etc/bind bind
	place /run/named bind
	place /var/cache/bind bind
	cp "$RECIPE/named.conf" "$SERVERS/example.zone" /etc/bind
	rndc-confgen -a -A hmac-sha256 -k rndc-key -c /etc/bind/rndc.key >/dev/null 2>&1
	chown bind /etc/bind/rndc.key
}

# As an operator has them, for good.
addresses()
{
	ip -n "${NS[1]}" addr add $V4/32 dev lo
	ip -n "${NS[1]}" addr add $V6/128 dev lo nodad
}

# As the unit of Debian's package has it.
server_start()
{
	launch named -f -u bind
}

server_stop()
{
	rndc_ stop
}

rndc_()
{
	node 1 rndc "$@" >"$TMP/rndc" 2>&1
}

server_newer()
{
	newer_zone /etc/bind/example.zone
}

server_renewed()
{
	has_newer_zone
}
