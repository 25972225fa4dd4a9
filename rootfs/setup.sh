# Sourced by ./hearth test, bench and demo, and by build-image.sh: installs on a fresh Debian or Ubuntu machine what they need beyond the build's own needs
# (control-plane/Cli/build-needs.sh has those).
# shellcheck shell=bash
#   hearth_need GROUP   installs what is missing of HEARTH_PACKAGES_GROUP (those below, and what the caller sets); returns 1 with the reason on stderr where it cannot
# HEARTH_NO_INSTALL=1: install nothing, only say what is missing.

# "package:file whose presence means that it is there", so that a complete machine costs a few stats.
HEARTH_PACKAGES_test="python3-boto3:/usr/lib/python3/dist-packages/boto3/__init__.py python3-numpy:/usr/lib/python3/dist-packages/numpy/__init__.py curl:/usr/bin/curl"
HEARTH_PACKAGES_node="vagrant:/usr/bin/vagrant awscli:/usr/bin/aws|/snap/bin/aws npm:/usr/bin/npm g++:/usr/bin/g++ make:/usr/bin/make xz-utils:/usr/bin/xz libnode-dev:/usr/include/node/node_api.h"
HEARTH_PACKAGES_image="mmdebstrap:/usr/bin/mmdebstrap debian-archive-keyring:/usr/share/keyrings/debian-archive-keyring.gpg"
HEARTH_PACKAGES_vm="qemu-system-x86:/usr/bin/qemu-system-x86_64 virtiofsd:/usr/libexec/virtiofsd|/usr/lib/qemu/virtiofsd busybox-static:/usr/bin/busybox|/bin/busybox kmod:/usr/bin/kmod|/bin/kmod e2fsprogs:/usr/sbin/mke2fs|/sbin/mke2fs"

# Packages asked for that this machine's package sources do not have: Ubuntu, for one, has no awscli from 24.04 on.
HEARTH_UNAVAILABLE=

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

# PACKAGE...: leaves in $available those that apt knows. Without package lists nothing can be told, so all of them.
hearth_available() {
  local package
  available=
  for package in "$@"; do
    if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt-cache show "$package" >/dev/null 2>&1; then available+="$package "
    elif [[ " $HEARTH_UNAVAILABLE " != *" $package "* ]]; then
      HEARTH_UNAVAILABLE+="$package "
      echo "hearth: the package sources of this machine have no $package$([[ $package != awscli ]] || echo '; instead: snap install aws-cli --classic')" >&2
    fi
  done
}

hearth_need() {
  local missing available=
  missing=$(hearth_missing "$1" | tr '\n' ' ')
  [[ -n ${missing// /} ]] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "hearth: missing: $missing- install them: these are Debian's names" >&2
    return 1
  fi
  # shellcheck disable=SC2086
  hearth_available $missing
  [[ -n $available ]] || return 1
  if [[ -n ${HEARTH_NO_INSTALL-} || $(id -u) != 0 ]]; then
    echo "hearth: missing: $available- install them: apt-get install --no-install-recommends $available" >&2
    return 1
  fi
  echo "hearth: installing $available" >&2
  if [[ -z ${HEARTH_APT_UPDATED-} ]]; then
    apt-get -o DPkg::Lock::Timeout=300 update -q=2 >/dev/null || echo "hearth: apt-get update failed; using the lists that are here" >&2
    export HEARTH_APT_UPDATED=1
  fi
  missing=$(hearth_missing "$1" | tr '\n' ' ')
  # shellcheck disable=SC2086
  hearth_available $missing
  # shellcheck disable=SC2086
  if DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -q=2 --no-install-recommends $available >/dev/null; then
    [[ -z $(hearth_missing "$1") ]]
    return
  fi
  # One package that cannot be had must not keep the others away.
  local package failed=
  for package in $available; do
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -q=2 --no-install-recommends "$package" >/dev/null 2>&1 || failed+="$package "
  done
  [[ -z $failed ]] || { echo "hearth: apt-get could not install: $failed" >&2; return 1; }
}
