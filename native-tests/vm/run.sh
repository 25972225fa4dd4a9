#!/bin/bash
# run.sh [--limit SECONDS] [--share DIR] [--machine host|systemd] COMMAND: boots the test VM, runs COMMAND (a shell line) in it as root, streams its output and exits
# with its code. 124: the time limit passed. 125: the VM cannot run here, with the reason on stderr.
# DIR appears in the guest at /run/hearth-vm and is writable from both sides; a 6 GiB ext4 disk is at /run/scratch; the host's own root
# is everything else, read-only below a tmpfs overlay, and as it is at /run/host. --machine systemd: everything else is a small Debian of its own, run by
# systemd (build-machine.sh), and the command is a service of it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
PATH="$PATH:/usr/sbin:/sbin"

limit=170 share= verbose= machine=host
while [ $# -gt 0 ]; do
  case "$1" in
    --limit) limit=$2; shift 2 ;;
    --share) share=$(cd "$2" && pwd); shift 2 ;;
    --machine) machine=$2; shift 2 ;;
    --verbose) verbose=1; shift ;;
    --) shift; break ;;
    -*) echo "run.sh: unknown option $1" >&2; exit 125 ;;
    *) break ;;
  esac
done
command=${1:?a command for the VM}

cannot() { echo "vm: cannot run: $*" >&2; exit 125; }
[ "$(uname -m)" = x86_64 ] || cannot "the machine is $(uname -m), the VM lane is written for x86_64"
[ "$(id -u)" = 0 ] || cannot "not root (virtiofsd must read the whole root file system)"
command -v qemu-system-x86_64 >/dev/null || cannot "qemu-system-x86_64 is missing: apt-get install qemu-system-x86"
command -v mke2fs >/dev/null || cannot "mke2fs is missing: apt-get install e2fsprogs"
# Debian 12 ships the C virtiofsd inside qemu-system-common; later releases ship the Rust one in a package of its own.
virtiofsd=
for candidate in /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd; do
  if [ -x "$candidate" ]; then virtiofsd=$candidate; break; fi
done
[ -n "$virtiofsd" ] || cannot "virtiofsd is missing: apt-get install virtiofsd (Debian 12: qemu-system-common)"
kernel=$("$here/fetch-kernel.sh") || cannot "no guest kernel (see above)"
initramfs=$("$here/build-initramfs.sh" "$kernel") || cannot "no initramfs (see above)"
disks=() append=
if [ "$machine" = systemd ]; then
  disk=$("$here/build-machine.sh") || cannot "no machine with systemd (see above)"
  disks=(-drive "file=$disk,format=raw,if=none,id=machine,snapshot=on,cache=unsafe" -device virtio-blk-pci,drive=machine)
  append="hearth.machine=systemd systemd.show_status=0 net.ifnames=0"
fi

work=$(mktemp -d /tmp/hearth-vm.XXXXXX)
processes=()
cleanup() {
  trap - EXIT
  for pid in "${processes[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${processes[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$work/tree"
[ -n "$share" ] || { share="$work/share"; mkdir "$share"; }
rm -f "$share/exit-code"
printf '#!/bin/sh\n%s\n' "$command" > "$share/command"
chmod 0755 "$share/command"
cat > "$share/main" <<'MAIN'
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/scratch/home LANG=C.UTF-8 DOTNET_CLI_TELEMETRY_OPTOUT=1 HEARTH_TEST_DATA=/run/scratch
mkdir -p "$HOME"
cd /run/scratch
start=$(date +%s%N); sh /run/hearth-vm/probe
factor=$(( ($(date +%s%N) - start) / 1000000 / $(cat /run/hearth-vm/probe-milliseconds) ))
[ "$factor" -ge 1 ] || factor=1
export HEARTH_TIME_FACTOR=$factor
{
  sh -c '[ -z "${HEARTH_VM_GROUP-}" ] || echo $$ > "$HEARTH_VM_GROUP/cgroup.procs"; exec /run/hearth-vm/command'
  echo $? > /run/hearth-vm/exit-code
} < /dev/null 2>&1 | cat > /dev/vport0p1
sync
if [ -d /run/systemd/system ]; then systemctl poweroff -ff; else echo o > /proc/sysrq-trigger; fi
sleep 60
MAIN

# start_virtiofsd NAME DIR PREPARE CACHE: in a mount namespace of its own, so that what PREPARE mounts goes away with it.
start_virtiofsd() {
  local options
  if [ "$virtiofsd" = /usr/lib/qemu/virtiofsd ]; then
    # Raising the limit on open files needs CAP_SYS_RESOURCE, which root in a container may lack: 0 leaves it as it is.
    options="--socket-path=$work/$1.sock --rlimit-nofile=0 -f -o source=$2,sandbox=chroot,cache=${4/never/none},log_level=err"
  else
    options="--socket-path=$work/$1.sock --rlimit-nofile=0 --shared-dir=$2 --sandbox=chroot --cache=$4 --log-level=error"
  fi
  unshare --mount --propagation private sh -c "$3 exec $virtiofsd $options" 2> "$work/$1.log" &
  processes+=($!)
}
# Without recursion: the host's /proc, /sys and /dev are not for the guest. A /usr or a clone on another file system is bound as well.
tree="$work/tree"
prepare="mount --bind / $tree && mount -o remount,bind,ro $tree &&"
for dir in /usr "$repository" "${HEARTH_ARTIFACTS:-$repository}"; do
  if [ "$(stat -c %d "$dir")" != "$(stat -c %d /)" ]; then
    prepare+=" mount --bind '$dir' '$tree$dir' && mount -o remount,bind,ro '$tree$dir' &&"
  fi
done
start_virtiofsd root "$tree" "$prepare" always
start_virtiofsd exchange "$share" "" never

# What the same work takes out here: the guest divides by it and offers the quotient as HEARTH_TIME_FACTOR, for the time limits of tests.
probe='i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i+1)); done'
start=$(date +%s%N); sh -c "$probe"; echo $(( ($(date +%s%N) - start) / 1000000 + 1 )) > "$share/probe-milliseconds"
printf '%s\n' "$probe" > "$share/probe"

truncate -s 6G "$work/scratch"
mke2fs -q -t ext4 -O quota,project -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$work/scratch"

for name in root exchange; do
  for _ in $(seq 1200); do [ -S "$work/$name.sock" ] && break; sleep 0.05; done
  [ -S "$work/$name.sock" ] || { cat "$work/$name.log" >&2; cannot "virtiofsd did not start for the $name share"; }
done

# KVM only where a guest really can run: /dev/kvm may exist and open without hardware support behind it.
accelerator="tcg,thread=multi,tb-size=512"
cpu=max
if [ -w /dev/kvm ] && grep -Eqw 'svm|vmx' /proc/cpuinfo; then accelerator=kvm cpu=host; fi

# The output goes to a file back end on our own stdout: a stdio back end would count as closed at the end of an empty stdin.
qemu-system-x86_64 -M q35 -accel "$accelerator" -cpu "$cpu" -smp 2 -m 2G -nodefaults -no-user-config -no-reboot -display none \
  -object memory-backend-memfd,id=memory,size=2G,share=on -numa node,memdev=memory \
  -kernel "$kernel/vmlinuz" -initrd "$initramfs" \
  -append "console=ttyS0 quiet loglevel=4 panic=-1 psi=1 mitigations=off random.trust_cpu=on $append" \
  -chardev "file,id=console,path=$work/console" -serial chardev:console \
  -add-fd fd=3,set=1 -chardev file,id=output,path=/dev/fdset/1,append=on -device virtio-serial-pci -device virtserialport,chardev=output \
  -drive "file=$work/scratch,format=raw,if=none,id=scratch,cache=unsafe" -device virtio-blk-pci,drive=scratch "${disks[@]}" \
  -object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
  -chardev "socket,id=root,path=$work/root.sock" -device vhost-user-fs-pci,queue-size=1024,chardev=root,tag=root \
  -chardev "socket,id=exchange,path=$work/exchange.sock" -device vhost-user-fs-pci,queue-size=256,chardev=exchange,tag=exchange \
  3>&1 < /dev/null &
qemu=$!
processes+=("$qemu")

deadline=$((SECONDS + limit))
while kill -0 "$qemu" 2>/dev/null; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "vm: stopped after $limit s; the end of its console:" >&2
    tail -n 20 "$work/console" >&2 || true
    exit 124
  fi
  sleep 0.2
done
[ -z "$verbose" ] || cat "$work/console" >&2
if [ ! -s "$share/exit-code" ]; then
  echo "vm: the guest ended without an exit code; the end of its console:" >&2
  tail -n 30 "$work/console" >&2 || true
  exit 125
fi
exit "$(cat "$share/exit-code")"
