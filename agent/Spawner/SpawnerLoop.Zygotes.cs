using System.Diagnostics;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;

namespace Hearth.Spawner;

// Zygotes: processes of ours that have an interpreter loaded, of which runtimes are forked into sandboxes. A start that finds none executes the interpreter.
internal sealed unsafe partial class SpawnerLoop
{
    // Less than what a start has in all: then its interpreter is still executed in time.
    private const long ZygoteStartMillis = 5_000, ZygoteOrderMillis = 5_000;
    private const int MostFailures = 6, MostPrograms = 256, StraysATurn = 64;

    private readonly Zygote[] _zygotes = [.. Enumerable.Range(0, Zygote.Most).Select(static slot => new Zygote(slot))];
    private readonly bool _forks;

    /// <summary>By program: of zygotes that ended unasked, one after the other; and when, in monotonic milliseconds, the next may be started.</summary>
    private readonly int[] _zygoteFailures = new int[MostPrograms];
    private readonly long[] _zygoteNotBefore = new long[MostPrograms];
    private uint _lastOrder;

    /// <summary>Children that nobody wants, killed and not yet reaped.</summary>
    private int _unwanted;

    /// <summary>The one that a start is to wait for or to ask. Null: there is none, and the interpreter is executed.</summary>
    /// <param name="mayWait">Nobody waits for the start: a zygote that is not ready yet will do.</param>
    private Zygote? ZygoteFor(int program, bool mayWait)
    {
        if (!_forks || _stopping || program >= MostPrograms || _maker.LanguageOf(program) != RuntimeTable.Python)
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
        if (Environment.TickCount64 < _zygoteNotBefore[program])
            return null;
        foreach (var zygote in _zygotes)
        {
            if (zygote.State != ZygoteState.Free)
                continue;
            if (_maker.StartZygote(zygote, program) < 0)
            {
                Failed(program);
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

    private void Failed(int program)
    {
        _zygoteNotBefore[program] = Environment.TickCount64 + (1000L << Math.Min(_zygoteFailures[program]++, MostFailures));
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

        if (ShellMaker.Fork(shell, zygote, ++_lastOrder, out _) < 0)
        {
            ExecInstead(shell);
            return;
        }

        zygote.Forks++;
        if (zygote.Asked++ == 0)
            zygote.AskedSince = Environment.TickCount64;
    }

    private void ExecInstead(Shell shell)
    {
        shell.Fork = ForkState.None;
        shell.PendingDeadline = Stopwatch.GetTimestamp() + (InitMillis * Stopwatch.Frequency / 1000);
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
            _zygoteFailures[zygote.Program] = 0;
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
        zygote.AskedSince = Environment.TickCount64;
        if (zygote is { State: ZygoteState.Retired, Asked: 0 })
            Hang(zygote);
        var shell = _shells.Find(report.SandboxId);
        var isMeant = shell is { Fork: ForkState.Asked } && shell.OrderSerial == report.Serial && shell.ZygoteSlot == zygote.Slot;
        if (report.Error == 0)
            return Adopt(isMeant ? shell : null, report);
        // There is no child.
        if (isMeant)
        {
            if (shell!.State == ShellState.Starting)
                ExecInstead(shell);
            else
                shell.Fork = ForkState.None;
        }

        return true;
    }

    /// <summary>The child is the spawner's, since the process in between has ended.</summary>
    private bool Adopt(Shell? shell, in ZygoteReport report)
    {
        if (report.Pid <= 0 || IsKnown(report.Pid))
            return false;
        if (Kernel.FindEnded(report.Pid) < 0)
        {
            // Killed with its sandbox, and reaped.
            if (shell is not null)
                Doubt(shell);
            return true;
        }

        var pidfd = shell is null ? -1 : Kernel.PidfdOpen(report.Pid);
        if (pidfd < 0 || !TryWatch(pidfd, Source.RuntimeEnd, shell!.Slot))
        {
            // Nobody asked for it (any more), or nobody would hear of its end.
            Kernel.Close(pidfd);
            Kernel.Kill(report.Pid, Sig.Kill);
            _unwanted++;
            if (shell is not null)
                Doubt(shell);
            return true;
        }

        shell.RuntimePid = report.Pid;
        shell.RuntimePidfd = pidfd;
        shell.Fork = ForkState.None;
        shell.CloseRuntimePipes();
        if (shell.State != ShellState.Starting)
            return true;
        if (shell.PendingState == ShellState.Warm)
            _maker.Rest(shell);
        shell.State = shell.PendingState;
        AnswerPending(shell, SetupStep.None, 0);
        return true;
    }

    /// <summary>Whether there is a runtime in it cannot be known: nothing may be started beside one that has not given up its rights.</summary>
    private void Doubt(Shell shell)
    {
        shell.Fork = ForkState.None;
        AnswerPending(shell, SetupStep.ZygoteFork, Errno.ESRCH);
        Kill(shell);
    }

    private void RuntimeEnded(Shell shell)
    {
        int status;
        if (Kernel.Wait4(shell.RuntimePid, &status, 1 /* WNOHANG */) == 0)
            return;
        Unwatch(shell.RuntimePidfd);
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
    /// Children that were forked for a sandbox which was being killed, by a zygote that could not report it any more, and unwanted ones. The kernel keeps a sandbox's init
    /// until all of its processes are reaped.
    /// </summary>
    private void ReapStrays()
    {
        int status;
        for (var i = 0; i < StraysATurn && Kernel.FindEnded(0) is > 0 and var pid && !IsKnown(pid); i++)
        {
            Kernel.Wait4(pid, &status, 0);
            _unwanted = Math.Max(0, _unwanted - 1);
        }
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
            Failed(zygote.Program);
        Hang(zygote);
        if (!zygote.IsReaped)
            Kernel.Kill(zygote.Pid, Sig.Kill);
        // What it has forked and is not yet in a sandbox's group.
        fixed (byte* one = "1"u8)
            Kernel.Write(zygote.Cgroup.KillFd, one, 1);
        zygote.State = ZygoteState.Ended;
        foreach (var shell in _shells.Used)
        {
            if (shell.ZygoteSlot != zygote.Slot || shell.State != ShellState.Starting)
                continue;
            if (shell.Fork == ForkState.Waiting)
                ExecInstead(shell);
            else if (shell.Fork == ForkState.Asked)
                Doubt(shell);
        }
    }

    private void ZygoteEnded(Zygote zygote)
    {
        // What it reported last is still in the socket.
        ReadZygote(zygote);
        int status;
        if (Kernel.Wait4(zygote.Pid, &status, 1 /* WNOHANG */) == 0)
            return;
        Unwatch(zygote.Pidfd);
        Kernel.Close(zygote.Pidfd);
        zygote.Pidfd = -1;
        zygote.IsReaped = true;
        Lose(zygote);
    }

    /// <summary>Lets go of those that are worn, and of the groups of those that have ended.</summary>
    private void TendZygotes()
    {
        if (_unwanted > 0)
            ReapStrays();
        var now = Environment.TickCount64;
        foreach (var zygote in _zygotes)
        {
            if (zygote.State == ZygoteState.Ready && zygote.IsWorn(now))
                Retire(zygote);
            if (IsLate(zygote, now))
                Lose(zygote);

            if (zygote is not { State: ZygoteState.Ended, IsReaped: true } || _cgroups.Remove(zygote.GroupId) < 0)
                continue;
            zygote.Cgroup.Close();
            zygote.Clear();
        }
    }

    private static bool IsLate(Zygote zygote, long now) =>
        zygote.State == ZygoteState.Starting ? now - zygote.StartedAt > ZygoteStartMillis : zygote is { IsAlive: true, Asked: > 0 } && now - zygote.AskedSince > ZygoteOrderMillis;

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
        var least = _unwanted > 0 ? 2L : -1L;
        var now = Environment.TickCount64;
        foreach (var zygote in _zygotes)
        {
            var wait = zygote.State switch
            {
                ZygoteState.Starting => ZygoteStartMillis - (now - zygote.StartedAt) + 1,
                ZygoteState.Ready or ZygoteState.Retired when zygote.Asked > 0 => ZygoteOrderMillis - (now - zygote.AskedSince) + 1,
                ZygoteState.Ready => zygote.WornIn(now) + 1,
                ZygoteState.Ended when zygote.IsReaped => 2,
                _ => -1,
            };
            wait = wait < -1 ? 0 : wait;
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
