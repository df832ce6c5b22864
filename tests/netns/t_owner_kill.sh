#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 240
#
# One owner, and nothing left of it: kill -9 while packets flow, 20 times at random instants; a second
# start while one runs; SIGTERM under load.
. "$(dirname "$0")/lib.sh"

KILLS=${KILLS:-20}
lab_up "$LAB" || exit 1
RULE="udp/31765=$LAB_NAT4:8081"

start_load --rate 50000 --seconds 200

left=0 starts=0
for _ in $(seq "$KILLS"); do
	: >"$T/objects"
	launch_vx -n "$RULE" --allow-mode off --workers $((RANDOM % 3 + 1))
	# Anywhere between the first instruction and a second of running.
	sleep "0.$(printf %03d $((RANDOM % 1000)))"
	note_kernel_objects
	grep -q '^ready:' "$VX_LOG" && starts=$((starts + 1))
	{ kill -KILL "$VX_PID" && reap_vx 5; } 2>/dev/null
	wait_for 2 no_kernel_objects && wait_for 2 clean_links || left=$((left + 1))
done
check "kills after which something was left for 2 s" "$left" 0
check_ge "kills of a running one" "$starts" 1
check "pins" "$(find /sys/fs/bpf -name 'vx*' 2>/dev/null | head -1)" ""

start_vx -n "$RULE" --allow-mode off || exit 1
flowing() { [ "$(vxctl --json ledger | json .sent)" -gt 1000 ]; }
check_cmd "the next start works and packets flow" wait_for 5 flowing

# A second one.
in_tgt timeout 10 "$VX" --headless --socket "$T/second.sock" -n "$RULE" ens5 ens6 >"$T/second" 2>&1
check "a second start: exit code" $? 1
check_ge "it names the pid of the first" "$(grep -cw "$VX_PID" "$T/second")" 1
hint=$(sed -n 's/.*watch it with: vxconsole attach //p' "$T/second")
check "it says how to watch it" "$hint" "ens5 --socket $VX_SOCK"
check "one XDP program on ens5" "$(in_tgt bpftool -j net show | json '[.[0].xdp[]] | length')" 1
check "the first goes on" "$(json .balanced "$(vxctl --json ledger)")" true

# SIGTERM under load: every queued packet is sent or counted.
stop_vx
check "SIGTERM under load: exit code" "$VX_RC" 0
stop_load
check "SIGTERM under load: the final exact check" \
	"$(sed -n 's/^ *exact: *//p' "$VX_LOG" | tail -n 1)" yes
check "SIGTERM under load: left in flight" "$(sed -n 's/^ *in_flight: *//p' "$VX_LOG")" 0
