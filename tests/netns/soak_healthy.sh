#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 300
#
# No false cause: a pipeline in which all is well names none for SOAK_SECONDS (60) at 85,000, at 5 packets/s, and when silent
# only that. Not for every run: it needs a quiet machine.
. "$(dirname "$0")/lib.sh"

seconds=${SOAK_SECONDS:-60}
lab_up "$LAB" || exit 1
start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode off || exit 1

ids() { vxctl --json diagnose | json '[.causes[].id] | join(" ")'; }
calm() { [ -z "$(ids)" ]; }
silent() { [ "$(ids)" = no_packets ]; }
# all_along NAME IDS: every half second, for so long.
all_along() {
	local seen i
	seen=$(for ((i = 0; i < seconds * 2; i++)); do
		ids
		sleep 0.5
	done | sort | uniq -c | sed 's/^ *[0-9]* //')
	check "$1" "$seen" "$2"
}

for rate in 85000 5; do
	start_load --rate "$rate" --seconds $((seconds + 30)) --size 300 --flows 64
	wait_for 10 calm
	all_along "$rate packets/s for $seconds s: no cause" ""
	echo "# $(vxctl --json stats | json '{in_pps, out_pps, rx: .ledger.rx, sent: .ledger.sent, ring_full: .ledger.ring_full}')"
	stop_load
done
wait_for 5 silent
all_along "silent for $seconds s: that, and nothing else" no_packets
