using System.Runtime.InteropServices;

namespace Hearth.Sandbox.Cgroups;

/// <summary>Whether the group that we were started in may be divided by us.</summary>
internal static partial class CgroupOwnership
{
    /// <exception cref="CgroupOwnershipException">systemd runs this machine and has delegated neither the group nor one above it.</exception>
    public static void CheckDelegated(CgroupHierarchy group)
    {
        if (group.Path == "/" || !Directory.Exists("/run/systemd/system"))
            return;
        for (var path = group.Directory; path.Length > group.MountPoint.Length; path = Path.GetDirectoryName(path)!)
        {
            // systemd.unit(5): set on the group of a unit with Delegate=.
            if (HasAttribute(path, "trusted.delegate") || HasAttribute(path, "user.delegate"))
                return;
        }

        throw new CgroupOwnershipException(
            $"cgroup {group.Directory} belongs to systemd and is not delegated; set Delegate=yes in the unit, or start with systemd-run --scope -p Delegate=yes COMMAND");
    }

    /// <summary>Processes of a group that descend neither from this process nor from its parent.</summary>
    public static List<int> Strangers(string group)
    {
        var members = CgroupPath.Processes(group);
        var parent = ParentOf(Environment.ProcessId);
        // A parent outside of the group (systemd itself) makes nothing in it ours but what we started.
        var family = members.Contains(parent) ? parent : Environment.ProcessId;
        return [.. members.Where(pid => !DescendsFrom(pid, family))];
    }

    public static string Describe(int pid)
    {
        if (pid == 0)
            return "of another pid namespace";
        try
        {
            return $"{pid} ({File.ReadAllText($"/proc/{pid}/comm").TrimEnd()})";
        }
        catch (IOException)
        {
            return $"{pid}";
        }
    }

    private static bool DescendsFrom(int pid, int ancestor)
    {
        for (; pid > 0; pid = ParentOf(pid))
        {
            if (pid == ancestor)
                return true;
        }

        return false;
    }

    // 0 when it is gone.
    private static int ParentOf(int pid)
    {
        try
        {
            // pid (comm) state ppid: comm may hold anything, so count from its last parenthesis.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static unsafe bool HasAttribute(string path, string name)
    {
        byte value;
        return getxattr(path, name, &value, 1) == 1 && value == (byte)'1';
    }

    // Tmds.LibC has no extended attributes.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint getxattr(string path, string name, byte* value, nuint size);
}
