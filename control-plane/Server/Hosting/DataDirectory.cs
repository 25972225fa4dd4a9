using Microsoft.Win32.SafeHandles;

namespace Hearth.ControlPlane.Hosting;

/// <summary>The control plane's part of a node's data directory, held by this process alone while it runs.</summary>
public sealed class DataDirectory : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // sun_path holds 108 bytes with its NUL.
    private const int MaxSocketPath = 107;

    private readonly SafeFileHandle _lock;

    /// <exception cref="StartException">Another control plane runs on it, or it cannot be written.</exception>
    public DataDirectory(string root)
    {
        string control = Path.Join(root, "control");
        string run = Path.Join(root, "run", "control");
        Database = Path.Join(control, "hearth.db");
        Queue = Path.Join(control, "queue.db");
        Logs = Path.Join(control, "logs.db");
        Blobs = Path.Join(control, "blobs");
        RestSocket = Path.Join(run, "rest.sock");
        GrpcSocket = Path.Join(run, "grpc.sock");
        if (System.Text.Encoding.UTF8.GetByteCount(GrpcSocket) > MaxSocketPath)
            throw new StartException($"{GrpcSocket}: longer than the {MaxSocketPath} bytes that a Unix socket's path may have; use a shorter --data");
        try
        {
            Make(control, Private);
            Make(Blobs, Private);
            Make(run, Private | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{root}: cannot be used as data directory: {e.Message}");
        }

        string lockPath = Path.Join(control, "lock");
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB): it goes with the process, however that ends.
            _lock = File.OpenHandle(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartException($"{lockPath}: {e.Message}");
        }
        catch (IOException)
        {
            throw new StartException($"{lockPath}: another control plane runs on this data directory; stop it or use another --data");
        }

        // The lock is ours, so whoever made these sockets is gone.
        File.Delete(RestSocket);
        File.Delete(GrpcSocket);
    }

    public string Database { get; }

    public string Queue { get; }

    public string Logs { get; }

    public string Blobs { get; }

    public string RestSocket { get; }

    public string GrpcSocket { get; }

    public void Dispose() => _lock.Dispose();

    private static void Make(string path, UnixFileMode mode)
    {
        if (Directory.Exists(path))
            return;
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Hearth runs on Linux.");
        Directory.CreateDirectory(path, mode);
    }
}

/// <summary>The process cannot start; the message names thing, cause and fix. Exit code 1.</summary>
public sealed class StartException(string message) : Exception(message);
