#!/bin/bash
# build-machine.sh: makes the disk of a small Debian machine run by systemd, with logins, python3 and nothing of Hearth, and prints its path. Cached; the disk is
# never written to (run.sh boots it as a snapshot). Needs root, mmdebstrap, e2fsprogs and Debian's archive.
set -euo pipefail
cache="${XDG_CACHE_HOME:-$HOME/.cache}/hearth/vm"
PATH="$PATH:/usr/sbin:/sbin"
suite=bookworm
packages=systemd,systemd-sysv,dbus,libpam-systemd,login,passwd,util-linux,bsdutils,procps,e2fsprogs,python3,libicu72,zlib1g,libssl3,libstdc++6

die() { echo "build-machine: $*" >&2; exit 1; }
key=$(sha256sum < "$0" | cut -c1-16)
image="$cache/machine-$key.ext4"
if [ -e "$image" ]; then echo "$image"; exit 0; fi
command -v mmdebstrap > /dev/null || die "mmdebstrap is missing: apt-get install mmdebstrap"
[ "$(id -u)" = 0 ] || die "needs root: the tree belongs to root"

mkdir -p "$cache"
work=$(mktemp -d "$cache/.machine.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM
echo "build-machine: installing Debian $suite (once; later runs take it from $image)" >&2
# In a mount namespace of its own: whatever is mounted into the tree meanwhile goes away with it.
unshare --mount --propagation private mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$work/root" >&2 || die "mmdebstrap failed (its output is above)"

root=$work/root
echo hearth-machine > "$root/etc/hostname"
echo 0123456789abcdef0123456789abcdef > "$root/etc/machine-id"
# The root file system is there already; no console to log in at, and nobody waits for devices that no udev announces.
: > "$root/etc/fstab"
ln -s /dev/null "$root/etc/systemd/system/getty.target"
ln -s multi-user.target "$root/etc/systemd/system/default.target"
rm -rf "$root/var/cache/apt" "$root/var/lib/apt/lists"
cat > "$root/etc/systemd/system/hearth-vm.service" <<'UNIT'
[Unit]
Description=What run.sh was asked to run
After=dbus.service systemd-logind.service
[Service]
Type=oneshot
ExecStart=/bin/sh /run/hearth-vm/main
KillMode=none
TimeoutStartSec=infinity
Delegate=yes
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../hearth-vm.service "$root/etc/systemd/system/multi-user.target.wants/hearth-vm.service"

truncate -s 3G "$work/image"
mke2fs -q -t ext4 -E lazy_itable_init=1,nodiscard -d "$root" "$work/image" >&2
rm -f "$cache"/machine-*.ext4
mv "$work/image" "$image"
echo "$image"
