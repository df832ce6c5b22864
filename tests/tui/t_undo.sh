#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 90
# beside others
#
# z shows what it would undo and what that costs, Enter does it, Z redoes; an answer is for the change that was shown.
# What a crash left unsaved is offered under the lights and made again by a key. With real packets.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
echo '["10.0.0.1"]' >"$T/list.json"
in_force() { vxctl --json allow list | json 'map(.cidr) | sort | join(" ")'; }
in_force_is() { [ "$(in_force)" = "$1" ]; }
tui_start 150x30 -a "$T/list.json" -n "udp/31765=$LAB_NAT4:8081" --match src || exit 1

keys z
check_screen "nothing to undo" "there is nothing to undo"
vxctl allow add 192.0.2.0/24 org Lab >/dev/null
start_load --rate 3000 --seconds 60 --flows 8 --src 192.0.2.0/27 --dport 31765
busy() { [ "$(vxctl --json allow list 192.0.2 | json '.[0].pps')" -ge 2000 ]; }
check_cmd "packets of it" wait_for 10 busy
keys z
check_screen "z shows what it would undo" "undo allow add 192.0.2.0/24 org Lab \([a-z]+, [0-9:]+Z\)"
check_screen "and what that costs" "would deny [23][0-9]{3} packets/s of 192.0.2.0/24"
check "and does nothing" "$(in_force)" "10.0.0.1 192.0.2.0/24"
sleep 0.4
keys Escape
check_screen "Esc leaves it" "nothing was changed"
keys z
wait_screen "Enter does it" 5
sleep 0.4
keys Enter
check_cmd "Enter does it" wait_for 5 in_force_is 10.0.0.1
check_screen "and says so" "undone: allow add 192.0.2.0/24"
keys Z
check_screen "Z shows what it would redo" "redo allow add 192.0.2.0/24 org Lab \([a-z]+, [0-9:]+Z\): (nothing less is sent|would admit about)"
sleep 0.4
keys Enter
check_cmd "Enter does that" wait_for 5 in_force_is "10.0.0.1 192.0.2.0/24"
stop_load

# Another has changed something since it was asked.
keys z
wait_screen "undo allow add 192.0.2.0/24" 5
vxctl set batch 9 >/dev/null
sleep 0.4
keys Enter
check_screen "an answer is for what was shown" "change 1 is not the next: that is 2 of [a-z]+, set batch 9"
check "and nothing is undone" "$(in_force) $(vxctl --json show settings | json '.[] | select(.name == "batch").value')" \
	"10.0.0.1 192.0.2.0/24 9"
to_list
esc

# Killed: the next start offers.
kill_vx
keys q
wait_for 5 screen_ended
# Where none comes for 3 s, that is told in the place of an offer.
start_load --rate 20 --seconds 60 --src 10.0.0.1/32
tui_start 150x30 -a "$T/list.json" -n "udp/31765=$LAB_NAT4:8081" --match src || exit 1
check_screen "what was not saved is offered" "\* 2 unsaved changes of [0-9]{2}:[0-9]{2} .*\[J\] re-apply, :journal discard"
check_screen "in the header, too" " JOURNAL "
command_line "journal"
check_screen "listed" "allow add 192.0.2.0/24 org Lab"
to_list
esc
keys J
check_screen "J asks" "makes again 2 changes that were not saved: nothing less is sent"
sleep 0.4
keys Enter
check_cmd "Enter makes them again" wait_for 5 in_force_is "10.0.0.1 192.0.2.0/24"
check_gone "no offer any more" "unsaved changes of"
check_screen "they are unsaved still" "2 UNSAVED"
resize 80 24
vxctl set batch 3 >/dev/null
kill_vx
keys q
wait_for 5 screen_ended
tui_start 80x24 -a "$T/list.json" -n "udp/31765=$LAB_NAT4:8081" --match src || exit 1
check_screen "again, on a narrow screen" "\* 3 unsaved changes of [0-9]{2}:[0-9]{2} .*\[J\]"
command_line "journal discard"
check_screen "discarding asks" "forgets 3 changes that were not saved"
sleep 0.4
keys Enter
check_gone "discarded" "unsaved changes of"
check "as at the start" "$(in_force)" 10.0.0.1
vxctl allow add 192.0.2.0/24 org Lab note "words that make a row longer than a narrow screen is wide" >/dev/null
vxctl undo >/dev/null
command_line "history"
check_screen "history on a narrow screen: it was undone" "^ *[0-9]+ +yes +20[0-9-]+T[0-9:]+"
check_screen "and there is more of it" "allow add 192.*…$"
to_list
esc
stop_load

# What enforcing would deny is on the screen.
to_list
keys 1
vxctl allow mode count >/dev/null
start_load --rate 2000 --seconds 30 --flows 8 --src 192.0.2.0/27 --dport 31765
check_screen "what enforcing would deny" "would.deny +[0-9,]+" 10
stop_load
keys q
wait_screen "stops it" 5
keys s
check_ended "the screen"
