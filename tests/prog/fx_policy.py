# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures of the settings: allowlist, what is forwarded or dropped, and who comes first.

The precedence table is the documented order; for every pair of its conditions that one
packet can meet, a packet that meets both must land in the row of the first.
"""
from itertools import combinations

from fixture import FORWARD, L2, Fixture, dropped, forwarded, held, natted, to_stack
from frames import (CLIENT4, CLIENT6, ETH_ARP, ETH_IP4, HOP4_MAC, ICMP, PORT, SERVER4, SERVER6,
                    TARGET4, TARGET6, TARGET_PORT, eth, icmp, ip4, mac_text, mirror, outer, tcp4,
                    udp4, udp6, vxlan)

NEW4, NEW6 = {"dst": TARGET4, "dport": TARGET_PORT}, {"dst": TARGET6, "dport": TARGET_PORT}
ENFORCE, COUNT = "set allow-mode enforce", "set allow-mode count"
SRC, DST = "set match src", "set match dst"
SENT4, SENT6 = udp4(**NEW4), udp6(**NEW6)


def allowed(name, *settings, packet=None, out=SENT4):
    return natted(f"allow: {name}", mirror(packet or udp4()), out, ENFORCE, *settings)


def denied(name, *settings, packet=None):
    return dropped(f"deny: {name}", "denied", mirror(packet or udp4()), ENFORCE, *settings)


ALLOW = [
    denied("empty list"),
    denied("empty list, ipv6", packet=udp6()),
    denied("empty list, icmp", packet=ip4(icmp(), ICMP)),
    allowed("source address", f"allow {CLIENT4}"),
    allowed("destination address", f"allow {SERVER4}"),
    allowed("source, match src", SRC, f"allow {CLIENT4}"),
    allowed("destination, match dst", DST, f"allow {SERVER4}"),
    denied("destination listed, match src", SRC, f"allow {SERVER4}"),
    denied("source listed, match dst", DST, f"allow {CLIENT4}"),
    allowed("back to any", DST, "set match any", f"allow {CLIENT4}"),
    denied("neighbouring address", "allow 104.218.88.4", "allow 104.218.88.6"),
    denied("byte-swapped address", "allow 5.88.218.104"),
    denied("the outer source does not count", "allow 172.30.83.192"),
    denied("the outer destination does not count", "allow 172.30.83.100"),
    denied("the new address does not count", DST, f"allow {TARGET4}"),
    allowed("the old address counts", DST, f"allow {SERVER4}/32"),
    allowed("prefix /24", "allow 104.218.88.0/24"),
    allowed("prefix /31", "allow 104.218.88.4/31"),
    denied("prefix /31 beside", "allow 104.218.88.6/31"),
    allowed("prefix /1", "allow 0.0.0.0/1"),
    denied("prefix /1, the other half", SRC, "allow 128.0.0.0/1"),
    allowed("prefix /0", "allow 0.0.0.0/0"),
    denied("prefix 0.0.0.0/0 is ipv4 alone", "allow 0.0.0.0/0", packet=udp6()),
    denied("prefix ::/0 is ipv6 alone", "allow ::/0"),
    allowed("last address of a prefix", SRC, "allow 104.218.88.0/29",
            packet=udp4(src="104.218.88.7"), out=udp4(src="104.218.88.7", **NEW4)),
    denied("first address after a prefix", SRC, "allow 104.218.88.0/29",
           packet=udp4(src="104.218.88.8")),
    allowed("address and prefix", f"allow {CLIENT4}", "allow 104.218.0.0/16"),
    allowed("address in a prefix removed, prefix stays", f"allow {CLIENT4}",
            "allow 104.218.0.0/16", f"unallow {CLIENT4}"),
    denied("added and removed", f"allow {CLIENT4}", f"unallow {CLIENT4}"),
    denied("prefix added and removed", "allow 104.218.0.0/16", "unallow 104.218.0.0/16"),
    allowed("inner prefix removed, outer prefix stays", "allow 104.0.0.0/8",
            "allow 104.218.0.0/16", "unallow 104.218.0.0/16"),
    allowed("ipv6 address", f"allow {CLIENT6}", packet=udp6(), out=SENT6),
    allowed("ipv6 destination", DST, f"allow {SERVER6}", packet=udp6(), out=SENT6),
    denied("ipv6 neighbouring address", "allow 2001:db8:1::6", packet=udp6()),
    allowed("ipv6 prefix /48", "allow 2001:db8:1::/48", packet=udp6(), out=SENT6),
    allowed("ipv6 prefix /127", "allow 2001:db8:1::4/127", packet=udp6(), out=SENT6),
    denied("ipv6 prefix beside", "allow 2001:db8:2::/48", SRC, packet=udp6()),
    allowed("ipv6 ::/0", "allow ::/0", packet=udp6(), out=SENT6),
    denied("ipv4-mapped ipv6 is not the ipv4 address", f"allow {CLIENT4}",
           packet=udp6(src="::ffff:104.218.88.5")),
    natted("count: not listed, let through", mirror(udp4()), SENT4, COUNT),
    natted("count: listed", mirror(udp4()), SENT4, COUNT, f"allow {CLIENT4}"),
    natted("off: not listed", mirror(udp4()), SENT4, "allow 10.0.0.1"),
    natted("off after enforce", mirror(udp4()), SENT4, ENFORCE, "set allow-mode off"),
    forwarded("allowed icmp, forwarded", mirror(ip4(icmp(), ICMP)), ip4(icmp(), ICMP), ENFORCE,
              f"allow {CLIENT4}"),
    dropped("allowed, no rule", "no_rule", mirror(udp4(dport=53)), ENFORCE, f"allow {CLIENT4}"),
    dropped("denied, though forward is set", "denied", mirror(udp4(dport=53)), ENFORCE, FORWARD),
]

HOP = mac_text(HOP4_MAC)
FORWARDING = [
    forwarded("unmatched forward, udp", mirror(udp4(dport=53)), udp4(dport=53)),
    forwarded("unmatched forward, tcp", mirror(tcp4(dport=443)), tcp4(dport=443)),
    forwarded("unmatched forward, ipv6", mirror(udp6(dport=53)), udp6(dport=53)),
    dropped("unmatched drop again", "no_rule", mirror(udp4(dport=53)), FORWARD,
            "set unmatched drop"),
    dropped("no next hop for un-NATed ipv4", "no_neighbour", mirror(udp4(dport=53)), FORWARD,
            "set nexthop4 none"),
    dropped("no next hop for un-NATed ipv6", "no_neighbour", mirror(udp6(dport=53)), FORWARD,
            "set nexthop6 none"),
    forwarded("no ipv6 next hop, ipv4 goes", mirror(udp4(dport=53)), udp4(dport=53),
              "set nexthop6 none"),
    forwarded("no ipv4 next hop, ipv6 goes", mirror(udp6(dport=53)), udp6(dport=53),
              "set nexthop4 none"),
    natted("NATed by its own next hop", mirror(udp4()), SENT4, "set nexthop4 none",
           "set nexthop6 none"),
    dropped("NAT target unresolved", "no_neighbour", mirror(udp4()),
            f"nat udp/{PORT}={TARGET4}:{TARGET_PORT} none", base=L2),
    dropped("NAT target unresolved, another hop is known", "no_neighbour", mirror(udp4()), FORWARD,
            f"nat udp/{PORT}={TARGET4}:{TARGET_PORT} none", base=L2),
    dropped("paused", "paused", mirror(udp4()), "set paused 1"),
    natted("paused and back", mirror(udp4()), SENT4, "set paused 1", "set paused 0"),
    to_stack("paused, not ours", eth(udp4()), "set paused 1"),
    to_stack("paused, another vni", mirror(udp4(), vni=2), "set paused 1", row="other_vni"),
    natted("four rings", mirror(udp4()), SENT4, "set rings 4"),
]

CUT = {"length": 1500}
TRUNCATED = [
    dropped("truncated", "truncated", mirror(udp4(length=46))),
    dropped("truncated by much", "truncated", mirror(udp4(length=0xFFFF))),
    dropped("truncated tcp", "truncated", mirror(tcp4(**CUT))),
    dropped("truncated ipv6", "truncated", mirror(udp6(length=26))),
    dropped("truncated icmp", "truncated", mirror(ip4(icmp(), ICMP, **CUT)), FORWARD),
    dropped("truncated, no rule", "truncated", mirror(udp4(dport=53, **CUT))),
    dropped("truncated in the udp header", "truncated",
            mirror(udp4(b"", ulen=100, length=128)[:24])),
    dropped("truncated, nothing of L4", "truncated", mirror(udp4(b"", length=28)[:20])),
    natted("truncated forward, udp", mirror(udp4(b"x" * 64, csum=0x1234)[:60]),
           udp4(b"x" * 64, csum=0x1D48, **NEW4)[:60], "set truncated forward"),
    natted("truncated forward, udp sum 0", mirror(udp4(b"x" * 64, csum=0)[:60]),
           udp4(b"x" * 64, csum=0, **NEW4)[:60], "set truncated forward"),
    natted("truncated forward, right sum of the whole", mirror(udp4(b"x" * 640)[:61]),
           udp4(b"x" * 640, **NEW4)[:61], "set truncated forward"),
    natted("truncated forward, tcp", mirror(tcp4(b"x" * 640)[:70]),
           tcp4(b"x" * 640, **NEW4)[:70], "set truncated forward"),
    natted("truncated forward, udp header alone", mirror(udp4(b"x" * 64)[:28]),
           udp4(b"x" * 64, **NEW4)[:28], "set truncated forward"),
    natted("truncated forward, tcp header alone", mirror(tcp4(b"x" * 64)[:40]),
           tcp4(b"x" * 64, **NEW4)[:40], "set truncated forward"),
    natted("truncated forward, ipv6", mirror(udp6(b"x" * 64)[:70]),
           udp6(b"x" * 64, **NEW6)[:70], "set truncated forward"),
    dropped("truncated forward, udp header cut", "malformed", mirror(udp4(b"x" * 64)[:27]),
            "set truncated forward"),
    dropped("truncated forward, tcp header cut", "malformed", mirror(tcp4(b"x" * 64)[:39]),
            "set truncated forward"),
    dropped("truncated forward, tcp options cut", "malformed",
            mirror(tcp4(b"x" * 64, topts=b"\1" * 8)[:47]), "set truncated forward"),
    dropped("truncated forward, udp length past the stated", "malformed",
            mirror(udp4(b"x" * 64, ulen=73)[:60]), "set truncated forward"),
    dropped("truncated forward, no rule", "no_rule", mirror(udp4(b"x" * 64, dport=53)[:60]),
            "set truncated forward"),
    forwarded("truncated forward, un-NATed", mirror(udp4(b"x" * 64, dport=53)[:60]),
              udp4(b"x" * 64, dport=53)[:60], "set truncated forward"),
    forwarded("truncated forward, icmp", mirror(ip4(icmp(payload=b"y" * 90), ICMP)[:33]),
              ip4(icmp(payload=b"y" * 90), ICMP)[:33], "set truncated forward"),
    forwarded("truncated forward, icmp, header alone", mirror(ip4(icmp(), ICMP)[:20]),
              ip4(icmp(), ICMP)[:20], "set truncated forward"),
    dropped("truncated drop again", "truncated", mirror(udp4(**CUT)), "set truncated forward",
            "set truncated drop"),
    dropped("ipv4 options cut by truncation", "malformed", mirror(udp4(options=b"\1" * 40)[:40]),
            "set truncated forward"),
]


def sized(size, make=udp4, **fields):
    """An IP packet of `size` bytes."""
    return make(b"\x5A" * (size - len(make(b""))), **fields)


def at_size(name, size, *settings, make=udp4, new=None):
    return natted(name, mirror(sized(size, make)), sized(size, make, **(new or NEW4)), *settings)


SIZES = [
    at_size("ip of 1500, mtu 1500", 1500, "set mtu 1500"),
    dropped("ip of 1501, mtu 1500", "oversize", mirror(sized(1501)), "set mtu 1500"),
    at_size("ipv6 of 1500, mtu 1500", 1500, "set mtu 1500", make=udp6, new=NEW6),
    dropped("ipv6 of 1501, mtu 1500", "oversize", mirror(sized(1501, udp6)), "set mtu 1500"),
    dropped("oversize, un-NATed", "oversize", mirror(sized(1501, dport=53)), "set mtu 1500",
            FORWARD),
    dropped("oversize, DF clear is not fragmented", "oversize", mirror(sized(1600, tcp4)),
            "set mtu 1500"),
    at_size("padding does not count against the mtu", 68, "set mtu 68"),
    natted("a tag does not count against the mtu",
           mirror(sized(1500), inner_tags=(0x8100, 0x8100), pad=bytes(4)), sized(1500, **NEW4),
           "set mtu 1500"),
    dropped("mtu by the stated length, not the frame", "oversize",
            mirror(sized(1501), pad=bytes(40)), "set mtu 1500"),
    *[at_size(f"ip of {size}", size) for size in (
        # a record's frame is 14 more: either side of each size class
        28, 66, 67, 130, 131, 258, 259, 514, 515, 1026, 1027, 1602, 1603, 2306, 2307, 4610, 4611)],
    at_size("ip of 9001, mtu 9001", 9001),
    dropped("ip of 9002, mtu 9001", "oversize", mirror(sized(9002))),
    at_size("ip of 9202, mtu 9300", 9202, "set mtu 9300"),
    dropped("ip of 9203, mtu 9300", "oversize", mirror(sized(9203)), "set mtu 9300"),
    at_size("ip of 9202, mtu 65535, ipv6", 9202, "set mtu 65535", make=udp6, new=NEW6),
    dropped("ip of 9203, mtu 65535, ipv6", "oversize", mirror(sized(9203, udp6)), "set mtu 65535"),
]


class Packet:
    """A good mirrored datagram that conditions spoil, each in its own place."""

    def __init__(self):
        self.outer, self.inner, self.settings = {}, {}, []
        self.flags, self.vni, self.kind, self.cut = 0x08, 1, ETH_IP4, None
        self.hop = "02:00:00:00:00:01"

    def build(self):
        frame = eth(udp4(b"z" * 40, **self.inner), self.kind)[:self.cut]
        return outer(vxlan(frame, self.vni, self.flags), **self.outer)

    def rules(self):
        return L2 + (f"nat udp/{PORT}={TARGET4}:{TARGET_PORT} {self.hop}",)


def setting(text):
    return lambda p: p.settings.append(text)


def spoil(**fields):
    return lambda p: vars(p).update(fields)


def spoil_inner(**fields):
    return lambda p: p.inner.update(fields)


# In the documented order. Two conditions with a common word in `where` exclude each other.
ORDER = [
    ("outer_fragment", "", lambda p: p.outer.update(mf=True)),
    ("not_vxlan", "", spoil(flags=0)),
    ("other_vni", "", spoil(vni=2)),
    ("malformed inner ethernet", "ether", spoil(cut=13)),
    ("malformed inner ip", "kind", spoil_inner(ihl=4)),
    ("not_ip", "ether kind", spoil(kind=ETH_ARP)),
    ("paused", "", setting("set paused 1")),
    ("denied", "", setting(ENFORCE)),
    ("truncated", "", spoil_inner(length=1500)),
    ("malformed udp", "l4", spoil_inner(ulen=7)),
    ("frag_unknown", "l4", spoil_inner(offset=64)),
    ("no_rule", "", spoil_inner(dport=53)),
    ("oversize", "", setting("set mtu 60")),
    ("no_neighbour", "", spoil(hop="none")),
]


def both(first, second):
    """A packet that meets two conditions, for the row of the first."""
    (name1, where1, spoil1), (name2, where2, spoil2) = first, second
    if set(where1.split()) & set(where2.split()):
        return None
    p = Packet()
    spoil1(p)
    spoil2(p)
    row = name1.split()[0]
    name = f"precedence: {name1} before {name2}"
    if row in ("outer_fragment", "not_vxlan", "other_vni"):
        return Fixture(name, p.build(), row, "pass", settings=p.rules() + tuple(p.settings))
    if row == "frag_unknown":
        return held(name, p.build(), udp4(b"z" * 40, **p.inner), *p.settings, base=p.rules())
    return dropped(name, row, p.build(), *p.settings, base=p.rules())


PRECEDENCE = [f for f in (both(a, b) for a, b in combinations(ORDER, 2)) if f]

FIXTURES = ALLOW + FORWARDING + TRUNCATED + SIZES + PRECEDENCE
