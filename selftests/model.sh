#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A long random life of many gates, against a model; see model.py. The seed is
# printed. The same life again: SEED=... [STEPS=...] selftests/model.sh

. "$(dirname "$0")/lib.sh"

PYTHON=${PYTHON:-/usr/bin/python3}

life()
{
	"$PYTHON" -c '' 2>/dev/null || skip "no python3"
	param reconcile_ms "$1"
	[ "$1" != 0 ] || param canary_ms 0
	ANYGATECTL=$ANYGATECTL PYTHONDONTWRITEBYTECODE=1 \
		"$PYTHON" "$SELFTESTS/model" ||
		fail "the kernel and the model do not agree"
}

# Without the reconcile every single event has to be seen.
t "kernel, show and model agree, by events alone" life 0
t "kernel, show and model agree, with the reconcile" life 200

run_tests "$@"
