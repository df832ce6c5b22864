#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel does of itself with the same packets, set up for speed: a vxlan device, the
# destination rewritten by nftables, forwarding.
#
#   kernel.sh up NAMESPACE dnat|notrack [steer]
#   kernel.sh down NAMESPACE
#
# - dnat: what everybody would write, a rule of the nat table, with connection tracking. Checksums are not
#   verified; 324 flows that are seen all the time need neither a larger table nor other timeouts.
# - notrack: the addresses are rewritten statelessly on the ingress of the vxlan device, nothing is tracked.
#   No NAT in the sense of the word (no answer finds its way back), but the most that the kernel can do.
# - No learning of addresses in the vxlan device, no checksum in the outer header, no search for local
#   sockets before a packet is routed, no GRO where nothing can be merged, as every flow's packets are
#   datagrams of their own.
# - steer: receive packet steering of the ingress to all CPUs but the last, where the generator and the
#   interrupts are. For the packets to be handed over in batches, both devices poll (GRO on).
#
# Measured (packets/s without loss, 2 virtual CPUs, kernel 6.18, two rounds):
#   dnat                 452,000 to 470,000; verifying checksums or looking for sockets makes no difference
#   dnat, outer packets  436,000 to 456,000: the chain that exempts them from tracking costs more than it
#     untracked          saves
#   dnat, flowtable      not to be had from that kernel (CONFIG_NF_FLOW_TABLE)
#   dnat, ens5 polling   less by a tenth
#   notrack, raw hook    493,000 to 513,000
#   notrack, netdev hook as much or 5 % more: taken
#   dnat, steer          616,000 to 812,000; without GRO on the vxlan device less by a quarter; steering on
#                        the vxlan device instead of the ingress less than half
#   notrack, steer       936,000 to 981,000 with the raw hook, 1,032,000 with netdev's
set -eu

DEV=vx0
MAC=02:56:58:00:00:02 # where the mirrored frames are going

dnat() {
	ip netns exec "$1" sysctl -qw net.netfilter.nf_conntrack_checksum=0
	ip netns exec "$1" nft -f - <<-NFT
	table ip bench {
		chain rewrite {
			type nat hook prerouting priority dstnat
			iifname $DEV udp dport 31765 dnat to 172.30.82.95:8081
		}
	}
	NFT
}

notrack() {
	ip netns exec "$1" nft -f - <<-NFT
	table netdev bench {
		chain rewrite {
			type filter hook ingress device $DEV priority 0
			udp dport 31765 ip daddr set 172.30.82.95 udp dport set 8081
		}
	}
	NFT
}

up() {
	local ns=$1 how=$2 steer=${3:-} cpus mask
	ip -n "$ns" link add $DEV type vxlan id 1 dstport 4789 local 172.30.74.144 dev ens5 \
		nolearning noudpcsum
	ip -n "$ns" link set $DEV address $MAC up
	ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.ip_early_demux=0
	"$how" "$ns"
	if [ "$steer" = steer ]; then
		cpus=$(($(nproc) - 1)) # one CPU alone has nobody to steer to
		mask=$(printf '%x' $(((1 << (cpus > 31 ? 31 : cpus)) - 1)))
		ip netns exec "$ns" ethtool -K ens5 gro on
		ip netns exec "$ns" ethtool -K $DEV gro on
	else
		mask=0
		ip netns exec "$ns" ethtool -K $DEV gro off
	fi
	ip netns exec "$ns" sh -c \
		"for q in /sys/class/net/ens5/queues/rx-*; do echo $mask >\$q/rps_cpus; done"
}

# What was tracked is of no help to the next run: all entries of the namespace are deleted.
forget() {
	ip netns exec "$1" python3 -c '
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)  # NETLINK_NETFILTER
# IPCTNL_MSG_CT_DELETE of NFNL_SUBSYS_CTNETLINK, NLM_F_REQUEST | NLM_F_ACK; no tuple: all
s.sendto(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 5, 1, 0, 0, 0, 0), (0, 0))
error = struct.unpack_from("=i", s.recv(4096), 16)[0]
raise SystemExit(error and "kernel.sh: connections cannot be forgotten: errno %d" % -error)'
}

down() {
	local ns=$1 family
	ip netns exec "$ns" sh -c \
		'for q in /sys/class/net/ens5/queues/rx-*; do echo 0 >$q/rps_cpus; done'
	ip netns exec "$ns" ethtool -K ens5 gro off
	for family in ip netdev; do # only one of them is there
		ip netns exec "$ns" nft "add table $family bench; delete table $family bench"
	done
	ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=0 net.ipv4.ip_early_demux=1
	ip -n "$ns" link del $DEV
	forget "$ns"
}

case ${1:-}:${3:-} in
up:dnat | up:notrack | down:) "$@" ;;
*)
	sed -n 's/^#   kernel.sh/usage: kernel.sh/p' "$0" >&2
	exit 2
	;;
esac
