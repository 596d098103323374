#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Leases: verdicts of outside checks, and the check that keeps one.

. "$(dirname "$0")/lib.sh"

LATE=4000

# requiring GATE KIND [KEY VALUE]...: a gate whose service lives
requiring()
{
	events_only
	sock_start
	sk open a "$2" "*" 53
	ctl add "$1" udp/53 up 0 "${@:3}"
}

# lease NAME: the verdict that show has for it
lease_is()
{
	gate_is "$1" ".leases[] | select(.name == \"$2\") | .verdict" "$3"
}

each()
{
	local gate=$1 kind=$2
	requiring "$gate" "$kind" require zone,dig
	metronome
	expect lacks_addr "$gate"
	expect_gate "$gate" .state closed
	expect_gate "$gate" .reason lease-missing
	expect lease_is "$gate" zone none
	ctl lease "$gate" zone up ttl 1h
	expect lacks_addr "$gate"
	expect_gate "$gate" .reason lease-missing
	expect lease_is "$gate" zone up
	"$ANYGATECTL" show | grep -q "lease dig missing" || fail "not shown"
	ctl lease "$gate" dig up ttl 1h
	expect has_addr "$gate"
	expect_gate "$gate" .state open
	expect_gate "$gate" '.leases[0].expires_in_ms | . > 3500000 and . <= 3600000' true
	# either of them
	ctl lease "$gate" zone down ttl 1h
	expect lacks_addr "$gate"
	expect_gate "$gate" .reason lease-down
	"$ANYGATECTL" show | grep -q "lease zone down" || fail "not shown"
	ctl lease "$gate" zone up ttl 1h
	expect has_addr "$gate"
	ctl lease "$gate" dig down ttl 1h
	expect lacks_addr "$gate"
	ctl lease "$gate" dig up ttl 1h
	expect has_addr "$gate"
	# and the service itself
	sk close a
	wait_no_addr "$gate"
	wait_gate "$gate" .reason no-listener
	ctl lease "$gate" dig down ttl 1h
	sk open a "$kind" "*" 53
	settle
	expect lacks_addr "$gate"
	expect_gate "$gate" .reason lease-down
	ctl lease "$gate" dig up ttl 1h
	expect has_addr "$gate"
}

delays()
{
	requiring $V4/32 udp4 require zone down 1h
	ctl change $V4 up 1h
	ctl lease $V4 zone up ttl 1h
	expect_gate $V4/32 .state opening
	ctl change $V4 up 0
	expect has_addr $V4/32
	ctl lease $V4 zone down ttl 1h
	expect_gate $V4/32 .state closing
	expect has_addr $V4/32
	ctl change $V4 down 0
	expect lacks_addr $V4/32
	expect_gate $V4/32 .reason lease-down
}

expires_withdraw()
{
	local gate=$1 kind=$2 start elapsed
	requiring "$gate" "$kind" require zone
	expect_gate "$gate" .on_expiry withdraw
	events_start "$TMP/events"
	start=$(now_ms)
	ctl lease "$gate" zone up ttl 1500ms
	expect has_addr "$gate"
	wait_no_addr "$gate"
	elapsed=$(($(now_ms) - start))
	note "withdrawn after $elapsed ms"
	((elapsed >= 1500)) || fail "too early"
	((elapsed <= 1500 + LATE)) || fail "too late"
	wait_gate "$gate" .reason lease-expired
	"$ANYGATECTL" show | grep -q "lease zone expired" || fail "not shown"
	wait_event "$TMP/events" '.kind == "transition" and .state == "closed" and
		.reason == "lease-expired" and .source == "timer"'
	wait_event "$TMP/events" '.kind == "lease" and .source == "timer"'
	ctl lease "$gate" zone up ttl 1h
	expect has_addr "$gate"
	# the last word counts, also when it is a shorter one
	ctl lease "$gate" zone up ttl 1ms
	wait_no_addr "$gate"
}

# The last word was down, and who said it has gone: no word is no better.
expires_down()
{
	local gate=$1 kind=$2
	requiring "$gate" "$kind" require zone
	ctl lease "$gate" zone up ttl 1h
	expect has_addr "$gate"
	ctl lease "$gate" zone down ttl 1500ms
	expect lacks_addr "$gate"
	expect_gate "$gate" .reason lease-down
	wait_gate "$gate" .reason lease-expired
	expect lacks_addr "$gate"
	expect_gate "$gate" .state closed
}

expires_ignore()
{
	local gate=$1 kind=$2
	requiring "$gate" "$kind" require zone,dig on-expiry ignore
	metronome
	events_start "$TMP/events"
	# never reported is not the same as run out
	expect lacks_addr "$gate"
	expect_gate "$gate" .reason lease-missing
	ctl lease "$gate" dig up ttl 1h
	ctl lease "$gate" zone up ttl 300ms
	expect has_addr "$gate"
	mon_start "$TMP/mon"
	wait_event "$TMP/events" '.kind == "lease" and .source == "timer"'
	settle
	quiet "$TMP/mon" "${gate%/*}"
	expect_gate "$gate" .state open
	# one that says down, says so until it runs out
	ctl lease "$gate" zone down ttl 1500ms
	expect lacks_addr "$gate"
	wait_addr "$gate"
	# another opinion about what has run out already
	mon_start "$TMP/mon2"
	ctl change "$gate" on-expiry withdraw
	expect lacks_addr "$gate"
	expect_gate "$gate" .reason lease-expired
	ctl change "$gate" on-expiry ignore
	expect has_addr "$gate"
}

# A check reports every few seconds, for years.
renewals()
{
	local i before
	requiring $V4/32 udp4 require zone
	metronome
	events_start "$TMP/events"
	ctl lease $V4 zone up ttl 1h
	wait_event "$TMP/events" '.kind == "lease"'
	before=$(events "$TMP/events" ".prefix == \"$V4/32\"" | wc -l)
	mon_start "$TMP/mon"
	for i in 1 2 3 4 5; do
		ctl lease $V4 zone up ttl ${i}h
	done
	expect_gate $V4/32 '.leases[0].expires_in_ms > 17000000' true
	ctl lease $V4 zone down ttl 1h
	ctl lease $V4 zone down ttl 2h
	wait_event "$TMP/events" '.kind == "lease" and .leases[0].verdict == "down"'
	settle
	wait_event "$TMP/events" ".prefix == \"$METRONOME/32\" and .state == \"open\""
	# the two of the change, the lease's own and the transition; how many
	# connections are left is told when there is time
	[ "$(events "$TMP/events" ".prefix == \"$V4/32\" and .kind != \"flows\"" |
		wc -l)" = $((before + 2)) ] ||
		fail "$(events "$TMP/events" ".prefix == \"$V4/32\"")"
}

# What is required is changed, and what has been reported stays known.
changed()
{
	local gate=$1 kind=$2
	requiring "$gate" "$kind" require zone,dig
	metronome
	ctl lease "$gate" zone up ttl 1h
	ctl lease "$gate" dig up ttl 1h
	expect has_addr "$gate"
	mon_start "$TMP/mon"
	ctl change "$gate" require zone
	ctl change "$gate" require none
	ctl change "$gate" down 0
	settle
	quiet "$TMP/mon" "${gate%/*}"
	expect_gate "$gate" '.leases | length' 0
	# forgotten, and so missing
	ctl change "$gate" require zone
	expect lacks_addr "$gate"
	expect_gate "$gate" .reason lease-missing
	ctl lease "$gate" zone up ttl 1h
	expect has_addr "$gate"
	# one more that nobody has reported yet
	ctl change "$gate" require dig,zone
	expect lacks_addr "$gate"
	expect lease_is "$gate" zone up
	expect lease_is "$gate" dig none
	ctl lease "$gate" dig up ttl 1h
	expect has_addr "$gate"
	mon_start "$TMP/mon2"
	ctl change "$gate" require zone,dig
	ctl change "$gate" require dig
	settle
	quiet "$TMP/mon2" "${gate%/*}"
	expect lease_is "$gate" dig up
}

bad()
{
	requiring $V4/32 udp4 require zone
	ctl lease $V4 zone up ttl 1h
	expect has_addr $V4/32
	metronome
	mon_start "$TMP/mon"
	refused 1 "does not require" lease $V4 other down ttl 1h
	refused 1 "no such gate" lease $V6 zone down ttl 1h
	refused 2 "ttl 0.*1ms to 49d" lease $V4 zone down ttl 0
	refused 2 "ttl 50d.*49d" lease $V4 zone down ttl 50d
	refused 2 "time to live" lease $V4 zone down
	refused 2 "verdict" lease $V4 zone
	refused 2 "\"sideways\"" lease $V4 zone sideways ttl 1h
	refused 2 "name of the lease" lease $V4
	refused 2 "1zone" lease $V4 1zone down ttl 1h
	refused 2 "zone is given twice" change $V4 require zone,zone
	refused 2 "name is missing" change $V4 require zone,
	refused 2 "at most 16" change $V4 require \
		a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q
	refused 2 "at most 31" change $V4 require a2345678901234567890123456789012
	refused 2 "unknown on-expiry \"explode\"" change $V4 on-expiry explode
	settle
	quiet "$TMP/mon" $V4
	ctl change $V4 require a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p
	expect_gate $V4/32 '.leases | length' 16
}

# Each namespace, each gate: what is said of one is not said of the other.
apart()
{
	local ns
	requiring $V4/32 udp4 require zone
	setup_ns ns
	ctl add $V6 udp/53 up 0 require zone
	ctl -n "$ns" add $V4 udp/53 up 0 require zone
	ctl lease $V4 zone up ttl 1h
	expect has_addr $V4/32
	expect lease_is $V6/128 zone none
	[ "$("$ANYGATECTL" -n "$ns" -j show | jq -r '.[0].leases[0].verdict')" = none ] ||
		fail "reported in another namespace"
}

# --- check ----------------------------------------------------------------------

# check_start ARGUMENT...: anygatectl check, in the background
check_start()
{
	"$ANYGATECTL" check "$@" >"$TMP/check" 2>"$TMP/check.err" &
	CHECK=$!
	MONITORS+=("$CHECK")
}

# What it has said is of interest when a case has failed.
cleanup()
{
	# shellcheck disable=SC2154 # of case_exit
	[ "$status" = 0 ] || [ ! -e "$TMP/check" ] ||
		sed 's/^/#   check: /' "$TMP/check" "$TMP/check.err"
}

# A probe that succeeds as long as a file is there.
check()
{
	local gate=$1 kind=$2 start
	requiring "$gate" "$kind" require probe
	metronome
	touch "$TMP/good"
	check_start "$gate" probe every 200ms timeout 5s rise 2 fall 3 -- \
		bash -c "echo run >>'$TMP/runs'; [ -e '$TMP/good' ]"
	wait_addr "$gate"
	[ "$(wc -l <"$TMP/runs")" -ge 2 ] || fail "up before it had risen"
	grep -q "probe up" "$TMP/check" || fail "nothing said"
	# renewed, over and over: longer than any one report would have lasted
	mon_start "$TMP/mon"
	start=$(now_ms)
	eventually "the check to go on for a while" lasted "$start" 9000
	quiet "$TMP/mon" "${gate%/*}"
	expect_gate "$gate" .state open

	: >"$TMP/runs"
	rm "$TMP/good"
	wait_no_addr "$gate"
	expect_gate "$gate" .reason lease-down
	[ "$(wc -l <"$TMP/runs")" -ge 3 ] || fail "down before it had fallen"
	eventually "the check to say so" grep -q "probe down" "$TMP/check"
	touch "$TMP/good"
	wait_addr "$gate"
	# nobody checks any more, and nobody says so
	kill -KILL $CHECK
	wait_no_addr "$gate"
	expect_gate "$gate" .reason lease-expired
}

lasted()
{
	[ $(($(now_ms) - $1)) -ge "$2" ]
}

# One that hangs has failed.
check_hangs()
{
	requiring $V4/32 udp4 require probe
	ctl lease $V4 probe up ttl 1h
	expect has_addr $V4/32
	# Time enough to begin: it tells its number first.
	check_start $V4 probe every $((300 * ${SLOW:-1}))ms timeout $((200 * ${SLOW:-1}))ms rise 1 fall 2 -- \
		bash -c "echo \$\$ >>'$TMP/pids'; exec sleep 1000"
	wait_no_addr $V4/32
	expect_gate $V4/32 .reason lease-down
	eventually "the check to say so" grep -q "timed out" "$TMP/check"
	kill $CHECK
	wait $CHECK || fail "status $? when told to stop"
	eventually "the probes to be gone" no_probes
}

no_probes()
{
	local pid
	[ -s "$TMP/pids" ] || return
	while read -r pid; do
		! kill -0 "$pid" 2>/dev/null || return
	done <"$TMP/pids"
}

# It outlives the gate and the module, and reports when they are back.
check_goes_on()
{
	requiring $V4/32 udp4 require probe
	check_start $V4 probe every 200ms rise 1 -- true
	wait_addr $V4/32
	ctl del $V4
	eventually "the check to complain" grep -qi "no such gate" "$TMP/check.err"
	ctl add $V4 udp/53 up 0 require probe
	wait_addr $V4/32
	unload
	eventually "the check to complain" grep -Eqi "module|loaded" "$TMP/check.err"
	load
	ctl add $V4 udp/53 up 0 require probe
	wait_addr $V4/32
	kill -0 $CHECK 2>/dev/null || fail "it has ended"
}

check_bad()
{
	requiring $V4/32 udp4 require probe
	refused 1 "/nonexistent" check $V4 probe -- /nonexistent
	refused 2 "command is missing" check $V4 probe
	refused 2 "command is missing" check $V4 probe every 5s --
	refused 2 "name of the lease" check $V4 -- true
	refused 2 "rise 0" check $V4 probe rise 0 -- true
	refused 2 "every 0" check $V4 probe every 0 -- true
	refused 2 "keyword" check $V4 probe sometimes 5s -- true
}

t "each of two leases is needed, v4" each $V4/32 udp4
t "each of two leases is needed, v6" each $V6/128 udp6
t "delays count for leases as well" delays
t "a lease that runs out withdraws, v4" expires_withdraw $V4/32 udp4
t "a lease that runs out withdraws, v6" expires_withdraw $V6/128 udp6
t "a lease that said down runs out, and that withdraws, too, v4" expires_down $V4/32 udp4
t "a lease that said down runs out, and that withdraws, too, v6" expires_down $V6/128 udp6
t "a lease that runs out is ignored if wanted, v4" expires_ignore $V4/32 udp4
t "a lease that runs out is ignored if wanted, v6" expires_ignore $V6/128 udp6
t "renewals are no news" renewals
t "what is required is changed, v4" changed $V4/32 udp4
t "what is required is changed, v6" changed $V6/128 udp6
t "what is refused" bad
t "leases belong to one gate in one namespace" apart
t "a check keeps a lease, takes it down, and dies, v4" check $V4/32 udp4
t "a check keeps a lease, takes it down, and dies, v6" check $V6/128 udp6
t "a probe that hangs has failed" check_hangs
t "a check outlives the gate and the module" check_goes_on
t "a check that makes no sense" check_bad

run_tests "$@"
