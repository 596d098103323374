# SPDX-License-Identifier: GPL-2.0
"""What measure and anycast share: processes, the server, and the peers."""
import os
import shutil
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
MODULE = os.environ.get("ANYGATE_KO") or TOP + "/kmod/anygate.ko"
CTL = TOP + "/helper/anygatectl"
RUN = "/run/bench"
ADDRESS = "192.0.2.53"

# Mebibytes that the server has in use, which the kernel has to free when it dies.
MEMORY = os.environ.get("MEMORY") or "0"

# How long anything may take. ExaBGP's defaults are the slowest: 5 s and 3 tries.
PATIENCE = 90


class Failed(Exception):
    pass


def say(text):
    print(text, flush=True)


def run(*command, check=True):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if check and done.returncode:
        raise Failed("%s: status %d\n%s" % (" ".join(command), done.returncode, done.stdout))
    return done.stdout


def until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise Failed("waited in vain: " + what)
        time.sleep(0.05)


children = []


def start(*command, log, env=None):
    """Start a program that stays, in a process group of its own."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                             stdout=open("%s/%s.log" % (RUN, log), "a"),
                             env=dict(os.environ, **(env or {})), start_new_session=True)
    children.append(child)
    return child


def end(child, how=signal.SIGTERM):
    """End it, and whatever it had started; kindly at first."""
    for sig, patience in ((how, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(child.pid, sig)
        except ProcessLookupError:
            pass
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        break
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    if child in children:
        children.remove(child)


def processes(name):
    """The processes of that name, as this namespace numbers them."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as stat:
                line = stat.read()
        except OSError:
            continue
        if line.split("(", 1)[1].rsplit(")", 1)[0] == name and line.rsplit(")", 1)[1].split()[0] != "Z":
            found.append(int(pid))
    return found


# ---- the server ----------------------------------------------------------------

class Server:
    """dnsd, started by us."""

    def __init__(self):
        self.child = None

    def start(self):
        self.child = start(RUN + "/dnsd", MEMORY, log="dnsd")
        return self.child.pid

    def killed(self):
        self.child.wait()
        children.remove(self.child)

    def stop(self):
        if self.child and self.child.poll() is None:
            end(self.child, signal.SIGKILL)


# ---- the peers -----------------------------------------------------------------

class Peer:
    """Somebody who takes the address away. Over "period" seconds its polls are
    spread, so that kills have to be, too."""

    period = 1

    def __init__(self, tool, setting):
        self.tool, self.setting = tool, setting
        self.server = Server()
        self.child = None

    def start(self):
        """With the server running."""
        raise NotImplementedError

    def stop(self):
        if self.child:
            end(self.child)

    def log(self):
        return "%s-%s" % (self.tool, self.setting)


class Floor(Peer):
    """The least that there can be: the stopwatch removes the address instead of
    killing anybody, with one prepared request."""

    def start(self):
        run("ip", "addr", "add", ADDRESS + "/32", "dev", "lo")


class Anygate(Peer):
    def start(self):
        run("insmod", MODULE)
        run(CTL, "apply", "%s/anygate/%s.conf" % (HERE, self.setting))

    def stop(self):
        run(CTL, "flush", check=False)
        run("rmmod", "anygate", check=False)


class Udpwatch(Peer):
    def start(self):
        way = self.tool.split("-")[1]
        fast = ("-r", "50") if self.setting == "fast" else ()
        self.child = start(RUN + "/udpwatch", *fast, way, ADDRESS, "53", log=self.log())


class Keepalived(Peer):
    def start(self):
        conf = "%s/keepalived/%s-%s.conf" % (HERE, self.tool.split("-")[1], self.setting)
        self.child = start("keepalived", "--dont-fork", "--log-console", "--vrrp",
                           "--use-file", conf, "--pid", RUN + "/keepalived.pid",
                           "--vrrp_pid", RUN + "/keepalived-vrrp.pid", log=self.log())


class Exabgp(Peer):
    def __init__(self, tool, setting):
        super().__init__(tool, setting)
        self.period = 5 if setting == "default" else 0.5

    def start(self):
        self.child = start("/usr/bin/python3", "-m", "exabgp", "healthcheck", "--config",
                           "%s/exabgp/%s.conf" % (HERE, self.setting), log=self.log())


class DigLoop(Peer):
    def start(self):
        self.child = start(HERE + "/dig-loop/check", "1" if self.setting == "default" else "0.1",
                           log=self.log())


class Systemd(Peer):
    """The server is systemd's child, in systemd's pid namespace."""

    def __init__(self, tool, setting):
        super().__init__(tool, setting)
        self.server = self
        self.started = None
        self.init = 0

    def systemctl(self, *words, check=True):
        return run("nsenter", "-t", str(self.init), "-m", "-p", "systemctl", *words, check=check)

    def up(self):
        """Wait for systemd; start it the first time."""
        if self.child:
            return
        units = RUN + "/units"
        shutil.rmtree(units, ignore_errors=True)
        os.makedirs(units)
        shutil.copy(HERE + "/systemd/bench.target", units)
        with open("%s/systemd/%s.service" % (HERE, self.setting)) as unit, \
                open(units + "/dnsd.service", "w") as out:
            out.write(unit.read().replace(RUN + "/dnsd\n", RUN + "/dnsd %s\n" % MEMORY))
        self.child = start(HERE + "/systemd/boot", units, log=self.log())

        def booted():
            inits = [p for p in processes("systemd")
                     if open("/proc/%d/stat" % p).read().rsplit(")", 1)[1].split()[1]
                     == str(self.child.pid)]
            self.init = inits[0] if inits else 0
            return self.init and "bench.target" in self.systemctl(
                "list-units", "--state=active", "--plain", "--no-legend", check=False)

        until(booted, "systemd")

    def start(self):
        # As a server it is started, and as a peer.
        self.up()
        if not processes("dnsd"):
            self.systemctl("start", "dnsd.service")
        return processes("dnsd")[0]

    def killed(self):
        until(lambda: "failed" in self.systemctl("is-failed", "dnsd.service", check=False),
              "systemd to have seen it")

    def stop(self):
        if self.init:
            # unshare takes its child along, and process 1 all others.
            os.kill(self.init, signal.SIGKILL)
            until(lambda: not processes("dnsd"), "the server's end")
            self.init = 0
        if self.child:
            end(self.child, signal.SIGKILL)
            self.child = None


PEERS = [(kind, tool, setting) for kind, tool, settings in (
    (Floor, "floor", ("request",)),
    (Anygate, "anygate", ("default", "up0", "fatal")),
    (Udpwatch, "udpwatch-sockdiag", ("default", "fast")),
    (Udpwatch, "udpwatch-proc", ("default", "fast")),
    (Udpwatch, "udpwatch-pidfd", ("default", "fast")),
    (Keepalived, "keepalived-process", ("default", "fast")),
    (Keepalived, "keepalived-script", ("default", "fast")),
    (Systemd, "systemd", ("default", "fast")),
    (Exabgp, "exabgp", ("default", "fast")),
    (DigLoop, "dig-loop", ("default", "fast")),
) for setting in settings]


# ---- the machine ---------------------------------------------------------------

def bring_near():
    """What peers start again and again, and the libraries it wants, are opened on a
    file system of the host's here, which is far slower than a node's own. Whoever
    touches a file has a copy of it made in memory, where the guest's root has its
    changes."""
    for program in ("sh", "sleep", "ip", "dig", "busybox"):
        path = os.path.realpath(shutil.which(program))
        files = [word for word in run("ldd", path, check=False).split() if word.startswith("/")]
        for file in [path] + files:
            os.utime(os.path.realpath(file))


def header():
    """What it was measured on and with."""
    cpu = open("/proc/cpuinfo").read()
    accel = "TCG" if "QEMU TCG" in cpu else "KVM" if " hypervisor" in cpu else "none"
    versions = run("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n",
                   "bird2", "frr", "keepalived", "python3-exabgp", "systemd", "bind9-dnsutils",
                   "iproute2", "busybox-static", check=False)
    yield "kernel " + os.uname().release
    yield "accelerator %s, %d processors, QEMU %s" % (
        accel, os.cpu_count(), os.environ.get("QEMU_VERSION") or "unknown")
    yield "server dnsd, %s MiB" % MEMORY
    yield "date " + time.strftime("%Y-%m-%d")
    yield "versions anygate %s, %s" % (os.environ.get("COMMIT") or "unknown", ", ".join(
        " ".join(line.split()[:2]) for line in versions.splitlines() if line.endswith(" installed")))


def chosen(words):
    """The peers that PEERS names."""
    def wanted(tool, setting):
        return not words or any(w in (tool, "%s:%s" % (tool, setting), tool.split("-")[0])
                                for w in words)

    peers = [p for p in PEERS if wanted(p[1], p[2])]
    for w in words:
        if not any(w in (t, "%s:%s" % (t, s), t.split("-")[0]) for _, t, s in PEERS):
            raise Failed("no such peer: %s; there are: %s" % (
                w, " ".join("%s:%s" % p[1:] for p in PEERS)))
    return peers
