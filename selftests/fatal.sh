#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Processes that dump core, or are being killed: with "fatal on" they count as
# gone when that begins, and not when their sockets are closed at last.

. "$(dirname "$0")/lib.sh"
PARTED=y

# So long the dump takes, in seconds: much is looked at meanwhile.
DUMP=$((4 + ${SLOW:-1}))

# Cores go to a program that reads nothing for a while.
slow_dumps()
{
	dumps_to "$(command -v sleep) $DUMP"
}

# Until dump_ends: where something has to come first, on however slow a kernel.
endless_dumps()
{
	mkfifo "$TMP/end"
	exec {END}<>"$TMP/end"
	defer dump_ends
	dumps_to "$(command -v head) -c1 $TMP/end"
}

dump_ends()
{
	echo >&"$END"
}

dumps_to()
{
	local old
	old=$(</proc/sys/kernel/core_pattern)
	defer "echo '$old' >/proc/sys/kernel/core_pattern"
	echo "|$1" >/proc/sys/kernel/core_pattern || fail "no core_pattern"
}

# server KIND GATE: a process with a listener; it is kid "k"
server()
{
	events_only
	sock_start
	sk spawn k
	sk @k open s "$1" "${2%/*}" 53 freebind
	wait_addr "$2"
}

# The listener is there for as long as the dump takes.
listening()
{
	[ -n "$(ss -Hlntu "sport = :53")" ]
}

core()
{
	local kind=$1 gate=$2 service=$3 pid
	ctl add "$gate" "$service" up 0 fatal on
	slow_dumps
	server "$kind" "$gate"
	sk pid k
	pid=$ANSWER
	events_start "$TMP/events"
	sk signal k 11
	wait_no_addr "$gate"
	listening || fail "the socket was closed already: a test of nothing"
	expect_gate "$gate" .reason dying
	wait_event "$TMP/events" ".kind == \"transition\" and
		.state == \"closed\" and .reason == \"dying\" and .pid == $pid"
	sk wait k
	eventually "the reason to be plain" gate_is "$gate" .reason no-listener
	# Another one is a new life.
	sk spawn k
	sk @k open s "$kind" "${gate%/*}" 53 freebind
	wait_addr "$gate"
}

core_without()
{
	local begun over
	ctl add $V4/32 udp/53 up 0
	slow_dumps
	server udp4 $V4/32
	begun=$(now_ms)
	sk signal k 11
	wait_no_addr $V4/32
	over=$(now_ms)
	expect_gate $V4/32 .reason no-listener
	[ $((over - begun)) -gt $((DUMP * 900)) ] ||
		fail "after $((over - begun)) ms: a test of nothing"
	note "without fatal: withdrawn after $((over - begun)) ms"
}

# closed_times FILE N: so often the gate has closed
closed_times()
{
	[ "$(events "$1" '.kind == "transition" and .state == "closed"' | grep -c .)" -ge "$2" ]
}

# The memory of a large process is freed before its sockets are closed. That takes
# less time than an emulator with one thread may leave the engine's processor
# waiting, so not every death shows it.
large()
{
	local n
	ctl add $V4/32 udp/53 up 0 fatal on
	server udp4 $V4/32
	events_start "$TMP/events"
	for n in 1 2 3 4 5 6 7 8; do
		sk @k grow 256
		sk signal k 9
		wait_no_addr $V4/32
		sk wait k
		eventually "death $n to be told" closed_times "$TMP/events" $n
		has_event "$TMP/events" '.state == "closed" and .reason == "dying"' && break
		sk spawn k
		sk @k open s udp4 $V4 53 freebind
		wait_addr $V4/32
	done
	note "seen at death $n"
	has_event "$TMP/events" '.kind == "transition" and .state == "closed" and .reason == "dying"' ||
		fail "none of $n deaths counted before the socket was closed"
}

# Killed, and never given a processor to die on: something more urgent has it.
# (Both are of a real-time class, since the others are given a share even so.)
starved()
{
	local old pid hog
	[ "$(nproc)" -gt 1 ] || skip "one processor"
	old=$(</proc/sys/kernel/sched_rt_runtime_us)
	defer "echo $old >/proc/sys/kernel/sched_rt_runtime_us"
	echo -1 >/proc/sys/kernel/sched_rt_runtime_us || fail "no sched_rt_runtime_us"
	old=$(</sys/devices/virtual/workqueue/cpumask)
	defer "echo $old >/sys/devices/virtual/workqueue/cpumask"
	# The kernel's own work is to have the other one.
	echo 1 >/sys/devices/virtual/workqueue/cpumask || fail "no cpumask"
	ctl add $V4/32 udp/53 up 0 fatal on
	server udp4 $V4/32
	sk pid k
	pid=$ANSWER
	{ taskset -p 2 "$pid" && chrt -f -p 1 "$pid"; } >/dev/null || fail "cannot bind it"
	events_start "$TMP/events"
	taskset 2 chrt -f 50 busybox yes >/dev/null &
	hog=$!
	MONITORS+=("$hog")
	eventually "the processor to be taken" runs_at "$hog" 50
	kill -9 "$pid"
	wait_no_addr $V4/32
	expect_gate $V4/32 .reason dying
	listening || fail "the socket was closed already: a test of nothing"
	wait_event "$TMP/events" ".kind == \"transition\" and
		.state == \"closed\" and .reason == \"dying\" and .pid == $pid"
	kill "$hog"
	sk wait k
	eventually "the reason to be plain" gate_is $V4/32 .reason no-listener
}

# runs_at PID PRIORITY: by proc_pid_stat(5), where SCHED_FIFO 50 is rt_priority 50
runs_at()
{
	[ "$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f38)" -eq "$2" ]
}

# Another process has the same socket: it serves on.
shared()
{
	local how=$1
	ctl add $V4/32 udp/53 up 0 fatal on
	slow_dumps
	events_only
	sock_start
	metronome
	[ "$how" = fork ] || sk spawn k
	sk open s udp4 $V4 53
	if [ "$how" = fork ]; then
		sk fork k
	else
		sk pass s k
	fi
	wait_addr $V4/32
	mon_start "$TMP/mon" address
	sk signal k 11
	sk wait k
	settle
	quiet "$TMP/mon" "$V4/"
	expect_gate $V4/32 .state open
}

# Others who end do not matter, nor does one that goes on as another program.
others()
{
	ctl add $V4/32 udp/53 up 0 fatal on
	events_only
	sock_start
	metronome
	sk open s udp4 $V4 53
	wait_addr $V4/32
	mon_start "$TMP/mon" address
	sk spawn k
	sk signal k 9
	sk wait k
	for _ in 1 2 3 4 5; do
		bash -c : &
		wait $!
	done
	settle
	quiet "$TMP/mon" "$V4/"
	expect_gate $V4/32 .state open
}

# Somebody takes the socket while the dump is under way, and serves on: who has ended
# is not the only one that had it after all.
taken_over()
{
	local pid taker
	ctl add $V4/32 udp/53 up 0 fatal on
	slow_dumps
	server udp4 $V4/32
	param reconcile_ms 1000
	sk pid k
	pid=$ANSWER
	# pidfd_open(), and pidfd_getfd() of each socket. There before the dump, which may
	# be over before an interpreter has been started.
	/usr/bin/python3 - "$pid" >"$TMP/taken" 2>&1 <<-'END' &
		import ctypes, os, signal, sys
		pid, call = int(sys.argv[1]), ctypes.CDLL(None, use_errno=True).syscall
		pidfd = call(434, pid, 0)
		fds = "/proc/%d/fd/" % pid
		signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
		print("ready", flush=True)
		signal.sigwait({signal.SIGUSR1})
		for fd in os.listdir(fds):
		    if os.readlink(fds + fd).startswith("socket:"):
		        if call(438, pidfd, int(fd), 0) < 0:
		            sys.exit(os.strerror(ctypes.get_errno()))
		print("taken", flush=True)
		signal.pause()
	END
	taker=$!
	MONITORS+=("$taker")
	eventually "somebody who takes it" grep -q ready "$TMP/taken"
	sk signal k 11
	wait_no_addr $V4/32
	expect_gate $V4/32 .reason dying
	kill -USR1 "$taker"
	eventually "the socket to be taken: $(cat "$TMP/taken")" grep -q taken "$TMP/taken"
	listening || fail "the socket is closed: a test of nothing"
	sk wait k
	wait_addr $V4/32
	expect_gate $V4/32 .reason listener
}

# A server has a socket for each address and thread of its own.
many()
{
	local n
	ctl add $V4/32 udp/53 up 0 fatal on
	slow_dumps
	events_only
	sock_start
	sk spawn k
	for ((n = 0; n < 200; n++)); do
		sk @k open "s$n" udp4 $V4 53 freebind reuseport
	done
	wait_addr $V4/32
	sk signal k 11
	wait_no_addr $V4/32
	listening || fail "the sockets were closed already: a test of nothing"
	expect_gate $V4/32 .reason dying
	sk wait k
	eventually "the reason to be plain" gate_is $V4/32 .reason no-listener
}

# More than can be noted of a process: that is told, and they count until they are closed.
too_many()
{
	local pid ports
	mapfile -t ports < <(seq -f udp/%.0f 1001 1064)
	ctl add $V4/32 "${ports[@]}" up 0 fatal on
	endless_dumps
	events_only
	/usr/bin/python3 - $V4 <<-'END' &
		import resource, signal, socket, sys
		resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
		all = []
		for n in range(64 * 66):
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
		    s.setsockopt(socket.IPPROTO_IP, 15, 1)
		    s.bind((sys.argv[1], 1001 + n % 64))
		    all.append(s)
		signal.pause()
	END
	pid=$!
	MONITORS+=("$pid")
	disown	# bash would tell of its end, with all its text
	wait_addr $V4/32
	eventually "the sockets to be there" bound_sockets $((64 * 66))
	eventually "it to wait" asleep "$pid" 1
	kill -SEGV "$pid"
	eventually "it to be told" eval 'dmesg | grep -q "sockets of processes that end are too many"'
	expect bound_sockets $((64 * 66))
	expect gate_is $V4/32 .state open
	dump_ends
	wait_no_addr $V4/32
	expect_gate $V4/32 .reason no-listener
}

bound_sockets()
{
	[ "$(ss -Hnua "src $V4" | grep -c .)" -eq "$1" ]
}

# Threads that wait for packets have references to their sockets, until they die; and
# whoever writes the core has a copy of the table by then.
threads()
{
	local pid
	ctl add $V4/32 udp/53 up 0 fatal on
	slow_dumps
	events_only
	/usr/bin/python3 - $V4 <<-'END' &
		import socket, sys, threading
		def serve():
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
		    s.setsockopt(socket.IPPROTO_IP, 15, 1)
		    s.bind((sys.argv[1], 53))
		    while True:
		        s.recv(1)
		for _ in range(8):
		    threading.Thread(target=serve).start()
	END
	pid=$!
	MONITORS+=("$pid")
	eventually "the sockets to be there" sockets 8
	wait_addr $V4/32
	eventually "the threads to wait" asleep "$pid" 9
	kill -SEGV "$pid"
	wait_no_addr $V4/32
	sockets 8 || fail "the sockets were closed already: a test of nothing"
	expect_gate $V4/32 .reason dying
	eventually "the reason to be plain" gate_is $V4/32 .reason no-listener
}

# sockets N: so many are on port 53
sockets()
{
	[ "$(ss -Hnua "sport = :53" | grep -c .)" -eq "$1" ]
}

# asleep PID N: all its N threads are
asleep()
{
	[ "$(cat "/proc/$1/task/"*/status | grep -c '^State:.S')" -eq "$2" ]
}

# outlived CHILD: the server crashes, and the child that has its socket, too, ends when
# others have done so in great number
outlived()
{
	local pid before
	sk pid k
	pid=$ANSWER
	while :; do /bin/true; done &
	MONITORS+=($!)
	sk signal k 11
	eventually "it to dump" grep -q "^CoreDumping:.*1" "/proc/$pid/status"
	before=$(last_pid)
	eventually "others to end" pids_since "$before" 40
	has_addr $V4/32 || fail "withdrawn with a process that has the socket"
	kill -9 "$1"
	wait_no_addr $V4/32
	listening || fail "the socket was closed already: a test of nothing"
	expect_gate $V4/32 .reason dying
	sk wait k
}

# The number that a process was given last: they go up.
last_pid()
{
	local _ pid
	read -r _ _ _ _ pid </proc/loadavg
	echo "$pid"
}

pids_since()
{
	[ $(($(last_pid) - $1)) -ge "$2" ]
}

# Another process has the socket, but not for long, and the dump takes longer; while
# others end in great number.
child_ends()
{
	local child DUMP=$((10 + 5 * ${SLOW:-1}))
	ctl add $V4/32 udp/53 up 0 fatal on
	slow_dumps
	server udp4 $V4/32
	sk @k fork c
	sk @k pid c
	child=$ANSWER
	outlived "$child"
}

# More of a user's processes than can be asked for again: they do not keep one of the
# machine's own from that.
crowd()
{
	local child DUMP=$((10 + 5 * ${SLOW:-1}))
	: >"$TMP/crowded"
	cat >"$TMP/crowd" <<-END
		ip link set lo up
		"$ANYGATECTL" add $V4/32 udp/53 up 0 fatal on || exit
		exec /usr/bin/python3 "$TMP/crowd.py" >"$TMP/crowded"
	END
	cat >"$TMP/crowd.py" <<-END
		import os, signal, socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("127.0.0.1", 53))
		kids = []
		for _ in range(80):
		    kid = os.fork()
		    if not kid:
		        signal.pause()
		    kids.append(kid)
		for kid in kids:
		    os.kill(kid, signal.SIGSEGV)
		print("all", flush=True)
		signal.pause()
	END
	ctl add $V4/32 udp/53 up 0 fatal on
	slow_dumps
	server udp4 $V4/32
	sk @k fork c
	sk @k pid c
	child=$ANSWER
	unshare -Urn bash "$TMP/crowd" 2>/dev/null &
	MONITORS+=($!)
	eventually "the crowd to end" grep -q all "$TMP/crowded"
	outlived "$child"
}

# A process that has the same table, not a copy, serves on; that the one that ends has
# as many threads as the table has holders says nothing, if one has a table of its own.
partner()
{
	local pid partner
	[ "$(uname -m)" = x86_64 ] || skip "clone() is another number"
	ctl add $V4/32 udp/53 up 0 fatal on
	slow_dumps
	events_only
	sock_start
	metronome
	/usr/bin/python3 - $V4 >"$TMP/partner" <<-'END' &
		import ctypes, signal, socket, sys, threading
		libc = ctypes.CDLL(None, use_errno=True)
		CLONE_FILES = 0x400
		partner = libc.syscall(56, CLONE_FILES | signal.SIGCHLD, 0, 0, 0, 0)
		if not partner:
		    while True:
		        signal.pause()
		def alone():
		    libc.unshare(CLONE_FILES)
		    ready.set()
		    signal.sigwait([signal.SIGUSR1])
		ready = threading.Event()
		threading.Thread(target=alone).start()
		ready.wait()
		# Only now, so that the thread's table has none of it.
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.IPPROTO_IP, 15, 1)
		s.bind((sys.argv[1], 53))
		print(partner, flush=True)
		while True:
		    signal.pause()
	END
	pid=$!
	MONITORS+=("$pid")
	wait_addr $V4/32
	eventually "the partner to be there" test -s "$TMP/partner"
	partner=$(<"$TMP/partner")
	MONITORS+=("$partner")
	mon_start "$TMP/mon" address
	kill -SEGV "$pid"
	eventually "the process to end" ended "$pid"
	settle
	quiet "$TMP/mon" "$V4/"
	expect_gate $V4/32 .state open
}

ended()
{
	! [ -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# The next reconcile is due before the last one has looked at all gates.
behind()
{
	local n before
	for ((n = 0; n < 100; n++)); do
		echo "add 203.0.113.$n/32 udp/53 up 0"
	done >"$TMP/gates"
	ctl apply "$TMP/gates" >/dev/null
	ctl add $V4/32 udp/53 up 0 fatal on
	endless_dumps
	server udp4 $V4/32
	mon_start "$TMP/mon" address
	sk signal k 11
	wait_no_addr $V4/32
	mon_sync "$TMP/mon"
	mon_start "$TMP/mon2" address
	before=$(passes)
	param reconcile_ms 1
	eventually "reconciles" passes_since "$before" 20
	listening || fail "the socket was closed already: a test of nothing"
	quiet "$TMP/mon2" "$V4/"
	expect_gate $V4/32 .reason dying
	param reconcile_ms 0
	dump_ends
	sk wait k
}

# Off by default, and switched while the gate is open.
switched()
{
	ctl add $V4/32 udp/53 up 0
	expect_gate $V4/32 .fatal false
	slow_dumps
	server udp4 $V4/32
	mon_start "$TMP/mon" address
	ctl change $V4/32 fatal on
	expect_gate $V4/32 .fatal true
	quiet "$TMP/mon" "$V4/"
	sk signal k 11
	wait_no_addr $V4/32
	listening || fail "the socket was closed already"
	# To take it back means to believe in the socket again.
	ctl change $V4/32 fatal off
	wait_addr $V4/32
	sk wait k
	wait_no_addr $V4/32
}

t "a crash with a slow core dump, UDP, v4" core udp4 $V4/32 udp/53
t "a crash with a slow core dump, UDP, v6" core udp6 $V6/128 udp/53
t "a crash with a slow core dump, TCP, v4" core tcp4 $V4/32 tcp/53
t "a crash with a slow core dump, TCP, v6" core tcp6 $V6/128 tcp/53
t "the same without fatal" core_without
t "a large process is killed" large
t "killed, but never given a processor" starved
t "not if another process has the socket: fork" shared fork
t "not if another process has the socket: passed on" shared pass
t "nor for good, if another process takes the socket" taken_over
t "nor if others end" others
t "a process with 200 sockets" many
t "a process with more sockets than can be noted" too_many
t "a process with threads that wait for packets" threads
t "another process has the socket for a moment, beside many that end" child_ends
t "the same, beside many of a user's that wait" crowd
t "not if another process has the same table" partner
t "while the reconcile is behind" behind
t "on and off" switched

run_tests "$@"
