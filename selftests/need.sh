#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Gates with several services: how many of them are needed, a covering prefix
# over many addresses, and what is told of the one that closed a gate.

. "$(dirname "$0")/lib.sh"

SERVICES=(udp/53 tcp/53 udp/54)

# serve N FAMILY, unserve N: the Nth of the services above comes and goes
serve()
{
	local proto=${SERVICES[$1 - 1]%/*} port=${SERVICES[$1 - 1]#*/}
	sk open "s$1" "$proto$2" "*" "$port"
}

unserve()
{
	sk close "s$1"
}

# counts GATE FAMILY NEED NUMBER: three services, of which NUMBER are needed
counts()
{
	local gate=$1 family=$2 need=$3 number=$4 i
	events_only
	sock_start
	metronome
	ctl add "$gate" "${SERVICES[@]}" need "$need" up 0
	mon_start "$TMP/few"
	for ((i = 1; i < number; i++)); do
		serve $i "$family"
	done
	settle
	quiet "$TMP/few" "${gate%/*}"
	expect_gate "$gate" .state closed
	expect_gate "$gate" .reason no-listener
	serve "$number" "$family"
	wait_addr "$gate"
	wait_gate "$gate" .state open

	# more than enough
	mon_start "$TMP/many"
	for ((i = number + 1; i <= 3; i++)); do
		serve $i "$family"
	done
	settle
	for ((i = number + 1; i <= 3; i++)); do
		unserve $((i - number))
	done
	settle
	quiet "$TMP/many" "${gate%/*}"
	expect_gate "$gate" .state open
	expect_gate "$gate" '[.services[] | select(.listeners > 0)] | length' \
		"$number"
	unserve 3
	wait_no_addr "$gate"
	wait_gate "$gate" .reason no-listener
	serve 3 "$family"
	wait_addr "$gate"
}

all_by_default()
{
	events_only
	sock_start
	ctl add $V4 udp/53 tcp/53 up 0
	expect_gate $V4/32 .need 0
	"$ANYGATECTL" show $V4 >"$TMP/show"
	grep -q "^need: all$" "$TMP/show" || fail "$(cat "$TMP/show")"
	sk open a udp4 "*" 53
	wait_gate $V4/32 '.services[0].listeners' 1
	expect lacks_addr $V4/32
	sk open b tcp4 "*" 53
	wait_addr $V4/32
}

# A change of the number moves the gate only where it has to move.
changed()
{
	local gate=$1 family=$2
	events_only
	sock_start
	metronome
	serve 1 "$family"
	serve 2 "$family"
	ctl add "$gate" "${SERVICES[@]}" need 2 up 0
	expect has_addr "$gate"
	mon_start "$TMP/quiet"
	ctl change "$gate" need any
	expect_gate "$gate" .need 1
	ctl change "$gate" need 2
	expect_gate "$gate" .need 2
	settle
	quiet "$TMP/quiet" "${gate%/*}"

	ctl change "$gate" need all
	expect lacks_addr "$gate"
	expect_gate "$gate" .state closed
	expect_gate "$gate" .reason no-listener
	ctl change "$gate" need 2
	expect has_addr "$gate"
	expect_gate "$gate" .reason listener
	# the number and the services, in one go
	mon_start "$TMP/both"
	ctl change "$gate" udp/53 need all
	ctl change "$gate" "${SERVICES[@]}" need any
	settle
	quiet "$TMP/both" "${gate%/*}"
	expect_gate "$gate" .state open
}

# What is refused changes nothing.
refused_numbers()
{
	events_only
	ctl add $V4 udp/53 tcp/53 need 2 up 0
	gates_to "$TMP/before"
	refused 2 "need 3.*2 services" add $V6 udp/53 tcp/53 need 3
	refused 2 "need 2.*1 service" change $V4 udp/53 need 2
	refused 2 "need 0.*1 to 64" add $V6 udp/53 need 0
	refused 2 "need 65.*1 to 64" add $V6 udp/53 need 65
	refused 2 "need most" add $V6 udp/53 need most
	refused 2 "need -1" add $V6 udp/53 need -1
	refused 2 "need: the value is missing" add $V6 udp/53 need
	# only the kernel knows these
	refused 1 "need 3.*more services" change $V4 need 3
	refused 1 "more services" change $V4 udp/53
	gates_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "a refused change changed something"
}

# A covering prefix over three addresses, two of which are needed; the first
# stands behind a gate of its own as well. Each gate decides for itself.
covering()
{
	local cover=$1 host=$2 kind=$3 services=("${@:4}") addrs i
	events_only
	sock_start
	metronome
	addrs=("${services[@]%:*}")
	addrs=("${addrs[@]#[}")
	addrs=("${addrs[@]%]}")
	ctl add "$cover" "${services[@]}" need 2 up 0
	ctl add "$host" udp/53 up 0
	for i in 0 1 2; do
		[ $i = 0 ] || ip addr add "${addrs[i]}/${host#*/}" dev lo
	done

	# freebind: IPv6 cannot bind to an address that is not there yet
	sk open s0 "$kind" "${addrs[0]}" 53 freebind
	wait_addr "$host"
	expect lacks_route "$cover"
	expect listening "$cover" "[1,0,0]"
	sk open s1 "$kind" "${addrs[1]}" 53 freebind
	wait_route "$cover"
	sk open s2 "$kind" "${addrs[2]}" 53 freebind
	eventually "three listeners" listening "$cover" "[1,1,1]"

	# one and the same close concerns both, and closes one
	sk close s0
	wait_no_addr "$host"
	settle
	expect has_route "$cover"
	expect listening "$cover" "[0,1,1]"
	# and now the other, while the first is open
	sk open s0 "$kind" "${addrs[0]}" 53 freebind
	wait_addr "$host"
	sk close s1
	sk close s2
	wait_no_route "$cover"
	settle
	expect has_addr "$host"
	# one listener for all addresses, until it is gone
	sk close s0
	wait_no_addr "$host"
	sk open w "$kind" "*" 53
	wait_route "$cover"
	wait_addr "$host"
	sk close w
	wait_no_route "$cover"
	wait_no_addr "$host"
	# the addresses of the others were the admin's all the time
	expect has_addr "${addrs[1]}/${host#*/}"
	# one gate goes, the other stays
	sk open w "$kind" "*" 53
	wait_route "$cover"
	ctl del "$cover"
	expect lacks_route "$cover"
	expect has_addr "$host"
}

listening()
{
	[ "$("$ANYGATECTL" -j show | jq -c --arg prefix "$1" \
		'.[] | select(.prefix == $prefix) | [.services[].listeners]')" = "$2" ]
}

# --- who has closed it --------------------------------------------------------

# told GATE FILTER: the event with which the gate was closed, once it is there
told()
{
	wait_event "$TMP/events" ".kind == \"transition\" and .state == \"closed\" and
		.prefix == \"$1\" and ($2)"
}

# Whichever of several services it is, and however it goes.
who_closed()
{
	local gate=$1 family=$2 pid
	events_only
	sock_start
	serve 1 "$family"
	serve 2 "$family"
	sk spawn kid
	pid=$ANSWER
	ctl add "$gate" "${SERVICES[@]}" up 0
	sk @kid open s3 "udp$family" "*" 54
	wait_addr "$gate"
	events_start "$TMP/events"
	unserve 2
	told "$gate" ".reason == \"no-listener\" and .source == \"probe\" and
		.service == \"tcp/53\" and .comm == \"sock\" and
		.pid == $SOCK_PID"
	serve 2 "$family"
	wait_addr "$gate"
	sk kill kid
	told "$gate" ".service == \"udp/54\" and .comm == \"sock\" and .pid == $pid"
	expect_gate "$gate" .closer.pid "$pid"
	# the times: each step, and all of it
	[ -z "$(events "$TMP/events" "$(closings "$gate") and
		([.wait_ns, .probe_ns, .act_ns, .total_ns] |
		 map(type == \"number\") | all | not)")" ] ||
		fail "a time is missing: $(events "$TMP/events" "$(closings "$gate")")"
	[ -z "$(events "$TMP/events" "$(closings "$gate") and
		.total_ns < .wait_ns + .act_ns")" ] ||
		fail "times that do not add up"
	[ "$(events "$TMP/events" "$(closings "$gate")" | wc -l)" = 2 ] ||
		fail "not two closings"
}

closings()
{
	echo ".kind == \"transition\" and .state == \"closed\" and .prefix == \"$1\""
}

# It is he who closed it that is named, not the timer that acted on it.
who_closed_delayed()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	sk open b tcp4 "*" 53
	ctl add $V4 udp/53 tcp/53 up 0 down 300ms
	expect has_addr $V4/32
	events_start "$TMP/events"
	sk close b
	wait_no_addr $V4/32
	wait_event "$TMP/events" ".state == \"closing\" and .service == \"tcp/53\" and
		.pid == $SOCK_PID and .comm == \"sock\""
	told $V4/32 ".source == \"timer\""
	told $V4/32 ".pid == $SOCK_PID and .comm == \"sock\""
	told $V4/32 ".service == \"tcp/53\""
	told $V4/32 '(.probe_ns | type == "number") and (.act_ns | type == "number")'
}

# Nor the operator, who has only put an end to a pin.
who_closed_pinned()
{
	events_only
	sock_start
	metronome
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	ctl pin $V4 force
	events_start "$TMP/events"
	sk close a
	settle
	expect has_addr $V4/32
	ctl unpin $V4
	expect lacks_addr $V4/32
	told $V4/32 '.old_state == "pinned" and .reason == "no-listener"'
	told $V4/32 ".pid == $SOCK_PID and .comm == \"sock\""
	told $V4/32 ".service == \"udp/53\""
}

# The first message of a dump is a page unless one asks for more, and such a
# gate takes more.
many()
{
	local i services=()
	events_only
	for ((i = 1; i <= 64; i++)); do
		services+=("[2001:db8:1::$i]:udp/53")
	done
	ctl add 2001:db8:1::/48 "${services[@]}"
	sock_start
	sk open a udp6 "*" 53
	wait_gate 2001:db8:1::/48 .state opening
	[ "$("$ANYGATECTL" -j show | jq '.[0].services | length')" = 64 ] ||
		fail "show: $("$ANYGATECTL" show 2>&1)"
	[ "$("$ANYGATECTL" -j stats | jq '.[0].listeners | length')" = 64 ] ||
		fail "stats: $("$ANYGATECTL" stats 2>&1)"
}

t "need all, v4" counts $V4/32 4 all 3
t "need all, v6" counts $V6/128 6 all 3
t "need any, v4" counts $V4/32 4 any 1
t "need any, v6" counts $V6/128 6 any 1
t "need 2 of 3, v4" counts $V4/32 4 2 2
t "need 2 of 3, v6" counts $V6/128 6 2 2
t "all are needed if nothing else is said" all_by_default
t "a change of the number, v4" changed $V4/32 4
t "a change of the number, v6" changed $V6/128 6
t "numbers that make no sense are refused" refused_numbers
t "a covering prefix and a host gate share a service, v4" \
	covering 198.18.0.0/24 198.18.0.1/32 udp4 \
	198.18.0.1:udp/53 198.18.0.2:udp/53 198.18.0.3:udp/53
t "a covering prefix and a host gate share a service, v6" \
	covering 2001:db8:1::/48 2001:db8:1::1/128 udp6 \
	"[2001:db8:1::1]:udp/53" "[2001:db8:1::2]:udp/53" "[2001:db8:1::3]:udp/53"
t "events name who closed a gate of several services, v4" who_closed $V4/32 4
t "events name who closed a gate of several services, v6" who_closed $V6/128 6
t "events name who closed a gate, after a down delay" who_closed_delayed
t "events name who closed a gate, after a pin" who_closed_pinned
t "as many services as a gate can have are shown" many

run_tests "$@"
