#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Traps 8 and 9: messages that no sane program sends, errors on every path to
# the kernel's tables, and the number of the module's own netlink socket.

. "${0%/*}/lib.sh"

# Everything as it was, after a command that had to fail.
unchanged()
{
	"$ANYGATECTL" -j show >"$TMP/show.$1"
	picture_to "$TMP/picture.$1"
	[ "$1" = before ] && return
	# time is allowed to pass
	diff <(jq 'map(del(.since_s))' "$TMP/show.before") \
		<(jq 'map(del(.since_s))' "$TMP/show.after") >"$TMP/diff" || {
		sed 's/^/#   /' "$TMP/diff"
		fail "a refused request has changed a gate"
	}
	same_picture "$TMP/picture.before" "$TMP/picture.after" \
		"a refused request has changed the tables"
}

bad_messages()
{
	events_only
	ctl add 192.0.2.7 udp/7 up 0
	unchanged before
	"$SELFTESTS/rawnl" bad || fail "see above"
	unchanged after
}

fuzz()
{
	events_only
	ctl add 192.0.2.7 udp/7 up 0
	for seed in 1 2 3; do
		"$SELFTESTS/rawnl" fuzz $seed 3000 || fail "see above"
	done
	[ "$("$ANYGATECTL" -j show | jq length)" = 0 ] || fail "not flushed"
	# alive and well
	sock_start
	ctl add $V4 udp/53 up 0
	sk open a udp4 "*" 53
	wait_addr $V4/32
}

interrupted_dumps()
{
	events_only
	"$SELFTESTS/rawnl" interrupted || fail "see above"
}

# Every way in which rtnetlink can refuse. Each attempt is an error path in the
# module, and a message that comes back; the machine survives them, and the
# gate says what is wrong.
refusals()
{
	events_only
	sock_start
	sk open a udp6 "*" 53 v6only=0
	ip link add d0 up type dummy || fail "no dummy"

	# IPv6 not wanted on the device, nor anywhere
	echo 1 >/proc/sys/net/ipv6/conf/d0/disable_ipv6
	ctl add $V6 udp/53 up 0 dev d0
	wait_gate $V6/128 .difference error
	note "disable_ipv6: $(gate $V6/128 .error_msg)"
	ctl del $V6

	# the device goes between two attempts
	ctl add $V6 udp/53 up 0 dev d0
	ip link del d0
	wait_gate $V6/128 .difference no-device
	ctl del $V6

	# lo is down
	ip link set lo down
	ctl add $V4 udp/53 up 0
	ctl add $V6 udp/53 up 0
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	ctl add 2001:db8:1::/48 '[2001:db8:1::1]:udp/53' up 0
	ctl flush
	ip link set lo up

	# another program has a route of the same key
	ip route add blackhole 198.18.0.0/24 metric 1024 proto static
	ip route add local $V4 dev lo table local metric 1 proto static
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	ctl add $V4 udp/53 up 0
	wait_gate $V4/32 .state open
	ctl flush
	expect has_route 198.18.0.0/24 proto static
	expect has_route $V4/32 table local proto static
}

# Trap 9. An automatic number would be that of a process which is yet to come.
portid()
{
	local numbers
	events_only
	sock_start
	routing_sockets >"$TMP/before"
	ctl add $V4 udp/53 up 0
	sk open a udp4 "*" 53
	wait_addr $V4/32
	routing_sockets >"$TMP/after"
	numbers=$(comm -13 "$TMP/before" "$TMP/after")
	note "netlink sockets that are new: $numbers"
	[ "$(wc -w <<<"$numbers")" = 1 ] || fail "not one new socket"
	[ "$numbers" -ge $((1 << 31)) ] || fail "$numbers can be a process"
}

# port numbers of NETLINK_ROUTE sockets, the kernel's own 0 and that of our
# tool aside
routing_sockets()
{
	awk -v tool="$SOCK_PID" '$2 == 0 && $3 != 0 && $3 != tool { print $3 }' \
		/proc/net/netlink | sort
}

t "trap 8: malformed requests are refused, with a reason" bad_messages
t "trap 8: requests with bytes changed at random" fuzz
t "a dump that was interrupted says so" interrupted_dumps
t "trap 8: everything that rtnetlink can refuse" refusals
t "trap 9: the module's netlink socket has a number no process can have" portid

run_tests "$@"
