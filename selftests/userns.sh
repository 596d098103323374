#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Privilege: CAP_NET_ADMIN in the user namespace that owns the network
# namespace, no more and no less.

. "${0%/*}/lib.sh"
PARTED=y

NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all
	--bounding-set=-all)

# as_nobody COMMAND...: no user, no capability
as_nobody()
{
	"${NOBODY[@]}" "$@"
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
	gates_to "$TMP/gates.before"
	for command in "${CHANGES[@]}"; do
		# shellcheck disable=SC2086 # words
		as_nobody unshare -Ur "$TMP/ctl" $command >"$TMP/out" 2>&1
		[ $? = 1 ] || fail "$command: $(cat "$TMP/out")"
		grep -Eqi "privilege|permission|permitted|CAP_NET_ADMIN" "$TMP/out" ||
			fail "$command: $(cat "$TMP/out")"
	done
	picture_to "$TMP/after"
	same_picture "$TMP/before" "$TMP/after" "something happened"
	gates_to "$TMP/gates.after"
	cmp "$TMP/gates.before" "$TMP/gates.after" || fail "a gate has changed"
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

# ss tells users of nobody's processes but their own.
tells_no_process()
{
	local pid
	setup
	events_only
	sock_start
	sk spawn kid
	pid=$ANSWER
	sk @kid open a udp4 "*" 53
	ctl add $V4/32 udp/53 up 0
	wait_addr $V4/32
	events_start "$TMP/admin"
	: >"$TMP/users"
	as_nobody "$TMP/ctl" -j monitor >"$TMP/users" 2>&1 &
	MONITORS+=($!)
	eventually "the user's monitor to follow" events_marked_in "$TMP/users"
	sk @kid close a
	wait_no_addr $V4/32

	wait_event "$TMP/admin" "$LAST_CLOSED and .comm == \"sock\" and .pid == $pid"
	wait_event "$TMP/users" "$LAST_CLOSED"
	[ -z "$(events "$TMP/users" 'has("pid") or has("comm") or has("closer")')" ] ||
		fail "users are told: $(events "$TMP/users" "$LAST_CLOSED")"

	expect_gate $V4/32 .closer.pid $pid
	as_nobody "$TMP/ctl" -j show >"$TMP/show" || fail "users may not look"
	jq -e '.[0].state == "closed" and (.[0] | has("closer") | not)' \
		"$TMP/show" >/dev/null || fail "users are told: $(cat "$TMP/show")"
	as_nobody "$TMP/ctl" -j show $V4/32 >"$TMP/show" || fail "users may not look"
	grep -q closer "$TMP/show" && fail "users are told: $(cat "$TMP/show")"
	# root in a user namespace is a user here
	as_nobody unshare -Ur "$TMP/ctl" -j show >"$TMP/show" || fail "nor may root"
	grep -q closer "$TMP/show" && fail "root is told: $(cat "$TMP/show")"
	true
}
LAST_CLOSED='.kind == "transition" and .state == "closed" and .prefix == "192.0.2.53/32"'

events_marked_in()
{
	grep -q -F $EVENT_MARK "$1" && return
	ctl add $EVENT_MARK/32 udp/99
	ctl del $EVENT_MARK/32
	grep -q -F $EVENT_MARK "$1"
}

# A process is numbered as its reader's pid namespace has it, if it has it.
numbers_processes()
{
	local inner outer
	setup
	events_only
	ctl add $V4/32 udp/53 up 0
	cat >"$TMP/inside" <<-END
		coproc SOCK { exec "$SELFTESTS/sock"; }
		exec {in}>&"\${SOCK[1]}" {out}<&"\${SOCK[0]}"
		ask() { echo "\$*" >&\$in; read -r -u \$out answer; [[ \$answer == ok* ]]; }
		ask spawn kid
		echo "\${answer#ok }" >"$TMP/pid"
		ask @kid open a udp4 "*" 53
		until ip -o addr show dev lo | grep -q -F $V4/32; do :; done
		ask @kid close a
		while ip -o addr show dev lo | grep -q -F $V4/32; do :; done
		"$ANYGATECTL" -j show $V4/32 >"$TMP/show"
		# and to whom it has none
		unshare -pf --mount-proc "$ANYGATECTL" -j show $V4/32 >"$TMP/nested"
	END
	events_start "$TMP/events"
	unshare -pf --mount-proc bash "$TMP/inside" || fail "$TMP/inside"
	inner=$(<"$TMP/pid")
	[ "$(jq -r '.[0].closer | .pid, .comm' "$TMP/show" | paste -sd' ')" = "$inner sock" ] ||
		fail "there it is number $inner: $(cat "$TMP/show")"
	expect_gate $V4/32 .closer.comm sock
	outer=$(gate $V4/32 .closer.pid)
	note "there $inner, here $outer"
	[ "${outer:-$inner}" != "$inner" ] || fail "here it is not"
	# initial user namespace, initial numbers
	wait_event "$TMP/events" "$LAST_CLOSED and .pid == $outer"
	[ "$(jq -r '.[0].closer | keys | join(" ")' "$TMP/nested")" = comm ] ||
		fail "another namespace has its number: $(cat "$TMP/nested")"
}

# What happens in one namespace is nobody's business in another.
hears_its_own()
{
	local user
	setup
	events_only
	sock_start
	cat >"$TMP/hear" <<-END
		exec 9<> <(:)
		ip link set lo up
		"$TMP/ctl" -j monitor >"\$1/events" 2>&1 &
		until grep -q -F 198.51.100.1 "\$1/events"; do
			"$TMP/ctl" add 198.51.100.1 udp/9
			"$TMP/ctl" del 198.51.100.1
		done
		: >"\$1/ready"
		until [ -e "\$1/go" ]; do read -r -t 0.05 -u 9; done
		"$TMP/ctl" add 198.51.100.2 udp/9
		"$TMP/ctl" del 198.51.100.2
		until grep -F 198.51.100.2 "\$1/events" | grep -q deleted; do
			read -r -t 0.05 -u 9
		done
		kill %1
	END
	mkdir -m 777 "$TMP/user"
	as_nobody unshare -Urn bash "$TMP/hear" "$TMP/user" >"$TMP/out" 2>&1 &
	user=$!
	MONITORS+=("$user")
	eventually "the user's monitor to follow" test -e "$TMP/user/ready"
	events_start "$TMP/events"
	ctl add $V4/32 udp/53 up 0
	sk open a udp4 "*" 53
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
	: >"$TMP/user/go"
	wait $user || fail "$(cat "$TMP/out")"
	ctl del $V4/32
	wait_event "$TMP/events" '.kind == "deleted" and .prefix == "192.0.2.53/32"'
	grep -F -e 192.0.2. -e 203.0.113. "$TMP/user/events" && fail "ours are heard there"
	grep -F 198.51.100. "$TMP/events" && fail "theirs are heard here"
	[ "$(grep -c -F 198.51.100.2 "$TMP/user/events")" = 2 ] || fail "$(cat "$TMP/user/events")"
}

# memory CGROUP KEY: bytes
memory()
{
	awk -v key="$2" '$1 == key { print $2 }' "$1/memory.stat"
}

# A user's gates are charged to whoever asked, and so is, from the beginning, what the
# engine and, on its behalf, the kernel allocate when they open.
memory_charged()
{
	local group=/sys/fs/cgroup/anygate-memory before gates open
	setup
	events_only
	grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null ||
		skip "no memory controller"
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control || fail "no memory controller"
	mkdir "$group" || fail "no group"
	defer "until rmdir $group 2>/dev/null; do pause; done"
	cat >"$TMP/charged" <<-END
		echo \$BASHPID >$group/cgroup.procs
		exec 9<> <(:)
		ip link set lo up
		coproc SOCK { exec "$SELFTESTS/sock"; }
		exec {in}>&"\${SOCK[1]}" {out}<&"\${SOCK[0]}"
		turn() {
			: >"$TMP/is\$1"
			until [ -e "$TMP/next\$1" ]; do read -r -t 0.05 -u 9; done
			:
		}
		turn 1
		"$SELFTESTS/rawnl" gates 200
		turn 2
		echo "open a udp4 * 53" >&\$in
		read -r -u \$out answer
		until [ "\$(ip -4 route show table main proto $PROTO | wc -l)" = 200 ]; do
			read -r -t 0.05 -u 9
		done
		turn 3
	END
	unshare -Urn bash "$TMP/charged" >"$TMP/out" 2>&1 &
	defer "kill $! 2>/dev/null"
	eventually "the group's first step" test -e "$TMP/is1"
	before=$(memory $group slab)
	: >"$TMP/next1"
	eventually "gates" test -e "$TMP/is2"
	gates=$(memory $group slab)
	: >"$TMP/next2"
	eventually "open gates" test -e "$TMP/is3"
	open=$(memory $group slab)
	: >"$TMP/next3"
	wait $! || fail "$(cat "$TMP/out")"
	note "slab: $before bytes, with 200 gates $((gates - before)) more, open another $((open - gates))"
	# a gate has more than half a kilobyte, and two are kept for what is made of it
	[ $((gates - before)) -ge $((200 * (512 + 2048))) ] ||
		fail "gates and what is made of them are not charged"
}

# Each service of each gate knows its listeners, which may be the same thousand: what that
# takes has a limit, since nobody is charged for it.
members_bounded()
{
	local before after i
	setup
	events_only
	{
		echo "add 10.0.0.0/24 up 0 name many \\"
		for ((i = 1; i <= 64; i++)); do
			printf ' 10.0.0.%s:udp/5353' $i
		done
		echo
	} | tr -d '\\\n' >"$TMP/gate"
	echo >>"$TMP/gate"
	cat >"$TMP/members" <<-END
		exec 9<> <(:)
		ip link set lo up
		for ((i = 0; i < 225; i++)); do
			echo "open s\$i udp4 * 5353 reuseport"
		done >"\$1/opens"
		for i in 1 2 3 4; do
			{
				cat "\$1/opens"
				until [ -e "\$1/end" ]; do read -r -t 0.2 -u 9; done
			} | "$TMP/sock" >"\$1/\$i" &
		done
		until [ "\$(cat "\$1"/[1-4] | grep -c ok)" = 900 ]; do
			read -r -t 0.2 -u 9
		done
		: >"\$1/opened"
		until [ -e "\$1/go" ]; do read -r -t 0.05 -u 9; done
		"$TMP/ctl" apply "$TMP/gate" >/dev/null || exit
		until [ "\$("$TMP/ctl" -j show | grep -c '"listeners": *900')" -ge 1 ]; do
			read -r -t 0.05 -u 9
		done
		: >"\$1/done"
		wait
	END
	mkdir -m 777 "$TMP/m"
	chmod 644 "$TMP/gate" "$TMP/members"
	as_nobody unshare -Urn bash "$TMP/members" "$TMP/m" >"$TMP/out" 2>&1 &
	defer "kill $! 2>/dev/null"
	eventually "the sockets" test -s "$TMP/out" -o -e "$TMP/m/opened"
	[ -e "$TMP/m/opened" ] || fail "$(cat "$TMP/out")"
	before=$(awk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo)
	: >"$TMP/m/go"
	eventually "the gate to know its listeners" test -e "$TMP/m/done"
	after=$(awk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo)
	: >"$TMP/m/end"
	note "64 services with 900 sockets: $((after - before)) kB"
	# sixty kilobytes for each service would be four megabytes
	[ $((after - before)) -lt 1500 ] || fail "that has no limit"
}

# median FILE: of numbers, one a line
median()
{
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# latencies N FILE: from the closing of our gate's listener to the address's
# going, N times, nanoseconds
latencies()
{
	local i from
	from=$(grep -c . "$TMP/events")
	for ((i = 0; i < $1; i++)); do
		sk open a udp4 $V4 53
		wait_addr $V4/32
		sk close a
		wait_no_addr $V4/32
	done
	eventually "its events" enough_events "$from" "$1" "$2"
}

enough_events()
{
	tail -n "+$(($1 + 1))" "$TMP/events" |
		jq -r "select($LAST_CLOSED) | .total_ns" >"$3"
	[ "$(wc -l <"$3")" -ge "$2" ]
}

# A user has all the gates that users may have, opens and closes them all at
# once over and over, and asks in loops. The same user's processes have done as
# much without gates before: what the gates add is the module's. A gate of others
# may become slower, as with everything that shares a machine, but not by orders.
# MEASURE N FILE: latencies of theirs; in $ALONE, $PLAIN and $GATES are the medians
beside_a_user()
{
	local n=15 kind measure=$1
	chmod 755 "$SELFTESTS"
	cp "$SELFTESTS/rawnl" "$TMP/rawnl"
	$measure $n "$TMP/alone"
	cat >"$TMP/hostile" <<-END
		exec 9<> <(:)
		ip link set lo up
		coproc SOCK { exec "$TMP/sock"; }
		exec {in}>&"\${SOCK[1]}" {out}<&"\${SOCK[0]}"
		ask() { echo "\$*" >&\$in; read -r -u \$out answer; [[ \$answer == ok* ]]; }
		if [ "\$1" = gates ]; then
			"$TMP/rawnl" gates 200 || exit
			# One that is refused again and again, and one that stalls.
			echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6
			"$TMP/ctl" add 2001:db8::97 udp/97 up 0 || exit
			"$TMP/ctl" add 192.0.2.97 udp/97 up 0 stall 100ms || exit
			ask open w udp6 "*" 97 v6only=0 || exit
			ask socket c udp4
			ask send c 192.0.2.97 97 hello
			while "$TMP/rawnl" cycle 192.0.2.99 99 1000; do :; done >/dev/null &
			while "$TMP/ctl" show; do :; done >/dev/null &
			# probes that nobody else needs come and go
			while "$TMP/ctl" add 192.0.2.98 tcp/98 fatal on; do
				"$TMP/ctl" del 192.0.2.98
			done >/dev/null &
		else
			while ip -4 addr add 192.0.2.99 dev lo; do
				ip -4 addr del 192.0.2.99/32 dev lo
			done >/dev/null &
			while ip route show table all; do :; done >/dev/null &
		fi
		rounds=0
		while :; do
			ask open a udp4 "*" 53
			ask close a
			echo \$((++rounds)) >"\$2"
		done
	END
	for kind in plain gates; do
		: >"$TMP/rounds.$kind"
		chmod 666 "$TMP/rounds.$kind"
		"${NOBODY[@]}" unshare -Urn --kill-child -pf bash "$TMP/hostile" $kind \
			"$TMP/rounds.$kind" >"$TMP/hostile.$kind" 2>&1 &
		defer "kill $! 2>/dev/null"
		eventually "the user to begin" test -s "$TMP/rounds.$kind"
		$measure $n "$TMP/$kind"
		kill -0 $! 2>/dev/null || fail "the user has given up: $(cat "$TMP/hostile.$kind")"
		# with --kill-child all of it
		kill -KILL $!
		wait $! 2>/dev/null
	done
	ALONE=$(median "$TMP/alone") PLAIN=$(median "$TMP/plain") GATES=$(median "$TMP/gates")
	note "median latency: alone $((ALONE / 1000)) us, beside a user without gates $((PLAIN / 1000)) us, with 200 gates $((GATES / 1000)) us; the user's rounds: $(cat "$TMP/rounds.plain") and $(cat "$TMP/rounds.gates")"
	[ "$GATES" -le $((20 * (PLAIN > ALONE ? PLAIN : ALONE))) ] ||
		fail "a user's gates slow others' down"
}

cannot_starve()
{
	setup
	events_only
	sock_start
	ctl add $V4/32 udp/53 up 0
	events_start "$TMP/events"
	beside_a_user latencies
}

# The same for a gate of another user's: the engines of users share their workers.
cannot_starve_users()
{
	setup
	events_only
	mkdir -m 777 "$TMP/victim"
	install -m 666 /dev/null "$TMP/victim/events"
	cat >"$TMP/other" <<-END
		exec 9<> <(:)
		ip link set lo up
		coproc SOCK { exec "$TMP/sock"; }
		exec {in}>&"\${SOCK[1]}" {out}<&"\${SOCK[0]}"
		ask() { echo "\$*" >&\$in; read -r -u \$out answer; [[ \$answer == ok* ]]; }
		announced() { [ -n "\$(ip -4 addr show dev lo to $V4)" ]; }
		"$TMP/ctl" add $V4/32 udp/53 up 0 || exit
		"$TMP/ctl" -j monitor >"\$1/events" &
		until [ -s "\$1/events" ]; do
			ask open a udp4 $V4 53 freebind && ask close a || exit
		done
		while read -r n; do
			ask open a udp4 $V4 53 freebind || exit
			until announced; do :; done
			ask close a
			while announced; do :; done
			echo "\$n" >"\$1/done"
		done <"\$1/go"
	END
	mkfifo -m 666 "$TMP/victim/go"
	"${NOBODY[@]/#65534/65533}" unshare -Urn --kill-child -pf bash "$TMP/other" \
		"$TMP/victim" >"$TMP/other.out" 2>&1 &
	defer "kill $! 2>/dev/null"
	OTHER=$!
	exec {VICTIM}<>"$TMP/victim/go"
	beside_a_user latencies_users
}

latencies_users()
{
	local i from
	from=$(grep -c . "$TMP/victim/events")
	for ((i = 0; i < $1; i++)); do
		echo "${2##*/} $i" >&"$VICTIM"
		eventually "the other user's withdrawal" withdrawn "${2##*/} $i"
	done
	eventually "its events" users_enough "$from" "$1" "$2"
}

withdrawn()
{
	[ -d "/proc/$OTHER" ] || fail "the other user has given up: $(cat "$TMP/other.out")"
	[ "$(cat "$TMP/victim/done" 2>/dev/null)" = "$1" ]
}

users_enough()
{
	cp "$TMP/victim/events" "$TMP/events"
	enough_events "$@"
}

# ticks CONDITION: what kworkers have had of the processors so far, by their nice value
ticks()
{
	cat /proc/[0-9]*/stat 2>/dev/null | awk '
		/\(kworker\// { sub(/^.*\) /, ""); if ($17 '"$1"') n += $12 + $13 }
		END { print n + 0 }'
}

# A look at each of 200 sockets, for each of 100 gates, every 25 ms: that is work which
# goes on for as long as its user likes. It is not done before everybody else's.
no_priority()
{
	local high normal
	setup
	chmod 755 "$SELFTESTS"
	mkdir -m 777 "$TMP/shared"
	cat >"$TMP/busy" <<-END
		exec 9<> <(:)
		ip link set lo up
		coproc SOCK { exec "$TMP/sock"; }
		exec {in}>&"\${SOCK[1]}" {out}<&"\${SOCK[0]}"
		ask() { echo "\$*" >&\$in; read -r -u \$out answer; [[ \$answer == ok* ]]; }
		for n in {1..200}; do
			ask open s\$n udp4 "*" 97 reuseport || exit
		done
		printf 'add 192.0.2.%s udp/97 up 0 stall 100ms\n' {1..100} |
			"$TMP/ctl" apply - || exit
		: >"\$1"
		read -r -u 9
	END
	"${NOBODY[@]}" unshare -Urn --kill-child -pf bash "$TMP/busy" "$TMP/shared/there" \
		>"$TMP/busy.out" 2>&1 &
	defer "kill $! 2>/dev/null"
	eventually "the user's gates" test -e "$TMP/shared/there"
	high=$(ticks "< 0") normal=$(ticks ">= 0")
	worked()
	{
		[ $(($(ticks "< 0") - high + $(ticks ">= 0") - normal)) -ge 100 ]
	}
	eventually "some work for them" worked
	high=$(($(ticks "< 0") - high)) normal=$(($(ticks ">= 0") - normal))
	note "$normal ticks at an ordinary priority, $high at a higher one"
	[ $normal -gt $((4 * high)) ] || fail "a user's gates are looked at before everything else"
}

t "root in a user namespace gates its own network" own_namespace
t "but not that of others" not_ours
t "users get fewer gates" fewer_gates
t "a user's namespace goes away with open gates" goes_away
t "which process did it, users are not told" tells_no_process
t "processes have the numbers of the reader's pid namespace" numbers_processes
t "events do not cross namespaces" hears_its_own
t "memory is charged to whoever asks" memory_charged
t "what is known of a user's listeners has a limit" members_bounded
t "a user with all the gates there are cannot starve others" cannot_starve
t "nor other users" cannot_starve_users
t "a user's gates are nothing that has priority" no_priority

run_tests "$@"
