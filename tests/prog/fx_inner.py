# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures of the inner packet: tags, padding, what is malformed, what is left untouched."""
from fixture import dropped, forwarded, natted
from frames import (CLIENT6, ETH_ARP, ETH_IP4, ETH_IP6, ICMP, ICMP6, PORT, SERVER6, TARGET4,
                    TARGET6, TARGET_PORT, TCP, UDP, chain6, eth, ext, frag6, icmp, ip4, ip6,
                    mirror, outer, routing, tcp, tcp4, tcp6, udp, udp4, udp6, vxlan)

NEW4, NEW6 = {"dst": TARGET4, "dport": TARGET_PORT}, {"dst": TARGET6, "dport": TARGET_PORT}


def wrap(inner_frame):
    return outer(vxlan(inner_frame))


def nat4(name, make, *more, mirror_how=None, **fields):
    """One packet built twice: as mirrored, and as it must leave."""
    return natted(name, mirror(make(**fields), **(mirror_how or {})), make(**{**fields, **NEW4}),
                  *more)


def nat6(name, make, *more, mirror_how=None, **fields):
    return natted(name, mirror(make(**fields), **(mirror_how or {})), make(**{**fields, **NEW6}),
                  *more)


def as_is(name, packet, *more, **how):
    return forwarded(name, mirror(packet, **how), packet, *more)


def ruleless(name, packet, *more, **how):
    """Carries no port that a rule could be about, however much it looks so."""
    return [dropped(name, "no_rule", mirror(packet, **how), *more),
            as_is(name + ", forwarded", packet, *more, **how)]


ETHERNET = [
    dropped("inner frame empty", "malformed", wrap(b"")),
    dropped("inner frame of 1", "malformed", wrap(b"\0")),
    dropped("inner ethernet of 13", "malformed", wrap(eth(b"")[:13])),
    dropped("inner ethernet header alone, ipv4", "malformed", wrap(eth(b""))),
    dropped("inner ethernet header alone, ipv6", "malformed", wrap(eth(b"", ETH_IP6))),
    dropped("inner ethernet header alone, arp", "not_ip", wrap(eth(b"", ETH_ARP))),
    dropped("inner arp", "not_ip", wrap(eth(bytes(28), ETH_ARP))),
    dropped("inner lldp", "not_ip", wrap(eth(bytes(46), 0x88CC))),
    dropped("inner mpls", "not_ip", wrap(eth(b"\0\x01\x01\x40" + udp4(), 0x8847))),
    dropped("inner pppoe", "not_ip", wrap(eth(bytes(6) + b"\0\x21" + udp4(), 0x8864))),
    dropped("inner 802.3 length", "not_ip", wrap(eth(bytes(40), 40))),
    dropped("inner ethertype 0008 byte-swapped", "not_ip", wrap(eth(udp4(), 0x0008))),
    dropped("inner not ip, unmatched forward", "not_ip", wrap(eth(bytes(28), ETH_ARP)),
            "set unmatched forward"),
    nat4("inner tag 8100 removed", udp4, mirror_how={"inner_tags": (0x8100,)}),
    nat4("inner tag 88a8 removed", udp4, mirror_how={"inner_tags": (0x88A8,)}),
    nat4("inner tag 9100 removed", udp4, mirror_how={"inner_tags": (0x9100,)}),
    nat4("inner tags 88a8 8100 removed", udp4, mirror_how={"inner_tags": (0x88A8, 0x8100)}),
    nat4("inner tags 8100 9100 removed", tcp4, mirror_how={"inner_tags": (0x8100, 0x9100)}),
    nat6("inner tags round ipv6 removed", udp6, mirror_how={"inner_tags": (0x8100, 0x8100)}),
    nat4("two tags outside, two inside", udp4,
         mirror_how={"inner_tags": (0x8100, 0x8100), "tags": (0x88A8, 0x8100)}),
    nat4("inner priority tag", udp4, mirror_how={"inner_tags": ((0x8100, 0xE000),)}),
    as_is("inner tags removed, not NATed", udp4(dport=53), inner_tags=(0x88A8, 0x8100)),
    dropped("three inner tags", "not_ip", mirror(udp4(), inner_tags=(0x8100,) * 3)),
    dropped("third inner tag is all there is", "not_ip",
            wrap(eth(b"\0\1\x81\0\0\1\x81\0", 0x8100))),
    dropped("inner tag, arp", "not_ip", wrap(eth(bytes(28), ETH_ARP, (0x8100,)))),
    dropped("inner tag cut", "malformed", wrap(eth(b"\0\1", 0x8100))),
    dropped("inner second tag cut", "malformed", wrap(eth(b"\0\1\x81\0\0", 0x8100))),
    dropped("inner tag, ip header missing", "malformed", wrap(eth(b"", ETH_IP4, (0x8100,)))),
    nat4("inner padding trimmed", udp4, payload=b"x", mirror_how={"pad": b"\xEE" * 17}),
    nat4("inner padding of 1 trimmed", tcp4, mirror_how={"pad": b"\xEE"}),
    nat6("inner ipv6 padding trimmed", udp6, mirror_how={"pad": b"\xEE" * 9}),
    as_is("padding trimmed, not NATed", udp4(b"", dport=53), pad=b"\xEE" * 18),
    as_is("icmp padding trimmed", ip4(icmp(payload=b""), ICMP), pad=b"\xEE" * 18),
]

HEADER4 = [
    dropped("inner version 5", "malformed", mirror(udp4(version=5), kind=ETH_IP4)),
    dropped("inner version 0", "malformed", mirror(udp4(version=0), kind=ETH_IP4)),
    dropped("inner version 6 as ipv4", "malformed", mirror(udp6(), kind=ETH_IP4)),
    dropped("inner version 4 as ipv6", "malformed", mirror(udp4(b"x" * 60), kind=ETH_IP6)),
    dropped("inner IHL 4", "malformed", mirror(udp4(ihl=4))),
    dropped("inner IHL 0", "malformed", mirror(udp4(ihl=0))),
    dropped("inner total length 0", "malformed", mirror(udp4(length=0))),
    dropped("inner total length 19", "malformed", mirror(udp4(length=19))),
    dropped("inner total length below IHL 6", "malformed",
            mirror(udp4(options=b"\1" * 4, length=23))),
    dropped("inner total length of the header alone, udp", "malformed", mirror(udp4(length=20))),
    dropped("inner ip header of 19 bytes", "malformed", wrap(eth(udp4()[:19]))),
    dropped("inner options past the data", "malformed", wrap(eth(udp4(ihl=15)[:50]))),
    dropped("inner options past the data, truncated too", "malformed",
            wrap(eth(udp4(ihl=15, length=400)[:50]))),
    *ruleless("inner empty ip packet, icmp", ip4(b"", ICMP)),
    *ruleless("inner empty ip packet, protocol 59", ip4(b"", 59)),
    nat4("options, IHL 6", udp4, options=b"\1" * 4),
    nat4("options, IHL 15", tcp4, options=b"\1" * 40),
    nat4("options that look like UDP", udp4, options=udp(b"", dport=9)),
    dropped("options that look like the NATed port", "no_rule",
            mirror(udp4(dport=53, options=udp(b"", dport=PORT)))),
    nat4("security option", udp4, options=bytes.fromhex("820b00000000000000000000")),
    nat4("malformed option bytes", tcp4, options=b"\x83\xff\xff\xff"),
    nat4("ttl 1", udp4, ttl=1),
    nat4("ttl 0", udp4, ttl=0),
    nat4("tos ff", udp4, tos=0xFF),
    nat4("DF and id ffff", udp4, df=True, ident=0xFFFF),
    nat4("id 0", tcp4, ident=0),
    as_is("ttl 1 forwarded", udp4(dport=53, ttl=1)),
    as_is("dscp, DF, options forwarded", udp4(dport=53, tos=0xB8, df=True, options=b"\1" * 8)),
    as_is("bad ip checksum forwarded as it is", udp4(dport=53, csum=0x1111)),
]

UDP_TRAPS = [
    dropped("udp header of 7", "malformed", mirror(ip4(udp(b"")[:7], UDP))),
    dropped("udp header of 0", "malformed", mirror(ip4(b"", UDP))),
    dropped("udp length 0", "malformed", mirror(udp4(ulen=0))),
    dropped("udp length 7", "malformed", mirror(udp4(ulen=7))),
    dropped("udp length 1 past the packet", "malformed", mirror(udp4(b"1234", ulen=13))),
    dropped("udp length ffff", "malformed", mirror(udp4(ulen=0xFFFF))),
    dropped("udp length reaches into the padding", "malformed",
            mirror(udp4(b"1234", ulen=20), pad=bytes(40))),
    dropped("udp length wrong, no rule", "malformed", mirror(udp4(dport=53, ulen=7))),
    natted("udp length 8 of a longer packet", mirror(udp4(b"rest", ulen=8, csum=0)),
           udp4(b"rest", ulen=8, csum=0, **NEW4)),
    natted("udp length 2 short of the packet", mirror(udp4(b"123456", ulen=12, csum=0)),
           udp4(b"123456", ulen=12, csum=0, **NEW4)),
    nat4("udp header alone", udp4, payload=b""),
    nat4("udp payload of 1", udp4, payload=b"\xAB"),
    nat4("udp odd payload", udp4, payload=b"abc"),
    nat4("udp 1472 payload", udp4, payload=bytes(range(256)) * 5 + bytes(192)),
]

TCP_TRAPS = [
    dropped("tcp header of 19", "malformed", mirror(ip4(tcp(b"")[:19], TCP))),
    dropped("tcp header of 0", "malformed", mirror(ip4(b"", TCP))),
    dropped("tcp header cut, padding behind", "malformed",
            mirror(ip4(tcp(b"")[:19], TCP), pad=b"\x50" * 21)),
    dropped("tcp doff 4", "malformed", mirror(tcp4(doff=4))),
    dropped("tcp doff 0", "malformed", mirror(tcp4(doff=0))),
    dropped("tcp doff past the packet", "malformed", mirror(tcp4(b"123", doff=6))),
    dropped("tcp doff 15 past the packet", "malformed", mirror(tcp4(b"x" * 39, doff=15))),
    dropped("tcp doff reaches into the padding", "malformed",
            mirror(tcp4(b"", doff=6), pad=bytes(40))),
    dropped("tcp doff 4, no rule", "malformed", mirror(tcp4(dport=22, doff=4))),
    nat4("tcp header alone", tcp4, payload=b""),
    nat4("tcp doff 15", tcp4, topts=b"\1" * 40),
    nat4("tcp options, no payload", tcp4, payload=b"", topts=bytes.fromhex("020405b401030307")),
    nat4("tcp odd payload", tcp4, payload=b"abcde"),
    nat4("tcp 1460 payload", tcp4, payload=b"\xA5" * 1460),
    nat4("tcp doff takes the whole segment", tcp4, payload=b"\0" * 4, doff=6),
]

OTHERS = [
    *ruleless("icmp echo", ip4(icmp(rest=PORT.to_bytes(2, "big") * 2), ICMP)),
    *ruleless("icmp error about a NATed flow", ip4(icmp(3, 3, bytes(4), udp4()), ICMP)),
    *ruleless("igmp behind router alert",
              ip4(bytes.fromhex("16000904ef010101"), 2, options=bytes.fromhex("94040000"))),
    *ruleless("sctp with the port", ip4(udp(b"x" * 20), 132)),
    *ruleless("udp-lite with the port", ip4(udp(b"x" * 20), 136)),
    *ruleless("dccp with the port", ip4(udp(b"x" * 20), 33)),
    *ruleless("esp", ip4(udp(b"x" * 20), 50)),
    *ruleless("ah", ip4(bytes.fromhex("1104000000000001000000010000000000000000") + udp(), 51)),
    *ruleless("gre", ip4(bytes.fromhex("00000800") + udp4(), 47)),
    *ruleless("ip in ip", ip4(udp4(), 4)),
    *ruleless("protocol 255", ip4(b"\xFF" * 30, 255)),
    *ruleless("protocol 0", ip4(udp(), 0)),
    *ruleless("icmp of 1 byte", ip4(b"\x08", ICMP)),
    *ruleless("nested vxlan", udp4(vxlan(eth(udp4())), dport=4789)),
    natted("nested vxlan, a rule for its port", mirror(udp4(vxlan(eth(udp4())), dport=4789)),
           udp4(vxlan(eth(udp4())), dst=TARGET4, dport=TARGET_PORT),
           f"nat udp/4789={TARGET4}:{TARGET_PORT} 02:00:00:00:00:01"),
    *ruleless("three times vxlan", udp4(vxlan(eth(udp4(vxlan(eth(udp4())), dport=4789))),
                                        dport=4789)),
    *ruleless("ipv6 in ipv4", ip4(udp6(), 41)),
]

HBH = (0, lambda nh: ext(nh))
DST = (60, lambda nh: ext(nh))
RT_SPENT = (43, lambda nh: routing(nh))
RT_LEFT = (43, lambda nh: routing(nh, left=1))
ATOMIC = (44, lambda nh: frag6(nh))


def dst(size):
    return 60, lambda nh: ext(nh, size)


def header_beyond(number, **ip):
    """An extension header that states 2,048 bytes, with UDP bytes in it."""
    return ip6(bytes([UDP, 255]) + bytes(6) + udp(src=CLIENT6, dst=SERVER6), number, **ip)


IP6 = [
    nat6("ipv6 udp", udp6),
    nat6("ipv6 tcp", tcp6),
    nat6("ipv6 udp header alone", udp6, payload=b""),
    nat6("ipv6 odd payload", tcp6, payload=b"abc"),
    nat6("ipv6 hop limit 1, flow label 0", udp6, hops=1, flow=0),
    nat6("ipv6 hop-by-hop", udp6, exts=(HBH,)),
    nat6("ipv6 destination options", tcp6, exts=(DST,)),
    nat6("ipv6 spent routing header", udp6, exts=(RT_SPENT,)),
    nat6("ipv6 atomic fragment", udp6, exts=(ATOMIC,)),
    nat6("ipv6 atomic fragment, reserved bits",
         udp6, exts=((44, lambda nh: bytes([nh, 0xFF, 0, 6, 1, 2, 3, 4])),)),
    nat6("ipv6 hop-by-hop, routing, atomic, destination", tcp6,
         exts=(HBH, RT_SPENT, ATOMIC, DST)),
    nat6("ipv6 eight headers", udp6, exts=(HBH,) + (DST,) * 7),
    dropped("ipv6 nine headers", "malformed", mirror(udp6(exts=(HBH,) + (DST,) * 8))),
    nat6("ipv6 512 bytes in one header", udp6, exts=(dst(512),)),
    nat6("ipv6 512 bytes in eight headers", udp6, exts=(HBH,) + (DST,) * 6 + (dst(456),)),
    dropped("ipv6 520 bytes in one header", "malformed", mirror(udp6(exts=(dst(520),)))),
    dropped("ipv6 520 bytes in two headers", "malformed", mirror(udp6(exts=(DST, dst(512))))),
    dropped("ipv6 2048 bytes in one header", "malformed", mirror(udp6(exts=(dst(2048),)))),
    *ruleless("ipv6 routing, segments left", udp6(exts=(RT_LEFT,))),
    *ruleless("ipv6 hop-by-hop, routing, segments left", tcp6(exts=(HBH, RT_LEFT))),
    *ruleless("ipv6 esp", chain6((), 50, udp(src=CLIENT6, dst=SERVER6))),
    *ruleless("ipv6 ah", ip6(bytes([UDP, 4]) + bytes(22) + udp(src=CLIENT6, dst=SERVER6), 51)),
    *ruleless("ipv6 destination options, esp", chain6((DST,), 50, bytes(24))),
    *ruleless("ipv6 no next header", ip6(b"", 59)),
    *ruleless("ipv6 no next header, bytes behind", ip6(udp(src=CLIENT6, dst=SERVER6), 59)),
    *ruleless("ipv6 hop-by-hop, no next header, nothing behind", chain6((HBH,), 59, b"")),
    *ruleless("ipv6 512 bytes of headers, nothing behind", chain6((dst(512),), 59, b"")),
    *ruleless("icmpv6 echo", ip6(bytes.fromhex("8000123400010002"), ICMP6)),
    *ruleless("icmpv6 behind hop-by-hop", chain6((HBH,), ICMP6, bytes(8))),
    *ruleless("ipv4 in ipv6", ip6(udp4(), 4)),
    *ruleless("ipv6 sctp with the port", ip6(udp(src=CLIENT6, dst=SERVER6), 132)),
    dropped("jumbogram", "malformed",
            mirror(ip6(bytes([UDP, 0]) + bytes.fromhex("c20400012000") +
                       udp(b"x" * 100, src=CLIENT6, dst=SERVER6), 0, length=0))),
    dropped("ipv6 payload length 0, udp", "malformed", mirror(udp6(length=0))),
    dropped("ipv6 payload length 0, tcp", "malformed", mirror(tcp6(length=0))),
    dropped("ipv6 header of 39", "malformed", wrap(eth(udp6()[:39], ETH_IP6))),
    dropped("ipv6 version 5", "malformed", mirror(udp6(version=5), kind=ETH_IP6)),
    dropped("ipv6 extension header past the packet", "malformed", mirror(header_beyond(60))),
    dropped("ipv6 hop-by-hop past the packet", "malformed", mirror(header_beyond(0))),
    dropped("ipv6 extension header of 1 byte", "malformed", mirror(ip6(b"\x11", 60))),
    dropped("ipv6 extension header of 0 bytes", "malformed", mirror(ip6(b"", 60))),
    dropped("ipv6 fragment header cut", "malformed", mirror(ip6(frag6(UDP)[:7], 44))),
    dropped("ipv6 extension header ends in the padding", "malformed",
            mirror(ip6(b"\x11\0\0\0", 60), pad=bytes(60))),
    dropped("ipv6 udp header of 7", "malformed", mirror(ip6(udp()[:7], UDP))),
    dropped("ipv6 udp cut behind an extension", "malformed",
            mirror(chain6((DST,), UDP, udp()[:7]))),
    dropped("ipv6 udp length 0", "malformed", mirror(udp6(ulen=0))),
    dropped("ipv6 udp length past the packet", "malformed", mirror(udp6(b"12", ulen=11))),
    dropped("ipv6 tcp doff 4", "malformed", mirror(tcp6(doff=4))),
    dropped("ipv6 tcp doff past the packet", "malformed", mirror(tcp6(b"", doff=6))),
    natted("ipv6 udp checksum 0 stays 0", mirror(udp6(csum=0)), udp6(csum=0, **NEW6)),
]

FIXTURES = ETHERNET + HEADER4 + UDP_TRAPS + TCP_TRAPS + OTHERS + IP6
