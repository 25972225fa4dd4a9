using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;

namespace Hearth.Spawner;

// Zygotes: processes of ours that have an interpreter loaded, of which runtimes are forked into sandboxes. A start that finds none executes the interpreter.
internal sealed unsafe partial class SpawnerLoop
{
    private const long ZygoteStartMillis = 10_000;
    private const int MostFailures = 6;

    private readonly Zygote[] _zygotes = [.. Enumerable.Range(0, Zygote.Most).Select(static slot => new Zygote(slot))];
    private readonly bool _forks;

    /// <summary>Of zygotes that ended unasked, one after the other; and when, in monotonic milliseconds, the next may be started.</summary>
    private int _zygoteFailures;
    private long _zygoteNotBefore;

    /// <summary>The one that a start is to wait for or to ask. Null: there is none, and the interpreter is executed.</summary>
    /// <param name="mayWait">Nobody waits for the start: a zygote that is not ready yet will do.</param>
    private Zygote? ZygoteFor(int program, bool mayWait)
    {
        if (!_forks || _stopping || _maker.LanguageOf(program) != RuntimeTable.Python)
            return null;
        Zygote? found = null;
        foreach (var zygote in _zygotes)
        {
            if (zygote.State is ZygoteState.Starting or ZygoteState.Ready && zygote.Program == program)
                found = zygote;
        }

        if (found is { State: ZygoteState.Ready } && found.IsWorn(Environment.TickCount64))
        {
            Retire(found);
            found = null;
        }

        found ??= StartZygote(program);
        return found is { State: ZygoteState.Ready } || mayWait ? found : null;
    }

    private Zygote? StartZygote(int program)
    {
        if (Environment.TickCount64 < _zygoteNotBefore)
            return null;
        foreach (var zygote in _zygotes)
        {
            if (zygote.State != ZygoteState.Free)
                continue;
            if (_maker.StartZygote(zygote, program) < 0)
            {
                Failed();
                return null;
            }

            zygote.State = ZygoteState.Starting;
            zygote.StartedAt = Environment.TickCount64;
            Watch(zygote.SocketFd, Source.Zygote, zygote.Slot);
            Watch(zygote.Pidfd, Source.ZygoteEnd, zygote.Slot);
            return zygote;
        }

        return null;
    }

    private void Failed()
    {
        _zygoteNotBefore = Environment.TickCount64 + (1000L << Math.Min(_zygoteFailures, MostFailures));
        _zygoteFailures++;
        var text = "hearth-spawner: a zygote of python ended or could not be started; its interpreter is executed for each sandbox for a while\n"u8;
        fixed (byte* bytes = text)
            Kernel.Write(2, bytes, (nuint)text.Length);
    }

    /// <summary>Init has mounted what the runtime needs.</summary>
    private void Attached(Shell shell)
    {
        var zygote = _zygotes[shell.ZygoteSlot];
        if (zygote.Program != shell.Program)
            ExecInstead(shell); // its slot has been given to another one
        else if (zygote.State == ZygoteState.Starting)
            shell.Fork = ForkState.Waiting;
        else
            Ask(shell, zygote);
    }

    private void Ask(Shell shell, Zygote zygote)
    {
        // Killed while it waited.
        if (shell.State != ShellState.Starting)
        {
            shell.Fork = ForkState.None;
            return;
        }

        if (zygote.State is not (ZygoteState.Ready or ZygoteState.Retired) || zygote.SocketFd < 0)
        {
            ExecInstead(shell);
            return;
        }

        var result = ShellMaker.Fork(shell, zygote, out var step);
        if (result < 0)
        {
            NotForked(shell, step, -result);
            return;
        }

        zygote.Forks++;
        zygote.Asked++;
    }

    private void ExecInstead(Shell shell)
    {
        shell.Fork = ForkState.None;
        var result = _maker.ExecInstead(shell, shell.PendingState == ShellState.Warm, out var step);
        if (result < 0)
            NotForked(shell, step, -result);
    }

    private void NotForked(Shell shell, SetupStep step, int error)
    {
        shell.Fork = ForkState.None;
        if (shell.State == ShellState.Starting)
            shell.State = ShellState.Running;
        AnswerPending(shell, step, error);
    }

    private void ReadZygote(Zygote zygote)
    {
        ZygoteReport report;
        while (zygote.SocketFd >= 0)
        {
            var length = Packets.Receive(zygote.SocketFd, &report, sizeof(ZygoteReport));
            if (length == -Errno.EAGAIN)
                return;
            if (length != sizeof(ZygoteReport) || !Reported(zygote, report))
            {
                Lose(zygote);
                return;
            }
        }
    }

    /// <summary>False when it says what cannot be.</summary>
    private bool Reported(Zygote zygote, in ZygoteReport report)
    {
        if (report.SandboxId == 0)
        {
            if (zygote.State != ZygoteState.Starting)
                return false;
            zygote.State = ZygoteState.Ready;
            _zygoteFailures = 0;
            foreach (var waiting in _shells.Used)
            {
                if (waiting.Fork == ForkState.Waiting && waiting.ZygoteSlot == zygote.Slot)
                    Ask(waiting, zygote);
            }

            return true;
        }

        if (zygote.Asked == 0)
            return false;
        zygote.Asked--;
        if (zygote is { State: ZygoteState.Retired, Asked: 0 })
            Hang(zygote);
        var shell = _shells.Find(report.SandboxId);
        if (report.Error != 0)
        {
            if (shell is { Fork: ForkState.Asked } && shell.Generation == report.Generation)
                NotForked(shell, report.Step, report.Error);
            return true;
        }

        return Adopt(shell, report);
    }

    /// <summary>The child is the spawner's, since the process in between has ended.</summary>
    private bool Adopt(Shell? shell, in ZygoteReport report)
    {
        if (report.Pid <= 0 || IsKnown(report.Pid))
            return false;
        var pidfd = -1;
        if (shell is { Fork: ForkState.Asked } && shell.Generation == report.Generation && Kernel.FindEnded(report.Pid) >= 0)
            pidfd = Kernel.PidfdOpen(report.Pid);
        if (pidfd < 0)
        {
            // Killed with its sandbox, and reaped; or nobody asked for it.
            if (shell is { Fork: ForkState.Asked })
                NotForked(shell, SetupStep.ZygoteFork, Errno.ESRCH);
            return true;
        }

        shell!.RuntimePid = report.Pid;
        shell.RuntimePidfd = pidfd;
        shell.Fork = ForkState.None;
        Watch(pidfd, Source.RuntimeEnd, shell.Slot);
        if (shell.State != ShellState.Starting)
            return true;
        shell.State = shell.PendingState;
        AnswerPending(shell, SetupStep.None, 0);
        return true;
    }

    private void RuntimeEnded(Shell shell)
    {
        Unwatch(shell.RuntimePidfd);
        int status;
        Kernel.Wait4(shell.RuntimePid, &status, 0);
        Kernel.Close(shell.RuntimePidfd);
        shell.RuntimePidfd = -1;
        shell.RuntimePid = 0;
        if (!shell.ResetsNext)
        {
            RuntimeExited(shell, status, shell.Generation);
            return;
        }

        shell.ResetsNext = false;
        if (shell.State != ShellState.Starting)
            return;
        var result = _maker.Reset(shell, out var step);
        if (result < 0)
            NotForked(shell, step, -result);
    }

    private bool IsKnown(int pid)
    {
        foreach (var shell in _shells.Used)
        {
            if (shell.State != ShellState.Free && (shell.RuntimePid == pid || (shell.InitPid == pid && !shell.InitReaped)))
                return true;
        }

        foreach (var zygote in _zygotes)
        {
            if (zygote.State != ZygoteState.Free && zygote.Pid == pid && !zygote.IsReaped)
                return true;
        }

        return false;
    }

    /// <summary>
    /// A child that was forked for a sandbox which was being killed, by a zygote that could not report it any more. The kernel keeps the sandbox's init until it is reaped.
    /// </summary>
    private void ReapStray()
    {
        int status;
        if (Kernel.FindEnded(0) is > 0 and var pid && !IsKnown(pid))
            Kernel.Wait4(pid, &status, 0);
    }

    private void Retire(Zygote zygote)
    {
        zygote.State = ZygoteState.Retired;
        if (zygote.Asked == 0)
            Hang(zygote);
    }

    /// <summary>It reads the end of its orders, and ends.</summary>
    private void Hang(Zygote zygote)
    {
        if (zygote.SocketFd < 0)
            return;
        Unwatch(zygote.SocketFd);
        zygote.CloseSocket();
    }

    private void Lose(Zygote zygote)
    {
        if (!_stopping && zygote.State is (ZygoteState.Starting or ZygoteState.Ready))
            Failed();
        Hang(zygote);
        if (!zygote.IsReaped)
            Kernel.Kill(zygote.Pid, Sig.Kill);
        zygote.State = ZygoteState.Ended;
        foreach (var shell in _shells.Used)
        {
            if (shell.ZygoteSlot != zygote.Slot || shell.State != ShellState.Starting)
                continue;
            if (shell.Fork == ForkState.Waiting)
                ExecInstead(shell);
            else if (shell.Fork == ForkState.Asked)
                NotForked(shell, SetupStep.ZygoteFork, Errno.ESRCH);
        }
    }

    private void ZygoteEnded(Zygote zygote)
    {
        // What it reported last is still in the socket.
        ReadZygote(zygote);
        Unwatch(zygote.Pidfd);
        int status;
        Kernel.Wait4(zygote.Pid, &status, 0);
        Kernel.Close(zygote.Pidfd);
        zygote.Pidfd = -1;
        zygote.IsReaped = true;
        Lose(zygote);
    }

    /// <summary>Lets go of those that are worn, and of the groups of those that have ended.</summary>
    private void TendZygotes()
    {
        var now = Environment.TickCount64;
        foreach (var zygote in _zygotes)
        {
            if (zygote.State == ZygoteState.Ready && zygote.IsWorn(now))
                Retire(zygote);
            if (zygote.State == ZygoteState.Starting && now - zygote.StartedAt > ZygoteStartMillis)
                Lose(zygote);

            if (zygote is not { State: ZygoteState.Ended, IsReaped: true } || _cgroups.Remove(zygote.GroupId) < 0)
                continue;
            zygote.Cgroup.Close();
            zygote.Clear();
        }
    }

    private void StopZygotes()
    {
        foreach (var zygote in _zygotes)
        {
            if (zygote.IsAlive)
                Lose(zygote);
        }
    }

    /// <summary>Milliseconds until <see cref="TendZygotes"/> has something to do; -1: nothing is to come.</summary>
    private int ZygoteTimeout()
    {
        var least = -1L;
        var now = Environment.TickCount64;
        foreach (var zygote in _zygotes)
        {
            var wait = zygote.State switch
            {
                ZygoteState.Starting => ZygoteStartMillis - (now - zygote.StartedAt) + 1,
                ZygoteState.Ready => zygote.WornIn(now) + 1,
                ZygoteState.Ended when zygote.IsReaped => 2,
                _ => -1,
            };
            if (wait >= 0 && (least < 0 || wait < least))
                least = wait;
        }

        return (int)least;
    }

    private bool AnyZygote()
    {
        foreach (var zygote in _zygotes)
        {
            if (zygote.State != ZygoteState.Free)
                return true;
        }

        return false;
    }
}
