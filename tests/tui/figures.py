#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Reads the tables of the view "workers and rings" back from the screen (stdin) and compares them with the engine's answers.

    figures.py LATENCY-JSON RINGS-JSON WORKERS-JSON

Prints what differs, or "N figures". Durations on the screen are rounded: two digits are compared.
"""
import json
import re
import sys

UNIT = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
STAGE = {"entry to ring": "xdp", "in the ring": "ring", "sending": "send", "total": "total"}


def durations(text):
    return [float(v) * UNIT[u] for v, u in re.findall(r"([\d.]+) ?(ns|us|ms|s)\b", text)]


def same(shown, true):
    return abs(shown - true) <= max(0.06 * true, 1)


def numbers(text):
    return [int(w.replace(",", "")) if re.fullmatch(r"[\d,]+", w) else w for w in text.split()]


def main():
    latency, rings, workers = (json.loads(a) for a in sys.argv[1:4])
    lines = [" " + part.strip() for line in sys.stdin for part in line.split("│")]
    wrong, read = [], 0

    def compare(what, shown, true, close=False):
        nonlocal read
        read += 1
        if not (same(shown, true) if close else shown == true):
            wrong.append("%s: %s on the screen, %s by ctl" % (what, shown, true))

    for label, stage in STAGE.items():
        line = next((l for l in lines if l.startswith(" " + label + " ")), "")
        for shown, key in zip(durations(line) or [0] * 4, ("p50_ns", "p99_ns", "p999_ns", "max_ns")):
            compare(label + " " + key, shown, latency[stage][key], True)
        compare(label + " samples", (numbers(line) or [None])[-1], latency[stage]["count"])
    for r in rings:
        row = next((numbers(l) for l in lines if re.match(r" %d +[\d,]+ +[\d,]+ +\d+%%" % r["ring"], l)), None)
        if not row:
            wrong.append("ring %d is not shown" % r["ring"])
            continue
        for key, at in (("ring", 0), ("size", 1), ("used", 2), ("full", -2), ("late_wakeups", -1)):
            compare("ring %d %s" % (r["ring"], key), row[at], r[key])
        compare("ring high", row[4], "%d%%" % (100 * r["high"] // r["size"]))
    for w in workers:
        row = next((numbers(l) for l in lines if re.match(r" *inj-%d " % w["worker"], l)), None)
        if not row:
            wrong.append("worker %d is not shown" % w["worker"])
            continue
        for key, at in (("cpu", 1), ("tid", 2), ("sent", 3), ("sent_pps", 4)):
            compare("worker %d %s" % (w["worker"], key), row[at], w[key])
    print("; ".join(wrong) if wrong else "%d figures" % read)


main()
