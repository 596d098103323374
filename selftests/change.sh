#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A gate that lives is changed in any of its settings, and an outsider sees
# nothing of it, unless the new setting itself asks for another state; and
# then he sees that and nothing else.

. "$(dirname "$0")/lib.sh"

LATE=4000

# unseen GATE KEY VALUE...: the gate is changed, and stays in its state. Once
# started, the monitor tells of all that has been seen until "unseen_end GATE".
# It is the address that must be left alone: the hold route beside it may come
# and go with the settings.
unseen_start()
{
	mon_start "$TMP/unseen" address
}

unseen()
{
	local gate=$1 state
	shift
	state=$(gate "$gate" .state)
	ctl change "$gate" "$@"
	expect_gate "$gate" .state "$state"
}

unseen_end()
{
	settle
	quiet "$TMP/unseen" "${1%/*}"
	kill "${MONITORS[-1]}"
}

# all_settings GATE: one after the other
all_settings()
{
	local gate=$1 far=203.0.113.130
	[[ $gate != *:* ]] || far=2001:db8:f::2
	ip link add d0 up type dummy || fail "no dummy"
	ip addr add "${far%?}1/64" dev d0 nodad 2>/dev/null ||
		ip addr add "${far%?}1/24" dev d0 || fail "no address"

	unseen_start
	unseen "$gate" up 5s
	expect_gate "$gate" .up_ms 5000
	unseen "$gate" down 300ms
	expect_gate "$gate" .down_ms 300
	unseen "$gate" up 0 down 0
	unseen "$gate" name dns
	expect_gate "$gate" .name dns
	unseen "$gate" name other
	unseen "$gate" name none
	expect_gate "$gate" ".name == null" true
	unseen "$gate" damp on
	expect_gate "$gate" .damp.on true
	unseen "$gate" penalty 10 suppress 20 reuse 15 half-life 2m \
		max-suppress 10m
	expect_gate "$gate" '.damp | [.penalty, .suppress, .reuse, .half_life_ms,
		.max_ms] | tostring' "[10,20,15,120000,600000]"
	unseen "$gate" damp off
	unseen "$gate" on-expiry ignore
	expect_gate "$gate" .on_expiry ignore
	unseen "$gate" on-expiry withdraw
	unseen "$gate" listen-dev none
	unseen "$gate" listen-dev any
	unseen "$gate" hold off
	expect lacks_route "$gate" table local proto $PROTO
	unseen "$gate" hold on
	expect has_route "$gate" table local proto $PROTO
	unseen "$gate" fallback via "$far" dev d0
	expect_gate "$gate" .fallback.via "$far"
	expect lacks_route "$gate" table local proto $PROTO
	unseen "$gate" fallback none
	expect_gate "$gate" ".fallback == null" true
	expect has_route "$gate" table local proto $PROTO
	unseen "$gate" observe on
	expect_gate "$gate" .observe true
	unseen "$gate" observe off
	unseen "$gate" shield 5s
	expect_gate "$gate" .shield_ms 5000
	expect_gate "$gate" .shield_dropped 0
	unseen "$gate" shield 1h
	unseen "$gate" stall 100ms
	expect_gate "$gate" .stall_ms 100
	unseen "$gate" stall-members any
	expect_gate "$gate" .stall_members any
	unseen "$gate" stall 1h stall-members all
	unseen "$gate" fatal on
	expect_gate "$gate" .fatal true
	unseen "$gate" witness 100
	expect_gate "$gate" .witness 100
	unseen "$gate" shield off stall off fatal off witness off
	expect_gate "$gate" '[.shield_ms, .stall_ms, .stall_members, .fatal,
		.shield_dropped] | tostring' '[0,0,"all",false,null]'
	unseen "$gate" udp/53 tcp/53 need any
	expect_gate "$gate" '.services | length' 2
	unseen "$gate" udp/53 need all
	# and all at once
	unseen "$gate" up 5s down 1s name all damp on suppress 30 \
		on-expiry ignore hold off fallback via "$far" dev d0 \
		listen-dev none udp/53 need any shield 1s stall 200ms \
		stall-members any fatal on witness 100
	expect_gate "$gate" '[.up_ms, .name, .damp.on, .on_expiry, .listen_dev,
		.shield_ms, .stall_ms, .stall_members, .fatal] | tostring' \
		'[5000,"all",true,"ignore","none",1000,200,"any",true]'
	unseen_end "$gate"
}

open_gate()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	metronome
	sk open a "$kind" "*" 53
	ctl add "$gate" udp/53 up 0
	expect has_addr "$gate"
	all_settings "$gate"
	expect has_addr "$gate"
	expect_gate "$gate" '[.opened, .closed] | tostring' "[1,0]"
	ctl change "$gate" down 0 witness off
	sk close a
	wait_no_addr "$gate"
}

closed_gate()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	metronome
	ctl add "$gate" udp/53 up 0
	all_settings "$gate"
	expect lacks_addr "$gate"
	expect_gate "$gate" '[.opened, .closed] | tostring' "[0,0]"
	sk open a "$kind" "*" 53
	ctl change "$gate" up 0
	wait_addr "$gate"
}

# By order: it stays as it was ordered.
ordered_gate()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	metronome
	sk open a "$kind" "*" 53
	ctl add "$gate" udp/53 up 0
	ctl drain "$gate"
	all_settings "$gate"
	expect lacks_addr "$gate"
	expect_gate "$gate" .state drained
	sk close a
	ip link del d0
	ctl pin "$gate" force
	expect has_addr "$gate"
	ctl change "$gate" fallback none
	all_settings "$gate"
	expect has_addr "$gate"
	expect_gate "$gate" .state pinned
}

require()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	metronome
	sk open a "$kind" "*" 53
	ctl add "$gate" udp/53 up 0 require zone,dig
	ctl lease "$gate" zone up ttl 1h
	ctl lease "$gate" dig up ttl 1h
	expect has_addr "$gate"
	unseen_start
	unseen "$gate" require dig,zone
	unseen "$gate" require dig
	unseen "$gate" up 1h
	unseen "$gate" require none
	unseen_end "$gate"
	# this asks for another state
	mon_start "$TMP/once" address
	ctl change "$gate" require zone
	expect_gate "$gate" .reason lease-missing
	ctl lease "$gate" zone up ttl 1h
	ctl change "$gate" up 0
	expect has_addr "$gate"
	settle
	[ "$(mon_count "$TMP/once" "^Deleted.*${gate%/*}/")" = 1 ] ||
		fail "not withdrawn once: $(cat "$TMP/once")"
}

# What asks for another state gets it at once, and once.
demanded()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	metronome
	sk open a "$kind" "*" 53
	ctl add "$gate" udp/53 up 0
	expect has_addr "$gate"
	mon_start "$TMP/mon" address
	ctl change "$gate" udp/54 up 1h name x
	expect lacks_addr "$gate"
	ctl change "$gate" udp/53 up 0
	expect has_addr "$gate"
	ctl change "$gate" udp/53 tcp/53
	expect lacks_addr "$gate"
	ctl change "$gate" need any
	expect has_addr "$gate"
	ctl change "$gate" need all down 1h
	expect has_addr "$gate"
	expect_gate "$gate" .state closing
	ctl change "$gate" need 1
	expect_gate "$gate" .state open
	settle
	mon_sync "$TMP/mon"
	[ "$(mon_count "$TMP/mon" "^Deleted.*${gate%/*}/")" = 2 ] ||
		fail "not withdrawn twice: $(cat "$TMP/mon")"
	expect_gate "$gate" '[.opened, .closed] | tostring' "[3,2]"
}

# A delay that runs goes on, whatever else is changed.
delay_goes_on()
{
	local start elapsed
	events_only
	sock_start
	ctl add $V4 udp/53 up 6s down 6s
	start=$(now_ms)
	sk open a udp4 "*" 53
	wait_gate $V4/32 .state opening
	busywait 10000 elapsed "$start" 2000
	ctl change $V4 name x need any damp on hold off observe off
	expect_gate $V4/32 '.deadline_ms <= 4000' true
	wait_addr $V4/32
	elapsed=$(($(now_ms) - start))
	note "announced after $elapsed ms"
	((elapsed >= 6000 && elapsed <= 6000 + LATE)) || fail "not in time"
	start=$(now_ms)
	sk close a
	wait_gate $V4/32 .state closing
	busywait 10000 elapsed "$start" 2000
	ctl change $V4 name none need all damp off hold on up 1h
	wait_no_addr $V4/32
	elapsed=$(($(now_ms) - start))
	note "withdrawn after $elapsed ms"
	((elapsed >= 6000 && elapsed <= 6000 + LATE)) || fail "not in time"
}

elapsed()
{
	[ $(($(now_ms) - $1)) -ge "$2" ]
}

# --- where it is announced --------------------------------------------------------

# new_first FILE NEW OLD: the new object came before the old one went, once each
new_first()
{
	local new old
	mon_sync "$1"
	new=$(grep -nE -- "$2" "$1" | grep -v :Deleted | head -n 1)
	old=$(grep -nE -- "^Deleted.*$3" "$1" | head -n 1)
	if [ -z "$new" ] || [ -z "$old" ] || [ "${new%%:*}" -gt "${old%%:*}" ] ||
	   [ "$(grep -E -- "$3" "$1" | grep -c ^Deleted)" != 1 ]; then
		sed 's/^/#   /' "$1"
		fail "not $2 first and $3 then"
	fi
}

# The route goes elsewhere, and is never away.
moved_route()
{
	local gate=$1 service=$2 kind=$3
	events_only
	sock_start
	sk open a "$kind" "*" 53
	ctl add "$gate" "$service" up 0 metric 50
	expect has_route "$gate" metric 50
	mon_start "$TMP/metric" route
	ctl change "$gate" metric 60
	expect lacks_route "$gate" metric 50
	new_first "$TMP/metric" "$gate .*metric 60" "$gate .*metric 50"
	mon_start "$TMP/table" route
	ctl change "$gate" table 100
	expect lacks_route "$gate" table main
	expect has_route "$gate" table 100
	new_first "$TMP/table" "$gate .*table 100" "$gate dev lo|$gate proto|$gate metric"
	mon_start "$TMP/both" route
	ctl change "$gate" table main metric 70
	expect lacks_route "$gate" table 100
	new_first "$TMP/both" "$gate .*metric 70" "$gate .*table 100"
	expect_gate "$gate" '[.opened, .closed] | tostring' "[1,0]"
}

# From address to route and back, and from device to device. An address of IPv6 takes
# over some time after it has been added, and what was there waits for that.
moved_address()
{
	local gate=$1 kind=$2 addr=${1%/*}
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	sk open a "$kind" "*" 53
	ctl add "$gate" udp/53 up 0
	expect has_addr "$gate"
	mon_start "$TMP/route"
	ctl change "$gate" action route
	wait_no_addr "$gate"
	expect has_route "$gate" table main proto $PROTO
	new_first "$TMP/route" "blackhole $addr" "inet6? $addr"
	mon_start "$TMP/address"
	ctl change "$gate" action address
	expect has_addr "$gate"
	wait_no_route "$gate" table main proto $PROTO
	new_first "$TMP/address" "inet6? $addr" "blackhole $addr"
	mon_start "$TMP/dev"
	ctl change "$gate" dev d0
	expect has_addr "$gate" d0
	wait_no_addr "$gate" lo
	new_first "$TMP/dev" "d0 .*inet6? $addr" "lo .*inet6? $addr"
	expect_gate "$gate" '[.opened, .closed] | tostring' "[1,0]"
}

# Of an address of IPv6 the kernel removes the first route of its prefix on lo, whatever
# that is: a route that would be before the address's own has to wait for its end.
# Nothing is left, and nobody has to repair anything.
moved_before_prefix_route()
{
	local metric
	events_only
	sock_start
	metronome
	sk open a udp6 "*" 53
	for metric in 50 256; do
		ctl add $V6 udp/53 up 0
		expect has_addr $V6/128
		ctl change $V6 action route metric $metric
		expect lacks_addr $V6/128
		wait_route $V6/128 table main proto $PROTO metric $metric
		expect lacks_route $V6/128 table main proto kernel
		settle
		expect has_route $V6/128 table main proto $PROTO metric $metric
		expect_gate $V6 '[.opened, .closed, .contested] | tostring' "[1,0,0]"
		ctl del $V6
		expect lacks_route $V6/128 table main
	done
}

# One word is wrong, and none of the others is taken.
all_or_nothing()
{
	events_only
	sock_start
	metronome
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	expect has_addr $V4/32
	gates_to "$TMP/before" $V4
	mon_start "$TMP/mon"
	refused 1 nosuchdev change $V4 up 5s udp/54 dev nosuchdev
	refused 1 nosuchdev change $V4 up 5s require x \
		fallback via 203.0.113.130 dev nosuchdev
	refused 1 "more services" change $V4 up 5s need 2
	refused 1 "suppress" change $V4 up 5s suppress 10
	refused 1 nosuchdev change $V4 shield 5s stall 2s fatal on dev nosuchdev
	settle
	quiet "$TMP/mon" $V4
	gates_to "$TMP/after" $V4
	same_picture "$TMP/before" "$TMP/after" "half a change"
}

t "every setting of an open gate, v4" open_gate $V4/32 udp4
t "every setting of an open gate, v6" open_gate $V6/128 udp6
t "every setting of a closed gate, v4" closed_gate $V4/32 udp4
t "every setting of a closed gate, v6" closed_gate $V6/128 udp6
t "every setting of a drained and of a pinned gate, v4" ordered_gate $V4/32 udp4
t "every setting of a drained and of a pinned gate, v6" ordered_gate $V6/128 udp6
t "what is required, v4" require $V4/32 udp4
t "what is required, v6" require $V6/128 udp6
t "what asks for another state gets it once, v4" demanded $V4/32 udp4
t "what asks for another state gets it once, v6" demanded $V6/128 udp6
t "a delay that runs goes on" delay_goes_on
t "metric and table: the new route before the old one goes, v4" \
	moved_route 198.18.0.0/24 198.18.0.1:udp/53 udp4
t "metric and table: the new route before the old one goes, v6" \
	moved_route 2001:db8:1::/48 "[2001:db8:1::1]:udp/53" udp6
t "action and device: never without an announcement, v4" moved_address $V4/32 udp4
t "action and device: never without an announcement, v6" moved_address $V6/128 udp6
t "a route that would be before the address's own, v6" moved_before_prefix_route
t "one wrong word, and nothing is changed" all_or_nothing

run_tests "$@"
