#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What vxconsole needs from the machine, in one table: what is missing is named with this
# distribution's package (check), installed by it (install), or found (bpftool).
#
#   deps.sh check SET...     exit 0, or 1 with the missing packages on stderr
#   deps.sh install SET...   installs what is missing by apt-get or dnf; needs root
#   deps.sh bpftool          prints the path of a bpftool that runs
# Sets: build, test, lab, kernels.
set -u

# set     probe                     Debian, Ubuntu      Fedora, Amazon Linux
table() {
	cat <<-'TABLE'
	build   cmd:cc                    gcc                 gcc
	build   hdr:stdlib.h              libc6-dev           glibc-devel
	build   cmd:make                  make                make
	build   cmd:pkg-config            pkg-config          pkgconf-pkg-config
	build   cmd:clang                 clang               clang
	build   bpftool                   bpftool             bpftool
	build   hdr:linux/bpf.h           linux-libc-dev      kernel-headers
	build   lib:libbpf>=1.1           libbpf-dev          libbpf-devel
	build   lib:libelf                libelf-dev          elfutils-libelf-devel
	build   lib:zlib                  zlib1g-dev          zlib-devel
	build   lib:libmnl                libmnl-dev          libmnl-devel
	build   lib:libcjson              libcjson-dev        cjson-devel
	build   lib:ncursesw              libncurses-dev      ncurses-devel
	build   lib:readline              libreadline-dev     readline-devel
	build   opt:libxdp                libxdp-dev          libxdp-devel
	test    lib:cmocka                libcmocka-dev       libcmocka-devel
	test    cmd:tmux                  tmux                tmux
	test    cmd:python3               python3             python3
	test    cmd:ip                    iproute2            iproute
	test    cmd:tc                    iproute2            iproute-tc
	test    cmd:ethtool               ethtool             ethtool
	test    cmd:nft                   nftables            nftables
	test    cmd:sysctl                procps              procps-ng
	test    cmd:tcpdump               tcpdump             tcpdump
	test    cmd:tshark                tshark              wireshark-cli
	test    cmd:jq                    jq                  jq
	test    cmd:ping                  iputils-ping        iputils
	test    cmd:xdp-loader            xdp-tools           xdp-tools
	test    cmd:groff                 groff               groff-base
	lab     cmd:ip                    iproute2            iproute
	lab     cmd:ethtool               ethtool             ethtool
	lab     cmd:nft                   nftables            nftables
	lab     cmd:sysctl                procps              procps-ng
	kernels cmd:qemu-system-x86_64    qemu-system-x86     qemu-system-x86-core
	kernels cmd:busybox               busybox-static      busybox
	kernels cmd:cpio                  cpio                cpio
	kernels cmd:dpkg-deb              dpkg                dpkg
	kernels cmd:depmod                kmod                kmod
	kernels cmd:xz                    xz-utils            xz
	TABLE
}

PATH=$PATH:/usr/sbin:/sbin
id=unknown version=
[ -r /etc/os-release ] && id=$(. /etc/os-release; echo "${ID:-} ${ID_LIKE:-}") &&
	version=$(. /etc/os-release; echo "${VERSION_ID:-}")
case " $id " in
*" debian "* | *" ubuntu "*) family=debian ;;
*" fedora "* | *" rhel "* | *" amzn "*) family=fedora ;;
*) family=unknown ;;
esac

# Ubuntu's /usr/sbin/bpftool is a wrapper that fails without the running kernel's tools: so run it.
find_bpftool() {
	for b in "${BPFTOOL:-}" "$(command -v bpftool)" /usr/sbin/bpftool \
		$(printf '%s\n' /usr/lib/linux-tools*/*/bpftool | sort -rV); do
		[ -n "$b" ] && "$b" version >/dev/null 2>&1 && echo "$b" && return 0
	done
	return 1
}

present() { # PROBE
	case $1 in
	cmd:cc) cc=${CC:-cc} && command -v "${cc%% *}" ;; # "ccache gcc"
	cmd:clang) command -v "${CLANG:-clang}" ;;
	cmd:*) command -v "${1#cmd:}" ;;
	hdr:*) echo "#include <${1#hdr:}>" | ${CC:-cc} -E - ;;
	lib:*'>='*) pkg-config --atleast-version="${1#*>=}" "$(n=${1#lib:}; echo "${n%>=*}")" ;;
	lib:* | opt:*) pkg-config --exists "${1#*:}" ;;
	bpftool) find_bpftool ;;
	esac >/dev/null 2>&1
}

too_old() {
	v=$(pkg-config --modversion libbpf 2>/dev/null)
	if [ -n "$v" ]; then
		pkg-config --atleast-version=1.1 libbpf && return
		v="libbpf $v is"
	else
		case "$id:$version" in
		*ubuntu*:22.* | *ubuntu*:20.* | *debian*:11) v="This release's libbpf is" ;;
		*) return ;;
		esac
	fi
	cat >&2 <<-MSG
	$v too old: vxconsole needs libbpf 1.1 or later.
	Build on Debian 12, Ubuntu 24.04 or Fedora (or later), or install a newer libbpf from
	https://github.com/libbpf/libbpf and let PKG_CONFIG_PATH name its pkgconfig directory.
	MSG
	exit 1
}

# Prints "probe package" for each row of the sets that is missing.
missing() { # SET...
	table | while read -r set probe deb rpm; do
		case " $* " in *" $set "*) ;; *) continue ;; esac
		present "$probe" && continue
		pkg=$deb
		[ $family = fedora ] && pkg=$rpm
		case "$id" in ubuntu*) [ "$probe" = bpftool ] && pkg=linux-tools-generic ;; esac
		echo "$probe $pkg"
	done
}

check() {
	list=$(missing "$@" | grep -v '^opt:')
	[ -z "$list" ] && return 0
	pkgs=$(echo "$list" | sed 's/.* //' | sort -u | tr '\n' ' ')
	echo "$list" | sed 's/^cmd:/program /; s/^lib:/library /; s/^hdr:/header /; s/^/missing: /
		s/ \([^ ]*\)$/  (package \1)/' >&2
	case $family in
	debian) echo "To install: sudo make deps   or: sudo apt-get install $pkgs" >&2 ;;
	fedora) echo "To install: sudo make deps   or: sudo dnf install $pkgs" >&2 ;;
	*) echo "Package names are Debian's; this distribution ($id) is not known." >&2 ;;
	esac
	return 1
}

run_apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 "$@"
}

install() {
	list=$(missing "$@")
	[ -z "$list" ] && return 0
	must=$(echo "$list" | grep -v '^opt:' | sed 's/.* //' | sort -u | tr '\n' ' ')
	may=$(echo "$list" | grep '^opt:' | sed 's/.* //' | sort -u | tr '\n' ' ')
	if [ "$(id -u)" != 0 ]; then
		check "$@"
		return
	fi
	case $family in
	debian)
		run_apt update -q || echo "apt-get update failed; trying with the lists that are here" >&2
		# shellcheck disable=SC2086 # lists of package names
		[ -z "$must" ] || run_apt install -qy --no-install-recommends $must || return 1
		for p in $may; do
			run_apt install -qy --no-install-recommends "$p" ||
				echo "$p is not to be had here: built without it" >&2
		done ;;
	fedora)
		# shellcheck disable=SC2086
		[ -z "$must" ] || dnf install -qy $must || return 1
		for p in $may; do
			dnf install -qy "$p" || echo "$p is not to be had here: built without it" >&2
		done ;;
	*)
		echo "This distribution ($id) is not known: install these by hand" >&2 ;;
	esac
	check "$@"
}

verb=${1:-}
[ $# -gt 0 ] && shift
case $verb in
check) case " $* " in *" build "*) too_old ;; esac; check "$@" ;;
install) too_old; install "$@" && too_old ;;
bpftool) find_bpftool ;;
*) echo "usage: deps.sh check|install SET..., deps.sh bpftool" >&2; exit 2 ;;
esac
