using Hearth.Sandbox.Cgroups;

namespace Hearth.NativeTests.Cgroups;

/// <summary>A sandbox's groups as the driver made them, and where they lie.</summary>
public sealed class TestGroup(CgroupDriver driver, ulong id, CgroupHandles handles) : IDisposable
{
    private CgroupHandles _handles = handles;

    public ulong Id { get; } = id;

    public CgroupDriver Driver { get; } = driver;

    public ref readonly CgroupHandles Handles => ref _handles;

    /// <summary>The v2 group.</summary>
    public string Unified { get; } = PathOf(handles.GroupFd);

    /// <summary>Where the limits are: the v2 group, or the v1 group of that controller.</summary>
    public string Memory { get; } = Path.GetDirectoryName(PathOf(handles.OomFd))!;

    public string Cpu { get; } = handles.V1CpuTasksFd < 0 ? PathOf(handles.GroupFd) : Path.GetDirectoryName(PathOf(handles.V1CpuTasksFd))!;

    public string Pids { get; } = handles.V1PidsTasksFd < 0 ? PathOf(handles.GroupFd) : Path.GetDirectoryName(PathOf(handles.V1PidsTasksFd))!;

    public IEnumerable<string> Directories => new[] { Unified, Memory, Cpu, Pids }.Distinct();

    public static string Read(string directory, string file) => File.ReadAllText($"{directory}/{file}").TrimEnd();

    public void Freeze() => Write(_handles.FreezeFd, "1"u8);

    public void Thaw() => Write(_handles.FreezeFd, "0"u8);

    public void Kill() => Write(_handles.KillFd, "1"u8);

    /// <summary>Until its last process is gone, then until the directories are.</summary>
    public void KillAndRemove()
    {
        Kill();
        Eventually.Is(() => !CgroupReader.IsPopulated(_handles.EventsFd), "the group is empty after a kill");
        Dispose();
        Eventually.Is(() => Driver.Remove(Id) == 0, "the group is removed");
    }

    public void Dispose() => _handles.Close();

    private static void Write(int fd, ReadOnlySpan<byte> value)
    {
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(fd, ownsHandle: false);
        RandomAccess.Write(handle, value, 0);
    }

    private static string PathOf(int fd) => new FileInfo($"/proc/self/fd/{fd}").LinkTarget!;
}
