#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# monitor exec: a command for every event, one at a time for each gate.

. "${0%/*}/lib.sh"

# exec_start SCRIPT: it is known to listen when it has told of a gate of ours
exec_start()
{
	cat >"$TMP/hook" <<-END
		#!/bin/bash
		if [ "\$ANYGATE_PREFIX" = $EVENT_MARK/32 ]; then
			: >$TMP/marked
			exit
		fi
		$1
	END
	chmod 755 "$TMP/hook"
	"$ANYGATECTL" monitor exec "$TMP/hook" >"$TMP/out" 2>"$TMP/err" &
	EXEC=$!
	MONITORS+=("$EXEC")
	eventually "the monitor to follow" exec_marked
}

exec_marked()
{
	[ ! -e "$TMP/marked" ] || return 0
	ctl add $EVENT_MARK/32 udp/99
	ctl del $EVENT_MARK/32
	[ -e "$TMP/marked" ]
}

tells()
{
	events_only
	sock_start
	sk open a udp4 "*" 53
	exec_start "env | grep ^ANYGATE_ >$TMP/env.\$ANYGATE_KIND.\$ANYGATE_STATE
		cat >$TMP/json.\$ANYGATE_KIND.\$ANYGATE_STATE"
	ctl add $V4/32 udp/53 up 0 name dns
	wait_addr $V4/32
	sk close a
	eventually "the event" test -s "$TMP/json.transition.closed"
	jq -e --arg p $V4/32 '.prefix == $p and .state == "closed" and
		.old_state == "open" and .reason == "no-listener" and
		.name == "dns" and .comm == "sock"' "$TMP/json.transition.closed" \
		>/dev/null || fail "not the event: $(cat "$TMP/json.transition.closed")"
	grep -qx "ANYGATE_PREFIX=$V4/32" "$TMP/env.transition.closed" || fail "no prefix"
	grep -qx ANYGATE_COMM=sock "$TMP/env.transition.closed" || fail "no comm"
}

# Many events, and a command that takes its time.
never_two()
{
	local i
	events_only
	sock_start
	exec_start "mkdir $TMP/lock || echo both >>$TMP/log
		sleep 0.2
		echo \$ANYGATE_KIND \$ANYGATE_STATE \$ANYGATE_SKIPPED >>$TMP/log
		rmdir $TMP/lock"
	ctl add $V4/32 udp/53 up 0
	for i in 1 2 3 4 5 6; do
		sk open a udp4 "*" 53
		wait_addr $V4/32
		sk close a
		wait_no_addr $V4/32
	done
	ctl del $V4/32
	eventually "the last event" grep -qs ^deleted "$TMP/log"
	sed 's/^/# /' "$TMP/log"
	grep -q both "$TMP/log" && fail "two at once"
	[ "$(grep ^transition "$TMP/log" | tail -n 1 | cut -d ' ' -f 2)" = closed ] ||
		fail "not told of the last state"
}

# What a child leaves is collected, and at the end nothing is left.
ends()
{
	exec_start ": >$TMP/begun
		until [ -e $TMP/go ]; do sleep 0.05; done
		echo done >>$TMP/log"
	ctl add $V4/32 udp/53
	eventually "the command" test -e "$TMP/begun"
	kill "$EXEC"
	: >"$TMP/go"
	wait "$EXEC" || fail "status $?"
	[ "$(cat "$TMP/log")" = "done" ] || fail "it did not wait"
	[ -s "$TMP/out" ] && fail "output: $(cat "$TMP/out")"
	true
}

# The socket's buffer overflows while the monitor is stopped.
overruns()
{
	local i
	events_only
	sock_start
	exec_start "echo \$ANYGATE_KIND \$ANYGATE_PREFIX \$ANYGATE_STATE >>$TMP/log"
	ctl add $V4/32 udp/53 up 0
	eventually "the first event" grep -qs added "$TMP/log"
	for ((i = 0; i < 50; i++)); do
		echo "add 10.0.0.$i udp/9 name many"
	done >"$TMP/conf"
	echo "add $V4/32 udp/53 up 0" >>"$TMP/conf"
	ctl apply "$TMP/conf" >/dev/null
	kill -STOP "$EXEC"
	# 15000 events, of more than half a kilobyte each with what the kernel adds;
	# those that there is room for have to be read first
	for ((i = 0; i < 300; i++)); do
		ctl change many up $((i + 1))s
	done
	sk open a udp4 "*" 53
	wait_addr $V4/32
	kill -CONT "$EXEC"
	busywait $((8 * PATIENCE)) grep -Eq "^(resync|transition) $V4/32 open" "$TMP/log" || {
		tail -n 20 "$TMP/err" "$TMP/log" | sed "s/^/# /"
		fail "not told"
	}
	grep -q "events were lost" "$TMP/err" || fail "nothing was lost"
	sed 's/^/# /' "$TMP/err"
}

# The example, with a systemctl that knows one unit: what it is told to restart
# begins to listen again.
heals()
{
	local examples=$SELFTESTS/../helper/systemd/examples command
	events_only
	sock_start
	sk open a udp4 "*" 53
	mkdir "$TMP/bin"
	cat >"$TMP/bin/systemctl" <<-END
		#!/bin/sh
		case \$* in
		"is-active web.service")	cat $TMP/active ;;
		"--no-block restart web.service")	echo restart >>$TMP/log ;;
		*)	echo "systemctl \$*" >>$TMP/log ;;
		esac
	END
	chmod 755 "$TMP/bin/systemctl"
	printf '# gate unit\n192.0.2.54/32 other.service\n%s/32 web.service\n' $V4 >"$TMP/restart.conf"
	echo failed >"$TMP/active"
	# as in the unit, but where the files are here
	command=$(sed -n 's/^ExecStart=//p' "$examples/anygate-restart.service.in")
	[ "$command" = "@SBINDIR@/anygatectl monitor exec /usr/local/libexec/anygate-restart" ] ||
		fail "another command: $command"
	cat >"$TMP/marking" <<-END
		#!/bin/sh
		[ "\$ANYGATE_PREFIX" != $EVENT_MARK/32 ] || : >$TMP/marked
		exec "$examples/anygate-restart"
	END
	chmod 755 "$TMP/marking"
	PATH=$TMP/bin:$PATH RESTART_CONF=$TMP/restart.conf \
		"$ANYGATECTL" monitor exec "$TMP/marking" >"$TMP/out" 2>"$TMP/err" &
	EXEC=$!
	MONITORS+=("$EXEC")
	eventually "the monitor to follow" exec_marked
	: >"$TMP/log"

	ctl add $V4/32 udp/53 up 0
	wait_addr $V4/32
	sk close a
	wait_no_addr $V4/32
	eventually "the restart" grep -qs . "$TMP/log"
	sk open a udp4 "*" 53
	wait_addr $V4/32
	[ "$(cat "$TMP/log")" = restart ] || fail "not once: $(cat "$TMP/log")"
	eventually "the word" grep -q "$V4/32 is closed: restarting web.service" "$TMP/out"

	# what an operator has stopped stays stopped; so does what only withdraws
	echo inactive >"$TMP/active"
	ctl drain $V4/32 >/dev/null
	wait_no_addr $V4/32
	ctl undrain $V4/32
	wait_addr $V4/32
	sk close a
	eventually "the event" grep -q "web.service was stopped" "$TMP/out"
	[ "$(cat "$TMP/log")" = restart ] || fail "restarted: $(cat "$TMP/log")"
}

t "exec: the event, in the environment and as JSON" tells
t "exec: one at a time, and the last state is told" never_two
t "exec: it ends with what is at work" ends
t "exec: the example restarts a service that has closed" heals
t "exec: more events than there is room for" overruns

run_tests "$@"
