using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Queue;

/// <summary>
/// Events on the disk. One thread writes: it takes all that has come since its last commit into one transaction, so that one fsync serves everybody who
/// waits (group commit), and nothing is said to be done before that. Operations happen in the order of their submission.
/// </summary>
internal sealed class EventStore : IDisposable
{
    private const int RoomOperations = 20_000;
    private const long RoomBytes = 48 << 20;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Between two lines in the log about one trouble; monotonic milliseconds.</summary>
    private const long QuietMs = 5_000;

    private readonly SqliteConnection _writing;
    private readonly SqliteConnection _reading;
    private readonly SqliteCommand _readBody;
    private readonly Lock _readLock = new();
    private readonly object _gate = new();
    private readonly ILogger _log;
    private readonly Thread _thread;
    private List<StoreOperation> _pending = [];
    private long _pendingBytes;
    private TaskCompletionSource? _room;
    private bool _stopping;
    private long _quietUntil;
    private int _refused;

    /// <exception cref="SqliteException">The file is damaged.</exception>
    /// <exception cref="InvalidDataException">The file is of a newer version.</exception>
    public EventStore(string path, ILogger log)
    {
        _log = log;
        _writing = Open(path);
        Pragma(_writing, "journal_mode=WAL");
        Pragma(_writing, "synchronous=FULL");
        // 32 MiB between checkpoints: most events are deleted before their pages ever reach the file.
        Pragma(_writing, "wal_autocheckpoint=8192");
        EventSchema.Apply(_writing);
        _reading = Open(path);
        Pragma(_reading, "query_only=ON");
        _readBody = _reading.CreateCommand();
        _readBody.CommandText = "SELECT payload, trace_id, content_type FROM events WHERE sequence = $sequence";
        _readBody.Parameters.Add(new SqliteParameter { ParameterName = "$sequence" });
        _thread = new Thread(Write) { IsBackground = true, Name = "event store" };
        _thread.Start();
    }

    public void Submit(StoreOperation operation)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _pending.Add(operation);
            _pendingBytes += operation.Bytes;
            if (_pending.Count == 1)
                Monitor.Pulse(_gate);
        }
    }

    /// <summary>Completes when the disk has caught up: whoever takes events in waits here, so that a slow disk does not fill the memory.</summary>
    public Task RoomAsync()
    {
        lock (_gate)
        {
            if (_pending.Count < RoomOperations && _pendingBytes < RoomBytes)
                return Task.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    /// <summary>Null when it is not there any more.</summary>
    public EventBody? ReadBody(long sequence)
    {
        lock (_readLock)
        {
            _readBody.Parameters[0].Value = sequence;
            using SqliteDataReader reader = _readBody.ExecuteReader();
            return reader.Read() ? new EventBody(reader.GetFieldValue<byte[]>(0), reader.GetString(1), reader.GetString(2)) : null;
        }
    }

    public T Read<T>(Func<SqliteConnection, T> work)
    {
        lock (_readLock)
            return work(_reading);
    }

    /// <summary>What was submitted is written first.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        _readBody.Dispose();
        _reading.Dispose();
        _writing.Dispose();
    }

    private void Write()
    {
        using var statements = new EventStatements(_writing);
        List<StoreOperation> again = [];
        while (Take(again.Count > 0) is { } taken)
        {
            // What could not be written before goes first: order is kept.
            List<StoreOperation> batch = [.. again, .. taken];
            again.Clear();
            if (TryCommit(statements, batch) is { } failure)
                again = OneByOne(statements, batch, failure);
        }
    }

    private List<StoreOperation>? Take(bool hasMore)
    {
        TaskCompletionSource? room;
        List<StoreOperation> taken;
        lock (_gate)
        {
            if (hasMore && !_stopping)
                Monitor.Wait(_gate, RetryAfter);
            while (_pending.Count == 0 && !_stopping && !hasMore)
                Monitor.Wait(_gate);
            if (_pending.Count == 0 && _stopping)
                return null;
            taken = _pending;
            _pending = [];
            _pendingBytes = 0;
            (room, _room) = (_room, null);
        }

        room?.TrySetResult();
        return taken;
    }

    private static Exception? TryCommit(EventStatements statements, List<StoreOperation> batch)
    {
        if (batch.Count == 0)
            return null;
        try
        {
            statements.Execute("BEGIN IMMEDIATE");
            foreach (StoreOperation operation in batch)
                operation.Execute(statements);
            statements.Execute("COMMIT");
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException or IOException)
        {
            RollBack(statements);
            return e;
        }

        foreach (StoreOperation operation in batch)
            operation.Done?.Invoke(null);
        return null;
    }

    /// <summary>The disk may be full for an insert and have room for a delete; one bad operation must not fail the others.</summary>
    private List<StoreOperation> OneByOne(EventStatements statements, List<StoreOperation> batch, Exception failure)
    {
        List<StoreOperation> again = [];
        foreach (StoreOperation operation in batch)
        {
            if (batch.Count > 1 && TryCommit(statements, [operation]) is not { } own)
                continue;
            if (operation.MustHappen)
            {
                again.Add(operation);
                continue;
            }

            _refused++;
            operation.Done?.Invoke(failure);
        }

        if (_refused + again.Count > 0 && Environment.TickCount64 >= _quietUntil)
        {
            _log.LogError("the queue's database does not take changes: {Cause}; {Refused} events were refused, {Again} changes will be tried again", failure.Message, _refused, again.Count);
            (_refused, _quietUntil) = (0, Environment.TickCount64 + QuietMs);
        }

        return again;
    }

    private static void RollBack(EventStatements statements)
    {
        try
        {
            statements.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself.
        }
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        Pragma(connection, "trusted_schema=OFF");
        return connection;
    }

    private static void Pragma(SqliteConnection connection, string setting)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {setting}";
        command.ExecuteNonQuery();
    }
}
