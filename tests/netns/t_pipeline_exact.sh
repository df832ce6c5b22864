#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
#
# 10,000 packets of the AWS shape in, 10,000 out: byte for byte but for what NAT changes, every checksum
# right by three judges, nothing but ARP, ND and MLD out of ens5 although other VNIs and whole outer
# datagrams in fragments are in the mix, and a ledger that closes to the packet.
. "$(dirname "$0")/lib.sh"

HERE=$(dirname "$0")
N=10000
lab_up "$LAB" || exit 1
start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode off || exit 1

capture() { # capture END FILE FILTER...: in the background, its pid in $CAPTURE
	local end=$1 file=$2
	shift 2
	lab_exec "$LAB" "$end" tcpdump -i "$(case $end in src) echo src0 ;; dst) echo dst0 ;; esac)" \
		-U -B 65536 -s 0 -w "$file" "$@" 2>"$file.err" &
	CAPTURE=$!
	wait_for 5 grep -q "listening on" "$file.err"
}
ending() { kill -TERM "$1"; wait "$1"; }

# What went in is seen where it is sent (AF_PACKET: AF_XDP passes taps by), what came out at its end.
capture src "$T/in.pcap" -Q out udp port 4789
IN=$CAPTURE
capture dst "$T/out.pcap" -Q in
OUT=$CAPTURE
capture src "$T/back.pcap" -Q in
BACK=$CAPTURE
start_sink dst --count $N --seconds 30 --expect-dst "$LAB_NAT4:8081"
send --via packet --count $N --rate 5000 --flows 324 --size 64-1514 >"$T/sent"
end_sink dst
check "sent" "$(json .sent "$(cat "$T/sent")")" $N
check "packets at the destination" "$(json .packets "$SINK")" $N
check_clean_sink "the sink's verdict"
check "no reorder within a flow" "$(json .reordered "$SINK")" 0
wait_for 5 [ "$(json .sent "$(vxctl --json ledger)")" = $N ]
holds() { [ "$(tcpdump -nr "$1" udp 2>/dev/null | wc -l)" -ge $N ]; }
wait_for 10 holds "$T/in.pcap" # a tcpdump that is ended forgets what it has not read
wait_for 10 holds "$T/out.pcap"
ending "$IN"
ending "$OUT"
check "byte for byte but for NAT" "$(python3 "$HERE/compare_pcap.py" "$T/in.pcap" "$T/out.pcap" \
	$LAB_NAT4 8081 | cut -c1-300)" $N
check "wrong checksums by tshark" "$(tshark -r "$T/out.pcap" -o ip.check_checksum:TRUE \
	-o udp.check_checksum:TRUE -Y 'ip.checksum.status != "Good" || udp.checksum.status != "Good"' \
	2>/dev/null | wc -l)" 0
check "right checksums by tshark" "$(tshark -r "$T/out.pcap" -o ip.check_checksum:TRUE \
	-o udp.check_checksum:TRUE -Y 'ip.checksum.status == "Good" && udp.checksum.status == "Good"' \
	2>/dev/null | wc -l)" $N

# What is not ours, in the mix: the kernel gets it and must not answer by ens5.
send --count 500 --vni 5569041 --rate 5000 >/dev/null
send --count 200 --vni 99 --outer 6 --rate 5000 >/dev/null
send --count 200 --outer-frag 2 --size 1400 --rate 5000 >/dev/null
send --count 100 --port 4790 --rate 5000 >/dev/null
passed() { [ "$(vxctl --json ledger | json '.passed | add')" -ge 1200 ]; }
wait_for 5 passed
L=$(vxctl --json ledger)
check "other VNIs, to the kernel" "$(json .passed.other_vni "$L")" 700
check "outer fragments, to the kernel" "$(json .passed.outer_fragment "$L")" 400
check "another port, to the kernel" "$(json .passed.not_vxlan "$L")" 100
check "rows add up to rx" "$(json '.rx == ([.passed, .dropped | add] | add) + .ring_full +
	.redirected + .queued' "$L")" true
check "queued is done" "$(json '.queued == .sent + (.tx_failed | add // 0) + .frag_unknown +
	.in_flight' "$L")" true
check "balanced" "$(json .balanced "$L")" true
check "leaked" "$(json .leaked "$L")" 0
ending "$BACK"
# Port 4790 is nobody's: the kernel's answer to it is the host's own business, and quotes what was not ours.
check "out of ens5 but ARP, ND, MLD and the answer to 4790" "$(tcpdump -nr "$T/back.pcap" \
	'not arp and not icmp6 and not (icmp[0] == 3 and icmp[30:2] == 4790)' 2>/dev/null | head -3)" ""
S=$(vxctl --json selfcheck)
check "the exact check" "$(json .exact "$S")" true
check "it saw every packet" "$(json .rx "$S")" "$(json .rx "$(vxctl --json ledger)")"
stop_vx
check "exit code" "$VX_RC" 0
