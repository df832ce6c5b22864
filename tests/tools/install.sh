#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `make install` puts everything where it says, an edited file in /etc outlives a second one, and
# `make uninstall` takes away what was put there and nothing else.
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
echo '# mine' >>"$dest/etc/vxconsole/vxconsole.conf"
touch "$dest/usr/bin/other"
run install
check "an edited config outlives a second install" "$(tail -n 1 "$dest/etc/vxconsole/vxconsole.conf")" "# mine"
run uninstall
check "files after uninstall" "$(files)" "./etc/vxconsole/vxconsole.conf ./usr/bin/other "
exit $rc
