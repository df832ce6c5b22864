#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The leak guard on a veth in a network namespace of its own: what goes out there, and what of it
must not. Frames are planted by a packet socket, which is what a forwarding kernel looks like."""
import os
import socket
import subprocess
import sys

from driver import Report, open_or_skip
from fixture import BASE
from frames import (ETH_ARP, ICMP, ICMP6, SERVER4, TARGET4, TARGET6, TARGET_PORT, eth, ETH_IP6,
                    icmp, ip4, ip6, mirror, tcp4, udp4, udp6)

OWN4, OWN6, ALLOWED = "192.0.2.1", "2001:db8:9::1", "104.218.88.5"



def outer_first(offset=0):
    """A fragment of a mirrored packet, the first if at 0; the other one has no UDP header."""
    whole = mirror(udp4(bytes(2000)))[34:]
    return eth(ip4(whole[offset:offset + 1480], mf=not offset, offset=offset, src=OWN4))


def error(quoted, kind=3):
    return ip4(icmp(kind, 1, bytes(4), quoted[:548]), ICMP, src=OWN4)


def error6(quoted, kind=3):
    return ip6(icmp(kind, 1, bytes(4), quoted[:1200]), ICMP6, src=OWN6)


# (name, does it leak, frame)
FRAMES = [
    ("arp", False, eth(bytes(46), ETH_ARP)),
    ("plain packet of another's", False, eth(udp4(dport=53))),
    ("mirrored packet, ours", True, mirror(udp4())),
    ("mirrored packet, ours, from this host", True, mirror(udp4(), src=OWN4)),
    ("mirrored packet, ours, outer ipv6", True, mirror(udp4(), v6=True)),
    ("mirrored packet, ours, tagged", True, mirror(udp4(), tags=(0x8100,))),
    ("mirrored packet, another VNI", False, mirror(udp4(), vni=2)),
    ("mirrored packet, another port", False, mirror(udp4(), dport=4790)),
    ("to a NAT target", True, eth(udp4(dst=TARGET4, dport=TARGET_PORT))),
    ("to a NAT target, from this host", False, eth(udp4(src=OWN4, dst=TARGET4, dport=TARGET_PORT))),
    ("to a NAT target, another port", False, eth(udp4(dst=TARGET4, dport=TARGET_PORT + 1))),
    ("to a NAT target, icmp", False, eth(ip4(icmp(), ICMP, dst=TARGET4))),
    ("to a NAT target, later fragment", False, eth(udp4(dst=TARGET4, dport=TARGET_PORT, offset=8))),
    ("to a NAT target, ipv6", True, eth(udp6(dst=TARGET6, dport=TARGET_PORT), ETH_IP6)),
    ("to a NAT target, ipv6, from this host", False,
     eth(udp6(src=OWN6, dst=TARGET6, dport=TARGET_PORT), ETH_IP6)),
    ("unwrapped, before NAT, allowed", True, eth(udp4(src=ALLOWED))),
    ("unwrapped, before NAT, allowed, tcp", True, eth(tcp4(src=ALLOWED))),
    ("unwrapped, before NAT, not allowed", False, eth(udp4(src="10.9.9.9", dst="10.9.9.8"))),
    ("unwrapped, no rule", False, eth(udp4(src=ALLOWED, dport=53))),
    ("the same, from this host", False, eth(udp4(src=OWN4, dst=SERVER4))),
    ("first fragment of a mirrored packet", True, outer_first()),
    ("later fragment of one", False, outer_first(offset=1480)),
    ("error that quotes a mirrored packet", True, eth(error(mirror(udp4())[14:]))),
    ("error that quotes the first fragment of one", True, eth(error(outer_first()[14:], 11))),
    ("error that quotes a later one", False, eth(error(outer_first(offset=1480)[14:], 11))),
    ("error that quotes one, cut before its VNI", False, eth(error(mirror(udp4())[14:44]))),
    ("error that quotes one of another VNI", False, eth(error(mirror(udp4(), vni=2)[14:]))),
    ("error that quotes one of another port", False, eth(error(mirror(udp4(), dport=4790)[14:]))),
    ("echo with the bytes of a mirrored packet", False, eth(error(mirror(udp4())[14:], 8))),
    ("icmpv6 error that quotes one", True, eth(error6(mirror(udp4(), v6=True)[14:]), ETH_IP6)),
    ("icmpv6 error that quotes one of another VNI", False,
     eth(error6(mirror(udp4(), v6=True, vni=2)[14:]), ETH_IP6)),
    ("icmpv6 echo with its bytes", False,
     eth(error6(mirror(udp4(), v6=True)[14:], 128), ETH_IP6)),
    ("dhcp discover", False, eth(udp4(src="0.0.0.0", dst=TARGET4, dport=TARGET_PORT))),
    ("cut", False, eth(udp4())[:30]),
]


def check(program, sock, leaks, frame):
    before = program.ask(["leaks"])[0]
    sock.send(frame)
    after = program.ask(["leaks"])[0]
    got = (after["frames"] - before["frames"], after["leaked"] - before["leaked"])
    want = (1, int(leaks))
    return [] if got == want else [f"(frames, leaked): actual {got}, expected {want}"]


def main():
    report = Report()
    with open_or_skip("leak guard") as program:
        program.ask([*BASE, "set allow-mode enforce", f"allow {ALLOWED}", "allow 2001:db8:1::/48",
                     "guard vxg0", f"own {OWN4}", f"own {OWN6}"])
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind(("vxg0", 0))
            for name, leaks, frame in FRAMES:
                report.check(f"leak guard: {name}", check(program, sock, leaks, frame))
            # What comes in is not counted.
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as far:
                far.bind(("vxg1", 0))
                before = program.ask(["leaks"])[0]
                far.send(mirror(udp4()))
                after = program.ask(["leaks"])[0]
                report.check("leak guard: incoming frames", [] if before == after else [
                    f"actual {after}, expected {before}"])
            program.ask(["set allow-mode off"])
            report.check("leak guard: unwrapped, list off", check(
                program, sock, True, eth(udp4(src="10.9.9.9", dst="10.9.9.8"))))
    return report.status()


def own_namespace():
    """Runs this script again in a namespace with a pair of quiet interfaces."""
    script = ("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 && "
              "ip link add vxg0 type veth peer name vxg1 && "
              "ip link set vxg0 arp off up && ip link set vxg1 arp off up && exec \"$@\"")
    return subprocess.run(["unshare", "-n", "sh", "-c", script, "sh", sys.executable, *sys.argv,
                           "inside"], check=False).returncode


if __name__ == "__main__":
    if os.geteuid():
        print("skip leak guard: needs root")
        sys.exit(77)
    sys.exit(main() if sys.argv[1:] == ["inside"] else own_namespace())
