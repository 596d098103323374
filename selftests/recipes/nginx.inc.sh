# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # for server.inc.sh
#
# nginx.inc.sh - nginx as a server of server.inc.sh, with the recipe's files

RECIPE=$SERVERS/nginx
PROGRAM=/usr/sbin/nginx
KIND=http
ANSWER="200 node one"

server_files()
{
	[ ! -e /run/nginx.pid ] || skip "nginx is running"
	defer "rm -f /run/nginx.pid /run/nginx.pid.oldbin"
	place /etc/nginx
	place /var/log/nginx
	cp "$RECIPE/nginx.conf" /etc/nginx
}

# As the unit of Debian's package has it; it goes into the background itself. With its
# full path: by the name it was started by it finds its new binary.
server_start()
{
	defer server_kill
	node 1 /usr/sbin/nginx -g 'daemon on; master_process on;' >"$TMP/server.log" 2>&1 ||
		fail "nginx: $(<"$TMP/server.log")"
	MAIN=$(</run/nginx.pid)
}

server_stop()
{
	kill -QUIT $MAIN
}

server_newer()
{
	RELEASE=$((${RELEASE:-1} + 1))
	sed -i "s/release [0-9]/release $RELEASE/" /etc/nginx/nginx.conf
}

server_renewed()
{
	is_told http /release "200 release $RELEASE"
}
