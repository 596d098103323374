#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1200
#
# The shield: what clients see between the death of a server and the moment the
# network knows. The node is this namespace, the clients are in another one,
# and what counts is what comes back on the wire.

. "$(dirname "$0")/lib.sh"

client=''
node_and_client()
{
	setup_ns client
	ip link add n0 type veth peer name c0 netns "$client" || fail "no veth"
	ip addr add 10.0.1.2/30 dev n0
	ip addr add 2001:db8:a::2/64 dev n0 nodad
	ip link set n0 up
	ip -n "$client" addr add 10.0.1.1/30 dev c0
	ip -n "$client" addr add 2001:db8:a::1/64 dev c0 nodad
	ip -n "$client" link set c0 up
	ip route add default via 10.0.1.1
	ip -6 route add default via 2001:db8:a::1
	ip -n "$client" route add $V4/32 via 10.0.1.2
	ip -n "$client" -6 route add $V6/128 via 2001:db8:a::2
	# How many errors the node sends is to be seen, not limited.
	sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \
		2>/dev/null
	sysctl -qw net.ipv4.icmp_msgs_per_sec=100000 \
		net.ipv4.icmp_msgs_burst=100000 2>/dev/null
}

# clients ADDRESS UDP TCP [retry]: so many a second, from now on
clients()
{
	[ -x "$SELFTESTS/clients" ] || fail "selftests/clients is not built"
	mkfifo "$TMP/in" "$TMP/out"
	ip netns exec "$client" "$SELFTESTS/clients" "$1" 53 "${@:2}" \
		<"$TMP/in" >"$TMP/out" 2>"$TMP/clients.err" &
	MONITORS+=($!)
	exec {CL_IN}>"$TMP/in" {CL_OUT}<"$TMP/out"
	period start
}

# period NAME: what the clients have seen since the last one is in $SEEN
period()
{
	echo "$1" >&"$CL_IN"
	read -r -t 60 -u "$CL_OUT" SEEN ||
		fail "the clients do not answer: $(cat "$TMP/clients.err")"
}

last_period()
{
	exec {CL_IN}>&-
	read -r -t 60 -u "$CL_OUT" SEEN || fail "the clients do not answer"
}

# seen WHAT: of the last period
seen()
{
	[[ $SEEN =~ \ $1\ ([0-9]+) ]] || fail "no $1 in: $SEEN"
	echo "${BASH_REMATCH[1]}"
}

refusals()
{
	echo $(($(seen rst) + $(seen icmp)))
}

# some WHAT: until they have seen it; the periods are added up in $SUM
SUM=0
some()
{
	period wait
	SUM=$((SUM + $(seen "$1")))
	[ $SUM -gt 0 ]
}

refused_now()
{
	period wait
	[ "$(refusals)" -gt 0 ]
}

dropped()
{
	gate "$1" .shield_dropped
}

listen()
{
	sk open u "udp$1" "$2" 53 freebind
	sk open t "tcp$1" "$2" 53 freebind
}

# --- what is dropped, and for how long -----------------------------------------

silence()
{
	local family=$1 gate=$2
	events_only
	node_and_client
	sock_start
	ctl add "$gate" udp/53 tcp/53 up 0 shield 4s
	listen "$family" "${gate%/*}"
	wait_addr "$gate"
	clients "${gate%/*}" 200 50
	SUM=0
	eventually "connections" some accepted
	[ "$(refusals)" = 0 ] || fail "refused while it listens: $SEEN"
	sk close u
	sk close t
	wait_no_addr "$gate"
	# The address is gone, its local route is not, and nobody is told.
	SUM=0
	eventually "clients to get no answer" some silent
	[ "$(refusals)" = 0 ] || fail "told so: $SEEN"
	[ "$(dropped "$gate")" -gt 10 ] || fail "dropped: $(dropped "$gate")"
	[ "$(gate "$gate" '.shield_first_ago_ms >= .shield_last_ago_ms')" = true ] ||
		fail "when? $(gate "$gate" .)"
	eventually "the shield to come down" refused_now
	period over
	eventually "refusals" refused_now
}

# Whoever closes its sockets can be interrupted before the probe that arms, for as
# long as that takes: here for good, as no probe is heard.
kprobes=/sys/kernel/debug/kprobes/enabled
cleanup()
{
	[ ! -e $kprobes ] || echo 1 >$kprobes
}

# close_unheard FAMILY GATE: but the module looks once when its probes are new
close_unheard()
{
	echo 1 >$kprobes
	listen "$1" "${2%/*}"
	wait_addr "$2"
	period before
	echo 0 >$kprobes
	sk close u
	sk close t
	NOTICED_RST=0 NOTICED_ICMP=0
	eventually "clients to notice" noticed
	[ "$(gate "$2" .state)" = open ] || return 1
	[ $((NOTICED_RST + NOTICED_ICMP)) = 0 ] || fail "told so: $SEEN"
}

unheard()
{
	local family=$1 gate=$2
	[ -e $kprobes ] || skip "no $kprobes"
	events_only
	node_and_client
	sock_start
	ctl add "$gate" udp/53 tcp/53 up 0 shield 1s
	clients "${gate%/*}" 200 50
	eventually "nobody to look" close_unheard "$family" "$gate"
	[ "$(dropped "$gate")" -gt 10 ] || fail "dropped: $(dropped "$gate")"
}

# While somebody holds the prefix where it is there is no next node, and who only
# observes touches nothing: new clients are told. Once it is unpinned they are not.
ordered()
{
	local order=$1 family=$2 gate=$3
	events_only
	node_and_client
	sock_start
	ctl add "$gate" udp/53 tcp/53 up 0 shield 1h
	listen "$family" "${gate%/*}"
	wait_addr "$gate"
	clients "${gate%/*}" 200 50
	SUM=0
	eventually "connections" some accepted
	if [ "$order" = pin ]; then
		ctl pin "$gate" for 1h
	else
		ctl observe "$gate"
	fi
	sk close u
	sk close t
	eventually "refusals" refused_now
	expect has_addr "$gate"
	[ "$order" = pin ] || return 0
	ctl unpin "$gate"
	wait_no_addr "$gate"
	period over
	SUM=0
	eventually "clients to get no answer" some silent
	[ "$(refusals)" = 0 ] || fail "told so: $SEEN"
}

# Nothing of it without a shield.
told()
{
	local family=$1 gate=$2
	events_only
	node_and_client
	sock_start
	ctl add "$gate" udp/53 tcp/53 up 0
	listen "$family" "${gate%/*}"
	wait_addr "$gate"
	clients "${gate%/*}" 200 50
	SUM=0
	eventually "connections" some accepted
	sk close u
	sk close t
	wait_no_addr "$gate"
	SUM=0
	eventually "refused connections" some rst
	SUM=0
	eventually "unreachable ports" some icmp
}

# The shield is up for an hour, and the gate opens in an hour, but the listener
# is there now: it gets its packets from the first one on.
listening()
{
	local family=$1 gate=$2 i server
	events_only
	node_and_client
	ctl add "$gate" udp/53 up 1h shield 1h
	for ((i = 0; i < 20; i++)); do
		"$SELFTESTS/query" serve A "${gate%/*}" 53 >"$TMP/A" 2>&1 &
		server=$!
		MONITORS+=("$server")
		eventually "the service to be ready" grep -q ready "$TMP/A"
		ip netns exec "$client" "$SELFTESTS/query" ask "${gate%/*}" 53 5 2 \
			>"$TMP/asked" || {
			cat "$TMP/asked"
			fail "round $i: not every query was answered"
		}
		kill -9 "$server"
		wait "$server" 2>/dev/null
		ip netns exec "$client" "$SELFTESTS/query" ask "${gate%/*}" 53 1 0 \
			>"$TMP/asked" && fail "answered by nobody"
		[ ! -s "$TMP/asked" ] || fail "round $i: $(cat "$TMP/asked")"
	done
}

# Connections that are there already go on, in both directions.
established()
{
	local kind=$1 gate=$2 addr=${2%/*}
	events_only
	sock_start
	ctl add "$gate" tcp/53 up 0 shield 1h
	sk open t "$kind" "$addr" 53 freebind
	wait_addr "$gate"
	sk socket c "$kind"
	sk connect c "$addr" 53
	sk accept t s
	sk close t
	wait_no_addr "$gate"
	sk write c there
	sk read s
	[ "$ANSWER" = there ] || fail "$ANSWER"
	sk write s back
	sk read c
	[ "$ANSWER" = back ] || fail "$ANSWER"
}

# With ip_forward=1 and no local route the node would send packets back to
# where they came from, or say that it knows no way.
no_loop()
{
	local family=$1 gate=$2 before
	events_only
	node_and_client
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	sock_start
	ctl add "$gate" udp/53 tcp/53 up 0 hold off shield $((3 * ${SLOW:-1}))s
	listen "$family" "*"
	wait_addr "$gate"
	clients "${gate%/*}" 200 50
	SUM=0
	eventually "connections" some accepted
	before=$(passed_on "$family")
	sk close u
	sk close t
	wait_no_addr "$gate"
	SUM=0
	eventually "clients to get no answer" some silent
	[ "$(refusals)" = 0 ] || fail "told so: $SEEN"
	# Whatever had passed the hook before the listener was gone may find
	# that the address is gone, too.
	[ "$(passed_on "$family")" -le $((before + 2)) ] ||
		fail "passed on: $(passed_on "$family"), it was $before"
	eventually "the loop, without the shield" loops "$family" $((before + 2))
}

passed_on()
{
	# shellcheck disable=SC2016 # awk's
	if [ "$1" = 4 ]; then
		awk '/^Ip: [0-9]/ { print $7 }' /proc/net/snmp
	else
		awk '/^Ip6OutForwDatagrams/ { print $2 }' /proc/net/snmp6
	fi
}

loops()
{
	[ "$(passed_on "$1")" -gt "${2:-0}" ]
}

# A fallback leads to a node that answers: nothing is dropped on the way there.
fallback()
{
	local family=$1 gate=$2 far=$3
	events_only
	node_and_client
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip link add d0 up type dummy
	ip addr add 203.0.113.131/28 dev d0
	ip addr add 2001:db8:f::1/64 dev d0 nodad
	sock_start
	ctl add "$gate" udp/53 tcp/53 up 0 shield 1h fallback via "$far" dev d0
	listen "$family" "*"
	wait_addr "$gate"
	clients "${gate%/*}" 200 50
	SUM=0
	eventually "connections" some accepted
	sk close u
	sk close t
	wait_no_addr "$gate"
	eventually "packets to be passed on" loops "$family"
}

# --- while nobody asks for it ------------------------------------------------------

# hits: how often the module's hook runs for some packets
hits()
{
	local before
	before=$(hook_runs)
	"$SELFTESTS/query" ask 127.0.0.1 9 3 0 >/dev/null 2>&1
	"$SELFTESTS/query" ask ::1 9 3 0 >/dev/null 2>&1
	echo $(($(hook_runs) - before))
}

hook_runs()
{
	awk '$1 == "shield_hook" { print $2 }' \
		/sys/kernel/tracing/kprobe_profile
}

# Whether the hook is there is to be seen from whether it runs.
registered()
{
	mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
	echo 'p:shield_hook anygate:anygate_shield_out' \
		>>/sys/kernel/tracing/kprobe_events || fail "no probe on the hook"
	defer "echo -:shield_hook >>/sys/kernel/tracing/kprobe_events"
	defer "echo 0 >/sys/kernel/tracing/events/kprobes/shield_hook/enable"
	echo 1 >/sys/kernel/tracing/events/kprobes/shield_hook/enable
	ctl add $V4/32 udp/53
	[ "$(hits)" = 0 ] || fail "a hook that nobody asked for"
	ctl change $V4/32 shield 1s
	[ "$(hits)" -ge 6 ] || fail "no hook"
	ctl add $V6/128 udp/53 shield 1s
	ctl change $V4/32 shield 0
	[ "$(hits)" -ge 6 ] || fail "the other gate's hook is gone"
	ctl del $V6/128
	[ "$(hits)" = 0 ] || fail "a hook is left"
}

# What an operator is told: at the end, in an event, and by show.
events_told()
{
	events_only
	node_and_client
	sock_start
	ctl add $V4/32 udp/53 up 0 shield 1s
	sk open u udp4 $V4 53
	wait_addr $V4/32
	events_start "$TMP/events"
	clients $V4 200 0
	sk close u
	wait_event "$TMP/events" '.kind == "shield" and .shield_dropped > 0'
	sk open u udp4 $V4 53
	wait_addr $V4/32
	"$ANYGATECTL" show $V4/32 | grep -q "shield" || fail "show tells nothing"
}

# --- under load, with a real server --------------------------------------------------

server_start()
{
	mkdir -p "$TMP/nsd"
	cp "$SELFTESTS/demo/example.zone" "$TMP/nsd/"
	cat >"$TMP/nsd/nsd.conf" <<-END
		server:
		  ip-address: $1
		  ip-freebind: yes
		  server-count: 1
		  reuseport: no
		  username: ""
		  zonesdir: "$TMP/nsd"
		  pidfile: "$TMP/nsd/pid"
		  xfrdfile: "$TMP/nsd/xfrd.state"
		  zonelistfile: "$TMP/nsd/zone.list"
		  xfrdir: "$TMP/nsd"
		  database: ""
		remote-control:
		  control-enable: no
		zone:
		  name: "example"
		  zonefile: "example.zone"
	END
	setsid nsd -d -c "$TMP/nsd/nsd.conf" >"$TMP/nsd/log" 2>&1 &
	SERVER=$!
	MONITORS+=("$SERVER")
}

server_kill()
{
	kill -9 -- "-$SERVER"
	wait "$SERVER" 2>/dev/null
}

# Either no answer, or a refusal.
noticed()
{
	period wait
	NOTICED_RST=$((NOTICED_RST + $(seen rst)))
	NOTICED_ICMP=$((NOTICED_ICMP + $(seen icmp)))
	[ $(($(seen silent) + NOTICED_RST + NOTICED_ICMP)) -gt 0 ]
}

# No more than a slow kernel can answer.
UDP_RATE=${UDP_RATE:-$((5000 / ${SLOW:-1}))}
TCP_RATE=${TCP_RATE:-$((200 / ${SLOW:-1}))}

# deaths N GATE SETTING...: of a name server; $TOLD_… clients were told
deaths()
{
	local n=$1 gate=$2 round
	shift 2
	command -v nsd >/dev/null || skip "no nsd"
	node_and_client
	ctl add "$gate" udp/53 tcp/53 up 0 "$@"
	server_start "${gate%/*}"
	wait_addr "$gate"
	clients "${gate%/*}" "$UDP_RATE" "$TCP_RATE"
	TOLD_RST=0 TOLD_ICMP=0
	for ((round = 0; round < n; round++)); do
		SUM=0
		eventually "answers" some answered
		SUM=0
		eventually "connections" some accepted
		period before
		NOTICED_RST=0 NOTICED_ICMP=0
		server_kill
		wait_no_addr "$gate"
		eventually "clients to notice" noticed
		period death
		TOLD_RST=$((TOLD_RST + NOTICED_RST + $(seen rst)))
		TOLD_ICMP=$((TOLD_ICMP + NOTICED_ICMP + $(seen icmp)))
		server_start "${gate%/*}"
		wait_addr "$gate"
	done
	note "$n deaths at $UDP_RATE queries and $TCP_RATE connections per second" \
		"($*): $TOLD_RST SYNs answered by RST, $TOLD_ICMP unreachable"
}

under_load()
{
	deaths 10 "$1" shield 30s
	[ "$TOLD_ICMP" = 0 ] || fail "$TOLD_ICMP ICMP errors"
	[ "$TOLD_RST" = 0 ] || fail "$TOLD_RST SYNs were answered by RST"
}

under_load_without()
{
	deaths 2 "$1"
	[ $((TOLD_ICMP + TOLD_RST)) -gt 0 ] || fail "nobody was told: a test of nothing"
}

# --- two nodes behind a router with equal-cost routes --------------------------------

# The router learns of a withdrawal so long after it has happened.
CONVERGENCE=0.4

converge()
{
	local line
	ip -o monitor address | while read -r line; do
		case $line in
		Deleted*" $V4/32 "*)
			sleep $CONVERGENCE
			echo route replace $V4/32 via 10.0.2.2
			;;
		*" $V4/32 "*)
			echo route replace $V4/32 \
				nexthop via 10.0.1.2 nexthop via 10.0.2.2
			;;
		esac
	done | ip -n "$client" -force -batch -
}

balanced()
{
	[[ $(ip -n "$client" route show $V4/32) == *10.0.1.2*10.0.2.2* ]]
}

only_b()
{
	[[ $(ip -n "$client" route show $V4/32) == *10.0.2.2* ]] && ! balanced
}

# Those who were not answered retry after three seconds: 600 queries of others.
retried()
{
	period wait
	LOST=$((LOST + $(seen lost)))
	SUM=$((SUM + $(seen udp)))
	[ $SUM -gt 900 ]
}

# two_nodes DEATHS SETTING...
two_nodes()
{
	local b='' round server n=$1
	shift
	node_and_client
	setup_ns b
	ip -n "$b" link add b0 type veth peer name c1 netns "$client"
	ip -n "$b" addr add 10.0.2.2/30 dev b0
	ip -n "$b" addr add $V4/32 dev lo
	ip -n "$b" link set b0 up
	ip -n "$b" route add default via 10.0.2.1
	ip -n "$client" addr add 10.0.2.1/30 dev c1
	ip -n "$client" link set c1 up
	ip netns exec "$client" sysctl -qw net.ipv4.fib_multipath_hash_policy=1
	ip netns exec "$b" "$SELFTESTS/query" serve B $V4 53 >/dev/null 2>&1 &
	MONITORS+=($!)
	converge &
	MONITORS+=($!)
	ctl add $V4/32 udp/53 up 0 "$@"
	clients $V4 200 0 retry
	LOST=0
	for ((round = 0; round < n; round++)); do
		"$SELFTESTS/query" serve A $V4 53 >/dev/null 2>&1 &
		server=$!
		MONITORS+=("$server")
		wait_addr $V4/32
		eventually "both nodes to be in use" balanced
		SUM=0
		eventually "answers" some answered
		period both
		LOST=$((LOST + $(seen lost)))
		kill -9 "$server"
		wait "$server" 2>/dev/null
		eventually "the network to converge" only_b
		# Until every retry has been made, and not into the next death.
		SUM=0
		eventually "the retries" retried
	done
	last_period
	LOST=$((LOST + $(seen lost)))
	note "$n deaths, $CONVERGENCE s until the router knows ($*):" \
		"$LOST queries not answered after one retry"
}

retry_with()
{
	two_nodes 5 shield 30s
	[ "$LOST" = 0 ] || fail "$LOST queries lost"
}

retry_without()
{
	two_nodes 2
	[ "$LOST" -gt 0 ] || fail "nothing was lost: a test of nothing"
}

t "new clients hear nothing while it is up, v4" silence 4 $V4/32
t "new clients hear nothing while it is up, v6" silence 6 $V6/128
t "nor before a probe has armed it, v4" unheard 4 $V4/32
t "nor before a probe has armed it, v6" unheard 6 $V6/128
t "not while the gate is pinned, v4" ordered pin 4 $V4/32
t "not while the gate is pinned, v6" ordered pin 6 $V6/128
t "not while the gate only observes, v4" ordered observe 4 $V4/32
t "without it they are told, v4" told 4 $V4/32
t "without it they are told, v6" told 6 $V6/128
t "who listens gets every packet, v4" listening 4 $V4/32
t "who listens gets every packet, v6" listening 6 $V6/128
t "established connections go on, v4" established tcp4 $V4/32
t "established connections go on, v6" established tcp6 $V6/128
t "no loop where the address is gone, v4" no_loop 4 $V4/32
t "no loop where the address is gone, v6" no_loop 6 $V6/128
t "the way to a fallback is open, v4" fallback 4 $V4/32 203.0.113.130
t "the way to a fallback is open, v6" fallback 6 $V6/128 2001:db8:f::2
t "no hook unless a gate asks for it" registered
t "what was dropped is told" events_told
t "ten deaths of a name server under load, v4" under_load $V4/32
t "ten deaths of a name server under load, v6" under_load $V6/128
t "the same without a shield" under_load_without $V4/32
t "two nodes: no query is lost with one retry" retry_with
t "two nodes: some are without a shield" retry_without

run_tests "$@"
