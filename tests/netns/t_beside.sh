#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 60
# beside others
#
# Two engines on two ingress interfaces of one namespace: neither is a fault to the other, and the one that had the VXLAN
# port leaves it to the other when it ends.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
in_tgt ip link add by0 type veth peer name by1
for dev in by0 by1; do in_tgt ip link set $dev up; done
ip netns exec "$LAB-tgt" "$VX" --headless --socket "$T/first.sock" --allow-mode off by0 ens6 >"$T/first.out" 2>"$T/first.log" &
first=$!
up() { grep -q '^ready:' "$T/first.log"; }
check_cmd "the first starts" wait_for 20 up
start_vx --allow-mode off || exit 1
check "the second says who may have the port" "$(grep -c 'UDP port 4789 is in use by somebody else (a vxlan device, another vxconsole?)' \
	"$VX_LOG")" 2

sees() { vxctl --json strays | json '[.programs[].why] | index("instance") != null' | grep -q true; }
check_cmd "each sees the other" wait_for 10 sees
quiet() { ! vxctl --json diagnose | json '[.causes[].id] | join(" ")' | grep -q port_in_use; }
check_cmd "the port is no cause then" wait_for 5 quiet
check "nor is it one to the first" "$("$VX" ctl -s "$T/first.sock" --json diagnose | json '[.causes[].id] | index("port_in_use")')" null

kill "$first"
wait "$first"
holder() { in_tgt ss -Hulnp 'sport = :4789' | grep -c "pid=$VX_PID,"; }
both() { [ "$(holder)" = 2 ]; }
check_cmd "the second takes the port when the first has ended" wait_for 10 both
stop_vx
check "exit code" "$VX_RC" 0
