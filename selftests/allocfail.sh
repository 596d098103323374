#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Memory is wanting: each allocation of a request, and of the engine's work for
# it, fails once; rtnetlink's for an answer, too, which is lost then. For kernels
# that inject faults, such as our debug kernels.
#
#   OPERATIONS="…"    which (default: all that "faults list" prints), and "load"
#
# "load" is not among them: SLUB forgets the name of a cache that it cannot show in
# sysfs (sysfs_slab_add() in 6.12), and the leak scan reports that.

. "${0%/*}/lib.sh"
# timeout=1800

[ -x "$SELFTESTS/faults" ] || make -s -C "$SELFTESTS"
OPERATIONS=${OPERATIONS:-$("$SELFTESTS/faults" list)}

# walk OPERATION self|engine: every allocation in turn
walk()
{
	local status
	[ -e /proc/self/fail-nth ] || skip "the kernel injects no faults"
	# Where its fallbacks lead.
	ip link add d0 up type dummy || fail "no dummy"
	[ "$1" != join-vrf ] || ip link add red up type vrf table 10 || skip "no VRF devices"
	# What the canary allocates is not what is to fail.
	[[ $1 != verify* ]] || param canary_ms 0
	MS=$HEAL "$SELFTESTS/faults" walk "$1" "$2"
	status=$?
	[ $status != $KSFT_SKIP ] || skip "the kernel injects no faults"
	[ $status = 0 ] || fail "see above"
	# Probes that memory was wanting for are back, and hints arrive.
	defaults
	sock_start
	ctl add $V4 udp/53 tcp/53 up 0
	wait_gate $V4/32 .probes live
	sk open a udp4 "*" 53
	sk open b tcp4 "*" 53
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
}

# The way in is all or nothing.
load_walk()
{
	local status
	[ -e /proc/self/fail-nth ] || skip "the kernel injects no faults"
	[ -f "$ANYGATE_KO" ] || skip "no $ANYGATE_KO"
	unload
	MS=$HEAL "$SELFTESTS/faults" load "$ANYGATE_KO"
	status=$?
	load
	[ $status != $KSFT_SKIP ] || skip "the kernel injects no faults"
	[ $status = 0 ] || fail "see above"
}

for operation in $OPERATIONS; do
	if [ "$operation" = load ]; then
		t "load: whoever loads the module" load_walk
		continue
	fi
	case $operation in
	appear | vanish* | stalls | join-vrf | verify*) ;;	# nobody asks
	*) t "$operation: whoever asks" walk "$operation" self ;;
	esac
	case $operation in
	get | dump | status | stats | first-gate) ;;	# the engine has no part in it
	*) t "$operation: the engine" walk "$operation" engine ;;
	esac
done

run_tests "$@"
