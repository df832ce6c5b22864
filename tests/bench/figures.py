# SPDX-License-Identifier: GPL-2.0-only
"""What the bench reckons, apart from what it measures: the search for the highest rate without loss,
medians, what a packet costs, the shape of bench.json and its table. Pure; selftest.py holds it to it."""
import math
import statistics

FALLBACK = 0.95  # a rate that does not hold over the long probe is lowered by this
CONFIRMS = 5     # so often at most
ROWS = ("ring+xdp", "ring+packet", "redirect", "kernel", "kernel+rps", "min_redirect", "xdp_drop",
        "raw_xdp", "raw_sendmmsg")
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
    low, high = (0.9 * guess, min(1.1 * guess, top)) if guess else (0.25 * top, top)
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


def whole(value):
    return None if value is None else int(round(value))


def cost(row, busy, base):
    """ns a packet of a row: all that the machine was busy for, less what is not the row's.
    busy: the row's own, whole; base: those of "drop" (generator and drop on the ingress) and "sink"."""
    if busy is None or row == "xdp_drop":
        return busy
    own = busy - base["sink"]
    if not row.startswith("raw_"):  # there the generator is the row
        own -= base["drop"]
    return own if own > 0 else None  # less than what is subtracted varies by


def limited(ndr_pps, generator_pps):
    """Whether the generator alone does not do so much more that the figure is the row's own."""
    return generator_pps < HEADROOM * (ndr_pps or 0)


def row(name, frame, flows, samples, base, generator_pps, reason=None):
    """A row of bench.json, of the samples of all runs."""
    def of(key):
        return median([s[key] for s in samples if s.get(key) is not None])

    lat = [s["lat_us"] for s in samples if s.get("lat_us")]
    out = {
        "name": name, "frame": frame, "flows": flows,
        "ndr_pps": whole(of("ndr_pps")), "peak_pps": whole(of("peak_pps")),
        "generator_limited": name != "xdp_drop" and bool(samples) and
        limited(max(of("ndr_pps") or 0, of("peak_pps") or 0), generator_pps),
        "cpu_ns_per_pkt": whole(cost(name, of("busy_ns"), base)) if samples else None,
        "lat_us": {k: median([p[k] for p in lat]) for k in ("p50", "p99", "p999")},
        "rss_mb": of("rss_mb"), "samples": samples,
    }
    if reason:
        out["not_run"] = reason
    return out


def spread(points):
    """{case: how much more the costliest point takes than the first}, of the scale's points."""
    out = {}
    for case in CASES:
        costs = [p["cpu_ns_per_pkt"] for p in points if p["case"] == case and p["cpu_ns_per_pkt"]]
        if len(costs) > 1:
            out[case] = max(costs) / costs[0] - 1
    return out


NUMBER = (int, float)
ROW_SHAPE = {"name": str, "frame": int, "flows": int, "ndr_pps": NUMBER, "peak_pps": NUMBER,
             "generator_limited": bool, "cpu_ns_per_pkt": NUMBER, "lat_us": dict, "rss_mb": NUMBER,
             "samples": list}
SCALE_SHAPE = {"case": str, "n": int, "ndr_pps": NUMBER, "cpu_ns_per_pkt": NUMBER}
MAY_BE_NULL = ("ndr_pps", "peak_pps", "cpu_ns_per_pkt", "rss_mb")


def faults(doc):
    """What is wrong with the shape of bench.json, as texts."""
    out = []

    def look(what, got, shape, optional=()):
        for key, kind in shape.items():
            if key not in got:
                out.append("%s: no %s" % (what, key))
            elif not isinstance(got[key], kind) and not (got[key] is None and key in MAY_BE_NULL):
                out.append("%s: %s is %r" % (what, key, got[key]))
            elif isinstance(got[key], float) and not math.isfinite(got[key]):
                out.append("%s: %s is %r" % (what, key, got[key]))
        for key in got:
            if key not in shape and key not in optional:
                out.append("%s: %s is not known" % (what, key))

    look("bench.json", doc, {"host": dict, "method": dict, "rows": list, "scale": list})
    for r in doc.get("rows", []):
        look("row %s" % r.get("name"), r, ROW_SHAPE, ("not_run",))
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
    lines = ["%-13s %6s %6s %10s %10s %8s %7s %7s %7s %6s" % (
        "", "frame", "flows", "NDR/s", "peak/s", "ns/pkt", "p50 us", "p99", "p99.9", "RSS MB")]
    for r in rows:
        lat = r["lat_us"]
        lines.append("%-13s %6d %6d %10s %10s %8s %7s %7s %7s %6s%s" % (
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
    for case, more in spread(points).items():
        lines.append("%-10s the costliest takes %.0f %% more than the first" % (case, more * 100))
    return "\n".join(lines)
