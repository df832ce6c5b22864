#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 180
#
# Egress redirect: the bytes of the ring's path, a ledger that closes to the packet, fragments that wait
# for their first; and that it is given up, saying why, when the egress drops what is redirected, when
# others send there unseen, and when the next hop does not answer. Changing to it and back loses nothing.
. "$(dirname "$0")/lib.sh"

HERE=$(dirname "$0")
N=10000
RULES=(-n "udp/31765=$LAB_NAT4:8081" -n "udp/31765=[$LAB_NAT6]:8081" --allow-mode off)
lab_up "$LAB" --gro || exit 1
start_vx "${RULES[@]}" --egress redirect || exit 1

ledger() { vxctl --json ledger | json "$1"; }
method() { vxctl --json stats | json .egress_method; }
says() { grep -q "$1" "$VX_LOG"; }
given_up() { says "egress redirect is given up: $1"; }
capture() { # capture END DEV FILE -Q in|out FILTER...
	local end=$1 dev=$2 file=$3
	shift 3
	lab_exec "$LAB" "$end" tcpdump -i "$dev" -U -B 65536 -s 0 -w "$file" "$@" 2>"$file.err" &
	CAPTURE=$!
	wait_for 5 grep -q "listening on" "$file.err"
}
holds() { [ "$(tcpdump -nr "$1" udp 2>/dev/null | wc -l)" -ge $N ]; }

check "the method" "$(method)" redirect
capture src src0 "$T/in.pcap" -Q out udp port 4789
IN=$CAPTURE
capture dst dst0 "$T/out.pcap" -Q in
OUT=$CAPTURE
start_sink dst --count $N --seconds 30 --expect-dst "$LAB_NAT4:8081"
send --via packet --count $N --rate 5000 --flows 324 --size 64-1514 >"$T/sent"
end_sink dst
check "packets at the destination" "$(json .packets "$SINK")" $N
check_clean_sink "redirected"
check "no reorder within a flow" "$(json .reordered "$SINK")" 0
wait_for 10 holds "$T/in.pcap"
wait_for 10 holds "$T/out.pcap"
kill -TERM $IN $OUT
wait $IN $OUT
check "byte for byte but for NAT" "$(python3 "$HERE/compare_pcap.py" "$T/in.pcap" "$T/out.pcap" \
	$LAB_NAT4 8081 | cut -c1-300)" $N
L=$(vxctl --json ledger)
check "all by redirect, none by a ring" "$(json '[.redirected, .queued, .natted, .rx]' "$L")" "[$N,0,$N,$N]"
check "leaked" "$(json .leaked "$L")" 0
start_sink dst --count 500 --seconds 20 --expect-dst "[$LAB_NAT6]:8081"
send --inner 6 --count 500 --rate 2000 >/dev/null
end_sink dst
check_clean_sink "IPv6"
# All later fragments come before their first: they wait for it at a worker.
start_sink dst --count 1500 --seconds 20 --expect-dst "$LAB_NAT4:8081"
send --frag 3 --reverse --size 900 --count 500 --rate 500 >/dev/null
end_sink dst
check "fragments arrived" "$(json .packets "$SINK")" 1500
check_clean_sink "fragments"
check "fragments: the first by redirect, those that waited by a worker" \
	"$(ledger '[.redirected - 10500, .queued, .sent, .frag_unknown]')" "[500,1000,1000,0]"
check "balanced" "$(ledger .balanced)" true
check "verified" "$(vxctl --json stats | json .egress_reason)" "asked for; verified"
check "the exact check" "$(vxctl --json selfcheck | json .exact)" true

# There and back under load.
start_sink dst --seconds 60 --expect-dst "$LAB_NAT4:8081"
start_load --rate 20000 --seconds 6 --flows 50 --size 142
for m in packet redirect packet redirect; do
	check_cmd "set egress $m" vxctl set egress "$m"
	check "it is $m" "$(method)" "$m"
	BEFORE=$(ledger .rx)
	moved() { [ "$(ledger .rx)" -gt $((BEFORE + 5000)) ]; }
	wait_for 5 moved
done
end_load
drain_sink dst
check "there and back: all arrive" "$(json .packets "$SINK")" "$(json .sent "$SENT")"
check "there and back: lost" "$(json .lost "$SINK")" 0
check "there and back: not given up" "$(grep -c 'given up' "$VX_LOG")" 0

# The peer takes no redirected frames any more: within two seconds the rings have them again.
start_sink dst --seconds 60 --expect-dst "$LAB_NAT4:8081"
FROM=$(ledger '.redirected + .sent')
start_load --rate 5000 --seconds 40 --flows 50 --size 142
moved() { [ "$(ledger '.redirected + .sent')" -gt $((FROM + 2000)) ]; }
wait_for 5 moved
LOST0=$(ledger .redirected)
in_dst ethtool -K dst0 gro off
check_cmd "given up when frames do not leave" wait_for 5 given_up 'of [0-9]* packets [0-9]* left'
check "it is packet" "$(method)" packet
LOST1=$(ledger .redirected)
AFTER=$(ledger .sent)
by_rings() { [ "$(ledger .sent)" -gt $((AFTER + 2000)) ]; }
check_cmd "the rings have them again" wait_for 5 by_rings
stop_load
drain_sink dst
GONE=$(($(json .sent "$SENT") - $(json .packets "$SINK")))
check "every packet has its row" "$(ledger '.redirected + .sent')" $((FROM + $(json .sent "$SENT")))
check_ge "those that did not arrive were redirected meanwhile" $((LOST1 - LOST0)) "$GONE"
check_ge "there were some" "$GONE" 1
check "it says so" "$(vxctl --json stats | json '.egress_reason | test("^redirect was given up: of")')" true
names() { vxctl --json diagnose | grep -q '"redirect"'; }
check_cmd "diagnose names it" wait_for 3 names
check "the exact check after it" "$(vxctl --json selfcheck | json .exact)" true
in_dst ethtool -K dst0 gro on

# What passes the tap by, and is not ours, may hide a loss.
vxctl set egress redirect >/dev/null
: >"$VX_LOG"
start_load --rate 2000 --seconds 12 --flows 50 --size 142
ip netns exec "$LAB-tgt" "$VXGEN" send ens6 --plain --dst $LAB_NAT4 --dport 8081 --rate 20000 --seconds 10 --via xdp \
	>/dev/null 2>&1 &
OTHER=$!
check_cmd "given up when others send unseen" wait_for 10 given_up 'others send there unseen'
kill -INT $OTHER
wait $OTHER
stop_load

vxctl set egress redirect >/dev/null
: >"$VX_LOG"
in_dst ip link set dst0 arp off
start_load --rate 2000 --seconds 12 --flows 50 --size 142
check_cmd "given up when the next hop does not answer" wait_for 10 given_up 'the next hop does not answer'
stop_load
in_dst ip link set dst0 arp on
check "the exact check at the end" "$(vxctl --json selfcheck | json .exact)" true
stop_vx
check "exit code" "$VX_RC" 0
check_nothing_left

# Generic mode: the kernel sends what is redirected as all else, and nobody is asked.
in_dst ethtool -K dst0 gro off
start_vx "${RULES[@]}" --egress redirect --mode generic || exit 1
start_sink dst --count 2000 --seconds 20 --expect-dst "$LAB_NAT4:8081"
send --count 2000 --rate 1000 >/dev/null
end_sink dst
check_clean_sink "generic"
check "generic: by redirect" "$(ledger '[.redirected, .queued]')" "[2000,0]"
verified() { [ "$(vxctl --json stats | json .egress_reason)" = "asked for; verified" ]; }
check_cmd "generic: verified" wait_for 3 verified
stop_vx
check "generic: exit code" "$VX_RC" 0
