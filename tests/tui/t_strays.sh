#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 120
#
# The view of XDP programs of others: planted ones are shown with where, how, who and why; moving the cursor and pressing
# keys does nothing before a question was answered by Enter; then the program is off, and the view says so.
STRAYS_LIB=../tui/lib.sh STRAYS_THEN=tui_cleanup
. "$(dirname "$0")/../netns/strays.sh"

lab_up "$LAB" || exit 1
in_tgt ip link add str0 type veth peer name str1
in_tgt ip link set str0 up
in_tgt ip link set str1 up
tui_start 120x30 --allow-mode off -n "udp/31765=$LAB_NAT4:8081" || exit 1
loader held tgt older
loader attached tgt other netlink str0 generic
held=${LOADER_ID[held]} attached=${LOADER_ID[attached]}
on_str0() { in_tgt ip -j link show str0 | json '.[0].xdp.prog.id // "none"'; }

keys 7
check_screen "heading" "XDP PROGRAMS IN THE KERNEL +.ours: id $(vxctl --json strays | json .ours) on ens5"
keys r
check_screen "the one that is only held" "$held +vxlan_pipeline_main +no +- +pid ${LOADER_PID[held]} vxl.*duplicate" 10
check_screen "the one that is attached" "$attached +somebody +str0 \(generic\) +netlink +pid ${LOADER_PID[attached]} vxl"
check "the footer has its keys" "$(screen_line 29 | grep -c '7\[strays\].* x strays detach ID X strays stop ID q quit')" 1

# to_row ID: the cursor goes there; what is below the list is its.
to_row() {
	local i
	keys Home
	for ((i = 0; i < 30; i++)); do
		wait_screen "$2" 1 && return
		keys j
	done
	check "the cursor reaches $1" "not reached" "$2"
}
# asked KEY ID FIX QUESTION: others may come and go in the list between the look and the key, so the question is read.
asked() {
	local i
	for i in 1 2 3 4 5; do
		to_row "$2" "$3"
		keys "$1"
		wait_screen "$4" 2 && break
		esc
	done
	check_screen "$1 asks" "$4"
}
to_row "$attached" "away by +strays detach $attached"
keys j k j k
asked x "$attached" "away by +strays detach $attached" "detaches somebody id $attached from str0 \(generic\)"
esc
check_screen "Esc does nothing" "cancelled"
check "it is attached still" "$(on_str0)" "$attached"
command_line "strays clean"
check_screen "clean asks" "takes [0-9]+ duplicates? away"
esc
to_list
check "nothing was done" "$(no_prog "$held" || echo there)" there
asked x "$attached" "away by +strays detach $attached" "detaches somebody id $attached"
sleep 0.4 # an Enter that was on its way answers no question
keys Enter
check_screen "it says what was done" "detached from str0 \(generic, by netlink\)" 10
check "it is off" "$(on_str0)" none
esc
keys r
check_screen "and the view knows" "$attached +somebody +no +-" 10
asked X "$held" "away by +strays stop $held" "asks to end .SIGTERM.: pid ${LOADER_PID[held]} vxlan_loader"
sleep 0.4
keys Enter
check_screen "it has ended" "asked to end, and it did" 10
check_gone_prog "its program is gone" "$held"
esc
keys 9
check_screen "VNIs are on 9" "VNIS"
keys q
wait_screen "Leave:" 5
sleep 0.4
keys s
check_ended "stopped"
