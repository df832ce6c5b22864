#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Recorded packets of others, found by $VX_CAPTURES, against hand-written counts.

Each frame is followed by a good one, which must still go out; each answer must be the model's;
what leaves un-NATed must be, byte for byte, an IP packet of the frame; what leaves NATed has
the sums that came, right or wrong. A capture or a behaviour of the README beside the captures
that has no expectation here is a failure.
"""
import glob
import os
import re
import sys
from collections import Counter

import pcap
from capture_cases import BEHAVIOURS, CASES, ELSEWHERE, rule
from driver import Report, differences, open_or_skip
from fixture import FORWARD, L2
from frames import (NAT_MAC, TARGET4, TARGET_PORT, TCP, UDP, mirror, outer, residues, sent, udp4,
                    vxlan)
from fx_all import FIXTURES
from model import Model, csum_update

INNER_IP = 14 + 20 + 8 + 8 + 14     # of a mirrored frame without tags and options
GOOD_PORT, GOOD_SRC = 61999, "198.51.100.7"     # in no capture
GOOD_OUT = sent(udp4(b"still alive", src=GOOD_SRC, dst=TARGET4, dport=TARGET_PORT), NAT_MAC).hex()


def with_port(frame, port):
    """The mirrored frame with another inner destination port, the sum moved along."""
    frame, l4 = bytearray(frame), INNER_IP + 4 * (frame[INNER_IP] & 15)
    at = l4 + {TCP: 16, UDP: 6}[frame[INNER_IP + 9]]
    old, total = (int.from_bytes(frame[i:i + 2], "big") for i in (l4 + 2, at))
    frame[l4 + 2:l4 + 4] = port.to_bytes(2, "big")
    frame[at:at + 2] = csum_update(total, [(old, port)]).to_bytes(2, "big")
    return bytes(frame)


def frames_of(case, folder):
    for frame in pcap.read(os.path.join(folder, case.file + ".pcap")):
        if case.wrapped:
            frame = outer(vxlan(frame))
        elif case.port:
            frame = with_port(frame, case.port)
        if len(frame) >= 14:        # a test run takes no shorter frame
            yield frame[:case.bytes_of or None]


def good_frame(case):
    """A packet that is ours, allowed and NATed under the case's settings."""
    chosen = dict(s.split()[1:3] for s in case.settings if s.startswith("set "))
    vni = chosen.get("vni", "1").split(",")[0]
    return mirror(udp4(b"still alive", src=GOOD_SRC, dport=GOOD_PORT),
                  vni=1 if vni == "any" else int(vni), dport=int(chosen.get("port", 4789)))


def original(frame, packet):
    """The bytes of the frame that a NATed packet was: what NAT leaves alone finds them."""
    at = frame.find(packet[:10] if packet[0] >> 4 == 4 else packet[:24])
    return frame[at:at + len(packet)]


def is_whole(packet):
    if packet[0] >> 4 == 6:
        return True
    return not int.from_bytes(packet[6:8], "big") & 0x3FFF and \
        int.from_bytes(packet[2:4], "big") == len(packet)


def joined(fragments):
    """The IPv4 datagram of these fragments, without options."""
    fragments = sorted(fragments, key=lambda p: int.from_bytes(p[6:8], "big") & 0x1FFF)
    data = b"".join(p[20:int.from_bytes(p[2:4], "big")] for p in fragments)
    return fragments[0][:2] + (20 + len(data)).to_bytes(2, "big") + fragments[0][4:20] + data


def check_packet(frame, answer):
    """Without the model: what left, if anything did, is the IP packet that came, but for NAT."""
    if answer["out"] is None:
        return []
    packet = bytes.fromhex(answer["out"])[14:]
    if not answer["natted"]:
        return [] if packet in frame else ["the IP packet is not that of the frame"]
    if is_whole(packet) and residues(packet) != residues(original(frame, packet)):
        return [f"sums: actual {residues(packet)}, expected {residues(original(frame, packet))}"]
    return []


def check_fragments(frames, answers):
    """The NATed fragments of one datagram, put together, have the L4 sum that came."""
    left = [(f, bytes.fromhex(a["out"])[14:]) for f, a in zip(frames, answers) if a["natted"]]
    left = [(f, p) for f, p in left if p[0] >> 4 == 4 and int.from_bytes(p[6:8], "big") & 0x3FFF]
    if not left:
        return []
    came = residues(joined([original(f, p) for f, p in left]))[1]
    went = residues(joined([p for _, p in left]))[1]
    return [] if came == went else [f"sum of the datagram: actual {went}, expected {came}"]


def run_case(program, case, folder):
    frames, good = list(frames_of(case, folder)), good_frame(case)
    settings = [*L2, FORWARD, *case.settings, rule("udp", GOOD_PORT), f"allow {GOOD_SRC}"]
    if case.repeat:
        settings += [f"run {frame.hex()}" for frame in frames]
    lines = ["reset", *settings] + [f"run {f.hex()}" for frame in frames for f in (frame, good)]
    answers = program.ask(lines)[1 + len(settings):]
    rows, faults = Counter(), check_fragments(frames, answers[::2])
    model = Model(*settings)
    for i, (frame, answer, after) in enumerate(zip(frames, answers[::2], answers[1::2])):
        rows["held" if answer["held"] else answer["row"]] += 1
        found = differences(answer, model.judge(frame)) + check_packet(frame, answer)
        if after["out"] != GOOD_OUT:
            found.append(f"the good packet after it: actual {after}, expected {GOOD_OUT}")
        faults += [f"packet {i + 1}: {fault}" for fault in found]
    natted = sum(answer["natted"] for answer in answers[::2])
    if rows != Counter(case.rows) or natted != case.natted:
        faults.insert(0, f"actual {dict(rows)} of them {natted} NATed, "
                         f"expected {case.rows} of them {case.natted} NATed")
    return faults[:5]


def check_coverage(folder):
    """Every capture, and every numbered behaviour of their README, has its place here."""
    files = {os.path.basename(f)[:-len(".pcap")] for f in glob.glob(folder + "/*.pcap")}
    with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
        listed = {int(n) for n in re.findall(r"^\| (\d+) \|", file.read(), re.M)}
    return [f"no expectation for {f}" for f in sorted(files - {c.file for c in CASES})] + \
        [f"behaviour {n} is not placed" for n in sorted(listed ^ {*BEHAVIOURS, *ELSEWHERE})]


def main():
    folder = os.environ.get("VX_CAPTURES")
    if not folder:
        print("skip captures: VX_CAPTURES is unset: it names the folder of recorded packets")
        return 77
    report, names = Report(), {f.name for f in FIXTURES}
    report.check("captures: all have expectations", check_coverage(folder))
    for number, fixtures in BEHAVIOURS.items():
        report.check(f"behaviour {number} has its fixtures",
                     [f"no fixture {f}" for f in fixtures if f not in names])
    with open_or_skip("captures") as program:
        for case in CASES:
            report.check(f"{case.name}: {case.rows}", run_case(program, case, folder))
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
