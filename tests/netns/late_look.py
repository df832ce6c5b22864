#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes each look of an engine at programs of others a late one, until SIGTERM: its process is stopped for longer than a look
takes at most, soon after it has begun.

    late_look.py PID-OF-THE-ENGINE
"""
import os
import signal
import sys
import time

STOPPED_S = 1.7
BEGUN_S = 0.002  # from its name to its first steps


def comm(pid):
    try:
        with open("/proc/%s/comm" % pid) as f:
            return f.read().strip()
    except OSError:
        return ""


def send(pid, what):
    try:
        os.kill(int(pid), what)
    except ProcessLookupError:
        pass


def main():
    path = "/proc/%s/task/%s/children" % (sys.argv[1], sys.argv[1])
    seen = set()
    print("ready", flush=True)
    while True:
        with open(path) as f:
            children = f.read().split()
        for pid in children:
            if pid in seen or comm(pid) != "vx-strays":
                continue
            seen.add(pid)
            time.sleep(BEGUN_S)
            send(pid, signal.SIGSTOP)
            time.sleep(STOPPED_S)
            send(pid, signal.SIGCONT)


main()
