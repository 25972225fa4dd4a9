#!/usr/bin/env bash
# ./hearth test: installs what is missing, builds everything, runs every suite and ends with one line: N passed, N failed, N skipped.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(dirname "$here")
export HEARTH_ARTIFACTS=${HEARTH_ARTIFACTS:-$root/artifacts}

usage() {
  cat <<'TEXT'
usage: ./hearth test [--no-vm] [--only SUITE]... [--filter TEXT] [--no-build]
  --no-vm         leave the VM lane out (it is counted as one skip)
  --only SUITE    one of the suites below; may be given again
  --filter TEXT   only tests whose full name contains TEXT
  --no-build      test what was built before
suites: agent control-plane cli rules native escape end-to-end python node bench format vm
Only what the chosen suites need is built: the node's programs for native, escape, end-to-end and vm; nothing for python and node.
environment: CI=true makes a VM that cannot run a failure; HEARTH_NO_INSTALL=1 installs nothing;
             HEARTH_ALLOWED_SKIPS=N skips above which the run fails (default: 20; 400 for a user who is not root). All tests that want one
             package which this machine's package sources do not have count as one skip there.
TEXT
}

suites="agent control-plane cli rules native escape end-to-end python node bench format vm"
vm=1 build=1 filter= only=()
while (($#)); do
  case $1 in
    --no-vm) vm= ;;
    --no-build) build= ;;
    --only) only+=("${2:?--only needs a suite}"); shift ;;
    --filter) filter=${2:?--filter needs a text}; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "hearth test: unknown option $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
for suite in ${only[@]+"${only[@]}"}; do
  [[ " $suites " == *" $suite "* ]] || { echo "hearth test: no suite $suite" >&2; usage >&2; exit 2; }
done
wanted() { # SUITE...: any of them
  local suite
  for suite in "$@"; do ((${#only[@]} > 0)) && [[ " ${only[*]} " != *" $suite "* ]] || return 0; done
  return 1
}

. "$root/rootfs/setup.sh"
. "$root/control-plane/Cli/build-needs.sh"

# systemd owns the groups of this machine: ask it for one that may be divided.
if [[ $(id -u) == 0 && -d /run/systemd/system && -z ${HEARTH_TEST_SCOPE-} ]] && command -v systemd-run >/dev/null; then
  arguments=(); [[ -n $vm ]] || arguments+=(--no-vm); [[ -n $build ]] || arguments+=(--no-build)
  for suite in ${only[@]+"${only[@]}"}; do arguments+=(--only "$suite"); done
  [[ -z $filter ]] || arguments+=(--filter "$filter")
  HEARTH_TEST_SCOPE=1 exec systemd-run --quiet --scope -p Delegate=yes "$here/run-tests.sh" ${arguments[@]+"${arguments[@]}"}
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/hearth-test-run.XXXXXX")
# Where nodes keep their data: not /tmp, which may be a small tmpfs mounted nosuid. A folder of this run's own, so that what an interrupted run leaves is found.
data=$(mktemp -d "${HEARTH_TEST_DATA:-/var/tmp}/hearth-test-run.XXXXXX") && chmod 755 "$data"
export HEARTH_TEST_DATA=$data
started=$SECONDS
job=

# Each suite is a job with a process group of its own: Ctrl-C reaches only this script, which passes it on and sees to the rest.
set -m
exec 3>&2
run() { # COMMAND...: in the foreground for everyone but Ctrl-C
  "$@" < /dev/null &
  job=$!
  wait "$job"
  local code=$?
  job=
  return $code
}
interrupted() {
  trap '' INT TERM HUP
  echo "hearth test: interrupted; stopping what runs" >&3
  if [[ -n $job ]]; then
    kill -INT -- "-$job" 2>/dev/null
    for ((i = 0; i < 300; i++)); do kill -0 -- "-$job" 2>/dev/null || break; sleep 0.1; done
    kill -KILL -- "-$job" 2>/dev/null
  fi
  exit 130
}
# Nodes and sandboxes of tests that were killed: all run out of a data directory of this run. The spawner removes its cgroups when it goes, or is asked to.
clean_up() {
  local node pid
  for node in "$data"/*/; do
    [[ -d $node/bin ]] || continue
    for pid in $(find /proc -maxdepth 2 -name exe -lname "$node"'bin/*' 2>/dev/null | cut -d/ -f3); do kill -KILL "$pid" 2>/dev/null; done
    [[ ! -x $node/bin/hearth-spawner ]] || timeout 30 "$node/bin/hearth-spawner" --data "${node%/}" --sweep > /dev/null 2>&1 || true
  done
  rm -rf "$work" "$data"
  needs_hand_back "$root" "$HEARTH_ARTIFACTS"
}
trap clean_up EXIT
trap interrupted INT TERM HUP
passed=0 failed=0 skipped=0
skips=$work/skips failures=$work/failures
: > "$skips"; : > "$failures"

add() { passed=$((passed + $1)); failed=$((failed + $2)); skipped=$((skipped + $3)); }
skip() { add 0 0 1; echo "$1: $2" >> "$skips"; printf '%-15s skipped: %s\n' "$1" "$2"; }
broken() { add 0 1 0; { echo "$1: $2"; [[ -z ${3-} ]] || tail -n 40 "$3" | sed 's/^/    /'; } >> "$failures"; printf '%-15s FAILED: %s\n' "$1" "$2"; }

# report SUITE CTRF-FILE EXIT-CODE LOG FROM: counts a suite. No report or no test in it is a failure, whatever the exit code says.
report() {
  local suite=$1 file=$2 code=$3 log=$4 from=$5 numbers
  if ! numbers=$(/usr/bin/python3 "$here/read-report.py" "$suite" "$file" "$skips" "$failures" 2>> "$log"); then
    broken "$suite" "exit $code and no report" "$log"
    return
  fi
  # shellcheck disable=SC2086
  set -- $numbers
  if (($1 + $2 + $3 == 0)) && [[ -z $filter ]]; then broken "$suite" "no test ran" "$log"; return; fi
  add "$1" "$2" "$3"
  if ((code != 0 && $2 == 0)); then broken "$suite" "exit $code without a failed test" "$log"; fi
  printf '%-15s %4d passed %3d failed %3d skipped  %4d s\n' "$suite" "$1" "$2" "$3" $((SECONDS - from))
}
# What is being done, while it is done and only for someone who watches: the line of the result replaces it.
begin() { [[ ! -t 1 ]] || printf '%-15s ...\r' "$1"; }

# Cgroup v2: our shell and the tests may not sit in a group that is to be divided.
if [[ $(id -u) == 0 && $(stat -fc %T /sys/fs/cgroup 2>/dev/null) == cgroup2fs && -n ${HEARTH_TEST_SCOPE-} ]]; then
  scope=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
  mkdir -p "$scope/runner" && echo $$ > "$scope/runner/cgroup.procs" &&
    for controller in $(cat "$scope/cgroup.controllers"); do echo "+$controller" > "$scope/cgroup.subtree_control" 2>/dev/null || true; done
  export HEARTH_TEST_CGROUP=$scope
fi
in_group() {
  if [[ -z ${HEARTH_TEST_CGROUP-} ]]; then "$@"; return; fi
  # shellcheck disable=SC2016
  sh -c 'mkdir -p "$0" && echo $$ > "$0/cgroup.procs" && exec "$@"' "$HEARTH_TEST_CGROUP/suite-$$" "$@"
  local code=$?
  rmdir "$HEARTH_TEST_CGROUP/suite-$$" 2>/dev/null
  return $code
}

# --- what is needed, and the build -----------------------------------------------------------------------------------------------------
build_node() {
  local from=$SECONDS
  begin build
  if ! run "$root/hearth" build > "$work/build.log" 2>&1; then
    broken build "./hearth build" "$work/build.log"
    cat "$work/build.log"
  fi
  printf '%-15s %s  %4d s\n' build "./hearth build" $((SECONDS - from))
}
build_project() { # Agent.sln, or a project below the root
  local from=$SECONDS name=${1##*/} log=$work/${1##*/}.log
  begin build
  if ! run dotnet build "$root/$1" -p:UseSharedCompilation=false > "$log" 2>&1; then
    broken build "dotnet build $1" "$log"
    grep -E 'error [A-Z]+[0-9]+' "$log" | sort -u | head -n 20
  fi
  printf '%-15s %s  %4d s\n' build "$name" $((SECONDS - from))
}
if [[ -n $build ]]; then
  ! wanted native escape end-to-end vm || build_node
  ! wanted agent control-plane native end-to-end || hearth_need test || true
  ! wanted end-to-end || hearth_need node || true
  projects=()
  # The rules look at every assembly, and the styles at whatever is generated while building.
  if wanted rules format; then projects=(Agent.sln)
  else
    ! wanted agent || projects+=(agent/Tests/Hearth.Agent.Tests.csproj)
    ! wanted control-plane || projects+=(control-plane/Tests/Hearth.ControlPlane.Tests.csproj)
    ! wanted cli || projects+=(control-plane/Cli/Tests/Hearth.Cli.Tests.csproj)
    ! wanted native escape end-to-end || projects+=(native-tests/Hearth.NativeTests.csproj)
    ! wanted bench || projects+=(bench/Tests/Hearth.Bench.Tests.csproj)
  fi
  if ((${#projects[@]})) || wanted vm; then
    needs_sdk || { echo "hearth test: the .NET 10 SDK is missing; run: sudo ./hearth build, or see https://learn.microsoft.com/dotnet/core/install/linux" >&2; exit 1; }
  fi
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
  for project in ${projects[@]+"${projects[@]}"}; do build_project "$project"; done
else
  needs_sdk || true
fi

# slices: of nodes whose spawner does not run, in every hierarchy.
slices() {
  local running pid slice
  running=$(for pid in $(pgrep -x hearth-spawner); do
    tr '\0' '\n' < "/proc/$pid/cmdline" 2>/dev/null | sed -n '/^--data$/{n;p}' | tr -d '\n' | sha256sum | cut -c1-12
  done)
  find /sys/fs/cgroup -type d -name 'hearth-*' -prune 2>/dev/null | while read -r slice; do
    [[ " $(echo $running) " == *" ${slice##*/hearth-} "* ]] || echo "cgroup $slice"
  done | LC_ALL=C sort
}
# What this run may have left outside its own two folders, one line each.
traces() {
  slices
  grep -F " $data" /proc/self/mountinfo | sed 's/^/mount /'
  for device in /sys/block/loop*/loop/backing_file; do
    [[ ! -r $device ]] || sed -n "\\|^$data/|s|^|loop device ${device%/loop/*} on |p" "$device"
  done
  find /proc -maxdepth 2 -name exe -lname "$data/*" 2>/dev/null | sed 's/^/process /'
}
slices > "$work/slices-before"

# --- suites ----------------------------------------------------------------------------------------------------------------------------
managed() { # SUITE PROJECT [NAMESPACE...]
  wanted "$1" || return 0
  local from=$SECONDS program="$HEARTH_ARTIFACTS/bin/$2/debug/$2" arguments=() code namespace
  # A project that names its platform is put in a folder of that name.
  [[ ! -x $HEARTH_ARTIFACTS/bin/$2/debug_linux-x64/$2 ]] || program=$HEARTH_ARTIFACTS/bin/$2/debug_linux-x64/$2
  for namespace in "${@:3}"; do arguments+=(-namespace "$2.$namespace"); done
  [[ -x $program ]] || { broken "$1" "$program was not built"; return; }
  [[ -z $filter ]] || arguments+=(-method "*$filter*")
  begin "$1"
  run in_group "$program" -noColor -noLogo -result-ctrf "$work/$1.json" ${arguments[@]+"${arguments[@]}"} > "$work/$1.log" 2>&1 < /dev/null
  code=$?
  report "$1" "$work/$1.json" $code "$work/$1.log" "$from"
}
managed agent Hearth.Agent.Tests
managed control-plane Hearth.ControlPlane.Tests
managed cli Hearth.Cli.Tests
managed rules Hearth.NativeTests Rules
managed native Hearth.NativeTests Abi Cgroups Seccomp Spawning
managed escape Hearth.NativeTests Escape
managed end-to-end Hearth.NativeTests EndToEnd

if wanted python && [[ -z $filter ]]; then
  from=$SECONDS
  run env -C "$root/rootfs/runtimes/python" /usr/bin/python3 -B "$here/run-unittest.py" "$work/python.json" tests > "$work/python.log" 2>&1 < /dev/null
  report python "$work/python.json" $? "$work/python.log" "$from"
fi
if wanted node && [[ -z $filter ]]; then
  from=$SECONDS
  files=$(find "$root/rootfs/runtimes/nodejs" -name '*.test.mjs' -not -path '*/node_modules/*' 2>/dev/null)
  if ! command -v node >/dev/null; then skip node "needs node: apt-get install nodejs"
  elif [[ -z $files ]]; then broken node "no *.test.mjs below rootfs/runtimes/nodejs"
  else
    # shellcheck disable=SC2086
    run node --test --test-reporter=tap $files > "$work/node.tap" 2> "$work/node.log" < /dev/null
    report node "$work/node.tap" $? "$work/node.log" "$from"
  fi
fi

# Benchmarks are not run here; what they compute with is tested.
if wanted bench; then
  for project in $(find "$root/bench" -name '*Tests.csproj' -not -path '*/obj/*' 2>/dev/null); do managed bench "$(basename "$project" .csproj)"; done
fi

# The third of dotnet format's parts, analyzers, is the build itself: there a warning is an error.
if wanted format && [[ -z $filter ]]; then
  if ! needs_sdk; then skip format "needs the .NET 10 SDK"
  else
    for part in whitespace style; do
      from=$SECONDS
      begin format
      # White space needs no project: the folder is read as text, in a tenth of the time.
      if [[ $part == whitespace ]]; then where=("$root" --folder --exclude "$HEARTH_ARTIFACTS"); else where=("$root/Agent.sln" --no-restore); fi
      if run env DOTNET_NOLOGO=1 dotnet format $part "${where[@]}" --verify-no-changes > "$work/format.log" 2>&1 < /dev/null; then
        add 1 0 0
        printf '%-15s %4d passed %3d failed %3d skipped  %4d s  (%s)\n' format 1 0 0 $((SECONDS - from)) $part
      else
        broken format "dotnet format $part finds something to change; run: dotnet format $part ${where[*]}" "$work/format.log"
      fi
    done
  fi
fi

if wanted vm; then
  if [[ -z $vm ]]; then skip vm "--no-vm was given"
  else
    hearth_need vm || true
    hearth_need image || true
    for machine in host systemd; do
      from=$SECONDS name=vm-$machine
      begin $name
      run "$here/vm/test.sh" $machine "$work/$name" "$filter" > "$work/$name.log" 2>&1 < /dev/null
      code=$?
      if ((code == 125)); then
        reason=$(grep -E 'cannot run' "$work/$name.log" | tail -n 1); reason=${reason:-$(tail -n 1 "$work/$name.log")}
        if [[ ${CI-} == true ]]; then broken $name "$reason" "$work/$name.log"; else skip $name "$reason"; fi
      else report $name "$work/$name/report.json" $code "$work/$name.log" "$from"; fi
    done
  fi
fi

# Whatever the suites found out themselves: after all of them nothing of this run may be there. Those that end in this moment get theirs.
from=$SECONDS
for ((i = 0; i < 20; i++)); do
  traces | LC_ALL=C sort | LC_ALL=C comm -13 "$work/slices-before" - > "$work/traces"
  [[ -s $work/traces ]] || break
  sleep 1
done
if [[ -s $work/traces ]]; then broken traces "left behind after all suites" "$work/traces"
else
  add 1 0 0
  printf '%-15s %4d passed %3d failed %3d skipped  %4d s  (%s)\n' traces 1 0 0 $((SECONDS - from)) "no process, mount, loop device or cgroup is left"
fi

# --- the end ---------------------------------------------------------------------------------------------------------------------------
if [[ -s $skips ]]; then echo; echo "skipped:"; sort "$skips" | uniq -c | sed 's/^ */  /'; fi
if [[ -s $failures ]]; then echo; echo "failed:"; sed 's/^/  /' "$failures"; fi
allowed=${HEARTH_ALLOWED_SKIPS:-$([[ $(id -u) == 0 ]] && echo 20 || echo 400)}
counted=$skipped
for package in $(sed -n 's/.*apt-get install \([a-z0-9.+-]*\)$/\1/p' "$skips" | sort -u); do
  hearth_available "$package"
  [[ -n $available ]] || counted=$((counted - $(grep -c "apt-get install $package\$" "$skips") + 1))
done
echo
if ((counted > allowed)); then echo "$counted skips are more than the $allowed that are known: a suite that skips proves nothing (HEARTH_ALLOWED_SKIPS changes the number)"; fi
echo "took $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s in all"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && counted <= allowed))
