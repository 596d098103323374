# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # for server.inc.sh
#
# haproxy.inc.sh - HAProxy as a server of server.inc.sh, with the recipe's files

RECIPE=$SERVERS/haproxy
PROGRAM=/usr/sbin/haproxy
CONFIG=/etc/haproxy/haproxy.cfg
KIND=http
ANSWER="200 node one"

server_files()
{
	place /etc/haproxy
	place /run/haproxy
	cp "$RECIPE/haproxy.cfg" /etc/haproxy
}

# As the unit of Debian's package has it.
server_start()
{
	launch haproxy -Ws -f /etc/haproxy/haproxy.cfg -p "$TMP/haproxy.pid" -S "$TMP/haproxy.master"
}

server_stop()
{
	kill $MAIN
}

server_newer()
{
	RELEASE=$((${RELEASE:-1} + 1))
	sed -i "s/release [0-9]/release $RELEASE/" /etc/haproxy/haproxy.cfg
}

server_renewed()
{
	is_told http /release "200 release $RELEASE"
}

# Behind it.
behind()
{
	ip netns exec "${NS[1]}" "$PYTHON" -c '
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"node one\n")
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler).serve_forever()' &
	BEHIND=$!
	disown
	defer "kill -9 $BEHIND 2>/dev/null"
}

behind_ends()
{
	kill -9 $BEHIND
}
