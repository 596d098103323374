# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # much of it is for those who source it
#
# recipe.inc.sh - what the tests of the recipes share: a router with nodes around
# it, each a namespace, with routing daemons and servers that are told apart.
#
# The recipe's own files are run as they are: what differs between nodes is what
# a daemon reads from its namespace. N is a node's number, 1 to 9, and 0 is the
# router; NS[N] is its namespace.

PYTHON=${PYTHON:-/usr/bin/python3}
# OSPF announces anew what it has just withdrawn after some five seconds.
PATIENCE=$((60000 * ${SLOW:-1}))

node()
{
	ip netns exec "${NS[$1]}" "${@:2}"
}

# elapsed SINCE MS: for how long something has been so
elapsed()
{
	(($(now_ms) - $1 > $2))
}

# bird_on N FILE: 0 is the router
bird_on()
{
	# not by a function: it is the program itself that has the number
	ip netns exec "${NS[$1]}" bird -f -c "$2" -s "$TMP/bird$1.ctl" -P "$TMP/bird$1.pid" \
		>"$TMP/bird$1.log" 2>&1 &
	MONITORS+=($!)
	eventually "BIRD of $1" birdc_ok "$1" show status
}

birdc_ok()
{
	birdc -s "$TMP/bird$1.ctl" "${@:2}" >"$TMP/birdc" 2>&1
}

# bird_stop N [SIGNAL]
bird_stop()
{
	kill "-${2:-TERM}" "$(cat "$TMP/bird$1.pid")"
	rm -f "$TMP/bird$1.pid" "$TMP/bird$1.ctl"
}

# as_node N FILE: a recipe's file is that of node 1; what it says of the link to the
# router, and of itself, is this node's in the copy whose name this prints
as_node()
{
	mkdir -p "$TMP/$1"
	sed "s/10\.0\.1\./10.0.$1./g; s/2001:db8:1:/2001:db8:$1:/g; s/0100\.0000\.1002/0100.0000.${1}002/" \
		"$2" >"$TMP/$1/${2##*/}"
	echo "$TMP/$1/${2##*/}"
}

FRR_RELOAD=/usr/lib/frr/frr-reload.py

# frr_on N CONF DAEMONS: as its package starts it, without the watchdog; it has the
# name of the namespace, where FRR has nothing else to keep several apart by.
frr_on()
{
	local dir=/etc/frr/${NS[$1]}
	mkdir -p "$dir"
	cp "$2" "$dir/frr.conf"
	cp "$3" "$dir/daemons"
	: >"$dir/vtysh.conf"
	chown -R frr:frr "$dir"
	chmod 755 "$dir"
	defer "frr_kill $1; rm -rf '$dir' '/run/frr/${NS[$1]}'"
	frr_do "$1" start
}

# frr_do N start|stop: what the package does
frr_do()
{
	ip netns exec "${NS[$1]}" env FRR_PATHSPACE="${NS[$1]}" /usr/lib/frr/watchfrr.sh "$2" all \
		>>"$TMP/frr$1.log" 2>&1 || fail "FRR of $1: $(cat "$TMP/frr$1.log")"
}

frr_kill()
{
	local file
	for file in "/run/frr/${NS[$1]}"/*.pid; do
		[ ! -e "$file" ] || kill -9 "$(cat "$file")" 2>/dev/null
		rm -f "$file"
	done
}

# With the configuration that it was started with, as "systemctl reload frr". It
# must have nothing to change: what it does not find again in the running
# configuration as it is in the file, it takes away and puts there anew.
frr_reload()
{
	"$FRR_RELOAD" --reload --stdout --pathspace "${NS[$1]}" \
		"/etc/frr/${NS[$1]}/frr.conf" >"$TMP/reload" 2>&1 ||
		fail "frr-reload: $(cat "$TMP/reload")"
	! grep Executed "$TMP/reload" | grep -v "no hostname" ||
		fail "the file is not what FRR makes of it"
}

# vty N COMMAND...
vty()
{
	local n=$1 line words=()
	shift
	for line; do
		words+=(-c "$line")
	done
	ip netns exec "${NS[$n]}" vtysh -N "${NS[$n]}" "${words[@]}" 2>&1
}

# star NODES: the router has eth1, eth2, … with 10.0.N.1/24 and 2001:db8:N::1/64;
# each node has eth0, with .2 and ::2. No daemon runs.
star()
{
	local n name
	SERVER=()
	setup_ns router
	NS=("$router")
	for n in $(seq "$1"); do
		setup_ns "node$n"
		name="node$n"
		NS+=("${!name}")
	done
	node 0 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	for n in $(seq "$1"); do
		ip link add eth$n netns "${NS[0]}" type veth peer name eth0 netns "${NS[n]}" ||
			fail "no veth"
		ip -n "${NS[0]}" addr add 10.0.$n.1/24 dev eth$n
		ip -n "${NS[0]}" addr add 2001:db8:$n::1/64 dev eth$n nodad
		ip -n "${NS[0]}" link set eth$n up
		ip -n "${NS[n]}" addr add 10.0.$n.2/24 dev eth0
		ip -n "${NS[n]}" addr add 2001:db8:$n::2/64 dev eth0 nodad
		ip -n "${NS[n]}" link set eth0 up
		node "$n" sysctl -qw net.ipv6.conf.eth0.accept_dad=0
	done
}

# default_routes NODE...: by way of the router
default_routes()
{
	local n
	for n; do
		ip -n "${NS[n]}" route add default via "10.0.$n.1"
		ip -n "${NS[n]}" route add default via "2001:db8:$n::1"
	done
}

# A client's network behind the router: 10.1.0.0/24, 2001:db8:c::/64.
client()
{
	local client
	setup_ns client
	NS[10]=$client
	CLIENT=10
	ip link add clients netns "${NS[0]}" type veth peer name eth0 netns "$client" ||
		fail "no veth"
	ip -n "${NS[0]}" addr add 10.1.0.1/24 dev clients
	ip -n "${NS[0]}" addr add 2001:db8:c::1/64 dev clients nodad
	ip -n "${NS[0]}" link set clients up
	ip -n "$client" addr add 10.1.0.2/24 dev eth0
	ip -n "$client" addr add 2001:db8:c::2/64 dev eth0 nodad
	ip -n "$client" link set eth0 up
	ip -n "$client" route add default via 10.1.0.1
	ip -n "$client" route add default via 2001:db8:c::1
}

# A server that says which node it is on, from the address that was asked.
server()
{
	ip netns exec "${NS[$1]}" "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
s.bind(("::", 53))
while True:
    _, told, _, who = s.recvmsg(512, 128)
    # the interface is for the routing to choose
    told = [(level, kind, data[:16] + bytes(4)) for level, kind, data in told]
    try:
        s.sendmsg([sys.argv[1].encode()], told, 0, who)
    except OSError:
        pass    # no way back just now
' "$1" &
	SERVER[$1]=$!
	disown	# bash would tell of its end, with all its text
	defer "kill -9 $! 2>/dev/null"
}

kill_server()
{
	kill -9 "${SERVER[$1]}"
}

# Which node answers a client behind the router; nothing if none does.
answer()
{
	ask "$1"
}

# ask ADDRESS...: all at once; a line for each answer. The client is the router, if
# there is no other one.
ask()
{
	node "${CLIENT:-0}" "$PYTHON" -c '
import socket, sys
asked = []
for address in sys.argv[1:]:
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                      socket.SOCK_DGRAM)
    s.settimeout(2)
    asked.append(s)
    try:
        s.connect((address, 53))
        s.send(b"?")
    except OSError:
        pass
for s in asked:
    try:
        print(s.recv(512).decode())
    except OSError:
        pass
' "$@"
}

answers()
{
	[ "$(answer "$2")" = "$1" ]
}

state_is()
{
	local g
	for g in $V4/32 $V6/128; do
		"$ANYGATECTL" -n "${NS[$1]}" -j show $g 2>/dev/null |
			grep -q "\"state\":\"$2\"" || return
	done
}

# routed N: the router's routes lead to this node, and to no other
routed()
{
	[[ $(ip -n "${NS[0]}" route show $V4) == *" dev eth$1 "* &&
	   $(ip -n "${NS[0]}" -6 route show $V6) == *" dev eth$1 "* ]]
}

# devices PREFIX: of the nodes to which the router's routes lead, as "12"
devices()
{
	local family=-4
	[[ $1 != *:* ]] || family=-6
	ip -n "${NS[0]}" $family route show exact "$1" | grep -o 'dev eth[0-9]' | sort -u |
		tr -dc 0-9
}

# leads_only PREFIX NODES: to these, and to no others
leads_only()
{
	[ "$(devices "$1")" = "$2" ]
}

# leads NODES: the router's routes to all of the prefixes lead to these nodes and to
# no others; "" is nowhere
leads()
{
	local prefix
	for prefix in "${GATES[@]}"; do
		leads_only "$prefix" "$1" || return
	done
}

# sees N, sees_nobody N: what its witness has, in table 100
sees()
{
	[ -n "$(ip -n "${NS[$1]}" route show table 100 $V4 2>/dev/null)" ] &&
		[ -n "$(ip -n "${NS[$1]}" -6 route show table 100 $V6 2>/dev/null)" ]
}

sees_nobody()
{
	[ -z "$(ip -n "${NS[$1]}" route show table 100 2>/dev/null)" ] &&
		[ -z "$(ip -n "${NS[$1]}" -6 route show table 100 2>/dev/null)" ]
}

ip_route_any()
{
	[ -n "$(ip -n "${NS[0]}" route show $V4)" ] &&
		[ -n "$(ip -n "${NS[0]}" -6 route show $V6)" ]
}

# doctor_clean N [ID...]: doctor has found no problem on node N, and nothing to warn of, but
# for what its test says why it is to be expected, and that it has found
doctor_clean()
{
	local n=$1 found id
	shift
	found=$("$ANYGATECTL" -n "${NS[n]}" -j doctor | jq -r '.[] |
		select(.severity != "note") | "\(.id) \(.subject): \(.text)"')
	for id; do
		grep -q "^$id " <<<"$found" || fail "doctor does not say $id any more"
		found=$(grep -v "^$id " <<<"$found")
	done
	[ -z "$found" ] || fail "doctor: $found"
}

# page_commands README N: what the page has one type under "See that it works", of birdc,
# vtysh and the like, works as it stands there, with the gates of node N open, but for
# where the daemon is; and it shows what it is there for.
page_commands()
{
	local line all=0
	while IFS= read -r line; do
		case $line in
		birdc\ * | vtysh\ * | ip\ * | sysctl\ * | nstat\ *)
			note "${line%%  *}"
			eventually "what ${1#"$SELFTESTS/../"} says of it: $line" \
				page_command "$2" "${line%%  *}" "${line#*# }"
			all=$((all + 1))
			;;
		esac
	done < <(awk '/^See that it works/ { on = 1; next }
		on && /^    / { print substr($0, 5) }
		on && /^[^ ]/ { exit }' "$1")
	[ $all -gt 0 ] || fail "no command in $1"
}

# page_command N COMMAND REMARK: shell's words; a second BIRD is that of namespace AT
page_command()
{
	local n=$1 command=$2 wanted=. count=1 number
	case $command in
	"birdc -s "*)	command="birdc -s '$TMP/bird$AT.ctl' ${command#birdc -s * }" ;;
	"birdc "*)	command="birdc -s '$TMP/bird$n.ctl' ${command#birdc }" ;;
	"vtysh "*)	command="vtysh -N '${NS[n]}' ${command#vtysh }" ;;
	esac
	case $2 in
	*" bfd "*)
		wanted="\\bup\\b"
		[[ $3 != *two* ]] || count=2
		;;
	*" protocols"*)
		wanted="\\bestablished\\b"
		;;
	*" route"* | *" bgp "* | *" database "* | *" redistribute"*)
		wanted="\\b(192\\.0\\.2\\.53|198\\.51\\.100\\.|2001:db8::53|2001:db8:53:)"
		;;
	esac
	ip netns exec "${NS[n]}" bash -c "$command" >"$TMP/page" 2>&1 || return
	! grep -E "syntax error|^%|not exist" "$TMP/page" || return
	number=$(grep -ciE "$wanted" "$TMP/page")
	[ "$number" -ge $count ]
}

# What "eventually" shows, of all of them.
show_all()
{
	local n
	[ ! -e "$TMP/page" ] || sed 's/^/#   /' "$TMP/page"
	for n in "${!NS[@]}"; do
		echo "#  --- $n"
		{
			"$ANYGATECTL" -n "${NS[n]}" show
			ip -n "${NS[n]}" route
			ip -n "${NS[n]}" -6 route
			ip -n "${NS[n]}" route show table 100
			ip -n "${NS[n]}" -6 route show table 100
			if [ -e "$TMP/bird$n.ctl" ]; then
				birdc -s "$TMP/bird$n.ctl" show route
				birdc -s "$TMP/bird$n.ctl" show protocols all
				birdc -s "$TMP/bird$n.ctl" show ospf neighbors ospf4
				birdc -s "$TMP/bird$n.ctl" show ospf neighbors ospf6
				birdc -s "$TMP/bird$n.ctl" show ospf lsadb ospf4
				cat "$TMP/bird$n.log"
			fi
			if [ -e "$TMP/frr$n.log" ]; then
				vty "$n" "show ip route" "show ipv6 route"
				cat "$TMP/frr$n.log"
			fi
		} 2>&1 | sed 's/^/#   /'
	done
}
