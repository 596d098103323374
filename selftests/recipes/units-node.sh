#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1800
#
# A whole node as its unit files have it: FRR, NSD with BIRD and a check, and a service of
# a socket of systemd's, with exactly the files of the recipes and the units of Debian's
# packages, on a machine of its own.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/routing.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/nsd.inc.sh"
. "${0%/*}/units.inc.sh"
. "${0%/*}/node.inc.sh"

needs bird birdc nsd vtysh /usr/lib/frr/frr-reload.py named-checkzone dig

# --- ospf-frr ---------------------------------------------------------------------------

# The router is the client. Two gates are to close while FRR is away.
CLOSING=("$V4/32" 2001:db8:53::/48)
STAYING=("$V6/128" 198.51.100.0/24)

frr()
{
	local daemon
	disk
	frr_files "$RECIPES/ospf-frr"
	cp "$RECIPES/ospf-frr/anygate.conf" /etc/anygate
	ours anygate.service
	packaged frr.service
	star 1
	ip -n "${NS[1]}" addr add 198.51.100.53/32 dev lo
	ip -n "${NS[1]}" addr add 2001:db8:53::53/128 dev lo nodad
	bird_on 0 "$RECIPES/ospf-frr/router.conf"
	server 1
	boot 1 anygate frr
	eventually "the router to have the routes" leads 1
	eventually "it to be answered" served 1

	note "reload"
	routes_watched
	unit reload frr
	none_lost
	expect leads 1
	expect is active frr

	for daemon in ospfd zebra; do
		dies_alone $daemon
	done

	note "stop, and start"
	unit stop frr
	eventually "the router to have no route" leads ""
	close_some
	routes_watched
	unit start frr
	eventually "the router to have those of open gates" some_lead
	unheard_of "${CLOSING[@]}"
	open_all
	note "restart"
	unit restart frr
	eventually "the router to have the routes" leads 1
	eventually "it to be answered" served 1

	note "SIGKILL of all of it"
	# three starts in three minutes are enough for the unit
	unit reset-failed frr
	unit kill -s KILL frr
	close_some
	eventually "FRR to be started again" started_again frr
	open_ones_lead
}

# frr_files DIRECTORY: as README.md has them, beside those of the package, and of the owner
# that all of them have
frr_files()
{
	cp /etc/frr/vtysh.conf "$TMP"
	place /etc/frr frr
	place /run/frr frr
	cp "$TMP/vtysh.conf" "$1/daemons" "$1/frr.conf" /etc/frr
	chown frr:frr /etc/frr/*
	chmod 640 /etc/frr/*
	chmod 750 /etc/frr
}

# dies_alone DAEMON: watchfrr starts it again
dies_alone()
{
	local pid
	pid=$(<"/run/frr/$1.pid")
	note "SIGKILL of $1"
	inside kill -9 "$pid" || fail "no $1"
	close_some
	[ "$(<"/run/frr/$1.pid")" = "$pid" ] || fail "it was there again before gates had closed"
	eventually "another $1" another "$1" "$pid"
	expect is active frr
	open_ones_lead
}

# It is back: those of open gates are announced, and in the time that routing would take to
# tell no others; then all are opened.
open_ones_lead()
{
	eventually "OSPF" neighbours_full
	eventually "the router to have those of open gates" some_lead
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	expect some_lead
	open_all
	eventually "it to be answered" served 1
}

# another DAEMON PID
another()
{
	local pid
	pid=$(cat "/run/frr/$1.pid" 2>/dev/null) && [ "$pid" != "$2" ] &&
		inside kill -0 "$pid" 2>/dev/null
}

# Both protocols', as FRR itself has it.
neighbours_full()
{
	inside vtysh -c "show ip ospf neighbor" 2>/dev/null | grep -q Full &&
		inside vtysh -c "show ipv6 ospf6 neighbor" 2>/dev/null | grep -q Full
}

close_some()
{
	local gate
	for gate in "${CLOSING[@]}"; do
		ctl -n "${NS[1]}" drain "$gate" >/dev/null
	done
}

some_lead()
{
	leads_nowhere "${CLOSING[@]}" && (GATES=("${STAYING[@]}") && leads 1)
}

open_all()
{
	stand_up "${CLOSING[@]}"
}

# --- node -------------------------------------------------------------------------------

# Node 1 is booted, the client is node 2, and number 3 has the zone.
secondary()
{
	local dir=$RECIPES/node GATES=("$V4/32" "$V6/128")
	disk
	place /etc/nsd
	place /run/nsd nsd
	place /var/lib/nsd nsd
	cp "$dir/nsd.conf" "$dir/node.conf" /etc/nsd
	cp "$dir/verify-zone" "$dir/zone-ok" $SBIN
	cp "$dir/bird.conf" /etc/bird
	cp "$dir/anygate.conf" /etc/anygate
	printf '%s\n' "GATE=dns" "OPTIONS=every 5s timeout 10s" \
		"COMMAND=/usr/local/sbin/zone-ok" >/etc/anygate/zone.check
	ours anygate.service examples/anygate-check@.service
	packaged nsd.service bird.service
	mkdir $UNITS/bird.service.d
	cp "$RECIPES/bird.service.d/anygate.conf" $UNITS/bird.service.d
	primary_files
	star 3
	default_routes 1 2 3
	bird_on 0 "$RECIPES/witness-bird/router.conf"

	note "nobody has the zone"
	boot 1 anygate bird nsd anygate-check@zone
	eventually "the check to say so" says "lease zone down"
	expect unrouted
	note "the one there is is bad"
	zone 1 bad
	nsd_on 3
	eventually "NSD to refuse it" refused
	expect state_is 1 closed
	expect unrouted
	note "a good one"
	newer_zone 2 good
	comes
	eventually "NSD to have written it" grep -q SOA /var/lib/nsd/example.zone

	note "SIGKILL, and the machine with the zones is away"
	ip -n "${NS[0]}" link set eth3 down
	gates_watched
	unit kill -s KILL nsd
	eventually "the gates to close" moved closed
	eventually "NSD to be started again" started_again nsd
	eventually "the gates to open" moved open
	comes
	note "BIRD is reloaded, stopped, and started"
	unit reload bird
	unit stop bird
	goes
	unit start bird
	comes
	note "the check is stopped: its lease runs out"
	unit stop anygate-check@zone
	eventually "the lease to have run out" says "lease zone expired"
	goes
	unit start anygate-check@zone
	comes
}

says()
{
	"$ANYGATECTL" -n "${NS[1]}" show | grep -q "$1"
}

# The verifier has said so, and has not died of something else.
refused()
{
	grep -q "verifier.*exited with 1" "$TMP/systemd.log"
}

# gates_watched: from here on, what becomes of node 1's gates
gates_watched()
{
	: >"$TMP/gates"
	"$ANYGATECTL" -n "${NS[1]}" -j monitor >>"$TMP/gates" 2>&1 &
	MONITORS+=($!)
	eventually "the monitor to follow" gates_marked
}

gates_marked()
{
	"$ANYGATECTL" -n "${NS[1]}" add $EVENT_MARK/32 udp/99 2>/dev/null
	"$ANYGATECTL" -n "${NS[1]}" del $EVENT_MARK/32 2>/dev/null
	grep -q -F $EVENT_MARK "$TMP/gates"
}

# moved STATE: both gates have come to it since they are watched
moved()
{
	local gate
	for gate in $V4/32 $V6/128; do
		[ -n "$(jq -c "select(.kind == \"transition\" and .prefix == \"$gate\" and
			.state == \"$1\")" "$TMP/gates")" ] || return
	done
}

# --- servers/activated ------------------------------------------------------------------

activated()
{
	local dir=$SERVERS/activated KIND=hello ANSWER=hello
	disk
	cp "$dir/hello.socket" "$dir/hello.service" $UNITS
	place /usr/local/lib
	cp "$dir/hello.py" /usr/local/lib
	cp "$dir/anygate.conf" /etc/anygate
	cp "$SERVERS/bird.conf" /etc/bird
	ours anygate.service
	packaged bird.service
	mkdir $UNITS/bird.service.d
	cp "$RECIPES/bird.service.d/anygate.conf" $UNITS/bird.service.d
	star 2
	default_routes 1 2
	bird_on 0 "$SERVERS/router.conf"
	boot 1 anygate bird hello.socket
	eventually "the router to have the routes" routed 1
	expect is inactive hello
	note "the first client"
	expect answered
	expect is active hello
	[ "$(inside stat -c %U "/proc/$(inside systemctl show -P MainPID hello)")" != root ] ||
		fail "it is root's"
	note "doctor"
	inside $SBIN/anygatectl -j doctor >"$TMP/doctor"
	[ "$(jq -r '.[] | select(.id == "socket-activation") | .severity' "$TMP/doctor" |
		sort -u)" = note ] || fail "doctor: $(<"$TMP/doctor")"
	note "SIGKILL"
	watch
	unit kill -s KILL hello
	unmoved SIGKILL
	expect is active hello
	note "stop of the service: the next client starts it"
	unit stop hello
	expect is inactive hello
	expect answered
	expect is active hello
	note "stop of the socket"
	unit stop hello.socket
	goes
	expect is inactive hello
	unit start hello.socket
	comes
}

t "FRR and its watchdog" frr
t "NSD, BIRD, and a check of a zone that is verified" secondary
t "a service that systemd starts for its first client" activated

run_tests "$@"
