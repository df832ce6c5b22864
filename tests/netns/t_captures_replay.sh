#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 180
# beside others
#
# The captures of $VX_CAPTURES through the whole pipeline: replayed on the wire, counted at the
# destination, rows read from the ledger, a sentinel that still gets through after each. Expectations are
# those of the captures' own table (sections 1 and 3), by hand.
. "$(dirname "$0")/lib.sh"

[ -d "${VX_CAPTURES:-}" ] || skip t_captures_replay "VX_CAPTURES names no folder"

lab_up "$LAB" || exit 1
start_vx --allow-mode off --unmatched forward --next-hop-mac 02:00:00:00:82:95 --vni any || exit 1
ledger() { vxctl --json ledger | json "$1"; }

# out FILE VNI QUEUED "ROW=N ..." [vxgen options]: replays it, with that VNI configured.
out() {
	local file=$1 vni=$2 queued=$3 rows=$4 before row want
	shift 4
	vxctl set vni "$vni" >/dev/null
	before=$(vxctl --json ledger)
	start_sink dst --any --count $((queued + 1)) --seconds 10
	send --pcap "$VX_CAPTURES/$file.pcap" --rate 500 --via packet "$@" >"$T/sent" 2>&1 ||
		check "$file: it is sent" "$(tail -n 1 "$T/send.err")" ""
	send --count 1 --vni "${vni/any/1}" --dst 172.30.74.144 >/dev/null # the sentinel
	end_sink dst
	# The sentinel may come by another queue and be there before the last of them has its row.
	diff_of() { echo $(($(vxctl --json ledger | json "$1") - $(json "$1" "$before"))); }
	is() { [ "$(diff_of "$1")" = "$2" ]; }
	check "$file, VNI $vni: packets at the destination, with the sentinel" \
		"$(json .packets "$SINK")" $((queued + 1))
	for row in $rows; do
		want=${row#*=}
		row=${row%%=*}
		wait_for 3 is ".$row" "$want"
		check "$file, VNI $vni: $row" "$(diff_of ".$row")" "$want"
	done
}

# The one true AWS mirror, byte for byte.
ip netns exec "$LAB-dst" tcpdump -i dst0 -U -s 0 -Q in -w "$T/aws.pcap" 2>"$T/tcpdump" &
TCPDUMP=$!
wait_for 5 grep -q "listening on" "$T/tcpdump"
AWS=suricata_vxlan-decoder-03_AWSMIRROR
out $AWS 5569041 100 "queued=101 unnatted=101 dropped.malformed=0"
captured() { [ "$(tcpdump -nr "$T/aws.pcap" 2>/dev/null | wc -l)" -ge 101 ]; }
wait_for 5 captured
kill -TERM "$TCPDUMP"
wait "$TCPDUMP"
check "$AWS: inner IP packets are those of the capture" "$(python3 "$(dirname "$0")/inner_same.py" \
	"$VX_CAPTURES/$AWS.pcap" "$T/aws.pcap" 2>&1)" 100
out $AWS 1 0 "passed.other_vni=100"

out zeek_vxlan-overlapping-http-get 4711 14 "passed.other_vni=14 passed.not_vxlan=14"
out zeek_vxlan-inner-tcp-bad-checksum 42 1 ""
out zeek_vxlan-encapsulated-igmp-v2 4242 3 ""
out suricata_vxlan-decoder-01 37 1 "passed.not_vxlan=2"
out pcpp_Vxlan1 3000001 1 ""
out cesnet_vxlan 123 8 ""
out boofuzz_vxlan 8000 1 ""
out suricata_vxlan-arp 100 0 "dropped.not_ip=2"
out tcpdump_vxlan 100 8 "dropped.not_ip=2"
out zeek_vxlan 123 8 "dropped.not_ip=2"
out tcpdump_vxlan_port_8472 100 0 "passed.not_vxlan=10"
out tcpdump_gso-ipv4-vxlan-ipv4 5001 1 ""
out tcpdump_gso-ipv6-vxlan-ipv6 5001 1 ""
out tcpdump_gso-ipv4-vxlan-ipv6 5001 1 ""
out tcpdump_gso-ipv6-vxlan-ipv4 5001 1 ""
out rodix_vxlan 200 10 "dropped.not_ip=2"
out rodix_PR_1081677 200 651 "dropped.not_ip=14 passed.outer_fragment=2"
out m1cloud_flannel8472 4 0 ""
out arkime_gre-erspan-vxlan any 0 ""
out arkime_synthetic 12345 2 ""
for decoy in k8scka_vxlan tcpdump_geneve tcpdump_geneve-gcp zeek_geneve-tagged-udp-packet \
	zeek_gre-erspan3-dot1q zeek_teredo-udp-in-udp; do
	out $decoy any 0 "queued=1"
done

# Malformed ones as inner frames of VNI 1.
wrapped() { # FILE QUEUED ROWS
	out "$1" 1 "$2" "$3" --wrap
}
wrapped bad_tcpdump_ipv4_invalid_hdr_length 0 "dropped.malformed=1"
wrapped bad_tcpdump_ipv4_invalid_total_length 0 "dropped.truncated=1"
wrapped bad_tcpdump_ipv4_invalid_total_length_2 0 "dropped.malformed=1"
wrapped bad_tcpdump_ipv4_invalid_length 0 "dropped.malformed=1"
wrapped bad_tcpdump_kday3 8 "dropped.malformed=1"
wrapped bad_suricata_ipv4-truncated 0 ""
wrapped bad_suricata_udp-len-invalid 0 ""
wrapped bad_suricata_tcp-malformed-ipv4 11 ""
wrapped bad_suricata_ipv4frags 3 ""
wrapped bad_suricata_ip_secopt 3 ""
wrapped bad_pcpp_ipv4-malformed 0 "dropped.malformed=2"
wrapped bad_ndpi_badpackets 0 "dropped.truncated=93"
wrapped bad_zeek_ip-bogus-header-len 0 "dropped.malformed=1"
wrapped bad_zeek_trunc-hdr 0 "dropped.malformed=1"
wrapped bad_zeek_ip4-trunc 0 "dropped.malformed=1"
wrapped bad_zeek_ipv4-truncated-broken-header 0 "dropped.malformed=1"
wrapped bad_zeek_icmp-header-trunc 0 "dropped.truncated=2"
wrapped bad_zeek_fragmented-4 6 ""
wrapped vlan_zeek_http-vlan-0 14 ""
wrapped vlan_zeek_http-qinq-0 14 ""
wrapped vlan_zeek_mpls-in-vlan 1 "dropped.not_ip=2"
wrapped vlan_tcpdump_802.1ad_QinQ 0 "dropped.not_ip=2"

check "balanced" "$(ledger .balanced)" true
check "leaked" "$(ledger .leaked)" 0
check "the exact check" "$(vxctl --json selfcheck | json .exact)" true
stop_vx
check "exit code" "$VX_RC" 0
