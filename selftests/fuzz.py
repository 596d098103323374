#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
fuzz - requests made from the specification, and from what it forbids

    fuzz.py SPEC SEED MESSAGES [FIRST]
    fuzz.py SPEC SEED MESSAGES --corpus FILE

The second form sends nothing: the messages are written to a file, for mutate.c.

The seed and a message's number make the message: the same two numbers, the same
bytes. What the kernel makes of it also depends on those before; FIRST leaves
out the sending of those below it.

Three kinds: what the specification allows (with values at the ends of their
ranges); the same with something wrong with it (a length, a range, an unknown or
repeated attribute, a nest that is none or too deep, too many, too long, cut
short, another family, version or flag); and garbage. Some dumps are interrupted:
by changes between two reads, or by nobody reading on.

Each message has to be answered, replies and events have to be what the
specification says, padding included, those for anybody must not name a process,
and at the end the module has to be alive. Status 1 and the number of the message
if not.
"""

import collections
import errno
import os
import random
import socket
import struct
import sys
import time

import yaml

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED, NLA_F_NET = 0x8000, 0x4000
GENL_ID_CTRL = 16
CORPUS_FAMILY = 0x20    # mutate.c puts the real one in its place
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_MCAST_GROUPS = 1, 7
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_EXT_ACK = 270, 1, 11
PATIENCE = 60
ADDRESSES = [
    socket.inet_pton(socket.AF_INET, a)
    for a in ("192.0.2.53", "192.0.2.54", "198.18.0.0", "0.0.0.0", "255.255.255.255")
] + [
    socket.inet_pton(socket.AF_INET6, a)
    for a in ("2001:db8::53", "2001:db8::54", "2001:db8:1::", "::", "ff02::1",
              "::ffff:192.0.2.53")
]


class Wrong(Exception):
    """The kernel did what it must not."""


class Spec:
    """What of the specification is needed here."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            doc = yaml.load(f, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.name = doc["name"]
        self.consts = {d["name"]: d["value"] for d in doc["definitions"]
                       if d["type"] == "const"}
        self.enums = {d["name"]: len(d["entries"]) for d in doc["definitions"]
                      if d["type"] == "enum"}
        self.sets = {}
        for s in doc["attribute-sets"]:
            number = 0
            attrs = self.sets[s["name"]] = {}
            for a in s["attributes"]:
                number = a.get("value", number + 1)
                attrs[a["name"]] = dict(a, number=number)
        self.ops = []
        self.replies = {}
        number = 0
        for op in doc["operations"]["list"]:
            number = op.get("value", number + 1)
            known = self.replies[number] = (op["attribute-set"], set())
            for mode in ("do", "dump"):
                if mode not in op:
                    continue
                self.ops.append({
                    "name": op["name"], "mode": mode, "number": number,
                    "set": op["attribute-set"],
                    "attrs": op[mode].get("request", {}).get("attributes", []),
                })
                known[1].update(op[mode].get("reply", {}).get("attributes", []))

    def value(self, check):
        """A number, or the name of a constant."""
        return self.consts.get(check, check)


def attr(number, data):
    """One attribute with its padding."""
    length = 4 + len(data)
    return struct.pack("=HH", length, number) + data + b"\0" * (-length % 4)


class Maker:
    """Makes one message; all its choices come from one generator."""

    def __init__(self, spec, rng):
        self.spec, self.rng = spec, rng

    def u32(self, a):
        """Within its range, and fond of the ends."""
        checks = a.get("checks", {})
        low = self.spec.value(checks.get("min", 0))
        high = self.spec.value(checks.get("max", 0xffffffff))
        if "enum" in a:
            high = min(high, self.spec.enums[a["enum"]] - 1)
        if a["name"] == "port":
            return self.rng.choice((53, 53, 54, 1, 65535))
        if a["name"] == "protocol":
            return self.rng.choice((6, 17))
        if a["name"] in ("up", "down"):
            return self.rng.choice((0, 0, 1, 20, 3600000))
        if a["name"] == "prefix-len":
            return self.rng.choice((32, 32, 24, 128, 64, 0, 8))
        return self.rng.choice((low, low + 1 if low < high else low, high,
                                self.rng.randint(low, min(high, low + 5)),
                                self.rng.randint(low, high)))

    def data(self, a):
        """What the specification allows."""
        kind = a["type"]
        if kind == "u32":
            return struct.pack("=I", self.u32(a))
        if kind == "u64":
            return struct.pack("=Q", self.rng.getrandbits(64))
        if kind == "string":
            if a["name"].endswith("dev"):
                text = self.rng.choice(("lo", "lo", "lo", "d0", "nosuchdev"))
            else:
                longest = self.spec.value(a.get("checks", {}).get("max-len", 8))
                text = self.rng.choice(("check", "a", "zone", "x" * longest))
            return text.encode() + b"\0"
        if kind == "binary":
            return self.rng.choice(ADDRESSES[:3] * 3 + ADDRESSES)
        if kind == "nest":
            return self.nest(a["nested-attributes"])
        return b""

    def nest(self, name):
        """One service, for instance."""
        wanted = ("address", "protocol", "port")
        out = b""
        for n, a in self.spec.sets[name].items():
            if n in wanted and (n != "address" or self.rng.random() < .3):
                out += self.one(a)
        return out

    def one(self, a):
        number = a["number"] | (NLA_F_NESTED if a["type"] == "nest" else 0)
        return attr(number, self.data(a))

    def sensible(self, op):
        """What makes sense together, so that there are gates to do things to."""
        attrs = self.spec.sets[op["set"]]
        rng = self.rng
        fixed = {"require": b"check\0", "lease-name": b"check\0",
                 "verdict": struct.pack("=I", rng.choice((1, 2))),
                 "for": struct.pack("=I", rng.choice((1, 50, 60000))),
                 "up": struct.pack("=I", rng.choice((0, 0, 20))),
                 "stall": struct.pack("=I", rng.choice((0, 100, 1000))),
                 "witness": struct.pack("=I", rng.choice((0, 100, 253, 254))),
                 "prefix": rng.choice(ADDRESSES[:2] + ADDRESSES[5:7])}
        if rng.random() < .15:
            # a route, to elsewhere while it is closed
            fixed.update({
                "action": struct.pack("=I", 1), "fallback-dev": rng.choice((b"lo\0", b"d0\0")),
                "metric": struct.pack("=I", rng.choice((1, 1024, 0xffffffff))),
                "table": struct.pack("=I", rng.choice((254, 254, 100, 255))),
                "fallback-via": socket.inet_pton(socket.AF_INET6, rng.choice(
                    ("2001:db8:ff::1", "2001:db8::53", "ff02::1", "::")))
                if len(fixed["prefix"]) == 16 and rng.random() < .9 else
                socket.inet_pton(socket.AF_INET, rng.choice(
                    ("198.51.100.1", "198.51.100.1", "192.0.2.53", "224.0.0.1")))})
        elif rng.random() < .15:
            fixed.update({"listen-policy": struct.pack("=I", rng.choice((0, 1, 2, 2))),
                          "listen-dev": rng.choice((b"lo\0", b"d0\0")),
                          "dev": rng.choice((b"lo\0", b"d0\0"))})
        likely = {"prefix": 1, "order": 1, "lease-name": 1, "verdict": 1, "require": .4,
                  "service": 1 if op["name"] == "gate-add" else .3}
        if op["name"] == "gate-lease":
            likely["for"] = 1
        likely.update((n, .7) for n in ("action", "fallback-via", "fallback-dev", "metric",
                                        "table", "listen-policy", "listen-dev", "dev"))
        out = []
        order = None
        for name in op["attrs"]:
            a = attrs[name]
            if name not in fixed and name not in (
                    "service", "order", "hold", "down", "shield", "fatal", "damp",
                    "observe", "on-expiry", "stall-members", "count-flows"):
                continue
            if name == "for" and order in (0, 4, 5):
                continue
            if rng.random() >= likely.get(name, 1 if order else .2):
                continue
            if name in fixed:
                out.append(attr(a["number"], fixed[name]))
                continue
            one = self.one(a)
            if name == "order":
                order = struct.unpack_from("=I", one, 4)[0]
            out.append(one)
        return out

    def allowed(self, op):
        """A list of attributes, each on its own."""
        if self.rng.random() < .6:
            return self.sensible(op)
        attrs = self.spec.sets[op["set"]]
        few = self.rng.choice((0, .05, .15, .5))
        out = []
        for name in op["attrs"]:
            a = attrs[name]
            likely = {"prefix": .9, "service": .95 if op["name"] == "gate-add" else .3,
                      "order": .95, "lease-name": .95, "verdict": .95,
                      "for": .7}.get(name, few)
            if self.rng.random() < likely:
                for _ in range(self.rng.choice((1, 1, 1, 2, 5))
                               if a.get("multi-attr") else 1):
                    out.append(self.one(a))
        return out

    def spoil(self, op, attrs):
        """One thing, or two, that the specification forbids."""
        known = self.spec.sets[op["set"]]
        rng = self.rng
        for _ in range(rng.choice((1, 1, 2))):
            at = rng.randrange(len(attrs) + 1)
            what = rng.randrange(13)
            if what == 0:       # any length
                a = rng.choice(list(known.values()))
                attrs.insert(at, attr(a["number"], rng.randbytes(rng.choice(
                    (0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 64, 300)))))
            elif what == 1:     # any number
                a = rng.choice(list(known.values()))
                attrs.insert(at, attr(a["number"], struct.pack("=I", rng.choice(
                    (0, 0xffffffff, 0x80000000, rng.getrandbits(32))))))
            elif what == 2:     # unknown
                attrs.insert(at, attr(rng.choice((0, 200, 0x3fff, rng.getrandbits(14))),
                                      rng.randbytes(rng.randrange(20))))
            elif what == 3 and attrs:   # once more
                attrs.extend([rng.choice(attrs)] * rng.choice((1, 2, 70)))
            elif what == 4 and attrs:   # less
                del attrs[rng.randrange(len(attrs))]
            elif what == 5 and attrs:   # bits
                i = rng.randrange(len(attrs))
                raw = bytearray(attrs[i])
                for _ in range(rng.randrange(1, 5) if raw else 0):
                    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
                attrs[i] = bytes(raw)
            elif what == 6 and attrs:   # cut
                i = rng.randrange(len(attrs))
                attrs[i] = attrs[i][:rng.randrange(len(attrs[i]) + 1)]
            elif what == 7:     # too deep
                inner = b""
                for _ in range(rng.choice((2, 10, 200))):
                    if len(inner) > 30000:
                        break
                    inner = attr(rng.choice((1, known.get("service", {}).get("number", 2)))
                                 | NLA_F_NESTED, inner)
                attrs.insert(at, inner)
            elif what == 8:     # too many
                if "service" in known:
                    attrs.extend(self.one(known["service"])
                                 for _ in range(rng.choice((64, 65, 500))))
            elif what == 9:     # too long
                a = rng.choice(list(known.values()))
                attrs.insert(at, attr(a["number"], b"x" * rng.choice((1000, 30000))))
            elif what == 10:    # flags that do not belong there
                a = rng.choice(list(known.values()))
                attrs.insert(at, attr(a["number"] | rng.choice((NLA_F_NESTED, NLA_F_NET,
                                                                NLA_F_NESTED | NLA_F_NET)),
                                      self.data(a)))
            elif what == 11:    # of another operation
                a = rng.choice(list(known.values()))
                attrs.insert(at, self.one(a))
            elif what == 12:    # a text without an end, with one in the middle
                texts = [a for a in known.values() if a["type"] == "string"]
                if texts:
                    attrs.insert(at, attr(rng.choice(texts)["number"],
                                          rng.choice((b"abc", b"a\0b\0", b"\xff\xfe\0",
                                                      b"%s%n\0", b"\0", b""))))
        return attrs

    def message(self, family, seq):
        """Its kind, its operation's name, and its bytes."""
        rng = self.rng
        op = rng.choice(self.spec.ops)
        if op["name"] == "gate-flush" and rng.random() < .9:
            op = self.spec.ops[0]
        kind = rng.choices(("valid", "nearly", "garbage"), (50, 38, 12))[0]
        flags = NLM_F_REQUEST | NLM_F_ACK | (NLM_F_DUMP if op["mode"] == "dump" else 0)
        command, version, msg_type = op["number"], 1, family
        if kind == "garbage":
            body = rng.randbytes(rng.choice((0, 1, 3, 4, 7, 20, 100, 1000, 20000)))
            command = rng.choice((command, rng.getrandbits(8)))
        else:
            attrs = self.allowed(op)
            if kind == "nearly":
                attrs = self.spoil(op, attrs)
            body = b"".join(attrs)[:60000]
        if kind != "valid" and rng.random() < .1:
            version = rng.getrandbits(8)
        if kind != "valid" and rng.random() < .1:
            flags |= rng.getrandbits(16) & 0xff02
        if kind != "valid" and rng.random() < .03:
            msg_type = 0x3ff0   # nobody's
        reserved = rng.getrandbits(16) if kind != "valid" and rng.random() < .05 else 0
        raw = struct.pack("=IHHII", 20 + len(body), msg_type, flags, seq, 0)
        raw += struct.pack("=BBH", command, version, reserved) + body
        return kind, op["name"], raw


def attributes(data, where):
    """Of a reply: strict, as it is the kernel's."""
    at = 0
    while at < len(data):
        if len(data) - at < 4:
            raise Wrong(f"{where}: {len(data) - at} bytes left over")
        length, number = struct.unpack_from("=HH", data, at)
        if length < 4 or at + length > len(data):
            raise Wrong(f"{where}: attribute {number} of {length} bytes")
        end = at + (length + 3 & ~3)
        if any(data[at + length:end]):
            raise Wrong(f"{where}: padding of attribute {number} is not zero")
        yield number & 0x3fff, data[at + 4:at + length]
        at = end


class Kernel:
    """A generic netlink socket."""

    def __init__(self, spec):
        self.spec = spec
        self.names = {n: {a["number"]: a for a in s.values()}
                      for n, s in spec.sets.items()}
        self.sock = self.open()
        self.family, groups = self.resolve(spec.name)
        self.heard = collections.Counter()
        self.events = {}
        for name in ("events", "events-admin"):
            sock = self.open()
            sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, groups[name])
            sock.setblocking(False)
            self.events[name] = sock

    @staticmethod
    def open():
        """Another one."""
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        sock.settimeout(PATIENCE)
        sock.bind((0, 0))
        return sock

    def resolve(self, name):
        """Its number, and those of its groups by name."""
        body = struct.pack("=BBH", 3, 1, 0) + attr(2, name.encode() + b"\0")
        self.sock.send(struct.pack("=IHHII", 16 + len(body), GENL_ID_CTRL,
                                   NLM_F_REQUEST, 1, 0) + body)
        data = self.sock.recv(65536)
        family, groups = None, {}
        for number, value in attributes(data[20:struct.unpack_from("=I", data)[0]], "ctrl"):
            if number == CTRL_ATTR_FAMILY_ID:
                family = struct.unpack("=H", value)[0]
            if number == CTRL_ATTR_MCAST_GROUPS:
                for _, group in attributes(value, "groups"):
                    one = dict(attributes(group, "group"))
                    groups[one[1].rstrip(b"\0").decode()] = struct.unpack("=I", one[2])[0]
        if family is None:
            raise Wrong("no such family")
        return family, groups

    def listen(self):
        """To the events that have come; more than there is room for is no fault."""
        whom = {"pid", "comm", "closer-pid", "closer-comm"}
        for group, sock in self.events.items():
            while True:
                try:
                    data = sock.recv(65536)
                except BlockingIOError:
                    break
                except OSError as e:
                    if e.errno != errno.ENOBUFS:
                        raise
                    continue
                self.heard[group] += 1
                body = data[20:struct.unpack_from("=I", data)[0]]
                self.check_set("gate", body, group)
                names = {self.names["gate"][n]["name"] for n, _ in attributes(body, group)}
                if group == "events" and names & whom:
                    raise Wrong(f"{group}: {', '.join(names & whom)}")

    def check_set(self, name, data, where, allowed=None):
        """A reply's attributes, and those in its nests."""
        for number, value in attributes(data, where):
            a = self.names[name].get(number)
            if not a:
                raise Wrong(f"{where}: unknown attribute {number} of {name}")
            if a["type"] == "pad":
                continue
            if allowed is not None and a["name"] not in allowed:
                raise Wrong(f"{where}: {a['name']} is not among what it may say")
            size = {"u32": 4, "u64": 8}.get(a["type"])
            if size and len(value) != size:
                raise Wrong(f"{where}: {a['name']} has {len(value)} bytes")
            if a["type"] == "string" and value[-1:] != b"\0":
                raise Wrong(f"{where}: {a['name']} has no end")
            if a["type"] == "nest":
                self.check_set(a["nested-attributes"], value, f"{where}: {a['name']}")

    def answer(self, sock, seq):
        """Until the end of it; a negative errno or 0, and the kernel's words."""
        while True:
            try:
                data = sock.recv(65536)
            except socket.timeout:
                raise Wrong("no answer") from None
            except OSError as e:
                return -e.errno, ""
            at = 0
            while at + 16 <= len(data):
                length, kind, flags, its_seq, _ = struct.unpack_from("=IHHII", data, at)
                part = data[at + 16:at + length]
                at += length + 3 & ~3
                if its_seq != seq:
                    continue
                if kind == NLMSG_ERROR:
                    return struct.unpack_from("=i", part)[0], self.words(part, flags)
                if kind == NLMSG_DONE:
                    return struct.unpack_from("=i", part)[0], ""
                if kind == self.family:
                    name, allowed = self.spec.replies.get(part[0], (None, ()))
                    if not name:
                        raise Wrong(f"a reply to operation {part[0]}")
                    self.check_set(name, part[4:], f"reply {part[0]}", allowed)

    @staticmethod
    def words(part, flags):
        """What is wrong."""
        if not flags & NLM_F_ACK_TLVS:
            return ""
        at = 20
        if not flags & NLM_F_CAPPED:
            at = 4 + struct.unpack_from("=I", part, 4)[0]
        for number, value in attributes(part[at + 3 & ~3:], "extack"):
            if number == 1:
                return value.rstrip(b"\0").decode()
        return ""


def write_corpus(spec, seed, total, path):
    """What would be sent."""
    with open(path, "wb") as f:
        for i in range(total):
            raw = Maker(spec, random.Random(seed * 1000003 + i)).message(CORPUS_FAMILY, 0)[2]
            f.write(raw + b"\0" * (-len(raw) % 4))


def main():
    spec = Spec(sys.argv[1])
    seed, total = int(sys.argv[2]), int(sys.argv[3])
    if sys.argv[4:5] == ["--corpus"]:
        write_corpus(spec, seed, total, sys.argv[5])
        return 0
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    kernel = Kernel(spec)
    listeners = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        s = socket.socket(socket.AF_INET6, kind)
        s.bind(("::", 53))
        if kind == socket.SOCK_STREAM:
            s.listen()
        listeners.append(s)
    results = collections.Counter()
    accepted = collections.Counter()
    silent = collections.Counter()
    interrupted = 0
    begun = time.monotonic()
    i = first
    try:
        for i in range(first, total):
            rng = random.Random(seed * 1000003 + i)
            seq = i + 2
            kind, name, raw = Maker(spec, rng).message(kernel.family, seq)
            if rng.random() < .05:
                # somebody comes and goes, which is told
                listeners[0].close()
                listeners[0] = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                listeners[0].bind(("::", 53))
            if rng.random() < .02:
                # a dump that nobody reads to its end, or that is overtaken
                other = kernel.open()
                op = rng.choice([o for o in spec.ops if o["mode"] == "dump"])
                other.send(struct.pack("=IHHIIBBH", 20, kernel.family,
                                       NLM_F_REQUEST | NLM_F_DUMP, seq, 0,
                                       op["number"], 1, 0))
                if rng.random() < .5:
                    kernel.sock.send(raw)
                    ret, text = kernel.answer(kernel.sock, seq)
                    kernel.answer(other, seq)
                    other.close()
                else:
                    other.close()
                    kernel.sock.send(raw)
                    ret, text = kernel.answer(kernel.sock, seq)
                interrupted += 1
            else:
                kernel.sock.send(raw)
                ret, text = kernel.answer(kernel.sock, seq)
            kernel.listen()
            if ret > 0:
                raise Wrong(f"an error of {ret}")
            results[kind, ret] += 1
            if ret == 0:
                accepted[name] += 1
            elif not text:
                silent[errno.errorcode.get(-ret, ret)] += 1
    except Wrong as e:
        print(f"# seed {seed}, message {i}: {e}")
        return 1
    took = time.monotonic() - begun
    print(f"# seed {seed}: {total - first} messages in {took:.1f} s, {interrupted} dumps interrupted")
    for kind in ("valid", "nearly", "garbage"):
        said = ", ".join(f"{n} {errno.errorcode.get(-ret, 'accepted') if ret else 'accepted'}"
                         for (k, ret), n in sorted(results.items(), key=lambda r: -r[1])
                         if k == kind)
        print(f"# {kind}: {said}")
    print("# heard: " + ", ".join(f"{n} of {g}" for g, n in kernel.heard.items()))
    print("# accepted: " + ", ".join(f"{n} {name}" for name, n in accepted.most_common()))
    print("# refused without words: " + ", ".join(f"{n} {e}" for e, n in silent.most_common()))
    never = {op["name"] for op in spec.ops} - set(accepted)
    if never and total - first >= 2000:
        print(f"# never accepted: {' '.join(sorted(never))}")
        return 1
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
