# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures of NAT: which rule applies, and what happens to checksums.

The literal vectors: to 172.30.82.95 and from port 31765 to 8081 the IP sum moves by AE8F from
172.31.0.238 and the L4 sum by 0B14 (one's complement), from 10.0.0.2 by 0B84 and 6808.
"""
from fixture import FORWARD, L2, RULES4, dropped, forwarded, natted
from frames import (NAT_MAC, PORT, SERVER6, TARGET4, TARGET6, TARGET_PORT, icmp, ip4, mac_text,
                    mirror, tcp4, tcp6, udp4, udp6)

NEW4, NEW6 = {"dst": TARGET4, "dport": TARGET_PORT}, {"dst": TARGET6, "dport": TARGET_PORT}
OTHER_MAC = bytes.fromhex("020000000002")
TO = f"nat udp/{PORT}"
MAC, MAC2 = mac_text(NAT_MAC), mac_text(OTHER_MAC)
UDP_SUM, TCP_SUM, IP_SUM = 20 + 6, 20 + 16, 10


def patched(packet, *changes):
    """The packet with 16-bit words set: (offset, value)."""
    for off, value in changes:
        packet = packet[:off] + value.to_bytes(2, "big") + packet[off + 2:]
    return packet


def vector(name, make, l4_at, old, new, dst="172.31.0.238"):
    """(IP sum, L4 sum) before and after, both literal."""
    before = patched(make(dst=dst), (IP_SUM, old[0]), (l4_at, old[1]))
    after = patched(make(**NEW4), (IP_SUM, new[0]), (l4_at, new[1]))
    return natted(f"vector: {name}", mirror(before), after)


VECTORS = [
    vector("udp 1234, ip 1234", udp4, UDP_SUM, (0x1234, 0x1234), (0xC0C3, 0x1D48)),
    vector("udp 0001, ip 0001", udp4, UDP_SUM, (0x0001, 0x0001), (0xAE90, 0x0B15)),
    vector("tcp 1234, ip 1234", tcp4, TCP_SUM, (0x1234, 0x1234), (0xC0C3, 0x1D48)),
    vector("tcp 0001, ip 0001", tcp4, TCP_SUM, (0x0001, 0x0001), (0xAE90, 0x0B15)),
    vector("from 10.0.0.2, udp", udp4, UDP_SUM, (0x1234, 0x1234), (0x1DB8, 0x7A3C), "10.0.0.2"),
    vector("from 10.0.0.2, tcp", tcp4, TCP_SUM, (0x1234, 0x1234), (0x1DB8, 0x7A3C), "10.0.0.2"),
    vector("udp 0000 stays", udp4, UDP_SUM, (0x1234, 0), (0xC0C3, 0)),
    vector("udp 0000 stays, ip 0001", udp4, UDP_SUM, (0x0001, 0), (0xAE90, 0)),
    vector("udp result 0 is sent as ffff", udp4, UDP_SUM, (0x1234, 0xF4EB), (0xC0C3, 0xFFFF)),
    vector("udp ffff moves as 0 would", udp4, UDP_SUM, (0x1234, 0xFFFF), (0xC0C3, 0x0B14)),
    vector("tcp result 0 is 0", tcp4, TCP_SUM, (0x1234, 0xF4EB), (0xC0C3, 0x0000)),
    vector("tcp 0000 is a sum like others", tcp4, TCP_SUM, (0x1234, 0), (0xC0C3, 0x0B14)),
    vector("tcp ffff", tcp4, TCP_SUM, (0x1234, 0xFFFF), (0xC0C3, 0x0B14)),
    vector("ip result 0 is 0", udp4, UDP_SUM, (0x5170, 0x1234), (0x0000, 0x1D48)),
    vector("ip 0000", udp4, UDP_SUM, (0x0000, 0x1234), (0xAE8F, 0x1D48)),
    vector("ip ffff", udp4, UDP_SUM, (0xFFFF, 0x1234), (0xAE8F, 0x1D48)),
    vector("ip carry", udp4, UDP_SUM, (0x5171, 0xF4EC), (0x0001, 0x0001)),
]


def carry(name, make, **fields):
    """Words of ffff and 0000 in what changes; expected sums are computed in full."""
    to_addr, to_port = fields.pop("to")
    rules = tuple(f"nat {p}/{fields.get('dport', PORT)}={to_addr}:{to_port} {MAC}"
                  for p in ("udp", "tcp"))
    return natted(f"carry: {name}", mirror(make(**fields)),
                  make(**{**fields, "dst": to_addr.strip("[]"), "dport": to_port}), base=L2 + rules)


CARRIES = [
    carry("to 223.255.255.255, port ffff", udp4, to=("223.255.255.255", 65535), dst="10.0.0.1"),
    carry("from 255.255.255.255", udp4, to=("10.0.0.1", 1), dst="255.255.255.255"),
    carry("from 0.0.0.1", tcp4, to=("10.0.0.1", 65535), dst="0.0.0.1"),
    carry("port ffff to 1", udp4, to=("10.0.0.1", 1), dport=65535),
    carry("port 1 to ffff", tcp4, to=("10.0.0.1", 65535), dport=1),
    carry("address unchanged, port moves", udp4, to=("172.31.0.238", 8081)),
    carry("port unchanged, address moves", tcp4, to=(TARGET4, PORT)),
    carry("nothing changes", udp4, to=("172.31.0.238", PORT)),
    carry("nothing changes, tcp", tcp4, to=("172.31.0.238", PORT)),
    carry("words swapped", udp4, to=("0.238.172.31", 8081)),
    carry("ipv6 all ones", udp6, to=("[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]", 65535)),
    carry("ipv6 mostly zero", tcp6, to=("[2001:db8::1]", 1), dst="2001:db8:ffff:ffff::ffff"),
    carry("ipv6 nothing changes", udp6, to=(f"[{SERVER6}]", PORT)),
    carry("ipv6 only the last word", tcp6, to=("[2001:db8:2::239]", PORT)),
]


def bad_sum(name, make, at, old):
    """A wrong sum must be wrong by the same amount after: right sums give the amount."""
    good, new = make(), make(**NEW4)
    word = {p: int.from_bytes(p[at:at + 2], "big") for p in (good, new)}
    moved = (word[new] - word[good] + old) % 0xFFFF     # one's complement: modulo ffff
    return natted(f"bad sum stays bad: {name}", mirror(patched(make(), (at, old))),
                  patched(new, (at, moved)))


BAD_SUMS = [
    bad_sum("udp", udp4, UDP_SUM, 0xDEAD),
    bad_sum("tcp", tcp4, TCP_SUM, 0xBEEF),
    bad_sum("ip", udp4, IP_SUM, 0x0BAD),
    bad_sum("ip of a tcp packet", tcp4, IP_SUM, 0x4242),
    forwarded("bad udp sum, forwarded as it is", mirror(udp4(dport=53, csum=0xDEAD)),
              udp4(dport=53, csum=0xDEAD)),
    forwarded("udp sum 0, forwarded as it is", mirror(udp4(dport=53, csum=0)),
              udp4(dport=53, csum=0)),
]

PREFIXES = (f"nat udp/{PORT}@10.0.0.0/8=192.0.2.8:8 {MAC2}",
            f"nat udp/{PORT}@10.1.0.0/16=192.0.2.16:16 {MAC2}",
            f"nat udp/{PORT}@10.1.2.3/32=192.0.2.32:32 {MAC2}",
            f"nat udp/{PORT}@2001:db8:2::/48=[2001:db8:9::48]:48 {MAC2}")


def by_prefix(name, dst, to, port, mac=OTHER_MAC, make=udp4):
    return natted(f"rule prefix: {name}", mirror(make(dst=dst)), make(dst=to, dport=port),
                  *PREFIXES, mac=mac)


CHOICE = [
    natted("udp rule", mirror(udp4()), udp4(**NEW4)),
    natted("tcp rule", mirror(tcp4()), tcp4(**NEW4)),
    dropped("port below", "no_rule", mirror(udp4(dport=PORT - 1))),
    dropped("port above", "no_rule", mirror(udp4(dport=PORT + 1))),
    dropped("port byte-swapped", "no_rule", mirror(udp4(dport=0x157C))),
    dropped("the source port does not count", "no_rule", mirror(udp4(sport=PORT, dport=53))),
    natted("source port equal too", mirror(udp4(sport=PORT)), udp4(sport=PORT, **NEW4)),
    natted("source address equal to the target", mirror(udp4(src=TARGET4)),
           udp4(src=TARGET4, **NEW4)),
    dropped("udp rule, tcp packet", "no_rule", mirror(tcp4()), base=L2 + RULES4[:1]),
    dropped("tcp rule, udp packet", "no_rule", mirror(udp4()), base=L2 + RULES4[1:]),
    dropped("ipv4 rule, ipv6 packet", "no_rule", mirror(udp6()), base=L2 + RULES4),
    forwarded("ipv4 rule, ipv6 packet, forwarded", mirror(udp6()), udp6(), base=L2 + RULES4),
    dropped("ipv6 rule, ipv4 packet", "no_rule", mirror(udp4()),
            f"{TO}=[{TARGET6}]:{TARGET_PORT} {MAC}", base=L2),
    natted("ipv6 rule", mirror(udp6()), udp6(**NEW6), f"{TO}=[{TARGET6}]:{TARGET_PORT} {MAC}",
           base=L2),
    dropped("no rules at all", "no_rule", mirror(udp4()), base=L2),
    forwarded("no rules at all, forwarded", mirror(udp4()), udp4(), base=L2),
    natted("a rule takes precedence over forward", mirror(udp4()), udp4(**NEW4), FORWARD),
    by_prefix("longest, /32", "10.1.2.3", "192.0.2.32", 32),
    by_prefix("longest, /16", "10.1.2.4", "192.0.2.16", 16),
    by_prefix("longest, /8", "10.2.0.1", "192.0.2.8", 8),
    by_prefix("first address of /8", "10.0.0.0", "192.0.2.8", 8),
    by_prefix("last address of /8", "10.255.255.255", "192.0.2.8", 8),
    by_prefix("none matches: the rule without", "11.0.0.0", TARGET4, TARGET_PORT, NAT_MAC),
    by_prefix("just below: the rule without", "9.255.255.255", TARGET4, TARGET_PORT, NAT_MAC),
    by_prefix("ipv6", SERVER6, "2001:db8:9::48", 48, make=udp6),
    by_prefix("ipv6, none matches", "2001:db8:3::1", TARGET6, TARGET_PORT, NAT_MAC, udp6),
    natted("prefixed udp rule, tcp packet", mirror(tcp4(dst="10.1.2.3")), tcp4(**NEW4), *PREFIXES),
    dropped("prefixed rule alone, elsewhere", "no_rule", mirror(udp4(dst="11.1.1.1")),
            PREFIXES[0], base=L2),
    dropped("the source is not matched by a rule's prefix", "no_rule",
            mirror(udp4(src="10.1.2.3", dst="11.1.1.1")), PREFIXES[0], base=L2),
    natted("prefix 0.0.0.0/0", mirror(udp4()), udp4(dst="192.0.2.1", dport=1),
           f"{TO}@0.0.0.0/0=192.0.2.1:1 {MAC2}", mac=OTHER_MAC),
    natted("two rules, two ports", mirror(udp4(dport=53)), udp4(dst="192.0.2.53", dport=5353),
           f"nat udp/53=192.0.2.53:5353 {MAC2}", mac=OTHER_MAC),
    natted("destination port 65535, source port 0", mirror(udp4(dport=65535, sport=0)),
           udp4(dst="192.0.2.1", dport=1, sport=0), f"nat udp/65535=192.0.2.1:1 {MAC2}",
           mac=OTHER_MAC),
    forwarded("not NATed twice", mirror(udp4(dst=TARGET4, dport=TARGET_PORT)),
              udp4(dst=TARGET4, dport=TARGET_PORT)),
    forwarded("icmp to a NATed address is untouched", mirror(ip4(icmp(), 1)), ip4(icmp(), 1)),
]

FIXTURES = VECTORS + CARRIES + BAD_SUMS + CHOICE
