#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# doctor, with the kernel's settings, the daemons that it asks and the configurations
# that it reads: each finding is there with what is configured so, and gone once the
# remedy is applied. What these findings say of a node is told by fakes in
# helper/tests/test_doctor.c; here it is shown that real ones speak like that.

. "${0%/*}/lib.sh"

needs birdc vtysh named named-checkconf keepalived

FRR=/usr/lib/frr

# finding ID SUBJECT, and no_finding: now
finding()
{
	"$ANYGATECTL" -j doctor >"$TMP/doctor"
	jq -e --arg id "$1" --arg subject "$2" \
		'any(.[]; .id == $id and .subject == $subject)' "$TMP/doctor" >/dev/null
}

no_finding()
{
	! finding "$@"
}

found()
{
	busywait "$PATIENCE" finding "$@" || {
		sed 's/^/#   /' "$TMP/doctor"
		fail "no $1 about $2"
	}
}

remedied()
{
	busywait "$PATIENCE" no_finding "$@" || {
		sed 's/^/#   /' "$TMP/doctor"
		fail "still $1 about $2"
	}
}

# An open gate for the address, and a device that routing protocols run on.
open_gate()
{
	sock_start
	sk open a udp4 "*" 53
	ctl add $V4/32 udp/53 up 0
	wait_addr $V4/32
	ip link add up0 type dummy
	ip addr add 10.0.2.2/24 dev up0
	ip link set up0 up
}

# daemon COMMAND...: in the foreground of a job; it ends with the case
daemon()
{
	"$@" >>"$TMP/daemon" 2>&1 &
	MONITORS+=($!)
	DAEMON=$!
}

# --- the kernel's settings ------------------------------------------------------

# set_sysctl KEY VALUE: of this namespace
set_sysctl()
{
	sysctl -qw "$1=$2" || fail "no $1"
}

uplink()
{
	open_gate
	set_sysctl net.ipv4.conf.all.rp_filter 0
	set_sysctl net.ipv4.conf.up0.rp_filter 1
	found rp-filter up0
	set_sysctl net.ipv4.conf.up0.rp_filter 2
	remedied rp-filter up0

	set_sysctl net.ipv4.conf.all.arp_ignore 0
	set_sysctl net.ipv4.conf.up0.arp_ignore 0
	found arp-ignore up0
	set_sysctl net.ipv4.conf.up0.arp_ignore 1
	remedied arp-ignore up0
	set_sysctl net.ipv4.conf.all.arp_announce 0
	set_sysctl net.ipv4.conf.up0.arp_announce 1
	found arp-announce up0
	set_sysctl net.ipv4.conf.up0.arp_announce 2
	remedied arp-announce up0
}

# forwards KEY PREFIX: either of the remedies
forwards()
{
	set_sysctl "$1" 1
	no_finding forward-loop "$2" || fail "the hold route takes them"
	ctl change "$2" hold off
	found forward-loop "$2"
	ctl change "$2" hold on
	remedied forward-loop "$2"
	ctl change "$2" hold off
	found forward-loop "$2"
	set_sysctl "$1" 0
	remedied forward-loop "$2"
}

forwarding()
{
	open_gate
	ctl add $V6/128 udp/53
	forwards net.ipv4.ip_forward $V4/32
	forwards net.ipv6.conf.all.forwarding $V6/128
}

# A closed gate that has a fallback, on a node that forwards nothing.
no_forwarding()
{
	set_sysctl net.ipv4.conf.all.forwarding 0
	ip link add up0 up type dummy || fail "no dummy"
	ctl add $V4/32 udp/53 fallback via 10.9.9.2 dev up0
	found no-forwarding $V4/32
	set_sysctl net.ipv4.conf.up0.forwarding 1
	remedied no-forwarding $V4/32
	set_sysctl net.ipv6.conf.all.forwarding 0
	ctl add $V6/128 udp/53 fallback via 2001:db8:9::2 dev up0
	found no-forwarding $V6/128
	set_sysctl net.ipv6.conf.all.forwarding 1
	remedied no-forwarding $V6/128
}

# --- addresses ------------------------------------------------------------------

# not_local GATE SERVICE ADDRESS KIND PREFIX: the address behind a route is missing
not_local()
{
	sock_start
	ctl add "$1" "$2" up 0
	found not-local "$1"
	"$ANYGATECTL" doctor | grep -q "warning not-local" || fail "it is no warning"
	sk open a "$4" "*" 53
	wait_route "$1"
	"$ANYGATECTL" doctor | grep -q "problem not-local" || fail "it is no problem"
	ip addr add "$3" dev lo
	remedied not-local "$1"
	ip addr del "$3" dev lo
	found not-local "$1"
	ip route add local "$5" dev lo
	remedied not-local "$1"
}

# What a server cannot bind while the gate is closed.
closed_bind()
{
	ctl add $V6/128 udp/53
	found ipv6-bind $V6/128
	set_sysctl net.ipv6.ip_nonlocal_bind 1
	remedied ipv6-bind $V6/128
	ctl add $V4/32 udp/53
	no_finding ipv4-bind $V4/32 || fail "the hold route is enough"
	ctl change $V4/32 hold off
	found ipv4-bind $V4/32
	set_sysctl net.ipv4.ip_nonlocal_bind 1
	remedied ipv4-bind $V4/32
}

# --- BIRD ---------------------------------------------------------------------

# bird_conf DIRECT EXPORT [KERNEL]: whether the direct protocol has lo, what OSPF exports
bird_conf()
{
	cat >"$TMP/bird.conf" <<-END
		router id 10.0.2.2;
		protocol device { scan time 1; }
		protocol direct { $1 ipv4; interface "lo"; }
		protocol kernel { $3 ipv4 { import all; }; }
		protocol ospf v2 {
			ipv4 { export $2; };
			area 0 { interface "up0" { type ptp; }; };
		}
	END
}

birdc_ok()
{
	birdc -s "$TMP/bird.ctl" "$@" >"$TMP/birdc" 2>&1
}

bird_configure()
{
	bird_conf "$@"
	birdc_ok configure || fail "birdc: $(cat "$TMP/birdc")"
}

# With a socket where birdc does not look by itself: doctor knows from the process.
bird_daemon()
{
	bird_conf "disabled;" all
	daemon bird -f -c "$TMP/bird.conf" -s "$TMP/bird.ctl"
	eventually "BIRD" birdc_ok show status
}

with_bird()
{
	open_gate
	found no-routing-daemon node
	bird_daemon
	remedied no-routing-daemon node
	found bird-direct $V4/32
	bird_configure "" none
	remedied bird-direct $V4/32
	found bird-export $V4/32
	bird_configure "" "where net = $V4/32"
	remedied bird-export $V4/32

	# what a covering prefix wants: a kernel protocol that learns
	ctl add 192.0.2.0/24 $V4:udp/53 up 0
	wait_route 192.0.2.0/24
	found bird-route 192.0.2.0/24
	bird_configure "" all "learn;"
	remedied bird-route 192.0.2.0/24
	no_finding bird-export 192.0.2.0/24 || fail "it is exported"
}

# One that runs in another namespace announces nothing of this one.
neighbours()
{
	local other
	setup_ns other
	open_gate
	bird_conf "" all
	daemon ip netns exec "$other" bird -f -c "$TMP/bird.conf" -s "$TMP/bird.ctl"
	eventually "BIRD" birdc_ok show status
	found no-routing-daemon node
	"$ANYGATECTL" doctor | grep -q bird- && fail "somebody else's BIRD was asked"
	true
}

# --- FRR ----------------------------------------------------------------------

frr_ready()
{
	vt -c "show running-config" >"$TMP/running" 2>&1 && grep -q "router ospf" "$TMP/running"
}

vt()
{
	vtysh "${PATHSPACE[@]}" "$@"
}

frr_configure()
{
	local words=() line
	for line; do
		words+=(-c "$line")
	done
	vt -c "configure terminal" "${words[@]}" >"$TMP/vtysh" 2>&1 ||
		fail "vtysh: $(cat "$TMP/vtysh")"
}

# frr_daemons [-N NAME]: zebra and ospfd, as their own user
frr_daemons()
{
	local dir=/run/frr${2:+/$2} d
	PATHSPACE=("$@")
	mkdir -p "$dir" /etc/frr${2:+/"$2"}
	rm -f "$dir"/*.vty
	chown -R frr:frr /run/frr
	[ -e /etc/frr/vtysh.conf ] || : >/etc/frr/vtysh.conf
	[ $# = 0 ] || : >"/etc/frr/$2/vtysh.conf"
	printf 'hostname node\n' >"$TMP/zebra.conf"
	printf 'hostname node\nrouter ospf\n network 10.0.2.0/24 area 0\n' >"$TMP/ospfd.conf"
	chmod 644 "$TMP"/*.conf
	for d in zebra ospfd; do
		daemon $FRR/$d "$@" -f "$TMP/$d.conf" -i "$dir/$d.pid"
		eventually "$d" test -S "$dir/$d.vty"
	done
	eventually "FRR" frr_ready
}

with_frr()
{
	open_gate
	frr_daemons
	remedied no-routing-daemon node
	found frr-redistribute $V4/32
	frr_configure "ip prefix-list ANYCAST permit $V4/32" "route-map ANYCAST permit 10" \
		"match ip address prefix-list ANYCAST" exit \
		"router ospf" "redistribute connected route-map ANYCAST"
	remedied frr-redistribute $V4/32

	ctl add 192.0.2.0/24 $V4:udp/53 up 0 table 100
	found frr-redistribute 192.0.2.0/24
	found frr-table 192.0.2.0/24
	ctl change 192.0.2.0/24 table main
	remedied frr-table 192.0.2.0/24
	frr_configure "router ospf" "redistribute kernel"
	remedied frr-redistribute 192.0.2.0/24
}

# ospf_has ADDRESS, ospf_lacks: what it withdraws is kept, at the age that ends all
ospf_has()
{
	vt -c "show ip ospf database self-originate" >"$TMP/lsdb" 2>&1 &&
		awk -v id="$1" '$1 == id && $3 < 3600 { has = 1 } END { exit !has }' "$TMP/lsdb"
}

ospf_lacks()
{
	! ospf_has "$@" && grep -q "OSPF Router with ID" "$TMP/lsdb"
}

# What doctor takes for enough, and what not, is so for OSPF.
imported_table()
{
	open_gate
	frr_daemons
	ctl add 192.0.2.0/24 $V4:udp/53 up 0 table 100
	wait_route 192.0.2.0/24 table 100
	frr_configure "router ospf" "redistribute kernel" "redistribute connected"
	eventually "OSPF to have the address" ospf_has $V4
	found frr-table 192.0.2.0/24
	no_finding frr-redistribute 192.0.2.0/24 || fail "kernel routes are not all"
	expect ospf_lacks 192.0.2.0
	frr_configure "ip import-table 100"
	remedied frr-table 192.0.2.0/24
	found frr-redistribute 192.0.2.0/24
	frr_configure "router ospf" "redistribute table 100"
	remedied frr-redistribute 192.0.2.0/24
	eventually "OSPF to have the route" ospf_has 192.0.2.0
	sk close a
	eventually "OSPF to have lost it" ospf_lacks 192.0.2.0
}

# One of several on a machine: it has a name, and so have its sockets.
named_frr()
{
	open_gate
	frr_daemons -N blue
	found frr-redistribute $V4/32
	frr_configure "router ospf" "redistribute connected"
	remedied frr-redistribute $V4/32
	no_finding frr-silent FRR || fail "it was not asked"
}

# --- BIND ---------------------------------------------------------------------

bind_conf()
{
	mkdir -p "$TMP/bind"
	chmod 777 "$TMP/bind"
	# What counts may stand in a file that is included.
	cat >"$TMP/bind/options" <<-END
		options {
			directory "$TMP/bind";
			pid-file none;
			session-keyfile none;
			recursion no;
			listen-on port 5353 { any; };
			listen-on-v6 { none; };
			$*
		};
	END
	printf 'include "%s";\ncontrols { };\n' "$TMP/bind/options" >"$TMP/bind/named.conf"
	named-checkconf "$TMP/bind/named.conf" >"$TMP/checkconf" 2>&1 ||
		fail "named-checkconf: $(cat "$TMP/checkconf")"
}

bind_restart()
{
	bind_conf "$@"
	[ -z "${NAMED:-}" ] || { kill "$NAMED"; wait "$NAMED"; }
	daemon named -g -n 1 -c "$TMP/bind/named.conf"
	NAMED=$DAEMON
	eventually "BIND" bind_listens
}

bind_listens()
{
	ss -Hlun "sport = :5353" | grep -q 5353
}

with_bind()
{
	open_gate
	bind_restart ""
	found bind-scan BIND
	"$ANYGATECTL" doctor | grep -q "problem bind-scan" || fail "it is no problem"
	bind_restart "automatic-interface-scan no;"
	found bind-scan BIND
	"$ANYGATECTL" doctor | grep -q "warning bind-scan" || fail "it is no warning"
	bind_restart "automatic-interface-scan no; interface-interval 0; transfer-source $V4;"
	found bind-scan BIND
	"$ANYGATECTL" doctor | grep -q "starts or reloads" || fail "it does not say when"
	found sync-address BIND
	bind_restart "automatic-interface-scan no; interface-interval 0;"
	remedied sync-address BIND
	ctl del $V4/32
	ctl add $V4/32 udp/53 action route
	remedied bind-scan BIND
}

# What the finding is about: with the interface scan BIND gives its sockets up
# with the address, and without it keeps them, until it looks for addresses again.
bind_keeps()
{
	local scan=$1 keeps=$2
	ip addr add $V4/32 dev lo
	bind_restart "$scan"
	eventually "BIND to have the address" bind_has
	ip addr del $V4/32 dev lo
	if [ "$keeps" = yes ]; then
		# the address that comes later is not seen before the one that goes
		ip addr add 10.0.2.3/32 dev lo
		expect bind_has
		kill -HUP "$NAMED"
		eventually "BIND to give up the address at a reload" bind_has_not
	else
		eventually "BIND to give up the address" bind_has_not
	fi
}

bind_has()
{
	ss -Hlun "sport = :5353" | grep -qF $V4:5353
}

bind_has_not()
{
	! bind_has
}

# --- keepalived -----------------------------------------------------------------

keepalived_conf()
{
	cat >"$TMP/keepalived.conf" <<-END
		vrrp_instance anycast {
			state BACKUP
			interface up0
			virtual_router_id 53
			priority 100
			virtual_ipaddress {
				$1/32 dev lo
			}
		}
	END
}

with_keepalived()
{
	local pid
	open_gate
	keepalived_conf $V4
	daemon keepalived -n -l -f "$TMP/keepalived.conf" \
		-p "$TMP/keepalived.pid" -r "$TMP/vrrp.pid"
	pid=$DAEMON
	# a signal that comes before would end it
	eventually "keepalived" grep -q "Startup complete" "$TMP/daemon"
	found other-manager $V4/32
	keepalived_conf 10.9.9.9
	kill -HUP "$pid"
	eventually "keepalived to have read it" grep -q "Reload finished\|Reloading" "$TMP/daemon"
	remedied other-manager $V4/32
	kill -0 "$pid" || fail "keepalived does not run: $(cat "$TMP/daemon")"
}

t "the kernel: strict reverse paths, and ARP" uplink
t "the kernel: a node that forwards, and no hold" forwarding
t "the kernel: a node that does not forward, and a fallback" no_forwarding
t "an address behind a route is missing, v4" not_local \
	198.51.100.0/24 198.51.100.53:udp/53 198.51.100.53/32 udp4 198.51.100.0/25
t "an address behind a route is missing, v6" not_local \
	2001:db8:53::/48 "[2001:db8:53::53]:udp/53" 2001:db8:53::53/128 udp6 2001:db8:53::/64
t "what a server cannot bind while a gate is closed" closed_bind
t "BIRD: direct, export and learn" with_bird
t "BIRD: that of another namespace is not this node's" neighbours
t "FRR: redistribute, and the table" with_frr
t "FRR: a table that it imports" imported_table
t "FRR: one with a name" named_frr
t "BIND: the interface scan, and the source of transfers" with_bind
t "BIND: with the scan it gives up the address" bind_keeps "" no
t "BIND: without it does not" bind_keeps "automatic-interface-scan no; interface-interval 0;" yes
t "keepalived: the address is its own" with_keepalived

run_tests "$@"
