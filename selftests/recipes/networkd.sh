#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=300
#
# Documentation/recipes/networkd, with exactly its files: systemd-networkd starts on a
# node that has gates, and leaves alone what is theirs.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"

RECIPE=$SELFTESTS/../Documentation/recipes/networkd
NETWORKD=/lib/systemd/systemd-networkd
GATES=(198.51.100.53/32 2001:db8:53::53/128 "$V4/32" "$V6/128")

needs "$NETWORKD" "$PYTHON"

if [ -z "$ANYGATE_MOUNTS" ]; then
	export ANYGATE_MOUNTS=y
	exec unshare -m --propagation private -- bash "$0" "$@"
fi

files()
{
	local dir
	for dir in /etc/systemd/network /etc/systemd/networkd.conf.d /run/systemd; do
		mkdir -p $dir
		mount -t tmpfs -o mode=755 tmpfs $dir || fail "no $dir"
	done
	mkdir -p /run/systemd/network /run/systemd/netif/{links,leases}
	chown -R systemd-network: /run/systemd/netif
	cp "$RECIPE/networkd.conf" /etc/systemd/networkd.conf.d/anygate.conf
	cp "$RECIPE/lo.network" /etc/systemd/network/10-anycast-lo.network
}

# Without udev it does not wait for it: a container has a /sys that cannot be written.
networkd()
{
	# shellcheck disable=SC2016 # the inner shell's
	ip netns exec "${NS[1]}" sh -c 'mount -o remount,bind,ro /sys && exec "$1"' sh \
		"$NETWORKD" >>"$TMP/networkd" 2>&1 &
	DAEMON=$!
	MONITORS+=($!)
	disown
}

configured()
{
	grep -q "^ADMIN_STATE=configured" /run/systemd/netif/links/1 2>/dev/null
}

ended()
{
	! kill -0 $DAEMON 2>/dev/null
}

open()
{
	[ "$("$ANYGATECTL" -n "${NS[1]}" -j show | grep -o '"state": *"open"' | wc -l)" = ${#GATES[@]} ]
}

# lo_has ADDRESS...
lo_has()
{
	local address
	for address; do
		[ -n "$(ip -n "${NS[1]}" -o addr show dev lo to "$address")" ] || return
	done
}

watched()
{
	ip -n "${NS[1]}" route add blackhole 203.0.113.99 2>/dev/null
	ip -n "${NS[1]}" route del blackhole 203.0.113.99 2>/dev/null
	grep -q "Deleted.*203.0.113.99" "$TMP/watched"
}

leaves_alone()
{
	local n
	star 1
	files
	for n in 0 1; do
		ctl -n "${NS[1]}" add "${GATES[n]}" udp/53
		ctl -n "${NS[1]}" add "${GATES[n + 2]}" udp/53 action route
	done
	ip -n "${NS[1]}" rule add pref 100 iif anycast0 blackhole
	server 1
	eventually "the gates to open" open
	expect lo_has "${GATES[@]:0:2}"
	ip -n "${NS[1]}" -o monitor address route rule >"$TMP/watched" 2>&1 &
	MONITORS+=($!)
	eventually "ip monitor to follow" watched

	for n in 1 2; do
		note "start $n"
		networkd
		eventually "networkd to be done" configured
		eventually "its addresses" lo_has $V4 $V6
		note "end $n"
		kill $DAEMON
		eventually "its end" ended
		rm -f /run/systemd/netif/links/1
		expect lo_has $V4 $V6 "${GATES[@]:0:2}"
	done
	ip -n "${NS[1]}" route add blackhole 203.0.113.98
	ip -n "${NS[1]}" route del blackhole 203.0.113.98
	eventually "what has been told" grep -q "Deleted.*203.0.113.98" "$TMP/watched"
	! grep "^Deleted" "$TMP/watched" | grep -v "203\.0\.113\.9" ||
		fail "networkd has removed something"
	expect open
}

show_all()
{
	{
		"$ANYGATECTL" -n "${NS[1]}" show
		ip -n "${NS[1]}" addr
		cat "$TMP/networkd" "$TMP/watched" /run/systemd/netif/links/1
	} 2>&1 | sed 's/^/#   /'
}

t "systemd-networkd starts, and leaves gates' addresses and routes alone" leaves_alone

run_tests "$@"
