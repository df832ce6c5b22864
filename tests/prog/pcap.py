# SPDX-License-Identifier: GPL-2.0-only
"""Reads the frames of a capture file, pcap or pcapng, of Ethernet. Nothing is interpreted."""
import struct

ETHERNET = 1
SECTION, INTERFACE, SIMPLE, ENHANCED = 0x0A0D0D0A, 1, 3, 6
BYTE_ORDER = 0x1A2B3C4D
PCAP_MAGIC = {0xA1B2C3D4, 0xA1B23C4D}      # microseconds, nanoseconds


def read(path):
    """-> list of frames as captured (a snapshot length may have cut them)."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        return list(read_ng(data, path))
    for order in "<>":
        if len(data) >= 24 and struct.unpack(order + "I", data[:4])[0] in PCAP_MAGIC:
            return list(read_classic(data, order, path))
    raise ValueError(f"{path}: neither pcap nor pcapng")


def need_ethernet(link, path):
    if link & 0xFFFF != ETHERNET:       # the upper half tells of a frame check sequence
        raise ValueError(f"{path}: link type {link}, expected Ethernet")


def read_classic(data, order, path):
    need_ethernet(struct.unpack_from(order + "I", data, 20)[0], path)
    at = 24
    while at + 16 <= len(data):
        size, = struct.unpack_from(order + "I", data, at + 8)
        yield data[at + 16:at + 16 + size]
        at += 16 + size


def read_ng(data, path):
    at, order = 0, "<"
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if struct.unpack_from("<I", data, at + 8)[0] == BYTE_ORDER else ">"
        kind, size = struct.unpack_from(order + "II", data, at)
        if size < 12:
            raise ValueError(f"{path}: block of {size} bytes at {at}")
        if kind == INTERFACE:
            need_ethernet(struct.unpack_from(order + "H", data, at + 8)[0], path)
        elif kind == ENHANCED:
            captured, = struct.unpack_from(order + "I", data, at + 20)
            yield data[at + 28:at + 28 + captured]
        elif kind == SIMPLE:
            original, = struct.unpack_from(order + "I", data, at + 8)
            yield data[at + 12:at + 12 + min(original, size - 16)]
        at += size
