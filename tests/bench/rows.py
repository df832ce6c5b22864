# SPDX-License-Identifier: GPL-2.0-only
"""The rows of the bench: how each is set up in the lab, where its packets go in and come out, and how
one is measured."""
import json
import os
import re
import subprocess
import time

import figures
from machine import BUILD, MIN_OBJ, NAT, ROOT, Engine, Failed, busy_ns, idle_clock, prog_maps, run, settle

RULE = "udp/31765=%s:8081" % NAT
ALLOWLIST = os.path.join(ROOT, "share/allowlist.json")
LISTED = "192.0.2.0/27"  # of that list
XDP = {"generic": "xdpgeneric", "native": "xdpdrv"}  # ip's words
MIB = 1 << 20
with open(os.path.join(ROOT, "injector/xtx.h")) as header:
    CHUNK, CHUNKS = (int(n) for n in re.findall(r"#define XTX_CHUNKS?\s+(\d+)u", header.read()))
WARM_RATE = 20000
EVEN = ("--spin",)  # without, the generator sleeps meanwhile: bursts of ten, each at a CPU that has gone to sleep, too
UMEM_BYTES = CHUNK * CHUNKS  # of a worker with egress xdp


class Way:
    """One way from the generator to the sink. up() makes it, down() takes it away again."""
    send = ("src", "src0")
    options = ("--src", LISTED)
    latency = True

    def __init__(self, lab):
        self.lab = lab

    def up(self):
        pass

    def down(self):
        pass

    def arrived(self):
        """Every packet that went in and did not get lost is in here, once."""
        return self.lab.arrived()


class Ours(Way):
    egress = "packet"
    engine = None

    def arguments(self):
        return ["-n", RULE, "-a", ALLOWLIST]

    def up(self):
        self.engine = Engine(self.lab, "--mode", self.lab.mode, "--egress", self.egress, *self.arguments())
        stats = self.engine.ctl("stats")
        got = (stats["mode"], stats["egress_method"])
        if got != (self.lab.mode, self.egress):
            self.down()
            raise Failed("asked for %s mode and egress %s, got %s, %s" % ((self.lab.mode, self.egress) + got))

    def down(self):
        if self.engine:
            self.engine.stop()
        self.engine = None

    def calls(self):
        """(packets sent, system calls for them), of all workers."""
        workers = self.engine.ctl("workers")
        return sum(w["sent"] for w in workers), sum(w["syscalls"] for w in workers)

    def entry_to_send_us(self):
        """From XDP's entry to the send, of all since the start, by the program itself; redirect has none."""
        total = self.engine.ctl("latency")["total"]
        return {k: round(total[k + "_ns"] / 1000, 1) for k in ("p50", "p99", "p999")} if total["count"] else None

    def memory_mb(self):
        """What is resident, and what of it is for packets. A ring is mapped twice."""
        rings = sum(r["size"] for r in self.engine.ctl("rings"))
        return {"rss": self.engine.rss_mb(), "rings": rings / MIB,
                "umems": len(self.engine.ctl("workers")) * UMEM_BYTES / MIB if self.egress == "xdp" else 0}


class OursXdp(Ours):
    egress = "xdp"


class OursRedirect(Ours):
    egress = "redirect"


class Kernel(Way):
    how = ("dnat",)
    script = os.path.join(ROOT, "tests/bench/kernel.sh")

    def up(self):
        run(self.script, "up", self.lab.ns("tgt"), *self.how)

    def down(self):
        run(self.script, "down", self.lab.ns("tgt"))


class KernelNotrack(Kernel):
    how = ("notrack",)


class KernelSteered(Kernel):
    how = ("dnat", "steer")

    def up(self):
        # What is steered waits for its CPU in a queue that holds 1,000 packets by default: 1 to 3 ms.
        self.lab.set_machine("/proc/sys/net/core/netdev_max_backlog", "30000")
        super().up()

    def down(self):
        self.lab.restore()
        super().down()


class KernelNotrackSteered(KernelSteered):
    how = ("notrack", "steer")


class XdpDrop(Way):
    """Programs that take frames in several buffers, as ours has to: without, the kernel prepares a frame otherwise
    (generic mode), or has no place for the program (9,001 bytes in native mode)."""
    program = "min_drop"
    latency = False

    def up(self):
        self.lab.ip("tgt", "link", "set", "ens5", XDP[self.lab.mode], "obj", MIN_OBJ, "program",
                    self.program)

    def down(self):
        self.lab.ip("tgt", "link", "set", "ens5", XDP[self.lab.mode], "off")

    def arrived(self):
        return self.lab.received("tgt", "ens5")


class MinRedirect(XdpDrop):
    program = "min_redirect"
    latency = True
    arrived = Way.arrived

    def up(self):
        super().up()
        lab = self.lab
        link = json.loads(lab.ip("tgt", "-j", "link", "show", "dev", "ens5"))[0]
        lab.exec("tgt", "bpftool", "map", "update", "id", prog_maps(link["xdp"]["prog"]["id"])[0], "key", "0", "0", "0",
                 "0", "value", "6", "0", "0", "0")


class MinRing(Way):
    """With egress xdp."""
    child = None

    def up(self):
        self.log = os.path.join(self.lab.dir, "log")
        with open(self.log, "w") as log:
            self.child = self.lab.start("tgt", BUILD + "/min_ring", BUILD + "/min_ring.bpf.o", self.lab.mode, "ens5",
                                        "ens6", stdout=subprocess.PIPE, stderr=log)
        if self.child.stdout.readline().strip() != "ready":
            self.down()

    def down(self):
        """Raises what the child said if it has failed, at its start or at its end."""
        self.child.terminate()
        try:
            self.child.communicate(timeout=10)
        finally:
            self.child.kill()
            self.child.wait()
            self.lab.children.remove(self.child)
        if self.child.returncode:
            with open(self.log) as log:
                raise Failed("".join(log.readlines()[-1:]).strip() or "min_ring ended by %d" % self.child.returncode)


class RawXdp(Way):
    send = ("tgt", "ens6")
    via = "xdp"

    def __init__(self, lab):
        super().__init__(lab)
        self.options = ("--plain", "--src", LISTED, "--dst", NAT, "--dport", "8081", "--via", self.via)


class RawPacket(RawXdp):
    via = "packet"


class RawStopped(RawPacket):
    """Up to the egress device and no further: what the sink costs is the difference."""

    def up(self):
        self.lab.exec("tgt", "tc", "qdisc", "add", "dev", "ens6", "clsact")
        self.lab.exec("tgt", "tc", "filter", "add", "dev", "ens6", "egress", "bpf", "da", "obj", MIN_OBJ,
                      "sec", "tc.stop")

    def down(self):
        self.lab.exec("tgt", "tc", "qdisc", "del", "dev", "ens6", "clsact")


WAYS = {"ring+xdp": OursXdp, "ring+packet": Ours, "redirect": OursRedirect, "kernel": Kernel,
        "kernel+rps": KernelSteered, "kernel_notrack": KernelNotrack,
        "kernel_notrack+rps": KernelNotrackSteered, "min_redirect": MinRedirect, "min_ring": MinRing, "xdp_drop": XdpDrop,
        "raw_xdp": RawXdp, "raw_sendmmsg": RawPacket}


class Probe:
    """Measures one way with one shape of packets."""

    def __init__(self, way, frame, flows, seconds, tolerance):
        self.way, self.seconds, self.tolerance = way, seconds, tolerance
        self.options = way.options + ("--size", str(frame), "--flows", str(flows))
        self.peak = 0
        self.held = None  # what was really sent in the last probe without loss

    def shoot(self, rate, seconds):
        """(sent, arrived, seconds), to the packet."""
        way, before = self.way, self.way.arrived()
        sent = way.lab.generate(*way.send, rate, seconds, *self.options)
        got = settle(lambda: way.arrived() - before, sent["sent"])
        if got > sent["sent"]:
            raise Failed("%d sent, %d arrived: something else sends here" % (sent["sent"], got))
        self.peak = max(self.peak, got / sent["seconds"])
        # What the sender's own device refused is lost too, as a NIC would have lost it.
        return sent["sent"] + sent["errors"], got, sent["seconds"]

    def try_rate(self, rate, seconds):
        """"ok", "no", or why it does not count: "short", nothing was lost, but the machine did not send so much;
        "close", a hiccup of the machine may have lost the few that are missing."""
        sent, got, took = self.shoot(rate, seconds)
        if got == sent and sent / took > 0.98 * rate:
            self.held = sent / took
            return "ok"
        if got > 0.999 * sent and sent / took > 0.9 * rate:
            return "short" if got == sent else "close"
        return "no"

    def passes(self, rate, seconds=None, short=2, close=1):
        """So often may a probe not count."""
        left = {"short": short, "close": close}
        result = self.try_rate(rate, seconds or self.seconds)
        while left.get(result):
            left[result] -= 1
            result = self.try_rate(rate, seconds or self.seconds)
        return result == "ok"

    def holds(self, rate):
        return self.passes(rate, 5 * self.seconds, close=0)

    def ndr(self, guess=None, confirm=True):
        self.shoot(0, self.seconds)
        holds = self.holds if confirm else lambda rate: True
        rate = figures.ndr(self.passes, holds, 1.05 * self.peak, guess, self.tolerance)
        return rate and self.held

    def busy(self, rate, seconds):
        """ns a packet that the whole machine is busy for; None when the rate is not to be had."""
        way, before = self.way, idle_clock()
        sent = way.lab.generate(*way.send, rate, seconds, *self.options)
        busy = busy_ns(before, idle_clock())
        return round(busy / sent["sent"], 1) if sent["sent"] / sent["seconds"] > 0.98 * rate else None

    def spent(self, rate, seconds):
        """What the rate takes, of ours: time, and system calls for a packet."""
        sent, calls = self.way.calls()
        busy = self.busy(rate, seconds)
        sent, calls = (b - a for a, b in zip((sent, calls), self.way.calls()))
        return {"busy_ns": busy, "syscalls_per_pkt": round(calls / sent, 4) if sent else None}

    def latency(self):
        way = self.way
        sink = way.lab.sink(1.5 * self.seconds + 5)
        way.lab.generate(*way.send, figures.RATE, 1.5 * self.seconds, *EVEN, *self.options)
        out, err = sink.communicate()
        way.lab.children.remove(sink)
        got = json.loads(out)
        if not got["packets"] or got["unexpected"] or got["bad_mac"] or got["bad_ip_sum"] or \
                got["bad_l4_sum"]:
            raise Failed("wrong packets arrive: %s %s" % (out.strip(), err.strip()))
        return {k: got["lat_us"][k] for k in ("p50", "p99", "p999")}

    def found(self, guess):
        """Latency, and the search for the rate."""
        lat = self.latency() if self.way.latency else None
        ndr = figures.whole(self.ndr(guess))
        return {"ndr_pps": ndr, "peak_pps": figures.whole(self.peak), "lat_us": lat}

    def sample(self, guess):
        """One run of a row."""
        return dict({"busy_ns": self.busy(figures.RATE, 2 * self.seconds)}, **self.found(guess))


class OursProbe(Probe):
    def warm(self):
        """Once around the ring, so slowly that no packet waits for the fault of another's page: of the
        figures that follow, the first touch of 16 MB is no part."""
        self.way.lab.generate(*self.way.send, WARM_RATE, 0.6, *self.way.options, "--size", "1590")

    def idle_percent(self):
        """Of one core, without traffic, once the start is over."""
        time.sleep(self.seconds)
        engine, start = self.way.engine, time.monotonic()
        before = engine.cpu_ns()
        time.sleep(5 * self.seconds)
        return round((engine.cpu_ns() - before) / (time.monotonic() - start) / 1e7, 2)

    def own_latency(self):
        """The engine is fresh: what it says of its latency is of packets at that rate, but for the warming
        (one in fifteen). With what its threads take of a core meanwhile."""
        way, seconds = self.way, 2 * self.seconds
        self.warm()
        before = way.engine.cpu_ns()
        way.lab.generate(*way.send, figures.RATE, seconds, *EVEN, *self.options)
        return {"engine_percent": round((way.engine.cpu_ns() - before) / seconds / 1e7, 1),
                "entry_to_send_us": way.entry_to_send_us()}

    def sample(self, guess):
        """Idle is idle: one run is enough."""
        way, idle = self.way, None if guess else self.idle_percent()
        out = dict(self.own_latency(), idle_percent=idle)
        at = self.spent(figures.RATE, 2 * self.seconds)
        out.update(busy_ns=at["busy_ns"], syscalls_per_pkt=at["syscalls_per_pkt"])
        out.update(self.found(guess))
        out["ndr"] = out["ndr_pps"] and self.spent(out["ndr_pps"], self.seconds)
        out["memory_mb"] = way.memory_mb()
        return out


def base(lab, rate, frame, flows, seconds):
    """What is no row's own, in ns a packet at a rate: the generator with the drop on the ingress, and the
    sink. None where they do not do the rate."""
    def busy(kind):
        way = kind(lab)
        way.up()
        try:
            return Probe(way, frame, flows, seconds, None).busy(rate, seconds)
        finally:
            way.down()
    drop, sent, stopped = busy(XdpDrop), busy(RawPacket), busy(RawStopped)
    return {"drop": drop, "sink": None if None in (sent, stopped) else round(sent - stopped, 1)}
