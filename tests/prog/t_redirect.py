#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""With egress redirect each fixture ends as it does without, but that what a ring would get is redirected:
the same bytes, made in place. What must wait for a verdict still goes to a ring, and so does a frame in
several buffers. So it is for each length
that a fixture may be cut to (one in 13: t_fixtures.py has them all), for each place where the linear part may end, and in vx_explain too."""
# deadline: 900
import sys

from driver import Report, open_or_skip
from fixture import BASE, EXPIRE
from frames import mirror, udp4
from fx_all import FIXTURES


ONE_BUFFER = 3520  # bytes that a test run puts into the first buffer (x86)


def answers(program, fixture, out, lines):
    setup = ["reset", *fixture.settings, f"set out {out}"]
    return program.ask(setup + lines)[len(setup):]


def compare(ring, got, size):
    """[] or sentences: how the answer with redirect is not the ring's with another row."""
    redirected = ring["row"] == "queued" and not ring["held"] and size <= ONE_BUFFER
    want = {"action": "redirect", "row": "redirected"} if redirected else {}
    pairs = [(key, got[key], want.get(key, ring[key]))
             for key in ("action", "row", "natted", "unnatted", "out", "held")]
    pairs += [("explain row", got["explain"]["row"], "redirected" if redirected else ring["explain"]["row"]),
              ("explain out", got["explain"]["out"], ring["explain"]["out"]),
              ("explain touched a map", got["explain_touched"], False)]
    if "error" in got:
        pairs.append(("error", got["error"], None))
    return [f"{what}: actual {is_}, expected {exp}" for what, is_, exp in pairs if is_ != exp]


def faults(program, fixture, lines):
    ring = answers(program, fixture, "ring", lines)
    for line, a, b in zip(lines, ring, answers(program, fixture, "redirect", lines)):
        found = compare(a, b, len(line[4:]) // 2) if line.startswith("run ") else []
        if found:
            return found + [line[:300]]
    return []


def cut(fixture, first):
    again = [EXPIRE, *fixture.commands_before()] if fixture.before else []
    return [line for size in range(14 + first % 13, len(fixture.frame), 13)
            for line in again + [f"run {fixture.frame[:size].hex()}"]]


def check_linear(report, program):
    """The linear part ends before the inner headers, in them, or behind: a ring has it, and the same bytes."""
    fixture = next(f for f in FIXTURES if f.row == "queued" and f.natted and not f.held)
    try:
        program.ask(["reset", "set linear 100", f"run {fixture.frame.hex()}"])
    except RuntimeError as err:
        report.skip("the linear part ends anywhere", str(err)[:60])
        return
    ring = answers(program, fixture, "ring", [f"run {fixture.frame.hex()}"])[0]
    bad = []
    for size in range(14, len(fixture.frame)):
        lines = [f"set linear {size}", f"run {fixture.frame.hex()}"]
        got = answers(program, fixture, "redirect", lines)[1]
        if got["row"] != "queued" or got["out"] != ring["out"]:
            bad.append(f"linear {size}: {got['row']} {got['out']}")
    report.check("the linear part ends anywhere", bad[:1])
    check_lengths(report, program)


def check_lengths(report, program):
    """Frames of every length through the classes that are copied in two pieces, and a few more: whole, and with the
    linear part ending where a piece does, a byte before and a byte behind."""
    bad = []
    for n in range(42, 300):
        frame = mirror(udp4(payload=bytes(i * 7 % 251 for i in range(n - 42))))
        start = len(frame) - n
        ends = [at + d for at in (32, 48, 80, 144, n - 128, n - 64, n - 48) for d in (-1, 0, 1) if 0 < at < n]
        lines = [f"run {frame.hex()}"]
        for end in ends:
            lines += [f"set linear {start + end}", f"run {frame.hex()}"]
        whole, *cut_up = [a for a in program.ask(["reset", *BASE, "set allow-mode off", *lines]) if "row" in a]
        for end, got in zip(ends, cut_up):
            if (got["row"], got["out"]) != (whole["row"], whole["out"]):
                bad.append(f"{n} bytes, linear {end}: {got['row']} {got['out']}")
        if whole["row"] != "queued" or len(whole["out"]) != 2 * n or whole["out"][84:] != frame[start + 42:].hex():
            bad.append(f"{n} bytes: {whole['row']} {whole['out']}")
    report.check("frames of every length up to 300 are copied whole", bad[:1])


def main():
    report = Report()
    with open_or_skip("redirect") as program:
        for fixture in FIXTURES:
            lines = [*fixture.commands_before(), f"run {fixture.frame.hex()}"]
            report.check(fixture.name, faults(program, fixture, lines))
        for i, fixture in enumerate(FIXTURES):
            report.check(f"cut: {fixture.name}", faults(program, fixture, cut(fixture, i)))
        check_linear(report, program)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
