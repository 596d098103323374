# SPDX-License-Identifier: GPL-2.0
"""What there is: the kernel's tables and "anygatectl show"."""

import ctypes
import json
import os
import socket
import struct
import subprocess

CTL = os.environ.get("ANYGATECTL", "anygatectl")
PATIENCE = float(os.environ.get("PATIENCE", "15000")) / 1000
PROTO = 166
WITNESS = 101               # the table with what other nodes announce
METRONOME = "203.0.113.9"   # the address of a gate that is not in the model

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class Mismatch(Exception):
    """The kernel and the model do not agree."""


class Inside:
    """The present thread in a node's network namespace."""

    home = None

    def __init__(self, node):
        self.node = node
        if Inside.home is None:
            Inside.home = os.open("/proc/self/ns/net", os.O_RDONLY)

    def __enter__(self):
        if self.node.name:
            with open("/run/netns/" + self.node.name) as ns:
                self.enter(ns.fileno())

    def __exit__(self, *_):
        if self.node.name:
            self.enter(self.home)

    @staticmethod
    def enter(fd):
        if libc.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


def run(*argv, **kwargs):
    if "input" not in kwargs:
        kwargs["stdin"] = subprocess.DEVNULL
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, **kwargs)


def must(*argv, **kwargs):
    done = run(*argv, **kwargs)
    if done.returncode:
        raise Mismatch("%s: status %d, %s" % (" ".join(argv), done.returncode,
                                              done.stderr.strip()))
    return done.stdout


def ip(node, *argv):
    return must("ip", *(["-n", node.name] if node.name else []), *argv)


def ctl(node, *argv):
    return must(CTL, *(["-n", node.name] if node.name else []), *argv)


def engine(node):
    """When this returns, all that has happened before has been dealt with.

    A request is carried out before what sockets have told is taken up; so the
    second one comes after what they had told before the first.
    """
    for _ in range(2):
        ctl(node, "undamp", METRONOME)


def refused(node, *argv):
    done = run(CTL, *(["-n", node.name] if node.name else []), *argv)
    if done.returncode not in (1, 2) or not done.stderr or done.stdout:
        raise Mismatch("anygatectl %s: not refused (status %d)" %
                       (" ".join(argv), done.returncode))


def listed(text):
    """What "ip -j -batch" has printed: one array after the other."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    return found


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind, data[4:length]
        data = data[(length + 3) & ~3:]


def real_addresses(node):
    """Host addresses, and whether they are the module's: "ip" of the day does
    not print the protocol number of an address (IFA_PROTO)."""
    addresses, more = set(), True
    with Inside(node):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as rtnl:
            # RTM_GETADDR, a dump
            rtnl.send(struct.pack("=IHHIIBBBBI", 24, 22, 0x301, 1, 0, 0, 0, 0, 0, 0))
            while more:
                data = rtnl.recv(65536)
                while data:
                    length, kind = struct.unpack_from("=IH", data)
                    more = kind == 20       # RTM_NEWADDR
                    if more:
                        addresses.add(address_of(data[16:length]))
                    data = data[(length + 3) & ~3:]
    return addresses - {None}


def address_of(data):
    fam, plen, _, _, index = struct.unpack_from("=BBBBI", data)
    values = dict(attributes(data[8:]))
    address = socket.inet_ntop(fam, values.get(2) or values[1])
    if plen != (32 if fam == socket.AF_INET else 128) or not address.startswith(
            ("192.0.2.", "198.18.0.", "2001:db8::", "2001:db8:1:")):
        return None
    ours = values.get(11, b"\0")[0] == PROTO
    return socket.if_indextoname(index), address, "gate" if ours else "admin"


# Starting programs is what takes the time here: one for all the routes.
ROUTES = """route show table all
route show table all root ::/0
"""


def route_of(r):
    table = r.get("table", "main")
    table = {"main": 254, "local": 255}.get(table) or int(table)
    kind, dst = r.get("type", "unicast"), r["dst"]
    if kind != "local" and "/" not in dst:
        dst += "/128" if ":" in dst else "/32"
    return kind, dst, table, r.get("metric", 0), r.get("gateway")


def real_tables(node):
    text = must("ip", *(["-n", node.name] if node.name else []), "-d", "-j",
                "-batch", "-", input=ROUTES)
    return real_addresses(node), {
        route_of(r) for routes in listed(text) for r in routes
        if str(r.get("protocol")) == str(PROTO) and r["dst"] != METRONOME}


def real_show(node):
    gates = {}
    for g in json.loads(ctl(node, "-j", "show")):
        if g["prefix"].startswith(METRONOME):
            continue
        gates[g["prefix"]] = {
            "state": g["state"],
            "reason": g["reason"],
            "announced": g["announced"],
            "difference": g["difference"],
            "listeners": [s["listeners"] > 0 for s in g["services"]],
            "action": g["action"],
            "where": [g["dev"], g["hold"]] if g["action"] == "address"
                     else [g["table"], g["metric"]],
            "up_ms": g["up_ms"],
            "down_ms": g["down_ms"],
            "need": g["need"],
            "name": g.get("name", ""),
            "damp": g["damp"]["on"],
            "leases": {l["name"]: l["verdict"] for l in g["leases"]},
            "on_expiry": g["on_expiry"],
            "witness": g["witness"] == WITNESS,
            "observe": g["observe"],
            "order": g["order"],
            "fallback": g["fallback"]["present"] if "fallback" in g else None,
            "adopted": g["adopted"],
            "opened": g["opened"],
            "closed": g["closed"],
            "figure": g.get("figure"),
        }
    return gates


def differences(node):
    """What is not as it should be, as lines of text."""
    found = []
    for what, want, got in zip(("address", "route"), node.tables(),
                               real_tables(node)):
        found += ["%s missing: %s" % (what, x) for x in sorted(want - got, key=str)]
        found += ["%s too much: %s" % (what, x) for x in sorted(got - want, key=str)]
    want, got = node.show(), real_show(node)
    for prefix in sorted(set(want) | set(got)):
        if prefix not in got or prefix not in want:
            found.append("gate %s is %s" % (prefix, "missing" if prefix in want
                                            else "too much"))
            continue
        gate = node.gates[prefix]
        for key, value in want[prefix].items():
            seen = got[prefix][key]
            if key == "figure" and None not in (value, seen) and \
               abs(value - seen) <= 3 + value / 50:
                continue
            if gate.unsure and key in ("opened", "closed"):
                # It cannot have opened and closed at the same time.
                if seen >= value and got[prefix]["opened"] - \
                   got[prefix]["closed"] == gate.want():
                    continue
            if seen != value:
                found.append("gate %s: %s is %s, not %s" % (prefix, key, seen, value))
        if gate.unsure and not found:
            gate.opened, gate.closed = got[prefix]["opened"], got[prefix]["closed"]
            gate.unsure = False
    return found
