#!/bin/busybox sh
# PID 1 of the test VM. Makes a machine out of the host's root (virtiofs tag "root", read-only, under a tmpfs overlay), with a real cgroup v2
# hierarchy and a disk of its own, then runs /run/hearth-vm/main from the writable share and powers off. With hearth.machine=systemd on the kernel's command
# line it hands over to the systemd of the disk that build-machine.sh made, whose hearth-vm.service does the same.
/bin/busybox --install -s /bin
export PATH=/bin

stop() { echo "vm-init: $*"; sync; poweroff -f; sleep 60; }

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do
  insmod "/modules/$module" || echo "vm-init: insmod $module failed"
done < /modules/order

machine=host
grep -q hearth.machine=systemd /proc/cmdline && machine=systemd
mkdir -p /lower /over /new
mount -t virtiofs -o ro root /lower || stop "no root share"
if [ $machine = systemd ]; then
  mount -t ext4 /dev/vdb /new || stop "no machine's disk"
else
  mount -t tmpfs -o size=512m over /over
  mkdir /over/upper /over/work
  mount -t overlay -o lowerdir=/lower,upperdir=/over/upper,workdir=/over/work over /new || stop "no overlay"
fi

for dir in proc sys dev run tmp; do
  [ -d "/new/$dir" ] || mkdir "/new/$dir"
done
mount -t tmpfs -o mode=0755 run /new/run
mkdir -p /new/run/hearth-vm /new/run/scratch /new/run/host
# The whole of the host's root, its /tmp included, which the guest's own hides.
mount --bind /lower /new/run/host
mount -t virtiofs exchange /new/run/hearth-vm || stop "no exchange share"
mount -t ext4 /dev/vda /new/run/scratch || stop "no scratch disk"
if [ $machine = systemd ]; then
  umount -l /proc /sys /dev
  exec switch_root /new /sbin/init
fi
mount -t tmpfs -o mode=1777,size=1g tmp /new/tmp
mount -t proc proc /new/proc
mount -t sysfs sys /new/sys
mount -t devtmpfs dev /new/dev
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts -o ptmxmode=0666 devpts /new/dev/pts
mount -t tmpfs -o mode=1777 shm /new/dev/shm
mount -t cgroup2 cgroup2 /new/sys/fs/cgroup || stop "no cgroup v2"
echo "+cpu +cpuset +io +memory +pids" > /new/sys/fs/cgroup/cgroup.subtree_control

ip link set lo up
hostname hearth-vm
umount -l /proc /sys /dev

# The command runs in a group of its own with nobody else in it, as a unit with Delegate=yes does; a node that a test starts gets another.
mkdir /new/sys/fs/cgroup/test
export HEARTH_TEST_CGROUP=/sys/fs/cgroup HEARTH_VM_GROUP=/sys/fs/cgroup/test
# Not chroot: below one the kernel refuses user namespaces. PID 1 is a shell again: it reaps what the command leaves, and powers off.
exec switch_root /new /bin/sh /run/hearth-vm/main
