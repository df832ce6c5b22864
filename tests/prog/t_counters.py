#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The ledger and the hits after known packets, by hand, and after random ones, by the oracle."""
import sys
from collections import Counter

from driver import Report, open_or_skip
from fixture import BASE, FORWARD, L2, RULES4
from frames import (ETH_ARP, ICMP, PORT, TARGET4, TARGET6, eth, icmp, ip4, mirror, outer, tcp4,
                    udp4, udp6, vxlan)
from model import Model
from t_random import Generator

NOTES = ("natted", "unnatted", "would_deny", "rx_bytes", "queued_bytes")
NOT_ROWS = ("rx", *NOTES)
ENFORCE, COUNT = "set allow-mode enforce", "set allow-mode count"
ARP = eth(bytes(28), ETH_ARP)

# One packet for each row, and how the ledger stands after all of them.
ONE_EACH = [
    ARP, mirror(udp4(), vni=2), mirror(udp4(), mf=True),                # to the stack
    mirror(udp4(ihl=4)), outer(vxlan(ARP)), mirror(udp4(length=900)),
    mirror(udp4(dport=53)), mirror(udp4()), mirror(tcp4()),
    "set other-vni drop", mirror(udp4(), vni=2),
    "set mtu 40", mirror(udp4()), "set mtu 9001",
    FORWARD, mirror(udp4(dport=53)), mirror(ip4(icmp(), ICMP)),
    "set nexthop4 none", mirror(udp4(dport=53)),
    "set paused 1", mirror(udp4()), "set paused 0",
    ENFORCE, mirror(udp4()), COUNT, mirror(udp4()), "set allow-mode off",
    mirror(udp4(offset=64)),                                            # held
]
LEDGER = {"rx": 18, "not_vxlan": 1, "other_vni": 2, "outer_fragment": 1, "malformed": 1,
          "not_ip": 1, "truncated": 1, "no_rule": 1, "oversize": 1, "no_neighbour": 1,
          "paused": 1, "denied": 1, "queued": 6, "natted": 3, "unnatted": 2, "would_deny": 1,
          "internal": 0, "ring_full": 0, "redirected": 0}

# (settings, packets, hits of allowlist entries): each packet counts once, at the longest match
# of the first address that is listed, the source being asked first.
A, B = "104.218.88.5", "172.31.0.238"      # source and destination of udp4()
HITS = [
    ("address", [f"allow {A}"], [udp4()] * 3, {f"{A}/32": 3}),
    ("longest prefix alone", ["allow 104.0.0.0/8", "allow 104.218.0.0/16"], [udp4()] * 2,
     {"104.0.0.0/8": 0, "104.218.0.0/16": 2}),
    ("address before prefix", [f"allow {A}", "allow 104.218.88.0/24"], [udp4()],
     {f"{A}/32": 1, "104.218.88.0/24": 0}),
    ("destination", ["set match dst", f"allow {A}", f"allow {B}"], [udp4()],
     {f"{A}/32": 0, f"{B}/32": 1}),
    ("source", ["set match src", f"allow {A}", f"allow {B}"], [udp4()],
     {f"{A}/32": 1, f"{B}/32": 0}),
    ("any, destination listed", ["allow 172.31.0.0/16"], [udp4()], {"172.31.0.0/16": 1}),
    ("denied", ["allow 10.0.0.1"], [udp4()], {"10.0.0.1/32": 0}),
    ("count mode", [COUNT, f"allow {A}"], [udp4(), udp4(src="10.1.1.1")], {f"{A}/32": 1}),
    ("off", ["set allow-mode off", f"allow {A}"], [udp4()], {f"{A}/32": 0}),
    ("ipv6", ["allow 2001:db8:1::/48"], [udp6(), udp6(src="::1")], {"2001:db8:1::/48": 1}),
    ("allowed, then no rule", [f"allow {A}"], [udp4(dport=53)], {f"{A}/32": 1}),
]


def commands(items):
    return [f"run {i.hex()}" if isinstance(i, bytes) else i for i in items]


def moved(program, lines):
    """What the counters moved by; `reset` leaves them as they are."""
    before = program.ask(["reset", "counters"])[-1]
    after = program.ask([*lines, "counters"])[-1]
    return {name: after[name] - before[name] for name in after}


def check_ledger(program):
    frames = [i for i in ONE_EACH if isinstance(i, bytes)]
    got = moved(program, [*BASE, *commands(ONE_EACH)])
    want = {**LEDGER, "rx_bytes": sum(map(len, frames))}
    faults = [f"{k}: actual {got[k]}, expected {v}" for k, v in want.items() if got[k] != v]
    rows = sum(v for k, v in got.items() if k not in NOT_ROWS)
    return faults + ([f"rows: actual {rows}, expected {got['rx']}"] if rows != got["rx"] else [])


def whole(cidr):
    """The driver may print a single address without its prefix length."""
    return cidr if "/" in cidr else cidr + ("/128" if ":" in cidr else "/32")


def check_hits(program, settings, packets, want):
    lines = ["reset", *BASE, ENFORCE, *settings, *commands(map(mirror, packets)), "hits"]
    got = {whole(cidr): hits for cidr, hits in program.ask(lines)[-1]["allow"].items()}
    return [] if got == want else [f"actual {got}, expected {want}"]


def check_rule_hits(program):
    """A rule is hit by each packet that it rewrites, and by no other."""
    rules = (f"nat udp/{PORT}@10.0.0.0/8={TARGET4}:1 02:00:00:00:00:01",
             f"nat udp/53=[{TARGET6}]:53 02:00:00:00:00:01")
    packets = [udp4(), udp4(), tcp4(), udp4(dport=53), udp4(dst="10.1.2.3"), udp6(),
               udp6(dport=53), udp4(ulen=7), udp4(mf=True, ident=99), udp4(offset=64, ident=99)]
    want = {f"udp/{PORT}": 4, f"tcp/{PORT}": 1, f"udp/{PORT}@10.0.0.0/8": 1, "udp/53": 1}
    lines = ["reset", *L2, *RULES4, *rules, *commands(map(mirror, packets)), "hits"]
    got = program.ask(lines)[-1]["nat"]
    return [] if got == want else [f"actual {got}, expected {want}"]


def check_random(program, seed):
    """After a group of random packets, each row is what the oracle counted."""
    generator = Generator(f"counters/{seed}")
    settings, lines = generator.settings(), list(generator.lines(400))
    got = moved(program, settings + lines)
    model, want = Model(*settings), Counter()
    for verdict in filter(None, map(model.apply, lines)):
        want.update([verdict.row, "rx"])
        want.update({"natted": verdict.natted, "unnatted": verdict.unnatted})
    return [f"{k}: actual {v}, expected {want[k]}" for k, v in got.items()
            if k not in NOTES[2:] and v != want[k]]


def main():
    report = Report()
    with open_or_skip("counters") as program:
        report.check("counters: one packet for each row", check_ledger(program))
        for name, settings, packets, want in HITS:
            report.check(f"hits: {name}", check_hits(program, settings, packets, want))
        report.check("hits: rules", check_rule_hits(program))
        for seed in range(5):
            report.check(f"counters: random group {seed}", check_random(program, seed))
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
