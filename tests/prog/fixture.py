# SPDX-License-Identifier: GPL-2.0-only
"""One hand-written expectation about one frame, and the short forms that the tables use.

Expectations are written as finished packets (their checksums computed in full by frames.py)
or as literal bytes; nothing here asks the model or the program.
"""
from dataclasses import dataclass, field

from frames import (EGRESS_MAC, HOP4_MAC, HOP6_MAC, NAT_MAC, PORT, TARGET4, TARGET6, TARGET_PORT,
                    kind_of, mac_text, sent)

# Every fixture starts from these; its own settings follow.
L2 = (f"set src-mac {mac_text(EGRESS_MAC)}", f"set nexthop4 {mac_text(HOP4_MAC)}",
      f"set nexthop6 {mac_text(HOP6_MAC)}")
RULES4 = tuple(f"nat {p}/{PORT}={TARGET4}:{TARGET_PORT} {mac_text(NAT_MAC)}"
               for p in ("udp", "tcp"))
RULES6 = tuple(f"nat {p}/{PORT}=[{TARGET6}]:{TARGET_PORT} {mac_text(NAT_MAC)}"
               for p in ("udp", "tcp"))
BASE = L2 + RULES4 + RULES6
FORWARD = "set unmatched forward"
EXPIRE = "age-frags 31000000000"


@dataclass
class Fixture:
    name: str
    frame: bytes
    row: str
    action: str = "drop"
    natted: bool = False
    out: bytes = None           # the frame for the egress; None: nothing is sent
    held: bool = False          # a fragment that waits for its first: MACs are not compared
    settings: tuple = BASE
    before: tuple = field(default=())   # frames and command lines that go first

    def commands_before(self):
        return [f"run {b.hex()}" if isinstance(b, bytes) else b for b in self.before]


def to_stack(name, frame, *more, row="not_vxlan", before=()):
    return Fixture(name, frame, row, "pass", settings=BASE + more, before=before)


def dropped(name, row, frame, *more, before=(), base=BASE):
    return Fixture(name, frame, row, settings=base + more, before=before)


def natted(name, frame, packet, *more, before=(), base=BASE, mac=NAT_MAC):
    """`packet`: the IP packet as it must leave."""
    return Fixture(name, frame, "queued", natted=True, out=sent(packet, mac),
                   settings=base + more, before=before)


def forwarded(name, frame, packet, *more, before=(), base=BASE):
    """Sent un-NATed, `packet` being the inner IP packet; unmatched forward is set."""
    mac = HOP6_MAC if kind_of(packet) == 0x86DD else HOP4_MAC
    return Fixture(name, frame, "queued", out=sent(packet, mac),
                   settings=base + (FORWARD,) + more, before=before)


def held(name, frame, packet, *more, before=(), base=BASE):
    return Fixture(name, frame, "queued", out=sent(packet, bytes(6)), held=True,
                   settings=base + more, before=before)
