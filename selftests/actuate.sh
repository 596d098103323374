#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a gate puts into the kernel's tables and takes out again, and what it
# does when the kernel refuses.

. "${0%/*}/lib.sh"
PARTED=y

# The address carries our protocol number. (iproute2 of the day does not print
# it.)
ours()
{
	sk addr "$1" "${2:-lo}"
	[ "$ANSWER" = "yes $PROTO" ]
}

hold_route()
{
	[[ "$(route_line "$1" table local proto $PROTO)" == \
		local*"dev lo"*"metric 1 "* ]]
}

no_hold_route()
{
	lacks_route "$1" table local proto $PROTO
}

# hold_in PREFIX TABLE: it is there, and nowhere else
hold_in()
{
	local table
	for table in local 10 20; do
		if [ "$table" = "$2" ]; then
			[[ "$(route_line "$1" table $table proto $PROTO)" == \
				local*"dev lo"*"metric 1 "* ]] || return
		else
			lacks_route "$1" table $table type local proto $PROTO ||
				return
		fi
	done
}

wait_hold()
{
	eventually "the hold route in table $2, and only there" hold_in "$@"
}

# The whole life of a gate with an address.
address()
{
	local gate=$1 kind=$2 dev=$3
	shift 3
	[ "$dev" = lo ] || ip link add "$dev" up type dummy || fail "no dummy"
	events_only
	sock_start
	picture_to "$TMP/before"

	ctl add "$gate" udp/53 up 0 "$@"
	expect lacks_addr "$gate" "$dev"
	expect hold_route "$gate"
	expect_gate "$gate" .state closed
	expect_gate "$gate" .announced false

	sk open a "$kind" "*" 53
	wait_addr "$gate" "$dev"
	expect ours "$gate" "$dev"
	expect hold_route "$gate"
	wait_gate "$gate" .announced true
	expect_gate "$gate" .state open
	expect_gate "$gate" .difference none

	sk close a
	wait_no_addr "$gate" "$dev"
	expect hold_route "$gate"
	wait_gate "$gate" .announced false

	# gone while closed, and gone while open: it is as if it had never been
	ctl del "$gate"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "a closed gate left something"
	sk open a "$kind" "*" 53
	ctl add "$gate" udp/53 up 0 "$@"
	expect has_addr "$gate" "$dev"
	ctl del "$gate"
	expect lacks_addr "$gate" "$dev"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "an open gate left something"
}

hold_off()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	ctl add "$gate" udp/53 up 0 hold off
	expect no_hold_route "$gate"
	sk open a "$kind" "*" 53
	wait_addr "$gate"
	expect no_hold_route "$gate"
	ctl change "$gate" hold on
	expect hold_route "$gate"
	expect has_addr "$gate"
	ctl change "$gate" hold off
	expect no_hold_route "$gate"
	sk close a
	wait_no_addr "$gate"
	expect no_hold_route "$gate"
	ctl change "$gate" hold on
	expect hold_route "$gate"
	ctl del "$gate"
	expect no_hold_route "$gate"
}

# Binding to the address while it is away: IPv4 can, thanks to the hold route.
bind_while_closed()
{
	sock_start
	events_only
	ctl add $V4 udp/53 up 0 hold off
	sk_err EADDRNOTAVAIL open a udp4 $V4 53
	ctl change $V4 hold on
	sk open a udp4 $V4 53
	wait_addr $V4/32
	# IPv6 cannot, without IPV6_FREEBIND
	ctl add $V6 udp/53 up 0
	sk_err EADDRNOTAVAIL open b udp6 $V6 53
	sk open b udp6 $V6 53 freebind
	wait_addr $V6/128
	# what comes in by the address reaches the daemon
	sk socket client udp6
	sk send client $V6 53 hello
	sk read b
	[ "$ANSWER" = hello ] || fail "received '$ANSWER'"
}

route()
{
	local gate=$1 service=$2 kind=$3
	events_only
	sock_start
	picture_to "$TMP/before"
	ctl add "$gate" "$service" up 0 action route
	expect lacks_route "$gate"
	expect_gate "$gate" .action route
	sk open a "$kind" "*" 53
	wait_route "$gate"
	[[ "$(route_line "$gate")" == blackhole*"proto $PROTO "*"metric 1024"* ]] ||
		fail "not the route expected: $(route_line "$gate")"
	wait_gate "$gate" .announced true
	sk close a
	wait_no_route "$gate"
	wait_gate "$gate" .announced false
	ctl del "$gate"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "a closed gate left something"
	sk open a "$kind" "*" 53
	ctl add "$gate" "$service" up 0 action route
	expect has_route "$gate"
	ctl del "$gate"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "an open gate left something"
}

# A covering prefix is announced by a route without having to say so.
route_by_default()
{
	events_only
	sock_start
	ctl add 198.18.0.0/15 198.18.0.1:udp/53 up 0
	sk open a udp4 "*" 53
	wait_route 198.18.0.0/15
	ctl add 2001:db8:1::/48 '[2001:db8:1::1]:udp/54' up 0
	sk open b udp6 "*" 54
	wait_route 2001:db8:1::/48
}

# Another table, another metric; and a change of both while the gate is open.
route_elsewhere()
{
	local gate=$1 service=$2 kind=$3
	events_only
	sock_start
	sk open a "$kind" "*" 53
	ctl add "$gate" "$service" up 0 table 100 metric 50
	expect has_route "$gate" table 100 metric 50 proto $PROTO
	expect lacks_route "$gate" table main
	ctl change "$gate" metric 60
	expect has_route "$gate" table 100 metric 60
	expect lacks_route "$gate" table 100 metric 50
	ctl change "$gate" table main
	expect has_route "$gate" table main metric 60
	expect lacks_route "$gate" table 100
	sk close a
	wait_no_route "$gate" table main
}

# An admin's route to the same prefix with another metric is not ours.
route_beside()
{
	events_only
	sock_start
	ip route add blackhole 198.18.0.0/24 metric 5 proto static
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	sk open a udp4 "*" 53
	wait_route 198.18.0.0/24 metric 1024
	sk close a
	wait_no_route 198.18.0.0/24 metric 1024
	expect has_route 198.18.0.0/24 metric 5
	ctl del 198.18.0.0/24
	expect has_route 198.18.0.0/24 metric 5
}

covering()
{
	events_only
	sock_start
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 198.18.0.1:tcp/53 \
		198.18.0.2:udp/123 up 0
	ip addr add 198.18.0.1/32 dev lo
	ip addr add 198.18.0.2/32 dev lo
	metronome
	mon_start "$TMP/mon" route
	sk open a udp4 198.18.0.1 53
	sk open b tcp4 198.18.0.1 53
	# the right port on the wrong address
	sk open wrong udp4 198.18.0.1 123
	settle
	expect lacks_route 198.18.0.0/24
	[ "$(gate 198.18.0.0/24 '[.services[].listeners] | tostring')" = "[1,1,0]" ] ||
		fail "listeners: $(gate 198.18.0.0/24 .services)"
	sk open c udp4 198.18.0.2 123
	wait_route 198.18.0.0/24
	sk close b
	wait_no_route 198.18.0.0/24
	sk open b tcp4 198.18.0.1 53
	wait_route 198.18.0.0/24
	# the addresses were the admin's, and are not what this gate is about
	expect has_addr 198.18.0.1/32
	expect has_addr 198.18.0.2/32
}

# A gate for a host within the prefix of another gate; each for itself.
nested()
{
	events_only
	sock_start
	ctl add 192.0.2.0/24 $V4:tcp/53 up 0
	ctl add $V4/32 udp/53 up 0
	sk open a udp4 "*" 53
	wait_addr $V4/32
	expect lacks_route 192.0.2.0/24
	sk open b tcp4 "*" 53
	wait_route 192.0.2.0/24
	sk close a
	wait_no_addr $V4/32
	expect has_route 192.0.2.0/24
	ctl del $V4/32
	expect has_route 192.0.2.0/24
	sk close b
	wait_no_route 192.0.2.0/24
}

# A live service, and an address that is not there yet: one announcement.
announce_at_add()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	sk open a "$kind" "*" 53
	mon_start "$TMP/mon" address
	ctl add "$gate" udp/53 up 0
	expect has_addr "$gate"
	mon_sync "$TMP/mon"
	[ "$(mon_count "$TMP/mon" "Deleted.* ${gate%/*}/")" = 0 ] ||
		fail "withdrawn while being added: $(cat "$TMP/mon")"
}

# A change that has no bearing on the decision leaves the tables alone.
quiet_change()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	sk open a "$kind" "*" 53
	sk open b "${kind/udp/tcp}" "*" 53
	ctl add "$gate" udp/53 up 0
	expect has_addr "$gate"
	metronome
	mon_start "$TMP/mon"
	ctl change "$gate" up 5s
	ctl change "$gate" down 300ms
	ctl change "$gate" udp/53 tcp/53
	ctl change "$gate" up 0 down 0 tcp/53
	settle
	quiet "$TMP/mon" "${gate%/*}"
	expect_gate "$gate" '.services | length' 1
	expect_gate "$gate" '.services[0].protocol' tcp
}

# A change of services decides at once.
change_services()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	expect has_addr $V4/32
	ctl change $V4 udp/54
	expect lacks_addr $V4/32
	expect_gate $V4/32 .state closed
	ctl change $V4 udp/53
	expect has_addr $V4/32
	# and what is watched for changes with it
	ctl change $V4 udp/55
	expect lacks_addr $V4/32
	sk close a
	sk open b udp4 "*" 55
	wait_addr $V4/32
	sk close b
	wait_no_addr $V4/32
}

change_device()
{
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	expect has_addr $V4/32 lo
	ctl change $V4 dev d0
	expect has_addr $V4/32 d0
	expect lacks_addr $V4/32 lo
	sk close a
	wait_no_addr $V4/32 d0
	ctl change $V4 dev lo
	sk open a udp4 "*" 53
	wait_addr $V4/32 lo
	expect lacks_addr $V4/32 d0
}

# The hold route is in the table of the device's VRF, wherever that goes.
hold_in_vrf()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	ip link add red up type vrf table 10 || skip "no VRF devices"
	ip link add blue up type vrf table 20
	ctl add "$gate" udp/53 up 0 dev d0
	expect hold_in "$gate" local
	ip link set d0 master red
	wait_hold "$gate" 10
	ip link set d0 master blue
	wait_hold "$gate" 20
	ip link set d0 nomaster
	wait_hold "$gate" local

	# the same while it is open
	sk open a "$kind" "*" 53
	wait_addr "$gate" d0
	ip link set d0 master red
	wait_hold "$gate" 10
	wait_addr "$gate" d0
	# with its VRF, and with the device itself
	ip link del red
	wait_hold "$gate" local
	wait_addr "$gate" d0
	ip link set d0 master blue
	wait_hold "$gate" 20
	ip link del d0
	wait_hold "$gate" local
	ip link add d0 up master blue type dummy
	wait_hold "$gate" 20
	wait_addr "$gate" d0
	wait_gate "$gate" .difference none

	# given up, and taken out, in the table where it is
	ctl change "$gate" hold off
	expect hold_in "$gate" none
	ctl change "$gate" hold on
	expect hold_in "$gate" 20
	ctl del "$gate"
	expect hold_in "$gate" none
}

# Another device, another table.
hold_changes_device()
{
	local gate=$1
	events_only
	ip link add d0 up type dummy || fail "no dummy"
	ip link add d1 up type dummy || fail "no dummy"
	ip link add red up type vrf table 10 || skip "no VRF devices"
	ip link add blue up type vrf table 20
	ip link set d0 master red
	ip link set d1 master blue
	ctl add "$gate" udp/53 up 0 dev d0
	expect hold_in "$gate" 10
	ctl change "$gate" dev d1
	wait_hold "$gate" 20
	ctl change "$gate" dev lo
	wait_hold "$gate" local
	ctl change "$gate" dev red
	wait_hold "$gate" 10
	ctl change "$gate" action route
	wait_hold "$gate" none
	ctl change "$gate" action address dev d1
	wait_hold "$gate" 20
	# the change and the move at once
	ip link set d0 nomaster
	ctl change "$gate" dev d0 hold off
	wait_hold "$gate" none
}

change_action()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	expect has_addr $V4/32
	ctl change $V4 action route
	expect has_route $V4/32 table main
	expect lacks_addr $V4/32
	ctl change $V4 action address
	expect has_addr $V4/32
	expect lacks_route $V4/32 table main
	ctl del $V4
	expect lacks_addr $V4/32
}

# --- what goes wrong -----------------------------------------------------------

# The kernel refuses the address; as soon as it would not, it is there, and
# nobody has to ask. The reconcile is off: the retry is the module's own.
refused_then_accepted()
{
	events_only
	sock_start
	echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
	events_start "$TMP/events"
	ctl add $V6 udp/53 up 0
	sk open a udp6 "*" 53
	wait_gate $V6/128 .difference error
	expect_gate $V6/128 .state open
	expect_gate $V6/128 .announced false
	expect_gate $V6/128 '(.error != null) and (.error_msg | length > 0)' true
	eventually "more than one attempt" retried $V6/128 2
	wait_event "$TMP/events" ".prefix == \"$V6/128\" and .error_msg != null and
		.difference == \"error\""
	echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
	wait_addr $V6/128
	wait_gate $V6/128 .difference none
	expect_gate $V6/128 .announced true
	# The hold route was refused as well, and has a retry of its own.
	wait_gate $V6/128 '.retries // 0' 0
	wait_event "$TMP/events" ".prefix == \"$V6/128\" and .announced == true and
		.kind == \"announced\""
	sk close a
	wait_no_addr $V6/128
}

elapsed()
{
	[ $(($(now_ms) - $1)) -ge "$2" ]
}

# What fails is tried again after some time, and what waits for that is not asked
# about meanwhile.
not_busy()
{
	local from start n
	from=$(passes)
	start=$(now_ms)
	busywait 10000 elapsed "$start" 2000
	n=$((($(passes) - from) * 1000 / ($(now_ms) - start)))
	note "$n passes a second"
	[ $n -lt 50 ] || fail "the engine is busy: $n passes a second"
}

refused_change()
{
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	sk open a udp6 "*" 53
	ctl add $V6 udp/53 up 0
	wait_addr $V6/128
	echo 1 >/proc/sys/net/ipv6/conf/d0/disable_ipv6
	ctl change $V6 dev d0
	wait_gate $V6/128 .difference error
	not_busy
	expect has_addr $V6/128
	echo 0 >/proc/sys/net/ipv6/conf/d0/disable_ipv6
	wait_addr $V6/128 d0
	wait_no_addr $V6/128
}

refused_with_fallback()
{
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	ip link add d1 up type dummy || fail "no dummy"
	ip addr add 10.0.1.1/30 dev d1
	ctl add $V4 udp/53 up 0 dev d0 fallback via 10.0.1.2 dev d1
	wait_route $V4/32 table main proto $PROTO
	ip link del d0
	sk open a udp4 "*" 53
	wait_gate $V4/32 '.error != null' true
	not_busy
	expect has_route $V4/32 table main proto $PROTO
	ip link add d0 up type dummy || fail "no dummy"
	wait_addr $V4/32 d0
	wait_no_route $V4/32 table main proto $PROTO
}

# What was there before the gate cannot be put back, and the route waits for that.
refused_return()
{
	events_only
	sock_start
	ip addr add $V6/128 dev lo || fail "ip addr add"
	ctl add $V6 udp/53 up 0
	wait_no_addr $V6/128
	echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
	sk open a udp6 "*" 53
	ctl change $V6 action route metric 50
	wait_gate $V6/128 '.error != null' true
	not_busy
	echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
	wait_addr $V6/128
	wait_route $V6/128 table main proto $PROTO metric 50
}

retried()
{
	[ "$(gate "$1" '.retries // 0')" -ge "$2" ]
}

# It is not announced any more when it is no longer wanted.
refused_then_unwanted()
{
	events_only
	sock_start
	echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
	ctl add $V6 udp/53 up 0
	sk open a udp6 "*" 53
	wait_gate $V6/128 .difference error
	sk close a
	wait_gate $V6/128 .state closed
	metronome
	echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
	settle
	expect lacks_addr $V6/128
	# and a gate that cannot do what it should can be removed
	echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
	sk open a udp6 "*" 53
	wait_gate $V6/128 .difference error
	ctl del $V6
	echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
	settle
	expect lacks_addr $V6/128
}

device_comes_back()
{
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	ctl add $V4 udp/53 up 0 dev d0
	ctl add $V6 udp/53 up 0 dev d0
	sk open a udp6 "*" 53 v6only=0
	wait_addr $V4/32 d0
	wait_addr $V6/128 d0
	ip link del d0
	wait_gate $V4/32 .difference no-device
	wait_gate $V4/32 .announced false
	wait_gate $V6/128 .announced false
	ip link add d0 up type dummy
	wait_addr $V4/32 d0
	wait_addr $V6/128 d0
	wait_gate $V4/32 .difference none
	wait_gate $V4/32 .announced true
	# away while it closes, and back: closed
	ip link del d0
	wait_gate $V4/32 .announced false
	sk close a
	wait_gate $V4/32 .state closed
	metronome
	ip link add d0 up type dummy
	settle
	expect lacks_addr $V4/32 d0
	expect lacks_addr $V6/128 d0
	ctl del $V4
	ctl del $V6
}

# Other nodes have the address by intention: it is of use at once, also on a link where
# the kernel would look for duplicates first.
no_dad()
{
	events_only
	sock_start
	ip link add d0 up type veth peer name d1 || fail "no veth"
	ip link set d1 up
	ip addr add 2001:db8::77/128 dev d0
	ip -6 addr show dev d0 tentative | grep -q 2001:db8::77 ||
		fail "nothing is looked for here"
	mon_start "$TMP/mon" address
	sk open a udp6 "*" 53
	ctl add $V6 udp/53 up 0 dev d0
	wait_addr $V6/128 d0
	ip -6 addr show dev d0 to $V6 | grep -q nodad || fail "$(ip -6 addr show dev d0)"
	sk close a
	wait_no_addr $V6/128 d0
	! grep $V6 "$TMP/mon" | grep tentative || fail "it was tentative"
}

# A device that is renamed is not the gate's any more; the new one by that
# name is.
device_renamed()
{
	events_only
	sock_start
	ip link add d0 type dummy || fail "no dummy"
	ctl add $V4 udp/53 up 0 dev d0
	sk open a udp4 "*" 53
	wait_addr $V4/32 d0
	ip link set d0 down
	ip link set d0 name d1
	# It is not announced where nobody has said so.
	wait_no_addr $V4/32 d1
	ip link add d0 up type dummy
	wait_addr $V4/32 d0
	expect lacks_addr $V4/32 d1
	sk close a
	wait_no_addr $V4/32 d0
}

# The kernel writes the new name long before it tells of it: whoever looks in between
# finds the address on no device of that name. It does not stay on the other for that.
device_renamed_again()
{
	local n
	param reconcile_ms 1
	param canary_ms 0
	sock_start
	ip link add d0 type dummy || fail "no dummy"
	ctl add $V4 udp/53 up 0 dev d0
	sk open a udp4 "*" 53
	# a few are enough where the kernel takes its time
	for ((n = 0; n < 50 / ${SLOW:-1}; n++)); do
		wait_addr $V4/32 d0
		ip link set d0 name d1
		wait_no_addr $V4/32 d1
		ip link set d1 name d0
	done
}

# The same while the gate observes: it touches nothing, and does not forget it either.
renamed_while_observed()
{
	local then=$1
	events_only
	sock_start
	metronome
	ip link add d0 type dummy || fail "no dummy"
	ctl add $V4 udp/53 up 0 dev d0
	sk open a udp4 "*" 53
	wait_addr $V4/32 d0
	ctl observe $V4
	ip link set d0 name d1
	settle
	expect has_addr $V4/32 d1
	ctl "$then" $V4
	wait_no_addr $V4/32 d1
}

# Its old name is kept as another one: it is the same device, and stays announced.
old_name_stays()
{
	local before
	sock_start
	ip link add d0 type dummy || fail "no dummy"
	ctl add $V4 udp/53 up 0 dev d0
	sk open a udp4 "*" 53
	wait_addr $V4/32 d0
	ip link set d0 name d1
	ip link property add dev d1 altname d0 || skip "no other names here"
	wait_addr $V4/32 d1
	mon_start "$TMP/mon" address
	before=$(passes)
	eventually "some looks at everything" passes_since "$before" 4
	quiet "$TMP/mon" "$V4/"
	sk close a
	wait_no_addr $V4/32 d1
}

# Called by another of its names it is the same device.
other_name()
{
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	ip link property add dev d0 altname another-name || skip "no other names here"
	ctl add $V4 udp/53 up 0 dev d0
	sk open a udp4 "*" 53
	wait_addr $V4/32 d0
	mon_start "$TMP/mon" address
	ctl change $V4 dev another-name
	expect_gate $V4/32 .dev d0
	quiet "$TMP/mon" "$V4/"
	ctl add 192.0.2.54 udp/53 up 0 dev another-name
	expect has_addr 192.0.2.54/32 d0
}

# lo going down takes IPv6 addresses and local routes with it.
lo_down_and_up()
{
	events_only
	sock_start
	ctl add $V4 udp/53 up 0
	ctl add $V6 udp/53 up 0
	ctl add 192.0.2.54 udp/54 up 0
	ctl add 2001:db8:1::/48 "[2001:db8:1::1]:udp/53" up 0
	sk open a udp6 "*" 53 v6only=0
	wait_addr $V4/32
	wait_addr $V6/128
	wait_route 2001:db8:1::/48
	expect hold_route 192.0.2.54/32
	ip link set lo down
	ip link set lo up
	wait_addr $V4/32
	wait_addr $V6/128
	eventually "the hold route to come back" hold_route $V4/32
	eventually "the hold route to come back" hold_route $V6/128
	eventually "the hold route to come back" hold_route 192.0.2.54/32
	# With lo the kernel has taken this one away, too.
	wait_route 2001:db8:1::/48
	wait_gate $V6/128 .difference none
	expect_gate 2001:db8:1::/48 .contested 0
	sk close a
	wait_no_addr $V4/32
	wait_no_addr $V6/128
}

# Opening while lo is down: it may be late, but must not be forgotten.
open_while_lo_is_down()
{
	events_only
	sock_start
	ctl add $V4 udp/53 up 0
	ctl add $V6 udp/53 up 0
	ip link set lo down
	sk open a udp6 "*" 53 v6only=0
	wait_gate $V4/32 .state open
	ip link set lo up
	wait_addr $V4/32
	wait_addr $V6/128
	eventually "the hold route to come back" hold_route $V4/32
	ip link set lo down
	sk close a
	wait_gate $V4/32 .state closed
	ip link set lo up
	wait_no_addr $V4/32
	wait_no_addr $V6/128
}

bounded()
{
	defer param max_gates "$(cat "$PARAM/max_gates")"
	param max_gates 2
	ctl add 192.0.2.1 udp/53
	ctl add 192.0.2.2 udp/53
	refused 1 . add 192.0.2.3 udp/53
	ctl del 192.0.2.1
	ctl add 192.0.2.3 udp/53
	[ "$("$ANYGATECTL" -j show | jq length)" = 2 ] || fail "not two gates"
}

flush()
{
	local i
	events_only
	sock_start
	picture_to "$TMP/before"
	sk open a udp6 "*" 53 v6only=0
	for i in 1 2 3; do
		ctl add 192.0.2.$i udp/53 up 0
		ctl add 2001:db8::$i udp/53 up 0
	done
	expect has_addr 192.0.2.3/32
	ctl flush
	[ "$("$ANYGATECTL" -j show | jq length)" = 0 ] || fail "gates are left"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "flush left something"
}

t "address v4: announced, withdrawn, removed" address $V4/32 udp4 lo
t "address v6: announced, withdrawn, removed" address $V6/128 udp6 lo
t "address v4 on another device" address $V4/32 udp4 d0 dev d0
t "address v6 on another device" address $V6/128 udp6 d0 dev d0
t "hold off and on, v4" hold_off $V4/32 udp4
t "hold off and on, v6" hold_off $V6/128 udp6
t "a daemon can bind while the gate is closed" bind_while_closed
t "route v4" route 198.18.0.0/24 198.18.0.1:udp/53 udp4
t "route v6" route 2001:db8:1::/48 "[2001:db8:1::1]:udp/53" udp6
t "route v4 for a host prefix" route $V4/32 udp/53 udp4
t "route v6 for a host prefix" route $V6/128 udp/53 udp6
t "route is the default for a covering prefix" route_by_default
t "route v4 in another table, changed while open" \
	route_elsewhere 198.18.0.0/24 198.18.0.1:udp/53 udp4
t "route v6 in another table, changed while open" \
	route_elsewhere 2001:db8:1::/48 "[2001:db8:1::1]:udp/53" udp6
t "a route of the admin's beside ours" route_beside
t "a covering prefix with several services" covering
t "a host gate inside a covering gate" nested
t "a gate for a live service announces once, v4" announce_at_add $V4/32 udp4
t "a gate for a live service announces once, v6" announce_at_add $V6/128 udp6
t "a change that changes no decision is not seen, v4" quiet_change $V4/32 udp4
t "a change that changes no decision is not seen, v6" quiet_change $V6/128 udp6
t "a change of the services decides at once" change_services
t "a change of the device moves the address" change_device
t "the hold route follows the device into VRFs and out again, v4" \
	hold_in_vrf $V4/32 udp4
t "the hold route follows the device into VRFs and out again, v6" \
	hold_in_vrf $V6/128 udp6
t "the hold route follows a change of the device, v4" hold_changes_device $V4/32
t "the hold route follows a change of the device, v6" hold_changes_device $V6/128
t "a change of the action moves from address to route and back" change_action
t "a refused address is retried until it is accepted" refused_then_accepted
t "a refused address is forgotten when it is no longer wanted" \
	refused_then_unwanted
t "a successor is refused: the engine waits" refused_change
t "a successor of the fallback is refused: the engine waits" refused_with_fallback
t "what was there cannot be put back: the engine waits" refused_return
t "the device goes and comes back" device_comes_back
t "an IPv6 address is announced without DAD" no_dad
t "the device is renamed" device_renamed
t "the device is renamed again and again" device_renamed_again
t "the device is renamed while the gate observes, then unobserve" renamed_while_observed \
	unobserve
t "the device is renamed while the gate observes, then del" renamed_while_observed del
t "the device is renamed, and its old name stays" old_name_stays
t "the device has another name" other_name
t "lo goes down and up" lo_down_and_up
t "the gate opens and closes while lo is down" open_while_lo_is_down
t "the number of gates is bounded" bounded
t "flush removes every gate and leaves nothing" flush

run_tests "$@"
