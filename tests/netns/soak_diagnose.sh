#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 200
#
# Causes that need a processor which others use, too: one flow that is more than its worker can send, and a ring that is too
# small for what a worker misses meanwhile. Each is named within 5 s, and cured by its printed fix.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/diagnose.sh"

lab_up "$LAB" || exit 1
echo '["10.0.0.0/8"]' >"$T/list.json"
# Nine tenths of a CPU, before the worker: what has a higher real-time priority.
hog() {
	timeout 60 taskset -c "$(json .cpu "$worker")" chrt -f 2 python3 -c '
import time
while True:
    end = time.monotonic() + 0.018
    while time.monotonic() < end:
        pass
    time.sleep(0.002)
' &
	HOG=$!
}
hog_ends() {
	kill $HOG
	wait $HOG 2>/dev/null
}

start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode enforce -a "$T/list.json" --match src --workers 2 --cpus 0-1 \
	--ring 4M --batch 1 || exit 1
# One flow is more than its worker can send on a processor that others use, too.
worker=$(vxctl --json workers | json '.[0]')
start_load --rate 40000 --seconds 100 --size 200 --flows 1 --src 10.1.0.0/24
hog
cause one_flow "set dispatch spread"
named "one_flow: cured" ""
hog_ends

stop_load
stop_vx

start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode off --workers 1 --ring 64K || exit 1
start_load --rate 20000 --seconds 100 --size 200
# A ring that is small for what a worker misses while others use its processor: started again with the sizes that are named.
worker=$(vxctl --json workers | json '.[0]')
hog
named ring_full ring_full
again=$(first 'fix[0]')
check "ring_full: its fix" "$(sed 's/[0-9]\+K/NK/' <<<"$again")" "vxconsole --ring NK --workers 2 ens5 ens6"
stop_vx
again=${again#vxconsole }
start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode off ${again% ens5 ens6} || exit 1
named "ring_full: cured" ""
hog_ends
stop_load
