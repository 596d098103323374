#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Traps 2, 3 and 13: the change of the socket tables and the hint about it must
# not pass each other. Whoever closes runs as SCHED_IDLE on the one processor
# that everybody has to share, in a kernel that is preemptible anywhere, so that
# the engine overtakes it the moment it has been woken. Without the reconcile, a
# single hint that comes too early is a gate that is stuck.
#
#   CYCLES=N              edges that are waited for, of each kind (default 20000),
#   SECONDS_EACH=N        but for no longer than this (default 10)

. "${0%/*}/lib.sh"
PARTED=y

CYCLES=${CYCLES:-20000}
SECONDS_EACH=${SECONDS_EACH:-10}

CPUMASK=/sys/devices/virtual/workqueue/cpumask
PREEMPT=/sys/kernel/debug/sched/preempt
RT_RUNTIME=/proc/sys/kernel/sched_rt_runtime_us
FAIR_SERVER=/sys/kernel/debug/sched/fair_server/cpu0/runtime

# The engine's workers to processor 0 as well, and full preemption, where the
# kernel lets us; a kernel that does not preempt is much more forgiving.
setup()
{
	local gate=$1 service=$2 model
	events_only
	sock_start
	if [ -w $CPUMASK ]; then
		defer "echo $(<$CPUMASK) >$CPUMASK"
		echo 1 >$CPUMASK
	else
		note "the engine is not on the same processor"
	fi
	if [ -w $PREEMPT ]; then
		model=$(<$PREEMPT)
		model=${model#*\(}
		defer "echo ${model%)*} >$PREEMPT"
		echo full >$PREEMPT
	elif [ ! -e /sys/kernel/realtime ]; then
		note "the kernel is not fully preemptible"
	fi
	taskset -p 1 $$ >/dev/null
	ctl add "$gate" "$service" up 0
	metronome
}

# Every single edge is waited for.
each_edge()
{
	local gate=$1 kind=$2 bind=$3 service=udp/53
	[[ $kind == tcp* ]] && service=tcp/53
	setup "$gate" "$service"
	"$SELFTESTS/cycle" -i -c 0 -t $SECONDS_EACH $kind "$bind" 53 \
		${gate%/*} $CYCLES || fail "stuck"
	settle
	expect lacks_addr "$gate"
	expect_gate "$gate" .state closed
	expect_gate "$gate" '.services[0].listeners' 0
}

# Edges follow each other as fast as they can, and only the last one counts;
# many times over, with either end.
last_edge()
{
	local gate=$1 kind=$2 bind=$3 service=udp/53 round
	[[ $kind == tcp* ]] && service=tcp/53
	setup "$gate" "$service"
	local end=$(($(now_ms) + SECONDS_EACH * 1000)) total=0
	for ((round = 0; $(now_ms) < end; round++)); do
		"$SELFTESTS/cycle" -f -i -c 0 $kind "$bind" 53 ${gate%/*} 100 \
			>/dev/null || fail "cycle"
		total=$((total + 100))
		if ((round % 2)); then
			settle
			expect lacks_addr "$gate"
		else
			sk open last $kind "$bind" 53 freebind reuseaddr
			wait_addr "$gate"
			settle
			expect has_addr "$gate"
			sk close last
			wait_no_addr "$gate"
		fi
	done
	note "$total cycles, $round times at rest"
}

# Two of a group come and go out of step; it is the last one that counts.
group()
{
	local pids=() i
	setup $V4/32 tcp/53
	sk open last tcp4 "*" 53 reuseport reuseaddr
	wait_addr $V4/32
	mon_start "$TMP/mon" address
	for i in 1 2 3; do
		"$SELFTESTS/cycle" -f -p -i -t $SECONDS_EACH tcp4 "*" 53 $V4 \
			1000000000 >/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}" || fail "cycle"
	settle
	quiet "$TMP/mon" $V4
	sk close last
	wait_no_addr $V4/32
}

# Trap 13: IPv6 acknowledges an address before it has done all that belongs to
# it. Announced and at once withdrawn, over and over.
announce_and_withdraw()
{
	events_only
	sock_start
	metronome
	sk open a udp6 "*" 53
	"$SELFTESTS/rawnl" cycle $V6 53 1000 || fail "see above"
	settle
	expect lacks_addr $V6/128
	lacks_route $V6/128 table local || fail "a local route is left"

	# the same, ending the other way
	"$SELFTESTS/rawnl" cycle $V6 53 1000 || fail "see above"
	ctl add $V6 udp/53 up 0
	wait_addr $V6/128
	settle
	expect has_addr $V6/128
	[ "$(ip -6 -o addr show dev lo | grep -c -F " $V6/128 ")" = 1 ] ||
		fail "more than once"

	# what is announced is an address: one can bind to it, and be reached
	eventually "a bind to the address" binds
	sk open client udp6 ::1 5000
	sk send client $V6 54 hello
	sk read b
	[ "$ANSWER" = hello ] || fail "received '$ANSWER'"
}

binds()
{
	sk_ask "open b udp6 $V6 54"
	[ "$ANSWER" = ok ]
}

# A bind() that began before anybody had a gate with its port, and ends after the gate
# has been added, has no event. It is stopped amid its search for a port by somebody
# who takes its processor away meanwhile.
midway()
{
	echo "$1" >&"$MIDWAY_IN"
	read -r -t $((PATIENCE / 1000)) -u "$MIDWAY_OUT" ANSWER || fail "midway does not answer: $1"
}

midway_start()
{
	local first=$1 number=$2
	[ "$(nproc)" -gt 1 ] || skip "one processor only"
	[ -w $CPUMASK ] || skip "the engine cannot be kept off a processor"
	events_only
	sock_start
	defer "echo $(<$CPUMASK) >$CPUMASK"
	echo 2 >$CPUMASK
	taskset -p 2 $$ >/dev/null
	echo "$first $((first + number - 1))" >/proc/sys/net/ipv4/ip_local_port_range
	# What the kernel leaves to others of a processor would be enough to end a bind.
	if [ -w $FAIR_SERVER ]; then
		defer "echo $(<$FAIR_SERVER) >$FAIR_SERVER"
		echo 0 >$FAIR_SERVER
	fi
	defer "echo $(<$RT_RUNTIME) >$RT_RUNTIME"
	echo -1 >$RT_RUNTIME
	mkfifo "$TMP/in" "$TMP/out"
	"$SELFTESTS/midway" "$first" "$number" 0 <"$TMP/in" >"$TMP/out" &
	MONITORS+=($!)
	exec {MIDWAY_IN}>"$TMP/in" {MIDWAY_OUT}<"$TMP/out"
	read -r -t $((PATIENCE / 1000)) -u "$MIDWAY_OUT" ANSWER || fail "midway does not start"
}

metronome_gone()
{
	sk close metronome
	ctl del $METRONOME
}

# under_way BEFORE AFTER: what to do before and after each round
under_way()
{
	local before=$1 after=$2 round hits=0 begun
	midway_start 5353 50
	for ((round = 0; round < 40 && hits < 5; round++)); do
		$before
		midway hold
		ctl add $V4 udp/5353 up 0
		# or the bind was at its end, or the holder's time was over
		if gate_is $V4/32 .state closed; then
			hits=$((hits + 1))
		fi
		midway release
		begun=$(now_ms)
		wait_addr $V4/32
		note "seen after $(($(now_ms) - begun)) ms"
		ctl del $V4
		$after
		midway resume
	done
	note "amid a bind in $hits of $round rounds"
	[ $hits != 0 ] || fail "never amid a bind"
}

t "trap 2: UDP v4, every edge" each_edge $V4/32 udp4 "*"
t "trap 2: UDP v4 on the address, every edge" each_edge $V4/32 udp4 $V4
t "trap 2: UDP v6, every edge" each_edge $V6/128 udp6 "*"
t "trap 3: TCP v4, every edge" each_edge $V4/32 tcp4 "*"
t "trap 3: TCP v4 on the address, every edge" each_edge $V4/32 tcp4 $V4
t "trap 3: TCP v6, every edge" each_edge $V6/128 tcp6 "*"
t "trap 2: UDP v4, the last edge" last_edge $V4/32 udp4 "*"
t "trap 2: UDP v6 on the address, the last edge" last_edge $V6/128 udp6 $V6
t "trap 3: TCP v4, the last edge" last_edge $V4/32 tcp4 "*"
t "trap 3: TCP v6, the last edge" last_edge $V6/128 tcp6 "*"
t "members of a SO_REUSEPORT group come and go" group
t "trap 13: v6, announced and withdrawn at once" announce_and_withdraw
t "a bind under way when its gate is added: the first gate" under_way : :
t "a bind under way when its gate is added: beside another" under_way metronome metronome_gone

run_tests "$@"
