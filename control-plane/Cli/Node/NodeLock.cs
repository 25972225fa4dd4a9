using System.Globalization;
using System.Text;
using Hearth.Cli.Errors;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>
/// run/node.lock: an exclusive flock held for the life of <c>up</c>, with its pid inside. The kernel drops it however the process ends, so a lock is
/// never stale; the file stays. Root's alone: whoever may open a file may lock it.
/// </summary>
internal sealed class NodeLock : IDisposable
{
    private readonly FileStream _file;

    private NodeLock(FileStream file) => _file = file;

    /// <exception cref="CliException">Another node runs on this data directory.</exception>
    public static NodeLock Take(string data)
    {
        using var found = RootFiles.Open(Path.Combine(data, "run", "node.lock"), OpenFlags.O_RDWR);
        FileStream file;
        try
        {
            // The file that was found, whatever its name says by now; FileShare.None is flock(LOCK_EX | LOCK_NB) on Linux.
            file = new FileStream($"/proc/self/fd/{found.DangerousGetHandle()}", FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new CliException(ExitCode.Refused, $"data directory {data}", $"a node is already running on it ({Holder(found)})", "stop that one with Ctrl-C in its terminal, or choose another --data and --port");
        }
        file.SetLength(0);
        file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
        file.Flush();
        return new NodeLock(file);
    }

    private static string Holder(SafeFileHandle file)
    {
        var buffer = new byte[16];
        var pid = Encoding.ASCII.GetString(buffer, 0, RandomAccess.Read(file, buffer, 0)).Trim();
        return pid.Length > 0 ? $"pid {pid}" : "its process is unknown";
    }

    public void Dispose() => _file.Dispose();
}
