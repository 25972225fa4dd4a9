using Microsoft.Win32.SafeHandles;

namespace Hearth.Agent.Spawning;

/// <summary>The root process that makes sandboxes, seen from the agent. One implementation talks to it over its socket; tests use a fake.</summary>
public interface ISpawner
{
    /// <summary>Starts a sandbox with the code mounted and the runtime executing; frames may be written at once.</summary>
    /// <exception cref="SpawnerException">The spawner refused or failed; the message names the step, its target and the errno.</exception>
    Task<ISandbox> StartAsync(SandboxSpec spec, CancellationToken cancellationToken);

    /// <summary>A function with this runtime, interpreter (as in <see cref="SandboxSpec.Interpreter"/>) and memory setting (MB) may soon be started: what can be done ahead of that may be done.</summary>
    void Expect(RuntimeKind runtime, int interpreter, int memoryMb)
    {
    }

    /// <summary>False while the spawner is away. Every sandbox of a lost spawner is dead; <see cref="ISandbox.Exited"/> of each completes.</summary>
    bool IsConnected { get; }
}

public enum RuntimeKind : byte
{
    Python = 1,
    NodeJs = 2,
    Dotnet = 3,
    Provided = 4,
}

/// <param name="Runtime">Which runtime client is started.</param>
/// <param name="CodeSha256">32 bytes: the folder of that name (lower-case hex) in the code store becomes /var/task.</param>
/// <param name="Layers">At most 5 hashes; merged into /opt in this order.</param>
/// <param name="MemoryMb">128-10,240.</param>
/// <param name="TmpMb">512-10,240.</param>
/// <param name="HardCpuCap">cpu.max = MB/1769 of a CPU instead of a work-conserving weight.</param>
public sealed record SandboxSpec(
    RuntimeKind Runtime, ReadOnlyMemory<byte> CodeSha256, IReadOnlyList<ReadOnlyMemory<byte>> Layers, int MemoryMb, int TmpMb, bool HardCpuCap)
{
    /// <summary>The spawner's number for another interpreter than the language's default; 0 for that.</summary>
    public int Interpreter { get; init; }

    /// <summary>Its runtime is never forked from a zygote, whose other children share its memory layout and hash secret.</summary>
    public bool IsExecuted { get; init; }

    /// <summary>The language's client is a child of the adapter, which serves extensions; not with <see cref="RuntimeKind.Provided"/>, which is the adapter.</summary>
    public bool BehindAdapter { get; init; }
}

/// <summary>One running sandbox. The pipe ends belong to this object; <see cref="ResetAsync"/> replaces all three.</summary>
public interface ISandbox
{
    /// <summary>1 to 2^63 - 1; unique for the life of the spawner, and the next one's cannot be guessed.</summary>
    ulong Id { get; }

    /// <summary>Where Init, Invoke and Shutdown frames are written. Non-blocking.</summary>
    SafeFileHandle Requests { get; }

    /// <summary>Where the runtime's frames are read. Non-blocking.</summary>
    SafeFileHandle Responses { get; }

    /// <summary>stdout and stderr of everything in the sandbox. Non-blocking.</summary>
    SafeFileHandle Logs { get; }

    /// <summary>Completes when the runtime process that is running now has ended; after <see cref="ResetAsync"/> it is a new task.</summary>
    Task<RuntimeExit> Exited { get; }

    /// <summary>Kills every process in the sandbox and starts the runtime again in the same shell: /tmp stays, memory does not (AWS: environment reset).
    /// The pipes and <see cref="Exited"/> are new afterwards.</summary>
    /// <exception cref="SpawnerException">The shell could not be kept (its init failed or it took over a second): destroy it.</exception>
    Task ResetAsync(CancellationToken cancellationToken);

    void Freeze();

    void Thaw();

    SandboxStats ReadStats();

    /// <summary><see cref="SandboxStats.MemoryPeakBytes"/> alone, after each invocation: one read of a file, and none that makes the kernel add up what all processors counted.</summary>
    long ReadMemoryPeakBytes() => ReadStats().MemoryPeakBytes;

    /// <summary>Kills and removes everything of the sandbox. Idempotent; completes when nothing of it is left.</summary>
    Task DestroyAsync();
}

/// <param name="ExitCode">The exit status when <paramref name="Signal"/> is 0.</param>
/// <param name="Signal">The signal that ended the runtime, or 0.</param>
/// <param name="OutOfMemory">The memory limit killed a process of this sandbox.</param>
/// <param name="SandboxLost">The whole sandbox ended with it (its init died, the spawner died): it cannot be reset.</param>
public readonly record struct RuntimeExit(int ExitCode, int Signal, bool OutOfMemory, bool SandboxLost);

/// <param name="MemoryBytes">Charged to the cgroup now.</param>
/// <param name="MemoryPeakBytes">Most ever charged to it.</param>
/// <param name="CpuUsec">User and system time of all its processes, microseconds.</param>
/// <param name="OomKills">Processes that its memory limit has killed.</param>
public readonly record struct SandboxStats(long MemoryBytes, long MemoryPeakBytes, long CpuUsec, long OomKills);

/// <summary>The spawner refused or failed.</summary>
public sealed class SpawnerException(string message) : Exception(message)
{
    /// <summary>A zygote ended, and may have taken the start with it: no fault of the function's.</summary>
    internal bool IsZygotes { get; init; }
}
