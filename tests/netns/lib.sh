# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests in tests/netns share. A test is a bash script:
#
#	. "$(dirname "$0")/lib.sh"
#	lab_up "$LAB"
#	start_vx --allow-mode off --nat-rule "udp/31765=$LAB_NAT4:8081" || exit 1
#	start_sink dst --count 100 --seconds 10 --expect-dst $LAB_NAT4:8081
#	send --count 100 >/dev/null
#	end_sink dst
#	check "all packets arrive" "$(json .packets "$SINK")" 100
#	stop_vx
#	check "it exits well" "$VX_RC" 0
#
# It prints "ok NAME" and "not ok NAME" lines and exits 0, 1, or 77 (skipped); leaving the script in any
# way cleans up, and checks that nothing of the program is left in the kernel. No fixed sleeps: wait_for
# what is to happen. BUILD chooses the build under test (build, build/asan, ...).
#
# Variables: LAB prefix of this test's namespaces; T private directory; VX VXGEN the programs; VX_PID
# VX_LOG VX_RC VX_SOCK of the running (or last) engine; SINK the last report.

# shellcheck disable=SC2034 # variables that the tests read
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$ROOT/build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
VX=${VX:-$BUILD/vxconsole}
VXGEN=${VXGEN:-$BUILD/vxgen}
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C.UTF-8

# shellcheck source=tests/lab/lab.sh
. "$ROOT/tests/lab/lab.sh"

# skip NAME WHY: the whole test.
skip() {
	echo "skip $1: $2"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "$(basename "$0" .sh)" "needs root"

LAB=vt$$
T=$(mktemp -d "/tmp/$LAB.XXXXXX")
VX_SOCK=$T/vx.sock
export STATE_DIRECTORY=$T/var # what an engine leaves there is this test's own
VX_LOG=$T/vx.log
VX_PID=
VX_RC=
SINK=
T_FAILED=0
T_LOAD=
SENT=
declare -A T_SINK_PID=()

# check NAME ACTUAL EXPECTED
check() {
	if [ "$2" = "$3" ]; then
		echo "ok $1"
		return 0
	fi
	printf 'not ok %s\n#   actual:   %s\n#   expected: %s\n' "$1" "$2" "$3"
	T_FAILED=1
	return 1
}

# check_cmd NAME COMMAND...: it succeeds; its output is shown when it does not.
check_cmd() {
	local name=$1 out rc
	shift
	out=$("$@" 2>&1)
	rc=$?
	check "$name" "$rc" 0 || printf '%s\n' "$out" | sed 's/^/#   | /'
}

# check_ge NAME ACTUAL LEAST: integers.
check_ge() {
	if [ "$2" -ge "$3" ] 2>/dev/null; then
		echo "ok $1"
		return 0
	fi
	check "$1" "$2" "at least $3"
}

# wait_for SECONDS COMMAND...: tries until it succeeds; fails after so long.
wait_for() {
	local end=$(($(date +%s%N) + $1 * 1000000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s%N)" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# json FILTER [TEXT]: of TEXT, or of stdin. Strings come raw, objects on one line.
json() {
	if [ $# -gt 1 ]; then
		jq -rc "$1" <<<"$2"
	else
		jq -rc "$1"
	fi
}

in_src() { lab_exec "$LAB" src "$@"; }
in_tgt() { lab_exec "$LAB" tgt "$@"; }
in_dst() { lab_exec "$LAB" dst "$@"; }

alive() { kill -0 "$1" 2>/dev/null; }
dead() { ! alive "$1"; }

# --- the engine ----------------------------------------------------------------------------------

vx_ready_or_dead() { grep -q '^ready:' "$VX_LOG" || dead "$VX_PID"; }

# launch_vx [OPTIONS]: starts it and does not wait. The arguments stand before INGRESS EGRESS.
launch_vx() {
	: >"$VX_LOG"
	VX_RC=
	# Not by lab_exec: $! must be the engine itself, not a shell round a function.
	ip netns exec "$LAB-tgt" "$VX" --headless --socket "$VX_SOCK" "$@" ens5 ens6 \
		>"$T/vx.out" 2>"$VX_LOG" &
	VX_PID=$!
}

# start_vx [OPTIONS]: starts it, and returns when it is ready, or fails with its log shown.
start_vx() {
	launch_vx "$@"
	wait_for 20 vx_ready_or_dead
	if alive "$VX_PID" && grep -q '^ready:' "$VX_LOG"; then
		note_kernel_objects
		return 0
	fi
	check "the engine starts" "$(tail -n 3 "$VX_LOG")" "ready: ..."
	return 1
}

# reap_vx SECONDS: waits for it to end by itself; VX_RC is its exit code, or "running".
reap_vx() {
	if ! wait_for "$1" dead "$VX_PID"; then
		VX_RC=running
		return 1
	fi
	wait "$VX_PID"
	VX_RC=$?
	VX_PID=
}

# stop_vx: SIGTERM, and its exit code in VX_RC (also returned).
stop_vx() {
	[ -n "$VX_PID" ] || return 0
	note_kernel_objects
	kill -TERM "$VX_PID" 2>/dev/null
	reap_vx 30 || return 1
	return "$VX_RC"
}

# kill_vx: SIGKILL, no chance to clean up.
kill_vx() {
	note_kernel_objects
	kill -KILL "$VX_PID" 2>/dev/null
	reap_vx 10
}

vxctl() { "$VX" ctl -s "$VX_SOCK" "$@"; }

# Ids of all BPF objects that the engine holds, so that one can see later that they are gone. Other
# tests may run beside this one, so counting by name would not do.
note_kernel_objects() {
	[ -n "$VX_PID" ] || return 0
	grep -hs -E '^(prog|map|link)_id:' "/proc/$VX_PID"/fdinfo/* | sort -u >>"$T/objects"
}

# Prints those of the noted objects that are still there. All that there are is listed at once: to ask for each of so
# many takes a second and more.
left_kernel_objects() {
	local there
	[ -s "$T/objects" ] || return 0
	there=$({ bpftool -j prog show; bpftool -j map show; bpftool -j link show; } | jq -rs \
		'[["prog", "map", "link"], .] | transpose[] | .[0] as $kind | .[1][] | "\($kind)_id:\t\(.id)"') ||
		echo "bpftool does not list what is in the kernel"
	comm -12 <(sort -u "$T/objects") <(sort <<<"$there")
}

no_kernel_objects() { [ -z "$(left_kernel_objects)" ]; }

# XDP programs, qdiscs and filters on the target's interfaces; empty when it is clean.
left_on_links() {
	in_tgt ip -o link show 2>/dev/null | grep -o 'ens[56].*xdp[a-z]*.*id [0-9]*'
	in_tgt tc qdisc show 2>/dev/null | grep -E 'clsact|ingress'
}

clean_links() { [ -z "$(left_on_links)" ]; }

# check_nothing_left: within 2 s of the engine's end nothing of it is in the kernel.
check_nothing_left() {
	wait_for 2 no_kernel_objects
	check "no program, map or link of the engine is left" "$(left_kernel_objects)" ""
	wait_for 2 clean_links
	check "nothing is left on ens5 and ens6" "$(left_on_links)" ""
}

# --- traffic -------------------------------------------------------------------------------------

# send [OPTIONS]: vxgen send in the source namespace; prints its JSON.
send() { lab_exec "$LAB" src "$VXGEN" send src0 --json "$@" 2>>"$T/send.err"; }

# start_load [OPTIONS]: send in the background, until its own limits or stop_load.
start_load() {
	ip netns exec "$LAB-src" "$VXGEN" send src0 --json "$@" >"$T/load" 2>>"$T/send.err" &
	T_LOAD=$!
}

# end_load: waits for its own limits; stop_load: ends it now. SENT is its report.
end_load() {
	wait "$T_LOAD"
	T_LOAD=
	SENT=$(cat "$T/load")
}
stop_load() {
	kill -INT "$T_LOAD" 2>/dev/null
	end_load
}

sink_dev() {
	case $1 in
	src) echo src0 ;;
	tgt) echo ens6 ;;
	dst) echo dst0 ;;
	esac
}

sink_ready_or_dead() { grep -q '^ready' "$T/sink.$1.err" || dead "${T_SINK_PID[$1]}"; }

# start_sink src|tgt|dst [OPTIONS]: in the background; returns when it sees packets.
start_sink() {
	local end=$1
	shift
	: >"$T/sink.$end.err" # the "ready" of an earlier one must not be taken for this one's
	ip netns exec "$LAB-$end" "$VXGEN" sink "$(sink_dev "$end")" --json "$@" \
		>"$T/sink.$end" 2>"$T/sink.$end.err" &
	T_SINK_PID[$end]=$!
	wait_for 10 sink_ready_or_dead "$end"
	grep -q '^ready' "$T/sink.$end.err" || check "the sink starts" "$(cat "$T/sink.$end.err")" ready
}

# end_sink src|tgt|dst: waits until it ends by its own limits; SINK is its report. What it complains of
# goes to stdout as a comment.
end_sink() {
	wait "${T_SINK_PID[$1]}"
	unset "T_SINK_PID[$1]"
	SINK=$(cat "$T/sink.$1")
	sed -n 's/^vxgen: /#   sink: /p' "$T/sink.$1.err"
}

# stop_sink src|tgt|dst: ends it now; SINK is its report.
stop_sink() {
	kill -INT "${T_SINK_PID[$1]}" 2>/dev/null
	end_sink "$1"
}

come_and_left() { vxctl --json ledger | json '"\(.rx) \(.in_flight)"'; }
drained() {
	local before
	before=$(come_and_left)
	sleep 0.2
	[ "${before#* }" = 0 ] && [ "$(come_and_left)" = "$before" ]
}
# drain_sink src|tgt|dst: ends it when all that the engine was sent has gone its way: nothing came for 0.2 s, and nothing
# is in flight. For a sink whose count is not known beforehand.
drain_sink() {
	wait_for 10 drained
	stop_sink "$1"
}

# check_clean_sink NAME: the last report has no fault of any kind in it.
check_clean_sink() {
	check "$1: no fault" "$(json '[.lost, .duplicated, .bad_ip_sum, .bad_l4_sum, .bad_mac,
		.unexpected, .frag_incomplete, .sink_drops] | add' "$SINK")" 0 || echo "#   $SINK"
}

# --- the end -------------------------------------------------------------------------------------

t_cleanup() {
	local rc=$? pid
	trap - EXIT INT TERM
	for pid in "${T_SINK_PID[@]}" $T_LOAD; do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	if [ -n "$VX_PID" ]; then
		stop_vx >/dev/null 2>&1
		[ -z "$VX_PID" ] || kill_vx
	fi
	[ ! -e "$T/objects" ] || check_nothing_left
	lab_down "$LAB"
	[ "$rc" = 77 ] || check "no namespace of the test is left" "$(ip netns list | grep "^$LAB-")" ""
	if [ "$T_FAILED" != 0 ] && [ -s "$VX_LOG" ]; then
		echo "# the end of the engine's log:"
		tail -n 40 "$VX_LOG" | sed 's/^/#   | /'
	fi
	rm -rf "$T"
	[ "$T_FAILED" = 0 ] || rc=1
	exit "$rc"
}
trap t_cleanup EXIT
trap 'T_FAILED=1; exit 1' INT TERM

command -v jq >/dev/null || skip "$(basename "$0" .sh)" "jq is not installed"
[ -x "$VXGEN" ] || { check "vxgen is built" "$VXGEN is missing" "an executable"; exit 1; }
