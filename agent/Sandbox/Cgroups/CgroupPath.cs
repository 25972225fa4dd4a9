using System.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Sandbox.Cgroups;

/// <summary>Groups and control files by path, for opening, closing and sweeping: may allocate, throws with path and errno.</summary>
internal static unsafe class CgroupPath
{
    public static void Make(string path)
    {
        fixed (byte* p = Terminated(path))
        {
            if (mkdir(p, 0x1ed /* 0755 */) != 0 && errno != EEXIST)
                throw Failure("mkdir", path, errno);
        }
    }

    /// <returns>False when something is still in it; true too when it is gone.</returns>
    public static bool TryRemove(string path)
    {
        fixed (byte* p = Terminated(path))
        {
            if (rmdir(p) == 0 || errno == ENOENT)
                return true;
            return errno == EBUSY ? false : throw Failure("rmdir", path, errno);
        }
    }

    public static int Open(string path, int flags)
    {
        var fd = CgroupFile.Open(AT_FDCWD, Terminated(path), flags);
        return fd >= 0 ? fd : throw Failure("open", path, -fd);
    }

    /// <returns>0 or -errno.</returns>
    public static int TryWrite(string path, string value) => CgroupFile.Write(AT_FDCWD, Terminated(path), Encoding.UTF8.GetBytes(value));

    public static void Write(string path, string value)
    {
        var result = TryWrite(path, value);
        if (result != 0)
            throw Failure($"write \"{value}\"", path, -result);
    }

    public static string[] Words(string path) => File.ReadAllText(path).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The processes in a group; 0 stands for one outside of our pid namespace. Empty when the group is gone.</summary>
    public static List<int> Processes(string group)
    {
        try
        {
            return [.. File.ReadLines($"{group}/cgroup.procs").Select(int.Parse)];
        }
        catch (IOException)
        {
            return [];
        }
    }

    public static CgroupException Failure(string call, string path, int error) => new(error switch
    {
        _ when error == EACCES || error == EPERM || error == EROFS =>
            $"{call} {path}: {Name(error)}; the spawner must run as root with the cgroup file systems writable (in a container: a private cgroup namespace, mounted rw)",
        _ when error == ENOSPC => $"{call} {path}: ENOSPC; cgroup.max.descendants of a group above, or the kernel's limit of groups, is reached",
        _ => $"{call} {path}: {Name(error)}",
    });

    public static string Name(int error) => new System.ComponentModel.Win32Exception(error).Message + $" ({error})";

    private static byte[] Terminated(string path) => Encoding.UTF8.GetBytes(path + '\0');
}
