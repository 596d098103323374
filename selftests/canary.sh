#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Trap 7: socket events can be silenced behind the module's back. It must find
# out, say so, and look more often until they are back.

. "${0%/*}/lib.sh"

ftrace=/proc/sys/kernel/ftrace_enabled
kprobes=/sys/kernel/debug/kprobes/enabled

# whatever happens
cleanup()
{
	echo 1 >$ftrace
	[ ! -e $kprobes ] || echo 1 >$kprobes
}

silence()
{
	case $1 in
	ftrace)		echo 0 >$ftrace ;;
	kprobes)	echo 0 >$kprobes ;;
	esac || skip "cannot be switched off: $1"
}

# The normal period is so long that only the degraded one can have done it.
setup()
{
	case $1 in
	ftrace)		[ -e $ftrace ] || skip "no $ftrace" ;;
	kprobes)	[ -e $kprobes ] || skip "no $kprobes" ;;
	esac
	param reconcile_ms 600000
	param canary_ms 100
	param degraded_ms 20
	sock_start
	ctl add $V4 udp/53 tcp/53 up 0
	ctl add $V6 udp/53 up 0
	events_start "$TMP/events"
	wait_gate $V4/32 .probes live
}

degraded()
{
	setup "$1"
	sk open a udp6 "*" 53 v6only=0
	sk open b tcp4 "*" 53
	wait_addr $V4/32
	wait_addr $V6/128

	silence "$1"
	wait_event "$TMP/events" '.kind == "degraded"'
	wait_gate $V4/32 .probes degraded
	expect_gate $V4/32 .state open

	# both edges, by looking; and it is said that it was by looking
	sk close b
	wait_no_addr $V4/32
	expect has_addr $V6/128
	sk open b tcp4 "*" 53
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
	wait_no_addr $V6/128
	wait_event "$TMP/events" \
		".kind == \"transition\" and .prefix == \"$V6/128\" and
		 .state == \"closed\" and .source == \"reconcile\""

	cleanup
	wait_event "$TMP/events" '.kind == "live"'
	wait_gate $V4/32 .probes live
	# and events work again; that it is they is clear from the period
	: >"$TMP/events"
	sk open a udp6 "*" 53 v6only=0
	wait_addr $V6/128
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
}

# Silenced before there is any gate.
silent_from_the_start()
{
	[ -e $ftrace ] || skip "no $ftrace"
	param reconcile_ms 600000
	param canary_ms 100
	silence ftrace
	sock_start
	ctl add $V4 udp/53 up 0
	wait_gate $V4/32 .probes degraded
	sk open a udp4 "*" 53
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
	cleanup
	wait_gate $V4/32 .probes live
}

# One report for each change of state, not one for each canary.
said_once()
{
	setup ftrace
	silence ftrace
	wait_event "$TMP/events" '.kind == "degraded"'
	# some canaries later: the degraded reconcile opens and closes a gate
	sk open a udp6 "*" 53 v6only=1
	wait_addr $V6/128
	sk close a
	wait_no_addr $V6/128
	cleanup
	wait_event "$TMP/events" '.kind == "live"'
	[ "$(events "$TMP/events" '.kind == "degraded"' | wc -l)" = 1 ] ||
		fail "said more than once: $(cat "$TMP/events")"
}

# With the canary off nobody finds out, and the periodic reconcile is what is
# left; it heals in the end.
reconcile_heals()
{
	[ -e $ftrace ] || skip "no $ftrace"
	param canary_ms 0
	param reconcile_ms 1000
	sock_start
	ctl add $V4 udp/53 up 0
	events_start "$TMP/events"
	silence ftrace
	sk open a udp4 "*" 53
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
	wait_event "$TMP/events" '.kind == "transition" and .source == "reconcile"'
}

# This is what shows that the tests of socket events mean something: without
# events, reconcile and canary nothing moves.
deaf()
{
	[ -e $ftrace ] || skip "no $ftrace"
	events_only
	sock_start
	ctl add $V4 udp/53 up 0
	silence ftrace
	sk open a udp4 "*" 53
	if busywait 2000 has_addr $V4/32; then
		# A new gate is looked at once more, when calls that were under way
		# have ended; and not a third time.
		note "the second look came after that"
		sk close a
		busywait 2000 lacks_addr $V4/32 && fail "closed without any event"
		cleanup
		ctl change $V4 down 0
		expect lacks_addr $V4/32
		return
	fi
	cleanup
	# a request looks
	ctl change $V4 down 0
	expect has_addr $V4/32
}

t "trap 7: kernel.ftrace_enabled=0" degraded ftrace
t "trap 7: kprobes switched off in debugfs" degraded kprobes
t "silent before the first gate" silent_from_the_start
t "said once" said_once
t "without a canary the reconcile heals" reconcile_heals
t "without events, reconcile and canary nothing moves" deaf

run_tests "$@"
