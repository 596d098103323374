# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # for server.inc.sh
#
# chrony.inc.sh - chrony as a server of server.inc.sh, with the recipe's files

RECIPE=$SERVERS/chrony
PROGRAM=/usr/sbin/chronyd
KIND=ntp
ANSWER="stratum 8"

server_files()
{
	place /etc/chrony
	place /run/chrony _chrony
	# else chronyd does without its command socket
	chmod 700 /run/chrony
	place /var/lib/chrony _chrony
	cp "$RECIPE/chrony.conf" /etc/chrony
	mkdir /etc/chrony/sources.d
	chronyd -p -f /etc/chrony/chrony.conf >/dev/null || fail "not what chronyd reads"
	# this client asks some fifty times a second
	sed -i '/^ratelimit/d' /etc/chrony/chrony.conf
}

# In the foreground; and -x, for the clock is not its own in a namespace.
server_start()
{
	launch chronyd -d -x
}

server_stop()
{
	kill $MAIN
}

# chronyd reads its sources anew, and nothing else.
server_newer()
{
	echo "server 198.51.100.123" >/etc/chrony/sources.d/test.sources
}

server_renewed()
{
	node 1 chronyc -n sources | grep -q 198.51.100.123
}
