#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Random packets under random settings: the programs and the oracle must agree on each.

Packets are built by a grammar that favours the edges, then most are spoiled: bytes changed,
lengths nudged, ends cut. SEED=N repeats a run or makes another, PACKETS=N sets how many a
group of settings gets; a failure prints the seed, the settings and what led to the frame.
"""
import os
import random
import sys
from collections import Counter

from driver import Report, differences, open_or_skip
from fixture import BASE, EXPIRE
from frames import (ETH_ARP, ETH_IP4, ETH_IP6, ICMP, ICMP6, TCP, UDP, chain6, eth, ext, frag6,
                    icmp, ip4, kind_of, outer, routing, tcp, udp, vxlan)
from model import Model

GROUPS = 40
TAGS = ((0x8100,), (0x88A8,), (0x88A8, 0x8100), (0x9100, 0x8100), (0x8100,) * 3)
ADDRS4 = ("10.1.2.3", "10.1.2.4", "10.1.9.9", "10.200.0.1", "172.31.0.238", "104.218.88.5",
          "0.0.0.0", "255.255.255.255", "172.30.82.95")
ADDRS6 = ("2001:db8:1::5", "2001:db8:1::6", "2001:db8:2::238", "2001:db8:3::95", "::", "ff02::1",
          "::ffff:10.1.2.3", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
TARGETS4 = ("172.30.82.95", "10.1.2.3", "192.0.255.255")
TARGETS6 = ("[2001:db8:3::95]", "[2001:db8:2::238]", "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]")
PREFIXES = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.2/31", "10.1.2.3/32", "0.0.0.0/0",
            "104.218.88.0/28", "128.0.0.0/1", "2001:db8::/32", "2001:db8:1::/48",
            "2001:db8:1::4/126", "::/0", "2001:db8:2::238/128")
PORTS = (31765, 31764, 31766, 53, 4789, 80, 0, 65535)
PROTOS = (UDP, UDP, UDP, TCP, TCP, TCP, ICMP, 2, 47, 50, 51, 132, 136, 59, 0, 255)
ROWS = {"not_vxlan", "other_vni", "outer_fragment", "malformed", "not_ip", "denied", "truncated",
        "no_rule", "oversize", "no_neighbour", "paused", "queued"}


class Generator:
    def __init__(self, seed):
        self.rnd = random.Random(seed)

    def mostly(self, usual, *others, odds=0.9):
        return usual if self.rnd.random() < odds else self.rnd.choice(others)

    def settings(self):
        rnd, lines = self.rnd, list(BASE[:3])
        lines += [f"set vni {self.mostly('1', '1,2,3', 'any', '1,256', odds=0.6)}",
                  f"set other-vni {rnd.choice(['pass', 'drop'])}",
                  f"set allow-mode {rnd.choice(['off', 'enforce', 'count'])}",
                  f"set match {rnd.choice(['src', 'dst', 'any'])}",
                  f"set unmatched {rnd.choice(['drop', 'forward'])}",
                  f"set truncated {rnd.choice(['drop', 'forward'])}",
                  f"set mtu {self.mostly(9001, 68, 100, 576, 1500, odds=0.4)}",
                  f"set paused {self.mostly(0, 1, odds=0.95)}",
                  f"set rings {rnd.choice([1, 2, 4])}"]
        lines += [f"set nexthop{f} none" for f in (4, 6) if rnd.random() < 0.2]
        lines += [f"allow {a}" for a in rnd.sample(ADDRS4 + ADDRS6 + PREFIXES, rnd.randrange(8))
                  if a not in ("10.1.2.3/32", "2001:db8:2::238/128")]
        return lines + self.rules()

    def rules(self):
        keys = {}
        for _ in range(self.rnd.randrange(1, 10)):
            six = self.rnd.random() < 0.4
            inside = [p for p in PREFIXES if (":" in p) == six]
            prefix = self.mostly("", *inside, odds=0.5)
            to = self.rnd.choice(TARGETS6 if six else TARGETS4)
            key = f"{self.rnd.choice(['udp', 'tcp'])}/{self.rnd.choice(PORTS[:6])}"
            mac = self.mostly("02:00:00:00:00:01", "none", odds=0.85)
            keys[key, prefix, six] = f"nat {key}{'@' + prefix if prefix else ''}={to}:" \
                                     f"{self.rnd.choice([8081, 1, 65535, 31765])} {mac}"
        return list(keys.values())

    def payload(self):
        size = self.mostly(self.rnd.randrange(40), 0, 1, 500, 1459, 1460, 8900, odds=0.85)
        return bytes([self.rnd.choice([0, 0xFF, self.rnd.randrange(256)])]) * size

    def segment(self, proto, src, dst):
        """A whole upper-layer packet, lengths and sums now and then wrong."""
        data, rnd = self.payload(), self.rnd
        dport, sport = self.mostly(31765, *PORTS, odds=0.5), rnd.choice(PORTS)
        csum = self.mostly(None, 0, 0xFFFF, 1, rnd.randrange(65536), odds=0.6)
        if proto == UDP:
            size = 8 + len(data)
            length = self.mostly(size, 0, 7, 8, size - 1, size + 1, 0xFFFF)
            return udp(data, src, dst, sport, dport, max(length, 0), csum)
        if proto == TCP:
            options = b"\1" * (4 * rnd.choice([0, 0, 1, 10]))
            doff = self.mostly(None, 0, 4, 5, 6, 15)
            return tcp(data, src, dst, sport, dport, doff, options, csum=csum)
        if proto in (ICMP, ICMP6):
            return icmp(rnd.choice([0, 3, 8, 11]), payload=data)
        return udp(data, src, dst, sport, dport) if rnd.random() < 0.8 else data

    def pieces(self, segment):
        """The segment in one piece, or cut up: (offset, more, bytes), in any order."""
        if self.rnd.random() < 0.7 or len(segment) < 16:
            return [(0, False, segment)]
        cuts = sorted({8 * self.rnd.randrange(len(segment) // 8 + 1) for _ in range(3)} - {0})
        ends = list(zip([0] + cuts, cuts + [len(segment)]))
        parts = [(a, b < len(segment), segment[a:b]) for a, b in ends]
        if self.rnd.random() < 0.3:
            self.rnd.shuffle(parts)
        return parts

    def packets4(self):
        rnd, proto = self.rnd, self.rnd.choice(PROTOS)
        src, dst, ident = rnd.choice(ADDRS4), rnd.choice(ADDRS4), rnd.randrange(65536)
        options = self.mostly(b"", b"\1" * 4, b"\1" * 40, bytes.fromhex("94040000"), odds=0.8)
        for offset, more, data in self.pieces(self.segment(proto, src, dst)):
            whole = 20 + len(options) + len(data)
            yield ip4(data, proto, src, dst, rnd.choice([0, 1, 64, 255]), rnd.randrange(256), ident,
                      rnd.random() < 0.3, more, offset, options,
                      length=self.mostly(whole, 0, 19, 20, whole - 1, whole + 1, 65535, odds=0.93),
                      ihl=self.mostly(None, 0, 4, 5, 6, 15, odds=0.97),
                      version=self.mostly(4, 0, 5, 6, 15, odds=0.98),
                      csum=self.mostly(None, 0, 0xFFFF, 0x1234, odds=0.8))

    def headers(self):
        """Extension headers before the upper layer, their sizes and number up to the limits."""
        make = [(0, lambda nh: ext(nh)), (60, lambda nh: ext(nh)), (60, lambda nh: ext(nh, 24)),
                (43, lambda nh: routing(nh)), (43, lambda nh: routing(nh, left=2)),
                (44, lambda nh: frag6(nh)), (60, lambda nh: ext(nh, 448)),
                (60, lambda nh: ext(nh, 512))]
        weights = [4, 8, 4, 4, 1, 2, 1, 1]
        return self.rnd.choices(make, weights, k=self.mostly(0, 1, 2, 3, 7, 8, 9, odds=0.6))

    def packets6(self):
        rnd, proto = self.rnd, self.rnd.choice(PROTOS + (ICMP6,))
        src, dst, ident = rnd.choice(ADDRS6), rnd.choice(ADDRS6), rnd.randrange(1 << 32)
        before, hops = self.headers(), rnd.choice([0, 1, 64, 255])
        parts = self.pieces(self.segment(proto, src, dst))
        for offset, more, data in parts:
            exts = list(before)
            if len(parts) > 1:
                exts = [e for e in exts if e[0] != 44]
                exts.append((44, lambda nh, o=offset, m=more: frag6(nh, ident, o, m)))
            packet = chain6(exts, proto, data, src=src, dst=dst, hops=hops,
                            version=self.mostly(6, 0, 4, 15, odds=0.98))
            stated = int.from_bytes(packet[4:6], "big")
            length = self.mostly(stated, 0, 8, stated - 1, stated + 1, 65535, odds=0.93)
            yield packet[:4] + (length & 0xFFFF).to_bytes(2, "big") + packet[6:]

    def frames(self):
        """One inner datagram, mirrored: a frame, or several if it was fragmented."""
        six = self.rnd.random() < 0.4
        tags = self.mostly((), *TAGS)
        for packet in self.packets6() if six else self.packets4():
            kind = self.mostly(kind_of(packet), ETH_IP4, ETH_IP6, ETH_ARP, 0x8847, odds=0.96)
            pad = bytes([0xEE]) * self.mostly(0, 1, 6, 18, 40, odds=0.8)
            yield self.mirrored(eth(packet, kind, tags) + pad)

    def mirrored(self, frame):
        rnd = self.rnd
        data = vxlan(frame, self.mostly(1, 0, 2, 256, 0x10000, 0xFFFFFF, odds=0.95),
                     self.mostly(8, 0, 0xF7, 0xFF, 0x88, odds=0.97),
                     rnd.choice([b"\0\0\0", b"\xff\x08\1"]), rnd.choice([0, 1, 255]))
        size = 8 + len(data)
        how = {"dport": self.mostly(4789, 4790, 8472, odds=0.97), "tags": self.mostly((), *TAGS),
               "sport": rnd.choice([65408, 4789, 0]), "csum": rnd.choice([0, 0, None, 0x1234]),
               "ulen": self.mostly(None, 0, 8, 15, 16, size - 1, size + 1, 65535, odds=0.95),
               "length": self.mostly(None, 0, 20, 36, size + 19, size + 21, 65535, odds=0.95)}
        if rnd.random() < 0.2:
            exts = self.headers() if rnd.random() < 0.3 else []
            return outer(data, v6=True, exts=exts, **how)
        return outer(data, mf=rnd.random() < 0.02, offset=self.mostly(0, 8, odds=0.98),
                     options=self.mostly(b"", b"\1" * 8, b"\1" * 40), **how)

    def spoil(self, frame):
        """Change a few header bytes, or cut the end."""
        rnd, frame = self.rnd, bytearray(frame)
        if rnd.random() < 0.25:
            for _ in range(rnd.randrange(1, 4)):
                at = rnd.randrange(12, min(len(frame), 160))
                frame[at] = rnd.choice([0, 0xFF, 0x80, frame[at] ^ 1 << rnd.randrange(8)])
        if rnd.random() < 0.15:
            del frame[rnd.randrange(14, len(frame) + 1):]
        return bytes(frame)

    def lines(self, count):
        """Driver commands with `count` frames among them."""
        while count > 0:
            if self.rnd.random() < 0.01:
                yield EXPIRE
            for frame in self.frames():
                yield f"run {self.spoil(frame).hex()}"
                count -= 1


def run_group(program, seed, count, rows):
    generator = Generator(seed)
    settings, lines = generator.settings(), list(generator.lines(count))
    answers = program.ask(["reset", *settings, *lines])[1 + len(settings):]
    model = Model(*settings)
    for number, (line, answer) in enumerate(zip(lines, answers)):
        want = model.apply(line)
        if want is None:
            continue
        rows["held" if want.held else want.row] += 1
        faults = differences(answer, want)
        if faults:
            return faults + [f"packet {number + 1} of the group", f"frame {line[4:]}",
                             "settings " + " | ".join(settings)]
    return []


def main():
    report, rows = Report(), Counter()
    seed, count = int(os.environ.get("SEED") or 7348), int(os.environ.get("PACKETS") or 500)
    with open_or_skip("random") as program:
        for group in range(GROUPS):
            name = f"random SEED={seed} group {group}: {count} packets"
            report.check(name, run_group(program, f"{seed}/{group}", count, rows))
    print("# rows met:", ", ".join(f"{row} {n}" for row, n in sorted(rows.items())))
    report.check("random: every row is met", sorted((ROWS | {"held"}) - set(rows)))
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
