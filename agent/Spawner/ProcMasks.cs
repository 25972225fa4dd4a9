using System.Runtime.InteropServices;
using Hearth.Sandbox.Linux;

namespace Hearth.Spawner;

/// <summary>A file or folder of the sandbox's /proc that is covered.</summary>
[NotNative("between the spawner and its own fork")]
internal unsafe struct ProcMask
{
    public byte* Path;
    public bool IsFolder;
}

/// <summary>
/// What of /proc a sandbox does not get to see. A private /proc hides other processes; the rest of it is about the machine: its disks, interrupts, locks, kernel
/// command line. A list of what programs need, not of what is dangerous: what a new kernel adds is covered until somebody needs it.
/// </summary>
internal static unsafe class ProcMasks
{
    private static readonly HashSet<string> Kept =
    [
        "self", "thread-self", "mounts", "net", // the process's own
        "sysvipc", // the IPC namespace's
        "cpuinfo", "meminfo", "stat", "loadavg", "uptime", // as runtimes and monitoring libraries size themselves
        "version", "filesystems", "sys",
    ];

    /// <summary>Below /proc/sys, which is full of what programs ask for: which helper the host runs on a crash, what identifies this boot, hardware.</summary>
    private static readonly string[] Below = ["sys/kernel/core_pattern", "sys/kernel/random/boot_id", "sys/dev"];

    /// <summary>Only what all may read: the kernel's root is nobody in a sandbox, so files for root alone are closed to it.</summary>
    public static ProcMask* Find(out int count)
    {
        var entries = new DirectoryInfo("/proc").EnumerateFileSystemInfos()
            .Where(static e => !char.IsAsciiDigit(e.Name[0]) && !Kept.Contains(e.Name))
            .Concat(Below.Select(static name => Entry($"/proc/{name}")))
            .Where(static e => e.Exists && e.LinkTarget is null && (e.UnixFileMode & (UnixFileMode.OtherRead | UnixFileMode.OtherExecute)) != 0)
            .ToArray();
        count = entries.Length;
        var masks = (ProcMask*)NativeMemory.AllocZeroed((nuint)entries.Length, (nuint)sizeof(ProcMask));
        for (var i = 0; i < entries.Length; i++)
            masks[i] = new ProcMask { Path = InitBlock.Text(entries[i].FullName), IsFolder = entries[i] is DirectoryInfo };
        return masks;
    }

    /// <summary>Where this process keeps its arguments and, right behind them, its environment: init overwrites its copy.</summary>
    public static (nint Start, nint End) CommandLine()
    {
        // proc(5): arg_start is field 48 and env_end 51; the second field, in parentheses, may hold anything.
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var start = nint.Parse(fields[48 - 3]);
        var end = nint.Parse(fields[51 - 3]);
        return start < end ? (start, end) : (0, 0);
    }

    private static FileSystemInfo Entry(string path) => Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
}
