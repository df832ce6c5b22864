#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The bench's arithmetic and the shape of its JSON, with machines that are made up. No root, no traffic."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import figures  # noqa: E402
import rows  # noqa: E402

failed = False


def check(name, actual, expected):
    global failed
    if actual == expected:
        print("ok bench: " + name)
    else:
        print("not ok bench: %s\n#   actual:   %r\n#   expected: %r" % (name, actual, expected))
        failed = True


def near(value, want, percent):
    return value is not None and abs(value - want) <= want * percent / 100


class Box:
    """Loses nothing up to `can`; over the long probe nothing up to `long`. Notes every rate tried."""

    def __init__(self, can, long=None):
        self.can, self.long, self.tried = can, long or can, []

    def passes(self, rate):
        self.tried.append(rate)
        return rate <= self.can

    def holds(self, rate):
        self.tried.append(rate)
        return rate <= self.long


def search():
    for can, top, guess in ((500, 1000, None), (260, 1000, None), (990, 1000, None), (60, 1000, None),
                            (500, 1000, 500), (500, 1000, 300), (500, 1000, 900), (500, 510, 505)):
        box = Box(can)
        got = figures.ndr(box.passes, box.holds, top, guess)
        check("NDR of %d, top %d, guess %s" % (can, top, guess), near(got, can, 3) and got <= can, True)
        check("  tried nothing above the top", max(box.tried) <= top, True)
    box = Box(500, 480)
    got = figures.ndr(box.passes, box.holds, 1000)
    check("the long probe has the last word", near(got, 480, 6) and got <= 480, True)
    check("a box that loses at every rate has no NDR", figures.ndr(Box(-1).passes, Box(-1).holds, 1000), None)
    box = Box(500, 1)
    check("one that never holds has none", figures.ndr(box.passes, box.holds, 1000), None)
    box = Box(500)
    figures.ndr(box.passes, box.holds, 1000, 500)
    check("with a guess few probes are needed", len(box.tried) <= 4, True)


class Shots(rows.Probe):
    """Probes of 100 packets a second that came out so: (sent, arrived)."""

    def __init__(self, *shots):
        super().__init__(rows.Way(None), 142, 1, 1, None)
        self.shots, self.took = list(shots), []

    def shoot(self, rate, seconds):
        sent, got = self.shots.pop(0)
        self.took.append(seconds)
        return sent * seconds, got * seconds, seconds


def probes():
    ok, short, close, no = (10000, 10000), (9500, 9500), (10000, 9995), (10000, 9000)
    for name, shots, passes, holds in (
            ("the rate, none lost", [ok], True, True),
            ("one in ten lost", [no], False, False),
            ("none lost, but short of the rate, thrice", [short] * 3, False, False),
            ("the same twice, then the rate", [short] * 2 + [ok], True, True),
            ("few lost, then none", [close, ok], True, False),
            ("few lost, twice", [close] * 2, False, False),
            ("short, then one in ten lost", [short, no], False, False),
            ("far from the rate", [(5000, 5000)], False, False)):
        check("a probe: " + name, Shots(*shots).passes(10000), passes)
        long = Shots(*shots)
        check("  the long one", long.holds(10000), holds)
        check("  is five times as long", set(long.took), {5})
    short_held = Shots(short, ok)
    short_held.passes(10000)
    check("what was held is what was sent at the rate", short_held.held, 10000)


def arithmetic():
    base = {"drop": 1000.0, "sink": 300.0}
    check("cost of a row", figures.cost("ring+packet", 2500.0, base), 1200.0)
    check("of a raw row: the generator is its own", figures.cost("raw_xdp", 1500.0, base), 1200.0)
    check("of the least with a ring: the same", figures.cost("min_ring", 2500.0, base), 1200.0)
    check("of what forwards at once: with the sink", figures.cost("kernel+rps", 2500.0, base), 1500.0)
    check("of the drop: the whole", figures.cost("xdp_drop", 1000.0, base), 1000.0)
    check("of one that drowns in what is subtracted", figures.cost("kernel", 1000.0, base), None)
    check("of what was not measured", figures.cost("kernel", None, base), None)
    check("at a rate that the drop cannot do", figures.cost("redirect", 2500.0, {"drop": None, "sink": 300.0}), None)
    check("  but a raw row needs no drop", figures.cost("raw_xdp", 1500.0, {"drop": None, "sink": 300.0}), 1200.0)
    check("share of a core", figures.core_percent(2000), 17.0)
    check("median", figures.median([5, None, 1, 3]), 3)
    check("median of nothing", figures.median([None]), None)
    check("1.3 x is enough", figures.limited(1000, 1300), False)
    check("less is not", figures.limited(1000, 1299), True)
    points = [{"case": "nat", "n": n, "samples": c} for n, c in ((1, [100, 50, 90]), (32, [95, 49, 80]),
                                                                 (1024, [108, 60, None]))]
    check("how flat", round(figures.growth(points, "nat", (32, 1024)), 3), 0.14)
    check("the first alone", round(figures.growth(points, "nat", (32,)), 3), -0.05)
    check("of what was not measured", figures.growth(points, "nat", (32, 7)), None)
    check("of no point at all", figures.growth(points, "flows", (32,)), None)


BASE = {"drop": 1000.0, "sink": 300.0}
FLOOR = {"sleep_10us_us": {"p50": 62.0, "p99": 90.0}, "wakeup_us": {"p50": 10.4, "p99": 48.0}, "wakeup_cpu_us": 4.0,
         "away_percent": [3.0, 2.5]}
ONE_CPU = dict(FLOOR, wakeup_us=None, wakeup_cpu_us=None)


def sample(ndr, busy, more=None):
    return dict({"ndr_pps": ndr, "peak_pps": ndr + 10, "busy_ns": busy, "base_ns": BASE,
                 "lat_us": {"p50": 10.0, "p99": 20.0, "p999": 30.0}}, **(more or {}))


def ours(ndr, busy):
    """As one of our rows has it."""
    return sample(ndr, busy, {
        "syscalls_per_pkt": 0.05, "idle_percent": 0.4, "engine_percent": 36.5, "memory_mb": {"rss": 60.5, "rings": 4.0, "umems": 4.0},
        "entry_to_send_us": {"p50": 9.0, "p99": 120.0, "p999": 300.0},
        "ndr": ndr and {"busy_ns": busy - 500, "base_ns": dict(BASE, drop=800.0), "syscalls_per_pkt": 0.03}})


def shape():
    runs = [ours(100, 2000.0), ours(300, 2200.0), ours(200, 2100.0)]
    row = figures.row("ring+packet", 142, 324, runs, 1000)
    check("a row's NDR is the median", row["ndr_pps"], 200)
    check("so are its peak and cost", (row["peak_pps"], row["cpu_ns_per_pkt"]), (210, 800))
    check("and its latency", row["lat_us"], {"p50": 10.0, "p99": 20.0, "p999": 30.0})
    check("ours at the rate that is asked for", row["at"]["85000"],
          {"cpu_ns_per_pkt": 800, "syscalls_per_pkt": 0.05, "core_percent": 6.8, "engine_percent": 36.5,
           "entry_to_send_us": {"p50": 9.0, "p99": 120.0, "p999": 300.0}})
    check("and at its own", row["at"]["ndr"], {"cpu_ns_per_pkt": 500, "syscalls_per_pkt": 0.03})
    check("its idle and memory", [row[k] for k in ("idle_percent", "rss_mb", "rings_mb", "umems_mb")], [0.4, 60.5, 4, 4])
    other = figures.row("kernel", 142, 324, [sample(100, 2000.0)], 1000)
    check("others have no such parts", ("at" in other, other["rss_mb"]), (False, None))
    check("it is not generator-limited", row["generator_limited"], False)
    check("with a slower generator it is", figures.row("ring+packet", 142, 324, runs, 250)
          ["generator_limited"], True)
    check("the drop never is", figures.row("xdp_drop", 142, 324, runs, 1)["generator_limited"], False)
    none = figures.row("ring+xdp", 142, 324, [], 1000, "not built in")
    check("one that did not run has no figures, and says why",
          (none["ndr_pps"], none["cpu_ns_per_pkt"], none["lat_us"]["p99"], none["not_run"]),
          (None, None, None, "not built in"))
    point = {"case": "nat", "n": 32, "ndr_pps": 5, "cpu_ns_per_pkt": 7, "samples": [7, None, 8]}
    host = {"virtual": True, "cpu": "x", "cpus": 2, "kernel": "6.18", "background_percent": 0.1, "stolen_percent": 0.0,
            "floor": FLOOR}
    doc = {"host": host, "method": {"runs": 3, "mode": "generic"}, "rows": [row, none], "scale": [point]}
    check("the document is as agreed", figures.faults(doc), [])
    wrong = [dict(doc, rows=None or [dict(row, ndr_pps="9")]), dict(doc, rows=[dict(row, name="other")]),
             dict(doc, rows=[{k: v for k, v in row.items() if k != "rss_mb"}]),
             dict(doc, rows=[dict(row, lat_us={"p50": 1})]), dict(doc, scale=[dict(point, case="x")]),
             dict(doc, rows=[dict(row, peak_pps=float("nan"))]), dict(doc, rows=[dict(row, idle_percent="0")]),
             dict(doc, rows=[dict(row, more=1)]), {"rows": []}]
    check("what is not is refused", [bool(figures.faults(d)) for d in wrong], [True] * len(wrong))
    check("the table has a line a row", len(figures.table(doc["rows"]).splitlines()), 3)
    check("and says what did not run", "not run: not built in" in figures.table(doc["rows"]), True)
    check("the scale's table too", len(figures.scale_table([point]).splitlines()), 2)
    check("the report has the machine's floor", "A sleep of 10 us takes 62 (p50) to 90 us (p99) here" in
          figures.report(doc), True)
    check("and what a wake-up takes", "the wake-up of a thread by another CPU 10.4 to 48 us, and the CPUs are away 3.0, 2.5 %"
          in figures.report(doc), True)
    one = dict(doc, host=dict(host, floor=ONE_CPU))
    check("with one CPU there is none", ["wake-up" in figures.report(one), "90 us (p99) here, and the CPUs" in
                                         figures.report(one)], [False, True])
    text = figures.readme(doc)
    check("the README's form has a line a row, by its name there",
          ["| egress `packet` | 200 | 210 | 800 | 10, 20, 30 | 60 |" in text, "| egress `xdp` | - | - |" in text],
          [True, True])
    return row


def aims(redirect):
    def made(name, *ndrs, **more):
        return dict(redirect, name=name, ndr_pps=ndrs[-1], samples=[{"ndr_pps": n} for n in ndrs], **more)

    def document(rows, scale=(), floor=None):
        return {"host": {"floor": floor or FLOOR}, "rows": rows,
                "scale": [{"case": c, "n": n, "ndr_pps": 1, "cpu_ns_per_pkt": ns[0], "samples": ns} for c, n, *ns in scale]}

    def verdicts(rows, scale=()):
        return {t.text: (t.shown(), t.verdict()) for t in figures.targets(document(rows, scale))}

    got = verdicts([made("ring+xdp", 850000), made("xdp_drop", 1000000), made("kernel", 400000),
                    made("kernel+rps", 531251)])
    check("a target that is just met", got["NDR ring+xdp / xdp_drop"], ("0.85", "met"))
    check("one that is just missed, though it looks met", got["NDR ring+xdp / kernel+rps"], ("1.60", "missed"))
    check("met by far", got["NDR ring+xdp / 85,000/s"], ("10.00", "met"))
    check("a row that is not there", got["NDR ring+packet / kernel+rps"], ("-", "not measured"))
    check("the most: met", got["ring+xdp, us a packet at NDR"], ("0.50", "met"))
    check("  missed", got["ring+xdp, XDP entry to send at 85,000/s, p99 us"], ("120.0", "missed"))
    late = [t.beside() for t in figures.targets(document([made("ring+xdp", 9)])) if "entry to send" in t.text]
    check("beside the latency: what a wake-up takes", late,
          ["met; a wake-up alone: 10.4", "missed; a wake-up alone: 48.0"])
    check("beside the share of a core: what wakes it", [t.beside() for t in figures.targets(document([made(
        "ring+xdp", 9)])) if t.text.endswith("meanwhile, %")], ["missed; a wake-up a packet alone: 34.0"])
    late = [t.beside() for t in figures.targets(document([made("ring+xdp", 9)], floor=ONE_CPU)) if "entry" in t.text]
    check("  with one CPU: nothing", late, ["met", "missed"])
    check("memory is less than the base, its rings twice and its UMEMs",
          got["ring+xdp, RSS MB (50 + 2 x rings + UMEMs)"], ("60.5", "met"))
    check("more memory is missed", verdicts([made("ring+xdp", 1, rss_mb=62.1)])
          ["ring+xdp, RSS MB (50 + 2 x rings + UMEMs)"], ("62.1", "missed"))
    check("a row without a rate is no crash", verdicts([made("ring+xdp", None), made("xdp_drop", 5)])
          ["NDR ring+xdp / xdp_drop"], ("-", "not measured"))
    got = [t.beside() for t in figures.targets(document([
        made("ring+packet", 900), made("raw_sendmmsg", 1300), made("kernel+rps", 1000)])) if "packet / kernel" in t.text]
    check("beside a rate: what its way of sending does alone", got, ["missed; raw_sendmmsg: 1.30"])
    check("a ratio is of the same run, and the median of the runs'", verdicts(
        [made("ring+xdp", 100, 150, None, 400), made("xdp_drop", 1000, 200, 100, 800)])["NDR ring+xdp / xdp_drop"],
        ("0.50", "missed"))
    check("other shapes do not count", verdicts([made("ring+xdp", 9, frame=1400), made("xdp_drop", 9)])
          ["NDR ring+xdp / xdp_drop"], ("-", "not measured"))
    flat = verdicts([], [("allow", 324, 1000, 2000, 100), ("allow", 10000, 1101, 2100, None),
                         ("allow", 1000000, 1240, 9999, 101), ("nat", 1, 50)])
    check("growth", flat, dict({k: v for k, v in flat.items() if k.startswith("NDR")}, **{
        "cost of allow 10,000 / 324": ("1.08", "met"), "cost of allow 1,000,000 / 324": ("1.24", "met"),
        "cost of nat 32, 1,024 / 1": ("-", "not measured")}))


search()
probes()
arithmetic()
aims(shape())
sys.exit(failed)
