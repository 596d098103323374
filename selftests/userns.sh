#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Privilege: CAP_NET_ADMIN in the user namespace that owns the network
# namespace, no more and no less.

. "${0%/*}/lib.sh"

# as_nobody COMMAND...: no user, no capability
as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		--bounding-set=-all "$@"
}

setup()
{
	command -v setpriv >/dev/null || skip "no setpriv"
	as_nobody unshare -U true 2>/dev/null ||
		skip "unprivileged user namespaces are switched off"
	chmod 755 "$TMP"
	cp "$ANYGATECTL" "$TMP/ctl"
	cp "$SELFTESTS/sock" "$TMP/sock"
	chmod 755 "$TMP/ctl" "$TMP/sock"
	# what nobody runs as root of its own namespaces
	cat >"$TMP/own" <<-END
		set -e
		ip link set lo up
		"$TMP/ctl" add $V4/32 udp/53 up 0
		"$TMP/ctl" -j show
		ip -4 route show table local proto $PROTO
		"$TMP/ctl" change $V4/32 down 1s
		"$TMP/ctl" del $V4/32
	END
}

own_namespace()
{
	setup
	picture_to "$TMP/before"
	as_nobody unshare -Urn bash "$TMP/own" >"$TMP/out" 2>&1 ||
		fail "root in a user namespace: $(cat "$TMP/out")"
	grep -q -F "local $V4" "$TMP/out" || fail "no hold route: $(cat "$TMP/out")"
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "something happened out here"
	[ "$("$ANYGATECTL" -j show | jq length)" = 0 ] || fail "a gate out here"
}

# Root there, but the network is still ours.
not_ours()
{
	local command
	setup
	ctl add 192.0.2.7 udp/7 up 0
	picture_to "$TMP/before"
	for command in "add $V4/32 udp/53" "change 192.0.2.7/32 udp/8" \
		       "del 192.0.2.7/32" flush; do
		as_nobody unshare -Ur "$TMP/ctl" $command >"$TMP/out" 2>&1
		[ $? = 1 ] || fail "$command: $(cat "$TMP/out")"
		grep -Eqi "privilege|permission|permitted|CAP_NET_ADMIN" "$TMP/out" ||
			fail "$command: $(cat "$TMP/out")"
	done
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "something happened"
	[ "$("$ANYGATECTL" -j show | jq length)" = 1 ] || fail "the gate is gone"
}

# Users share the machine's memory and its probes: fewer gates for them.
fewer_gates()
{
	setup
	[ -e "$PARAM/max_gates_user" ] || skip "no such parameter"
	defer param max_gates_user "$(cat "$PARAM/max_gates_user")"
	param max_gates_user 3
	cat >"$TMP/many" <<-END
		for i in 1 2 3; do
			"$TMP/ctl" add 192.0.2.\$i udp/53 || exit 1
		done
		"$TMP/ctl" add 192.0.2.4 udp/53 && exit 2
		exit 0
	END
	as_nobody unshare -Urn bash "$TMP/many" >"$TMP/out" 2>&1
	case $? in
	0) ;;
	1) fail "refused too early: $(cat "$TMP/out")" ;;
	*) fail "not refused" ;;
	esac
	note "$(cat "$TMP/out")"
	# ours are others
	ctl add 192.0.2.1 udp/53
	ctl add 192.0.2.2 udp/53
	ctl add 192.0.2.3 udp/53
	ctl add 192.0.2.4 udp/53
}

# A namespace of a user's with an open gate goes away.
goes_away()
{
	local i
	setup
	cat >"$TMP/live" <<-END
		ip link set lo up
		exec {in}> >("$TMP/sock" >"\$1/sock")
		echo "open a udp6 * 53 v6only=0" >&\$in
		"$TMP/ctl" add $V4/32 udp/53 up 0 || exit
		"$TMP/ctl" add $V6/128 udp/53 up 0 || exit
		while ! ip -o addr show dev lo | grep -q -F $V4/32; do :; done
		echo open >"\$1/done"
	END
	for i in 1 2 3; do
		mkdir -m 777 "$TMP/$i"
		as_nobody unshare -Urn bash "$TMP/live" "$TMP/$i"
		[ -s "$TMP/$i/done" ] || fail "the gate did not open"
	done
	unload
}

t "root in a user namespace gates its own network" own_namespace
t "but not that of others" not_ours
t "users get fewer gates" fewer_gates
t "a user's namespace goes away with open gates" goes_away

run_tests "$@"
