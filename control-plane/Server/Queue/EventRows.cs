using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Queue;

/// <summary>Reading what is stored.</summary>
internal static class EventRows
{
    public readonly record struct Row(
        long Sequence, Guid RequestId, string Function, string? Qualifier, long AcceptedUnixMs, long DueUnixMs, int Tries, int Refusals, int Hops, int Bytes);

    private const string DeadColumns = "sequence, request_id, function_name, qualifier, accepted_unix_ms, died_unix_ms, condition, tries, error_type, error_message, note, payload_bytes";

    /// <summary>All events, in the order of acceptance.</summary>
    public static IEnumerable<Row> Events(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT sequence, request_id, function_name, qualifier, accepted_unix_ms, due_unix_ms, tries, refusals, hops, payload_bytes FROM events ORDER BY sequence";
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return new Row(
                reader.GetInt64(0), Id(reader, 1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3),
                reader.GetInt64(4), reader.GetInt64(5), reader.GetInt32(6), reader.GetInt32(7), reader.GetInt32(8), reader.GetInt32(9));
        }
    }

    public static List<(string Function, int Count, long Bytes)> DeadCounts(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT function_name, COUNT(*), SUM(payload_bytes) FROM dead_letters GROUP BY function_name";
        using SqliteDataReader reader = command.ExecuteReader();
        var counts = new List<(string, int, long)>();
        while (reader.Read())
            counts.Add((reader.GetString(0), reader.GetInt32(1), reader.GetInt64(2)));
        return counts;
    }

    /// <summary>The largest one that was ever given, of what is stored.</summary>
    public static long LastSequence(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT MAX(COALESCE((SELECT MAX(sequence) FROM events), 0), COALESCE((SELECT MAX(sequence) FROM dead_letters), 0))";
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Without payloads and responses, in the order of acceptance.</summary>
    /// <param name="function">Null = all.</param>
    /// <param name="diedBefore">Unix milliseconds.</param>
    public static List<DeadLetter> DeadLetters(SqliteConnection connection, string? function, long after, int count, long diedBefore = long.MaxValue)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT {DeadColumns} FROM dead_letters WHERE ($function IS NULL OR function_name = $function) AND sequence > $after AND died_unix_ms < $before
            ORDER BY sequence LIMIT $count
            """;
        command.Parameters.AddWithValue("$function", (object?)function ?? DBNull.Value);
        command.Parameters.AddWithValue("$after", after);
        command.Parameters.AddWithValue("$before", diedBefore);
        command.Parameters.AddWithValue("$count", count);
        return Read(command);
    }

    /// <summary>Whole ones; more than one only when a client repeated an id.</summary>
    public static List<DeadLetter> DeadLetters(SqliteConnection connection, Guid requestId)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT {DeadColumns}, payload, response FROM dead_letters WHERE request_id = $id ORDER BY sequence LIMIT 10";
        command.Parameters.AddWithValue("$id", requestId.ToByteArray(bigEndian: true));
        return Read(command);
    }

    private static List<DeadLetter> Read(SqliteCommand command)
    {
        using SqliteDataReader reader = command.ExecuteReader();
        var letters = new List<DeadLetter>();
        while (reader.Read())
        {
            bool whole = reader.FieldCount > 12;
            letters.Add(new DeadLetter(
                reader.GetInt64(0), Id(reader, 1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3), reader.GetInt64(4), reader.GetInt64(5),
                reader.GetString(6), reader.GetInt32(7), reader.GetString(8), reader.GetString(9), reader.GetString(10), reader.GetInt32(11),
                whole ? reader.GetFieldValue<byte[]>(12) : [], whole ? reader.GetFieldValue<byte[]>(13) : []));
        }

        return letters;
    }

    private static Guid Id(SqliteDataReader reader, int column) => new(reader.GetFieldValue<byte[]>(column), bigEndian: true);
}
