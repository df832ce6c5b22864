# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of `strays` share, beside lib.sh: loaders of others. Sourced first; the test then runs in a mount
# namespace of its own, and with `alone` in a PID namespace, too, where there is nothing but what the test has made: what it
# cleans there cannot be anybody else's. STRAYS_LIB, STRAYS_THEN: another library, and its clean-up.

if [ -z "${STRAYS_NS:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "skip $(basename "$0" .sh): needs root"; exit 77; }
	case ${1:-} in
	alone) exec env STRAYS_NS=alone unshare -m -p -f --kill-child --mount-proc --propagation private bash "$0" ;;
	*) exec env STRAYS_NS=mounts unshare -m --propagation private bash "$0" ;;
	esac
fi
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
. "$(dirname "${BASH_SOURCE[0]}")/${STRAYS_LIB:-lib.sh}"

PINS=$T/bpf
mkdir "$PINS"
mount -t bpf bpf "$PINS"
# Some kernels put things of their own into a new one.
pins() { ls "$PINS" | grep -v '\.debug$'; }
for object in older other; do
	clang -target bpf -O2 -g -idirafter "/usr/include/$(uname -m)-linux-gnu" -c "$ROOT/tests/netns/$object.bpf.c" \
		-o "$T/$object.o" || exit 1
done

declare -A LOADER_PID=() LOADER_ID=() LOADER_LINK=()
loader_ready_or_dead() { [ -s "$T/loader.$1" ] || dead "${LOADER_PID[$1]}"; }

# loader NAME NAMESPACE OBJECT [HOW DEV MODE [PIN]] [stubborn]: one that runs; its program's id and link are noted.
loader() {
	local name=$1 ns=$2 object=$3
	shift 3
	ip netns exec "$LAB-$ns" python3 "$ROOT/tests/netns/loader.py" "$T/$object.o" "$@" >"$T/loader.$name" 2>"$T/loader.err" &
	LOADER_PID[$name]=$!
	wait_for 20 loader_ready_or_dead "$name"
	read -r "LOADER_ID[$name]" "LOADER_LINK[$name]" <"$T/loader.$name" ||
		check "the loader $name loads" "$(cat "$T/loader.err")" "its program's id"
}

no_prog() { ! bpftool prog show id "$1" >/dev/null 2>&1; }
# check_gone_prog NAME ID: it is freed a moment after the last has let go of it.
check_gone_prog() {
	wait_for 5 no_prog "$2"
	check "$1" "$(no_prog "$2" && echo gone || echo there)" gone
}

# stray ID FILTER [COMMAND...]: of that program in the list; without COMMAND of the running engine.
stray() {
	local id=$1 filter=$2
	shift 2
	[ $# -gt 0 ] || set -- vxctl --json strays
	"$@" | json "[.programs[] | select(.id == $id)] | if length == 0 then \"none\" else .[0] | $filter end"
}
cli() { in_tgt "$VX" strays "$@"; }

strays_cleanup() {
	local rc=$? pid
	trap - EXIT
	for pid in "${LOADER_PID[@]}"; do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	umount "$PINS" 2>/dev/null
	(exit $rc)
	"${STRAYS_THEN:-t_cleanup}"
}
trap strays_cleanup EXIT
