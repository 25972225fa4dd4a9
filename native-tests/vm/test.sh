#!/usr/bin/env bash
# test.sh MACHINE OUTPUT_DIR [FILTER]: publishes the native tests and runs in the VM those that ask for it; OUTPUT_DIR/report.json is the result.
# MACHINE is host (this machine's own root on a kernel with a real cgroup v2: the contract of the cgroup drivers, a node from end to end) or systemd (a small
# Debian run by systemd: the units, and `hearth up` from a login shell).
# Exit code: that of the tests; 124 out of time; 125 the VM cannot run here (the reason is on stderr).
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
machine=$1 output=$2 filter=${3-}
artifacts=${HEARTH_ARTIFACTS:-$root/artifacts}
mkdir -p "$output"

case $machine in
  host) selection="-class Hearth.NativeTests.Cgroups.* -class Hearth.NativeTests.EndToEnd.SmokeTests -class Hearth.NativeTests.Vm.MachineTests" prefix= ;;
  systemd) selection="-class Hearth.NativeTests.Vm.UnitsTests -class Hearth.NativeTests.Vm.UpOnSystemdTests" prefix=/run/host ;;
  *) echo "test.sh: no machine '$machine': host or systemd" >&2; exit 1 ;;
esac
[[ -z $filter ]] || selection+=" -method *$filter*"

# Compiled ahead of time: the JIT is slow under emulation.
tests=$artifacts/vm-tests
dotnet publish "$root/native-tests/Hearth.NativeTests.csproj" -c Release -r linux-x64 --self-contained false -p:PublishReadyToRun=true \
  -p:UseSharedCompilation=false -o "$tests" || exit 1

program=/run/host$tests/Hearth.NativeTests
dotnet=$prefix$(dirname "$(readlink -f "$(command -v dotnet)")")
# Without globbing, the stars are for the runner.
# A bound for what hangs: with two idle processors each machine takes about a minute, on a busy machine ten times that.
exec "$here/run.sh" --machine "$machine" --limit "${HEARTH_VM_LIMIT:-900}" --share "$output" "set -f
export DOTNET_ROOT=$dotnet DOTNET_TieredPGO=0 HEARTH_PUBLISHED=/run/host$artifacts/hearth
exec $program -noColor -noLogo -parallelMode none $selection -result-ctrf /run/hearth-vm/report.json"
