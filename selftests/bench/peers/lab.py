# SPDX-License-Identifier: GPL-2.0
"""What measure and anycast share: processes, the server, and the peers."""
import os
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
MODULE = os.environ.get("ANYGATE_KO") or TOP + "/kmod/anygate.ko"
CTL = TOP + "/helper/anygatectl"
RUN = "/run/bench"
ADDRESS = "192.0.2.53"

# Mebibytes that the server has in use, which the kernel has to free when it dies.
MEMORY = os.environ.get("MEMORY") or "0"

# What is killed: the command, and the name that the kernel has for the process.
SERVERS = {
    "dnsd": ((RUN + "/dnsd", MEMORY), "dnsd"),
    "nsd": (("/usr/sbin/nsd", "-d", "-c", RUN + "/nsd.conf"), "nsd: main"),
}
SERVER = os.environ.get("SERVER") or "dnsd"

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


def start(*command, log, env=None, keep=()):
    """Start a program that stays, in a process group of its own; "keep" are descriptors
    that it has, too."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                             stdout=open("%s/%s.log" % (RUN, log), "a"), pass_fds=keep,
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


def stat(pid):
    """Name, state and parent of a process; or None."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            name, rest = file.read().split("(", 1)[1].rsplit(")", 1)
    except OSError:
        return None
    return name, rest.split()[0], int(rest.split()[1])


def processes(name):
    """The processes of that name, as this namespace numbers them."""
    found = ((int(pid), stat(int(pid))) for pid in os.listdir("/proc") if pid.isdigit())
    return [pid for pid, what in found if what and what[0] == name and what[1] != "Z"]


def parent(pid):
    what = stat(pid)
    return what[2] if what else 0


# ---- the server ----------------------------------------------------------------

class Server:
    """Started by us. What is killed is its process group: NSD is three processes,
    each of which holds the sockets."""

    def __init__(self, fifo=""):
        self.child = None
        self.fifo = fifo
        if fifo and not os.path.exists(fifo):
            os.mkfifo(fifo)

    def start(self):
        # It alone has it open for writing: its end is the pipe's.
        keep = (os.open(self.fifo, os.O_RDWR),) if self.fifo else ()
        self.child = start(*SERVERS[SERVER][0], log="server", keep=keep)
        for fd in keep:
            os.close(fd)
        return -self.child.pid

    def killed(self):
        self.child.wait()
        children.remove(self.child)

    def stop(self):
        if self.child and self.child.poll() is None:
            end(self.child, signal.SIGKILL)


def configuration(peer, path):
    """A copy of a peer's file; the server may be another."""
    command, name = SERVERS[SERVER]
    copy = "%s/%s" % (RUN, peer.log())
    with open(path) as file, open(copy, "w") as out:
        out.write(file.read().replace("ExecStart=/run/bench/dnsd\n",
                                      "ExecStart=%s\n" % " ".join(command))
                  .replace("\tprocess dnsd\n", '\tprocess "%s"\n' % name))
    return copy


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
    """The least that there can be. "request": the stopwatch removes the address
    instead of killing anybody, with one prepared request. "exit": it kills the
    server, and sends that request when a pipe that it held is at its end."""

    def __init__(self, tool, setting):
        super().__init__(tool, setting)
        if setting == "exit":
            self.server = Server(RUN + "/alive")

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
        conf = configuration(self, "%s/keepalived/%s-%s.conf" % (
            HERE, self.tool.split("-")[1], self.setting))
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

    def main(self):
        """The server, which is a session leader here, too; or 0."""
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            what = stat(pid)
            # Which of NSD's processes the first one is, it says in its name.
            if what and what[0].startswith(SERVER) and what[1] != "Z" and what[2] == self.init:
                return pid
        return 0

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
        os.rename(configuration(self, "%s/systemd/%s.service" % (HERE, self.setting)),
                  units + "/dnsd.service")
        self.child = start(HERE + "/systemd/boot", units, log=self.log())

        def booted():
            self.init = next((p for p in processes("systemd")
                              if parent(p) == self.child.pid), 0)
            return self.init and "bench.target" in self.systemctl(
                "list-units", "--state=active", "--plain", "--no-legend", check=False)

        until(booted, "systemd")

    def start(self):
        # As a server it is started, and as a peer.
        self.up()
        if not self.main():
            self.systemctl("start", "dnsd.service")
            until(self.main, "the server")
        return -self.main()

    def killed(self):
        until(lambda: "failed" in self.systemctl("is-failed", "dnsd.service", check=False),
              "systemd to have seen it")

    def stop(self):
        if self.init:
            # unshare takes its child along, and process 1 all others.
            os.kill(self.init, signal.SIGKILL)
            until(lambda: not self.main(), "the server's end")
            self.init = 0
        if self.child:
            end(self.child, signal.SIGKILL)
            self.child = None


PEERS = [(kind, tool, setting) for kind, tool, settings in (
    (Floor, "floor", ("request", "exit")),
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

def prepare(*programs):
    """A directory for all that is run here, and the machine's consent."""
    if not os.environ.get("ANYGATE_VM") and not os.environ.get("THIS_MACHINE"):
        sys.exit("it takes this machine's network for its own; if that is all right: THIS_MACHINE=y")
    if SERVER not in SERVERS:
        sys.exit("no such server: " + SERVER)
    shutil.rmtree(RUN, ignore_errors=True)
    os.makedirs(RUN)
    os.chmod(RUN, 0o755)
    for program in programs:
        shutil.copy(HERE + "/" + program, RUN)
    shutil.copy(HERE + "/nsd.conf", RUN)
    shutil.copy(TOP + "/selftests/demo/example.zone", RUN)
    if os.environ.get("ANYGATE_VM"):
        bring_near()


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
    qemu = os.environ.get("QEMU_VERSION") or ""
    if accel == "TCG":
        # As selftests/vm/run has it: before 8.1 one thread is all of them in turn.
        multi = os.environ.get("ACCEL") == "tcg-multi" or \
            [int(n) for n in qemu.split(".") if n] >= [8, 1]
        accel += " (a thread each)" if multi else " (taking turns)"
    versions = run("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n",
                   "bird2", "frr", "keepalived", "python3-exabgp", "systemd", "bind9-dnsutils",
                   "iproute2", "busybox-static", "nsd", check=False)
    yield "kernel " + os.uname().release
    yield "accelerator %s, %d processors, QEMU %s" % (
        accel, os.cpu_count(), qemu or "unknown")
    yield "server " + (SERVER if SERVER != "dnsd" else "dnsd, %s MiB" % MEMORY)
    yield "date " + time.strftime("%Y-%m-%d")
    yield "versions anygate %s, %s" % (os.environ.get("COMMIT") or "unknown", ", ".join(
        " ".join(line.split()[:2]) for line in versions.splitlines() if line.endswith(" installed")))


def chosen(words):
    """The peers that PEERS names, each by its name, by the part of it before the
    hyphen, and with or without a setting."""
    def names(tool, setting):
        short = tool.split("-")[0]
        return tool, short, tool + ":" + setting, short + ":" + setting

    for word in words:
        if not any(word in names(tool, setting) for _, tool, setting in PEERS):
            raise Failed("no such peer: %s; there are: %s" % (
                word, " ".join("%s:%s" % p[1:] for p in PEERS)))
    return [p for p in PEERS if not words or any(w in names(p[1], p[2]) for w in words)]
