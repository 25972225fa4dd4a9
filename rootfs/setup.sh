# Sourced by ./hearth test and build-image.sh: installs on a fresh Debian or Ubuntu machine what tests and images need beyond the build's own needs
# (control-plane/Cli/build-needs.sh has those).
# shellcheck shell=bash
#   hearth_need test|vm|image   installs what is missing of a group; returns 1 with the reason on stderr where it cannot
# HEARTH_NO_INSTALL=1: never call apt-get, only say what is missing.

# "package:file whose presence means that it is there", so that a complete machine costs a few stats.
HEARTH_PACKAGES_test="vagrant:/usr/bin/vagrant awscli:/usr/bin/aws python3-boto3:/usr/lib/python3/dist-packages/boto3/__init__.py python3-numpy:/usr/lib/python3/dist-packages/numpy/__init__.py curl:/usr/bin/curl strace:/usr/bin/strace bubblewrap:/usr/bin/bwrap"
HEARTH_PACKAGES_image="mmdebstrap:/usr/bin/mmdebstrap debian-archive-keyring:/usr/share/keyrings/debian-archive-keyring.gpg"
HEARTH_PACKAGES_vm="qemu-system-x86:/usr/bin/qemu-system-x86_64 virtiofsd:/usr/libexec/virtiofsd|/usr/lib/qemu/virtiofsd busybox-static:/usr/bin/busybox|/bin/busybox kmod:/usr/bin/kmod|/bin/kmod e2fsprogs:/usr/sbin/mke2fs|/sbin/mke2fs"

hearth_missing() {
  local list=HEARTH_PACKAGES_$1 entry file
  for entry in ${!list}; do
    for file in $(echo "${entry#*:}" | tr '|' ' '); do
      if [[ -e $file ]]; then continue 2; fi
    done
    # Debian 12 has no virtiofsd package: it is part of QEMU's common files there.
    if [[ ${entry%%:*} == virtiofsd ]] && ! apt-cache show virtiofsd >/dev/null 2>&1; then echo qemu-system-common; else echo "${entry%%:*}"; fi
  done
}

hearth_need() {
  local missing
  missing=$(hearth_missing "$1" | tr '\n' ' ')
  [[ -n ${missing// /} ]] || return 0
  if [[ -n ${HEARTH_NO_INSTALL-} || $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    echo "hearth: missing: $missing- install them: apt-get install --no-install-recommends $missing" >&2
    return 1
  fi
  echo "hearth: installing $missing" >&2
  if [[ -z ${HEARTH_APT_UPDATED-} ]]; then
    apt-get -o DPkg::Lock::Timeout=300 update -q=2 >/dev/null || echo "hearth: apt-get update failed; using the lists that are here" >&2
    export HEARTH_APT_UPDATED=1
  fi
  missing=$(hearth_missing "$1" | tr '\n' ' ')
  # shellcheck disable=SC2086
  if DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -q=2 --no-install-recommends $missing >/dev/null; then return 0; fi
  # One unknown package must not keep the others away.
  local package failed=
  for package in $missing; do
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -q=2 --no-install-recommends "$package" >/dev/null 2>&1 || failed+="$package "
  done
  [[ -z $failed ]] || { echo "hearth: apt-get could not install: $failed" >&2; return 1; }
}
