#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 60
#
# The leak guard: the host's own traffic to a NAT target never counts, a frame of somebody else's that
# goes where ours go does, and so does a mirrored packet that is sent on.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
leaked() { vxctl --json ledger | json .leaked; }

# Nobody listens before the start, so the kernel answers each mirrored packet with an error that quotes it.
in_tgt sysctl -qw net.ipv4.icmp_ratelimit=0
start_load --rate 2000 --count 4000
started() { [ "$(in_tgt ip -s -j link show ens5 | json '.[0].stats64.tx.packets')" -gt 50 ]; }
check_cmd "the kernel answers mirrored packets before the start" wait_for 5 started
start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode off || exit 1
end_load
check "leaked: not what was before the start" "$(leaked)" 0

# The host itself, to the NAT target's very port, out of ens5.
in_tgt ip route add $LAB_NAT4/32 via 172.30.74.10 dev ens5
in_tgt ping -c 20 -i 0.01 -W 1 $LAB_NAT4 >/dev/null 2>&1
in_tgt bash -c "for i in 1 2 3 4 5; do echo hello >/dev/udp/$LAB_NAT4/8081; done"
check_ge "the host's own frames went out of ens5" "$(in_tgt ip -s -j link show ens5 |
	json '.[0].stats64.tx.packets')" 20
check "leaked after the host's own traffic" "$(leaked)" 0

# One forwarded frame: a stranger's source, to the NAT target.
in_tgt "$VXGEN" send ens5 --plain --src 203.0.113.9 --dst $LAB_NAT4 --dport 8081 --count 1 \
	--dmac 02:00:00:00:74:10 --via packet >/dev/null
one() { [ "$(leaked)" = 1 ]; }
wait_for 1 one
check "leaked within 1 s of one planted forwarded frame" "$(leaked)" 1
check_ge "the status line says so" "$(wait_for 3 grep -q LEAK "$VX_LOG"; grep -c LEAK "$VX_LOG")" 1

# A mirrored packet on its way out again; and one of another VNI, which is none of ours.
in_tgt "$VXGEN" send ens5 --count 3 --dmac 02:00:00:00:74:10 --outer-src 172.30.74.144 \
	--outer-dst 172.30.74.10 --via packet >/dev/null
in_tgt "$VXGEN" send ens5 --count 3 --vni 77 --dmac 02:00:00:00:74:10 --outer-src 172.30.74.144 \
	--outer-dst 172.30.74.10 --via packet >/dev/null
four() { [ "$(leaked)" = 4 ]; }
wait_for 1 four
check "leaked after three mirrored packets" "$(leaked)" 4

# An inner packet as it was before NAT: its source is not ours, and a rule would match it.
in_tgt "$VXGEN" send ens5 --plain --src 203.0.113.9 --dst 172.30.74.144 --dport 31765 --count 2 \
	--dmac 02:00:00:00:74:10 --via packet >/dev/null
six() { [ "$(leaked)" = 6 ]; }
wait_for 1 six
check "leaked after two un-NATed inner packets" "$(leaked)" 6

# The first fragment of a mirrored packet, and no other: the kernel answers with an error that quotes it.
in_tgt sysctl -qw net.ipv4.ipfrag_time=1
in_src python3 "$(dirname "$0")/send_frame.py" src0 1 first=02:00:00:00:74:44,$LAB_TARGET4
seven() { [ "$(leaked)" = 7 ]; }
wait_for 5 seven
check "leaked after an error about missing fragments" "$(leaked)" 7

# What no tap sees: a sender that passes the taps by.
in_tgt "$VXGEN" send ens5 --plain --src 172.30.74.144 --dst 172.30.74.10 --dport 9 --count 50 \
	--dmac 02:00:00:00:74:10 --via xdp >"$T/sent" 2>&1 && {
	unseen() { [ "$(vxctl --json ledger | json .unseen_tx)" -ge 50 ]; }
	wait_for 3 unseen
	check "frames that no tap saw are told" "$(vxctl --json ledger | json .unseen_tx)" 50
}
