#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The delays "up" and "down". That something does not happen too early is
# exact; that it does not happen too late is as exact as a busy machine allows.
# All this goes without the periodic reconcile: it is what timers are for.

. "${0%/*}/lib.sh"

# On a slow kernel all takes so many times as long.
T=1
[ "${SLOW:-1}" = 1 ] || T=4

# How much later than it should it may be, in milliseconds.
LATE=$((4000 * T))

# Long enough to be looked at while it runs.
UP=$((1500 * T))

START=0
start_clock()
{
	START=$(now_ms)
}

# Times are taken before the cause and after the effect, or the other way
# around, so that the error is always on the safe side.
expect_elapsed()
{
	local at_least=$1 elapsed
	elapsed=$(($(now_ms) - START))
	note "$2: after $elapsed ms ($at_least ms expected)"
	[ $elapsed -ge $at_least ] || fail "$2: too early"
	[ $elapsed -le $((at_least + LATE)) ] || fail "$2: too late"
}

elapsed()
{
	[ $(($(now_ms) - START)) -ge "$1" ]
}

up()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	ctl add "$gate" udp/53 up ${UP}ms
	start_clock
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state opening
	expect_gate "$gate" .reason up-delay
	expect_gate "$gate" .announced false
	wait_addr "$gate"
	expect_elapsed $UP "announced"
	wait_gate "$gate" .state open
	expect_gate "$gate" .reason listener
}

default_up()
{
	events_only
	sock_start
	ctl add $V4 udp/53
	expect_gate $V4/32 .up_ms 1000
	expect_gate $V4/32 .down_ms 0
	start_clock
	sk open a udp4 "*" 53
	wait_addr $V4/32
	expect_elapsed 1000 "announced"
	sk close a
	wait_no_addr $V4/32
}

# A gate that is added for a live service has to wait as well.
up_at_add()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	start_clock
	ctl add $V4 udp/53 up ${UP}ms
	expect lacks_addr $V4/32
	expect_gate $V4/32 .state opening
	wait_addr $V4/32
	expect_elapsed $UP "announced"
}

# Interrupted, it starts anew.
up_anew()
{
	events_only
	sock_start
	metronome
	ctl add $V4 udp/53 up $((2 * T))s
	start_clock
	sk open a udp4 "*" 53
	wait_gate $V4/32 .state opening
	mon_start "$TMP/mon"
	busywait 60000 elapsed $((1000 * T))
	sk close a
	wait_gate $V4/32 .state closed
	expect_gate $V4/32 .reason no-listener
	start_clock
	sk open a udp4 "*" 53
	quiet "$TMP/mon" "inet $V4"
	wait_addr $V4/32
	expect_elapsed $((2000 * T)) "announced"
}

# So short that nobody need have looked: still it was an interruption. The
# listener has to be seen continuously.
up_blip()
{
	events_only
	sock_start
	ctl add $V4 udp/53 up $((2 * T))s
	sk open a udp4 "*" 53
	wait_gate $V4/32 .state opening
	metronome
	start_clock
	sk close a
	settle
	sk open a udp4 "*" 53
	wait_addr $V4/32
	expect_elapsed $((2000 * T)) "announced"
}

# Another listener takes over without a gap: that is no interruption.
up_handover()
{
	events_only
	sock_start
	start_clock
	ctl add $V4 udp/53 up $((2 * T))s
	sk open a udp4 "*" 53 reuseport
	wait_gate $V4/32 .state opening
	sk open b udp4 "*" 53 reuseport
	busywait 60000 elapsed $((1000 * T))
	sk close a
	wait_addr $V4/32
	elapsed $((2000 * T + LATE)) && fail "started anew"
	true
}

# Removed or unloaded while it waits: nothing comes after.
up_removed()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	start_clock
	ctl add $V4 udp/53 up ${T}s
	ctl del $V4
	ctl add $V6 udp/53 up ${T}s
	mon_start "$TMP/mon" address
	unload
	load
	busywait 60000 elapsed $((1500 * T))
	quiet "$TMP/mon" $V4
	quiet "$TMP/mon" $V6
}

up_changed()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 1m
	expect_gate $V4/32 .state opening
	ctl change $V4 up 0
	expect has_addr $V4/32
	expect_gate $V4/32 .state open
	# longer while it is open: no reason to close
	ctl change $V4 up 1m
	expect has_addr $V4/32
}

# What is left of the wait is what the new time leaves of it.
up_shortened()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	start_clock
	ctl add $V4 udp/53 up 1m
	ctl change $V4 up 1500ms
	wait_addr $V4/32
	expect_elapsed 1500 "announced"
}

down()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	sk open a "$kind" "*" 53
	ctl add "$gate" udp/53 up 0 down ${UP}ms
	expect has_addr "$gate"
	start_clock
	sk close a
	wait_gate "$gate" .state closing
	expect_gate "$gate" .reason down-delay
	expect_gate "$gate" .announced true
	wait_no_addr "$gate"
	expect_elapsed $UP "withdrawn"
	wait_gate "$gate" .state closed
}

# A restart that is quick enough is not seen from outside.
down_blip()
{
	local i
	events_only
	sock_start
	metronome
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up $((5 * T))s down $((8 * T))s
	# announced at add only after "up"
	ctl change $V4 up 0
	ctl change $V4 up $((5 * T))s
	mon_start "$TMP/mon"
	start_clock
	for i in 1 2 3; do
		sk close a
		wait_gate $V4/32 .state closing
		sk open a udp4 "*" 53
		wait_gate $V4/32 .state open
	done
	elapsed $((8000 * T)) && skip "too slow a machine for this"
	busywait 90000 elapsed $((9000 * T))
	settle
	quiet "$TMP/mon" $V4
	expect_gate $V4/32 .state open
}

# Each absence counts from its own beginning.
down_anew()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0 down $((2 * T))s
	sk close a
	wait_gate $V4/32 .state closing
	sk open a udp4 "*" 53
	wait_gate $V4/32 .state open
	start_clock
	sk close a
	wait_no_addr $V4/32
	expect_elapsed $((2000 * T)) "withdrawn"
}

down_changed()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0 down 1m
	sk close a
	wait_gate $V4/32 .state closing
	expect has_addr $V4/32
	ctl change $V4 down 0
	expect lacks_addr $V4/32
	expect_gate $V4/32 .state closed
}

# Withdrawal does not wait for an "up" of any length.
long_up_short_down()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	ctl change $V4 up 1h
	start_clock
	sk close a
	wait_no_addr $V4/32
	expect_elapsed 0 "withdrawn"
}

# Many deadlines at once, each kept.
many()
{
	local i
	events_only
	sock_start
	sk open a udp4 "*" 53
	start_clock
	for i in 9 3 7 1 5; do
		ctl add 192.0.2.10$i udp/53 up $((i * 500))ms
	done
	for i in 1 3 5 7 9; do
		wait_addr 192.0.2.10$i/32
		elapsed $((i * 500)) || fail "192.0.2.10$i is too early"
	done
}

t "up, v4" up $V4/32 udp4
t "up, v6" up $V6/128 udp6
t "up is one second if not given, and down is none" default_up
t "up counts from the add of a gate for a live service" up_at_add
t "up that is interrupted starts anew" up_anew
t "up that is interrupted for a moment starts anew" up_blip
t "up goes on while one listener follows the other" up_handover
t "up ends with the gate, and with the module" up_removed
t "up changed to none announces at once" up_changed
t "up made shorter counts from the same beginning" up_shortened
t "down, v4" down $V4/32 udp4
t "down, v6" down $V6/128 udp6
t "down: a shorter absence is not seen" down_blip
t "down: each absence counts from its own beginning" down_anew
t "down changed to none withdraws at once" down_changed
t "a long up does not delay the withdrawal" long_up_short_down
t "several gates, each with its own deadline" many

run_tests "$@"
