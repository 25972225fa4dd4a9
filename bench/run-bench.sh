#!/usr/bin/env bash
# ./hearth bench: builds the bench and the node that it measures, installs the peers that are missing, and runs it in a group of its own.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(dirname "$here")
export HEARTH_ARTIFACTS=${HEARTH_ARTIFACTS:-$root/artifacts}
export HEARTH_ROOT=$root
workerd_version=1.20261117.1

for argument in "$@"; do
  if [[ $argument == --help || $argument == -h ]]; then cat "$here/usage.txt"; exit 0; fi
done

. "$root/rootfs/setup.sh"
. "$root/control-plane/Cli/build-needs.sh"
fail() { printf 'hearth bench: %s\n' "$1" >&2; exit 1; }

# systemd owns the groups of this machine: ask it for one that may be divided.
if [[ $(id -u) == 0 && -d /run/systemd/system && -z ${HEARTH_BENCH_SCOPE-} ]] && command -v systemd-run > /dev/null; then
  HEARTH_BENCH_SCOPE=1 exec systemd-run --quiet --scope -p Delegate=yes "$here/run-bench.sh" "$@"
fi

# --- build -----------------------------------------------------------------------------------------------------------------------------
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
needs_sdk || "$root/hearth" build || exit
needs_sdk || fail "the .NET 10 SDK is missing: https://learn.microsoft.com/dotnet/core/install/linux"
log=$HEARTH_ARTIFACTS/bench-build.log
mkdir -p "$HEARTH_ARTIFACTS" || fail "$HEARTH_ARTIFACTS cannot be written; set HEARTH_ARTIFACTS to another folder"
: > "$log"

build() { # PROJECT: prints the program's path
  local name program
  name=$(basename "$1" .csproj)
  dotnet build "$here/$1" -c Release -v q -p:UseSharedCompilation=false >> "$log" 2>&1 ||
    { grep -E 'error [A-Z]+[0-9]+' "$log" | sort -u | head -n 10 >&2; fail "$1 does not build; the whole output is in $log"; }
  # A project that names its platform is put in a folder of that name.
  for program in "$HEARTH_ARTIFACTS/bin/$name"/release{,_linux-*}/"$name"; do
    if [[ -x $program ]]; then echo "$program"; return; fi
  done
  fail "$1 was built, but there is no $HEARTH_ARTIFACTS/bin/$name/release/$name"
}

parts=
for argument in "$@"; do case $argument in micro | sandbox | invoke | async | memory | trace) parts+=" $argument" ;; esac; done
parts=${parts:- micro sandbox invoke async memory trace}

echo "hearth bench: building" >&2
load=$(build Load/Hearth.Bench.Load.csproj) || exit
"$load" --check "$@" || exit
if [[ $parts == *micro* ]]; then HEARTH_BENCH_MICRO=$(build Micro/Hearth.Bench.Micro.csproj) || exit; export HEARTH_BENCH_MICRO; fi
if [[ $parts == *sandbox* || $parts == *invoke* || $parts == *async* || $parts == *memory* ]]; then
  [[ -n ${HEARTH_PUBLISHED-} ]] || "$root/hearth" build || exit
  HEARTH_PACKAGES_bench="bubblewrap:/usr/bin/bwrap runc:/usr/sbin/runc|/usr/bin/runc crun:/usr/bin/crun"
  [[ $parts != *sandbox* ]] || hearth_need bench || true
  HEARTH_PACKAGES_servers="uwsgi-core:/usr/bin/uwsgi-core uwsgi-plugin-python3:/usr/lib/uwsgi/plugins/python3_plugin.so npm:/usr/bin/npm|/usr/local/bin/npm"
  if [[ $parts == *invoke* ]]; then
    hearth_need servers || true
    peers=$HEARTH_ARTIFACTS/bench-peers
    export HEARTH_BENCH_WORKERD=$peers/node_modules/@cloudflare/workerd-linux-64/bin/workerd
    # Its install script only fetches what npm has fetched already.
    if [[ ! -x $HEARTH_BENCH_WORKERD && -z ${HEARTH_NO_INSTALL-} ]] && command -v npm > /dev/null; then
      echo "hearth bench: fetching workerd $workerd_version" >&2
      npm install --prefix "$peers" --ignore-scripts --no-audit --no-fund --silent "workerd@$workerd_version" > "$HEARTH_ARTIFACTS/bench-peers.log" 2>&1 || true
    fi
  fi
fi

needs_hand_back "$root" "$HEARTH_ARTIFACTS"

# --- run -------------------------------------------------------------------------------------------------------------------------------
# Cgroup v2: a node refuses a group in which others live, so this shell leaves the one that is to be divided.
if [[ $(id -u) == 0 && $(stat -fc %T /sys/fs/cgroup 2> /dev/null) == cgroup2fs && -n ${HEARTH_BENCH_SCOPE-} ]]; then
  scope=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
  mkdir -p "$scope/runner" && echo $$ > "$scope/runner/cgroup.procs" &&
    for controller in $(cat "$scope/cgroup.controllers"); do echo "+$controller" > "$scope/cgroup.subtree_control" 2> /dev/null || true; done
  export HEARTH_BENCH_CGROUP=$scope
fi
exec "$load" "$@"
