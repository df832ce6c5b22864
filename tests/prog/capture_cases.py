# SPDX-License-Identifier: GPL-2.0-only
"""What must happen to each capture file, by hand: settings, and how many frames in which row.

The same files are listed, with their origins, in the README beside them. `raw`: the frames as
they were recorded; `wrapped`: each as the inner frame of a mirrored packet, as a mirror would
have delivered it. Everything that has no rule is forwarded, unless the settings say otherwise.
"""
from dataclasses import dataclass

from frames import NAT_MAC, TARGET4, TARGET6, TARGET_PORT, mac_text


@dataclass
class Case:
    file: str
    rows: dict
    settings: tuple = ()
    wrapped: bool = False
    natted: int = 0
    port: int = 0           # inner destination port to put in first; 0: as recorded
    bytes_of: int = 0       # only so many bytes of each frame; 0: all
    repeat: bool = False    # the whole file a second time, fragments remembered: rows of that

    @property
    def name(self):
        how = ["wrapped" if self.wrapped else "raw", *self.settings]
        return f"{self.file}: {', '.join(h.split(' 02:')[0] for h in how)}" + \
            (", second pass" if self.repeat else "") + (f", port {self.port}" if self.port else "")


def rule(proto, port, to=TARGET4):
    return f"nat {proto}/{port}={to}:{TARGET_PORT} {mac_text(NAT_MAC)}"


def rule6(proto, port):
    return rule(proto, port, f"[{TARGET6}]")


def vni(number):
    return f"set vni {number}"


def wrapped(file, rows, *settings, natted=0, repeat=False):
    return Case(file, rows, settings, True, natted, repeat=repeat)


AWS = "suricata_vxlan-decoder-03_AWSMIRROR"
OVERLAP = "zeek_vxlan-overlapping-http-get"
BAD_TCP = "zeek_vxlan-inner-tcp-bad-checksum"
PADDED = "bad_pcpp_frag_with_padding"

VXLAN = [
    Case(AWS, {"other_vni": 100}),
    Case(AWS, {"queued": 100}, (vni(5569041),)),
    Case(AWS, {"queued": 100}, (vni("any"),)),
    Case(AWS, {"no_rule": 100}, (vni(5569041), "set unmatched drop")),
    Case(AWS, {"queued": 100}, (vni(5569041), rule("udp", 31765), rule("tcp", 31765)),
         natted=100, port=31765),
    Case(AWS, {"queued": 100}, (vni(5569041), rule("udp", 31765)), natted=18, port=31765),
    Case(AWS, {"queued": 100}, (vni(5569041), rule("tcp", 31765)), natted=82, port=31765),
    Case(AWS, {"denied": 100}, (vni(5569041), "set allow-mode enforce")),
    # every packet has the mirrored interface at one end: outer source 172.31.0.238
    Case(AWS, {"queued": 100}, (vni(5569041), "set allow-mode enforce", "allow 172.31.0.238")),
    Case(OVERLAP, {"queued": 14, "other_vni": 14, "not_vxlan": 14}, (vni(4711),)),
    Case(OVERLAP, {"queued": 14, "other_vni": 14, "not_vxlan": 14}, (vni(4242),)),
    Case(OVERLAP, {"queued": 28, "not_vxlan": 14}, (vni("4242,4711"),)),
    Case(BAD_TCP, {"queued": 1}, (vni(42),)),
    Case(BAD_TCP, {"queued": 1}, (vni(42), rule("tcp", 80)), natted=1),
    Case("zeek_vxlan-encapsulated-igmp-v2", {"queued": 3}, (vni(4242),)),
    Case("suricata_vxlan-decoder-01", {"queued": 1, "not_vxlan": 2}, (vni(37),)),
    Case("suricata_vxlan-decoder-01", {"queued": 1, "not_vxlan": 2},
         (vni(37), rule("udp", 12345)), natted=1),
    Case("pcpp_Vxlan1", {"queued": 1}, (vni(3000001),)),
    Case("cesnet_vxlan", {"queued": 8}, (vni(123),)),
    Case("boofuzz_vxlan", {"queued": 1}, (vni(8000),)),
    Case("suricata_vxlan-arp", {"not_ip": 2}, (vni(100),)),
    Case("tcpdump_vxlan", {"queued": 8, "not_ip": 2}, (vni(100),)),
    Case("zeek_vxlan", {"queued": 8, "not_ip": 2}, (vni(123),)),
    Case("tcpdump_vxlan_port_8472", {"not_vxlan": 10}, (vni(100),)),
    Case("tcpdump_vxlan_port_8472", {"queued": 8, "not_ip": 2}, (vni(100), "set port 8472")),
    *[Case(f"tcpdump_gso-ipv{a}-vxlan-ipv{b}", {"queued": 1}, (vni(5001),))
      for a in (4, 6) for b in (4, 6)],
    # sums that an offload had yet to finish: they move by the same delta
    Case("tcpdump_gso-ipv4-vxlan-ipv4", {"queued": 1}, (vni(5001), rule("tcp", 41547)), natted=1),
    Case("tcpdump_gso-ipv6-vxlan-ipv4", {"queued": 1}, (vni(5001), rule("tcp", 42261)), natted=1),
    Case("tcpdump_gso-ipv4-vxlan-ipv6", {"queued": 1}, (vni(5001), rule6("tcp", 40145)), natted=1),
    Case("tcpdump_gso-ipv6-vxlan-ipv6", {"queued": 1}, (vni(5001), rule6("tcp", 44175)), natted=1),
    Case("tcpdump_gso-ipv4-vxlan-ipv4", {"oversize": 1}, (vni(5001), "set mtu 7041")),
    # 80 kB frames with outer lengths of 0: longer than a test run takes
    *[Case(f"tcpdump_bigtcp-{which}", {"not_vxlan": 1}, (vni(5001),), bytes_of=9000)
      for which in ("ipv4-vxlan-ipv4", "ipv4-vxlan-ipv6", "ipv6-vxlan-ipv4")],
    Case("tcpdump_esp_truncated", {"outer_fragment": 1}, ("set port 8472",)),
    Case("rodix_vxlan", {"queued": 10, "not_ip": 2}, (vni(200),)),
    Case("rodix_PR_1081677", {"queued": 651, "not_ip": 14, "outer_fragment": 2, "not_vxlan": 42},
         (vni(200),)),
    Case("rodix_PR_1081677", {"queued": 651, "not_ip": 14, "outer_fragment": 2, "not_vxlan": 42},
         (vni(200), rule("udp", 9000)), natted=636),
    Case("m1cloud_flannel8472", {"not_vxlan": 28}, (vni(4),)),
    Case("m1cloud_flannel8472", {"queued": 20, "not_ip": 2, "not_vxlan": 6},
         (vni(4), "set port 8472")),
    Case("arkime_gre-erspan-vxlan", {"not_vxlan": 7}, (vni("any"),)),
    Case("arkime_synthetic", {"queued": 2, "not_vxlan": 916}, (vni(12345),)),
    Case("k8scka_vxlan", {"not_vxlan": 7}, (vni("any"),)),
    Case("tcpdump_geneve", {"not_vxlan": 39}, (vni("any"),)),
    Case("tcpdump_geneve-gcp", {"not_vxlan": 1}, (vni("any"),)),
    Case("zeek_geneve-tagged-udp-packet", {"not_vxlan": 4}, (vni("any"),)),
    Case("zeek_gre-erspan3-dot1q", {"not_vxlan": 2}, (vni("any"),)),
    Case("zeek_teredo-udp-in-udp", {"not_vxlan": 1}, (vni("any"),)),
]

# Raw, none of these is VXLAN; all go to the stack.
RAW = [Case(file, rows, (vni("any"), "set other-vni drop")) for file, rows in (
    ("ck_zeek_ip4-udp-good-chksum", {"not_vxlan": 1}),
    ("ck_zeek_ip4-udp-bad-chksum", {"not_vxlan": 1}),
    ("ck_zeek_ip4-tcp-good-chksum", {"not_vxlan": 1}),
    ("ck_zeek_ip4-tcp-bad-chksum", {"not_vxlan": 1}),
    ("ck_zeek_ip4-icmp-good-chksum", {"not_vxlan": 1}),
    ("ck_zeek_ip6-udp-good-chksum", {"not_vxlan": 1}),
    ("ck_zeek_ip6-udp-bad-chksum", {"not_vxlan": 1}),
    ("vlan_zeek_http-vlan-0", {"not_vxlan": 14}),
    ("vlan_zeek_http-qinq-0", {"not_vxlan": 14}),
    ("vlan_zeek_mpls-in-vlan", {"not_vxlan": 3}),
    ("vlan_tcpdump_802.1ad_QinQ", {"not_vxlan": 2}),
    ("bad_tcpdump_ipv4_invalid_hdr_length", {"not_vxlan": 1}),
    ("bad_tcpdump_ipv4_invalid_total_length", {"not_vxlan": 1}),
    ("bad_tcpdump_ipv4_invalid_total_length_2", {"not_vxlan": 1}),
    ("bad_tcpdump_ipv4_invalid_length", {"not_vxlan": 1}),
    ("bad_tcpdump_kday3", {"not_vxlan": 9}),
    ("bad_tcpdump_heapoverflow-ip_demux_print", {"not_vxlan": 2}),
    ("bad_suricata_ipv4-truncated", {"not_vxlan": 1}),
    ("bad_suricata_udp-len-invalid", {"not_vxlan": 1}),
    ("bad_suricata_tcp-malformed-ipv4", {"not_vxlan": 11}),
    ("bad_suricata_ipv4frags", {"not_vxlan": 3}),               # ICMP
    ("bad_suricata_ip_secopt", {"not_vxlan": 3}),
    ("bad_suricata_frag-vlan-tcp-syn", {"not_vxlan": 3}),       # TCP
    ("bad_pcpp_ipv4-malformed", {"not_vxlan": 2}),
    (PADDED, {"outer_fragment": 8}),                            # UDP
    ("bad_ndpi_badpackets", {"outer_fragment": 93}),            # UDP
    ("bad_zeek_ip-bogus-header-len", {"not_vxlan": 1}),
    ("bad_zeek_trunc-hdr", {}),                                 # 8 bytes: no test run takes it
    ("bad_zeek_ip4-trunc", {"not_vxlan": 1}),
    ("bad_zeek_ipv4-truncated-broken-header", {"not_vxlan": 1}),
    ("bad_zeek_icmp-header-trunc", {"not_vxlan": 2}),
    ("bad_zeek_fragmented-4", {"not_vxlan": 6}),
)]

INNER = [
    *[wrapped(f"ck_zeek_ip4-{kind}-chksum", {"queued": 1}) for kind in
      ("udp-good", "udp-bad", "tcp-good", "tcp-bad", "icmp-good")],
    wrapped("ck_zeek_ip4-udp-good-chksum", {"queued": 1}, rule("udp", 13000), natted=1),
    wrapped("ck_zeek_ip4-udp-bad-chksum", {"queued": 1}, rule("udp", 13000), natted=1),
    wrapped("ck_zeek_ip4-tcp-good-chksum", {"queued": 1}, rule("tcp", 80), natted=1),
    wrapped("ck_zeek_ip4-tcp-bad-chksum", {"queued": 1}, rule("tcp", 80), natted=1),
    wrapped("ck_zeek_ip4-icmp-good-chksum", {"no_rule": 1}, "set unmatched drop"),
    wrapped("ck_zeek_ip6-udp-good-chksum", {"queued": 1}, rule("udp", 13000)),
    wrapped("ck_zeek_ip6-udp-bad-chksum", {"queued": 1}, rule("udp", 13000)),
    wrapped("ck_zeek_ip6-udp-good-chksum", {"no_rule": 1}, rule("udp", 13000),
            "set unmatched drop"),
    wrapped("ck_zeek_ip6-udp-good-chksum", {"queued": 1}, rule6("udp", 13000), natted=1),
    wrapped("ck_zeek_ip6-udp-bad-chksum", {"queued": 1}, rule6("udp", 13000), natted=1),
    wrapped("vlan_zeek_http-vlan-0", {"queued": 14}),
    wrapped("vlan_zeek_http-qinq-0", {"queued": 14}),
    wrapped("vlan_zeek_http-vlan-0", {"queued": 14}, rule("tcp", 80), natted=7),
    wrapped("vlan_zeek_http-qinq-0", {"queued": 14}, rule("tcp", 80), natted=7),
    wrapped("vlan_zeek_mpls-in-vlan", {"queued": 1, "not_ip": 2}),
    wrapped("vlan_tcpdump_802.1ad_QinQ", {"not_ip": 2}),
]

BAD = [
    wrapped("bad_tcpdump_ipv4_invalid_hdr_length", {"malformed": 1}),
    wrapped("bad_tcpdump_ipv4_invalid_total_length", {"truncated": 1}),
    wrapped("bad_tcpdump_ipv4_invalid_total_length", {"queued": 1}, "set truncated forward"),
    wrapped("bad_tcpdump_ipv4_invalid_total_length_2", {"malformed": 1}),
    wrapped("bad_tcpdump_ipv4_invalid_length", {"malformed": 1}),
    wrapped("bad_tcpdump_kday3", {"queued": 8, "malformed": 1}),
    wrapped("bad_tcpdump_heapoverflow-ip_demux_print", {"not_ip": 1, "truncated": 1}),
    wrapped("bad_suricata_ipv4-truncated", {"truncated": 1}),
    wrapped("bad_suricata_ipv4-truncated", {"queued": 1}, "set truncated forward",
            rule("udp", 5333), natted=1),
    wrapped("bad_suricata_udp-len-invalid", {"malformed": 1}),
    wrapped("bad_suricata_tcp-malformed-ipv4", {"queued": 11}),
    wrapped("bad_suricata_tcp-malformed-ipv4", {"queued": 11}, rule("tcp", 443), natted=7),
    wrapped("bad_suricata_ipv4frags", {"queued": 3}),
    wrapped("bad_suricata_ip_secopt", {"queued": 3}),
    wrapped("bad_suricata_ip_secopt", {"queued": 3}, rule("udp", 5060), natted=3),
    # the first has 8 bytes of TCP: malformed, so the others are never told where to go
    wrapped("bad_suricata_frag-vlan-tcp-syn", {"malformed": 1, "held": 2}),
    wrapped("bad_suricata_frag-vlan-tcp-syn", {"malformed": 1, "held": 2}, rule("tcp", 8080)),
    wrapped("bad_pcpp_ipv4-malformed", {"malformed": 2}),
    # the first comes last; asked again after it, the seven others go too
    wrapped(PADDED, {"held": 7, "queued": 1}),
    wrapped(PADDED, {"queued": 8}, repeat=True),
    wrapped("bad_ndpi_badpackets", {"truncated": 93}),
    wrapped("bad_zeek_ip-bogus-header-len", {"malformed": 1}),
    wrapped("bad_zeek_trunc-hdr", {"malformed": 1}),
    wrapped("bad_zeek_ip4-trunc", {"malformed": 1}),
    wrapped("bad_zeek_ipv4-truncated-broken-header", {"malformed": 1}),
    wrapped("bad_zeek_icmp-header-trunc", {"truncated": 2}),
    wrapped("bad_zeek_icmp-header-trunc", {"queued": 2}, "set truncated forward"),
    wrapped("bad_zeek_fragmented-4", {"queued": 6}),
    # four fragments and the ACK go to port 80, the other way stays
    wrapped("bad_zeek_fragmented-4", {"queued": 6}, rule("tcp", 80), natted=5),
]

CASES = VXLAN + RAW + INNER + BAD

# Behaviours of section 4 of that README: the fixtures that show them.
BEHAVIOURS = {
    1: ["I bit clear", "all flags but I", "I bit in the reserved bytes only"],
    3: ["aws shape", "outer ipv6, udp checksum 0"],
    5: ["vxlan-gpe port 4790", "port 8472", "geneve port 6081", "configured port 8472"],
    6: ["source port 4789", "source port 0", "source port 65535"],
    7: ["vni 0x000100 is not 1", "vni 0x010000 is not 1", "last byte 1 is not vni 1",
        "last byte ff, vni 1"],
    8: [],      # the overlapping-http-get capture above
    9: ["nested vxlan", "nested vxlan, a rule for its port", "three times vxlan"],
    10: ["outer options, one word", "outer options, IHL 15", "options that look like UDP to 4789"],
    12: ["ssh", "plain udp to a NATed port", "plain udp over ipv6", "empty ipv4 packet",
         "plain icmp echo", "arp"],
    13: ["outer ipv6"],
    14: ["udp header alone", "tcp header alone", "ipv6 udp header alone",
         "inner empty ip packet, protocol 59"],
    15: ["outer udp length 8", "outer udp length 15", "inner ethernet of 13",
         "inner ip header of 19 bytes"],
    16: ["outer udp length past the ip packet", "outer total length past the frame",
         "padding does not complete a cut packet",
         "udp length does not complete a cut packet"],
    18: ["inner arp", "inner lldp", "inner mpls", "inner 802.3 length"],
    20: ["outer tag 8100", "outer tags 88a8 8100", "three outer tags"],
    21: ["igmp behind router alert, forwarded", "icmp echo, forwarded", "esp, forwarded",
         "sctp with the port, forwarded", "protocol 255, forwarded"],
    22: ["bad udp sum, forwarded as it is", "bad ip checksum forwarded as it is"],
    23: ["geneve round a vxlan packet"],
    26: ["ttl 1", "ttl 0", "ttl 1 forwarded", "ipv6 hop limit 1, flow label 0"],
    27: ["tos ff", "DF and id ffff", "id 0", "dscp, DF, options forwarded",
         "tcp options, no payload"],
    29: ["deny: empty list", "allow: source address", "deny: added and removed"],
    30: ["allow: source, match src", "deny: destination listed, match src",
         "deny: source listed, match dst"],
    34: ["deny: the outer source does not count"],
    35: ["deny: the new address does not count", "allow: the old address counts"],
    38: ["udp rule", "vector: udp 1234, ip 1234"],
    39: ["tcp rule", "tcp doff 15", "tcp 1460 payload"],
    40: ["port below", "port above", "the source port does not count"],
    41: ["vector: udp 0000 stays"],
    43: ["vector: tcp result 0 is 0", "vector: ip result 0 is 0"],
    48: ["udp odd payload", "udp header alone", "ip of 9001, mtu 9001"],
    49: [],     # all of fx_nat.CARRIES, and t_model.py
    51: ["options, IHL 6", "options, IHL 15", "options that look like the NATed port"],
    55: ["ipv4 rule, ipv6 packet", "ipv4 rule, ipv6 packet, forwarded"],
    56: ["ipv6 udp checksum 0 stays 0"],
    58: ["icmp error about a NATed flow", "icmp error about a NATed flow, forwarded"],
    59: ["icmp echo", "icmp to a NATed address is untouched"],
    60: ["sctp with the port", "udp-lite with the port"],
    61: ["source port equal too", "source address equal to the target"],
}

# The others of section 4 are not about what one packet becomes.
ELSEWHERE = {
    28: "order of a flow: needs workers and an egress",
    32: "listing, and nothing left behind: needs the engine",
    37: "refused input: commands of the engine",
    63: "attach and detach", 64: "one object with fixed program names: nothing to select",
    65: "one program an interface; a second instance is refused", 69: "attach by link",
    70: "attach by link, both modes", 72: "an interface index above 64: attach",
    73: "nothing is pinned: bpffs does not matter", 75: "the devmap egress is not built yet",
    76: "egress down or gone: needs an egress", 78: "edits while packets flow",
    79: "the AF_XDP egress is not built yet", 80: "several receive queues", 81: "kill -9",
    83: "10,000 packets end to end",
}
