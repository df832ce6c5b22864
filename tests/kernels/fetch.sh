#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Gets a Debian kernel by apt-get with a source list of its own, so that the machine's is left alone, and
# unpacks it; nothing is installed. Prints the directory, which holds vmlinuz, config and modules.
#   fetch.sh CACHE SUITE PACKAGE-REGEX
set -eu
cache=$1 suite=$2 regex=$3
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keyring ] || { echo "no $keyring: install debian-archive-keyring" >&2; exit 1; }
command -v apt-get >/dev/null || { echo "no apt-get here: Debian's kernels cannot be had" >&2; exit 1; }

apt=$cache/apt/$suite
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
echo "deb [signed-by=$keyring] http://deb.debian.org/debian $suite main" >"$apt/sources.list"
private="-o Dir::Etc::SourceList=$apt/sources.list -o Dir::Etc::SourceParts=/dev/null
	-o Dir::State::Lists=$apt/lists -o Dir::Cache=$apt/cache -o APT::Sandbox::User=root"

# shellcheck disable=SC2086 # a list of options
newest() {
	apt-cache $private --names-only search "^$regex\$" | cut -d' ' -f1 | sort -V | tail -n 1
}

# A cached kernel is good enough when there is no network.
# shellcheck disable=SC2086
apt-get $private -q update >&2 || echo "apt-get update failed: using what is cached" >&2
package=$(newest)
[ -n "$package" ] || { echo "$suite has no package that matches $regex" >&2; exit 1; }
dir=$cache/$package
if [ ! -e "$dir/vmlinuz" ]; then
	mkdir -p "$dir.deb"
	# shellcheck disable=SC2086
	(cd "$dir.deb" && apt-get $private -q download "$package") >&2
	rm -rf "$dir.new"
	dpkg-deb -x "$dir.deb"/*.deb "$dir.new"
	mv "$dir.new"/boot/vmlinuz-* "$dir.new/vmlinuz"
	mv "$dir.new"/boot/config-* "$dir.new/config"
	rm -rf "$dir"
	mv "$dir.new" "$dir"
fi
echo "$dir"
