#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the pipeline counts beside the ledger: denied addresses, sources, VNIs, the largest packet
that was too large, traces; and that a counter set that was taken out balances to the packet."""
import os
import re
import sys
import time

from driver import ROOT, Report, open_or_skip
from fixture import BASE, L2
from frames import eth, icmp, ICMP, ip4, mirror, SERVER6, tcp4, udp4, udp6

SRC, DST, SRC6 = "104.218.88.5", "172.31.0.238", "2001:db8:1::5"
OUTER4, OUTER6 = "172.30.83.192", "2001:db8::a"
ENFORCE = "set allow-mode enforce"
with open(os.path.join(ROOT, "bpf/vx_abi.h")) as header:
    NEW = int(re.search(r"#define VX_DENIED_NEW (\d+)", header.read()).group(1))
TRUNCATED, ALLOW_HIT, NAT_HIT, HELD, HAS_PORTS = 1, 16, 32, 64, 128
STEP_OUTER, STEP_ALLOW, STEP_NAT, STEP_OUT = 0, 2, 5, 7


def after(program, *lines):
    """What `observed` says after the lines; frames are run."""
    asked = [f"run {i.hex()}" if isinstance(i, bytes) else i for i in lines]
    return program.ask(["reset", *asked, "observed"])[-1]


def flow_name(src, dst, proto, port):
    return f"{src}>{dst}/{proto}/{port}"


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


def on_cpu(program, choose):
    os.sched_setaffinity(program.pipe.pid, {choose(os.sched_getaffinity(0))})


def on_one_cpu(program):
    """A block of denied packets is a CPU's own: all that follows runs on the last one there is."""
    on_cpu(program, max)


def addresses(net, n):
    return [f"{net}.{i >> 8}.{i & 255}" for i in range(n)]


def flood(net, n):
    """A packet from each of n addresses of a /16."""
    return [f"bench 1 {mirror(udp4(src=a)).hex()}" for a in addresses(net, n)]


def known(program):
    """The denied addresses and their packets, and the ledger's count of packets."""
    seen, rows = program.ask(["observed", "counters"])
    return seen["denied"], rows["denied"]


def check_denied_flood(program):
    """A CPU adds so many addresses a second and no more; those it has are counted as ever, and every packet
    is in the ledger. Nothing is evicted here: the map is twice as large."""
    more, first = 500, "10.1.0.0"
    lines = [*flood("10.1", NEW + more), f"bench 9 {mirror(udp4(src=first)).hex()}"]
    for _ in range(5):          # until all is within one second, as it is at once on a machine that is free
        program.ask(["reset", ENFORCE])
        before, start = known(program)[1], time.monotonic()
        program.ask(lines)
        if time.monotonic() - start < 0.95:     # the program's clock goes by ticks
            break
    else:
        return ["a second's worth always takes longer than a second"]
    denied, rows = known(program)
    faults = equal("added in a second", len(denied), NEW)
    faults += equal("not the first of them", sorted(set(denied) - set(addresses("10.1", NEW))), [])
    faults += equal("packets of a known one", denied.get(first), 10)
    faults += equal("packets of all known ones", sum(denied.values()), NEW + 9)
    faults += equal("ledger", rows - before, NEW + more + 9)
    time.sleep(1.05)
    program.ask(flood("10.2", more))
    denied, rows = known(program)
    faults += equal("added in the next", len(denied), NEW + more)
    return faults + equal("ledger after it", rows - before, NEW + 2 * more + 9)


def check_denied_cpus(program):
    """Each CPU by itself."""
    program.ask(["reset", ENFORCE, *flood("10.1", NEW + 500)])
    on_cpu(program, min)
    program.ask(flood("10.2", 500))
    on_one_cpu(program)
    got = known(program)[0]
    return equal("added by the second CPU", sum(a.startswith("10.2.") for a in got), 500)


def end_block(program, frame):
    """This frame, when the block before it is over: then all before it is counted, and it is too."""
    time.sleep(0.01)
    return program.ask([f"run {frame.hex()}", "observed"])[-1]["flows"]


def check_flows_keys(program):
    """Apart by more than a block each packet is counted at once, with its port where it has one."""
    frames = {mirror(udp4()): (SRC, DST, 17, 31765), mirror(tcp4(dport=80)): (SRC, DST, 6, 80),
              mirror(udp6(src=SRC6, dport=53)): (SRC6, SERVER6, 17, 53),
              mirror(udp4(mf=True, ident=3, dport=7)): (SRC, DST, 17, 7),
              mirror(udp4(offset=64, ident=3, dport=9)): (SRC, DST, 17, 0),
              mirror(ip4(icmp(), ICMP)): (SRC, DST, 1, 0)}
    faults = []
    for mode in ("enforce", "count"):
        program.ask(["reset", f"set allow-mode {mode}"])
        got = [end_block(program, frame) for frame in frames][-1]
        want = {flow_name(*flow): 1 for flow in frames.values()}
        faults += equal(f"mode {mode}", got, want)
    for name, lines in (("allowed", [ENFORCE, f"allow {SRC}"]), ("mode off", ["set allow-mode off"])):
        program.ask(["reset", *lines])
        faults += equal(name, end_block(program, mirror(udp4())), {})
    cut = mirror(udp4(payload=bytes(8)))[:-14]      # two bytes of the UDP header are left
    program.ask(["reset", ENFORCE])
    return faults + equal("a cut header", end_block(program, cut), {flow_name(SRC, DST, 17, 0): 1})


def check_flows_weights(program):
    """As fast as they come, the weights are the packets, and a block writes twice at most."""
    frame, name = mirror(udp4()), flow_name(SRC, DST, 17, 31765)
    program.ask(["reset", ENFORCE, f"bench 1000000 {frame.hex()}"])
    faults = equal("a million packets", end_block(program, frame), {name: 1000001})
    flows = [f"bench 50 {mirror(udp4(dport=1 + i)).hex()}" for i in range(400)]
    program.ask(["reset", ENFORCE, *flows])
    faults += equal("sum of weights", sum(end_block(program, frame).values()), 50 * len(flows) + 1)
    for n in [1000] * 50 + [20] * 50:       # an emulated machine takes its time
        ran, seen = program.ask(["reset", ENFORCE, f"bench {n} {frame.hex()}", "observed"])[-2:]
        if n * ran["ns"] < 1500000:         # not interrupted: within one block
            return faults + equal("written within a block", seen["flows"], {name: 1})
    return faults + ["20 packets always take longer than a block"]


def check_flows_shares(program):
    """Whatever the order within bursts: 1 in 8 is the answer, and it comes first. Six standard
    deviations of what the samples of the blocks can be off."""
    one, rest = mirror(udp4(dport=1)), mirror(udp4(dport=2))
    burst = [f"bench 1 {one.hex()}", f"bench 7 {rest.hex()}"]
    program.ask(["reset", ENFORCE])
    before = time.monotonic()
    program.ask(burst * 1500)
    blocks = (time.monotonic() - before) / 0.002
    got = end_block(program, one)
    n = 8 * 1500
    share = got.get(flow_name(SRC, DST, 17, 1), 0) / n
    off = 6 * (1 / 8 * 7 / 8 / blocks) ** 0.5 + 0.02     # blocks are not of one size
    return ([] if abs(share - 1 / 8) <= off else [f"share {share:.3f}, expected 0.125 ±{off:.3f}"]) + \
        equal("sum", sum(got.values()), n + 1)


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
    got = [(t["row"], t["step"], t["flags"] & (TRUNCATED | ALLOW_HIT | NAT_HIT | HELD | HAS_PORTS))
           for t in traces]
    want = [("other_vni", STEP_OUTER, 0), ("denied", STEP_ALLOW, HAS_PORTS),
            ("queued", STEP_OUT, ALLOW_HIT | NAT_HIT | HAS_PORTS), ("queued", STEP_OUT, ALLOW_HIT | HELD),
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
        on_one_cpu(program)
        for check in (check_denied, check_denied_flood, check_flows_keys, check_flows_weights, check_flows_shares,
                      check_sources, check_vnis, check_ports, check_oversize, check_traces, check_swap, check_rings):
            report.check(check.__name__[len("check_"):], check(program))
        if len(os.sched_getaffinity(0)) > 1:
            report.check("denied_cpus", check_denied_cpus(program))
        else:
            report.skip("denied_cpus", "one CPU")
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
