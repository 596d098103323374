# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154,SC2034 # shared with lib.sh and with the tests
#
# watch.inc.sh - what watch_udp.sh, watch_tcp.sh and watch_mptcp.sh share
#
# Each case names a transport (udp, tcp, mptcp) and a shape, which says for
# which family the gate is and how the listener is bound:
#
#	v4-specific	IPv4 socket on the service address
#	v4-wildcard	IPv4 socket on 0.0.0.0
#	v4-dual		IPv6 socket on :: that takes IPv4 as well, IPv4 gate
#	v4-mapped	IPv6 socket on the IPv4-mapped service address
#	v6-specific	IPv6 socket on the service address (with IPV6_FREEBIND:
#			IPv6 does not let one bind to an address that is away)
#	v6-wildcard	IPv6 socket on ::, V6ONLY
#	v6-dual		IPv6 socket on :: that takes IPv4 as well, IPv6 gate

V4_SHAPES=(v4-specific v4-wildcard v4-dual v4-mapped)
V6_SHAPES=(v6-specific v6-wildcard v6-dual)

PORT=53
PARTED=y

# begin TRANSPORT SHAPE [GATE-OPTION...]: a gate that is closed, and nothing
# but socket events to open it
begin()
{
	local transport=$1 shape=$2
	shift 2

	case $shape in
	v4-specific)	KIND=${transport}4 ADDR=$V4	OPTS=() ;;
	v4-wildcard)	KIND=${transport}4 ADDR="*"	OPTS=() ;;
	v4-dual)	KIND=${transport}6 ADDR="*"	OPTS=(v6only=0) ;;
	v4-mapped)	KIND=${transport}6 ADDR=$V4	OPTS=(v6only=0) ;;
	v6-specific)	KIND=${transport}6 ADDR=$V6	OPTS=(freebind) ;;
	v6-wildcard)	KIND=${transport}6 ADDR="*"	OPTS=(v6only=1) ;;
	v6-dual)	KIND=${transport}6 ADDR="*"	OPTS=(v6only=0) ;;
	*)		fail "no such shape: $shape" ;;
	esac
	case $shape in
	v4-*)	ADDRESS="$V4" GATE="$V4/32" LOOPBACK=127.0.0.1 ;;
	v6-*)	ADDRESS=$V6 GATE=$V6/128 LOOPBACK=::1 ;;
	esac
	[ "$transport" = udp ] && SERVICE=udp/$PORT || SERVICE=tcp/$PORT

	events_only
	sock_start
	ctl add "$GATE" "$SERVICE" up 0 "$@"
	expect lacks_addr "$GATE"
}

# listener NAME [OPTION...]: one of the shape in question; prefix it with a
# child's name and "@" to let the child open it
listener()
{
	local who="" name=$1
	shift
	[[ $name == @* ]] && who="${name%%:*} " name=${name#*:}
	sk "${who}open" "$name" "$KIND" "$ADDR" "$PORT" "${OPTS[@]}" "$@"
}

announced()
{
	wait_addr "$GATE"
}

withdrawn()
{
	wait_no_addr "$GATE"
}

# untouched COMMAND...: does not make the gate move
untouched()
{
	mon_start "$TMP/mon"
	"$@"
	settle
	quiet "$TMP/mon" "$ADDRESS"
}

# shapes FUNCTION TRANSPORT TITLE SHAPE...: one case for each shape
shapes()
{
	local function=$1 transport=$2 title=$3 shape
	shift 3
	for shape; do
		t "$transport $shape: $title" "$function" "$transport" "$shape"
	done
}

# --- the cases that are the same for every transport -------------------------

bind_close()
{
	begin "$@"
	listener a
	announced
	sk close a
	withdrawn
	# and again, now with the traces that the first time has left
	listener a
	announced
	sk close a
	withdrawn
}

killed()
{
	begin "$@"
	sk spawn kid
	listener @kid:a
	announced
	sk kill kid
	withdrawn
}

close_in_parent()
{
	sk close a
}

shared_by_fork()
{
	begin "$@"
	metronome
	listener a
	announced
	sk fork kid
	# it shares all of them, and the metronome must not depend on it
	sk @kid close metronome
	untouched close_in_parent
	expect has_addr "$GATE"
	sk kill kid
	withdrawn
}

shared_by_rights()
{
	begin "$@"
	metronome
	listener a
	announced
	sk spawn kid
	sk pass a kid
	untouched close_in_parent
	expect has_addr "$GATE"
	sk @kid close a
	withdrawn
}

# The last reference is in a message that nobody has read.
in_flight()
{
	begin "$@"
	metronome
	listener a
	announced
	sk flight a pair
	untouched close_in_parent
	expect has_addr "$GATE"
	sk close pair
	withdrawn
}

close_on_exec()
{
	begin "$@"
	sk spawn kid
	listener @kid:a
	announced
	sk @kid exec
	withdrawn
}

close_one()
{
	sk close "$1"
}

# Open until the last of the group has gone, in the order they came and in
# the other; a member may be another process's.
reuseport_group()
{
	begin "$@"
	metronome
	sk spawn kid
	listener a reuseport
	announced
	listener b reuseport
	listener @kid:c reuseport
	expect_gate "$GATE" '.services[0].listeners' 3
	untouched close_one a
	mon_start "$TMP/mon2"
	sk close b
	settle
	quiet "$TMP/mon2" "$ADDRESS"
	expect_gate "$GATE" '.services[0].listeners' 1
	sk kill kid
	withdrawn
}

# A wildcard socket beside one on the address: either will do.
two_sockets()
{
	local wildcard=()
	begin "$@"
	metronome
	[ "$ADDRESS" = "$V6" ] && wildcard=(v6only=1)
	listener a reuseaddr reuseport
	announced
	sk open w "$KIND" "*" $PORT reuseaddr reuseport "${wildcard[@]}"
	untouched close_one a
	expect has_addr "$GATE"
	sk close w
	withdrawn
}

# A socket for IPv6 only does not serve an IPv4 gate.
v6only()
{
	begin "$1" v6-wildcard
	metronome
	ctl add "$V4" "$SERVICE" up 0
	mon_start "$TMP/mon"
	listener a
	announced
	settle
	quiet "$TMP/mon" "$V4"
	expect_gate "$V4/32" .state closed
	sk close a
	withdrawn
}

# One socket on :: serves both, and takes both along.
dual()
{
	begin "$1" v6-dual
	ctl add "$V4" "$SERVICE" up 0
	listener a
	announced
	wait_addr "$V4/32"
	sk close a
	withdrawn
	wait_no_addr "$V4/32"
}

# The wrong port, the wrong address, the wrong protocol.
strangers()
{
	local other=udp4
	begin "$1" v4-specific
	[ "$1" = udp ] && other=tcp4
	metronome
	mon_start "$TMP/mon"
	sk open a "$KIND" "$V4" $((PORT + 1))
	sk open b "$KIND" 127.0.0.1 $PORT
	sk open c "$other" "$V4" $PORT
	settle
	quiet "$TMP/mon" "$V4"
	expect lacks_addr "$GATE"
}

# All of a gate's services are needed, and one socket is one of them.
two_services()
{
	local other=udp4 service=udp/$PORT
	begin "$1" v4-specific
	[ "$1" = udp ] && other=tcp4 service=tcp/$PORT
	metronome
	ctl change "$GATE" "$SERVICE" "$service"
	mon_start "$TMP/mon"
	listener a
	settle
	quiet "$TMP/mon" "$V4"
	sk open b "$other" "$V4" $PORT
	announced
	sk close a
	withdrawn
	listener a
	announced
	sk close b
	withdrawn
}

# IP_FREEBIND: there is neither address nor hold route, and yet it listens.
freebind()
{
	begin "$1" "$2" hold off
	sk_err EADDRNOTAVAIL open a "$KIND" "$ADDR" $PORT
	sk open a "$KIND" "$ADDR" $PORT freebind
	announced
	sk close a
	withdrawn
}

devices()
{
	local dev
	for dev; do
		ip link add "$dev" up type dummy || fail "no dummy device"
	done
}

# A listener that is bound to a device while it listens: only where the gate
# asks for what arrives on a certain device does it matter to which.
bind_to_device()
{
	devices uplink other
	begin "$@" listen-dev uplink
	metronome
	listener a
	announced
	sk set a device=other
	withdrawn
	sk set a device=uplink
	announced
	mon_start "$TMP/mon"
	sk set a device=
	settle
	quiet "$TMP/mon" "$ADDRESS"
	sk close a
	withdrawn
}

# Listeners bound to a device do not count at all.
bind_to_device_none()
{
	devices uplink
	begin "$@" listen-dev none
	listener a
	announced
	sk set a device=uplink
	withdrawn
	sk set a device=
	announced
}

bind_a_to_uplink()
{
	sk set a device=uplink
}

bind_to_device_any()
{
	devices uplink
	begin "$@"
	metronome
	listener a
	announced
	untouched bind_a_to_uplink
}

# A device in a VRF: a listener bound to the VRF gets what arrives there.
bind_to_vrf()
{
	devices uplink
	ip link add red up type vrf table 10 || skip "no VRF devices"
	ip link set uplink master red
	begin "$@" listen-dev uplink
	metronome
	mon_start "$TMP/mon"
	listener a device=lo
	settle
	sk close a
	# one that is not bound gets nothing out of a VRF (tcp_l3mdev_accept=0)
	listener a
	settle
	quiet "$TMP/mon" "$ADDRESS"
	sk set a device=red
	announced
	sk close a
	withdrawn
}

# knock: a client of the peer's sends a packet, or connects
knock()
{
	ip netns exec "$peer" timeout $((PATIENCE / 1000)) \
		bash -c "echo -n hello >/dev/${SERVICE%/*}/$ADDRESS/$PORT"
}

# It is served by the listener "a", or is refused.
reached()
{
	knock || fail "the client is refused"
	[[ $KIND == udp* ]] || return 0
	sk read a
	[ "$ANSWER" = hello ] || fail "received '$ANSWER'"
}

unreached()
{
	local before
	if [[ $KIND == udp* ]]; then
		before=$(no_ports)
		knock || fail "the client cannot send"
		eventually "the packet to be refused" refused_since "$before"
	else
		knock 2>/dev/null && fail "the client is served"
		true
	fi
}

# UDP packets that found no socket, of both families
no_ports()
{
	awk '$1 == "Udp:" && $3 ~ /^[0-9]/ { n += $3 }
	     $1 == "Udp6NoPorts" { n += $2 }
	     END { print n }' /proc/net/snmp /proc/net/snmp6
}

refused_since()
{
	[ "$(no_ports)" -gt "$1" ]
}

served()
{
	wait_addr "$GATE" uplink
	reached
}

unserved()
{
	settle
	quiet "$TMP/mon" "$ADDRESS"
	unreached
}

# What the gate decides is what a packet meets, that comes in on a VRF's port. With
# an argument more BPF programs decide in this namespace, by the device that the
# kernel says the packet came in on: that is the VRF.
packets_in_vrf()
{
	local transport=$1 shape=$2 program=$3
	setup_ns peer
	ip link add red up type vrf table 10 || skip "no VRF devices"
	ip link add uplink type veth peer name peer netns "$peer" || skip "no veth devices"
	ip link set uplink master red up
	ip addr add 10.0.0.1/24 dev uplink
	ip addr add 2001:db8:1::1/64 dev uplink nodad
	ip -n "$peer" addr add 10.0.0.2/24 dev peer
	ip -n "$peer" addr add 2001:db8:1::2/64 dev peer nodad
	ip -n "$peer" link set peer up
	ip -n "$peer" route add "$V4" via 10.0.0.1
	ip -n "$peer" route add "$V6" via 2001:db8:1::1
	begin "$transport" "$shape" dev uplink listen-dev uplink
	metronome
	mon_start "$TMP/mon"

	# one that is not bound gets nothing out of a VRF (udp_l3mdev_accept=0)
	[ -z "$program" ] || sk admit $((PORT + 1)) red
	listener a
	unserved
	[ -z "$program" ] || sk admit $PORT red
	sk set a device=lo
	unserved
	sk set a device=red
	served
	sk set a device=uplink
	served
	sk close a
	wait_no_addr "$GATE" uplink

	ctl change "$GATE" listen-dev red
	mon_start "$TMP/mon"
	listener a
	unserved
	sk set a device=red
	served
	sk close a
	wait_no_addr "$GATE" uplink

	echo 1 >"/proc/sys/net/ipv4/${SERVICE%/*}_l3mdev_accept"
	listener a
	served
	ctl change "$GATE" listen-dev uplink
	served
	sk close a
	wait_no_addr "$GATE" uplink

	[ -n "$program" ] || return 0
	mon_start "$TMP/mon"
	sk admit $PORT uplink
	listener a device=red
	unserved
}

packets_in_vrf_bpf()
{
	packets_in_vrf "$@" program
}

# With a BPF program, too, nothing comes in on a device that is not there.
missing_device_bpf()
{
	devices uplink
	begin "$@" listen-dev uplink
	# what is for another port: the program has nothing against this one
	sk admit $((PORT + 1)) uplink
	listener a
	announced
	ip link del uplink
	withdrawn
}

# Trap 1. A program attached to the cgroup lets bind() find a port, and then
# refuses it; in between the socket is in the tables.
refused_bind()
{
	local cgroup
	begin "$@"
	metronome
	mkdir "$TMP/cgroup"
	mount -t cgroup2 none "$TMP/cgroup" || skip "no cgroup2"
	cgroup=$TMP/cgroup/anygate-$BASHPID
	mkdir "$cgroup" || skip "no new cgroup"
	sk refuse "$cgroup" $PORT
	sk spawn kid
	echo "$ANSWER" >"$cgroup/cgroup.procs" || fail "cannot move the child"

	# no gate of ours, no refusal: the program does what it should
	sk @kid open other "$KIND" "$ADDR" $((PORT + 1)) "${OPTS[@]}"
	for _ in 1 2 3 4 5; do
		sk_err EPERM @kid open a "$KIND" "$ADDR" $PORT "${OPTS[@]}"
	done
	settle
	expect lacks_addr "$GATE"

	# A bind that is let through opens the gate; while it is open, a refused
	# one in the same group neither keeps it open nor closes it.
	listener a reuseport
	announced
	sk_err EPERM @kid open b "$KIND" "$ADDR" $PORT "${OPTS[@]}" reuseport
	settle
	expect has_addr "$GATE"
	sk close a
	withdrawn
}

cleanup()
{
	[ -d "$TMP/cgroup" ] || return
	[ -n "$SOCK_PID" ] && kill "$SOCK_PID" 2>/dev/null && wait "$SOCK_PID" 2>/dev/null
	# The child is killed with its parent, but not before that has gone.
	busywait 5000 rmdir "$TMP/cgroup/anygate-$BASHPID" 2>/dev/null
	umount "$TMP/cgroup"
}

# one_port: bind() and listen() without a port get this one
one_port()
{
	PORT=5353
	echo "$PORT $PORT" >/proc/sys/net/ipv4/ip_local_port_range ||
		fail "no port range of one port"
}

common_cases()
{
	local transport=$1

	shapes bind_close "$transport" \
		"a listener opens the gate, its close closes it" \
		"${V4_SHAPES[@]}" "${V6_SHAPES[@]}"
	shapes killed "$transport" "SIGKILL of the listener's process" \
		"${V4_SHAPES[@]}" "${V6_SHAPES[@]}"
	shapes shared_by_fork "$transport" \
		"shared by fork, open until the last holder is gone" \
		v4-specific v4-dual v6-wildcard
	shapes shared_by_rights "$transport" \
		"handed over by SCM_RIGHTS, open until the last holder closes" \
		v4-specific v6-wildcard
	shapes in_flight "$transport" \
		"the last reference is in flight on a Unix socket" v4-specific
	shapes close_on_exec "$transport" "close on exec" v4-wildcard
	shapes reuseport_group "$transport" \
		"SO_REUSEPORT, open until the last member is gone" \
		v4-specific v4-dual v6-specific v6-wildcard
	shapes two_sockets "$transport" \
		"a wildcard listener beside the specific one" \
		v4-specific v6-specific
	t "$transport: V6ONLY does not serve an IPv4 gate" v6only "$transport"
	t "$transport: one dual-stack listener serves gates of both families" \
		dual "$transport"
	t "$transport: other ports, addresses and protocols do not matter" \
		strangers "$transport"
	t "$transport: every service is needed" two_services "$transport"
	shapes freebind "$transport" "IP_FREEBIND without any address" \
		v4-specific v6-specific
	shapes bind_to_device "$transport" \
		"trap 5: SO_BINDTODEVICE on a live listener, listen-dev" \
		v4-wildcard v4-specific v6-wildcard
	shapes bind_to_device_none "$transport" \
		"SO_BINDTODEVICE on a live listener, listen-dev none" v4-wildcard
	shapes bind_to_device_any "$transport" \
		"SO_BINDTODEVICE does not matter by default" v4-wildcard
	shapes bind_to_vrf "$transport" \
		"a listener bound to the VRF of listen-dev" v4-wildcard v6-wildcard
	shapes packets_in_vrf "$transport" \
		"what packets meet that come in on a VRF's port" \
		v4-wildcard v6-wildcard
	shapes packets_in_vrf_bpf "$transport" \
		"the same, where a BPF program decides" v4-wildcard v6-wildcard
	shapes missing_device_bpf "$transport" \
		"a BPF program decides, and the device goes" v4-wildcard v6-wildcard
	shapes refused_bind "$transport" \
		"trap 1: bind refused by a cgroup BPF program" \
		v4-specific v4-wildcard v6-specific v6-wildcard
}
