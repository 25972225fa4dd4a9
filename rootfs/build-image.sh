#!/usr/bin/env bash
# build-image.sh RUNTIME [FOLDER]: a minimal Debian root tree for one runtime: python, nodejs, dotnet or provided. FOLDER (default
# /var/lib/hearth/images/RUNTIME) is what `hearth-spawner --root` takes: its /usr is mounted into sandboxes instead of the host's own.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
fail() { echo "build-image: $*" >&2; exit 1; }

[[ $# -ge 1 && $# -le 2 ]] || fail "usage: build-image.sh python|nodejs|dotnet|provided [FOLDER]"
runtime=$1 target=${2:-/var/lib/hearth/images/$1}
# nodejs is in Debian; .NET is not, so that image takes the host's own.
case $runtime in
  python) packages=python3-minimal,python3,ca-certificates ;;
  nodejs) packages=nodejs,ca-certificates ;;
  dotnet) packages=libstdc++6,zlib1g,libssl3,ca-certificates ;;
  provided) packages=ca-certificates,curl ;;
  *) fail "no runtime $runtime: python, nodejs, dotnet or provided" ;;
esac
[[ $(id -u) == 0 ]] || fail "needs root: the tree belongs to root"
[[ ! -e $target ]] || fail "$target exists: remove it first, or name another folder"
dotnet=
if [[ $runtime == dotnet ]]; then
  command -v dotnet >/dev/null || fail "dotnet is not installed here, and Debian has no package of it: install dotnet-runtime-10.0 and run this again"
  dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
fi

# shellcheck source=rootfs/setup.sh
. "$here/setup.sh"
hearth_need image

mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$(dirname "$target")/.image.XXXXXX")
trap 'rm -rf "$work"' EXIT
# No apt and no documentation: nobody installs into a read-only tree. dpkg's records of what is inside stay, for scanners.
mmdebstrap --quiet --variant=extract --include="base-files,base-passwd,bash,coreutils,dash,grep,sed,libc-bin,libc6,$packages" \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' "${HEARTH_SUITE:-bookworm}" "$work/root"
# "extract" runs no maintainer script: what they would have made of importance is made here.
chroot "$work/root" /sbin/ldconfig
[[ -e $work/root/bin/sh ]] || ln -s dash "$work/root/usr/bin/sh"
mkdir -p "$work/root/etc/ssl/certs"
find "$work/root/usr/share/ca-certificates" -name '*.crt' -exec cat {} + > "$work/root/etc/ssl/certs/ca-certificates.crt"
if [[ -n $dotnet ]]; then
  mkdir -p "$work/root/usr/share/dotnet"
  cp -r "$dotnet/dotnet" "$dotnet/host" "$dotnet/shared" "$work/root/usr/share/dotnet/"
  ln -s ../share/dotnet/dotnet "$work/root/usr/bin/dotnet"
fi
# Nothing in an image may raise privileges; sandboxes mount it nosuid, too.
find "$work/root" -xdev -type f -perm /6000 -exec chmod ug-s {} +
chmod 0755 "$work/root"
mv "$work/root" "$target"
echo "build-image: $target ($(du -sm "$target" | cut -f1) MB)"
