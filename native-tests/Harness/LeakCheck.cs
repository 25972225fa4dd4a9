using System.Security.Cryptography;
using System.Text;

namespace Hearth.NativeTests.Harness;

/// <summary>
/// Everything that a node could leave behind, found by what names it: its data directory, and the node id in the names of its cgroups. Looking for what is ours,
/// not for what is new, keeps the answer right while other things happen on the machine.
/// </summary>
internal static class LeakCheck
{
    /// <summary>One line a thing that is still there; empty after a clean stop.</summary>
    public static List<string> Find(string data) => [.. Processes(data), .. HostMounts(data), .. Cgroups(data), .. LoopDevices(data), .. Files(data), .. Sockets(data)];

    // A sandbox's processes are out of sight by name, but their mount table shows where code and runtime come from.
    private static IEnumerable<string> Processes(string data) =>
        from pid in ProcessTable.Pids()
        where ProcessTable.Executable(pid).StartsWith(data + "/", StringComparison.Ordinal) || ProcessTable.Read(pid, "mountinfo").Contains(data + "/", StringComparison.Ordinal)
        select $"process {ProcessTable.Describe(pid)}";

    private static IEnumerable<string> HostMounts(string data) =>
        from pid in (int[])[1, Environment.ProcessId]
        from line in ProcessTable.Read(pid, "mountinfo").Split('\n')
        where line.Contains(data + "/", StringComparison.Ordinal)
        select $"mount in the namespace of process {pid}: {line}";

    private static IEnumerable<string> Cgroups(string data) => CgroupsOf(data).Select(path => $"cgroup {path}");

    /// <summary>The node's slices in each hierarchy, <c>hearth-NODEID</c>.</summary>
    public static IEnumerable<string> CgroupsOf(string data)
    {
        var node = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(data)))[..12];
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true };
        return from mount in File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(" - cgroup", StringComparison.Ordinal)).Select(line => line.Split(' ')[4]).Distinct()
               from path in Directory.EnumerateDirectories(mount, $"hearth-{node}*", options)
               select path;
    }

    public static IEnumerable<string> LoopDevices(string data) =>
        from device in Directory.Exists("/sys/block") ? Directory.EnumerateDirectories("/sys/block", "loop*") : []
        let file = Path.Combine(device, "loop", "backing_file")
        where File.Exists(file)
        let backing = ReadOrEmpty(file)
        where backing.StartsWith(data + "/", StringComparison.Ordinal)
        select $"loop device {Path.GetFileName(device)} on {backing}";

    private static IEnumerable<string> Files(string data) =>
        from folder in (string[])["tmp", "code/.staging"]
        let path = Path.Combine(data, folder)
        where Directory.Exists(path)
        from entry in Directory.EnumerateFileSystemEntries(path)
        select $"file {entry}";

    private static IEnumerable<string> Sockets(string data) =>
        from line in File.ReadLines("/proc/net/unix")
        where line.Contains(data + "/", StringComparison.Ordinal)
        select $"socket {line}";

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
