# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures of the outside: what is ours and what goes to the stack, where the inner frame ends.

Unless a fixture says otherwise the inner packet is a UDP datagram that a NAT rule takes, so
that a frame wrongly taken for ours shows as one that is sent.
"""
from fixture import dropped, natted, to_stack
from frames import (ETH_ARP, ETH_IP4, ETH_IP6, ICMP, TARGET4, TARGET_PORT, TCP, UDP, eth, ext,
                    frag6, icmp, ip4, ip6, mirror, outer, routing, tcp4, udp, udp4, udp6, vxlan)

GOOD = udp4()
SENT = udp4(dst=TARGET4, dport=TARGET_PORT)
INNER = eth(GOOD)
ARP = bytes.fromhex("0001080006040001") + bytes(20)


def good(name, frame, *more):
    return natted(name, frame, SENT, *more)


def inner_of(size):
    """The good inner frame with only `size` bytes of it inside the outer bounds."""
    return INNER[:size]


NOT_OURS = [
    to_stack("arp", eth(ARP, ETH_ARP)),
    to_stack("ethernet header alone", eth(b"")),
    to_stack("ethernet header alone, ipv4", eth(b"", ETH_IP4)),
    to_stack("lldp", eth(b"\x02\x07\x04" + bytes(43), 0x88CC)),
    to_stack("802.3 length field", eth(bytes(46), 46)),
    to_stack("mpls over ethernet", eth(b"\0\x01\x01\x40" + GOOD, 0x8847)),
    to_stack("ssh", eth(tcp4(dport=22))),
    to_stack("plain udp to a NATed port", eth(GOOD)),
    to_stack("plain udp over ipv6", eth(udp6(), ETH_IP6)),
    to_stack("plain icmp echo", eth(ip4(icmp(), ICMP))),
    to_stack("empty ipv4 packet", eth(ip4(b"", UDP))),
    to_stack("empty ipv6 packet", eth(ip6(b"", UDP), ETH_IP6)),
    to_stack("vxlan-gpe port 4790", mirror(GOOD, dport=4790)),
    to_stack("geneve port 6081", mirror(GOOD, dport=6081)),
    to_stack("port 8472", mirror(GOOD, dport=8472)),
    to_stack("port byte-swapped 0xb512", mirror(GOOD, dport=0xB512)),
    to_stack("source port 4789 alone", mirror(GOOD, sport=4789, dport=53)),
    to_stack("tcp port 4789", eth(tcp4(vxlan(INNER), dport=4789))),
    to_stack("udp-lite port 4789", eth(ip4(udp(vxlan(INNER), dport=4789), 136))),
    to_stack("gre round a vxlan packet", eth(ip4(bytes.fromhex("00000800") +
                                                   outer(vxlan(INNER))[14:], 47))),
    to_stack("geneve round a vxlan packet",
             outer(bytes.fromhex("0000655800000100") + outer(vxlan(INNER)), dport=6081)),
    to_stack("ip in ip round a vxlan packet", eth(ip4(outer(vxlan(INNER))[14:], 4))),
    to_stack("default port when another is set", mirror(GOOD), "set port 8472"),
    good("configured port 8472", mirror(GOOD, dport=8472), "set port 8472"),
    good("configured port 53", mirror(GOOD, dport=53), "set port 53"),
    good("configured port 65535", mirror(GOOD, dport=65535), "set port 65535"),
]

HEADER = [
    good("aws shape", mirror(GOOD)),
    good("source port 4789", mirror(GOOD, sport=4789)),
    good("source port 0", mirror(GOOD, sport=0)),
    good("source port 65535", mirror(GOOD, sport=65535)),
    good("outer udp checksum right", mirror(GOOD, csum=None)),
    good("outer udp checksum wrong", mirror(GOOD, csum=0x1234)),
    good("outer udp checksum ffff", mirror(GOOD, csum=0xFFFF)),
    good("outer ip checksum wrong", outer(vxlan(INNER), src="10.0.0.1", dst="10.0.0.2")[:24] +
         b"\xde\xad" + outer(vxlan(INNER), src="10.0.0.1", dst="10.0.0.2")[26:]),
    good("any outer destination address", mirror(GOOD, dst="203.0.113.77")),
    good("multicast outer destination", mirror(GOOD, dst="239.1.1.1")),
    good("broadcast outer MAC", b"\xff" * 6 + mirror(GOOD)[6:]),
    good("outer ttl 1", mirror(GOOD, ttl=1)),
    good("outer ttl 0", mirror(GOOD, ttl=0)),
    good("outer DF", mirror(GOOD, df=True)),
    good("outer tos ff", mirror(GOOD, tos=0xFF)),
    to_stack("I bit clear", outer(vxlan(INNER, flags=0))),
    to_stack("all flags but I", outer(vxlan(INNER, flags=0xF7))),
    to_stack("I bit in the reserved bytes only",
             outer(vxlan(INNER, flags=0, reserved=b"\x08\x08\x08", last=0x08))),
    good("flags 88", outer(vxlan(INNER, flags=0x88))),
    good("all reserved bits set", outer(vxlan(INNER, flags=0xFF, reserved=b"\xff" * 3, last=0xFF))),
    good("group policy header bits", outer(vxlan(INNER, flags=0x88, reserved=b"\x48\x12\x34"))),
    to_stack("vni 0x000100 is not 1", mirror(GOOD, vni=0x100), row="other_vni"),
    to_stack("vni 0x010000 is not 1", mirror(GOOD, vni=0x10000), row="other_vni"),
    to_stack("last byte 1 is not vni 1", outer(vxlan(INNER, vni=0, last=1)), row="other_vni"),
    to_stack("reserved byte 1 is not vni 1", outer(vxlan(INNER, vni=0, reserved=b"\0\0\1")),
             row="other_vni"),
    good("last byte ff, vni 1", outer(vxlan(INNER, last=0xFF))),
    good("vni 256 set", mirror(GOOD, vni=256), "set vni 256"),
    to_stack("vni 1 when 256 is set", mirror(GOOD, vni=1), "set vni 256", row="other_vni"),
    to_stack("vni 65536 when 1 is set", mirror(GOOD, vni=65536), row="other_vni"),
    good("vni 0 set", mirror(GOOD, vni=0), "set vni 0"),
    good("vni 16777215 set", mirror(GOOD, vni=0xFFFFFF), "set vni 16777215"),
    good("vni 5569041 as AWS chose it", mirror(GOOD, vni=5569041), "set vni 5569041"),
    good("second vni of a list", mirror(GOOD, vni=4711), "set vni 1,4711,9"),
    to_stack("vni not in the list", mirror(GOOD, vni=4712), "set vni 1,4711,9", row="other_vni"),
    good("vni any", mirror(GOOD, vni=0xABCDEF), "set vni any"),
    dropped("other vni dropped", "other_vni", mirror(GOOD, vni=2), "set other-vni drop"),
    to_stack("other vni to the stack again", mirror(GOOD, vni=2), "set other-vni drop",
             "set other-vni pass", row="other_vni"),
    to_stack("not vxlan is never dropped", outer(vxlan(INNER, flags=0)), "set other-vni drop"),
]

# Lengths: 20 IP + 8 UDP + 8 VXLAN = 36, and the inner frame of 14 + 45.
BOUNDS = [
    to_stack("outer IHL 4", mirror(GOOD, ihl=4)),
    to_stack("outer IHL 0", mirror(GOOD, ihl=0)),
    to_stack("outer version 5", mirror(GOOD, version=5)),
    to_stack("outer version 6 as ipv4", mirror(GOOD, version=6)),
    to_stack("outer ipv4 as ipv6", eth(outer(vxlan(INNER))[14:], ETH_IP6)),
    to_stack("outer ipv6 as ipv4", eth(outer(vxlan(INNER), v6=True)[14:], ETH_IP4)),
    to_stack("outer total length 0", mirror(GOOD, length=0)),
    to_stack("outer total length 19", mirror(GOOD, length=19)),
    to_stack("outer total length 20", mirror(GOOD, length=20)),
    to_stack("outer total length ends in the UDP header", mirror(GOOD, length=27)),
    to_stack("outer total length ends after the UDP header", mirror(GOOD, length=28)),
    to_stack("outer total length ends in the VXLAN header", mirror(GOOD, length=35)),
    dropped("outer total length ends after the VXLAN header", "malformed",
            mirror(GOOD, length=36)),
    dropped("outer total length cuts the inner ethernet", "malformed", mirror(GOOD, length=49)),
    dropped("outer total length cuts the inner ip header", "malformed", mirror(GOOD, length=69)),
    dropped("outer total length cuts the inner payload", "truncated", mirror(GOOD, length=94)),
    good("outer total length past the frame", mirror(GOOD, length=1500)),
    good("outer total length ffff", mirror(GOOD, length=0xFFFF)),
    to_stack("outer udp length 0", mirror(GOOD, ulen=0)),
    to_stack("outer udp length 7", mirror(GOOD, ulen=7)),
    to_stack("outer udp length 8", mirror(GOOD, ulen=8)),
    to_stack("outer udp length 15", mirror(GOOD, ulen=15)),
    dropped("outer udp length 16", "malformed", mirror(GOOD, ulen=16)),
    dropped("outer udp length 29", "malformed", mirror(GOOD, ulen=29)),
    dropped("outer udp length 30", "malformed", mirror(GOOD, ulen=30)),
    dropped("outer udp length cuts the inner ip header", "malformed", mirror(GOOD, ulen=49)),
    dropped("outer udp length cuts the payload by 1", "truncated",
            mirror(GOOD, ulen=16 + len(INNER) - 1)),
    good("outer udp length past the ip packet", mirror(GOOD, ulen=1000)),
    good("outer udp length ffff", mirror(GOOD, ulen=0xFFFF)),
    good("bytes after the udp datagram are not inner", outer(vxlan(INNER) + b"\xEE" * 40,
                                                             ulen=16 + len(INNER))),
    good("ethernet padding after the outer packet", mirror(GOOD) + b"\xEE" * 40),
    dropped("padding does not complete a cut packet", "truncated",
            outer(vxlan(inner_of(len(INNER) - 6))) + INNER[-6:]),
    dropped("udp length does not complete a cut packet", "truncated",
            outer(vxlan(inner_of(len(INNER) - 6)), ulen=16 + len(INNER)) + INNER[-6:]),
    good("outer options, one word", mirror(GOOD, options=b"\1" * 4)),
    good("outer options, IHL 15", mirror(GOOD, options=b"\1" * 40)),
    good("options that look like UDP to 4789",
         mirror(GOOD, options=udp(b"", dport=4789, length=200) + b"\x08\0\0\0\0\0\1\0")),
    to_stack("outer options to another port, 4789 in the options",
             mirror(GOOD, dport=53, options=udp(b"", dport=4789, length=200))),
    to_stack("outer options past the frame", mirror(GOOD, ihl=15)[:14 + 40]),
    good("outer router alert", mirror(GOOD, options=bytes.fromhex("94040000"))),
]

TAGS = [
    good("outer tag 8100", mirror(GOOD, tags=(0x8100,))),
    good("outer tag 88a8", mirror(GOOD, tags=(0x88A8,))),
    good("outer tag 9100", mirror(GOOD, tags=(0x9100,))),
    good("outer tags 88a8 8100", mirror(GOOD, tags=(0x88A8, 0x8100))),
    good("outer tags 8100 8100", mirror(GOOD, tags=(0x8100, 0x8100))),
    good("outer tags 9100 9100", mirror(GOOD, tags=(0x9100, 0x9100))),
    good("outer priority tag", mirror(GOOD, tags=((0x8100, 0xE000),))),
    to_stack("three outer tags", mirror(GOOD, tags=(0x88A8, 0x8100, 0x8100))),
    to_stack("four outer tags", mirror(GOOD, tags=(0x8100,) * 4)),
    to_stack("outer tag 9200", mirror(GOOD, tags=(0x9200,))),
    to_stack("outer tag, arp", eth(ARP, ETH_ARP, (0x8100,))),
    to_stack("outer tag cut", eth(b"", 0x8100)),
    to_stack("outer second tag cut", eth(b"\0\1\x81\0", 0x8100)),
    good("outer tag and ipv6", mirror(GOOD, v6=True, tags=(0x8100,))),
]

FRAGMENTS = [
    to_stack("outer first fragment", mirror(GOOD, mf=True), row="outer_fragment"),
    to_stack("outer later fragment", mirror(GOOD, offset=1480), row="outer_fragment"),
    to_stack("outer middle fragment", mirror(GOOD, offset=8, mf=True), row="outer_fragment"),
    to_stack("outer fragment at the last offset", mirror(GOOD, offset=65528),
             row="outer_fragment"),
    to_stack("outer fragment, DF too", mirror(GOOD, mf=True, df=True), row="outer_fragment"),
    to_stack("outer fragment with options", mirror(GOOD, mf=True, options=b"\1" * 8),
             row="outer_fragment"),
    to_stack("outer fragment to another port", mirror(GOOD, mf=True, dport=53),
             row="outer_fragment"),
    to_stack("outer fragment, one tag", mirror(GOOD, mf=True, tags=(0x8100,)),
             row="outer_fragment"),
    to_stack("outer fragment, header alone", eth(ip4(b"", UDP, mf=True)), row="outer_fragment"),
    to_stack("outer tcp fragment", eth(ip4(bytes(40), TCP, mf=True))),
    to_stack("outer icmp fragment", eth(ip4(bytes(40), ICMP, offset=1480))),
    to_stack("outer fragment is never dropped", mirror(GOOD, mf=True), "set other-vni drop",
             "set paused 1", row="outer_fragment"),
    good("outer reserved flag is no fragment",
         mirror(GOOD)[:20] + b"\x80\x00" + mirror(GOOD)[22:]),
]

HBH, DST = (0, lambda nh: ext(nh)), (60, lambda nh: ext(nh, 16))
RT0, RT1 = (43, lambda nh: routing(nh)), (43, lambda nh: routing(nh, left=1))
FRAG_FIRST = (44, lambda nh: frag6(nh, more=True))
FRAG_LATER = (44, lambda nh: frag6(nh, offset=1448))
FRAG_ATOMIC = (44, lambda nh: frag6(nh))


def over6(*exts, **how):
    return mirror(GOOD, v6=True, exts=exts, **how)


OUTER6 = [
    good("outer ipv6", over6()),
    good("outer ipv6, udp checksum wrong", over6(csum=0x1234)),
    good("outer ipv6, udp checksum 0", over6(csum=0)),
    good("outer ipv6 hop-by-hop", over6(HBH)),
    good("outer ipv6 destination options", over6(DST)),
    good("outer ipv6 spent routing header", over6(RT0)),
    good("outer ipv6 three headers", over6(HBH, RT0, DST)),
    good("outer ipv6 eight headers", over6(*[HBH] + [DST] * 7)),
    to_stack("outer ipv6 nine headers", over6(*[HBH] + [DST] * 8)),
    to_stack("outer ipv6 routing, segments left", over6(RT1)),
    to_stack("outer ipv6 first fragment", over6(FRAG_FIRST), row="outer_fragment"),
    to_stack("outer ipv6 later fragment", over6(FRAG_LATER), row="outer_fragment"),
    to_stack("outer ipv6 atomic fragment", over6(FRAG_ATOMIC), row="outer_fragment"),
    to_stack("outer ipv6 fragment after hop-by-hop", over6(HBH, FRAG_FIRST),
             row="outer_fragment"),
    to_stack("outer ipv6 tcp fragment", eth(ip6(frag6(TCP, more=True) + bytes(40), 44), ETH_IP6)),
    to_stack("outer ipv6 payload length 0", over6(length=0)),
    to_stack("outer ipv6 payload length 15", over6(length=15)),
    dropped("outer ipv6 payload length 16", "malformed", over6(length=16)),
    dropped("outer ipv6 payload length cuts the payload", "truncated",
            over6(length=16 + len(INNER) - 1)),
    good("outer ipv6 payload length past the frame", over6(length=0xFFFF)),
    good("outer ipv6 padding", over6() + b"\xEE" * 10),
    to_stack("outer ipv6 version 4", over6(version=4)),
    to_stack("outer ipv6 extension header past the packet",
             eth(ip6(bytes([UDP, 255]) + bytes(70), 60), ETH_IP6)),
    to_stack("outer ipv6 esp", eth(ip6(udp(vxlan(INNER), dport=4789), 50), ETH_IP6)),
    good("outer ipv6 hop limit 0, flow label 0", over6(hops=0, flow=0)),
]

FIXTURES = NOT_OURS + HEADER + BOUNDS + TAGS + FRAGMENTS + OUTER6
