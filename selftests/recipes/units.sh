#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1200
#
# The units of the recipes, with exactly these files and those of Debian's packages:
# each is enabled, and a machine of its own is booted on a node.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/nsd.inc.sh"
. "${0%/*}/units.inc.sh"

needs bird birdc nsd /usr/lib/frr/frr-reload.py

# --- servers/namespace --------------------------------------------------------------------

# The host is node 1, the client node 2.
box()
{
	local dir=$SERVERS/namespace unit
	disk
	server_files
	mkdir -p /etc/netns/box/bird
	defer "rm -rf /etc/netns/box"
	cp "$dir/box" $SBIN
	cp "$dir/anygate.conf" /etc/anygate/box.conf
	cp "$dir/bird.conf" /etc/netns/box/bird
	cp "$dir/host.conf" /etc/bird/bird.conf
	ours anygate@.service
	packaged nsd.service bird.service
	cp "$dir/box.service" "$dir/bird-box.service" $UNITS
	mkdir $UNITS/anygate@box.service.d $UNITS/nsd.service.d $UNITS/bird.service.d
	cp "$dir/box.conf" $UNITS/anygate@box.service.d
	cp "$dir/box-nsd.conf" $UNITS/nsd.service.d/box.conf
	cp "$RECIPES/bird.service.d/anygate.conf" $UNITS/bird.service.d

	star 2
	default_routes 1 2
	bird_on 0 "$SERVERS/router.conf"
	boot 1 bird box anygate@box bird-box nsd
	note "booted"
	comes
	expect is active anygate@box
	note "NSD is stopped, and started"
	unit stop nsd
	goes
	unit start nsd
	comes
	note "SIGKILL: its unit starts it again"
	unit kill -s KILL nsd
	eventually "NSD to be started again" started_again nsd
	comes
	note "BIRD in the namespace is reloaded, and started again"
	unit reload bird-box
	unit restart bird-box
	comes
	note "the namespace is stopped, and all that is in it"
	unit stop box
	goes
	for unit in nsd bird-box anygate@box; do
		expect is inactive $unit
	done
	expect no_box
	note "and started"
	unit start anygate@box bird-box nsd
	comes
}

no_box()
{
	! inside ip netns list | grep -qw box && ! ip -n "${NS[1]}" link show box0 2>/dev/null
}

# --- covering -------------------------------------------------------------------------------

tunnel()
{
	disk
	cp "$RECIPES/covering/tunnel" $SBIN
	cp "$RECIPES/covering/anygate.conf" /etc/anygate
	cp "$RECIPES/covering/anycast-tunnel.service" $UNITS
	ours anygate.service
	star 2
	default_routes 1 2
	node 0 sysctl -qw net.ipv4.conf.all.rp_filter=0
	node 2 "$RECIPES/covering/tunnel" 10.0.2.2 10.0.1.2 2
	server 2
	boot 1 anycast-tunnel anygate
	expect is active anygate
	eventually "the fallbacks" fallbacks
	eventually "the other end to answer" other_end_answers
	unit restart anycast-tunnel
	expect other_end_answers
	[ "$(node 1 ip rule show pref 100 | wc -l)" = 1 ] || fail "two rules"
	expect fallbacks
}

other_end_answers()
{
	[ "$(CLIENT=1 ask 10.9.9.2 2001:db8:9::2)" = "$(printf '2\n2')" ]
}

fallbacks()
{
	local prefix
	for prefix in 198.51.100.53 198.51.100.80 2001:db8:53::53 2001:db8:53::80; do
		ip -n "${NS[1]}" route get $prefix | grep -q "dev anycast0" || return
	done
}

# --- ecmp-tcp -------------------------------------------------------------------------------

resilient()
{
	disk
	cp "$RECIPES/ecmp-tcp/resilient" $SBIN
	cp "$RECIPES/ecmp-tcp/resilient.service" $UNITS
	star 2
	boot 0 resilient
	learnt $V4/32 via 10.0.1.2 dev eth1
	learnt $V6/128 via 2001:db8:1::2 dev eth1
	eventually "the routes by groups" grouped "10.0.1.2"
	note "SIGKILL, and a second node meanwhile"
	unit kill -s KILL resilient
	learnt $V4/32 nexthop via 10.0.1.2 dev eth1 nexthop via 10.0.2.2 dev eth2
	eventually "both nodes in the group" grouped "10.0.1.2 10.0.2.2"
	eventually "the unit to be started again" started_again resilient
	note "SIGKILL, and the first node goes meanwhile"
	unit kill -s KILL resilient
	learnt $V4/32 via 10.0.2.2 dev eth2
	eventually "the second alone" grouped "10.0.2.2"
	ip -n "${NS[0]}" route del $V4/32 table 200
	eventually "no route" eval "[ -z \"\$(ip -n ${NS[0]} route show $V4)\" ]"
}

# learnt ROUTE...: what BIRD would have put there
learnt()
{
	ip -n "${NS[0]}" route replace "$1" table 200 "${@:2}" || fail "no route $*"
}

# grouped GATEWAYS: of IPv4, and IPv6 has a group
grouped()
{
	local id
	id=$(ip -n "${NS[0]}" route show $V4 | grep -o "nhid [0-9]*" | cut -d' ' -f2)
	[ -n "$id" ] && [[ $(ip -n "${NS[0]}" -6 route show $V6) == *"nhid "* ]] || return
	[ "$(ip -n "${NS[0]}" nexthop show id "$id" | grep -o "group [0-9/]*" | cut -d' ' -f2 |
		tr / '\n' | while read -r member; do
			ip -n "${NS[0]}" nexthop show id "$member" | grep -o "via [0-9.]*" | cut -d' ' -f2
		done | sort | paste -sd' ')" = "$1" ]
}

# --- witness-frr, and bird.service.d ---------------------------------------------------------

# Node 1 is booted, by BIRD and BGP, before its interface has an address.
witness()
{
	local dir=$RECIPES/witness-frr GATES=("$V4/32" "$V6/128")
	disk
	cp "$RECIPES/bgp-bird/bird.conf" /etc/bird
	cp "$dir/bird.conf" /etc/bird/witness.conf
	cp "$dir/witness.service" $UNITS
	cp "$dir/anygate.conf" /etc/anygate
	packaged bird.service
	mkdir $UNITS/bird.service.d
	cp "$RECIPES/bird.service.d/anygate.conf" $UNITS/bird.service.d
	ours anygate.service
	star 2
	frr_on 0 "$dir/router.conf" "$dir/router.daemons"
	bird_on 2 "$(as_node 2 "$RECIPES/bgp-bird/bird.conf")"
	ctl -n "${NS[2]}" add $V4/32 udp/53
	ctl -n "${NS[2]}" add $V6/128 udp/53
	server 2
	ip -n "${NS[1]}" addr del 10.0.1.2/24 dev eth0
	boot 1 anygate bird witness
	eventually "BIRD to have ended for want of an address" waits_for_address
	ip -n "${NS[1]}" addr add 10.0.1.2/24 dev eth0
	ip -n "${NS[1]}" addr add 10.0.1.3/24 dev eth0
	ip -n "${NS[1]}" addr add 2001:db8:1::3/64 dev eth0 nodad
	eventually "both to be there" both
	eventually "the witness to see the other node" sees 1
	server 1
	eventually "the router to have both" leads 12
	note "SIGKILL of the witness"
	unit kill -s KILL witness
	eventually "the witness to be started again" started_again witness
	eventually "it to see the other node" sees 1
	expect leads 12
	unit reload witness
	note "the other server dies, and this one"
	kill_server 2
	eventually "the router to have this node only" leads 1
	eventually "the witness to see nobody" sees_nobody 1
	kill_server 1
	eventually "the last to be kept" state_is 1 kept
	expect leads 1
}

waits_for_address()
{
	[ "$(inside systemctl show -P NRestarts bird)" -gt 0 ]
}

both()
{
	inside birdc show status >/dev/null 2>&1 &&
		inside birdc -s /run/witness/bird.ctl show status >/dev/null 2>&1
}

# --- README.md: copying a recipe --------------------------------------------------------------

PACKAGED=/usr/share/doc/anygatectl

# packages_machine PACKAGE...: node 1 has the recipes where the package has them, and as
# it has them, and each daemon the files of its own package
packages_machine()
{
	local package
	for package; do
		cp -r "/etc/$package" "$TMP" || fail "no /etc/$package"
	done
	disk
	place $PACKAGED
	cp -r "$RECIPES" $PACKAGED
	find $PACKAGED -type f -exec chmod 644 {} +
	cp "$SELFTESTS/../helper/etc/anygate.conf" /etc/anygate
	for package; do
		[ "$package" = bird ] || place "/etc/$package"
		cp -a "$TMP/$package/." "/etc/$package"
		chown -R "$package:" "/etc/$package"
	done
	ours anygate.service
}

# typed FILE WORDS [DIRECTORY]: the block of a page in which the words are is typed in the
# machine, but for what gets packages and edits files: these are those of node 1
typed()
{
	local lines=()
	mapfile -t lines < <(awk -v words="$2" '
		/^    / { text = text substr($0, 5) "\n"; next }
		{ if (index(text, words)) printf "%s", text; text = "" }' "$1" | sed 's/  *# .*//')
	[ ${#lines[@]} -gt 3 ] || fail "no such block in $1: $2"
	printf '# %s\n' "${lines[@]}"
	printf '%s\n' "cd '${3:-/}'" "${lines[@]}" | grep -v '^apt \|^editor ' |
		inside env PATH="$SBIN:$PATH" bash -ex >"$TMP/typed" 2>&1 || {
		show_all
		fail "it fails: $(<"$TMP/typed")"
	}
}

enabled()
{
	inside systemctl is-enabled -q "$@"
}

copied()
{
	packages_machine bird nsd
	place /run/nsd nsd
	place /var/lib/nsd nsd
	packaged nsd.service bird.service
	star 2
	default_routes 1 2
	bird_on 0 "$SERVERS/router.conf"
	boot 1 anygate bird nsd
	expect unrouted
	typed "$RECIPES/README.md" "apt install bird2 nsd"
	comes
	expect enabled anygate bird nsd
	[[ $(inside systemctl show -P DropInPaths bird) == */bird.service.d/anygate.conf* ]] ||
		fail "without its drop-in"
	note "a mistake in the file"
	echo "add $V4/32 udp" >>/etc/anygate/anygate.conf
	inside systemctl reload-or-restart anygate >"$TMP/systemctl" 2>&1 && fail "not seen"
	expect state_is 1 open
	sed -i '$d' /etc/anygate/anygate.conf
	unit reload-or-restart anygate
	expect answered
	expect state_is 1 open
}

# The addresses in the covering prefixes have to be there; they are not of this page.
copied_frr()
{
	local GATES=("$V4/32" "$V6/128" 198.51.100.0/24 2001:db8:53::/48)
	packages_machine frr
	place /run/frr frr
	place /var/log/frr frr
	packaged frr.service
	star 1
	bird_on 0 "$RECIPES/bgp-frr/router.conf"
	ip -n "${NS[1]}" addr add 198.51.100.53/32 dev lo
	ip -n "${NS[1]}" addr add 2001:db8:53::53/128 dev lo nodad
	server 1
	boot 1 anygate frr
	typed "$RECIPES/README.md" "apt install frr"
	eventually "the router to have the routes" leads 1
	expect enabled anygate frr
	note "the file is changed"
	sed -i 's#192\.0\.2\.53/32#192.0.2.77/32#' /etc/frr/frr.conf
	unit reload frr
	GATES=("$V4/32")
	eventually "the router to have lost one" leads ""
	GATES=(198.51.100.0/24 2001:db8:53::/48)
	expect leads 1
	unit stop frr
}

copied_socket()
{
	local dir=$RECIPES/servers/activated KIND=hello ANSWER=hello
	packages_machine
	place /usr/local/lib
	star 2
	default_routes 1 2
	bird_on 0 "$SERVERS/router.conf"
	bird_on 1 "$SERVERS/bird.conf"
	cp "$dir/anygate.conf" /etc/anygate
	boot 1 anygate
	expect unrouted
	typed "$dir/README.md" "install -m 644 hello.socket" $PACKAGED/recipes/servers/activated
	comes
	expect enabled hello.socket
	unit stop hello.socket
	goes
}

t "a namespace with its gates, BIRD and NSD" box
t "a tunnel before the gates that lead into it" tunnel
t "groups of next hops whose buckets stay" resilient
t "BIRD before its interface has an address, and a witness" witness
t "what is said of copying a recipe is typed" copied
t "the same with FRR" copied_frr
t "the same with a socket" copied_socket

run_tests "$@"
