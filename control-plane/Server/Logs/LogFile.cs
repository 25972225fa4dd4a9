using System.Collections.Immutable;
using Hearth.ControlPlane.Store;
using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Logs;

/// <summary>
/// What people and tools make with the Logs API (groups, streams, events put into them) in a file of its own, so that neither its space nor its commits are in the way of definitions. The
/// logs of functions are not in it: they lie on the agents.
/// </summary>
public sealed class LogFile : IDisposable
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE log_groups (
          name TEXT NOT NULL PRIMARY KEY,
          created INTEGER NOT NULL,
          retention_days INTEGER,
          tags BLOB NOT NULL,
          bytes INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE log_streams (
          group_name TEXT NOT NULL,
          name TEXT NOT NULL,
          created INTEGER NOT NULL,
          first_event INTEGER,
          last_event INTEGER,
          last_ingestion INTEGER,
          PRIMARY KEY (group_name, name)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE log_events (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          group_name TEXT NOT NULL,
          stream TEXT NOT NULL,
          time INTEGER NOT NULL,
          ingested INTEGER NOT NULL,
          text TEXT NOT NULL
        ) STRICT;
        CREATE INDEX log_events_by_time ON log_events (group_name, time, id);
        """,
    ];

    private static readonly RowTable<LogGroup> Groups = new(
        "log_groups", ["name", "created", "retention_days", "tags", "bytes"], 1,
        g => [g.Name, g.Created.ToUnixTimeMilliseconds(), g.RetentionDays, StringMap.ToJson(g.Tags), g.Bytes],
        r => new LogGroup(r.GetString(0), r.Time(1), r.Number(2), StringMap.FromJson(r.GetFieldValue<byte[]>(3)), r.GetInt64(4)));

    private static readonly RowTable<LogStream> Streams = new(
        "log_streams", ["group_name", "name", "created", "first_event", "last_event", "last_ingestion"], 2,
        s => [s.Group, s.Name, s.Created.ToUnixTimeMilliseconds(), s.FirstEventUnixMs, s.LastEventUnixMs, s.LastIngestion?.ToUnixTimeMilliseconds()],
        r => new LogStream(r.GetString(0), r.GetString(1), r.Time(2), Long(r, 3), Long(r, 4), r.IsDBNull(5) ? null : r.Time(5)));

    private readonly Database _database;
    private readonly long _maxBytes;
    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<string, LogGroup> _current;

    /// <param name="maxBytes">What all groups together may take of the disk; beyond it nothing is added until something is removed.</param>
    /// <exception cref="SqliteException">The file is damaged.</exception>
    /// <exception cref="InvalidDataException">The file is of a newer version.</exception>
    public LogFile(string path, long maxBytes)
    {
        _maxBytes = maxBytes;
        _database = new Database(path, Steps);
        _current = _database.Read(Groups.ReadAll).ToImmutableSortedDictionary(g => g.Name, g => g, StringComparer.Ordinal);
    }

    public ImmutableSortedDictionary<string, LogGroup> Current => Volatile.Read(ref _current);

    /// <summary>
    /// The pages in use have reached the cap. What one request adds beyond it is bounded by the request. Pages that became free are used again, so that the file stays as large as it once was.
    /// </summary>
    public bool IsFull => _database.Read(connection =>
    {
        using SqliteCommand command = Command(connection, null, "SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s");
        return (long)command.ExecuteScalar()! >= _maxBytes;
    });

    /// <summary>Raised after a group has changed; must not block.</summary>
    public event Action? Changed;

    /// <summary>Adds, replaces or (null result) deletes a group, with all that is in it.</summary>
    public void ChangeGroup(string name, Func<LogGroup?, LogGroup?> change)
    {
        lock (_lock)
        {
            LogGroup? before = _current.GetValueOrDefault(name);
            LogGroup? after = change(before);
            if (ReferenceEquals(before, after))
                return;
            _database.Write((connection, transaction) =>
            {
                if (after is not null)
                {
                    Groups.Upsert(connection, transaction, after);
                    return 0;
                }

                Groups.Delete(connection, transaction, before!);
                Execute(connection, transaction, "DELETE FROM log_events WHERE group_name = $a", name);
                return Execute(connection, transaction, "DELETE FROM log_streams WHERE group_name = $a", name);
            });
            Volatile.Write(ref _current, after is null ? _current.Remove(name) : _current.SetItem(name, after));
        }

        Changed?.Invoke();
    }

    public List<LogStream> StreamsOf(string group) => _database.Read(connection =>
    {
        using SqliteCommand command = Command(connection, null, "SELECT group_name, name, created, first_event, last_event, last_ingestion FROM log_streams WHERE group_name = $a ORDER BY name", group);
        return ReadAll(command, Streams.Read);
    });

    /// <summary>Adds, replaces or (null result) deletes a stream with its events.</summary>
    public void ChangeStream(string group, string name, Func<LogStream?, int, LogStream?> change)
    {
        lock (_lock)
        {
            List<LogStream> all = StreamsOf(group);
            LogStream? before = all.Find(s => s.Name == name);
            LogStream? after = change(before, all.Count);
            if (ReferenceEquals(before, after))
                return;
            _database.Write((connection, transaction) =>
            {
                if (after is not null)
                {
                    Streams.Upsert(connection, transaction, after);
                    return 0;
                }

                Streams.Delete(connection, transaction, before!);
                return Execute(connection, transaction, "DELETE FROM log_events WHERE group_name = $a AND stream = $b", group, name);
            });
            if (after is null)
                Recount(group);
        }
    }

    /// <summary>Appends events to a stream that is there, and removes the group's oldest when it grows over its cap.</summary>
    public AppendOutcome Append(string group, string stream, IReadOnlyList<(long TimeUnixMs, string Text)> events, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (!_current.TryGetValue(group, out LogGroup? owner) || StreamsOf(group).Find(s => s.Name == stream) is not { } known)
                return AppendOutcome.NoStream;
            if (IsFull)
                return AppendOutcome.Full;
            LogStream after = known with
            {
                FirstEventUnixMs = Math.Min(known.FirstEventUnixMs ?? long.MaxValue, events.Min(e => e.TimeUnixMs)),
                LastEventUnixMs = Math.Max(known.LastEventUnixMs ?? 0, events.Max(e => e.TimeUnixMs)),
                LastIngestion = now,
            };
            LogGroup grown = owner with { Bytes = owner.Bytes + events.Sum(e => (long)e.Text.Length) };
            _database.Write((connection, transaction) =>
            {
                foreach ((long time, string text) in events)
                    Execute(connection, transaction, "INSERT INTO log_events (group_name, stream, time, ingested, text) VALUES ($a, $b, $c, $d, $e)", group, stream, time, now.ToUnixTimeMilliseconds(), text);
                Streams.Upsert(connection, transaction, after);
                Groups.Upsert(connection, transaction, grown);
                return 0;
            });
            Volatile.Write(ref _current, _current.SetItem(group, grown));
            while (_current[group].Bytes > LogRules.MaxBytesPerGroup)
            {
                _database.Write((connection, transaction) => Execute(
                    connection, transaction, "DELETE FROM log_events WHERE id IN (SELECT id FROM log_events WHERE group_name = $a ORDER BY time, id LIMIT 10000)", group));
                Recount(group);
            }

            return AppendOutcome.Done;
        }
    }

    /// <summary>Events in order of time and number, after (or, backward, before) a position, as long as <paramref name="take"/> says so.</summary>
    /// <param name="take">False ends it.</param>
    public void Scan(string group, long startUnixMs, long endUnixMs, (long TimeUnixMs, long Number)? position, bool backward, Func<StoredEvent, bool> take) => _database.Read(connection =>
    {
        string order = backward ? "DESC" : "ASC";
        string side = position is null ? "1" : backward ? "(time, id) < ($d, $e)" : "(time, id) > ($d, $e)";
        using SqliteCommand command = Command(
            connection, null, $"SELECT id, time, stream, text, ingested FROM log_events WHERE group_name = $a AND time >= $b AND time < $c AND {side} ORDER BY time {order}, id {order}",
            group, startUnixMs, endUnixMs, position?.TimeUnixMs ?? 0, position?.Number ?? 0);
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read() && take(new StoredEvent("", reader.GetInt64(1), reader.GetInt64(0), reader.GetString(2), reader.GetString(3), reader.GetInt64(4))))
        {
            // The reader's owner counts.
        }

        return 0;
    });

    /// <summary>Removes events that are older than their group's retention.</summary>
    public void Expire(DateTimeOffset now)
    {
        lock (_lock)
        {
            foreach (LogGroup group in _current.Values.Where(g => g is { RetentionDays: not null, Bytes: > 0 }).ToList())
            {
                long oldest = now.AddDays(-group.RetentionDays!.Value).ToUnixTimeMilliseconds();
                if (_database.Write((connection, transaction) => Execute(connection, transaction, "DELETE FROM log_events WHERE group_name = $a AND time < $b", group.Name, oldest)) > 0)
                    Recount(group.Name);
            }
        }
    }

    public void Dispose() => _database.Dispose();

    private void Recount(string group)
    {
        if (!_current.TryGetValue(group, out LogGroup? known))
            return;
        LogGroup counted = _database.Write((connection, transaction) =>
        {
            using SqliteCommand command = Command(connection, transaction, "SELECT COALESCE(SUM(LENGTH(text)), 0) FROM log_events WHERE group_name = $a", group);
            LogGroup after = known with { Bytes = (long)command.ExecuteScalar()! };
            Groups.Upsert(connection, transaction, after);
            return after;
        });
        Volatile.Write(ref _current, _current.SetItem(group, counted));
    }

    private static int Execute(SqliteConnection connection, SqliteTransaction transaction, string sql, params object[] values)
    {
        using SqliteCommand command = Command(connection, transaction, sql, values);
        return command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, SqliteTransaction? transaction, string sql, params object[] values)
    {
        SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        for (int i = 0; i < values.Length; i++)
            command.Parameters.AddWithValue($"${(char)('a' + i)}", values[i]);
        return command;
    }

    private static List<T> ReadAll<T>(SqliteCommand command, Func<SqliteDataReader, T> read)
    {
        using SqliteDataReader reader = command.ExecuteReader();
        var all = new List<T>();
        while (reader.Read())
            all.Add(read(reader));
        return all;
    }

    private static long? Long(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);
}

public enum AppendOutcome
{
    Done,
    NoStream,

    /// <summary>See <see cref="LogFile.IsFull"/>.</summary>
    Full,
}
