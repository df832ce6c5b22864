#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `sudo make demo`: the console on ens5 and ens6 of a lab of network namespaces, with the sample config and
# allowlist, under traffic that changes: steady, in bursts, denied, of a VNI that is not ours, jumbo frames, to a
# port without a rule. Who leaves the screen and lets the engine run on can come back to it for a while (LINGER); after
# that, as after every other way to leave, engine and traffic end, and nothing is left.
# HEADLESS=1, or no terminal: the engine alone for DEMO_SECONDS (30) at 85,000 packets/s, and its report.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
prefix=vxdemo$$
# 10.20.0.0/14, 10.24.0.0/15 and 198.51.100.0/25 are on the sample allowlist; these are not.
denied=10.99.0.0/16,198.51.100.128/25

[ "$(id -u)" = 0 ] || { echo "demo: needs root: sudo make demo" >&2; exit 1; }
. tests/lab/lab.sh
tmp=$(mktemp -d)
keepers=()
# Copies, as `save` and `allow save` write to the files that the engine was started with.
cp share/vxconsole.conf share/allowlist.json "$tmp" || exit 1
vx_files=(-c "$tmp/vxconsole.conf" -a "$tmp/allowlist.json")

# The namespaces are ours alone, so whatever runs in them is: an engine that was left running, too. The engine
# first, as it sends what is queued; the sink last, as it counts what arrives.
empty() { # NAMESPACE
	local i pids
	for ((i = 0; i < 160; i++)); do
		pids=$(ip netns pids "$1" 2>/dev/null)
		[ -n "$pids" ] || return
		# shellcheck disable=SC2086 # a list
		((i % 40 > 0)) || kill -"$([ $i -lt 120 ] && echo TERM || echo KILL)" $pids 2>/dev/null
		sleep 0.05
	done
}
stop_all() {
	[ -z "${keepers[*]}" ] || kill "${keepers[@]}" 2>/dev/null
	empty "$prefix-src"
	empty "$prefix-tgt"
	empty "$prefix-dst"
}
finish() {
	trap '' INT TERM HUP
	stop_all
	lab_down "$prefix"
	rm -rf "$tmp"
}
# until_true PID COMMAND...: for at most 10 s, while PID lives.
until_true() {
	local pid=$1 i
	shift
	for ((i = 0; i < 200; i++)); do
		"$@" && return
		kill -0 "$pid" 2>/dev/null || return
		sleep 0.05
	done
	return 1
}
# In a session of its own, so that Ctrl-C and the end of the terminal reach it by way of this script only.
away() { # src|tgt|dst COMMAND...
	local end=$1
	shift
	exec setsid ip netns exec "$prefix-$end" "$@"
}

sink=''
start_sink() { # SECONDS [OPTIONS]
	local seconds=$1
	shift
	(away dst "$build/vxgen" sink dst0 --expect-dst 172.30.82.95:8081 --seconds "$seconds" "$@") \
		>"$tmp/sink" 2>&1 &
	sink=$!
	until_true "$sink" grep -qs '^ready' "$tmp/sink" || { cat "$tmp/sink"; exit 1; }
}
show_sink() {
	wait_all "$sink"
	printf '\nSink, in the destination (every checksum, address and sequence number verified):\n'
	grep -v '^ready' "$tmp/sink"
}
# A signal with a trap ends "wait"; it is taken up again. Returns what the process did.
wait_all() { # PID
	local rc
	while :; do
		wait "$1"
		rc=$?
		kill -0 "$1" 2>/dev/null || return $rc
	done
}

# --- on a screen ---------------------------------------------------------------------------------

# keep SECONDS PAUSE OPTIONS...: sends for so long, again and again, for as long as this script lives, an hour at the
# most.
keep() {
	local seconds=$1 pause=$2 end=$((SECONDS + 3600))
	shift 2
	while kill -0 $$ && ((SECONDS < end)); do
		(away src "$build/vxgen" send src0 --via packet --seconds "$seconds" "$@")
		read -rt "$pause" _ <>"$tmp/never" # a sleep without a process that could be left behind
	done >/dev/null 2>&1
}
traffic() {
	mkfifo "$tmp/never"
	# Each has flows of its own, as the sink counts their sequence numbers.
	keep 20 0 --rate 12000 --flows 96 --src 10.20.0.0/16,10.21.0.0/16,10.22.0.0/16 & keepers+=($!)
	keep 6 9 --rate 30000 --flows 64 --size 256-1400 --src 10.23.0.0/16,198.51.100.0/25 & keepers+=($!)
	keep 7 6 --rate 700 --size 8000 --flows 8 --src 10.24.0.0/16 & keepers+=($!)
	keep 12 5 --rate 6000 --flows 48 --src "$denied" & keepers+=($!)
	keep 8 11 --rate 900 --vni 5569041 & keepers+=($!)
	keep 10 8 --rate 400 --proto tcp --dport 443 --src 10.25.0.0/16 & keepers+=($!)
}

# The screen runs in the background as the shell has it, in the foreground as the terminal has it: a signal that
# reaches this script alone ends the screen at once.
screen=''
show_screen() { # OPTIONS...
	ip netns exec "$prefix-tgt" "$build/vxconsole" "$@" <&0 &
	screen=$!
}
engine_runs() { "$build/vxconsole" ctl -s "$tmp/sock" stats >/dev/null 2>&1; }
# The screen has said that the engine runs on and how to come back, so it does, and one can.
LINGER=${DEMO_LINGER:-15}
come_back() {
	local key i rc
	engine_runs || return
	echo "demo: engine and traffic go on for $LINGER s. Enter: back to the screen; another key: end"
	for ((i = 0; i < LINGER; i++)); do # a signal's trap does not end "read"
		IFS= read -rsn 1 -t 1 key
		rc=$?
		((rc <= 128)) && break
		[ $signalled = no ] || return
	done
	[ $rc = 0 ] && [ -z "$key" ] && engine_runs
}
on_screen() {
	local rc
	trap 'signalled=yes; [ -z "$screen" ] || kill -TERM "$screen" 2>/dev/null' INT TERM HUP
	signalled=no
	start_sink 3700
	show_screen "${vx_files[@]}" --socket "$tmp/sock" ens5 ens6
	until_true "$screen" test -S "$tmp/sock" && traffic
	while :; do
		wait_all "$screen"
		rc=$?
		screen=''
		[ $signalled = no ] && come_back && [ $signalled = no ] || break
		show_screen attach --socket "$tmp/sock"
	done
	echo "demo: engine, traffic and lab are removed"
	stop_all
	show_sink
	return $rc
}

# --- by itself -----------------------------------------------------------------------------------

headless() {
	local seconds=${DEMO_SECONDS:-30} rate=${DEMO_RATE:-85000} sources=10.20.0.0/16,198.51.100.0/25,$denied engine sender='' rc stopped=no
	trap 'stopped=yes; [ -z "${sender:-}" ] || kill -TERM "$sender" 2>/dev/null' INT TERM HUP
	echo "vxconsole --headless ens5 ens6: config share/vxconsole.conf, allowlist share/allowlist.json"
	(away tgt "$build/vxconsole" --headless "${vx_files[@]}" --socket "$tmp/sock" ens5 ens6) &
	engine=$!
	until_true "$engine" test -S "$tmp/sock" || return 1
	start_sink $((seconds + 10)) --idle 1
	echo "vxgen send: $rate packets/s for $seconds s from $sources; Ctrl-C ends it"
	(away src "$build/vxgen" send src0 --rate "$rate" --seconds "$seconds" --flows 64 --src "$sources") \
		>"$tmp/send" 2>&1 &
	sender=$!
	wait_all "$sender"
	# The engine sends what is queued before it ends; the sink ends a second after the last packet.
	kill -TERM "$engine"
	wait "$engine"
	rc=$?
	printf '\nGenerator, in the source:\n'
	cat "$tmp/send"
	show_sink
	[ $stopped = no ] || echo "(ended by Ctrl-C)"
	return $rc
}

trap finish EXIT
lab_up "$prefix" || exit 1
if [ "${HEADLESS:-0}" != 0 ] || ! [ -t 0 ] || ! [ -t 1 ] || [ "${TERM:-dumb}" = dumb ]; then
	headless
else
	on_screen
fi
