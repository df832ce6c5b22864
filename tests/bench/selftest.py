#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The bench's arithmetic and the shape of its JSON, with machines that are made up. No root, no traffic."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import figures  # noqa: E402

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
    check("with a guess few probes are needed", len(box.tried) <= 6, True)


def arithmetic():
    base = {"drop": 1000.0, "sink": 300.0}
    check("cost of a row", figures.cost("ring+packet", 2500.0, base), 1200.0)
    check("of a raw row: the generator is its own", figures.cost("raw_xdp", 1500.0, base), 1200.0)
    check("of the drop: the whole", figures.cost("xdp_drop", 1000.0, base), 1000.0)
    check("of one that drowns in what is subtracted", figures.cost("kernel", 1000.0, base), None)
    check("of what was not measured", figures.cost("kernel", None, base), None)
    check("median", figures.median([5, None, 1, 3]), 3)
    check("median of nothing", figures.median([None]), None)
    check("1.3 x is enough", figures.limited(1000, 1300), False)
    check("less is not", figures.limited(1000, 1299), True)
    points = [{"case": "nat", "n": n, "ndr_pps": 1, "cpu_ns_per_pkt": c} for n, c in ((1, 100), (9, 95), (99, 108))]
    check("how flat", round(figures.spread(points)["nat"], 3), 0.08)


def sample(ndr, busy):
    return {"ndr_pps": ndr, "peak_pps": ndr + 10, "busy_ns": busy, "rss_mb": 40.5,
            "lat_us": {"p50": 10.0, "p99": 20.0, "p999": 30.0}}


def shape():
    base = {"drop": 1000.0, "sink": 300.0}
    runs = [sample(100, 2000.0), sample(300, 2200.0), sample(200, 2100.0)]
    row = figures.row("redirect", 142, 324, runs, base, 1000)
    check("a row's NDR is the median", row["ndr_pps"], 200)
    check("so are its peak and cost", (row["peak_pps"], row["cpu_ns_per_pkt"]), (210, 800))
    check("and its latency", row["lat_us"], {"p50": 10.0, "p99": 20.0, "p999": 30.0})
    check("it is not generator-limited", row["generator_limited"], False)
    check("with a slower generator it is", figures.row("redirect", 142, 324, runs, base, 250)
          ["generator_limited"], True)
    check("the drop never is", figures.row("xdp_drop", 142, 324, runs, base, 1)["generator_limited"], False)
    none = figures.row("ring+xdp", 142, 324, [], base, 1000, "not built in")
    check("one that did not run has no figures, and says why",
          (none["ndr_pps"], none["cpu_ns_per_pkt"], none["lat_us"]["p99"], none["not_run"]),
          (None, None, None, "not built in"))
    point = {"case": "nat", "n": 32, "ndr_pps": 5, "cpu_ns_per_pkt": 7}
    doc = {"host": {}, "method": {}, "rows": [row, none], "scale": [point]}
    check("the document is as agreed", figures.faults(doc), [])
    wrong = [dict(doc, rows=None or [dict(row, ndr_pps="9")]), dict(doc, rows=[dict(row, name="other")]),
             dict(doc, rows=[{k: v for k, v in row.items() if k != "rss_mb"}]),
             dict(doc, rows=[dict(row, lat_us={"p50": 1})]), dict(doc, scale=[dict(point, case="x")]),
             dict(doc, rows=[dict(row, peak_pps=float("nan"))]), {"rows": []}]
    check("what is not is refused", [bool(figures.faults(d)) for d in wrong], [True] * len(wrong))
    check("the table has a line a row", len(figures.table(doc["rows"]).splitlines()), 3)
    check("and says what did not run", "not run: not built in" in figures.table(doc["rows"]), True)
    check("the scale's table too", len(figures.scale_table([point]).splitlines()), 2)


search()
arithmetic()
shape()
sys.exit(failed)
