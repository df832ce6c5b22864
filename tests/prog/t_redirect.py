#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""With egress redirect each fixture ends as it does without, but that what a ring would get is redirected:
the same bytes, made in place. What must wait for a verdict still goes to a ring, and so does a frame in
several buffers. So it is for each length
that a fixture may be cut to (one in 13: t_fixtures.py has them all), for each place where the linear part may end, and in vx_explain too."""
# deadline: 900
import sys

from driver import Report, open_or_skip
from fixture import EXPIRE
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
