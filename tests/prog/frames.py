# SPDX-License-Identifier: GPL-2.0-only
"""Builders of frames, layer by layer, for the tests of the packet program.

Every field that a test may want wrong has a parameter; what is left out is right, and a
checksum that is left out is computed here in full (the incremental way is the program's).
Addresses are text, ports and lengths integers, payloads bytes.
"""
import ipaddress
import struct

ETH_IP4, ETH_IP6, ETH_ARP = 0x0800, 0x86DD, 0x0806
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
VXLAN_PORT = 4789

MAC_A, MAC_B = bytes.fromhex("0a1122334455"), bytes.fromhex("0a66778899aa")
EGRESS_MAC, NAT_MAC = bytes.fromhex("0200000000e6"), bytes.fromhex("020000000001")
HOP4_MAC, HOP6_MAC = bytes.fromhex("020000000004"), bytes.fromhex("020000000006")

CLIENT4, SERVER4, TARGET4 = "104.218.88.5", "172.31.0.238", "172.30.82.95"
CLIENT6, SERVER6, TARGET6 = "2001:db8:1::5", "2001:db8:2::238", "2001:db8:3::95"
PORT, TARGET_PORT = 31765, 8081


def addr(text):
    return ipaddress.ip_address(text).packed


def mac_text(mac):
    return mac.hex(":")


def ones_sum(data):
    """RFC 1071: an odd last byte is padded with zero on the right."""
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def l4_sum(src, dst, proto, segment):
    """The checksum of a segment whose own field is zero."""
    if len(addr(src)) == 4:
        pseudo = addr(src) + addr(dst) + struct.pack(">BBH", 0, proto, len(segment) & 0xFFFF)
    else:
        pseudo = addr(src) + addr(dst) + struct.pack(">II", len(segment), proto)
    return ~ones_sum(pseudo + segment) & 0xFFFF


def residues(packet):
    """(IP header, L4) sums modulo FFFF of an unfragmented IP packet without extension headers.

    0 where a checksum is right, and unchanged by a NAT that is right, whether or not the
    checksum was; None where there is none (IPv6 header, UDP 0, another protocol).
    """
    if packet[0] >> 4 == 4:
        head, proto = 4 * (packet[0] & 15), packet[9]
        ip_sum, ends = ones_sum(packet[:head]) % 0xFFFF, packet[12:20]
        segment = packet[head:int.from_bytes(packet[2:4], "big")]
    else:
        ip_sum, ends, proto = None, packet[8:40], packet[6]
        segment = packet[40:40 + int.from_bytes(packet[4:6], "big")]
    if proto not in (TCP, UDP) or proto == UDP and segment[6:8] == b"\0\0":
        return ip_sum, None
    if proto == UDP:
        segment = segment[:int.from_bytes(segment[4:6], "big")]
    return ip_sum, ones_sum(ends + struct.pack(">II", len(segment), proto) + segment) % 0xFFFF


def eth(payload, kind=ETH_IP4, tags=(), dst=MAC_A, src=MAC_B):
    """`tags`: outermost first, each a TPID or (TPID, TCI)."""
    out = dst + src
    for tag in tags:
        tpid, tci = tag if isinstance(tag, tuple) else (tag, 0x0064)
        out += struct.pack(">HH", tpid, tci)
    return out + struct.pack(">H", kind) + payload


def ip4(payload, proto=UDP, src=CLIENT4, dst=SERVER4, ttl=64, tos=0, ident=0x1234, df=False,
        mf=False, offset=0, options=b"", length=None, ihl=None, version=4, csum=None):
    """`offset` in bytes; `ihl` in words; options are not padded."""
    head = 20 + len(options)
    frag = df << 14 | mf << 13 | offset // 8
    hdr = struct.pack(">BBHHHBBH4s4s", version << 4 | (head // 4 if ihl is None else ihl), tos,
                      head + len(payload) if length is None else length, ident, frag, ttl,
                      proto, 0, addr(src), addr(dst)) + options
    if csum is None:
        csum = ~ones_sum(hdr) & 0xFFFF
    return hdr[:10] + struct.pack(">H", csum) + hdr[12:] + payload


def ip6(payload, proto=UDP, src=CLIENT6, dst=SERVER6, hops=64, length=None, version=6,
        flow=0x12345):
    """`proto`: the first next header; `payload` begins with the extension headers, if any."""
    return struct.pack(">IHBB", version << 28 | flow, len(payload) if length is None else length,
                       proto, hops) + addr(src) + addr(dst) + payload


def ext(next_header, size=8):
    """Hop-by-hop or destination options: one-byte paddings alone (zeros)."""
    return bytes([next_header, size // 8 - 1]) + bytes(size - 2)


def routing(next_header, left=0, size=24, kind=0):
    return bytes([next_header, size // 8 - 1, kind, left]) + b"\0" * (size - 4)


def frag6(next_header, ident=0x01020304, offset=0, more=False):
    return struct.pack(">BBHI", next_header, 0, offset & 0xFFF8 | more, ident)


def udp(payload=b"", src=CLIENT4, dst=SERVER4, sport=40000, dport=PORT, length=None, csum=None):
    """The sum is over what is here, a computed 0 is sent as FFFF (RFC 768)."""
    size = 8 + len(payload) if length is None else length
    seg = struct.pack(">HHHH", sport, dport, size, 0) + payload
    if csum is None:
        csum = l4_sum(src, dst, UDP, seg) or 0xFFFF
    return seg[:6] + struct.pack(">H", csum) + payload


def tcp(payload=b"", src=CLIENT4, dst=SERVER4, sport=40000, dport=PORT, doff=None, options=b"",
        flags=0x18, csum=None):
    words = 5 + len(options) // 4 if doff is None else doff
    seg = struct.pack(">HHIIBBHHH", sport, dport, 0x01020304, 0x0A0B0C0D, words << 4, flags,
                      0xFAF0, 0, 0) + options + payload
    if csum is None:
        csum = l4_sum(src, dst, TCP, seg)
    return seg[:16] + struct.pack(">H", csum) + seg[18:]


def icmp(kind=8, code=0, rest=b"\x12\x34\0\1", payload=b"ping ping ping"):
    seg = struct.pack(">BBH", kind, code, 0) + rest + payload
    return seg[:2] + struct.pack(">H", ~ones_sum(seg) & 0xFFFF) + seg[4:]


def udp4(payload=b"mirrored datagram", src=CLIENT4, dst=SERVER4, dport=PORT, sport=40000,
         csum=None, ulen=None, **ip):
    """An IPv4 packet with UDP in it; `csum` and `ulen` are the UDP header's."""
    return ip4(udp(payload, src, dst, sport, dport, ulen, csum), UDP, src, dst, **ip)


def tcp4(payload=b"mirrored segment", src=CLIENT4, dst=SERVER4, dport=PORT, sport=40000,
         csum=None, doff=None, topts=b"", **ip):
    return ip4(tcp(payload, src, dst, sport, dport, doff, topts, csum=csum), TCP, src, dst, **ip)


def udp6(payload=b"mirrored datagram", src=CLIENT6, dst=SERVER6, dport=PORT, sport=40000,
         csum=None, ulen=None, exts=(), **ip):
    """`exts`: functions of the next header, in order, e.g. (ext, frag6)."""
    return chain6(exts, UDP, udp(payload, src, dst, sport, dport, ulen, csum), src=src, dst=dst,
                  **ip)


def tcp6(payload=b"mirrored segment", src=CLIENT6, dst=SERVER6, dport=PORT, sport=40000,
         csum=None, doff=None, topts=b"", exts=(), **ip):
    seg = tcp(payload, src, dst, sport, dport, doff, topts, csum=csum)
    return chain6(exts, TCP, seg, src=src, dst=dst, **ip)


def chain6(exts, proto, payload, **ip):
    """`exts`: (header number, function of the next header) in order, before `payload`."""
    for number, make in reversed(exts):
        payload, proto = make(proto) + payload, number
    return ip6(payload, proto, **ip)


def vxlan(inner, vni=1, flags=0x08, reserved=b"\0\0\0", last=0):
    return bytes([flags]) + reserved + vni.to_bytes(3, "big") + bytes([last]) + inner


def outer(payload, dport=VXLAN_PORT, sport=65408, v6=False, tags=(), ulen=None, csum=0,
          exts=(), **ip):
    """What AWS puts round a mirrored frame: TTL 255, ID 0, DF 0, UDP checksum 0."""
    seg = udp(payload, sport=sport, dport=dport, length=ulen, csum=csum)
    if v6:
        packet = chain6(exts, UDP, seg, src="2001:db8::a", dst="2001:db8::b", **ip)
        return eth(packet, ETH_IP6, tags)
    ip = {"src": "172.30.83.192", "dst": "172.30.83.100", "ttl": 255, "ident": 0, **ip}
    return eth(ip4(seg, **ip), ETH_IP4, tags)


def kind_of(packet):
    return ETH_IP6 if packet and packet[0] >> 4 == 6 else ETH_IP4


def mirror(packet, vni=1, inner_tags=(), pad=b"", kind=None, **how):
    """A whole mirrored frame: the inner IP packet in Ethernet in VXLAN in UDP in IP."""
    frame = eth(packet, kind_of(packet) if kind is None else kind, inner_tags) + pad
    return outer(vxlan(frame, vni), **how)


def sent(packet, mac):
    """The frame that leaves by the egress."""
    return mac + EGRESS_MAC + struct.pack(">H", kind_of(packet)) + packet
