#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# beside others
#
# vxgen against itself: what the generator makes, the sink finds right. With --plain the inner frames go
# straight from ens6 to dst0; the outer shape is read by tshark on the way from src0 to ens5.
# shellcheck source=tests/netns/lib.sh
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1

# plain NAME PACKETS [SEND OPTIONS]: all arrive, none is found fault with.
plain() {
	local name=$1 want=$2
	shift 2
	start_sink dst --count "$want" --seconds 20
	in_tgt "$VXGEN" send ens6 --plain --rate 20000 --json "$@" >"$T/sent" 2>"$T/send.err"
	check "$name: send ends well" $? 0 || sed 's/^/#   | /' "$T/send.err"
	end_sink dst
	check "$name: sent" "$(json .sent "$(cat "$T/sent")")" "$want"
	check "$name: packets" "$(json .packets "$SINK")" "$want"
	check "$name: reordered" "$(json .reordered "$SINK")" 0
	check_clean_sink "$name"
}

V4="--dst $LAB_NAT4 --dport 8081"
V6="--inner 6 --dst $LAB_NAT6 --dport 8081"

for via in xdp packet; do
	for proto in udp tcp icmp; do
		# shellcheck disable=SC2086
		plain "$proto over IPv4 by $via" 500 $V4 --proto $proto --via $via --count 500 --size 100-1500
		# shellcheck disable=SC2086
		plain "$proto over IPv6 by $via" 500 $V6 --proto $proto --via $via --count 500 --size 100-1500
	done
done
for proto in udp tcp icmp; do
	# shellcheck disable=SC2086
	plain "$proto over IPv4 in fragments" 900 $V4 --proto $proto --frag 3 --count 300 --size 600-4000
	# shellcheck disable=SC2086
	plain "$proto over IPv6 in fragments" 900 $V6 --proto $proto --frag 3 --count 300 --size 600-4000
done
# shellcheck disable=SC2086
plain "fragments, the last first" 640 $V4 --frag 64 --reverse --count 10 --size 65000
# shellcheck disable=SC2086
plain "jumbo frames" 100 $V4 --count 100 --size 9015
# shellcheck disable=SC2086
plain "the smallest frames" 100 $V4 --count 100 --size 64
# shellcheck disable=SC2086
plain "sources of several prefixes, many flows" 5000 $V4 --count 5000 --flows 1000 --rate 50000 \
	--src 10.1.0.0/16,192.0.2.7,203.0.113.0/25
check "many flows are told apart" "$(json .flows "$SINK")" 1000
# shellcheck disable=SC2086
plain "inner tag" 100 $V4 --count 100 --vlan inner
check "the tag is seen" "$(json .tagged "$SINK")" 100

# The sink's own judgement: a wrong port, a wrong MAC, a stranger.
start_sink dst --count 10 --seconds 10 --expect-dst $LAB_NAT4:8082
in_tgt "$VXGEN" send ens6 --plain --dst $LAB_NAT4 --dport 8081 --count 10 >/dev/null
end_sink dst
check "another port than expected" "$(json .unexpected "$SINK")" 10
start_sink dst --count 10 --seconds 10 --expect-dst "[$LAB_NAT6]:8081"
# shellcheck disable=SC2086
in_tgt "$VXGEN" send ens6 --plain $V6 --count 10 >/dev/null
end_sink dst
check "an IPv6 destination as expected" "$(json .unexpected "$SINK")" 0
start_sink dst --count 10 --seconds 10
in_tgt "$VXGEN" send ens6 --plain --dst $LAB_NAT4 --dmac 02:00:00:00:00:99 --count 10 >/dev/null
end_sink dst
check "another MAC than the sink's" "$(json .bad_mac "$SINK")" 10
start_sink dst --count 3 --seconds 10
in_tgt ping -c 3 -i 0.2 $LAB_NAT4 >/dev/null
end_sink dst
check "packets of strangers" "$(json .unexpected "$SINK")" 3

# Limits and signals.
start_sink dst --seconds 0.3
end_sink dst
check "a sink without traffic ends in time" "$(json .packets "$SINK")" 0
start_sink dst
stop_sink dst
check "an empty sink is stopped by a signal" "$(json .packets "$SINK")" 0
start_sink dst --idle 0.2 --seconds 20
in_tgt "$VXGEN" send ens6 --plain --dst $LAB_NAT4 --rate 100 --seconds 1 --json >"$T/sent"
end_sink dst
check "rate times seconds" "$(json .sent "$(cat "$T/sent")")" 100
check "an idle sink has seen all" "$(json .packets "$SINK")" 100
start_sink dst
in_dst ip link set dst0 down
in_dst ip link set dst0 up
wait_for 3 in_tgt ping -c 1 -W 1 $LAB_NAT4
stop_sink dst
check_ge "a sink outlives its interface going down and up" "$(json .packets "$SINK")" 1
"$VXGEN" send nosuchif --count 1 >/dev/null 2>"$T/err"
check "no such interface: exit 1" "$?" 1
check "no such interface: named" "$(grep -c 'nosuchif' "$T/err")" 1
"$VXGEN" send lo --size 10 >/dev/null 2>&1
check "a size that cannot be: exit 2" "$?" 2
in_src "$VXGEN" send src0 --size 9000 --count 1 >/dev/null 2>"$T/err"
check "a size beyond the MTU: exit 1" "$?" 1
check "a size beyond the MTU: both are named" "$(grep -c 'MTU 9001' "$T/err")" 1

# The outer headers, as AWS makes them. tshark's fields of each packet, those that vary apart.
capture() {
	local count=$1
	shift
	: >"$T/tcpdump" # what the last one said must not be taken for this one's
	in_tgt tcpdump --immediate-mode -U -c "$count" -w "$T/cap" -i ens5 ether src 02:00:00:00:74:10 >"$T/tcpdump" 2>&1 &
	local pid=$!
	wait_for 10 grep -q 'listening on' "$T/tcpdump"
	in_src "$VXGEN" send src0 "$@" >/dev/null
	wait_for 10 dead $pid || kill $pid
	wait $pid
}
fields() {
	local f args=()
	for f; do args+=(-e "$f"); done
	tshark -r "$T/cap" -o ip.defragment:FALSE -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -o tcp.check_checksum:TRUE \
		-T fields "${args[@]}" 2>/dev/null
}
if command -v tshark >/dev/null; then
	capture 200 --count 200 --flows 200 --rate 10000
	fields ip.ttl ip.id ip.flags.df udp.checksum vxlan.flags vxlan.vni udp.dstport udp.srcport \
		ip.checksum.status udp.checksum.status >"$T/fields" # all at once: tshark takes long to start
	column() { cut -f "$1" "$T/fields"; }
	check "outer TTL" "$(column 1 | sort -u)" 255,64
	check "outer IP id and DF" "$(column 2,3 | sed 's/,[^\t]*//g' | sort -u)" \
		"$(printf '0x0000\t0')"
	check "outer UDP checksum" "$(column 4 | sed 's/,.*//' | sort -u)" 0x0000
	check "VXLAN flags and VNI" "$(column 5,6 | sort -u)" "$(printf '0x0800\t1')"
	check "outer and inner destination ports" "$(column 7 | sort -u)" 4789,31765
	check "outer source ports are 65408-65535" \
		"$(column 8 | sed 's/,.*//' | awk '$1 < 65408 || $1 > 65535' | wc -l)" 0
	check_ge "outer source ports vary" "$(column 8 | sed 's/,.*//' | sort -u | wc -l)" 60
	check "inner checksums are good" "$(column 9,10 | sort -u)" \
		"$(printf '1,1\t3,1')"
	capture 10 --outer 6 --inner 6 --count 10 --vni 77 --vlan both --proto tcp
	check "IPv6 in IPv6, tagged: VNI, tags, checksum" \
		"$(fields vxlan.vni vlan.id tcp.checksum.status | sort -u)" "$(printf '77\t100,200\t1')"
	capture 30 --outer-frag 3 --size 900 --count 10
	check "outer fragments" "$(fields ip.flags.mf ip.frag_offset | sort | uniq -c | xargs)" \
		"10 0 76 10 1 38 10 1,0 0,0"

	# What was recorded is sent again, changed: VNI and inner port are new, all checksums right.
	capture 60 --count 60 --proto tcp --vni 5569041 --flows 60
	cp "$T/cap" "$T/recorded"
	capture 60 --pcap "$T/recorded" --set-vni 1 --set-dport 443 --rate 5000
	check "replay: VNI, inner port, checksums" \
		"$(fields vxlan.vni tcp.dstport tcp.checksum.status ip.checksum.status | sort -u)" \
		"$(printf '1\t443\t1\t1,1')"
	capture 70 --pcap "$T/recorded" --count 70 --rate 5000
	check "replay: from the beginning again" "$(fields vxlan.vni | sort | uniq -c | xargs)" "70 5569041"
	capture 60 --pcap "$T/recorded" --wrap --vni 9 --outer 6
	check "replay: wrapped" "$(fields vxlan.vni | sort -u)" 9,5569041
	check "replay: not a capture: exit 1" \
		"$(in_src "$VXGEN" send src0 --pcap "$0" 2>"$T/err"; echo $?)" 1
	check "replay: not a capture: named" "$(grep -c "neither pcap" "$T/err")" 1
else
	echo "skip outer headers: tshark is not installed"
fi

# The manual has each option of --help, and no other.
check "the manual's options" \
	"$(sed -n 's/^\.[TBIR]*P*[BIR]* *\\-\\-\([a-z]*\(\\-[a-z]*\)*\).*/\1/p' "$ROOT/man/vxgen.8" | tr -d '\\' | sort -u | xargs)" \
	"$("$VXGEN" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' | sort -u | xargs)"

# Last, as it takes the interface away.
start_sink dst
in_dst ip link del dst0
wait_for 5 dead "${T_SINK_PID[dst]}"
check "a sink ends when its interface is deleted" "$?" 0
