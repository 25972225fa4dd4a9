#!/usr/bin/env bash
# build-image.sh RUNTIME[,RUNTIME...] [FOLDER]: a minimal Debian root tree for python, nodejs, dotnet or several of them. FOLDER (default
# /var/lib/hearth-images/RUNTIMES) is what `hearth up --root` takes: functions see its /usr and the few files of its /etc that programs need instead of the
# machine's own. Built again only when this script, the suite or (dotnet) the machine's .NET changed.
# Exit codes: 0 done, 1 failed, 3 this machine lacks what it needs (a package, Debian's archive, .NET), 130 interrupted.
# Environment: HEARTH_INCLUDE (more of Debian's packages, comma between, such as python3-boto3: 80 MB), HEARTH_SUITE (Debian's name, default bookworm),
# HEARTH_MIRROR (default: mmdebstrap's), HEARTH_NO_INSTALL=1 (install nothing on this machine).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
fail() { echo "build-image: $*" >&2; exit 1; }
# Not this script's fault, and not the caller's: what it needs is not to be had on this machine. A test skips then.
cannot() { echo "build-image: $*" >&2; exit 3; }
usage="usage: build-image.sh python|nodejs|dotnet[,...] [FOLDER]"

[[ $# -ge 1 && $# -le 2 && $1 == [a-z]* ]] || fail "$usage"
IFS=, read -r -a runtimes <<< "$1"
target=$(realpath -m "${2:-/var/lib/hearth-images/${1//,/-}}")
suite=${HEARTH_SUITE:-bookworm}
packages=base-files,base-passwd,bash,coreutils,dash,grep,sed,libc-bin,libc6,ca-certificates dotnet=
for runtime in "${runtimes[@]}"; do
  case $runtime in
    python) packages+=,python3 ;;
    nodejs) packages+=,nodejs ;;
    # Debian has no .NET: the image gets a copy of the machine's runtime, and from Debian the libraries it loads.
    dotnet) packages+=,libstdc++6,zlib1g,libssl3,libgssapi-krb5-2 dotnet=1 ;;
    *) fail "no runtime '$runtime'; $usage" ;;
  esac
done
packages+=${HEARTH_INCLUDE:+,$HEARTH_INCLUDE}
if [[ -n $dotnet ]]; then
  command -v dotnet > /dev/null || cannot "dotnet is not on this machine, and Debian has no package of it: install the .NET 10 runtime (https://learn.microsoft.com/dotnet/core/install/linux) and run this again"
  dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
fi
[[ $(id -u) == 0 ]] || fail "needs root: the tree belongs to root"

stamp=$({ cat "${BASH_SOURCE[0]}"; echo "$packages $suite ${HEARTH_MIRROR-}"; [[ -z $dotnet ]] || find "$dotnet/host" "$dotnet/shared" -mindepth 2 -maxdepth 2 | LC_ALL=C sort; } | sha256sum | cut -d' ' -f1)
if [[ -e $target ]]; then
  [[ -e $target/etc/hearth-image ]] || fail "$target exists and is no image of this script: remove it, or name another folder"
  if [[ $(cat "$target/etc/hearth-image") == "$stamp" ]]; then
    echo "build-image: $target is up to date ($(du -sm "$target" | cut -f1) MB)"
    exit 0
  fi
  # Removing it would take /usr away from every function that runs.
  ! grep -qF "${target#"$(findmnt -n -o TARGET --target "$target" | sed 's,/$,,')"}/usr " /proc/[0-9]*/mountinfo 2> /dev/null || fail "$target is out of date, and a node runs on it: stop that first, or name another folder"
fi

# shellcheck source=rootfs/setup.sh
. "$here/setup.sh"
hearth_need image || cannot "a package is missing (see above)"

# A mount namespace of its own: whatever is mounted into the tree meanwhile goes away with it, however this ends.
[[ ${HEARTH_IMAGE_NAMESPACE-} == 1 ]] || HEARTH_IMAGE_NAMESPACE=1 exec unshare --mount --propagation private "${BASH_SOURCE[0]}" "$@"

mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$(dirname "$target")/.image.XXXXXX")
child=
# The child is ended first, or it would go on writing into what is removed.
clean_up() { [[ -z $child ]] || { kill -TERM -- "-$child" 2> /dev/null; wait "$child" 2> /dev/null || true; }; rm -rf --one-file-system "$work"; }
trap clean_up EXIT
trap 'echo "build-image: interrupted; nothing is left" >&2; exit 130' INT
trap 'exit 143' TERM HUP
from=$SECONDS
say() { echo "build-image: $* ($((SECONDS - from)) s)" >&2; }

say "installing Debian $suite: $packages"
# No apt and no documentation: nobody installs into a read-only tree. dpkg's records of what is inside stay, for scanners.
# Merged /usr, which "extract" leaves to the caller: a sandbox gets the tree's /usr and links into it.
# shellcheck disable=SC2016
merge='for folder in bin sbin lib lib64; do mkdir -p "$1/usr/$folder" && ln -s "usr/$folder" "$1/$folder" || exit 1; done'
# A session of its own, so that Ctrl-C comes to us alone and its end is waited for.
setsid mmdebstrap --quiet --mode=root --variant=extract --include="$packages" --dpkgopt=force-unsafe-io --setup-hook="$merge" \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/info/*' "$suite" "$work/root" ${HEARTH_MIRROR:+"$HEARTH_MIRROR"} < /dev/null &
child=$!
wait "$child" || { child=; cannot "mmdebstrap failed (its output is above); is Debian's archive within reach, and debian-archive-keyring installed?"; }
child=

say "finishing"
root=$work/root
# "extract" runs no maintainer script: what they would have made of importance is made here.
# Its /dev is not used: a sandbox has its own.
find "$root/dev" -mindepth 1 -delete
rm -rf "$root/var/cache/apt" "$root/var/lib/apt" "$root/var/log"
[[ -e $root/bin/sh ]] || ln -s dash "$root/usr/bin/sh"
mkdir -p "$root/etc/ssl/certs"
find "$root/usr/share/ca-certificates" -name '*.crt' -exec cat {} + > "$root/etc/ssl/certs/ca-certificates.crt"
if [[ -n $dotnet ]]; then
  # The newest of each framework; the SDK, its packs and templates are for building and stay outside.
  mkdir -p "$root/usr/share/dotnet/host/fxr"
  cp "$dotnet/dotnet" "$root/usr/share/dotnet/"
  cp -r "$(find "$dotnet/host/fxr" -mindepth 1 -maxdepth 1 | sort -V | tail -n 1)" "$root/usr/share/dotnet/host/fxr/"
  for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
    [[ -d $dotnet/shared/$framework ]] || continue
    mkdir -p "$root/usr/share/dotnet/shared/$framework"
    cp -r "$(find "$dotnet/shared/$framework" -mindepth 1 -maxdepth 1 | sort -V | tail -n 1)" "$root/usr/share/dotnet/shared/$framework/"
  done
  chown -R root:root "$root/usr/share/dotnet"
  ln -s ../share/dotnet/dotnet "$root/usr/bin/dotnet"
fi
chroot "$root" /sbin/ldconfig
# Nothing in an image may raise privileges; sandboxes mount it nosuid, too.
find "$root" -xdev -type f -perm /6000 -exec chmod ug-s {} +
chmod 0755 "$root"

# What the agent tells about this image, by asking the programs themselves: a runtime that does not run in it is no runtime.
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "$@" || fail "the image's $1 does not run (see above)"; }
for runtime in "${runtimes[@]}"; do
  case $runtime in
    python) version=$(inside /usr/bin/python3 --version) path=/usr/bin/python3; version=${version#Python } ;;
    nodejs) version=$(inside /usr/bin/node --version) path=/usr/bin/node; version=${version#v} ;;
    dotnet) version=$(inside /usr/bin/dotnet --list-runtimes | sed -n 's/^Microsoft\.NETCore\.App \([^ ]*\) .*/\1/p' | tail -n 1) path=/usr/bin/dotnet ;;
  esac
  [[ -n $version ]] || fail "the image's $path names no version"
  echo "$runtime $version $path"
done > "$work/runtimes"
mv "$work/runtimes" "$root/etc/hearth-runtimes"
echo "$stamp" > "$root/etc/hearth-image"

[[ ! -e $target ]] || mv "$target" "$work/old"
mv "$root" "$target"
echo "build-image: $target ($(du -sm "$target" | cut -f1) MB, $((SECONDS - from)) s): $(tr '\n' ';' < "$target/etc/hearth-runtimes")"
