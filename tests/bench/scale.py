# SPDX-License-Identifier: GPL-2.0-only
"""Does the cost stay flat as lists, rules, flows and workers grow? Each point is an engine of its own."""
import json
import os

import figures
import rows
from rows import NAT, RULE, Ours, Probe

FIRST = 10 << 24  # 10.0.0.0: the sources are addresses from here on


def dotted(n):
    return "%d.%d.%d.%d" % (n >> 24, n >> 16 & 255, n >> 8 & 255, n & 255)


class Scaled(Ours):
    """case, n: what grows, and how large it is. Packets come from hosts sources, at random."""
    rules = [RULE]
    listed = None
    hosts = None
    more = ()
    flows = 324

    def __init__(self, lab, case, n):
        super().__init__(lab)
        self.egress = "packet"
        getattr(self, "of_" + case)(n)
        self.options = ("--src", "10.0.0.0/8", "--hosts", str(self.hosts or 324)) + tuple(self.options)

    options = ()

    def of_allow(self, n):
        """Every second address is listed: half of the lookups, all over the list, find nothing."""
        self.hosts = 2 * n
        self.listed = [dotted(FIRST + 2 * i) for i in range(n)]

    def of_prefix(self, n):
        """Every second /24."""
        self.hosts = 2 * n * 256
        self.listed = [dotted(FIRST + 512 * i) + "/24" for i in range(n)]

    def of_nat(self, n):
        """A rule a port, each met in turn."""
        self.rules = ["udp/%d=%s:8081" % (20000 + i, NAT) for i in range(n)]
        self.options = ("--dport", "20000-%d" % (20000 + n - 1))

    def of_flows(self, n):
        self.hosts, self.flows = n, 1

    def of_workers(self, n):
        self.more = ("--workers", str(n))

    def arguments(self):
        out = ["--allow-max", "1100000"] + [w for r in self.rules for w in ("-n", r)] + list(self.more)
        if self.listed is None:
            return out + ["--allow-mode", "off"]
        path = os.path.join(self.lab.dir, "list.json")
        with open(path, "w") as f:
            json.dump(self.listed, f)
        return out + ["-a", path]

    def arrived(self):
        """Denied is not lost: the program says how many."""
        got = super().arrived()
        return got if self.listed is None else got + self.engine.ctl("ledger")["dropped"]["denied"]


POINTS = [("allow", 324), ("allow", 10000), ("allow", 1000000), ("prefix", 324), ("prefix", 10000),
          ("nat", 1), ("nat", 32), ("nat", 1024),
          ("flows", 1), ("flows", 324), ("flows", 10000), ("flows", 100000),
          ("workers", 1), ("workers", 2), ("workers", 4)]
RATE = 150000  # at which the cost is compared: the more packets, the less of it is the machine's noise
ROUNDS = 3     # of the cost
TOLERANCE = 0.05


def cost(probe, seconds, base):
    return figures.whole(figures.cost("ring+packet", probe.busy(RATE, seconds), base))


def case(lab, name, seconds, say):
    """All points of a case take turns in each round, with what is subtracted measured beside them, as the machine
    has its good and its bad minutes. In the last round the NDR is found, too."""
    points = [{"case": name, "n": n, "ndr_pps": None, "samples": []} for of, n in POINTS if of == name]
    guess = None
    for i in range(ROUNDS):
        base = rows.base(lab, RATE, 142, Scaled.flows, 1.5 * seconds)
        for p in points:
            way = Scaled(lab, name, p["n"])
            way.up()
            try:
                probe = Probe(way, 142, way.flows, seconds, TOLERANCE)
                probe.shoot(RATE, 2 * seconds)  # what a start leaves to be done is over then
                p["samples"].append(cost(probe, 1.5 * seconds, base))
                if i == ROUNDS - 1:
                    guess = probe.ndr(guess, confirm=False)
                    p["ndr_pps"] = figures.whole(guess)
            finally:
                way.down()
    for p in points:
        p["cpu_ns_per_pkt"] = figures.whole(figures.median(p["samples"]))
        say("  scale %-8s %9s  NDR %10s  %6s ns/pkt" % (
            name, figures.grouped(p["n"]), figures.grouped(p["ndr_pps"]), figures.grouped(p["cpu_ns_per_pkt"])))
    return points
