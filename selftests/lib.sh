# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # much of it is for those who source it
#
# lib.sh - what the selftests share
#
# A test program sources this file, defines one function per test case, names
# the cases with "t", and ends with "run_tests "$@"":
#
#	. "$(dirname "$0")/lib.sh"
#	opens() { ...; }
#	t "a listener opens the gate" opens
#	run_tests "$@"
#
# Every case runs in a process and a network namespace of its own, so that it
# starts from nothing and leaves nothing behind, whatever becomes of it. With a
# number or a function's name as argument only those cases are run.
#
# There are no fixed sleeps: whatever is waited for is waited for by name, with
# a deadline that is generous, for slow emulators. "Nothing happens" is shown
# by waiting for something else that must come later (see settle).

KSFT_PASS=0
KSFT_FAIL=1
KSFT_SKIP=4

SELFTESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ANYGATE_KO=${ANYGATE_KO:-$SELFTESTS/../kmod/anygate.ko}
ANYGATECTL=${ANYGATECTL:-$SELFTESTS/../helper/anygatectl}
[ -x "$ANYGATECTL" ] || ANYGATECTL=anygatectl

# How long anything may take, in milliseconds. Only a failing test waits so long.
PATIENCE=${PATIENCE:-15000}

# The addresses of every test: the gate's, in RFC 5737 and RFC 3849 space, and
# those of the gate that tells that an event has been dealt with (see settle).
V4=192.0.2.53
V6=2001:db8::53
METRONOME=203.0.113.9

PARAM=/sys/module/anygate/parameters
PROTO=166

T_FUNCTION=()
T_TITLE=()

t()
{
	T_TITLE+=("$1")
	shift
	T_FUNCTION+=("$*")
}

note()
{
	echo "# $*"
}

# Both end the case at once, from any depth of function calls.
fail()
{
	note "$*"
	local i
	for ((i = 1; i < ${#FUNCNAME[@]} - 1; i++)); do
		note "  in ${FUNCNAME[i]}, line ${BASH_LINENO[i - 1]}"
	done
	exit $KSFT_FAIL
}

skip()
{
	note "SKIP: $*"
	exit $KSFT_SKIP
}

# --- waiting ---------------------------------------------------------------

now_ms()
{
	local t=$EPOCHREALTIME
	echo $((${t/[.,]/} / 1000))
}

# pause: let others run; the only place that waits by the clock
exec {PAUSE_FD}<> <(:)
pause()
{
	read -r -t 0.01 -u "$PAUSE_FD" _ || true
}

# busywait MILLISECONDS COMMAND...: repeat until it succeeds or time is up
busywait()
{
	local end=$(($(now_ms) + $1))
	shift

	while ! "$@"; do
		[ "$(now_ms)" -lt $end ] || return 1
		pause
	done
}

# eventually WHAT COMMAND...: the same with the usual patience; fails the case
eventually()
{
	local what=$1
	shift
	busywait "$PATIENCE" "$@" && return
	show_all
	fail "waited in vain: $what"
}

# What one wants to know when a test has failed.
show_all()
{
	{
		"$ANYGATECTL" show
		ip -d addr show
		ip route show table all
		ss -lnptu
	} 2>&1 | sed 's/^/#   /'
}

# --- the module and its parameters -----------------------------------------

loaded()
{
	[ -d /sys/module/anygate ]
}

# shellcheck disable=SC2120 # load [PARAMETER=VALUE...]
load()
{
	loaded && return
	if [ -f "$ANYGATE_KO" ]; then
		insmod "$ANYGATE_KO" "$@"
	else
		modprobe anygate "$@"
	fi || fail "the module cannot be loaded"
}

unload()
{
	rmmod anygate || fail "the module cannot be removed"
}

# param NAME VALUE: for the rest of the case
param()
{
	[ -e "$PARAM/$1" ] || fail "no module parameter $1"
	echo "$2" >"$PARAM/$1" || fail "module parameter $1 refuses $2"
}

# From here on only a socket event can be what makes a gate move.
events_only()
{
	param reconcile_ms 0
	param canary_ms 0
}

defaults()
{
	local name value

	loaded || return 0
	while read -r name value; do
		[ "$(cat "$PARAM/$name")" = "$value" ] || param "$name" "$value"
	done <<-END
		reconcile_ms 1000
		degraded_ms 20
		canary_ms 1000
		on_unload remove
	END
}

# --- namespaces -------------------------------------------------------------

NAMESPACES=()

# setup_ns VARIABLE...: named namespaces, for the cases that need more than
# the one they run in
setup_ns()
{
	local variable name

	for variable; do
		name=$variable-$BASHPID-$RANDOM
		ip netns add "$name" || fail "cannot create a namespace"
		NAMESPACES+=("$name")
		ip -n "$name" link set lo up
		printf -v "$variable" %s "$name"
	done
}

# --- anygatectl --------------------------------------------------------------

# ctl ARGUMENT...: must succeed
ctl()
{
	"$ANYGATECTL" "$@" || fail "anygatectl $* failed with status $?"
}

# refused STATUS PATTERN ARGUMENT...: must fail, with this status, with a
# message that contains the pattern, and without output
refused()
{
	local want=$1 pattern=$2 status
	shift 2

	"$ANYGATECTL" "$@" >"$TMP/out" 2>"$TMP/err"
	status=$?
	[ $status = "$want" ] || {
		sed 's/^/#   /' "$TMP/out" "$TMP/err"
		fail "anygatectl $*: status $status, not $want"
	}
	[ -s "$TMP/err" ] || fail "anygatectl $*: no message"
	grep -Eqi -- "$pattern" "$TMP/err" ||
		fail "anygatectl $*: $(cat "$TMP/err") (expected: $pattern)"
	[ -s "$TMP/out" ] && fail "anygatectl $*: output despite the error"
	true
}

# gate PREFIX FILTER: a field of a gate, by a jq filter
gate()
{
	"$ANYGATECTL" -j show | jq -r --arg prefix "$1" \
		".[] | select(.prefix == \$prefix) | $2"
}

gate_is()
{
	[ "$(gate "$1" "$2")" = "$3" ]
}

# expect_gate PREFIX FILTER VALUE: now; and wait_gate: sooner or later
expect_gate()
{
	local got
	got=$(gate "$1" "$2")
	[ "$got" = "$3" ] || fail "gate $1: $2 is '$got', not '$3'"
}

wait_gate()
{
	eventually "gate $1: $2 becomes $3" gate_is "$@"
}

# --- what an outsider sees ----------------------------------------------------

# has_addr ADDRESS/LEN [DEV]: exactly this address; "to" also finds covering ones
has_addr()
{
	local dev=${2:-lo}
	[[ " $(ip -o addr show dev "$dev" 2>/dev/null) " == *" $1 "* ]]
}

lacks_addr()
{
	! has_addr "$@"
}

# route_line PREFIX [SELECTOR...]: what "ip route" has for it
route_line()
{
	local family=-4
	[[ $1 == *:* ]] && family=-6
	ip $family -d route show exact "$@" 2>/dev/null
}

has_route()
{
	[ -n "$(route_line "$@")" ]
}

lacks_route()
{
	[ -z "$(route_line "$@")" ]
}

wait_addr()
{
	eventually "$* is announced" has_addr "$@"
}

wait_no_addr()
{
	eventually "$* is withdrawn" lacks_addr "$@"
}

wait_route()
{
	eventually "route $* appears" has_route "$@"
}

wait_no_route()
{
	eventually "route $* goes away" lacks_route "$@"
}

expect()
{
	"$@" || {
		show_all
		fail "not so: $*"
	}
}

# The whole picture, to be compared before and after.
picture()
{
	ip -d addr show
	ip -d route show table all
	ip -d -6 route show table all
}

# The kernel counts lifetimes and route ages down, and IPv6 lists addresses in
# no promised order.
picture_to()
{
	picture | sed -E 's/ (expires|age) [0-9]+(sec)?//; s/ +$//' | sort >"$1"
}

same_picture()
{
	diff "$1" "$2" >"$TMP/diff" && return
	sed 's/^/#   /' "$TMP/diff"
	fail "$3"
}

# mon_start FILE [ip-monitor object...]: record "ip monitor" in a file. It is
# known to listen when it has seen a marker of ours.
MONITORS=()
mon_start()
{
	local file=$1
	shift
	[ $# -gt 0 ] || set -- address route
	# shellcheck disable=SC2094
	ip -o monitor "$@" >"$file" 2>&1 &
	MONITORS+=($!)
	mon_sync "$file"
}

# mon_sync FILE: everything that has happened before is in the file
MON_MARKS=0
mon_sync()
{
	local mark
	MON_MARKS=$((MON_MARKS + 1))
	mark=198.51.100.$MON_MARKS/32
	eventually "ip monitor to follow" mon_marked "$mark" "$1"
}

mon_marked()
{
	grep -q -F " $1 " "$2" && return
	ip addr add "$1" dev lo 2>/dev/null
	ip addr del "$1" dev lo 2>/dev/null
	grep -q -F " $1 " "$2"
}

# mon_count FILE PATTERN: how many lines tell of it
mon_count()
{
	grep -c -E -- "$2" "$1"
}

# Nothing may have been announced or withdrawn since the monitor was started.
quiet()
{
	local file=$1 address=$2
	mon_sync "$file"
	grep -F -- "$address" "$file" >"$TMP/noise" || return 0
	sed 's/^/#   /' "$TMP/noise"
	fail "$address was touched"
}

# events_start FILE: record the module's events; they come once this returns
events_start()
{
	"$ANYGATECTL" -j monitor >"$1" 2>&1 &
	MONITORS+=($!)
	eventually "the monitor to follow" events_marked "$1"
}

EVENT_MARK=203.0.113.99
events_marked()
{
	grep -q -F $EVENT_MARK "$1" && return
	"$ANYGATECTL" add $EVENT_MARK/32 udp/99
	"$ANYGATECTL" del $EVENT_MARK/32
	grep -q -F $EVENT_MARK "$1"
}

# events FILE FILTER: those that a jq filter selects, one a line
events()
{
	jq -c "select($2)" "$1"
}

has_event()
{
	[ -n "$(events "$@")" ]
}

wait_event()
{
	eventually "an event: $2" has_event "$@"
}

# --- sockets -------------------------------------------------------------------

# sock_start: the process that sk talks to; it ends with the case
sock_start()
{
	[ -x "$SELFTESTS/sock" ] || fail "selftests/sock is not built"
	coproc SOCK { exec "$SELFTESTS/sock"; }
	exec {SOCK_IN}>&"${SOCK[1]}" {SOCK_OUT}<&"${SOCK[0]}"
}

sk_ask()
{
	echo "$*" >&"$SOCK_IN" || fail "sock is gone"
	read -r -t 30 -u "$SOCK_OUT" ANSWER || fail "sock does not answer: $*"
}

# sk COMMAND...: must succeed; what it answers is in $ANSWER
sk()
{
	sk_ask "$*"
	[[ $ANSWER == ok* ]] || fail "sock: $*: $ANSWER"
	ANSWER=${ANSWER#ok}
	ANSWER=${ANSWER# }
}

# sk_err ERRNO COMMAND...: must fail, so
sk_err()
{
	local want=$1
	shift
	sk_ask "$*"
	[ "$ANSWER" = "err $want" ] || fail "sock: $*: $ANSWER, not err $want"
}

# settle: every socket event that has happened until now has been dealt with.
# A second gate is made to close and to open, by socket events too; the engine
# takes events in no other order than they come in.
metronome()
{
	ctl add $METRONOME udp/9 up 0
	sk open metronome udp4 $METRONOME 9
	wait_addr $METRONOME/32
}

settle()
{
	sk close metronome
	wait_no_addr $METRONOME/32
	sk open metronome udp4 $METRONOME 9
	wait_addr $METRONOME/32
}

# --- running ------------------------------------------------------------------

case_exit()
{
	local status=$? name

	[ ${#MONITORS[@]} = 0 ] || kill "${MONITORS[@]}" 2>/dev/null
	declare -F cleanup >/dev/null && cleanup
	for name in "${NAMESPACES[@]}"; do
		ip netns del "$name" 2>/dev/null
	done
	rm -rf "$TMP"
	exit $status
}

# In the new namespace: one case.
run_case()
{
	TMP=$(mktemp -d) || exit $KSFT_FAIL
	trap case_exit EXIT
	trap 'exit $KSFT_FAIL' INT TERM HUP
	ip link set lo up
	# shellcheck disable=SC2119
	load
	defaults
	# shellcheck disable=SC2086 # a function and its arguments
	$1
}

needs()
{
	local tool
	for tool; do
		command -v "$tool" >/dev/null || {
			echo "TAP version 13"
			echo "1..0 # SKIP no $tool"
			exit $KSFT_SKIP
		}
	done
}

run_tests()
{
	local i status failed=0 passed=0 number=0 chosen=() want

	if [ "$1" = --case ]; then
		run_case "$2"
		exit
	fi
	needs ip jq unshare
	echo "TAP version 13"
	if [ "$(id -u)" != 0 ]; then
		echo "1..0 # SKIP not root"
		exit $KSFT_SKIP
	fi
	for i in "${!T_TITLE[@]}"; do
		[ $# = 0 ] && chosen+=("$i")
		for want; do
			case $want in
			$((i + 1)) | "${T_FUNCTION[i]}" | "${T_FUNCTION[i]%% *}")
				chosen+=("$i")
				;;
			esac
		done
	done
	echo "1..${#chosen[@]}"
	for i in "${chosen[@]}"; do
		number=$((number + 1))
		unshare -n bash "$0" --case "${T_FUNCTION[i]}" </dev/null
		status=$?
		case $status in
		"$KSFT_PASS")
			echo "ok $number - ${T_TITLE[i]}"
			passed=$((passed + 1))
			;;
		"$KSFT_SKIP")
			echo "ok $number - ${T_TITLE[i]} # SKIP"
			;;
		*)
			echo "not ok $number - ${T_TITLE[i]}"
			failed=$((failed + 1))
			;;
		esac
	done
	# After a case that was killed; the others have done so themselves.
	(defaults) >/dev/null 2>&1
	[ $failed = 0 ] || exit $KSFT_FAIL
	[ $passed -gt 0 ] || exit $KSFT_SKIP
	exit $KSFT_PASS
}
