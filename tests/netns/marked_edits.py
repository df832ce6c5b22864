#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""marked_edits.py IF SOCKET EDITS: run in the namespace of the mirror source.

Keeps one connection to the control socket, and after the answer to each edit sends one marked packet: it
enters after the answer, so it must be judged by the new value. The edits turn an address on and off the
allowlist, and a NAT rule on and off; what tells the two judgements apart are counters that only the marked
packet can move. Prints "ok" or "not ok" lines."""
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "prog"))
import frames  # noqa: E402

CLIENT, OTHER_PORT = "203.0.113.77", 31766
LIMIT = 2.0         # seconds for a packet to be counted, on a busy machine


class Control:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(path)
        self.file = self.sock.makefile("rb")

    def run(self, *words):
        self.sock.sendall(json.dumps({"cmd": list(words), "json": True, "yes": True}).encode() + b"\n")
        reply = json.loads(self.file.readline())
        if "error" in reply:
            raise SystemExit("not ok %s: %s" % (" ".join(words), reply["error"]))
        return reply.get("data")

    def hits(self):
        return sum(row["hits"] for row in self.run("allow", "list", CLIENT))

    def denied(self):
        return sum(row["count"] for row in self.run("allow", "top") if row["addr"] == CLIENT)

    def natted(self):
        return sum(row["hits"] for row in self.run("nat", "list") if row["key"] == "udp/31766")

    def no_rule(self):
        return self.run("ledger")["dropped"]["no_rule"]


def judged(new, old, before):
    """Which of two counters moves first: the one that the new value moves?"""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if new() != before[0]:
            return old() == before[1]
        if old() != before[1]:
            return False
    return False


def main():
    dev, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]) // 4
    control = Control(path)
    tx = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    tx.bind((dev, 0))
    to = {"dst": "172.30.74.144"}
    by_addr = frames.mirror(frames.udp4(src=CLIENT, **to))
    by_port = frames.mirror(frames.udp4(src=CLIENT, dport=OTHER_PORT, **to))
    wrong = []

    def edit(words, packet, new, old):
        control.run(*words)
        before = (new(), old())
        tx.send(packet)
        if not judged(new, old, before):
            wrong.append(" ".join(words))

    for _ in range(rounds):
        edit(("allow", "add", CLIENT), by_addr, control.hits, control.denied)
        edit(("nat", "add", "udp/31766=172.30.82.95:8082"), by_port, control.natted, control.no_rule)
        edit(("nat", "del", "udp/31766"), by_port, control.no_rule, control.natted)
        edit(("allow", "del", CLIENT), by_addr, control.denied, control.hits)
    name = "%d edits: the first packet after each answer is judged by the new value" % (rounds * 4)
    print("ok " + name if not wrong else "not ok %s: %d were not: %s" % (name, len(wrong), wrong[:3]))
    return 1 if wrong else 0


sys.exit(main())
