#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""make bench: rates without loss, latency, cost a packet and memory of each way from the ingress to the
egress, ours and others', in one run on one machine. Root; everything is in network namespaces of its own.

    bench.py [--full] [--runs N] [--seconds S] [--tolerance T] [--rows NAME,...] [--scale CASE,...]
             [--out FILE]

By default frames of 142 bytes in 324 flows; --full: 142 and 1,400 bytes, 1 and 324 flows. --seconds is
the length of a probe (1), --tolerance how near the search for a rate comes (0.02). --rows and --scale choose ("none": no such part). Prints tables, and writes
FILE (build/bench.json).
"""
import argparse
import json
import os
import platform
import re
import signal
import sys
import time

import figures
import machine
import rows
import scale

METHOD = {
    "generator": "vxgen, AF_XDP in copy mode over veth, on the last CPU; raw_sendmmsg: AF_PACKET",
    "ndr_pps": "highest rate at which no packet is lost, as counted at the egress's peer (xdp_drop: on "
               "the ingress), and in the scale the ledger's denied: binary search to 2 % with 1 s probes (a "
               "rate that loses less than 0.1 % is given a second chance), confirmed over 5 s, lowered by 5 % until it holds",
    "peak_pps": "most packets a second that ever arrived, loss or not",
    "cpu_ns_per_pkt": "all CPUs' time that is not idle (kernel, user, soft interrupts) at %d packets/s over 2 s, "
                      "less the generator with the drop on the ingress (the whole of row xdp_drop) and less the "
                      "sink (raw_sendmmsg less the same stopped before the egress device: both ends of the "
                      "egress pair and the drop behind it); raw rows: less the sink alone" % rows.CPU_RATE,
    "lat_us": "from the building of a packet to the time stamp of its arrival, at %d packets/s over 1.5 s"
              % rows.LAT_RATE,
    "rss_mb": "resident memory of vxconsole",
    "generator_limited": "the generator alone (xdp_drop) does less than %.1f x the figure" % figures.HEADROOM,
    "sink": "the egress's peer: counted and dropped by a tc program before the stack",
    "samples": "one a run; all rows take turns in each run; a row's figures are their medians",
    "scale": "142-byte frames by egress packet; the cost is the median of %d, the NDR found to 5 %% and not confirmed"
             % scale.TIMES,
}


def say(text):
    print(text, flush=True)


def host():
    with open("/proc/cpuinfo") as f:
        cpu = re.search(r"^(?:model name|CPU part)\s*:\s*(.*)$", f.read(), re.M)
    return {"kernel": platform.release(), "machine": platform.machine(), "cpus": os.cpu_count(),
            "cpu": cpu.group(1) if cpu else "", "virtual": os.path.exists("/sys/hypervisor") or
            " hypervisor" in open("/proc/cpuinfo").read(), "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def quiet():
    """Percent of all CPUs that are busy before anything is begun. What else runs spoils every figure."""
    before = machine.idle_clock()
    time.sleep(1)
    after = machine.idle_clock()
    wall = sum(t1 - t0 for (t0, _), (t1, _) in zip(before, after))
    percent = round(100 * machine.busy_ns(before, after) / wall, 1)
    if percent > 5:
        print("bench.py: warning: this machine is %.0f %% busy with something else: no figure will be right"
              % percent, file=sys.stderr)
    return percent


class Case:
    """All rows of one shape of packets."""

    def __init__(self, lab, names, frame, flows, args):
        self.lab, self.frame, self.flows = lab, frame, flows
        self.seconds, self.tolerance = args.seconds, args.tolerance
        self.ways = {n: rows.WAYS[n](lab) for n in figures.ROWS if n in names or n in BASE_ROWS}
        self.names = names
        self.samples = {n: [] for n in self.ways}
        self.stopped, self.reason = [], {}

    def measure(self, name):
        way, done = self.ways[name], self.samples[name]
        try:
            way.up()
        except machine.Failed as e:
            self.reason[name] = str(e)
            return None
        try:
            guess = figures.median([s["ndr_pps"] for s in done])
            probe = rows.Probe(way, self.frame, self.flows, self.seconds, self.tolerance)
            done.append(probe.sample(guess))
        finally:
            way.down()
        return done[-1]

    def run(self, number):
        for name in self.ways:
            if name in self.reason:
                continue
            start, s = time.monotonic(), self.measure(name)
            say("  run %d %-13s %s" % (number, name, "cannot run: " + self.reason[name] if not s else
                "NDR %10s  peak %10s  busy %6s ns/pkt  p99 %5s us  (%.0f s)" % (
                    figures.grouped(s["ndr_pps"]), figures.grouped(s["peak_pps"]),
                    figures.grouped(s["busy_ns"]),
                    figures.micro(s["lat_us"] and s["lat_us"]["p99"]), time.monotonic() - start)))
        way = rows.RawStopped(self.lab)
        way.up()
        try:
            self.stopped.append(way.busy_ns(self.frame, self.flows, self.seconds))
        finally:
            way.down()

    def base(self):
        """ns a packet of what is no row's own."""
        def busy(name):
            return figures.median([s["busy_ns"] for s in self.samples[name]])
        return {"drop": busy("xdp_drop"), "sink": busy("raw_sendmmsg") - figures.median(self.stopped)}

    def rows(self):
        generator = figures.median([s["peak_pps"] for s in self.samples["xdp_drop"]])
        return [figures.row(n, self.frame, self.flows, self.samples[n], self.base(), generator,
                            self.reason.get(n)) for n in self.ways if n in self.names]


BASE_ROWS = ("xdp_drop", "raw_sendmmsg")  # always: the others' costs are reckoned from these


def measure(lab, args, doc):
    shapes = [(142, 324)] + ([(142, 1), (1400, 324), (1400, 1)] if args.full else [])
    base = None
    for frame, flows in shapes:
        say("%d bytes, %d flow%s" % (frame, flows, "" if flows == 1 else "s"))
        case = Case(lab, args.rows, frame, flows, args)
        for i in range(args.runs):
            case.run(i + 1)
        base = base or case.base()
        doc["rows"] += case.rows()
    doc["method"]["base_ns_per_pkt"] = {k: figures.whole(v) for k, v in base.items()}
    for name, n in scale.POINTS:
        if name not in args.scale:
            continue
        start = time.monotonic()
        p = scale.point(lab, name, n, args.seconds, base)
        doc["scale"].append(p)
        say("  scale %-8s %9s  NDR %10s  %6s ns/pkt  (%.0f s)" % (
            name, figures.grouped(n), figures.grouped(p["ndr_pps"]), figures.grouped(p["cpu_ns_per_pkt"]),
            time.monotonic() - start))


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--full", action="store_true")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--seconds", type=float, default=1.0)
    p.add_argument("--tolerance", type=float, default=0.02)
    p.add_argument("--rows", default=",".join(figures.ROWS))
    p.add_argument("--scale", default=",".join(figures.CASES))
    p.add_argument("--out", default=os.path.join(machine.BUILD, "bench.json"))
    args = p.parse_args()
    args.rows = args.rows.split(",") if args.rows != "none" else []
    args.scale = args.scale.split(",") if args.scale != "none" else []
    for name in args.rows:
        if name not in figures.ROWS:
            p.error("--rows: %s: there are %s" % (name, ", ".join(figures.ROWS)))
    for name in args.scale:
        if name not in figures.CASES:
            p.error("--scale: %s: there are %s" % (name, ", ".join(figures.CASES)))
    return args


def main():
    args = arguments()
    if os.getuid() != 0:
        sys.exit("bench.py: needs root (network namespaces, XDP): sudo make bench")
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, signal.default_int_handler)
    doc = {"host": host(), "method": dict(METHOD, runs=args.runs, probe_seconds=args.seconds), "rows": [],
           "scale": []}
    doc["host"]["background_percent"] = quiet()
    start, before = time.monotonic(), machine.stolen()
    lab = machine.Lab()
    try:
        lab.up()
        measure(lab, args, doc)
    except machine.Failed as e:
        sys.exit("bench.py: %s" % e)
    except KeyboardInterrupt:
        sys.exit("bench.py: interrupted; nothing is written")
    finally:
        lab.down()
    after = machine.stolen()
    doc["host"]["stolen_percent"] = round(100 * (after[0] - before[0]) / max(after[1] - before[1], 1), 2)
    doc["method"]["took_s"] = round(time.monotonic() - start)
    wrong = figures.faults(doc)
    if wrong:
        sys.exit("bench.py: " + "; ".join(wrong))
    with open(args.out, "w") as f:
        json.dump(doc, f, indent=1)
        f.write("\n")
    say("\n%(cpu)s, %(cpus)d CPUs, kernel %(kernel)s, %(background_percent)s %% busy before, %(stolen_percent)s %% stolen by the host" % doc["host"])
    say("medians of %d runs; %d s in all; %s\n" % (args.runs, doc["method"]["took_s"], args.out))
    if doc["rows"]:
        say(figures.table(doc["rows"]))
    if doc["scale"]:
        say("\n" + figures.scale_table(doc["scale"]))


if __name__ == "__main__":
    main()
