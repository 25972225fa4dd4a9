using System.Runtime.InteropServices;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;

namespace Hearth.Sandbox.Protocol;

/// <summary>
/// The spawner has a zygote fork a child into a sandbox. With it come, in this order: the sandbox's namespaces (user, mount, pid, net, ipc, uts, cgroup), the child's
/// ends of the pipes (requests, responses, logs), cgroup.procs of its v2 group, and tasks of its v1 groups, memory first, where there are any. All opened by root.
/// </summary>
[ProtocolStruct(16)]
[StructLayout(LayoutKind.Sequential)]
public struct ZygoteOrder
{
    public ulong SandboxId;

    /// <summary>Of this order and of no other of this spawner.</summary>
    public uint Serial;

    /// <summary>How many come along: with fewer, the child would be in some of its groups only.</summary>
    public uint Descriptors;

    public const int Namespaces = 7, Pipes = 3, MaxGroups = 4;
}

/// <summary>What became of an order, or with sandbox 0 that the zygote is ready.</summary>
[ProtocolStruct(24)]
[StructLayout(LayoutKind.Sequential)]
public struct ZygoteReport
{
    public ulong SandboxId;
    public uint Serial;

    /// <summary>Of the child, in the spawner's PID namespace: its parent has ended, so it is the spawner's own by now.</summary>
    public int Pid;

    /// <summary>0, or a positive errno of <see cref="Step"/>: there is no child.</summary>
    public int Error;
    public SetupStep Step;
    public ushort Reserved;
}
