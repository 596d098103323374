#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A machine that was booted with ipv6.disable=1: IPv4 has all that it has elsewhere,
# and what is about IPv6 says why it is not there. "make check" boots one.

. "${0%/*}/lib.sh"

needs_none()
{
	[ ! -e /proc/sys/net/ipv6 ] || skip "this machine has IPv6: boot it with ipv6.disable=1"
}

main_job()
{
	local server
	needs_none
	events_only
	sock_start
	ctl add $V4 udp/53 tcp/53 up 0 stall 5s shield 5s fatal on hold on
	expect_gate $V4/32 .probes live
	sk open a udp4 "*" 53
	sk open b tcp4 "*" 53
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
	sk open a udp4 "*" 53
	wait_addr $V4/32
	sk close b
	wait_no_addr $V4/32
	expect_gate $V4/32 .difference none
	ctl del $V4
	expect lacks_route $V4 table local
	# and the other action
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	wait_route 198.18.0.0/24 type blackhole
	sk close a
	wait_no_route 198.18.0.0/24 type blackhole
	# who is killed
	"$SELFTESTS/query" serve A 0.0.0.0 53 >"$TMP/A" 2>&1 &
	server=$!
	wait_route 198.18.0.0/24 type blackhole
	kill -9 $server
	wait $server 2>/dev/null
	wait_no_route 198.18.0.0/24 type blackhole
}

refused_gates()
{
	needs_none
	refused 1 "2001:db8::53.*IPv6 is disabled.*ipv6.disable=1" add $V6 udp/53
	refused 1 "IPv6 is disabled.*ipv6.disable=1" add 2001:db8:1::/48 "[2001:db8:1::1]:udp/53"
	refused 1 "IPv6 is disabled.*ipv6.disable=1" add $V6 udp/53 witness 100
	refused 1 "no such gate" change $V6 up 5s
	[ "$("$ANYGATECTL" -j show)" = "[]" ] || fail "something was added"
	# a file as a whole or not at all
	printf 'add %s udp/53\nadd %s udp/53\n' $V4 $V6 >"$TMP/conf"
	refused 1 "IPv6 is disabled" apply "$TMP/conf"
	[ "$("$ANYGATECTL" -j show)" = "[]" ] || fail "half a file was applied"
}

looked_after()
{
	needs_none
	ctl add $V4 udp/53 up 0 witness 100
	"$ANYGATECTL" metrics | grep -q 'anygate_gate_state{prefix="192.0.2.53/32"' ||
		fail "no metrics"
	"$ANYGATECTL" -j doctor >"$TMP/doctor"
	jq -e 'length > 0 and ([.. | strings | select(test("ipv6|IPv6"))] | length == 0)' "$TMP/doctor" >/dev/null ||
		fail "doctor tells of IPv6: $(<"$TMP/doctor")"
	"$ANYGATECTL" version >/dev/null || fail "version"
}

t "an address and a route of IPv4" main_job
t "gates of IPv6 are refused" refused_gates
t "show, metrics, doctor" looked_after

run_tests "$@"
