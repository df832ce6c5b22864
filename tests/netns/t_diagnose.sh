#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 240
#
# Causes of trouble, planted one after another into a pipeline that carries traffic: each is named first and alone within
# 5 s, with a fix that is run here as it is printed, and is gone within 5 s of it. Before, between and after them: none.
# What a NIC drops or an allowance that is exceeded (nic_drops), an unbalanced ledger, a leak, packets that were cut, a
# worker that is stuck or has one flow alone, and a full ring are not planted here, as a veth at a moderate rate has none
# of it: tests/unit/test_diagnose.c has those on the model.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
echo '["10.0.0.0/8"]' >"$T/list.json"
start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode enforce -a "$T/list.json" --match src ||
	exit 1

ids() { vxctl --json diagnose | json '[.causes[].id] | join(" ")'; }
ids_are() { [ "$(ids)" = "$1" ]; }
# named NAME IDS: within 5 s these are the causes, in this order.
named() {
	wait_for 5 ids_are "$2"
	check "$1: named" "$(ids)" "$2"
}
first_fix() { vxctl --json diagnose | json '.causes[0].fix[0]'; }
# mend [FIX]: the first fix, as printed, or with the placeholder filled in; a shell's in the target's namespace.
mend() {
	local fix=${1:-$(first_fix)}
	case ${fix%% *} in
	ip | tc) in_tgt sh -c "$fix" ;;
	aws | ss | sysctl | ethtool | tcpdump | vxconsole) check "a fix that can be run here" "$fix" "ip or tc ..." ;;
	*) vxctl -y $fix >/dev/null ;;
	esac
}
# cause ID EXPECTED-FIX: named, its fix is this, and it mends.
cause() {
	named "$1" "$1"
	check "$1: its fix" "$(first_fix)" "$2"
	check_cmd "$1: its fix runs" mend
	named "$1: cured" ""
}

named "silent: no packets since the start" "no_packets"
check "silent: since when" "$(vxctl --json diagnose | json '.causes[0].text' | grep -c '^no packets since ..:..:..Z, the start')" 1
start_load --rate 1000 --seconds 220 --size 600 --src 10.1.0.0/24
named "traffic: no cause" ""
check "what lies beyond is told" "$(vxctl diagnose | grep -c "leave ens6 to MAC 02:00:00:00:82:95 for $LAB_NAT4:8081")" 1
for _ in 1 2 3; do
	sleep 1
	check "and goes on without one" "$(ids)" ""
done

in_tgt ip link set ens6 down
cause egress_down "ip link set ens6 up"

in_tgt ip link set ens6 mtu 500
cause egress_mtu "ip link set ens6 mtu 586"
in_tgt ip link set ens6 mtu 9001

vxctl -y intake off >/dev/null
cause intake_off "intake on"

vxctl vni add 7 >/dev/null
vxctl -y vni del 1 >/dev/null
cause other_vni "vni add 1"
vxctl -y vni del 7 >/dev/null

vxctl -y allow del 10.0.0.0/8 >/dev/null
vxctl allow add 192.0.2.1 >/dev/null
named all_denied all_denied
check "all_denied: names addresses" "$(vxctl --json diagnose | json '.causes[0].text' | grep -c '10\.1\.0\.')" 1
check "all_denied: its fix" "$(first_fix | sed 's/10\.1\.0\.[0-9]*$/ADDR/')" "allow add ADDR"
check_cmd "all_denied: its fix runs" mend
named "all_denied: cured" ""
vxctl allow add 10.0.0.0/8 >/dev/null 2>&1 || vxctl allow mode off >/dev/null

vxctl -y nat del udp/31765 >/dev/null
named no_rule no_rule
fix_is() { [ "$(first_fix)" = "$1" ]; }
wait_for 5 fix_is "nat add udp/31765=ADDRESS:PORT" # which port is known a second later
check "no_rule: its fix" "$(first_fix)" "nat add udp/31765=ADDRESS:PORT"
fix=$(first_fix)
check_cmd "no_rule: its fix, completed, runs" mend "${fix%ADDRESS:PORT}$LAB_NAT4:8081"
named "no_rule: cured" ""
vxctl nat add udp/9=$LAB_NAT4:9 >/dev/null
vxctl -y nat del udp/31765 >/dev/null
named "no_rule, with a rule for another port" no_rule
vxctl nat add "udp/31765=$LAB_NAT4:8081" >/dev/null
named "no_rule: cured" ""
vxctl -y nat del udp/9 >/dev/null

in_tgt ip addr del 172.30.82.10/24 dev ens6
cause next_hop "ip route add $LAB_NAT4 dev ens6"
in_tgt ip addr add 172.30.82.10/24 dev ens6

in_tgt tc qdisc add dev ens6 root tbf rate 1kbit burst 1600 limit 1600
cause tx_not_following "tc qdisc del dev ens6 root"

in_tgt ip link set ens5 down
named "ingress down: no packets" "no_packets"
check "ingress down: its fix" "$(first_fix)" "ip link set ens5 up"
check_cmd "ingress down: its fix runs" mend
named "ingress down: cured" ""

# The frames are to the right MAC, and then to another one.
in_tgt ip link set ens5 promisc on
sleep 2
check "promiscuous, to our MAC: no cause" "$(ids)" ""
in_src ip neigh replace $LAB_TARGET4 lladdr 02:00:00:00:74:99 dev src0
start_foreign() { stop_load; start_load --rate 1000 --seconds 100 --size 600 --src 10.1.0.0/24; }
start_foreign
named promisc promisc
in_src ip neigh replace $LAB_TARGET4 lladdr 02:00:00:00:74:44 dev src0
start_foreign
named "promisc: cured" ""
in_tgt ip link set ens5 promisc off

# Two at once are both named, the worse first; what follows from the first is not.
in_tgt ip link set ens6 down
in_tgt ip link set ens5 promisc on
ip netns exec "$LAB-src" "$VXGEN" send src0 --rate 50 --seconds 60 --vni 9 >/dev/null 2>&1 &
other=$!
named "two at once" "egress_down other_vni"
in_tgt ip link set ens6 up
named "one mended" "other_vni"
check_cmd "the other's fix runs" mend
named "both mended" ""
kill -INT $other 2>/dev/null
wait $other 2>/dev/null

# A source that falls silent, while another goes on.
ip netns exec "$LAB-src" ip addr add 172.30.74.11/24 dev src0
ip netns exec "$LAB-src" "$VXGEN" send src0 --rate 500 --seconds 6 --outer-src 172.30.74.11 --src 10.1.0.0/24 >/dev/null 2>&1
cause source_silent ack

# Nothing but what is not VXLAN; then nothing at all.
stop_load
named "all silent: said once" "no_packets"
ip netns exec "$LAB-src" "$VXGEN" send src0 --rate 100 --seconds 60 --port 4790 >/dev/null 2>&1 &
other=$!
named no_vxlan no_vxlan
kill -INT $other 2>/dev/null
wait $other 2>/dev/null
named "and nothing again" no_packets
check "balanced" "$(vxctl --json ledger | json .balanced)" true
stop_vx
check "it exits well" "$VX_RC" 0

# Another user of the port, at the start; its cure is noticed.
in_tgt ip link add vxlan0 type vxlan id 5 dstport 4789 dev ens5
in_tgt ip link set vxlan0 up
start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode off || exit 1
start_load --rate 1000 --seconds 60
cause port_in_use "ip link set vxlan0 down"
stop_load
