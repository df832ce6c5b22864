#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 180
# beside others
#
# Starting the console and every way out of it: the terminal is as it was, the engine runs on or is stopped as asked, and
# attach comes back to it. Without a terminal, nothing is started.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
RULE="udp/31765=$LAB_NAT4:8081"
engine_pid() { vxctl --json stats 2>/dev/null | json .pid; }

# Where there is nothing to draw on.
no_terminal() { # NAME TERM COMMAND...
	local name=$1
	ip netns exec "$LAB-tgt" env TERM="$2" setsid "$VX" --socket "$VX_SOCK" -n "$RULE" --allow-mode off ens5 ens6 \
		</dev/null >"$T/none" 2>&1
	check "$name: exit code" $? 2
	check_ge "$name: says what to use instead" "$(grep -c -e --headless "$T/none")" 1
	check "$name: no engine is started" "$(engine_pid)" ""
	check "$name: nothing is attached" "$(left_on_links)" ""
}
no_terminal "no terminal" xterm
tui_run 80x24 env TERM=dumb "$VX" --socket "$VX_SOCK" -n "$RULE" --allow-mode off ens5 ens6
check_screen "a dumb terminal: says what to use instead" "headless"
check_ended "a dumb terminal" 2
check "a dumb terminal: no engine is started" "$(engine_pid)" ""

tui_run 80x24 "$VX" --socket "$VX_SOCK" -n "udp/31765=nonsense" ens5 ens6
check_screen "a wrong command line is told, in the terminal as it was" "nonsense"
check_ended "a wrong command line" 2

# Out and in again.
tui_start 80x24 -n "$RULE" --allow-mode off || exit 1
engine=$VX_PID
check "the engine is a process of its own" "$([ "$engine" != "$SCREEN_PID" ] && echo yes)" yes
check "in a session of its own" "$(ps -o sid= -p "$engine" | tr -d ' ')" "$engine"
keys q
check_screen "q asks" "stops it"
keys Escape
check_gone "Esc stays" "stops it"
check_cmd "the screen is still there" screen_has LIVE
keys q
wait_screen "stops it" 5
keys Enter
check_ended "left running"
check "left running: the engine runs on" "$(engine_pid)" "$engine"
check_screen "left running: it says how to come back" "attach"

tui_attach 80x24
check_screen "attach comes back" LIVE
check "to the same engine" "$(engine_pid)" "$engine"

# Signals.
for signal in TERM INT HUP SEGV ABRT BUS QUIT; do
	alive "$SCREEN_PID" || tui_attach 80x24
	kill -"$signal" "$SCREEN_PID"
	wait_for 10 screen_ended
	check "SIG$signal: the terminal is as it was" "$(cat "$T/tty.after" 2>/dev/null)" "$(cat "$T/tty.before")"
	check "SIG$signal: the first screen, with a cursor" \
		"$(tmx display-message -p -t vx '#{cursor_flag} #{alternate_on}')" "1 0"
	check "SIG$signal: the engine runs on" "$(engine_pid)" "$engine"
done

# Ctrl-Z and back.
tui_attach 80x24
keys C-z
check_screen "Ctrl-Z stops it" "the screen is stopped"
check "Ctrl-Z: the terminal is as it was" "$(cat "$T/tty.stopped" 2>/dev/null)" "$(cat "$T/tty.before")"
check "Ctrl-Z: the engine runs on" "$(engine_pid)" "$engine"
keys Enter
check_screen "it comes back" LIVE
keys 2
check_screen "and takes keys" "ALLOWLIST"

# The engine ends under it.
kill -TERM "$engine"
wait_for 10 screen_ended
check "the engine ends: the terminal is as it was" "$(cat "$T/tty.after" 2>/dev/null)" "$(cat "$T/tty.before")"
check_screen "the engine ends: the screen says so" "ended"
check_nothing_left

# Stopped from the screen; and killed under it.
tui_start 80x24 -n "$RULE" --allow-mode off || exit 1
engine=$VX_PID
keys q
wait_screen "stops it" 5
keys s
wait_screen "Enter does it" 5 && sleep 0.4 && keys Enter # an Enter that was on its way answers no question
check_ended "stopped"
wait_for 10 dead "$engine"
check "stopped: the engine has ended" "$(alive "$engine" && echo alive)" ""
check_screen "stopped: its report is shown" "received|rx|report"
check_nothing_left

tui_start 80x24 -n "$RULE" --allow-mode off || exit 1
engine=$VX_PID
kill -KILL "$engine"
wait_for 15 screen_ended
check "a killed engine: the terminal is as it was" "$(cat "$T/tty.after" 2>/dev/null)" "$(cat "$T/tty.before")"
check "a killed engine: exit code" "$(cat "$T/screen.rc" 2>/dev/null)" 1
check_screen "a killed engine: the screen says so" "engine"
