#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 700
#
# The screen can neither stop nor slow production. At 85,000 packets/s: a terminal that is not read for a minute, a killed
# screen, a closed one: nothing is lost at the sink, ctl answers within 100 ms, a next hop is followed, SIGTERM ends the
# engine. At the most that the lab takes: five alternating pairs of runs, with a screen and without.
# SOAK_PAIR_RATE (400,000) and SOAK_PAIR_SECONDS (20) choose others. It needs a quiet machine.
. "$(dirname "$0")/lib.sh"

RATE=85000
PAIR_RATE=${SOAK_PAIR_RATE:-400000}
PAIR_SECONDS=${SOAK_PAIR_SECONDS:-20}
lab_up "$LAB" || exit 1
RULE="udp/31765=$LAB_NAT4:8081"
as_operator() { ip netns exec "$LAB-tgt" env SUDO_UID=$OPERATOR SUDO_GID=$OPERATOR LC_ALL=C.UTF-8 "$@"; }
pty() { as_operator python3 "$(dirname "$0")/pty_screen.py" "$@" -- "$VX" attach --socket "$VX_SOCK"; }

ended() { ! alive "$1"; }

# slowest SECONDS: of ctl stats, asked each second; milliseconds
slowest() {
	local worst=0 start ms end=$(($(date +%s) + $1))
	while [ "$(date +%s)" -lt "$end" ]; do
		start=$(date +%s%N)
		vxctl --json stats >/dev/null || worst=99999
		ms=$((($(date +%s%N) - start) / 1000000))
		[ "$ms" -le "$worst" ] || worst=$ms
		sleep 1
	done
	echo "$worst"
}
# answers NAME SECONDS
answers() {
	local ms
	ms=$(slowest "$2")
	check "$1: ctl stats answers within 100 ms (slowest $ms ms in $2 s)" "$([ "$ms" -le 100 ] && echo yes)" yes
}

tui_start 80x24 --allow-mode off -n "$RULE" || exit 1
start_sink dst --seconds 130 --idle 8 --expect-dst "$LAB_NAT4:8081"
start_load --rate $RATE --seconds 100 --flows 324
answers "with a screen" 5
kill -KILL "$SCREEN_PID"
answers "a killed screen" 5
tui_attach 80x24
tmx kill-session -t vx
answers "a closed terminal" 5
pty --deaf --seconds 62 >"$T/deaf" &
wait_for 5 test -s "$T/deaf"
answers "a terminal that is not read" 55
# The next hop moves while nobody reads: its new address is what frames are sent to.
new=02:00:00:00:82:96
in_tgt ip neigh replace "$LAB_NAT4" lladdr $new dev ens6 nud permanent
followed() { [ "$(vxctl --json nat list | json '.[0].next_hop')" = $new ]; }
check_cmd "a changed next hop is followed" wait_for 5 followed
end_load
end_sink dst
echo "# sent $(json .sent "$SENT"), arrived $(json .packets "$SINK")"
settled() { [ "$(vxctl --json ledger | json .in_flight)" = 0 ]; }
wait_for 10 settled
L=$(vxctl --json ledger)
check "none is lost: received = sent" "$(json '.rx == .sent' "$L")" true
check "all that was sent was received" "$(json .rx "$L")" "$(json .sent "$SENT")"
check "every packet is at the sink" "$(json .packets "$SINK")" "$(json .sent "$SENT")"
check "lost by number" "$(json .lost "$SINK")" 0
check "the new next hop is on the wire" "$(json '.bad_mac > 0' "$SINK")" true
start=$(date +%s)
kill -TERM "$VX_PID"
check_cmd "SIGTERM ends the engine" wait_for 10 ended "$VX_PID"
check "within 5 s and the drain" "$([ $(($(date +%s) - start)) -le 10 ] && echo yes)" yes
wait
VX_PID=

# --- pairs
start_vx --allow-mode off -n "$RULE" || exit 1
# run [screen]: LOST of OFFERED packets, those that the ledger counts as not sent
run() {
	local before after
	before=$(vxctl --json ledger)
	start_load --rate "$PAIR_RATE" --seconds "$PAIR_SECONDS" --flows 324 --size 142
	[ $# = 0 ] || pty --skip 2 --seconds $((PAIR_SECONDS - 5)) >"$T/pty"
	end_load
	drained() { [ "$(vxctl --json ledger | json .in_flight)" = 0 ]; }
	wait_for 5 drained
	after=$(vxctl --json ledger)
	OFFERED=$(json .sent "$SENT")
	LOST=$(($(json '.rx - .sent' "$after") - $(json '.rx - .sent' "$before")))
	PPS=$(json .pps "$SENT")
}
with=0 with_of=0 without=0 without_of=0
for i in 1 2 3 4 5; do
	run
	without=$((without + LOST)) without_of=$((without_of + OFFERED))
	echo "# pair $i without: $LOST of $OFFERED lost, $PPS packets/s offered"
	run screen
	with=$((with + LOST)) with_of=$((with_of + OFFERED))
	echo "# pair $i with: $LOST of $OFFERED lost, $PPS packets/s offered; $(json '"\(.frames_per_s) pictures/s, \(.bytes_per_s) B/s, \(.erases) erased"' "$(cat "$T/pty")")"
	check "pair $i: at least 8 pictures a second" "$(json '.frames_per_s >= 8' "$(cat "$T/pty")")" true
	check "pair $i: at most 6 KB/s" "$(json '.bytes_per_s <= 6144' "$(cat "$T/pty")")" true
	check "pair $i: nothing is erased" "$(json .erases "$(cat "$T/pty")")" 0
done
echo "# lost without a screen: $without of $without_of; with: $with of $with_of"
check "loss with <= loss without + 1 in 100,000" \
	"$(jq -n "$with / $with_of <= $without / $without_of + 0.00001")" true
check "the ledger is exact" "$(vxctl --json selfcheck | json .exact)" true
stop_vx
check "exit code" "$VX_RC" 0
