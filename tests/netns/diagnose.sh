# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of `diagnose` share, beside lib.sh: a cause is named, and its printed fix is run.

# What runs in the tests of `strays`, and nowhere else, is of no concern here.
ids() { json '[.causes[].id | select(. != "stray")] | join(" ")' "${1-$(vxctl --json diagnose)}"; }
ids_are() { [ "$(ids)" = "$1" ]; }
# named NAME IDS: within 5 s these are the causes, in this order.
named() {
	local what
	wait_for 5 ids_are "$2"
	what=$(vxctl --json diagnose)
	check "$1" "$(ids "$what")" "$2" || echo "#   $what"
}
first() { vxctl --json diagnose | json "[.causes[] | select(.id != \"stray\")][0].$1"; }
fix_is() { [ "$(first 'fix[0]')" = "$1" ]; }
# mend [FIX]: the first fix, as printed, or with the placeholder filled in; a shell's in the target's namespace.
mend() {
	local fix=${1:-$(first 'fix[0]')}
	case ${fix%% *} in
	ip | tc) in_tgt sh -c "$fix" ;;
	aws | ss | sysctl | ethtool | tcpdump | vxconsole) check "a fix that can be run here" "$fix" "ip or tc ..." ;;
	*) vxctl -y $fix >/dev/null ;;
	esac
}
# cause ID EXPECTED-FIX: named, alone, its fix is this, and it runs.
cause() {
	named "$1" "$1"
	check "$1: its fix" "$(first 'fix[0]')" "$2"
	check_cmd "$1: its fix runs" mend
}
# beside OPTIONS: a second sender, until other_ends.
beside() {
	ip netns exec "$LAB-src" "$VXGEN" send src0 --rate 100 --seconds 100 --src 10.1.0.0/24 "$@" >/dev/null 2>&1 &
	OTHER=$!
}
other_ends() {
	kill "$OTHER" 2>/dev/null
	wait "$OTHER" 2>/dev/null
}
