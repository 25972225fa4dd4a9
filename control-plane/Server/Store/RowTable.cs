using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>A table whose rows are records that are written and deleted whole.</summary>
/// <param name="Name">Of the table.</param>
/// <param name="Columns">In the order of <paramref name="Values"/> and <paramref name="Read"/>, those of the primary key first.</param>
/// <param name="Keys">How many of them are the primary key.</param>
internal sealed record RowTable<T>(string Name, string[] Columns, int Keys, Func<T, object?[]> Values, Func<SqliteDataReader, T> Read)
    where T : class
{
    public List<T> ReadAll(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT {string.Join(", ", Columns)} FROM {Name}";
        using SqliteDataReader reader = command.ExecuteReader();
        var all = new List<T>();
        while (reader.Read())
            all.Add(Read(reader));
        return all;
    }

    public void Upsert(SqliteConnection connection, SqliteTransaction transaction, T row)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"INSERT OR REPLACE INTO {Name} ({string.Join(", ", Columns)}) VALUES ({string.Join(", ", Columns.Select((_, i) => $"$p{i}"))})";
        Bind(command, Values(row));
        command.ExecuteNonQuery();
    }

    public void Delete(SqliteConnection connection, SqliteTransaction transaction, T row)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"DELETE FROM {Name} WHERE {string.Join(" AND ", Columns.Take(Keys).Select((c, i) => $"{c} = $p{i}"))}";
        Bind(command, Values(row)[..Keys]);
        command.ExecuteNonQuery();
    }

    /// <summary>Writes the difference: rows that are new or another object, and those that are gone.</summary>
    public void Sync<TKey>(SqliteConnection connection, SqliteTransaction transaction, IReadOnlyDictionary<TKey, T>? before, IReadOnlyDictionary<TKey, T>? after)
        where TKey : notnull
    {
        if (ReferenceEquals(before, after))
            return;
        foreach ((TKey key, T row) in before ?? new Dictionary<TKey, T>())
        {
            if (after?.ContainsKey(key) != true)
                Delete(connection, transaction, row);
        }

        foreach ((TKey key, T row) in after ?? new Dictionary<TKey, T>())
        {
            if (before is null || !before.TryGetValue(key, out T? old) || !ReferenceEquals(old, row))
                Upsert(connection, transaction, row);
        }
    }

    private static void Bind(SqliteCommand command, object?[] values)
    {
        for (int i = 0; i < values.Length; i++)
            command.Parameters.AddWithValue($"$p{i}", values[i] ?? DBNull.Value);
    }
}

internal static class RowReading
{
    extension(SqliteDataReader reader)
    {
        public string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

        public int? Number(int column) => reader.IsDBNull(column) ? null : reader.GetInt32(column);

        public DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));
    }
}
