#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 240
# beside others
#
# A refused command leaves everything as it was: lists, rules, settings, what the kernel's maps hold, and
# the files. And a start that is refused says why, and leaves nothing.
. "$(dirname "$0")/lib.sh"

lab_up "$LAB" || exit 1
cp "$ROOT/share/allowlist.json" "$T/list.json"
cat >"$T/vx.conf" <<C
NAT_RULE="udp/31765=$LAB_NAT4:8081"
NAT_RULE="udp/31765@10.0.0.0/8=$LAB_NAT4:8082" # a prefix first
C
start_vx -c "$T/vx.conf" -a "$T/list.json" --allow-max 330 || exit 1

# All that an operator can see, and what the maps behind it hold. No packet flows, so counters stay too.
state() {
	printf '%s\n' "allow list" "nat list" "vni list" "show settings" ledger | vxctl --json -
	for id in $(grep -hs map_id: "/proc/$VX_PID"/fdinfo/* | awk '{print $2}' | sort -nu); do
		case " $MAPS " in *" $id "*) bpftool map dump id "$id" 2>&1 ;; *) echo "map $id" ;; esac
	done
	md5sum "$T/list.json" "$T/vx.conf"
}
# The maps of policy, by their ids when the engine had started; a list that is replaced has new ones.
policy_maps() {
	local id
	for id in $(grep -hs map_id: "/proc/$VX_PID"/fdinfo/* | awk '{print $2}' | sort -nu); do
		bpftool map show id "$id" | grep -qE 'name vx_(allow[46]|nat|nat_lpm|vnis|cfg)(_in)? ' &&
			echo "$id"
	done
}
MAPS=$(policy_maps | tr '\n' ' ')

# refused NAME TEXT COMMAND...: exits 1, says TEXT, changes nothing.
refused() {
	local name=$1 text=$2 out rc
	shift 2
	out=$(vxctl -y "$@" 2>&1 </dev/null)
	rc=$?
	check "$name: exit code" "$rc" 1
	grep -qE -- "$text" <<<"$out" || check "$name: says" "$out" "$text"
	state >"$T/state.after"
	check "$name: nothing changed" "$(diff "$T/state" "$T/state.after" | head -5)" ""
}

state >"$T/state"
check_ge "there is a state to compare" "$(wc -c <"$T/state")" 20000

refused "bad address" 'expected|not an? ' allow add 10.0.0.300
refused "prefix too long" '33|32' allow add 10.0.0.0/33
refused "host bits" '10.1.2.0/24' allow add 10.1.2.3/24
refused "duplicate" 'already|there' allow add 192.0.2.1
refused "not on the list" 'not' allow del 9.9.9.9
refused "too few arguments" 'allow add' allow add
refused "organisation without a name" 'allow add|org' allow add 9.9.9.9 org
refused "port 0" '0' nat add "udp/0=$LAB_NAT4:8081"
refused "target port 0" '0' nat add "udp/1=$LAB_NAT4:0"
refused "no such protocol" 'udp|tcp' nat add "sctp/1=$LAB_NAT4:1"
refused "families that differ" 'famil|IPv' nat add "udp/1@2001:db8::/32=$LAB_NAT4:1"
refused "rule that is there" 'already|there|exists' nat add "udp/31765=$LAB_NAT4:9"
refused "rule that is not there" 'no |not ' nat del udp/1
refused "target is this host" '172.30.82.10' nat add "udp/1=172.30.82.10:1"
refused "target is multicast" '224.0.0.1' nat add "udp/1=224.0.0.1:1"
refused "target is the broadcast address" '172.30.82.255' nat add "udp/1=172.30.82.255:1"
refused "target reached only by the ingress" 'ens5|ingress' nat add "udp/1=172.30.74.10:1"
refused "VNI out of range" '16777215|24' vni add 16777216
refused "VNI that is there" 'already' vni add 1
refused "the last VNI" 'last' vni del 1
refused "no such setting" 'no such' set speed 9
refused "value out of range" '64' set batch 65
refused "a word that is none" 'pass.*drop' set other-vni maybe
refused "CPU that is not there" '.' set cpus 4095
refused "intake is on" 'already' intake on
refused "no such command" 'unknown' frobnicate
refused "ambiguous command" 'could be' s

# Lists from files: refused whole.
bad_list() { # NAME TEXT JSON
	printf '%s' "$3" >"$T/bad.json"
	refused "list: $1" "$2" allow load "$T/bad.json"
}
bad_list "half written" 'line 2' '{"organizations":[{"org_name":"a",
"ips":["10.0.0.1"'
bad_list "bad address" 'line 3.*10.0.0.256' '["10.0.0.1",
"10.0.0.2",
"10.0.0.256"]'
bad_list "host bits" '10.0.0.0/8' '["10.0.0.1/8"]'
bad_list "an address of two organisations" 'line 2.*10.0.0.1' '{"organizations":[{"org_name":"a","ips":["10.0.0.1"]},
{"org_name":"b","ips":["10.0.0.1"]}]}'
bad_list "duplicate key" 'line 1' '{"version":"1","version":"2"}'
bad_list "too deep" '16' "$(printf '[%.0s' $(seq 20))$(printf ']%.0s' $(seq 20))"
bad_list "garbage behind" 'line 2' '["10.0.0.1"]
x'
bad_list "more than --allow-max" '330' "$(python3 -c 'import json; print(json.dumps(["10.9.%d.%d" % (i // 250, i % 250) for i in range(331)]))')"
bad_list "empty file" '.' ''
refused "list: not there" 'No such file' allow load "$T/none.json"
refused "list: a folder" '.' allow load "$T"

# Full: what fits goes in, the one more is refused.
for i in 1 2 3 4 5 6; do vxctl allow add 9.9.9.$i >/dev/null; done
state >"$T/state"
refused "a full list" '330' allow add 9.9.9.7
for i in 1 2 3 4 5 6; do vxctl allow del 9.9.9.$i >/dev/null; done
state >"$T/state"

# Saving where it cannot be done leaves the file.
refused "save into a folder that is not there" '.' save "$T/none/vx.conf"
refused "save the list into a folder" '.' allow save "$T"

check "the engine goes on" "$(vxctl --json selfcheck | json .exact)" true
stop_vx
check "exit code" "$VX_RC" 0
check "the report: no success of nothing" "$(grep -E '^ *success' "$VX_LOG" | awk '{print $NF}')" n/a

# Starts that are refused.
start_refused() { # NAME EXIT TEXT ARGUMENT...
	local name=$1 code=$2 text=$3
	shift 3
	in_tgt timeout 10 "$VX" --headless --socket "$VX_SOCK" "$@" >"$T/start" 2>&1
	check "start: $name: exit code" $? "$code"
	grep -qE -- "$text" "$T/start" || check "start: $name: says" "$(cat "$T/start")" "$text"
}
start_refused "ingress missing" 1 'nosuch0.*no such|no such.*nosuch0' nosuch0 ens6
start_refused "egress missing" 1 'nosuch0' ens5 nosuch0
start_refused "egress is the loopback" 1 'lo: nothing leaves by the loopback' ens5 lo
start_refused "the same twice" 2 'ens5' ens5 ens5
start_refused "one interface" 2 '.' ens5
start_refused "unknown option" 2 'frob' --frob ens5 ens6
start_refused "bad value" 2 '70000' --port 70000 ens5 ens6
start_refused "config missing" 1 'No such file' -c "$T/none.conf" ens5 ens6
start_refused "config is a device" 1 '/dev/null: expected a regular file' -c /dev/null ens5 ens6
start_refused "config is a folder" 1 '/etc: expected a regular file' -c /etc ens5 ens6
start_refused "list is a device" 1 '/dev/null: expected a regular file' -a /dev/null ens5 ens6
start_refused "list missing" 1 'No such file' -a "$T/none.json" ens5 ens6
printf '{"organizations":[\n{' >"$T/bad.json"
start_refused "half-written list" 1 'line 2' -a "$T/bad.json" ens5 ens6
start_refused "bad rule" 2 'sctp' -n sctp/1=1.2.3.4:5 ens5 ens6
start_refused "target is this host" 1 '172.30.82.10' -n udp/1=172.30.82.10:5 ens5 ens6
in_tgt setpriv --reuid=65534 --clear-groups "$VX" --headless --socket "$T/x.sock" ens5 ens6 >"$T/start" 2>&1
check "start: not root: exit code" $? 1
grep -q 'lock: .*use sudo' "$T/start" || check "start: not root: says" "$(cat "$T/start")" "use sudo"
check "no socket is left" "$(ls "$VX_SOCK" 2>/dev/null)" ""
