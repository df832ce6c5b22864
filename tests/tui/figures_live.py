#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Figures that move, read back from the screen.

    figures_live.py record SOCKET SECONDS FILE      follows the engine as a screen does, until SIGTERM at
                                                    the latest, keeps all snapshots; says when it has begun
    figures_live.py overview SCREEN FILE            the (frozen) overview against the snapshot it was made of
    figures_live.py since SCREEN FILE               the same, with the counts since `mark` in place of totals
    figures_live.py between SCREEN COLUMN JSON1 JSON2 KEY VALUE
        a table that was fetched between two answers of ctl: column COLUMN of each row that begins with KEY

Prints what differs, or "N figures". What the screen rounds is compared as rounded.
"""
import json
import re
import signal
import socket
import sys
import time
from pathlib import Path

ABI = Path(__file__).resolve().parents[2] / "bpf" / "vx_abi.h"
UNIT = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
SI = {"": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
LABEL = {"RX": "received", "OTHER_VNI_DROP": "other vni drop"}


def ledger_rows():
    """[(ID, label on the screen)], in the order of the snapshot's arrays."""
    body = ABI.read_text().split("#define VX_LEDGER(X)", 1)[1].split("enum ", 1)[0]
    found = re.findall(r'X\(([A-Z0-9_]+),\s*"([a-z_]+)"', body)
    return [(i, LABEL.get(i, name.replace("_", " "))) for i, name in found]


def record(path, seconds, out):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.sendall(b'{"subscribe":100}\n')
    s.settimeout(0.5)
    end, buf, snaps, told = time.monotonic() + seconds, b"", [], []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    while not told and time.monotonic() < end:
        try:
            data = s.recv(1 << 20)
        except TimeoutError:
            continue
        if not data:
            break
        buf += data
        *lines, buf = buf.split(b"\n")
        for line in lines:
            o = json.loads(line)
            if "snapshot" in o:
                snaps.append(o["snapshot"])
                if len(snaps) == 2:
                    print("recording", flush=True)
    Path(out).write_text(json.dumps(snaps))


class Check:
    def __init__(self):
        self.wrong, self.n = [], 0

    def same(self, what, shown, true):
        self.n += 1
        if shown != true:
            self.wrong.append(f"{what}: {shown} on the screen, {true} in the snapshot")

    def near(self, what, shown, true, part):
        self.n += 1
        if shown is None or not abs(shown - true) <= max(part * abs(true), 1e-9):
            self.wrong.append(f"{what}: {shown} on the screen, {true} in the snapshot")

    def report(self):
        print("; ".join(self.wrong) if self.wrong else f"{self.n} figures")


def number(text):
    return int(text.replace(",", ""))


def si(value, unit):
    return float(value) * SI[unit]


def durations(text):
    return [float(v) * UNIT[u] for v, u in re.findall(r"([\d.]+) ?(ns|us|ms|s)\b", text)]


def parts(screen):
    """Rows cut at the bars between panels, each with a blank before it."""
    return [" " + p.strip() for line in screen.splitlines() for p in line.split("│")]


def row_of(rows, label):
    return next((r for r in rows if re.match(rf" !?\s*{re.escape(label)}  +[\d,]", r)), None)


def ledger(c, rows, s, since):
    values = {label: (s["ledger"]["row"][i], s["mark"]["row"][i], s["row_pps"][i])
              for i, (_, label) in enumerate(ledger_rows())}
    l, m = s["ledger"], s["mark"]
    values["sent"] = (l["sent"], m["sent"], s["out_pps"])
    values["tx failed"] = (l["tx_failed"], m["tx_failed"], None)
    values["frag unknown"] = (l["frag_unknown"], m["frag_unknown"], None)
    values["in flight"] = (l["in_flight"], 0, None)
    shown = 0
    for label, (total, mark, pps) in values.items():
        row = row_of(rows, label)
        if not row:
            continue
        shown += 1
        n = [number(w) for w in re.findall(r"\s([\d,]+)(?=\s|$)", row[row.index(label) + len(label):])]
        wide = len(n) > (3 if pps is not None else 1)
        want = [total, total - mark] if wide else [total - mark if since else total]
        c.same(label, n[:len(want)], want)
        if pps is not None:
            c.same(label + " pps", n[len(want)], pps)
            percent(c, label + " %", n[-1], 100 * pps / max(s["in_pps"], 1))
    c.same("rows of the ledger at least", shown >= 9, True)


def rates(c, screen, s):
    for name, pps, bps, peak in (("in", "in_pps", "in_bps", "in_pps_peak"),
                                 ("out", "out_pps", "out_bps", "out_pps_peak")):
        m = re.search(rf"^  {name} +([\d,]+) pps +([\d.]+) ([kMG]?)b/s.* peak +([\d,]+)$", screen, re.M)
        if not m:
            c.same(name, None, s[pps])
            continue
        c.same(name, number(m[1]), s[pps])
        c.near(name + " bits", si(m[2], m[3]), s[bps], 0.006)
        c.same(name + " peak", number(m[4]), s[peak])


def percent(c, what, shown, true):
    c.near(what, float(shown), true, 0.501 / max(true, 0.1))


def header(c, screen, s):
    first, second = screen.splitlines()[:2]
    c.same("interfaces", f"{s['ingress']} → {s['egress']}" in first, True)
    c.same("mode", f"{s['mode']} · ring+{s['egress_method']}" in first, True)
    for light, name in zip(s["light"], ("LEAK", "LEDGER", "RING", "EGRESS", "NEXT HOP", "ALLOW")):
        c.same("light " + name, f"{name} {light['text']}" in second, True)


def engine(c, screen, rows, s):
    cpu = re.search(r"CPU +(\d+)%", screen)
    percent(c, "CPU", cpu[1] if cpu else "nan", 100 * s["cpu"])
    for name, key in (("RSS", "rss_bytes"), ("MAPS", "map_bytes")):
        m = re.search(rf"{name} +([\d.]+) ([kMG]?)B", screen)
        c.near(name, si(m[1], m[2]) if m else None, s[key], 0.01)
    m = re.search(r"([\d.]+) syscalls/packet, (\d+) threads, pid (\d+)", screen)
    if m:
        c.near("syscalls", float(m[1]), s["syscalls_per_packet"], 0.01)
        c.same("threads", int(m[2]), s["threads"])
        c.same("pid", int(m[3]), s["pid"])
    for i, w in enumerate(s["worker"]):
        row = next((r for r in rows if re.match(rf" *inj-{i} ", r)), None)
        n = row.split()[1:] if row else [None] * 5
        c.same(f"worker {i}", [n[0], n[1]], [str(w["cpu"]), f"{w['sent_pps']:,}"])
        c.near(f"worker {i} batch", float(n[2]), w["batch_avg"], 0.06 / max(w["batch_avg"], 0.1))
        c.same(f"worker {i} errors", number(n[3]), w["tx_failed"])
        percent(c, f"worker {i} idle", n[4].rstrip("%"), 100 * w["idle"])


def rings(c, rows, s):
    all_ = s["ring"]
    many = re.compile(r" (\d+)-(\d+) +(\d+)% +(\d+)% +([\d,]+|-) +([\d,]+)$")
    one = re.compile(r" (\d+) +(\d+)% +(\d+)% +([\d,]+|-) +([\d,]+)$")

    def ms(text):
        return 2**64 - 1 if text == "-" else number(text)

    for r in rows:
        m = many.match(r)
        if m:
            percent(c, "rings fill", m[3], max(100 * x["used"] / x["size"] for x in all_))
            percent(c, "rings high", m[4], max(100 * x["high"] / x["size"] for x in all_))
            c.same("rings ms left", ms(m[5]), min(x["ms_left"] for x in all_))
            c.same("rings drops", number(m[6]), sum(x["full"] for x in all_))
            return
        m = one.match(r)
        if m and int(m[1]) < len(all_):
            x = all_[int(m[1])]
            percent(c, f"ring {m[1]} fill", m[2], 100 * x["used"] / x["size"])
            percent(c, f"ring {m[1]} high", m[3], 100 * x["high"] / x["size"])
            c.same(f"ring {m[1]}", [ms(m[4]), number(m[5])], [x["ms_left"], x["full"]])


def latency(c, rows, s):
    for i, stage in enumerate(("xdp", "ring", "send", "total")):
        row = next((r for r in rows if r.startswith(f" {stage} ")), None)
        if not row:
            c.same(f"latency {stage} is shown", stage != "total", True)
            continue
        for shown, key in zip(durations(row), ("p50_ns", "p99_ns", "p999_ns", "max_ns")):
            c.near(f"latency {stage} {key}", shown, s["latency"][i][key], 0.06)


def tops(c, rows, s):
    for key in ("top_org", "top_addr"):
        for t in s[key][:1]:
            row = next((r for r in rows if r.startswith(" " + t["name"][:12])), "0")
            c.same(t["name"], number(row.split()[-1]), t["pps"])
    for nat in s["nat"]:
        row = next((r for r in rows if nat["to"] in r and re.search(r"[\d,]+$", r)), "0")
        n = [number(w) for w in re.findall(r" ([\d,]+)(?= |$)", row.split(nat["to"])[-1])]
        c.same("NAT hits", n[0] if n else None, nat["hits"])
        if len(n) > 1:
            c.same("NAT pps", n[1], nat["pps"])


def overview(screen, file, since):
    c, snaps = Check(), json.loads(Path(file).read_text())
    rx = next(i for i, (name, _) in enumerate(ledger_rows()) if name == "RX")
    row = row_of(parts(screen), "received")
    shown = number(re.search(r"[\d,]+", row)[0]) if row else None
    found = [s for s in snaps
             if s["ledger"]["row"][rx] - (s["mark"]["row"][rx] if since else 0) == shown]
    if not found:
        print(f"no snapshot has received {shown}, of {len(snaps)}")
        return
    s, rows = found[0], parts(screen)
    header(c, screen, s)
    rates(c, screen, s)
    ledger(c, rows, s, since)
    engine(c, screen, rows, s)
    rings(c, rows, s)
    latency(c, rows, s)
    tops(c, rows, s)
    c.report()


def between(screen, column, before, after, key, value):
    c = Check()
    before, after = ({str(r[key]): r[value] for r in json.loads(j)} for j in (before, after))
    for name, low in before.items():
        row = next((r for r in screen.splitlines() if r.split()[:1] == [name]), None)
        n = [number(w) for w in row.split() if re.fullmatch(r"[\d,]+", w)] if row else []
        shown = n[column] if len(n) > column else -1
        c.same(f"{name}: {low} <= {shown} <= {after[name]}", low <= shown <= after[name], True)
        c.same(f"{name}: moves", after[name] > low, True)
    c.report()


def main():
    what, *a = sys.argv[1:]
    if what == "record":
        record(a[0], float(a[1]), a[2])
    elif what == "between":
        between(Path(a[0]).read_text(), int(a[1]), *a[2:6])
    else:
        overview(Path(a[0]).read_text(), a[1], what == "since")


main()
