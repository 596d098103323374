#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# What routing daemons do with the objects of gates when nobody filters: the recipes
# and the manual say so, and the next version may do otherwise. What is told is
# looked for in the kernel's table of a router.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/routing.inc.sh"

needs bird birdc vtysh /usr/lib/frr/frr-reload.py

RECIPES=$SELFTESTS/../Documentation/recipes

# One object a line: is it told?
#	OPEN	an address, and a route
#	HELD	the address of a closed gate, which hold has in table local
#	CLOSED	the route of a closed gate
#	FALLEN	a closed gate's route to another node
#	TABLED	an open gate's route, in a table of its own
#	ELSE	an address that is not on lo
OPEN=(192.0.2.53/32 198.51.100.0/25 2001:db8::53/128 2001:db8:53::/48)
HELD=(192.0.2.54/32 2001:db8::54/128)
CLOSED=(198.51.100.128/25 2001:db8:54::/48)
FALLEN=(203.0.113.55/32 2001:db8::55/128)
TABLED=(203.0.113.128/25 2001:db8:56::/48)
ELSE=(203.0.113.57/32 2001:db8::57/128)

# gate N PREFIX SERVICE...: of a covering prefix it is the first address that counts
gate()
{
	local address=${2%/*}
	case $2 in
	*/32 | */128)	address= ;;
	*:*)		address="[${address}1]:" ;;
	*)		address=${address%.*}.$((${address##*.} + 1)): ;;
	esac
	ctl -n "${NS[$1]}" add "$2" "$address$3" "${@:4}"
}

objects()
{
	local p
	for p in "${OPEN[@]}"; do
		gate 1 "$p" udp/53
	done
	for p in "${HELD[@]}" "${CLOSED[@]}"; do
		gate 1 "$p" tcp/99
	done
	for p in "${TABLED[@]}"; do
		gate 1 "$p" udp/53 table 200
	done
	ip -n "${NS[1]}" link add svc0 type veth peer name svc1
	ip -n "${NS[1]}" link set svc0 up
	ip -n "${NS[1]}" link set svc1 up
	# what stands for a tunnel: the router itself would not believe that it is
	# the way to what it is told
	ip -n "${NS[1]}" addr add 10.9.9.1/30 dev svc0
	ip -n "${NS[1]}" addr add 2001:db8:9::1/64 dev svc0 nodad
	ctl -n "${NS[1]}" add "${FALLEN[0]}" tcp/99 fallback via 10.9.9.2 dev svc0
	ctl -n "${NS[1]}" add "${FALLEN[1]}" tcp/99 fallback via 2001:db8:9::2 dev svc0
	ip -n "${NS[1]}" addr add "${ELSE[0]}" dev svc0
	ip -n "${NS[1]}" addr add "${ELSE[1]}" dev svc0 nodad
	server 1
}

told()
{
	local p
	for p; do
		[ -n "$(devices "$p")" ] || return
	done
}

# In the time that routing would take to tell.
untold()
{
	local p
	for p; do
		[ -z "$(devices "$p")" ] || fail "the router knows of $p"
	done
}

# have TABLE PREFIX...: what is to be overlooked must be there
have()
{
	local p family
	for p in "${@:2}"; do
		family=-4
		[[ $p != *:* ]] || family=-6
		[ -n "$(ip -n "${NS[1]}" $family route show table "$1" exact "$p" proto 166)" ] ||
			fail "$p is not in table $1"
	done
}

# judge TOLD... -- UNTOLD...
judge()
{
	local yes=()
	while [ "$1" != -- ]; do
		yes+=("$1")
		shift
	done
	shift
	eventually "the router to hear of ${yes[*]}" told "${yes[@]}"
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	untold "$@"
	have local "${HELD[@]}"
	have main "${FALLEN[@]}"
	have 200 "${TABLED[@]}"
}

frr_daemons()
{
	cat >"$TMP/frr.conf" <<-END
		frr defaults traditional
		$1
		interface eth0
		 ip ospf area 0
		 ip ospf network point-to-point
		 ip ospf hello-interval 2
		 ip ospf dead-interval 20
		 ipv6 ospf6 area 0
		 ipv6 ospf6 network point-to-point
		 ipv6 ospf6 hello-interval 2
		 ipv6 ospf6 dead-interval 20
		router ospf
		 $2
		 redistribute connected
		 redistribute kernel
		router ospf6
		 ospf6 router-id 10.0.1.2
		 redistribute connected
		 redistribute kernel
	END
	frr_on 1 "$TMP/frr.conf" "$RECIPES/ospf-frr/daemons"
}

# "redistribute connected" has addresses on every device; "redistribute kernel" has
# any route in table main that no routing daemon has put there, a fallback as well.
frr()
{
	star 1
	bird_on 0 "$RECIPES/ospf-frr/router.conf"
	objects
	frr_daemons "" "ospf router-id 10.0.1.2"
	judge "${OPEN[@]}" "${ELSE[@]}" "${FALLEN[@]}" -- \
		"${HELD[@]}" "${CLOSED[@]}" "${TABLED[@]}"
}

# "direct" has addresses on the devices that it names; "learn" has any route in its
# table that BIRD has not put there itself, a fallback as well.
bird()
{
	star 1
	bird_on 0 "$RECIPES/ospf-frr/router.conf"
	objects
	cat >"$TMP/bird.conf" <<-END
		router id from "eth0";
		protocol device { }
		protocol direct { ipv4; ipv6; interface "lo"; }
		protocol kernel { learn; ipv4 { export none; }; }
		protocol kernel { learn; ipv6 { export none; }; }
		protocol ospf v2 {
			ipv4 { export all; };
			area 0 { interface "eth0" { type ptp; hello 2; dead 20; }; };
		}
		protocol ospf v3 {
			ipv6 { export all; };
			area 0 { interface "eth0" { type ptp; hello 2; dead 20; }; };
		}
	END
	bird_on 1 "$TMP/bird.conf"
	judge "${OPEN[@]}" "${FALLEN[@]}" -- \
		"${HELD[@]}" "${CLOSED[@]}" "${TABLED[@]}" "${ELSE[@]}"
}

# A learnt route has preference 10, and loses against another node's: the second
# node to open does not announce. With the recipe's 200 it does.
preference()
{
	local n
	star 2
	bird_on 0 "$RECIPES/ospf-frr/router.conf"
	sed 's/preference = 200;//; s/bfd;//' "$RECIPES/ospf-bird/bird.conf" >"$TMP/bird.conf"
	for n in 1 2; do
		gate "$n" 198.51.100.0/24 udp/53
		bird_on $n "$TMP/bird.conf"
	done
	server 1
	eventually "the router to know the first" leads_only 198.51.100.0/24 1
	eventually "the second node to know it" knows 2 198.51.100.0/24
	server 2
	eventually "the second node to have its route" has_kernel 2 198.51.100.0/24
	eventually "some seconds to pass" elapsed "$(now_ms)" 6000
	expect leads_only 198.51.100.0/24 1
	# BIRD 3.1.8 ends when "bfd" comes with a new configuration.
	sed 's/bfd;//' "$RECIPES/ospf-bird/bird.conf" >"$TMP/bird.conf"
	for n in 1 2; do
		birdc_ok $n configure || fail "birdc: $(cat "$TMP/birdc")"
	done
	eventually "the router to know both" leads_only 198.51.100.0/24 12
}

knows()
{
	birdc_ok "$1" show route "$2" && grep -q "ospf4" "$TMP/birdc"
}

has_kernel()
{
	birdc_ok "$1" show route "$2" && grep -q "kernel1" "$TMP/birdc"
}

# With "router id from" BIRD ends when the interface has no IPv4 address yet: what the
# drop-in for its unit is for.
bird_without_address()
{
	local status=0
	star 1
	ip -n "${NS[1]}" addr del 10.0.1.2/24 dev eth0
	ip netns exec "${NS[1]}" timeout 60 bird -f -c "$RECIPES/ospf-bird/bird.conf" \
		-s "$TMP/bird1.ctl" >"$TMP/bird" 2>&1 || status=$?
	note "status $status"
	case $status in
	0 | 124)	fail "BIRD has not failed" ;;
	esac
	ip -n "${NS[1]}" addr add 10.0.1.2/24 dev eth0
	bird_on 1 "$RECIPES/ospf-bird/bird.conf"
}

# Without a router id FRR takes the highest address of lo: the service's.
router_id()
{
	star 1
	bird_on 0 "$RECIPES/ospf-frr/router.conf"
	frr_daemons "" ""
	eventually "an OSPF with the address of eth0" ospf_id 10.0.1.2
	ctl -n "${NS[1]}" add $V4/32 udp/53
	server 1
	eventually "the router to know the address" told $V4/32
	frr_do 1 stop
	frr_do 1 start
	eventually "an OSPF with the address of the service" ospf_id $V4
}

ospf_id()
{
	vty 1 "show ip ospf" | grep -q "Router ID: $1\$"
}

# A reload undoes what the file does not say: that the node does not forward.
forwarding()
{
	star 1
	node 1 sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	frr_daemons "" ""
	expect forwards 0
	"$FRR_RELOAD" --reload --pathspace "${NS[1]}" "/etc/frr/${NS[1]}/frr.conf" \
		>"$TMP/reload" 2>&1
	eventually "the node to forward" forwards 1
	node 1 sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	sed -i '1a no ip forwarding\nno ipv6 forwarding' "/etc/frr/${NS[1]}/frr.conf"
	"$FRR_RELOAD" --reload --pathspace "${NS[1]}" "/etc/frr/${NS[1]}/frr.conf" \
		>"$TMP/reload" 2>&1
	expect forwards 0
}

forwards()
{
	[ "$(node 1 sysctl -n net.ipv4.ip_forward)" = "$1" ] &&
		[ "$(node 1 sysctl -n net.ipv6.conf.all.forwarding)" = "$1" ]
}

t "FRR: redistribute connected, redistribute kernel" frr
t "FRR: the router id it takes" router_id
t "FRR: a reload, and forwarding" forwarding
t "BIRD: direct, learn" bird
t "BIRD: the preference of what is learnt" preference
t "BIRD: a router id from an interface without an address" bird_without_address

run_tests "$@"
