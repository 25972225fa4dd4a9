using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Tmds.Linux;

namespace Hearth.Spawner;

// Between clone and exec of a zygote: what Init.cs says of a sandbox's init holds here as well.
internal static unsafe partial class Init
{
    /// <summary>
    /// A root like a sandbox's with the runtime's client in it, no network, no /proc and no /tmp. PID and user namespace stay the host's: it enters those of sandboxes,
    /// which are below. Executes what the block's start block says, with the socket as 3 and the filter as 4. Never returns; the exit code of a failure is 127.
    /// </summary>
    public static void BecomeZygote(InitBlock* block, int socket, int filter, int runtime)
    {
        const int none = -1;
        // Nobody reads reports of this one.
        block->ControlFd = none;
        var parent = (int)LibC.getppid();
        EnterV1Groups(block);
        DefaultSignals();
        Must(block, SetupStep.InitIdentity, Kernel.Unshare(CloneFlags.NewNs | CloneFlags.NewNet | CloneFlags.NewIpc | CloneFlags.NewUts | CloneFlags.NewCgroup));
        AttachRoot(block);
        Must(block, SetupStep.AttachRuntime, Kernel.MoveMount(runtime, block->RuntimePath + 1));
        EnterRoot(block);

        var high = Kernel.Fcntl(socket, FDupfdCloexec, 100);
        RuntimeMust(none, SetupStep.RuntimeFds, high);
        var highFilter = Kernel.Fcntl(filter, FDupfdCloexec, 101);
        RuntimeMust(none, SetupStep.RuntimeFds, highFilter);
        var nothing = Kernel.Openat(Kernel.AtFdcwd, block->DevNull, O.ReadOnly, 0);
        RuntimeMust(none, SetupStep.RuntimeFds, nothing);
        RuntimeMust(none, SetupStep.RuntimeFds, Kernel.Dup2(high, 3));
        RuntimeMust(none, SetupStep.RuntimeFds, Kernel.Dup2(highFilter, 4));
        if (nothing != 0)
            RuntimeMust(none, SetupStep.RuntimeFds, Kernel.Dup2(nothing, 0));
        // Errors go where the spawner's go.
        RuntimeMust(none, SetupStep.RuntimeFds, Kernel.Dup2(2, 1));
        RuntimeMust(none, SetupStep.RuntimeFds, Kernel.CloseRange(5, uint.MaxValue));
        Kernel.Setsid();
        Kernel.SetSignalMask(0);
        Kernel.Umask(0x12 /* 022 */);

        // Its children have its limits. On core files: see SetUp.
        Limit(none, Rlimit.Core, 1, 1);
        SetLimits(none);
        // None on processes: the kernel counts what sandboxes run for the owner of their user namespaces too, which is this user, so a neighbour's threads would keep it
        // from forking. Its children set their own.
        DropBounding();
        RuntimeMust(none, SetupStep.RuntimeIdentity, Kernel.Setresgid(Identity.Zygote, Identity.Zygote, Identity.Zygote));
        RuntimeMust(none, SetupStep.RuntimeIdentity, Kernel.Setgroups(0, null));
        RuntimeMust(none, SetupStep.RuntimeIdentity, Kernel.Setresuid(Identity.Zygote, Identity.Zygote, Identity.Zygote));
        RuntimeMust(none, SetupStep.RuntimeCapabilities, Kernel.Prctl(Pr.CapAmbient, Pr.CapAmbientClearAll, 0, 0, 0));
        RuntimeMust(none, SetupStep.RuntimeCapabilities, Kernel.ClearCapabilities());
        RuntimeMust(none, SetupStep.InitParentDeath, Kernel.Prctl(Pr.SetPdeathsig, Sig.Kill, 0, 0, 0));
        if ((int)LibC.getppid() != parent)
            Kernel.ExitGroup(127);

        var arguments = stackalloc byte*[InitBlock.MaxArguments + 1];
        var environment = stackalloc byte*[InitBlock.MaxEnvironment + 1];
        Split(block->StartBlock, block->ArgumentBytes, arguments, InitBlock.MaxArguments);
        Split(block->StartBlock + block->ArgumentBytes, block->EnvironmentBytes, environment, InitBlock.MaxEnvironment);
        RuntimeMust(none, SetupStep.InitNoNewPrivs, Kernel.Prctl(Pr.SetNoNewPrivs, 1, 0, 0, 0));
        RuntimeMust(none, SetupStep.InitSeccomp, Kernel.SeccompSetFilter(&block->BaseFilter));
        RuntimeMust(none, SetupStep.RuntimeExec, Kernel.Execve(arguments[0], arguments, environment));
    }
}
