# SPDX-License-Identifier: GPL-2.0-only
"""The rows of the bench: how each is set up in the lab, where its packets go in and come out, and how
one is measured."""
import json
import os

import figures
from machine import MIN_OBJ, NAT, ROOT, Engine, Failed, busy_ns, idle_clock, prog_maps, run, settle

RULE = "udp/31765=%s:8081" % NAT
ALLOWLIST = os.path.join(ROOT, "share/allowlist.json")
LISTED = "192.0.2.0/27"  # of that list
LAT_RATE = 85000
CPU_RATE = 150000        # below what any row does without loss


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

    def rss_mb(self):
        return None


class Ours(Way):
    egress = "packet"
    engine = None

    def arguments(self):
        return ["-n", RULE, "-a", ALLOWLIST]

    def up(self):
        self.engine = Engine(self.lab, "--egress", self.egress, *self.arguments())
        method = self.engine.ctl("stats")["egress_method"]
        if method != self.egress:
            self.down()
            raise Failed("asked for egress %s, got %s" % (self.egress, method))

    def down(self):
        if self.engine:
            self.engine.stop()
        self.engine = None

    def rss_mb(self):
        return self.engine.rss_mb()


class OursXdp(Ours):
    egress = "xdp"


class OursRedirect(Ours):
    egress = "redirect"


class Kernel(Way):
    steer = ()
    script = os.path.join(ROOT, "tests/bench/kernel.sh")

    def up(self):
        run(self.script, "up", self.lab.ns("tgt"), *self.steer)

    def down(self):
        run(self.script, "down", self.lab.ns("tgt"))


class KernelSteered(Kernel):
    steer = ("steer",)

    def up(self):
        # What is steered waits for its CPU in a queue that holds 1,000 packets by default: 1 to 3 ms.
        self.lab.set_machine("/proc/sys/net/core/netdev_max_backlog", "30000")
        super().up()

    def down(self):
        self.lab.restore()
        super().down()


class XdpDrop(Way):
    section = "xdp.drop"
    latency = False

    def up(self):
        self.lab.ip("tgt", "link", "set", "ens5", "xdpdrv", "obj", MIN_OBJ, "sec", self.section)

    def down(self):
        self.lab.ip("tgt", "link", "set", "ens5", "xdpdrv", "off")

    def arrived(self):
        return self.lab.received("tgt", "ens5")


class MinRedirect(XdpDrop):
    section = "xdp.redirect"
    latency = True
    arrived = Way.arrived

    def up(self):
        super().up()
        lab = self.lab
        link = json.loads(lab.ip("tgt", "-j", "link", "show", "dev", "ens5"))[0]
        lab.exec("tgt", "bpftool", "map", "update", "id", prog_maps(link["xdp"]["prog"]["id"])[0], "key", "0", "0", "0",
                 "0", "value", "6", "0", "0", "0")


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

    def busy_ns(self, frame, flows, seconds):
        before = idle_clock()
        sent = self.lab.generate(*self.send, CPU_RATE, 2 * seconds, *self.options, "--size", str(frame),
                                 "--flows", str(flows))
        return busy_ns(before, idle_clock()) / sent["sent"]

    def up(self):
        self.lab.exec("tgt", "tc", "qdisc", "add", "dev", "ens6", "clsact")
        self.lab.exec("tgt", "tc", "filter", "add", "dev", "ens6", "egress", "bpf", "da", "obj", MIN_OBJ,
                      "sec", "tc.stop")

    def down(self):
        self.lab.exec("tgt", "tc", "qdisc", "del", "dev", "ens6", "clsact")


WAYS = {"ring+xdp": OursXdp, "ring+packet": Ours, "redirect": OursRedirect, "kernel": Kernel,
        "kernel+rps": KernelSteered, "min_redirect": MinRedirect, "xdp_drop": XdpDrop,
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
        """"ok", "no", or "again" when it was so close that a hiccup of the machine may be at fault."""
        sent, got, took = self.shoot(rate, seconds)
        if got == sent and sent / took > 0.98 * rate:
            self.held = sent / took
            return "ok"
        return "again" if got > 0.999 * sent and sent / took > 0.9 * rate else "no"

    def passes(self, rate):
        result = self.try_rate(rate, self.seconds)
        if result == "again":
            result = self.try_rate(rate, self.seconds)
        return result == "ok"

    def holds(self, rate):
        return self.try_rate(rate, 5 * self.seconds) == "ok"

    def ndr(self, guess=None):
        self.shoot(0, self.seconds)
        rate = figures.ndr(self.passes, self.holds, 1.05 * self.peak, guess, self.tolerance)
        return rate and self.held

    def busy(self, rate=CPU_RATE):
        """ns a packet that the whole machine is busy for."""
        before = idle_clock()
        sent, _, _ = self.shoot(rate, 2 * self.seconds)
        return busy_ns(before, idle_clock()) / sent

    def latency(self):
        way = self.way
        sink = way.lab.sink(1.5 * self.seconds + 5)
        way.lab.generate(*way.send, LAT_RATE, 1.5 * self.seconds, *self.options)
        out, err = sink.communicate()
        way.lab.children.remove(sink)
        got = json.loads(out)
        if not got["packets"] or got["unexpected"] or got["bad_mac"] or got["bad_ip_sum"] or \
                got["bad_l4_sum"]:
            raise Failed("wrong packets arrive: %s %s" % (out.strip(), err.strip()))
        return {k: got["lat_us"][k] for k in ("p50", "p99", "p999")}

    def sample(self, guess):
        """One run of a row."""
        out = {"ndr_pps": figures.whole(self.ndr(guess))}
        out["peak_pps"] = figures.whole(self.peak)
        out["busy_ns"] = round(self.busy(), 1)
        out["lat_us"] = self.latency() if self.way.latency else None
        out["rss_mb"] = self.way.rss_mb()
        return out
