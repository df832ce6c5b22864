#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the pipeline counts beside the ledger: denied addresses, sources, VNIs, the largest packet
that was too large, traces; and that a counter set that was taken out balances to the packet."""
import sys

from driver import Report, open_or_skip
from fixture import BASE, L2
from frames import eth, icmp, ICMP, ip4, mirror, udp4, udp6

SRC, DST, SRC6 = "104.218.88.5", "172.31.0.238", "2001:db8:1::5"
OUTER4, OUTER6 = "172.30.83.192", "2001:db8::a"
ENFORCE = "set allow-mode enforce"
TRUNCATED, ALLOW_HIT, NAT_HIT, HELD, HAS_PORTS = 1, 16, 32, 64, 128
STEP_OUTER, STEP_ALLOW, STEP_NAT, STEP_OUT = 0, 2, 5, 7


def after(program, *lines):
    """What `observed` says after the lines; frames are run."""
    asked = [f"run {i.hex()}" if isinstance(i, bytes) else i for i in lines]
    return program.ask(["reset", *asked, "observed"])[-1]


def equal(what, actual, expected):
    return [] if actual == expected else [f"{what}: actual {actual}, expected {expected}"]


def check_denied(program):
    frames = [mirror(udp4()), mirror(udp4()), mirror(udp4(src="10.9.9.9"))]
    faults = []
    for match, want in (("src", {SRC: 2, "10.9.9.9": 1}), ("any", {SRC: 2, "10.9.9.9": 1}),
                        ("dst", {DST: 3})):
        got = after(program, ENFORCE, f"set match {match}", *frames)["denied"]
        faults += equal(f"match {match}", got, want)
    got = after(program, "set allow-mode count", mirror(udp6(src=SRC6)))["denied"]
    faults += equal("count mode", got, {SRC6: 1})
    got = after(program, ENFORCE, f"allow {SRC}", mirror(udp4()))["denied"]
    return faults + equal("an allowed packet", got, {})


def check_sources(program):
    whole, other = mirror(udp4()), mirror(udp4(src="10.9.9.9"), vni=2)
    cut = whole[:-1]
    six = mirror(udp4(), v6=True)
    got = after(program, ENFORCE, f"allow {SRC}", "set vni 1,2", whole, whole, cut, other, six,
                mirror(udp4(), vni=3), eth(ip4(icmp(), ICMP)))["sources"]
    return equal("sources", got, {
        f"{OUTER4}/1": {"packets": 3, "bytes": 2 * len(whole) + len(cut), "truncated": 1,
                        "allowed": 3, "order": True},
        f"{OUTER4}/2": {"packets": 1, "bytes": len(other), "truncated": 0, "allowed": 0,
                        "order": True},
        f"{OUTER6}/1": {"packets": 1, "bytes": len(six), "truncated": 0, "allowed": 1,
                        "order": True}})


def check_vnis(program):
    frames = [mirror(udp4(), vni=n) for n in (1, 1, 2, 7, 7, 7)]
    got = after(program, "set vni 1,2", *frames)
    faults = equal("ours", got["vnis"], {"1": 2, "2": 1}) + equal("others", got["vni_seen"], {"7": 3})
    got = after(program, "set vni any", *frames)
    return faults + equal("any", got["vni_seen"], {"1": 2, "2": 1, "7": 3})


def check_ports(program):
    """Where packets go that no rule matches: dropped or forwarded, never those that a rule takes, are
    denied or are later fragments, whose bytes are no ports."""
    frames = [mirror(udp4(dport=53)), mirror(udp4(dport=53)), mirror(udp6(dport=53)), mirror(udp4()),
              mirror(udp4(dport=77, mf=True, ident=5)), mirror(udp4(dport=99, offset=64, ident=5)),
              mirror(ip4(icmp(), ICMP))]
    want = {"17/53/4": 2, "17/53/6": 1, "17/77/4": 1}
    faults = equal("dropped", after(program, *BASE, *frames)["ports"], want)
    faults += equal("forwarded", after(program, *BASE, "set unmatched forward", *frames)["ports"], want)
    return faults + equal("denied", after(program, *BASE, ENFORCE, *frames)["ports"], {})


def check_oversize(program):
    """The largest since the program was loaded: other tests of the run do not come near it."""
    big = [mirror(udp4(payload=bytes(n))) for n in (9000, 9100, 9050)]
    got = after(program, *BASE, "set unmatched forward", *big)["oversize"]
    return equal("largest IP length", got, 9100 + 28)


def check_traces(program):
    program.ask(["reset", "traces"])
    lines = [*BASE, ENFORCE, f"allow {SRC}", "set traces 5", f"run {eth(ip4(icmp(), ICMP)).hex()}",
             f"run {mirror(udp4(), vni=9).hex()}", f"run {mirror(udp4(src='1.1.1.1')).hex()}",
             f"run {mirror(udp4()).hex()}", f"run {mirror(udp4(offset=8)).hex()}",
             f"run {mirror(udp4())[:-1].hex()}", f"run {mirror(udp4()).hex()}", "traces"]
    traces = program.ask(lines)[-1]
    got = [(t["row"], t["step"], t["flags"] & (TRUNCATED | ALLOW_HIT | NAT_HIT | HELD))
           for t in traces]
    want = [("other_vni", STEP_OUTER, 0), ("denied", STEP_ALLOW, 0),
            ("queued", STEP_OUT, ALLOW_HIT | NAT_HIT), ("queued", STEP_OUT, ALLOW_HIT | HELD),
            ("truncated", 3, TRUNCATED | ALLOW_HIT)]
    faults = equal("the budget's worth of traces", got, want)
    ids = {t["id"] for t in traces}
    return faults + equal("different ids", len(ids), len(traces))


def check_swap(program):
    """Both sets only grow; each balances when it is out."""
    faults = []
    for _ in range(4):
        answers = program.ask(["reset", *BASE, *[f"run {f.hex()}" for f in (
            mirror(udp4()), mirror(udp4(dport=1)), mirror(udp4(), vni=5), mirror(udp4(ihl=4)))],
            "swap"])
        faults += equal("rows of the retired set", answers[-1]["rows"], answers[-1]["rx"])
    sets = [program.ask(["swap"])[0]["set"] for _ in range(4)]
    return faults + equal("sets in turn", sets, [sets[0], sets[1]] * 2)


def check_rings(program):
    """One flow, one ring; many flows, all rings; the fragments of a datagram, one ring."""
    lines = [*L2, "set nexthop4 02:00:00:00:00:04", "set unmatched forward", "set rings 4"]
    flows = [mirror(udp4(sport=1000 + i)) for i in range(64)]
    pieces = [mirror(udp4(mf=True, ident=i)) for i in range(64)]
    pieces += [mirror(udp4(offset=64, ident=i)) for i in range(64)]
    answers = program.ask(["reset", *lines, *[f"run {f.hex()}" for f in flows * 2 + pieces]])
    rings = [a["ring"] for a in answers[1 + len(lines):]]
    faults = equal("second time", rings[64:128], rings[:64])
    faults += equal("rings used", set(rings[:64]), {0, 1, 2, 3})
    faults += equal("later fragments", rings[192:], rings[128:192])
    return faults + equal("rings of datagrams", set(rings[192:]), {0, 1, 2, 3})


def main():
    report = Report()
    with open_or_skip("observed") as program:
        for check in (check_denied, check_sources, check_vnis, check_ports, check_oversize, check_traces,
                      check_swap, check_rings):
            report.check(check.__name__[len("check_"):], check(program))
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
