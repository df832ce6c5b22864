# SPDX-License-Identifier: GPL-2.0-only
"""The programs under test, reached through build/vxprog: commands in, one JSON line each out.

Commands are pipelined (a thread writes while the caller reads), so that thousands of packets
a second go through. Also what the test scripts share: the comparison of an answer with a
verdict, and the lines `ok`, `not ok`, `skip` that the runner counts.
"""
import json
import os
import subprocess
import sys
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Program:
    def __init__(self, path=None):
        path = path or os.environ.get("VXPROG") or os.path.join(ROOT, "build", "vxprog")
        self.pipe = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ask(["reset"])

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        if kind:
            self.pipe.kill()        # it may still be writing answers that nobody reads
        self.pipe.stdin.close()
        self.pipe.wait(10)

    def ask(self, lines):
        """The answers to the command lines, in order. Raises RuntimeError if one fails."""
        writer = threading.Thread(target=self._write, args=("\n".join(lines) + "\n",))
        writer.start()
        answers = [self._read(line) for line in lines]
        writer.join()
        return answers

    def _write(self, text):
        try:
            self.pipe.stdin.write(text.encode())
            self.pipe.stdin.flush()
        except BrokenPipeError:
            pass            # the reader sees the end of the answers and says so

    def _read(self, asked):
        line = self.pipe.stdout.readline()
        if not line:
            raise RuntimeError(f"the driver died (status {self.pipe.wait()}) on: {asked[:300]}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{answer['error']}: on: {asked[:300]}")
        return answer


def open_or_skip(name):
    """The program, or exit 77 with the reason (not built, or no right to load it)."""
    try:
        return Program()
    except (OSError, RuntimeError) as err:
        print(f"skip {name}: {err}")
        sys.exit(77)


def comparable(out, held):
    """The next hop of a held fragment is not known yet: its addresses are left out."""
    return out[24:] if out is not None and held else out


def differences(answer, want, explain=True):
    """What the driver's answer to `run` has other than the verdict: [] or sentences."""
    out = want.out.hex() if want.out is not None else None
    pairs = [("action", answer["action"], want.action),
             ("row", answer["row"], want.row),
             ("natted", answer["natted"], want.natted),
             ("unnatted", answer["unnatted"],
              want.row == "queued" and not want.natted and not want.held),
             ("held", answer["held"], want.held),
             ("out", comparable(answer["out"], want.held), comparable(out, want.held))]
    if want.action == "pass":
        pairs.append(("unchanged", answer["unchanged"], True))
    if explain:
        dry = answer["explain"]
        pairs += [("explain row", dry["row"], want.row),
                  ("explain out", comparable(dry["out"], want.held), comparable(out, want.held)),
                  ("explain touched a map", answer["explain_touched"], False)]
    return [f"{what}: actual {got}, expected {exp}" for what, got, exp in pairs if got != exp]


class Report:
    """Counts and prints; one line a test."""

    def __init__(self):
        self.failed = self.passed = self.skipped = 0

    def check(self, name, faults):
        if faults:
            self.failed += 1
            print(f"not ok {name}: {'; '.join(faults)}")
        else:
            self.passed += 1
            print(f"ok {name}")

    def skip(self, name, reason):
        self.skipped += 1
        print(f"skip {name}: {reason}")

    def status(self):
        return 1 if self.failed else 0 if self.passed else 77
