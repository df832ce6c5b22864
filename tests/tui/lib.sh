# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests in tests/tui share: the real program in a terminal of tmux, in a lab with real packets. What
# tests/netns/lib.sh has is here too.
#
#	. "$(dirname "$0")/lib.sh"
#	lab_up "$LAB" || exit 1
#	tui_start 80x24 --allow-mode off -n "udp/31765=$LAB_NAT4:8081"
#	keys :
#	text "nat list"
#	keys Enter
#	check_screen "the rule is shown" "udp/31765"
#
# The operator is the user "operator" (uid 4242), who came by sudo, with a home of their own; that user exists in the
# lab's target only. No fixed sleeps: wait_screen for what is to be seen.

# shellcheck disable=SC2034 # variables that the tests read
. "$(dirname "${BASH_SOURCE[0]}")/../netns/lib.sh"
command -v tmux >/dev/null || skip "$(basename "$0" .sh)" "tmux is not installed"

OPERATOR=4242
TUI_HOME=$T/home
TUI_N=0
unset TMUX TMUX_PANE

chmod 711 "$T"
mkdir -p "$TUI_HOME" "/etc/netns/$LAB-tgt" || mkdir -p "/etc/netns/$LAB-tgt" # another's end may have removed /etc/netns
chown $OPERATOR:$OPERATOR "$TUI_HOME"
# "ip netns exec" puts it in the place of /etc/passwd.
{ cat /etc/passwd; echo "operator:x:$OPERATOR:$OPERATOR::$TUI_HOME:/bin/sh"; } >"/etc/netns/$LAB-tgt/passwd"

cat >"$T/tmux.conf" <<-'CONF'
	set -s exit-empty off
	set -g status off
	set -g default-terminal tmux-256color
	set -s escape-time 0
	set -g remain-on-exit on
	set -g history-limit 0
CONF

# What the pane runs: the program between two readings of the terminal's settings. Stopped by Ctrl-Z it goes on at Enter.
cat >"$T/pane.sh" <<-'PANE'
	dir=$1
	shift
	stty -g >"$dir/tty.before"
	bash -c 'echo $$ >"$0/screen.pid"; exec "$@"' "$dir" "$@"
	rc=$?
	while [ -n "$(jobs -s)" ]; do
		stty -g >"$dir/tty.stopped"
		echo "the screen is stopped"
		read -r _
		fg >/dev/null
		rc=$?
	done
	echo $rc >"$dir/screen.rc"
	stty -g >"$dir/tty.after"
	echo "the screen has ended"
	exec sleep 3600
PANE

# The engine is no child of this script, and a dead one that nobody has waited for yet is dead.
alive() { [ -n "$1" ] && grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; }

tmx() { tmux -u -f "$T/tmux.conf" -S "$T/tmux" "$@"; }

# --- starting ------------------------------------------------------------------------------------

# tui_run COLSxROWS COMMAND...: in the target's namespace, as root who came by sudo from the operator. The environment
# is TUI_ENV's.
tui_run() {
	local size=$1
	shift
	rm -f "$T"/tty.before "$T"/tty.after "$T"/screen.rc "$T"/screen.pid
	tmx kill-session -t vx 2>/dev/null
	# shellcheck disable=SC2086 # a list
	tmx new-session -d -s vx -x "${size%x*}" -y "${size#*x}" -- \
		ip netns exec "$LAB-tgt" env SUDO_UID=$OPERATOR SUDO_GID=$OPERATOR SUDO_USER=operator \
		LC_ALL=C.UTF-8 ${TUI_ENV:-} bash -m "$T/pane.sh" "$T" "$@"
	wait_for 5 test -s "$T/screen.pid"
	SCREEN_PID=$(cat "$T/screen.pid")
}

# tui_start COLSxROWS [OPTIONS]: engine and screen; returns when figures are shown.
tui_start() {
	local size=$1
	shift
	tui_run "$size" "$VX" --socket "$VX_SOCK" --log "$VX_LOG" "$@" ens5 ens6
	if ! wait_screen 'LIVE' 20; then
		check "the screen comes up" "$(screen_text | grep . | tail -n 5)" "LIVE"
		return 1
	fi
	VX_PID=$(vxctl --json stats | json .pid)
	note_kernel_objects
}

# tui_attach COLSxROWS [OPTIONS]
tui_attach() {
	local size=$1
	shift
	tui_run "$size" "$VX" attach --socket "$VX_SOCK" "$@"
	wait_screen 'LIVE' 10
}

# --- looking -------------------------------------------------------------------------------------

screen_text() { tmx capture-pane -p -t vx; }
screen_cursor() { tmx display-message -p -t vx '#{cursor_x} #{cursor_y}'; }
screen_line() { screen_text | sed -n "$1p"; }
screen_has() { screen_text | grep -qE -- "$1"; }
screen_lacks() { ! screen_has "$1"; }

# wait_screen REGEX SECONDS: until a line of the screen matches.
wait_screen() { wait_for "$2" screen_has "$1"; }
wait_gone() { wait_for "$2" screen_lacks "$1"; }

# check_screen NAME REGEX [SECONDS]
check_screen() {
	if wait_screen "$2" "${3:-5}"; then
		echo "ok $1"
		return 0
	fi
	check "$1" "not on the screen" "$2"
	screen_text | sed 's/^/#   | /'
	return 1
}

check_gone() {
	if wait_gone "$2" "${3:-5}"; then
		echo "ok $1"
		return 0
	fi
	check "$1" "on the screen" "no $2"
	screen_text | sed 's/^/#   | /'
	return 1
}

# --- doing ---------------------------------------------------------------------------------------

keys() { tmx send-keys -t vx -- "$@"; }
text() { tmx send-keys -t vx -l -- "$1"; }
# bytes HEX...: as a terminal would send them
bytes() { tmx send-keys -t vx -H -- "$@"; }
# paste TEXT: as a bracketed paste, when the program has asked for it
paste() {
	tmx set-buffer -b vx -- "$1"
	tmx paste-buffer -p -r -d -b vx -t vx
}
resize() { tmx resize-window -t vx -x "$1" -y "$2"; }
# The cursor is seen in the command line alone.
in_prompt() { [ "$(tmx display-message -p -t vx '#{cursor_flag}')" = 1 ]; }
in_list() { ! in_prompt; }
to_prompt() {
	in_prompt || keys :
	wait_for 3 in_prompt
}
# esc: the key; what comes at once behind it would make another key of it.
esc() {
	keys Escape
	sleep 0.3
}
to_list() {
	local i
	for i in 1 2 3; do
		in_list && return
		esc
	done
}
# cancel_line: the line is given up, and then the command line is left
cancel_line() {
	keys C-c
	to_list
}
# command_line LINE: typed in the command line and run
command_line() {
	to_prompt
	text "$1"
	keys Enter
}

# --- ending --------------------------------------------------------------------------------------

screen_ended() { [ -s "$T/screen.rc" ] && [ -s "$T/tty.after" ]; }

# check_ended NAME [RC]: the screen has ended, and the terminal is as it was.
check_ended() {
	wait_for 10 screen_ended
	check "$1: it ends" "$(cat "$T/screen.rc" 2>/dev/null || echo running)" "${2:-0}"
	check "$1: the terminal is as it was" "$(cat "$T/tty.after" 2>/dev/null)" "$(cat "$T/tty.before")"
	check "$1: the cursor is shown, the screen is the first one" \
		"$(tmx display-message -p -t vx '#{cursor_flag} #{alternate_on} #{mouse_any_flag} #{bracketed_paste_flag}')" "1 0 0 "
}

tui_cleanup() {
	local rc=$?
	trap - EXIT
	tmx kill-server 2>/dev/null
	rm -rf "/etc/netns/${LAB:?}-tgt"
	rmdir /etc/netns 2>/dev/null
	(exit $rc)
	t_cleanup
}
trap tui_cleanup EXIT
