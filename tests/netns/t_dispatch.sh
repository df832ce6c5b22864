#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
#
# Who sends what: `flow` keeps the order of each flow and of a datagram's fragments, `spread` uses every
# worker on one flow, eight workers run on two CPUs, generic mode does what native mode does, fragments
# that come before their first wait for it, and those whose first never comes are counted.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" --queues 8 || exit 1
ledger() { vxctl --json ledger | json "$1"; }

# through NAME PACKETS ORDER [SEND OPTIONS]: all arrive, faultless; ORDER: kept, or any.
through() {
	local name=$1 want=$2 order=$3
	shift 3
	start_sink dst --count "$want" --seconds 20 --expect-dst "$LAB_NAT4"
	send "$@" >/dev/null
	end_sink dst
	check "$name: packets" "$(json .packets "$SINK")" "$want"
	check_clean_sink "$name"
	[ "$order" = any ] || check "$name: reordered" "$(json .reordered "$SINK")" 0
}

in_order() {
	python3 - "$1" <<P
import sys
sys.path.insert(0, "$ROOT/tests/prog")
import pcap
last, wrong = {}, set()
for frame in pcap.read(sys.argv[1]):
    key = frame[26:34] + frame[18:20]
    offset = int.from_bytes(frame[20:22], "big") & 0x1fff
    if offset <= last.get(key, -1):
        wrong.add(key)
    last[key] = offset
print("%d of %d" % (len(wrong), len(last)))
P
}

for mode in native generic; do
	start_vx -n "udp/31765=$LAB_NAT4:8081" -n "tcp/31765=$LAB_NAT4:8081" \
		-n "udp/31765=[$LAB_NAT6]:8081" --allow-mode off --workers 8 --cpus 0-1 --mode $mode || exit 1
	check "$mode: mode" "$(vxctl --json stats | json .mode)" $mode
	through "$mode, flow, 100 flows" 20000 kept --rate 20000 --count 20000 --flows 100 --size 64-1514
	through "$mode, jumbo" 500 kept --count 500 --size 8000-8900 --flows 9
	through "$mode, tcp" 500 kept --count 500 --proto tcp
	through "$mode, outer IPv6, tags" 500 kept --count 500 --outer 6 --vlan both
	start_sink dst --count 500 --seconds 10 --expect-dst "$LAB_NAT6"
	send --count 500 --inner 6 >/dev/null
	end_sink dst
	check "$mode, IPv6 to IPv6: packets" "$(json .packets "$SINK")" 500
	check_clean_sink "$mode, IPv6 to IPv6"
	# Datagrams of one flow may pass each other: each is hashed on its own id. Its fragments may not.
	ip netns exec "$LAB-dst" tcpdump -i dst0 -U -B 65536 -Q in -w "$T/frags.pcap" 2>"$T/tcpdump" &
	TCPDUMP=$!
	wait_for 5 grep -q "listening on" "$T/tcpdump"
	through "$mode, datagrams in 4 fragments" 4000 any --count 1000 --frag 4 --size 2000-4000 \
		--flows 20 --rate 5000
	captured() { [ "$(tcpdump -nr "$T/frags.pcap" 2>/dev/null | wc -l)" -ge 4000 ]; }
	wait_for 5 captured
	kill -TERM "$TCPDUMP"
	wait "$TCPDUMP"
	check "$mode: datagrams whose fragments are out of order" "$(in_order "$T/frags.pcap")" \
		"0 of 1000"
	through "$mode, fragments, the last first" 900 any --count 300 --frag 3 --size 2000 --reverse \
		--flows 20 --rate 300
	check "$mode: fragments that waited in vain" "$(ledger .frag_unknown)" 0
	[ "$mode" = generic ] && break
	stop_vx
	check "$mode: exit code" "$VX_RC" 0
done

sent_by() { vxctl --json workers | json '[.[].sent]'; }

BEFORE=$(sent_by)
through "flow, one flow" 20000 kept --rate 20000 --count 20000 --flows 1 --size 142
check "flow: workers on one flow" "$(jq -n "[$BEFORE, $(sent_by)] | transpose | map(select(.[0] != .[1])) |
	length")" 1
vxctl set dispatch spread >/dev/null
used_all() {
	[ "$(jq -n "[$BEFORE, $(sent_by)] | transpose | map(select(.[0] != .[1])) | length")" = 8 ]
}
BEFORE=$(sent_by)
for _ in 1 2 3 4 5 6 7 8; do
	start_sink dst --count 40000 --seconds 20 --expect-dst "$LAB_NAT4:8081"
	send --rate 0 --count 40000 --flows 1 --size 142 >/dev/null
	end_sink dst
	check "spread, one flow: packets" "$(json '.packets + .sink_drops' "$SINK")" 40000
	used_all && break
done
check_cmd "spread: every worker had a part in one flow" used_all
vxctl set dispatch flow >/dev/null
through "flow again" 5000 kept --rate 20000 --count 5000 --flows 3 --size 142

# Later fragments whose first never comes: counted, after 5 ms.
BEFORE=$(ledger .frag_unknown)
in_src python3 - <<P
import socket, sys
sys.path.insert(0, "$ROOT/tests/prog")
import frames
tx = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
tx.bind(("src0", 0))
for i in range(40):
    tx.send(frames.mirror(frames.ip4(b"x" * 64, src="203.0.113.50", dst="172.30.74.144", ident=i, offset=100)))
P
forty() { [ "$(ledger .frag_unknown)" = $((BEFORE + 40)) ]; }
check_cmd "fragments without a first: frag_unknown" wait_for 3 forty
check "balanced" "$(ledger .balanced)" true
check "the exact check" "$(vxctl --json selfcheck | json .exact)" true
stop_vx
check "exit code" "$VX_RC" 0
check "sends of the workers add up" "$(sed -n '/^  workers:/,/^  exact:/p' "$VX_LOG" | tr -d , |
	awk 'NR > 2 && $1 ~ /^[0-9]+$/ { n += $4 } END { print n }')" \
	"$(tr -d , <"$VX_LOG" | sed -n 's/^ *sent: *//p' | tail -n 1)"
