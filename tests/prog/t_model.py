#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The oracle itself: against every hand-written fixture, and against arithmetic done in full.

Needs no root, no kernel and no program. Without this, an agreement of program and model
would prove only that they are equal.
"""
import random
import sys

from driver import Report
from fixture import BASE
from frames import (CLIENT4, CLIENT6, TARGET4, TARGET6, addr, mirror, ones_sum, residues, tcp4,
                    tcp6, udp4, udp6)
from fx_all import FIXTURES
from model import Model, csum_update

ROUNDS = 3000


def comparable(verdict):
    out = verdict.out[12:] if verdict.held else verdict.out
    return verdict.action, verdict.row, verdict.natted, verdict.held, out and out.hex()


def check_fixture(fixture):
    model = Model(*fixture.settings)
    for line in fixture.commands_before():
        model.apply(line)
    got, want = comparable(model.judge(fixture.frame)), comparable(fixture)
    return [] if got == want else [f"actual {got}, expected {want}"]


def check_vectors():
    """RFC 1624 section 4, and the documented ones."""
    cases = [(0xDD2F, [(0x5555, 0x3285)], 0x0000), (0xF4EB, [(0xAC1F, 0xAC1E), (0x00EE, 0x525F),
                                                           (0x7C15, 0x1F91)], 0x0000),
             (0x1234, [(0xAC1F, 0xAC1E), (0x00EE, 0x525F)], 0xC0C3),
             (0x1234, [(0x0A00, 0xAC1E), (0x0002, 0x525F)], 0x1DB8),
             (0x0000, [(0x1111, 0x1111)], 0x0000), (0xFFFF, [(0x1111, 0x1111)], 0xFFFF)]
    return [f"{old:04x} {pairs}: actual {csum_update(old, pairs):04x}, expected {new:04x}"
            for old, pairs, new in cases if csum_update(old, pairs) != new]


def check_update(rnd):
    """Incremental equals recomputed, for words that favour the carries."""
    pick = lambda: rnd.choice([0, 1, 0xFFFE, 0xFFFF, rnd.randrange(65536)])
    for _ in range(ROUNDS):
        before = [pick() for _ in range(6)]
        after = [pick() if rnd.random() < 0.5 else w for w in before]
        full = [~ones_sum(b"".join(w.to_bytes(2, "big") for w in ws)) & 0xFFFF
                for ws in (before, after)]
        got = csum_update(full[0], list(zip(before, after)))
        # all-zero data has the sum ffff, which no update can produce
        if got % 0xFFFF != full[1] % 0xFFFF:
            return [f"{before} -> {after}: actual {got:04x}, expected {full[1]:04x}"]
    return []


def check_nat(rnd):
    """A packet with good sums leaves with good sums, to the target, otherwise as it came."""
    model = Model(*BASE)
    for _ in range(ROUNDS):
        make = rnd.choice([udp4, tcp4, udp6, tcp6])
        four = make in (udp4, tcp4)
        dst = ".".join(str(rnd.choice([0, 255, rnd.randrange(256)])) for _ in range(4)) if four \
            else rnd.randbytes(16).hex(":", 2)
        packet = make(rnd.randbytes(rnd.randrange(64)), src=CLIENT4 if four else CLIENT6, dst=dst,
                      sport=rnd.randrange(65536))
        verdict = model.judge(mirror(packet))
        if not verdict.natted or any(residues(verdict.out[14:])):
            return [f"packet {packet.hex()}: actual {verdict}, expected good sums"]
        target = addr(TARGET4 if four else TARGET6)
        if verdict.out[14:][16:20] != target and verdict.out[14:][24:40] != target:
            return [f"packet {packet.hex()}: not sent to the target"]
    return []


def check_total(rnd):
    """No input makes it fail: whatever arrives gets a row."""
    model = Model(*BASE)
    for _ in range(ROUNDS):
        frame = bytearray(mirror(rnd.choice([udp4, tcp6])()))
        for _ in range(rnd.randrange(1, 8)):
            frame[rnd.randrange(len(frame))] = rnd.randrange(256)
        model.judge(bytes(frame[:rnd.randrange(14, len(frame) + 1)]))
    return []


def main():
    report, rnd = Report(), random.Random(1624)
    names = [f.name for f in FIXTURES]
    report.check("model: fixture names are unique",
                 sorted({n for n in names if names.count(n) > 1}))
    report.check("model: checksum vectors", check_vectors())
    report.check("model: incremental checksum equals recomputed", check_update(rnd))
    report.check("model: NAT keeps good sums good", check_nat(rnd))
    report.check("model: every input gets a row", check_total(rnd))
    for fixture in FIXTURES:
        report.check(f"model: {fixture.name}", check_fixture(fixture))
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
