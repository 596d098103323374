#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The witness: what nobody else announces is not withdrawn, loudly; and it is as
# soon as somebody does.

. "${0%/*}/lib.sh"

TABLE=100

# The links to the neighbours: a pair of each, so that a carrier can be taken.
links()
{
	local n
	for n in 1 2; do
		ip link add up$n type veth peer name far$n || fail "no veth"
		ip link set up$n up
		ip link set far$n up
		ip addr add 10.0.$n.1/24 dev up$n
		ip addr add 2001:db8:f$n::1/64 dev up$n nodad
	done
	sock_start
	events_start "$TMP/events"
}

# other VERB PREFIX [N]: what the routing daemon does when it hears of another
# node by the Nth link, or no longer
other()
{
	local verb=$1 prefix=$2 n=${3:-1}
	case $prefix in
	*:*)	ip -6 route "$verb" "$prefix" via 2001:db8:f$n::2 dev up$n \
			proto bird metric $((30 + n)) table $TABLE ;;
	*)	ip route "$verb" "$prefix" via 10.0.$n.2 dev up$n proto bird \
			metric $((30 + n)) table $TABLE ;;
	esac || fail "ip route $verb $prefix"
}

# What the gate's tables hold, whatever its action.
announced()
{
	if [ "$ACTION" = route ]; then
		has_route "$GATE" type blackhole proto $PROTO table main
	else
		has_addr "$GATE"
	fi
}

withdrawn()
{
	! announced
}

# about GATE KIND ACTION: what the case is about, and a service for it
about()
{
	GATE=$1 KIND=$2 ACTION=$3
	SERVICE=udp/53 ADDRESS="*"
	case $GATE in
	*/24)	SERVICE=192.0.2.53:udp/53 ;;
	*/48)	SERVICE=[$V6]:udp/53 ;;
	esac
	links
}

live()
{
	sk open a "$KIND" "$ADDRESS" 53
	ctl add "$GATE" "$SERVICE" action "$ACTION" up 0 witness $TABLE "$@"
	eventually "$GATE is announced" announced
	expect_gate "$GATE" .state open
}

transition()
{
	wait_event "$TMP/events" \
		".kind == \"transition\" and .prefix == \"$GATE\" and .old_state == \"$1\" and .state == \"$2\""
}

# --- the last one, and one of many -----------------------------------------------

last_stays()
{
	about "$@"
	live
	sk close a
	wait_gate "$GATE" .state kept
	expect_gate "$GATE" .reason alone
	expect_gate "$GATE" .announced true
	expect_gate "$GATE" .difference none
	expect announced
	transition open kept
	"$ANYGATECTL" show | grep -Eq "KEPT: no other path in table $TABLE, LISTENERS ARE MISSING" ||
		fail "show does not say so: $("$ANYGATECTL" show)"
	"$ANYGATECTL" show "$GATE" | grep -q "^WARNING: announced without its services" ||
		fail "show in full does not warn"

	# it never was away: open at once when the service is back
	sk open a "$KIND" "$ADDRESS" 53
	wait_gate "$GATE" .state open
	transition kept open
	expect_gate "$GATE" .closed 0
	expect_gate "$GATE" .opened 1

	# kept, and somebody else comes
	sk close a
	wait_gate "$GATE" .state kept
	other add "$GATE"
	wait_gate "$GATE" .state closed
	transition kept closed
	eventually "$GATE is withdrawn" withdrawn
	expect_gate "$GATE" .reason no-listener

	# what is withdrawn is not announced for being alone
	other del "$GATE"
	sk open a "$KIND" "$ADDRESS" 53
	wait_gate "$GATE" .state open
	other add "$GATE"
	sk close a
	wait_gate "$GATE" .state closed
	other del "$GATE"
	ctl change "$GATE" down 1s
	expect_gate "$GATE" .state closed
	expect withdrawn
}

# Without the reconcile: events alone withdraw, and a gate that is kept looks
# again by itself.
by_events()
{
	about $V4/32 udp4 address
	events_only
	live
	other add $V4/32
	sk close a
	wait_no_addr $V4/32
	expect_gate $V4/32 .state closed
	sk open a udp4 "*" 53
	wait_addr $V4/32
	other del $V4/32
	sk close a
	wait_gate $V4/32 .state kept
	other add $V4/32
	wait_no_addr $V4/32
}

# "down" has its time before anything is said, and again when there is another
# path: that may be of a node that is kept, and sees this one. Where their times
# are not the same, one of them stays.
after_down()
{
	about $V4/32 udp4 address
	live down 300ms
	sk close a
	wait_gate $V4/32 .state kept
	transition open closing
	transition closing kept
	ctl change $V4/32 down 1h
	expect_gate $V4/32 .state kept
	other add $V4/32
	wait_gate $V4/32 .state closing
	transition kept closing
	expect has_addr $V4/32
	other del $V4/32
	ctl change $V4/32 down 0
	expect_gate $V4/32 .state kept
	ctl change $V4/32 down 300ms
	other add $V4/32
	wait_gate $V4/32 .state closed
	transition closing closed
	expect lacks_addr $V4/32
}

# --- what counts as a path ---------------------------------------------------------

covering()
{
	case $1 in
	*:*)	echo 2001:db8::/32 ;;
	*)	echo 192.0.0.0/16 ;;
	esac
}

again()
{
	eventually "$GATE is withdrawn" withdrawn
	sk open a "$KIND" "$ADDRESS" 53
	wait_gate "$GATE" .state open
}

counts_not()
{
	# a change has it look, and is answered when it has
	ctl change "$GATE" name looked
	ctl change "$GATE" name none
	expect_gate "$GATE" .state kept
	expect announced
}

paths()
{
	local family=-4 any=0.0.0.0/0 via=10.0.1.2 via2=10.0.2.2 wide
	about "$@"
	if [[ $GATE == *:* ]]; then
		family=-6 any=::/0 via=2001:db8:f1::2 via2=2001:db8:f2::2
	fi
	wide=$(covering "$GATE")
	live
	sk close a
	wait_gate "$GATE" .state kept

	note "the default route"
	ip $family route add $any via $via dev up1 proto bird table $TABLE
	counts_not
	note "routes that lead nowhere"
	ip $family route add blackhole "$GATE" proto bird metric 9 table $TABLE
	counts_not
	ip $family route del blackhole "$GATE" metric 9 table $TABLE
	ip $family route add unreachable "$wide" proto bird metric 9 table $TABLE
	counts_not
	ip $family route del unreachable "$wide" metric 9 table $TABLE
	note "our own, and the kernel's"
	ip $family route add "$GATE" via $via dev up1 proto $PROTO table $TABLE
	counts_not
	ip $family route del "$GATE" table $TABLE
	ip $family route add "$wide" dev up1 proto kernel table $TABLE
	counts_not
	ip $family route del "$wide" table $TABLE
	note "this host"
	ip $family route add "$GATE" dev lo proto bird table $TABLE
	counts_not
	ip $family route del "$GATE" table $TABLE
	note "a part of it, and a neighbour of it"
	case $GATE in
	*/24)	ip route add 192.0.2.53/32 via $via dev up1 proto bird table $TABLE
		ip route add 192.0.3.0/24 via $via dev up1 proto bird table $TABLE ;;
	*/48)	ip -6 route add $V6/128 via $via dev up1 proto bird table $TABLE
		ip -6 route add 2001:db8:1::/48 via $via dev up1 proto bird table $TABLE ;;
	*:*)	ip -6 route add 2001:db8::54/128 via $via dev up1 proto bird table $TABLE ;;
	*)	ip route add 192.0.2.54/32 via $via dev up1 proto bird table $TABLE ;;
	esac
	counts_not
	note "another table"
	ip $family route add "$GATE" via $via dev up1 proto bird table 101
	counts_not

	note "a link that is down"
	other add "$GATE" 2
	wait_gate "$GATE" .state closed
	again
	other del "$GATE" 2
	ip link set far2 down
	eventually "up2 to lose its carrier" no_carrier up2
	sk close a
	wait_gate "$GATE" .state kept
	other add "$GATE" 2
	counts_not
	ip link set far2 up
	wait_gate "$GATE" .state closed
	again
	ip link set far2 down
	eventually "up2 to lose its carrier" no_carrier up2
	sk close a
	wait_gate "$GATE" .state kept
	ip link set far2 up
	wait_gate "$GATE" .state closed
	other del "$GATE" 2

	note "one that contains it"
	again
	sk close a
	wait_gate "$GATE" .state kept
	ip $family route add "$wide" via $via dev up1 proto bird table $TABLE
	wait_gate "$GATE" .state closed
	ip $family route del "$wide" table $TABLE

	note "several next hops, of which one is down"
	again
	sk close a
	wait_gate "$GATE" .state kept
	ip link set far2 down
	ip $family route add "$GATE" proto bird table $TABLE nexthop via $via dev up1 \
		nexthop via $via2 dev up2 || fail "no multipath"
	wait_gate "$GATE" .state closed

	note "a next hop object"
	ip $family route del "$GATE" table $TABLE
	again
	sk close a
	wait_gate "$GATE" .state kept
	ip $family nexthop add id 7 blackhole
	ip $family nexthop add id 8 via $via dev up1
	ip $family route add "$GATE" nhid 7 proto bird table $TABLE
	counts_not
	ip $family route replace "$GATE" nhid 8 proto bird table $TABLE
	wait_gate "$GATE" .state closed
}

no_carrier()
{
	[[ $(ip -o link show "$1") == *NO-CARRIER* ]]
}

# --- other ways to be down, orders, settings --------------------------------------

lease()
{
	about $V4/32 udp4 address
	sk open a udp4 "*" 53
	ctl add $V4/32 udp/53 up 0 witness $TABLE require zone
	ctl lease $V4/32 zone up ttl 1h
	wait_gate $V4/32 .state open
	ctl lease $V4/32 zone down ttl 1h
	wait_gate $V4/32 .state kept
	"$ANYGATECTL" show | grep -q "KEPT: no other path in table $TABLE" ||
		fail "show does not say so"
	"$ANYGATECTL" show | grep -q "LISTENERS ARE MISSING" &&
		fail "no listener is missing"
	ctl lease $V4/32 zone up ttl 1h
	wait_gate $V4/32 .state open
}

drain()
{
	about "$@"
	live
	other add "$GATE"
	ctl drain "$GATE" 2>"$TMP/err"
	[ -s "$TMP/err" ] && fail "a warning for nothing: $(cat "$TMP/err")"
	eventually "$GATE is withdrawn" withdrawn
	ctl undrain "$GATE"
	wait_gate "$GATE" .state open
	other del "$GATE"

	# the last one: with a warning, and obeyed
	ctl drain "$GATE" 2>"$TMP/err"
	grep -q "nobody else is known to announce" "$TMP/err" ||
		fail "no warning: $(cat "$TMP/err")"
	expect_gate "$GATE" .state drained
	eventually "$GATE is withdrawn" withdrawn
	ctl undrain "$GATE"
	wait_gate "$GATE" .state open
	sk close a
	wait_gate "$GATE" .state kept
	ctl drain "$GATE" 2>"$TMP/err"
	grep -q "nobody else is known to announce" "$TMP/err" || fail "no warning"
	expect_gate "$GATE" .state drained
	eventually "$GATE is withdrawn" withdrawn
	ctl undrain "$GATE"
	expect_gate "$GATE" .state closed

	# a pin that ends over a dead service, while nobody else is there
	ctl pin "$GATE" for 1h
	expect_gate "$GATE" .state pinned
	ctl unpin "$GATE"
	expect_gate "$GATE" .state kept
	expect announced
	# and observing, it stays what it is
	ctl observe "$GATE"
	other add "$GATE"
	wait_gate "$GATE" .state closed
	expect announced
	expect_gate "$GATE" .difference observing
	ctl unobserve "$GATE"
	eventually "$GATE is withdrawn" withdrawn
}

settings()
{
	about "$@"
	live
	ctl change "$GATE" witness off
	sk close a
	wait_gate "$GATE" .state closed
	ctl change "$GATE" witness $TABLE
	expect_gate "$GATE" .state closed
	sk open a "$KIND" "$ADDRESS" 53
	wait_gate "$GATE" .state open
	sk close a
	wait_gate "$GATE" .state kept
	ctl change "$GATE" witness off
	expect_gate "$GATE" .state closed
	expect withdrawn
	sk open a "$KIND" "$ADDRESS" 53
	wait_gate "$GATE" .state open
	# another table, in which there is somebody
	other add "$GATE"
	ctl change "$GATE" witness 4294967295
	expect_gate "$GATE" .witness 4294967295
	sk close a
	wait_gate "$GATE" .state kept
	ctl change "$GATE" witness $TABLE
	expect_gate "$GATE" .state closed

	ctl save "$TMP/conf"
	grep -q "witness $TABLE" "$TMP/conf" || fail "not saved"
	ctl apply "$TMP/conf" dry-run >"$TMP/plan"
	ctl change "$GATE" witness off
	ctl apply "$TMP/conf"
	expect_gate "$GATE" .witness $TABLE
	refused 2 "own routes" change "$GATE" witness main
	refused 2 "own routes" change "$GATE" witness local
	if [ "$ACTION" = route ]; then
		ctl change "$GATE" table 7
		refused 1 "own route is in that table" change "$GATE" witness 7
		refused 1 "own route is in that table" change "$GATE" table $TABLE
	fi
}

# An upgrade of the module is no reason to withdraw the last one; nor does it
# announce what was withdrawn.
upgrade()
{
	about "$@"
	live
	sk close a
	wait_gate "$GATE" .state kept
	kill "${MONITORS[@]}" 2>/dev/null
	MONITORS=()
	param on_unload keep
	ctl save "$TMP/conf"
	mon_start "$TMP/log"
	unload
	load
	expect announced
	ctl apply "$TMP/conf"
	expect_gate "$GATE" .state kept
	expect announced
	expect_gate "$GATE" .difference none
	if [ "$ACTION" = route ]; then
		mon_sync "$TMP/log"
		[ "$(mon_count "$TMP/log" "blackhole ${GATE%/32}")" = 0 ] ||
			fail "the route was touched: $(cat "$TMP/log")"
	else
		quiet "$TMP/log" " $GATE "
	fi
	# it is the gate's own again
	other add "$GATE"
	wait_gate "$GATE" .state closed
	eventually "$GATE is withdrawn" withdrawn
	param on_unload keep
	unload
	load
	other del "$GATE"
	ctl apply "$TMP/conf"
	expect_gate "$GATE" .state closed
	expect withdrawn
}

# There is no next node for clients to find, so that they are told.
shield()
{
	about $V4/32 udp4 address
	live shield 1h
	sk close a
	wait_gate $V4/32 .state kept
	gate_is $V4/32 '.shield_left_ms // "down"' down || fail "shielding while kept"
	other add $V4/32
	wait_gate $V4/32 .state closed
	gate_is $V4/32 '.shield_left_ms // "down"' down && fail "not shielding once withdrawn"
	true
}

lines()
{
	dmesg | grep -cF "anygate: $1 is announced without its services: table $TABLE has no other path"
}

more_lines()
{
	[ "$(lines "$1")" -gt "$2" ]
}

log()
{
	local i before
	about $V4/32 udp4 address
	dmesg >/dev/null 2>&1 || skip "no kernel log to read"
	before=$(lines $V4/32)
	live
	sk close a
	wait_gate $V4/32 .state kept
	eventually "the log to say so" more_lines $V4/32 "$before"
	# once, however often it is looked at
	for i in 1 2 3; do
		ctl change $V4/32 name n$i
	done
	[ "$(lines $V4/32)" = $((before + 1)) ] || fail "more than once"
}

doctor()
{
	about $V4/32 udp4 address
	live
	doctor_says witness-blind || fail "an empty table is no finding"
	ip route add 192.0.9.0/24 via 10.0.1.2 dev up1 proto bird table $TABLE
	doctor_says witness-blind && fail "a table that is not empty is a finding"
	doctor_says witness-alone || fail "nobody else is no finding"
	other add $V4/32
	doctor_says witness && fail "all is well, and a finding"
	ctl change $V4/32 witness 4711
	doctor_says witness-blind || fail "a table that does not exist is no finding"
}

doctor_says()
{
	"$ANYGATECTL" doctor >"$TMP/doctor"
	grep -q " $1.* $V4/32" "$TMP/doctor"
}

for action in address route; do
	t "the last one stays, v4, $action" last_stays $V4/32 udp4 $action
	t "the last one stays, v6, $action" last_stays $V6/128 udp6 $action
done
t "the last one stays, v4, covering prefix" last_stays 192.0.2.0/24 udp4 route
t "the last one stays, v6, covering prefix" last_stays 2001:db8::/48 udp6 route
t "by socket events alone" by_events
t "down has its time, and again when there is another path" after_down
t "what is a path, v4" paths $V4/32 udp4 address
t "what is a path, v6" paths $V6/128 udp6 address
t "what is a path, v4, covering prefix" paths 192.0.2.0/24 udp4 route
t "what is a path, v6, covering prefix" paths 2001:db8::/48 udp6 route
t "a lease that says down" lease
t "orders, v4" drain $V4/32 udp4 address
t "orders, v6, covering prefix" drain 2001:db8::/48 udp6 route
t "settings, v4" settings $V4/32 udp4 address
t "settings, v6, covering prefix" settings 2001:db8::/48 udp6 route
t "an upgrade of the module, v4, address" upgrade $V4/32 udp4 address
t "an upgrade of the module, v6, address" upgrade $V6/128 udp6 address
t "an upgrade of the module, v4, route" upgrade $V4/32 udp4 route
t "an upgrade of the module, v4, covering prefix" upgrade 192.0.2.0/24 udp4 route
t "an upgrade of the module, v6, covering prefix" upgrade 2001:db8::/48 udp6 route
t "the shield" shield
t "the kernel's log" log
t "doctor" doctor

run_tests "$@"
