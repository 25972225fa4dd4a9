using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Queue;

/// <summary>
/// Brings the write-ahead log into the database file on a thread and a connection of its own: on a busy disk that takes seconds, and whoever commits would have everybody
/// who waits for an answer wait for it.
/// </summary>
internal sealed class EventCheckpoints : IDisposable
{
    /// <summary>Changes between two checkpoints. Most events are deleted before their pages ever reach the file.</summary>
    private const long EveryBytes = 32 << 20;

    /// <summary>The log is at most about so many pages long: then the writer itself finishes what little is left, without which the log would never begin anew under load.</summary>
    public const int LongestLogPages = 32_768;

    private readonly SqliteConnection _connection;
    private readonly AutoResetEvent _due = new(false);
    private readonly Thread _thread;
    private long _changed;
    private volatile bool _stopping;

    /// <param name="connection">Owned by this object.</param>
    public EventCheckpoints(SqliteConnection connection)
    {
        _connection = connection;
        _thread = new Thread(Run) { IsBackground = true, Name = "event checkpoints" };
        _thread.Start();
    }

    /// <summary>By the writing thread.</summary>
    public void Committed(long bytes)
    {
        _changed += bytes;
        if (_changed < EveryBytes)
            return;
        _changed = 0;
        _due.Set();
    }

    public void Dispose()
    {
        _stopping = true;
        _due.Set();
        _thread.Join();
        _due.Dispose();
        _connection.Dispose();
    }

    private void Run()
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
        while (_due.WaitOne() && !_stopping)
        {
            try
            {
                command.ExecuteNonQuery();
            }
            catch (SqliteException)
            {
                // The disk is full, or the writer is at it: the next one does this one's work as well.
            }
        }
    }
}
