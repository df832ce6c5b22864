#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A TX queue of the egress is taken away while a worker sends there by AF_XDP: that worker sends by packet
# from then on, and what is said of the egress is what sends. No veth gives up a queue that has a socket, so
# the egress is a tap.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
in_tgt ip link del ens6
mkfifo "$T/less" # its other end closes with this script, and the tap goes
exec 9<>"$T/less"
ip netns exec "$LAB-tgt" python3 "$ROOT/tests/netns/tap_queues.py" ens6 2 <"$T/less" >"$T/tap.out" 2>&1 9>&- &
check_cmd "the tap is there" wait_for 5 grep -q ready "$T/tap.out" || exit 1
in_tgt ip link set ens6 up mtu 9001
in_tgt ip addr add 172.30.82.10/24 dev ens6
in_tgt ip neigh add $LAB_NAT4 lladdr 02:00:00:00:82:95 dev ens6

start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode off --egress xdp --workers 2 --interval 0.2 || exit 1
start_load --rate 2000 --seconds 60 --flows 32

is() { [ "$(vxctl --json stats | json "$1")" = "$2" ]; }
sends() { # sends WORKER: more than 100 packets from here
	local before
	before=$(sent "$1")
	wait_for 5 more_than "$1" $((before + 100))
}
sent() { vxctl --json workers | json ".[$1].sent"; }
more_than() { [ "$(sent "$1")" -gt "$2" ]; }
through() { in_tgt tc -s -j qdisc show dev ens6 | json '.[0].packets'; } # AF_XDP goes round it

check_cmd "worker 0 sends" sends 0
check_cmd "worker 1 sends" sends 1
check_cmd "two queues: xdp" is '.egress_method + ", " + .egress_reason' "xdp, asked for"
check "none by packet" "$(through)" 0

echo less >&9
check_cmd "a queue less: xdp and packet" wait_for 5 is .egress_method xdp+packet
check_cmd "why" is .egress_reason \
	"asked for, 1 of 2 workers by packet: worker 1: its TX queue takes nothing any more"
check "the log says so, once" "$(grep -c 'warning: egress ens6: packets are sent by xdp+packet' "$VX_LOG")" 1
check_cmd "worker 0 goes on" sends 0
check_cmd "worker 1 goes on" sends 1
check_ge "by packet" "$(through)" 100
check "balanced" "$(vxctl --json ledger | json .balanced)" true

check_cmd "set egress packet" vxctl set egress packet
check_cmd "packet" is '.egress_method + ", " + .egress_reason' "packet, asked for"
check_cmd "set egress xdp" vxctl set egress xdp
check_cmd "one queue: xdp and packet" is '.egress_method + ", " + .egress_reason' \
	"xdp+packet, asked for, 1 of 2 workers by packet: AF_XDP: ens6 has 1 TX queue"
check_cmd "worker 1 sends all the same" sends 1

stop_load
stop_vx
check "exit code" "$VX_RC" 0
