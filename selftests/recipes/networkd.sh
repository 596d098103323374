#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=300
#
# Documentation/recipes/networkd, with exactly its files: systemd-networkd starts on a
# node that has gates, and leaves alone what is theirs. BIND's file for it, too, and
# those of witness-frr; and those of ifupdown for each of them.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"

RECIPES=$SELFTESTS/../Documentation/recipes
NETWORKD=/lib/systemd/systemd-networkd

needs "$NETWORKD" ifup "$PYTHON"

if [ -z "$ANYGATE_MOUNTS" ]; then
	export ANYGATE_MOUNTS=y
	exec unshare -m --propagation private -- bash "$0" "$@"
fi

# files DIRECTORY: the recipe that has lo.network
files()
{
	local dir
	for dir in /etc/systemd/network /etc/systemd/networkd.conf.d /run/systemd; do
		mkdir -p $dir
		mount -t tmpfs -o mode=755 tmpfs $dir || fail "no $dir"
	done
	mkdir -p /run/systemd/network /run/systemd/netif/{links,leases}
	chown -R systemd-network: /run/systemd/netif
	cp "$RECIPES/networkd/networkd.conf" /etc/systemd/networkd.conf.d/anygate.conf
	cp "$1/lo.network" /etc/systemd/network/10-anycast-lo.network
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

# all_are STATE
all_are()
{
	"$ANYGATECTL" -n "${NS[1]}" -j show | jq -e --arg state "$1" \
		'length > 0 and all(.[]; .state == $state)' >/dev/null
}

# lo_has ADDRESS...
lo_has()
{
	local address
	for address; do
		has_address lo "$address" || return
	done
}

watched()
{
	ip -n "${NS[1]}" route add blackhole 203.0.113.99 2>/dev/null
	ip -n "${NS[1]}" route del blackhole 203.0.113.99 2>/dev/null
	grep -q "Deleted.*203.0.113.99" "$TMP/watched"
}

# BIND's gates want one, too.
tcp_server()
{
	ip netns exec "${NS[1]}" "$PYTHON" -c '
import signal, socket
s = socket.create_server(("::", 53), family=socket.AF_INET6, dualstack_ipv6=True)
signal.pause()' &
	MONITORS+=($!)
	disown
}

# leaves_alone DIRECTORY GATES ADDRESS...: lo.network is in the directory and has two
# addresses, and the gates have those that follow
leaves_alone()
{
	local n state stay
	star 1
	files "$1"
	mapfile -t stay < <(sed -n 's/^Address=\([^/]*\).*/\1/p' "$1/lo.network")
	[ ${#stay[@]} = 2 ] || fail "not the addresses of two families: ${stay[*]}"
	ctl -n "${NS[1]}" apply "$2" >/dev/null
	shift 2
	ip -n "${NS[1]}" rule add pref 100 iif anycast0 blackhole
	ip -n "${NS[1]}" -o monitor address route rule >"$TMP/watched" 2>&1 &
	MONITORS+=($!)
	eventually "ip monitor to follow" watched

	for state in closed open; do
		if [ $state = open ]; then
			server 1
			tcp_server
			eventually "the gates to open" all_are open
			[ $# = 0 ] || expect lo_has "$@"
		fi
		for n in 1 2; do
			note "$state: start $n"
			networkd
			eventually "networkd to be done" configured
			eventually "its addresses" lo_has "${stay[@]}"
			note "end $n"
			kill $DAEMON
			eventually "its end" ended
			rm -f /run/systemd/netif/links/1
			expect lo_has "${stay[@]}"
			expect all_are $state
		done
		# What it would have added, the gate would not have opened for.
		[ $state = open ] || for n; do
			lo_has "$n" && fail "$n is there while the gate is closed"
		done
	done
	[ $# = 0 ] || expect lo_has "$@"
	ip -n "${NS[1]}" route add blackhole 203.0.113.98
	ip -n "${NS[1]}" route del blackhole 203.0.113.98
	eventually "what has been told" grep -q "Deleted.*203.0.113.98" "$TMP/watched"
	! grep "^Deleted" "$TMP/watched" | grep -v "203\.0\.113\.9" ||
		fail "networkd has removed something"
}

# And without the recipe's file: from which version on it is needed. What is removed the
# gates put back.
without_file()
{
	local version
	version=$("$NETWORKD" --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
	note "systemd $version"
	star 1
	files "$RECIPES/networkd"
	rm /etc/systemd/networkd.conf.d/anygate.conf
	ctl -n "${NS[1]}" apply "$RECIPES/ospf-bird/anygate.conf" >/dev/null
	server 1
	eventually "the gates to open" all_are open
	ip -n "${NS[1]}" -o monitor route >"$TMP/watched" 2>&1 &
	MONITORS+=($!)
	eventually "ip monitor to follow" watched
	networkd
	eventually "networkd to be done" configured
	ip -n "${NS[1]}" route add blackhole 203.0.113.98
	ip -n "${NS[1]}" route del blackhole 203.0.113.98
	eventually "what has been told" grep -q "Deleted.*203.0.113.98" "$TMP/watched"
	if [ "$version" -ge 257 ]; then
		grep -q "^Deleted blackhole 198\.51\.100\.0/24 .*proto" "$TMP/watched" ||
			fail "networkd has left the gates' routes alone: the file is not needed"
	else
		! grep "^Deleted" "$TMP/watched" | grep -v "203\.0\.113\.9" ||
			fail "this version removes them, too"
	fi
	eventually "the gates' routes" routes_there
	kill $DAEMON
	eventually "its end" ended
	expect all_are open
}

routes_there()
{
	[ -n "$(ip -n "${NS[1]}" route show 198.51.100.0/24 proto 166)" ] &&
		[ -n "$(ip -n "${NS[1]}" -6 route show 2001:db8:53::/48 proto 166)" ]
}

show_all()
{
	{
		"$ANYGATECTL" -n "${NS[1]}" show
		ip -n "${NS[1]}" addr
		cat "$TMP/networkd" "$TMP/watched" /run/systemd/netif/links/1
	} 2>&1 | sed 's/^/#   /'
}

# The second address of a witness's listener, beside what the link has already.
listener()
{
	star 1
	files "$RECIPES/networkd"
	ip -n "${NS[1]}" addr flush dev eth0 scope global
	printf '[Match]\nName=eth0\n[Network]\nAddress=10.0.1.2/24\nGateway=10.0.1.1\n' \
		>/etc/systemd/network/20-eth0.network
	mkdir /etc/systemd/network/20-eth0.network.d
	cp "$RECIPES/witness-frr/listener.conf" /etc/systemd/network/20-eth0.network.d
	networkd
	has_both
	kill $DAEMON
	eventually "its end" ended
	expect has_address eth0 10.0.1.3
}

has_both()
{
	local address
	for address in 10.0.1.2 10.0.1.3 2001:db8:1::3; do
		eventually "$address" has_address eth0 $address
	done
	eventually "the router to be there" ip -n "${NS[1]}" route get 10.1.0.2
}

# interfaces: Debian's own directories and file
interfaces()
{
	local dir
	for dir in /etc/network /run/network; do
		mkdir -p $dir
		mount -t tmpfs -o mode=755 tmpfs $dir || fail "no $dir"
	done
	mkdir /etc/network/{interfaces.d,if-pre-up.d,if-up.d,if-down.d,if-post-down.d}
	cat >/etc/network/interfaces <<-'END'
	source /etc/network/interfaces.d/*

	auto lo
	iface lo inet loopback

	auto eth0
	iface eth0 inet static
		address 10.0.1.2/24
		gateway 10.0.1.1
	END
}

# networking ExecStart|ExecStop: what Debian's unit runs of ifupdown then
networking()
{
	local command
	read -ra command < <(sed -n "s#^$1=\(/[a-z/]*/if.*\)#\1#p" /lib/systemd/system/networking.service)
	[ ${#command[@]} -gt 1 ] || fail "no $1 in networking.service"
	ip netns exec "${NS[1]}" "${command[@]}" >"$TMP/networking" 2>&1 ||
		fail "${command[*]}: $(<"$TMP/networking")"
}

# lo_ifupdown DIRECTORY GATES: the addresses of the file "lo" there are on lo, and the
# gates are of use then. The node has been booted without the file.
lo_ifupdown()
{
	local stay address
	star 1
	ip -n "${NS[1]}" addr flush dev eth0 scope global
	interfaces
	networking ExecStart
	cp "$1/lo" /etc/network/interfaces.d/anycast-lo
	mapfile -t stay < <(sed -n 's/^\taddress \([^/]*\).*/\1/p' "$1/lo")
	[ ${#stay[@]} = 2 ] || fail "not the addresses of two families: ${stay[*]}"
	ctl -n "${NS[1]}" apply "$2" >/dev/null
	[ "$(not_local)" = 2 ] || fail "doctor does not say what is missing"
	note "systemctl restart networking"
	networking ExecStop
	expect hasnt_address eth0 10.0.1.2
	networking ExecStart
	expect has_address eth0 10.0.1.2
	for address in "${stay[@]}"; do
		expect hasnt_address lo "$address"
	done
	note "ifup --force lo"
	for address in "${stay[@]}"; do
		ip netns exec "${NS[1]}" ifquery lo | grep -q "^address: $address" ||
			fail "ifquery does not say $address"
	done
	ip netns exec "${NS[1]}" ifup --force lo || fail "ifup: $?"
	expect lo_has "${stay[@]}"
	[ "$(not_local)" = 0 ] || fail "doctor still misses an address"
	server 1
	tcp_server
	eventually "the gates to open" all_are open
	note "and again, with the gates open"
	ip netns exec "${NS[1]}" ifup --force lo || fail "ifup: $?"
	expect lo_has "${stay[@]}"
	expect all_are open
	note "a boot with the file"
	ip -n "${NS[1]}" addr flush dev lo scope global
	rm -f /run/network/ifstate*
	ip -n "${NS[1]}" addr flush dev eth0 scope global
	networking ExecStart
	expect lo_has "${stay[@]}"
}

# not_local: of how many gates doctor says so
not_local()
{
	"$ANYGATECTL" -n "${NS[1]}" -j doctor | jq '[.[] | select(.id == "not-local")] | length'
}

listener_ifupdown()
{
	star 1
	ip -n "${NS[1]}" addr flush dev eth0 scope global
	interfaces
	cp "$RECIPES/witness-frr/listener" /etc/network/interfaces.d
	ip netns exec "${NS[1]}" ifup eth0 || fail "ifup: $?"
	has_both
}

# has_address DEVICE ADDRESS
has_address()
{
	[ -n "$(ip -n "${NS[1]}" -o addr show dev "$1" to "$2")" ]
}

hasnt_address()
{
	! has_address "$@"
}

t "systemd-networkd starts, and leaves gates' addresses and routes alone" \
	leaves_alone "$RECIPES/networkd" "$RECIPES/ospf-bird/anygate.conf" $V4 $V6
t "the same with BIND's addresses" \
	leaves_alone "$RECIPES/servers/bind" "$RECIPES/servers/bind/anygate.conf"
t "systemd-networkd without the file of the recipe" without_file
t "ifupdown has the addresses in covering prefixes" \
	lo_ifupdown "$RECIPES/ifupdown" "$RECIPES/ospf-bird/anygate.conf"
t "the same with BIND's addresses" \
	lo_ifupdown "$RECIPES/servers/bind" "$RECIPES/servers/bind/anygate.conf"
t "the listener of a witness gets its address" listener
t "the same with ifupdown" listener_ifupdown

run_tests "$@"
