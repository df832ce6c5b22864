#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 240
#
# Causes of trouble, planted one after another into a pipeline that carries traffic. Each is named first and alone within
# 5 s, and its fix is run here as it is printed; the next is planted at once, so that the list that then holds it alone
# shows, too, that the one before is gone within 5 s of its fix. Where the fix is elsewhere (another host, AWS), or there is
# none (a thread that is held), what was planted is taken back.
# Not here: one flow, a ring that is full (soak_diagnose), a stray program (t_strays_clean), a ledger that is not balanced (t_fault_builds), and what NICs count
# (unit/test_diagnose has the counters of ENA: a veth has none).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/diagnose.sh"

lab_up "$LAB" || exit 1
echo '["10.0.0.0/8"]' >"$T/list.json"
start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode enforce -a "$T/list.json" --match src --workers 2 --ring 4M --batch 1 \
	--egress packet || # a queueing discipline is in the way of no other
	exit 1

named "silent: no packets" "no_packets"
check "silent: since when" "$(first text | grep -c '^no packets since ..:..:..Z, the start')" 1
start_load --rate 1000 --seconds 200 --size 600 --src 10.1.0.0/24
named "traffic: no cause" ""
beyond() { vxctl diagnose | grep -q "^all is right here: [0-9,]* packets/s leave ens6 to MAC 02:00:00:00:82:95 for $LAB_NAT4:8081"; }
check_cmd "what lies beyond is told" wait_for 5 beyond

# Of several targets the one that packets go to, whatever comes first.
vxctl nat del udp/31765 -y >/dev/null
vxctl nat add "udp/9=$LAB_NAT4:80" >/dev/null
vxctl nat add "udp/31765=$LAB_NAT4:8081" >/dev/null
check_cmd "of two targets, the one at work" wait_for 5 beyond
check "and its port" "$(vxctl diagnose | grep -c 'port 8081$')" 1
beside --dport 9
check_cmd "two at work: that is told" wait_for 5 eval "vxctl diagnose | grep -q ':8081, most of them; 1 other rule leads elsewhere'"
other_ends
vxctl nat del udp/9 -y >/dev/null

in_tgt ip link set ens6 down
cause egress_down "ip link set ens6 up"

in_tgt ip link set ens6 mtu 500
cause egress_mtu "ip link set ens6 mtu 586"

vxctl -y intake off >/dev/null
cause intake_off "intake on"
in_tgt ip link set ens6 mtu 9001

vxctl vni add 7 >/dev/null
vxctl -y vni del 1 >/dev/null
cause other_vni "vni add 1"

vxctl -y allow del 10.0.0.0/8 >/dev/null
named all_denied all_denied
check "all_denied: names addresses" "$(first text | grep -c 'empty\. 10\.1\.0\.')" 1
check "all_denied: its fix" "$(first 'fix[0]' | sed 's/10\.1\.0\.[0-9]*$/ADDR/')" "allow add ADDR"
check_cmd "all_denied: its fix runs" mend

vxctl -y nat del udp/31765 >/dev/null
named no_rule no_rule
vxctl allow add 10.0.0.0/8 >/dev/null
wait_for 5 fix_is "nat add udp/31765=ADDRESS:PORT" # which port it is, is known a second later
check "no_rule: its fix" "$(first 'fix[0]')" "nat add udp/31765=ADDRESS:PORT"
fix=$(first 'fix[0]')
check_cmd "no_rule: its fix, completed, runs" mend "${fix%ADDRESS:PORT}$LAB_NAT4:8081"
named "no_rule: cured" ""

in_tgt ip addr del 172.30.82.10/24 dev ens6
cause next_hop "ip route add $LAB_NAT4 dev ens6"
in_tgt ip addr add 172.30.82.10/24 dev ens6

in_tgt tc qdisc add dev ens6 root tbf rate 1kbit burst 1600 limit 1600
cause tx_not_following "tc qdisc del dev ens6 root"

# Cut, as by a mirror session with a packet length.
while :; do
	in_src python3 "$(dirname "$0")/send_frame.py" src0 100 src=10.1.0.200 cut=20 mirror=172.30.74.10
done >/dev/null 2>&1 &
cutter=$!
named truncated truncated
check "truncated: what is to be raised" "$(first text | grep -c 'raise the packet length of .* and the MTU of ens5 (9001)')" 1
cause truncated "set truncated forward"

in_tgt "$VXGEN" send ens5 --plain --src 203.0.113.9 --dst $LAB_NAT4 --dport 8081 --count 1 --dmac 02:00:00:00:74:10 \
	--via packet >/dev/null
cause leak ack
kill $cutter
wait $cutter 2>/dev/null

worker=$(vxctl --json workers | json 'max_by(.sent_pps)')
python3 "$(dirname "$0")/hold_thread.py" "$(json .tid "$worker")" >"$T/held" &
holder=$!
named worker_stuck worker_stuck
check "worker_stuck: says which" "$(first text | grep -c "^worker $(json .worker "$worker") has made no progress")" 1
sent() { vxctl --json workers | json "[.[] | select(.worker != $(json .worker "$worker"))] | map(.sent) | add"; }
before=$(sent)
more() { [ "$(sent)" -gt "$before" ]; }
check_cmd "worker_stuck: the other goes on" wait_for 5 more
kill $holder
wait $holder 2>/dev/null
named "worker_stuck: cured" ""

in_tgt ip link set ens5 down
named "ingress down: no packets" "no_packets"
check "ingress down: its fix" "$(first 'fix[0]')" "ip link set ens5 up"
check_cmd "ingress down: its fix runs" mend

# Frames to another MAC: they come as long as ens5 is promiscuous.
in_tgt ip link set ens5 promisc on
beside --dmac 02:00:00:00:74:99
named promisc promisc
other_ends

# Two at once are both named, the worse first; what follows from the first is not. One's end is not the other's.
in_tgt ip link set ens6 down
beside --vni 9
named "two at once" "egress_down other_vni"
in_tgt ip link set ens6 up
named "one mended" "other_vni"
check_cmd "the other's fix runs" mend
other_ends

# A source that falls silent, while another goes on.
in_src ip addr add 172.30.74.11/24 dev src0
in_src "$VXGEN" send src0 --rate 500 --seconds 4 --outer-src 172.30.74.11 --src 10.1.0.0/24 >/dev/null 2>&1
cause source_silent ack
named "source_silent: cured" ""

# Nothing but what is not VXLAN; then nothing at all.
stop_load
beside --port 4790
named no_vxlan no_vxlan
other_ends
named "and then nothing" no_packets
check "balanced" "$(vxctl --json ledger | json .balanced)" true
stop_vx
check "it exits well" "$VX_RC" 0

# Another user of the port, at the start; its cure is noticed.
in_tgt ip link add vxlan0 type vxlan id 5 dstport 4789 dev ens5
in_tgt ip link set vxlan0 up
start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode off --workers 1 --ring 64K || exit 1
start_load --rate 1000 --seconds 100 --size 200
cause port_in_use "ip link set vxlan0 down"
stop_load
