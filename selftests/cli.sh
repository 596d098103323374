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
	for command in "add $V4/32 udp/53" "change 192.0.2.7/32 udp/8" \
		       "del 192.0.2.7/32" flush; do
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
	for verb in add change del show flush monitor version help; do
		grep -qw $verb "$TMP/out" || fail "help says nothing about $verb"
	done
	ctl version >"$TMP/out"
	grep -Eq '[0-9]+\.[0-9]+' "$TMP/out" || fail "no version: $(cat "$TMP/out")"
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
t "help and version" prints_help
t "output that goes nowhere" output_errors

run_tests "$@"
