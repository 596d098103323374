#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Requests made from the specification, and from what it forbids: see fuzz.py;
# and such requests changed at random, very many: see mutate.c.
#
#   FUZZ_MESSAGES=N     of each seed (default 4000)
#   FUZZ_SEEDS="N …"    which (default 1 2 3)
#   FUZZ_MUTATIONS=N    how many changed ones (default 20000)

. "${0%/*}/lib.sh"

FUZZ_MESSAGES=${FUZZ_MESSAGES:-4000}
FUZZ_SEEDS=${FUZZ_SEEDS:-1 2 3}
FUZZ_MUTATIONS=${FUZZ_MUTATIONS:-20000}
SPEC=$SELFTESTS/../Documentation/netlink/specs/anygate.yaml
# timeout=14000

# The system's, with the system's modules.
python=/usr/bin/python3

prepare()
{
	$python -c "import yaml" 2>/dev/null ||
		skip "no python3-yaml"
	ip link add d0 up type dummy || fail "no dummy"
}

# Alive and well, and nothing is left behind.
well()
{
	ctl flush
	sock_start
	ctl add 203.0.113.7 udp/53 up 0
	sk open a udp4 "203.0.113.7" 53
	wait_addr 203.0.113.7/32
	sk close a
	wait_no_addr 203.0.113.7/32
	ctl flush
	[ -z "$(ip route show table all proto $PROTO; ip -6 route show table all proto $PROTO)" ] ||
		fail "routes are left"
}

fuzz()
{
	prepare
	$python "$SELFTESTS/fuzz.py" "$SPEC" "$1" "$FUZZ_MESSAGES" ||
		fail "see above"
	well
}

mutate()
{
	prepare
	$python "$SELFTESTS/fuzz.py" "$SPEC" 1 2000 --corpus "$TMP/corpus" ||
		fail "no corpus"
	"$SELFTESTS/mutate" "$TMP/corpus" "${FUZZ_SEEDS%% *}" "$FUZZ_MUTATIONS" ||
		fail "see above"
	well
}

for seed in $FUZZ_SEEDS; do
	t "requests from the specification, seed $seed" fuzz "$seed"
done
t "such requests, changed at random, $FUZZ_MUTATIONS of them" mutate

run_tests "$@"
