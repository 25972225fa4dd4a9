using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;
using Tmds.Linux;

namespace Hearth.Spawner;

/// <summary>
/// THE CODE BETWEEN CLONE AND EXEC, all of it.
///
/// Who runs here: a fork of the spawner (same binary, one thread left: the collector's and the finalizer's are gone). <see cref="Run"/> is PID 1 of a sandbox, for
/// the sandbox's whole life; it holds capabilities only in its own user namespace. <see cref="StartRuntime"/> forks once more; that child execs the runtime.
/// Forbidden here, because it may wait for a thread that no longer exists or move memory under a lock that nobody will open: managed allocation, exceptions,
/// locks, static constructors that have not run, delegates, async, libc's set*id wrappers. Allowed: <see cref="Kernel"/>, stack memory, and <see cref="InitBlock"/>.
/// A failure ends in a report (step, errno) to the spawner and exit: a half-made sandbox never runs tenant code.
/// </summary>
internal static unsafe partial class Init
{
    /// <summary>As measured on Lambda. Counts per user, and a sandbox's is nobody else's.</summary>
    private const ulong MostProcesses = 742;

    private const ulong SignalChild = 1UL << (Sig.Chld - 1);

    /// <summary>PID 1. Never returns.</summary>
    public static void Run(InitBlock* block)
    {
        // Before anything else: what is charged to the group that it came from stays there.
        EnterV1Groups(block);
        InitOrderMessage order;
        var received = Receive(block, &order);
        if (received <= 0 || order.Order != InitOrder.Go)
            Kernel.ExitGroup(1);

        SetUp(block);
        Report(block->ControlFd, InitReport.Ready, SetupStep.None, 0, 0, 0);
        Serve(block);
        Kernel.ExitGroup(0);
    }

    private static void SetUp(InitBlock* block)
    {
        // The runtime's handlers point into a runtime that is no longer there, and what the spawner ignores (SIGPIPE, SIGINT) would be ignored by every tenant:
        // ignored signals survive an exec.
        DefaultSignals();
        HideCommandLine(block);

        // Order matters: identity first (the maps are written now), since everything below needs the capabilities of the new user namespace; the parent-death
        // signal after it, because a change of uid clears it.
        Must(block, SetupStep.InitIdentity, Kernel.Setresgid(0, 0, 0));
        Must(block, SetupStep.InitIdentity, Kernel.Setgroups(0, null));
        Must(block, SetupStep.InitIdentity, Kernel.Setresuid(0, 0, 0));
        Must(block, SetupStep.InitParentDeath, Kernel.Prctl(Pr.SetPdeathsig, Sig.Kill, 0, 0, 0));
        Kernel.Prctl(Pr.SetName, (nint)block->Name, 0, 0, 0);

        // Not part of clone3's flags: the cgroup namespace's root is the group one is in when it is made, and the v1 groups are entered only after the clone.
        Must(block, SetupStep.InitCgroupNamespace, Kernel.Unshare(CloneFlags.NewCgroup));

        AttachRoot(block);
        Must(block, SetupStep.InitAttachTmp, Kernel.MoveMount(block->TmpTreeFd, block->TmpName));

        // While the host's /proc is still in sight: the kernel allows a new proc mount only to a namespace that sees an unobscured one already.
        Must(block, SetupStep.InitProc, Kernel.Mount(block->ProcName, block->ProcName, block->ProcName, Ms.NoSuid | Ms.NoDev | Ms.NoExec, null));
        EnterRoot(block);

        MaskProc(block);
        BringUpLoopback(block);
        Must(block, SetupStep.InitHostname, Kernel.Sethostname(block->HostName, block->HostNameLength));
        Must(block, SetupStep.InitSignals, Kernel.SetSignalMask(SignalChild));
        var signals = Kernel.Signalfd(SignalChild);
        Must(block, SetupStep.InitSignals, signals);

        // The control socket goes to 3 and the signal descriptor to 4; nothing else that the spawner had open survives.
        var high = Kernel.Fcntl(block->ControlFd, FDupfdCloexec, 100);
        Must(block, SetupStep.InitCloseFds, high);
        var highSignals = Kernel.Fcntl(signals, FDupfdCloexec, 100);
        Must(block, SetupStep.InitCloseFds, highSignals);
        block->ControlFd = high;
        Must(block, SetupStep.InitCloseFds, Kernel.Dup2(high, 3));
        block->ControlFd = 3;
        Must(block, SetupStep.InitCloseFds, Kernel.Dup2(highSignals, 4));
        block->SignalFd = 4;
        Must(block, SetupStep.InitCloseFds, Kernel.CloseRange(5, uint.MaxValue));
        Kernel.Close(0);
        Kernel.Close(1);
        Kernel.Close(2);

        // 1, not 0: where core_pattern is a pipe the host's handler is started whatever the limit says, but for 1, which the kernel keeps for the handler's own
        // crashes. Here and not before exec, since the base filter lets nobody change it. To a file, one byte is too little for a core, so none is written.
        Must(block, SetupStep.InitLimits, Kernel.SetRlimit(Rlimit.Core, 1, 1));
        Must(block, SetupStep.InitIdentity, Kernel.Prctl(Pr.SetDumpable, 0, 0, 0, 0));
        Must(block, SetupStep.InitNoNewPrivs, Kernel.Prctl(Pr.SetNoNewPrivs, 1, 0, 0, 0));
        Must(block, SetupStep.InitSeccomp, Kernel.SeccompSetFilter(&block->BaseFilter));
    }

    private static void AttachRoot(InitBlock* block)
    {
        Must(block, SetupStep.InitAttachRoot, Kernel.MoveMount(block->TreeFds[0], block->RootPath));
        Must(block, SetupStep.InitEnterRoot, Kernel.Chdir(block->RootPath));
        for (var i = 1; i < block->TreeCount; i++)
            Must(block, SetupStep.InitAttachRoot, Kernel.MoveMount(block->TreeFds[i], block->TreePaths[i]));
    }

    private static void EnterRoot(InitBlock* block)
    {
        Must(block, SetupStep.InitPivot, Kernel.PivotRoot(block->Dot, block->Dot));
        Must(block, SetupStep.InitDetachOld, Kernel.Umount2(block->Dot, Ms.Detach));
        Must(block, SetupStep.InitEnterRoot, Kernel.Chdir(block->Slash));
    }

    /// <summary>By itself, which is quick; see CgroupDriver.AttachV1. The kernel asks whether root opened the files, not who writes.</summary>
    private static void EnterV1Groups(InitBlock* block)
    {
        byte self = (byte)'0';
        for (var i = 0; i < InitBlock.V1Groups; i++)
        {
            if (block->V1Tasks[i] >= 0)
                Must(block, SetupStep.CgroupV1, Kernel.Write(block->V1Tasks[i], &self, 1));
        }
    }

    private static void DefaultSignals()
    {
        // SIGKILL and SIGSTOP answer EINVAL, which is fine.
        for (var signal = 1; signal <= 64; signal++)
            Kernel.SetSignalAction(signal, 0);
    }

    /// <summary>/proc/1/cmdline is open to all, and shows the spawner's own: a path of the host, and whatever the operator wrote there.</summary>
    private static void HideCommandLine(InitBlock* block)
    {
        for (var at = block->CommandLine; at < block->CommandLineEnd; at++)
            *at = 0;
        for (var i = 0; i < 11 && block->CommandLine + i + 1 < block->CommandLineEnd; i++)
            block->CommandLine[i] = block->Name[i];
    }

    /// <summary>Covers what /proc tells about the host with an empty file or folder of the root's own mount, which is read-only and knows no devices.</summary>
    private static void MaskProc(InitBlock* block)
    {
        for (var i = 0; i < block->MaskCount; i++)
        {
            var mask = block->Masks + i;
            var result = Kernel.Mount(mask->IsFolder ? block->EmptyFolder : block->EmptyFile, mask->Path, null, Ms.Bind, null);
            if (result != -Errno.ENOENT)
                Must(block, SetupStep.InitMaskProc, result);
        }
    }

    private static void BringUpLoopback(InitBlock* block)
    {
        const uint siocgifflags = 0x8913, siocsifflags = 0x8914;
        const short up = 1;
        var socket = Kernel.Socket(2 /* AF_INET */, 2 /* SOCK_DGRAM */ | O.Cloexec);
        Must(block, SetupStep.InitLoopback, socket);

        // struct ifreq: 16 bytes of name, then the flags in a union of 24.
        var request = stackalloc byte[40];
        for (var i = 0; i < 40; i++)
            request[i] = 0;
        request[0] = (byte)'l';
        request[1] = (byte)'o';
        Must(block, SetupStep.InitLoopback, Kernel.Ioctl(socket, siocgifflags, request));
        *(short*)(request + 16) |= up;
        Must(block, SetupStep.InitLoopback, Kernel.Ioctl(socket, siocsifflags, request));
        Kernel.Close(socket);
    }

    /// <summary>Orders from the spawner and ends of children, until the spawner is gone.</summary>
    private static void Serve(InitBlock* block)
    {
        var polled = stackalloc pollfd[2];
        while (true)
        {
            polled[0] = new pollfd { fd = block->ControlFd, events = 1 /* POLLIN */ };
            polled[1] = new pollfd { fd = block->SignalFd, events = 1 };
            if (Kernel.Poll(polled, 2, -1) < 0)
                return;
            if (polled[1].revents != 0)
                ReapAll(block);
            if (polled[0].revents == 0)
                continue;

            InitOrderMessage order;
            if (Receive(block, &order) <= 0)
                return;
            switch (order.Order)
            {
                case InitOrder.Claim:
                    Claim(block, &order);
                    break;
                case InitOrder.Attach:
                    Attach(block, &order);
                    Report(block->ControlFd, InitReport.Attached, SetupStep.None, 0, 0, block->Generation);
                    break;
                case InitOrder.Reset:
                    KillEverything(block);

                    // What outlives processes: System V segments, semaphores and queues, POSIX queues. Descriptors that lie in the queues of sockets do not: the
                    // kernel collects those of sockets that nobody holds any more.
                    Must(block, SetupStep.ResetIpc, Kernel.Unshare(CloneFlags.NewIpc));
                    StartRuntime(block, &order);
                    break;
                case InitOrder.KillAll:
                    Kernel.Kill(-1, Sig.Kill);
                    break;
                default:
                    return;
            }
        }
    }

    private static void Claim(InitBlock* block, InitOrderMessage* order)
    {
        block->Generation = order->Generation;
        Attach(block, order);
        StartRuntime(block, order);
    }

    private static void Attach(InitBlock* block, InitOrderMessage* order)
    {
        var next = 0;
        Attach(block, SetupStep.AttachCode, order->Mounts & ClaimMounts.Code, ref next, block->TaskPath);
        Attach(block, SetupStep.AttachRuntime, order->Mounts & ClaimMounts.Runtime, ref next, block->RuntimePath);
        Attach(block, SetupStep.AttachLayer, order->Mounts & ClaimMounts.Layers, ref next, block->OptPath);
        // On top of the one that is there: nobody has written to that one, and nobody inside can uncover it.
        Attach(block, SetupStep.InitAttachTmp, order->Mounts & ClaimMounts.Tmp, ref next, block->TmpPath);
    }

    private static void Attach(InitBlock* block, SetupStep step, ClaimMounts isThere, ref int next, byte* path)
    {
        if (isThere == 0)
            return;
        Must(block, step, Kernel.MoveMount(block->Received[next], path));
        Kernel.Close(block->Received[next++]);
    }

    /// <summary>Forks and execs the runtime of the start block that came with the order, with the last three received descriptors as its pipes; reports Started or Failed.</summary>
    private static void StartRuntime(InitBlock* block, InitOrderMessage* order)
    {
        block->ArgumentBytes = order->ArgumentBytes;
        block->EnvironmentBytes = order->EnvironmentBytes;
        block->Generation = order->Generation;
        var pipes = block->Received + (block->ReceivedCount - 3);
        var status = stackalloc int[2];
        Must(block, SetupStep.ForkRuntime, Kernel.Pipe2(status, O.Cloexec));
        var pid = Kernel.Fork();
        Must(block, SetupStep.ForkRuntime, pid);
        if (pid == 0)
        {
            Kernel.Close(status[0]);
            BecomeRuntime(block, pipes, status[1]);
        }

        Kernel.Close(status[1]);
        for (var i = 0; i < 3; i++)
            Kernel.Close(pipes[i]);

        // Closed by a successful exec; otherwise the step and the errno arrive.
        var failure = stackalloc int[2];
        var read = Kernel.Read(status[0], failure, 8);
        Kernel.Close(status[0]);
        if (read == 8)
        {
            int ignored;
            Kernel.Wait4(pid, &ignored, 0);
            Report(block->ControlFd, InitReport.Failed, (SetupStep)failure[0], failure[1], 0, block->Generation);
            return;
        }

        block->RuntimePid = pid;
        Report(block->ControlFd, InitReport.Started, SetupStep.None, 0, 0, block->Generation);
    }

    /// <summary>In the forked child, still with the sandbox root's rights: gives up everything, closing filter last, then execs. Never returns.</summary>
    private static void BecomeRuntime(InitBlock* block, int* pipes, int status)
    {
        // The received descriptors are all above 4; /dev/null becomes 0, logs 1 and 2, requests 3, responses 4, the status pipe 5.
        var high = Kernel.Fcntl(status, FDupfdCloexec, 200);
        RuntimeMust(status, SetupStep.RuntimeFds, high);
        status = high;
        var requests = Kernel.Fcntl(pipes[0], FDupfdCloexec, 201);
        var responses = Kernel.Fcntl(pipes[1], FDupfdCloexec, 202);
        var logs = Kernel.Fcntl(pipes[2], FDupfdCloexec, 203);
        var nothing = Kernel.Openat(Kernel.AtFdcwd, block->DevNull, O.ReadOnly, 0);
        RuntimeMust(status, SetupStep.RuntimeFds, nothing);
        if (nothing != 0)
            RuntimeMust(status, SetupStep.RuntimeFds, Kernel.Dup2(nothing, 0));
        RuntimeMust(status, SetupStep.RuntimeFds, Kernel.Dup2(logs, 1));
        RuntimeMust(status, SetupStep.RuntimeFds, Kernel.Dup2(logs, 2));
        RuntimeMust(status, SetupStep.RuntimeFds, Kernel.Dup2(requests, 3));
        RuntimeMust(status, SetupStep.RuntimeFds, Kernel.Dup2(responses, 4));
        RuntimeMust(status, SetupStep.RuntimeFds, Kernel.Dup2(status, 5));
        RuntimeMust(status, SetupStep.RuntimeFds, Kernel.Fcntl(5, 2 /* F_SETFD */, 1 /* FD_CLOEXEC */));
        status = 5;
        RuntimeMust(status, SetupStep.RuntimeFds, Kernel.CloseRange(6, uint.MaxValue));
        Kernel.Setsid();

        // Init blocks SIGCHLD, and a mask survives an exec.
        Kernel.SetSignalMask(0);
        Kernel.Umask(0x12 /* 022 */);

        SetLimits(status);
        Limit(status, Rlimit.Nproc, MostProcesses, MostProcesses);
        DropBounding();

        RuntimeMust(status, SetupStep.RuntimeIdentity, Kernel.Setresgid(Identity.Handler, Identity.Handler, Identity.Handler));
        RuntimeMust(status, SetupStep.RuntimeIdentity, Kernel.Setgroups(0, null));
        RuntimeMust(status, SetupStep.RuntimeIdentity, Kernel.Setresuid(Identity.Handler, Identity.Handler, Identity.Handler));
        RuntimeMust(status, SetupStep.RuntimeCapabilities, Kernel.Prctl(Pr.CapAmbient, Pr.CapAmbientClearAll, 0, 0, 0));
        RuntimeMust(status, SetupStep.RuntimeCapabilities, Kernel.ClearCapabilities());
        RuntimeMust(status, SetupStep.RuntimeWorkingDirectory, Kernel.Chdir(block->TaskPath));

        // The start block holds "path\0arg\0...": pointers into it, ended by null.
        var arguments = stackalloc byte*[InitBlock.MaxArguments + 1];
        var environment = stackalloc byte*[InitBlock.MaxEnvironment + 1];
        Split(block->StartBlock, block->ArgumentBytes, arguments, InitBlock.MaxArguments);
        Split(block->StartBlock + block->ArgumentBytes, block->EnvironmentBytes, environment, InitBlock.MaxEnvironment);

        RuntimeMust(status, SetupStep.RuntimeSeccomp, Kernel.SeccompSetFilter(&block->ClosingFilter));
        RuntimeMust(status, SetupStep.RuntimeExec, Kernel.Execve(arguments[0], arguments, environment));
    }

    private static void SetLimits(int status)
    {
        // As measured on Lambda, whatever the shell had that `up` was typed into. Core files have init's own limit.
        Limit(status, Rlimit.Nofile, 1024, 1024);
        Limit(status, Rlimit.Memlock, 65536, 65536);
        Limit(status, Rlimit.Msgqueue, 0, 0);
        Limit(status, Rlimit.Stack, 8 << 20, Rlimit.Infinity);
        Limit(status, Rlimit.Cpu, Rlimit.Infinity, Rlimit.Infinity);
        Limit(status, Rlimit.Fsize, Rlimit.Infinity, Rlimit.Infinity);
        Limit(status, Rlimit.Data, Rlimit.Infinity, Rlimit.Infinity);
        Limit(status, Rlimit.As, Rlimit.Infinity, Rlimit.Infinity);
    }

    private static void DropBounding()
    {
        for (var capability = 0; capability < 64; capability++)
        {
            if (Kernel.Prctl(Pr.CapbsetDrop, capability, 0, 0, 0) < 0)
                break;
        }
    }

    /// <summary>Up to the hard limit there is: inside of a user namespace nobody may raise one. The spawner has done that, where it was allowed to.</summary>
    private static void Limit(int status, int resource, ulong soft, ulong hard)
    {
        var now = stackalloc ulong[2];
        RuntimeMust(status, SetupStep.RuntimeLimits, Kernel.GetRlimit(resource, now));
        hard = hard < now[1] ? hard : now[1];
        RuntimeMust(status, SetupStep.RuntimeLimits, Kernel.SetRlimit(resource, soft < hard ? soft : hard, hard));
    }

    private static void Split(byte* bytes, int length, byte** into, int most)
    {
        var count = 0;
        var start = 0;
        for (var i = 0; i < length && count < most; i++)
        {
            if (bytes[i] != 0)
                continue;
            into[count++] = bytes + start;
            start = i + 1;
        }

        into[count] = null;
    }

    private static void ReapAll(InitBlock* block)
    {
        // The descriptor only wakes; what ended is asked of the kernel, since signals coalesce.
        var drained = stackalloc byte[128];
        while (Kernel.Read(block->SignalFd, drained, 128) > 0)
        {
        }

        int status;
        int pid;
        while ((pid = Kernel.Wait4(-1, &status, 1 /* WNOHANG */)) > 0)
        {
            if (pid != block->RuntimePid)
                continue;
            block->RuntimePid = 0;
            Report(block->ControlFd, InitReport.Exited, SetupStep.None, 0, status, block->Generation);
        }
    }

    /// <summary>Every process of the namespace but this one, and waits until none is left.</summary>
    private static void KillEverything(InitBlock* block)
    {
        block->RuntimePid = 0;
        Kernel.Kill(-1, Sig.Kill);
        int status;
        while (Kernel.Wait4(-1, &status, 0) > 0)
        {
        }
    }

    /// <summary>One message with up to <see cref="InitBlock.MaxReceived"/> descriptors and a start block. 0 or less: the spawner is gone.</summary>
    private static int Receive(InitBlock* block, InitOrderMessage* order)
    {
        var ancillary = stackalloc byte[InitBlock.AncillaryBytes];
        var parts = stackalloc iovec[2];
        parts[0] = new iovec { iov_base = order, iov_len = sizeof(InitOrderMessage) };
        parts[1] = new iovec { iov_base = block->StartBlock, iov_len = InitOrderMessage.MaxStartBlock };
        var message = new msghdr { msg_iov = parts, msg_iovlen = 2, msg_control = ancillary, msg_controllen = InitBlock.AncillaryBytes };
        var received = Kernel.Recvmsg(block->ControlFd, &message, 0x40000000 /* MSG_CMSG_CLOEXEC */);
        block->ReceivedCount = 0;
        if (received < sizeof(InitOrderMessage))
            return 0;

        // struct cmsghdr: length (8 bytes), level, type, then the descriptors.
        if ((ulong)message.msg_controllen >= 16 && *(int*)(ancillary + 12) == 1 /* SCM_RIGHTS */)
        {
            var count = ((int)*(long*)ancillary - 16) / 4;
            for (var i = 0; i < count && i < InitBlock.MaxReceived; i++)
                block->Received[block->ReceivedCount++] = ((int*)(ancillary + 16))[i];
        }

        return received;
    }

    private static void Report(int control, InitReport report, SetupStep step, int error, int status, uint generation)
    {
        var message = new InitReportMessage { Report = report, Step = step, Error = error, Status = status, Generation = generation };
        Kernel.Write(control, &message, (nuint)sizeof(InitReportMessage));
    }

    private static void Must(InitBlock* block, SetupStep step, int result)
    {
        if (result >= 0)
            return;
        Report(block->ControlFd, InitReport.Failed, step, -result, 0, block->Generation);
        Kernel.ExitGroup(1);
    }

    private static void RuntimeMust(int status, SetupStep step, int result)
    {
        if (result >= 0)
            return;
        var failure = stackalloc int[2] { (int)step, -result };
        Kernel.Write(status, failure, 8);
        Kernel.ExitGroup(127);
    }

    /// <summary>The child that only exists while the spawner opens its user namespace (for idmapped mounts). Never returns.</summary>
    public static void Hold()
    {
        Kernel.Prctl(Pr.SetPdeathsig, Sig.Kill, 0, 0, 0);
        Kernel.Poll(null, 0, -1);
        Kernel.ExitGroup(0);
    }

    /// <summary>A child of the spawner that execs a program of the host (mkfs.ext4) with /dev/null and, as 3, one file. Never returns.</summary>
    public static void ExecTool(byte** arguments, byte** environment, int nothing, int file)
    {
        Kernel.Dup2(nothing, 0);
        Kernel.Dup2(nothing, 1);
        Kernel.Dup2(nothing, 2);
        Kernel.Dup2(file, 3);
        Kernel.CloseRange(4, uint.MaxValue);
        DefaultSignals();
        Kernel.SetSignalMask(0);
        Kernel.Execve(arguments[0], arguments, environment);
        Kernel.ExitGroup(127);
    }

    private const int FDupfdCloexec = 1030;
}
