#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
#
# What an entry would admit: a known mix of packets that are denied, and its figures by ctl and on the screen, at both
# sizes; then the key, and the question that a prefix asks.
. "$(dirname "$0")/lib.sh"

BUSY=192.0.2.1 SECOND=192.0.2.2 SERVER=198.18.0.9
SENDERS=198.51.100.1,198.51.100.2,198.51.100.3
FROM=400 TO=240 OTHER=160
ALL=$((FROM + TO + OTHER))

lab_up "$LAB" || exit 1
echo '["203.0.113.1"]' >"$T/list.json"
tui_start 80x24 -a "$T/list.json" -n "udp/53=$LAB_NAT4:8081" --allow-mode enforce || exit 1

LOADS=()
# load RATE [OPTIONS]: for longer than the test may take
load() {
	ip netns exec "$LAB-src" "$VXGEN" send src0 --via packet --seconds 110 --rate "$@" >/dev/null 2>>"$T/send.err" &
	LOADS+=($!)
}
load $FROM --src $BUSY/32 --dst $SERVER --dport 53 --flows 1
load $TO --src "${SENDERS//,//32,}/32" --dst $BUSY --dport 5000 --flows 3
load $OTHER --src $SECOND/32 --dst $SERVER --proto icmp --flows 1

admits() { vxctl --json allow admits "$1"; }
flows() { [ "$(admits 192.0.2.0/24 | json '.from_pps > 0 and .to_pps > 0 and .addresses == 2')" = true ]; }
wait_for 10 flows
uptime() { vxctl --json stats | json .uptime_s; }
later() { [ "$(uptime)" -gt "$1" ]; }
next_second() { wait_for 3 later "$(uptime)"; }
next_second
next_second

# What is sampled may be off by 5 % of all that is denied, in each second; the mean of five is held to it.
ERROR=$((ALL * 5 / 100))
near() { # near NAME ACTUAL EXPECTED
	local off=$(($2 - $3))
	check "$1: $2 is within $ERROR of $3" "$((${off#-} <= ERROR))" 1
}
: >"$T/read"
for _ in 1 2 3 4 5; do
	next_second
	jq -cn --argjson one "$(admits $BUSY)" --argjson two "$(admits 192.0.2.0/24)" --argjson dns "$(admits $SERVER)" \
		--argjson top "$(vxctl --json allow top)" '{$one, $two, $dns, $top}' >>"$T/read"
done
mean() { jq -s "map($1) | add / length | round" "$T/read"; }
near "from the address" "$(mean .one.from_pps)" $FROM
near "to the address" "$(mean .one.to_pps)" $TO
near "from the prefix" "$(mean .two.from_pps)" $((FROM + OTHER))
near "to the prefix" "$(mean .two.to_pps)" $TO
near "to the server" "$(mean .dns.to_pps)" $((FROM + OTHER))
near "of allow top" "$(mean "[.top[] | select(.addr == \"$BUSY\") | .admits_pps] | add")" $((FROM + TO))
near "by a rule" "$(mean .one.ruled_pps)" $FROM
READ=$(tail -n 1 "$T/read")
check "sum" "$(jq -s 'map(.one.pps == .one.from_pps + .one.to_pps) | all' "$T/read")" true
check "others" "$(json '[.one.others, .two.others, .dns.others, .two.addresses] | join(" ")' "$READ")" "4 4 2 2"
check "the busiest of them" "$(json .one.peers[0].addr "$READ")" $SERVER
check "protocols" "$(json '.two.protocols | map(.protocol) | sort | join(" ")' "$READ")" "icmp udp/5000 udp/53"
check "nobody is denied there" "$(admits 10.0.0.0/8 | json '[.pps, .others, .addresses] | join(" ")')" "0 0 0"
vxctl allow admits $BUSY | sed 's/^/#   | /'

# --- the screen ----------------------------------------------------------------------------------
# said: the packets/s of the line in words, from and to
said() { screen_text | tr -d , | sed -n "s/.* a permits \([0-9]*\) packets\/s from it \([0-9]*\) to it from 3 others.*/\1 \2/p"; }
says() { [ -n "$(said)" ]; }
# row: packets/s from and to of the busy one, and how many send to it
row() { screen_text | tr -d , | sed 's/.*│//' | awk -v a=$BUSY '$1 == a { print $3, $4, $5 }'; }
keys 2
for size in 80x24 200x50; do
	resize "${size%x*}" "${size#*x}"
	check_screen "$size: heading" "DENIED, NOT ON THE LIST +PACKETS +PPS +TO IT +OTHERS"
	check_cmd "$size: the effect in words" wait_for 5 says
	read -r from to <<<"$(said)"
	# the packets from it are counted
	check "$size: from it, $from" "$(((from - FROM) * (from - FROM) <= FROM * FROM / 400))" 1
	# a single second: twice the mean's
	check "$size: to it, $to" "$(((to - TO) * (to - TO) <= 4 * ERROR * ERROR))" 1
	check "$size: its row says so too" "$(row | awk '{ print ($1 > 0), ($2 > 0), $3 }')" "1 1 3"
done
resize 80 24

# --- a prefix asks, an address does not ---------------------------------------------------------
listed() { vxctl --json allow list | json "map(.cidr) | join(\" \")"; }
command_line "allow add 192.0.2.0/24"
check_screen "the question" "would admit about [0-9]+ packets/s: [0-9]+"
check_screen "how many" "from and [0-9]+ to 2 denied addresses in 192.0.2.0/24"
keys n
wait_gone "would admit about" 5
check "not added" "$(listed)" "203.0.113.1"
to_list
keys a
is_listed() { [ "$(listed)" = "203.0.113.1 $BUSY" ]; }
check_cmd "the key adds the address that is marked" wait_for 5 is_listed
check "it is not denied any more" "$(admits $BUSY | json .pps)" 0
check "the rest is" "$(admits 192.0.2.0/24 | json '[.addresses, .others] | join(" ")')" "1 1"
near "the other one" "$(admits $SERVER | json .to_pps)" $OTHER

# --- match and mode ------------------------------------------------------------------------------
vxctl allow del $BUSY -y >/dev/null 2>&1 || vxctl -y allow del $BUSY >/dev/null
pair() { admits $BUSY | json '[.from_pps > 0, .to_pps > 0] | join(" ")'; }
pair_is() { [ "$(pair)" = "$1" ]; }
vxctl set match dst >/dev/null
check_cmd "match dst" wait_for 5 pair_is "false true"
vxctl set match src >/dev/null
check_cmd "match src" wait_for 5 pair_is "true false"
vxctl set match any >/dev/null
vxctl allow mode count >/dev/null
check_cmd "mode count" wait_for 5 pair_is "true true"
check "mode count: it says so" "$(vxctl allow admits $BUSY | grep -c 'mode is count')" 1
vxctl allow mode off >/dev/null
check "mode off: nothing is denied" "$(admits $BUSY | json '[.pps, .addresses] | join(" ")')" "0 0"
kill "${LOADS[@]}"
wait "${LOADS[@]}"
