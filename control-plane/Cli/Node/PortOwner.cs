using System.Globalization;

namespace Hearth.Cli.Node;

/// <summary>Who listens on a TCP port: socket inode from /proc/net/tcp, then the process that holds it.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    /// <returns>" by pid 12 (nginx)", or "" when it cannot be told.</returns>
    public static string Describe(int port)
    {
        try
        {
            if (Inode(port) is not { } inode) return "";
            foreach (var process in Directory.EnumerateDirectories("/proc"))
                if (char.IsAsciiDigit(Path.GetFileName(process)[0]) && Holds(process, $"socket:[{inode}]"))
                    return $" by pid {Path.GetFileName(process)} ({File.ReadAllText(Path.Combine(process, "comm")).Trim()})";
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            // Processes come and go while we look; the answer is only a courtesy.
        }
        return "";
    }

    private static string? Inode(int port)
    {
        foreach (var table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            if (!File.Exists(table)) continue;
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 9 && fields[3] == Listening
                    && int.TryParse(fields[1].AsSpan(fields[1].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var listening)
                    && listening == port) return fields[9];
            }
        }
        return null;
    }

    private static bool Holds(string process, string link)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")).Any(fd => new FileInfo(fd).LinkTarget == link);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
