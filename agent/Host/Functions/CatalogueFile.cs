using Google.Protobuf;
using Hearth.Contracts.Archives;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Functions;

/// <summary>
/// The last snapshot on disk, so that an agent that starts while the control plane is away serves all the same. 0600: it holds environments. Changes that come
/// within 100 ms are written together, since each writing is of the whole and waits for the disk; what an agent that is killed meanwhile has not kept, it is told again.
/// </summary>
internal sealed class CatalogueFile : IDisposable
{
    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(100);
    private readonly string _path;
    private readonly Func<Snapshot> _current;
    private readonly ILogger _log;
    private readonly ITimer _timer;
    // Held while the disk is waited for: one writes at a time, and the newest last.
    private readonly Lock _disk = new();
    private int _isDirty;

    /// <param name="current">What there is to write, asked when it is written.</param>
    public CatalogueFile(string path, Func<Snapshot> current, TimeProvider time, ILogger log)
    {
        _path = path;
        _current = current;
        _log = log;
        _timer = time.CreateTimer(static x => ((CatalogueFile)x!).WriteWhenDirty(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <returns>Null when there is none, or it cannot be read.</returns>
    public Snapshot? TryRead()
    {
        try
        {
            return File.Exists(_path) ? Snapshot.Parser.ParseFrom(File.ReadAllBytes(_path)) : null;
        }
        catch (Exception e) when (e is IOException or InvalidProtocolBufferException)
        {
            _log.LogWarning("The cached function list {Path} cannot be read ({Cause}); waiting for the control plane", _path, e.Message);
            return null;
        }
    }

    /// <summary>There is something new: it is written within 100 ms, or by <see cref="Dispose"/>.</summary>
    public void WriteSoon()
    {
        if (Interlocked.Exchange(ref _isDirty, 1) == 0)
            _timer.Change(s_delay, Timeout.InfiniteTimeSpan);
    }

    /// <summary>There is something new, and it is written when this returns.</summary>
    public void Write()
    {
        Interlocked.Exchange(ref _isDirty, 1);
        WriteWhenDirty();
    }

    public void Dispose()
    {
        _timer.Dispose();
        WriteWhenDirty();
    }

    private void WriteWhenDirty()
    {
        lock (_disk)
        {
            if (Interlocked.Exchange(ref _isDirty, 0) != 0)
                Write(_current());
        }
    }

    private void Write(Snapshot snapshot)
    {
        try
        {
            var staging = _path + ".new";
            using (var file = new FileStream(staging, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                snapshot.WriteTo(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(staging, _path, overwrite: true);
            FileSync.Folder(Path.GetDirectoryName(_path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.LogError("The function list could not be kept on disk: {Cause}", e.Message);
        }
    }
}
