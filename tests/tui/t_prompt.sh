#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 240
# beside others
#
# The command line of the real program: typing, completion, history over runs, Ctrl-R in UTF-8, a line of 500 characters, a
# pasted block, a wrong line that stays, a line that is given up, a question that is not answered.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
cat >"$T/list.json" <<-'LIST'
	{"organizations":[{"org_name":"Zoom Fiber, LLC","org_id":"1","ips":["104.218.88.5","104.218.88.78"]},
	{"org_name":"Köln Straße","org_id":"2","ips":["10.1.0.0/16"]}]}
LIST
tui_start 80x24 -a "$T/list.json" -n "udp/31765=$LAB_NAT4:8081" || exit 1

# prompt_is NAME REGEX: the last row, without blanks at its end.
prompt_matches() { screen_line 24 | sed 's/ *$//' | grep -qE -- "$1"; }
prompt_is() {
	wait_for 5 prompt_matches "$2"
	check "$1" "$(screen_line 24 | sed 's/ *$//' | sed -E "s/$2/as expected/")" "as expected"
}
entries() { vxctl --json allow list | json length; }
has_entry() { vxctl --json allow list | json '.[].cidr' | grep -qxF -- "$1"; }

# Where the focus is: the keys that do something now are below, and the mark is bold.
footer_matches() { screen_line $((rows - 1)) | grep -qE -- "$1"; }
mark_is_bold() { tmx capture-pane -p -e -t vx | tail -n 1 | grep -qE "$(printf '^(\033\\[[0-9;]*m)*\033\\[(0;)?1[;m][^>]*>')"; }
mark_is_not() { ! mark_is_bold; }
for size in 80x24 40x12; do
	cols=${size%x*} rows=${size#*x}
	resize "$cols" "$rows"
	to_list
	check_cmd "$size: the view's keys" wait_for 5 footer_matches '^ 1(.over.)? 2.* q quit'
	check_cmd "$size: no mark" wait_for 5 mark_is_not
	to_prompt
	check_cmd "$size: the keys of the command line" wait_for 5 footer_matches '^ Enter run Esc view Tab complete( Up history|$| *$)'
	check_cmd "$size: the view's are away" wait_for 5 screen_lacks 'q quit'
	check_cmd "$size: the mark" wait_for 5 mark_is_bold
done
resize 80 24

# Typing.
to_prompt
text "alow list"
prompt_is "what is typed is shown" '^> alow list$'
check "the cursor is behind it" "$(screen_cursor)" "11 23"
keys Home Right Right
text "l"
prompt_is "it can be edited" '^> allow list$'
keys End
text " Zoom"
keys Enter
check_screen "a command runs" "104.218.88.78"
to_list
esc
check_gone "its answer closes" "lines [0-9]"

# A packet is asked about as it is written elsewhere, ">" and all; or one of a file, which is opened here.
to_prompt
text "explain udp 104.218.88.5:5000 > 172.30.74.144:31765"
keys Enter
check_screen "explain of a packet that is typed" "rule udp/31765 sends it to $LAB_NAT4:8081"
to_list
esc
check_gone "its answer closes, too" "lines [0-9]"
printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0' >"$T/one.pcap"
printf '\0\0\0\0\0\0\0\0\16\0\0\0\16\0\0\0\2\0\0\0\0\1\2\0\0\0\0\2\10\6' >>"$T/one.pcap"
chmod 755 "$T"
to_prompt
text "explain '$T/one.pcap' 1"
keys Enter
check_screen "explain of a packet of a file" "not UDP to port 4789"
to_list
esc
check_gone "and this answer, too" "lines [0-9]"

# A wrong line stays to be edited, with the reason.
to_prompt
text "allow add 10.9.9.999"
keys Enter
prompt_is "a wrong line stays" '^> allow add 10\.9\.9\.999$'
check_screen "and says why" "10\.9\.9\.999.*[a-z]{4}"
check "nothing was changed" "$(entries)" 3
keys Left
keys BSpace BSpace
prompt_is "it is mended" '^> allow add 10\.9\.9\.9$'
keys Enter
check_cmd "and runs" wait_for 5 has_entry 10.9.9.9
prompt_is "the line is empty then" '^>$'

# As help and manual write it.
command_line ":set truncated forward"
forwards() { [ "$(vxctl --json show settings | json '.[] | select(.name == "truncated").value')" = forward ]; }
check_cmd "a colon before it is no part of it" wait_for 5 forwards

# A line of an answer that does not fit is seen to be cut.
command_line "help allow"
check_screen "an answer, a command a line" "^allow del +remove an entry"
check_screen "its lines are wider than the screen" "^allow load .*…$"
to_list
esc

# Completion.
to_prompt
text "nat l"
keys Tab
prompt_is "a verb is completed" '^> nat list$'
keys C-u
text ":nat l"
keys Tab
prompt_is "behind a colon, too" '^> :nat list$'
keys C-u
text "all"
keys Tab Tab
check_screen "what there is to choose from is shown" "(add|list) "
prompt_is "as far as it is sure" '^> allow$'
keys C-u
text "allow del 104.218.88."
keys Tab
check_screen "addresses are completed, with their organisations" "104.218.88.78 +Zoom Fiber, LLC"
keys C-u
text "allow add 10.8.8.8 org Zo"
keys Tab
prompt_is "an organisation is completed and quoted" '^> allow add 10\.8\.8\.8 org "Zoom Fiber, LLC"$'
keys Enter
check_cmd "the quotes are understood" wait_for 5 has_entry 10.8.8.8
check "the organisation is as it is written in the list" \
	"$(vxctl --json allow list | json '.[] | select(.cidr == "10.8.8.8") | .org')" "Zoom Fiber, LLC"

cp "$T/list.json" "$TUI_HOME/my list.json"
text "allow load $TUI_HOME/my"
keys Tab
prompt_is "files are completed, as the operator sees them" "^> allow load .${TUI_HOME//\//.}.my list.json.$"
keys C-u

# Unicode, and the search in it.
to_prompt
text 'allow add 10.7.7.7 org "Köln Straße"'
keys Enter
check_cmd "an organisation in UTF-8" wait_for 5 has_entry 10.7.7.7
to_prompt
text "stats"
keys Enter
to_prompt
keys C-r
text "Köl"
prompt_is "Ctrl-R finds it" "^.reverse-i-search.*Köl': allow add 10\.7\.7\.7 org \"Köln Straße\"$"
text "n Str"
prompt_is "and goes on" "^.reverse-i-search.*Köln Str'.*"
keys BSpace
prompt_is "also backwards" "^.reverse-i-search.*Köln St'.*"
keys C-g
prompt_is "Ctrl-G gives up the search" '^>$'

# A line that is given up: the next one is typed in the same place. A letter of it would ask to delete the rule in view 3.
to_list
keys 3
check_screen "the rules" "NAT RULES"
to_prompt
text "nat lsit"
keys C-c
prompt_is "Ctrl-C empties the line" '^>$'
keys C-c C-d C-d
text "dx"
prompt_is "what is typed next is text" '^> dx$'
check_cmd "and nothing is asked" screen_lacks "Enter does it"
keys C-c
esc
check_cmd "Esc leaves" in_list
# A question ends at any key that is no answer.
keys d
check_screen "a question says what ends it" "Enter does it, any other key cancels: "
sleep 0.4 # an Enter that comes at once answers no question
keys x Enter
check_screen "another key cancels" "cancelled, nothing was changed"
check "the rule is there" "$(vxctl --json nat list | json length)" 1
check_cmd "the Enter behind it answered nothing" in_prompt

# History.
to_prompt
keys Up Up
prompt_is "history" '^> allow add 10\.7\.7\.7 org "Köln Straße"$'
cancel_line

# A long line.
to_prompt
long=$(printf 'x%.0s' $(seq 488))
text "allow list $long"
text "END"
prompt_is "a line of 500 characters scrolls" '^<x+END$'
keys Home
prompt_is "to its begin" '^> allow list x+>$'
check "the cursor is at the begin" "$(screen_cursor)" "2 23"
keys End
text "."
prompt_is "and back" '^<x+END\.$'
keys C-u
prompt_is "and is gone" '^>$'

# A paste.
before=$(entries)
paste "$(printf 'allow add 10.5.5.1\nallow add 10.5.5.2\nallow add 10.5.5.3\n')"
prompt_is "a pasted block: its first line waits" '^> allow add 10\.5\.5\.1$'
check_screen "how many wait behind it is told" "2 more pasted lines"
check "nothing has run" "$(entries)" "$before"
keys Enter
check_cmd "Enter runs one" wait_for 5 has_entry 10.5.5.1
prompt_is "and brings the next" '^> allow add 10\.5\.5\.2$'
check "and no more" "$(entries)" $((before + 1))
cancel_line
sleep 0.3
check "Ctrl-C drops them" "$(entries)" $((before + 1))
to_list
# In the list a paste is no keys.
paste "q"
check_gone "a paste in the list is no key" "stops it" 1
to_list
esc
# Nor does it answer a question.
keys q
wait_screen "stops it" 5
paste "$(printf 's\n')"
check "a paste does not stop the engine" "$(vxctl --json stats | json .pid)" "$VX_PID"
check_screen "nor leave it: the question stands" "stops it"
esc
check_gone "Esc ends it" "stops it"
in_filter() { screen_has "zoom q"; }
keys /
paste "zoom q"
check_cmd "a filter may be pasted" wait_for 3 in_filter
esc

# History over runs.
to_list
keys q
wait_screen "stops it" 5
keys Enter
check_ended "leaving"
check "the history is the operator's alone" "$(stat -c '%a %u' "$TUI_HOME/.vxconsole_history")" "600 $OPERATOR"
tui_attach 80x24
to_prompt
keys Up
prompt_is "the history of the last run" '^> allow add 10\.5\.5\.1$'
keys C-r
text "Straß"
prompt_is "Ctrl-R in it" "^.reverse-i-search.*Straß'.*Köln Straße\"$"
keys Enter
check_screen "what was found runs" "10.7.7.7"

# A question about a long line is about all of it.
many=$(seq -s, 2 1500)
cancel_line
to_prompt
text "set vni $many"
keys Enter
check_screen "a long line is asked about" "no longer be ours"
sleep 0.4 # an Enter that comes at once answers no question
keys Enter
vnis() { vxctl --json vni list | json '[.[] | select(.ours) | .vni] | sort | join(",")'; }
all_there() { [ "$(vnis)" = "$many" ]; }
check_cmd "and done as it was typed" wait_for 5 all_there
