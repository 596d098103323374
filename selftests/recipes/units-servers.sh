#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=1800
#
# The servers of Documentation/recipes/servers, with exactly those files, by the units
# of Debian's packages: each on a machine of its own, that has been booted with it.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/units.inc.sh"

needs bird birdc

# machine SERVER UNIT: node 1 has been booted with it, with its gates and BIRD; the client
# is node 2.
machine()
{
	local also=()
	RECIPE=$SERVERS/$1
	disk
	# shellcheck source=/dev/null
	. "$SELFTESTS/recipes/$1.inc.sh"
	server_files
	cp "$RECIPE/anygate.conf" /etc/anygate || fail "no gates"
	cp "$NODE_CONF" /etc/bird/bird.conf || fail "no configuration of BIRD's"
	ours anygate.service
	packaged bird.service "$2.service"
	mkdir $UNITS/bird.service.d
	cp "$RECIPES/bird.service.d/anygate.conf" $UNITS/bird.service.d
	star 2
	default_routes 1 2
	! declare -F "with_$1" >/dev/null || "with_$1"
	bird_on 0 "$SERVERS/router.conf"
	boot 1 bird anygate "$2" "${also[@]}"
	note "booted"
	comes
}

with_bind()
{
	addresses
}

# The server behind it, and the check.
with_dnsdist()
{
	packaged nsd.service
	sed "s#@SBINDIR@#$SBIN#" "$SELFTESTS/../helper/systemd/examples/anygate-check@.service.in" \
		>$UNITS/anygate-check@.service
	# what README.md says, as the unit wants it
	cat >/etc/anygate/answers.check <<-END
		GATE=dns
		OPTIONS=every 2s timeout 10s
		COMMAND=dig +time=1 +tries=1 @127.0.0.1 example SOA
	END
	also=(nsd anygate-check@answers)
	# it has no zones, and no reload that would have to be seen
	server_newer() { :; }
	server_renewed() { answered; }
}

# The server behind it. And its log goes to journald, which this machine has not.
with_haproxy()
{
	behind
	mkdir $UNITS/haproxy.service.d
	printf '[Service]\nBindReadOnlyPaths=\n' >$UNITS/haproxy.service.d/here.conf
}

# --- from the boot to the end -------------------------------------------------------------

# life SERVER UNIT RELOAD RESTART: the unit has a reload ("reload") or none ("none"), and
# its Restart=
life()
{
	local unit=$2
	machine "$1" "$unit"
	life_"$3" "$unit"
	expect property Restart "$4" "$unit"
	note "SIGKILL of the main process"
	if [ "$4" = no ]; then
		stays_away "$unit"
		note "with the drop-in of README.md, again"
		mkdir "$UNITS/$unit.service.d"
		as_told Restart= "$SERVERS/README.md"
		cp "$TMP/told" "$UNITS/$unit.service.d/restart.conf"
		unit daemon-reload
	fi
	ended_and_started 1 "$unit" SIGKILL
	if [ "$4" = always ]; then
		note "SIGTERM, by hand"
		ended_and_started 2 "$unit" SIGTERM
	fi
	note "stop"
	unit stop "$unit"
	goes
	expect is inactive "$unit"
	eventually "its end" has_ended
	note "start"
	unit start "$unit"
	comes
}

life_reload()
{
	reload "systemctl reload" inside systemctl reload "$1"
}

life_none()
{
	expect property CanReload no "$1"
}

# ended_and_started N UNIT SIGNAL: for the Nth time
ended_and_started()
{
	watch
	unit kill -s "$3" --kill-who=main "$2"
	eventually "the unit to be started again" restarts "$1" "$2"
	comes
	closed_meanwhile "$3"
}

restarts()
{
	property NRestarts "$1" "$2" && is active "$2"
}

# Nobody starts it: neither its unit, nor is anything left of it.
stays_away()
{
	unit kill -s KILL --kill-who=main "$1"
	goes
	eventually "its end" has_ended
	eventually "the unit to have failed" is failed "$1"
	expect property NRestarts 0 "$1"
	expect no_jobs
	expect unrouted
	unit start "$1"
	comes
}

property()
{
	[ "$(inside systemctl show -P "$1" "$3")" = "$2" ]
}

no_jobs()
{
	inside systemctl list-jobs | grep -q "^No jobs"
}

# --- an upgrade ------------------------------------------------------------------------------

# upgraded SERVER UNIT COMMAND...: as its page says; COMMAND then has it read its zones anew,
# by the control socket
upgraded()
{
	local unit=$2 old
	machine "$1" "$unit"
	shift 2
	old=$(inside systemctl show -P MainPID "$unit")
	watch
	server_newer
	as_told "$unit-second" "$RECIPE/README.md"
	sed 's/^/# /' "$TMP/told"
	inside sh -exc "$(<"$TMP/told")" >"$TMP/out" 2>&1 || fail "$(<"$TMP/out")"
	eventually "it to answer" server_renewed
	unmoved "an upgrade"
	[ -z "$WRONG" ] || fail "wrong answers: $WRONG"
	lost_at_most 2
	expect is active "$unit"
	[ "$(inside systemctl show -P MainPID "$unit")" != "$old" ] || fail "it is the old one"
	expect is inactive "$unit-second"
	[ $# = 0 ] || reload "$*" inside "$@"
}

# as_told WORD PAGE: $TMP/told is the paragraph in which WORD is, of those that are set apart
as_told()
{
	awk -v word="$1" 'BEGIN { RS = "" }
		index($0, word) {
			n = split($0, line, "\n")
			for (i = 1; i <= n; i++)
				if (line[i] !~ /^    /)
					next
			for (i = 1; i <= n; i++) {
				sub(/^ */, "", line[i])
				print line[i]
			}
			exit
		}' "$2" >"$TMP/told"
	[ -s "$TMP/told" ] || fail "$2 does not say how"
}

t "NSD" life nsd nsd reload always
t "BIND" life bind named reload on-failure
t "Unbound" life unbound unbound reload on-failure
t "Knot DNS" life knot knot reload on-abort
t "dnsdist" life dnsdist dnsdist none on-failure
t "PowerDNS" life pdns pdns none on-failure
t "PowerDNS Recursor" life recursor pdns-recursor none on-failure
t "nginx" life nginx nginx reload no
t "HAProxy" life haproxy haproxy reload always
t "chrony" life chrony chrony none no
t "an upgrade of NSD" upgraded nsd nsd nsd-control reload
t "an upgrade of Unbound" upgraded unbound unbound unbound-control reload
t "an upgrade of Knot DNS" upgraded knot knot knotc reload
t "an upgrade of dnsdist" upgraded dnsdist dnsdist
t "an upgrade of the PowerDNS Recursor" upgraded recursor pdns-recursor rec_control reload-zones

run_tests "$@"
