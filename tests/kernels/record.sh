#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs the program tests on this kernel and keeps what they asked of vxprog and what it answered, for t_replay
# to ask again in a guest: python takes minutes there, the commands alone seconds. Of the runs that follow
# one another under the same settings, most of which are cuts of one frame, the first and then one in eight.
#   record.sh BUILD DIRECTORY
set -eu
build=$(cd "$1" && pwd) out=$2
cd "$(dirname "$0")/../.."
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)

for name in t_fixtures t_random t_captures; do
	test=tests/prog/$name.py
	printf '#!/bin/sh\ntee -a "%s/all" | "%s/vxprog"\n' "$out" "$build" >"$out/vxprog"
	chmod +x "$out/vxprog"
	rc=0
	VXPROG=$out/vxprog BUILD=$build "$test" >"$out/log" || rc=$?
	[ $rc = 0 ] || grep -v '^ok' "$out/log" >&2
	case $rc in
	0) [ -s "$out/all" ] || continue ;;
	77) rm -f "$out/all"; continue ;;
	*) echo "record: $test does not pass on this kernel" >&2; exit 1 ;;
	esac
	awk '/^age-frags/ { skip = groups++ % 8; grouped = 1 }
		!/^(age-frags|run)/ { skip = grouped = n = 0 }
		!skip && (grouped || !/^run/ || n++ % 8 == 0)' "$out/all" >"$out/$name.in"
	"$build/vxprog" <"$out/$name.in" >"$out/$name.out"
	rm "$out/all"
done
rm -f "$out/log" "$out/vxprog"
