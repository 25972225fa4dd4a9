#!/bin/sh
# build-initramfs.sh KERNEL_DIR: packs static busybox, the few modules and init.sh into KERNEL_DIR/initramfs-HASH and prints its path.
set -eu
kernel=$1
here=$(cd "$(dirname "$0")" && pwd)
PATH="$PATH:/usr/sbin:/sbin"
busybox=$(command -v busybox) || { echo "build-initramfs: busybox is missing: apt-get install busybox-static" >&2; exit 1; }
! ldd "$busybox" >/dev/null 2>&1 || { echo "build-initramfs: $busybox is not static: apt-get install busybox-static" >&2; exit 1; }

key=$(cat "$here/init.sh" "$0" "$busybox" | sha256sum | cut -c1-16)
image="$kernel/initramfs-$key"
[ ! -e "$image" ] || { echo "$image"; exit 0; }

version=$(cat "$kernel/version")
work=$(mktemp -d "$kernel/.initramfs.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin" "$work/root/modules" "$work/root/dev" "$work/root/proc" "$work/root/sys"
cp "$busybox" "$work/root/bin/busybox"
cp "$here/init.sh" "$work/root/init"
chmod 0755 "$work/root/init"

# In the order in which they must be loaded; a module that this kernel has built in has no line here.
: > "$work/root/modules/order"
for module in virtio_pci virtio_blk virtio_console virtio_rng virtiofs overlay ext4 loop quota_v2 veth bridge tun; do
  modprobe -d "$kernel/modules" -S "$version" --show-depends "$module" 2>/dev/null | sed -n 's/^insmod \([^ ]*\).*/\1/p' || true
done | awk '!seen[$0]++' | while read -r file; do
  name=$(basename "$file")
  cp "$file" "$work/root/modules/$name"
  case "$name" in
    *.zst) zstd -q -d --rm "$work/root/modules/$name"; name=${name%.zst} ;;
    *.xz) xz -d "$work/root/modules/$name"; name=${name%.xz} ;;
  esac
  echo "$name" >> "$work/root/modules/order"
done
grep -q virtiofs "$work/root/modules/order" || { echo "build-initramfs: kernel $version has no virtiofs module" >&2; exit 1; }

(cd "$work/root" && find . | "$busybox" cpio -o -H newc 2>/dev/null | gzip -1) > "$work/image"
rm -f "$kernel"/initramfs-*
mv "$work/image" "$image"
echo "$image"
