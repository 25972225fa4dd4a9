using Hearth.Sandbox.Cgroups;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;

namespace Hearth.Spawner;

// Starts by a zygote, and the zygotes themselves.
internal sealed unsafe partial class ShellMaker
{
    /// <summary>MiB: an interpreter and what the operator has it load.</summary>
    private const int ZygoteMemoryMb = 512;
    private const int ZygotePids = 512;

    /// <summary>New pipes, and init mounts what comes along; the zygote then has its ends with <see cref="Fork"/>.</summary>
    private static int StartFork(Shell shell, ClaimMounts kinds, ReadOnlySpan<int> mounts, out SetupStep step)
    {
        var result = GivePipes(shell, out step);
        if (result >= 0)
            result = Attach(shell, kinds, mounts, out step);
        if (result < 0)
            shell.ClosePipes();
        else
            shell.Fork = ForkState.Attaching;
        return result;
    }

    /// <summary>Init executes the interpreter after all: there is no zygote.</summary>
    public int ExecInstead(Shell shell, bool isWarming, out SetupStep step) => Order(shell, InitOrder.Claim, default, [], isWarming, out step);

    /// <summary>Has a zygote fork the runtime into a sandbox in which all is mounted. The runtime's ends of the pipes stay open here: without a child, init gets them.</summary>
    public static int Fork(Shell shell, Zygote zygote, uint serial, out SetupStep step)
    {
        var sent = stackalloc int[ZygoteOrder.Namespaces + ZygoteOrder.Pipes + ZygoteOrder.MaxGroups];
        var count = 0;
        step = SetupStep.ZygoteNamespaces;
        var result = OpenNamespaces(shell.InitPid, sent, ref count);
        if (result >= 0)
        {
            sent[count++] = shell.RuntimeRequests;
            sent[count++] = shell.RuntimeResponses;
            sent[count++] = shell.RuntimeLogs;
            step = SetupStep.ZygoteCgroup;
            fixed (byte* procs = "cgroup.procs\0"u8)
                result = sent[count] = Kernel.Openat(shell.Cgroup.GroupFd, procs, O.WriteOnly | O.Cloexec, 0);
            var opened = count;
            if (result >= 0)
            {
                count++;
                Add(shell.Cgroup.V1MemoryTasksFd, sent, ref count);
                Add(shell.Cgroup.V1CpuTasksFd, sent, ref count);
                Add(shell.Cgroup.V1PidsTasksFd, sent, ref count);
                step = SetupStep.ControlSocket;
                var order = new ZygoteOrder { SandboxId = shell.Id, Serial = serial, Descriptors = (uint)count };
                result = Packets.Send(zygote.SocketFd, &order, sizeof(ZygoteOrder), null, 0, new ReadOnlySpan<int>(sent, count));
                Kernel.Close(sent[opened]);
            }

            count = ZygoteOrder.Namespaces;
        }

        for (var i = 0; i < count; i++)
            Kernel.Close(sent[i]);
        if (result < 0)
            return result;
        shell.Fork = ForkState.Asked;
        shell.OrderSerial = serial;
        return 0;
    }

    private static void Add(int fd, int* sent, ref int count)
    {
        if (fd >= 0)
            sent[count++] = fd;
    }

    /// <summary>It waits to be claimed now: see <see cref="Warm"/>.</summary>
    public void Rest(Shell shell)
    {
        var limits = Limits(shell.MemoryMb, shell.HardCpuCap);
        limits.CpuWeight = LeastCpuWeight;
        _cgroups.SetLimits(shell.Id, limits, out _);
    }

    private static int OpenNamespaces(int pid, int* opened, ref int count)
    {
        return Open("/ns/user\0"u8, pid, opened, ref count) is var user && user < 0 ? user
            : Open("/ns/mnt\0"u8, pid, opened, ref count) is var mount && mount < 0 ? mount
            : Open("/ns/pid\0"u8, pid, opened, ref count) is var ids && ids < 0 ? ids
            : Open("/ns/net\0"u8, pid, opened, ref count) is var network && network < 0 ? network
            : Open("/ns/ipc\0"u8, pid, opened, ref count) is var ipc && ipc < 0 ? ipc
            : Open("/ns/uts\0"u8, pid, opened, ref count) is var names && names < 0 ? names
            : Open("/ns/cgroup\0"u8, pid, opened, ref count);

        static int Open(ReadOnlySpan<byte> name, int pid, int* opened, ref int count)
        {
            var fd = IdMaps.OpenProc(pid, name, O.ReadOnly);
            if (fd >= 0)
                opened[count++] = fd;
            return fd;
        }
    }

    /// <summary>Starts one that will say when it is ready, in a group of its own.</summary>
    public int StartZygote(Zygote zygote, int program)
    {
        var language = _interpreters.LanguageOf(program);
        var limits = new CgroupLimits { MemoryMb = ZygoteMemoryMb, CpuWeight = 100, PidsMax = ZygotePids };
        var result = _cgroups.Create(zygote.GroupId, limits, ref zygote.Cgroup, out _);
        if (result < 0)
            return result;
        var runtime = _runtimes[language] < 0 ? _runtimes[language] : Tree(_runtimes[language], NoIdMap);
        result = runtime < 0 ? runtime : _trees.Open(_block->TreeFds);
        if (result >= 0)
        {
            result = CloneZygote(zygote, program, runtime);
            _trees.Close(_block->TreeFds);
        }

        Kernel.Close(runtime);
        zygote.Program = program;
        if (result >= 0)
            return 0;
        zygote.Cgroup.Close();
        _cgroups.Remove(zygote.GroupId);
        return result;
    }

    private int CloneZygote(Zygote zygote, int program, int runtime)
    {
        var sockets = stackalloc int[2];
        var result = Kernel.Socketpair(5 /* SOCK_SEQPACKET */ | O.Cloexec, sockets);
        if (result < 0)
            return result;
        // What it puts on its children, which fits into a pipe.
        var filter = stackalloc int[2];
        result = Kernel.Pipe2(filter, O.Cloexec);
        if (result >= 0)
        {
            result = Kernel.Write(filter[1], _block->ClosingFilter.Filter, (nuint)(_block->ClosingFilter.Length * sizeof(Hearth.Sandbox.Seccomp.SockFilter)));
            Kernel.Close(filter[1]);
            if (result >= 0)
            {
                RuntimeTable.WriteZygote(_interpreters.PathOf(program), _modules, new Span<byte>(_block->StartBlock, InitOrderMessage.MaxStartBlock), out _block->ArgumentBytes, out _block->EnvironmentBytes);
                _block->V1Tasks[0] = zygote.Cgroup.V1MemoryTasksFd;
                _block->V1Tasks[1] = zygote.Cgroup.V1CpuTasksFd;
                _block->V1Tasks[2] = zygote.Cgroup.V1PidsTasksFd;
                var pidfd = -1;
                var arguments = new CloneArgs
                {
                    Flags = CloneFlags.Pidfd | CloneFlags.IntoCgroup,
                    Pidfd = (ulong)(nint)(&pidfd),
                    ExitSignal = Sig.Chld,
                    Cgroup = (ulong)zygote.Cgroup.GroupFd,
                };
                result = Kernel.Clone3(&arguments);
                if (result == 0)
                    Init.BecomeZygote(_block, sockets[1], filter[0], runtime);
                zygote.Pid = result;
                zygote.Pidfd = pidfd;
                if (result > 0)
                    DieFirst(result);
            }

            Kernel.Close(filter[0]);
        }

        Kernel.Close(sockets[1]);
        if (result < 0)
        {
            Kernel.Close(sockets[0]);
            return result;
        }

        zygote.SocketFd = sockets[0];
        Packets.RefuseDescriptors(sockets[0]);
        return 0;
    }
}
