# Sourced by build.sh and by ./hearth test, bench and demo. Installs what the build and a node need and the machine lacks: with apt-get when root, otherwise it says what to run.

# PROGRAM-OR-FILE PACKAGE, one a line; always = needed by every node, compile = only when something is compiled.
needs_table='
always /usr/bin/setpriv util-linux
always mkfs.ext4 e2fsprogs
always /usr/bin/python3 python3
always /usr/bin/node nodejs
compile gcc gcc
compile /usr/include/zlib.h zlib1g-dev
compile /usr/include/stdio.h libc6-dev
compile dotnet dotnet-sdk-10.0
'

needs_has() {
  case $1 in
    dotnet) needs_sdk ;;
    /*) [[ -e $1 ]] ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" > /dev/null ;;
  esac
}

# An SDK that global.json accepts; ~/.dotnet is where Microsoft's install script puts one.
needs_sdk() {
  [[ -x ${DOTNET_ROOT-}/dotnet ]] && PATH=$DOTNET_ROOT:$PATH
  [[ -x ${HOME-}/.dotnet/dotnet ]] && ! command -v dotnet > /dev/null && PATH=$HOME/.dotnet:$PATH && export DOTNET_ROOT=$HOME/.dotnet
  command -v dotnet > /dev/null && dotnet --list-sdks 2> /dev/null | grep -q '^10\.'
}

# Debian has no .NET of its own: Microsoft's feed. Ubuntu has it in its archive from 24.04 on.
needs_feed() {
  apt-cache show dotnet-sdk-10.0 > /dev/null 2>&1 && return
  local id version package=/tmp/hearth-microsoft-prod.$$.deb
  id=$(. /etc/os-release && echo "$ID") version=$(. /etc/os-release && echo "$VERSION_ID")
  apt-get install -y --no-install-recommends ca-certificates curl || return
  curl -fsSL "https://packages.microsoft.com/config/$id/$version/packages-microsoft-prod.deb" -o "$package" &&
    dpkg -i "$package" && rm -f "$package" && apt-get update
}

needs_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update || true
  [[ " $* " == *" dotnet-sdk-10.0 "* ]] && { needs_feed || return; }
  apt-get install -y --no-install-recommends "$@"
}

needs_check() { # "compile" or ""
  local when probe package missing=()
  while read -r when probe package; do
    [[ -z $when || ($when == compile && $1 != compile) ]] && continue
    needs_has "$probe" || missing+=("$package")
  done <<< "$needs_table"
  ((${#missing[@]})) || return 0
  if ! command -v apt-get > /dev/null; then
    printf 'hearth: build: missing: %s; install them: these are the names that Debian has for them\n' "${missing[*]}" >&2
    return 1
  fi
  if [[ $(id -u) -ne 0 || -n ${HEARTH_NO_INSTALL-} ]]; then
    # Debian itself has no dotnet-sdk: apt-get alone would refuse.
    if [[ " ${missing[*]} " == *dotnet* ]]; then
      printf 'hearth: build: missing: %s; run: sudo ./hearth build (it installs them; on Debian it adds the package source of the .NET SDK), or install them yourself (.NET 10 SDK: https://learn.microsoft.com/dotnet/core/install/linux)\n' "${missing[*]}" >&2
    else printf 'hearth: build: missing: %s; run: sudo apt-get install -y %s\n' "${missing[*]}" "${missing[*]}" >&2; fi
    return 1
  fi
  step "packages" "installing ${missing[*]}" needs_install "${missing[@]}"
}

# ROOT ARTIFACTS: sudo in a user's clone must not leave files that the user cannot replace.
needs_hand_back() {
  local owner
  owner=$(stat -c %u:%g "$1")
  [[ $(id -u) != 0 || $owner == 0:0 || $2 != "$1"/* || ! -d $2 ]] || chown -R "$owner" "$2"
}
