# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # much of it is for those who source it
#
# units.inc.sh - a machine of its own on a node: a systemd that is the first process of
# pid, mount, control group and UTS namespaces in the node's network, and that has no
# units but those that are given to it, nothing that Debian would start beside them.
#
# Whoever sources it: lib.sh, recipe.inc.sh, server.inc.sh and nsd.inc.sh come first.

RECIPES=$SELFTESTS/../Documentation/recipes
RECIPE=$RECIPES
UNITS=/etc/systemd/system
SBIN=/usr/local/sbin
SYSTEMD=/lib/systemd/systemd
export SYSTEMD_UNIT_PATH=$UNITS
# BIRD is in the machine: what the servers' page says is looked at by their tests.
LOOKED=y

needs systemctl nsenter unshare "$PYTHON"

# --- the machine ------------------------------------------------------------------------

# Its places, all empty. /run is everybody's.
disk()
{
	local unit
	place $UNITS
	place $SBIN
	place /etc/anygate
	cp /etc/bird/envvars "$TMP"
	place /etc/bird
	cp "$TMP/envvars" /etc/bird
	place /run/systemd
	place /run/bird
	mkdir /run/systemd/system
	for unit in sysinit basic sockets shutdown network network-pre network-online; do
		printf '[Unit]\nDefaultDependencies=no\n' >"$UNITS/$unit.target"
	done
	printf 'Wants=sockets.target\nAfter=sockets.target\n' >>$UNITS/basic.target
	printf '[Unit]\nRequires=basic.target\nAfter=basic.target\n' >$UNITS/multi-user.target
}

# packaged UNIT...: as Debian's packages have them
packaged()
{
	local unit dir
	for unit; do
		for dir in /lib/systemd/system /usr/lib/systemd/system; do
			[ ! -e "$dir/$unit" ] || cp "$dir/$unit" $UNITS
		done
		[ -e "$UNITS/$unit" ] || fail "no $unit"
	done
}

# ours UNIT...: as "make install-tools" does, and from among the examples. The module is
# there already, and not where modprobe would find it: that is what check-install tests.
ours()
{
	local unit
	cp "$ANYGATECTL" $SBIN
	for unit; do
		sed "s#@SBINDIR@#$SBIN#" "$SELFTESTS/../helper/systemd/$unit.in" >"$UNITS/${unit##*/}"
		mkdir "$UNITS/${unit##*/}.d"
		printf '[Service]\nExecStartPre=\n' >"$UNITS/${unit##*/}.d/here.conf"
	done
}

# boot N UNIT...: on node N, with these enabled
boot()
{
	local n=$1 group=/sys/fs/cgroup/units$$
	shift
	SYSTEMD_OFFLINE=1 systemctl enable "$@" >"$TMP/systemctl" 2>&1 ||
		fail "enable $*: $(<"$TMP/systemctl")"
	mkdir -p $group
	journal
	# shellcheck disable=SC2016 # the inner shells'
	nsenter --net="/run/netns/${NS[n]}" env -i PATH="$PATH" container=other \
		SYSTEMD_UNIT_PATH=$UNITS SYSTEMD_GENERATOR_PATH=/nonexistent \
		SYSTEMD_LOG_TARGET=console \
		sh -c 'echo $$ >"$1/cgroup.procs" && exec unshare --fork --pid --kill-child --cgroup \
			--uts --mount --propagation slave --mount-proc sh -c "
				umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
				exec $2 --system --unit=multi-user.target --show-status=no \
					--default-standard-output=journal \
					--default-standard-error=inherit"' \
		sh $group $SYSTEMD >>"$TMP/systemd.log" 2>&1 &
	MACHINE=$!
	disown
	defer "halt; find $group -depth -type d -exec rmdir {} + 2>/dev/null"
	eventually "systemd" first_process
	eventually "it to have booted" inside systemctl is-active -q multi-user.target
}

# Who takes what units say, in the place of journald: systemd.log has it, after what systemd
# says first, whose it is.
journal()
{
	mkdir -p /run/systemd/journal
	"$PYTHON" -c '
import socket, threading

def take(stream):
    lines = stream.makefile(errors="replace")
    name = [next(lines, "").strip() for _ in range(7)][0]
    for line in lines:
        print(name + ": " + line.rstrip(), flush=True)

s = socket.socket(socket.AF_UNIX)
s.bind("/run/systemd/journal/stdout")
s.listen(100)
while True:
    threading.Thread(target=take, args=s.accept()[:1], daemon=True).start()
' >>"$TMP/systemd.log" 2>&1 &
	MONITORS+=($!)
	eventually "who takes what units say" test -S /run/systemd/journal/stdout
}

first_process()
{
	INIT=$(pgrep -P $MACHINE)
	[ -n "$INIT" ] && inside systemctl list-units >/dev/null 2>&1
}

halt()
{
	kill -9 $MACHINE "$INIT" 2>/dev/null
	busywait "$PATIENCE" eval "! kill -0 $INIT 2>/dev/null"
}

# inside COMMAND...: in the machine, as its administrator
inside()
{
	nsenter -t "$INIT" -m -p -n -- "$@"
}

unit()
{
	inside systemctl "$@" >"$TMP/systemctl" 2>&1 || fail "systemctl $*: $(<"$TMP/systemctl")"
}

is()
{
	[ "$(inside systemctl is-active "$2")" = "$1" ]
}

started_again()
{
	[ "$(inside systemctl show -P NRestarts "$1")" -gt 0 ] && is active "$1"
}

# show_all is the servers', with what systemd and its units have said
eval "of_servers_$(declare -f show_all)"
show_all()
{
	of_servers_show_all
	inside systemctl --no-pager list-units --all 2>&1 | sed 's/^/#   /'
	tail -n 60 "$TMP/systemd.log" | sed 's/^/#   /'
}
