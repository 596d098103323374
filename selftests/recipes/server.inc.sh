# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # much of it is for those who source it
#
# server.inc.sh - what the tests of the servers' recipes share: a node, a router, a
# client behind it, and what becomes of a server.
#
# A test says what server it is and how it is started, stopped and so on:
#
#	RECIPE		its directory
#	PROGRAM		the file that its processes run
#	KIND, ANSWER	what the client asks, and what it is to be told (client.py)
#	NODE_CONF	what BIRD on the node reads, if not servers/bird.conf
#	GATES		what anygate on the node reads, if not anygate.conf in RECIPE
#	AT		the number of the namespace that it is in, if not the node
#	RAW		if it answers before it has its data
#	PAGE		what says how to see that it works, if not servers/README.md
#	CONFIG		its configuration, where "unbound_without" takes an option away
#	server_files	puts its files where they belong
#	server_start, server_stop
#	server_newer	changes its data or its configuration
#	server_renewed	is it to be seen that it has read that?
#
# The files are run as they are, and where they belong: in a mount namespace of the
# test's own.

SERVERS=$SELFTESTS/../Documentation/recipes/servers
NODE_CONF=$SERVERS/bird.conf
KIND=dns
ANSWER=198.51.100.80
AT=1

if [ -z "$ANYGATE_MOUNTS" ]; then
	export ANYGATE_MOUNTS=y
	exec unshare -m --propagation private -- bash "$0" "$@"
fi

# place DIRECTORY [OWNER]: an empty one, for this case
place()
{
	mkdir -p "$1"
	mount -t tmpfs -o mode=755 tmpfs "$1" || fail "no $1"
	[ -z "$2" ] || chown "$2:" "$1"
}

# A client is node 2.
network()
{
	server_files
	star 2
	default_routes 1 2
	bird_on 0 "$SERVERS/router.conf"
	bird_on 1 "$NODE_CONF"
	eventually "BGP" bgp_is_up
	ctl -n "${NS[1]}" apply "${GATES:-$RECIPE/anygate.conf}" >/dev/null
}

bgp_is_up()
{
	birdc_ok 0 show protocols && [ "$(grep -c Established "$TMP/birdc")" = 2 ]
}

# --- the server ---------------------------------------------------------------------

# launch COMMAND...: where it belongs; it stays in the foreground, and $MAIN is its number.
launch()
{
	ip netns exec "${NS[AT]}" "$@" >>"$TMP/server.log" 2>&1 &
	MAIN=$!
	disown
	defer server_kill
}

# Every process that runs its program there.
processes()
{
	local p
	for p in $(ip netns pids "${NS[AT]}"); do
		[ "$(readlink "/proc/$p/exe")" != "$PROGRAM" ] || echo "$p"
	done
}

has_ended()
{
	[ -z "$(processes)" ]
}

lives()
{
	[ -e "/proc/$1/exe" ] && readlink -q "/proc/$1/exe" >/dev/null
}

dead()
{
	! lives "$1"
}

server_kill()
{
	local p
	p=$(processes)
	# shellcheck disable=SC2086 # numbers
	[ -z "$p" ] || kill -9 $p
} 2>/dev/null

# --- what is seen of it ---------------------------------------------------------------

client()
{
	node 2 "$PYTHON" "$SELFTESTS/recipes/client.py" "$@" 2>&1
}

# is_told KIND QUESTION ANSWER: at both addresses
is_told()
{
	[ "$(client "$1" $V4 "$2")" = "$3" ] && [ "$(client "$1" $V6 "$2")" = "$3" ]
}

answered()
{
	[ "$(client "$KIND" $V4)" = "$ANSWER" ] && [ "$(client "$KIND" $V6)" = "$ANSWER" ]
}

answered_by_tcp()
{
	is_told dns-tcp "www.example A" "$ANSWER"
}

unanswered()
{
	! client "$KIND" $V4 >/dev/null && ! client "$KIND" $V6 >/dev/null
}

unrouted()
{
	[ -z "$(ip -n "${NS[0]}" route show $V4)" ] && [ -z "$(ip -n "${NS[0]}" -6 route show $V6)" ]
}

comes()
{
	eventually "the router to have the routes" routed 1
	eventually "the client to be answered" answered
	[ -n "$LOOKED" ] || look
}

# look: once, when it is up, at what the page says is to be seen, and at what doctor says:
# nothing, but for what is wrong by intent, with these IDs
DOCTOR_SAYS=()
look()
{
	LOOKED=y
	doctor_clean "$AT" "${DOCTOR_SAYS[@]}"
	page_commands "${PAGE:-$SERVERS/README.md}" 1
}

goes()
{
	eventually "the router to have no route" unrouted
	expect unanswered
}

# watch: from now on, the router's table, the gates, and a client that asks and asks
watch()
{
	WATCHERS=()
	: >"$TMP/routes"
	: >"$TMP/gates"
	ip -n "${NS[0]}" -ts -o monitor route >>"$TMP/routes" 2>&1 &
	WATCHERS+=($!)
	"$ANYGATECTL" -n "${NS[AT]}" -j monitor >>"$TMP/gates" 2>&1 &
	WATCHERS+=($!)
	ip netns exec "${NS[2]}" "$PYTHON" "$SELFTESTS/recipes/client.py" \
		--keep "$KIND" $V4 $V6 >"$TMP/clients" 2>&1 &
	WATCHERS+=($!)
	MONITORS+=("${WATCHERS[@]}")
	disown "${WATCHERS[@]}"
	MARK=0
	marked
	eventually "the client to ask" asked 4
}

# asked N: so many times that somebody was told something
asked()
{
	[ "$(grep -c "^ok" "$TMP/clients")" -ge "$1" ]
}

# What has happened until now has been written down.
marked()
{
	MARK=$((MARK + 1))
	eventually "what is watched" mark_seen $MARK
}

mark_seen()
{
	ip -n "${NS[0]}" route add 198.51.100.$1 dev lo 2>/dev/null
	ip -n "${NS[0]}" route del 198.51.100.$1 dev lo 2>/dev/null
	"$ANYGATECTL" -n "${NS[AT]}" add 203.0.113.$1/32 udp/99 2>/dev/null
	"$ANYGATECTL" -n "${NS[AT]}" del 203.0.113.$1/32 2>/dev/null
	grep -q -F "198.51.100.$1 " "$TMP/routes" && grep -q -F "203.0.113.$1/" "$TMP/gates"
}

# watched WHAT: the end of "watch". $MOVES is what the gates did meanwhile, a line for
# each prefix and state; answers that were not the right one are in $WRONG, one a line,
# and questions without an answer in $LOST.
watched()
{
	local sure
	sure=$(grep -c "^ok" "$TMP/clients")
	eventually "the client to go on" asked $((sure + 4))
	marked
	kill "${WATCHERS[@]}"
	MOVES=$(jq -r 'select(.kind == "transition" and (.prefix | startswith("203.") | not))
		| "\(.prefix) \(.state)"' "$TMP/gates")
	WRONG=$(grep "^ok" "$TMP/clients" | grep -v -F " $ANSWER")
	LOST=$(grep "^lost" "$TMP/clients")
	note "$1: $(wc -l <"$TMP/clients") questions, $(grep -c "^lost" "$TMP/clients") of them" \
		"lost${WRONG:+, $(wc -l <<<"$WRONG") with a wrong answer: $(tail -n 1 <<<"$WRONG")}"
}

# unmoved WHAT: since "watch" the routes were never touched, and the gates never moved
unmoved()
{
	watched "$1"
	if [ -n "$MOVES" ] || grep -q -F -e $V4 -e $V6 "$TMP/routes"; then
		sed 's/^/#   /' "$TMP/routes" "$TMP/gates"
		fail "$1: something has moved"
	fi
}

# closed_meanwhile WHAT: since "watch" each of the two gates has closed, and opened again
closed_meanwhile()
{
	local prefix moves
	watched "$1"
	for prefix in $V4/32 $V6/128; do
		moves=$(grep "^$prefix " <<<"$MOVES" | cut -d' ' -f2 | paste -sd' ')
		[[ " $moves" == *" closed"*" open" ]] || fail "$1: the gate of $prefix did this: $moves"
	done
}

# --- the life of a server -------------------------------------------------------------

start_and_stop()
{
	note "start"
	server_start
	comes
	note "stop"
	server_stop
	goes
	eventually "its end" has_ended
	note "start again"
	server_start
	comes
	[ "$KIND" != dns ] || eventually "the client to be answered by TCP" answered_by_tcp
}

# reload WHAT COMMAND...: has it read anew
reload()
{
	local what=$1
	shift
	watch
	server_newer
	"$@" >"$TMP/reload" 2>&1 || fail "$what: $(<"$TMP/reload")"
	eventually "the reload to be seen" server_renewed
	unmoved "$what"
	[ -z "$WRONG" ] || fail "$what: wrong answers: $WRONG"
	nothing_lost "$what"
}

# nothing_lost WHAT: after "unmoved"
nothing_lost()
{
	[ -z "$LOST" ] || fail "$1: lost questions: $LOST"
}

# lost_at_most N: after "unmoved". There is one client, and it asks one question at a time:
# whoever ends takes one with it, and not another while the client waits for that.
lost_at_most()
{
	[ -z "$LOST" ] || [ "$(wc -l <<<"$LOST")" -le "$1" ] ||
		fail "more than $1 lost questions: $LOST"
}

# unbound_without PATTERN [WORD]: without the option that these lines of its configuration
# are, or have as a word, it does not bind what is away, and ends: the route that a gate
# holds is not enough for both families.
unbound_without()
{
	network
	grep -q -- "$1" "$CONFIG" || fail "no such line in $CONFIG: $1"
	if [ -n "$2" ]; then
		sed -i "/$1/s/ $2//" "$CONFIG"
	else
		sed -i "/$1/d" "$CONFIG"
	fi
	server_start
	eventually "it to give up" dead "$MAIN"
	grep -i "cannot assign" "$TMP/server.log" | head -n 2 | sed 's/^/# /'
	grep -qi "cannot assign requested address" "$TMP/server.log" ||
		fail "for another reason: $(tail -n 3 "$TMP/server.log")"
	grep -i "cannot assign" "$TMP/server.log" | grep -q -F "$V4" && fail "IPv4, too"
	expect unrouted
}

# A second one, with the same files, and then the first one ends.
takeover()
{
	local old=$MAIN
	watch
	server_newer
	server_start
	eventually "the second to listen" holds $MAIN
	kill "$old"
	eventually "the end of the first" dead "$old"
	eventually "the second to answer" server_renewed
	unmoved "a second instance"
	[ -z "$WRONG" ] || [ -n "$RAW" ] || fail "wrong answers: $WRONG"
	lost_at_most 2
}

# holds PROCESS: sockets at both addresses, of all services
holds()
{
	local a
	for a in $V4 "[$V6]"; do
		node "$AT" ss -Hlntup "src $a" | grep -q "pid=$1," || return
	done
}

# first_alone: what "refused_second" and "first_goes_on" are about has started
first_alone()
{
	network
	server_start
	comes
	FIRST=$MAIN
	watch
}

# refused_second REASON [ARGUMENT...]: it says why, and ends
refused_second()
{
	local reason=$1
	shift
	server_start "$@"
	eventually "the second to end" dead "$MAIN"
	grep -q "$reason" "$TMP/server.log" ||
		fail "for another reason: $(tail -n 3 "$TMP/server.log")"
}

first_goes_on()
{
	expect lives "$FIRST"
	unmoved "a second instance"
	[ -z "$WRONG" ] || fail "wrong answers: $WRONG"
}

# check, requirement: what README.md has the operator type for a check, as it stands there
check()
{
	local words=()
	read -ra words < <(sed -n 's/^    anygatectl check /check /p' "$RECIPE/README.md")
	[ ${#words[@]} -gt 3 ] || fail "no check in $RECIPE/README.md"
	node "$AT" "$ANYGATECTL" "${words[@]}" >"$TMP/check.log" 2>&1 &
	MONITORS+=($!)
	disown
}

requirement()
{
	local words=()
	read -ra words < <(sed -n 's/^    anygatectl change /change /p' "$RECIPE/README.md")
	[ ${#words[@]} -gt 3 ] || fail "no requirement in $RECIPE/README.md"
	ctl -n "${NS[AT]}" "${words[@]}"
}

# checked: the gates open with the check only, and close when what is behind the server
# ends, while the server lives. "behind" starts that, and "behind_ends" ends it.
checked()
{
	network
	behind
	server_start
	comes
	note "the gates require the check"
	requirement
	goes
	expect listening
	note "and there is one"
	check
	comes
	note "what is behind it ends"
	behind_ends
	goes
	expect listening
	expect lives $MAIN
	note "and comes back"
	behind
	comes
}

# listening: whoever of its processes it is
listening()
{
	local a
	for a in $V4 "[$V6]"; do
		[ -n "$(node "$AT" ss -Hlntu "src $a")" ] || return
	done
}

# the_internet, the_internet_ends: the router has the addresses of the root name servers,
# and a root zone in which names are that are in no cache; and what asks for them is where
# the pages have it
the_internet()
{
	local dir=$TMP/internet address
	place /usr/local/sbin
	cp "$SERVERS/resolves" /usr/local/sbin
	mkdir -p "$dir"
	cat >"$dir/zone" <<-'END'
	. 86400 SOA a.root-servers.net. hostmaster.example. 1 3600 600 86400 60
	. 86400 NS a.root-servers.net.
	a.root-servers.net. 86400 A 198.41.0.4
	check.example.org. 0 A 198.51.100.99
	END
	{
		printf 'server:\n\tusername: ""\n\tdatabase: ""\n\tzonesdir: "%s"\n' "$dir"
		for address in pidfile:pid xfrdfile:xfrd zonelistfile:list; do
			printf '\t%s: "%s"\n' "${address%:*}" "$dir/${address#*:}"
		done
		while read -r address; do
			ip -n "${NS[0]}" addr replace "$address" dev lo
			printf '\tip-address: %s\n' "$address"
		done < <(awk '$3 ~ /^A+$/ { print $4 }' /usr/share/dns/root.hints)
		printf 'remote-control:\n\tcontrol-enable: no\nzone:\n\tname: "."\n\tzonefile: "zone"\n'
	} >"$dir/nsd.conf"
	grep -q "ip-address: 198.41.0.4$" "$dir/nsd.conf" ||
		fail "no root name servers"
	ip netns exec "${NS[0]}" nsd -d -c "$dir/nsd.conf" >"$dir/log" 2>&1 &
	INTERNET=$!
	disown
	defer "kill $INTERNET 2>/dev/null"
	eventually "the root name servers" eval \
		"[ -n \"\$(node 0 dig +short +time=1 +tries=1 @198.41.0.4 check.example.org)\" ]"
}

the_internet_ends()
{
	kill $INTERNET
	eventually "its end" dead $INTERNET
}

# A SIGKILL of all its processes.
killed()
{
	note "SIGKILL"
	server_kill
	goes
	eventually "its end" has_ended
}

# For name servers: a zone of a newer serial number, and whether it is answered.
newer_zone()
{
	SERIAL=$((${SERIAL:-1} + 1))
	sed -i "s/\(hostmaster[a-z.]*\) [0-9]*/\1 $SERIAL/" "$1"
}

has_newer_zone()
{
	is_told dns "example SOA" $SERIAL
}

show_all()
{
	local n
	for n in "${!NS[@]}"; do
		echo "#  --- $n"
		{
			"$ANYGATECTL" -n "${NS[n]}" show
			ip -n "${NS[n]}" route
			ip -n "${NS[n]}" -6 route
			birdc -s "$TMP/bird$n.ctl" show protocols
			birdc -s "$TMP/bird$n.ctl" show route
		} 2>&1 | sed 's/^/#   /'
	done
	{
		node "$AT" ss -lnptu
		tail -n 40 "$TMP/server.log"
		tail -n 5 "$TMP/clients" "$TMP"/check*.log
	} 2>&1 | sed 's/^/#   /'
}
