#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything at once: listeners of every kind come, go and are killed on gated
# ports, gates are added, changed, ordered about and deleted, others edit their
# addresses, namespaces with live gates are made and end, and the module is
# removed and loaded again under all that. At the end tables, "show" and sockets
# agree, and nothing is left behind.
#
#   HOSTILE_SECONDS=N     how long each part takes (default 60)
#   HOSTILE_PROCESSES=N   how many take part (default 64)
#   HOSTILE_SEED=N        what they do (default: the time)

. "${0%/*}/lib.sh"

HOSTILE_SECONDS=${HOSTILE_SECONDS:-60}
HOSTILE_PROCESSES=${HOSTILE_PROCESSES:-64}
HOSTILE_SEED=${HOSTILE_SEED:-$(date +%s)}
# timeout=3600

CHURN=
start_churn()
{
	"$SELFTESTS/churn" "$HOSTILE_SEED" "$HOSTILE_SECONDS" \
		"$HOSTILE_PROCESSES" >"$TMP/churn" 2>"$TMP/churn.err" &
	CHURN=$!
}

cleanup()
{
	# shellcheck disable=SC2086 # it may be empty
	kill $CHURN 2>/dev/null
}

end_churn()
{
	wait $CHURN || fail "churn: $(cat "$TMP/churn" "$TMP/churn.err")"
	CHURN=
	cat "$TMP/churn"
}

# Gates that agree with the tables and with the sockets, whatever has been.
all_agree()
{
	local i kind
	# What is left is closed: no socket is left, but for nobody's.
	ctl flush
	[ "$("$ANYGATECTL" -j show | jq length)" = 0 ] || fail "not flushed"
	ip addr flush dev lo to 192.0.2.0/24
	ip -6 addr flush dev lo to 2001:db8::/64
	expect none_left
	for i in 53 54 55 56; do
		ctl add 192.0.2.$i udp/53 tcp/54 up 0 shield 100ms stall 1s fatal on
		ctl add 2001:db8::$i udp/54 tcp/53 up 0
	done
	sock_start
	for kind in udp tcp; do
		sk open ${kind}53 ${kind}6 "*" 53 v6only=0 reuseaddr
		sk open ${kind}54 ${kind}6 "*" 54 v6only=0 reuseaddr
	done
	for i in 53 54 55 56; do
		wait_addr 192.0.2.$i/32
		wait_addr 2001:db8::$i/128
		wait_gate 192.0.2.$i/32 .state open
	done
	for kind in udp tcp; do
		sk close ${kind}53
		sk close ${kind}54
	done
	for i in 53 54 55 56; do
		wait_no_addr 192.0.2.$i/32
		wait_no_addr 2001:db8::$i/128
		wait_gate 2001:db8::$i/128 .state closed
	done
	ctl flush
	expect none_left
}

# Nothing of ours, and no address of a gate's.
none_left()
{
	local left
	left=$(ip -o addr show dev lo | grep -E "192\.0\.2\.|2001:db8::")
	left+=$(ip route show table all proto $PROTO)
	left+=$(ip -6 route show table all proto $PROTO)
	[ -z "$left" ] || note "left: $left"
	[ -z "$left" ]
}

# At rest: each gate that is still there says what the tables hold.
shown_is_true()
{
	local prefix announced dev state type
	while read -r prefix announced state type; do
		[ "$type" = address ] || continue
		case $announced in
		true)	has_addr "$prefix" ;;
		*)	lacks_addr "$prefix" ;;
		esac || {
			note "$prefix: $state, announced $announced"
			return 1
		}
	done < <("$ANYGATECTL" -j show |
		 jq -r '.[] | "\(.prefix) \(.announced) \(.state) \(.action)"')
}

churned()
{
	note "seed $HOSTILE_SEED"
	start_churn
	end_churn
	eventually "what is shown to be true" shown_is_true
	note "$("$ANYGATECTL" -j show | jq length) gates at the end"
	all_agree
}

# The same, and the module goes and comes.
reloaded()
{
	local rounds=0 refused=0 more=10
	note "seed $HOSTILE_SEED"
	start_churn
	# Or it would be one of 65 who want a processor.
	renice -n -19 $BASHPID >/dev/null
	while true; do
		if ! kill -0 $CHURN 2>/dev/null; then
			# Emulated and debugged, one removal can take as long as all this.
			if [ $rounds -gt 0 ] || [ $((more--)) = 0 ]; then
				break
			fi
			end_churn
			HOSTILE_SEED=$((HOSTILE_SEED + 1))
			start_churn
		fi
		if rmmod anygate 2>/dev/null; then
			rounds=$((rounds + 1))
			load
		else
			# somebody is in the middle of a dump
			refused=$((refused + 1))
			pause
		fi
	done
	renice -n 0 $BASHPID >/dev/null
	end_churn
	note "removed and loaded $rounds times, $refused times in use"
	[ $rounds -gt 0 ] || fail "never removed, up to seed $HOSTILE_SEED"
	all_agree
	unload
	load
}

t "64 processes and live gates" churned
t "64 processes, and the module is removed and loaded" reloaded

run_tests "$@"
