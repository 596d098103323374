#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout=900
#
# Documentation/recipes/servers/pdns, with exactly its files.

. "${0%/*}/../lib.sh"
. "${0%/*}/recipe.inc.sh"
. "${0%/*}/server.inc.sh"
. "${0%/*}/pdns.inc.sh"

needs bird birdc pdns_server pdns_control "$PYTHON"

life()
{
	network
	start_and_stop
	reload "pdns_control bind-reload-now" pdns_control bind-reload-now example
	killed
}

# The first one goes on.
second()
{
	first_alone
	note "with the same files"
	refused_second "controlsocket.* in use"
	note "with a control socket of its own"
	mkdir "$TMP/second"
	chown pdns: "$TMP/second"
	refused_second "Address already in use" --socket-dir="$TMP/second"
	first_goes_on
}

t "start, stop, reload, SIGKILL" life
t "a second one ends" second
t "not started without non-local-bind" unbound_without "^non-local-bind"

run_tests "$@"
