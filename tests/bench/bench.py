#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""make bench: rates without loss, latency, cost a packet and memory of each way from the ingress to the
egress, ours and others', in one run on one machine. Root; everything is in network namespaces of its own.

    bench.py [--full] [--mode generic|native] [--runs N] [--seconds S] [--tolerance T] [--rows NAME,...]
             [--scale CASE,...] [--out FILE]

By default frames of 142 bytes in 324 flows, and every XDP program, ours and others', in generic mode;
--full: 142 and 1,400 bytes, 1 and 324 flows. --seconds is the length of a probe (1), --tolerance how
near the search for a rate comes (0.02). --rows and --scale choose ("none": no such part). Prints tables
and what of the targets is met, and writes FILE (build/bench.json).
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
    "mode": "%(mode)s",  # of every XDP program, ours and the minimal ones
    "xdp_programs": "all take frames in several buffers (xdp.frags), as one on an interface of 9,001 bytes has to",
    "generator": "vxgen, AF_XDP in copy mode over veth, on the last CPU; raw_sendmmsg: AF_PACKET",
    "ndr_pps": "highest rate at which no packet is lost, as counted at the egress's peer (xdp_drop: on "
               "the ingress), and in the scale the ledger's denied: binary search to %(tolerance)g %% with %(seconds)g s "
               "probes, from the second run on around the median of the runs before (a rate that loses less than "
               "0.1 %% is given a second chance; a probe that loses nothing but does not come to its rate, as the machine "
               "was short, is made up to twice again), confirmed over 5 probes' time, lowered by 5 %% until it holds",
    "peak_pps": "most packets a second that ever arrived, loss or not",
    "cpu_ns_per_pkt": "all CPUs' time that is not idle (kernel, user, soft interrupts) at %(rate)d packets/s, less the "
                      "generator with the drop on the ingress (what row xdp_drop does, whose own figure is whole) and "
                      "less the sink (raw_sendmmsg less the same stopped before the egress device: both ends of the "
                      "egress pair and the drop behind it). Raw rows: less the sink alone. Redirect and kernel: less "
                      "the drop alone, as the sink, in the same soft interrupt, takes less there than after a process "
                      "that sends. What is subtracted is measured in the same run at the same rate",
    "lat_us": "from the building of a packet to the time stamp of its arrival, at %(rate)d packets/s, evenly spaced (the "
              "generator keeps its CPU)",
    "at": "cost, system calls for sending a packet and the share of one core (of the cost) at %(rate)d/s in bursts of "
          "about ten, as the generator sleeps between them; then, evenly spaced, the program's own time from XDP's entry "
          "to the send (ctl latency of an engine that has seen no other rate, but for once around its ring at %(warm)d/s: "
          "one sample in fifteen), with what its threads take of a core meanwhile (engine_percent); ndr: at this row's "
          "NDR of the run. null: what is subtracted cannot be had at that rate",
    "idle_percent": "CPU time of all threads of vxconsole, headless, over 5 probes' time without a packet, of one core; "
                    "first run only",
    "rss_mb": "resident memory of vxconsole; rings_mb and umems_mb: what of it is made for packets (a ring is mapped, "
              "and counted, twice)",
    "generator_limited": "the generator alone (xdp_drop) does less than %(headroom).1f x the figure",
    "kernel": "vxlan device, nftables, forwarding (tests/bench/kernel.sh): dnat to with connection tracking; notrack: "
              "rewritten statelessly; rps: receive packet steering",
    "sink": "the egress's peer: counted and dropped by a tc program before the stack",
    "samples": "one a run; all rows take turns in each run; a row's figures are their medians",
    "scale": "142-byte frames by egress packet; the cost is at %(scale_rate)d packets/s, the median of %(rounds)d rounds, in "
             "which, each after two probes' time of it, all sizes of a case take turns (samples; null: the rate was not "
             "to be had); how it grows is the median of the rounds' own ratios. The NDR is found to 5 %%, from the size before on, and not confirmed",
    "ratios": "of two rows: the median of the runs' own ratios",
    "floor": "of this machine: what a sleep of 10 us takes (timer slack 1 us); what a wake-up takes: %(rate)d times a "
             "second for 2 s a thread on the last CPU writes to an eventfd, and one on the first, asleep in epoll_wait, "
             "runs (from before the write; writes that it has not seen yet are one; wakeup_cpu_us: CPU time of the "
             "woken thread for each; null with one CPU); and how much of 2 s each CPU is away for 100 us or more from "
             "a thread that only reads the clock",
}


def method(args):
    values = {"mode": args.mode, "tolerance": 100 * args.tolerance, "seconds": args.seconds, "rate": figures.RATE,
              "headroom": figures.HEADROOM, "warm": rows.WARM_RATE, "scale_rate": scale.RATE, "rounds": scale.ROUNDS}
    return {k: v % values for k, v in METHOD.items()}


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
        # Always xdp_drop: what the generator alone does.
        self.ways = {n: rows.WAYS[n](lab) for n in figures.ROWS if n in names or n == "xdp_drop"}
        self.names = names
        self.samples = {n: [] for n in self.ways}
        self.reason = {}

    def base(self, rate, seconds):
        return rows.base(self.lab, rate, self.frame, self.flows, seconds)

    def measure(self, name, base):
        way, done = self.ways[name], self.samples[name]
        try:
            way.up()
        except machine.Failed as e:
            self.reason[name] = str(e)
            return None
        try:
            guess = figures.median([s["ndr_pps"] for s in done])
            kind = rows.OursProbe if isinstance(way, rows.Ours) else rows.Probe
            sample = kind(way, self.frame, self.flows, self.seconds, self.tolerance).sample(guess)
        finally:
            way.down()
        sample["base_ns"] = base
        if sample.get("ndr"):
            sample["ndr"]["base_ns"] = self.base(sample["ndr_pps"], self.seconds)
        done.append(sample)
        return sample

    def run(self, number):
        base = self.base(figures.RATE, 2 * self.seconds)
        for name in self.ways:
            if name in self.reason:
                continue
            start, s = time.monotonic(), self.measure(name, base)
            say("  run %d %-18s %s" % (number, name, "cannot run: " + self.reason[name] if not s else
                "NDR %10s  peak %10s  busy %6s ns/pkt  p99 %5s us  (%.0f s)" % (
                    figures.grouped(s["ndr_pps"]), figures.grouped(s["peak_pps"]),
                    figures.grouped(s["busy_ns"]),
                    figures.micro(s["lat_us"] and s["lat_us"]["p99"]), time.monotonic() - start)))

    def rows(self):
        generator = figures.median([s["peak_pps"] for s in self.samples["xdp_drop"]])
        return [figures.row(n, self.frame, self.flows, self.samples[n], generator, self.reason.get(n))
                for n in self.ways if n in self.names]


def measure(lab, args, doc):
    shapes = [(142, 324)] + ([(142, 1), (1400, 324), (1400, 1)] if args.full else [])
    for frame, flows in shapes if args.rows else ():
        say("%d bytes, %d flow%s, %s mode" % (frame, flows, "" if flows == 1 else "s", args.mode))
        case = Case(lab, args.rows, frame, flows, args)
        for i in range(args.runs):
            case.run(i + 1)
        doc["rows"] += case.rows()
    for name in args.scale:
        doc["scale"] += scale.case(lab, name, args.seconds, say)


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--full", action="store_true")
    p.add_argument("--mode", choices=sorted(rows.XDP), default="generic")
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
    doc = {"host": host(), "method": dict(method(args), runs=args.runs, probe_seconds=args.seconds), "rows": [],
           "scale": []}
    start, before = time.monotonic(), machine.stolen()
    lab = machine.Lab(args.mode)
    try:
        doc["host"]["background_percent"] = quiet()
        doc["host"]["floor"] = machine.floor()
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
    say("\n" + figures.report(doc))
    say("\n%d s in all; %s" % (doc["method"]["took_s"], args.out))


if __name__ == "__main__":
    main()
