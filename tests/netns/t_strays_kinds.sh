#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 240
#
# Programs of others, in every way that one can be there: by netlink, by link, pinned, held by a process alone, through
# libxdp, on other interfaces and in other network namespaces. Each is named with where, how and who, and each is taken away
# by its own action while our program runs on and its lists can be changed. By id only: nothing of others is touched.
. "$(dirname "$0")/strays.sh"

lab_up "$LAB" || exit 1
echo '["192.0.2.0/24"]' >"$T/list.json"
start_vx --allow-mode enforce -a "$T/list.json" --match src -n "udp/31765=$LAB_NAT4:8081" || exit 1
in_tgt ip link add str0 type veth peer name str1
in_tgt ip link add str2 type veth peer name str3
for dev in str0 str1 str2 str3; do in_tgt ip link set $dev up; done

loader netlink tgt other netlink str0 generic
loader linked tgt older link str1 native "$PINS/link"
loader held tgt older
loader far dst other netlink dst0 generic
loader stubborn tgt other stubborn
bpftool prog load "$T/other.o" "$PINS/prog" || exit 1
pinned=$(bpftool -j prog show pinned "$PINS/prog" | json .id)
ns=$(readlink "/proc/$VX_PID/ns/net")

vxctl --json strays >"$T/list"
of() { stray "${LOADER_ID[$1]}" "$2" cat "$T/list"; }
check "netlink: where and how" "$(of netlink '[.attached[] | .dev, .mode, .how, .link_id] | @text')" '["str0","generic","netlink",null]'
check "netlink: who" "$(of netlink '[.holders[] | .pid, .comm] | @text')" "[${LOADER_PID[netlink]},\"vxlan_loader\"]"
check "netlink: name, type, reason" "$(of netlink '.name + " " + .type + " " + .why')" "somebody xdp unrelated"
check "link: where and how" "$(of linked '[.attached[] | .dev, .mode, .how, .link_id] | @text')" \
	"[\"str1\",\"native\",\"link\",${LOADER_LINK[linked]}]"
check "link: its pin" "$(of linked '[.pins[] | .path, .of] | @text')" "[\"$PINS/link\",\"link\"]"
check "link: whole name, map, reason" "$(of linked '.name + " " + .maps[0].name + " " + .why')" "vxlan_pipeline_main ip_allowlist duplicate"
check "link: tag" "$(of linked .tag)" "$(bpftool -j prog show id "${LOADER_ID[linked]}" | json .tag)"
check "held: not attached" "$(of held '.attached | length')" 0
check "held: what does away with it" "$(of held .fix)" "strays stop ${LOADER_ID[held]}"
check "another namespace: its name" "$(of far '[.attached[] | .dev, .netns] | @text')" "[\"dst0\",\"$LAB-dst\"]"
check "pinned: its pin" "$(stray "$pinned" '[.pins[] | .path, .of] | @text' cat "$T/list")" "[\"$PINS/prog\",\"program\"]"
check "pinned: nobody else holds it" "$(stray "$pinned" '.holders | length' cat "$T/list")" 0
check "the loading time is of today" "$(of held '.loaded | fromdate | now - . | . >= -2 and . < 300')" true
ours=$(json .ours "$(cat "$T/list")")
check "ours is on ens5" "$ours" "$(in_tgt ip -j link show ens5 | json '.[0].xdp.prog.id')"
check "ours is not listed" "$(stray "$ours" .id cat "$T/list")" none
check "the table names it, too" "$(vxctl strays | grep -c "^${LOADER_ID[linked]} .*str1 (native) .*link ${LOADER_LINK[linked]} ")" 1
check "duplicates stand before others" "$(json '[.programs[].why | {blocks: 0, duplicate: 1, instance: 2, unrelated: 3}[.]] | . == sort' \
	"$(cat "$T/list")")" true

# Ours in the eyes of one who has no engine: another instance's, which only its own quit ends.
check "without an engine it is an instance" "$(stray "$ours" '.why + " " + .attached[0].netns' cli --json)" "instance $LAB-tgt"
for what in detach stop; do
	cli $what "$ours" -y >"$T/out" 2>&1
	check "$what of an instance is refused" "$? $(grep -c "live vxconsole (pid $VX_PID)" "$T/out")" "1 1"
done
vxctl -y strays detach 4294967295 >"$T/out" 2>&1
check "an id that is not there" "$? $(grep -c 'no XDP program of others has the id' "$T/out")" "1 1"

# Edits are by descriptor: two more maps of the older name change nothing.
vxctl allow add 198.51.100.0/24 >/dev/null
check "a list can be changed beside them" $? 0
start_sink dst --count 100 --seconds 10 --expect-dst "$LAB_NAT4:8081"
send --count 100 --rate 5000 --src 198.51.100.0/24 >/dev/null
end_sink dst
check "and is obeyed" "$(json .packets "$SINK")" 100

# Actions.
vxctl strays detach "${LOADER_ID[netlink]}" </dev/null >"$T/out" 2>&1
check "without a terminal and -y it is refused" "$? $(grep -c 'refused without' "$T/out")" "1 1"
check "and nothing was done" "$(stray "${LOADER_ID[netlink]}" '.attached | length')" 1
act() { # NAME EXIT-CODE TEXT COMMAND...
	local name=$1 code=$2 text=$3
	shift 3
	vxctl -y strays "$@" >"$T/out" 2>&1
	check "$name: exit code" $? "$code"
	grep -qE -- "$text" "$T/out" || check "$name: says" "$(cat "$T/out")" "$text"
}
act "detach by netlink" 0 'detached from str0 \(generic, by netlink\)' detach "${LOADER_ID[netlink]}"
check "it is off" "$(in_tgt ip -j link show str0 | json '.[0].xdp // "none"')" none
act "detached twice" 1 "only loaded, held by pid ${LOADER_PID[netlink]}" detach "${LOADER_ID[netlink]}"
act "stop its process" 0 "pid ${LOADER_PID[netlink]} vxlan_loader: asked to end, and it did" stop "${LOADER_ID[netlink]}"
check_gone_prog "it is gone" "${LOADER_ID[netlink]}"
act "detach a link" 0 "detached from str1 \(native, link ${LOADER_LINK[linked]}\)" detach "${LOADER_ID[linked]}"
check "it is off" "$(in_tgt ip -j link show str1 | json '.[0].xdp // "none"')" none
check "its pin is removed" "$(pins)" prog
alive "${LOADER_PID[linked]}"
check "its process runs on" $? 0
act "detach what is only held" 1 "strays stop" detach "${LOADER_ID[held]}"
act "detach in another namespace" 0 'detached from dst0 \(generic, by netlink' detach "${LOADER_ID[far]}"
check "it is off" "$(lab_exec "$LAB" dst ip -j link show dst0 | json '.[0].xdp // "none"')" none
act "unpin" 0 "the pin $PINS/prog is removed" detach "$pinned"
check_gone_prog "it is gone" "$pinned"
act "one that does not end" 1 'has not yet; it is not killed' stop "${LOADER_ID[stubborn]}"
alive "${LOADER_PID[stubborn]}"
check "it runs on" $? 0

# libxdp: its own tool's, where the kernel lets it have a dispatcher; else it attaches by netlink.
command -v xdp-loader >/dev/null || skip "libxdp" "xdp-loader is not installed"
mkdir -p /sys/fs/bpf
mount -t bpf bpf /sys/fs/bpf 2>/dev/null
nsenter "--net=/run/netns/$LAB-tgt" xdp-loader load -m skb str2 "$T/other.o" >"$T/out" 2>&1
check "xdp-loader loads" "$?" 0 || cat "$T/out"
root=$(in_tgt ip -j link show str2 | json '.[0].xdp.prog.id')
if [ "$(stray "$root" .name)" = xdp_dispatcher ]; then
	member=$(vxctl --json strays | json ".programs[] | select(.type == \"ext\" and .attached[0].dev == \"str2\") | .id")
	check "a part: how" "$(stray "$member" '.attached[0].how')" dispatcher
	act "a part is its own tool's" 1 "xdp-loader unload str2 --id $member" detach "$member"
	act "a dispatcher is, too" 1 "xdp-loader unload str2 --all" detach "$root"
	nsenter "--net=/run/netns/$LAB-tgt" xdp-loader unload str2 --id "$member"
else
	echo "# this kernel refuses libxdp its dispatcher"
	check "by netlink: how" "$(stray "$root" '.attached[0] | .dev + " " + .how')" "str2 netlink"
	act "detach what libxdp has attached by netlink" 0 'detached from str2' detach "$root"
fi
check "str2 is free" "$(in_tgt ip -j link show str2 | json '.[0].xdp // "none"')" none
check "our program runs on" "$(in_tgt ip -j link show ens5 | json '.[0].xdp.prog.id')" "$ours"
check "the ledger closes" "$(vxctl --json selfcheck | json .exact)" true

# A look that is late, as on a machine with much to do, has not seen who holds what: neither our own programs nor another live
# engine's become strays by that, and no duplicate is one for sure. str3 has another engine.
loader again tgt older
ip netns exec "$LAB-tgt" "$VX" --headless --socket "$T/other.sock" --allow-mode off --egress null -n "udp/31765=$LAB_NAT4:8081" \
	str3 str2 >"$T/other.log" 2>&1 &
OTHER_PID=$!
T_LOAD="$T_LOAD $OTHER_PID"
other_ready() { grep -q '^ready:' "$T/other.log"; }
check_cmd "another engine" wait_for 20 other_ready
own() { grep -hs '^prog_id:' "/proc/$1"/fdinfo/* | cut -f 2 | sort -u | paste -sd, -; }
programs() { [ -n "$1" ] && json "[.programs[] | select(.id | IN($1)) | .why] | unique | join(\" \")" <"$T/late"; }
python3 "$ROOT/tests/netns/late_look.py" "$VX_PID" >/dev/null &
T_LOAD="$T_LOAD $!"
OURS_LISTED=
late() {
	vxctl --json strays >"$T/late"
	OURS_LISTED="$OURS_LISTED$(programs "$(own "$VX_PID")")"
	[[ "$(json .trouble <"$T/late")" = "not all holders could be looked at"* ]]
}
wait_for 60 late
check "a late look: says so" "$(json .trouble <"$T/late")" "not all holders could be looked at in time"
check "a late look: nothing of ours is listed" "$OURS_LISTED" ""
check "a late look: another engine's are not judged" "$(programs "$(own "$OTHER_PID")")" unrelated
check "a late look: nor is a duplicate" "$(stray "${LOADER_ID[again]}" '.why + ", " + .matters + .fix' cat "$T/late")" \
	"unrelated, not judged: not all holders could be looked at"
# What a whole look has found before is a cause still: the loader's, not one of an engine's.
causes() { vxctl --json diagnose | json '.causes[] | select(.id == "stray")'; }
check "a late look: no cause of anything" "$(causes | grep -cE 'vx_pipeline|vx_explain|holds ens5')" 0
clean_late() { # never with -y: here it would aim at those of others, too
	vxctl strays clean >"$T/out" 2>&1 </dev/null
	CLEAN_RC=$?
	grep -q "not all holders could be looked at" "$T/out"
}
wait_for 60 clean_late
check "a late look: clean aims at nothing, and says why" "$CLEAN_RC $(grep -c 'not all holders could be looked at' "$T/out")" "1 1" ||
	sed 's/^/#   | /' "$T/out"
check "a late look: the other engine runs on" "$(vxctl -s "$T/other.sock" --json stats | json .pid)" "$OTHER_PID"
alive "${LOADER_PID[again]}"
check "a late look: nobody was asked to end" $? 0

# An engine that is killed while it looks leaves nothing: t_cleanup checks it.
vxctl strays >/dev/null 2>&1 &
kill_vx
check "killed" "$VX_RC" 137
