#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
#
# A shift's worth of edits: a few hundred random commands with undo and redo in between, then undo to the
# start: the maps, the settings, the list and both saved files are what they were. EDITS, SEED: others.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
cat >"$T/list.json" <<'J'
{"version":"1.0","odd":{"b":1,"a":[2]},"organizations":[{"org_name":"Zoom Fiber, LLC","org_id":"12837578",
"ips":["104.218.88.5","104.218.88.0/24"]}],"flat_ip_list":["10.0.0.1","10.1.0.0/16"],"notes":{"10.0.0.1":"a note"}}
J
echo '["10.0.0.1","192.0.2.0/24","2001:db8::1","2001:db8:1::/48"]' >"$T/other.json"
printf 'BATCH="32"\nNAT_RULE="udp/31765=%s:8081"\n' "$LAB_NAT4" >"$T/vx.conf"
start_vx -c "$T/vx.conf" -a "$T/list.json" --vni 1,7 || exit 1
in_tgt python3 "$(dirname "$0")/random_edits.py" "$VX_SOCK" "$T" "$VX_PID" "${EDITS:-300}" "${SEED:-$RANDOM}" || T_FAILED=1
check "the exact check" "$(vxctl --json selfcheck | json .exact)" true
stop_vx
check "exit code" "$VX_RC" 0
