#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Faults: the routing lock is held by others, devices go away, the clock steps,
# the routing daemon dies, the machine sleeps. In each the gate says what is
# wrong, and comes to the truth soon after the fault has ended (HEAL in lib.sh).
# Memory that is wanting, and replies that are lost for want of it, has allocfail.sh,
# probes that are silenced canary.sh.

. "${0%/*}/lib.sh"
PARTED=y

# within MS WHAT COMMAND...: sooner than the usual patience
within()
{
	local ms=$1 what=$2 begun
	shift 2
	begun=$(now_ms)
	busywait "$ms" "$@" || {
		show_all
		fail "not within $ms ms: $what"
	}
	note "$what after $(($(now_ms) - begun)) ms"
}

# hold_rtnl [MS]: for that long (2000) at least, until release_rtnl; sets pid and hold
hold_rtnl()
{
	[ -p "$TMP/hold" ] || mkfifo "$TMP/hold"
	"$SELFTESTS/holdrtnl" "${1:-2000}" <"$TMP/hold" >"$TMP/held" 2>&1 &
	pid=$!
	exec {hold}>"$TMP/hold"
	eventually "RTNL to be held" grep -q "held\|no userfaultfd" "$TMP/held"
	grep -q "no userfaultfd" "$TMP/held" && skip "no userfaultfd"
	true
}

release_rtnl()
{
	[ "$(<"$TMP/held")" = held ] || fail "RTNL was not held for long enough: $(<"$TMP/held")"
	exec {hold}>&-
	wait "$pid" || fail "holdrtnl: $(<"$TMP/held")"
}

says()
{
	"$ANYGATECTL" show "$1" | grep -q "$2"
}

# Somebody else holds RTNL for two seconds: "show" answers all the same, and
# says what it is that the gate waits for.
rtnl_held()
{
	local pid hold
	sock_start
	sk open a udp4 "*" 53
	sk open b udp6 "*" 53 v6only=1
	ctl add $V4 udp/53 up 0
	ctl add $V6 udp/53 up 0
	wait_addr $V4/32
	wait_addr $V6/128
	hold_rtnl
	sk close a
	eventually "it is said" gate_is $V4/32 .difference pending
	expect_gate $V4/32 .state closed
	# and of a gate that comes to know of it only after the first one
	expect_gate $V6/128 .difference none
	sk close b
	eventually "it is said" gate_is $V6/128 .difference pending
	expect says $V6/128 "waiting for the kernel's routing lock"
	release_rtnl
	within $HEAL "withdrawn" lacks_addr $V4/32
	within $HEAL "withdrawn" lacks_addr $V6/128
	within $HEAL "nothing is said any more" gate_is $V6/128 .difference none
	within $HEAL "nothing is said any more" gate_is $V4/32 .difference none
	# what was asked for meanwhile is done afterwards, in order
	hold_rtnl
	sk open a udp4 "*" 53
	sk close a
	sk open a udp4 "*" 53
	release_rtnl
	within $HEAL "announced" has_addr $V4/32
	expect_gate $V4/32 .state open
}

# The engine's own use of RTNL must not be caught by that: verifying routes can wait.
rtnl_taken()
{
	local pid hold round
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	wait_addr $V4/32
	for ((round = 0; round < 12; round++)); do
		hold_rtnl 1
		sk close a
		eventually "it is said" gate_is $V4/32 .difference pending
		expect_gate $V4/32 .state closed
		release_rtnl
		eventually "withdrawn" lacks_addr $V4/32
		sk open a udp4 "*" 53
		wait_addr $V4/32
	done
}

# Nor by asking whether another program's route still stands for an open gate's.
rtnl_taken_foreign()
{
	local pid hold before
	sock_start
	ip route add blackhole 198.18.0.0/24 metric 1024 proto static
	ctl add 198.18.0.0/24 198.18.0.1:udp/54 up 0
	# only when it is to be removed does the gate find out whose it is
	sk open b udp4 "*" 54
	wait_gate 198.18.0.0/24 .state open
	sk close b
	wait_gate 198.18.0.0/24 .difference foreign
	sk open b udp4 "*" 54
	wait_gate 198.18.0.0/24 .state open
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	wait_addr $V4/32
	hold_rtnl 1
	before=$(passes)
	# one that had begun, and one that has the routes verified
	eventually "reconciles" passes_since "$before" 3
	sk close a
	eventually "the end of the listener is noticed" gate_is $V4/32 .state closed
	release_rtnl
	eventually "withdrawn" lacks_addr $V4/32
	expect_gate 198.18.0.0/24 .state open
	expect_gate 198.18.0.0/24 .contested 0
	sk close b
	wait_gate 198.18.0.0/24 .difference foreign
	expect has_route 198.18.0.0/24 proto static
	# it goes, and until somebody has been asked nothing is said to be announced
	ip route del blackhole 198.18.0.0/24 metric 1024 proto static
	hold_rtnl 1
	sk open b udp4 "*" 54
	eventually "it is said" gate_is 198.18.0.0/24 .difference pending
	release_rtnl
	eventually "announced" has_route 198.18.0.0/24 proto $PROTO
}

device_recreated()
{
	sock_start
	ip link add d0 up type dummy || fail "no dummy"
	sk open a udp6 "*" 53 v6only=0
	ctl add $V4 udp/53 up 0 dev d0
	ctl add $V6 udp/53 up 0 dev d0
	wait_addr $V4/32 d0
	wait_addr $V6/128 d0
	ip link del d0
	within $HEAL "it is said" gate_is $V4/32 .difference no-device
	within $HEAL "and of IPv6" gate_is $V6/128 .difference no-device
	expect_gate $V4/32 .state open
	ip link add d0 up type dummy
	within $HEAL "the address is back" has_addr $V4/32 d0
	within $HEAL "the IPv6 address is back" has_addr $V6/128 d0
	within $HEAL "nothing is said any more" gate_is $V4/32 .difference none
	# and with the listener gone meanwhile
	ip link del d0
	sk close a
	ip link add d0 up type dummy
	within $HEAL "closed" gate_is $V4/32 .state closed
	expect lacks_addr $V4/32 d0
	expect lacks_addr $V6/128 d0
}

says_down()
{
	[[ $(gate $V6/128 .error_msg) == *"not up"* ]]
}

device_down()
{
	sock_start
	sk open a udp6 "*" 53 v6only=0
	ctl add $V4 udp/53 up 0
	ctl add $V6 udp/53 up 0
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 up 0
	wait_addr $V4/32
	wait_addr $V6/128
	wait_route 198.18.0.0/24 proto $PROTO
	ip link set lo down
	# IPv6 addresses go with the device; they can be put on it again, but
	# no route can
	within $HEAL "it is said" says_down
	ip link set lo up
	within $HEAL "the IPv6 address is back" has_addr $V6/128
	within $HEAL "nothing is said any more" gate_is $V6/128 .error_msg ""
	expect gate_is $V6/128 .difference none
	expect has_addr $V4/32
	within $HEAL "the hold route is back" has_route $V4/32 table local proto $PROTO
	within $HEAL "the route is there" has_route 198.18.0.0/24 proto $PROTO
	sk close a
	within $HEAL "withdrawn" lacks_addr $V6/128
	wait_no_addr $V4/32
}

# Wall-clock steps are none of the module's business: all its times are
# CLOCK_BOOTTIME.
clock_steps()
{
	local was step delay=$((1500 * ${SLOW:-1}))
	[ -n "${ANYGATE_VM:-}" ] || skip "this machine's clock is left alone"
	sock_start
	ctl add $V4 udp/53 up ${delay}ms down ${delay}ms require check
	ctl lease $V4 check up ttl 1h
	was=$(date +%s)
	defer "date -s @$was >/dev/null"
	for step in 86400 -86400 31536000 -31536000; do
		sk open a udp4 "*" 53
		wait_gate $V4/32 .state opening
		date -s "@$((was + step))" >/dev/null || fail "date"
		within $((HEAL + delay)) "open, the clock stepped by $step s" has_addr $V4/32
		date -s "@$was" >/dev/null
		sk close a
		date -s "@$((was - step))" >/dev/null
		within $((HEAL + delay)) "closed" lacks_addr $V4/32
		date -s "@$was" >/dev/null
	done
	# the lease has not run out by any of it
	sk open a udp4 "*" 53
	wait_addr $V4/32
}

# idle MS: the engine has had nothing to do for so long
idle()
{
	local n since
	n=$(passes)
	since=$(now_ms)
	while (($(now_ms) - since < $1)); do
		[ "$(passes)" = "$n" ] || return 1
		pause
	done
}

# As far as a machine without a wake-up clock can: the kernel's own rehearsal
# freezes every process for a while and lets it go on. A lease that nobody could
# renew meanwhile has run out, a listener that was there is there.
suspend()
{
	local state=/sys/power/state test=/sys/power/pm_test before
	[ -n "${ANYGATE_VM:-}" ] || skip "this machine is not to be suspended"
	grep -qs freezer $test || fail "no CONFIG_PM_DEBUG"
	echo 3 >/sys/module/suspend/parameters/pm_test_delay
	echo freezer >$test
	defer "echo none >$test"
	sock_start
	sk open a udp6 "*" 53 v6only=0
	ctl add $V4 udp/53 up 0 require check
	ctl add $V6 udp/53 up 0
	ctl lease $V4 check up ttl 2s
	wait_addr $V4/32
	wait_addr $V6/128
	# Whether everybody was frozen is in the kernel's log: how long, is not to be
	# told by a clock, for the kernel counts loops to wait, and the emulator's
	# are not always of one length.
	frozen()
	{
		dmesg | grep -c "suspend debug: Waiting for"
	}
	before=$(frozen)
	echo freeze >$state || fail "no suspend"
	[ "$(frozen)" -gt "$before" ] || fail "that was no suspend"
	within $HEAL "the lease has run out" lacks_addr $V4/32
	expect has_addr $V6/128
	ctl lease $V4 check up ttl 1h
	within $HEAL "renewed" has_addr $V4/32
	# and with the listener closed as soon as its process goes on again
	{ echo freeze >$state; } &
	sk close a
	wait $!
	within $HEAL "closed" lacks_addr $V4/32
	within $HEAL "and IPv6" lacks_addr $V6/128
	# without the reconcile, too: no timer has counted the time of a true suspend, so
	# that the engines have to be told of its end, whether anything is due or not
	events_only
	ctl lease $V4 check up ttl 1h
	sk open a udp6 "*" 53 v6only=0
	wait_addr $V4/32
	eventually "the engine to be idle" idle 1500
	before=$(passes)
	echo freeze >$state || fail "no suspend"
	eventually "the engine to be told of the suspend's end" passes_since "$before" 1
	expect has_addr $V4/32
	ctl lease $V4 check up ttl 1s
	echo freeze >$state || fail "no suspend"
	within $((1000 + SLACK)) "the lease has run out" lacks_addr $V4/32
	expect has_addr $V6/128
}

start_bird()
{
	bird -f -c "$SELFTESTS/demo/node.conf" -s "$TMP/node.ctl" 2>"$TMP/bird.log" &
	BIRD=$!
}

kill_bird()
{
	kill -9 "$BIRD"
	wait "$BIRD" 2>/dev/null
	true
}

# Whatever happens while nobody is there to announce it: the router next door
# has what is true soon after somebody is.
router_restarted()
{
	local router
	command -v bird >/dev/null || skip "no bird"
	sock_start
	setup_ns router
	ip link add to-router type veth peer name to-node netns "$router"
	ip addr add 10.0.2.2/24 dev to-router
	ip link set to-router up
	ip -n "$router" addr add 10.0.2.1/24 dev to-node
	ip -n "$router" link set to-node up
	learnt()
	{
		[ -n "$(ip -n "$router" route show exact $V4/32)" ]
	}
	forgotten()
	{
		! learnt
	}
	ip netns exec "$router" bird -f -c "$SELFTESTS/demo/router.conf" \
		-s "$TMP/router.ctl" 2>"$TMP/router.log" &
	defer "kill $!"
	start_bird
	defer kill_bird
	ctl add $V4 udp/53 up 0
	sk open a udp4 "*" 53
	within $((60000 * ${SLOW:-1})) "announced" learnt
	# killed with the gate open, closed meanwhile
	kill_bird
	sk close a
	wait_no_addr $V4/32
	within $((60000 * ${SLOW:-1})) "the router has forgotten it" forgotten
	start_bird
	within $((60000 * ${SLOW:-1})) "OSPF is up again" \
		eval "birdc -s $TMP/router.ctl show ospf neighbors ospf4 | grep -q Full"
	expect forgotten
	# killed with the gate closed, opened meanwhile
	kill_bird
	sk open a udp4 "*" 53
	wait_addr $V4/32
	expect forgotten
	start_bird
	within $((60000 * ${SLOW:-1})) "announced again" learnt
	sk close a
	within $((60000 * ${SLOW:-1})) "withdrawn" forgotten
}

t "RTNL is held by somebody else for two seconds" rtnl_held
t "RTNL is taken at any moment" rtnl_taken
t "RTNL is taken, and another program's route stands for a gate's" rtnl_taken_foreign
t "the gate's device is removed and made again" device_recreated
t "lo goes down and comes up" device_down
t "the clock is stepped, by a day and a year, both ways" clock_steps
t "the routing daemon is killed and started again" router_restarted
t "the machine rehearses a suspend" suspend

run_tests "$@"
