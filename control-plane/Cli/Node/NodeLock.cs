using System.Globalization;
using System.Text;
using Hearth.Cli.Errors;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>
/// run/node.lock: an exclusive flock held for the life of <c>up</c>, with its pid inside. The kernel drops it however the process ends, so a lock is
/// never stale; the file stays.
/// </summary>
internal sealed class NodeLock : IDisposable
{
    private readonly FileStream _file;

    private NodeLock(FileStream file) => _file = file;

    /// <exception cref="CliException">Another node runs on this data directory.</exception>
    public static NodeLock Take(string data)
    {
        var path = Path.Combine(data, "run", "node.lock");
        FileStream file;
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB) on Linux.
            // Root's alone: whoever may open a file may lock it.
            file = new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            File.SetUnixFileMode(file.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new CliException(ExitCode.Refused, $"data directory {data}", $"a node is already running on it ({Holder(path)})", "stop that one with Ctrl-C in its terminal, or choose another --data and --port");
        }
        file.SetLength(0);
        file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
        file.Flush();
        return new NodeLock(file);
    }

    // Through the raw call: FileStream would want a lock of its own to read.
    private static unsafe string Holder(string path)
    {
        var descriptor = Syscall.open(path, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC);
        if (descriptor < 0) return "its process is unknown";
        var buffer = stackalloc byte[16];
        var length = (int)Syscall.read(descriptor, buffer, 16);
        _ = Syscall.close(descriptor);
        var pid = length > 0 ? Encoding.ASCII.GetString(buffer, length).Trim() : "";
        return pid.Length > 0 ? $"pid {pid}" : "its process is unknown";
    }

    public void Dispose() => _file.Dispose();
}
