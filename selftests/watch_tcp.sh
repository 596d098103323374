#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every way in which a TCP listener comes and goes, told by socket events alone:
# the periodic reconcile and the canary are off.

. "${0%/*}/lib.sh"
. "$SELFTESTS/watch.inc.sh"
. "$SELFTESTS/stream.inc.sh"

# shutdown() of the reading side ends a listener, that of the writing side
# does not; one that was ended can listen again.
shuts_down()
{
	begin "$@"
	metronome
	listener a
	announced
	untouched sk shutdown a wr
	sk shutdown a rd
	withdrawn
	sk listen a
	announced
	sk shutdown a rdwr
	withdrawn
	sk listen a
	announced
}

disconnects()
{
	begin "$@"
	listener a
	announced
	sk disconnect a
	withdrawn
	sk listen a
	announced
	sk disconnect a
	withdrawn
	sk close a
	listener a
	announced
}

ss_kill()
{
	begin "$@"
	listener a
	announced
	ss -K -H -n -t -l "sport = :$PORT" >"$TMP/ss" 2>&1
	grep -q ":$PORT" "$TMP/ss" ||
		skip "ss -K has no effect: $(head -1 "$TMP/ss")"
	withdrawn
	sk close a
	listener a
	announced
}

common_cases tcp
stream_cases tcp
shapes shuts_down tcp "shutdown() of a listener, and listen() again" \
	"${V4_SHAPES[@]}" v6-specific v6-wildcard
shapes disconnects tcp "connect(AF_UNSPEC) on a listener" \
	"${V4_SHAPES[@]}" v6-specific v6-wildcard
shapes ss_kill tcp "ss -K on a listener" \
	"${V4_SHAPES[@]}" v6-specific v6-wildcard

run_tests "$@"
