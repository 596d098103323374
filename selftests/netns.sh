#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Gates live in a network namespace: its sockets, its tables, its end.

. "${0%/*}/lib.sh"
PARTED=y

# A listener on port 53 in another namespace; its process is in $LISTENER.
listen_in()
{
	local commands=$TMP/commands-$RANDOM
	mkfifo "$commands"
	ip netns exec "$1" "$SELFTESTS/sock" <"$commands" >"$TMP/out" &
	LISTENER=$!
	# open as long as this shell lives
	exec {COMMANDS}>"$commands"
	echo "open a udp6 * 53 v6only=0" >&$COMMANDS
	eventually "the listener in $1" grep -q ok "$TMP/out"
}

stop_listening()
{
	kill $LISTENER
	wait $LISTENER 2>/dev/null
	exec {COMMANDS}>&-
}

ns_has_addr()
{
	[[ " $(ip -n "$1" -o addr show dev lo) " == *" $2 "* ]]
}

ns_lacks_addr()
{
	! ns_has_addr "$@"
}

two_namespaces()
{
	local west east
	events_only
	setup_ns west east
	ctl -n "$west" add $V4/32 udp/53 up 0
	ctl -n "$east" add $V4/32 udp/53 up 0
	ctl add $V4/32 udp/53 up 0
	sock_start
	sk open here udp4 "*" 53
	wait_addr $V4/32
	ns_has_addr "$west" $V4/32 && fail "opened by a listener elsewhere"
	listen_in "$west"
	eventually "the gate in the west" ns_has_addr "$west" $V4/32
	ns_has_addr "$east" $V4/32 && fail "opened by a listener elsewhere"
	sk close here
	wait_no_addr $V4/32
	expect ns_has_addr "$west" $V4/32
	stop_listening
	eventually "the gate in the west to close" ns_lacks_addr "$west" $V4/32
	# each namespace shows its own
	ctl -n "$west" del $V4/32
	[ "$("$ANYGATECTL" -j -n "$west" show | jq length)" = 0 ] || fail "not gone"
	[ "$("$ANYGATECTL" -j -n "$east" show | jq length)" = 1 ] || fail "gone too"
}

# Whoever asks for connections to be counted where no gate has ever been, and there
# are some, is told that there is no gate.
connections_without_gates()
{
	local bare
	setup_ns bare
	# shellcheck disable=SC2016 # the inner shell's
	ip netns exec "$bare" bash -c '
		coproc "$1" || exit
		echo "open a tcp4 127.0.0.1 9" >&${COPROC[1]}
		read -r -u ${COPROC[0]} answer
		[ "$answer" = ok ] || exit 9
		exec 7<>/dev/tcp/127.0.0.1/9 || exit 9
		ss -Htn state established | grep -q :9 || exit 9
		"$2" metrics >"$3" || exit
		"$2" show 192.0.2.53/32 2>/dev/null
		[ $? = 1 ]
	' - "$SELFTESTS/sock" "$ANYGATECTL" "$TMP/metrics" || fail "status $?"
	grep -q '^anygate_' "$TMP/metrics" || fail "no metrics: $(cat "$TMP/metrics")"
}

# A namespace that somebody still holds is as good as gone for whoever looks for it by its
# name: but what has its other end there stays. ends DEVICE: it does
ends()
{
	eventually "the end of the namespace that has the other end of $1" no_link "$1"
}

no_link()
{
	! ip link show "$1" >/dev/null 2>&1
}

# Their engines are at work: everything is refused while lo is down, and RTNL is
# somebody else's much of the time.
end_at_work()
{
	local round busy
	for ((round = 0; round < 200; round++)); do
		echo "add 10.0.0.$round/32 udp/53 up 0"
	done >"$TMP/gates"
	while ip link add busy type dummy && ip link del busy; do :; done &
	busy=$!
	defer "kill $busy 2>/dev/null"
	for ((round = 0; round < 12; round++)); do
		# shellcheck disable=SC2016 # the inner shell's
		unshare -n sh -c 'ip link add end type veth peer name "$1" netns "$2" &&
			exec "$3" apply "$4"' sh end$round $BASHPID "$ANYGATECTL" "$TMP/gates" \
			>/dev/null || fail "apply"
	done
	kill -0 $busy || fail "nobody else has asked for RTNL"
	kill $busy
	wait $busy 2>/dev/null
	ip link del busy 2>/dev/null
	for ((round = 0; round < 12; round++)); do
		ends end$round
	done
	# What is left of it is the next one's to find.
	ctl add $V4/32 udp/53 up 0
	ctl del $V4/32
	unload
}

# Namespaces go while their gates are open, closed, adopting, or being moved.
deleted()
{
	local round ns
	for round in 1 2 3 4 5 6 7 8; do
		ns=doomed-$BASHPID-$round
		ip netns add $ns || fail "no namespace"
		NAMESPACES+=("$ns")
		ip -n $ns link set lo up
		ip -n $ns link add end type veth peer name end$round netns $BASHPID
		ip -n $ns addr add 192.0.2.60/32 dev lo
		ctl -n $ns add $V4/32 udp/53 up 0
		ctl -n $ns add $V6/128 udp/53 up 0
		ctl -n $ns add 192.0.2.60/32 udp/54 up 0
		ctl -n $ns add 198.18.0.0/24 198.18.0.1:udp/53 up 0
		listen_in $ns
		eventually "the gate to open" ns_has_addr $ns $V4/32
		ip netns del $ns
		# the listener keeps the namespace; it goes with it
		stop_listening
		ends end$round
	done
	# None of them is in the way of what comes now.
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0
	expect has_addr $V4/32
	unload
	expect lacks_addr $V4/32
}

# Many namespaces at once, and the module goes while they do; the last gate with
# "fatal" may be one of theirs, and processes never cease to end.
deleted_while_unloading()
{
	local round i ns pids mortal
	(
		while :; do
			(kill -9 $BASHPID)
		done
	) 2>/dev/null &
	mortal=$!
	defer "kill $mortal 2>/dev/null"
	for round in 1 2 3 4 5; do
		for i in 1 2 3 4; do
			ns=doomed-$BASHPID-$i
			ip netns add $ns || fail "no namespace"
			NAMESPACES+=("$ns")
			ip -n $ns link set lo up
			ctl -n $ns add $V4/32 udp/53 up 0 fatal on shield 1s
			ctl -n $ns add $V6/128 udp/53 up 0
		done
		pids=()
		for ns in "${NAMESPACES[@]}"; do
			ip netns del "$ns" &
			pids+=($!)
		done
		unload
		wait "${pids[@]}"
		NAMESPACES=()
		load
	done
	loaded || fail "not loaded"
}

# A monitor does not keep a namespace's gates alive, nor does it miss their end.
monitored()
{
	local ns
	setup_ns ns
	ctl -n $ns add $V4/32 udp/53 up 0
	"$ANYGATECTL" -n $ns -j monitor >"$TMP/events" &
	MONITORS+=($!)
	ctl -n $ns del $V4/32
	ctl -n $ns add $V4/32 udp/53 up 0
	ip netns del $ns
	kill $!
	wait $! 2>/dev/null
	unload
}

# The device goes to another namespace, and the gate does not follow it.
device_moves_away()
{
	local ns
	events_only
	setup_ns ns
	ip link add d0 up type dummy || fail "no dummy"
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4 udp/53 up 0 dev d0
	expect has_addr $V4/32 d0
	ip link set d0 netns $ns
	wait_gate $V4/32 .difference no-device
	ip -n $ns link set d0 up
	ip -n $ns link set d0 netns $BASHPID
	ip link set d0 up
	wait_addr $V4/32 d0
}

t "the same prefix in several namespaces" two_namespaces
t "connections are asked for where no gate has been" connections_without_gates
t "namespaces with live gates are deleted" deleted
t "namespaces end while their engines are at work" end_at_work
t "namespaces are deleted while the module is removed" deleted_while_unloading
t "a monitored namespace is deleted" monitored
t "the gate's device moves to another namespace and back" device_moves_away

run_tests "$@"
