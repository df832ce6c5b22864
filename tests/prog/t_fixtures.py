#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The hand-written fixtures against the programs, each also cut at every length from 14 on.

Whole, the answer must be the fixture's; cut, it must be the model's (which t_model.py holds
to the same fixtures).
"""
# deadline: 900
import sys

from driver import Report, differences, open_or_skip
from fixture import EXPIRE
from fx_all import FIXTURES
from model import Model


def check_whole(program, fixture):
    lines = ["reset", *fixture.settings, *fixture.commands_before(), f"run {fixture.frame.hex()}"]
    return differences(program.ask(lines)[-1], fixture)


def cut_commands(fixture):
    """Every shorter length; what goes before is sent again each time, into an empty memory."""
    again = [EXPIRE, *fixture.commands_before()] if fixture.before else []
    whole = f"run {fixture.frame.hex()}"
    return [line for size in range(14, len(fixture.frame))
            for line in again + [whole[:4 + 2 * size]]]


def check_cut(program, fixture):
    model = Model(*fixture.settings)
    lines = cut_commands(fixture)
    answers = program.ask(["reset", *fixture.settings, *lines])[1 + len(fixture.settings):]
    for line, answer in zip(lines, answers):
        want = model.apply(line)
        faults = differences(answer, want) if want else []
        if faults:
            return faults + [f"frame {line[4:]}"]
    return []


def main():
    report = Report()
    with open_or_skip("fixtures") as program:
        for fixture in FIXTURES:
            report.check(fixture.name, check_whole(program, fixture))
        for fixture in FIXTURES:
            report.check(f"cut at each length: {fixture.name}", check_cut(program, fixture))
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
