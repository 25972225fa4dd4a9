#!/usr/bin/env bash
# test.sh OUTPUT_DIR [FILTER]: publishes the native tests and runs those that ask for a real cgroup v2 in the VM; OUTPUT_DIR/report.json is the result.
# Exit code: that of the tests; 124 out of time; 125 the VM cannot run here (the reason is on stderr).
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
output=$1 filter=${2-}
artifacts=${HEARTH_ARTIFACTS:-$root/artifacts}
mkdir -p "$output"

# Compiled ahead of time: the JIT is slow under emulation.
tests=$artifacts/vm-tests
dotnet publish "$root/native-tests/Hearth.NativeTests.csproj" -c Release -r linux-x64 --self-contained false -p:PublishReadyToRun=true \
  -p:UseSharedCompilation=false -o "$tests" || exit 1

program=/run/host$tests/Hearth.NativeTests
selection="-class Hearth.NativeTests.Cgroups.* -class Hearth.NativeTests.EndToEnd.SmokeTests -class Hearth.NativeTests.Vm.*"
[[ -z $filter ]] || selection="-method *$filter*"
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
# Without globbing, the stars are for the runner.
# A bound for what hangs: with two idle processors the lane takes about a minute.
exec "$here/run.sh" --limit "${HEARTH_VM_LIMIT:-400}" --share "$output" "set -f
export DOTNET_ROOT=$dotnet DOTNET_TieredPGO=0 HEARTH_PUBLISHED=/run/host$artifacts/hearth
exec $program -noColor -noLogo -parallelMode none $selection -result-ctrf /run/hearth-vm/report.json"
