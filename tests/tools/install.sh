#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `make install` puts everything where it says, an edited file in /etc outlives a second one, and
# `make uninstall` takes away what was put there and nothing else. What was installed knows all commands: `ctl help` has
# each on a line of its own, and completion, which reads that, offers each of their words.
set -u
cd "$(dirname "$0")/../.." || exit 1
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
rc=0

check() { # NAME ACTUAL EXPECTED
	if [ "$2" = "$3" ]; then
		echo "ok install: $1"
	else
		printf 'not ok install: %s\n#   actual:   %s\n#   expected: %s\n' "$1" "$2" "$3"
		rc=1
	fi
}
run() { make --no-print-directory BUILD="${BUILD:-build}" DESTDIR="$dest" PREFIX=/usr "$1" >"$dest.log" 2>&1 ||
	{ cat "$dest.log"; check "make $1" failed succeeded; }; rm -f "$dest.log"; }
files() { (cd "$dest" && find . -type f | sort | tr '\n' ' '); }

run install
check "files" "$(files)" "./etc/vxconsole/allowlist.json ./etc/vxconsole/vxconsole.conf ./usr/bin/vxgen \
./usr/lib/systemd/system/vxconsole.service ./usr/sbin/vxconsole ./usr/share/bash-completion/completions/vxconsole ./usr/share/man/man5/vxconsole-rules.5 \
./usr/share/man/man8/vxconsole.8 ./usr/share/man/man8/vxgen.8 ./usr/share/vxconsole/allowlist.json \
./usr/share/vxconsole/vxconsole.conf "
check "the installed program runs" "$("$dest/usr/sbin/vxconsole" --version | cut -d ' ' -f 1)" vxconsole
check "no place of the sources in the unit" "$(grep -c @ "$dest/usr/lib/systemd/system/vxconsole.service")" 0

vx=$dest/usr/sbin/vxconsole
mapfile -t commands < <("$vx" ctl --json help | jq -r '.[].command')
check "there are commands" "$((${#commands[@]} > 40))" 1
check "in help each has a line of its own" "$("$vx" ctl help | sed '1d; s/\(  .*\)//')" "$(printf '%s\n' "${commands[@]}")"
check "help has no column that is for programs" "$("$vx" ctl help | sed -n '1s/  */ /gp')" "COMMAND HELP ARGS"
# shellcheck source=/dev/null
. "$dest/usr/share/bash-completion/completions/vxconsole"
# offers WORD...: what completion has behind these
offers() {
	COMP_WORDS=("$vx" ctl "$@" "") COMP_CWORD=$(($# + 2))
	_vxconsole "$vx"
	printf '%s\n' "${COMPREPLY[@]}"
}
# behind WORD...: what the table has there
behind() { printf '%s\n' "${commands[@]}" | sed -n "s/^${*:+$* }\([^ ]*\).*/\1/p" | sort -u; }
check "completion offers the first words" "$(offers)" "$(behind)"
for word in $(behind); do
	[ -z "$(behind "$word")" ] || check "completion offers what follows $word" "$(offers "$word")" "$(behind "$word")"
done

echo '# mine' >>"$dest/etc/vxconsole/vxconsole.conf"
touch "$dest/usr/bin/other"
run install
check "an edited config outlives a second install" "$(tail -n 1 "$dest/etc/vxconsole/vxconsole.conf")" "# mine"
run uninstall
check "files after uninstall" "$(files)" "./etc/vxconsole/vxconsole.conf ./usr/bin/other "
exit $rc
