#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Regenerate the netlink interface from specs/anygate.yaml with the kernel's
# own generator, or (check) say whether the checked-in files are what it makes.
#
#   regen.sh YNL_DIR [check]      YNL_DIR: a kernel tree's tools/net/ynl

set -euo pipefail

ynl=${1:?usage: regen.sh KERNEL/tools/net/ynl [check]}
mode=${2:-write}
top=$(cd "$(dirname "$0")/../.." && pwd)
kernel=$(cd "$ynl/../../.." && pwd)

# The generator looks for a kernel tree around the spec and for the schema
# beside it; give it both without writing into ours.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/Documentation/netlink/specs"
touch "$work/MAINTAINERS"
cp "$kernel/Documentation/netlink/genetlink.yaml" "$work/Documentation/netlink/"
spec=$work/Documentation/netlink/specs/anygate.yaml
cp "$top/Documentation/netlink/specs/anygate.yaml" "$spec"

# Debian's interpreter by its path: another one first in PATH need not have
# the YAML module that the package manager installed.
gen() { /usr/bin/python3 "$ynl/ynl-gen-c.py" --spec "$spec" "$@"; }

gen --mode uapi --header -o "$work/anygate.h"
gen --mode kernel --header -o "$work/netlink_gen.h"
gen --mode kernel --source -o "$work/netlink_gen.c"

rc=0
install_or_compare() {
	local new=$1 old=$2

	if [ "$mode" = check ]; then
		diff -u "$old" "$new" || rc=1
	elif ! cmp -s "$old" "$new"; then
		cp "$new" "$old"
		echo "  GEN     ${old#"$top"/}"
	fi
}
install_or_compare "$work/anygate.h" "$top/include/uapi/linux/anygate.h"
install_or_compare "$work/netlink_gen.h" "$top/kmod/netlink_gen.h"
install_or_compare "$work/netlink_gen.c" "$top/kmod/netlink_gen.c"
exit $rc
