#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# anygatectl: every bad input has a message of its own, the right exit status
# (2 for usage, 1 for a refusal) and no consequences; and what it prints.

. "${0%/*}/lib.sh"

# Time passes, whatever one does.
shown()
{
	local json
	json=$("$ANYGATECTL" -j show)
	[[ $json =~ ^(.*)\"since_s\":\ ?[0-9.]+(.*)$ ]] || fail "no since_s"
	echo "${BASH_REMATCH[1]}${BASH_REMATCH[2]}"
}

# A gate that must not change, beside whatever is tried.
given()
{
	events_only
	ctl add 192.0.2.7/32 udp/7 up 0
	BEFORE=$(shown)
	picture_to "$TMP/picture.before"
}

unchanged()
{
	local after
	after=$(shown)
	[ "$after" = "$BEFORE" ] || fail "a gate has changed:
# $BEFORE
# $after"
	picture_to "$TMP/picture.after"
	same_picture "$TMP/picture.before" "$TMP/picture.after" \
		"the tables have changed"
}

# usage|refusal PATTERN ARGUMENT...: the case's whole work
usage()
{
	given
	refused 2 "$@"
	unchanged
}

refusal()
{
	given
	refused 1 "$@"
	unchanged
}

# The titles say what is wrong with it.
bad()
{
	local title=$1
	shift
	t "$title" "$@"
}

bad "unknown verb"		usage gat gat
bad "unknown protocol"		usage proto add $V4/32 dccp/53
bad "protocol and port the wrong way around" usage 53/udp add $V4/32 53/udp
bad "unknown keyword"		usage colour add $V4/32 udp/53 colour red
bad "a keyword twice"		usage up add $V4/32 udp/53 up 1s up 2s
bad "a keyword without a value"	usage hold add $V4/32 udp/53 hold
bad "a bad value for a switch"	usage hold add $V4/32 udp/53 hold maybe
bad "a time without a unit"	usage unit add $V4/32 udp/53 up 5
bad "a time that is none"	usage up add $V4/32 udp/53 up soon
bad "a time that is too long"	usage up add $V4/32 udp/53 up 2h
bad "a negative time"		usage down add $V4/32 udp/53 down -1s
bad "port 0"			usage "port|0" add $V4/32 udp/0
bad "port 70000"		usage 70000 add $V4/32 udp/70000
bad "a port that is no number"	usage nosuchservice add $V4/32 udp/nosuchservice
bad "an empty port"		usage udp/ add $V4/32 udp/
bad "metric 0"			usage metric add $V4/32 udp/53 action route metric 0
bad "no service"		usage service add $V4/32
bad "no prefix"			usage prefix add
bad "a prefix that is none"	usage 192.0.2.300 add 192.0.2.300/32 udp/53
bad "a prefix length that is too long" usage 33 add $V4/33 udp/53
bad "host bits set in a covering prefix" usage "host bits|192.0.2.0/24" \
	add $V4/24 $V4:udp/53
bad "host bits set in a covering prefix, IPv6" usage "host bits|2001:db8::/64" \
	add $V6/64 "[$V6]:udp/53"
bad "action address on a covering prefix" usage "address" \
	add 192.0.2.0/24 $V4:udp/53 action address
bad "a service outside the prefix" usage "outside" \
	add 192.0.2.0/24 198.51.100.1:udp/53
bad "a service outside a host prefix" usage "outside" \
	add $V4/32 192.0.2.54:udp/53
bad "a service of the other family" usage "IPv6" add $V4/32 "[$V6]:udp/53"
bad "a service of the other family, IPv6" usage "IPv4" add $V6/128 $V4:udp/53
bad "a covering prefix whose service has no address" usage "address" \
	add 192.0.2.0/24 udp/53
bad "a shield that is no time"	usage "shield soon" add $V4/32 udp/53 shield soon
bad "a shield that is too long"	usage "shield 2h.*1h" add $V4/32 udp/53 shield 2h
bad "a stall time that is too short" usage "stall 50ms.*100ms to 1h" \
	add $V4/32 udp/53 stall 50ms
bad "a stall time without a unit" usage "unit" change 192.0.2.7/32 stall 5
bad "a bad value for stall-members" usage "all or any" \
	change 192.0.2.7/32 stall-members most
bad "a bad value for fatal"	usage "off or on" add $V4/32 udp/53 fatal 1
bad "a wait for no time"	usage "wait" drain 192.0.2.7/32 wait for 0
bad "a wait for one that is not there" refusal "no such gate" drain $V4/32 wait
bad "counters of a gate that is not there" refusal "no such gate" stats $V4/32
bad "counters of a group that is not there" refusal "no gate has this name" \
	stats nodns
bad "metrics of something"	usage "unknown format|too much" metrics 192.0.2.7/32
bad "the same service twice"	usage "udp/53" add $V4/32 udp/53 udp/53
bad "a device name that is too long" usage "abcdefghijklmnop" \
	add $V4/32 udp/53 dev abcdefghijklmnop
bad "a prefix that has a gate already" refusal "already|exist" \
	add 192.0.2.7/32 udp/53
bad "a missing device"		refusal "nosuchdev" \
	add $V4/32 udp/53 dev nosuchdev
bad "a missing device to listen on" refusal "nosuchdev" \
	add $V4/32 udp/53 listen-dev nosuchdev
bad "change of a gate that is not there" refusal "no such gate" \
	change $V4/32 udp/53
bad "change to a missing device" refusal "nosuchdev" \
	change 192.0.2.7/32 dev nosuchdev
bad "change of nothing"		usage "change|nothing|what" change 192.0.2.7/32
bad "removal of a gate that is not there" refusal "no such gate" del $V4/32
bad "removal of nothing"	usage "prefix" del
bad "a missing namespace"	refusal "nosuchns" -n nosuchns show
bad "an unknown option"		usage "" --nosuchoption show

no_module()
{
	unload
	picture_to "$TMP/before"
	refused 1 "module|modprobe|loaded" add $V4/32 udp/53
	refused 1 "module|modprobe|loaded" show
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "the tables have changed"
	# and no module has come up behind our back
	loaded && fail "loaded by asking"
	true
}

no_privilege()
{
	given
	command -v setpriv >/dev/null || skip "no setpriv"
	local ctl=$ANYGATECTL command
	cp "$ctl" "$TMP/ctl" && chmod 755 "$TMP/ctl"
	for command in "${CHANGES[@]}"; do
		# shellcheck disable=SC2086
		setpriv --reuid 65534 --regid 65534 --clear-groups \
			--inh-caps=-all "$TMP/ctl" $command >"$TMP/out" 2>"$TMP/err"
		[ $? = 1 ] || fail "$command: not status 1: $(cat "$TMP/err")"
		grep -Eqi "privilege|permission|permitted|root|CAP_NET_ADMIN" \
			"$TMP/err" || fail "$command: $(cat "$TMP/err")"
	done
	unchanged
	# to look is no privilege
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		"$TMP/ctl" -j show >"$TMP/out" || fail "not allowed to look"
	[ "$(jq length "$TMP/out")" = 1 ] || fail "sees nothing"
}

# --- what it prints -----------------------------------------------------------

shows_text()
{
	local column
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4/32 udp/53 up 0
	ctl add $V6/128 tcp/443 up 0
	ctl show >"$TMP/out"
	sed 's/^/# /' "$TMP/out"
	for column in $V4 $V6 open closed udp/53 tcp/443; do
		grep -q -F "$column" "$TMP/out" || fail "nothing about $column"
	done
	[ "$(grep -c -F $V4 "$TMP/out")" = 1 ] || fail "not one line per gate"
	# no verb is the same as show
	"$ANYGATECTL" | grep -q -F $V4 || fail "nothing without a verb"
	ctl show $V6/128 >"$TMP/out"
	grep -q -F $V4 "$TMP/out" && fail "shows more than asked for"
	grep -q -F $V6 "$TMP/out" || fail "does not show what was asked for"
}

shows_json()
{
	events_only
	sock_start
	sk open a udp4 $V4 53 freebind
	ctl add $V4/32 udp/53 up 0 down 250ms
	ctl -j show | jq -e --arg p $V4/32 '
		length == 1 and .[0].prefix == $p and
		.[0].action == "address" and .[0].dev == "lo" and
		.[0].hold == true and .[0].up_ms == 0 and .[0].down_ms == 250 and
		.[0].state == "open" and .[0].reason == "listener" and
		.[0].announced == true and .[0].difference == "none" and
		.[0].adopted == false and .[0].contested == 0 and
		(.[0].services | length == 1) and
		.[0].services[0].service == "udp/53" and
		.[0].services[0].protocol == "udp" and
		.[0].services[0].port == 53 and
		.[0].services[0].listeners == 1' >"$TMP/out" || {
		"$ANYGATECTL" -j show | sed 's/^/# /'
		fail "not as specified"
	}
	ctl -j -p show | jq -e . >/dev/null || fail "-p is not JSON"
	ctl flush
	[ "$("$ANYGATECTL" -j show | jq -c .)" = "[]" ] || fail "no gate is not []"
}

# Who closed the last listener.
names_the_closer()
{
	local pid
	events_only
	sock_start
	sk spawn kid
	pid=$ANSWER
	sk @kid open a udp4 "*" 53
	ctl add $V4/32 udp/53 up 0
	events_start "$TMP/events"
	sk @kid close a
	wait_no_addr $V4/32
	expect_gate $V4/32 .closer.pid $pid
	expect_gate $V4/32 .closer.comm sock
	wait_event "$TMP/events" ".kind == \"transition\" and
		.prefix == \"$V4/32\" and .old_state == \"open\" and
		.state == \"closed\" and .reason == \"no-listener\" and
		.source == \"probe\" and .pid == $pid and .comm == \"sock\" and
		.service == \"udp/53\" and .total_ns > 0 and
		.wait_ns + .probe_ns + .act_ns <= .total_ns + 1000000"
}

# One line per transition, in order, none lost, each numbered.
monitors()
{
	local i
	events_only
	sock_start
	events_start "$TMP/events"
	ctl add $V4/32 udp/53 up 0
	for i in 1 2 3 4 5; do
		sk open a udp4 "*" 53
		wait_addr $V4/32
		sk close a
		wait_no_addr $V4/32
	done
	ctl change $V4/32 up 1s
	ctl del $V4/32
	wait_event "$TMP/events" ".kind == \"deleted\" and .prefix == \"$V4/32\""
	[ "$(events "$TMP/events" ".kind == \"transition\" and
		.prefix == \"$V4/32\"" | jq -r .state | xargs)" = \
		"open closed open closed open closed open closed open closed" ] || {
		sed 's/^/# /' "$TMP/events"
		fail "not every transition, or not in order"
	}
	[ "$(events "$TMP/events" ".kind == \"added\" and
		.prefix == \"$V4/32\"" | wc -l)" = 1 ] || fail "no \"added\""
	[ "$(events "$TMP/events" ".kind == \"changed\" and
		.prefix == \"$V4/32\"" | wc -l)" = 1 ] || fail "no \"changed\""
	jq -s -e '[.[].seq] | . == [range(.[0]; .[0] + length)]' "$TMP/events" \
		>/dev/null || fail "numbers are missing"
}

prints_help()
{
	local verb
	ctl help >"$TMP/out"
	for verb in add change del show stats metrics flush drain monitor version \
		    help; do
		grep -qw $verb "$TMP/out" || fail "help says nothing about $verb"
	done
	ctl version >"$TMP/out"
	grep -Eq '[0-9]+\.[0-9]+' "$TMP/out" || fail "no version: $(cat "$TMP/out")"
}

stats_has()
{
	"$ANYGATECTL" -j stats $V4 | jq -e ".[0] | $1" >/dev/null
}

# Connections that nobody accepts, in show and in stats.
shows_queues()
{
	local i inode
	sock_start
	sk open a tcp4 "*" 53
	inode=$(ss -Hltne | grep -o 'ino:[0-9]*')
	inode=${inode#ino:}
	ctl add $V4/32 tcp/53 up 0
	wait_addr $V4/32
	for i in 1 2 3; do
		sk socket c$i tcp4
		sk connect c$i $V4 53
	done
	wait_gate $V4/32 '.services[0].queue' 3
	expect_gate $V4/32 '.services[0] | .limit > 3 and .drops == 0 and
		.stalled == 0 and .dying == 0 and .age_ms >= 0' true
	ctl show $V4 >"$TMP/out"
	grep -q '^service: tcp/53, 1 listener, queue 3/' "$TMP/out" ||
		fail "no queue: $(cat "$TMP/out")"
	ctl -j stats $V4 >"$TMP/out"
	jq -e --argjson inode "$inode" '.[0] | .prefix == "'$V4/32'" and
		.transitions.listener == 1 and .errors == 0 and
		(.latency.buckets | length) > 10 and .left_off == 0 and
		(.latency | .count == ([.buckets[].count] | add)) and
		(.listeners | length) == 1 and (.listeners[0] |
			.service == "tcp/53" and .address == "'$V4'" and
			.inode == $inode and .queue == 3 and .age_ms >= 0 and
			(.stalled or .dying | not))' "$TMP/out" >/dev/null || {
		sed 's/^/# /' "$TMP/out"
		fail "not as specified; the inode is $inode"
	}
	ctl stats >"$TMP/out"
	grep -Eq "^  tcp/53 +$inode +3 " "$TMP/out" ||
		fail "no listener: $(cat "$TMP/out")"
	sk close a
	wait_no_addr $V4/32
	eventually "its listener to be gone" stats_has '.listeners == []'
	stats_has '.transitions["no-listener"] == 1' || {
		"$ANYGATECTL" stats | sed 's/^/# /'
		fail "not counted"
	}
	# Nobody knows how late it is what the reconcile happens to see first.
	for i in 1 2 3 4 5; do
		! stats_has '.latency.count >= 1 and .latency.sum_ns > 0' || return 0
		sk open a tcp4 "*" 53
		wait_addr $V4/32
		sk close a
		wait_no_addr $V4/32
		eventually "it to be counted" stats_has ".transitions[\"no-listener\"] > $i"
	done
	"$ANYGATECTL" stats | sed 's/^/# /'
	fail "no latency"
}

# wait_drained STATUS PATTERN ARGUMENT...: "drain" in the background has ended
wait_drained()
{
	local want=$1 pattern=$2 status
	wait "$DRAIN"
	status=$?
	[ $status = "$want" ] || fail "drain: status $status, not $want: $(
		cat "$TMP/out" "$TMP/err")"
	cat "$TMP/out" "$TMP/err" | grep -q "$pattern" ||
		fail "drain: $(cat "$TMP/out" "$TMP/err") (expected: $pattern)"
}

drain_start()
{
	"$ANYGATECTL" drain "$@" >"$TMP/out" 2>"$TMP/err" &
	DRAIN=$!
	eventually "drain to tell" grep -q connection "$TMP/out"
}

# One connection, as others see it: the client's end has another address.
drains()
{
	sock_start
	events_start "$TMP/events"
	sk open a tcp4 "*" 53
	ctl add $V4/32 tcp/53 up 0
	wait_addr $V4/32
	sk socket client tcp4
	sk bind client 127.0.0.1 5000
	sk connect client $V4 53
	sk accept a server
	[ "$(ctl drain $V4)" = "$V4/32: 1 established TCP connection" ] ||
		fail "not one connection"
	wait_event "$TMP/events" ".kind == \"flows\" and .flows == 1 and
		.prefix == \"$V4/32\""
	expect_gate $V4/32 .flows 1
	expect_gate $V4/32 .state drained
	# the time is up
	drain_start $V4 for 1h wait for 300ms
	wait_drained 3 "1 established TCP connection left after"
	expect_gate $V4/32 '.order_left_ms > 3000000' true
	"$ANYGATECTL" -j drain $V4 wait for 1ms >"$TMP/out"
	[ $? = 3 ] || fail "not status 3"
	jq -e '.flows == 1 and .ended == false and .status == 3 and
		.gates[0].flows == 1' "$TMP/out" >/dev/null ||
		fail "not as specified: $(cat "$TMP/out")"
	# somebody has had enough
	drain_start $V4 wait
	kill -TERM $DRAIN
	wait_drained 3 "interrupted .*1 established.*the drain stays in force"
	expect_gate $V4/32 .state drained
	# another one revokes it
	drain_start $V4 wait
	ctl undrain $V4
	wait_drained 1 "was revoked"
	# and at last it ends
	drain_start $V4 wait
	sk close client
	sk close server
	wait_drained 0 "no established TCP connection left"
	expect_gate $V4/32 .flows 0
	expect_gate $V4/32 .state drained
	"$ANYGATECTL" -j drain $V4 wait for 1h | jq -e '.ended and .flows == 0' \
		>/dev/null || fail "not as specified"
}

metrics()
{
	command -v promtool >/dev/null || skip "no promtool (package prometheus)"
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4/32 udp/53 tcp/53 need any up 0 name dns shield 5s stall 2s \
		damp on require zone
	ctl add $V6/128 tcp/443
	ctl lease dns zone up ttl 1h
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
	ctl metrics >"$TMP/out"
	promtool check metrics <"$TMP/out" >"$TMP/err" 2>&1 ||
		fail "promtool: $(cat "$TMP/err")"
	[ -s "$TMP/err" ] && fail "promtool: $(cat "$TMP/err")"
	[ "$(tail -n 1 "$TMP/out")" = "# EOF" ] || fail "no end"
	has_sample "anygate_gate_state{prefix=\"$V4/32\",name=\"dns\",state=\"closed\"} 1"
	has_sample "anygate_gate_announced{prefix=\"$V6/128\",name=\"\"} 0"
	has_sample "anygate_transitions_total{prefix=\"$V4/32\",name=\"dns\",reason=\"no-listener\"} 1"
	has_sample "anygate_lease_up{prefix=\"$V4/32\",name=\"dns\",lease=\"zone\"} 1"
	has_sample "anygate_shield_up{prefix=\"$V4/32\",name=\"dns\"} 1"
	has_sample "anygate_gate_damping_penalty{prefix=\"$V4/32\",name=\"dns\"} 9[0-9][0-9]|1000"
	has_sample "anygate_actuation_latency_seconds_count{prefix=\"$V4/32\",name=\"dns\"} [1-9]"
	has_sample "anygate_probes_state{state=\"live\"} 1"
}

has_sample()
{
	grep -q -- "^${1//|/\\|}" "$TMP/out" || {
		grep -- "^${1%%\{*}" "$TMP/out" | sed 's/^/# /'
		fail "no $1"
	}
}

# A reader that goes away, and a disk that is full.
output_errors()
{
	ctl add $V4/32 udp/53
	if [ -c /dev/full ]; then
		"$ANYGATECTL" show >/dev/full 2>"$TMP/err" && fail "no error"
		[ -s "$TMP/err" ] || fail "no message"
	fi
	"$ANYGATECTL" show 2>"$TMP/err" | true
	grep -qi "abort\|segfault" "$TMP/err" && fail "died of it"
	true
}

t "the module is not loaded" no_module
t "no privilege" no_privilege
t "show: a table" shows_text
t "show: JSON" shows_json
t "who closed the last listener, and how long each step took" names_the_closer
t "monitor: every transition once and in order" monitors
t "queues and listeners: show and stats" shows_queues
t "drain: how many connections are left, and the wait for their end" drains
t "metrics: promtool has nothing against them" metrics
t "help and version" prints_help
t "output that goes nowhere" output_errors

run_tests "$@"
