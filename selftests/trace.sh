#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tracepoints: the hint, the decision, what was done, and what failed.

. "${0%/*}/lib.sh"

TRACEFS=/sys/kernel/tracing

# An instance of our own, so that nobody else's tracing is disturbed.
setup()
{
	[ -d $TRACEFS/events ] || mount -t tracefs none $TRACEFS 2>/dev/null
	[ -d $TRACEFS/instances ] || skip "no tracefs"
	TRACE=$TRACEFS/instances/anygate-$BASHPID
	mkdir "$TRACE" || skip "no tracing instance"
	local event
	for event in hint decision actuate actuate_error; do
		[ -d "$TRACE/events/anygate/anygate_$event" ] ||
			fail "no tracepoint anygate_$event"
		echo 1 >"$TRACE/events/anygate/anygate_$event/enable" ||
			fail "anygate_$event cannot be enabled"
	done
}

cleanup()
{
	[ -d "$TRACE" ] || return
	echo 0 >"$TRACE/events/enable"
	rmdir "$TRACE"
}

traced()
{
	grep -Eq "$1" "$TRACE/trace"
}

wait_trace()
{
	busywait $PATIENCE traced "$1" && return
	sed 's/^/# /' "$TRACE/trace"
	fail "no such line in the trace: $1"
}

fires()
{
	setup
	events_only
	sock_start
	ctl add $V4 udp/53 up 0
	sk open a udp4 "*" 53
	wait_addr $V4/32
	wait_trace "anygate_hint: .*port=53"
	wait_trace "anygate_decision: .*$V4/32 .*closed.*open"
	wait_trace "anygate_actuate: .*add.*$V4/32"
	sk close a
	wait_no_addr $V4/32
	wait_trace "anygate_decision: .*$V4/32 .*open.*closed .*no-listener"
	wait_trace "anygate_actuate: .*del.*$V4/32"
	traced "anygate_actuate_error" && fail "an error that was none"

	echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
	ctl add $V6 tcp/53 up 0
	sk open b tcp6 "*" 53
	wait_trace "anygate_actuate_error: .*add.*$V6/128 .*-[0-9]+"
	sed -n '/^[^#]/s/^/# /p' "$TRACE/trace"
}

# The module cannot go while somebody holds a tracepoint's file, or it can and
# the machine lives on; either is well, a crash is not.
unloads_while_traced()
{
	setup
	events_only
	sock_start
	ctl add $V4 udp/53 up 0
	sk open a udp4 "*" 53
	wait_addr $V4/32
	exec {FORMAT}<"$TRACE/events/anygate/anygate_hint/format"
	rmmod anygate 2>"$TMP/err" || note "busy: $(cat "$TMP/err")"
	exec {FORMAT}<&-
	[ ! -d /sys/module/anygate ] || unload
	# lines of a module that is gone can still be read
	cat "$TRACE/trace" >/dev/null
	expect lacks_addr $V4/32
	load
}

t "hint, decision, actuation and its failure are traced" fires
t "the module is removed while it is traced" unloads_while_traced

run_tests "$@"
