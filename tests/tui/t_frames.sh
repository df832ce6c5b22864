#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
# beside others
#
# What is written to the terminal: little, never the whole screen again; no colour where none is wanted, no other letters than ASCII where there
# are no others; a frozen display stands still while its clock goes on; an unknown terminal is told.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
tui_start 80x24 --allow-mode off -n "udp/31765=$LAB_NAT4:8081" || exit 1
start_load --rate 1000 --seconds 100
flows() { screen_line 4 | grep -qE 'in +(9|1,0)[0-9]+ pps'; }
wait_for 10 flows

# record SECONDS [KEY]: what is written meanwhile (after the key), in $T/raw.
record() {
	: >"$T/raw"
	tmx pipe-pane -O -t vx "cat >>'$T/raw'"
	[ $# = 1 ] || keys "$2"
	sleep "$1"
	tmx pipe-pane -t vx
}
raw_has() { python3 -c 'import re, sys; print(len(re.findall(sys.argv[2].encode(), open(sys.argv[1], "rb").read())))' "$T/raw" "$1"; }

record 5
bytes=$(stat -c %s "$T/raw")
check_ge "figures that change are written" "$bytes" 100
check "at most 6 KB/s at 80x24 ($((bytes / 5)) B/s)" "$([ "$bytes" -le 30720 ] && echo yes)" yes
check "the screen is not erased" "$(raw_has '\x1b\[[0-3]?J')" 0

# Frozen.
keys Space
check_screen "Space freezes" FROZEN
frozen() { screen_text | sed -n '4,20p'; }
clock() { screen_line 1 | grep -o '[0-9:]*Z'; }
before=$(frozen) then=$(clock)
sleep 2.5
check "figures stand still" "$(frozen)" "$before"
check "the clock goes on" "$([ "$(clock)" != "$then" ] && echo yes)" yes
keys Space
check_gone "Space again" FROZEN
moved() { [ "$(frozen)" != "$before" ]; }
check_cmd "figures move again" wait_for 5 moved

# The engine stops talking.
kill -STOP "$VX_PID"
check_screen "old figures are called stale" STALE 10
kill -CONT "$VX_PID"
check_gone "until there are new ones" STALE 10
keys q
wait_screen "stops it" 5
keys Enter
check_ended "leaving"

# no_more_than NAME ENV REGEX: attached with that environment, nothing like that is written.
no_more_than() {
	TUI_ENV=$2 tui_attach 80x24
	record 1.5 C-l # which draws all of it
	check "$1: LIVE" "$(screen_has LIVE && echo yes)" yes
	check_ge "$1: something is written" "$(stat -c %s "$T/raw")" 500
	check "$1: no more" "$(raw_has "$3")" 0
	keys q
	wait_screen "stops it" 5
	keys Enter
	wait_for 5 screen_ended
}
no_more_than "NO_COLOR" NO_COLOR=1 '\x1b\[[0-9;]*(3[0-7]|4[0-7]|38|48|9[0-7])[;m]'
no_more_than "LC_ALL=C" LC_ALL=C '[\x80-\xff]'
no_more_than "vt100" TERM=vt100 '\x1b\[[0-9;]*(3[0-7]|4[0-7]|38|48)[;m]'

TUI_ENV=TERM=nosuchterminal tui_attach 80x24
check_screen "an unknown terminal is drawn on" LIVE
check_screen "and told" "nosuchterminal"
keys q
wait_screen "stops it" 5
keys Enter
check_ended "an unknown terminal"
stop_load
