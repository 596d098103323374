#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/nginx, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/nginx.inc.sh"

needs bird birdc nginx "$PYTHON"

life()
{
	network
	start_and_stop
	reload "nginx -s reload" node 1 nginx -s reload
	killed
}

# The documented way: the new one inherits the sockets, and the old one drains.
upgrade()
{
	local old
	network
	server_start
	comes
	watch
	old=$MAIN
	server_newer
	kill -USR2 "$old"
	eventually "the new master" new_master "$old"
	kill -WINCH "$old"
	kill -QUIT "$old"
	eventually "the end of the old one" dead "$old"
	eventually "the new one to answer" server_renewed
	unmoved upgrade
	nothing_lost upgrade
	reload "nginx -s reload of the new one" node 1 nginx -s reload
	killed
}

new_master()
{
	MAIN=$(cat /run/nginx.pid 2>/dev/null)
	[ -n "$MAIN" ] && [ "$MAIN" != "$1" ] && [ -n "$(workers)" ]
}

workers()
{
	ps -o pid= --ppid "$MAIN"
}

# The workers live on, and answer; the gate says so.
main_killed()
{
	local left
	network
	server_start
	comes
	left=$(workers)
	watch
	kill -9 "$MAIN"
	eventually "its end" dead "$MAIN"
	unmoved "SIGKILL of the master"
	nothing_lost "SIGKILL of the master"
	note "and then the workers"
	# shellcheck disable=SC2086 # numbers
	kill -9 $left
	goes
}

# What is in the recipe's comment.
exact_address()
{
	network
	sed -i "s/listen 80 default_server/listen $V4:80/; /listen \[::/d" /etc/nginx/nginx.conf
	note "the IPv4 address alone, by the route that the gate holds"
	node 1 nginx -t 2>&1 | grep -q "successful" || fail "nginx refuses it"
	sed -i "s/listen $V4:80/listen [$V6]:80/" /etc/nginx/nginx.conf
	node 1 nginx -t >"$TMP/test" 2>&1 && fail "nginx takes the IPv6 address"
	grep "bind()" "$TMP/test" | tail -n 1 | sed 's/^/# /'
	node 1 sysctl -qw net.ipv6.ip_nonlocal_bind=1
	node 1 nginx -t 2>&1 | grep -q "successful" || fail "not with ip_nonlocal_bind either"
}

t "start, stop, reload, SIGKILL" life
t "upgrade by SIGUSR2" upgrade
t "SIGKILL of the master only" main_killed
t "an address instead of the wildcard" exact_address

run_tests "$@"
