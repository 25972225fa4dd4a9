using System.Runtime.InteropServices;

namespace Hearth.Adapter.Processes;

/// <summary>Starting processes: calls that Tmds.LibC lacks.</summary>
internal static unsafe partial class Native
{
    /// <summary>Of posix_spawnattr_t (336) and posix_spawn_file_actions_t (80) in glibc and musl, with room to spare.</summary>
    public const int OpaqueSize = 512;

    public const short SetGroup = 2, SetDefaultSignals = 4, SetSignalMask = 8;

    [LibraryImport("libc")]
    public static partial int posix_spawn(int* pid, byte* path, void* actions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_adddup2(void* actions, int from, int to);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setpgroup(void* attributes, int group);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    public const int NoHang = 1;

    [LibraryImport("libc")]
    public static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc")]
    public static partial nint signal(int number, nint handler);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second);

    /// <returns>A descriptor that is readable once the process has ended, or the negative errno.</returns>
    public static int OpenProcess(int pid)
    {
        const nint pidfdOpen = 434;
        var fd = (int)SystemCall(pidfdOpen, pid, 0);
        return fd >= 0 ? fd : -Marshal.GetLastPInvokeError();
    }

    public static string ErrorText(int error) => error switch
    {
        1 => "operation not permitted",
        2 => "no such file or directory",
        7 => "argument list too long",
        8 => "exec format error",
        11 => "resource temporarily unavailable",
        12 => "cannot allocate memory",
        13 => "permission denied",
        20 => "not a directory",
        26 => "text file busy",
        40 => "too many levels of symbolic links",
        _ => $"errno {error}",
    };
}
