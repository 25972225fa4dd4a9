using System.Runtime.InteropServices;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;

namespace Hearth.Sandbox.Protocol;

/// <summary>
/// Agent and spawner talk over a SOCK_SEQPACKET Unix socket: one message a packet, fixed layout, numbers and hashes only - never a path, an argument list, a user
/// or a mount. The spawner checks every field and treats the sender as hostile; a packet of another length than its request's ends the connection.
/// The order of answers is not that of the requests: <see cref="RequestHeader.Tag"/> pairs them.
/// </summary>
public static class SpawnerProtocol
{
    public const ushort Version = 4;

    /// <summary>Descriptors that come with the answer to <see cref="RequestKind.Create"/>, in the order of <see cref="ShellFd"/>; absent ones are /dev/null.</summary>
    public const int ShellFdCount = 8;

    /// <summary>With the answer to Claim and Reset: requests (write), responses (read), logs (read).</summary>
    public const int PipeFdCount = 3;

    public const int HashLength = 32;
    public const int MaxLayers = 5;
}

public enum RequestKind : ushort
{
    /// <summary>First packet of the agent. Answered with the cgroup mode in <see cref="Answer.Value"/> (1 = v2, 2 = hybrid).</summary>
    Hello = 1,

    /// <summary>Makes an empty sandbox: namespaces, root, /tmp, cgroup, init. Whose it will be need not be known yet.</summary>
    Create = 2,

    /// <summary>
    /// Gives a sandbox its limits and mounts code in it. An empty one gets the runtime too, which is started: the answer comes with the pipes. In one that was warmed
    /// it runs already, and the answer comes without.
    /// </summary>
    Claim = 3,

    /// <summary>Kills everything in a claimed sandbox and starts the runtime again; /tmp stays.</summary>
    Reset = 4,

    /// <summary>Kills and removes a sandbox. Answered when nothing of it is left.</summary>
    Destroy = 5,

    /// <summary>
    /// Is the spawner at work, and how is it? Answered at once: <see cref="Answer.Value"/> is the managed memory that it has allocated since it said "ready", in
    /// bytes (it should be 0: a process that forks must not be in the middle of a collection), <see cref="Answer.Generation"/> the number of its sandboxes.
    /// </summary>
    Status = 6,

    /// <summary>
    /// Starts a runtime in an empty sandbox before it is known for which function: it says Hello and waits for Init, which must not come before the claim. Until then it
    /// has the least weight of CPU.
    /// </summary>
    Warm = 7,
}

/// <summary>Index of each descriptor in the answer to Create.</summary>
public enum ShellFd
{
    InitPidfd = 0,
    Freeze = 1,
    Kill = 2,
    Events = 3,
    Oom = 4,
    MemoryPeak = 5,
    MemoryCurrent = 6,
    CpuStat = 7,
}

[ProtocolStruct(16)]
[StructLayout(LayoutKind.Sequential)]
public struct RequestHeader
{
    public ushort Version;
    public RequestKind Kind;

    /// <summary>Comes back in the answer.</summary>
    public uint Tag;

    /// <summary>Chosen by the agent: 1 to 2^63 - 1, not in use. The agent begins at a random one, since the name of a cgroup is made of it.</summary>
    public ulong SandboxId;

    public const ulong MaxSandboxId = long.MaxValue;
}

[ProtocolStruct(32)]
[StructLayout(LayoutKind.Sequential)]
public struct CreateRequest
{
    public RequestHeader Header;

    /// <summary>128-10,240.</summary>
    public int MemoryMb;

    /// <summary>512-10,240.</summary>
    public int TmpMb;

    /// <summary>1 = cpu.max of MB/1769 CPUs, 0 = weight only.</summary>
    public int HardCpuCap;

    public int Reserved;
}

[ProtocolStruct(32)]
[StructLayout(LayoutKind.Sequential)]
public struct WarmRequest
{
    public RequestHeader Header;

    /// <summary>As in <see cref="ClaimRequest"/>, whose runtime must then be the same.</summary>
    public int Runtime;

    /// <summary>128-10,240: what the runtime is told that it has.</summary>
    public int MemoryMb;

    /// <summary>As in <see cref="CreateRequest"/>.</summary>
    public int HardCpuCap;

    /// <summary>1 = never by a zygote, 0 = by one where there is one.</summary>
    public int IsExecuted;
}

[ProtocolStruct(240)]
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ClaimRequest
{
    public RequestHeader Header;

    /// <summary>1 python, 2 nodejs, 3 dotnet, 4 provided, each with its default interpreter; from 16 on another one, by its number in etc/hearth-interpreters.</summary>
    public int Runtime;

    /// <summary>0-5.</summary>
    public int LayerCount;

    /// <summary>128-10,240, or 0: memory and CPU stay as Create set them.</summary>
    public int MemoryMb;

    /// <summary>512-10,240, or 0: the /tmp that Create made.</summary>
    public int TmpMb;

    /// <summary>As in <see cref="CreateRequest"/>; 0 without <see cref="MemoryMb"/>.</summary>
    public int HardCpuCap;

    /// <summary>As in <see cref="WarmRequest"/>.</summary>
    public int IsExecuted;

    /// <summary>1 = the language's client runs as a child of the adapter, for extensions; only of python, nodejs and dotnet, and of an empty sandbox.</summary>
    public int BehindAdapter;

    public int Reserved;

    public fixed byte Code[SpawnerProtocol.HashLength];
    public fixed byte Layers[SpawnerProtocol.HashLength * SpawnerProtocol.MaxLayers];
}

public enum AnswerKind : ushort
{
    /// <summary>To a request; <see cref="Answer.Tag"/> says which.</summary>
    Reply = 1,

    /// <summary>The runtime process of a sandbox ended; <see cref="Answer.Value"/> is its wait status, <see cref="Answer.Flags"/> bit 0 = out of memory.</summary>
    RuntimeExited = 2,

    /// <summary>Init of a sandbox ended unasked: nothing lives in it any more. It still has to be destroyed.</summary>
    SandboxLost = 3,
}

/// <summary>Every packet of the spawner.</summary>
[ProtocolStruct(32)]
[StructLayout(LayoutKind.Sequential)]
public struct Answer
{
    public ushort Version;
    public AnswerKind Kind;
    public uint Tag;
    public ulong SandboxId;

    /// <summary>0, or a positive errno.</summary>
    public int Error;

    public SetupStep Step;
    public ushort Flags;
    public int Value;

    /// <summary>In the event <see cref="AnswerKind.RuntimeExited"/>: counts the runtimes of this sandbox, so that an exit is not taken for that of a successor.</summary>
    public uint Generation;

    public const ushort FlagOutOfMemory = 1;
}
