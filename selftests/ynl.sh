#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The specification is all that a client needs: the kernel's own YNL client
# (tools/net/ynl in the kernel's source; YNL_DIR says where) drives the module
# with nothing else, and it validates the specification with the schema beside
# it. Binary attributes are given as hexadecimal strings.

. "${0%/*}/lib.sh"

SPEC=$SELFTESTS/../Documentation/netlink/specs/anygate.yaml
PYTHON=${PYTHON:-/usr/bin/python3}

find_client()
{
	local dir
	for dir in "$YNL_DIR" /usr/src/linux-source-*/tools/net/ynl \
		   /usr/src/linux/tools/net/ynl /usr/lib/ynl /usr/share/ynl; do
		for CLI in "$dir/cli.py" "$dir/pyynl/cli.py"; do
			[ -f "$CLI" ] && return
		done
	done
	skip "no YNL client; set YNL_DIR to tools/net/ynl of a kernel source"
}

ynl()
{
	PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$CLI" --spec "$SPEC" \
		--output-json "$@"
}

setup()
{
	[ -f "$SPEC" ] || skip "no specification here"
	find_client
	"$PYTHON" -c 'import yaml, jsonschema' 2>/dev/null ||
		skip "no python3-yaml or no python3-jsonschema"
	events_only
}

drives()
{
	setup
	sock_start
	ynl --do gate-add --json '{ "prefix": "c0000235", "up": 0,
		"service": [ { "protocol": 17, "port": 53 },
			     { "protocol": 6, "port": 53 } ] }' \
		>"$TMP/add" || fail "gate-add: $(cat "$TMP/add")"
	jq -e '.id > 0' "$TMP/add" >/dev/null || fail "no id: $(cat "$TMP/add")"
	sk open a udp4 "*" 53
	sk open b tcp4 "*" 53
	wait_addr $V4/32

	ynl --dump gate-get --json '{}' >"$TMP/dump" || fail "gate-get"
	jq -e --arg a $V4 'length == 1 and .[0].prefix == $a and
		.[0]["prefix-len"] == 32 and .[0].state == "open" and
		.[0].announced == "on" and .[0].action == "address" and
		(.[0].service | length == 2) and
		.[0].service[0].port == 53 and
		.[0].service[0].listeners == 1' "$TMP/dump" >/dev/null ||
		fail "gate-get: $(cat "$TMP/dump")"
	ynl --do gate-get --json '{ "prefix": "c0000235" }' >"$TMP/get" ||
		fail "gate-get of one"
	jq -e '.state == "open"' "$TMP/get" >/dev/null || fail "$(cat "$TMP/get")"

	ynl --do status-get --json '{}' >"$TMP/status" || fail "status-get"
	jq -e '.gates == 1 and .protocol == 166 and (.version | length > 0) and
		(.probe | length > 0)' "$TMP/status" >/dev/null ||
		fail "status-get: $(cat "$TMP/status")"

	ynl --do gate-change --json '{ "prefix": "c0000235", "down": 700 }' \
		>/dev/null || fail "gate-change"
	expect_gate $V4/32 .down_ms 700
	ynl --do gate-add --json '{ "prefix": "20010db8000000000000000000000053",
		"action": "route", "up": 0,
		"service": [ { "protocol": 17, "port": 53 } ] }' >/dev/null ||
		fail "gate-add, IPv6"
	expect_gate $V6/128 .action route

	ynl --do gate-del --json '{ "prefix": "c0000235" }' >/dev/null ||
		fail "gate-del"
	expect lacks_addr $V4/32
	ynl --do gate-flush --json '{}' >/dev/null || fail "gate-flush"
	[ "$("$ANYGATECTL" -j show | jq length)" = 0 ] || fail "gates are left"
}

# What is refused is refused with the kernel's words.
refuses()
{
	setup
	ynl --do gate-del --json '{ "prefix": "c0000235" }' >"$TMP/out" 2>&1 &&
		fail "no gate, and no error"
	grep -q "Netlink error: No such file" "$TMP/out" || fail "$(cat "$TMP/out")"
	grep -Eq "extack:.*msg" "$TMP/out" || fail "no reason: $(cat "$TMP/out")"
}

client_ended()
{
	! kill -0 "${MONITORS[0]}" 2>/dev/null
}

# The client subscribes, sleeps, and prints what has come. When it has subscribed
# /proc/net/netlink does not say: it has the first 32 groups only.
subscribes()
{
	local round
	setup
	sock_start
	ctl add $V4 udp/53 up 0
	: >"$TMP/events"
	ynl --subscribe events-admin --sleep 8 >"$TMP/events" 2>&1 &
	MONITORS+=($!)
	# It does not read while it sleeps: not more than it has room for. Nor without
	# end: on a slow machine it would read for ever.
	for ((round = 0; round < 60; round++)); do
		! busywait 500 client_ended || break
		sk open a udp4 "*" 53
		wait_addr $V4/32
		sk close a
		wait_no_addr $V4/32
	done
	wait "${MONITORS[0]}" || fail "client: $(cat "$TMP/events")"
	jq -e --arg a $V4 'map(select(.name == "event" and
		.msg.kind == "transition" and .msg.prefix == $a and
		.msg.source == "probe" and .msg.comm == "sock" and
		.msg.trigger.port == 53)) | length >= 2' "$TMP/events" \
		>/dev/null ||
		fail "events: $(jq -c '.[] | [.name, .msg.kind, .msg.state,
			.msg.prefix, .msg.source, .msg.comm]' "$TMP/events")"
}

t "gates are added, read, changed and removed" drives
t "what is refused says why" refuses
t "events are received" subscribes

run_tests "$@"
