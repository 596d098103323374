#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1200
#
# Servers that are dead with their sockets open: what waits in their queues does
# not move. And those that only look so.

. "$(dirname "$0")/lib.sh"

STALL=800ms

# serve ADDRESS: a service in a process of its own; $SERVER
serve()
{
	"$SELFTESTS/query" serve A "$1" 53 >"$TMP/A" 2>&1 &
	SERVER=$!
	MONITORS+=("$SERVER")
	eventually "the service to be ready" grep -q ready "$TMP/A"
}

# ask_on ADDRESS: somebody asks, all the time
ask_on()
{
	"$SELFTESTS/query" ask "$1" 53 0 20 >/dev/null 2>&1 &
	MONITORS+=($!)
}

# queue GATE FIELD: something about the queue of its first service
queue()
{
	gate "$1" ".services[0].$2"
}

waits()
{
	[ "$(queue "$1" queue)" -gt 0 ]
}

# Not for so many milliseconds: the gate's state has not changed since.
steady()
{
	local end=$((${EPOCHREALTIME/[.,]/} / 1000 + $2)) opened
	opened=$(gate "$1" .opened)
	while ((${EPOCHREALTIME/[.,]/} / 1000 < end)); do
		"${@:3}"
	done
	expect_gate "$1" .state open
	expect_gate "$1" .opened "$opened"
	expect_gate "$1" .reason listener
}

# --- stopped, and going on --------------------------------------------------------

stopped()
{
	local gate=$1 addr=${1%/*}
	ctl add "$gate" udp/53 up 0 stall $STALL hold on
	serve "$addr"
	wait_addr "$gate"
	ask_on "$addr"
	events_start "$TMP/events"
	kill -STOP "$SERVER"
	wait_no_addr "$gate"
	expect_gate "$gate" .reason stalled
	[ "$(queue "$gate" stalled)" = 1 ] || fail "$(gate "$gate" .services)"
	[ "$(queue "$gate" listeners)" = 1 ] || fail "$(gate "$gate" .services)"
	waits "$gate" || fail "nothing in the queue"
	wait_event "$TMP/events" \
		'.kind == "transition" and .state == "closed" and .reason == "stalled"'
	kill -CONT "$SERVER"
	wait_addr "$gate"
	expect_gate "$gate" .reason listener
}

# How soon: the time of the first packet that stays, and that of the event.
in_time()
{
	local begun over
	ctl add $V4/32 udp/53 up 0 stall 2s
	serve $V4
	wait_addr $V4/32
	events_start "$TMP/events"
	kill -STOP "$SERVER"
	begun=$(now_ms)
	"$SELFTESTS/query" ask $V4 53 1 0 >/dev/null 2>&1 &
	MONITORS+=($!)
	wait_no_addr $V4/32
	over=$(now_ms)
	[ $((over - begun)) -ge 2000 ] || fail "after $((over - begun)) ms already"
	note "stall 2s, sampled every 500 ms: withdrawn $((over - begun)) ms" \
		"after the first query to a stopped server"
}

accepting()
{
	local kind=$1 gate=$2 addr=${2%/*}
	sock_start
	ctl add "$gate" tcp/53 up 0 stall $STALL
	sk open s "$kind" "$addr" 53 freebind
	wait_addr "$gate"
	sk socket c "$kind"
	sk connect c "$addr" 53
	wait_no_addr "$gate"
	expect_gate "$gate" .reason stalled
	[ "$(queue "$gate" queue)" = 1 ] || fail "$(gate "$gate" .services)"
	sk accept s a
	wait_addr "$gate"
}

# The up delay is waited for, and a new socket has no past.
comes_back()
{
	sock_start
	ctl add $V4/32 udp/53 up 0 stall $STALL
	sk open s udp4 $V4 53
	wait_addr $V4/32
	ctl change $V4/32 up 1h
	sk socket c udp4
	sk send c $V4 53 hello
	wait_no_addr $V4/32
	sk read s
	wait_gate $V4/32 .state opening
	sk send c $V4 53 hello
	wait_gate $V4/32 .state closed
	expect_gate $V4/32 .reason stalled
	sk close s
	wait_gate $V4/32 .reason no-listener
	sk open s udp4 $V4 53
	wait_gate $V4/32 .state opening
}

# --- those that only look so --------------------------------------------------------

# Idle servers of every kind, for a minute.
idle()
{
	sock_start
	ctl add $V4/32 udp/53 tcp/53 up 0 stall 500ms stall-members any
	ctl add $V6/128 udp/53 tcp/53 up 0 stall 500ms stall-members any
	sk open a udp4 $V4 53
	sk open b tcp4 $V4 53
	sk open c udp6 $V6 53 freebind
	sk open d tcp6 $V6 53 freebind
	wait_addr $V4/32
	wait_addr $V6/128
	events_start "$TMP/events"
	steady $V4/32 60000 pause
	expect_gate $V6/128 .state open
	[ "$(events "$TMP/events" '.kind == "transition"' | wc -l)" = 0 ] ||
		fail "$(cat "$TMP/events")"
}

# One datagram every half of the time, from a queue that is never empty.
one_by_one()
{
	sk read s
	sk send c $V4 53 "the same again"
	sleep 0.4
}

slow()
{
	local i
	sock_start
	ctl add $V4/32 udp/53 up 0 stall 2s
	sk open s udp4 $V4 53
	wait_addr $V4/32
	sk socket c udp4
	for ((i = 0; i < 5; i++)); do
		sk send c $V4 53 "the same again"
	done
	steady $V4/32 8000 one_by_one
}

# Always the same datagram, and the memory of the last one for the next.
alike()
{
	sk send c $V4 53 "the same again"
	sk read s
	sk send c $V4 53 "the same again"
	pause
	sk read s
}

same_again()
{
	sock_start
	ctl add $V4/32 udp/53 up 0 stall 100ms
	sk open s udp4 $V4 53
	wait_addr $V4/32
	sk socket c udp4
	steady $V4/32 5000 alike
}

look_at_it()
{
	sk peek s
	pause
}

# A reader that only peeks is alive.
peeking()
{
	sock_start
	ctl add $V4/32 udp/53 up 0 stall 2s
	sk open s udp4 $V4 53
	wait_addr $V4/32
	sk socket c udp4
	sk send c $V4 53 hello
	steady $V4/32 6000 look_at_it
	# and then it does not
	wait_no_addr $V4/32
	expect_gate $V4/32 .reason stalled
}

# Members of a group without traffic: with "all" one that moves is enough, and
# one that has nothing to do stands for itself; with "any" one that is stuck is
# too many.
group()
{
	sock_start
	ctl add $V4/32 udp/53 up 0 stall $STALL
	sk open a udp4 $V4 53 reuseport
	sk open b udp4 $V4 53 reuseport
	wait_addr $V4/32
	sk socket c udp4
	sk connect c $V4 53
	sk write c hello
	eventually "a datagram to wait" waits $V4/32
	steady $V4/32 3000 pause
	wait_gate $V4/32 .services[0].stalled 1
	ctl change $V4/32 stall-members any
	wait_no_addr $V4/32
	expect_gate $V4/32 .reason stalled
	ctl change $V4/32 stall-members all
	wait_addr $V4/32
}

# One socket behind two gates: neither is in the way of the other.
two_gates()
{
	sock_start
	ctl add $V4/32 udp/53 up 0 stall $STALL
	ctl add $V6/128 udp/53 up 0 stall $STALL
	sk open s udp6 "*" 53 v6only=0
	wait_addr $V4/32
	wait_addr $V6/128
	sk socket c udp4
	sk send c $V4 53 hello
	wait_no_addr $V4/32
	wait_no_addr $V6/128
	expect_gate $V4/32 .reason stalled
	expect_gate $V6/128 .reason stalled
	sk read s
	wait_addr $V4/32
	wait_addr $V6/128
}

# As many workers as a large machine has processors, none of which reads.
workers()
{
	local n=32 i
	sock_start
	ctl add $V4/32 udp/53 up 0 stall $STALL
	for ((i = 0; i < n; i++)); do
		sk open w$i udp4 $V4 53 reuseport freebind
	done
	wait_addr $V4/32
	# Each gets something: of 32 one is left out less than once in ten thousand times.
	for ((i = 0; i < 400; i++)); do
		sk socket c udp4
		sk send c $V4 53 hello
		sk close c
	done
	wait_no_addr $V4/32
	expect_gate $V4/32 .reason stalled
	[ "$(queue $V4/32 stalled)" = $n ] || fail "$(gate $V4/32 .services)"
}

# Half of a handshake waits for the client, and not for the server. With
# syncookies nothing is left of it at all.
handshakes()
{
	local client=''
	setup_ns client
	ip link add n0 type veth peer name c0 netns "$client" || fail "no veth"
	ip addr add 10.0.1.2/30 dev n0
	ip link set n0 up
	ip -n "$client" link set c0 up
	ip -n "$client" addr add 10.0.1.1/30 dev c0
	ip -n "$client" route add $V4/32 via 10.0.1.2
	# What comes back is lost: its handshakes are never finished.
	ip route add blackhole 10.9.9.0/24
	ip -n "$client" addr add 10.9.9.9/32 dev lo
	sock_start
	sysctl -qw net.ipv4.tcp_syncookies="$1" net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.n0.rp_filter=0
	ctl add $V4/32 tcp/53 up 0 stall $STALL
	sk open s tcp4 $V4 53
	wait_addr $V4/32
	ip -n "$client" route replace $V4/32 via 10.0.1.2 src 10.9.9.9
	ip netns exec "$client" "$SELFTESTS/clients" $V4 53 0 20 \
		</dev/zero >/dev/null 2>&1 &
	MONITORS+=($!)
	steady $V4/32 4000 pause
	# One that is finished and that nobody accepts does count.
	ip -n "$client" route replace $V4/32 via 10.0.1.2 src 10.0.1.1
	sk socket c tcp4
	sk connect c $V4 53
	wait_no_addr $V4/32
	expect_gate $V4/32 .reason stalled
}

# --- what is shown ----------------------------------------------------------------

# Measured whether or not anything is to come of it.
shown()
{
	sock_start
	ctl add $V4/32 udp/53 tcp/53 up 0
	sk open s udp4 $V4 53
	sk open t tcp4 $V4 53
	wait_addr $V4/32
	sk socket c udp4
	sk send c $V4 53 hello
	sk socket d tcp4
	sk connect d $V4 53
	wait_gate $V4/32 '.services[0].age_ms > 1000' true
	wait_gate $V4/32 '.services[1].age_ms > 1000' true
	[ "$(gate $V4/32 '.services[1].queue')" = 1 ] || fail "$(gate $V4/32 .)"
	[ "$(gate $V4/32 '.services[0].limit > 1000')" = true ] || fail limit
	"$ANYGATECTL" show $V4/32 | grep -q "oldest" || fail "show tells no age"
	"$ANYGATECTL" -j stats $V4/32 | jq -e '.[0].listeners | length == 2' \
		>/dev/null || fail "stats: $("$ANYGATECTL" -j stats $V4/32)"
	expect_gate $V4/32 .state open
}

refusals()
{
	refused 2 "stall" add $V4/32 udp/53 stall 50ms
	refused 2 "stall" add $V4/32 udp/53 stall 2h
	refused 2 "stall-members" add $V4/32 udp/53 stall-members most
	refused 2 "shield" add $V4/32 udp/53 shield 2h
	refused 2 "fatal" add $V4/32 udp/53 fatal maybe
	[ "$("$ANYGATECTL" -j show)" = "[]" ] || [ -z "$("$ANYGATECTL" show)" ] ||
		fail "a gate was made"
}

t "a stopped server is withdrawn, and comes back, v4" stopped $V4/32
t "a stopped server is withdrawn, and comes back, v6" stopped $V6/128
t "when it was to be" in_time
t "connections that nobody accepts, v4" accepting tcp4 $V4/32
t "connections that nobody accepts, v6" accepting tcp6 $V6/128
t "it comes back after the up delay" comes_back
t "idle servers do not stall" idle
t "slow readers do not stall" slow
t "nor do those who get always the same" same_again
t "nor do those who only peek" peeking
t "groups: all or any" group
t "one socket behind two gates" two_gates
t "many workers" workers
t "half of a handshake is no connection" handshakes 1
t "nor with syncookies" handshakes 2
t "queues are always shown" shown
t "what makes no sense is refused" refusals

run_tests "$@"
