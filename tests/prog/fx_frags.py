# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures of inner fragments: the first decides, the later ones follow, none is misread.

A datagram is cut here by hand: `part4(packet, from, to)` is the fragment of an unfragmented
packet that carries those bytes of its payload.
"""
from fixture import EXPIRE, FORWARD, L2, dropped, forwarded, held, natted
from frames import (CLIENT4, CLIENT6, ICMP, ICMP6, SERVER6, TARGET4, TARGET6, TARGET_PORT,
                    TCP, UDP, chain6, ext, frag6, icmp, ip4, ip6, mirror, tcp4, tcp6, udp, udp4,
                    udp6)

NEW4, NEW6 = {"dst": TARGET4, "dport": TARGET_PORT}, {"dst": TARGET6, "dport": TARGET_PORT}
BIG = bytes(range(256)) * 2
ENFORCE = "set allow-mode enforce"


def part4(packet, start, end=None, src=CLIENT4, dst=None, ident=0x1234, **how):
    """The bytes [start:end] of the payload of a packet without options, as a fragment."""
    payload = packet[20:]
    end = len(payload) if end is None else end
    address = {"dst": dst} if dst else {}
    return ip4(payload[start:end], packet[9], src=src, mf=end < len(payload), offset=start,
               ident=ident, **address, **how)


def part6(packet, start, end=None, dst=SERVER6, ident=0x01020304, exts=()):
    payload = packet[40:]
    end = len(payload) if end is None else end
    frag = (44, lambda nh: frag6(nh, ident, start, end < len(payload)))
    return chain6((*exts, frag), packet[6], payload[start:end], src=CLIENT6, dst=dst)


U, UN = udp4(BIG), udp4(BIG, **NEW4)
T, TN = tcp4(BIG), tcp4(BIG, **NEW4)
U6, U6N = udp6(BIG), udp6(BIG, **NEW6)
T6, T6N = tcp6(BIG), tcp6(BIG, **NEW6)
D, D6 = udp4(BIG, dport=53), udp6(BIG, dport=53)
NAT = {"dst": TARGET4}
FIRST, FIRST6 = mirror(part4(U, 0, 256)), mirror(part6(U6, 0, 256))
LAST, LAST6 = part4(U, 256), part6(U6, 256)

# Bytes of a later fragment that look like a UDP and a TCP header to the NATed port.
LURE = udp4(bytes(248) + udp(b"lure" * 10) + bytes(256))

FIRSTS = [
    natted("first fragment, udp", mirror(part4(U, 0, 256)), part4(UN, 0, 256, **NAT)),
    natted("first fragment, tcp", mirror(part4(T, 0, 256)), part4(TN, 0, 256, **NAT)),
    natted("first fragment, ipv6 udp", mirror(part6(U6, 0, 256)), part6(U6N, 0, 256, TARGET6)),
    natted("first fragment, ipv6 tcp", mirror(part6(T6, 0, 256)), part6(T6N, 0, 256, TARGET6)),
    natted("first fragment, udp header alone", mirror(part4(U, 0, 8)), part4(UN, 0, 8, **NAT)),
    natted("first fragment, tcp 24 bytes", mirror(part4(T, 0, 24)), part4(TN, 0, 24, **NAT)),
    natted("first fragment, tcp 18 bytes", mirror(part4(T, 0, 18)), part4(TN, 0, 18, **NAT)),
    dropped("first fragment, tcp 17 bytes", "malformed", mirror(part4(T, 0, 17))),
    dropped("first fragment, tcp 8 bytes", "malformed", mirror(part4(T, 0, 8))),
    dropped("first fragment, tcp 16 bytes, padding behind", "malformed",
            mirror(part4(T, 0, 16), pad=bytes(30))),
    dropped("first fragment, udp 7 bytes", "malformed", mirror(part4(U, 0, 7))),
    dropped("first fragment, nothing of L4", "malformed", mirror(part4(U, 0, 0))),
    natted("first fragment, tcp doff past the fragment", mirror(part4(tcp4(BIG, doff=15), 0, 24)),
           part4(tcp4(BIG, doff=15, **NEW4), 0, 24, **NAT)),
    dropped("first fragment, tcp doff 4", "malformed", mirror(part4(tcp4(BIG, doff=4), 0, 24))),
    dropped("first fragment, udp length 7", "malformed", mirror(part4(udp4(BIG, ulen=7), 0, 24))),
    natted("first fragment, udp sum 0", mirror(part4(udp4(BIG, csum=0), 0, 64)),
           part4(udp4(BIG, csum=0, **NEW4), 0, 64, **NAT)),
    dropped("first fragment, no rule", "no_rule", mirror(part4(D, 0, 256))),
    forwarded("first fragment, forwarded", mirror(part4(D, 0, 256)), part4(D, 0, 256)),
    dropped("first fragment, truncated", "truncated", mirror(part4(U, 0, 256)[:100])),
    natted("first fragment, truncated forward", mirror(part4(U, 0, 256)[:100]),
           part4(UN, 0, 256, **NAT)[:100], "set truncated forward"),
    dropped("first fragment denied", "denied", FIRST, ENFORCE),
    dropped("first fragment, ipv6 chain cut by the fragment", "malformed",
            mirror(ip6(frag6(60, more=True) + bytes([UDP, 1]) + bytes(6), 44))),
    natted("first fragment behind options", mirror(part4(U, 0, 64, options=b"\1" * 8)),
           part4(UN, 0, 64, options=b"\1" * 8, **NAT)),
]

LATER = [
    held("later fragment, first never seen", mirror(LAST), LAST),
    held("middle fragment, first never seen", mirror(part4(U, 64, 128)), part4(U, 64, 128)),
    held("ipv6 later fragment, first never seen", mirror(LAST6), LAST6),
    held("later tcp fragment, first never seen", mirror(part4(T, 64)), part4(T, 64)),
    held("later fragment unknown, forward set", mirror(LAST), LAST, FORWARD),
    held("later fragment unknown, no rules", mirror(LAST), LAST, base=L2),
    natted("last fragment follows", mirror(LAST), part4(UN, 256, **NAT), before=(FIRST,)),
    natted("middle fragment follows", mirror(part4(U, 64, 128)), part4(UN, 64, 128, **NAT),
           before=(FIRST,)),
    natted("tcp later fragment follows", mirror(part4(T, 256)), part4(TN, 256, **NAT),
           before=(mirror(part4(T, 0, 256)),)),
    natted("ipv6 last fragment follows", mirror(LAST6), part6(U6N, 256, dst=TARGET6),
           before=(FIRST6,)),
    natted("ipv6 tcp later fragment follows", mirror(part6(T6, 256)),
           part6(T6N, 256, dst=TARGET6), before=(mirror(part6(T6, 0, 256)),)),
    natted("follows twice", mirror(LAST), part4(UN, 256, **NAT), before=(FIRST, mirror(LAST))),
    natted("follows after others", mirror(LAST), part4(UN, 256, **NAT),
           before=(FIRST, mirror(part4(U, 0, 256, ident=7)), mirror(part4(U, 128, 256)))),
    natted("empty last fragment follows", mirror(ip4(b"", UDP, offset=256)),
           ip4(b"", UDP, offset=256, **NAT), before=(FIRST,)),
    natted("last fragment of 1 byte, padding trimmed", mirror(ip4(b"!", UDP, offset=256),
                                                              pad=bytes(25)),
           ip4(b"!", UDP, offset=256, **NAT), before=(FIRST,)),
    natted("fragment at the last offset follows", mirror(ip4(b"end", UDP, offset=65528)),
           ip4(b"end", UDP, offset=65528, **NAT), before=(FIRST,)),
    natted("later bytes like a header to the port are not written", mirror(part4(LURE, 256)),
           part4(LURE, 256, **NAT), before=(mirror(part4(LURE, 0, 256)),)),
    held("later bytes like a header to the port are not read", mirror(part4(LURE, 256)),
         part4(LURE, 256)),
    natted("later bytes like a bad header are not judged",
           mirror(ip4(bytes(40), TCP, offset=256)), ip4(bytes(40), TCP, offset=256, **NAT),
           before=(mirror(part4(T, 0, 256)),)),
    dropped("later fragment of a datagram without rule", "no_rule", mirror(part4(D, 256)),
            before=(mirror(part4(D, 0, 256)),)),
    forwarded("later fragment of a forwarded datagram", mirror(part4(D, 256)), part4(D, 256),
              before=(mirror(part4(D, 0, 256)),)),
    forwarded("ipv6 later fragment of a forwarded datagram", mirror(part6(D6, 256)),
              part6(D6, 256), before=(mirror(part6(D6, 0, 256)),)),
    dropped("no_rule is remembered when the settings change", "no_rule", mirror(part4(D, 256)),
            before=(mirror(part4(D, 0, 256)), FORWARD)),
    held("first was malformed", mirror(part4(T, 256)), part4(T, 256),
         before=(mirror(part4(T, 0, 16)),)),
    held("first was truncated", mirror(LAST), LAST, before=(mirror(part4(U, 0, 256)[:90]),)),
    held("first was malformed, an older datagram's was not", mirror(part4(T, 256)), part4(T, 256),
         before=(mirror(part4(T, 0, 256)), mirror(part4(T, 0, 16)))),
    held("first was truncated, an older datagram's was not", mirror(LAST), LAST,
         before=(FIRST, mirror(part4(U, 0, 256)[:90]))),
    held("ipv6 first was truncated, an older datagram's was not", mirror(LAST6), LAST6,
         before=(FIRST6, mirror(part6(U6, 0, 256)[:120]))),
    natted("first was truncated but sent", mirror(LAST), part4(UN, 256, **NAT),
           "set truncated forward", before=(mirror(part4(U, 0, 256)[:90]),)),
    held("first was denied", mirror(LAST), LAST,
         before=(ENFORCE, FIRST, "set allow-mode off")),
    held("first was paused", mirror(LAST), LAST, before=("set paused 1", FIRST, "set paused 0")),
    # remembered is what the rules said, before sizes and next hops
    natted("first was oversize", mirror(LAST), part4(UN, 256, **NAT),
           before=("set mtu 200", FIRST, "set mtu 9001")),
    forwarded("first had no next hop", mirror(part4(D, 256)), part4(D, 256),
              before=("set nexthop4 none", mirror(part4(D, 0, 256)),
                      "set nexthop4 02:00:00:00:00:04")),
    held("unknown fragment over the mtu waits all the same", mirror(LAST), LAST, "set mtu 200"),
    held("unknown fragment of 9202", mirror(ip4(bytes(9182), UDP, offset=64)),
         ip4(bytes(9182), UDP, offset=64)),
    dropped("unknown fragment of 9203", "oversize", mirror(ip4(bytes(9183), UDP, offset=64))),
    dropped("later fragment denied", "denied", mirror(LAST),
            before=(FIRST, ENFORCE)),
    dropped("later fragment truncated", "truncated", mirror(LAST[:-1]), before=(FIRST,)),
    natted("later fragment truncated, forward", mirror(LAST[:-1]), part4(UN, 256, **NAT)[:-1],
           "set truncated forward", before=(FIRST,)),
    dropped("later fragment over the mtu", "oversize", mirror(LAST), before=(FIRST, "set mtu 200")),
    held("remembered for 30 s, not 31", mirror(LAST), LAST, before=(FIRST, EXPIRE)),
    natted("remembered for 29 s", mirror(LAST), part4(UN, 256, **NAT),
           before=(FIRST, "age-frags 29000000000")),
    natted("remembered anew", mirror(LAST), part4(UN, 256, **NAT), before=(FIRST, EXPIRE, FIRST)),
    held("an unfragmented packet is not remembered", mirror(LAST), LAST, before=(mirror(U),)),
]


def unrelated(name, packet, first=FIRST, **how):
    """A later fragment that differs from the remembered one in its key."""
    return held(f"another datagram: {name}", mirror(packet, **how), packet, before=(first,))


KEYS = [
    unrelated("id", part4(U, 256, ident=0x1235)),
    unrelated("id byte-swapped", part4(U, 256, ident=0x3412)),
    unrelated("source", part4(U, 256, src="104.218.88.6")),
    unrelated("destination", part4(U, 256, dst="172.31.0.239")),
    unrelated("protocol", ip4(bytes(64), TCP, offset=256)),
    unrelated("ipv6 id", part6(U6, 256, ident=0x01020305), FIRST6),
    unrelated("ipv6 id above 16 bits", part6(U6, 256, ident=0xFFFF0304), FIRST6),
    unrelated("ipv6 destination", part6(U6, 256, dst="2001:db8:2::239"), FIRST6),
    unrelated("ipv6 protocol", chain6(((44, lambda nh: frag6(nh, offset=256)),), TCP, bytes(64)),
              FIRST6),
    held("another datagram: vni", mirror(LAST, vni=2), LAST, "set vni 1,2", before=(FIRST,)),
]

ICMP_FIRST = ip4(icmp(payload=BIG)[:256], ICMP, mf=True)
ICMP_LAST = ip4(BIG[:64], ICMP, offset=256)
EXT_FIRST = chain6(((44, lambda nh: frag6(nh, more=True)), (60, lambda nh: ext(nh))), UDP,
                   udp(BIG[:64], CLIENT6, SERVER6, length=520, csum=0x1234))
RT1 = (43, lambda nh: bytes([nh, 2, 0, 1]) + bytes(20))
NESTED = ip6(frag6(44, more=True) + frag6(UDP, offset=64, more=True) +
             udp(src=CLIENT6, dst=SERVER6), 44)
OTHERS = [
    dropped("icmp first fragment, no rule", "no_rule", mirror(ICMP_FIRST)),
    dropped("icmp later fragment, no rule", "no_rule", mirror(ICMP_LAST)),
    forwarded("icmp first fragment, forwarded", mirror(ICMP_FIRST), ICMP_FIRST),
    forwarded("icmp later fragment, forwarded", mirror(ICMP_LAST), ICMP_LAST),
    forwarded("icmpv6 later fragment, forwarded",
              mirror(ip6(frag6(ICMP6, offset=256) + bytes(40), 44)),
              ip6(frag6(ICMP6, offset=256) + bytes(40), 44)),
    dropped("esp later fragment, no rule", "no_rule", mirror(ip4(bytes(64), 50, offset=256))),
    forwarded("protocol 255 fragment, forwarded", mirror(ip4(bytes(64), 255, mf=True)),
              ip4(bytes(64), 255, mf=True)),
    forwarded("ipv6 routing with segments left before a fragment",
              mirror(part6(U6, 0, 256, exts=(RT1,))), part6(U6, 0, 256, exts=(RT1,))),
    forwarded("ipv6 routing with segments left before a later fragment",
              mirror(part6(U6, 256, exts=(RT1,))), part6(U6, 256, exts=(RT1,))),
    natted("ipv6 fragment behind hop-by-hop",
           mirror(part6(U6, 256, exts=((0, lambda nh: ext(nh)),))),
           part6(U6N, 256, dst=TARGET6, exts=((0, lambda nh: ext(nh)),)),
           before=(mirror(part6(U6, 0, 256, exts=((0, lambda nh: ext(nh)),))),)),
    natted("ipv6 later fragment of one that begins with options",
           mirror(ip6(frag6(60, offset=80) + bytes(64), 44)),
           ip6(frag6(60, offset=80) + bytes(64), 44, dst=TARGET6), before=(mirror(EXT_FIRST),)),
    held("ipv6 later fragment, options of the first are cut, an older datagram's were not",
         mirror(ip6(frag6(60, offset=80) + bytes(64), 44)),
         ip6(frag6(60, offset=80) + bytes(64), 44),
         before=(mirror(EXT_FIRST), mirror(ip6(frag6(60, more=True) + bytes([UDP, 1]) + bytes(6),
                                               44)))),
    # what is behind a later fragment header is never a port, whatever came before it
    held("ipv6 later fragment header behind a first one", mirror(NESTED), NESTED),
    forwarded("ipv4 fragment of protocol 60", mirror(ip4(udp(), 60, offset=8)),
              ip4(udp(), 60, offset=8)),
    natted("ipv4 DF on a fragment", mirror(part4(U, 0, 64, df=True)),
           part4(UN, 0, 64, df=True, **NAT)),
]

FIXTURES = FIRSTS + LATER + KEYS + OTHERS
