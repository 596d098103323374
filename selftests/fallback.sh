#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fallback: while a gate is closed, its prefix is routed to another node
# through a tunnel. First what is in the tables, and then from end to end: two
# anycast nodes and a client's router whose routing has not converged.

. "$(dirname "$0")/lib.sh"

FAR=203.0.113.130

# A device that a fallback can lead to.
far_device()
{
	ip link add d0 up type dummy || fail "no dummy"
	ip addr add ${FAR%?}1/28 dev d0
	ip addr add 2001:db8:f::1/64 dev d0 nodad
}

# there GATE VIA: the fallback is in place; and not_there GATE
there()
{
	local metric=128
	[[ $1 == */32 || $1 == */128 ]] || metric=1025
	[[ "$(route_line "$1" table main proto $PROTO)" == \
		*"via $2 dev d0 "*"metric $metric"* ]]
}

not_there()
{
	[[ "$(route_line "$1" table main proto $PROTO)" != *" via "* ]]
}

no_hold()
{
	lacks_route "$1" table local proto $PROTO
}

# --- in the tables ----------------------------------------------------------------

address()
{
	local gate=$1 kind=$2 far=$3
	events_only
	sock_start
	far_device
	picture_to "$TMP/before"
	ctl add "$gate" udp/53 up 0 fallback via "$far" dev d0
	expect there "$gate" "$far"
	expect no_hold "$gate"
	expect_gate "$gate" .fallback.present true
	expect_gate "$gate" .fallback.via "$far"
	expect_gate "$gate" .fallback.dev d0
	expect_gate "$gate" .announced false
	"$ANYGATECTL" show | grep -q "fallback via $far dev d0" || fail "not shown"

	sk open a "$kind" "*" 53
	wait_addr "$gate"
	eventually "the fallback to go" not_there "$gate"
	expect no_hold "$gate"
	wait_gate "$gate" .fallback.present false
	# by order as well
	ctl drain "$gate"
	expect lacks_addr "$gate"
	expect there "$gate" "$far"
	ctl pin "$gate" for 1h
	expect has_addr "$gate"
	expect not_there "$gate"
	ctl unpin "$gate"
	sk close a
	wait_no_addr "$gate"
	expect there "$gate" "$far"

	# gone with the gate, in either state
	ctl del "$gate"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "a closed gate left something"
	ctl add "$gate" udp/53 up 0 fallback via "$far" dev d0
	sk open a "$kind" "*" 53
	wait_addr "$gate"
	ctl del "$gate"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "an open gate left something"
	sk close a
	ctl add "$gate" udp/53 up 0 fallback via "$far" dev d0
	expect there "$gate" "$far"
	unload
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "the module left something"
}

# line FILE PATTERN: number of the first line that tells of it
line()
{
	grep -nE -m 1 -- "$2" "$1" | cut -d : -f 1
}

# before FILE PATTERN PATTERN: both have happened, in this order
before()
{
	local first second
	mon_sync "$1"
	first=$(line "$1" "$2")
	second=$(line "$1" "$3")
	[ -n "$first" ] && [ -n "$second" ] && [ "$first" -lt "$second" ] && return
	sed 's/^/#   /' "$1"
	fail "not $2 before $3"
}

# Never is the prefix without a way: the new one comes before the old one goes.
order()
{
	local gate=$1 service=$2 kind=$3 far=$4 object=$5
	events_only
	sock_start
	far_device
	ctl add "$gate" "$service" up 0 fallback via "$far" dev d0
	mon_start "$TMP/open"
	sk open a "$kind" "*" 53
	eventually "the fallback to go" not_there "$gate"
	before "$TMP/open" "$object" "^Deleted.* via $far "
	mon_start "$TMP/close"
	sk close a
	wait_gate "$gate" .announced false
	before "$TMP/close" "via $far " "^Deleted.*$object"
}

# The blackhole of a covering prefix and the fallback take turns.
route()
{
	local gate=$1 service=$2 kind=$3 far=$4
	events_only
	sock_start
	far_device
	picture_to "$TMP/before"
	ctl add "$gate" "$service" up 0 fallback via "$far" dev d0
	expect there "$gate" "$far"
	sk open a "$kind" "*" 53
	wait_route "$gate" metric 1024
	eventually "the fallback to go" not_there "$gate"
	[[ "$(route_line "$gate")" == blackhole* ]] ||
		fail "no blackhole: $(route_line "$gate")"
	sk close a
	wait_no_route "$gate" metric 1024
	expect there "$gate" "$far"
	# in another table, with another metric
	ctl change "$gate" table 100 metric 50
	expect not_there "$gate"
	[[ "$(route_line "$gate" table 100)" == *"via $far dev d0"*"metric 51"* ]] ||
		fail "not moved: $(route_line "$gate" table 100)"
	ctl del "$gate"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "the gate left something"
}

# The setting comes, changes and goes with the gate open and closed.
changed()
{
	local gate=$1 kind=$2 far=$3
	events_only
	sock_start
	metronome
	far_device
	ip link add d1 up type dummy || fail "no dummy"
	ctl add "$gate" udp/53 up 0
	expect has_route "$gate" table local proto $PROTO
	ctl change "$gate" fallback via "$far" dev d0
	expect there "$gate" "$far"
	expect no_hold "$gate"
	ctl change "$gate" fallback via "${far%?}3" dev d0
	expect there "$gate" "${far%?}3"
	[ "$(route_line "$gate" table main | wc -l)" = 1 ] || fail "the old one is left"
	ctl change "$gate" fallback none
	expect not_there "$gate"
	expect has_route "$gate" table local proto $PROTO
	sk open a "$kind" "*" 53
	wait_addr "$gate"
	mon_start "$TMP/mon" address
	ctl change "$gate" fallback via "$far" dev d0
	expect not_there "$gate"
	expect no_hold "$gate"
	settle
	quiet "$TMP/mon" "${gate%/*}"
	sk close a
	wait_no_addr "$gate"
	expect there "$gate" "$far"
	# only looking leaves it as it is
	ctl observe "$gate"
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state open
	settle
	expect there "$gate" "$far"
	ctl unobserve "$gate"
	expect has_addr "$gate"
	expect not_there "$gate"
}

# Its device has another name, and keeps its routes: there is no fallback where nobody
# has said so, and it is there again with a device of that name.
renamed()
{
	local gate=$1 kind=$2 far=$3
	events_only
	sock_start
	far_device
	ctl add "$gate" udp/53 up 0 fallback via "$far" dev d0
	expect there "$gate" "$far"
	rename d0 d1
	eventually "the fallback to go" not_there "$gate"
	wait_gate "$gate" '.error != null' true
	ip addr flush dev d1
	far_device
	eventually "the fallback through the new one" there "$gate" "$far"
	rename d0 d2
	sk open a "$kind" "*" 53
	wait_addr "$gate"
	eventually "the fallback to go" not_there "$gate"
	sk close a
	wait_no_addr "$gate"
	ctl del "$gate"
	expect not_there "$gate"
}

# Since 6.2 without its going down, in which it would lose its routes.
rename()
{
	ip link set "$1" name "$2" 2>/dev/null && return
	ip link set "$1" down
	ip link set "$1" name "$2" || fail "it cannot be renamed"
	ip link set "$2" up
}

# The address that goes is the only one of the device through which the fallback leads:
# the kernel takes all of its IPv4 routes along.
last_address()
{
	events_only
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	ctl add $V4 udp/53 up 0 dev d0 fallback via $FAR dev d0
	expect there $V4/32 $FAR
	sk open a udp4 "*" 53
	wait_addr $V4/32 d0
	eventually "the fallback to go" not_there $V4/32
	sk close a
	wait_no_addr $V4/32 d0
	eventually "the fallback to be there" there $V4/32 $FAR
	expect_gate $V4/32 .contested 0
}

# Somebody else takes it away, or its device.
lost()
{
	local gate=$1 far=$2 family=-4
	[[ $gate != *:* ]] || family=-6
	far_device
	ctl add "$gate" udp/53 up 0 fallback via "$far" dev d0
	expect there "$gate" "$far"
	ip $family route del "$gate" via "$far" dev d0 metric 128 ||
		fail "ip route del"
	eventually "the fallback to come back" there "$gate" "$far"
	ip link del d0
	wait_gate "$gate" '.error != null' true
	far_device
	eventually "the fallback to come back" there "$gate" "$far"
	wait_gate "$gate" '.error == null' true
}

refusals()
{
	events_only
	far_device
	ctl add $V4 udp/53 up 0 fallback via $FAR dev d0
	gates_to "$TMP/state.before"
	picture_to "$TMP/before"
	refused 2 "within the prefix" add $V6 udp/53 fallback via $V6 dev d0
	refused 2 "within the prefix" change $V4 fallback via $V4 dev d0
	refused 2 "within the prefix" add 198.18.0.0/24 198.18.0.1:udp/53 \
		fallback via 198.18.0.7 dev d0
	refused 2 "IPv6.*IPv4|IPv4.*IPv6" change $V4 fallback via 2001:db8:f::2 dev d0
	refused 2 "IPv6.*IPv4|IPv4.*IPv6" add $V6 udp/53 fallback via $FAR dev d0
	refused 2 "device is missing" change $V4 fallback via $FAR
	refused 2 "gateway is missing" change $V4 fallback via
	refused 2 "via GATEWAY dev DEV" change $V4 fallback $FAR
	refused 2 "no address" change $V4 fallback via nowhere dev d0
	refused 2 "no address" change $V4 fallback via 0.0.0.0 dev d0
	refused 1 nosuchdev change $V4 fallback via $FAR dev nosuchdev
	refused 1 nosuchdev add $V6 udp/53 fallback via 2001:db8:f::2 dev nosuchdev
	refused 1 "no gateway" change $V4 fallback via 224.0.0.1 dev d0
	gates_to "$TMP/state.after"
	same_picture "$TMP/state.before" "$TMP/state.after" "something was changed"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "something was changed"
}

# --- from end to end ------------------------------------------------------------

# This namespace is node A; node B and the router are two more. The client is
# on the router, and goes on asking A whatever happens.
#
#	router r (client)
#	  | r0			| r1
#	  | a0			| b0
#	node A  == tunnel ==  node B
router='' b=''
topology()
{
	local tunnel=$1
	[ -x "$SELFTESTS/query" ] || fail "selftests/query is not built"
	setup_ns router b
	forward here "$b" "$router"
	ip link add a0 type veth peer name r0 netns "$router" || fail "no veth"
	ip -n "$b" link add b0 type veth peer name r1 netns "$router" ||
		fail "no veth"
	ip addr add 10.0.1.2/30 dev a0
	ip addr add 2001:db8:a::2/64 dev a0 nodad
	ip link set a0 up
	ip -n "$b" addr add 10.0.2.2/30 dev b0
	ip -n "$b" addr add 2001:db8:b::2/64 dev b0 nodad
	ip -n "$b" link set b0 up
	ip -n "$router" addr add 10.0.1.1/30 dev r0
	ip -n "$router" addr add 2001:db8:a::1/64 dev r0 nodad
	ip -n "$router" link set r0 up
	ip -n "$router" addr add 10.0.2.1/30 dev r1
	ip -n "$router" addr add 2001:db8:b::1/64 dev r1 nodad
	ip -n "$router" link set r1 up
	ip route add default via 10.0.1.1
	ip -6 route add default via 2001:db8:a::1
	ip -n "$b" route add default via 10.0.2.1
	ip -n "$b" -6 route add default via 2001:db8:b::1
	ip -n "$router" route add $V4/32 via 10.0.1.2
	ip -n "$router" -6 route add $V6/128 via 2001:db8:a::2

	ip link add tun type "$tunnel" local 10.0.1.2 remote 10.0.2.2 ttl 64 ||
		skip "no $tunnel tunnel here"
	ip -n "$b" link add tun type "$tunnel" local 10.0.2.2 remote 10.0.1.2 \
		ttl 64
	ip addr add 10.0.3.1/30 dev tun
	ip -n "$b" addr add 10.0.3.2/30 dev tun
	if [ "$tunnel" = gre ]; then
		ip addr add 2001:db8:c::1/64 dev tun nodad
		ip -n "$b" addr add 2001:db8:c::2/64 dev tun nodad
	fi
	ip link set tun up
	ip -n "$b" link set tun up
}

# forward NAMESPACE...: they are routers, and so are the devices to come; each
# takes packets from everywhere
forward()
{
	local ns enter
	for ns; do
		enter=(ip netns exec "$ns")
		[ "$ns" != here ] || enter=()
		"${enter[@]}" sysctl -qw net.ipv4.ip_forward=1 \
			net.ipv6.conf.all.forwarding=1 \
			net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0 ||
			fail "no forwarding in $ns"
	done
}

# forwarded FAMILY [NAMESPACE]: how many packets it has passed on
forwarded()
{
	local enter=()
	[ $# = 1 ] || enter=(ip netns exec "$2")
	# shellcheck disable=SC2016 # awk's
	if [ "$1" = 4 ]; then
		"${enter[@]}" awk '/^Ip: [0-9]/ { print $7 }' /proc/net/snmp
	else
		"${enter[@]}" awk '/^Ip6OutForwDatagrams/ { print $2 }' /proc/net/snmp6
	fi
}

# binding GATE KIND FAR: what a server that binds the address itself, and without
# IP_FREEBIND, has of a closed gate; a held route lets IPv4 do it, a fallback does not.
binding()
{
	local gate=$1 kind=$2 far=$3
	events_only
	sock_start
	far_device
	ctl add "$gate" udp/53 up 0
	if [ "$kind" = udp4 ]; then
		sk open a "$kind" "${gate%/*}" 53
		wait_addr "$gate"
		sk close a
		wait_no_addr "$gate"
	fi
	ctl change "$gate" hold off
	sk_err EADDRNOTAVAIL open a "$kind" "${gate%/*}" 53
	ctl change "$gate" hold on fallback via "$far" dev d0
	expect there "$gate" "$far"
	sk_err EADDRNOTAVAIL open a "$kind" "${gate%/*}" 53
	expect lacks_addr "$gate"
}

SERVER=
serve_here()
{
	"$SELFTESTS/query" serve A "$1" 53 >"$TMP/A" 2>&1 &
	SERVER=$!
	MONITORS+=("$SERVER")
	eventually "the service to be ready" grep -q ready "$TMP/A"
}

serve_there()
{
	ip netns exec "$b" "$SELFTESTS/query" serve B "$1" 53 >"$TMP/B" 2>&1 &
	MONITORS+=($!)
	eventually "the service to be ready" grep -q ready "$TMP/B"
}

# ask ADDRESS...: one query of the client's, and its answer
ask()
{
	ip netns exec "$router" "$SELFTESTS/query" ask "$@"
}

asked()
{
	[ "$(ask "$1" 53)" = "0 $2" ]
}

# more PATTERN NUMBER: so many more answers of this kind than there were
answers()
{
	grep -cE -- "$1" "$TMP/answers"
}

more()
{
	[ "$(answers "$1")" -ge "$2" ]
}

# end_to_end TUNNEL FAMILY GATE GATEWAY-OF-A GATEWAY-OF-B
end_to_end()
{
	local family=$2 gate=$3 addr=${3%/*} round here=64 there=63
	local sent a b0 r client
	topology "$1"
	events_only
	ctl add "$gate" udp/53 up 0 fallback via "$4" dev tun
	ctl -n "$b" add "$gate" udp/53 up 0 fallback via "$5" dev tun
	serve_there "$addr"
	serve_here "$addr"
	wait_addr "$gate"
	eventually "an answer of A" asked "$addr" "A $here"
	kill "$SERVER"
	wait_no_addr "$gate"
	# one hop more: A has passed it on, and nobody else
	eventually "an answer of B" asked "$addr" "B $there"
	serve_here "$addr"
	wait_addr "$gate"
	eventually "an answer of A" asked "$addr" "A $here"

	# and now both changes, over and over, under load
	a=$(forwarded "$family")
	b0=$(forwarded "$family" "$b")
	# not more than a slow kernel passes on
	ip netns exec "$router" "$SELFTESTS/query" ask "$addr" 53 0 $((5 * ${SLOW:-1})) \
		>"$TMP/answers" &
	client=$!
	MONITORS+=("$client")
	for ((round = 0; round < 3; round++)); do
		eventually "answers of A" more " A $here$" \
			$(($(answers " A ") + 20))
		kill "$SERVER"
		wait_no_addr "$gate"
		eventually "answers of B" more " B $there$" \
			$(($(answers " B ") + 20))
		serve_here "$addr"
		wait_addr "$gate"
	done
	eventually "answers of A" more " A $here$" $(($(answers " A ") + 20))
	kill "$client"
	wait "$client"

	sent=$(tail -n 1 "$TMP/answers" | cut -d " " -f 1)
	a=$(($(forwarded "$family") - a))
	b0=$(($(forwarded "$family" "$b") - b0))
	r=$(answers " B ")
	note "$((sent + 1)) queries, $(answers " A ") answered by A, $r by B," \
		"$(answers icmp) refused; A passed $a on, B $b0"
	# port unreachable while the service is dead and the gate has not acted
	grep -vE "^[0-9]+ (A $here|B $there)$|^icmp (3 3|1 4)$" "$TMP/answers" \
		>"$TMP/odd" && {
		sort "$TMP/odd" | uniq -c | sed 's/^/#   /'
		fail "answers that took another way"
	}
	[ -z "$(cut -d " " -f 1 "$TMP/answers" | grep -v icmp | sort | uniq -d)" ] ||
		fail "a query was answered twice"
	# whatever A has passed on B has answered, and has passed nothing on
	[ "$b0" = 0 ] || fail "B passed $b0 packets on"
	[ "$a" -le $((r + 3)) ] || fail "A passed $a packets on, B answered $r"
	[ "$a" -ge "$r" ] || fail "A passed $a packets on, B answered $r"
}

t "address: in the tables, v4" address $V4/32 udp4 $FAR
t "address: in the tables, v6" address $V6/128 udp6 2001:db8:f::2
t "address: the new way before the old one goes, v4" \
	order $V4/32 udp/53 udp4 $FAR "inet $V4/"
t "address: the new way before the old one goes, v6" \
	order $V6/128 udp/53 udp6 2001:db8:f::2 "inet6 $V6/"
t "route: in the tables, v4" \
	route 198.18.0.0/24 198.18.0.1:udp/53 udp4 $FAR
t "route: in the tables, v6" \
	route 2001:db8:1::/48 "[2001:db8:1::1]:udp/53" udp6 2001:db8:f::2
t "route: the new way before the old one goes, v4" \
	order 198.18.0.0/24 198.18.0.1:udp/53 udp4 $FAR "blackhole 198.18.0.0/24"
t "route: the new way before the old one goes, v6" \
	order 2001:db8:1::/48 "[2001:db8:1::1]:udp/53" udp6 2001:db8:f::2 \
	"blackhole 2001:db8:1::/48"
t "changed while the gate is open and closed, v4" changed $V4/32 udp4 $FAR
t "changed while the gate is open and closed, v6" \
	changed $V6/128 udp6 2001:db8:f::2
t "the device is renamed, v4" renamed $V4/32 udp4 $FAR
t "the device is renamed, v6" renamed $V6/128 udp6 2001:db8:f::2
t "the address takes the routes of its device along" last_address
t "lost, and found again, v4" lost $V4/32 $FAR
t "lost, and found again, v6" lost $V6/128 2001:db8:f::2
t "a server that binds the address itself, v4" binding $V4/32 udp4 $FAR
t "a server that binds the address itself, v6" binding $V6/128 udp6 2001:db8:f::2
t "what makes no sense is refused" refusals
t "a client of A is answered by B through an IPIP tunnel, v4" \
	end_to_end ipip 4 $V4/32 10.0.3.2 10.0.3.1
t "a client of A is answered by B through a GRE tunnel, v4" \
	end_to_end gre 4 $V4/32 10.0.3.2 10.0.3.1
t "a client of A is answered by B through a GRE tunnel, v6" \
	end_to_end gre 6 $V6/128 2001:db8:c::2 2001:db8:c::1

run_tests "$@"
