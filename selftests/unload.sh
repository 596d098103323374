#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module is removed and loaded again while sockets come and go under it.
#
#   ROUNDS=N              how often in each case (default 8)

. "${0%/*}/lib.sh"

ROUNDS=${ROUNDS:-8}

# Listeners of every kind, on ports that gates are about, from several
# processes at once; each runs until it is killed.
CHURNERS=()
churn()
{
	local kind
	for kind in udp4 udp6 tcp4 tcp6; do
		"$SELFTESTS/cycle" -f -p $kind "*" 53 $V4 1000000000 >/dev/null &
		CHURNERS+=($!)
	done
}

still()
{
	# "wait" without a process would wait for all, and some never end
	[ ${#CHURNERS[@]} != 0 ] || return
	kill "${CHURNERS[@]}" 2>/dev/null
	wait "${CHURNERS[@]}" 2>/dev/null
	CHURNERS=()
}

cleanup()
{
	still
}

gates()
{
	ctl add $V4 udp/53 up 0
	ctl add 192.0.2.54 tcp/53 up 0
	ctl add $V6 udp/53 up 0
	ctl add 2001:db8::54 tcp/53 up 1ms down 1ms
	ctl add 198.18.0.0/24 198.18.0.1:udp/53 198.18.0.2:tcp/53 up 0
	ctl add 192.0.2.60 udp/53 up 0		# adopted
}

rounds()
{
	local i
	ip addr add 192.0.2.60/32 dev lo
	picture_to "$TMP/before"
	churn
	for ((i = 1; i <= ROUNDS; i++)); do
		gates
		unload
		picture_to "$TMP/after"
		same_picture "$TMP/before" "$TMP/after" "left behind in round $i"
		load
	done
	note "$ROUNDS rounds"
	still
	# and it still works
	events_only
	sock_start
	ctl add $V4 udp/53 up 0
	sk open a udp4 "*" 53
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
}

# Removed at once, before anything can have happened.
empty_rounds()
{
	local i
	for ((i = 1; i <= ROUNDS; i++)); do
		unload
		load
	done
	churn
	for ((i = 1; i <= ROUNDS; i++)); do
		unload
		load
	done
}

# Requests keep coming while the module goes; they fail, and that is all.
requests()
{
	local i pid
	(
		while :; do
			"$ANYGATECTL" add $V4 udp/53 up 0
			"$ANYGATECTL" -j show
			"$ANYGATECTL" del $V4
			"$ANYGATECTL" flush
		done
	) >/dev/null 2>&1 &
	pid=$!
	churn
	for ((i = 1; i <= (ROUNDS + 1) / 2; i++)); do
		# refused while somebody is in the middle of a request
		eventually "the module to go" rmmod anygate 2>/dev/null
		load
	done
	kill $pid
	wait $pid 2>/dev/null
	still
	"$ANYGATECTL" flush
	expect lacks_addr $V4/32
}

# Delays, retries and repairs are pending when it goes.
pending()
{
	local i
	picture_to "$TMP/before"
	sock_start
	sk open a udp6 "*" 53 v6only=0
	for ((i = 1; i <= 5; i++)); do
		echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
		ctl add $V4 udp/53 up 10ms
		ctl add $V6 udp/53 up 0
		ctl add 192.0.2.54 udp/53 up 0
		ip addr del 192.0.2.54/32 dev lo
		unload
		echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
		picture_to "$TMP/after"
		same_picture "$TMP/before" "$TMP/after" "left behind in round $i"
		load
	done
}

t "rounds of unload and load under churning listeners" rounds
t "rounds without any gate" empty_rounds
t "rounds under a stream of requests" requests
t "unload while delays, retries and repairs are pending" pending

run_tests "$@"
