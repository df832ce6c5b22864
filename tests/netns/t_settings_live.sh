#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 180
#
# Each live setting changed under 85,000 packets/s: read back, its effect seen on packets sent beside the
# load, and nothing of the load lost.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
in_tgt tc qdisc add dev ens6 root pfifo limit 10000
# The load is allowed by its source and by its destination, so that no `match` loses it.
echo '["198.51.100.0/24", "172.30.74.144"]' >"$T/list.json"
start_vx -n "udp/31765=$LAB_NAT4:8081" -a "$T/list.json" --workers 2 --ring 64M || exit 1

ledger() { vxctl --json ledger | json "$1"; }
value() { vxctl --json show settings | json ".[] | select(.name == \"$1\").value"; }
moved() { [ "$(ledger "$ROW")" -ge "$WANT" ]; }

# put NAME VALUE: sets it and reads it back.
put() {
	vxctl set "$1" "$2" >"$T/set" 2>&1 || sed 's/^/#   | /' "$T/set"
	check "set $1 $2: read back" "$(value "$1")" "$2"
}

# moves NAME ROW FRAME...: ten of the frame move a row (that the load does not touch) by ten.
moves() {
	local name=$1 before
	ROW=$2
	shift 2
	before=$(ledger "$ROW")
	WANT=$((before + 10))
	in_src python3 "$(dirname "$0")/send_frame.py" src0 10 "$@"
	wait_for 3 moved
	check "$name: $ROW" "$(($(ledger "$ROW") - before))" 10
}

start_sink dst --seconds 170 --expect-dst "$LAB_NAT4"
start_load --rate 85000 --seconds 160 --flows 100 --size 142
flowing() { [ "$(ledger .sent)" -gt 10000 ]; }
check_cmd "the load flows" wait_for 5 flowing

moves "vni 1" .passed.other_vni vni=7
put vni 1,7
moves "vni 1,7 takes both" .dropped.no_rule vni=7 dport=5
# Counted before it was ours and since: one VNI all the same.
check "vni list: each once" "$(vxctl --json vni list | json 'map("\(.vni) \(.ours) \(.packets)") | .[1:] | join(", ")')" \
	"7 true 20"
put vni any
moves "vni any takes all" .dropped.no_rule vni=4711 dport=5
put vni 1
moves "vni 1 again" .passed.other_vni vni=7

put other-vni drop
moves "other-vni drop" .dropped.other_vni vni=99
put other-vni pass
moves "other-vni pass" .passed.other_vni vni=99

moves "match any" .dropped.no_rule src=203.0.113.9 dport=5
put match src
moves "match src" .dropped.denied src=203.0.113.9 dport=5
put match dst
moves "match dst" .dropped.no_rule src=203.0.113.9 dport=5
put match any

# A rule's target: a rule for every destination stands in while it is made anew.
to() { vxctl --json nat list | json ".[] | select(.key == \"udp/31765\") | $1"; }
DROPPED=$(ledger .dropped.no_rule)
check_cmd "another target: a rule for every destination" vxctl nat add "udp/31765@0.0.0.0/0=$LAB_NAT4:8082"
check_cmd "another target: the old rule goes" vxctl nat del udp/31765
check_cmd "another target: the new one" vxctl nat add "udp/31765=$LAB_NAT4:8082"
check_cmd "another target: the one for every destination goes" vxctl nat del udp/31765@0.0.0.0/0
check "another target: it is in force" "$(to .to)" "$LAB_NAT4:8082"
hit() { [ "$(to .hits)" -gt 1000 ]; }
check_cmd "another target: packets go there" wait_for 3 hit
check "another target: no packet was without a rule" "$(ledger .dropped.no_rule)" "$DROPPED"

put unmatched forward
moves "unmatched forward" .unnatted dport=5
put unmatched drop
moves "unmatched drop" .dropped.no_rule dport=5

moves "truncated drop" .dropped.truncated cut=4
put truncated forward
moves "truncated forward" .dropped.no_rule cut=4 dport=5
put truncated drop
moves "truncated drop again" .dropped.truncated cut=4

moves "allow-mode enforce" .dropped.denied src=203.0.113.9 dst=203.0.113.10
put allow-mode count
moves "allow-mode count" .dropped.no_rule src=203.0.113.9 dst=203.0.113.10 dport=5
put allow-mode off
moves "allow-mode off" .dropped.no_rule src=203.0.113.9 dst=203.0.113.10 dport=5
put allow-mode enforce
moves "allow-mode enforce again" .dropped.denied src=203.0.113.9 dst=203.0.113.10

put batch 1
batch_of_one() { [ "$(vxctl --json workers | json 'map(.batch_avg <= 1) | all')" = true ]; }
check_cmd "batch 1: no larger batch" wait_for 4 batch_of_one
put batch 64

slept() {
	local t
	for t in $(vxctl --json workers | json '.[].tid'); do
		grep -h ^voluntary_ctxt "/proc/$VX_PID/task/$t/status"
	done
}
awake() { a=$(slept); sleep 0.2; [ "$(slept)" = "$a" ]; }
asleep() { ! awake; }
# A worker that sleeps is real-time, where that is allowed at all; one that does not shares its CPU, as do two of one CPU.
first() { chrt -f 1 true 2>/dev/null && echo SCHED_FIFO || echo SCHED_OTHER; }
scheduled() { for t in $(vxctl --json workers | json '.[].tid'); do chrt -p "$t" | grep -q "$1" || return 1; done; }
put busy-poll on
check_cmd "busy-poll on: no worker sleeps" wait_for 3 awake
said() { grep -c "busy-poll: 2 workers $1" "$VX_LOG"; }
check "busy-poll on: it is said that they share a CPU" "$(said share)" $(($(nproc) == 2)) # one is left to the ingress
put cpus 0-1
check "busy-poll on: it is said when none is left" "$(said on)" $(($(nproc) == 2))
put busy-poll off
check_cmd "busy-poll off: they do again" wait_for 3 asleep
check_cmd "a worker that sleeps comes first" wait_for 3 scheduled "$(first)"
put busy-poll on
check_cmd "busy-poll on: no worker comes first" wait_for 3 scheduled SCHED_OTHER
put busy-poll off
check_cmd "busy-poll off: they come first again" wait_for 3 scheduled "$(first)"

put dispatch spread
put dispatch flow

put cpus 1
allowed() { cut -f 2 <(grep Cpus_allowed_list "/proc/$VX_PID/task/$1/status"); }
on_cpu() { for t in $(vxctl --json workers | json '.[].tid'); do [ "$(allowed "$t")" = "$1" ] || return 1; done; }
check_cmd "cpus 1: every worker is there" wait_for 2 on_cpu 1
check_cmd "cpus 1: none comes first" wait_for 3 scheduled SCHED_OTHER
put cpus 0-1

# The queue discipline counts what goes through it; AF_XDP goes round it.
through() { in_tgt tc -s -j qdisc show dev ens6 | json '.[0].packets'; }
still() { a=$(through); sleep 0.2; [ "$(through)" = "$a" ]; }
going() { ! still; }
method() { vxctl --json stats | json .egress_method; }
check "egress auto: AF_XDP" "$(method)" xdp
check_cmd "egress auto: packets go round the qdisc" wait_for 3 still
put qdisc-bypass on
put qdisc-bypass off
put egress packet
check "egress packet" "$(method)" packet
check_cmd "qdisc-bypass off: packets go through the qdisc" wait_for 3 going
put qdisc-bypass on
check_cmd "qdisc-bypass on: none does" wait_for 3 still
put qdisc-bypass off
check_cmd "qdisc-bypass off again" wait_for 3 going

for way in xdp packet auto; do
	put egress $way
done
check "egress auto again: AF_XDP" "$(method)" xdp
check_cmd "egress auto again: packets go round the qdisc" wait_for 3 still

lines() { grep -c ' in [0-9]* pps ' "$VX_LOG"; }
put interval 0.2
LINES_BEFORE=$(lines)
ten_more() { [ "$(lines)" -ge $((LINES_BEFORE + 10)) ]; }
check_cmd "interval 0.2: ten lines within 4 s" wait_for 4 ten_more
put interval 1

put debug 3
traced() { grep -q 'trace .*198.51.100..*row queued.*worker [01]: sent' "$VX_LOG"; }
check_cmd "debug 3: a packet's line" wait_for 3 traced
put debug 1
sleep 0.3
BEFORE=$(grep -c trace "$VX_LOG")
sleep 1.2
check "debug 1: no more lines" "$(grep -c trace "$VX_LOG")" "$BEFORE"
check_ge "at most 10 lines a second" 60 "$BEFORE"

# The same MAC by hand and by the neighbour table.
put next-hop-mac 02:00:00:00:82:95
check "next-hop-mac: nat list" "$(vxctl --json nat list | json '.[0].next_hop')" 02:00:00:00:82:95

stop_load
drain_sink dst
check "of the load, arrived" "$(json .stamped "$SINK")" "$(json .sent "$SENT")"
check "lost" "$(json .lost "$SINK")" 0
check "bad MACs" "$(json .bad_mac "$SINK")" 0
L=$(vxctl --json ledger)
check "ring drops" "$(json .ring_full "$L")" 0
check "failed sends" "$(json '.tx_failed | add // 0' "$L")" 0
check "balanced" "$(json .balanced "$L")" true

# What changes where packets go, without the load.
put next-hop-mac 02:00:00:00:82:aa
start_sink dst --count 10 --seconds 5
in_src python3 "$(dirname "$0")/send_frame.py" src0 10
end_sink dst
check "next-hop-mac: the frames carry it" "$(json .bad_mac "$SINK")" 10
check_cmd "set next-hop-mac auto" vxctl set next-hop-mac auto
check "next-hop-mac auto: nat list" "$(vxctl --json nat list | json '.[0].next_hop')" 02:00:00:00:82:95
put egress null
ROW=.sent
WANT=$(($(ledger .sent) + 10))
in_src python3 "$(dirname "$0")/send_frame.py" src0 10
check_cmd "egress null: counted as sent" wait_for 3 moved
for way in packet xdp; do
	put egress $way
	start_sink dst --count 10 --seconds 5
	in_src python3 "$(dirname "$0")/send_frame.py" src0 10
	end_sink dst
	check "egress $way after null" "$(json .packets "$SINK")" 10
done

for fixed in workers=3 ring=64M port=4790 mode=generic allow-max=5 zerocopy=on socket=/x config=/x; do
	BEFORE=$(value "${fixed%%=*}")
	vxctl set "${fixed%%=*}" "${fixed#*=}" >"$T/set" 2>&1
	check "set ${fixed%%=*}: refused" $? 1
	check "set ${fixed%%=*}: unchanged" "$(value "${fixed%%=*}")" "$BEFORE"
	check_ge "set ${fixed%%=*}: says why" "$(wc -w <"$T/set")" 4
done
check "the exact check" "$(vxctl --json selfcheck | json .exact)" true
stop_vx
check "exit code" "$VX_RC" 0
