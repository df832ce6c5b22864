#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Packs what a guest needs into an uncompressed cpio archive: this machine's tools with their libraries,
# python3, the build, the tests, and the few kernel modules. So the guest runs the same tests as the host.
#   initramfs.sh KERNEL-DIRECTORY BUILD REPLAY-DIRECTORY OUT
set -eu
kernel=$1 build=$(cd "$2" && pwd) replay=$3 out=$4
root=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# A file at its own path, and the libraries it wants.
add() { # FILE...
	for f in "$@"; do
		[ -e "$tree$f" ] && continue
		mkdir -p "$tree$(dirname "$f")"
		cp -L "$f" "$tree$f"
		# shellcheck disable=SC2046 # one word a library
		case $f in *.py | *.sh) ;; *) add_libs $(ldd "$f" 2>/dev/null | grep -o '/[^ ]*') ;; esac
	done
}
add_libs() {
	for lib in "$@"; do
		[ -e "$tree$lib" ] || { mkdir -p "$tree$(dirname "$lib")"; cp -L "$lib" "$tree$lib"; }
	done
}

for d in bin sbin lib lib64; do # as on this machine, where they may be links into /usr
	mkdir -p "$tree/usr/$d"
	if [ -L /$d ]; then ln -s usr/$d "$tree/$d"; else mkdir -p "$tree/$d"; fi
done
mkdir -p "$tree"/proc "$tree"/sys "$tree"/dev "$tree"/tmp "$tree"/run "$tree"/etc "$tree"/bb "$tree"/var/lib
# The shell tests want GNU's tools, and a shell that is not busybox's, which takes its own ip for ip.
for tool in sh bash ip tc ethtool unshare nsenter setpriv flock timeout nft ping tcpdump jq sysctl awk grep sed \
	date sort stat mktemp find xargs ps nproc readlink; do
	path=$(command -v $tool) && add "$path"
done
add "$("$root"/tests/tools/deps.sh bpftool)"
cp -L "$(command -v busybox)" "$tree/bin/busybox"
echo 'root:x:0:0:root:/:/bin/sh' >"$tree/etc/passwd"
echo 'root:x:0:' >"$tree/etc/group"

python=/usr/bin/python3 # the distribution's: one that a user has built may be only a wrapper
stdlib=$($python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
add "$python"
mkdir -p "$tree$stdlib"
(cd "$stdlib" && tar -cf - --exclude=test --exclude=idlelib --exclude=tkinter --exclude=ensurepip \
	--exclude=lib2to3 --exclude=pydoc_data --exclude='config-*' --exclude='*-packages' \
	--exclude=__pycache__ --exclude='_tkinter*' .) | tar -xf - -C "$tree$stdlib"
# shellcheck disable=SC2046
add_libs $(for so in "$tree$stdlib"/lib-dynload/*.so; do ldd "$so" 2>/dev/null; done | grep -o '/[^ ]*' | sort -u)

mkdir -p "$tree/vx/build" "$tree/modules"
(cd "$root" && tar -cf - tests share) | tar -xf - -C "$tree/vx"
for b in vxconsole vxgen vxprog; do
	[ -e "$build/$b" ] || continue
	cp "$build/$b" "$tree/vx/build/"
	# shellcheck disable=SC2046
	add_libs $(ldd "$build/$b" | grep -o '/[^ ]*')
done
cp -r "$replay" "$tree/vx/replay"
# Modules by number, each after those it depends on.
modules=$(find "$kernel" -path '*lib/modules/*' -prune -print)
base=${modules%/lib/modules/*} version=${modules##*/}
depmod -b "$base" "$version"
n=100
for m in veth sch_ingress nf_tables; do
	modprobe -d "$base" -S "$version" --show-depends "$m" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | awk '!seen[$0]++' | while read -r ko; do
	n=$((n + 1)) name=${ko##*/}
	case $ko in
	*.xz) xz -dc "$ko" >"$tree/modules/$n-${name%.xz}" ;;
	*) cp "$ko" "$tree/modules/$n-$name" ;;
	esac
done
[ ! -d /usr/lib/locale/C.utf8 ] || { mkdir -p "$tree/usr/lib/locale"; cp -r /usr/lib/locale/C.utf8 "$tree/usr/lib/locale/"; }
cp "$root/tests/kernels/init" "$tree/init"
chmod 755 "$tree/init"
(cd "$tree" && find . | cpio -o -H newc --quiet) >"$out"
