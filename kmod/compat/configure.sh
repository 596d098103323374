#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Which of the features that the module can use does this kernel have?  Each
# program in tests/ is compiled with the flags of the module; what compiles is
# there.  Version numbers would lie: stable updates backport signatures.
#
#   configure.sh TESTS_DIR COMPILER AND FLAGS... > config.h

set -u
tests=$1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

for t in "$tests"/*.c; do
	name=$(basename "$t" .c)
	# In parallel: each takes as long as the kernel's headers do.
	("$@" -Werror -c -o "$work/$name.o" "$t" >"$work/$name.log" 2>&1 &&
	 : >"$work/$name.yes") &
done
wait

echo "/* Made by compat/configure.sh. */"
for t in "$tests"/*.c; do
	name=$(basename "$t" .c)
	macro=HAVE_$(echo "$name" | tr '[:lower:]' '[:upper:]')
	if [ -e "$work/$name.yes" ]; then
		echo "#define $macro 1"
	else
		echo "/* $macro is not set */"
	fi
done
