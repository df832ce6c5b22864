#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The allowlist's tables against the oracle: many prefixes of all lengths, one within the other, while the
tables grow and entries come and go. SEED=N makes another list."""
import ipaddress
import os
import random
import sys

from driver import Report, open_or_skip
from fixture import BASE
from frames import mirror, udp4, udp6
from model import Model
from t_counters import whole

SPACE = {4: "10.20.0.0", 6: "2001:db8:0:1::"}  # most of the list is here, so that much of it overlaps
BITS = {4: 32, 6: 128}
ADDS = 500      # the driver takes 1,024 in all
PACKETS = 500
VX_ALLOW_WAYS = 8


class Lists:
    def __init__(self, seed):
        self.rnd, self.there = random.Random(seed), {}

    def address(self, version):
        """Near those of the list: one in ten anywhere."""
        start = int(ipaddress.ip_address(SPACE[version]))
        if self.rnd.random() < 0.1:
            return ipaddress.ip_address(self.rnd.randrange(1 << BITS[version]).to_bytes(BITS[version] // 8, "big"))
        return ipaddress.ip_address(start) + self.rnd.randrange(1 << 12)

    def put(self, net):
        self.there[str(net)] = net
        return f"allow {net}"

    def add(self):
        """The command for a prefix that is not there yet, but for one of length 0."""
        while True:
            version = self.rnd.choice((4, 6))
            bits = BITS[version]
            n = bits if self.rnd.random() < 0.5 else self.rnd.randrange(1, bits + 1)
            net = ipaddress.ip_network((self.address(version), n), strict=False)
            if str(net) not in self.there:
                return self.put(net)

    def crowd(self, count):
        """Addresses that all want one bucket, in any table of at most 1,024: more than it has ways for."""
        found = []
        while len(found) < count:
            net = ipaddress.ip_network(self.rnd.randrange(1 << 32))
            if bucket_of(net) == 77 and str(net) not in self.there:
                found.append(self.put(net))
        return found

    def drop(self):
        gone = self.rnd.choice(list(self.there))
        del self.there[gone]
        return f"unallow {gone}"

    def packet(self):
        """From a listed prefix's edges and its neighbours, or from anywhere."""
        net = self.rnd.choice(list(self.there.values()))
        picks = [net[0], net[-1], self.address(net.version)]
        picks += [net[0] - 1] if int(net[0]) else []
        picks += [net[-1] + 1] if int(net[-1]) + 1 < 1 << net.max_prefixlen else []
        src, dst = str(self.rnd.choice(picks)), str(self.address(net.version))
        return f"run {mirror((udp4 if net.version == 4 else udp6)(src=src, dst=dst)).hex()}"


def bucket_of(net):
    """vx_allow4_hash() of an address, whose tag is 1."""
    return (int(net[0]) << 8 ^ 1) * 0x9e3779b97f4a7c15 % (1 << 64) >> 40 & 1023


def faults_of(program, model, lines):
    answers = program.ask([*lines, "hits"])
    wrong = []
    for line, answer in zip(lines, answers):
        want = model.apply(line)
        if want and answer["row"] != want.row:
            wrong.append(f"{line[:200]}: actual {answer['row']}, expected {want.row}")
    got = {whole(cidr): hits for cidr, hits in answers[-1]["allow"].items()}
    want = {str(net): hits for net, hits in model.allow.items()}
    wrong += [f"{net}: actual {got.get(net)} hits, expected {want.get(net)}"
              for net in sorted(got.keys() | want.keys()) if got.get(net) != want.get(net)]
    return wrong[:5]


def main():
    report, lists = Report(), Lists(os.environ.get("SEED", "lists"))
    settings = [*BASE, "set allow-mode enforce"]
    steps = [("grown", lambda: [lists.add() for _ in range(ADDS)]),
             ("a third gone", lambda: [lists.drop() for _ in range(ADDS // 3)]),
             ("come and gone", lambda: [lists.add() if n % 2 else lists.drop() for n in range(ADDS // 2)]),
             ("all but twenty gone", lambda: [lists.drop() for _ in range(len(lists.there) - 20)]),
             ("prefixes in sequence", lambda: [lists.put(ipaddress.ip_network(f"2001:db8:7:{n:x}:{m:x}::/80"))
                                               for n in range(2) for m in range(50)]),
             ("a hundred gone", lambda: [lists.drop() for _ in range(100)]),
             ("crowded", lambda: lists.crowd(VX_ALLOW_WAYS * 3)),
             ("crowded, some gone", lambda: [lists.drop() for _ in range(20)]),
             ("too crowded", lambda: lists.crowd(VX_ALLOW_WAYS * 4)),
             ("the rest of the world", lambda: [lists.put(ipaddress.ip_network(n)) for n in ("0.0.0.0/0", "::/0")])]
    with open_or_skip("allowlist") as program:
        program.ask(["reset", *settings])
        model = Model(*settings)
        for name, edits in steps:
            lines = edits()
            lines += [lists.packet() for _ in range(PACKETS)]
            report.check(f"allowlist: {name}", faults_of(program, model, lines))
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
