#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""compare_pcap.py IN.pcap OUT.pcap NEW_DST NEW_DPORT

Every mirrored packet of IN (VXLAN over IPv4 without options) must be in OUT once: its inner IPv4 UDP
packet with another destination address, port and the two checksums, which must be right, all other bytes
the same, in an Ethernet frame of the same length. Prints how many agree, or what does not."""
import ipaddress
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "prog"))
import pcap  # noqa: E402

OUTER = 14 + 20 + 8 + 8


def ones(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def expected(inner, dst, dport):
    """The frame from its IP header on, NATed by computing both sums anew."""
    ip, udp = bytearray(inner[14:34]), bytearray(inner[34:])
    ip[16:20] = dst
    ip[10:12] = b"\0\0"
    ip[10:12] = struct.pack(">H", 0xFFFF ^ ones(bytes(ip)))
    udp[2:4] = struct.pack(">H", dport)
    udp[6:8] = b"\0\0"
    pseudo = bytes(ip[12:20]) + struct.pack(">BBH", 0, 17, len(udp))
    udp[6:8] = struct.pack(">H", (0xFFFF ^ ones(pseudo + bytes(udp))) or 0xFFFF)
    return bytes(ip + udp)


def main():
    dst, dport = ipaddress.ip_address(sys.argv[3]).packed, int(sys.argv[4])
    want = {}
    for frame in pcap.read(sys.argv[1]):
        if frame[12:14] == b"\x08\0" and frame[23] == 17 and frame[36:38] == struct.pack(">H", 4789):
            packet = expected(frame[OUTER:], dst, dport)
            want[packet] = want.get(packet, 0) + 1
    same = 0
    for frame in pcap.read(sys.argv[2]):
        if frame[12:14] != b"\x08\0":
            continue
        if not want.get(frame[14:]):
            print("not expected, or twice: %s" % frame.hex())
            return 1
        want[frame[14:]] -= 1
        same += 1
    missing = sum(want.values())
    if missing:
        print("%d packets are missing" % missing)
        return 1
    print(same)
    return 0


sys.exit(main())
