using Hearth.Sandbox.Cgroups;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;

namespace Hearth.Spawner;

// What inits and the kernel report, and what the agent is told of it.
internal sealed unsafe partial class SpawnerLoop
{
    private void ReadInit(Shell shell)
    {
        InitReportMessage report;
        while (shell.ControlFd >= 0)
        {
            var length = Packets.Receive(shell.ControlFd, &report, sizeof(InitReportMessage));
            if (length == -Errno.EAGAIN)
                return;
            if (length != sizeof(InitReportMessage))
            {
                // Init is gone or beside itself; its end is told by the pidfd.
                Unwatch(shell.ControlFd);
                Kernel.Close(shell.ControlFd);
                shell.ControlFd = -1;
                if (length != 0)
                    Kill(shell);
                return;
            }

            Reported(shell, report);
        }
    }

    private void Reported(Shell shell, in InitReportMessage report)
    {
        switch (report.Report)
        {
            case InitReport.Ready when shell.State == ShellState.Making:
                shell.State = ShellState.Empty;
                AnswerPending(shell, SetupStep.None, 0);
                break;
            case InitReport.Attached when shell is { State: ShellState.Starting, Fork: ForkState.Attaching }:
                Attached(shell);
                break;
            case InitReport.Started or InitReport.Attached when shell.State == ShellState.Starting:
                shell.State = shell.PendingState;
                AnswerPending(shell, SetupStep.None, 0);
                break;
            case InitReport.Failed:
                shell.Fork = ForkState.None;
                if (shell.State == ShellState.Starting)
                    shell.State = ShellState.Running;
                AnswerPending(shell, report.Step, Math.Max(1, report.Error));
                break;
            case InitReport.Exited:
                RuntimeExited(shell, report.Status, report.Generation);
                break;
        }
    }

    private void RuntimeExited(Shell shell, int status, uint generation)
    {
        if (generation != shell.Generation || shell.State is not (ShellState.Running or ShellState.Warm or ShellState.Starting))
            return;
        var kills = ReadOomKills(shell);
        var exited = new Answer
        {
            Version = SpawnerProtocol.Version,
            Kind = AnswerKind.RuntimeExited,
            SandboxId = shell.Id,
            Value = status,
            Generation = generation,
            Flags = kills > shell.OomKillsSeen ? Answer.FlagOutOfMemory : (ushort)0,
        };
        shell.OomKillsSeen = kills;
        if (!shell.IsDoomed)
            Send(&exited, []);
    }

    private void AnswerPending(Shell shell, SetupStep step, int error)
    {
        if (!shell.HasPending)
            return;
        shell.HasPending = false;
        var answer = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = shell.PendingTag, SandboxId = shell.Id, Step = step, Error = error, Generation = shell.Generation };
        var descriptors = stackalloc int[SpawnerProtocol.ShellFdCount];
        if (error != 0)
        {
            Send(&answer, []);
        }
        else if (shell.PendingIsCreate)
        {
            descriptors[(int)ShellFd.InitPidfd] = shell.InitPidfd;
            descriptors[(int)ShellFd.Freeze] = shell.Cgroup.FreezeFd;
            descriptors[(int)ShellFd.Kill] = shell.Cgroup.KillFd;
            descriptors[(int)ShellFd.Events] = shell.Cgroup.EventsFd;
            descriptors[(int)ShellFd.Oom] = shell.Cgroup.OomFd;
            descriptors[(int)ShellFd.MemoryPeak] = shell.Cgroup.PeakFd;
            descriptors[(int)ShellFd.MemoryCurrent] = shell.Cgroup.CurrentFd;
            descriptors[(int)ShellFd.CpuStat] = shell.Cgroup.CpuStatFd;
            for (var i = 0; i < SpawnerProtocol.ShellFdCount; i++)
            {
                if (descriptors[i] < 0)
                    descriptors[i] = shell.InitPidfd;
            }

            Send(&answer, new ReadOnlySpan<int>(descriptors, SpawnerProtocol.ShellFdCount));
        }
        else if (shell.AgentRequests < 0)
        {
            // Claimed warm: the agent has its ends.
            Send(&answer, []);
        }
        else
        {
            descriptors[0] = shell.AgentRequests;
            descriptors[1] = shell.AgentResponses;
            descriptors[2] = shell.AgentLogs;
            Send(&answer, new ReadOnlySpan<int>(descriptors, SpawnerProtocol.PipeFdCount));
        }

        shell.ClosePipes();
    }

    /// <summary>v1 has no memory.oom.group: the kernel killed one process, init kills the others.</summary>
    private static void OutOfMemory(Shell shell)
    {
        ulong count;
        if (Kernel.Read(shell.Cgroup.OomEventFd, &count, 8) == 8)
            shell.OomLooks = OomLooks;
        if (shell.State is not (ShellState.Running or ShellState.Warm or ShellState.Starting))
            shell.OomLooks = 0;
        if (shell.OomLooks == 0)
            return;

        // The event comes before the kill: look again shortly if there is none yet.
        shell.OomLooks--;
        if (ReadOomKills(shell) == shell.OomKillsSeen)
            return;
        shell.OomLooks = 0;
        var order = new InitOrderMessage { Order = InitOrder.KillAll };
        Packets.Send(shell.ControlFd, &order, sizeof(InitOrderMessage), null, 0, []);
    }

    private static long ReadOomKills(Shell shell) => CgroupReader.ReadOomKills(shell.Cgroup.OomFd);

    private void InitEnded(Shell shell)
    {
        Unwatch(shell.InitPidfd);
        int status;
        Kernel.Wait4(shell.InitPid, &status, 0);
        shell.InitReaped = true;

        // What init wrote last (the step that failed) is still in the socket.
        if (shell.State != ShellState.Dying)
            ReadInit(shell);
        AnswerPending(shell, SetupStep.InitSilent, Errno.ESRCH);
        if (shell.State == ShellState.Dying)
            return;
        var wasEmpty = shell.State == ShellState.Making;
        var kills = ReadOomKills(shell);
        var lost = new Answer
        {
            Version = SpawnerProtocol.Version,
            Kind = AnswerKind.SandboxLost,
            SandboxId = shell.Id,
            Value = status,
            Generation = shell.Generation,
            Flags = kills > shell.OomKillsSeen ? Answer.FlagOutOfMemory : (ushort)0,
        };
        shell.State = ShellState.Lost;
        if (wasEmpty)
            Kill(shell); // its Create was answered with the error: the agent does not know it
        else if (!shell.IsDoomed)
            Send(&lost, []);
    }

    private void LookForOomKills()
    {
        foreach (var shell in _shells.Used)
        {
            if (shell.OomLooks > 0)
                OutOfMemory(shell);
        }
    }
}
