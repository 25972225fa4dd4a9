using System.Runtime.InteropServices;
using Hearth.Sandbox.Cgroups;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;

namespace Hearth.Spawner;

/// <summary>
/// What the spawner does for one sandbox, as root: parts first (tmp, cgroup, root), then the clone, then what only a parent can write (maps). Every
/// method returns 0 or -errno with its step and undoes what it did; none allocates managed memory once the spawner has started.
/// </summary>
internal sealed unsafe partial class ShellMaker
{
    private const int PidsMax = 1024;
    private const int LeastCpuWeight = 1;
    private const int PipeBytes = 256 * 1024;
    // No errno.
    private const int NoIdMap = int.MinValue;
    private const int FSetPipeSize = 1031, FSetFlags = 4;

    private readonly CgroupDriver _cgroups;
    private readonly TmpImages _tmp;
    private readonly Interpreters _interpreters;
    private readonly byte[][] _modules;
    private readonly SandboxUsers _users;
    private readonly IdMaps _idMaps;
    private readonly RootTrees _trees;
    private readonly InitBlock* _block;
    private readonly byte* _empty = InitBlock.Text("");
    private readonly int _codeStore;
    private readonly int[] _runtimes = new int[RuntimeTable.Folders.Length];
    private readonly uint* _capabilities = (uint*)NativeMemory.AllocZeroed(CapHeader.Words * sizeof(uint));
    private readonly byte* _startBlock = (byte*)NativeMemory.AllocZeroed(InitOrderMessage.MaxStartBlock);

    public ShellMaker(RootFolder data, SandboxUsers users, CgroupDriver cgroups, TmpImages tmp, Interpreters interpreters, IReadOnlyList<string> modules)
    {
        _modules = [.. modules.Select(System.Text.Encoding.ASCII.GetBytes)];
        _interpreters = interpreters;
        _users = users;
        _idMaps = new IdMaps(users);
        _cgroups = cgroups;
        _tmp = tmp;
        _trees = RootTrees.Find($"{data.Path}/root");
        LinuxException.Check(Kernel.GetCapabilities(_capabilities), "capget", "");
        _block = InitBlock.Create($"{data.Path}/root", _trees);

        // The agent's: nothing in it is ever opened by path.
        _codeStore = LinuxException.Check(data.TryBelow("code"), "openat2", $"{data.Path}/code");
        for (var i = 1; i < _runtimes.Length; i++)
            _runtimes[i] = data.TryBelow($"runtimes/{RuntimeTable.Folders[i]}");
    }

    /// <summary>Clones a sandbox whose init then waits for <see cref="InitOrder.Go"/>, which is sent here too.</summary>
    public int Create(Shell shell, in CreateRequest request, out SetupStep step)
    {
        var tmp = _tmp.Take(request.TmpMb, _users.RootOf(shell.Slot), out step);
        if (tmp < 0)
            return tmp;
        step = SetupStep.RootTree;
        var result = _trees.Open(_block->TreeFds);
        if (result >= 0)
        {
            step = SetupStep.Cgroup;
            result = _cgroups.Create(shell.Id, Limits(request.MemoryMb, request.HardCpuCap), ref shell.Cgroup, out _);
            if (result >= 0)
            {
                result = Clone(shell, tmp, out step);
                if (result < 0)
                {
                    shell.Cgroup.Close();
                    _cgroups.Remove(shell.Id);
                }
            }

            _trees.Close(_block->TreeFds);
        }

        Kernel.Close(tmp);
        shell.MemoryMb = request.MemoryMb;
        shell.HardCpuCap = request.HardCpuCap;
        shell.TmpMb = request.TmpMb;
        return result < 0 ? result : 0;
    }

    private static CgroupLimits Limits(int memoryMb, int hardCpuCap) => new()
    {
        MemoryMb = memoryMb,
        CpuWeight = Math.Clamp((memoryMb * 100 + 884) / 1769, 1, 10_000),
        CpuMaxUsecPer100ms = hardCpuCap == 0 ? 0 : Math.Max(1000, (int)(memoryMb * 100_000L / 1769)),
        PidsMax = PidsMax,
    };

    private int Clone(Shell shell, int tmp, out SetupStep step)
    {
        var sockets = stackalloc int[2];
        step = SetupStep.ControlSocket;
        var result = Kernel.Socketpair(5 /* SOCK_SEQPACKET */ | O.Cloexec, sockets);
        if (result < 0)
            return result;
        _block->ControlFd = sockets[1];
        _block->TmpTreeFd = tmp;
        _block->V1Tasks[0] = shell.Cgroup.V1MemoryTasksFd;
        _block->V1Tasks[1] = shell.Cgroup.V1CpuTasksFd;
        _block->V1Tasks[2] = shell.Cgroup.V1PidsTasksFd;
        _block->Generation = 0;
        int pidfd = -1;
        var arguments = new CloneArgs
        {
            Flags = CloneFlags.NewUser | CloneFlags.NewNs | CloneFlags.NewPid | CloneFlags.NewNet | CloneFlags.NewIpc | CloneFlags.NewUts | CloneFlags.Pidfd | CloneFlags.IntoCgroup,
            Pidfd = (ulong)(nint)(&pidfd),
            ExitSignal = Sig.Chld,
            Cgroup = (ulong)shell.Cgroup.GroupFd,
        };

        // The new user namespace belongs to whoever makes it: to the zygote's user, who can then enter it without a right on the host. The file system user stays
        // root's, since CLONE_INTO_CGROUP asks for write access to the group.
        Kernel.Setresuid(uint.MaxValue, Identity.Zygote, uint.MaxValue);
        Kernel.Setfsuid(0);
        // With the user went the effective capabilities. A kernel that lets only the privileged make user namespaces (Ubuntu's AppArmor, Debian's sysctl) looks at them.
        Kernel.SetCapabilities(_capabilities);
        var pid = Kernel.Clone3(&arguments);
        if (pid == 0)
            Init.Run(_block);
        Kernel.Setresuid(uint.MaxValue, 0, uint.MaxValue);
        ParentDeath.Renew();

        step = SetupStep.Clone;
        Kernel.Close(sockets[1]);
        if (pid < 0)
        {
            Kernel.Close(sockets[0]);
            return pid;
        }

        shell.InitPid = pid;
        shell.InitPidfd = pidfd;
        shell.ControlFd = sockets[0];
        Packets.RefuseDescriptors(sockets[0]);
        result = Furnish(shell, out step);
        if (result >= 0)
        {
            // Made here, where nobody waits for it: Claim needs it.
            if (_idMaps.Supported)
                _idMaps.CodeNamespace(shell.Slot);
            return 0;
        }

        Kernel.Kill(pid, Sig.Kill);
        int status;
        Kernel.Wait4(pid, &status, 0);
        Kernel.Close(pidfd);
        Kernel.Close(sockets[0]);
        shell.InitPidfd = shell.ControlFd = -1;
        return result;
    }

    private int Furnish(Shell shell, out SetupStep step)
    {
        var result = _idMaps.WriteSandboxMaps(shell.InitPid, shell.Slot, out step);
        if (result < 0)
            return result;

        DieFirst(shell.InitPid);
        var user = _idMaps.RootNamespace(shell.Slot);
        if (user >= 0)
            _trees.Map(_block->TreeFds, user);
        step = SetupStep.ControlSocket;
        var go = new InitOrderMessage { Order = InitOrder.Go };
        return Packets.Send(shell.ControlFd, &go, sizeof(InitOrderMessage), null, 0, []);
    }

    /// <summary>On a host out of memory a sandbox dies before the host's own work. Inherited by all that the process forks.</summary>
    private static void DieFirst(int pid)
    {
        fixed (byte* score = "900"u8)
            IdMaps.WriteProc(pid, "/oom_score_adj\0"u8, score, 3);
    }

    /// <summary>Whether the agent may ask for it.</summary>
    public bool HasRuntime(int runtime) => _interpreters.LanguageOf(runtime) != 0;

    /// <summary>What is started for a number that <see cref="HasRuntime"/> knows: 1-4.</summary>
    public int LanguageOf(int runtime) => _interpreters.LanguageOf(runtime);

    /// <summary>That of provided is the adapter itself.</summary>
    public bool MayBeBehindAdapter(int runtime, int behindAdapter) => behindAdapter == 0 || (behindAdapter == 1 && _interpreters.LanguageOf(runtime) != RuntimeTable.Provided);

    /// <param name="forks">By a zygote: nothing is started here, see <see cref="Fork"/>.</param>
    public int Warm(Shell shell, WarmRequest* request, bool forks, out SetupStep step)
    {
        step = SetupStep.Cgroup;
        shell.MemoryMb = request->MemoryMb;
        shell.HardCpuCap = request->HardCpuCap;
        // Whatever else runs has an invocation that waits for it. The claim gives it its share. A zygote waits for what it forks until that has joined the sandbox.
        var limits = Limits(shell.MemoryMb, shell.HardCpuCap);
        if (!forks)
            limits.CpuWeight = LeastCpuWeight;
        var result = _cgroups.SetLimits(shell.Id, limits, out _);
        if (result < 0)
            return result;
        shell.BehindAdapter = false;
        var runtime = RuntimeTree(shell, request->Runtime, out step);
        if (runtime < 0)
            return runtime;
        var mounts = new ReadOnlySpan<int>(in runtime);
        result = forks ? StartFork(shell, ClaimMounts.Runtime, mounts, out step) : Start(shell, InitOrder.Claim, ClaimMounts.Runtime, mounts, out step);
        Kernel.Close(runtime);
        return result;
    }

    /// <inheritdoc cref="Warm"/>
    public int Claim(Shell shell, ClaimRequest* request, bool forks, out SetupStep step)
    {
        shell.BehindAdapter = request->BehindAdapter != 0;
        var runtime = RuntimeTree(shell, request->Runtime, out step);
        if (runtime < 0)
            return runtime;
        var result = Claim(shell, request, runtime, forks, out step);
        Kernel.Close(runtime);
        return result;
    }

    /// <summary>The runtime is there, and runs.</summary>
    public int ClaimWarm(Shell shell, ClaimRequest* request, out SetupStep step) => Claim(shell, request, -1, forks: false, out step);

    /// <param name="runtime">Its mount, or negative: it was started before.</param>
    private int Claim(Shell shell, ClaimRequest* request, int runtime, bool forks, out SetupStep step)
    {
        step = SetupStep.Cgroup;
        var result = SetLimits(shell, request, isWarm: runtime < 0);
        if (result < 0)
            return result;
        var (code, layers, tmp) = (CodeTree(request->Code, shell.Slot, out step), -1, -1);
        result = code;
        if (result >= 0 && request->LayerCount > 0)
        {
            result = layers = CodeTree(request->Layers, shell.Slot, out step);
            if (result < 0)
                step = SetupStep.LayerTree;
        }

        if (result >= 0 && request->TmpMb != 0 && request->TmpMb != shell.TmpMb)
            result = tmp = _tmp.Take(request->TmpMb, _users.RootOf(shell.Slot), out step);
        if (result >= 0)
        {
            var mounts = stackalloc int[InitBlock.MaxMounts];
            var kinds = default(ClaimMounts);
            var count = 0;
            Add(ClaimMounts.Code, code, ref kinds, mounts, ref count);
            Add(ClaimMounts.Runtime, runtime, ref kinds, mounts, ref count);
            Add(ClaimMounts.Layers, layers, ref kinds, mounts, ref count);
            Add(ClaimMounts.Tmp, tmp, ref kinds, mounts, ref count);
            var sent = new ReadOnlySpan<int>(mounts, count);
            result = runtime < 0 ? Attach(shell, kinds, sent, out step)
                : forks ? StartFork(shell, kinds, sent, out step) : Start(shell, InitOrder.Claim, kinds, sent, out step);
        }

        Kernel.Close(code);
        Kernel.Close(layers);
        Kernel.Close(tmp);
        return result;
    }

    private static void Add(ClaimMounts kind, int mount, ref ClaimMounts kinds, int* mounts, ref int count)
    {
        if (mount < 0)
            return;
        kinds |= kind;
        mounts[count++] = mount;
    }

    private static int Attach(Shell shell, ClaimMounts kinds, ReadOnlySpan<int> mounts, out SetupStep step)
    {
        step = SetupStep.ControlSocket;
        var order = new InitOrderMessage { Order = InitOrder.Attach, Mounts = kinds };
        return Packets.Send(shell.ControlFd, &order, sizeof(InitOrderMessage), null, 0, mounts);
    }

    private int RuntimeTree(Shell shell, int program, out SetupStep step)
    {
        shell.Program = program;
        shell.RuntimeKind = _interpreters.LanguageOf(program);
        step = SetupStep.RuntimeTree;
        return _runtimes[shell.RuntimeKind] < 0 ? _runtimes[shell.RuntimeKind] : Tree(_runtimes[shell.RuntimeKind], NoIdMap);
    }

    private int SetLimits(Shell shell, ClaimRequest* request, bool isWarm)
    {
        if (request->MemoryMb == 0 && !isWarm)
            return 0;
        if (request->MemoryMb != 0)
            (shell.MemoryMb, shell.HardCpuCap) = (request->MemoryMb, request->HardCpuCap);
        return _cgroups.SetLimits(shell.Id, Limits(shell.MemoryMb, shell.HardCpuCap), out _);
    }

    public int Reset(Shell shell, out SetupStep step)
    {
        Thaw(shell);
        return Start(shell, InitOrder.Reset, default, [], out step);
    }

    /// <summary>A frozen sandbox cannot be killed from inside.</summary>
    public static void Thaw(Shell shell)
    {
        fixed (byte* thaw = "0"u8)
            Kernel.Write(shell.Cgroup.FreezeFd, thaw, 1);
    }

    /// <summary>New pipes; init gets its ends with the order, the agent's ends wait in the shell until init has started the runtime.</summary>
    private int Start(Shell shell, InitOrder kind, ClaimMounts kinds, ReadOnlySpan<int> mounts, out SetupStep step)
    {
        // After a reset too: what was warmed once has its code then, and the claim may have changed its size.
        var isWarming = kind == InitOrder.Claim && (kinds & ClaimMounts.Code) == 0;
        var result = GivePipes(shell, out step);
        return result < 0 ? result : Order(shell, kind, kinds, mounts, isWarming, out step);
    }

    private static int GivePipes(Shell shell, out SetupStep step)
    {
        step = SetupStep.Pipes;
        var pipes = stackalloc int[6] { -1, -1, -1, -1, -1, -1 };
        var result = MakePipes(pipes);
        (shell.RuntimeRequests, shell.AgentRequests) = (pipes[0], pipes[1]);
        (shell.AgentResponses, shell.RuntimeResponses) = (pipes[2], pipes[3]);
        (shell.AgentLogs, shell.RuntimeLogs) = (pipes[4], pipes[5]);
        shell.Generation++;
        if (result < 0)
            shell.ClosePipes();
        return result;
    }

    /// <summary>Tells init to start the runtime, with its ends of the pipes that were given.</summary>
    private int Order(Shell shell, InitOrder kind, ClaimMounts kinds, ReadOnlySpan<int> mounts, bool isWarming, out SetupStep step)
    {
        var order = new InitOrderMessage { Order = kind, Mounts = kinds, MemoryMb = shell.MemoryMb, Generation = shell.Generation };
        RuntimeTable.Write(
            shell.RuntimeKind, _interpreters.PathOf(shell.Program), shell.BehindAdapter, shell.MemoryMb, isWarming, new Span<byte>(_startBlock, InitOrderMessage.MaxStartBlock), out order.ArgumentBytes, out order.EnvironmentBytes);
        var sent = stackalloc int[InitBlock.MaxReceived];
        mounts.CopyTo(new Span<int>(sent, InitBlock.MaxReceived));
        sent[mounts.Length] = shell.RuntimeRequests;
        sent[mounts.Length + 1] = shell.RuntimeResponses;
        sent[mounts.Length + 2] = shell.RuntimeLogs;
        step = SetupStep.ControlSocket;
        var result = Packets.Send(shell.ControlFd, &order, sizeof(InitOrderMessage), _startBlock, order.ArgumentBytes + order.EnvironmentBytes, new ReadOnlySpan<int>(sent, mounts.Length + 3));
        if (result < 0)
            shell.ClosePipes();
        else
            shell.CloseRuntimePipes();
        return result < 0 ? result : 0;
    }

    /// <summary>requests, responses, logs: read and write end of each. The agent's ends do not block; the runtime's do.</summary>
    private static int MakePipes(int* pipes)
    {
        for (var i = 0; i < 6; i += 2)
        {
            var result = Kernel.Pipe2(pipes + i, O.Cloexec);
            if (result < 0)
                return result;
        }

        // Made by root, so that the kernel's limit on pipe memory of an unprivileged user does not shrink them.
        Kernel.Fcntl(pipes[0], FSetPipeSize, PipeBytes);
        Kernel.Fcntl(pipes[2], FSetPipeSize, PipeBytes);
        Kernel.Fcntl(pipes[1], FSetFlags, O.Nonblock);
        Kernel.Fcntl(pipes[2], FSetFlags, O.Nonblock);
        Kernel.Fcntl(pipes[4], FSetFlags, O.Nonblock);
        return 0;
    }

    private int CodeTree(byte* hash, int slot, out SetupStep step)
    {
        var name = stackalloc byte[(SpawnerProtocol.HashLength * 2) + 1];
        for (var i = 0; i < SpawnerProtocol.HashLength; i++)
        {
            name[2 * i] = Hex(hash[i] >> 4);
            name[(2 * i) + 1] = Hex(hash[i] & 15);
        }

        name[SpawnerProtocol.HashLength * 2] = 0;
        step = SetupStep.CodeOpen;
        var folder = Kernel.OpenBeneath(_codeStore, name, O.Path | O.Directory | O.NoFollow | O.Cloexec);
        if (folder < 0)
            return folder;
        step = SetupStep.IdMapNamespace;
        var user = _idMaps.Supported ? _idMaps.CodeNamespace(slot) : NoIdMap;
        if (user < 0 && user != NoIdMap)
        {
            Kernel.Close(folder);
            return user;
        }

        step = SetupStep.CodeTree;
        var tree = Tree(folder, user);
        if (user >= 0 && tree is -Errno.EINVAL or -Errno.EPERM or -Errno.EOPNOTSUPP)
        {
            // A file system without idmapped mounts. What passes, such as too many open files, is no such answer.
            _idMaps.Supported = false;
            tree = Tree(folder, NoIdMap);
        }

        Kernel.Close(folder);
        return tree;
    }

    /// <summary>A detached, read-only copy of a folder as a mount of its own.</summary>
    private int Tree(int folder, int idMapNamespace)
    {
        var tree = Kernel.OpenTreeClone_(folder, _empty, recursive: false);
        if (tree < 0)
            return tree;
        var attributes = new MountAttr { Set = MountAttr.ReadOnly | MountAttr.NoSuid | MountAttr.NoDev };
        if (idMapNamespace != NoIdMap)
        {
            attributes.Set |= MountAttr.IdMap;
            attributes.UserNamespace = (ulong)idMapNamespace;
        }

        var result = Kernel.MountSetattr(tree, _empty, recursive: false, &attributes);
        if (result >= 0)
            return tree;
        Kernel.Close(tree);
        return result;
    }

    private static byte Hex(int digit) => (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
}
