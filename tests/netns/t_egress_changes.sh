#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
#
# What befalls the egress: down, its MTU too small, its next hop unresolved or changed, deleted. Each is
# named in the status line, counted, and recovered from without a restart. Then the ingress is deleted.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" --dynamic || exit 1
start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode off --interval 0.2 || exit 1
start_load --rate 2000 --seconds 110 --size 600

ledger() { vxctl --json ledger | json "$1"; }
rises() { # rises ROW: it grows by more than 100 from here
	local before=$1 row=$2
	[ "$(ledger "$row")" -gt $((before + 100)) ]
}
check_rises() { # NAME ROW
	check_cmd "$1" wait_for 10 rises "$(ledger "$2")" "$2"
}
says() { tail -n 2 "$VX_LOG" | grep -q "$1"; }
silent() { ! tail -n 1 "$VX_LOG" | grep -q ' ! '; }
flows_again() {
	check_rises "$1: packets are sent again" .sent
	check_cmd "$1: the status line is calm again" wait_for 5 silent
	check "$1: balanced" "$(ledger .balanced)" true
}

by_xdp() {
	check "$1: sent by AF_XDP, and said so" \
		"$(vxctl --json stats | json '.egress_method + ", " + .egress_reason')" "xdp, AF_XDP binds"
}

check_rises "packets flow" .sent
by_xdp "first"

in_tgt ip link set ens6 down
check_cmd "egress down: named" wait_for 5 says 'egress ens6 is down'
check_cmd "egress down: the status line helps" wait_for 5 says 'ip link set ens6 up'
check_cmd "egress down: the log says it in words" wait_for 5 grep -q "next hop to $LAB_NAT4: ens6 is down" "$VX_LOG"
check_rises "egress down: counted" '[(.tx_failed | add // 0), .dropped.no_neighbour] | add'
in_tgt ip link set ens6 up
flows_again "egress up"

in_tgt ip link set ens6 mtu 500
check_cmd "MTU too small: named, with the size that is needed" wait_for 5 says 'MTU 500 is too small.*586'
check_rises "MTU too small: counted" .dropped.oversize
in_tgt ip link set ens6 mtu 9001
flows_again "MTU large enough"

# The destination goes silent, and the entry of the neighbour table is forgotten.
in_dst ip link set dst0 arp off
in_tgt ip neigh flush dev ens6
in_tgt ip neigh del $LAB_NAT4 dev ens6 2>/dev/null
check_cmd "next hop silent: named" wait_for 15 says "next hop to $LAB_NAT4"
check_rises "next hop silent: counted" .dropped.no_neighbour
in_dst ip link set dst0 arp on
flows_again "next hop answers"

in_dst ip link set dst0 address 02:00:00:00:82:77
in_dst arping -q -c 1 -U -I dst0 $LAB_NAT4 2>/dev/null ||
	in_dst ping -q -c 1 -W 2 172.30.82.10 >/dev/null
new_mac() { [ "$(vxctl --json nat list | json '.[0].next_hop')" = 02:00:00:00:82:77 ]; }
check_cmd "the next hop's MAC changed: followed" wait_for 10 new_mac
start_sink dst --count 500 --seconds 10
end_sink dst
check "the frames carry the new MAC" "$(json .bad_mac "$SINK")" 0
check_ge "frames with the new MAC" "$(json .packets "$SINK")" 500

# No route: out of the egress nothing is reached any more.
in_tgt ip addr del 172.30.82.10/24 dev ens6
check_cmd "no route: named" wait_for 10 says "next hop to $LAB_NAT4.*route"
check_rises "no route: counted" .dropped.no_neighbour
in_tgt ip addr add 172.30.82.10/24 dev ens6
flows_again "route back"

# To another namespace and back: it keeps its index, but no socket that was on it sends any more.
in_tgt ip link set ens6 netns "$LAB-src"
check_cmd "egress moved away: named" wait_for 5 says 'egress ens6 is gone'
lab_exec "$LAB" src ip link set ens6 netns "$LAB-tgt"
in_tgt ip addr add 172.30.82.10/24 dev ens6
in_tgt ip link set ens6 up
flows_again "egress moved back"
by_xdp "egress moved back"

in_tgt ip link del ens6
check_cmd "egress deleted: named" wait_for 5 says 'egress ens6 is gone'
check_rises "egress deleted: counted" '[(.tx_failed | add // 0), .dropped.no_neighbour] | add'
check "egress deleted: balanced" "$(ledger .balanced)" true
ip netns exec "$LAB-tgt" ip link add ens6 mtu 9001 type veth peer name dst0 mtu 9001 netns "$LAB-dst"
in_tgt ip addr add 172.30.82.10/24 dev ens6
in_dst ip addr add $LAB_NAT4/24 dev dst0
in_tgt ip link set ens6 up
in_dst ip link set dst0 up
flows_again "egress made anew"
by_xdp "egress made anew"
check "leaked" "$(ledger .leaked)" 0

in_tgt ip link del ens5
reap_vx 10
check "ingress deleted: exit code" "$VX_RC" 1
check_ge "ingress deleted: a clear message" "$(grep -c 'ens5 is gone' "$VX_LOG")" 1
check_ge "ingress deleted: the report" "$(grep -c '^report' "$VX_LOG")" 1
stop_load
