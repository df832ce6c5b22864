#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# deadline: 400
# In a guest: asks vxprog what record.sh kept, and expects the answers that the host's kernel gave. Which
# packet is sampled for latency is chance: flags are left out.
set -u
dir=$ROOT/replay
failed=0
for in in "$dir"/*.in; do
	name=$(basename "$in" .in)
	"$VXPROG" <"$in" 2>/tmp/replay.err | sed 's/"flags":[0-9]*,//' >/tmp/replay.out
	sed 's/"flags":[0-9]*,//' "$dir/$name.out" >/tmp/replay.want
	if cmp -s /tmp/replay.out /tmp/replay.want; then
		echo "ok replay of $name: $(wc -l <"$in") commands"
		continue
	fi
	failed=1
	n=$(cmp /tmp/replay.out /tmp/replay.want 2>/dev/null | sed -n 's/.* line //p')
	n=${n:-$(($(wc -l </tmp/replay.out) + 1))}
	echo "not ok replay of $name: command $n of $(wc -l <"$in")"
	echo "# asked:    $(sed -n "${n}p" "$in" | cut -c1-2000)"
	echo "# actual:   $(sed -n "${n}p" /tmp/replay.out | cut -c1-2000)"
	echo "# expected: $(sed -n "${n}p" /tmp/replay.want | cut -c1-2000)"
	sed 's/^/# /' /tmp/replay.err | head -50
done
rm -f /tmp/replay.*
exit $failed
