#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""inner_same.py CAPTURE OUT: how many inner IPv4 packets of CAPTURE (VXLAN over IPv4 without options or
tags; Ethernet padding behind the IP packet is not part of it) are in OUT byte for byte, each once."""
import collections
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "prog"))
import pcap  # noqa: E402


def packet(frame):
    ip = frame[14:]
    return ip[:int.from_bytes(ip[2:4], "big")]


want = collections.Counter(packet(frame[50:]) for frame in pcap.read(sys.argv[1]))
have = collections.Counter(packet(frame) for frame in pcap.read(sys.argv[2]))
print(sum((want & have).values()))
