using System.Runtime.InteropServices;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;

namespace Hearth.Sandbox.Protocol;

/// <summary>What the spawner tells a sandbox's init, over a SOCK_SEQPACKET pair. Both are the same binary: no version.</summary>
public enum InitOrder : uint
{
    /// <summary>The maps and v1 groups are written: set up the sandbox. Answered Ready.</summary>
    Go = 1,

    /// <summary>Mount what <see cref="InitOrderMessage.Mounts"/> says, then start the runtime with the three pipe ends that come last. A start block follows the message.</summary>
    Claim = 2,

    /// <summary>Kill all, start the runtime again with the three pipe ends that come along.</summary>
    Reset = 3,

    /// <summary>Kill all but init (a process of the group ran into the memory limit).</summary>
    KillAll = 4,

    /// <summary>Mount what <see cref="InitOrderMessage.Mounts"/> says; the runtime runs already. Answered Attached.</summary>
    Attach = 5,
}

/// <summary>What the descriptors of a Claim are, in this order.</summary>
[Flags]
public enum ClaimMounts : uint
{
    Code = 1,
    Runtime = 2,
    Layers = 4,

    /// <summary>Another /tmp than the one that the sandbox was made with.</summary>
    Tmp = 8,
}

[ProtocolStruct(24)]
[StructLayout(LayoutKind.Sequential)]
public struct InitOrderMessage
{
    public InitOrder Order;
    public ClaimMounts Mounts;
    public uint Generation;

    /// <summary>Bytes of NUL-terminated arguments, then of NUL-terminated environment entries, that follow.</summary>
    public int ArgumentBytes;
    public int EnvironmentBytes;
    public int MemoryMb;

    /// <summary>Longest start block that init has room for.</summary>
    public const int MaxStartBlock = 4096;
}

public enum InitReport : uint
{
    Ready = 1,
    Started = 2,
    Exited = 3,
    Failed = 4,
    Attached = 5,
}

[ProtocolStruct(20)]
[StructLayout(LayoutKind.Sequential)]
public struct InitReportMessage
{
    public InitReport Report;

    /// <summary>Positive errno of Failed.</summary>
    public int Error;
    public SetupStep Step;
    public ushort Reserved;

    /// <summary>Wait status of Exited.</summary>
    public int Status;
    public uint Generation;
}
