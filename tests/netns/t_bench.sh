#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The bench runs, and leaves nothing behind: neither at its end nor when it is stopped midway. Its
# figures are of probes so short that they say nothing; its arithmetic is tests/bench/selftest.py's.
. "$(dirname "$0")/lib.sh"

left() { # namespaces, and programs of the bench's own object
	ip netns list | grep "^vb$1-"
	ip -n "vb$1-tgt" link show 2>/dev/null
	cat /proc/sys/net/core/netdev_max_backlog
}
BEFORE=$(left none)

python3 "$ROOT/tests/bench/bench.py" --runs 1 --seconds 0.05 --tolerance 0.5 --rows ring+packet,kernel+rps,min_redirect,min_ring \
	--scale none --out "$T/bench.json" >"$T/out" 2>"$T/err" &
BENCH=$!
wait $BENCH
check "exit code" $? 0 || sed 's/^/#   | /' "$T/err"
check "rows" "$(json '[.rows[].name] | join(" ")' <"$T/bench.json")" "ring+packet kernel+rps min_redirect min_ring"
check "none was kept from running" "$(json '[.rows[] | select(.not_run)] | length' <"$T/bench.json")" 0
check "each has seen packets arrive, and in time" "$(json '[.rows[] | .peak_pps > 1000 and
	.lat_us.p50 > 0] | all' <"$T/bench.json")" true
check "ours says what it takes to send, and how long" "$(json '.rows[0] | .at["85000"] as $at |
	$at.syscalls_per_pkt > 0 and $at.entry_to_send_us.p50 > 0 and .idle_percent > 0 and .rings_mb > 0' \
	<"$T/bench.json")" true
check "the machine's floor is measured" "$(json '.host.floor | .sleep_10us_us.p50 >= 10 and
	(.away_percent | length) > 0' <"$T/bench.json")" true
check "the targets follow" "$(grep -cE '^ring\+packet, .* (met|missed|not measured)(; a wake-up( a packet)? alone: [0-9.]+)?$' "$T/out")" 9
check "a line a row in the table" "$(grep -cE '^(ring|kernel|min)[^ ]* +142 ' "$T/out")" 4
check "nothing is left of it" "$(left $BENCH)" "$BEFORE"

python3 "$ROOT/tests/bench/bench.py" --runs 1 --rows ring+packet --scale none --out "$T/none.json" \
	>"$T/out" 2>"$T/err" &
BENCH=$!
engine_runs() { ip netns pids "vb$BENCH-tgt" 2>/dev/null | xargs -r -n1 ps -o comm= -p | grep -q vxconsole; }
check_cmd "stopped midway: it was at work" wait_for 20 engine_runs
kill -TERM $BENCH
wait $BENCH
check "stopped midway: exit code" $? 1
check "stopped midway: it says so" "$(tail -n 1 "$T/err")" "bench.py: interrupted; nothing is written"
check "stopped midway: no figures" "$(ls "$T/none.json" 2>/dev/null)" ""
check "stopped midway: nothing is left of it" "$(left $BENCH)" "$BEFORE"
