#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 400
#
# 85,000 packets/s for a minute without a loss, then one a second, then none: rates, memory, latency and
# idle cost, which need a quiet machine. SOAK_SECONDS and SOAK_RATE choose others.
. "$(dirname "$0")/lib.sh"

SECONDS_=${SOAK_SECONDS:-60}
RATE=${SOAK_RATE:-85000}
lab_up "$LAB" || exit 1
start_vx -n "udp/31765=$LAB_NAT4:8081" -a "$ROOT/share/allowlist.json" || exit 1

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$VX_PID/stat"; }
percent() { # of one core, over N seconds
	local before
	before=$(cpu_ticks)
	sleep "$1"
	echo $((($(cpu_ticks) - before) * 100 / $1 / $(getconf CLK_TCK)))
}
rss_limit() { # 50 MB and twice the rings, which are mapped twice
	echo $((50000000 + 2 * $(vxctl --json rings | json 'map(.size) | add')))
}

check_ge "idle: percent of one core below 2" 1 "$(percent 10)"
start_sink dst --seconds $((SECONDS_ + 10)) --idle 4 --expect-dst "$LAB_NAT4:8081"
start_load --rate "$RATE" --seconds "$SECONDS_" --flows 324 --size 142 --src 192.0.2.0/27
sleep 5
echo "# under load: $(percent 10) % of one core, $(vxctl --json stats | json '"in \(.in_pps) out \(.out_pps), \(.rss_bytes) bytes resident"')"
check_ge "RSS is within 50 MB + 2 x rings" "$(rss_limit)" "$(vxctl --json stats | json .rss_bytes)"
end_load
end_sink dst
echo "# sent $(json '"\(.sent) at \(.pps) by \(.via)"' "$SENT"); arrived $(json '"\(.packets), \(.lat_us)"' "$SINK")"
echo "# latency in the program: $(vxctl --json latency | json 'map_values("\(.p50_ns) \(.p99_ns) \(.max_ns)")')"
check_ge "the generator kept its rate (packets)" "$(json .sent "$SENT")" $((RATE * SECONDS_ * 99 / 100))
check "arrived" "$(json .packets "$SINK")" "$(json .sent "$SENT")"
check_clean_sink "at the destination"
L=$(vxctl --json ledger)
check "ring drops" "$(json .ring_full "$L")" 0
check "failed sends" "$(json '.tx_failed | add // 0' "$L")" 0
check "denied" "$(json .dropped.denied "$L")" 0

start_sink dst --seconds 125 --count 120 --expect-dst "$LAB_NAT4:8081"
send --rate 1 --count 120 --src 192.0.2.0/27 >/dev/null
end_sink dst
check "one packet a second: arrived" "$(json .packets "$SINK")" 120
echo "# one packet a second: $(json .lat_us "$SINK")"
check "one packet a second: p99 below 1 ms" "$(json '.lat_us.p99 < 1000' "$SINK")" true

check "the exact check" "$(vxctl --json selfcheck | json .exact)" true
RX=$(vxctl --json ledger | json .rx)
stop_vx
check "exit code" "$VX_RC" 0
report() { tr -d , <"$VX_LOG" | sed -n "s/^ *$1: *//p" | tail -n 1; }
check "report: packets_in" "$(report packets_in)" "$RX"
check "report: packets_out" "$(report packets_out)" "$RX"
check "report: success" "$(report success)" "100.0 %"
check "report: exact" "$(report exact)" yes
