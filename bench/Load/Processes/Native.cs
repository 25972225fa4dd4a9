using System.Runtime.InteropServices;

namespace Hearth.Bench.Load.Processes;

/// <summary>
/// What .NET's Process does not give: a start without its set-up cost (posix_spawn, so that peers are not charged for ours), a blocking wait that tells the CPU time
/// of the child and all that it reaped, signals, and a sleep that ends at a point in time.
/// </summary>
internal static unsafe partial class Native
{
    public const int SigInt = 2, SigKill = 9, SigTerm = 15;

    /// <summary>Bytes of glibc's struct rusage.</summary>
    public const int RusageSize = 144;

    /// <summary>More than glibc's and musl's posix_spawn_file_actions_t have.</summary>
    public const int FileActionsSize = 256;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    public static partial int PosixSpawn(out int pid, byte* path, void* fileActions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int FileActionsInit(void* fileActions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int FileActionsDestroy(void* fileActions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int FileActionsDup2(void* fileActions, int fd, int target);

    [LibraryImport("libc", EntryPoint = "wait4", SetLastError = true)]
    public static partial int Wait4(int pid, out int status, int options, void* rusage);

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int ClockNanosleep(int clock, int flags, long* request, long* remain);

    /// <param name="monotonicNanos">As <see cref="Measuring.Clock.Now"/>.</param>
    public static void SleepUntil(long monotonicNanos)
    {
        var time = stackalloc long[] { monotonicNanos / 1_000_000_000, monotonicNanos % 1_000_000_000 };
        while (ClockNanosleep(1 /* CLOCK_MONOTONIC */, 1 /* TIMER_ABSTIME */, time, null) == 4 /* EINTR */)
        {
        }
    }
}
