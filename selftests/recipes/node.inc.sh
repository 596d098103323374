# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# node.inc.sh - NSD on several machines, with the files of Documentation/recipes/node; number
# 3 has the zone. Whoever sources it: lib.sh and recipe.inc.sh come first.

# What is NSD's is each machine's own.
files()
{
	mkdir -p "$TMP/$1"/{etc,run,lib}
	chown nsd: "$TMP/$1"/{run,lib}
}

# nsd_on N: what is mounted there goes with the process
nsd_on()
{
	# shellcheck disable=SC2016 # its own
	ip netns exec "${NS[$1]}" sh -c '
		mount --bind "$0/etc" /etc/nsd && mount --bind "$0/run" /run/nsd &&
		mount --bind "$0/lib" /var/lib/nsd && exec nsd -d -P ""' "$TMP/$1" \
		>>"$TMP/nsd$1.log" 2>&1 &
	NSD[$1]=$!
	disown
	defer "kill -9 $! 2>/dev/null"
}

nsd_ctl()
{
	nsenter -m -t "${NSD[$1]}" nsd-control "${@:2}" >"$TMP/nsd-control" 2>&1
}

# What NSD of the machine that has the zone reads.
primary_files()
{
	files 3
	cp "$RECIPES/node/primary.conf" "$TMP/3/etc/nsd.conf"
}

# zone SERIAL good|bad: what the machine has; a bad one misses an address
zone()
{
	sed "s/hostmaster 1/hostmaster $1/" "$RECIPES/servers/example.zone" >"$TMP/3/etc/example.zone"
	[ "$2" = good ] || sed -i '/^ns/d; /AAAA/d' "$TMP/3/etc/example.zone"
}

newer_zone()
{
	zone "$@"
	nsd_ctl 3 reload || fail "nsd-control reload: $(<"$TMP/nsd-control")"
}
