#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 90
#
# What a screen is told, under 20,000 packets/s: figures, short lists, lights, history, events; mark, ack,
# questions; and that the engine says so when a screen is gone.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
echo '{"organizations":[{"org_name":"Zoom Fiber, LLC","ips":["198.51.100.0/24"]}]}' >"$T/list.json"
start_vx -n "udp/31765=$LAB_NAT4:8081" -a "$T/list.json" --workers 2 || exit 1

ask() { # LINE: a request and its answer
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
print(s.makefile().readline(), end="")' "$VX_SOCK" "$1"
}
stream() { python3 "$(dirname "$0")/stream.py" "$VX_SOCK" "$@"; }
near() { check_ge "$1" "$2" 16000 && check_ge "$1, not more" 24000 "$2"; }

start_load --rate 20000 --seconds 40 --flows 20 --src 198.51.100.0/24
flowing() { [ "$(vxctl --json stats | json .out_pps)" -gt 16000 ]; }
check_cmd "the load flows" wait_for 10 flowing
vxctl mark >/dev/null
vxctl allow add 10.9.9.9 org Lab >/dev/null
SEEN=$(stream 4)
snap() { json ".snapshot | $1" "$SEEN"; }

check_ge "snapshots each 100 ms" "$(json .snapshots "$SEEN")" 25
check_ge "a snapshot is of bounded size" 12000 "$(json .largest "$SEEN")"
near "in" "$(snap .in_pps)"
near "the busiest organisation" "$(snap '.top_org[0].pps')"
check "its name" "$(snap '.top_org[0].name')" "Zoom Fiber, LLC"
check "the busiest address" "$(snap '.top_addr[0].name')" "198.51.100.0/24"
near "the first rule" "$(snap '.nat[0].pps')"
check "the rule and its next hop" "$(snap '.nat[0] | .key, .to, .state')" \
	"$(printf 'udp/31765\n%s:8081\nresolved' $LAB_NAT4)"
check "lights" "$(snap '[.light[].state] | @csv')" "0,0,0,0,0,0"
check "nothing has latched" "$(snap '[.light[].latched] | add')" 0
check "texts of the lights" "$(snap '[.light[3,4,5].text] | @csv')" '"up","1/1","enforce"'
check "unsaved changes" "$(snap .unsaved)" 1
check "threads" "$(snap .threads)" "$(ls "/proc/$VX_PID/task" | wc -l)"
check_ge "memory of maps: the rings at least" "$(snap .map_bytes)" 16000000
check "system calls for a packet" "$(snap '.syscalls_per_packet | . > 0 and . < 3')" true
check_ge "sent since the mark" "$(snap '.ledger.sent - .mark.sent')" 60000
check_ge "sent before the mark" "$(snap .mark.sent)" 1000

check "one whole history" "$(json .wholes "$SEEN")" 1
check_ge "seconds of history" "$(json .seconds "$SEEN")" 4
near "the peak of it" "$(json .in_pps "$SEEN")"
check "marks" "$(json '.marks | @csv' "$SEEN")" '"mark","allow add 10.9.9.9 org Lab"'
check "the edit is an event" "$(json '[.events[] | select(endswith(": allow add 10.9.9.9 org Lab"))] | length' "$SEEN")" 1
gone() { grep -q "the screen of .* was lost: going on headless" "$VX_LOG"; }
check_cmd "a screen that is gone is told" wait_for 3 gone

# A light that goes out of order, is mended, and is acknowledged.
in_tgt ip link set ens6 down
wait_for 5 grep -q 'ens6' "$VX_LOG"
down() { [ "$(vxctl --json stats | json .out_pps)" = 0 ]; }
wait_for 5 down
in_tgt ip link set ens6 up
wait_for 10 flowing
SEEN=$(stream 1.5 bye)
check "EGRESS has latched" "$(snap '.light[3] | .state, .latched, .latched_text, (.to_real_ns > .from_real_ns)')" \
	"$(printf '0\n2\ndown\ntrue')"
check "the history of the first is still there" "$(json '.marks[0]' "$SEEN")" mark
vxctl ack >/dev/null
SEEN=$(stream 1 bye)
check "acknowledged" "$(snap '[.light[].latched] | add')" 0
check "one screen only was lost" "$(grep -c 'was lost' "$VX_LOG")" 1

# Questions with the effect, for those who ask for them.
effect() { ask "$1" | json '.ask // .error // "done"' | sed -E 's/\b(1[6-9]|2[0-3])[0-9]{3}\b/N/'; }
check "allow del asks" "$(effect '{"cmd":"allow del 198.51.100.0/24","confirm":true}')" \
	"would deny N packets/s of 198.51.100.0/24, Zoom Fiber, LLC"
check "nat del asks" "$(effect '{"cmd":"nat del udp/31765","confirm":true}')" \
	"N packets/s would no longer be sent to $LAB_NAT4:8081"
check "vni del of another is refused without a question" "$(effect '{"cmd":"vni del 9","confirm":true}')" \
	"vni del: VNI 9 is not ours"
check "quit asks" "$(effect '{"cmd":"quit","confirm":true}')" \
	"the engine ends: N packets/s are no longer sent, unsaved changes are lost: 1 (\`save\`, \`allow save\`)"
check "completion" "$(ask '{"complete":"allow del 198"}')" \
	'{"complete":[["198.51.100.0/24","Zoom Fiber, LLC"]]}'
check "nothing of it was done" "$(vxctl --json nat list | json length)" 1
vxctl allow save >/dev/null
SEEN=$(stream 1 bye)
check "saved" "$(snap .unsaved)" 0
stop_load
stop_vx
check "it exits well" "$VX_RC" 0
