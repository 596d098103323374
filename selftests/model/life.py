# SPDX-License-Identifier: GPL-2.0
"""The steps of a random life, each done to the kernel and to the model."""

import copy
import os
import random
import signal
import socket
import time

from gates import FAR, Gate, LONG, Node, Sock, SUPPRESS, family
from kernel import (Inside, METRONOME, Mismatch, PATIENCE, WITNESS, ctl,
                    differences, engine, ip, libc, must, refused, run)

SOON = 400                  # milliseconds: for what is to run out

HOSTS = {4: ["192.0.2.53", "192.0.2.54", "198.18.0.1"],
         6: ["2001:db8::53", "2001:db8::54", "2001:db8:1::1"]}
COVERS = {"198.18.0.0/24": ["198.18.0.1", "198.18.0.2"],
          "2001:db8:1::/48": ["2001:db8:1::1", "2001:db8:1::2"]}
PREFIXES = ([a + "/32" for a in HOSTS[4]] + [a + "/128" for a in HOSTS[6]] +
            list(COVERS))
SERVICES = [("udp", 53), ("tcp", 53), ("udp", 54)]
NAMES = ["dns", "web"]
LEASES = ["zone", "dig"]


class Run:
    """The random sequence."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.nodes = [Node(None)]
        self.kids = {}          # pid: pipe that keeps it alive
        self.log = []
        self.prepare(self.nodes[0])
        self.add_namespace()

    # namespaces

    def prepare(self, node):
        ip(node, "link", "set", "lo", "up")
        ip(node, "link", "add", "d0", "up", "type", "dummy")
        ip(node, "addr", "add", FAR[4][:-1] + "1/28", "dev", "d0")
        ip(node, "addr", "add", FAR[6][:-1] + "1/64", "dev", "d0", "nodad")
        ctl(node, "add", METRONOME + "/32", "udp/9", "up", "0", "hold", "off")

    def add_namespace(self):
        node = Node("model-%d-%d" % (os.getpid(), len(self.log)))
        must("ip", "netns", "add", node.name)
        self.nodes.append(node)
        self.prepare(node)

    def drop_namespace(self):
        node = self.nodes.pop()
        # The sockets go after it: as long as there are any, it lives.
        must("ip", "netns", "del", node.name)
        for sock in node.socks:
            if sock.real:
                sock.real.close()
            for pid in list(sock.kids):
                self.kill(pid)

    # choices

    def gate(self, node, condition=lambda g: True):
        gates = [g for p, g in sorted(node.gates.items()) if condition(g)]
        return self.random.choice(gates) if gates else None

    def chance(self, p):
        return self.random.random() < p

    # each step returns what it did, or None if there was nothing to do

    def do_open(self, node):
        rnd = self.random
        proto, port = rnd.choice(SERVICES)
        fam = rnd.choice((4, 6))
        every = HOSTS[fam] + [a for c in COVERS.values() for a in c
                              if family(a) == fam]
        addr = rnd.choice(sorted(set(every))) if self.chance(0.4) else None
        v6only = fam == 6 and addr is None and self.chance(0.5)
        listening = self.chance(0.9)
        if sum(bool(s.alive()) for s in node.socks) > 14:
            return None
        sock = Sock(proto, fam, addr, port, v6only, listening or proto == "udp")
        self.make(node, sock)
        return "open " + str(sock)

    @staticmethod
    def make(node, sock):
        v6 = sock.fam == 6
        with Inside(node):
            real = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET,
                                 socket.SOCK_STREAM if sock.proto == "tcp"
                                 else socket.SOCK_DGRAM)
        real.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        real.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if v6:
            real.setsockopt(socket.IPPROTO_IPV6, 78, 1)     # IPV6_FREEBIND
            real.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY,
                            sock.addr is not None or sock.v6only)
        else:
            real.setsockopt(socket.IPPROTO_IP, 15, 1)       # IP_FREEBIND
        real.bind((sock.addr or ("::" if v6 else "0.0.0.0"), sock.port))
        if sock.proto == "tcp" and sock.listening:
            real.listen(4)
        sock.real = real
        node.socks.append(sock)

    def do_restart(self, node):
        """A daemon stops, all is quiet, and it starts again."""
        sock = self.pick_sock(node, lambda s: s.here and s.listening)
        if not sock:
            return None
        sock.real.close()
        sock.here, sock.real = False, None
        node.settle()
        engine(node)
        self.make(node, Sock(sock.proto, sock.fam, sock.addr, sock.port,
                             sock.v6only, True))
        return "restart " + str(sock)

    def pick_sock(self, node, condition):
        socks = [s for s in node.socks if condition(s)]
        return self.random.choice(socks) if socks else None

    def do_close(self, node):
        sock = self.pick_sock(node, lambda s: s.here)
        if not sock:
            return None
        sock.real.close()
        sock.here, sock.real = False, None
        return "close " + str(sock)

    def do_connect(self, node):
        """A connected UDP socket is no listener."""
        sock = self.pick_sock(node, lambda s: s.here and s.proto == "udp" and
                              s.addr is None and s.listening)
        if not sock:
            return None
        sock.real.connect(("::1" if sock.fam == 6 else "127.0.0.1", 9))
        sock.listening = False
        return "connect " + str(sock)

    def do_share(self, node):
        """A child holds it as well."""
        sock = self.pick_sock(node, lambda s: s.here and not s.kids)
        if not sock or len(self.kids) > 6:
            return None
        ready, tell = os.pipe()
        pid = os.fork()
        if not pid:
            keep = {sock.real.fileno(), tell, 0, 1, 2}
            for fd in range(3, 1024):
                if fd not in keep:
                    try:
                        os.close(fd)
                    except OSError:
                        pass
            libc.prctl(1, signal.SIGKILL)
            os.write(tell, b"x")
            os.close(tell)
            while True:
                signal.pause()
        os.close(tell)
        os.read(ready, 1)
        os.close(ready)
        self.kids[pid] = sock
        sock.kids.add(pid)
        done = "share %s with %d" % (sock, len(self.kids))
        if self.chance(0.5):
            sock.real.close()
            sock.here, sock.real = False, None
            done += " alone"
        return done

    def kill(self, pid):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.kids.pop(pid).kids.discard(pid)

    def do_kill(self, node):
        sock = self.pick_sock(node, lambda s: s.kids)
        if not sock:
            return None
        self.kill(sorted(sock.kids)[0])
        return "kill the child with " + str(sock)

    def services(self, prefix):
        rnd = self.random
        addrs = COVERS.get(prefix, [prefix.split("/")[0]])
        every = [(a, proto, port) for a in addrs for proto, port in SERVICES]
        return rnd.sample(every, rnd.choice((1, 1, 2, 2, 3)))

    @staticmethod
    def service_words(services):
        return ["%s:%s/%d" % ("[%s]" % a if ":" in a else a, proto, port)
                for a, proto, port in services]

    def settings(self, gate):
        """Random settings, put into the gate, as words for anygatectl."""
        rnd, words = self.random, []
        if self.chance(0.35):
            gate.need = rnd.choice((0, 1, len(gate.services)))
            words += ["need", {0: "all", 1: "any"}.get(gate.need, str(gate.need))]
        if self.chance(0.3):
            gate.up = rnd.choice((0, 0, LONG))
            words += ["up", "%dms" % gate.up]
        if self.chance(0.3):
            gate.down = rnd.choice((0, 0, LONG))
            words += ["down", "%dms" % gate.down]
        if self.chance(0.3):
            gate.name = rnd.choice(["none"] + NAMES).replace("none", "")
            words += ["name", gate.name or "none"]
        if self.chance(0.4):
            gate.damp = self.chance(0.7)
            words += ["damp", "on" if gate.damp else "off"]
        if self.chance(0.25):
            names = rnd.sample(LEASES, rnd.choice((0, 0, 1, 2)))
            gate.leases = {n: gate.leases.get(n, [None, False]) for n in names}
            words += ["require", ",".join(names) or "none"]
        if self.chance(0.2):
            gate.on_expiry = rnd.choice(("withdraw", "ignore"))
            words += ["on-expiry", gate.on_expiry]
        if self.chance(0.25):
            gate.witness = self.chance(0.7)
            words += ["witness", str(WITNESS) if gate.witness else "off"]
        if self.chance(0.25) and not gate.fixed():
            gate.fallback = self.chance(0.5)
            words += ["fallback"] + (["via", FAR[gate.fam], "dev", "d0"]
                                     if gate.fallback else ["none"])
        return words

    def where(self, gate):
        """The same for where it is announced."""
        rnd, words = self.random, []
        if gate.host and self.chance(0.5):
            action = rnd.choice(("address", "route"))
            if action != gate.action:
                gate.where_default()
            gate.action = action
            words += ["action", action]
        if gate.action == "route":
            if self.chance(0.6):
                gate.table = rnd.choice((254, 100))
                words += ["table", str(gate.table)]
            if self.chance(0.6):
                gate.metric = rnd.choice((1024, 50))
                words += ["metric", str(gate.metric)]
        else:
            if self.chance(0.6):
                gate.dev = rnd.choice(("lo", "d0"))
                words += ["dev", gate.dev]
            if self.chance(0.6):
                gate.hold = self.chance(0.6)
                words += ["hold", "on" if gate.hold else "off"]
        return words

    def do_add(self, node):
        free = [p for p in PREFIXES if p not in node.gates]
        if not free:
            return None
        prefix = self.random.choice(free)
        gate = Gate(node, prefix, self.services(prefix))
        words = self.service_words(gate.services)
        gate.up = 0
        words += ["suppress", str(SUPPRESS), "half-life", "1h", "max-suppress", "24h"]
        more = self.settings(gate)
        if "up" not in more:
            more += ["up", "0"]
        more += self.where(gate)
        if self.chance(0.15):
            gate.observe = True
            more += ["observe", "on"]
        ctl(node, "add", prefix, *words, *more)
        gate.meet()
        up, _ = gate.facts()
        node.gates[prefix] = gate
        gate.step(taken_over=gate.present() and (up or gate.alone()))
        return "add %s %s" % (prefix, " ".join(words[:-6] + more))

    def do_change(self, node):
        gate = self.gate(node)
        if not gate:
            return None
        words = []
        if self.chance(0.25):
            gate.services = self.services(gate.prefix)
            words += self.service_words(gate.services)
            if gate.need > len(gate.services):
                gate.need = 0
                words += ["need", "all"]
        more = self.settings(gate)
        if "need" in more and "need" in words:
            words = words[:-2]
        words += more
        if not words:
            return None
        ctl(node, "change", gate.prefix, *words)
        return "change %s %s" % (gate.prefix, " ".join(words))

    def do_move(self, node):
        """Announced elsewhere, or in another way."""
        gate = self.gate(node, lambda g: not g.observe)
        if not gate:
            return None
        old = copy.copy(gate)
        words = self.where(gate)
        if not words:
            return None
        ctl(node, "change", gate.prefix, *words)
        if (old.action, old.dev if old.action == "address" else
                (old.table, old.metric)) != \
           (gate.action, gate.dev if gate.action == "address" else
                (gate.table, gate.metric)):
            old.leave()
            gate.route_there = None
            gate.meet()
        return "change %s %s" % (gate.prefix, " ".join(words))

    def do_del(self, node):
        gate = self.gate(node)
        if not gate:
            return None
        ctl(node, "del", gate.prefix)
        gate.leave()
        del node.gates[gate.prefix]
        return "del " + gate.prefix

    def targets(self, node, condition=lambda g: True):
        """One gate, or a group by its name: what to say, and which they are."""
        name = self.random.choice(NAMES)
        group = [g for g in node.gates.values() if g.name == name]
        if group and self.chance(0.4) and all(condition(g) for g in group):
            return name, group
        gate = self.gate(node, condition)
        return (gate.prefix, [gate]) if gate else (None, [])

    def do_order(self, node):
        word, gates = self.targets(node)
        if not gates:
            return None
        verb, more, order = self.random.choice((
            ("drain", [], "drain"), ("drain", ["for", "1h"], "drain"),
            ("undrain", [], "follow"), ("pin", ["force"], "pin"),
            ("pin", ["for", "1h"], "pin"), ("unpin", [], "follow"),
            ("undrain", [], "follow"), ("unpin", [], "follow")))
        ctl(node, verb, word, *more)
        for gate in gates:
            gate.order = order
        return " ".join([verb, word] + more)

    def do_order_for(self, node):
        """It has run out before anybody looks."""
        word, gates = self.targets(node)
        if not gates:
            return None
        verb = self.random.choice(("drain", "pin"))
        ctl(node, verb, word, "for", "%dms" % SOON)
        time.sleep(1.5 * SOON / 1000)
        for gate in gates:
            # It has been there and back, or has seen nothing of it.
            self.there_and_back(gate, "pin" if verb == "pin" else "drain")
        return "%s %s for %dms" % (verb, word, SOON)

    @staticmethod
    def there_and_back(gate, order):
        gate.order = order
        opened, closed = gate.opened, gate.closed
        gate.step()
        gate.order = "follow"
        gate.step()
        gate.opened, gate.closed, gate.unsure = opened, closed, True

    def do_undamp(self, node):
        word, gates = self.targets(node)
        if not gates:
            return None
        ctl(node, "undamp", word)
        for gate in gates:
            gate.undamp()
        return "undamp " + word

    def do_observe(self, node):
        word, gates = self.targets(node)
        if not gates:
            return None
        if self.chance(0.4):
            ctl(node, "observe", word)
            for gate in gates:
                gate.observe = True
            return "observe " + word
        ctl(node, "unobserve", word)
        for gate in gates:
            self.unobserve(gate)
        return "unobserve " + word

    @staticmethod
    def unobserve(gate):
        if not gate.observe:
            return
        gate.observe = False
        there = gate.node.addresses.get((gate.dev, gate.addr))
        if gate.action == "address" and there and gate.owner != "adopted":
            gate.owner = "us" if there == "gate" else "adopted"
        up, _ = gate.facts()
        gate.step(taken_over=gate.present() and up)

    def do_lease(self, node):
        lease = self.random.choice(LEASES)
        word, gates = self.targets(node, lambda g: lease in g.leases)
        if not gates:
            return None
        verdict = self.random.choice(("up", "up", "down"))
        ctl(node, "lease", word, lease, verdict, "ttl", "1h")
        for gate in gates:
            gate.leases[lease] = [verdict, False]
        return "lease %s %s %s" % (word, lease, verdict)

    def do_lease_expires(self, node):
        lease = self.random.choice(LEASES)
        word, gates = self.targets(node, lambda g: lease in g.leases)
        if not gates:
            return None
        verdict = self.random.choice(("up", "down"))
        ctl(node, "lease", word, lease, verdict, "ttl", "%dms" % SOON)
        time.sleep(1.5 * SOON / 1000)
        done = "lease %s %s %s ttl %dms" % (word, lease, verdict, SOON)
        for gate in gates:
            opened, closed = gate.opened, gate.closed
            gate.leases[lease] = [verdict, False]
            gate.step()
            gate.leases[lease] = [verdict, True]
            gate.step()
            gate.opened, gate.closed, gate.unsure = opened, closed, True
            # Whether it was a flap depends on who was quicker.
            engine(node)
            ctl(node, "undamp", gate.prefix)
            gate.undamp()
        return done

    def do_burst(self, node):
        """So quick that it is not known what was seen of it."""
        gate = self.gate(node)
        if not gate:
            return None
        addr, proto, port = self.random.choice(gate.services)
        extra = Sock(proto, family(addr), None, port, True, True)
        for _ in range(5):
            self.make(node, extra)
            extra.real.close()
            node.socks.remove(extra)
        engine(node)
        # It may have been seen by every gate with such a service; one that
        # waits for its delay to end may now be at either end of it.
        for other in node.gates.values():
            before = other.listeners()
            node.socks.append(extra)
            after = other.listeners()
            node.socks.remove(extra)
            if before == after:
                continue
            if ((other.down or other.alone()) and not other.want() or
                    other.down and other.state == "kept"):
                self.burst_delayed(node, other)
            other.unsure = True
            ctl(node, "undamp", other.prefix)
            other.undamp()
        return "burst %s/%d" % (proto, port)

    @staticmethod
    def burst_delayed(node, gate):
        """Opened for a moment, it may wait for its "down" to end, or be kept.
        End that."""
        ctl(node, "change", gate.prefix, "down", "0", "witness", "off")
        gate.down, gate.witness = 0, False

    def do_admin(self, node):
        """Somebody adds or removes an address that is none of his business."""
        dev = self.random.choice(("lo", "lo", "d0"))
        addr = self.random.choice(HOSTS[4] + HOSTS[6])
        key, gate = (dev, addr), None
        for g in node.gates.values():
            if g.host and g.action == "address" and (g.dev, g.addr) == key:
                gate = g
        word = addr + ("/32" if family(addr) == 4 else "/128")
        if key not in node.addresses:
            nodad = ["nodad"] if family(addr) == 6 else []
            ip(node, "addr", "add", word, "dev", dev, *nodad)
            node.addresses[key] = "admin"
            if gate and gate.owner != "adopted":
                gate.owner = "foreign"
            if gate and gate.want() and not gate.observe:
                raise AssertionError("wanted, and was not there")
            return "addr add %s dev %s" % (word, dev)
        if gate and gate.observe and gate.owner == "adopted":
            return None     # is what has gone adopted still? Not said anywhere.
        ip(node, "addr", "del", word, "dev", dev)
        del node.addresses[key]
        return "addr del %s dev %s" % (word, dev)

    def do_path(self, node):
        """Another node begins to announce a prefix, or ceases to."""
        prefix = self.random.choice(PREFIXES)
        verb = "del" if prefix in node.paths else "add"
        ip(node, "route", verb, prefix, "dev", "d0", "proto", "bird", "table",
           str(WITNESS))
        node.paths ^= {prefix}
        return "path %s %s" % (verb, prefix)

    def do_refused(self, node):
        """What is refused changes nothing."""
        gate = self.gate(node)
        if not gate:
            refused(node, "drain", "192.0.2.99/32")
            return "refused"
        choices = [
            ("add", gate.prefix, *self.service_words(gate.services)),
            ("change", gate.prefix, "up", "7s", "need", "60"),
            ("change", gate.prefix, "up", "7s", "listen-dev", "nosuchdev"),
            ("change", gate.prefix, "up", "7s", "suppress", "10"),
            ("change", gate.prefix, "up", "7s", "witness", "main"),
            ("lease", gate.prefix, "nosuchlease", "down", "ttl", "1h"),
            ("drain", "nosuchname"),
            ("pin", gate.prefix),
        ]
        if gate.name and any(g.name == gate.name and g.fam != gate.fam
                             for g in node.gates.values()):
            choices += [("change", gate.name, "up", "7s", "fallback", "via",
                         FAR[gate.fam], "dev", "d0")] * 3
        words = self.random.choice(choices)
        refused(node, *words)
        return "refused: " + " ".join(words)

    def do_flush(self, node):
        name = self.random.choice(NAMES)
        gates = [g for g in node.gates.values() if g.name == name]
        if not gates:
            # more likely a slip of the pen than nothing to do
            refused(node, "flush", name)
            return "refused: flush " + name
        ctl(node, "flush", name)
        for gate in gates:
            gate.leave()
            del node.gates[gate.prefix]
        return "flush " + name

    def do_namespace(self, _node):
        self.drop_namespace()
        self.add_namespace()
        return "the second namespace ends, and there is a new one"

    STEPS = ((do_open, 22), (do_close, 8), (do_restart, 12),
             (do_connect, 2), (do_share, 5), (do_kill, 6), (do_add, 14),
             (do_change, 14), (do_move, 6), (do_del, 4), (do_order, 8),
             (do_order_for, 2), (do_undamp, 2), (do_observe, 7),
             (do_lease, 10), (do_lease_expires, 4), (do_burst, 2),
             (do_admin, 9), (do_path, 10), (do_refused, 3), (do_flush, 1),
             (do_namespace, 1))

    def step(self):
        """One step; returns the nodes where it may have left a trace."""
        steps, weights = zip(*self.STEPS)
        done = None
        while not done:
            node = self.nodes[0] if self.chance(0.8) else self.nodes[1]
            step = self.random.choices(steps, weights)[0]
            if len(node.gates) < 4 and self.chance(0.5):
                step = Run.do_add
            done = step(self, node)
        nodes = [node] if node in self.nodes else self.nodes
        if node.name:
            done = "(2nd) " + done
        self.log.append(done)
        for node in nodes:
            node.socks = [s for s in node.socks if s.alive()]
            node.settle()
        return nodes

    def check(self, nodes):
        for node in nodes:
            end = time.monotonic() + PATIENCE
            while True:
                found = differences(node)
                if not found:
                    break
                if time.monotonic() > end:
                    raise Mismatch("\n".join(
                        "%s%s" % ("(2nd) " if node.name else "", f) for f in found))
                time.sleep(0.05)

    def finish(self):
        """All gates go, and what is left is the admin's."""
        for node in self.nodes:
            ctl(node, "flush")
            for gate in node.gates.values():
                gate.leave()
            node.gates = {}
            found = differences(node)
            if found:
                raise Mismatch("after the end:\n" + "\n".join(found))

    def clean(self):
        for pid in list(self.kids):
            self.kill(pid)
        for node in self.nodes[1:]:
            run("ip", "netns", "del", node.name)
