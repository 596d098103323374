#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1200
#
# Documentation/recipes/node, with exactly its files: two nodes with NSD, and the
# machine that has the zone. Nodes 1 and 2; the machine is number 3.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"

if [ -z "$ANYGATE_MOUNTS" ]; then
	export ANYGATE_MOUNTS=y
	exec unshare -m --propagation private -- bash "$0" "$@"
fi

# Three servers, their checks and what verifies a zone start at the same time.
PATIENCE=$((120000 * ${SLOW:-1}))

RECIPES=$SELFTESTS/../Documentation/recipes
RECIPE=$RECIPES/node

. "${0%/*}/node.inc.sh"

needs bird birdc nsd nsd-control named-checkzone dig nsenter "$PYTHON"

network()
{
	local n
	star 3
	default_routes 1 2 3
	mount -t tmpfs tmpfs /usr/local/sbin
	cp "$RECIPE/verify-zone" "$RECIPE/zone-ok" /usr/local/sbin
	mkdir -p /run/nsd
	bird_on 0 "$RECIPES/witness-bird/router.conf"
	for n in 1 2; do
		bird_on $n "$RECIPE/bird.conf"
		ctl -n "${NS[n]}" apply "$RECIPE/anygate.conf" >/dev/null
		files $n
		cp "$RECIPE/nsd.conf" "$TMP/$n/etc"
		sed "s/node1/node$n/; s/10\.0\.1\./10.0.$n./" "$RECIPE/node.conf" >"$TMP/$n/etc/node.conf"
	done
	primary_files
}

# check_on N: as README.md has it
check_on()
{
	ip netns exec "${NS[$1]}" "$ANYGATECTL" check dns zone every 5s timeout 10s -- \
		/usr/local/sbin/zone-ok >"$TMP/check$1.log" 2>&1 &
	CHECK[$1]=$!
	MONITORS+=($!)
}

ask()
{
	node 0 "$PYTHON" "$SELFTESTS/recipes/client.py" dns "$@" 2>"$TMP/ask"
}

# told QUESTION ANSWER: at both addresses
told()
{
	[ "$(ask $V4 "$1")" = "$2" ] && [ "$(ask $V6 "$1")" = "$2" ]
}

unrouted()
{
	[ -z "$(ip -n "${NS[0]}" route show $V4)" ] && [ -z "$(ip -n "${NS[0]}" -6 route show $V6)" ]
}

has_serial()
{
	[ "$(node "$1" dig +short +norecurse +time=1 +tries=1 @127.0.0.1 example SOA | awk '{ print $3 }')" = "$2" ]
}

refused_zone()
{
	grep -q "verifier.*exited with 1\|failed to verify\|bad zone\|verif.*fail" "$TMP/nsd$1.log"
}

says()
{
	"$ANYGATECTL" -n "${NS[$1]}" show | grep -q "$2"
}

both_up()
{
	local n
	network
	zone 1 good
	nsd_on 3
	for n in 1 2; do
		nsd_on $n
		check_on $n
	done
	for n in 1 2; do
		eventually "node $n to announce" state_is $n open
	done
	eventually "the router to have routes" ip_route_any
	eventually "a client to be answered" told "www.example A" 198.51.100.80
	doctor_clean 1
}

# 4.5: announced only with a zone that was verified.
data()
{
	local n
	network
	note "nobody has the zone"
	for n in 1 2; do
		nsd_on $n
		check_on $n
	done
	for n in 1 2; do
		eventually "node $n to be told so" says $n "lease zone down"
	done
	expect unrouted

	note "the one there is is bad"
	zone 1 bad
	nsd_on 3
	for n in 1 2; do
		eventually "node $n to refuse it" refused_zone $n
		expect state_is $n closed
	done
	expect unrouted

	# primary.conf gives it to nobody's service address.
	note "a good one"
	newer_zone 2 good
	for n in 1 2; do
		eventually "node $n to announce" state_is $n open
	done
	eventually "the router to have routes" ip_route_any
	eventually "a client to be answered" told "example SOA" 2

	note "a bad one, to nodes that have a good one"
	for n in 1 2; do
		: >"$TMP/nsd$n.log"
	done
	newer_zone 3 bad
	for n in 1 2; do
		eventually "node $n to refuse it" refused_zone $n
		expect has_serial $n 2
		expect state_is $n open
	done
	expect told "example SOA" 2
}

# 5.1: who has answered, and what does its anygate say?
which()
{
	local n family
	both_up
	for family in $V4 $V6; do
		n=$(ask $family "example NSID")
		note "$family is answered by $n"
		[[ $n == node[12] ]] || fail "who is that?"
		expect test "$(ask $family "hostname.bind TXT CH")" = "$n"
		expect announces "${n#node}" $family
	done
	n=$(ask $V4 "example NSID")
	n=${n#node}
	note "NSD of node $n is killed"
	kill -9 "${NSD[$n]}"
	eventually "the other one to answer" told "example NSID" node$((3 - n))
	expect announces $((3 - n)) $V4
	eventually "node $n to say that it does not" announces_not "$n" $V4
	"$ANYGATECTL" -n "${NS[n]}" metrics | grep 'anygate_gate_announced{' | sed 's/^/#   /'
}

announces()
{
	"$ANYGATECTL" -n "${NS[$1]}" metrics | grep -q "^anygate_gate_announced{.*$2/.* 1$"
}

announces_not()
{
	"$ANYGATECTL" -n "${NS[$1]}" metrics | grep -q "^anygate_gate_announced{.*$2/.* 0$"
}

# 5.2: a supervisor starts it again, and it is announced again; not for ever.
restart()
{
	local i
	both_up
	for i in 1 2; do
		note "SIGKILL, and a new one"
		kill -9 "${NSD[1]}"
		eventually "node 1 to withdraw" state_is 1 closed
		expect told "www.example A" 198.51.100.80
		nsd_on 1
		[ $i = 2 ] || eventually "node 1 to announce" state_is 1 open
	done
	eventually "node 1 to announce" state_is 1 open
	note "and once more"
	kill -9 "${NSD[1]}"
	eventually "node 1 to withdraw" state_is 1 closed
	nsd_on 1
	eventually "node 1 to be damped" state_is 1 damped
	eventually "node 2 to be the only one" routed 2
	expect told "example NSID" node2
	ctl -n "${NS[1]}" undamp dns
	eventually "node 1 to announce" state_is 1 open
}

# joined N: its link is there again; with that went the router's IPv6 address
joined()
{
	ip -n "${NS[0]}" link set "eth$1" up
	ip -n "${NS[0]}" addr replace "2001:db8:$1::1/64" dev "eth$1" nodad
}

# neighbours N: so many of the router's, of OSPFv2 and of OSPFv3
neighbours()
{
	local protocol
	for protocol in ospf4 ospf6; do
		birdc_ok 0 show ospf neighbors $protocol || return
		[ "$(grep -c Full "$TMP/birdc")" = "$1" ] || return
	done
}

# 4.6: what a node needs of others, cut one at a time.
autonomy()
{
	both_up
	eventually "node 1 to have written its zone" grep -q SOA "$TMP/1/lib/example.zone"

	note "the other node is cut off"
	ip -n "${NS[0]}" link set eth2 down
	eventually "the router to know node 1 only" routed 1
	expect told "example NSID" node1
	expect state_is 1 open
	joined 2
	eventually "the router to see both" neighbours 2

	note "the machine with the zones is cut off, for longer than a lease lasts"
	ip -n "${NS[0]}" link set eth3 down
	eventually "a lease's time to pass" elapsed "$(now_ms)" 20000
	expect state_is 1 open
	expect state_is 2 open
	expect neighbours 2
	expect told "www.example A" 198.51.100.80

	note "NSD has to start, with nobody to ask"
	ip -n "${NS[0]}" link set eth2 down
	eventually "the router to know node 1 only" routed 1
	kill -9 "${NSD[1]}"
	eventually "node 1 to withdraw" state_is 1 closed
	nsd_on 1
	eventually "node 1 to announce" state_is 1 open
	eventually "a client to be answered" told "example SOA" 1

	note "BIRD ends, and comes back: the gates do not care"
	kill "$(cat "$TMP/bird1.pid")"
	eventually "the route to go" unrouted
	expect state_is 1 open
	bird_on 1 "$RECIPE/bird.conf"
	# OSPF says goodbye to what it had announced before, once more
	eventually "a client to be answered" told "www.example A" 198.51.100.80
	eventually "the router to know node 1" routed 1

	note "the router is cut off for a while"
	ip -n "${NS[0]}" link set eth1 down
	eventually "the route to go" unrouted
	expect state_is 1 open
	joined 1
	eventually "the router to know node 1" routed 1

	note "the check is killed: its lease runs out"
	kill -9 "${CHECK[1]}"
	eventually "node 1 to withdraw" state_is 1 closed
	expect says 1 "lease zone expired"
	ctl -n "${NS[1]}" change dns on-expiry ignore
	eventually "node 1 to announce" state_is 1 open
	eventually "the router to know node 1" routed 1
}

show_all()
{
	local n
	for n in 0 1 2; do
		echo "#  --- $n"
		{
			"$ANYGATECTL" -n "${NS[n]}" show
			ip -n "${NS[n]}" route
			ip -n "${NS[n]}" -6 route
			tail -n 12 "$TMP/nsd$n.log" "$TMP/check$n.log"
		} 2>&1 | sed 's/^/#   /'
	done
	tail -n 8 "$TMP/nsd3.log" "$TMP/ask" | sed 's/^/#   /'
}

t "data: announced with a zone that was verified" data
t "monitoring: which node has answered" which
t "self-healing: restart and announce again" restart
t "autonomy: dependencies cut, one at a time" autonomy

run_tests "$@"
