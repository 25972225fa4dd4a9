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
  --only SUITE    agent | control-plane | native | escape | end-to-end | python | node | vm; may be given again
  --filter TEXT   only tests whose full name contains TEXT
  --no-build      test what was built before
environment: CI=true makes a VM that cannot run a failure; HEARTH_NO_INSTALL=1 never calls apt-get;
             HEARTH_ALLOWED_SKIPS=N skips above which the run fails (default: 20; 400 for a user who is not root)
TEXT
}

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
  [[ " agent control-plane native escape end-to-end python node vm " == *" $suite "* ]] || { echo "hearth test: no suite $suite" >&2; usage >&2; exit 2; }
done
wanted() { ((${#only[@]} == 0)) || [[ " ${only[*]} " == *" $1 "* ]]; }

# systemd owns the groups of this machine: ask it for one that may be divided.
if [[ $(id -u) == 0 && -d /run/systemd/system && -z ${HEARTH_TEST_SCOPE-} ]] && command -v systemd-run >/dev/null; then
  arguments=(); [[ -n $vm ]] || arguments+=(--no-vm); [[ -n $build ]] || arguments+=(--no-build)
  for suite in ${only[@]+"${only[@]}"}; do arguments+=(--only "$suite"); done
  [[ -z $filter ]] || arguments+=(--filter "$filter")
  HEARTH_TEST_SCOPE=1 exec systemd-run --quiet --scope -p Delegate=yes "$here/run-tests.sh" ${arguments[@]+"${arguments[@]}"}
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/hearth-test-run.XXXXXX")
trap 'rm -rf "$work"' EXIT
started=$SECONDS
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
. "$root/rootfs/setup.sh"
. "$root/control-plane/Cli/build-needs.sh"
if [[ -n $build ]]; then
  from=$SECONDS
  if ! "$root/hearth" build > "$work/build.log" 2>&1; then
    broken build "./hearth build" "$work/build.log"
    cat "$work/build.log"
  fi
  printf '%-15s %s  %4d s\n' build "./hearth build" $((SECONDS - from))
  hearth_need test || true
  needs_sdk || { echo "hearth test: the .NET 10 SDK is missing" >&2; exit 1; }
  from=$SECONDS
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1
  if ! dotnet build "$root/Agent.sln" -p:UseSharedCompilation=false > "$work/solution.log" 2>&1; then
    broken build "dotnet build Agent.sln" "$work/solution.log"
    grep -E 'error [A-Z]+[0-9]+' "$work/solution.log" | sort -u | head -n 20
  fi
  printf '%-15s %s  %4d s\n' build "Agent.sln" $((SECONDS - from))
else
  needs_sdk || true
fi

# --- suites ----------------------------------------------------------------------------------------------------------------------------
managed() { # SUITE PROJECT [NAMESPACE...]
  wanted "$1" || return 0
  local from=$SECONDS program="$HEARTH_ARTIFACTS/bin/$2/debug/$2" arguments=() code namespace
  # A project that names its platform is put in a folder of that name.
  [[ ! -x $HEARTH_ARTIFACTS/bin/$2/debug_linux-x64/$2 ]] || program=$HEARTH_ARTIFACTS/bin/$2/debug_linux-x64/$2
  for namespace in "${@:3}"; do arguments+=(-namespace "$2.$namespace"); done
  [[ -x $program ]] || { broken "$1" "$program was not built"; return; }
  [[ -z $filter ]] || arguments+=(-method "*$filter*")
  in_group "$program" -noColor -noLogo -result-ctrf "$work/$1.json" ${arguments[@]+"${arguments[@]}"} > "$work/$1.log" 2>&1 < /dev/null
  code=$?
  report "$1" "$work/$1.json" $code "$work/$1.log" "$from"
}
managed agent Hearth.Agent.Tests
managed control-plane Hearth.ControlPlane.Tests
managed native Hearth.NativeTests Abi Cgroups Seccomp Spawning
managed escape Hearth.NativeTests Escape
managed end-to-end Hearth.NativeTests EndToEnd

if wanted python && [[ -z $filter ]]; then
  from=$SECONDS
  (cd "$root/rootfs/runtimes/python" && /usr/bin/python3 -B "$here/run-unittest.py" "$work/python.json" tests) > "$work/python.log" 2>&1 < /dev/null
  report python "$work/python.json" $? "$work/python.log" "$from"
fi
if wanted node && [[ -z $filter ]]; then
  from=$SECONDS
  files=$(find "$root/rootfs/runtimes/nodejs" -name '*.test.mjs' -not -path '*/node_modules/*' 2>/dev/null)
  if ! command -v node >/dev/null; then skip node "needs node: apt-get install nodejs"
  elif [[ -z $files ]]; then broken node "no *.test.mjs below rootfs/runtimes/nodejs"
  else
    # shellcheck disable=SC2086
    node --test --test-reporter=tap $files > "$work/node.tap" 2> "$work/node.log" < /dev/null
    report node "$work/node.tap" $? "$work/node.log" "$from"
  fi
fi

if wanted vm; then
  from=$SECONDS
  if [[ -z $vm ]]; then skip vm "--no-vm was given"
  else
    hearth_need vm || true
    "$here/vm/test.sh" "$work/vm" "$filter" > "$work/vm.log" 2>&1 < /dev/null
    code=$?
    if ((code == 125)); then
      reason=$(grep -E 'cannot run' "$work/vm.log" | tail -n 1); reason=${reason:-$(tail -n 1 "$work/vm.log")}
      if [[ ${CI-} == true ]]; then broken vm "$reason" "$work/vm.log"; else skip vm "$reason"; fi
    else report vm "$work/vm/report.json" $code "$work/vm.log" "$from"; fi
  fi
fi

# --- the end ---------------------------------------------------------------------------------------------------------------------------
if [[ -s $skips ]]; then echo; echo "skipped:"; sort "$skips" | uniq -c | sed 's/^ */  /'; fi
if [[ -s $failures ]]; then echo; echo "failed:"; sed 's/^/  /' "$failures"; fi
allowed=${HEARTH_ALLOWED_SKIPS:-$([[ $(id -u) == 0 ]] && echo 20 || echo 400)}
echo
if ((skipped > allowed)); then echo "$skipped skips are more than the $allowed that are known: a suite that skips proves nothing (HEARTH_ALLOWED_SKIPS changes the number)"; fi
echo "took $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && skipped <= allowed))
