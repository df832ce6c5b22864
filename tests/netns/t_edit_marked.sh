#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 180
#
# 1,000 edits while packets flow: the first packet that enters after the answer sees the new value, and
# none of the others is lost.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
cat >"$T/list.json" <<'J'
["198.51.100.0/24"]
J
start_vx -n "udp/31765=$LAB_NAT4:8081" -a "$T/list.json" || exit 1
# The marked packets go elsewhere, so that the sink counts the load alone.
start_sink dst --seconds 170 --expect-dst "$LAB_NAT4"
start_load --rate 20000 --seconds 150 --flows 64
flowing() { [ "$(vxctl --json ledger | json .sent)" -gt 1000 ]; }
wait_for 5 flowing
in_src python3 "$(dirname "$0")/marked_edits.py" src0 "$VX_SOCK" "${EDITS:-1000}" || T_FAILED=1
stop_load
drain_sink dst
check_ge "packets of the load" "$(json .stamped "$SINK")" 1000
check "of the load, arrived" "$(json .stamped "$SINK")" "$(json .sent "$SENT")"
check "lost" "$(json .lost "$SINK")" 0
check "ring drops" "$(vxctl --json ledger | json .ring_full)" 0
check "the exact check" "$(vxctl --json selfcheck | json .exact)" true
stop_vx
check "exit code" "$VX_RC" 0
