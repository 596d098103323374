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

SELFTESTS=${BASH_SOURCE[0]%/*}
[ "$SELFTESTS" != "${BASH_SOURCE[0]}" ] || SELFTESTS=.
[[ $SELFTESTS == /* ]] || SELFTESTS=$PWD/$SELFTESTS
ANYGATE_KO=${ANYGATE_KO:-$SELFTESTS/../kmod/anygate.ko}
ANYGATECTL=${ANYGATECTL:-$SELFTESTS/../helper/anygatectl}
[ -x "$ANYGATECTL" ] || ANYGATECTL=anygatectl

# How long anything may take, in milliseconds. Only a failing test waits so long.
PATIENCE=${PATIENCE:-15000}

# How long a fault may take to heal once it has ended: the reconcile's period (see
# defaults), and what has nothing to do with the module: programs have to be started
# to find out, and a loaded host makes an emulated processor stand still meanwhile.
# A debug kernel is SLOW times slower in the latter, and not in the former.
RECONCILE=1000
SLACK=$((1000 * ${SLOW:-1}))
HEAL=$((RECONCILE + SLACK))

# The addresses of every test: the gate's, in RFC 5737 and RFC 3849 space, and
# those of the gate that tells that an event has been dealt with (see settle).
V4=192.0.2.53
V6=2001:db8::53
# What changes anything, where there is a gate of 192.0.2.7/32: a command for each request
# of the specification that does, and for each order.
# shellcheck disable=SC2034
CHANGES=("add $V4/32 udp/53" "change 192.0.2.7/32 udp/8" "del 192.0.2.7/32" flush
	"drain 192.0.2.7/32" "undrain 192.0.2.7/32" "pin 192.0.2.7/32 force"
	"observe 192.0.2.7/32" "unobserve 192.0.2.7/32" "unpin 192.0.2.7/32"
	"undamp 192.0.2.7/32" "lease 192.0.2.7/32 zone up ttl 1h")
METRONOME=203.0.113.9

PARAM=/sys/module/anygate/parameters
PROTO=166

T_FUNCTION=()
T_TITLE=()

t()
{
	local quoted
	T_TITLE+=("$1")
	shift
	printf -v quoted '%q ' "$@"
	T_FUNCTION+=("${quoted% }")
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
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
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
	local end=$((${EPOCHREALTIME/[.,]/} / 1000 + $1))
	shift

	while ! "$@"; do
		((${EPOCHREALTIME/[.,]/} / 1000 < end)) || return 1
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
	local name value present

	loaded || return 0
	while read -r name value; do
		read -r present <"$PARAM/$name"
		[ "$present" = "$value" ] || param "$name" "$value"
	done <<-END
		reconcile_ms $RECONCILE
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

# gate PREFIX FILTER: something about a gate, by a jq filter. A plain field is
# cut out here: on an emulated machine jq takes a third of a second to start.
gate()
{
	local json
	json=$("$ANYGATECTL" -j show "$1" 2>/dev/null) || return
	if [[ $2 =~ ^\.[a-z_]+$ ]]; then
		[[ $json =~ \"${2#.}\":\ *(\"([^\"]*)\"|([a-z0-9]+)) ]] || return
		echo "${BASH_REMATCH[2]}${BASH_REMATCH[3]}"
	else
		jq -r ".[] | $2" <<<"$json"
	fi
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

# has_addr ADDRESS/LEN [DEV]: exactly this address. If there is a process to
# ask, we ask it what the kernel's tables hold; it need not be started.
has_addr()
{
	local dev=${2:-lo}
	if [ -n "$SOCK_IN" ]; then
		sk addr "$1" "$dev"
		[[ $ANSWER == yes* ]]
	else
		[[ " $(ip -o addr show dev "$dev" 2>/dev/null) " == *" $1 "* ]]
	fi
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

await_addr()
{
	sk_ask "await $1 $2 $3 $PATIENCE"
	[ "$ANSWER" = ok ]
}

wait_addr()
{
	[ -z "$SOCK_IN" ] || await_addr yes "$1" "${2:-lo}"
	eventually "$* is announced" has_addr "$@"
}

wait_no_addr()
{
	[ -z "$SOCK_IN" ] || await_addr no "$1" "${2:-lo}"
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

# The whole picture, to be compared before and after; routes of both families.
picture_to()
{
	printf 'addr show\nroute show table all\n' | ip -d -batch - >"$1"
}

# The kernel counts lifetimes and route ages down, and IPv6 lists addresses in
# no promised order.
plain_picture()
{
	sed -E 's/ (expires|age) [0-9]+(sec)?//; s/ +$//' "$1" | sort
}

same_picture()
{
	[ "$(<"$1")" != "$(<"$2")" ] || return 0
	diff <(plain_picture "$1") <(plain_picture "$2") >"$TMP/diff" && return
	sed 's/^/#   /' "$TMP/diff"
	fail "$3"
}

# gates_to FILE [PREFIX]: what "show" has, without what passes by itself: times, and
# the connections, that are counted some time after a withdrawal
gates_to()
{
	"$ANYGATECTL" -j show "${@:2}" |
		jq -S 'map(del(.since_s, .flows, .leases[]?.expires_in_ms))' >"$1"
}

# passes: how often the engine has worked
passes()
{
	local json
	json=$("$ANYGATECTL" -j version) || fail "no version"
	[[ $json =~ \"passes\":\ *([0-9]+) ]] || fail "no passes: $json"
	echo "${BASH_REMATCH[1]}"
}

# passes_since BEFORE N: at least N more than that
passes_since()
{
	[ $(($(passes) - $1)) -ge "$2" ]
}

# mon_start FILE [ip-monitor object...]: record "ip monitor" in a file. It is
# known to listen when it has seen a marker of ours.
#
# An address is gone for those who look before the kernel has told of it, and of its
# routes: that must be over, or the file begins with what was before. It is when
# RTNL, under which it happens, has been ours.
MONITORS=()
mon_start()
{
	local file=$1
	shift
	[ $# -gt 0 ] || set -- address route
	: >"$file"
	if [ -n "$SOCK_IN" ]; then
		sk mark 198.51.100.0
	else
		ip addr del 198.51.100.0/32 dev lo 2>/dev/null
	fi
	ip -o monitor "$@" >>"$file" 2>&1 &
	MONITORS+=($!)
	mon_sync "$file"
}

# mon_sync FILE: everything that has happened before is in the file
MON_MARKS=0
mon_sync()
{
	local mark
	MON_MARKS=$((MON_MARKS + 1))
	mark=198.51.100.$MON_MARKS
	eventually "ip monitor to follow" mon_marked "$mark" "$1"
}

mon_marked()
{
	[[ $(<"$2") == *" $1"[/\ ]* ]] && return
	if [ -n "$SOCK_IN" ]; then
		sk mark "$1"
	else
		ip addr add "$1/32" dev lo 2>/dev/null
		ip addr del "$1/32" dev lo 2>/dev/null
	fi
	[[ $(<"$2") == *" $1"[/\ ]* ]]
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
	: >"$1"
	"$ANYGATECTL" -j monitor >>"$1" 2>&1 &
	MONITORS+=($!)
	eventually "the monitor to follow" events_marked "$1"
}

EVENT_MARK=203.0.113.99
events_marked()
{
	grep -q -F $EVENT_MARK "$1" && return
	ctl add $EVENT_MARK/32 udp/99
	ctl del $EVENT_MARK/32
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
	busywait $PATIENCE has_event "$@" && return
	sed 's/^/#   /' "$1"
	fail "no such event: $2"
}

# --- sockets -------------------------------------------------------------------

# sock_start: the process that sk talks to; it ends with the case
sock_start()
{
	coproc SOCK { exec "$SELFTESTS/sock"; }
	exec {SOCK_IN}>&"${SOCK[1]}" {SOCK_OUT}<&"${SOCK[0]}"
}

sk_ask()
{
	echo "$*" >&"$SOCK_IN" || fail "sock is gone"
	read -r -t $((PATIENCE / 1000 + 30)) -u "$SOCK_OUT" ANSWER || fail "sock does not answer: $*"
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

# defer COMMAND...: when the case ends, however it ends; the last one first
DEFERRED=()
defer()
{
	DEFERRED=("$*" "${DEFERRED[@]}")
}

case_exit()
{
	local status=$? name

	[ ${#MONITORS[@]} = 0 ] || kill "${MONITORS[@]}" 2>/dev/null
	declare -F cleanup >/dev/null && cleanup
	for name in "${DEFERRED[@]}"; do
		eval "$name"
	done
	for name in "${NAMESPACES[@]}"; do
		ip netns del "$name" 2>/dev/null
	done
	exit $status
}

# In the new namespace, with a directory of its own: one case.
run_case()
{
	local status
	TMP=$2
	trap case_exit EXIT
	trap 'exit $KSFT_FAIL' INT TERM HUP
	# shellcheck disable=SC2119
	load
	defaults
	eval "$1"
	status=$?
	: >"$TMP/.ended"
	return $status
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

# is_of_part NUMBER: is that one of the cases to be run here? PART=K/N: of a program
# that says so (PARTED) an Nth; others run elsewhere. Of a pair that differs
# in its family it is not always the same one.
is_of_part()
{
	[ -z "$PARTED" ] || [ -z "$PART" ] ||
		[ $((($1 + $1 / 2) % ${PART#*/})) = "${PART%/*}" ]
}

run_tests()
{
	local i status failed=0 passed=0 number=0 chosen=() want dir

	if [ "$1" = --case ]; then
		run_case "$2" "$3"
		exit
	fi
	needs ip jq
	[ -x "$SELFTESTS/sock" ] || make -s -C "$SELFTESTS" || exit $KSFT_FAIL
	echo "TAP version 13"
	if [ "$(id -u)" != 0 ]; then
		echo "1..0 # SKIP not root"
		exit $KSFT_SKIP
	fi
	for i in "${!T_TITLE[@]}"; do
		[ $# = 0 ] && is_of_part "$i" && chosen+=("$i")
		for want; do
			case $want in
			$((i + 1)) | "${T_FUNCTION[i]}" | "${T_FUNCTION[i]%% *}")
				chosen+=("$i")
				;;
			esac
		done
	done
	if [ ${#chosen[@]} = 0 ]; then
		echo "no such case: $*"
		exit $KSFT_FAIL
	fi
	echo "1..${#chosen[@]}"
	dir=$(mktemp -d) || exit $KSFT_FAIL
	chmod 711 "$dir"
	# shellcheck disable=SC2064
	trap "rm -rf '$dir'" EXIT
	for i in "${chosen[@]}"; do
		number=$((number + 1))
		mkdir "$dir/$number"
		"$SELFTESTS/sock" unshare bash "$0" --case "${T_FUNCTION[i]}" \
			"$dir/$number" </dev/null
		status=$?
		# Nothing passes that has not come to its end.
		if [ $status = $KSFT_PASS ] && [ ! -e "$dir/$number/.ended" ]; then
			note "the case did not run, or left in the middle"
			status=$KSFT_FAIL
		fi
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
