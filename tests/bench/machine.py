# SPDX-License-Identifier: GPL-2.0-only
"""All that the bench does to the machine: the lab, the generator, the counters, what the CPUs spend.
Whatever is left in any way, Lab.down() leaves nothing behind."""
import json
import os
import re
import signal
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD") or "build"))
LAB_SH = os.path.join(ROOT, "tests/lab/lab.sh")
MIN_OBJ = os.path.join(BUILD, "min.bpf.o")
NAT = "172.30.82.95"
# The generator, and with it the ingress's soft interrupts, have the last CPU: vxconsole gives its workers
# the first ones, as a veth has no interrupts that would tell it otherwise.
SEND_CPU = str(max(os.sched_getaffinity(0)))
SETTLE_S = 0.1  # counters that stood still for so long have all that was on its way


class Failed(Exception):
    """Something that had to work did not; the text says what and why."""


def run(*args, check=True):
    p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if check and p.returncode:
        raise Failed("%s: %s" % (" ".join(args), (p.stderr or p.stdout).strip()[-300:]))
    return p.stdout


def prog_maps(prog):
    """The ids of the maps that a program uses."""
    return [str(i) for i in json.loads(run("bpftool", "-j", "prog", "show", "id", str(prog)))["map_ids"]]


def idle_clock():
    """[(now ns, idle ns)] of each CPU. A CPU is visited to be read, so that it is not idle meanwhile and
    its figure is whole; timer_list has it in ns, /proc/stat (where there is no such list) in ticks."""
    cpus, out = sorted(os.sched_getaffinity(0)), []
    try:
        for cpu in cpus:
            os.sched_setaffinity(0, {cpu})
            try:
                with open("/proc/timer_list") as f:
                    text = f.read()
                mine = text.split("\ncpu: %d\n" % cpu, 1)[1].split("\ncpu: ", 1)[0]
                out.append((int(re.search(r"now at (\d+)", text).group(1)),
                            sum(int(n) for n in re.findall(r"\.(?:idle|iowait)_sleeptime *: (\d+)", mine))))
            except (OSError, IndexError, AttributeError):
                with open("/proc/stat") as f:
                    words = re.search(r"^cpu%d (.*)$" % cpu, f.read(), re.M).group(1).split()
                out.append((time.clock_gettime_ns(time.CLOCK_MONOTONIC),
                            (int(words[3]) + int(words[4])) * 10000000))
    finally:
        os.sched_setaffinity(0, set(cpus))
    return out


def busy_ns(before, after):
    """Of all CPUs together: everything but idle, kernel and user, interrupts and soft interrupts."""
    return sum((t1 - t0) - (i1 - i0) for (t0, i0), (t1, i1) in zip(before, after))


def stolen():
    """(ticks that the host took from this machine, all ticks)."""
    with open("/proc/stat") as f:
        words = [int(w) for w in f.readline().split()[1:9]]
    return words[7], sum(words)


def floor():
    """What a sleep and a wake-up take and how long a CPU is away, by bench_floor."""
    return json.loads(run(BUILD + "/bench_floor"))


class Lab:
    def __init__(self, mode):
        self.mode = mode  # of all XDP programs: generic or native
        self.prefix = "vb%d" % os.getpid()
        self.children = []
        self.dir = tempfile.mkdtemp(prefix="vx-bench.")
        self.is_up = False
        self.found = {}  # settings of the whole machine, as they were

    def ns(self, end):
        return "%s-%s" % (self.prefix, end)

    def up(self):
        self.is_up = True
        # As many queues as CPUs: each more is a system call more for a batch of the generator.
        run(LAB_SH, "up", self.prefix, "--gro", "--queues", str(os.cpu_count()))
        # Programs that know no fragmented frames can be attached to a veth up to this.
        for end, dev in (("src", "src0"), ("tgt", "ens5"), ("tgt", "ens6"), ("dst", "dst0")):
            self.ip(end, "link", "set", dev, "mtu", "3000")
        self.exec("dst", "tc", "qdisc", "add", "dev", "dst0", "clsact")
        self.exec("dst", "tc", "filter", "add", "dev", "dst0", "ingress", "bpf", "da", "obj", MIN_OBJ,
                  "sec", "tc.sink")
        rules = json.loads(self.exec("dst", "tc", "-j", "filter", "show", "dev", "dst0", "ingress"))
        prog = next(r["options"]["prog"]["id"] for r in rules if "prog" in r.get("options", {}))
        self.sink_map = prog_maps(prog)[0]

    def down(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        self.restore()
        if self.is_up:
            run(LAB_SH, "down", self.prefix, check=False)
        for name in os.listdir(self.dir):
            os.unlink(os.path.join(self.dir, name))
        os.rmdir(self.dir)

    def set_machine(self, path, value):
        """A setting that no namespace has for itself; restore() puts back what was there."""
        with open(path) as f:
            self.found.setdefault(path, f.read())
        with open(path, "w") as f:
            f.write(value)

    def restore(self):
        for path, value in self.found.items():
            with open(path, "w") as f:
                f.write(value)
        self.found = {}

    def ip(self, end, *args):
        return run("ip", "-n", self.ns(end), *args)

    def exec(self, end, *args):
        return run("ip", "netns", "exec", self.ns(end), *args)

    def start(self, end, *args, **kw):
        child = subprocess.Popen(("ip", "netns", "exec", self.ns(end)) + args, text=True, **kw)
        self.children.append(child)
        return child

    def arrived(self):
        """Packets that the sink has taken in."""
        rows = json.loads(run("bpftool", "-j", "map", "dump", "id", self.sink_map))
        return sum(v["value"] for v in rows[0]["formatted"]["values"])

    def received(self, end, dev):
        """Packets that the device has taken in."""
        rx = json.loads(self.ip(end, "-s", "-j", "link", "show", "dev", dev))[0]["stats64"]["rx"]
        return rx["packets"]

    def generate(self, end, dev, rate, seconds, *options):
        """vxgen's report."""
        p = self.start(end, "taskset", "-c", SEND_CPU, BUILD + "/vxgen", "send", dev, "--json", "--rate",
                       str(int(rate)), "--seconds", "%g" % seconds, *options,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = p.communicate(timeout=seconds + 20)
        finally:
            p.kill()
            p.wait()
            self.children.remove(p)
        if not out:
            raise Failed("vxgen: " + err.strip())
        return json.loads(out)

    def sink(self, seconds):
        """Starts vxgen's sink, which verifies what arrives; returns the process once it sees packets."""
        p = self.start("dst", BUILD + "/vxgen", "sink", "dst0", "--json", "--seconds", "%g" % seconds,
                       "--idle", "0.3", "--expect-dst", NAT + ":8081", stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
        if p.stderr.readline().strip() != "ready":
            raise Failed("the sink does not start")
        return p


def settle(read, want, limit=2.0):
    """Reads until the figure is what is wanted, or stands still."""
    end, last, since = time.monotonic() + limit, read(), time.monotonic()
    while last != want and time.monotonic() < end and time.monotonic() - since < SETTLE_S:
        time.sleep(0.01)
        now = read()
        if now != last:
            last, since = now, time.monotonic()
    return last


class Engine:
    """A vxconsole in the lab's target, and what it says of itself."""

    def __init__(self, lab, *options):
        self.lab, self.socket = lab, os.path.join(lab.dir, "s")
        log = os.path.join(lab.dir, "log")
        with open(log, "w") as f:
            self.process = lab.start("tgt", BUILD + "/vxconsole", "--headless", "--socket", self.socket,
                                     "--interval", "60", *options, "ens5", "ens6",
                                     stdout=subprocess.DEVNULL, stderr=f)
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            with open(log) as f:
                if re.search(r"^ready:", f.read(), re.M):
                    return
            time.sleep(0.02)
        with open(log) as f:
            why = f.read().strip().splitlines() or ["not ready after 60 s"]
        self.stop()
        raise Failed(re.sub(r"^\S+ error: ", "", why[-1]))

    def ctl(self, *command):
        return json.loads(run(BUILD + "/vxconsole", "ctl", "--json", "-s", self.socket, *command))

    def rss_mb(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            return round(int(re.search(r"VmRSS:\s*(\d+)", f.read()).group(1)) / 1024, 1)

    def cpu_ns(self):
        """Time that all its threads together were on a CPU."""
        return time.clock_gettime_ns(~self.process.pid << 3 | 2)  # what clock_getcpuclockid(3) gives

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
            self.lab.children.remove(self.process)
