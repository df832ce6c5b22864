#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `sudo make demo`: vxconsole on ens5 and ens6 of a lab of network namespaces, with the sample config and
# allowlist. Traffic shaped like a mirror's comes in at 85,000 packets/s from allowed and denied addresses.
# Ends after DEMO_SECONDS (30) or on Ctrl-C, shows what arrived and the engine's report, leaves nothing.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
seconds=${DEMO_SECONDS:-30}
rate=${DEMO_RATE:-85000}
prefix=vxdemo$$
# 10.20.0.0/16 and 198.51.100.0/25 are on the sample allowlist; 10.99.0.0/16 and 198.51.100.128/25 are not.
sources=10.20.0.0/16,198.51.100.0/25,10.99.0.0/16,198.51.100.128/25

[ "$(id -u)" = 0 ] || { echo "demo: needs root: sudo make demo" >&2; exit 1; }
. tests/lab/lab.sh
tmp=$(mktemp -d)
engine='' sink='' sender=''

finish() {
	trap '' INT TERM
	for pid in $sender $sink $engine; do
		kill -TERM "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
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
trap finish EXIT
# Each is in a group of its own (setsid), so that Ctrl-C reaches the generator first and by way of this script.
stopped=no
trap 'stopped=yes; [ -z "$sender" ] || kill -TERM "$sender" 2>/dev/null' INT TERM

lab_up "$prefix" || exit 1

echo "vxconsole --headless ens5 ens6: config share/vxconsole.conf, allowlist share/allowlist.json"
setsid ip netns exec "$prefix-tgt" "$build/vxconsole" --headless -c share/vxconsole.conf \
	-a share/allowlist.json --socket "$tmp/sock" ens5 ens6 &
engine=$!
until_true "$engine" test -S "$tmp/sock" || exit 1

setsid ip netns exec "$prefix-dst" "$build/vxgen" sink dst0 --expect-dst 172.30.82.95:8081 \
	--idle 1 --seconds $((seconds + 10)) >"$tmp/sink" 2>&1 &
sink=$!
until_true "$sink" grep -qs '^ready' "$tmp/sink" || { cat "$tmp/sink"; exit 1; }
echo "vxgen send: $rate packets/s for $seconds s from $sources; Ctrl-C ends it"
setsid ip netns exec "$prefix-src" "$build/vxgen" send src0 --rate "$rate" --seconds "$seconds" \
	--flows 64 --src "$sources" >"$tmp/send" 2>&1 &
sender=$!
while kill -0 "$sender" 2>/dev/null; do
	wait "$sender"
done
sender=''

# The engine sends what is queued before it ends; the sink ends a second after the last packet.
kill -TERM "$engine"
wait "$engine"
rc=$?
engine=''
while kill -0 "$sink" 2>/dev/null; do
	wait "$sink"
done
sink=''
printf '\nGenerator, in the source:\n'
cat "$tmp/send"
printf '\nSink, in the destination (every checksum, address and sequence number verified):\n'
grep -v '^ready' "$tmp/sink"
[ $stopped = no ] || echo "(ended by Ctrl-C)"
exit $rc
