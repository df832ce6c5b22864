#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A terminal that is measured: runs a command on a pty and says what it wrote.

    pty_screen.py [--size COLSxROWS] [--seconds N] [--skip N] [--deaf] [--out FILE] -- COMMAND...

Prints a line of JSON at the end: {"pid","frames","frames_per_s","bytes","bytes_per_s","erases"}. What the
first --skip seconds bring (the first picture) is not counted. A frame is what is written without a pause
of 20 ms. --deaf never reads; "deaf PID" is printed at once. --out keeps the bytes. At the end the
command is told SIGTERM.
"""
import argparse
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

PAUSE = 0.02
ERASE = re.compile(rb"\x1b\[[0-3]?J")


def read_for(master, until, on_bytes):
    while (left := until - time.monotonic()) > 0:
        if not select.select([master], [], [], left)[0]:
            return True
        try:
            data = os.read(master, 65536)
        except OSError:
            return False
        if not data:
            return False
        on_bytes(time.monotonic(), data)
    return True


class Counter:
    def __init__(self):
        self.frames, self.data, self.last = 0, [], 0.0

    def take(self, now, data):
        self.frames += now - self.last > PAUSE
        self.last = now
        self.data.append(data)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--size", default="80x24")
    p.add_argument("--seconds", type=float, default=10)
    p.add_argument("--skip", type=float, default=2)
    p.add_argument("--deaf", action="store_true")
    p.add_argument("--out")
    p.add_argument("command", nargs="+")
    a = p.parse_args()
    cols, rows = map(int, a.size.split("x"))
    pid, master = pty.fork()
    if pid == 0:
        os.environ.setdefault("TERM", "xterm-256color")
        os.execvp(a.command[0], a.command)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
    if a.deaf:
        print("deaf", pid, flush=True)
        time.sleep(a.seconds)
        os.kill(pid, signal.SIGTERM)
        return 0
    first, counted = Counter(), Counter()
    lives = read_for(master, time.monotonic() + a.skip, first.take)
    start = time.monotonic()
    lives = lives and read_for(master, start + a.seconds, counted.take)
    spent = time.monotonic() - start
    data = b"".join(counted.data)
    if lives:
        os.kill(pid, signal.SIGTERM)
        read_for(master, time.monotonic() + 3, first.take)
    _, status = os.waitpid(pid, 0)
    if a.out:
        with open(a.out, "wb") as f:
            f.write(b"".join(first.data) + data)
    print(json.dumps({"pid": pid, "status": os.waitstatus_to_exitcode(status), "frames": counted.frames,
                      "frames_per_s": round(counted.frames / spent, 2), "bytes": len(data),
                      "bytes_per_s": round(len(data) / spent), "erases": len(ERASE.findall(data))}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
