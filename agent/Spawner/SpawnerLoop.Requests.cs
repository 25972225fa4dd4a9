using System.Diagnostics;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;

namespace Hearth.Spawner;

// What the agent asks for. Each request is checked whole before anything of it is done.
internal sealed unsafe partial class SpawnerLoop
{
    private const int LeastMemoryMb = 128;
    private const int LeastTmpMb = 512;

    /// <summary>False when the packet cannot come from an agent of ours: the connection ends.</summary>
    private bool Dispatch(byte* packet, int length)
    {
        var header = (RequestHeader*)packet;
        if (header->Version != SpawnerProtocol.Version)
        {
            Refuse(header, SetupStep.UnknownRequest, Errno.EPROTO);
            return false;
        }

        switch (header->Kind)
        {
            case RequestKind.Hello when length == sizeof(RequestHeader):
                var hello = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = header->Tag, Value = _cgroups.Mode == "v2" ? 1 : 2 };
                Send(&hello, []);
                return true;
            case RequestKind.Status when length == sizeof(RequestHeader):
                var allocated = GC.GetAllocatedBytesForCurrentThread() - _allocatedBefore;
                var status = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = header->Tag, Value = (int)Math.Min(allocated, int.MaxValue), Generation = (uint)_shells.Count };
                Send(&status, []);
                return true;
            case RequestKind.Create when length == sizeof(CreateRequest):
                Create((CreateRequest*)packet);
                return true;
            case RequestKind.Warm when length == sizeof(WarmRequest):
                Warm((WarmRequest*)packet);
                return true;
            case RequestKind.Claim when length == sizeof(ClaimRequest):
                Claim((ClaimRequest*)packet);
                return true;
            case RequestKind.Reset when length == sizeof(RequestHeader):
                Reset(header);
                return true;
            case RequestKind.Destroy when length == sizeof(RequestHeader):
                Destroy(header);
                return true;
            default:
                Refuse(header, SetupStep.UnknownRequest, Errno.EPROTO);
                return false;
        }
    }

    private void Create(CreateRequest* request)
    {
        var header = &request->Header;
        if (header->SandboxId is 0 or > RequestHeader.MaxSandboxId || !IsSize(request->MemoryMb, request->TmpMb, request->HardCpuCap))
        {
            Refuse(header, SetupStep.BadArgument, Errno.EINVAL);
            return;
        }

        if (_shells.Find(header->SandboxId) is not null)
        {
            Refuse(header, SetupStep.DuplicateSandbox, Errno.EEXIST);
            return;
        }

        if (_shells.IsFull || _stopping)
        {
            Refuse(header, SetupStep.TooManySandboxes, Errno.EUSERS);
            return;
        }

        var shell = _shells.Take();
        shell.Id = header->SandboxId;
        var result = _maker.Create(shell, *request, out var step);
        if (result < 0)
        {
            Refuse(header, step, -result);
            Free(shell);
            return;
        }

        _shells.Name(shell);
        shell.State = ShellState.Making;
        Await(shell, header->Tag, isCreate: true);
        Watch(shell.ControlFd, Source.Control, shell.Slot);
        Watch(shell.InitPidfd, Source.InitEnd, shell.Slot);
        if (shell.Cgroup.OomEventFd >= 0)
            Watch(shell.Cgroup.OomEventFd, Source.Oom, shell.Slot);
    }

    private void Warm(WarmRequest* request)
    {
        var header = &request->Header;
        if (!_maker.HasRuntime(request->Runtime) || !IsSize(request->MemoryMb, LeastTmpMb, request->HardCpuCap) || request->IsExecuted is not (0 or 1))
        {
            Refuse(header, SetupStep.BadArgument, Errno.EINVAL);
            return;
        }

        if (Find(header, ShellState.Empty) is not { } shell)
            return;
        var zygote = request->IsExecuted == 1 ? null : ZygoteFor(request->Runtime, mayWait: true);
        shell.ZygoteSlot = zygote?.Slot ?? -1;
        var result = _maker.Warm(shell, request, zygote is not null, out var step);
        Started(shell, header, ShellState.Warm, result, step);
    }

    private static bool IsSize(int memoryMb, int tmpMb, int hardCpuCap) =>
        memoryMb is >= LeastMemoryMb and <= 10240 && tmpMb is >= LeastTmpMb and <= 10240 && hardCpuCap is 0 or 1;

    private void Claim(ClaimRequest* request)
    {
        var header = &request->Header;
        // Several layers come as one folder, which the agent has merged.
        var keepsMemory = request->MemoryMb == 0 && request->HardCpuCap == 0;
        if (!_maker.HasRuntime(request->Runtime) || request->LayerCount is < 0 or > 1 || request->IsExecuted is not (0 or 1) || !_maker.MayBeBehindAdapter(request->Runtime, request->BehindAdapter)
            || !IsSize(keepsMemory ? LeastMemoryMb : request->MemoryMb, request->TmpMb == 0 ? LeastTmpMb : request->TmpMb, request->HardCpuCap))
        {
            Refuse(header, SetupStep.BadArgument, Errno.EINVAL);
            return;
        }

        if (Find(header, ShellState.Empty, ShellState.Warm) is not { } shell)
            return;
        if (shell.State == ShellState.Warm && (shell.Program != request->Runtime || request->BehindAdapter != 0))
        {
            Refuse(header, SetupStep.BadArgument, Errno.EINVAL);
            return;
        }

        var isWarm = shell.State == ShellState.Warm;
        var zygote = isWarm || request->IsExecuted == 1 || request->BehindAdapter == 1 ? null : ZygoteFor(request->Runtime, mayWait: false);
        shell.ZygoteSlot = zygote?.Slot ?? -1;
        var result = isWarm ? _maker.ClaimWarm(shell, request, out var step) : _maker.Claim(shell, request, zygote is not null, out step);
        Started(shell, header, ShellState.Running, result, step);
    }

    private void Reset(RequestHeader* header)
    {
        if (Find(header, ShellState.Running) is not { } shell)
            return;
        int result;
        var step = SetupStep.None;
        if (shell.RuntimePid == 0)
        {
            result = _maker.Reset(shell, out step);
        }
        else
        {
            // No child of init's, which so could not wait for its end.
            ShellMaker.Thaw(shell);
            result = Kernel.Kill(shell.RuntimePid, Sig.Kill);
            shell.ResetsNext = true;
        }

        Started(shell, header, ShellState.Running, result, step);
    }

    private void Started(Shell shell, RequestHeader* header, ShellState then, int result, SetupStep step)
    {
        if (result < 0)
        {
            Refuse(header, step, -result);
            return;
        }

        shell.State = ShellState.Starting;
        shell.PendingState = then;
        Await(shell, header->Tag, isCreate: false);
    }

    private Shell? Find(RequestHeader* header, ShellState state, ShellState other = ShellState.Free)
    {
        if (_shells.Find(header->SandboxId) is not { IsDoomed: false } shell)
            Refuse(header, SetupStep.UnknownSandbox, Errno.ESRCH);
        else if (shell.State != state && shell.State != other)
            Refuse(header, SetupStep.WrongState, Errno.EBUSY);
        else
            return shell;
        return null;
    }

    private void Destroy(RequestHeader* header)
    {
        if (_shells.Find(header->SandboxId) is not { IsDoomed: false } shell)
        {
            Refuse(header, SetupStep.UnknownSandbox, Errno.ESRCH);
            return;
        }

        if (shell.HasDestroyTag)
        {
            Refuse(header, SetupStep.WrongState, Errno.EBUSY);
            return;
        }

        shell.DestroyTag = header->Tag;
        shell.HasDestroyTag = true;
        Kill(shell);
    }

    private static void Await(Shell shell, uint tag, bool isCreate)
    {
        shell.HasPending = true;
        shell.PendingTag = tag;
        shell.PendingIsCreate = isCreate;
        shell.PendingDeadline = Stopwatch.GetTimestamp() + (InitMillis * Stopwatch.Frequency / 1000);
    }

    private void Refuse(RequestHeader* header, SetupStep step, int error)
    {
        var answer = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = header->Tag, SandboxId = header->SandboxId, Step = step, Error = error };
        Send(&answer, []);
    }
}
