#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
# beside others
#
# A storm of sizes, down to one character and back, in every view and with a line being typed: the program lives, and the
# screen is whole again at the end.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
tui_start 80x24 --allow-mode off -n "udp/31765=$LAB_NAT4:8081" || exit 1
last_row_is() { [ "$(screen_line "$1" | cut -c 1)" = ">" ]; }
start_load --rate 500 --seconds 100

for size in "1 1" "2 1" "10 3" "39 7" "40 8" "300 3" "3 100" "79 23" "80 24"; do
	# shellcheck disable=SC2086 # two words
	resize $size
done
check_screen "back at 80x24" "LIVE"
header_whole() { screen_line 1 | grep -qE '^ .*ens5 → ens6  native · ring\+xdp.* [0-9:]{8}Z ● LIVE$'; }
check_cmd "the header is whole" wait_for 3 header_whole

resize 20 5
check_screen "too small: it says so" "need [0-9]+x[0-9]+"
check "in one line" "$(screen_text | grep -c .)" 1

for key in 1 2 3 4 5 6 7 8 9 '?'; do
	keys "$key"
	for _ in $(seq 12); do
		resize $((RANDOM % 250 + 1)) $((RANDOM % 70 + 1))
	done
	[ "$key" != '?' ] || keys '?'
done
keys 1
to_prompt
text "allow list with a line that is being typed while the window changes"
for _ in $(seq 40); do
	resize $((RANDOM % 120 + 1)) $((RANDOM % 40 + 1))
done
resize 100 30
check_screen "the line is still there" "^> allow list with a line that is being typed while the window changes"
cursor_is() { [ "$(screen_cursor)" = "$1" ]; }
wait_for 3 cursor_is "69 29"
check "and its cursor" "$(screen_cursor)" "69 29"
cancel_line
to_list
check "the screen lives" "$(alive "$SCREEN_PID" && echo yes)" yes
for size in 80x24 200x50 132x43 40x8; do
	resize "${size%x*}" "${size#*x}"
	check_screen "$size: whole" "LIVE"
	check_cmd "$size: the command line is in the last row" wait_for 5 last_row_is "${size#*x}"
	check "$size: it is drawn to its size" "$(screen_text | wc -l)" "${size#*x}"
done
stop_load
check "nothing was lost meanwhile" "$(json '.rx == .sent' "$(vxctl --json ledger)")" true
