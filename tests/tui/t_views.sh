#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 240
# beside others
#
# Every view at 80x24 and 200x50: its heading, header and footer in their places, nothing written on a second row that
# belongs to the first. And the figures: of a quiet moment, all that the overview and the lists say is read back and
# compared with what the engine answers.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
cat >"$T/list.json" <<-'LIST'
	{"organizations":[{"org_name":"Zoom Fiber, LLC","org_id":"1","ips":["104.218.88.5","104.218.88.0/24"]},
	{"org_name":"Köln Straße 東京","org_id":"2","ips":["10.1.0.0/16"]}]}
LIST
tui_start 80x24 -a "$T/list.json" -n "udp/31765=$LAB_NAT4:8081" --allow-mode enforce --match src || exit 1

send --count 300 --rate 5000 --src 10.1.0.0/16 >/dev/null
send --count 100 --rate 5000 --src 192.0.2.0/24 >/dev/null
send --count 50 --rate 5000 --vni 9 --src 10.1.0.0/16 >/dev/null
send --count 30 --rate 5000 --dport 9 --src 104.218.88.5/32 >/dev/null
all_seen() { [ "$(vxctl --json ledger | json '.rx')" -ge 480 ]; }
wait_for 5 all_seen

# view KEY NAME HEADING...: shown after the key, with header and footer.
view() {
	local key=$1 name=$2 heading
	shift 2
	keys "$key"
	for heading; do
		check_screen "$size $name: $heading" "$heading"
	done
	check "$size $name: the header is in its place" "$(screen_line 1 | grep -c 'ens5 .*ens6.*LIVE')" 1
	check "$size $name: the lights are in their place" "$(screen_line 2 | grep -c 'LEAK.*LEDGER.*RING.*EGRESS')" 1
	check "$size $name: the footer is in its place" "$(screen_line $((rows - 1)) | grep -cE '^ 1.*2.*3.*4.*5.*6.*7.*8.*9.*\?.*q')" 1
	check "$size $name: the last row is the command line" "$(screen_line "$rows" | cut -c 1)" ">"
	check "$size $name: rows" "$(screen_text | wc -l)" "$rows"
}

views() {
	view 1 overview "LEDGER +total .* pps" "WORKER +cpu +sent/s +batch +err +idle" "RING +fill +high +ms left" \
		"LATENCY +p50 +p99 +p99.9 +max" "^ *in .* pps" "^ *out .* pps" "received +[0-9]"
	view 2 allow "ALLOWLIST +3 entries +2 organisations +mode enforce" "ADDRESS +ORGANISATION +HITS +PPS" \
		"10.1.0.0/16 +Köln Straße" "104.218.88.5 +Zoom Fiber, LLC" "DENIED, NOT ON THE LIST"
	view 3 nat "NAT RULES" "RULE +TO +HITS" "udp/31765 +$LAB_NAT4:8081"
	view 4 workers "WORKER +cpu +tid +sent" "RING +bytes +used" "LATENCY +p50" "inj-0" "pid [0-9]+, [0-9]+ threads"
	view 5 sources "SOURCES" "SOURCE +VNI +PACKETS" "172.30.74.10 +1 "
	view 6 nics "NICS" "IN +ens5" "OUT +ens6" "rx_packets"
	view 7 strays "XDP PROGRAMS IN THE KERNEL +.ours: id [0-9]+ on ens5" "ID NAME +ATTACHED"
	view 9 vnis "VNIS" "VNI +OURS +PACKETS" "9 +[^y ]+ +50" "1 +yes +430"
	view 8 events "EVENTS"
	view 0 why "WHY +1 cause" "bad +no_packets +since 20" "no packets since ..:..:..Z"
	view '?' help "KEYS"
	keys '?'
}

# What was said, or answered, belongs to the view that was looked at.
said_is_gone() {
	keys 1 c
	check_screen "$size: something is said" "nothing was latched|acknowledged: [0-9]"
	keys 2
	check_screen "$size: another view" "ALLOWLIST"
	check_gone "$size: what was said is gone" "nothing was latched|acknowledged: [0-9]"
	command_line "vni list"
	check_screen "$size: an answer of some lines" "lines 1-[0-9]+ of [0-9]+"
	to_list
	keys 3
	check_screen "$size: another view in its place" "NAT RULES"
	check_gone "$size: the lines are gone" "lines 1-[0-9]+ of [0-9]+"
	command_line "no such command"
	check_screen "$size: an error" "unknown command"
	cancel_line
	keys 4
	check_gone "$size: an error is gone, too" "unknown command"
}

# number NAME: of the overview's row of that name.
number() { screen_text | sed -n "s/^ *$1  *\([0-9,]*\)  *.*/\1/p" | head -n 1 | tr -d ,; }

figures() {
	local ledger stats row path
	keys 1
	wait_screen "received +480 +0 " 5
	ledger=$(vxctl --json ledger)
	stats=$(vxctl --json stats)
	check "$size: nothing flows" "$(json '[.in_pps, .out_pps] | add' "$stats")" 0
	for row in "received=.rx" "not vxlan=.passed.not_vxlan" "other vni=.passed.other_vni" "malformed=.dropped.malformed" \
		"denied=.dropped.denied" "no rule=.dropped.no_rule" "ring full=.ring_full" "queued=.queued" \
		"sent=.sent" "tx failed=.tx_failed|add // 0" "in flight=.in_flight"; do
		path=${row#*=}
		row=${row%%=*}
		check "$size overview: $row" "$(number "$row")" "$(json "$path" "$ledger")"
	done
	check "$size overview: packets/s in" "$(screen_text | sed -n 's/^  in  *\([0-9,]*\) pps.*/\1/p')" "$(json .in_pps "$stats")"
	check "$size overview: packets/s out" "$(screen_text | sed -n 's/^  out  *\([0-9,]*\) pps.*/\1/p')" "$(json .out_pps "$stats")"
	check "$size header: leaked" "$(screen_line 2 | sed -n 's/.*LEAK \([0-9]*\) .*/\1/p')" "$(json .leaked "$ledger")"
	check "$size header: the ledger" "$(screen_line 2 | grep -c 'LEDGER ok')" "$(json 'if .balanced then 1 else 0 end' "$ledger")"
	check "$size header: mode and method" \
		"$(screen_line 1 | grep -o '[a-z]* · ring+[a-z]*')" "$(json '.mode + " · ring+" + .egress_method' "$stats")"
	keys 2
	wait_screen "10.1.0.0/16" 5
	check "$size allowlist: hits" "$(screen_text | sed -n 's/^ *10\.1\.0\.0\/16  *Köln Straße [^ ]*  *\([0-9,]*\) .*/\1/p')" \
		"$(vxctl --json allow list | json '.[] | select(.cidr == "10.1.0.0/16") | .hits')"
	check "$size allowlist: hits of a single address" "$(screen_text | sed -n 's/^ *104\.218\.88\.5 .*LLC  *\([0-9,]*\) .*/\1/p')" 30
	keys 3
	wait_screen "udp/31765" 5
	check "$size nat: hits" "$(screen_text | sed -n 's/^ *udp\/31765 .*:8081  *\([0-9,]*\) .*/\1/p')" \
		"$(vxctl --json nat list | json '.[0].hits')"
	keys 4
	wait_screen "inj-0" 5
	check "$size workers: all of the tables" "$(screen_text | python3 "$(dirname "$0")/figures.py" "$(vxctl --json latency)" \
		"$(vxctl --json rings)" "$(vxctl --json workers)")" "30 figures"
	keys 6
	wait_screen "rx_packets" 5
	nic_is() { [ "$(screen_text | awk '$1 == "rx_packets" { gsub(",", "", $2); print $2; exit }')" = \
		"$(vxctl --json nic | json '.[] | select(.dev == "ens5") | .stats.rx_packets')" ]; }
	check_cmd "$size nics: received by ens5" wait_for 3 nic_is
	keys 9
	wait_screen "VNI +OURS" 5
	check "$size vnis: packets" "$(screen_text | awk '$1 ~ /^[0-9]+$/ && $2 ~ /^(yes|no|-)$/ { gsub(",", "", $3); print $3 }' | sort -n | xargs)" \
		"$(vxctl --json vni list | json 'map(.packets) | sort | join(" ")')"
	keys 5
	wait_screen "172.30.74.10" 5
	check "$size sources: packets" "$(screen_text | awk '$1 == "172.30.74.10" && $2 == 1 { gsub(",", "", $3); print $3 }')" \
		"$(vxctl --json sources | json '.[] | select(.vni == 1) | .packets')"
}

for size in 80x24 200x50; do
	cols=${size%x*} rows=${size#*x}
	resize "$cols" "$rows"
	views
	said_is_gone
	figures
done
check "200 columns are used" "$(screen_text | awk '{ if (length($0) > n) n = length($0) } END { print (n > 120) }')" 1
