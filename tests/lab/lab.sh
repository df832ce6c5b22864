#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The lab: a mirror source, the mirror target (where vxconsole runs), and a destination, each a network
# namespace, joined by veth pairs of MTU 9001.
#
#   PREFIX-src                       PREFIX-tgt                        PREFIX-dst
#   +-------------------+   +-----------------------------+   +-------------------+
#   | src0              |   | ens5                   ens6 |   |              dst0 |
#   | 172.30.74.10/24 --+---+-- .144/24     .10/24 -------+---+-- 172.30.82.95/24 |
#   | 2001:db8:74::10   |   | 2001:db8:74::144            |   |                   |
#   |                   |   |        2001:db8:82::10      |   | 2001:db8:82::95   |
#   +-------------------+   +-----------------------------+   +-------------------+
#   02:00:00:00:74:10         ..:74:44            ..:82:10      02:00:00:00:82:95
#
# Counts are to be exact, so: neighbours are static, offloads off, no duplicate address detection, no
# router solicitations, no link-local addresses, no multicast reports; nothing is routed or answered
# that was not asked for.
#
#   lab.sh up PREFIX [--queues N] [--dynamic] [--gro]
#   lab.sh exec PREFIX src|tgt|dst COMMAND...
#   lab.sh down PREFIX
#   lab.sh list
# --queues N  queue pairs of each interface (4)
# --dynamic   no static neighbours: ARP and neighbour discovery do it
# --gro       GRO on at dst0: frames that XDP redirects out of ens6 natively are lost without it, as a
#             veth takes them only when its peer polls. TCP segments may then be merged on arrival.
#
# Or: source it, and use lab_up, lab_down, lab_exec.

LAB_TARGET4=172.30.74.144
LAB_NAT4=172.30.82.95
LAB_TARGET6=2001:db8:74::144
LAB_NAT6=2001:db8:82::95

# lab_exec PREFIX src|tgt|dst COMMAND...
lab_exec() {
	local ns=$1-$2
	shift 2
	ip netns exec "$ns" "$@"
}

# All that must be set before an interface exists: new ones take the values of "default".
lab_quiet_ns() {
	local ns=$1 scope
	for scope in all default; do
		ip netns exec "$ns" sysctl -qw \
			net.ipv4.conf.$scope.rp_filter=0 \
			net.ipv4.conf.$scope.accept_local=0 \
			net.ipv6.conf.$scope.accept_dad=0 \
			net.ipv6.conf.$scope.dad_transmits=0 \
			net.ipv6.conf.$scope.router_solicitations=0 \
			net.ipv6.conf.$scope.accept_ra=0 \
			net.ipv6.conf.$scope.autoconf=0 \
			net.ipv6.conf.$scope.addr_gen_mode=1 || return
	done
}

# Multicast listener reports (and only they) are dropped on their way out.
lab_quiet_mld() {
	ip netns exec "$1" nft -f - <<-'NFT'
	table ip6 lab {
		chain out {
			type filter hook output priority 0
			icmpv6 type { 130, 131, 132, 143 } drop
		}
	}
	NFT
}

# lab_veth QUEUES NS-A DEV-A INDEX-A MAC-A NS-B DEV-B INDEX-B MAC-B
# The two indexes must differ: of a veth whose peer has its own index (in another namespace) the kernel
# believes that it has no peer, and reports its carrier only a second later.
lab_veth() {
	local queues="mtu 9001 numtxqueues $1 numrxqueues $1"
	# shellcheck disable=SC2086 # several words
	ip link add "$3" netns "$2" index "$4" address "$5" $queues \
		type veth peer name "$7" netns "$6" index "$8" address "$9" $queues
}

# lab_dev NS DEV ADDR4 ADDR6
lab_dev() {
	ip netns exec "$1" ethtool -K "$2" rx off tx off sg off tso off gso off gro off \
		rxvlan off txvlan off >/dev/null || return
	ip -n "$1" addr add "$3/24" dev "$2" &&
		ip -n "$1" addr add "$4/64" dev "$2" nodad &&
		ip -n "$1" link set "$2" up
}

# lab_neigh NS DEV MAC ADDR...
lab_neigh() {
	local ns=$1 dev=$2 mac=$3 addr
	shift 3
	for addr; do
		ip -n "$ns" neigh replace "$addr" lladdr "$mac" dev "$dev" nud permanent || return
	done
}

# lab_wait_up NS DEV
lab_wait_up() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ "$(ip netns exec "$1" cat "/sys/class/net/$2/operstate")" = up ] && return
		sleep 0.01
	done
	echo "lab: $2 of $1 does not come up" >&2
	return 1
}

lab_build() {
	local s=$1-src t=$1-tgt d=$1-dst queues=$2 dynamic=$3 gro=$4 ns
	for ns in "$s" "$t" "$d"; do
		ip netns add "$ns" && lab_quiet_ns "$ns" && lab_quiet_mld "$ns" &&
			ip -n "$ns" link set lo up || return
	done
	lab_veth "$queues" "$s" src0 15 02:00:00:00:74:10 "$t" ens5 5 02:00:00:00:74:44 &&
		lab_veth "$queues" "$t" ens6 6 02:00:00:00:82:10 "$d" dst0 16 02:00:00:00:82:95 &&
		lab_dev "$s" src0 172.30.74.10 2001:db8:74::10 &&
		lab_dev "$t" ens5 $LAB_TARGET4 $LAB_TARGET6 &&
		lab_dev "$t" ens6 172.30.82.10 2001:db8:82::10 &&
		lab_dev "$d" dst0 $LAB_NAT4 $LAB_NAT6 &&
		lab_wait_up "$s" src0 && lab_wait_up "$t" ens5 &&
		lab_wait_up "$t" ens6 && lab_wait_up "$d" dst0 || return
	if [ "$gro" = yes ]; then
		ip netns exec "$d" ethtool -K dst0 gro on || return
	fi
	[ "$dynamic" = yes ] && return
	lab_neigh "$s" src0 02:00:00:00:74:44 $LAB_TARGET4 $LAB_TARGET6 &&
		lab_neigh "$t" ens5 02:00:00:00:74:10 172.30.74.10 2001:db8:74::10 &&
		lab_neigh "$t" ens6 02:00:00:00:82:95 $LAB_NAT4 $LAB_NAT6 &&
		lab_neigh "$d" dst0 02:00:00:00:82:10 172.30.82.10 2001:db8:82::10
}

# lab_up PREFIX [--queues N] [--dynamic] [--gro]; on failure nothing is left.
lab_up() {
	local prefix=$1 queues=4 dynamic=no gro=no
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--queues) queues=$2; shift ;;
		--dynamic) dynamic=yes ;;
		--gro) gro=yes ;;
		*) echo "lab: $1: unknown option" >&2; return 2 ;;
		esac
		shift
	done
	if ip netns list | grep -q "^$prefix-\(src\|tgt\|dst\)\b"; then
		echo "lab: $prefix is there already" >&2
		return 1
	fi
	lab_build "$prefix" "$queues" "$dynamic" "$gro" && return
	echo "lab: $prefix could not be built" >&2
	lab_down "$prefix"
	return 1
}

# lab_down PREFIX: removes what there is of it. Processes inside are left alone; the interfaces go at
# once all the same, for a namespace that is still in use would keep them.
lab_down() {
	local end dev ns
	for end in src:src0 tgt:ens6 dst:dst0; do
		ns=$1-${end%:*} dev=${end#*:}
		ip -n "$ns" link del "$dev" 2>/dev/null
		ip netns del "$ns" 2>/dev/null
	done
	return 0
}

lab_usage() {
	sed -n 's/^#   lab.sh/usage: lab.sh/p' "${BASH_SOURCE[0]}" >&2
	return 2
}

lab_main() {
	[ $# -ge 1 ] || { lab_usage; return; }
	local command=$1
	shift
	case $command:$# in
	up:0 | down:0 | exec:[012]) lab_usage ;;
	up:*) lab_up "$@" ;;
	down:1) lab_down "$1" ;;
	exec:*) lab_exec "$@" ;;
	list:0) ip netns list | sed -n 's/^\(.*\)-tgt\b.*/\1/p' ;;
	*) lab_usage ;;
	esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -u
	lab_main "$@"
fi
