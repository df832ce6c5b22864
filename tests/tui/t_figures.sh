#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
#
# Every figure of the screen under load is the engine's: the overview, frozen, against the very snapshot that it was made of,
# which a second client of the same stream has kept; tables between two answers of ctl. With packets of all fates in the mix.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
LIVE=$(dirname "$0")/figures_live.py
cat >"$T/list.json" <<-'LIST'
	{"organizations":[{"org_name":"Zoom Fiber, LLC","org_id":"1","ips":["104.218.88.0/24"]},
	{"org_name":"Köln Straße","org_id":"2","ips":["10.1.0.0/16"]}]}
LIST
tui_start 80x24 -a "$T/list.json" -n "udp/31765=$LAB_NAT4:8081" --allow-mode enforce --match src --workers 2 || exit 1
more_load() { ip netns exec "$LAB-src" "$VXGEN" send src0 --seconds 60 "$@" >/dev/null 2>&1 & MORE="$MORE $!"; }
MORE=
start_load --rate 8000 --seconds 60 --flows 64 --src 10.1.0.0/16 --size 100-1400
more_load --rate 3000 --src 192.0.2.0/24
more_load --rate 700 --vni 9 --src 10.1.0.0/16
more_load --rate 300 --dport 9 --src 104.218.88.0/24
all_there() { [ "$(vxctl --json ledger | json '[.dropped.denied, .dropped.no_rule, .passed.other_vni, .sent] | min')" -gt 100 ]; }
wait_for 10 all_there
vxctl mark >/dev/null

# frozen WHAT: the overview is frozen in the middle of a recording, and compared with the snapshot that it was made of.
frozen() {
	: >"$T/recording"
	python3 "$LIVE" record "$VX_SOCK" 10 "$T/snaps" >"$T/recording" &
	local recorder=$!
	wait_for 10 test -s "$T/recording"
	sleep 0.5
	keys Space
	wait_screen FROZEN 3
	sleep 0.3
	screen_text >"$T/screen"
	kill -TERM $recorder
	wait $recorder
	python3 "$LIVE" "$1" "$T/screen" "$T/snaps"
	keys Space
	wait_gone FROZEN 3
}

# figures NAME WHAT LEAST: the engine keeps no snapshot for a reader that is late, so that on a busy machine the recording
# may lack the one on the screen: then another is taken. A figure that was wrong is in none of them.
figures() {
	local out
	for _ in 1 2 3 4; do
		out=$(frozen "$2")
		case $out in "no snapshot"*) ;; *) break ;; esac
	done
	check_ge "$1: figures that agree" "${out% figures}" "$3" || { echo "#   $out"; sed 's/^/#   | /' "$T/screen"; }
}
figures "80x24" overview 60
keys n
figures "80x24, since the mark" since 60
keys n
resize 200 50
figures "200x50" overview 100

# table NAME KEY COLUMN COMMAND COLUMN_KEY VALUE: what it shows was fetched after the first answer and before the second.
table() {
	local before out
	keys "$2"
	before=$(vxctl --json "$4")
	sleep 1.5
	screen_text >"$T/screen"
	out=$(python3 "$LIVE" between "$T/screen" "$3" "$before" "$(vxctl --json "$4")" "$5" "$6")
	check_ge "$1: figures that agree" "${out% figures}" 2 || { echo "#   $out"; sed 's/^/#   | /' "$T/screen"; }
}
for size in 80x24 200x50; do
	resize "${size%x*}" "${size#*x}"
	table "$size allowlist: hits" 2 0 "allow list" cidr hits
	table "$size NAT: hits" 3 0 "nat list" key hits
	table "$size VNIs: packets" 9 1 "vni list" vni packets
done
table "200x50 denied" 2 0 "allow list" cidr hits
rate() { screen_text | awk -v r="$1" '$1 == r { gsub(",", ""); print $NF == "now" ? $(NF-1) : $0 }'; }
keys 2
wait_screen "10.1.0.0/16" 3
near_rate() { [ "$(screen_text | awk '$1 == "10.1.0.0/16" { for (i = NF; i > 1; i--) if ($i == "now") { gsub(",", "", $(i-1)); print $(i-1); exit } }')" -gt 7500 ]; }
check_cmd "the rate of an entry is the one that is sent" wait_for 5 near_rate

stop_load
# shellcheck disable=SC2086 # a list
kill -INT $MORE 2>/dev/null
wait
check "the ledger is exact" "$(vxctl --json selfcheck | json .exact)" true
