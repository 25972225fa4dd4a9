using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>
/// A SQLite file: one writing connection behind a lock, WAL, and synchronous=FULL, so that a commit is on the disk when it returns. Readers use the
/// same connection: definitions are served from memory, and what is left to read (usage) is small.
/// </summary>
public sealed class Database : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Lock _lock = new();

    /// <summary>The file of definitions and usage.</summary>
    /// <exception cref="SqliteException">The file is damaged, or newer than this version knows.</exception>
    public Database(string path)
        : this(path, Migrations.Steps)
    {
    }

    /// <param name="steps">Its schema; never edited once released.</param>
    public Database(string path, IReadOnlyList<string> steps)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        _connection.Open();
        Execute("PRAGMA journal_mode=WAL");
        Execute("PRAGMA synchronous=FULL");
        Execute("PRAGMA foreign_keys=ON");
        Execute("PRAGMA trusted_schema=OFF");
        using SqliteTransaction transaction = _connection.BeginTransaction();
        Migrations.Apply(_connection, transaction, steps);
        transaction.Commit();
    }

    /// <summary>Runs <paramref name="work"/> in one transaction: all of it is durable when this returns, or, when it throws, none of it happened.</summary>
    public T Write<T>(Func<SqliteConnection, SqliteTransaction, T> work)
    {
        lock (_lock)
        {
            using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
            T result = work(_connection, transaction);
            transaction.Commit();
            return result;
        }
    }

    public T Read<T>(Func<SqliteConnection, T> work)
    {
        lock (_lock)
            return work(_connection);
    }

    public void Dispose()
    {
        lock (_lock)
            _connection.Dispose();
    }

    private void Execute(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
