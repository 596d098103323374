#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Whose is it? What was there before is gated and put back as it was; what
# others add is theirs; what others take away from us comes back.

. "${0%/*}/lib.sh"
PARTED=y

# --- adoption -----------------------------------------------------------------

# adopt GATE KIND DEV ip-address-arguments...: an address with attributes of
# its own is there first. It is gated, and at the end it is there as it was.
adopt()
{
	local gate=$1 kind=$2 dev=$3
	shift 3
	events_only
	sock_start
	[ "$dev" = lo ] || ip link add "$dev" up type dummy || fail "no dummy"
	ip addr add "$gate" dev "$dev" "$@" || fail "ip addr add $gate $*"
	[ "$kind" = udp6 ] && eventually "DAD to end" no_tentative
	picture_to "$TMP/before"

	# no listener: it goes at once
	ctl add "$gate" udp/53 up 0 dev "$dev"
	expect lacks_addr "$gate" "$dev"
	expect_gate "$gate" .adopted true
	# put back when the gate goes
	ctl del "$gate"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "not put back as it was"

	# a gate that opens and closes
	ctl add "$gate" udp/53 up 0 dev "$dev"
	sk open a "$kind" "*" 53
	wait_addr "$gate" "$dev"
	sk close a
	wait_no_addr "$gate" "$dev"
	sk open a "$kind" "*" 53
	wait_addr "$gate" "$dev"
	# and is removed while it is open
	ctl del "$gate"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "not left as it was"

	# once more, and now it is the module that goes
	sk close a
	ctl add "$gate" udp/53 up 0 dev "$dev"
	expect lacks_addr "$gate" "$dev"
	unload
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "not put back by the unload"
}

no_tentative()
{
	[ -z "$(ip -6 addr show tentative)" ]
}

# The lifetimes that are left are left; they go on counting.
adopt_lifetimes()
{
	local gate=$1 field valid preferred
	ip addr add "$gate" dev lo valid_lft 5000 preferred_lft 4000
	ctl add "$gate" udp/53 up 0
	expect lacks_addr "$gate"
	ctl del "$gate"
	expect has_addr "$gate"
	field=$(ip -j addr show dev lo | jq -c --arg a ${gate%/*} \
		'.[].addr_info[] | select(.local == $a) |
		 [.valid_life_time, .preferred_life_time]')
	IFS=, read -r valid preferred <<<"${field//[][]/}"
	note "valid_lft $valid, preferred_lft $preferred"
	((valid <= 5000 && valid > 4000)) ||
		fail "valid_lft was 5000, is $valid"
	((preferred <= 4000 && preferred > 3000)) ||
		fail "preferred_lft was 4000, is $preferred"
}

# The listener is alive and the address is there: adding the gate changes
# nothing, and neither does its removal.
no_flap()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	ip addr add "$gate" dev lo
	[ "$kind" = udp6 ] && eventually "DAD to end" no_tentative
	sk open a "$kind" "*" 53
	mon_start "$TMP/mon" address
	ctl add "$gate" udp/53 "${@:3}"
	expect_gate "$gate" .adopted true
	expect_gate "$gate" .state open
	expect_gate "$gate" .announced true
	metronome
	settle
	quiet "$TMP/mon" ${gate%/*}
	ctl del "$gate"
	settle
	quiet "$TMP/mon" ${gate%/*}
	expect has_addr "$gate"
}

# Of a route that was there before: the same prefix, table and metric.
no_flap_route()
{
	events_only
	sock_start
	ip route add blackhole 198.18.0.0/24 metric 1024 proto $PROTO
	sk open a udp4 "*" 53
	mon_start "$TMP/mon" route
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	expect has_route 198.18.0.0/24
	quiet "$TMP/mon" 198.18.0.0/24
	sk close a
	wait_no_route 198.18.0.0/24
}

# --- others -------------------------------------------------------------------

foreign_delete()
{
	local gate=$1 kind=$2 i
	events_only
	sock_start
	sk open a "$kind" "*" 53
	ctl add "$gate" udp/53 up 0
	expect has_addr "$gate"
	events_start "$TMP/events"
	for i in 1 2 3; do
		ip addr del "$gate" dev lo || fail "ip addr del"
		wait_addr "$gate"
		wait_gate "$gate" .contested $i
	done
	wait_event "$TMP/events" ".kind == \"contested\" and .prefix == \"$gate\""
	wait_gate "$gate" .announced true
	sk close a
	wait_no_addr "$gate"
}

# Somebody who does it without end: there is a backoff, and in the end we win.
foreign_delete_storm()
{
	local end count=0
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	end=$(($(now_ms) + 2000))
	while [ "$(now_ms)" -lt $end ]; do
		ip addr del $V4/32 dev lo 2>/dev/null && count=$((count + 1))
	done
	note "deleted $count times in two seconds"
	# 1 ms, 10 ms, 100 ms, 1 s: no more than some five times in two seconds,
	# and a slow machine has time for fewer
	((count > 0 && count <= 8)) || fail "no backoff"
	wait_addr $V4/32
	wait_gate $V4/32 .announced true
	wait_gate $V4/32 .contested $count
	ctl del $V4
	expect lacks_addr $V4/32
}

# A lost hold route is found by the reconcile.
foreign_delete_hold()
{
	sock_start
	ctl add $V4 udp/53 up 0
	ctl add $V6 udp/53 up 0
	ip route del local $V4 table local proto $PROTO || fail "ip route del"
	ip -6 route del local $V6 table local proto $PROTO || fail "ip route del"
	wait_route $V4/32 table local proto $PROTO
	wait_route $V6/128 table local proto $PROTO
}

# So is a lost route.
foreign_delete_route()
{
	sock_start
	sk open a udp4 "*" 53
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	wait_route 198.18.0.0/24
	ip route del blackhole 198.18.0.0/24 || fail "ip route del"
	wait_route 198.18.0.0/24
	wait_gate 198.18.0.0/24 .announced true
	[ "$(gate 198.18.0.0/24 .contested)" -ge 1 ] || fail "not counted"
}

# With an IPv6 address the kernel removes the first route of its prefix on lo, and a
# blackhole is there, too. It is back at once, and the event says who it was.
foreign_address_takes_route()
{
	events_only
	sock_start
	sk open a udp6 "*" 53
	ctl add $V6 udp/53 up 0 action route metric 50
	wait_route $V6/128 metric 50
	events_start "$TMP/events"
	ip addr add $V6/128 dev lo || fail "ip addr add"
	eventually "DAD to end" no_tentative
	mon_start "$TMP/mon" route
	ip addr del $V6/128 dev lo || fail "ip addr del"
	wait_event "$TMP/events" '.kind == "contested" and .comm == "ip"'
	wait_route $V6/128 metric 50
	mon_sync "$TMP/mon"
	grep -q "^Deleted blackhole $V6" "$TMP/mon" ||
		note "this kernel leaves the route alone"
	sk close a
	wait_no_route $V6/128 metric 50
}

foreign_add()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	events_start "$TMP/events"
	ctl add "$gate" udp/53 up 0
	ip addr add "$gate" dev lo
	wait_gate "$gate" .difference foreign
	expect_gate "$gate" .announced true
	wait_event "$TMP/events" ".kind == \"foreign\" and .prefix == \"$gate\""
	metronome
	settle
	expect has_addr "$gate"
	# what was not ours when it closed is not when it closes again
	sk open a "$kind" "*" 53
	wait_gate "$gate" .difference none
	sk close a
	wait_gate "$gate" .difference foreign
	expect has_addr "$gate"
	ctl del "$gate"
	expect has_addr "$gate"
}

# Gone again, it is as if it had not been there.
foreign_add_and_delete()
{
	events_only
	sock_start
	ctl add $V4 udp/53 up 0
	ip addr add $V4/32 dev lo
	wait_gate $V4/32 .difference foreign
	ip addr del $V4/32 dev lo
	wait_gate $V4/32 .difference none
	expect_gate $V4/32 .announced false
	sk open a udp4 "*" 53
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
}

# The address is the gate's by adoption: added again while it is closed it is
# withdrawn again.
adopted_add()
{
	local gate=$1
	events_only
	sock_start
	ip addr add "$gate" dev lo
	ctl add "$gate" udp/53 up 0
	expect lacks_addr "$gate"
	ip addr add "$gate" dev lo
	wait_no_addr "$gate"
	expect_gate "$gate" .adopted true
	ctl del "$gate"
	expect has_addr "$gate"
}

# A route of the very same key that another program has put there is its own.
foreign_route()
{
	events_only
	sock_start
	ip route add blackhole 198.18.0.0/24 metric 1024 proto static
	picture_to "$TMP/before"
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	expect has_route 198.18.0.0/24 proto static
	sk open a udp4 "*" 53
	wait_gate 198.18.0.0/24 .state open
	sk close a
	wait_gate 198.18.0.0/24 .state closed
	expect has_route 198.18.0.0/24 proto static
	ctl del 198.18.0.0/24
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "the admin's route was touched"
}

# It goes, while the gate is closed or while it is open; from then on the route is the
# gate's, and goes with the listener.
foreign_route_goes()
{
	local prefix=$1 service=$2 kind=$3 while=$4
	# Of a route that goes nobody is told: the reconcile finds out.
	[ "$while" = open ] || events_only
	sock_start
	ip route add blackhole "$prefix" metric 1024 proto static
	ctl add "$prefix" "$service" up 0
	sk open a "$kind" "*" 53
	wait_gate "$prefix" .state open
	sk close a
	wait_gate "$prefix" .state closed
	[ "$while" = closed ] || sk open a "$kind" "*" 53
	wait_gate "$prefix" .state "$while"
	ip route del blackhole "$prefix" metric 1024 proto static
	[ "$while" = open ] || sk open a "$kind" "*" 53
	wait_route "$prefix"
	expect has_route "$prefix" proto $PROTO
	expect_gate "$prefix" .contested 0
	sk close a
	wait_no_route "$prefix"
	expect_gate "$prefix" .difference none
}

# --- traps ----------------------------------------------------------------------

# Trap 11: the admin has the same address with a shorter prefix, and secondaries
# that would go with it.
admins_prefix()
{
	local dev=$1
	events_only
	sock_start
	[ "$dev" = lo ] || ip link add "$dev" up type dummy || fail "no dummy"
	ip addr add 192.0.2.1/24 dev "$dev"
	ip addr add 192.0.2.2/24 dev "$dev"
	ip addr add 192.0.2.3/24 dev "$dev" label "$dev:x"
	ip addr add 192.0.2.53/32 dev "$dev"
	ip addr show dev "$dev" | grep -q secondary || fail "no secondaries"
	ip addr >"$TMP/before"
	picture_to "$TMP/before-sorted"

	ctl add 192.0.2.1/32 udp/53 up 0 dev "$dev"
	expect has_addr 192.0.2.1/24 "$dev"
	sk open a udp4 "*" 53
	wait_addr 192.0.2.1/32 "$dev"
	sk close a
	wait_no_addr 192.0.2.1/32 "$dev"
	expect has_addr 192.0.2.1/24 "$dev"
	expect has_addr 192.0.2.2/24 "$dev"
	sk open a udp4 "*" 53
	wait_addr 192.0.2.1/32 "$dev"
	unload
	ip addr >"$TMP/after"
	diff "$TMP/before" "$TMP/after" >"$TMP/diff" || {
		sed 's/^/#   /' "$TMP/diff"
		fail "ip addr differs"
	}
	picture_to "$TMP/after-sorted"
	same_picture "$TMP/before-sorted" "$TMP/after-sorted" "routes differ"
}

# Trap 12: routes whose preferred source is the address.
preferred_source()
{
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	ctl add $V4 udp/53 up 0
	sk open a udp4 "*" 53
	wait_addr $V4/32
	ip route add 198.51.100.0/24 dev d0 src $V4
	sk close a
	wait_no_addr $V4/32
	expect has_route 198.51.100.0/24
	sk open a udp4 "*" 53
	wait_addr $V4/32
	[[ "$(route_line 198.51.100.0/24)" == *"src $V4 "* ]] ||
		fail "the route has lost its source"
	# The kernel would drop it without the hold route, which shows that it is
	# this that keeps it.
	ctl change $V4 hold off
	sk close a
	wait_no_addr $V4/32
	wait_no_route 198.51.100.0/24
}

# An adopted address has such routes as well; the hold is there before the
# address goes for the first time, at add.
preferred_source_adopted()
{
	events_only
	ip link add d0 up type dummy || fail "no dummy"
	ip addr add $V4/32 dev lo
	ip route add 198.51.100.0/24 dev d0 src $V4
	ctl add $V4 udp/53 up 0
	expect lacks_addr $V4/32
	expect has_route 198.51.100.0/24
	ctl del $V4
	expect has_addr $V4/32
	expect has_route 198.51.100.0/24
}

# --- the module comes and goes -------------------------------------------------------

# A bit of everything, open and closed, ours and adopted.
everything()
{
	ip link add d0 up type dummy || fail "no dummy"
	ip addr add 192.0.2.11/32 dev lo label lo:one
	ip addr add 192.0.2.12/32 dev lo scope host
	ip addr add 2001:db8::11/128 dev lo preferred_lft 0
	ip addr add 2001:db8::12/128 dev d0 nodad
	picture_to "$TMP/before"
	sk open a udp6 "*" 53 v6only=0
	ctl add $V4 udp/53 up 0			# open
	ctl add $V6 udp/53 up 0
	ctl add 192.0.2.54 udp/54 up 0		# closed
	ctl add 2001:db8::54 udp/54 up 0 dev d0
	ctl add 192.0.2.11 udp/53 up 0		# adopted, open
	ctl add 192.0.2.12 udp/54 up 0		# adopted, closed
	ctl add 2001:db8::11 udp/53 up 0
	ctl add 2001:db8::12 udp/54 up 0 dev d0
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	ctl add 2001:db8:1::/48 '[2001:db8:1::1]:udp/53' up 0 table 100
	expect has_addr $V4/32
	expect has_route 198.18.0.0/24
	expect lacks_addr 192.0.2.12/32
}

unload_leaves_nothing()
{
	sock_start
	everything
	unload
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "the module left something"
}

# For an upgrade: what is announced stays, and the next module takes it over
# as its own.
unload_keeps()
{
	local prefix
	events_only
	sock_start
	metronome
	sk open a udp6 "*" 53 v6only=0
	ctl add $V4 udp/53 up 0
	ctl add $V6 udp/53 up 0
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	wait_addr $V6/128
	mon_start "$TMP/mon"
	param on_unload keep
	unload
	expect has_addr $V4/32
	expect has_addr $V6/128
	expect has_route 198.18.0.0/24
	load
	events_only
	ctl add $V4 udp/53 up 0
	ctl add $V6 udp/53 up 0
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	for prefix in $V4/32 $V6/128 198.18.0.0/24; do
		expect_gate $prefix .state open
		expect_gate $prefix .announced true
	done
	quiet "$TMP/mon" $V4
	quiet "$TMP/mon" $V6
	quiet "$TMP/mon" 198.18.0.0
	# ours: taken away with the gate, although it was there before it
	expect_gate $V4/32 .adopted false
	ctl del $V4
	expect lacks_addr $V4/32
	sk close a
	wait_no_addr $V6/128
	wait_no_route 198.18.0.0/24
}

# And a fallback that is there does not go to come again.
unload_keeps_fallback()
{
	local gate=$1 far=$2
	events_only
	sock_start
	metronome
	ip link add d0 up type dummy || fail "no dummy"
	ip addr add "${far%?}1/$3" dev d0
	ctl add "$gate" udp/53 up 0 fallback via "$far" dev d0
	expect has_route "$gate" table main proto $PROTO
	mon_start "$TMP/mon"
	param on_unload keep
	unload
	expect has_route "$gate" table main proto $PROTO
	load
	events_only
	ctl add "$gate" udp/53 up 0 fallback via "$far" dev d0
	ctl add $METRONOME udp/9 up 0
	settle
	expect_gate "$gate" .fallback.present true
	quiet "$TMP/mon" "${gate%/*}"
	ctl del "$gate"
	expect lacks_route "$gate" table main
}

# An adopted address has gone with its device: that is nobody's to make good, and nothing
# that keeps the gate from going or from being changed.
adopted_device_gone()
{
	local state=$1
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	ip addr add $V4/32 dev d0
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0 dev d0
	expect_gate $V4/32 .adopted true
	[ "$state" = open ] || sk close a
	wait_gate $V4/32 .state "$state"
	ip link del d0
	[ "$state" = closed ] || wait_gate $V4/32 .difference no-device
	ctl del $V4

	ip link add d0 up type dummy
	ip addr add $V4/32 dev d0
	ctl add $V4 udp/53 up 0 dev d0
	wait_gate $V4/32 .state "$state"
	ip link del d0
	ctl change $V4 dev lo
	[ "$state" = closed ] || wait_addr $V4/32
	wait_gate $V4/32 .difference none
	ctl del $V4
	expect lacks_addr $V4/32
}

# Who contests an address has given in, and put it back: what comes then does not wait.
contest_is_over()
{
	local _ begun
	events_only
	sock_start
	ip addr add $V4/32 dev lo
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	expect_gate $V4/32 .adopted true
	for _ in 1 2 3 4 5; do
		ip addr del $V4/32 dev lo
		ip addr add $V4/32 dev lo 2>/dev/null
	done
	wait_addr $V4/32
	[ "$(gate $V4/32 .contested)" -ge 4 ] || fail "not contested"
	begun=$(now_ms)
	sk close a
	wait_no_addr $V4/32
	begun=$(($(now_ms) - begun))
	note "withdrawn after $begun ms"
	[ $begun -lt $((500 * ${SLOW:-1})) ] || fail "an old contest holds up a withdrawal"
}

# Left behind by an earlier module, and the service is dead by now.
stale_of_ours()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	param on_unload keep
	unload
	sk close a
	load
	events_only
	expect has_addr $V4/32
	ctl add $V4 udp/53 up 0
	expect lacks_addr $V4/32
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	expect lacks_route 198.18.0.0/24
	ctl del $V4
	expect lacks_addr $V4/32
}

# And what it has left behind is not wanted any more.
left_hold()
{
	events_only
	ctl add $V4 udp/53 up 0
	ctl add $V6 udp/53 up 0
	expect has_route $V4/32 table local proto $PROTO
	expect has_route $V6/128 table local proto $PROTO
	param on_unload keep
	unload
	load
	events_only
	ctl add $V4 udp/53 up 0 hold off
	ctl add $V6 udp/53 up 0 hold off
	expect lacks_route $V4/32 table local proto $PROTO
	expect lacks_route $V6/128 table local proto $PROTO
}

# Somebody removes our route, and before that is noticed the service dies: the next
# one must not find that somebody else's is there.
flushed_and_dead()
{
	local gate=$1 service=$2 kind=$3
	events_only
	sock_start
	sk open a "$kind" "*" 53
	ctl add "$gate" "$service" up 0
	wait_route "$gate"
	ip "-${kind#udp}" route flush exact "$gate" proto $PROTO
	expect lacks_route "$gate"
	sk close a
	wait_gate "$gate" .state closed
	expect_gate "$gate" .announced false
	expect_gate "$gate" .difference none
	sk open a "$kind" "*" 53
	wait_route "$gate"
}

# IPv6 has an address once on a device, whatever its prefix length: it is not ours,
# and it is not what is to be announced.
other_length()
{
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	ip addr add $V6/64 dev d0 nodad || fail "ip addr add"
	sk open a udp6 "*" 53
	ctl add $V6 udp/53 up 0 dev d0
	wait_gate $V6/128 '.error != null' true
	expect_gate $V6/128 .announced false
	expect_gate $V6/128 .contested 0
	"$ANYGATECTL" show | grep -q "another prefix length" || fail "$("$ANYGATECTL" show)"
	ip addr del $V6/64 dev d0
	wait_addr $V6/128 d0
	sk close a
	wait_no_addr $V6/128 d0
}

# With a peer it has routes that we would not give back: it stays, and is told of.
with_peer()
{
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	ip addr add $V6 peer 2001:db8::99/128 dev d0 nodad || fail "ip addr add"
	picture_to "$TMP/before"
	sk open a udp6 "*" 53
	ctl add $V6 udp/53 up 0 dev d0
	wait_gate $V6/128 '.error != null' true
	expect_gate $V6/128 .adopted false
	"$ANYGATECTL" show | grep -q "or a peer" || fail "$("$ANYGATECTL" show)"
	sk close a
	wait_gate $V6/128 .state closed
	ctl del $V6/128
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "not left as it was"
}

# An address that is not to be preferred is none for an instant.
not_preferred()
{
	local gate=$1
	events_only
	ip addr add "$gate" dev lo valid_lft 5000 preferred_lft 0
	ctl add "$gate" udp/53 up 0
	expect lacks_addr "$gate"
	ctl del "$gate"
	ip -j addr show dev lo | jq -e --arg a "${gate%/*}" '.[].addr_info[] |
		select(.local == $a) | .preferred_life_time == 0 and .deprecated' >/dev/null ||
		fail "$(ip addr show dev lo)"
}

# Neighbours on the same device are none of our business.
neighbours()
{
	events_only
	sock_start
	ip addr add 192.0.2.52/32 dev lo
	ip addr add 192.0.2.54/32 dev lo
	ip addr add 2001:db8::54/128 dev lo
	metronome
	mon_start "$TMP/mon"
	ctl add $V4 udp/53 up 0
	ctl add $V6 udp/53 up 0
	sk open a udp6 "*" 53 v6only=0
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
	ip addr del 192.0.2.54/32 dev lo
	settle
	expect lacks_addr 192.0.2.54/32
	ctl del $V4
	ctl del $V6
	quiet "$TMP/mon" 192.0.2.52
	quiet "$TMP/mon" 2001:db8::54
}

t "adopt v4" adopt $V4/32 udp4 lo
t "adopt v4 with label and scope" \
	adopt $V4/32 udp4 lo label lo:any scope host
t "adopt v4, deprecated" adopt $V4/32 udp4 lo preferred_lft 0
t "adopt v4 with noprefixroute, metric and broadcast" \
	adopt $V4/32 udp4 d0 noprefixroute metric 77 broadcast 192.0.2.255
t "adopt v6" adopt $V6/128 udp6 lo
t "adopt v6, deprecated" adopt $V6/128 udp6 lo preferred_lft 0
t "adopt v6 with noprefixroute, nodad and metric" \
	adopt $V6/128 udp6 d0 noprefixroute nodad metric 77
t "adopt v4 with lifetimes" adopt_lifetimes $V4/32
t "adopt v6 with lifetimes" adopt_lifetimes $V6/128
t "adding a gate does not flap a live, announced address, v4" \
	no_flap $V4/32 udp4 up 0
t "adding a gate does not flap a live, announced address, v6" \
	no_flap $V6/128 udp6 up 0
t "nor with an up delay" no_flap $V4/32 udp4 up 1m
t "nor with the defaults, v6" no_flap $V6/128 udp6
t "adding a gate does not flap a route of ours" no_flap_route
t "foreign deletion of the address is repaired, v4" foreign_delete $V4/32 udp4
t "foreign deletion of the address is repaired, v6" foreign_delete $V6/128 udp6
t "foreign deletion without end meets a backoff" foreign_delete_storm
t "foreign deletion of the hold route is repaired" foreign_delete_hold
t "foreign deletion of the route is repaired" foreign_delete_route
t "another's address takes the route along, v6" foreign_address_takes_route
t "what others add while closed is theirs, v4" foreign_add $V4/32 udp4
t "what others add while closed is theirs, v6" foreign_add $V6/128 udp6
t "what others add and remove while closed leaves no trace" \
	foreign_add_and_delete
t "an adopted address that is added while closed is withdrawn, v4" \
	adopted_add $V4/32
t "an adopted address that is added while closed is withdrawn, v6" \
	adopted_add $V6/128
t "another program's route of the same key stays" foreign_route
for while in closed open; do
	t "another program's route goes while the gate is $while, v4" foreign_route_goes \
		198.18.0.0/24 198.18.0.1:udp/53 udp4 $while
	t "another program's route goes while the gate is $while, v6" foreign_route_goes \
		2001:db8:1::/48 "[2001:db8:1::1]:udp/53" udp6 $while
done
t "trap 11: the admin's prefix with secondaries, on lo" admins_prefix lo
t "trap 11: the admin's prefix with secondaries, on a dummy" admins_prefix d0
t "trap 12: a route by preferred source survives with hold" preferred_source
t "trap 12: also that of an adopted address" preferred_source_adopted
t "the module leaves the node as it was" unload_leaves_nothing
t "on_unload=keep, and no hold route any more" left_hold
t "a route that was removed is not somebody else's, v4" flushed_and_dead \
	198.18.0.0/24 198.18.0.1:udp/53 udp4
t "a route that was removed is not somebody else's, v6" flushed_and_dead \
	2001:db8:1::/48 "[2001:db8:1::1]:udp/53" udp6
t "the device has the address with another prefix length" other_length
t "the device has the address with a peer" with_peer
t "an adopted address that is not preferred, v4" not_preferred $V4/32
t "an adopted address that is not preferred, v6" not_preferred $V6/128
t "on_unload=keep, and no flap when the gates come again" unload_keeps
t "on_unload=keep, and no flap of a fallback, v4" unload_keeps_fallback \
	$V4/32 203.0.113.130 28
t "on_unload=keep, and no flap of a fallback, v6" unload_keeps_fallback \
	$V6/128 2001:db8:f::2 64
t "an open gate's adopted address goes with its device" adopted_device_gone open
t "a closed gate's adopted address goes with its device" adopted_device_gone closed
t "a contest that is over does not hold up a withdrawal" contest_is_over
t "what an earlier module left is withdrawn with its service" stale_of_ours
t "neighbouring addresses are left alone" neighbours

run_tests "$@"
