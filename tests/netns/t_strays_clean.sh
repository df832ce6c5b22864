#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 240
#
# The scene that cost an operator a day: two processes have loaded the older program, so that there are two of it and two
# maps ip_allowlist; both run, and one is attached to our ingress. A start says by what the ingress is taken and by whom, and
# one command ends with exactly one XDP program on it, ours, and packets flowing.
. "$(dirname "$0")/strays.sh" alone

lab_up "$LAB" || exit 1

on_ens5() { in_tgt ip -j -d link show ens5 | json '[.[0].xdp.prog.id // empty, (.[0].xdp.attached // [] | .[].prog.id)] | unique | join(" ")'; }
scene() {
	loader attached tgt older netlink ens5 generic
	loader second tgt older
	check "the scene: it is attached" "$(on_ens5)" "${LOADER_ID[attached]}"
}
flows() { # NAME
	start_sink dst --count 200 --seconds 10 --expect-dst "$LAB_NAT4:8081"
	send --count 200 --rate 5000 >/dev/null
	end_sink dst
	check "$1: all packets arrive" "$(json .packets "$SINK")" 200
	check_clean_sink "$1"
}
only_ours() { # NAME
	local ours
	ours=$(vxctl --json strays | json .ours)
	check "$1: one XDP program on ens5, ours" "$(on_ens5)" "$ours"
	check_gone_prog "$1: the attached one is gone" "${LOADER_ID[attached]}"
	check_gone_prog "$1: the second is gone" "${LOADER_ID[second]}"
	check "$1: their processes have ended" "$(alive "${LOADER_PID[attached]}" || alive "${LOADER_PID[second]}" || echo ended)" ended
	check "$1: neither is listed" "$(stray "${LOADER_ID[attached]}" .id)$(stray "${LOADER_ID[second]}" .id)" nonenone
}
says() { # NAME TEXT ARGUMENT...: a start that is refused
	local name=$1 text=$2
	shift 2
	in_tgt timeout 20 "$VX" --headless --socket "$VX_SOCK" --allow-mode off -n "udp/31765=$LAB_NAT4:8081" "$@" ens5 ens6 \
		>"$T/start" 2>&1 </dev/null
	check "$name: exit code" $? 1
	grep -qF -- "$text" "$T/start" || check "$name: says" "$(cat "$T/start")" "$text"
}

scene
id=${LOADER_ID[attached]}
says "start" "ens5 is taken: XDP program vxlan_pipeline_main id $id (generic, by netlink), held by pid ${LOADER_PID[attached]} \
vxlan_loader; to detach it: vxconsole strays detach $id, or start with --clean"
says "--clean without a terminal" "refused without \`--clean -y\`: takes 2 duplicates away" --clean
check "and nothing was done" "$(on_ens5) $(no_prog "${LOADER_ID[second]}" || echo there)" "$id there"

# One command.
start_vx --clean -y --allow-mode off -n "udp/31765=$LAB_NAT4:8081" || exit 1
only_ours "--clean"
flows "--clean"
stop_vx
check "exit code" "$VX_RC" 0

# The loader was killed and its program has outlived it; another's is pinned by a link, in a namespace of its own.
scene
kill -KILL "${LOADER_PID[attached]}"
wait "${LOADER_PID[attached]}" 2>/dev/null
loader far dst older link dst0 generic "$PINS/far"
loader unrelated tgt other
id=${LOADER_ID[attached]}
says "start" "ens5 is taken: XDP program vxlan_pipeline_main id $id (generic, by netlink), held by nobody; to detach it: \
vxconsole strays detach $id, or start with --clean"
out=$(cli clean -y </dev/null)
rc=$?
left=$(cli --json | json '[.programs[] | select(.why == "duplicate")] | length')
check "clean: exit code: are duplicates of others left?" "$rc" "$((left > 0))" || echo "# $out"
grep -qE "id $id: detached from ens5 \(generic, by netlink\)" <<<"$out" || check "clean says" "$out" "detached from ens5"
check_gone_prog "clean: the far one is gone" "${LOADER_ID[far]}"
check "clean: its pin, too" "$(pins)" ""
check "clean: the unrelated one is there" "$(stray "${LOADER_ID[unrelated]}" .why cli --json)" unrelated
alive "${LOADER_PID[unrelated]}"
check "clean: and its process runs" $? 0
start_vx --allow-mode off -n "udp/31765=$LAB_NAT4:8081" || exit 1
only_ours "clean, then start"
flows "clean, then start"

# By a running engine, and with nothing left to do.
loader again tgt older
vxctl strays clean </dev/null >"$T/out" 2>&1
check "ctl clean without -y is refused" "$? $(no_prog "${LOADER_ID[again]}" || echo there)" "1 there"
vxctl -y strays clean >"$T/out" 2>&1
check_gone_prog "ctl clean: it is gone" "${LOADER_ID[again]}"
flows "after ctl clean"
