#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 180
# beside others
#
# The demo: its screen shows traffic; who leaves it and lets the engine run on can come back; leaving it in whatever way
# ends engine and traffic in the end and leaves no namespace; `save` there does not write to the sources.
. "$(dirname "$0")/lib.sh"

demo_text() { tmx capture-pane -p -t vx 2>/dev/null; }
demo_shows() { demo_text | grep -qE -- "$1"; }
demo_ctl() { # COMMAND...
	local pid sock
	for pid in $(ip netns pids "vxdemo$DEMO-tgt"); do
		sock=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n '/^--socket$/{n;p;q}')
		[ -z "$sock" ] || break
	done
	"$BUILD/vxconsole" ctl -s "$sock" "$@"
}
samples() { cat "$ROOT/share/vxconsole.conf" "$ROOT/share/allowlist.json" | cksum; }
demo_ended() { [ -s "$T/demo.rc" ]; }
traffic_flows() { demo_text | grep -E '^ +in ' | grep -qE ' [0-9]+,[0-9]{3} pps'; }
# The demo's namespaces, and what has been running in them: a generator may end by itself, none may outlive the demo.
namespaces() { ip netns list | grep -o "^vxdemo$DEMO-..."; }
note_pids() { for ns in $(namespaces); do ip netns pids "$ns"; done >"$T/demo.pids"; }
left() {
	namespaces
	while read -r pid; do
		! alive "$pid" || echo "process $pid"
	done <"$T/demo.pids"
}

start_demo() {
	rm -f "$T"/demo.*
	tmx new-session -d -s vx -x 80 -y 24 -- env LC_ALL=C.UTF-8 DEMO_LINGER=8 BUILD="$BUILD" bash -c \
		'bash -c "echo \$\$ >$0/demo.pid; exec bash $1/tests/lab/demo.sh"; echo $? >$0/demo.rc; exec sleep 600' "$T" "$ROOT"
	wait_for 30 traffic_flows
	check "$1: traffic is seen" "$(traffic_flows && echo yes)" yes || demo_text
	DEMO=$(cat "$T/demo.pid")
	check "$1: it is in namespaces of its own" "$(namespaces | wc -l)" 3
	note_pids
	check_ge "$1: screen, engine, sink and generators run there" "$(wc -l <"$T/demo.pids")" 4
}
nothing_left() { [ -z "$(left)" ]; }
end_demo() { # NAME EXIT-CODE
	[ "$2" = - ] || wait_for 20 demo_ended
	wait_for 20 nothing_left
	check "$1: nothing is left" "$(left)" ""
	[ "$2" = - ] || check "$1: exit code" "$(cat "$T/demo.rc" 2>/dev/null)" "$2"
	tmx kill-session -t vx 2>/dev/null || :
}

leave() {
	tmx send-keys -t vx q
	wait_for 5 demo_shows "stops it"
	tmx send-keys -t vx "$1"
}

start_demo "let the engine run on"
before=$(samples)
check_cmd "save: a rule" demo_ctl nat add udp/9=172.30.82.95:9
check_cmd "save: the config" demo_ctl save
check_cmd "save: a change of the list" demo_ctl allow add 198.51.100.200
check_cmd "save: the list" demo_ctl allow save
check "save: the samples are as they were" "$(samples)" "$before"
leave Enter
wait_for 10 demo_shows "Enter: back to the screen"
check "let the engine run on: it is told how to come back" "$(demo_shows "Enter: back to the screen" && echo yes)" yes || demo_text
tmx send-keys -t vx Enter
wait_for 10 traffic_flows
check "let the engine run on: the same engine, and its traffic" "$(demo_shows ' 3 rules' && traffic_flows && echo yes)" yes || demo_text
leave s
end_demo "then the engine is stopped" 0

start_demo "nobody comes back"
leave Enter
wait_for 10 demo_shows "Enter: back to the screen"
end_demo "nobody comes back" 0

start_demo "a signal to the demo alone"
kill -TERM "$DEMO"
end_demo "a signal to the demo alone" 0

start_demo "the terminal is closed"
tmx kill-session -t vx
end_demo "the terminal is closed" -
