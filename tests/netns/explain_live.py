#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""`explain` against the live path: explain_live.py LAB SOCKET ENGINE-PID, where a lab and an engine are up.

Random packets under random rule sets: each is explained, then sent on the wire; the row of the ledger that moves and
the bytes that arrive must be those that were said. Then thousands are explained and every map is the same. SEED=N
makes other packets.
"""
import array
import ctypes
import glob
import json
import os
import random
import re
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "prog"))
from capture_cases import RAW, VXLAN
from driver import Report
from t_random import ADDRS4, ADDRS6, PREFIXES, Generator

SETS, PACKETS, UNTOUCHED = 20, 50, 1000
PORT, EGRESS_MAC = 31765, bytes.fromhex("020000008210")
TARGETS = {False: ["172.30.82.95", "172.30.82.77"], True: ["[2001:db8:82::95]", "[2001:db8:82::77]"]}
OUTGOING, MTU = 4, 9001
# explain's own; which of the two counter sets is in force; next hops, which the network moves
ITS_OWN = {"vx_explain_out", "vx_pkt_dry", "vx_ledger", "vx_nexthops"}


def packet_socket(namespace, dev):
    """A packet socket in another network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", encoding="ascii") as home, open("/run/netns/" + namespace, encoding="ascii") as ns:
        if libc.setns(ns.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns " + namespace)
        try:
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            s.bind((dev, 3))
        finally:
            libc.setns(home.fileno(), 0x40000000)
    return s


def pcap(frames):
    """A capture of these frames in memory; its descriptor."""
    fd = os.memfd_create("frames.pcap")
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    data += b"".join(struct.pack("<IIII", 0, 0, len(f), len(f)) + f for f in frames)
    os.write(fd, data)
    return fd


class Engine:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.data = b""

    def raw(self, words, fd=None):
        line = json.dumps({"cmd": words, "json": True, "yes": True}).encode() + b"\n"
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        self.sock.sendmsg([line], rights)
        while b"\n" not in self.data:
            self.data += self.sock.recv(1 << 20)
        reply, self.data = self.data.split(b"\n", 1)
        return json.loads(reply)

    def ask(self, *words, fd=None):
        reply = self.raw(words, fd)
        if "error" in reply:
            raise RuntimeError(f"{' '.join(words)}: {reply['error']}")
        return reply["data"]

    def explain(self, frames, which="1"):
        fd = pcap(frames)
        try:
            return self.ask("explain", "frames.pcap", which, fd=fd)
        finally:
            os.close(fd)


class RuleSet:
    """Settings, list and rules chosen at random; in force until the next."""

    def __init__(self, engine, rnd, mode):
        pick = rnd.choice
        for entry in engine.ask("allow", "list"):
            engine.ask("allow", "del", entry["cidr"])
        for rule in engine.ask("nat", "list"):
            engine.ask("nat", "del", rule["key"])
        self.said = [("vni", pick(["1", "1", "1,2,3", "any"])), ("other-vni", pick(["pass", "drop"])),
                     ("match", pick(["any", "src", "dst"])), ("unmatched", pick(["drop", "forward"])),
                     ("truncated", pick(["drop", "forward"])), ("allow-mode", mode)]
        for name, value in self.said:
            engine.ask("set", name, value)
        for address in rnd.sample(ADDRS4 + ADDRS6 + PREFIXES, rnd.randrange(8)):
            self.add(engine, "allow", "add", address, "org", "Org of " + address)
        for _ in range(rnd.randrange(1, 10)):
            six = rnd.random() < 0.4
            prefix = pick(["", "@" + pick([p for p in PREFIXES if (":" in p) == six])])
            rule = f"{pick(['udp', 'tcp'])}/{pick([PORT, PORT, 31764, 53, 80])}{prefix}={pick(TARGETS[six])}:" \
                   f"{pick([8081, 1, 65535, PORT])}"
            self.add(engine, "nat", "add", rule)
        for proto in ("udp", "tcp"):
            self.add(engine, "nat", "add", f"{proto}/{PORT}={TARGETS[False][0]}:8081")
        self.said += [("nat", r["key"] + "=" + r["to"]) for r in engine.ask("nat", "list")]
        self.said += [("allow", r["cidr"]) for r in engine.ask("allow", "list")]

    @staticmethod
    def add(engine, *words):
        """What chance has chosen before is there already."""
        error = engine.raw(list(words)).get("error", "")
        if error and not re.search("already|there is a rule", error):
            raise RuntimeError(error)


def rows(ledger):
    """The counts that a packet may move."""
    flat = {name: ledger[name] for name in ("ring_full", "redirected", "queued", "sent", "frag_unknown")}
    flat.update({name: ledger["passed"][name] for name in ledger["passed"]})
    for name, n in ledger["dropped"].items():
        flat[name] = flat.get(name, 0) + n          # other_vni is passed or dropped
    flat["tx_failed"] = sum(ledger["tx_failed"].values())
    return flat


class Wire:
    def __init__(self, lab, engine):
        self.engine = engine
        self.src, self.dst = packet_socket(lab + "-src", "src0"), packet_socket(lab + "-dst", "dst0")
        self.dst.setblocking(False)
        self.ledger = None                          # the last reading: nothing else sends

    def arrived(self):
        """Frames that came to the destination: no neighbour discovery, nothing of its own."""
        found = []
        while True:
            try:
                frame, about = self.dst.recvfrom(1 << 17)
            except BlockingIOError:
                return found
            if about[2] != OUTGOING and frame[6:12] == EGRESS_MAC and not frame[0] & 1:
                found.append(frame)

    def send(self, frame):
        """-> the rows that moved, and what arrived."""
        before = self.ledger or self.engine.ask("ledger")
        self.src.send(frame)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            after = self.engine.ask("ledger")
            done = after["sent"] + after["frag_unknown"] + sum(after["tx_failed"].values())
            if after["rx"] > before["rx"] and after["queued"] == done and after["balanced"]:
                break
        self.ledger = after
        was, now, frames = rows(before), rows(after), self.arrived()
        while now["sent"] > was["sent"] and not frames and time.monotonic() < end:
            frames = self.arrived()
        return {name: now[name] - was[name] for name in now if now[name] != was[name]}, frames


WANT = {"queued": {"queued": 1, "sent": 1}, "frag_unknown": {"queued": 1, "frag_unknown": 1}}
VERDICT = {"queued": "send", "frag_unknown": "hold", "not_vxlan": "pass", "outer_fragment": "pass"}


def faults_of(engine, wire, rules, frame):
    said = engine.explain([frame])
    moved, frames = wire.send(frame)
    row, out = said["row"], said["frame"] and said["frame"]["hex"]
    faults = []
    if moved != WANT.get(row, {row: 1}):
        faults.append(f"said {row}, moved {moved}")
    if [f.hex() for f in frames] != ([out] if out else []):
        faults.append(f"said {out}, arrived {[f.hex() for f in frames]}")
    passes = row == "other_vni" and dict(rules.said)["other-vni"] == "pass"
    if said["verdict"] != VERDICT.get(row, "pass" if passes else "drop"):
        faults.append(f"row {row}, verdict {said['verdict']}")
    if said["steps"][-1]["step"] != said["step"] or said["steps"][-1]["verdict"] != said["verdict"]:
        faults.append(f"the last step is not the verdict's: {said['steps']}")
    return row, faults and faults + [f"frame {frame.hex()}", f"rules {rules.said}"]


def frames_of(generator, count):
    """So many frames that the source's link takes."""
    found = []
    while len(found) < count:
        found += [f for f in map(generator.spoil, generator.frames()) if 14 <= len(f) <= MTU + 14]
    return found[:count]


def live(report, engine, wire, seed):
    met, rnd = {}, random.Random(seed)
    for number in range(SETS):
        rules, faults = RuleSet(engine, rnd, ("off", "enforce", "count")[number % 3]), []
        for frame in frames_of(Generator(f"{seed}/{number}"), PACKETS):
            row, faults = faults_of(engine, wire, rules, frame)
            met[row] = met.get(row, 0) + 1
            if faults:
                break
        report.check(f"SEED={seed} rule set {number}: {PACKETS} packets do what explain said", faults)
    print("# rows met:", ", ".join(f"{row} {n}" for row, n in sorted(met.items())))
    wanted = {"queued", "frag_unknown", "not_vxlan", "other_vni", "malformed", "not_ip", "denied", "truncated",
              "no_rule", "oversize", "no_neighbour"}
    report.check("every row is met", sorted(wanted - set(met)))


def dump(pid):
    """{"name id": content} of all maps that the engine holds."""
    ids, found = set(), {}
    for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
        with open(path, encoding="ascii") as file:
            ids.update(re.findall(r"^map_id:\t(\d+)", file.read(), re.M))
    for show in json.loads(subprocess.check_output(["bpftool", "-j", "map", "show"])):
        number = str(show["id"])
        if number in ids and show["type"] != "ringbuf" and show.get("name") not in ITS_OWN:
            found[f"{show.get('name')} {number}"] = subprocess.check_output(["bpftool", "-j", "map", "dump", "id", number])
    return found


def untouched(report, engine, wire, pid, seed):
    for mode in ("enforce", "count"):
        engine.ask("set", "allow-mode", mode)
        frames = frames_of(Generator(f"{seed}/{mode}"), UNTOUCHED // 2)
        wire.arrived()
        before, ledger, rings = dump(pid), engine.ask("ledger"), engine.ask("rings")
        said = engine.explain(frames, f"1-{len(frames)}")
        after = dump(pid)
        report.check(f"allow-mode {mode}: {len(said)} packets explained, {len(before)} maps as before",
                     [name for name in before if before[name] != after.get(name)] +
                     ([] if len(said) == len(frames) and before.keys() == after.keys() else ["not the same number"]))
        report.check(f"allow-mode {mode}: the ledger as before",
                     [] if engine.ask("ledger") == ledger else [f"{ledger} {engine.ask('ledger')}"])
        report.check(f"allow-mode {mode}: the rings as before",
                     [] if [r["used"] for r in engine.ask("rings")] == [r["used"] for r in rings] else ["used"])
        report.check(f"allow-mode {mode}: nothing arrives", [f.hex() for f in wire.arrived()])


def set_up(engine, case):
    """The case's settings by commands; None: one of them is no command."""
    for entry in engine.ask("allow", "list"):
        engine.ask("allow", "del", entry["cidr"])
    for rule in engine.ask("nat", "list"):
        engine.ask("nat", "del", rule["key"])
    for name, value in (("vni", "1"), ("other-vni", "pass"), ("match", "any"), ("unmatched", "forward"),
                        ("truncated", "drop"), ("allow-mode", "off"), ("next-hop-mac", "02:00:00:00:00:01")):
        engine.ask("set", name, value)
    for line in case.settings:
        word = line.split()
        if word[:2] in (["set", "port"], ["set", "mtu"]):
            return None
        if word[0] == "nat":
            engine.ask("nat", "add", word[1])
        else:
            engine.ask(*(["allow", "add"] + word[1:] if word[0] == "allow" else word))
    return case


def capture_faults(engine, case, path):
    with open(path, "rb") as file:
        is_ng = file.read(4) == b"\x0a\x0d\x0d\x0a"
        reply = engine.raw(["explain", path, "all"], file.fileno())
    if is_ng:
        return [] if "editcap -F pcap" in reply.get("error", "") else [f"a pcapng: {str(reply)[:300]}"]
    if "error" in reply:
        return [reply["error"]]
    met, natted = {}, 0
    for said in reply["data"] if isinstance(reply["data"], list) else [reply["data"]]:
        row = "held" if said["row"] == "frag_unknown" else said["row"]
        met[row] = met.get(row, 0) + 1
        natted += any(s["step"] == "nat" and s["by"].startswith("rule ") for s in said["steps"]) and row == "queued"
    return [] if (met, natted) == (dict(case.rows), case.natted) else \
        [f"actual {met} of them {natted} NATed, expected {case.rows} of them {case.natted} NATed"]


def captures(report, engine, folder):
    """The expectations of tests/prog for captures as they are. 8 and 80,000 bytes are no frames of a test run."""
    judged = 0
    for case in VXLAN + RAW:
        if case.wrapped or case.port or case.bytes_of or case.repeat or not case.rows or not set_up(engine, case):
            continue
        report.check(f"explain {case.name}", capture_faults(engine, case, os.path.join(folder, case.file + ".pcap")))
        judged += 1
    report.check("captures are judged", [] if judged > 40 else [f"only {judged}"])
    for name, expected in (("tcpdump_bigtcp-ipv4-vxlan-ipv4", "takes 14 to 65535"), ("bad_zeek_trunc-hdr", "8 bytes: the kernel's test run takes 14")):
        with open(os.path.join(folder, name + ".pcap"), "rb") as file:
            error = engine.raw(["explain", name], file.fileno()).get("error", "")
        report.check(f"explain {name} is refused", [] if expected in error else [error])


def main(lab, path, pid):
    seed, report, engine = os.environ.get("SEED") or "7348", Report(), Engine(path)
    wire = Wire(lab, engine)
    live(report, engine, wire, seed)
    untouched(report, engine, wire, pid, seed)
    folder = os.environ.get("VX_CAPTURES")
    if folder:
        subprocess.check_call(["ip", "-n", lab + "-tgt", "link", "set", "ens6", "mtu", str(MTU)])
        captures(report, engine, folder)
    else:
        report.skip("explain of captures", "VX_CAPTURES names no folder")
    return report.status()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
