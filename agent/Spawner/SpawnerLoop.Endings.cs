using System.Diagnostics;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;
using Tmds.Linux;

namespace Hearth.Spawner;

// Ends of sandboxes: one at a time, or all of an agent that is gone.
internal sealed unsafe partial class SpawnerLoop
{
    private void Kill(Shell shell)
    {
        if (shell.State == ShellState.Dying)
            return;
        shell.State = ShellState.Dying;
        _dying++;
        if (shell.IsDoomed)
            _doomed--;
        AnswerPending(shell, SetupStep.InitSilent, Errno.ESRCH);
        fixed (byte* one = "1"u8)
        {
            if (Kernel.Write(shell.Cgroup.KillFd, one, 1) < 0 && !shell.InitReaped)
                Kernel.Kill(shell.InitPid, Sig.Kill);
        }
    }

    private void KillDoomed()
    {
        var left = KillsATurn;
        foreach (var shell in _shells.Used)
        {
            if (!shell.IsDoomed || shell.State is ShellState.Free or ShellState.Dying)
                continue;
            Kill(shell);
            if (--left == 0)
                return;
        }
    }

    /// <summary>Removes the groups of those whose init is reaped; a group stays busy for a moment after its last process. Takes turns where they are many.</summary>
    private void Bury()
    {
        ReapStrays();
        var used = _shells.Used;
        var left = RemovalsATurn;
        for (var i = 0; i < used.Length && left > 0; i++)
        {
            _buryFrom = _buryFrom + 1 >= used.Length ? 0 : _buryFrom + 1;
            var shell = used[_buryFrom];
            if (shell.State != ShellState.Dying || !shell.InitReaped)
                continue;
            left--;
            if (_cgroups.Remove(shell.Id) < 0)
                continue;
            _dying--;
            if (shell.HasDestroyTag)
            {
                var answer = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = shell.DestroyTag, SandboxId = shell.Id };
                Send(&answer, []);
            }

            Free(shell);
        }
    }

    private void Free(Shell shell)
    {
        if (shell.Cgroup.OomEventFd >= 0)
            Unwatch(shell.Cgroup.OomEventFd);
        shell.Cgroup.Close();
        Kernel.Close(shell.InitPidfd);
        Kernel.Close(shell.ControlFd);
        shell.ClosePipes();
        _shells.Return(shell);
    }

    private void CheckDeadlines()
    {
        var now = Stopwatch.GetTimestamp();
        foreach (var shell in _shells.Used)
        {
            if (shell.HasPending && now > shell.PendingDeadline)
                Kill(shell);
        }
    }

    /// <summary>Sandboxes belong to the connection: the agent that comes next knows nothing of them.</summary>
    private void LoseAgent()
    {
        if (_agent.Fd < 0)
            return;
        Unwatch(_agent.Fd);
        _agent.Drop();
        Doom();
    }

    private void Stop()
    {
        _stopping = true;
        _stopDeadline = Stopwatch.GetTimestamp() + (StopMillis * Stopwatch.Frequency / 1000);
        if (_agent.Fd >= 0)
            LoseAgent();
        Doom();
        StopZygotes();
        _tmp.DropReady();
    }

    /// <summary>All that there is now ends, a batch a turn. Tags of an agent that is gone must not reach the next one.</summary>
    private void Doom()
    {
        foreach (var shell in _shells.Used)
        {
            shell.HasPending = shell.HasDestroyTag = false;
            if (shell.State == ShellState.Free || shell.IsDoomed)
                continue;
            shell.IsDoomed = true;
            _doomed += shell.State == ShellState.Dying ? 0 : 1;
        }
    }
}
