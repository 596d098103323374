# SPDX-License-Identifier: GPL-2.0
"""What gates should do: the model.

It knows the documentation, and not the module's source: what is a listener,
what opens a gate, whose an address is. It has no notion of time, but for the
decay of a figure: delays are either none or so long that they never end, and
what runs out has run out before anybody looks.
"""

import ipaddress
import time

LONG = 3600 * 1000          # milliseconds: a delay that never ends here
PENALTY, SUPPRESS, HALF_LIFE = 1000, 1500, 3600
FAR = {4: "203.0.113.130", 6: "2001:db8:f::2"}      # where a fallback leads to


def family(address):
    return 6 if ":" in address else 4


class Sock:
    """A socket that the test has made."""

    def __init__(self, proto, fam, addr, port, v6only, listening):
        self.proto, self.fam, self.addr, self.port = proto, fam, addr, port
        self.v6only, self.listening = v6only, listening
        self.here = True        # this process holds it
        self.kids = set()       # and these do
        self.real = None

    def alive(self):
        return self.here or self.kids

    def serves(self, service):
        addr, proto, port = service
        if not (self.alive() and self.listening):
            return False
        if (self.proto, self.port) != (proto, port):
            return False
        if self.addr is not None:
            return self.addr == addr
        if family(addr) == self.fam:
            return True
        return self.fam == 6 and not self.v6only

    def __str__(self):
        return "%s%d %s %d%s" % (self.proto, self.fam, self.addr or "*",
                                 self.port, "" if self.listening else " deaf")


class Gate:
    """A gate: its settings, what it has decided, and what it owns."""

    WANT = ("open", "closing", "pinned", "kept")

    def __init__(self, node, prefix, services):
        self.node, self.prefix = node, prefix
        self.addr, length = prefix.split("/")
        self.fam = family(prefix)
        self.host = int(length) == (32 if self.fam == 4 else 128)
        self.services = services
        self.action = "address" if self.host else "route"
        self.where_default()
        self.need = 0
        self.up = self.down = 0
        self.damp = False
        self.figure, self.figure_at, self.suppressed = 0.0, time.monotonic(), False
        self.name = ""
        self.leases = {}        # name: [verdict, has run out]
        self.on_expiry = "withdraw"
        self.fallback = False
        self.witness = False
        self.observe = False
        self.order = "follow"
        self.state, self.reason = "closed", "added"
        self.opened = self.closed = 0
        self.owner, self.taken = "us", False
        self.hold_there, self.fallback_there, self.route_there = False, None, None
        self.unsure = False     # how often it has moved is not certain

    def where_default(self):
        self.dev, self.table, self.metric, self.hold = "lo", 254, 1024, True

    # what is in the tables

    def present(self):
        if self.action == "address":
            return (self.dev, self.addr) in self.node.addresses
        return self.route_there is not None

    def want(self):
        return self.state in self.WANT

    def meet(self):
        """The gate gets to know the address that it is for."""
        there = self.node.addresses.get((self.dev, self.addr))
        adopts = self.action == "address" and there == "admin"
        self.owner, self.taken = "adopted" if adopts else "us", False

    def leave(self):
        """The gate has nothing to do with this address any more."""
        key = (self.dev, self.addr)
        if self.action == "route":
            self.route_there = None
        elif self.owner == "adopted":
            if key in self.node.addresses or (self.observe and not self.taken):
                return
            self.node.addresses[key] = "admin"
        elif self.owner == "us":
            self.node.addresses.pop(key, None)

    def fixed(self):
        """It only observes, and has something of its own in the tables."""
        return self.observe and bool(
            self.present() and self.owner == "us" or self.taken or
            self.fallback_there)

    def act(self):
        if self.observe:
            return
        key = (self.dev, self.addr)
        self.hold_there = (self.action == "address" and self.hold and
                           not self.fallback)
        if self.action == "route":
            self.route_there = (self.table, self.metric) if self.want() else None
        elif self.want() and not self.present():
            self.node.addresses[key] = ("admin" if self.owner == "adopted"
                                        else "gate")
            if self.owner == "foreign":
                self.owner = "us"
            self.taken = False
        elif not self.want() and self.present() and self.owner != "foreign":
            del self.node.addresses[key]
            self.taken = self.owner == "adopted"
        self.fallback_there = None
        if self.fallback and not self.want():
            self.fallback_there = (self.table, self.metric + 1 if self.action == "route"
                                   else 128)

    # what is decided

    def listeners(self):
        return [any(s.serves(svc) for s in self.node.socks)
                for svc in self.services]

    def facts(self):
        if sum(self.listeners()) < (self.need or len(self.services)):
            return False, "no-listener"
        for verdict, over in self.leases.values():
            if verdict is None:
                return False, "lease-missing"
            if over:
                if self.on_expiry == "ignore":
                    continue
                return False, "lease-expired"
            if verdict == "down":
                return False, "lease-down"
        return True, None

    def alone(self):
        """Nobody else announces it, and that matters."""
        net = ipaddress.ip_network(self.prefix)
        return self.witness and not any(
            path.version == net.version and net.subnet_of(path)
            for path in map(ipaddress.ip_network, self.node.paths))

    def decide(self, want, taken_over=False):
        if self.order == "pin":
            return "pinned", "pinned"
        if self.order == "drain":
            return "drained", "drained"
        up, why = self.facts()
        if want:
            if up:
                return "open", "listener"
            if self.alone() and (not self.down or self.state == "kept" or
                                 taken_over):
                return "kept", "alone"
            return ("closing", "down-delay") if self.down else ("closed", why)
        if not up:
            return "closed", why
        if self.up:
            return "opening", "up-delay"
        if self.suppressed:
            return "damped", "damped"
        return "open", "listener"

    def figure_now(self):
        return self.figure * 2 ** (-(time.monotonic() - self.figure_at) / HALF_LIFE)

    def step(self, taken_over=False):
        """Look, decide, act. Taken over: it is announced already."""
        old, was = self.state, self.want()
        if not self.damp:
            self.suppressed = False
        self.state, self.reason = self.decide(was or taken_over, taken_over)
        if (self.damp and self.state == "closed" and
                old in ("open", "closing", "kept", "damped")):
            self.figure = self.figure_now() + PENALTY
            self.figure_at = time.monotonic()
            self.suppressed = self.suppressed or self.figure >= SUPPRESS
        self.opened += self.want() and not was
        self.closed += was and not self.want()
        self.act()

    def undamp(self):
        self.figure, self.suppressed = 0.0, False


class Node:
    """A network namespace."""

    def __init__(self, name):
        self.name = name
        self.gates = {}
        self.socks = []
        self.addresses = {}     # (device, address): "gate" or "admin"
        self.paths = set()      # prefixes that other nodes announce

    def settle(self):
        for gate in self.gates.values():
            gate.step()

    # What must be there, in the form in which reality is read.

    def tables(self):
        routes = set()
        for g in self.gates.values():
            if g.hold_there:
                routes.add(("local", g.addr, 255, 1, None))
            if g.route_there:
                routes.add(("blackhole", g.prefix, *g.route_there, None))
            if g.fallback_there:
                routes.add(("unicast", g.prefix, *g.fallback_there, FAR[g.fam]))
        return set((d, a, o) for (d, a), o in self.addresses.items()), routes

    def show(self):
        return {g.prefix: show_of(g) for g in self.gates.values()}


def show_of(g):
    present, want = g.present(), g.want()
    difference = "none"
    if present != want:
        difference = ("foreign" if not want and g.owner == "foreign" and
                      g.action == "address" else "observing")
    return {
        "state": g.state,
        "reason": g.reason,
        "announced": present,
        "difference": difference,
        "listeners": g.listeners(),
        "action": g.action,
        "where": [g.dev, g.hold] if g.action == "address" else [g.table, g.metric],
        "up_ms": g.up,
        "down_ms": g.down,
        "need": g.need,
        "name": g.name,
        "damp": g.damp,
        "leases": {n: v or "none" for n, (v, _) in g.leases.items()},
        "on_expiry": g.on_expiry,
        "witness": g.witness,
        "observe": g.observe,
        "order": g.order,
        "fallback": None if not g.fallback else g.fallback_there is not None,
        "adopted": g.action == "address" and g.owner == "adopted",
        "opened": g.opened,
        "closed": g.closed,
        "figure": round(g.figure_now()) if g.damp else None,
    }
