#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Damping: a service that comes and goes too often is not announced until it
# has been quiet for a while. The figures themselves are compared with a
# reference in user space (make unit); here it is what an outsider sees of them.

. "$(dirname "$0")/lib.sh"

LATE=4000

# flap GATE KIND: it comes, is announced, goes, and is withdrawn
flap()
{
	sk open a "$2" "*" 53
	wait_addr "$1"
	sk close a
	wait_no_addr "$1"
}

# suppressed GATE KIND [KEY VALUE]...: three withdrawals in a short time, by
# the defaults. They decay by half in a minute, so that any machine is quick
# enough.
suppressed()
{
	events_only
	sock_start
	ctl add "$1" udp/53 up 0 damp on "${@:3}"
	flap "$1" "$2"
	expect_gate "$1" '.figure > 500 and .figure <= 1000' true
	expect_gate "$1" ".release_in_ms == null" true
	flap "$1" "$2"
	expect_gate "$1" '.figure > 1000 and .figure <= 2000' true
	expect_gate "$1" ".release_in_ms == null" true
	flap "$1" "$2"
	wait_gate "$1" .state closed
	expect_gate "$1" '.figure > 2000 and .figure <= 3000' true
}

# The third time it stays away, and says until when.
third()
{
	local gate=$1 kind=$2
	events_start "$TMP/events"
	suppressed "$gate" "$kind"
	metronome
	mon_start "$TMP/mon"
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state damped
	expect_gate "$gate" .reason damped
	expect_gate "$gate" .announced false
	expect_gate "$gate" .difference none
	# 3000 decays to 750 in two half-lives
	expect_gate "$gate" '.release_in_ms > 60000 and .release_in_ms <= 120000' true
	expect_gate "$gate" '(.deadline_ms - .release_in_ms) | fabs < 1000' true
	"$ANYGATECTL" show >"$TMP/show"
	grep -Eq "^$gate .*damped, figure [12][0-9]{3}, released in" "$TMP/show" ||
		fail "show: $(cat "$TMP/show")"
	settle
	quiet "$TMP/mon" "${gate%/*}"
	wait_event "$TMP/events" '.kind == "transition" and .state == "damped" and
		.old_state == "closed" and .figure > 2000'
	# the figure falls
	local figure
	figure=$(gate "$gate" .figure)
	eventually "the figure to fall" lower "$gate" "$figure"
}

lower()
{
	[ "$(gate "$1" .figure)" -lt "$2" ]
}

# released at the very time that was shown
released()
{
	local gate=$1 kind=$2 start left elapsed
	suppressed "$gate" "$kind"
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state damped
	# what has decayed already has decayed by the old half-life; from 3000 to
	# 750 it takes two of the new ones
	ctl change "$gate" half-life 5s
	left=$(gate "$gate" .release_in_ms)
	start=$(now_ms)
	[ "$left" != null ] || fail "released too early for this test"
	note "release in $left ms"
	((left > 0 && left <= 10000)) || fail "no sensible time"
	wait_addr "$gate"
	elapsed=$(($(now_ms) - start))
	note "released after $elapsed ms"
	# what was shown was true a moment before the clock was started
	((elapsed >= left - 2000)) || fail "too early"
	((elapsed <= left + LATE)) || fail "too late"
	expect_gate "$gate" .state open
	expect_gate "$gate" ".release_in_ms == null" true
	# just below reuse, at most: one more withdrawal is not enough, as they
	# are a thousand each
	expect_gate "$gate" '.figure < 750' true
}

# The longest time there is limits it, however often it has flapped.
longest()
{
	local start left i
	events_only
	sock_start
	# the ceiling: 750 * 2^(3s/1s) = 6000
	ctl add $V4 udp/53 up 0 damp on half-life 1s max-suppress 3s \
		penalty 1000000
	for i in 1 2 3; do
		sk open a udp4 "*" 53
		[ $i -gt 1 ] || wait_addr $V4/32
		wait_gate $V4/32 '.services[0].listeners' 1
		sk close a
		wait_gate $V4/32 '.services[0].listeners' 0
		start=$(now_ms)
	done
	expect_gate $V4/32 '.figure <= 6000' true
	sk open a udp4 "*" 53
	wait_addr $V4/32
	left=$(($(now_ms) - start))
	note "released $left ms after the last withdrawal"
	((left <= 3000 + LATE)) || fail "suppressed too long"
}

# Withdrawal does not wait: not when the figure is high, and not while damped.
withdrawal()
{
	local gate=$1 kind=$2
	events_only
	sock_start
	ctl add "$gate" udp/53 up 0 damp on
	flap "$gate" "$kind"
	flap "$gate" "$kind"
	sk open a "$kind" "*" 53
	wait_addr "$gate"
	expect_gate "$gate" '.figure > 1000' true
	sk close a
	wait_no_addr "$gate"
	wait_gate "$gate" .state closed
	# damped, then gone: closed at once, and one more on the account
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state damped
	sk close a
	wait_gate "$gate" .state closed
	expect_gate "$gate" .reason no-listener
	expect_gate "$gate" '.figure > 3000' true
	# pinned while it is suppressed; when the pin goes, so does the address
	ctl pin "$gate" for 1h
	expect has_addr "$gate"
	ctl unpin "$gate"
	expect lacks_addr "$gate"
	# a drain is no flap
	ctl undamp "$gate"
	sk open a "$kind" "*" 53
	wait_addr "$gate"
	ctl drain "$gate"
	ctl undrain "$gate"
	ctl drain "$gate"
	ctl undrain "$gate"
	expect_gate "$gate" .figure 0
	expect has_addr "$gate"
}

undamp()
{
	local gate=$1 kind=$2
	suppressed "$gate" "$kind"
	sk open a "$kind" "*" 53
	wait_gate "$gate" .state damped
	expect lacks_addr "$gate"
	events_start "$TMP/events"
	ctl undamp "$gate"
	expect has_addr "$gate"
	expect_gate "$gate" .figure 0
	expect_gate "$gate" .state open
	expect_gate "$gate" ".release_in_ms == null" true
	wait_event "$TMP/events" '.kind == "transition" and .old_state == "damped" and
		.state == "open" and .source == "request"'
	# no harm where there is nothing to forget
	metronome
	mon_start "$TMP/mon"
	ctl undamp "$gate"
	settle
	quiet "$TMP/mon" "${gate%/*}"
	refused 1 "no such gate" undamp 192.0.2.99
}

# Each setting of a live gate.
changed()
{
	suppressed $V4/32 udp4
	sk open a udp4 "*" 53
	wait_gate $V4/32 .state damped
	# reuse above the figure: there is no reason to wait any more
	ctl change $V4 reuse 3000 suppress 3000
	expect has_addr $V4/32
	sk close a
	wait_no_addr $V4/32
	sk open a udp4 "*" 53
	wait_gate $V4/32 .state damped
	ctl change $V4 damp off
	expect has_addr $V4/32
	expect_gate $V4/32 .state open
	expect_gate $V4/32 ".figure == null" true
	# switched on again, it does not close what is open
	metronome
	mon_start "$TMP/mon"
	ctl change $V4 damp on
	ctl change $V4 suppress 1 reuse 1 penalty 1000000 half-life 1h max-suppress 24h
	settle
	quiet "$TMP/mon" $V4
	expect_gate $V4/32 .state open
}

# Without it, nothing is counted and nothing held back.
off_by_default()
{
	local i
	events_only
	sock_start
	ctl add $V4 udp/53 up 0
	expect_gate $V4/32 .damp.on false
	for i in 1 2 3 4 5; do
		flap $V4/32 udp4
	done
	expect_gate $V4/32 ".figure == null" true
}

# One of a group of processes that comes and goes is no flap.
not_the_last()
{
	local i
	events_only
	sock_start
	metronome
	ctl add $V4 udp/53 up 0 damp on
	sk open a udp4 "*" 53 reuseport
	wait_addr $V4/32
	for i in 1 2 3 4; do
		sk open b udp4 "*" 53 reuseport
		sk close b
	done
	settle
	expect_gate $V4/32 .figure 0
	expect_gate $V4/32 .closed 0
}

bad_settings()
{
	events_only
	ctl add $V4 udp/53 up 0 damp on
	gates_to "$TMP/before"
	refused 2 "suppress 500.*reuse 750" add $V6 udp/53 damp on suppress 500
	refused 2 "suppress 2000.*reuse 3000" add $V6 udp/53 damp on reuse 3000
	refused 2 "max-suppress.*suppress 2000" \
		add $V6 udp/53 damp on half-life 5m max-suppress 1m
	refused 2 "suppress 1000000" add $V6 udp/53 damp on suppress 1000000
	refused 2 "penalty 0.*1 to 1000000" add $V6 udp/53 damp on penalty 0
	refused 2 "penalty 1000001.*1 to 1000000" add $V6 udp/53 penalty 1000001
	refused 2 "suppress 0" add $V6 udp/53 suppress 0
	refused 2 "reuse 0" add $V6 udp/53 reuse 0
	refused 2 "half-life 999ms.*1s to 1h" add $V6 udp/53 half-life 999ms
	refused 2 "half-life 61m.*1s to 1h" add $V6 udp/53 half-life 61m
	refused 2 "max-suppress 0.*1s to (24h|1d)" add $V6 udp/53 max-suppress 0
	refused 2 "max-suppress 25h.*1s to (24h|1d)" add $V6 udp/53 max-suppress 25h
	refused 2 "damp maybe|\"maybe\"" add $V6 udp/53 damp maybe
	# only the kernel knows what these are to go with
	refused 1 "suppress.*reuse" change $V4 suppress 500
	refused 1 "suppress.*reuse" change $V4 reuse 3000
	refused 1 "never reaches" change $V4 suppress 1000000
	refused 1 "never reaches" change $V4 max-suppress 1s
	gates_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "a refused change changed something"
}

t "the third withdrawal suppresses, v4" third $V4/32 udp4
t "the third withdrawal suppresses, v6" third $V6/128 udp6
t "released when it said, v4" released $V4/32 udp4
t "released when it said, v6" released $V6/128 udp6
t "no longer than the longest time" longest
t "withdrawal never waits, v4" withdrawal $V4/32 udp4
t "withdrawal never waits, v6" withdrawal $V6/128 udp6
t "undamp releases, v4" undamp $V4/32 udp4
t "undamp releases, v6" undamp $V6/128 udp6
t "settings are changed while it is damped" changed
t "no damping if nothing is said" off_by_default
t "one of several listeners comes and goes" not_the_last
t "settings that make no sense are refused" bad_settings

run_tests "$@"
