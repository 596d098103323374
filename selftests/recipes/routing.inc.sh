# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # much of it is for those who source it
#
# routing.inc.sh - what every recipe of a routing daemon has to show, whatever the
# daemon and the protocol. Whoever sources it says how they are started:
#
#	network		a router, nodes 1 and 2, a client; daemons and gates
#	start N		the daemon of a node (FRR: again)
#
# and has from it, for the daemon that the recipe's name ends with:
#
#	stop N		it ends, as at an upgrade
#	crash N		SIGKILL of all its processes
#	reload N	it reads its configuration again
#	rewrite N FROM TO	the same, with each FROM in it changed to TO, and back if
#		it was changed before
#
# A router of the test that filters what it is told is "credulous" in "others": it hears
# of all there is, in a copy of its file that a program says how to make.
#
# The gates are of both actions and families, and all stand for the same server.

RECIPE=$SELFTESTS/../Documentation/recipes/$(basename "$0" .sh)

GATES=("$V4/32" "$V6/128" 198.51.100.0/24 2001:db8:53::/48)
ASKED=("$V4" "$V6" 198.51.100.53 2001:db8:53::53)

needs "$PYTHON"

case $RECIPE in
*-frr)
	start()
	{
		frr_do "$1" start
	}

	stop()
	{
		frr_do "$1" stop
	}

	crash()
	{
		frr_kill "$1"
	}

	reload()
	{
		frr_reload "$1"
	}

	rewrite()
	{
		sed -i "s#$2#$3#" "/etc/frr/${NS[$1]}/frr.conf"
		"$FRR_RELOAD" --reload --stdout --pathspace "${NS[$1]}" \
			"/etc/frr/${NS[$1]}/frr.conf" >"$TMP/reload" 2>&1 ||
			fail "frr-reload: $(cat "$TMP/reload")"
	}
	;;
*-bird)
	stop()
	{
		bird_stop "$1"
	}

	crash()
	{
		bird_stop "$1" KILL
	}

	reload()
	{
		birdc_ok "$1" configure || fail "birdc: $(cat "$TMP/birdc")"
	}

	rewrite()
	{
		local file=$TMP/$1/bird.conf
		[ -e "$file" ] || file=$RECIPE/bird.conf
		sed "s#$2#$3#" "$file" >"$TMP/rewritten.conf"
		birdc_ok "$1" configure "\"$TMP/rewritten.conf\"" &&
			grep -q Reconfigur "$TMP/birdc" || fail "birdc: $(cat "$TMP/birdc")"
	}
	;;
esac

# gates_on N: those of the recipe. What a covering prefix is for has its address
# on lo for good.
gates_on()
{
	ip -n "${NS[$1]}" addr add 198.51.100.53/32 dev lo
	ip -n "${NS[$1]}" addr add 2001:db8:53::53/128 dev lo nodad
	ctl -n "${NS[$1]}" apply "$RECIPE/anygate.conf" >/dev/null
}

# gates_are N STATE: each of them
gates_are()
{
	local out
	out=$("$ANYGATECTL" -n "${NS[$1]}" -j show 2>/dev/null |
		grep -o "\"state\": *\"$2\"") || return
	[ "$(wc -l <<<"$out")" = ${#GATES[@]} ]
}

# served NODES: a client has an answer from each address, and each is from one
# of these nodes
served()
{
	local answers
	answers=$(ask "${ASKED[@]}")
	[ "$(wc -w <<<"$answers")" = ${#ASKED[@]} ] && [[ $answers != *[^$1$'\n']* ]]
}

unserved()
{
	[ -z "$(ask "${ASKED[@]}")" ]
}

# Node and router are neighbours: the node knows of the client.
connected()
{
	[ -n "$(ip -n "${NS[$1]}" route show exact 10.1.0.0/24)" ] &&
		[ -n "$(ip -n "${NS[$1]}" -6 route show exact 2001:db8:c::/64)" ]
}

disconnected()
{
	[ -z "$(ip -n "${NS[$1]}" route show exact 10.1.0.0/24)" ] &&
		[ -z "$(ip -n "${NS[$1]}" -6 route show exact 2001:db8:c::/64)" ]
}

# mute N, unmute N: nothing that the node sends leaves it, and nothing that it is sent
# arrives, whatever the protocol. Its link stays up: a switch in between would not
# tell, either.
mute()
{
	tc -n "${NS[$1]}" qdisc add dev eth0 root pfifo limit 0 || fail "no qdisc"
	tc -n "${NS[0]}" qdisc add dev "eth$1" root pfifo limit 0 || fail "no qdisc"
}

unmute()
{
	tc -n "${NS[$1]}" qdisc del dev eth0 root
	tc -n "${NS[0]}" qdisc del dev "eth$1" root
}

# routes_watched: what becomes of the router's routes from here on
routes_watched()
{
	: >"$TMP/watched"
	ip -n "${NS[0]}" -o monitor route >>"$TMP/watched" 2>&1 &
	MONITORS+=($!)
	eventually "ip monitor to follow" routes_marked
}

routes_marked()
{
	ip -n "${NS[0]}" route add blackhole 203.0.113.99 2>/dev/null
	ip -n "${NS[0]}" route del blackhole 203.0.113.99 2>/dev/null
	grep -q 203.0.113.99 "$TMP/watched"
}

# watched_of BEFORE [AFTER [PREFIX...]]: what has been watched of the gates' prefixes, or
# of these
watched_of()
{
	local before=$1 after=$2 prefix prefixes=("${@:3}")
	[ $# -gt 2 ] || prefixes=("${GATES[@]}")
	for prefix in "${prefixes[@]}"; do
		prefix=${prefix%/32}
		prefix=${prefix%/128}
		grep "^$before$prefix .*$after" "$TMP/watched"
	done
}

# none_lost: none of the router's routes to the prefixes goes in the time that
# routing would take to tell
none_lost()
{
	local lost
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	lost=$(watched_of "Deleted ")
	[ -z "$lost" ] || fail "the router has lost a route: $lost"
}

# never_to N: nor does one of them lead to that node in the meantime
never_to()
{
	local led
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	led=$(watched_of "" "dev eth$1 ")
	[ -z "$led" ] || fail "the router had a route to node $1: $led"
}

# believed stop|crash: what the daemon announced before that, routers may believe for a
# moment when it is back. By a link state protocol they keep it, and take it for true
# from when there is a neighbour of that name until that has taken it back (RFC 2328,
# 13.4; ISO 10589, 7.3.16.1). FRR's OSPF takes all of it back when it ends in good order;
# its IS-IS does not, and BIRD says only that it has no neighbours any more.
believed()
{
	case $RECIPE in
	*/bgp-*)	return 1 ;;
	*/ospf-frr)	[ "$1" = crash ] ;;
	esac
}

# closed_since stop|crash: node 1 is back, its gates have closed meanwhile, and from
# here on no route leads to it.
closed_since()
{
	if believed "$1"; then
		eventually "some seconds to pass" elapsed "$(now_ms)" 6000
		[ -z "$(watched_of "" "dev eth1 ")" ] || note "for a moment the router had what was before"
		eventually "the router to know the second only" leads 2
		: >"$TMP/watched"
	fi
	never_to 1
	expect leads 2
}

ready()
{
	local n nodes
	network
	for n in 1 2; do
		eventually "node $n to be connected" connected $n
	done
	for n; do
		server "$n"
		eventually "the gates of node $n to open" gates_are "$n" open
	done
	printf -v nodes %s "$@"
	eventually "routes to nodes $nodes" leads "$nodes"
}

# doctor_agrees N: it asks the daemon, and has nothing against what that does, nor
# against the addresses behind the routes
doctor_agrees()
{
	local found
	found=$("$ANYGATECTL" -n "${NS[$1]}" -j doctor | jq -r '.[] |
		select(.id | test("^(frr|bird)-|no-routing-daemon|not-local|forward")) |
		"\(.id) \(.subject): \(.text)"')
	[ -z "$found" ] || fail "doctor: $found"
}

# ---- cases -----------------------------------------------------------------------

# The routes are where the servers are, and nowhere else. A daemon that reads its
# configuration again keeps what is announced, announces nothing else, and goes on
# following.
follows()
{
	ready 1
	eventually "node 1 to answer" served 1
	doctor_agrees 1
	page_commands "$RECIPE/README.md" 1
	routes_watched
	reload 1
	none_lost
	server 2
	eventually "the router to know both" leads 12
	eventually "both to answer" served 12
	kill_server 1
	eventually "the router to know the second only" leads 2
	expect gates_are 1 closed
	eventually "node 2 to answer" served 2
	routes_watched
	reload 1
	never_to 1
	kill_server 2
	eventually "the router to know none" leads ""
	expect gates_are 2 closed
	expect unserved
	server 1
	eventually "the router to know the first" leads 1
	eventually "node 1 to answer" served 1
}

# rewritten [again]: the file is changed, and the daemon told so: an address may not be
# announced any more, with its gate open, and then it may again. Of what else is announced
# nothing changes, in the time that routing would take to tell. There is a daemon that
# goes by its file when something comes, and for that the gate has to close and open again.
rewritten()
{
	local prefix=${GATES[0]} others=("${GATES[@]:1}") lost
	ready 1 2
	routes_watched
	rewrite 2 "${prefix//./\\.}" 192.0.2.77/32
	[ "$1" != again ] || comes_again "$prefix"
	eventually "the router to know it of the first only" leads_only "$prefix" 1
	rewrite 2 "192\.0\.2\.77/32" "$prefix"
	[ "$1" != again ] || comes_again "$prefix"
	eventually "the router to know both again" leads 12
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	lost=$(watched_of "\(Deleted \)\?" "" "${others[@]}")
	[ -z "$lost" ] || fail "another route has changed: $lost"
	expect gates_are 2 open
}

# comes_again PREFIX: that of node 2 is withdrawn, and announced. The daemon must have seen
# each of it.
comes_again()
{
	ctl -n "${NS[2]}" drain "$1" >/dev/null
	eventually "the router to know it of the first only" leads_only "$1" 1
	ctl -n "${NS[2]}" undrain "$1"
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
}

# While the daemon is away gates go on, and when it is back it finds what is there:
# open gates, gates that have closed, and gates that were closed.
restarts()
{
	ready 1 2
	note "with gates open"
	stop 1
	eventually "the router to know the second only" leads 2
	expect gates_are 1 open
	eventually "node 2 to answer" served 2
	start 1
	eventually "the router to know both again" leads 12

	note "gates close while it is away"
	stop 1
	eventually "the router to know the second only" leads 2
	kill_server 1
	eventually "the gates to close" gates_are 1 closed
	routes_watched
	start 1
	eventually "it to be connected" connected 1
	closed_since stop

	note "gates open while it is away"
	stop 1
	eventually "it to be disconnected" disconnected 1
	server 1
	eventually "the gates to open" gates_are 1 open
	start 1
	eventually "the router to know both" leads 12
	eventually "both to answer" served 12
}

# The daemon dies without a word, and leaves what it had put into the node's tables.
# BFD tells, and the next one is to make what is there its own, and to announce what
# gates announce by then.
crashes()
{
	ready 1 2
	eventually "BFD" bfd_up
	note "with gates open"
	crash 1
	eventually "the router to know the second only" leads 2
	expect gates_are 1 open
	eventually "node 2 to answer" served 2
	start 1
	eventually "the router to know both again" leads 12
	eventually "both to answer" served 12

	note "gates close while it is away"
	eventually "BFD" bfd_up
	crash 1
	eventually "the router to know the second only" leads 2
	kill_server 1
	eventually "the gates to close" gates_are 1 closed
	routes_watched
	start 1
	eventually "BFD" bfd_up
	closed_since crash

	note "gates open while it is away"
	crash 1
	server 1
	eventually "the gates to open" gates_are 1 open
	start 1
	eventually "the router to know both" leads 12
	eventually "both to answer" served 12
}

# The node itself dies, and says nothing: BFD tells, long before the protocol's own
# timers, which are not below $1 milliseconds.
dies()
{
	local begun
	ready 1 2
	eventually "BFD" bfd_up
	begun=$(now_ms)
	mute 1
	eventually "the router to know the second only" leads 2
	begun=$(($(now_ms) - begun))
	note "after $begun ms"
	[ $begun -lt "$1" ] || fail "that was not BFD"
	expect gates_are 1 open
	eventually "node 2 to answer" served 2
	unmute 1
	eventually "the router to know both again" leads 12
}

# drained HOW...: node 1 is drained before its daemon ends, and by the time that it is
# back its server is dead: the router has had no route to it since it was drained. How
# the daemon ends does not matter then, not even where a router would believe what it
# has been told before.
drained()
{
	local how
	ready 1 2
	for how; do
		note "drained before $how"
		drain_all 1
		eventually "the router to know the second only" leads 2
		routes_watched
		"$how" 1
		[ "$how" = stop ] || forget_client 1
		eventually "it to be disconnected" disconnected 1
		kill_server 1
		start 1
		undrain_all 1
		eventually "it to be connected" connected 1
		eventually "the gates to be closed" gates_are 1 closed
		never_to 1
		expect leads 2
		server 1
		eventually "the router to know both" leads 12
		eventually "both to answer" served 12
	done
}

# forget_client N: what has been killed leaves its routes behind
forget_client()
{
	ip -n "${NS[$1]}" route del 10.1.0.0/24 2>/dev/null
	ip -n "${NS[$1]}" route del 2001:db8:c::/64 2>/dev/null
}

drain_all()
{
	local gate
	for gate in "${GATES[@]}"; do
		ctl -n "${NS[$1]}" drain "$gate" >/dev/null
	done
}

undrain_all()
{
	local gate
	for gate in "${GATES[@]}"; do
		ctl -n "${NS[$1]}" undrain "$gate"
	done
}

# What a node has that is no gate's, or a gate's and not for routers: they hear of none of
# it in the time that routing would take to tell, and keep what they have.
#
#	MARKED		routes of a gate's protocol that are in no list
#	UNMARKED	and of another
#	LOCAL		addresses on lo that are in no list; two of them are in a prefix
#			that is
MARKED=(203.0.113.0/25 2001:db8:54::/48)
UNMARKED=(203.0.113.128/25 2001:db8:55::/48)
LOCAL=(192.0.2.57/32 2001:db8::57/128 198.51.100.53/32 2001:db8:53::53/128)

others()
{
	local prefix hosts=("${GATES[@]:0:2}") prefixes=("${GATES[@]:2}")
	ROUTER=$(credulous)
	ready 1
	# A fallback leads to a tunnel. What stands for it is no neighbour of the router's,
	# which would not believe that it is the way to what it is told.
	ip -n "${NS[1]}" link add svc0 type veth peer name svc1
	ip -n "${NS[1]}" link set svc0 up
	ip -n "${NS[1]}" link set svc1 up
	ip -n "${NS[1]}" addr add 10.9.9.1/30 dev svc0
	ip -n "${NS[1]}" addr add 2001:db8:9::1/64 dev svc0 nodad

	note "routes and addresses that are in no list"
	routes_watched
	for prefix in "${MARKED[@]}"; do
		ip -n "${NS[1]}" route add blackhole "$prefix" proto 166 || fail "no $prefix"
	done
	for prefix in "${UNMARKED[@]}"; do
		ip -n "${NS[1]}" route add blackhole "$prefix" proto static || fail "no $prefix"
	done
	for prefix in "${LOCAL[@]:0:2}"; do
		ip -n "${NS[1]}" addr add "$prefix" dev lo || fail "no $prefix"
	done
	unheard_of "${MARKED[@]}" "${UNMARKED[@]}" "${LOCAL[@]}"
	kept "${GATES[@]}"
	are_there "proto 166" "${MARKED[@]}"
	are_there "proto static" "${UNMARKED[@]}"

	note "fallbacks of gates of addresses"
	fall_back "${hosts[@]}"
	unheard_of "${hosts[@]}"
	kept "${prefixes[@]}"
	are_there "via .* proto 166" "${hosts[@]}"
	stand_up "${hosts[@]}"

	[[ $RECIPE == *-bird ]] || return 0
	note "a route of another protocol to what a gate has, too, whose gate closes"
	for prefix in "${prefixes[@]}"; do
		ip -n "${NS[1]}" route add blackhole "$prefix" proto static metric 4000 ||
			fail "no $prefix"
		ctl -n "${NS[1]}" drain "$prefix" >/dev/null
	done
	eventually "the router to have no route" leads_nowhere "${prefixes[@]}"
	routes_watched
	unheard_of "${prefixes[@]}"
	kept "${hosts[@]}"
	are_there "proto static" "${prefixes[@]}"
	for prefix in "${prefixes[@]}"; do
		ctl -n "${NS[1]}" undrain "$prefix"
	done
	eventually "the router to know the first" leads 1
	for prefix in "${prefixes[@]}"; do
		ip -n "${NS[1]}" route del blackhole "$prefix" proto static metric 4000
	done
	expect leads 1

	note "fallbacks of gates of routes"
	fall_back "${prefixes[@]}"
	unheard_of "${prefixes[@]}"
	kept "${hosts[@]}"
	are_there "via .* proto 166" "${prefixes[@]}"
	stand_up "${prefixes[@]}"
}

# The router's file as it is, where it filters nothing.
credulous()
{
	echo "$RECIPE/router.conf"
}

# fall_back PREFIX...: node 1 is drained of it and has a fallback for it, which the router
# is watched for
fall_back()
{
	local prefix gateway
	for prefix; do
		ctl -n "${NS[1]}" drain "$prefix" >/dev/null
	done
	eventually "the router to have no route" leads_nowhere "$@"
	routes_watched
	for prefix; do
		gateway=10.9.9.2
		[[ $prefix != *:* ]] || gateway=2001:db8:9::2
		ctl -n "${NS[1]}" change "$prefix" fallback via $gateway dev svc0
	done
}

# stand_up PREFIX...: it is announced again
stand_up()
{
	local prefix
	for prefix; do
		ctl -n "${NS[1]}" undrain "$prefix"
	done
	eventually "the router to know the first" leads 1
}

leads_nowhere()
{
	local prefix
	for prefix; do
		leads_only "$prefix" "" || return
	done
}

# unheard_of PREFIX...: since the routes are watched the router has had no route to it
unheard_of()
{
	local had
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	had=$(watched_of "" "" "$@")
	[ -z "$had" ] || fail "the router has heard of it: $had"
	leads_nowhere "$@" || fail "the router has one of $*"
}

# kept PREFIX...: since they are watched the router's routes to node 1 have been left alone
kept()
{
	local prefix lost
	lost=$(watched_of "Deleted " "" "$@")
	[ -z "$lost" ] || fail "the router has lost a route: $lost"
	for prefix; do
		expect leads_only "$prefix" 1
	done
}

# are_there PATTERN PREFIX...: in node 1's table main, what the router is not to hear of
are_there()
{
	local prefix family
	for prefix in "${@:2}"; do
		family=-4
		[[ $prefix != *:* ]] || family=-6
		ip -n "${NS[1]}" $family route show exact "$prefix" | grep -q -- "$1" ||
			fail "node 1 has no such route to $prefix: $1"
	done
}

# ---- BGP -------------------------------------------------------------------------

# heard PREFIX, unheard PREFIX...: by the neighbour of the router's network
heard()
{
	local prefix family
	for prefix; do
		family=-4
		[[ $prefix != *:* ]] || family=-6
		[ -n "$(ip -n "${NS[10]}" $family route show exact "$prefix" proto bird)" ] || return
	done
}

unheard()
{
	local prefix
	for prefix; do
		! heard "$prefix" || return
	done
}

# scopes FILE LOCAL GLOBAL: node 1 is global and node 2, by FILE, local: what only the
# latter has does not leave the router's network; nor does a host prefix, whoever has
# it. LOCAL and GLOBAL are the settings that make a gate so.
scopes()
{
	local local global hosts=("${GATES[@]:0:2}") prefixes=("${GATES[@]:2}") prefix
	read -ra local <<<"$2"
	read -ra global <<<"$3"
	network
	bird_on 10 "$RECIPE/upstream.conf"
	ctl -n "${NS[2]}" apply "$RECIPE/$1" >/dev/null
	server 1
	eventually "the router to know the first" leads 1
	eventually "its neighbour to hear of the covering prefixes" heard "${prefixes[@]}"
	expect unheard "${hosts[@]}"
	kill_server 1
	eventually "the router to know none" leads ""
	eventually "its neighbour to have lost them" unheard "${prefixes[@]}"
	server 2
	eventually "the router to know the second" leads 2
	eventually "node 2 to answer" served 2
	note "the local node is made a global one"
	routes_watched
	for prefix in "${prefixes[@]}"; do
		expect unheard "$prefix"
		ctl -n "${NS[2]}" change "$prefix" "${global[@]}"
	done
	eventually "the router's neighbour to hear of it" heard "${prefixes[@]}"
	expect unheard "${hosts[@]}"
	note "and a local one again"
	for prefix in "${prefixes[@]}"; do
		ctl -n "${NS[2]}" change "$prefix" "${local[@]}"
	done
	eventually "the router's neighbour to have lost it" unheard "${prefixes[@]}"
	eventually "the router to know the second" leads 2
}
