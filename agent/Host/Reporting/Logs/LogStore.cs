using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Logs;

/// <summary>All functions' logs on this machine: one folder a function.</summary>
internal sealed class LogStore : IDisposable
{
    private const int MaxTail = 10_000;
    private static readonly TimeSpan FlushEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TrimEvery = TimeSpan.FromMinutes(10);
    private readonly ConcurrentDictionary<string, FunctionLog> _logs = new(StringComparer.Ordinal);
    private readonly string _root;
    private readonly LogSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ITimer _flush;
    private readonly ITimer _trim;
    private int _flushing;
    private IReadOnlyDictionary<string, int> _retentionDays = new Dictionary<string, int>();

    public LogStore(string root, LogSettings settings, TimeProvider time, ILogger log)
    {
        _root = root;
        _settings = settings;
        _time = time;
        _log = log;
        Directory.CreateDirectory(root);
        _flush = time.CreateTimer(static x => ((LogStore)x!).FlushInTurn(), this, FlushEvery, FlushEvery);
        _trim = time.CreateTimer(static x => ((LogStore)x!).TrimAll(), this, TimeSpan.FromSeconds(10), TrimEvery);
    }

    /// <param name="functionName">A checked function name: it is the folder's name.</param>
    public FunctionLog Open(string functionName) =>
        _logs.GetOrAdd(functionName, static (name, x) => new FunctionLog(Path.Join(x._root, name), x.SettingsOf(name), x._time, x._log), this);

    /// <summary>Days that the logs of functions are kept, where they have a retention of their own.</summary>
    public void SetRetention(IReadOnlyDictionary<string, int> days)
    {
        Volatile.Write(ref _retentionDays, days);
        foreach (var (name, log) in _logs)
            log.Settings = SettingsOf(name);
    }

    /// <summary>The functions that have logged, deleted ones too.</summary>
    public List<LogGroupInfo> Describe()
    {
        var groups = new List<LogGroupInfo>();
        foreach (var folder in Directory.GetDirectories(_root))
        {
            if (LogSegments.List(folder) is { Length: > 0 } files)
                groups.Add(new LogGroupInfo { FunctionName = Path.GetFileName(folder), CreatedUnixMs = LogSegments.FirstTime(files[0]), Bytes = files.Sum(LogSegments.Size) });
        }
        return groups;
    }

    /// <summary>Entries in the order written; with <paramref name="follow"/> it goes on until cancelled.</summary>
    public async IAsyncEnumerable<LogEntry> ReadAsync(
        string functionName, Guid? requestId, long sinceUnixMs, int tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var log = Open(functionName);
        using var reader = new LogReader(log.Folder, sinceUnixMs);
        if (follow)
            log.AddFollower(1);
        try
        {
            log.Flush();
            foreach (var entry in First(reader, requestId, Math.Min(tail, MaxTail)))
                yield return entry;
            while (follow)
            {
                var changed = log.Changed;
                log.Flush();
                while (reader.TryRead(out var entry))
                {
                    if (requestId is null || entry.RequestId == requestId)
                        yield return entry;
                }
                await changed.WaitAsync(cancellationToken);
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            }
        }
        finally
        {
            if (follow)
                log.AddFollower(-1);
        }
    }

    public void FlushAll()
    {
        foreach (var log in _logs.Values)
            log.Flush();
    }

    public void Dispose()
    {
        _flush.Dispose();
        _trim.Dispose();
        foreach (var log in _logs.Values)
            log.Dispose();
    }

    private LogSettings SettingsOf(string name) =>
        Volatile.Read(ref _retentionDays).TryGetValue(name, out var days) ? _settings with { MaxAge = TimeSpan.FromDays(days) } : _settings;

    // While the disk does not answer, one thread waits for it, not one more every 100 ms.
    private void FlushInTurn()
    {
        if (Interlocked.Exchange(ref _flushing, 1) != 0)
            return;
        try
        {
            FlushAll();
        }
        finally
        {
            Volatile.Write(ref _flushing, 0);
        }
    }

    private static IEnumerable<LogEntry> First(LogReader reader, Guid? requestId, int tail)
    {
        var last = new Queue<LogEntry>();
        while (reader.TryRead(out var entry))
        {
            if (requestId is not null && entry.RequestId != requestId)
                continue;
            if (tail <= 0)
            {
                yield return entry;
                continue;
            }
            if (last.Count == tail)
                last.Dequeue();
            last.Enqueue(entry);
        }
        foreach (var entry in last)
            yield return entry;
    }

    private void TrimAll()
    {
        try
        {
            foreach (var folder in Directory.GetDirectories(_root))
                Open(Path.GetFileName(folder)).Trim();
        }
        catch (IOException e)
        {
            _log.LogWarning("Logs could not be trimmed: {Cause}", e.Message);
        }
    }
}
