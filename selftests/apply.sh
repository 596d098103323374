#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# apply and save: the kernel has what a file says, by no more requests than
# that takes; a file is applied as a whole or not at all; and what is saved
# applies back to the same.

. "${0%/*}/lib.sh"

# What is configured, without what passes by itself.
settings()
{
	"$ANYGATECTL" -j show | jq -S 'map(del(.since_s, .order_left_ms,
		.observe_left_ms, .leases[]?.expires_in_ms, .release_in_ms, .figure))'
}

same_settings()
{
	settings >"$TMP/settings.after"
	diff "$1" "$TMP/settings.after" >"$TMP/diff" && return
	sed 's/^/#   /' "$TMP/diff"
	fail "$2"
}

no_difference()
{
	ctl apply "$1" dry-run >"$TMP/out"
	[ -s "$TMP/out" ] || return 0
	sed 's/^/#   /' "$TMP/out"
	fail "there is a difference"
}

devices()
{
	ip link add d0 up type dummy || fail "no dummy"
	ip addr add 198.51.100.1/24 dev d0
	ip addr add 2001:db8:f::1/64 dev d0 nodad
}

# Each alone, so that the defaults of the one are not hidden by the other.
saves_back()
{
	local line lines
	devices
	lines=(
		"$V4/32 udp/53"
		"$V6/128 tcp/53 udp/53"
		"192.0.2.0/24 $V4:udp/53"
		"2001:db8::/32 [$V6]:udp/53 table 100 metric 5"
		"$V4/32 udp/53 action route"
		"$V4/32 udp/53 tcp/53 need any dev d0 hold off up 1500ms down 1m"
		"$V4/32 udp/53 fallback via 198.51.100.2 dev d0 listen-dev d0"
		"$V6/128 udp/53 fallback via 2001:db8:f::2 dev d0 listen-dev none"
		"$V4/32 udp/53 require zone,dig on-expiry ignore name dns"
		"$V4/32 udp/53 damp on penalty 7 suppress 9 reuse 8 half-life 2m max-suppress 7m"
		"$V4/32 udp/53 observe on up 0"
		"$V4/32 udp/53 shield 5s stall 1500ms stall-members any fatal on"
		"$V6/128 udp/53 witness 4242"
		"192.0.2.0/24 $V4:udp/53 witness 100 table 101"
	)
	for line in "${lines[@]}"; do
		# shellcheck disable=SC2086
		ctl add $line
		ctl save >"$TMP/saved"
		no_difference "$TMP/saved"
		settings | jq -S 'map(del(.id))' >"$TMP/before"
		ctl flush
		ctl apply "$TMP/saved" >"$TMP/out"
		settings | jq -S 'map(del(.id))' >"$TMP/after"
		diff "$TMP/before" "$TMP/after" | sed 's/^/#   /'
		[ "${PIPESTATUS[0]}" = 0 ] || fail "not the same: $line"
		ctl flush
	done
	# what is so by itself is not written
	ctl add $V4/32 udp/53
	[ "$("$ANYGATECTL" save | tail -n 1)" = "add $V4/32 udp/53" ] ||
		fail "not plain: $("$ANYGATECTL" save)"
}

saves_a_file()
{
	ctl add $V4/32 udp/53
	ctl save "$TMP/new"
	no_difference "$TMP/new"
	ln -s new "$TMP/link"
	ctl add $V6/128 udp/53
	ctl save "$TMP/link"
	[ -L "$TMP/link" ] || fail "the link is gone"
	grep -q $V6 "$TMP/new" || fail "not written where the link leads"
	refused 1 "no such file" save "$TMP/nowhere/file"
	refused 1 "is no file" save /dev/null
	[ "$(find "$TMP" -name 'new*' | wc -l)" = 1 ] || fail "something is left over"
}

# A gate that is as the file says does not hear of it.
touches_nothing()
{
	local id
	events_only
	sock_start
	sk open a udp4 "*" 53
	sk open b udp6 "*" 53 v6only
	ctl add $V4/32 udp/53 up 0
	ctl add $V6/128 udp/53 up 0 name dns
	wait_addr $V4/32
	wait_addr $V6/128
	id=$(gate $V4/32 .id)
	metronome
	cat >"$TMP/conf" <<-END
		add $V4 udp/53 up 0ms hold on
		add $V6/128 udp/domain up 0 name other
		add $METRONOME udp/9 up 0
		add 192.0.2.99 udp/99
	END
	mon_start "$TMP/monitor" address route
	events_start "$TMP/events"
	ctl apply "$TMP/conf" >"$TMP/out"
	sed 's/^/# /' "$TMP/out"
	[ "$(wc -l <"$TMP/out")" = 2 ] || fail "not two steps"
	settle
	quiet "$TMP/monitor" $V4
	quiet "$TMP/monitor" $V6
	[ "$(gate $V4/32 .id)" = "$id" ] || fail "another gate"
	[ -z "$(events "$TMP/events" ".prefix == \"$V4/32\"")" ] || fail "$V4 was touched"
	[ "$(events "$TMP/events" ".prefix == \"$V6/128\"" | jq -r .kind)" = changed ] ||
		fail "$V6 was not changed alone"
	expect_gate $V6/128 .name other
	no_difference "$TMP/conf"
	ctl apply "$TMP/conf"
}

dry_runs()
{
	ctl add $V4/32 udp/53
	settings >"$TMP/before"
	echo "add $V6 udp/53" >"$TMP/conf"
	ctl apply "$TMP/conf" dry-run >"$TMP/out"
	same_settings "$TMP/before" "a dry run has changed something"
	# what it prints are commands
	while read -r line; do # a command each
		# shellcheck disable=SC2086
		ctl ${line%%#*}
	done <"$TMP/out"
	no_difference "$TMP/conf"
	ctl apply - <<<"add $V4 udp/53"
	expect_gate $V4/32 .prefix $V4/32
	"$ANYGATECTL" -j show $V6 >/dev/null && fail "still there"
	true
}

bad_file()
{
	ctl add $V4/32 udp/53
	settings >"$TMP/before"
	cat >"$TMP/conf" <<-END
		add $V6 udp/53
		add $V4 udp/0 colour red
		addd
	END
	refused 2 "conf:2:[0-9]+: udp/0" apply "$TMP/conf"
	grep -q "conf:2:22: unknown keyword" "$TMP/err" || fail "not every error"
	grep -q "conf:3:1: " "$TMP/err" || fail "not every line"
	same_settings "$TMP/before" "a bad file has changed something"
	"$ANYGATECTL" -j apply "$TMP/conf" >"$TMP/out" && fail "no status"
	jq -e '.status == 2 and (.errors | length == 3) and .errors[2].line == 3' \
		"$TMP/out" >/dev/null || fail "not JSON: $(cat "$TMP/out")"
	refused 1 "no such file" apply "$TMP/none"
}

# What only the kernel can know is wrong in the middle of it.
rolls_back()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4/32 udp/53 up 0 name dns require zone
	ctl lease $V4/32 zone up ttl 1h
	ctl add 192.0.2.54/32 udp/53 up 0
	ctl drain 192.0.2.54/32
	wait_addr $V4/32
	settings >"$TMP/before"
	picture_to "$TMP/picture.before"
	cat >"$TMP/conf" <<-END
		add $V4/32 udp/53 up 5s name other require zone
		add 192.0.2.55/32 udp/53
		add $V6/128 udp/53 \\
		    dev nosuchdev
	END
	refused 1 "conf:4:9: $V6/128: dev nosuchdev: .*; what had been done is undone" \
		apply "$TMP/conf"
	sed 's/^/# /' "$TMP/err"
	grep -q "undone: add 192.0.2.55/32 udp/53" "$TMP/err" || fail "not told"
	grep -q "not done: del 192.0.2.54/32" "$TMP/err" || fail "not told"
	same_settings "$TMP/before" "not rolled back"
	picture_to "$TMP/picture.after"
	same_picture "$TMP/picture.before" "$TMP/picture.after" "the tables have changed"
}

# What forgets leases comes late, but not last.
rolls_back_leases()
{
	events_only
	ctl add $V4/32 udp/53 require zone,dig
	ctl lease $V4/32 zone down ttl 1h
	ctl add $V6/128 udp/53 require zone
	settings >"$TMP/before"
	cat >"$TMP/conf" <<-END
		add $V4/32 udp/53
		add $V6/128 udp/53 dev nosuchdev
	END
	refused 1 "conf:2:[0-9]+: $V6/128: dev nosuchdev.*what had been done is undone" \
		apply "$TMP/conf"
	grep -q "undone: change $V4/32 require none" "$TMP/err" || fail "not told"
	same_settings "$TMP/before" "not rolled back"
	gate_is $V4/32 '.leases[0].verdict' down || fail "the lease is forgotten"
}

# There is room for so many only.
too_many()
{
	local max
	read -r max <"$PARAM/max_gates"
	param max_gates 2
	# shellcheck disable=SC2064
	trap "echo $max >$PARAM/max_gates; case_exit" EXIT
	ctl add $V4/32 udp/53
	settings >"$TMP/before"
	refused 1 "has all the gates.*what had been done is undone" \
		apply - <<-END
			add $V4/32 udp/53 up 3s
			add 192.0.2.1/32 udp/53
			add 192.0.2.2/32 udp/53
		END
	same_settings "$TMP/before" "not rolled back"
}

# Orders and leases are not the file's business.
keeps_orders()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4/32 udp/53 up 0 require zone
	ctl add 192.0.2.54/32 udp/53 up 0
	ctl add 192.0.2.56/32 udp/53 up 0
	ctl lease $V4/32 zone up ttl 1h
	ctl drain $V4/32 for 1h
	ctl pin 192.0.2.54/32 for 1h
	ctl observe 192.0.2.56/32 for 1h
	cat >"$TMP/conf" <<-END
		add $V4/32 udp/53 tcp/53 up 0 require zone,dig
		add 192.0.2.54/32 udp/53 up 0 down 1s
		add 192.0.2.56/32 udp/53 up 0 down 1s
	END
	ctl apply "$TMP/conf"
	expect_gate $V4/32 .order drain
	expect_gate $V4/32 '.leases[0].verdict' up
	expect_gate 192.0.2.54/32 .state pinned
	expect_gate 192.0.2.56/32 .observe true
	gate_is 192.0.2.56/32 '.observe_left_ms > 0' true || fail "observes for good"
	no_difference "$TMP/conf"
	# and what observes without an end is not as a file says that is silent
	ctl observe 192.0.2.56/32
	ctl apply "$TMP/conf" | grep -q "^change 192.0.2.56/32 observe off" ||
		fail "still observes"
}

another_action()
{
	devices
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4/32 udp/53 up 0 dev d0 hold off
	wait_addr $V4/32 d0
	ctl apply - <<<"add $V4/32 udp/53 up 0 action route metric 7"
	wait_route $V4/32 metric 7
	expect lacks_addr $V4/32 d0
	ctl apply - <<<"add $V4/32 udp/53 up 0"
	wait_addr $V4/32
	no_difference - <<<"add $V4/32 udp/53 up 0"
	[ "$("$ANYGATECTL" save | tail -n 1)" = "add $V4/32 udp/53 up 0" ] || fail "something is left"
}

other_namespace()
{
	setup_ns NS
	ctl add $V4/32 udp/53
	ctl -n "$NS" apply - <<<"add $V6 udp/53"
	ctl -n "$NS" save | grep -q $V6 || fail "not there"
	ctl save | grep -q $V6 && fail "here"
	true
}

# As many as there may be of one day; far below what a person would wait for.
many()
{
	local i
	for ((i = 0; i < 300; i++)); do
		echo "add 10.0.$((i / 250)).$((i % 250)) udp/53"
	done >"$TMP/conf"
	ctl apply "$TMP/conf" >"$TMP/out"
	[ "$(wc -l <"$TMP/out")" = 300 ] || fail "not all"
	no_difference "$TMP/conf"
	ctl save "$TMP/saved"
	no_difference "$TMP/saved"
	refused 2 "says nothing.*300 gates.*flush" apply - </dev/null
	[ "$("$ANYGATECTL" -j show | jq length)" = 300 ] || fail "some are gone"
	ctl flush
	[ "$("$ANYGATECTL" -j show | jq length)" = 0 ] || fail "not all removed"
}

t "what is saved applies back, setting by setting" saves_back
t "save: a file, whole or not at all" saves_a_file
t "apply: what is as it should be is not touched" touches_nothing
t "apply: dry-run, and the standard input" dry_runs
t "apply: a bad file changes nothing, and every error is told" bad_file
t "apply: a refusal half way is rolled back" rolls_back
t "apply: a refusal half way, and leases that had been dropped" rolls_back_leases
t "apply: more gates than there may be" too_many
t "apply: orders and leases stay" keeps_orders
t "apply: another action" another_action
t "apply and save: in another namespace" other_namespace
t "apply and save: hundreds of gates" many

run_tests "$@"
