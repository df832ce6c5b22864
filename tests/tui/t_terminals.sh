#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 90
#
# Terminals of all kinds, each a pty that records what is written: 256, 16, 8 and no colours, a console that says it is 0x0,
# the background left as it is. And pictures: at least 8 a second when figures move, none of them from nothing.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
start_vx -n "udp/31765=$LAB_NAT4:8081" || exit 1
start_load --rate 2000 --seconds 80 --flows 64

# terminal "ENV=VALUE ..." [OPTIONS of pty_screen.py]: an attached screen; its report in $SEEN, its bytes in $T/raw.
terminal() {
	local env=$1
	shift
	# shellcheck disable=SC2086 # a list
	SEEN=$(ip netns exec "$LAB-tgt" env -u NO_COLOR SUDO_UID=$OPERATOR SUDO_GID=$OPERATOR LC_ALL=C.UTF-8 $env \
		python3 "$(dirname "$0")/pty_screen.py" --skip 0.7 --seconds 0.5 --out "$T/raw" "$@" -- "$VX" attach --socket "$VX_SOCK")
}
# sgr: the kinds of colours that were asked for
sgr() {
	python3 - "$T/raw" <<-'PY'
		import re, sys
		codes = {c for s in re.findall(rb"\x1b\[([0-9;]*)m", open(sys.argv[1], "rb").read()) for c in [s.decode()]}
		kinds = set()
		for c in codes:
		    if re.search(r"[34]8;5;", c): kinds.add("256")
		    elif re.search(r"(^|;)(9[0-7]|10[0-7])(;|$)", c): kinds.add("16")
		    elif re.search(r"(^|;)[34][0-7](;|$)", c): kinds.add("8")
		print(" ".join(sorted(kinds)) or "none")
	PY
}
written() { grep -caF -- "$1" "$T/raw"; }

while IFS=: read -r name env want; do
	terminal "$env"
	check "$name: it ends well" "$(json .status "$SEEN")" 0
	check_ge "$name: it is drawn" "$(written LEDGER)" 1
	check "$name: colours" "$(sgr)" "$want"
done <<-'LIST'
	256 colours:TERM=xterm-256color:256
	16 colours:TERM=xterm-16color:8
	8 colours:TERM=xterm:8
	console:TERM=linux:8
	no colours:TERM=vt100:none
	NO_COLOR:TERM=xterm-256color NO_COLOR=1:none
	NO_COLOR, empty:TERM=xterm-256color NO_COLOR=:256
	LIST

terminal TERM=xterm-256color --seconds 4
check_ge "pictures in 4 s" "$(json .frames "$SEEN")" 32
check "at most 10 a second" "$(json '.frames <= 42' "$SEEN")" true
check "at most 6 KB/s: $(json .bytes_per_s "$SEEN") B/s" "$(json '.bytes_per_s <= 6144' "$SEEN")" true
check "never from nothing" "$(json .erases "$SEEN")" 0
check "the terminal's own background" "$(grep -caE $'\x1b\\[48;5;(0|15|16|231|232)m' "$T/raw")" 0

# A console that does not know its size is one of 80x24: nothing is written beyond.
terminal TERM=linux --size 0x0
check_ge "0x0: it is drawn" "$(written LEDGER)" 1
beyond() {
	python3 - "$T/raw" <<-'PY'
		import re, sys
		at = re.findall(rb"\x1b\[(\d+)(?:;(\d+))?[Hd]", open(sys.argv[1], "rb").read())
		print(max(int(r) for r, _ in at), max(int(c or 1) for _, c in at) <= 80)
	PY
}
check "0x0: 24 rows of 80" "$(beyond)" "24 True"
terminal TERM=xterm-256color --size 200x50
check "200x50: 50 rows" "$(beyond | cut -d' ' -f1)" 50
stop_load

# Nothing moves: nothing is written but the clock.
nothing_flows() { [ "$(vxctl --json stats | json '[.in_pps, .out_pps] | add')" = 0 ]; }
wait_for 5 nothing_flows
terminal TERM=xterm-256color --skip 2 --seconds 3
check "quiet: $(json .bytes_per_s "$SEEN") B/s" "$(json '.bytes_per_s < 300' "$SEEN")" true
stop_vx
check "the engine ends well" "$VX_RC" 0
