# SPDX-License-Identifier: GPL-2.0-only
"""What must happen to a frame, decided a second time and by other means.

An oracle written from the documented decisions and the RFCs alone, never from the XDP
program: the two are compared packet by packet, so a shared mistake would have to be made
twice. Plain and slow on purpose. Settings are the command lines of the program's driver, so
that one list of strings configures both.
"""
import ipaddress
from dataclasses import dataclass
from typing import Optional

TAGS = (0x8100, 0x88A8, 0x9100)
ETH_IP4, ETH_IP6 = 0x0800, 0x86DD
TCP, UDP, ESP, AH = 6, 17, 50, 51
HOP_BY_HOP, ROUTING, FRAGMENT, DEST_OPTS = 0, 43, 44, 60
WALKED = (HOP_BY_HOP, ROUTING, FRAGMENT, DEST_OPTS)
EXT_HEADERS_MAX, EXT_BYTES_MAX = 8, 512
SUM_AT = {TCP: 16, UDP: 6}
L4_MIN = {TCP: 20, UDP: 8}
FRAG_NEEDS = {TCP: 18, UDP: 8}
FRAG_LIFE_NS = 30 * 10**9
FRAME_MAX = 9216
TO_STACK = ("not_vxlan", "outer_fragment")
NO_MAC = b"\0" * 6


@dataclass
class Verdict:
    action: str
    row: str
    natted: bool = False
    out: Optional[bytes] = None
    held: bool = False

    @property
    def unnatted(self):
        return self.row == "queued" and not self.natted and not self.held


class Stop(Exception):
    """The packet ends here, in this row."""
    pkt = None  # what is known of an IP packet that cannot be parsed to its end

    def __init__(self, row, frag=None):
        super().__init__(row)
        self.row, self.frag = row, frag


@dataclass
class Packet:
    """An IP packet, parsed. Offsets count from its first byte."""
    family: int
    data: bytes                 # what is there of it, padding trimmed
    length: int                 # what its header says it has
    src: bytes
    dst: bytes
    proto: Optional[int]        # None: carries no ports that may be read
    l4: int
    frag_id: Optional[bytes] = None     # None: not a fragment
    frag_proto: Optional[int] = None
    first: bool = True

    @property
    def truncated(self):
        return self.length > len(self.data)

    @property
    def later(self):
        return self.frag_id is not None and not self.first


@dataclass
class Rule:
    proto: int
    port: int
    prefix: Optional[object]    # an ip_network, or None for any destination
    addr: bytes
    to_port: int
    mac: Optional[bytes]


def u16(b, off):
    return int.from_bytes(b[off:off + 2], "big")


def csum_update(old, pairs):
    """RFC 1624 equation 3; pairs of (old word, new word). An unchanged word is no update."""
    pairs = [(m, n) for m, n in pairs if m != n]
    if not pairs:
        return old
    total = ~old & 0xFFFF
    for m, n in pairs:
        total += (~m & 0xFFFF) + n
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def words(old, new):
    return [(u16(old, i), u16(new, i)) for i in range(0, len(old), 2)]


def parse_mac(text):
    return None if text == "none" else bytes.fromhex(text.replace(":", ""))


def skip_tags(frame, on_cut, on_third):
    """-> (ethertype, offset of what follows); at most two tags are looked through."""
    if len(frame) < 14:
        raise Stop(on_cut)
    kind, off = u16(frame, 12), 14
    for _ in range(2):
        if kind not in TAGS:
            break
        if len(frame) < off + 4:
            raise Stop(on_cut)
        kind, off = u16(frame, off + 2), off + 4
    if kind in TAGS:
        raise Stop(on_third)
    return kind, off


def is_split(frag):
    """Neither offset nor M: an atomic fragment, a whole packet (RFC 6946)."""
    return bool(u16(frag, 2) & 0xFFF9)


def walk6(data, kind, bad):
    """Walk the extension headers. -> (proto or None, L4 offset, fragment header or None)

    `data` ends where the packet does, by its length or by what was captured; a header that
    reaches beyond is cut. A later fragment ends the walk: what follows is not a header.
    """
    off, frag = 40, None
    for count in range(EXT_HEADERS_MAX + 1):
        if kind in (ESP, AH):
            return None, off, frag
        if kind not in WALKED:
            return kind, off, frag
        if count == EXT_HEADERS_MAX or len(data) < off + 8:
            raise Stop(bad, frag)
        size = 8 if kind == FRAGMENT else 8 * (data[off + 1] + 1)
        if off + size > len(data) or off + size - 40 > EXT_BYTES_MAX:
            raise Stop(bad, frag)
        header = data[off:off + size]
        if kind == ROUTING and header[3]:
            return None, off, frag
        if kind == FRAGMENT:
            if frag is None or is_split(header):
                frag = header
            if u16(header, 2) & 0xFFF8:
                return header[0], off + size, frag
        kind, off = header[0], off + size
    raise AssertionError("the loop always returns or stops")


def parse_ip4(data):
    if len(data) < 20 or data[0] >> 4 != 4:
        raise Stop("malformed")
    head, length = 4 * (data[0] & 15), u16(data, 2)
    if head < 20 or length < head or len(data) < head:
        raise Stop("malformed")
    pkt = Packet(4, data[:length], length, data[12:16], data[16:20], data[9], head)
    if u16(data, 6) & 0x3FFF:
        pkt.frag_id, pkt.frag_proto = data[4:6], data[9]
        pkt.first = not u16(data, 6) & 0x1FFF
    return pkt


def parse_ip6(data):
    if len(data) < 40 or data[0] >> 4 != 6:
        raise Stop("malformed")
    length = 40 + u16(data, 4)
    data = data[:length]
    try:
        return packet6(data, length, *walk6(data, data[6], "malformed"))
    except Stop as stop:
        stop.pkt = packet6(data, length, None, 40, stop.frag)
        raise


def packet6(data, length, proto, l4, frag):
    pkt = Packet(6, data, length, data[8:24], data[24:40], proto, l4)
    if frag and is_split(frag):
        pkt.frag_id, pkt.frag_proto = frag[4:8], frag[0]
        pkt.first = not u16(frag, 2) & 0xFFF8
    return pkt


def check_l4(pkt):
    """The L4 header of a packet that has one, as far as it will be read or written."""
    have, stated = len(pkt.data) - pkt.l4, pkt.length - pkt.l4
    fragment = pkt.frag_id is not None
    if have < (FRAG_NEEDS if fragment else L4_MIN)[pkt.proto]:
        raise Stop("malformed")
    if pkt.proto == UDP:
        size = u16(pkt.data, pkt.l4 + 4)
        if size < 8 or not fragment and size > stated:
            raise Stop("malformed")
    else:
        size = 4 * (pkt.data[pkt.l4 + 12] >> 4)
        if size < 20 or not fragment and size > have:
            raise Stop("malformed")


def rewrite(pkt, addr, port):
    """The packet to its new address, and port if it is not a later fragment."""
    data = bytearray(pkt.data)
    change = words(pkt.dst, addr)
    if pkt.family == 4:
        data[16:20] = addr
        data[10:12] = csum_update(u16(data, 10), change).to_bytes(2, "big")
    else:
        data[24:40] = addr
    if pkt.later:
        return bytes(data)
    at = pkt.l4 + SUM_AT[pkt.proto]
    old = u16(data, at)
    new = csum_update(old, change + [(u16(data, pkt.l4 + 2), port)])
    if pkt.proto == UDP:
        new = (new or 0xFFFF) if old else 0
    data[at:at + 2] = new.to_bytes(2, "big")
    data[pkt.l4 + 2:pkt.l4 + 4] = port.to_bytes(2, "big")
    return bytes(data)


class Model:
    def __init__(self, *settings):
        self.reset()
        for line in settings:
            self.apply(line)

    def reset(self):
        self.port, self.vnis, self.other_vni = 4789, {1}, "pass"
        self.allow_mode, self.match, self.allow = "off", "any", {}
        self.unmatched, self.truncated, self.paused = "drop", "drop", False
        self.mtu, self.src_mac, self.nexthop = 9001, NO_MAC, {4: None, 6: None}
        self.rules, self.frags = [], {}

    def apply(self, line):
        """One command line of the driver; those that only read are ignored."""
        word, *args = line.split()
        if word == "reset":
            self.reset()
        elif word == "set":
            self.set(*args)
        elif word == "allow":
            self.allow.setdefault(ipaddress.ip_network(args[0]), 0)
        elif word == "unallow":
            del self.allow[ipaddress.ip_network(args[0])]
        elif word == "nat":
            self.add_rule(*args)
        elif word == "age-frags":
            self.frags = {k: (v, age + int(args[0])) for k, (v, age) in self.frags.items()}
        elif word == "run":
            return self.judge(bytes.fromhex(args[0]))
        return None

    def set(self, name, value):
        if name in ("port", "mtu"):
            setattr(self, name, int(value))
        elif name == "vni":
            self.vnis = None if value == "any" else {int(v) for v in value.split(",")}
        elif name == "paused":
            self.paused = value == "1"
        elif name == "src-mac":
            self.src_mac = parse_mac(value)
        elif name in ("nexthop4", "nexthop6"):
            self.nexthop[int(name[-1])] = parse_mac(value)
        elif name != "rings":
            setattr(self, name.replace("-", "_"), value)

    def add_rule(self, text, mac):
        key, to = text.split("=")
        key, _, prefix = key.partition("@")
        proto, port = key.split("/")
        host, _, to_port = to.rpartition(":")
        self.rules.append(Rule({"tcp": TCP, "udp": UDP}[proto], int(port),
                               ipaddress.ip_network(prefix) if prefix else None,
                               ipaddress.ip_address(host.strip("[]")).packed,
                               int(to_port), parse_mac(mac)))

    def judge(self, frame):
        try:
            vni, inner = self.outer(frame)
            return self.inner(vni, inner)
        except Stop as stop:
            to_stack = stop.row in TO_STACK or (stop.row, self.other_vni) == ("other_vni", "pass")
            return Verdict("pass" if to_stack else "drop", stop.row)

    def outer(self, frame):
        """-> (VNI, inner frame) of a packet that is ours."""
        kind, off = skip_tags(frame, "not_vxlan", "not_vxlan")
        data = frame[off:]
        if kind == ETH_IP4:
            data, l4 = self.outer_ip4(data)
        elif kind == ETH_IP6:
            data, l4 = self.outer_ip6(data)
        else:
            raise Stop("not_vxlan")
        udp = data[l4:]
        if len(udp) < 8 or u16(udp, 2) != self.port or u16(udp, 4) < 16:
            raise Stop("not_vxlan")
        vxlan = udp[8:u16(udp, 4)]
        if len(vxlan) < 8 or not vxlan[0] & 0x08:
            raise Stop("not_vxlan")
        vni = int.from_bytes(vxlan[4:7], "big")
        if self.vnis is not None and vni not in self.vnis:
            raise Stop("other_vni")
        return vni, vxlan[8:]

    @staticmethod
    def outer_ip4(data):
        if len(data) < 20 or data[0] >> 4 != 4 or data[0] & 15 < 5:
            raise Stop("not_vxlan")
        if data[9] != UDP:
            raise Stop("not_vxlan")
        if u16(data, 6) & 0x3FFF:
            raise Stop("outer_fragment")
        return data[:u16(data, 2)], 4 * (data[0] & 15)

    @staticmethod
    def outer_ip6(data):
        if len(data) < 40 or data[0] >> 4 != 6:
            raise Stop("not_vxlan")
        data = data[:40 + u16(data, 4)]
        proto, l4, frag = walk6(data, data[6], "not_vxlan")
        if proto != UDP:
            raise Stop("not_vxlan")
        if frag:
            raise Stop("outer_fragment")
        return data, l4

    def inner(self, vni, frame):
        kind, off = skip_tags(frame, "malformed", "not_ip")
        if kind not in (ETH_IP4, ETH_IP6):
            raise Stop("not_ip")
        try:
            pkt = (parse_ip4 if kind == ETH_IP4 else parse_ip6)(frame[off:])
        except Stop as stop:
            if stop.pkt:
                self.forget(vni, stop.pkt)
            raise
        if self.paused:
            raise Stop("paused")
        self.check_allowed(pkt)
        if pkt.truncated and self.truncated == "drop":
            self.forget(vni, pkt)
            raise Stop("truncated")
        if pkt.frag_id is None:
            return self.send(pkt, self.decide(pkt))
        return self.fragment(vni, pkt)

    def check_allowed(self, pkt):
        if self.allow_mode == "off":
            return
        ends = {"src": [pkt.src], "dst": [pkt.dst], "any": [pkt.src, pkt.dst]}[self.match]
        for addr in map(ipaddress.ip_address, ends):
            found = [net for net in self.allow if net.version == addr.version and addr in net]
            if found:
                self.allow[max(found, key=lambda net: net.prefixlen)] += 1
                return
        if self.allow_mode == "enforce":
            raise Stop("denied")

    def decide(self, pkt):
        """-> the Rule that applies, "forward" or "no_rule"; after the L4 checks."""
        if pkt.proto in SUM_AT:
            check_l4(pkt)
            rule = self.find_rule(pkt)
            if rule:
                return rule
        return "forward" if self.unmatched == "forward" else "no_rule"

    def find_rule(self, pkt):
        port, dst = u16(pkt.data, pkt.l4 + 2), ipaddress.ip_address(pkt.dst)
        found = [r for r in self.rules if (r.proto, r.port, len(r.addr)) ==
                 (pkt.proto, port, len(pkt.dst)) and (r.prefix is None or dst in r.prefix)]
        return max(found, key=lambda r: r.prefix.prefixlen if r.prefix else -1, default=None)

    def fragment(self, vni, pkt):
        """A first one leaves its verdict, new address, forward or no_rule, for the later ones."""
        maybe_ports = SUM_AT if pkt.family == 4 else (*SUM_AT, *WALKED)
        if pkt.frag_proto not in maybe_ports:
            return self.send(pkt, self.decide(pkt))
        key = self.frag_key(vni, pkt)
        if not pkt.later:
            self.forget(vni, pkt)  # whatever becomes of this one
            self.frags[key] = (self.decide(pkt), 0)
        verdict, age = self.frags.get(key, (None, 0))
        if verdict is None or age > FRAG_LIFE_NS:
            return self.hold(pkt)
        return self.send(pkt, verdict)

    @staticmethod
    def frag_key(vni, pkt):
        return (vni, pkt.src, pkt.dst, pkt.frag_proto, pkt.frag_id)

    def forget(self, vni, pkt):
        """A first fragment is of a new datagram: an older one's verdict is none for its rest."""
        if pkt.frag_id is not None and not pkt.later:
            self.frags.pop(self.frag_key(vni, pkt), None)

    def hold(self, pkt):
        if len(pkt.data) + 14 > FRAME_MAX:
            raise Stop("oversize")
        return Verdict("drop", "queued", out=self.frame(pkt, NO_MAC, pkt.data), held=True)

    def send(self, pkt, verdict):
        if verdict == "no_rule":
            raise Stop("no_rule")
        if len(pkt.data) > self.mtu or len(pkt.data) + 14 > FRAME_MAX:
            raise Stop("oversize")
        natted = isinstance(verdict, Rule)
        mac = verdict.mac if natted else self.nexthop[pkt.family]
        if mac is None:
            raise Stop("no_neighbour")
        data = rewrite(pkt, verdict.addr, verdict.to_port) if natted else pkt.data
        return Verdict("drop", "queued", natted, self.frame(pkt, mac, data))

    def frame(self, pkt, mac, data):
        kind = ETH_IP4 if pkt.family == 4 else ETH_IP6
        return mac + self.src_mac + kind.to_bytes(2, "big") + data
