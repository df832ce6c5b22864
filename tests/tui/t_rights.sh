#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 90
# beside others
#
# The screen has the rights of the operator, and no more: who came by sudo, nobody else, no capability. A stranger may not look;
# one who may only read cannot change anything.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
tui_start 80x24 --allow-mode off -n "udp/31765=$LAB_NAT4:8081" || exit 1
status() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr -s '[:space:]' ' ' | sed 's/ $//'; }
no_rights() { # NAME PID UID
	check "$1: uid" "$(status "$2" Uid)" "$3 $3 $3 $3"
	check "$1: gid" "$(status "$2" Gid)" "$3 $3 $3 $3"
	check "$1: groups" "$(status "$2" Groups)" ""
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		check "$1: $set" "$(status "$2" $set)" 0000000000000000
	done
	check "$1: no new privileges" "$(status "$2" NoNewPrivs)" 1
}
no_rights "the screen" "$SCREEN_PID" $OPERATOR
check "the engine is root" "$(status "$VX_PID" Uid)" "0 0 0 0"
# What it has open: its terminal and its socket, nothing of the kernel's.
check "no BPF object is open in the screen" "$(find "/proc/$SCREEN_PID/fd" -lname '*bpf*' | wc -l)" 0
check "nor a packet socket" "$(grep -c . <(ss -0 -p -N "$LAB-tgt" 2>/dev/null | grep "pid=$SCREEN_PID,"))" 0

# All the same it may change things: the engine knew root when it connected.
command_line "vni add 7"
vnis() { vxctl --json vni list | json '[.[] | select(.ours) | .vni] | sort | join(",")'; }
has_7() { [ "$(vnis)" = 1,7 ]; }
check_cmd "the operator may change things" wait_for 5 has_7
to_list
keys q
wait_screen "stops it" 5
keys Enter
check_ended "leaving"

# Without sudo: nobody.
tui_run 80x24 env -u SUDO_UID -u SUDO_GID "$VX" attach --socket "$VX_SOCK"
check_screen "root without sudo attaches" LIVE
no_rights "without sudo" "$SCREEN_PID" 65534
keys q
wait_screen "stops it" 5
keys Enter
wait_for 5 screen_ended
# Nobody has no home: where a picture of the screen cannot be kept, it is said where it can, and it can there.
mkdir -m 1777 "$T/open"
tui_run 80x24 env -u SUDO_UID -u SUDO_GID -C / "$VX" attach --socket "$VX_SOCK"
check_screen "root without sudo, in /" LIVE
keys D
check_screen "no file can be made: as whom" "the screen runs as nobody, who cannot write to .* or /"
check_screen "why, and what to do" "Permission denied\): start it in|start it in /tmp, or, if you are root, by sudo"
keys q
wait_screen "stops it" 5
keys Enter
wait_for 5 screen_ended
tui_run 80x24 env -u SUDO_UID -u SUDO_GID -C "$T/open" "$VX" attach --socket "$VX_SOCK"
check_screen "root without sudo, where all may write" LIVE
keys D
check_screen "a file is made" "this screen is in ./vxconsole-.*txt"
keys q
wait_screen "stops it" 5
keys Enter
wait_for 5 screen_ended

# One who may change things, and has said that this screen must not.
tui_attach 80x24 --read-only
check_screen "attach --read-only: says so" "READ ONLY"
command_line "vni add 9"
check_screen "attach --read-only: a change is refused" "refused: this screen was opened with --read-only"
check "attach --read-only: and changes nothing" "$(vnis)" 1,7
cancel_line
to_list
keys q
check_screen "attach --read-only: it may leave" "Leave"
check_gone "attach --read-only: but not stop it by a key" "stops it" 1
keys Enter
wait_for 5 screen_ended

# A stranger.
as_stranger() { ip netns exec "$LAB-tgt" setpriv --reuid 4343 --regid 4343 --clear-groups "$@"; }
as_stranger "$VX" ctl -s "$VX_SOCK" stats >"$T/stranger" 2>&1
check "a stranger is refused" $? 1
check_ge "and told why" "$(grep -ciE 'permission|root|owner' "$T/stranger")" 1
tui_run 80x24 env -u SUDO_UID -u SUDO_GID setpriv --reuid 4343 --regid 4343 --clear-groups "$VX" attach --socket "$VX_SOCK"
wait_for 5 screen_ended
check "a stranger's attach: exit code" "$(cat "$T/screen.rc")" 1
check_screen "a stranger's attach: told why" "permission|Permission|root|owner"

# One who may connect, and is not the owner, only reads.
chmod 666 "$VX_SOCK"
tui_run 80x24 env -u SUDO_UID -u SUDO_GID setpriv --reuid 4343 --regid 4343 --clear-groups "$VX" attach --socket "$VX_SOCK"
check_screen "a reader looks on" LIVE
check_screen "and is told that it reads only" "READ ONLY"
before=$(vnis)
command_line "vni add 8"
check_screen "a reader's change is refused" "vni add|refused|only|permi"
check "and changes nothing" "$(vnis)" "$before"
cancel_line
to_list
keys q
check_screen "a reader may leave" "Leave"
check_gone "but not stop it" "stops it" 1
keys Enter
wait_for 5 screen_ended
check "the engine runs on" "$(vxctl --json stats | json .pid)" "$VX_PID"
