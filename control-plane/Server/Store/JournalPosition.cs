using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>How far an agent's journal has been applied. Sequences are stored as SQLite's signed integers, bit for bit.</summary>
internal static class JournalPosition
{
    public readonly record struct Row(ulong Last)
    {
        public ulong Next => Last + 1;
    }

    public static Row? Read(SqliteConnection connection, SqliteTransaction transaction, string agentId, ulong epoch)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT last_sequence FROM journal_positions WHERE agent_id = $agent AND epoch = $epoch";
        command.Parameters.AddWithValue("$agent", agentId);
        command.Parameters.AddWithValue("$epoch", unchecked((long)epoch));
        return command.ExecuteScalar() is long last ? new Row(unchecked((ulong)last)) : null;
    }

    public static void Write(SqliteConnection connection, SqliteTransaction transaction, string agentId, ulong epoch, ulong last, ulong missing)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            INSERT INTO journal_positions (agent_id, epoch, last_sequence, missing) VALUES ($agent, $epoch, $last, $missing)
            ON CONFLICT (agent_id, epoch) DO UPDATE SET last_sequence = excluded.last_sequence, missing = missing + excluded.missing
            """;
        command.Parameters.AddWithValue("$agent", agentId);
        command.Parameters.AddWithValue("$epoch", unchecked((long)epoch));
        command.Parameters.AddWithValue("$last", unchecked((long)last));
        command.Parameters.AddWithValue("$missing", (long)Math.Min(missing, long.MaxValue / 2));
        command.ExecuteNonQuery();
    }
}
