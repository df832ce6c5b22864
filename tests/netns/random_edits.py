#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""random_edits.py SOCKET DIR PID EDITS SEED [leave|same FILE]: random commands, undo and redo, then undo to the start.

Compares, before and after, what bpftool reads of the engine's policy maps, the settings, the list and the
files that would be saved. Not compared: counters of VNIs and the slot of a next hop, which is taken in
turn on purpose. Prints "ok" and "not ok" lines.

leave: the edits stay, and what they made is written to FILE; same: no edits, but is all as FILE has it? Where
an entry counts its hits, and where a value came from, may differ then."""
import array
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import time

PATH, DIR, PID, EDITS, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
SLOT_AT = 44     # vx_cfg.allow_slot
LISTS = {"vx_allow4": "<Q", "vx_allow6": "<QQQ"}  # and an entry of theirs: address and tag, index below
INDEX = 24       # bits of it


class Control:
    def __init__(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(PATH)
        self.file = self.sock.makefile("rb")

    def run(self, *words, fd=None):
        line = json.dumps({"cmd": list(words), "json": True, "yes": True}).encode() + b"\n"
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        self.sock.sendmsg([line], rights)
        reply = json.loads(self.file.readline())
        return reply.get("error"), reply.get("data")

    def saved(self, *words):
        fd = os.memfd_create("saved", os.MFD_ALLOW_SEALING)
        error, _ = self.run(*words, "/memory", fd=fd)
        data = os.pread(fd, 1 << 20, 0)
        os.close(fd)
        return error or data.decode()


def map_ids():
    ids = set()
    for name in os.listdir("/proc/%d/fdinfo" % PID):
        try:
            with open("/proc/%d/fdinfo/%s" % (PID, name)) as f:
                ids.update(re.findall(r"^map_id:\s*(\d+)", f.read(), re.M))
        except OSError:
            pass
    return sorted(map(int, ids))


def bpftool(*args):
    return json.loads(subprocess.run(("bpftool", "-j") + args, stdout=subprocess.PIPE, check=True).stdout)


def elements(i):
    """(key, value) as hex; of a map per CPU, whose values only count, the keys alone."""
    out = []
    for e in bpftool("map", "dump", "id", str(i)):
        value = "" if "values" in e else "".join(e["value"]).replace("0x", "")
        out.append(("".join(e["key"]).replace("0x", ""), value))
    return sorted(out)


def without_slot(value):
    return value[:36] + value[40:]  # behind address and port


def table(name, entry, buckets):
    """What a table of the allowlist says, wherever in it that stands: its lengths, and [(key, index)]."""
    found = []
    for number, bucket in buckets:
        raw = bytes.fromhex(bucket)
        if number == "00000000":
            lens = raw[:struct.calcsize(entry)].hex()
            continue
        for words in struct.iter_unpack(entry, raw):
            if words[-1] >> INDEX & 255:
                found.append((["%x" % w for w in words[:-1]] + ["%x" % (words[-1] >> INDEX)],
                              words[-1] & ((1 << INDEX) - 1)))
    return {name: sorted(found), name + " lengths": lens}


def maps():
    """The policy that is in force."""
    ids = {bpftool("map", "show", "id", str(i))["name"]: i for i in map_ids()}
    cfg = elements(ids["vx_cfg"])[0][1]
    slot = int.from_bytes(bytes.fromhex(cfg)[SLOT_AT:SLOT_AT + 4], "little")
    out = {"vx_cfg": cfg[:SLOT_AT * 2] + cfg[SLOT_AT * 2 + 8:]}
    for name, entry in LISTS.items():
        inner = bytes.fromhex(dict(elements(ids[name]))["%02x000000" % slot])
        out.update(table(name, entry, elements(int.from_bytes(inner, "little"))))
    for name in ("vx_nat", "vx_nat_lpm"):
        out[name] = [(k, without_slot(v)) for k, v in elements(ids[name])]
    out["vx_vnis"] = elements(ids["vx_vnis"])
    return out


def state(c):
    _, settings = c.run("show", "settings")
    _, rules = c.run("nat", "list")
    _, entries = c.run("allow", "list")
    return {"settings": settings, "rules": [(r["key"], r["to"]) for r in rules],
            "list": [(e["cidr"], e["org"], e["note"]) for e in entries],
            "saved config": c.saved("save"), "saved list": c.saved("allow", "save")}


def unordered(x):
    if isinstance(x, dict):
        return {k: unordered(v) for k, v in x.items()}
    return sorted((unordered(v) for v in x), key=str) if isinstance(x, list) else x


def without_places(s, m):
    """What another engine can have, too: an entry that was saved as gone, and put back, comes last in the file."""
    s = dict(s, **{"saved list": unordered(json.loads(s["saved list"]))}, settings=[(x["name"], x["value"]) for x in s["settings"]], list=sorted(map(list, s["list"]), key=str))
    return json.loads(json.dumps({"state": s, "vx_cfg": m["vx_cfg"], "vx_vnis": m["vx_vnis"],
                                  "lists": {k: [e[0] for e in m[k]] for k in LISTS},
                                  "lengths": [m[k + " lengths"] for k in LISTS],
                                  "nat": {k: [(e[0], e[1][:36]) for e in m[k]] for k in ("vx_nat", "vx_nat_lpm")}}))


def as_before(c, path):
    with open(path) as f:
        want = json.load(f)
    got, failed = without_places(state(c), maps()), 0
    for k in list(want.pop("state").items()) + list(want.items()):
        now = got["state"][k[0]] if k[0] in got["state"] else got[k[0]]
        print("%s as before: %s" % ("ok" if now == k[1] else "not ok", k[0]))
        if now != k[1]:
            print("#   before: %s\n#   now:    %s" % (str(k[1])[:2000], str(now)[:2000]))
            failed = 1
    return failed


def main():
    rnd, c = random.Random(SEED), Control()
    n_done = {"change": 0, "refused": 0, "undo": 0, "redo": 0}

    def prefix():
        return rnd.choice(["10.0.%d.%d" % (rnd.randrange(2), rnd.randrange(8)), "10.0.%d.0/24" % rnd.randrange(8),
                           "2001:db8::%x" % rnd.randrange(8), "104.218.88.5", "10.0.0.1"])

    def load():
        fd = os.open(os.path.join(DIR, rnd.choice(["list.json", "other.json"])), os.O_RDONLY)
        error, _ = c.run("allow", "load", "some.json", fd=fd)
        os.close(fd)
        return error

    def reload():
        before = len(c.run("history")[1])
        os.kill(PID, signal.SIGHUP)
        end = time.monotonic() + 1
        while len(c.run("history")[1]) == before and time.monotonic() < end:
            time.sleep(0.01)

    def edit():
        pick = rnd.random()
        if pick < 0.25:
            return c.run("allow", "add", prefix(), *rnd.choice([(), ("org", "New"), ("note", "n"),
                                                                ("org", "Zoom Fiber, LLC", "note", "x y")]))[0]
        if pick < 0.45:
            return c.run("allow", "del", prefix())[0]
        if pick < 0.50:
            return load()
        if pick < 0.60:
            return c.run("nat", "add", "udp/%d=172.30.82.%d:80" % (31760 + rnd.randrange(8), rnd.randrange(90, 96)))[0]
        if pick < 0.68:
            return c.run("nat", "del", "udp/%d" % (31760 + rnd.randrange(8)))[0]
        if pick < 0.78:
            return c.run("vni", rnd.choice(["add", "del"]), str(rnd.randrange(12)))[0]
        if pick < 0.80:
            return c.run("intake", rnd.choice(["on", "off"]))[0]
        if pick < 0.81:
            return reload()
        name, values = rnd.choice([("batch", ["1", "16", "64"]), ("match", ["src", "dst", "any"]), ("vni", ["any", "1", "3,9"]),
                                   ("allow-mode", ["count", "off", "enforce"]), ("unmatched", ["drop", "forward"]),
                                   ("truncated", ["drop", "forward"]), ("next-hop-mac", ["02:00:00:00:00:09"]),
                                   ("dispatch", ["flow", "spread"]), ("other-vni", ["pass", "drop"])])
        return c.run("set", name, rnd.choice(values))[0]

    if sys.argv[6:7] == ["same"]:
        return as_before(c, sys.argv[7])
    first, first_maps = state(c), maps()
    for _ in range(EDITS):
        pick = rnd.random()
        if pick < 0.75:
            n_done["refused" if edit() else "change"] += 1
        else:
            word = "undo" if pick < 0.9 else "redo"
            n_done[word] += c.run(word)[0] is None
    last = state(c)
    if sys.argv[6:7] == ["leave"]:
        with open(sys.argv[7], "w") as f:
            json.dump(without_places(last, maps()), f)
        print("# seed %d: %s" % (SEED, n_done))
        return 0
    depth = 0
    while c.run("undo")[0] is None:
        depth += 1
    print("# seed %d: %s, then undone %d" % (SEED, n_done, depth))
    ok = True
    for name, want, got in [(k, first[k], state(c)[k]) for k in first] + [("maps", first_maps, maps())]:
        same = want == got
        ok &= same
        print("%s after undo of everything: %s" % ("ok" if same else "not ok", name))
        if not same:
            print("#   first: %s\n#   now:   %s" % (str(want)[:3000], str(got)[:3000]))
    for _ in range(depth):
        if c.run("redo")[0]:
            break
    again = state(c)
    same = again == last
    print("%s after redo of everything undone: as before the undo" % ("ok" if same else "not ok"))
    if not same:
        for k in last:
            if last[k] != again[k]:
                print("#   %s\n#   was: %s\n#   now: %s" % (k, str(last[k])[:2000], str(again[k])[:2000]))
    return 0 if ok and same and depth else 1


sys.exit(main())
