using System.Globalization;

namespace Hearth.NativeTests.Harness;

/// <summary>/proc, read without trusting that a process stays.</summary>
internal static class ProcessTable
{
    public static IEnumerable<int> Pids() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture));

    public static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>The program of a process, "" when it is gone; " (deleted)" is cut off.</summary>
    public static string Executable(int pid)
    {
        try
        {
            return (new FileInfo($"/proc/{pid}/exe").LinkTarget ?? "").Replace(" (deleted)", "", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>0 when the process is gone.</summary>
    public static int ParentOf(int pid) =>
        // "pid (comm) state ppid ...", and a comm may hold anything.
        Read(pid, "stat").Split(") ")[^1].Split(' ') is [_, var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : 0;

    /// <summary>Whether it runs as that user; false when it is gone.</summary>
    public static bool IsOf(int pid, uint user) => Read(pid, "status").Contains(string.Create(CultureInfo.InvariantCulture, $"\nUid:\t{user}\t"), StringComparison.Ordinal);

    /// <summary>Those whose parent it is.</summary>
    public static List<int> ChildrenOf(int parent) =>
        [.. Pids().Where(pid => ParentOf(pid) == parent)];

    /// <summary>Processes that run a program out of this folder.</summary>
    public static List<int> RunningFrom(string folder) => [.. Pids().Where(pid => Executable(pid).StartsWith(folder + "/", StringComparison.Ordinal))];

    public static string Describe(int pid) => $"{pid} ({Read(pid, "comm").Trim()}) {Read(pid, "cmdline").Replace('\0', ' ').Trim()}";
}
