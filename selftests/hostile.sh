#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything at once: listeners of every kind come, go and are killed on gated
# ports, gates are added, changed, ordered about and deleted, others edit their
# addresses, namespaces with live gates are made and end, and the module is
# removed and loaded again under all that. At the end tables, "show" and sockets
# agree, with no listener left and with some that are opened then, and nothing is left
# behind.
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
CALM=	# when the module is no longer removed
start_churn()
{
	CALM=$((SECONDS + HOSTILE_SECONDS * 3 / 4))
	# where fallbacks lead
	ip link show dev d0 >/dev/null 2>&1 || ip link add d0 up type dummy || fail "no dummy"
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
	for kind in udp tcp; do
		sk open ${kind}53 ${kind}6 "*" 53 v6only=0 reuseaddr
		sk open ${kind}54 ${kind}6 "*" 54 v6only=0 reuseaddr
	done
	for i in 53 54 55 56; do
		wait_addr 192.0.2.$i/32
		wait_addr 2001:db8::$i/128
		wait_gate 192.0.2.$i/32 .state open
	done
	agree "all listen"
	for kind in udp tcp; do
		sk close ${kind}53
		sk close ${kind}54
	done
	for i in 53 54 55 56; do
		wait_no_addr 192.0.2.$i/32
		wait_no_addr 2001:db8::$i/128
		wait_gate 2001:db8::$i/128 .state closed
	done
	agree "nobody listens"
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

# What "show" says, beside the sockets of "ss" and the tables of "ip": a line for each
# thing that is not so. At rest, that is: no delay is running. Sockets that are bound to
# a device are not made at the end, and not counted.
# shellcheck disable=SC2016 # jq's own
UNTRUE='
	def host: sub("/(32|128)$"; "");
	def sockets: $ss | split("\n") | map(split(" ") | map(select(. != "")) |
		select(length > 4) | { protocol: .[0], local: .[4] });
	# those of a service: on its address, on the wildcard, or on that of both families
	def heard: . as $s |
		(if .address | test(":") then ["[::]", "*", "[\(.address)]"]
		 else ["0.0.0.0", "*", .address, "[::ffff:\(.address)]"] end) as $on |
		[sockets[] | select(.protocol == $s.protocol and
			(.local as $l | any($on[]; "\(.):\($s.port)" == $l)))] | length;
	def good: all(.leases[]?; .verdict == "up" and .expires_in_ms > 0);
	def up: ([.services[] | select(heard > 0)] | length) as $n |
		$n >= (if .need > 0 then .need else (.services | length) end) and good;
	def wanted: if .order == "pin" then "pinned" elif .order == "drain" then "drained"
		elif up then "open" else "closed" end;
	def ours($type): . as $g | any($routes[]; (.type // "unicast") == $type and
		.dst == ($g.prefix | host) and
		($type != "blackhole" or .metric == $g.metric));
	def there: if .action == "route" then ours("blackhole")
		else (.prefix as $p | $addrs | contains(" \($p) ")) end;
	def held: .action == "address" and .hold and .fallback == null;
	def led: .fallback != null and (wanted | IN("closed", "drained"));
	def faults: . as $g | wanted as $wanted |
		(.services[] | select(.listeners != heard) |
		 "\(.service) has \(heard) listeners, not \(.listeners)"),
		(select(.state != $wanted) | "is \(.state), not \($wanted)"),
		(select(.announced != there) | "announced \(.announced), and it is not so"),
		(select((.error // 0) != 0) | "error \(.error_name): \(.error_msg)"),
		(select(.observe | not) |
		 (select(.difference != "none" and .difference != "foreign") |
		  "difference \(.difference)"),
		 (select(($wanted | IN("open", "pinned")) and (.announced | not)),
		  select(($wanted | IN("closed", "drained")) and .announced and
			 .difference != "foreign") |
		  "is \(.state), announced \(.announced)"),
		 (select(held != ours("local")) | "hold \(held), and it is not so"),
		 (select(led != ours("unicast")) | "fallback \(led), and it is not so"),
		 (select(.fallback | . != null and .present != ($g | led)) | "fallback \(.fallback)"));
	# of ours, and no gate has it
	def orphans: . as $all | ($routes[] | .type //= "unicast" | . as $r | select(any($all[];
			(.prefix | host) == $r.dst and
			(.observe or ($r.type == "local" and held) or
			 ($r.type == "unicast" and led) or
			 ($r.type == "blackhole" and .action == "route" and .announced))) | not) |
		 "\(.type) \(.dst): of no gate"),
		($marked | split("\n")[] | select(. != "") | . as $p |
		 select(any($all[]; .prefix == $p and .action == "address" and .announced) |
			not) | "address \($p): of no gate");
	(.[] | . as $g | faults | "\($g.prefix) \(.)"), orphans'

# untrue SHOWN: what is wrong with it, from tables and sockets as they are now
untrue()
{
	local i
	for i in {53..60}; do
		sk addr 192.0.2.$i/32 lo
		[ "$ANSWER" != "yes $PROTO" ] || echo "192.0.2.$i/32"
	done >"$TMP/marked"
	for i in {53..59} 5a; do
		sk addr 2001:db8::$i/128 lo
		[ "$ANSWER" != "yes $PROTO" ] || echo "2001:db8::$i/128"
	done >>"$TMP/marked"
	ss -Hlntu >"$TMP/ss"
	ip -o addr show dev lo >"$TMP/addrs"
	ip -j route show table all proto $PROTO >"$TMP/routes"
	jq -r --rawfile ss "$TMP/ss" --rawfile addrs "$TMP/addrs" --rawfile marked "$TMP/marked" \
		--argjson routes "$(jq -cs "add // []" "$TMP/routes")" "$UNTRUE" "$1" ||
		echo "what is shown cannot be compared"
}

shown_is_true()
{
	"$ANYGATECTL" -j show >"$TMP/shown"
	untrue "$TMP/shown" >"$TMP/untrue"
	[ ! -s "$TMP/untrue" ]
}

# agree WHAT: sooner or later, all that is shown
agree()
{
	busywait "$PATIENCE" shown_is_true || {
		sed 's/^/#   /' "$TMP/untrue"
		show_all
		fail "not true, $1"
	}
	note "$1: $(jq -r 'group_by(.action + " " + .state) |
		map("\(length) \(.[0].action) \(.[0].state)") | join(", ") |
		if . == "" then "no gate" else . end' "$TMP/shown")"
}

# Gates as they were left: without any listener, with some, and without again.
end_agrees()
{
	local prefix name
	sock_start
	agree "nobody listens"
	# What else they depend on is in order: what has run out, and what has flapped.
	while read -r prefix name; do
		ctl lease "$prefix" "$name" up ttl 1h
	done < <(jq -r '.[] | .prefix as $p | .leases[]? | "\($p) \(.name)"' "$TMP/shown")
	for prefix in $(jq -r '.[] | select(.figure > 0) | .prefix' "$TMP/shown"); do
		ctl undamp "$prefix"
	done
	sk open a udp6 "*" 53 v6only=0 reuseport
	sk open b udp6 "*" 53 v6only=0 reuseport
	sk open c tcp6 "*" 53 v6only=1
	sk open d tcp4 "*" 54
	sk open e tcp6 2001:db8::54 54 freebind
	sk open f udp4 192.0.2.55 54 freebind
	sk open g udp6 2001:db8::55 54 freebind v6only=1
	sk open h udp4 "*" 55
	agree "some listen"
	for name in a b c d e f g h; do
		sk close $name
	done
	agree "nobody listens any more"
}

# The judge must not be one who lets everything pass.
judged()
{
	local lie
	sock_start
	ctl add 192.0.2.53 udp/53 tcp/54 need any up 0
	ctl add 192.0.2.54 tcp/54 up 0
	ctl add 192.0.2.55 action route udp/53 up 0
	ctl add 2001:db8::53 udp/53 up 0
	ctl add 2001:db8::54 action route tcp/54 up 0
	ip link add d0 up type dummy || fail "no dummy"
	ctl add 2001:db8::56 tcp/54 fallback via 2001:db8:f::2 dev d0 up 0
	sk open a udp6 "*" 53 v6only=0
	agree "as it is"
	jq 'sort_by(.prefix)' "$TMP/shown" >"$TMP/truth"
	for lie in '.[0].state = "closed"' '.[1].state = "open"' '.[2].state = "opening"' \
			'.[0].announced = false' '.[1].announced = true' \
			'.[2].announced = false' '.[4].announced = true' \
			'.[3].services[0].listeners = 0' '.[0].services[1].listeners = 1' \
			'.[0].hold = false' '.[3].difference = "pending"' '.[1].error = 12' \
			'del(.[0])' 'del(.[2])' 'del(.[3])' \
			'.[5].fallback = null' '.[5].fallback.present = false' '.[4].fallback = { present: true }' \
			'.[2].metric = 7' '.[0].order = "drain"' \
			'.[0].leases = [{ name: "x", verdict: "down", expires_in_ms: 1 }]'; do
		jq "$lie" "$TMP/truth" >"$TMP/lie" || fail "$lie"
		untrue "$TMP/lie" >"$TMP/untrue"
		[ -s "$TMP/untrue" ] || fail "taken for true: $lie"
	done
	# and the same beside other tables, and other sockets
	for lie in "addr % 192.0.2.54/32 dev lo" \
			"route % blackhole 2001:db8::54 metric 1024 proto $PROTO" \
			"route % 2001:db8::53 via 2001:db8:f::2 dev d0 onlink proto $PROTO"; do
		# shellcheck disable=SC2086 # words are meant
		ip ${lie/\%/add} || fail "ip ${lie/\%/add}"
		untrue "$TMP/truth" >"$TMP/untrue"
		[ -s "$TMP/untrue" ] || fail "taken for true: ip $lie"
		# shellcheck disable=SC2086 # the same
		ip ${lie/\%/del} || fail "ip ${lie/\%/del}"
	done
	agree "as it was"
	sk close a
	untrue "$TMP/truth" >"$TMP/untrue"
	grep -q "is open, not closed" "$TMP/untrue" || fail "taken for open without a listener"
}

churned()
{
	note "seed $HOSTILE_SEED"
	start_churn
	end_churn
	end_agrees
	all_agree
	# what is left behind is for the caches to complain of, and for a scan
	unload
	load
}

# The same, and the module goes and comes; but not at the end, when nothing would be
# left to be compared.
reloaded()
{
	local rounds=0 refused=0 more=10
	note "seed $HOSTILE_SEED"
	start_churn
	# Or it would be one of 65 who want a processor.
	renice -n -19 $BASHPID >/dev/null
	while [ $rounds = 0 ] || [ $SECONDS -lt $CALM ]; do
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
	end_agrees
	all_agree
	unload
	load
}

t "what is compared at the end is not taken for true if it is not" judged
t "64 processes and live gates" churned
t "64 processes, and the module is removed and loaded" reloaded

run_tests "$@"
