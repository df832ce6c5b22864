#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every header compiles alone and may be included twice: the contract with the kernel by both compilers.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
failed=0
bpf_sys=$(${CLANG:-clang} -v -E - </dev/null 2>&1 |
	sed -n '/<...> search starts here:/,/End of search list./s| \(/.*\)|-idirafter \1|p')

alone() { # HEADER COMPILER...
	header=$1
	shift
	out=$(printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		"$@" -x c -fsyntax-only -Wall -Wextra -Werror -Wno-unused-function -Wno-undefined-internal -Ibpf -Iinjector \
			-Iconsole -Itests/lab -I"$build" - 2>&1) && return
	echo "not ok $header"
	echo "$out" | sed 's/^/# /'
	failed=1
}

for h in $(find bpf injector console tests -name '*.h' | sort); do
	case $h in
	*.bpf.h) ;;
	*) alone "$PWD/$h" "${CC:-cc}" -std=gnu11 ;;
	esac
	# shellcheck disable=SC2086 # a list of options
	case $h in bpf/*) alone "$PWD/$h" "${CLANG:-clang}" -target bpf $bpf_sys ;; esac
done
[ $failed = 1 ] || echo "ok every header compiles alone"
exit $failed
