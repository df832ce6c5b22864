#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 300
# In a guest: the engine loads, attaches, carries packets from end to end without a loss, and is gone from the
# kernel within 2 s of a kill -9. An emulated processor is slow, so there are few packets.
. "$(dirname "$0")/../netns/lib.sh"

lab_up "$LAB" || exit 1
RULE="udp/31765=$LAB_NAT4:8081"

for mode in native generic; do
	start_vx --mode $mode --allow-mode off -n "$RULE" || exit 1
	check "$mode: the mode it says" "$(json .mode "$(vxctl --json stats)")" $mode
	start_sink dst --count 1000 --seconds 60 --expect-dst $LAB_NAT4:8081
	send --rate 200 --count 1000 >/dev/null
	end_sink dst
	check "$mode: packets that arrive" "$(json .packets "$SINK")" 1000
	check_clean_sink "$mode"
	ledger=$(vxctl --json ledger)
	check "$mode: sent" "$(json .sent "$ledger")" 1000
	check "$mode: balanced" "$(json .balanced "$ledger")" true
	check "$mode: leaked" "$(json .leaked "$ledger")" 0
	check "$mode: the exact check" "$(json .exact "$(vxctl --json selfcheck)")" true
	stop_vx
	check "$mode: exit code" "$VX_RC" 0
	check_nothing_left
done

flowing() { [ "$(vxctl --json ledger | json .sent)" -gt 100 ]; }
for n in 1 2 3; do
	: >"$T/objects"
	start_vx --allow-mode off -n "$RULE" || exit 1
	start_load --rate 1000 --seconds 60
	check_cmd "kill $n: packets flow" wait_for 20 flowing
	{ kill_vx; } 2>/dev/null
	check_nothing_left
	stop_load
done
check "pins" "$(find /sys/fs/bpf -name 'vx*' 2>/dev/null)" ""
