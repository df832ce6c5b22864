#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the bench reckons, apart from what it measures: the search for the highest rate without loss,
medians, what a packet costs, the shape of bench.json, its tables and the targets. Pure; selftest.py holds it to it.

    figures.py [--readme] FILE    the tables of a bench.json; --readme: as the README has them
"""
import argparse
import json
import math
import statistics
import sys

FALLBACK = 0.95  # a rate that does not hold over the long probe is lowered by this
CONFIRMS = 5     # so often at most
ROWS = {"ring+xdp": "egress `xdp`",  # and what the README calls it
        "ring+packet": "egress `packet`",
        "redirect": "egress `redirect`",
        "kernel": "kernel: vxlan device, nftables `dnat to`, forwarding",
        "kernel+rps": "the same with receive packet steering",
        "kernel_notrack": "kernel, rewriting without tracking (no NAT)",
        "kernel_notrack+rps": "the same with receive packet steering",
        "min_redirect": "the least XDP program that redirects",
        "min_ring": "the least XDP program that fills a ring, our workers behind it",
        "xdp_drop": "XDP_DROP on the ingress",
        "raw_xdp": "AF_XDP sending alone",
        "raw_sendmmsg": "sendmmsg alone"}
OURS = ("ring+xdp", "ring+packet", "redirect")
RATE = 85000     # packets/s, the load that is asked for: latency and cost are given at it
CASES = ("allow", "prefix", "nat", "flows", "workers")
HEADROOM = 1.3   # what the generator alone must do of a figure


def bisect(passes, low, high, tolerance):
    """The highest rate seen to pass between low (which should) and high (which should not), or None."""
    best = None
    while high - low > tolerance * high:
        rate = (low + high) / 2
        if passes(rate):
            low = best = rate
        else:
            high = rate
    return best


def ndr(passes, holds, top, guess=None, tolerance=0.02):
    """The highest rate without loss: passes(rate) is a short probe, holds(rate) the long one that
    confirms. Nothing above top is tried. guess: what an earlier run found. None when no rate holds."""
    low, high = (0.93 * guess, min(1.07 * guess, top)) if guess else (0.25 * top, top)
    best = bisect(passes, low, high, tolerance)
    while best and high < top and best > 0.97 * high:  # all passed: the guess was too low
        low, high = best, min(1.2 * best, top)
        best = bisect(passes, low, high, tolerance) or best
    while not best and low > 0.02 * top:  # none did: too high
        low, high = 0.6 * low, low
        best = bisect(passes, low, high, tolerance)
    for _ in range(CONFIRMS if best else 0):
        if holds(best):
            return best
        best *= FALLBACK
    return None


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def median_ratio(ones, others):
    """The median of the ratios of each run or round, of those that have both. What a machine's speed does from one
    to the next is in neither."""
    return median([a / b for a, b in zip(ones, others) if a and b])


def whole(value):
    return None if value is None else int(round(value))


def foreign(row):
    """What of the base is not a row's own. What forwards within the soft interrupt of the ingress takes the
    sink along there, for less than a process that sends: it cannot be told apart, and is left in."""
    if row == "xdp_drop":
        return ()
    if row.startswith("raw_"):  # the generator is the row
        return ("sink",)
    return ("drop", "sink") if row.startswith("ring") or row == "min_ring" else ("drop",)


def cost(row, busy, base):
    """ns a packet of a row: all that the machine was busy for, less what is not the row's.
    busy: the row's own, whole; base: those of "drop" (generator and drop on the ingress) and "sink"."""
    less = [base[part] for part in foreign(row)]
    if None in [busy] + less:
        return None
    own = busy - sum(less)
    return own if own > 0 else None  # less than what is subtracted varies by


def core_percent(cost_ns):
    """What a cost at RATE is of one core."""
    return None if cost_ns is None else round(cost_ns * RATE / 1e7, 1)


def limited(ndr_pps, generator_pps):
    """Whether the generator alone does not do so much more that the figure is the row's own."""
    return generator_pps < HEADROOM * (ndr_pps or 0)


def quantiles(values):
    """The medians, one by one, of several {p50, p99, p999}."""
    return {k: median([v[k] for v in values if v]) for k in ("p50", "p99", "p999")}


def row(name, frame, flows, samples, generator_pps, reason=None):
    """A row of bench.json, of the samples of all runs."""
    def of(key, where=samples):
        return median([s[key] for s in where])

    def costs(where):
        return whole(median([cost(name, s["busy_ns"], s["base_ns"]) for s in where]))

    out = {
        "name": name, "frame": frame, "flows": flows,
        "ndr_pps": whole(of("ndr_pps")), "peak_pps": whole(of("peak_pps")),
        "generator_limited": name != "xdp_drop" and bool(samples) and
        limited(max(of("ndr_pps") or 0, of("peak_pps") or 0), generator_pps),
        "cpu_ns_per_pkt": costs(samples), "lat_us": quantiles([s["lat_us"] for s in samples]),
        "rss_mb": median([s["memory_mb"]["rss"] for s in samples if "memory_mb" in s]), "samples": samples,
    }
    if name in OURS and samples:
        at_ndr = [s["ndr"] for s in samples if s["ndr"]]
        out["at"] = {
            str(RATE): {"cpu_ns_per_pkt": out["cpu_ns_per_pkt"], "syscalls_per_pkt": of("syscalls_per_pkt"),
                        "core_percent": core_percent(out["cpu_ns_per_pkt"]), "engine_percent": of("engine_percent"),
                        "entry_to_send_us": quantiles([s["entry_to_send_us"] for s in samples])},
            "ndr": {"cpu_ns_per_pkt": costs(at_ndr), "syscalls_per_pkt": of("syscalls_per_pkt", at_ndr)}}
        out["idle_percent"] = of("idle_percent")
        out["rings_mb"], out["umems_mb"] = (samples[-1]["memory_mb"][k] for k in ("rings", "umems"))
    if reason:
        out["not_run"] = reason
    return out


def growth(points, case, sizes):
    """How much more the costliest of these sizes takes than the case's smallest: 0.1 is 10 %."""
    costs = {p["n"]: p["samples"] for p in points if p["case"] == case}
    if not costs:
        return None
    more = [median_ratio(costs.get(n, []), costs[min(costs)]) for n in sizes]
    return None if None in more else max(more) - 1


# case, sizes, what they may take more than the smallest
FLAT = (("allow", (10000,), 0.10), ("allow", (1000000,), 0.25), ("prefix", (10000,), 0.25), ("nat", (32, 1024), 0.10),
        ("flows", (324, 10000, 100000), 0.10), ("workers", (2, 4), 0.10))


class Target:
    def __init__(self, text, figure, least=None, most=None, form="{:.2f}", floor=None, of="a wake-up alone"):
        self.text, self.figure, self.least, self.most, self.form = text, figure, least, most, form
        self.floor, self.of = floor, of  # what it is to be judged by, and of what that is the figure

    def limit(self):
        return (">= " if self.most is None else "<= ") + self.form.format(self.least if self.most is None else self.most)

    def shown(self):
        return "-" if self.figure is None else self.form.format(self.figure)

    def verdict(self):
        if self.figure is None:
            return "not measured"
        met = self.figure >= self.least if self.most is None else self.figure <= self.most
        return "met" if met else "missed"

    def beside(self):
        """The verdict and what it is to be judged by."""
        return self.verdict() + ("" if self.floor is None else "; %s: %s" % (self.of, self.form.format(self.floor)))


def targets(doc):
    """What the pipeline is to do, and what it did: at 142 bytes in 324 flows."""
    rows = {r["name"]: r for r in doc["rows"] if (r["frame"], r["flows"]) == (142, 324)}

    def of(name, *path):
        got = rows.get(name)
        for key in path:
            got = got and got.get(key)
        return got

    def rates(name):
        return [s["ndr_pps"] for s in of(name, "samples") or ()]

    def ratio(a, b):
        return median_ratio(rates(a), [b] * len(rates(a)) if b == RATE else rates(b))

    def kilo(value):
        return None if value is None else value / 1000

    best = {"ring+xdp": "min_ring", "ring+packet": "raw_sendmmsg"}  # that can be had of the kernel by this way
    out = [Target("NDR %s / %s" % (a, "85,000/s" if b == RATE else b), ratio(a, b), least=least,
                  floor=ratio(best[a], b) if a in best and b != RATE else None, of=best.get(a))
           for a, b, least in (("ring+xdp", "xdp_drop", 0.85), ("ring+xdp", "kernel+rps", 1.6),
                               ("ring+xdp", "kernel", 2.2), ("ring+xdp", RATE, 5.5),
                               ("ring+packet", "kernel+rps", 1.2), ("redirect", "min_redirect", 0.9))]
    wakeup, awake_us = doc["host"]["floor"].get("wakeup_us") or {}, doc["host"]["floor"].get("wakeup_cpu_us")
    awake = None if awake_us is None else core_percent(1000 * awake_us)
    for name, calls in (("ring+xdp", 0.035), ("ring+packet", 0.02)):
        rate = ("at", str(RATE))
        if name not in rows:
            continue
        memory = 50 + 2 * (of(name, "rings_mb") or 0) + (of(name, "umems_mb") or 0)
        out += [Target("%s, %s" % (name, text), figure, None, most, form, *floor) for text, figure, most, form, *floor in (
            ("us a packet at 85,000/s", kilo(of(name, *rate, "cpu_ns_per_pkt")), 2.5, "{:.2f}"),
            ("us a packet at NDR", kilo(of(name, "at", "ndr", "cpu_ns_per_pkt")), 1.5, "{:.2f}"),
            ("send calls a packet at NDR", of(name, "at", "ndr", "syscalls_per_pkt"), calls, "{:.4f}"),
            ("XDP entry to send at 85,000/s, p50 us", of(name, *rate, "entry_to_send_us", "p50"), 10, "{:.1f}",
             wakeup.get("p50")),
            ("XDP entry to send at 85,000/s, p99 us", of(name, *rate, "entry_to_send_us", "p99"), 100, "{:.1f}",
             wakeup.get("p99")),
            ("of one core meanwhile, %", of(name, *rate, "engine_percent"), 35, "{:.1f}", awake, "a wake-up a packet alone"),
            ("of one core at 85,000/s in bursts, %", of(name, *rate, "core_percent"), 35, "{:.1f}"),
            ("of one core when idle, %", of(name, "idle_percent"), 1, "{:.2f}"),
            ("RSS MB (50 + 2 x rings + UMEMs)", of(name, "rss_mb"), memory, "{:.1f}"))]
    points = doc["scale"]
    out += [Target("cost of %s %s / %s" % (case, ", ".join(grouped(n) for n in sizes),
                                           grouped(min(p["n"] for p in points if p["case"] == case))),
                   more if more is None else 1 + more, most=1 + most)
            for case, sizes, most in FLAT if any(p["case"] == case for p in points)
            for more in [growth(points, case, sizes)]]
    return out


NUMBER = (int, float)
ROW_SHAPE = {"name": str, "frame": int, "flows": int, "ndr_pps": NUMBER, "peak_pps": NUMBER,
             "generator_limited": bool, "cpu_ns_per_pkt": NUMBER, "lat_us": dict, "rss_mb": NUMBER,
             "samples": list}
SCALE_SHAPE = {"case": str, "n": int, "ndr_pps": NUMBER, "cpu_ns_per_pkt": NUMBER, "samples": list}
OPTIONAL = {"not_run": str, "at": dict, "idle_percent": NUMBER, "rings_mb": NUMBER, "umems_mb": NUMBER}
MAY_BE_NULL = ("ndr_pps", "peak_pps", "cpu_ns_per_pkt", "rss_mb", "idle_percent")


def faults(doc):
    """What is wrong with the shape of bench.json, as texts."""
    out = []

    def look(what, got, shape, optional=None):
        for key, kind in dict(shape, **(optional or {})).items():
            if key not in got:
                if key in shape:
                    out.append("%s: no %s" % (what, key))
            elif not isinstance(got[key], kind) and not (got[key] is None and key in MAY_BE_NULL):
                out.append("%s: %s is %r" % (what, key, got[key]))
            elif isinstance(got[key], float) and not math.isfinite(got[key]):
                out.append("%s: %s is %r" % (what, key, got[key]))
        for key in got:
            if key not in shape and key not in (optional or {}):
                out.append("%s: %s is not known" % (what, key))

    look("bench.json", doc, {"host": dict, "method": dict, "rows": list, "scale": list})
    for r in doc.get("rows", []):
        look("row %s" % r.get("name"), r, ROW_SHAPE, OPTIONAL)
        if r.get("name") not in ROWS:
            out.append("row %r is not known" % r.get("name"))
        if set(r.get("lat_us") or ()) != {"p50", "p99", "p999"}:
            out.append("row %s: lat_us is %r" % (r.get("name"), r.get("lat_us")))
    for p in doc.get("scale", []):
        look("scale %s" % p.get("case"), p, SCALE_SHAPE)
        if p.get("case") not in CASES:
            out.append("scale %r is not known" % p.get("case"))
    return out


def grouped(value):
    return "-" if value is None else "{:,.0f}".format(value)


def micro(value):
    return "-" if value is None else "{:.3g}".format(value) if value < 1000 else grouped(value)


def table(rows):
    """The rows as text, a line each."""
    lines = ["%-18s %6s %6s %10s %10s %8s %7s %7s %7s %6s" % (
        "", "frame", "flows", "NDR/s", "peak/s", "ns/pkt", "p50 us", "p99", "p99.9", "RSS MB")]
    for r in rows:
        lat = r["lat_us"]
        lines.append("%-18s %6d %6d %10s %10s %8s %7s %7s %7s %6s%s" % (
            r["name"], r["frame"], r["flows"], grouped(r["ndr_pps"]), grouped(r["peak_pps"]),
            grouped(r["cpu_ns_per_pkt"]), micro(lat["p50"]), micro(lat["p99"]), micro(lat["p999"]),
            grouped(r["rss_mb"]),
            "  not run: " + r["not_run"] if "not_run" in r else
            "  (generator-limited)" if r["generator_limited"] else ""))
    return "\n".join(lines)


def scale_table(points):
    lines = ["%-10s %9s %10s %8s" % ("scale", "n", "NDR/s", "ns/pkt")]
    for p in points:
        lines.append("%-10s %9s %10s %8s" % (p["case"], grouped(p["n"]), grouped(p["ndr_pps"]),
                                             grouped(p["cpu_ns_per_pkt"])))
    return "\n".join(lines)


def target_table(found):
    return "\n".join("%-50s %9s %9s  %s" % row for row in [("target", "", "figure", "")] + [
        (t.text, t.limit(), t.shown(), t.beside()) for t in found])


def machine(host):
    """The machine in a sentence or two."""
    floor, wakeup = host["floor"], host["floor"].get("wakeup_us")
    return ("%s%s, %d CPUs, kernel %s; %s %% busy before, %s %% stolen by the host by its own account. A sleep of "
            "10 us takes %s (p50) to %s us (p99) here, %sand the CPUs are away %s %% of their time for 100 us or more" % (
                "virtual, " if host["virtual"] else "", host["cpu"], host["cpus"], host["kernel"],
                host["background_percent"], host["stolen_percent"], micro(floor["sleep_10us_us"]["p50"]),
                micro(floor["sleep_10us_us"]["p99"]), "" if wakeup is None else
                "the wake-up of a thread by another CPU %s to %s us, " % (micro(wakeup["p50"]), micro(wakeup["p99"])),
                ", ".join("%.1f" % p for p in floor["away_percent"])))


def report(doc):
    """All of a bench.json that is for reading."""
    parts = [machine(doc["host"]), "medians of %d runs, every XDP program in %s mode" % (
        doc["method"]["runs"], doc["method"]["mode"])]
    parts += [table(doc["rows"])] if doc["rows"] else []
    parts += [scale_table(doc["scale"])] if doc["scale"] else []
    return "\n\n".join(parts + [target_table(targets(doc))])


def markdown(head, rows):
    return "\n".join("| " + " | ".join(r) + " |" for r in [head, ["---"] * len(head)] + rows)


def readme(doc):
    """The same as the README has it."""
    shapes = sorted({(r["frame"], r["flows"]) for r in doc["rows"]}, key=lambda s: s != (142, 324))
    parts = [machine(doc["host"]) + ". Medians of %d runs, every XDP program in %s mode." % (
        doc["method"]["runs"], doc["method"]["mode"])]
    for frame, flows in shapes:
        rows = [r for r in doc["rows"] if (r["frame"], r["flows"]) == (frame, flows)]
        parts.append(markdown(
            ["%d bytes, flows: %d" % (frame, flows), "packets/s without loss", "peak", "ns a packet",
             "p50, p99, p99.9 at 85,000/s (us)", "MB"],
            [[ROWS[r["name"]], grouped(r["ndr_pps"]), grouped(r["peak_pps"]), grouped(r["cpu_ns_per_pkt"]),
              ", ".join(micro(r["lat_us"][k]) for k in ("p50", "p99", "p999")), grouped(r["rss_mb"])] for r in rows]))
    if doc["scale"]:
        parts.append(markdown(["egress `packet` with", "n", "packets/s without loss", "ns a packet"],
                              [[p["case"], grouped(p["n"]), grouped(p["ndr_pps"]), grouped(p["cpu_ns_per_pkt"])]
                               for p in doc["scale"]]))
    parts.append(markdown(["target", "", "figure", ""],
                          [[t.text, t.limit(), t.shown(), t.beside()] for t in targets(doc)]))
    return "\n\n".join(parts)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--readme", action="store_true")
    p.add_argument("file")
    args = p.parse_args()
    with open(args.file) as f:
        doc = json.load(f)
    wrong = faults(doc)
    if wrong:
        sys.exit("%s: not of this version of the bench: %s" % (args.file, wrong[0]))
    print((readme if args.readme else report)(doc))


if __name__ == "__main__":
    main()
