#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# top: a live view in a terminal. tmux is the terminal, and says what is seen.

. "${0%/*}/lib.sh"

mux()
{
	tmux -S "$TMP/tmux" -f /dev/null "$@"
}

# top_start [ARGUMENT...]: with a shell behind it, to come back to
top_start()
{
	export LC_ALL=C.UTF-8 SHELL=/bin/sh PS1=back-again:
	mux new-session -d -x 100 -y 20 "'$ANYGATECTL' top $*; echo ended \$?; exec sleep 1000" ||
		fail "no tmux"
	defer "mux kill-server"
}

screen()
{
	mux capture-pane -p
}

seen()
{
	screen | grep -Eq -- "$1"
}

unseen()
{
	! seen "$1"
}

see()
{
	busywait $PATIENCE seen "$1" && return
	screen | sed 's/^/#   /'
	fail "not seen: $1"
}

see_no_more()
{
	busywait $PATIENCE unseen "$1" && return
	screen | sed 's/^/#   /'
	fail "still seen: $1"
}

keys()
{
	mux send-keys "$@"
}

live()
{
	events_only
	sock_start
	top_start
	see "0 gates"
	ctl add $V4/32 udp/53 up 0
	see "$V4/32 +closed"
	see "1 gate: 1 closed"
	sk open a udp4 "*" 53
	see "$V4/32 +open +lo +udp/53\(1\)"
	see "$V4/32 closed -> open listener"
	screen | sed 's/^/# /'
	ctl del $V4/32
	see "0 gates"
	keys q
	see "ended 0"
	unseen "q quit" || fail "the screen is not given back"
}

sorts_and_filters()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	ctl add 192.0.2.1/32 udp/53 up 0 name dns
	ctl add 192.0.2.2/32 tcp/80 up 0 name web
	wait_addr 192.0.2.1/32
	top_start sort name
	see "sort by name"
	see "192.0.2.1/32 +dns"
	keys s
	see "sort by state"
	[ "$(screen | grep -oE '192.0.2.[12]/32 +(dns|web)' | head -n 1)" = "192.0.2.2/32  web" ] ||
		fail "not sorted"
	keys / w e
	see_no_more "192.0.2.1/32 +dns"
	see "192.0.2.2/32 +web"
	see "^/we_"
	keys Enter
	see "^/we  q quit"
	keys Escape
	see "192.0.2.1/32 +dns"
	keys C-c
	see "ended 0"
}

resizes()
{
	local i
	for ((i = 1; i <= 40; i++)); do
		echo "add 192.0.2.$i udp/53"
	done | ctl apply - >/dev/null
	top_start
	see "40 gates"
	see "192.0.2.15/32"
	unseen "192.0.2.16/32" || fail "more than there is room for"
	keys j j
	see "192.0.2.17/32"
	see "PREFIX +STATE"
	mux resize-window -x 60 -y 50
	see "192.0.2.40/32"
	see "^q quit"
	mux resize-window -x 30 -y 10
	see "PREFIX +STATE"
	see_no_more "192.0.2.40/32"
	mux resize-window -x 100 -y 20
	see "192.0.2.15/32"
	keys q
	see "ended 0"
}

# Maintenance: the module goes, and comes back.
module_comes_back()
{
	ctl add $V4/32 udp/53
	top_start
	see "$V4/32 +closed"
	unload
	see "module anygate is not loaded"
	load
	see "0 gates"
	ctl add $V6/128 udp/53
	see "$V6/128 +closed"
	see "$V6/128 added"
}

refused_elsewhere()
{
	refused 1 "this is no terminal; use show or monitor" top
	refused 2 "unknown keyword" top state open colour red
	refused 2 "too much" top $V4
	"$ANYGATECTL" -j top >"$TMP/out" && fail "no status"
	grep -q '"status":2' "$TMP/out" || fail "not JSON"
	export TERM=dumb
	mux new-session -d -x 100 -y 20 "TERM=dumb '$ANYGATECTL' top; exec sleep 1000"
	defer "mux kill-server"
	see "cannot move the cursor"
}

# In a terminal, and there only, there are colours.
coloured()
{
	sock_start
	ctl add $V4/32 udp/53
	top_start
	see "closed"
	mux capture-pane -e -p | grep -q $'\e\[31mclosed' || fail "no colours"
	keys q
	see "ended 0"
	ctl show | grep -q $'\e' && fail "colours in a pipe"
	ctl -c show | grep -q $'\e' || fail "no colours with -c"
	mux respawn-pane -k "'$ANYGATECTL' show; NO_COLOR=1 '$ANYGATECTL'; exec sleep 1000"
	see "$V4"
	[ "$(mux capture-pane -e -p | grep -c $'\e\[31mclosed')" = 1 ] || fail "NO_COLOR"
}

needs tmux

t "it follows" live
t "keys sort and filter" sorts_and_filters
t "it takes any size, and scrolls" resizes
t "it outlives the module" module_comes_back
t "it is refused where there is no terminal" refused_elsewhere
t "colours" coloured

run_tests "$@"
