#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""send_frame.py IF COUNT [vni=N] [src=A] [dst=A] [dport=N] [cut=N] [mirror=A] [first=MAC,A]: mirrored UDP packets
out of IF, the last `cut` bytes of the inner one missing as a mirror's truncation leaves it; mirror: the outer source;
first: each is the first fragment of an outer packet to that host."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "prog"))
import frames  # noqa: E402

how = dict(arg.split("=") for arg in sys.argv[3:])
packet = frames.udp4(src=how.get("src", "198.51.100.200"), dst=how.get("dst", "172.30.74.144"),
                     dport=int(how.get("dport", 31765)))
packet = packet[:len(packet) - int(how.get("cut", 0))]
tx = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
tx.bind((sys.argv[1], 0))
outer = {"src": how.get("mirror", "172.30.74.10")}
mac, _, to = how.get("first", "").partition(",")
if to:
    packet += bytes(-(30 + len(packet)) % 8)  # all fragments but the last are of so many bytes
    outer.update(dst=to, mf=True)
frame = frames.mirror(packet, vni=int(how.get("vni", 1)), **outer)
if mac:
    frame = bytes.fromhex(mac.replace(":", "")) + frame[6:]
for _ in range(int(sys.argv[2])):
    tx.send(frame)
