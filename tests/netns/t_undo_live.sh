#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 60
#
# Changes are undone and made again under 20,000 packets/s: none is lost, and every packet is in the ledger. Then
# the effect of a change that does cost packets, in `history`; and what enforcing would deny.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
echo '["192.0.2.0/24","10.9.0.1"]' >"$T/list.json"
echo '["192.0.2.0/27","192.0.2.0/24","2001:db8::1"]' >"$T/other.json"
start_vx -a "$T/list.json" -n "udp/31765=$LAB_NAT4:8081" --match src --ring 32M || exit 1
start_sink dst --seconds 20 --idle 2 --expect-dst "$LAB_NAT4:8081"
start_load --rate 20000 --count 120000 --flows 64 --src 192.0.2.0/27 --dport 31765
under_load() { [ "$(vxctl --json stats | json .in_pps)" -ge 15000 ]; }
check_cmd "under load" wait_for 10 under_load

printf '%s\n' "allow add 192.0.2.0/27 org Lab" "allow del 10.9.0.1" "nat add udp/31765@10.9.0.0/16=172.30.82.95:9" \
	"set batch 7" "set dispatch spread" "vni add 77" "set match any" "set unmatched forward" >"$T/edits"
vxctl - <"$T/edits" >/dev/null
vxctl allow load "$T/other.json" >/dev/null
depth=$(vxctl --json history | json length)
for _ in 1 2 3 4 5; do
	for _ in $(seq "$depth"); do echo undo; done | vxctl - >/dev/null
	for _ in $(seq "$depth"); do echo redo; done | vxctl - >/dev/null
done
check "all of it was undone and made again, five times" "$(vxctl --json history | json 'map(select(.undone | not)) | length')" "$depth"
check_cmd "still under load" under_load
end_load
end_sink dst
check "none is lost" "$(json .packets "$SINK")" "$(json .sent "$SENT")"
check "nor anything wrong" "$(json '[.lost, .duplicated, .bad_ip_sum, .bad_l4_sum, .unexpected] | add' "$SINK")" 0
check "the ledger is exact" "$(vxctl --json selfcheck | json .exact)" true
check "and has them as sent" "$(vxctl --json ledger | json .sent)" "$(json .sent "$SENT")"
for _ in $(seq "$depth"); do echo undo; done | vxctl - >/dev/null

# What a change costs. By itself: the rate before it, and 3 s after.
start_load --rate 5000 --seconds 60 --flows 8 --src 192.0.2.0/27 --dport 31765
steady() { [ "$(vxctl --json stats | json .out_pps)" -ge 4000 ]; }
check_cmd "packets are sent" wait_for 10 steady
vxctl allow del 192.0.2.0/24 >/dev/null
measured() { [ "$(vxctl --json history | json '.[-1].pps_after')" != null ]; }
check_cmd "the effect is known" wait_for 10 measured
check "of what was sent, nothing is" "$(vxctl --json history | json '.[-1] | (.pps_before >= 4000), .pps_after, .before, .after' | xargs)" "true 0 192.0.2.0/24 null"
vxctl undo >/dev/null
check_cmd "undone, it is sent again" wait_for 5 steady

# Count: nothing is denied, and what would be is told.
vxctl allow mode count >/dev/null
vxctl allow del 192.0.2.0/24 >/dev/null
told() { [ "$(vxctl --json stats | json .ledger.would_deny)" -gt 5000 ]; }
check_cmd "what enforcing would deny is counted" wait_for 10 told
check_cmd "and none of it denied" steady
rate() { [ "$(vxctl --json stats | json .would_deny_pps)" -ge 4000 ]; }
check_cmd "its rate, too" wait_for 5 rate
check "in words, too" "$(vxctl ledger | grep -c 'would be denied (allow-mode count)')" 1
vxctl undo >/dev/null
vxctl undo >/dev/null
stop_load
stop_vx
check "exit code" "$VX_RC" 0
