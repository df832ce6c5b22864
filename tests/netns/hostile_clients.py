#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Misbehaves on a control socket, and measures meanwhile how long `stats` takes.

    hostile_clients.py SOCKET MAX_MS

Prints what each attack was answered and the longest time; exits 1 when an answer was wrong, or the second
longest time of an attack above MAX_MS: one that waited for the machine is not counted against the engine.
"""
import array
import os
import socket
import sys
import threading
import time

PATH, MAX_MS = sys.argv[1], float(sys.argv[2])
STATS = b'{"cmd":["stats"],"json":true}\n'
LIST = b'{"cmd":["allow","list"],"json":true}\n'
failed = False
phase = None
times = {}


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(15)
    s.connect(PATH)
    return s


def line(s):
    data = b""
    while not data.endswith(b"\n"):
        more = s.recv(1 << 20)
        if not more:
            break
        data += more
    return data


def ask(data):
    with connect() as s:
        s.sendall(data)
        return line(s)


def prober():
    with connect() as s:
        while phase != "end":
            name, start = phase, time.monotonic()
            s.sendall(STATS)
            good = b'"pid"' in line(s)
            times.setdefault(name, []).append((time.monotonic() - start) * 1000 if good else 1e9)
            time.sleep(0.01)


def attack(name, function, expect=b""):
    global failed, phase
    phase = name
    try:
        answer = function()
    except OSError as e:
        answer = repr(e).encode()
    time.sleep(0.15)
    ms = sorted(times.get(name, [1e9]))
    slow = ms[-2] if len(ms) > 1 else ms[-1]
    good = expect in answer and slow <= MAX_MS
    failed |= not good
    print("%-4s %-18s stats: max %5.1f ms of %3d  %s" %
          ("ok" if good else "BAD", name, ms[-1], len(ms), answer[:90]))


def half_lines():
    clients = [connect() for _ in range(10)]
    for s in clients:
        s.send(b'{"cmd')
    time.sleep(0.2)
    for s in clients:
        s.close()
    return b""


def descriptors():
    fds = [os.open("/dev/zero", os.O_RDONLY) for _ in range(100)]
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
    with connect() as s:
        for _ in range(100):
            s.sendmsg([b" "], rights)
        s.sendall(STATS)
        return line(s)


def too_many():
    clients, answer = [], b""
    for _ in range(15):
        clients.append(connect())
    time.sleep(0.3)
    s = connect()
    clients.append(s)
    answer = line(s)
    for s in clients:
        s.close()
    time.sleep(0.2)
    return answer


def slow_readers():
    clients = [connect() for _ in range(3)]
    for s in clients:
        s.sendall(LIST)
        time.sleep(0.1)
    time.sleep(0.5)
    answer = line(clients[0])
    for s in clients:
        s.close()
    return answer


def leave_early():
    for _ in range(5):
        with connect() as s:
            s.sendall(LIST)
            s.recv(10)
        time.sleep(0.05)
    return b""


def pipelined():
    with connect() as s:
        s.sendall(STATS * 300)
        data = b""
        while data.count(b"\n") < 300:
            data += s.recv(1 << 20)
    return b"%d" % data.count(b'"pid"')


phase = "start"
thread = threading.Thread(target=prober, daemon=True)
thread.start()
time.sleep(0.3)
attack("garbage", lambda: ask(b"hello\n"), b'{"error":"not a JSON object"}')
attack("an empty line", lambda: ask(b"\n"), b'{"error"')
attack("nested", lambda: ask(b"[" * 60000 + b"\n"), b'{"error"')
attack("nested words", lambda: ask(b'{"cmd":' + b"[" * 900 + b"]" * 900 + b"}\n"), b'{"error"')
attack("64 KiB", lambda: ask(b"x" * 70000), b"65536")
attack("NUL", lambda: ask(b'{"cmd":["st\\u0000x"]}\n'), b"NUL")
attack("not UTF-8", lambda: ask(b'{"cmd":["allow","add","9.9.9.9","org","\xff\xfe"]}\n'), b"UTF-8")
attack("half lines", half_lines)
attack("descriptors", descriptors, b'"pid"')
attack("17th client", too_many, b"16 clients")
attack("slow readers", slow_readers, b'"cidr"')
attack("leave early", leave_early)
attack("pipelined", pipelined, b"300")
phase = "end"
thread.join(5)
sys.exit(failed)
