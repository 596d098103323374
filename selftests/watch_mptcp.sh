#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Multipath TCP: the listener in the tables is a subflow of the socket that the
# program has, and the gate follows it by socket events alone.

. "${0%/*}/lib.sh"
. "$SELFTESTS/watch.inc.sh"
. "$SELFTESTS/stream.inc.sh"

# What such an operation does to the subflow differs between kernels. Whatever
# it does, the gate tells the truth: it is open if and only if a new client can
# still connect.
follows_truth()
{
	sk close client
	sk socket client "$CLIENT"
	sk_ask "connect client $ADDRESS $PORT"
	if [ "$ANSWER" = ok ]; then
		note "$1: still listens"
		settle
		expect has_addr "$GATE"
	else
		note "$1: listens no more ($ANSWER)"
		withdrawn
	fi
}

uncertain()
{
	local operation=$1
	shift
	begin "$@"
	[[ $ADDRESS == *:* ]] && CLIENT=tcp6 || CLIENT=tcp4
	metronome
	sk socket client "$CLIENT"
	listener a
	announced
	case $operation in
	disconnect)
		sk_ask "disconnect a"
		;;
	shutdown)
		sk_ask "shutdown a rdwr"
		;;
	ss)
		ss -K -H -n -t -l "sport = :$PORT" >"$TMP/ss" 2>&1
		;;
	esac
	follows_truth "$operation"
	sk close a
	withdrawn
	listener a
	announced
}

# On some kernels a client of plain TCP makes the connection fall back; it is
# a connection all the same, and the listener still listens.
plain_client()
{
	begin "$@"
	metronome
	listener a
	announced
	mon_start "$TMP/mon"
	sk socket client tcp4
	sk connect client "$ADDRESS" "$PORT"
	sk accept a server
	sk write client hello
	sk read server
	[ "$ANSWER" = hello ] || fail "received '$ANSWER'"
	settle
	quiet "$TMP/mon" "$ADDRESS"
}

common_cases mptcp
stream_cases mptcp
for operation in disconnect shutdown ss; do
	for shape in v4-specific v6-wildcard; do
		t "mptcp $shape: $operation on a listener" \
			uncertain $operation mptcp $shape
	done
done
shapes plain_client mptcp "a client of plain TCP" v4-specific v4-dual

if [ ! -e /proc/sys/net/mptcp/enabled ]; then
	echo "TAP version 13"
	echo "1..0 # SKIP no MPTCP"
	exit "$KSFT_SKIP"
fi
run_tests "$@"
