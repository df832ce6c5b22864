#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
# beside others
#
# What others wrote (names of organisations, notes) cannot write to the operator's terminal: no title, no colour, no cursor,
# no answer, in no view, no completion and no search.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
# ESC ] title, CSI clear, DECSCNM, device status report, C1 CSI, BEL, CR LF, bidi override, tabs.
python3 - "$T/list.json" <<-'LIST'
	import json, sys
	evil = ["\x1b]0;owned\x07", "\x1b[2J\x1b[H owned", "\x1b[?5h", "\x1b[6n\x1b[c", "\u009b31m red", "a\r\nb\tc", "\u202egnp.exe",
		"\x1b[8;5;5t", "\x1bP+q544e\x1b\\", "e" + "\u0301" * 50, "wide \u6771\u4eac", "end"]
	json.dump({"organizations": [{"org_name": e + " org %d" % i, "org_id": str(i), "ips": ["10.0.0.%d" % (i + 1)]}
		for i, e in enumerate(evil)]}, open(sys.argv[1], "w"))
LIST
tui_start 120x40 -a "$T/list.json" -n "udp/31765=$LAB_NAT4:8081" || exit 1
send --count 200 --src 10.0.0.0/28 --flows 14 >/dev/null

title() { tmx display-message -p -t vx '#{pane_title}'; }
before=$(title)
# What the program writes, byte for byte.
tmx pipe-pane -O -t vx "cat >'$T/raw'"

looks_sane() {
	check "$1: header" "$(screen_line 1 | grep -c 'ens5.*LIVE')" 1
	check "$1: command line" "$(screen_line 40 | cut -c 1)" ">"
	check "$1: title" "$(title)" "$before"
}
for key in 1 2 5 8; do
	keys "$key"
	keys C-l
	sleep 0.3
	looks_sane "view $key"
done
keys 2
check_screen "the name is there, harmless" 'owned.*org 0 '
check_screen "and the last one" '10\.0\.0\.12 +end org 11'
to_prompt
text "allow add 10.3.3.3 org "
keys Tab
sleep 0.5
looks_sane "completion"
keys C-u
text "allow list owned"
keys Enter
sleep 0.5
looks_sane "an answer"
to_prompt
text 'allow add 10.3.3.4 org "x'
bytes 1b 5b 39 39 7e 07
text '"'
sleep 0.3
looks_sane "typed"
keys C-u
text "nonsense"
paste "$(printf '\033[2J\033]0;owned\007pasted')"
sleep 0.3
looks_sane "pasted"
cancel_line
to_list
esc
vxctl allow add 10.3.3.5 note "$(printf 'n\033]0;owned\007ote')" >/dev/null 2>&1
keys 8
sleep 1.2
looks_sane "events"

tmx pipe-pane -t vx
check "no foreign sequence was written" \
	"$(python3 - "$T/raw" <<-'RAW'
	import sys
	raw = open(sys.argv[1], "rb").read()
	bad = [b"\x1b]0;owned", b"\x1b[?5h", b"\x1b[6n", b"\x1b[8;5;5t", b"\x1bP", b"\xc2\x9b", b"\xe2\x80\xae", b"\x07"]
	print(len(raw) > 0, [b for b in bad if b in raw])
	RAW
	)" "True []"
