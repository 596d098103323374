#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# "Coming from another tool" in Documentation/operations.md, step by step: keepalived and
# ExaBGP with a healthcheck hold the addresses of NSD, a gate observes beside them, and
# takes over. What a router and a client see of it.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/nsd.inc.sh"

RECIPE=$SERVERS/nsd

needs bird birdc nsd keepalived exabgp dig "$PYTHON"

# What the old tool and the new one ask. An emulated machine takes a second to begin.
QUESTION="dig +time=5 +tries=1 @127.0.0.1 www.example"

# A router, a client, and NSD where no address depends on anybody.
before()
{
	server_files
	sed -i '0,/^\tip-address/s//\tip-address: 127.0.0.1\n&/' /etc/nsd/nsd.conf
	star 2
	default_routes 1 2
	bird_on 0 "$SERVERS/router.conf"
	server_start
}

# --- the old tools ------------------------------------------------------------------

# Where virtual_ipaddress is on lo there is nobody to elect a master with.
keepalived_start()
{
	cat >/etc/keepalived/keepalived.conf <<-END
		global_defs {
			script_user root
			enable_script_security
		}
		vrrp_script nsd {
			script "$(command -v dig) ${QUESTION#dig }"
			interval 2
			timeout 20
			rise 1
			fall 1
		}
		vrrp_instance anycast {
			interface eth0
			virtual_router_id 53
			virtual_ipaddress {
				$V4/32 dev lo
			}
			virtual_ipaddress_excluded {
				$V6/128 dev lo
			}
			track_script {
				nsd
			}
		}
	END
	ip netns exec "${NS[1]}" keepalived -n -l -f /etc/keepalived/keepalived.conf \
		-p "$TMP/keepalived.pid" -r "$TMP/vrrp.pid" >"$TMP/old.log" 2>&1 &
	OLD=$!
	MONITORS+=($!)
	disown
}

exabgp_start()
{
	mkdir -p "$TMP/exabgp"
	cat >"$TMP/exabgp/exabgp.conf" <<-END
		process watch {
			run $PYTHON -m exabgp healthcheck --no-ack --command "$QUESTION" --interval 2 --fast-interval 2 --timeout 20 --rise 1 --fall 1 --withdraw-on-down --ip $V4/32 --ip $V6/128;
			encoder text;
		}
		neighbor 10.0.1.1 {
			router-id 10.0.1.2;
			local-address 10.0.1.2;
			local-as 65053;
			peer-as 65000;
			family {
				ipv4 unicast;
			}
			api {
				processes [ watch ];
			}
		}
		neighbor 2001:db8:1::1 {
			router-id 10.0.1.2;
			local-address 2001:db8:1::2;
			local-as 65053;
			peer-as 65000;
			family {
				ipv6 unicast;
			}
			api {
				processes [ watch ];
			}
		}
	END
	ip netns exec "${NS[1]}" env exabgp.daemon.user=root exabgp.daemon.drop=false \
		exabgp.api.ack=false exabgp.api.cli=false exabgp "$TMP/exabgp/exabgp.conf" \
		>"$TMP/old.log" 2>&1 &
	OLD=$!
	MONITORS+=($!)
	disown
}

old_ended()
{
	dead "$OLD"
}

# --- what the page says ---------------------------------------------------------------

# "In each case": gates that observe, and a check that asks what the old tool asks. Where
# they differ, somebody is wrong: here they do not.
observes()
{
	note "gates that observe"
	ctl -n "${NS[1]}" add $V4/32 udp/53 tcp/53 name dns observe on up 0
	ctl -n "${NS[1]}" add $V6/128 udp/53 tcp/53 name dns observe on up 0
	ctl -n "${NS[1]}" change dns require answers >/dev/null
	# shellcheck disable=SC2086 # its words
	ip netns exec "${NS[1]}" "$ANYGATECTL" check dns answers every 2s timeout 20s rise 1 \
		fall 1 -- $QUESTION >"$TMP/check.log" 2>&1 &
	MONITORS+=($!)
	disown
	eventually "them to agree" agree open
	note "the server dies, and both say so"
	server_kill
	eventually "them to agree" agree closed
	eventually "the client to be told nothing" unanswered
	server_start
	eventually "them to agree again" agree open
	eventually "the client to be answered" answered
}

# agree STATE: the gates would do what the old tool has done
agree()
{
	state_is 1 "$1" || return
	if [ "$1" = open ]; then
		routed 1
	else
		unrouted
	fi
}

# "The gate acts", and is there after the next boot.
acts()
{
	ctl -n "${NS[1]}" unobserve dns >/dev/null
	eventually "the addresses" on_lo
	ctl -n "${NS[1]}" save "$TMP/anygate.conf" >/dev/null
	grep -q observe "$TMP/anygate.conf" && fail "it would observe again: $(cat "$TMP/anygate.conf")"
	return 0
}

on_lo()
{
	[ -n "$(ip -n "${NS[1]}" addr show dev lo to $V4)" ] &&
		[ -n "$(ip -n "${NS[1]}" -6 addr show dev lo to $V6)" ]
}

off_lo()
{
	[ -z "$(ip -n "${NS[1]}" addr show dev lo to $V4)" ] &&
		[ -z "$(ip -n "${NS[1]}" -6 addr show dev lo to $V6)" ]
}

# From here on it is the gates that do it, and nobody disturbs them.
works()
{
	eventually "the router to have the routes" routed 1
	eventually "the client to be answered" answered
	doctor_clean 1
	note "the server dies"
	server_kill
	goes
	server_start
	eventually "the router to have the routes" routed 1
	eventually "the client to be answered" answered
	[ "$("$ANYGATECTL" -n "${NS[1]}" -j show | jq '[.[] | select(.contested > 0)] | length')" = 0 ] ||
		fail "contested: $("$ANYGATECTL" -n "${NS[1]}" show)"
}

# --- and the tools ----------------------------------------------------------------------

from_keepalived()
{
	place /etc/keepalived
	before
	bird_on 1 "$NODE_CONF"
	keepalived_start
	eventually "keepalived's addresses at the router" routed 1
	observes

	note "the node is taken out of the routing"
	bird_stop 1
	eventually "the router to have no route" unrouted
	note "keepalived ends"
	kill "$OLD"
	eventually "its end" old_ended
	expect off_lo
	doctor_clean 1 other-manager no-routing-daemon
	note "the gates act"
	acts
	expect unrouted
	note "the node is let in"
	rm /etc/keepalived/keepalived.conf
	bird_on 1 "$NODE_CONF"
	works
}

from_exabgp()
{
	before
	ip -n "${NS[1]}" addr add $V4/32 dev lo
	ip -n "${NS[1]}" addr add $V6/128 dev lo
	exabgp_start
	eventually "ExaBGP's routes at the router" routed 1
	observes

	note "a daemon in its place, which only reads its file yet"
	node 1 bird -p -c "$NODE_CONF" || fail "bird -p"
	watch_lo
	note "ExaBGP ends"
	kill "$OLD"
	eventually "its end" old_ended
	eventually "the router to have no route" unrouted
	note "the gates act, and adopt what is there"
	acts
	bird_on 1 "$NODE_CONF"
	eventually "the router to have the routes" routed 1
	! grep Deleted "$TMP/lo" | grep -q -F -e $V4/ -e $V6/ ||
		fail "addresses went meanwhile: $(cat "$TMP/lo")"
	works
}

# watch_lo: what happens to addresses from now on is in $TMP/lo
watch_lo()
{
	ip -n "${NS[1]}" -o monitor address >"$TMP/lo" 2>&1 &
	MONITORS+=($!)
	disown
	eventually "it to be watched" lo_watched
}

lo_watched()
{
	ip -n "${NS[1]}" addr add 203.0.113.99/32 dev lo
	ip -n "${NS[1]}" addr del 203.0.113.99/32 dev lo
	grep -q 203.0.113.99 "$TMP/lo"
}

t "from keepalived" from_keepalived
t "from ExaBGP's healthcheck" from_exabgp

run_tests "$@"
