#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
# beside others
#
# What `explain` says is what the live path then does, and saying it leaves no trace.
. "$(dirname "$0")/lib.sh"

HERE=$(dirname "$0")
lab_up "$LAB" || exit 1
ip -n "$LAB-tgt" link set ens6 mtu 1500 # so that some are too large
start_vx --allow-mode off --workers 2 --allow-max 1000 || exit 1

part() { # COMMAND...: its lines are this test's
	"$@" | tee "$T/part"
	[ "${PIPESTATUS[0]}" = 0 ] && ! grep -q '^not ok' "$T/part" || T_FAILED=1
}

part python3 "$HERE/explain_live.py" "$LAB" "$VX_SOCK" "$VX_PID"
check "the exact check" "$(vxctl --json selfcheck | json .exact)" true
stop_vx
check "exit code" "$VX_RC" 0
