#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 150
#
# What other programs rely on: the keys and types of every answer, exit codes, messages and the channel that
# they come by, the rights of the socket, what a config that is read again changes, and that no client and no
# reader of the output can hold up the engine.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
RULE=udp/31765=$LAB_NAT4:8081
stranger() { setpriv --reuid=65534 --clear-groups "$@"; }

# The shape of JSON: keys in their order, types as values. Objects whose keys vary are named by the caller.
shape() {
	json 'def shape: if type == "object" then with_entries(.value |= shape) elif type == "array" then
		(.[0:1] | map(shape)) else type end; '"${2:-.}"' | shape' "$1"
}
# is_shape NAME COMMAND EXPECTED [FILTER]: of `ctl --json COMMAND`.
is_shape() {
	local out
	out=$(vxctl --json "$2" 2>"$T/shape.err")
	check "$1: exit code" $? 0
	check "$1: one line" "$(wc -l <<<"$out")" 1
	check "$1: nothing on stderr" "$(cat "$T/shape.err")" ""
	check "$1: shape" "$(shape "$out" "${4:-.}")" "$3"
}

LEDGER='{"rx":"number","passed":{"not_vxlan":"number","other_vni":"number","outer_fragment":"number"},"dropped":{"other_vni":"number","malformed":"number","not_ip":"number","denied":"number","truncated":"number","no_rule":"number","oversize":"number","no_neighbour":"number","paused":"number","internal":"number"},"ring_full":"number","redirected":"number","queued":"number","sent":"number","tx_failed":{},"frag_unknown":"number","in_flight":"number","natted":"number","unnatted":"number","leaked":"number","unseen_tx":"number","balanced":"boolean","slack":"number"}'
STATS='{"version":"string","pid":"number","ingress":"string","egress":"string","mode":"string","mode_reason":"string","egress_method":"string","egress_reason":"string","uptime_s":"number","in_pps":"number","in_bps":"number","out_pps":"number","out_bps":"number","cpu":"number","rss_bytes":"number","ledger":'$LEDGER'}'
STAGE='{"p50_ns":"number","p99_ns":"number","p999_ns":"number","max_ns":"number","count":"number"}'

echo '{"organizations":[{"org_name":"Example \u001b[31mNet","org_id":"7","ips":["198.51.100.0/24"]}],"x":1}' >"$T/list.json"
cat >"$T/vx.conf" <<C
# a comment
NAT_RULE="$RULE" # the rule
BATCH=32
C
start_vx --json -c "$T/vx.conf" -a "$T/list.json" --workers 2 --match src --interval 0.2 || exit 1
check "socket: mode" "$(stat -c %a "$VX_SOCK")" "$(getent group vxconsole >/dev/null && echo 660 || echo 600)"
check "socket: owner" "$(stat -c %u "$VX_SOCK")" "${SUDO_UID:-0}"

# --- the answers, with packets in every list -----------------------------------------------------
start_sink dst --count 100 --seconds 10 --expect-dst "$LAB_NAT4:8081"
send --count 100 --rate 2000 >/dev/null
in_src python3 "$ROOT/tests/netns/send_frame.py" src0 5 src=203.0.113.9 dst=203.0.113.10
in_src python3 "$ROOT/tests/netns/send_frame.py" src0 5 vni=77
end_sink dst
check "the packets arrive" "$(json .packets "$SINK")" 100
all_in() { [ "$(vxctl --json ledger | json .rx)" -ge 110 ]; }
check_cmd "all are counted" wait_for 3 all_in

is_shape stats stats "$STATS"
is_shape ledger ledger "$LEDGER"
is_shape workers workers '[{"worker":"number","cpu":"number","tid":"number","sent":"number","sent_pps":"number","errors":{},"batch_avg":"number","idle":"number","syscalls":"number","stalled_ms":"number"}]'
is_shape rings rings '[{"ring":"number","size":"number","used":"number","high":"number","ms_left":"number","full":"number","late_wakeups":"number"}]' 'map(.ms_left //= 0)'
is_shape latency latency "{\"xdp\":$STAGE,\"ring\":$STAGE,\"send\":$STAGE,\"total\":$STAGE}"
is_shape nic nic '[{"dev":"string","stats":"string"}]' 'map(.stats |= (map(type) | unique | join(" ")))'
check "nic: counters are numbers" "$(vxctl --json nic | json 'map(.stats | map(type) | unique | join(" ")) | unique | join(" ")')" number
check "nic: both devices" "$(vxctl --json nic | json 'map(.dev) | join(" ")')" "ens5 ens6"
is_shape selfcheck selfcheck '{"exact":"boolean","rx":"number","rows":"number"}'
is_shape "show settings" "show settings" '[{"name":"string","value":"string","source":"string","live":"boolean"}]'
is_shape "allow list" "allow list" '[{"cidr":"string","org":"string","note":"null","hits":"number","pps":"number","last_seen":"string"}]'
is_shape "allow top" "allow top" '[{"addr":"string","pps":"number","count":"number","admits_pps":"number","to_pps":"number","senders":"number"}]'
is_shape "allow admits" "allow admits 203.0.113.0/24" '{"cidr":"string","pps":"number","from_pps":"number","to_pps":"number","peers":[],"protocols":[],"addresses":"number","others":"number","ruled_pps":"number","unknown_pps":"number","mode":"string"}' '.peers = [] | .protocols = []'
is_shape "nat list" "nat list" '[{"key":"string","to":"string","hits":"number","next_hop":"string","state":"string"}]'
is_shape "vni list" "vni list" '[{"vni":"number","ours":"boolean","packets":"number","pps":"number"}]'
is_shape sources sources '[{"addr":"string","vni":"number","packets":"number","pps":"number","bps":"number","first_seen":"string","last_seen":"string","truncated":"number","allowed":"number"}]'
is_shape help help '[{"command":"string","help":"string","args":"string"}]'
check "counters are integers" "$(vxctl --json ledger | json '[.. | numbers] | map(. == floor) | all')" true
check "times are ISO 8601, UTC" "$(vxctl --json sources | json '.[0].last_seen | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$")')" true
check "stats: the engine's pid" "$(vxctl --json stats | json .pid)" "$VX_PID"
check "text: no escape sequence gets through" "$(vxctl allow list | grep -c $'\033')" 0

# --- exit codes and channels ---------------------------------------------------------------------
# says NAME CODE STDERR-TEXT COMMAND...: nothing on stdout.
says() {
	local name=$1 code=$2 text=$3 out
	shift 3
	out=$("$@" 2>"$T/says" </dev/null)
	check "$name: exit code" $? "$code"
	check "$name: nothing on stdout" "$out" ""
	grep -qE -- "$text" "$T/says" || check "$name: says" "$(cat "$T/says")" "$text"
}
says "unknown command" 1 'unknown command' vxctl frobnicate
says "bad option" 2 'frob' "$VX" ctl --frob stats
says "no command" 2 'COMMAND' "$VX" ctl
says "no socket there" 1 'no engine' "$VX" ctl -s "$T/none.sock" stats
says "no socket at all" 1 '/etc/passwd: not a socket' "$VX" ctl -s /etc/passwd stats
says "a folder" 1 'not a socket' "$VX" ctl -s "$T/" stats
says "not UTF-8" 1 'not valid UTF-8' vxctl allow add 192.0.2.77 note $'a\xff'
check "not UTF-8: from stdin, with its line" "$(printf 'stats\nallow add 192.0.2.77 note a\xff\n' | vxctl - 2>&1 >/dev/null |
	grep -cE 'line 2: .*not valid UTF-8')" 1
check "not UTF-8: nothing is added" "$(vxctl --json allow list | json '[.[] | select(.cidr == "192.0.2.77")] | length')" 0
says "add of what is there" 1 'already' vxctl allow add 198.51.100.0/24
says "del of what is not" 1 'not' vxctl allow del 192.0.2.7
says "a question without a terminal" 1 'packets/s' vxctl intake off
says "--json: bad option" 2 '^\{"error":"unknown option --bogus[^"]*"\}$' "$VX" ctl --json --bogus stats
says "--json behind it" 2 '^\{"error":"unknown option --bogus[^"]*"\}$' "$VX" ctl --bogus --json stats
says "--json: no command" 2 '^\{"error":"ctl: expected [^"]*"\}$' "$VX" ctl --json
check "--json: that is all" "$("$VX" ctl --json 2>&1 | wc -l)" 1
says "strays --json: bad option" 2 '^\{"error":"' "$VX" strays --json --bogus
says "without --json: text" 2 '^Try: vxconsole --help' "$VX" ctl --bogus stats
says "--json: errors are JSON" 1 '^\{"error":"unknown command: frobnicate.*"\}$' vxctl --json frobnicate
says "set workers" 1 'needs a restart' vxctl set workers 3
says "set ring" 1 'needs a restart' vxctl set ring 64M
check "intake off -y, -y in front, --yes behind" \
	"$(for a in "intake off -y" "intake on" "-y intake off" "intake on" "intake off --yes" "intake on"; do
		# shellcheck disable=SC2086 # several words
		vxctl $a >/dev/null && printf '%s' "$(vxctl --json vni list | json length)"
	done)" 222222
printf 'set batch 16\n# a comment\n\nbogus\nset batch 8\n' | vxctl - >"$T/o" 2>"$T/e"
check "ctl -: exit code" $? 1
check "ctl -: names the line" "$(grep -c 'line 4' "$T/e")" 1
check "ctl -: stops there" "$(vxctl --json show settings | json '.[] | select(.name == "batch").value')" 16
says "a stranger may not connect" 1 'permission denied' stranger "$VX" ctl -s "$VX_SOCK" stats
chmod 666 "$VX_SOCK"
chmod 755 "$T"
check "a stranger who can may read" "$(stranger "$VX" ctl -s "$VX_SOCK" --json stats | json .pid)" "$VX_PID"
says "but not write" 1 'refused' stranger "$VX" ctl -s "$VX_SOCK" set batch 2
says "and not stop it" 1 'refused' stranger "$VX" ctl -s "$VX_SOCK" quit

# --- settings, where they come from, and a config that is read again -------------------------------
source_of() { vxctl --json show settings | json ".[] | select(.name == \"$1\") | [.value, .source] | join(\" \")"; }
check "source: default" "$(source_of port)" "4789 default"
check "source: config" "$(source_of nat-rule)" "$RULE config"
check "source: command line" "$(source_of workers)" "2 command line"
check "source: set" "$(source_of batch)" "16 live"
vxctl nat add "udp/5=$LAB_NAT4:5" >/dev/null
check "the rules in force" "$(source_of nat-rule)" "$RULE, udp/5=$LAB_NAT4:5 live"

policy() {
	vxctl --json show settings
	vxctl --json nat list | json 'map(del(.hits))'
	vxctl --json allow list | json 'map(del(.hits, .pps, .last_seen))'
}
readings() { grep -cE 'read again|reading the files again' "$VX_LOG"; }
more_readings() { [ "$(readings)" -gt "$BEFORE" ]; }
hup() {
	vxctl mark >/dev/null # a line between: one that is repeated would only be counted
	BEFORE=$(readings)
	kill -HUP "$VX_PID"
	check_cmd "$1: it answers" wait_for 5 more_readings
}
vxctl set debug 2 >/dev/null
policy >"$T/policy"
cp "$T/vx.conf" "$T/good.conf"
cp "$T/list.json" "$T/good.json"
# refused_again NAME TEXT CONFIG LIST: nothing of either is in force.
refused_again() {
	printf '%s\n' "VNI=3" "ALLOW_MODE=count" "NAT_RULE=udp/31765=$LAB_NAT4:9" "BATCH=5" "$3" >"$T/vx.conf"
	printf '%s' "$4" >"$T/list.json"
	hup "$1"
	grep -E 'reading the files again' "$VX_LOG" | tail -n 1 | grep -qE -- "$2" ||
		check "$1: says" "$(tail -n 2 "$VX_LOG")" "$2"
	policy >"$T/policy.after"
	check "$1: nothing changed" "$(diff "$T/policy" "$T/policy.after")" ""
}
GOOD_LIST='["192.0.2.0/24"]'
refused_again "SIGHUP, bad value" 'line 5: OTHER_VNI' "OTHER_VNI=maybe" "$GOOD_LIST"
refused_again "SIGHUP, half a list" 'line 2' "" $'["192.0.2.0/24",\n'
refused_again "SIGHUP, a CPU that is not there" '4095' "CPUS=4095" "$GOOD_LIST"
refused_again "SIGHUP, target is this host" '172.30.82.10' "NAT_RULE=udp/8=172.30.82.10:1" "$GOOD_LIST"
rm "$T/list.json"
hup "SIGHUP, list gone"
policy >"$T/policy.after"
check "SIGHUP, list gone: nothing changed" "$(diff "$T/policy" "$T/policy.after")" ""

printf '%s\n' "VNI=1,3" "MATCH=dst" "PORT=5000" "BATCH=8" "NAT_RULE=udp/31765=$LAB_NAT4:9" >"$T/vx.conf"
echo "$GOOD_LIST" >"$T/list.json"
# The rule's target changes while packets flow: none of them finds no rule.
start_sink dst --count 6000 --seconds 10
start_load --rate 4000 --count 6000 --src 192.0.2.0/24
flowing() { [ "$(vxctl --json ledger | json .rx)" -gt 1000 ]; }
vxctl allow add 192.0.2.0/24 >/dev/null
check_cmd "the load flows" wait_for 5 flowing
NO_RULE=$(vxctl --json ledger | json .dropped.no_rule)
hup "SIGHUP, all well"
end_load
end_sink dst
check "SIGHUP: the vnis" "$(source_of vni)" "1,3 config"
check "SIGHUP: the command line stays above" "$(source_of match)" "src command line"
check "SIGHUP: a value that was set" "$(source_of batch)" "8 config"
check "SIGHUP: the rules" "$(source_of nat-rule)" "udp/31765=$LAB_NAT4:9 config"
check "SIGHUP: the list" "$(vxctl --json allow list | json 'map(.cidr) | join(" ")')" 192.0.2.0/24
check "SIGHUP: what needs a restart says so" "$(grep -c 'port: needs a restart' "$VX_LOG")" 1
check "SIGHUP: the port stays" "$(source_of port)" "4789 default"
check "SIGHUP: no packet found no rule" "$(vxctl --json ledger | json .dropped.no_rule)" "$NO_RULE"
cp "$T/good.conf" "$T/vx.conf"
cp "$T/good.json" "$T/list.json"
hup "SIGHUP, back"
check "SIGHUP, back: the rules" "$(source_of nat-rule)" "$RULE config"

# --- save keeps modes, owners and links ----------------------------------------------------------
chmod 640 "$T/vx.conf" "$T/list.json"
chown 1000:1001 "$T/vx.conf" "$T/list.json"
mkdir "$T/d"
mv "$T/list.json" "$T/d/real.json"
ln -s d/real.json "$T/list.json"
vxctl set truncated forward >/dev/null
vxctl allow add 192.0.2.9 org "New" note "n" >/dev/null
check_cmd "save" vxctl save
check_cmd "allow save" vxctl allow save
check "save: mode and owner" "$(stat -c '%a %u %g' "$T/vx.conf")" "640 1000 1001"
check "allow save: mode and owner" "$(stat -c '%a %u %g' "$T/d/real.json")" "640 1000 1001"
check "allow save: the link is one still" "$(readlink "$T/list.json")" d/real.json
check "allow save: what it does not know stays" "$(json '[.x, .organizations[0].org_id] | join(" ")' <"$T/d/real.json")" "1 7"
check "save: its own lines" "$(head -n 2 "$T/vx.conf")" "$(head -n 2 "$T/good.conf")"
check "save: what was set" "$(grep -c '^TRUNCATED="forward"' "$T/vx.conf")" 1
policy >"$T/policy"
hup "SIGHUP after save"
policy >"$T/policy.after"
check "what was saved is what was in force" "$(diff <(sed 's/"live","live"/"config","live"/g' "$T/policy" |
	json 'if type == "array" then map(del(.source)) else . end') \
	<(json 'if type == "array" then map(del(.source)) else . end' <"$T/policy.after"))" ""

# --- the end -------------------------------------------------------------------------------------
stop_vx
check "exit code" "$VX_RC" 0
check "--json: an object a line" "$(jq -e -c 'type' "$T/vx.out" | sort -u)" '"object"'
check "--json: status objects are stats" "$(shape "$(head -n 1 "$T/vx.out")")" "$STATS"
REPORT=$(tail -n 1 "$T/vx.out")
check "the report is the last line, and alone" "$(json 'keys | join(" ")' "$REPORT")" report
check "report: sends sum to sent" "$(json '.report | ([.workers[].sent] | add) == .ledger.sent' "$REPORT")" true
check "report: success" "$(json '.report | .ledger as $l | .success - ($l.sent + $l.redirected) /
	($l.queued + $l.redirected + $l.ring_full + $l.dropped.no_neighbour) | fabs < 0.0001' "$REPORT")" true
check "report: the exact check" "$(json .report.exact.exact "$REPORT")" true

# --- starts ---------------------------------------------------------------------------------------
start_says() { # NAME CODE TEXT ARGUMENT...
	local name=$1 code=$2 text=$3
	shift 3
	in_tgt timeout 10 "$VX" --headless "$@" >"$T/start.out" 2>"$T/start.err"
	check "start: $name: exit code" $? "$code"
	grep -qE -- "$text" "$T/start.err" || check "start: $name: says" "$(cat "$T/start.err")" "$text"
	check "start: $name: nothing on stdout" "$(cat "$T/start.out")" ""
}
start_says "--debug 0" 1 'nosuch0' --debug 0 nosuch0 ens6
start_says "no such directory" 1 "$T/none/x.sock: No such file" --socket "$T/none/x.sock" ens5 ens6
start_says "a socket that is too long" 2 '107' --socket "/$(printf 'a%.0s' $(seq 150))" ens5 ens6
start_says "--workers 65" 2 '64' --workers 65 ens5 ens6
start_says "--interval 0" 2 '0.1' --interval 0 ens5 ens6
start_says "--cpus" 1 '4095.*CPU|CPU.*4095' --cpus 4095 ens5 ens6

# --- nobody who does not read holds it up ---------------------------------------------------------
start_vx --read-only --allow-mode off -n "$RULE" --interval 0.1 || exit 1
says "--read-only: set" 1 'read-only' vxctl set batch 3
says "--read-only: save" 1 'read-only' vxctl save "$T/x.conf"
check "--read-only: reads" "$(vxctl --json stats | json .pid)" "$VX_PID"
stop_vx

# --- closed descriptors: nothing that is opened later takes their place ---------------------------
launch_closed() { # REDIRECTIONS
	: >"$VX_LOG"
	eval 'ip netns exec "$LAB-tgt" "$VX" --headless --json --socket "$VX_SOCK" --log "$T/closed.log" --interval 0.1 \
		-n "$RULE" --allow-mode off ens5 ens6 '"$1"' &'
	VX_PID=$!
	wait_for 20 vxctl stats || check "closed $1: starts" no yes
	note_kernel_objects
}
of_std() { for fd in 0 1 2; do readlink "/proc/$VX_PID/fd/$fd"; done | paste -sd ' '; }
quit_closed() { # NAME: by then it has written some status lines, or tried to
	printed() { [ "$(vxctl --json stats | json '.uptime_s > 1')" = true ]; }
	wait_for 10 printed
	LOCKED=$(grep -c . "/run/vxconsole/lock.$(stat -Lc %i "/proc/$VX_PID/ns/net").$(in_tgt cat /sys/class/net/ens5/ifindex)")
	check "$1: the lock has its two lines, and no more" "$LOCKED" 2
	kill -TERM "$VX_PID"
	reap_vx 15
	check "$1: exit code" "$VX_RC" 0
}
launch_closed '<&- >&- 2>"$VX_LOG"'
check "closed 0 and 1: they lead nowhere" "$(of_std)" "/dev/null /dev/null $VX_LOG"
quit_closed "closed 0 and 1"
launch_closed '<&- >&- 2>&-'
check "all closed: they lead nowhere" "$(of_std)" "/dev/null /dev/null /dev/null"
for cmd in "ctl -s $VX_SOCK stats" "ctl -s $VX_SOCK --json stats" "strays list" --help --version; do
	# shellcheck disable=SC2086 # several words
	"$VX" $cmd >&- 2>"$T/e"
	check "$cmd >&-: exit code" $? 1
	check "$cmd >&-: says why" "$(grep -c 'Bad file descriptor' "$T/e")" 1
	# shellcheck disable=SC2086 # several words
	"$VX" $cmd >/dev/full 2>"$T/e"
	check "$cmd >/dev/full: exit code" $? 1
done
"$VX" ctl -s "$VX_SOCK" - <&- >"$T/o" 2>"$T/e"
check "ctl - <&-: exit code" $? 1
quit_closed "all closed"

mkfifo "$T/pipe"
sleep 60 <>"$T/pipe" & # holds it open, reads nothing
HOLDER=$!
python3 - "$T/pipe" <<'P'
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
fcntl.fcntl(fd, 1031, 16384)  # F_SETPIPE_SZ
P
python3 -c 'import json; print(json.dumps(["10.%d.%d.%d" % (i >> 14, i >> 7 & 127, i & 127) for i in range(20000)]))' >"$T/big.json"
VX_LOG=$T/vx.log
: >"$VX_LOG"
ip netns exec "$LAB-tgt" "$VX" --headless --json --socket "$VX_SOCK" --debug 1 --interval 0.1 -n "$RULE" \
	--allow-mode off -a "$T/big.json" ens5 ens6 >"$T/pipe" 2>"$VX_LOG" &
VX_PID=$!
wait_for 20 vx_ready_or_dead
note_kernel_objects
start_sink dst --count 30000 --seconds 20 --expect-dst "$LAB_NAT4:8081"
start_load --rate 10000 --count 30000
python3 "$(dirname "$0")/hostile_clients.py" "$VX_SOCK" 100 >"$T/hostile"
check "hostile clients: stats answers" $? 0
sed 's/^/#   /' "$T/hostile"
end_load
end_sink dst
check "of the load, arrived" "$(json .packets "$SINK")" 30000
check "lost" "$(json .lost "$SINK")" 0
check "descriptors that were thrown at it are closed" "$(find "/proc/$VX_PID/fd" -lname /dev/zero | wc -l)" 0
kill -TERM "$VX_PID"
reap_vx 15
check "stdout that nobody reads: it ends" "$VX_RC" 0
kill "$HOLDER"
wait "$HOLDER" 2>/dev/null
[ "$T_FAILED" = 0 ]
