#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 280
#
# Does the program find its own loss? Three builds lose every 1,000th packet without a row: in XDP, in the
# walk of the ring, in the egress (xdp, packet). Then `balanced` must be false within 2 s; a sound build
# stays true. XDP counts on each CPU and in two sets, so there are packets enough that one of them sees 1,000.
. "$(dirname "$0")/lib.sh"

SOUND=$VX
PACKETS=$((2 * 1000 * $(nproc) + 500))
lab_up "$LAB" || exit 1
unbalanced() { [ "$(vxctl --json ledger | json .balanced)" = false ]; }
all_in() { [ "$(vxctl --json ledger | json .rx)" -ge $PACKETS ]; }

one_loss() { # NAME EXPECTED [EGRESS]
	start_vx -n "udp/31765=$LAB_NAT4:8081" --allow-mode off --workers 1 --egress "${3:-auto}" || return
	send --rate 20000 --count $PACKETS --flows 16 >/dev/null
	wait_for 5 all_in
	wait_for 2 unbalanced
	check "$1: balanced within 2 s of the loss" "$(vxctl --json ledger | json .balanced)" "$2"
	check "$1: selfcheck" "$(vxctl --json selfcheck 2>/dev/null | json .exact)" "$2"
	if [ "$2" = false ]; then
		check_cmd "$1: the status line says so" wait_for 3 grep -q 'NOT BALANCED' "$VX_LOG"
		check "$1: diagnose names it first" "$(vxctl --json diagnose | json '.causes[0] | .id, .severity, .fix[0]' | xargs)" \
			"not_balanced bad selfcheck"
		stop_vx
		check "$1: exit code" "$VX_RC" 1
	else
		stop_vx
		check "$1: exit code" "$VX_RC" 0
	fi
}

one_loss "a sound build" true
# What has no fault in it is as in the sound build.
dir=$BUILD/fault
rm -rf "$dir"
mkdir "$dir"
cp -a "$BUILD/obj" "$BUILD"/*.a "$BUILD"/*.bpf.o "$BUILD"/*.skel.h "$BUILD/flags" "$dir"
for fault in XDP RING EGRESS; do
	if ! make -s -j"$(nproc)" -C "$ROOT" BUILD="$dir" FAULT=$fault all >"$T/make" 2>&1; then
		check "loss in $fault: it builds" "$(tail -n 3 "$T/make")" ""
		continue
	fi
	VX=$dir/vxconsole
	one_loss "loss in $fault" false
	[ $fault != EGRESS ] || one_loss "loss in $fault packet" false packet
done
VX=$SOUND
