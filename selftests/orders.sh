#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What an operator orders: drain, pin, observe, and their ends; of one gate or
# of a group.

. "$(dirname "$0")/lib.sh"

LATE=4000

# took MILLISECONDS SINCE: not earlier, and not much later
took()
{
	local elapsed=$(($(now_ms) - $2))
	note "after $elapsed ms ($1 ms expected)"
	[ $elapsed -ge "$1" ] || fail "too early"
	[ $elapsed -le $(($1 + LATE)) ] || fail "too late"
}

# live GATE KIND: a gate that is open
live()
{
	sk open a "$2" "*" 53
	ctl add "$1" udp/53 up 300ms
	wait_addr "$1"
}

# shown GATE PATTERN: the table says so
shown()
{
	"$ANYGATECTL" show | grep -F "$1 " | grep -Eq -- "$2" && return
	"$ANYGATECTL" show | sed 's/^/#   /'
	fail "not shown for $1: $2"
}

# --- drain ----------------------------------------------------------------------

drain()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	metronome
	live "$gate" "$kind"
	events_start "$TMP/events"
	ctl drain "$gate"
	expect lacks_addr "$gate"
	expect_gate "$gate" .state drained
	expect_gate "$gate" .reason drained
	expect_gate "$gate" .order drain
	expect_gate "$gate" ".order_left_ms == null" true
	shown "$gate" drained
	# the service has been there all the while: there is nothing to wait for
	ctl undrain "$gate"
	expect has_addr "$gate"
	expect_gate "$gate" .state open
	expect_gate "$gate" .order follow
	# it comes and goes behind it
	ctl drain "$gate"
	mon_start "$TMP/mon"
	sk close a
	settle
	sk open a "$kind" "*" 53
	settle
	expect_gate "$gate" .state drained
	quiet "$TMP/mon" "${gate%/*}"
	# the truth is that it has not been there long enough
	ctl change "$gate" up 1h
	ctl undrain "$gate"
	expect_gate "$gate" .state opening
	expect lacks_addr "$gate"
	ctl change "$gate" up 0
	expect has_addr "$gate"
	# dead meanwhile: the truth is that it stays away
	ctl drain "$gate"
	sk close a
	settle
	ctl undrain "$gate"
	expect lacks_addr "$gate"
	expect_gate "$gate" .state closed
	expect_gate "$gate" .reason no-listener
	wait_event "$TMP/events" '.kind == "transition" and .old_state == "open" and
		.state == "drained" and .source == "request"'
	wait_event "$TMP/events" '.kind == "order" and .order == "drain"'
	wait_event "$TMP/events" '.kind == "order" and .order == "follow"'
}

drain_route()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	expect has_route 198.18.0.0/24
	ctl drain 198.18.0.0/24
	expect lacks_route 198.18.0.0/24
	ctl undrain 198.18.0.0/24
	expect has_route 198.18.0.0/24
}

drain_for()
{
	local start
	events_only
	sock_start
	live $V4/32 udp4
	events_start "$TMP/events"
	start=$(now_ms)
	ctl drain $V4 for 5s
	expect lacks_addr $V4/32
	shown $V4/32 "drained for another"
	expect_gate $V4/32 '.order_left_ms > 0 and .order_left_ms <= 5000' true
	wait_addr $V4/32
	took 5000 "$start"
	expect_gate $V4/32 .state open
	expect_gate $V4/32 .order follow
	wait_event "$TMP/events" '.kind == "order" and .order == "follow" and
		.source == "timer"'
	# the last order is the one that counts
	ctl drain $V4 for 1h
	ctl drain $V4
	expect_gate $V4/32 ".order_left_ms == null" true
	start=$(now_ms)
	ctl drain $V4 for 1s
	wait_addr $V4/32
	took 1000 "$start"
}

# client COMMAND...: as sk, for a process in the client's namespace
client_start()
{
	mkfifo "$TMP/to" "$TMP/from"
	ip netns exec "$1" "$SELFTESTS/sock" <"$TMP/to" >"$TMP/from" &
	MONITORS+=($!)
	exec {CLIENT_IN}>"$TMP/to" {CLIENT_OUT}<"$TMP/from"
}

client()
{
	local SOCK_IN=$CLIENT_IN SOCK_OUT=$CLIENT_OUT
	sk "$@"
}

# expect_read WHO NAME TEXT
expect_read()
{
	$1 read "$2"
	[ "$ANSWER" = "$3" ] || fail "$1 $2 has read '$ANSWER', not '$3'"
}

# A client that still comes here, because routing has not converged, is
# answered, and what is established goes on.
drain_serves()
{
	local gate=$1 family=$2 ours=$3 theirs=$4 addr=${1%/*} far nodad=()
	[ "$2" = 4 ] || nodad=(nodad)
	events_only
	sock_start
	setup_ns far
	ip link add v0 type veth peer name v1 netns "$far" || fail "no veth"
	ip addr add "$ours" dev v0 "${nodad[@]}"
	ip link set v0 up
	ip -n "$far" addr add "$theirs" dev v1 "${nodad[@]}"
	ip -n "$far" link set v1 up
	ip -n "$far" route add "$gate" via "${ours%/*}"
	client_start "$far"

	ctl add "$gate" udp/53 tcp/53 up 0
	sk open udp "udp$family" "$addr" 53 freebind
	sk open tcp "tcp$family" "$addr" 53 freebind
	wait_addr "$gate"
	eventually "the link to come up" linked "$family" "$addr"
	sk accept tcp flow
	client write flow before
	expect_read sk flow before

	ctl drain "$gate"
	expect lacks_addr "$gate"
	sk write flow during
	expect_read client flow during
	client write flow too
	expect_read sk flow too
	# a query, and its answer from the service address: the client takes no other
	client socket query "udp$family"
	client bind query "${theirs%/*}" 5000
	client connect query "$addr" 53
	client write query question
	expect_read sk udp question
	sk send udp "${theirs%/*}" 5000 answer
	expect_read client query answer
	# even a new connection
	client socket new "tcp$family"
	client connect new "$addr" 53
	sk accept tcp new
	client write new hello
	expect_read sk new hello

	ctl undrain "$gate"
	expect has_addr "$gate"
	client write flow after
	expect_read sk flow after
}

linked()
{
	local SOCK_IN=$CLIENT_IN SOCK_OUT=$CLIENT_OUT
	sk_ask socket flow "tcp$1"
	sk_ask connect flow "$2" 53
	[ "$ANSWER" = ok ] && return
	sk_ask close flow
	false
}

drain_refused()
{
	events_only
	sock_start
	live $V4/32 udp4
	refused 1 "no such gate" drain $V6
	refused 1 "no such gate" undrain $V6
	refused 2 "for 0.*1ms to 49d" drain $V4 for 0
	refused 2 "for 50d.*49d" drain $V4 for 50d
	refused 2 "unit" drain $V4 for 5
	refused 2 "soon" drain $V4 soon
	refused 2 "for" undrain $V4 for 5s
	refused 2 "prefix is missing" drain
	expect has_addr $V4/32
	expect_gate $V4/32 .order follow
}

# --- pin ------------------------------------------------------------------------

pin()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	metronome
	ctl add "$gate" udp/53 up 0
	refused 2 "for.*force" pin "$gate"
	expect lacks_addr "$gate"
	ctl pin "$gate" force
	expect has_addr "$gate"
	expect_gate "$gate" .state pinned
	expect_gate "$gate" .reason pinned
	expect_gate "$gate" .order pin
	expect_gate "$gate" ".order_left_ms == null" true
	shown "$gate" "PINNED.*LISTENERS ARE MISSING"
	# alive, dead: it is all one
	mon_start "$TMP/mon"
	sk open a "$kind" "*" 53
	settle
	sk close a
	settle
	quiet "$TMP/mon" "${gate%/*}"
	# a dead service is withdrawn with the pin
	ctl unpin "$gate"
	expect lacks_addr "$gate"
	expect_gate "$gate" .state closed
	expect_gate "$gate" .reason no-listener
	# a live one is not
	sk open a "$kind" "*" 53
	wait_addr "$gate"
	ctl change "$gate" up 1h
	mon_start "$TMP/mon"
	ctl pin "$gate" for 1h
	expect_gate "$gate" '.order_left_ms > 3500000' true
	shown "$gate" PINNED
	ctl unpin "$gate"
	expect_gate "$gate" .state open
	settle
	quiet "$TMP/mon" "${gate%/*}"
	# from one order to the other
	ctl drain "$gate"
	expect lacks_addr "$gate"
	ctl pin "$gate" for 1h
	expect has_addr "$gate"
	ctl drain "$gate"
	expect lacks_addr "$gate"
}

pin_for()
{
	local start
	events_only
	sock_start
	ctl add $V4 udp/53 up 0
	start=$(now_ms)
	ctl pin $V4 for 5s
	expect has_addr $V4/32
	shown $V4/32 "PINNED for another"
	expect_gate $V4/32 '.order_left_ms > 0 and .order_left_ms <= 5000' true
	wait_no_addr $V4/32
	took 5000 "$start"
	expect_gate $V4/32 .order follow
	expect_gate $V4/32 .reason no-listener
	# with a service that has come to life meanwhile, its end is not seen
	ctl pin $V4 for 3s
	sk open a udp4 "*" 53
	mon_start "$TMP/mon"
	wait_gate $V4/32 .order follow
	expect_gate $V4/32 .state open
	quiet "$TMP/mon" $V4
}

# Not by surprise: whoever pins says how long, or that he means it.
pin_refused()
{
	events_only
	ctl add $V4 udp/53 up 0
	refused 2 "for 0" pin $V4 for 0
	refused 2 "for 0" pin $V4 for 0 force
	refused 2 "forever" pin $V4 forever
	refused 1 "no such gate" pin $V6 for 1m
	expect lacks_addr $V4/32
}

# --- observe --------------------------------------------------------------------

# A gate that is to observe from its first moment leaves no trace.
observe_from_the_start()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	metronome
	mon_start "$TMP/mon"
	events_start "$TMP/events"
	ctl add "$gate" udp/53 up 0 observe on
	expect_gate "$gate" .observe true
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state open
	expect_gate "$gate" .announced false
	expect_gate "$gate" .difference observing
	shown "$gate" "-!observing .*observing: would announce it"
	sk close a
	wait_gate "$gate" .state closed
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state open
	settle
	# it counts and reports as if it had acted
	expect_gate "$gate" .opened 2
	expect_gate "$gate" .closed 1
	wait_event "$TMP/events" '.kind == "transition" and .state == "closed" and
		.reason == "no-listener" and .comm == "sock" and .observe == true'
	quiet "$TMP/mon" "${gate%/*}"
	# drained and pinned, too
	ctl drain "$gate"
	expect_gate "$gate" .state drained
	ctl pin "$gate" force
	expect_gate "$gate" .state pinned
	ctl unpin "$gate"
	settle
	quiet "$TMP/mon" "${gate%/*}"
	ctl unobserve "$gate"
	expect has_addr "$gate"
	expect_gate "$gate" .difference none
	expect_gate "$gate" .observe false
}

# observe_live GATE KIND: the gate has announced, and only looks from then on
observe_live()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	metronome
	live "$gate" "$kind"
	ctl change "$gate" up 1h
	mon_start "$TMP/mon"
	ctl observe "$gate"
	settle
	sk close a
	wait_gate "$gate" .state closed
	expect_gate "$gate" .announced true
	expect_gate "$gate" .difference observing
	shown "$gate" "!observing .*observing: would withdraw it"
	settle
	# alive behind an address that is there: adopted, without the delay of 1h
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state opening
	ctl unobserve "$gate"
	expect_gate "$gate" .state open
	expect_gate "$gate" .announced true
	expect_gate "$gate" .adopted false
	expect_gate "$gate" '[.opened, .closed] | tostring' "[2,1]"
	settle
	quiet "$TMP/mon" "${gate%/*}"
	# dead behind an address that is there: withdrawn
	ctl observe "$gate"
	sk close a
	wait_gate "$gate" .state closed
	expect has_addr "$gate"
	ctl unobserve "$gate"
	expect lacks_addr "$gate"
	expect_gate "$gate" .difference none
}

# The address is the admin's: he adds it while the gate observes.
observe_adopts()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	metronome
	ctl add "$gate" udp/53 up 1h observe on
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state opening
	ip addr add "$gate" dev lo label lo:admin 2>/dev/null ||
		ip addr add "$gate" dev lo nodad
	wait_gate "$gate" .announced true
	# the hold route comes now; it is the address that must not be touched
	mon_start "$TMP/mon" address
	ctl unobserve "$gate"
	expect_gate "$gate" .state open
	settle
	quiet "$TMP/mon" "${gate%/*}"
	expect_gate "$gate" .adopted true
	# gated from now on, and put back at the end
	sk close a
	wait_no_addr "$gate"
	ctl del "$gate"
	expect has_addr "$gate"
	[[ $gate == *:* ]] || ip addr show dev lo | grep -q "lo:admin" ||
		fail "put back without its label"
}

# Whoever only observes leaves nothing, not even when he goes.
observe_removed()
{
	events_only
	sock_start
	ip addr add $V4/32 dev lo
	ip addr add $V6/128 dev lo nodad
	sk open a udp6 "*" 53 v6only=0
	mon_start "$TMP/mon"
	picture_to "$TMP/before"
	ctl add $V4 udp/53 up 0 observe on
	ctl add $V6 udp/54 up 0 observe on
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0 observe on
	expect_gate $V4/32 .state open
	expect_gate $V6/128 .state closed
	expect_gate 198.18.0.0/24 .state open
	expect_gate 198.18.0.0/24 .announced false
	ctl del $V4
	ctl flush
	ctl add $V6 udp/54 up 0 observe on
	unload
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "observing changed something"
	quiet "$TMP/mon" $V4
	quiet "$TMP/mon" $V6
	quiet "$TMP/mon" 198.18.0.0
}

observe_route()
{
	events_only
	sock_start
	metronome
	sk open a udp4 "*" 53
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	expect has_route 198.18.0.0/24
	mon_start "$TMP/mon"
	ctl change 198.18.0.0/24 observe on
	sk close a
	wait_gate 198.18.0.0/24 .state closed
	settle
	quiet "$TMP/mon" 198.18.0.0
	sk open a udp4 "*" 53
	wait_gate 198.18.0.0/24 .state open
	ctl change 198.18.0.0/24 observe off
	settle
	quiet "$TMP/mon" 198.18.0.0
	ctl observe 198.18.0.0/24
	sk close a
	wait_gate 198.18.0.0/24 .state closed
	ctl unobserve 198.18.0.0/24
	wait_no_route 198.18.0.0/24
}

# What is changed meanwhile is carried out when the gate acts again. What would
# take its own objects out of its sight is refused until then.
observe_changed()
{
	local gate=$1 kind=$2 far=$3 word
	events_only
	sock_start
	metronome
	ip link add d0 up type dummy || fail "no dummy"
	ip addr add "${far%?}1/$4" dev d0
	ctl add "$gate" udp/53 up 0 fallback via "$far" dev d0
	expect has_route "$gate" table main proto $PROTO
	ctl observe "$gate"
	# after that nobody has looked whether the fallback is there
	ip link set lo down
	ip link set lo up
	settle
	mon_start "$TMP/mon"
	for word in "fallback via ${far%?}3 dev d0" "fallback none" "dev d0" \
		    "action route"; do
		# shellcheck disable=SC2086 # several words
		refused 1 "only observes.*unobserve" change "$gate" up 5s $word
	done
	expect_gate "$gate" .up_ms 0
	ctl change "$gate" hold off down 300ms damp on name x
	settle
	quiet "$TMP/mon" "${gate%/*}"
	ctl del "$gate"
	expect lacks_route "$gate" table main

	ctl add "$gate" udp/53 up 0 observe on
	mon_start "$TMP/mon2"
	ctl change "$gate" fallback via "$far" dev d0
	ctl change "$gate" fallback via "${far%?}3" dev d0
	ctl change "$gate" fallback none
	ctl change "$gate" hold off
	ctl change "$gate" dev d0
	ctl change "$gate" dev lo
	ctl change "$gate" action route
	ctl change "$gate" table 100
	ctl change "$gate" metric 5
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state open
	settle
	quiet "$TMP/mon2" "${gate%/*}"
	ctl unobserve "$gate"
	expect has_route "$gate" table 100 metric 5
	expect lacks_route "$gate" table main
	expect lacks_route "$gate" table local
	expect lacks_addr "$gate"
}

observe_for()
{
	local start
	events_only
	sock_start
	live $V4/32 udp4
	start=$(now_ms)
	ctl observe $V4 for 5s
	shown $V4/32 "observing for another"
	expect_gate $V4/32 '.observe_left_ms > 0 and .observe_left_ms <= 5000' true
	sk close a
	wait_gate $V4/32 .state closed
	expect has_addr $V4/32
	wait_no_addr $V4/32
	took 5000 "$start"
	expect_gate $V4/32 .observe false
}

# --- groups ---------------------------------------------------------------------

# Both families of one service, and a covering prefix.
group()
{
	ctl add $V4 udp/53 tcp/53 need any up 0 name dns
	ctl add $V6 udp/53 tcp/53 need any up 0 name dns
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0 name dns
	ctl add 192.0.2.54 udp/53 up 0 name other
}

announced()
{
	has_addr $V4/32 && has_addr $V6/128 && has_route 198.18.0.0/24
}

withdrawn()
{
	lacks_addr $V4/32 && lacks_addr $V6/128 && lacks_route 198.18.0.0/24
}

group_orders()
{
	events_only
	sock_start
	group
	sk open a udp6 "*" 53 v6only=0
	eventually "the group to be announced" announced
	wait_addr 192.0.2.54/32
	mon_start "$TMP/mon"
	ctl drain dns
	expect withdrawn
	ctl undrain dns
	expect announced
	ctl drain dns for 1s
	expect withdrawn
	eventually "the drain to end" announced
	quiet "$TMP/mon" 192.0.2.54
	sk close a
	eventually "the group to be withdrawn" withdrawn
	refused 2 "force" pin dns
	ctl pin dns for 1h
	expect announced
	ctl observe dns
	ctl unpin dns
	expect announced
	ctl unobserve dns
	expect withdrawn
	ctl undamp dns
	ctl change dns up 5s
	expect_gate $V4/32 .up_ms 5000
	expect_gate $V6/128 .up_ms 5000
	expect_gate 198.18.0.0/24 .up_ms 5000
	expect_gate 192.0.2.54/32 .up_ms 0
	[ "$("$ANYGATECTL" -j show dns | jq -c '[.[].prefix] | sort')" = \
		"[\"$V4/32\",\"198.18.0.0/24\",\"$V6/128\"]" ] ||
		fail "show dns: $("$ANYGATECTL" -j show dns)"
	# one leaves the group
	ctl change $V4 name none
	ctl del dns
	[ "$("$ANYGATECTL" -j show | jq -c '[.[].prefix] | sort')" = \
		"[\"$V4/32\",\"192.0.2.54/32\"]" ] || fail "not what is left"
	ctl change $V4 name other
	ctl flush other
	[ "$("$ANYGATECTL" -j show)" = "[]" ] || fail "gates are left"
}

# What one gate of a group refuses is done to none.
group_atomic()
{
	events_only
	sock_start
	group
	sk open a udp6 "*" 53 v6only=0
	eventually "the group to be announced" announced
	ctl change $V4 require zone on-expiry ignore
	expect lacks_addr $V4/32
	ctl lease $V4 zone up ttl 1h
	expect has_addr $V4/32
	ip link add d0 up type dummy || fail "no dummy"
	gates_to "$TMP/before"
	mon_start "$TMP/mon"
	# the services of one are too few
	refused 1 "more services" change dns need 2 up 7s
	# the lease is required by one
	refused 1 "require" lease dns zone down ttl 1h
	# no device for one that has a route
	refused 1 "address" change dns dev d0 up 7s
	# not the family of one
	refused 1 "family" change dns fallback via 203.0.113.1 dev d0 up 7s
	refused 1 "family" change dns fallback via 2001:db8:f::1 dev d0 up 7s
	# not in the prefix of one
	refused 1 "prefix" change dns $V4:udp/53 up 7s
	refused 1 "nosuchdev" change dns listen-dev nosuchdev
	refused 1 "no gate has this name" change nodns up 7s
	refused 1 "no gate has this name" drain nodns
	refused 1 "no gate has this name" del nodns
	refused 2 "name" change dns name other
	gates_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "a refused change changed something"
	quiet "$TMP/mon" $V4
	quiet "$TMP/mon" $V6
	quiet "$TMP/mon" 198.18.0.0
}

t "drain and undrain, v4" drain $V4/32 udp4
t "drain and undrain, v6" drain $V6/128 udp6
t "drain and undrain a route" drain_route
t "drain for a time" drain_for
t "a drained service answers, and its flows live on, v4" \
	drain_serves $V4/32 4 198.51.100.129/30 198.51.100.130/30
t "a drained service answers, and its flows live on, v6" \
	drain_serves $V6/128 6 2001:db8:f::1/64 2001:db8:f::2/64
t "what cannot be drained" drain_refused
t "pin and unpin, v4" pin $V4/32 udp4
t "pin and unpin, v6" pin $V6/128 udp6
t "pin for a time" pin_for
t "what cannot be pinned" pin_refused
t "a gate that observes touches nothing, v4" observe_from_the_start $V4/32 udp4
t "a gate that observes touches nothing, v6" observe_from_the_start $V6/128 udp6
t "observe what was announced, v4" observe_live $V4/32 udp4
t "observe what was announced, v6" observe_live $V6/128 udp6
t "what was observed is adopted without a flap, v4" observe_adopts $V4/32 udp4
t "what was observed is adopted without a flap, v6" observe_adopts $V6/128 udp6
t "a gate that observes leaves nothing" observe_removed
t "observe a route" observe_route
t "changed while it observes, v4" \
	observe_changed $V4/32 udp4 203.0.113.130 28
t "changed while it observes, v6" \
	observe_changed $V6/128 udp6 2001:db8:f::2 64
t "observe for a time" observe_for
t "orders and changes for a group" group_orders
t "a group is changed as a whole or not at all" group_atomic

run_tests "$@"
