#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 240
#
# Whatever happens to the screen, no packet is lost: under 20,000 packets/s it is killed, stopped, its terminal closed, or never
# read; the engine answers, says what happened, and goes on.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
RATE=20000
tui_start 80x24 --allow-mode off -n "udp/31765=$LAB_NAT4:8081" || exit 1
start_sink dst --seconds 200 --expect-dst "$LAB_NAT4:8081"
start_load --rate $RATE --seconds 180 --flows 64

# alive_and_flowing NAME: the engine answers at once and sends what comes.
alive_and_flowing() {
	local start sent
	start=$(date +%s%N)
	sent=$(vxctl --json stats | json .ledger.sent)
	check "$1: ctl answers within 1 s" "$((($(date +%s%N) - start) / 1000000000))" 0
	more() { [ "$(vxctl --json stats | json .ledger.sent)" -gt $((sent + RATE / 10)) ]; }
	check_cmd "$1: packets flow" wait_for 3 more
	check "$1: the engine is the same" "$(vxctl --json stats | json .pid)" "$VX_PID"
}
# in_log REGEX NAME: the engine says so.
in_log() { check_cmd "$2" wait_for 5 grep -qE -- "$1" "$VX_LOG"; }

alive_and_flowing "with a screen"

kill -KILL "$SCREEN_PID"
wait_for 5 dead "$SCREEN_PID"
in_log 'screen.*(gone|headless)' "a killed screen: the engine says so"
alive_and_flowing "a killed screen"

tui_attach 80x24
screen=$SCREEN_PID
kill -STOP "$screen"
sleep 3
alive_and_flowing "a stopped screen"
kill -CONT "$screen"
check_cmd "a stopped screen: it comes back" wait_screen "LIVE" 10

: >"$VX_LOG.mark"
lines=$(wc -l <"$VX_LOG")
tmx kill-session -t vx # closes the master
check_cmd "a closed terminal: the screen ends" wait_for 5 dead "$screen"
said_more() { tail -n +$((lines + 1)) "$VX_LOG" | grep -qE 'screen'; }
check_cmd "a closed terminal: the engine says so" wait_for 5 said_more
alive_and_flowing "a closed terminal"

# A terminal that nobody reads: a pty whose master is held and never read.
cat >"$T/deaf.py" <<-'DEAF'
	import os, pty, signal, sys, time
	pid, master = pty.fork()
	if pid == 0:
	    os.environ.update(TERM="xterm-256color", LINES="24", COLUMNS="80")
	    os.execvp(sys.argv[1], sys.argv[1:])
	print(pid, flush=True)
	time.sleep(60)
DEAF
ip netns exec "$LAB-tgt" env SUDO_UID=$OPERATOR SUDO_GID=$OPERATOR python3 "$T/deaf.py" "$VX" attach --socket "$VX_SOCK" \
	>"$T/deaf.pid" 2>/dev/null &
deaf=$!
wait_for 5 test -s "$T/deaf.pid"
screen=$(cat "$T/deaf.pid")
sleep 5
alive_and_flowing "a terminal never read"
check "a terminal never read: the screen lives" "$(alive "$screen" && echo yes)" yes
ticks() { awk '{ print $14 + $15 }' "/proc/$screen/stat"; }
before=$(ticks)
sleep 2
check "a terminal never read: the screen does not spin" "$([ $(($(ticks) - before)) -lt 40 ] && echo calm)" calm
kill -TERM "$screen"
check_cmd "a terminal never read: SIGTERM ends it" wait_for 5 dead "$screen"
{ kill "$deaf" && wait "$deaf"; } 2>/dev/null
alive_and_flowing "at the end"

stop_load
sent=$(json .sent "$SENT")
arrived() { [ "$(vxctl --json ledger | json .sent)" -ge "$sent" ]; }
wait_for 5 arrived
stop_sink dst
check "every packet is at the sink" "$(json .packets "$SINK")" "$sent"
check_clean_sink "the sink"
ledger=$(vxctl --json ledger)
check "none was lost or left" "$(json '[.rx - .sent, .ring_full, .in_flight, ([.tx_failed[]] | add // 0)] | join(" ")' "$ledger")" "0 0 0 0"
check "the ledger is balanced" "$(json .balanced "$ledger")" true
