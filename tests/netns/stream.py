#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A subscriber of the control socket, for tests: stream.py SOCKET SECONDS [bye].

Prints one JSON object: the last snapshot, how many came, the texts of all events, what the history's pieces add up to, bytes.
"""
import json
import socket
import sys
import time


def main(path, seconds, bye):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.sendall(b'{"subscribe":100}\n')
    end, data, size = time.monotonic() + seconds, b"", 0
    seen = {"snapshots": 0, "events": [], "wholes": 0, "seconds": 0, "in_pps": 0, "marks": [], "snapshot": None,
            "largest": 0}
    while time.monotonic() < end:
        s.settimeout(max(0.01, end - time.monotonic()))
        try:
            piece = s.recv(1 << 20)
        except socket.timeout:
            break
        if not piece:
            break
        size += len(piece)
        *lines, data = (data + piece).split(b"\n")
        for line in lines:
            o = json.loads(line)
            if "snapshot" in o:
                seen["snapshots"] += 1
                seen["snapshot"] = o["snapshot"]
                seen["largest"] = max(seen["largest"], len(line))
            elif "event" in o:
                seen["events"].append(o["event"]["text"])
            elif "history" in o:
                h = o["history"]
                cells = h.get("add") or h.get("s1", [])
                seen["wholes"] += "s1" in h
                seen["seconds"] = h["seconds"]
                seen["in_pps"] = max([seen["in_pps"]] + cells[0::4])
                seen["marks"] += [m[2] for m in h["mark"]]
    if bye:
        s.sendall(b'{"bye":true}\n')
    s.close()
    seen["bytes"] = size
    print(json.dumps(seen))


main(sys.argv[1], float(sys.argv[2]), sys.argv[3:] == ["bye"])
