#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every command in the README, the operations guide and the manual pages is run as it stands there.
# What cannot be is told as "not run", with its reason: see not_here.
#
# The gate of an "add" is removed before it, if there is one: examples are often
# alternatives of each other. What goes on until it is interrupted, as monitor
# does, has to be alive when all the others have been run.

. "${0%/*}/lib.sh"

# Command lines of a manual page, one each; "# " and "$ " are the prompts.
man_commands()
{
	awk '
	function unescape(s) {
		gsub(/\\e/, "\\", s); gsub(/\\\(dq/, "\"", s); gsub(/\\&/, "", s)
		return s
	}
	function quotes(s) { return gsub(/\047/, "", s) }
	/^\.Bd -literal/ { literal = 1; next }
	/^\.Ed/ { literal = 0 }
	/^\.Dl [#$] / { sub(/^\.Dl /, "") ; print unescape(substr($0, 3)); next }
	literal && more != "" {
		command = command "\n" $0
	}
	literal && more == "" && /^[#$] (anygatectl|modprobe|echo)/ {
		command = substr($0, 3)
	}
	command != "" {
		command = unescape(command)
		more = command ~ /\\$/ || quotes(command) % 2 ? "y" : ""
		if (!more) { gsub(/\\\n/, "", command); gsub(/\n/, " ", command)
			print command; command = "" }
	}' "$1"
}

# Those of a page in Markdown: what is indented by four, or by as much more as a
# list wants, without its comment.
readme_commands()
{
	awk '
	/^    (   )?(anygatectl|make|ssh|sudo|sysctl)( |$)/ {
		sub(/^ +/, "")
		if ($0 !~ /\047/) sub(/  +# .*/, "")
		print
	}' "$1"
}

# Examples of configuration files, as they stand in anygate.conf(5).
conf_example()
{
	awk '
	/^\.Bd -literal/ { literal = 1; text = ""; next }
	/^\.Ed/ { if (text ~ /(^|\n)add /) printf "%s", text; literal = 0 }
	literal { gsub(/\\e/, "\\"); text = text $0 "\n" }' "$1"
}

# Why a command is not run, if it is not: the only exceptions.
not_here()
{
	case $1 in
	make\ * | sudo\ *) echo "builds or installs" ;;
	anygatectl\ top) echo "wants a terminal: top.sh" ;;
	*) return 1 ;;
	esac
}

lasts()
{
	[[ $1 == *"anygatectl monitor"* || $1 == *"anygatectl -t monitor"* ||
	   $1 == *"anygatectl check "* ]]
}

# What examples speak of besides anygatectl: a tunnel, a server that answers.
surroundings()
{
	[ -n "$ANYGATE_VM" ] || skip "it writes to /etc"
	mkdir -p "$TMP/bin" /etc/anygate
	ln -s "$(realpath "$ANYGATECTL")" "$TMP/bin/anygatectl"
	printf '#!/bin/sh\nexit 0\n' >"$TMP/bin/dig"
	cp "$TMP/bin/dig" "$TMP/bin/systemctl"
	# the other machine is this one
	printf '#!/bin/sh\nshift\nexec "$@"\n' >"$TMP/bin/ssh"
	cat >"$TMP/bin/modprobe" <<-END
		#!/bin/sh
		[ "\$1" = -r ] && exec rmmod anygate
		[ -d /sys/module/anygate ] && exit
		exec insmod $(realpath "$ANYGATE_KO")
	END
	chmod 755 "$TMP"/bin/*
	PATH=$TMP/bin:$PATH
	ip link add gre1 up type dummy || fail "no device"
	ip addr add 10.9.9.1/24 dev gre1
	conf_example "$SELFTESTS/../helper/man/anygate.conf.5" >/etc/anygate/anygate.conf
}

run_command()
{
	local command=$1 why

	if why=$(not_here "$command"); then
		note "not run ($why): $command"
		return
	fi
	note "$command"
	if [[ $command =~ ^anygatectl\ add\ ([^ ]+) ]]; then
		anygatectl del "${BASH_REMATCH[1]}" 2>/dev/null
	fi
	if lasts "$command"; then
		bash -c "exec ${command%&}" >"$TMP/last" 2>>"$TMP/complaints" &
		MONITORS+=($!)
		LASTING+=($!)
		return
	fi
	bash -o pipefail -c "$command" >"$TMP/out" 2>&1 || {
		note "status $?"
		sed 's/^/#   /' "$TMP/out"
		fail "it fails: $command"
	}
}

run_all()
{
	local commands pid
	LASTING=()
	mapfile -t commands
	((${#commands[@]} >= $1)) || fail "only ${#commands[@]} commands found"
	for command in "${commands[@]}"; do
		run_command "$command"
	done
	for pid in "${LASTING[@]}"; do
		kill -0 "$pid" 2>/dev/null || {
			sed 's/^/#   /' "$TMP/last" "$TMP/complaints"
			fail "one that should last has ended"
		}
	done
	# what is run for events, those of all the other examples among them
	[ ! -s "$TMP/complaints" ] || fail "one that lasts complains: $(<"$TMP/complaints")"
}

page()
{
	surroundings
	run_all "$2" < <(man_commands "$SELFTESTS/../helper/man/$1")
}

readme()
{
	surroundings
	run_all 10 < <(readme_commands "$SELFTESTS/../README.md")
}

guide()
{
	surroundings
	run_all 25 < <(readme_commands "$SELFTESTS/../Documentation/operations.md")
}

# What a recipe's page has the operator type on a node that has its gates.
# Findings are doctor's own business: there is no routing daemon here.
recipes()
{
	local readme dir all=0
	surroundings
	printf '#!/bin/sh\nexit 0\n' >"$TMP/bin/chronyc"
	chmod 755 "$TMP/bin/chronyc"
	for readme in "$SELFTESTS"/../Documentation/recipes/{,servers/}*/README.md; do
		dir=${readme%/*}
		[ -e "$dir/anygate.conf" ] || continue
		"$ANYGATECTL" apply "$dir/anygate.conf" >"$TMP/out" 2>&1 || {
			# a tunnel of its own: recipes/covering.sh has it
			grep -q "device" "$TMP/out" || fail "$dir: $(cat "$TMP/out")"
			continue
		}
		note "${dir##*/}"
		run_all 0 < <(readme_commands "$readme" |
			grep '^anygatectl' | grep -v -e '^anygatectl doctor' -e '^anygatectl -n box' \
			-e '^anygatectl check')	# without end: recipes/node.sh has it
		all=$((all + 1))
	done
	((all > 15)) || fail "only $all recipes found"
}

configuration()
{
	surroundings
	[ "$(grep -c ^add /etc/anygate/anygate.conf)" -ge 3 ] || fail "no example found"
	ctl apply /etc/anygate/anygate.conf >"$TMP/out"
	[ "$("$ANYGATECTL" apply /etc/anygate/anygate.conf dry-run)" = "" ] ||
		fail "it is not what it says"
}

t "README" readme
t "operations.md" guide
t "the recipes" recipes
t "anygatectl(8)" page anygatectl.8 10
t "anygate.conf(5)" page anygate.conf.5 3
t "anygate.conf(5), the file" configuration
t "anygate(7)" page anygate.7 7

run_tests "$@"
