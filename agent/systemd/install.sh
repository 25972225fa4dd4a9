#!/usr/bin/env bash
# install.sh PROGRAMS: puts what `./hearth build` made (artifacts/hearth) into /usr/lib/hearth, and the three units beside systemd's others; enables and starts
# them. Run it again with a newer build to upgrade. install.sh --remove takes them away and leaves /var/lib/hearth, where functions and usage are.
# --no-start: only put files in place.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
units=(hearth-spawner.service hearth-control-plane.service hearth-agent.service)
library=/usr/lib/hearth unit_folder=/etc/systemd/system
fail() { echo "install: $*" >&2; exit 1; }

start=1 remove= programs=
while (($#)); do
  case $1 in
    --no-start) start= ;;
    --remove) remove=1 ;;
    -*) fail "unknown option $1; usage: install.sh [--no-start] PROGRAMS | --remove" ;;
    *) programs=$1 ;;
  esac
  shift
done
[[ $(id -u) == 0 ]] || fail "needs root: it writes to $library and $unit_folder"
command -v systemctl > /dev/null || fail "there is no systemd here; run the node in the foreground with: ./hearth up"

if [[ -n $remove ]]; then
  # The agent first: what runs may finish.
  systemctl disable --now hearth-agent.service hearth-control-plane.service hearth-spawner.service 2> /dev/null || true
  for unit in "${units[@]}"; do rm -f "$unit_folder/$unit"; done
  rm -rf "$library"
  [[ $(readlink /usr/local/bin/hearth) != "$library/hearth" ]] || rm -f /usr/local/bin/hearth
  systemctl daemon-reload
  echo "install: removed; functions, usage and logs are still in /var/lib/hearth"
  exit 0
fi

[[ -n $programs ]] || fail "usage: install.sh [--no-start] PROGRAMS (the folder that ./hearth build names) | --remove"
for program in hearth hearth-spawner hearth-control-plane hearth-agent runtimes; do
  [[ -e $programs/$program ]] || fail "$programs has no $program: run ./hearth build, which names the folder"
done

# Before anything is replaced: the units would fail with nothing said but "Job failed".
if [[ -n $start ]]; then
  [[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] || fail "the units need cgroup v2 at /sys/fs/cgroup: boot with systemd.unified_cgroup_hierarchy=1, or run the node in the foreground with: ./hearth up"
  lock=/var/lib/hearth/run/node.lock
  [[ ! -e $lock ]] || flock -n "$lock" true || fail "a node runs on /var/lib/hearth (pid $(cat "$lock")): stop it with Ctrl-C first"
fi

# Beside it and then renamed: the units may be running from the old one.
rm -rf "$library.new" "$library.old"
mkdir -p "$library.new"
cp -r --no-preserve=ownership "$programs"/. "$library.new/"
rm -rf "$library.new/.hash" "$library.new/.stamp"
cp "$here/../../README.md" "$library.new/README.md"
chmod -R u=rwX,go=rX "$library.new"
[[ ! -e $library ]] || mv "$library" "$library.old"
mv "$library.new" "$library"
rm -rf "$library.old"
mkdir -p /usr/local/bin
ln -sfn "$library/hearth" /usr/local/bin/hearth
for unit in "${units[@]}"; do
  source=$here/$unit
  [[ -e $source ]] || source=$here/../../control-plane/systemd/$unit
  install -m 0644 "$source" "$unit_folder/$unit"
done
systemctl daemon-reload
[[ -n $start ]] || exit 0
systemctl enable --quiet "${units[@]}"
# Its prepare step copies the new programs to where all three run from.
systemctl restart hearth-spawner.service
systemctl restart hearth-control-plane.service hearth-agent.service
echo "install: started; look with: systemctl status 'hearth-*', journalctl -u hearth-agent, sudo hearth ls"
