#!/bin/sh
# Puts the cloud kernel of Debian 12 (6.1, the oldest that Hearth serves; where it cannot be had, that of this machine's release) into the cache and prints the folder: vmlinuz, modules/lib/modules/VERSION. Nothing is installed:
# the package is downloaded and unpacked, so that nobody's /boot changes. Needs apt-get, dpkg and kmod, and no privilege.
set -eu
cache="${XDG_CACHE_HOME:-$HOME/.cache}/hearth/vm"

die() { echo "fetch-kernel: $*" >&2; exit 1; }

# The newest complete copy serves for a day without asking the archive; older ones serve when the archive cannot be reached.
newest() { find "$cache" -mindepth 2 -maxdepth 2 -name complete "$@" -printf '%T@ %h\n' 2>/dev/null | sort -rn | head -n 1 | cut -d' ' -f2-; }
fresh=$(newest -mtime -1)
if [ -n "$fresh" ]; then echo "$fresh"; exit 0; fi

for tool in apt-get apt-cache dpkg depmod; do
  command -v "$tool" >/dev/null || PATH="$PATH:/usr/sbin:/sbin" command -v "$tool" >/dev/null || die "$tool is missing: apt-get install kmod, on Debian or Ubuntu"
done
PATH="$PATH:/usr/sbin:/sbin"

mkdir -p "$cache"
# Another release asks Debian's archive beside its own sources, whose lists it leaves alone.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg other=
if [ "$(. /etc/os-release; echo "${VERSION_CODENAME-}")" != bookworm ] && [ -e $keyring ]; then
  other="$cache/.bookworm"
  mkdir -p "$other/lists/partial" "$other/archives/partial"
  echo "deb [signed-by=$keyring] ${HEARTH_MIRROR:-http://deb.debian.org/debian} bookworm main" > "$other/sources.list"
  other="-o Dir::Etc::SourceList=$other/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$other/lists -o Dir::Cache=$other"
  # shellcheck disable=SC2086
  apt-get $other -q=2 update > /dev/null 2>&1 || other=
fi

# Debian calls the flavour that boots under QEMU with few modules "cloud"; Ubuntu's is "virtual".
package=
for meta in linux-image-cloud-amd64 linux-image-virtual; do
  # shellcheck disable=SC2086
  package=$(apt-cache $other depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
  [ -z "$package" ] || break
done
if [ -z "$package" ]; then
  old=$(newest); [ -z "$old" ] || { echo "$old"; exit 0; }
  die "apt knows no linux-image-cloud-amd64 or linux-image-virtual: run apt-get update"
fi
target="$cache/$package"
if [ -e "$target/complete" ]; then touch "$target/complete"; echo "$target"; exit 0; fi

work=$(mktemp -d "$cache/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
# Ubuntu keeps the modules in a package of their own.
packages="$package"
modules_package=$(echo "$package" | sed 's/^linux-image-\(unsigned-\)\?/linux-modules-/')
# shellcheck disable=SC2086
! apt-cache $other show "$modules_package" >/dev/null 2>&1 || packages="$packages $modules_package"
# shellcheck disable=SC2086
if ! apt-get $other download $packages >apt.log 2>&1; then
  old=$(newest); [ -z "$old" ] || { echo "$old"; exit 0; }
  cat apt.log >&2; die "cannot download $packages: run apt-get update"
fi
mkdir tree
for deb in *.deb; do dpkg -x "$deb" tree; done
[ -d tree/lib/modules ] || { mkdir -p tree/lib; mv tree/usr/lib/modules tree/lib/modules; }
version=$(ls tree/lib/modules)
depmod -b "$work/tree" "$version"
rm -rf done; mkdir -p done/modules/lib
mv tree/boot/vmlinuz-* done/vmlinuz
mv tree/lib/modules done/modules/lib/modules
echo "$version" > done/version
touch done/complete
rm -rf "$target"
mv done "$target"
echo "$target"
