using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>The schema, as steps that are never edited once released: a database knows how many it has had.</summary>
internal static class Migrations
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE functions (
          name TEXT NOT NULL PRIMARY KEY,
          runtime TEXT NOT NULL,
          language TEXT NOT NULL,
          handler TEXT NOT NULL,
          role TEXT NOT NULL,
          description TEXT NOT NULL,
          timeout_seconds INTEGER NOT NULL,
          memory_mb INTEGER NOT NULL,
          ephemeral_storage_mb INTEGER NOT NULL,
          environment BLOB,
          tags BLOB NOT NULL,
          architecture TEXT NOT NULL,
          code_sha256 TEXT NOT NULL,
          code_size INTEGER NOT NULL,
          revision_id TEXT NOT NULL,
          last_modified_unix_ms INTEGER NOT NULL,
          state TEXT NOT NULL,
          state_reason TEXT,
          state_reason_code TEXT,
          last_update TEXT,
          last_update_reason TEXT,
          last_update_reason_code TEXT
        ) WITHOUT ROWID, STRICT;

        -- How far the journal of each agent is in the sums below; written in the same transaction as they are.
        CREATE TABLE journal_positions (
          agent_id TEXT NOT NULL,
          epoch INTEGER NOT NULL,
          last_sequence INTEGER NOT NULL,
          missing INTEGER NOT NULL,
          PRIMARY KEY (agent_id, epoch)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE usage (
          function_name TEXT NOT NULL,
          hour_unix INTEGER NOT NULL,
          requests INTEGER NOT NULL,
          errors INTEGER NOT NULL,
          platform_errors INTEGER NOT NULL,
          cold_starts INTEGER NOT NULL,
          billed_ms INTEGER NOT NULL,
          billed_mb_ms INTEGER NOT NULL,
          duration_us INTEGER NOT NULL,
          max_memory_mb INTEGER NOT NULL,
          PRIMARY KEY (function_name, hour_unix)
        ) WITHOUT ROWID, STRICT;
        """,
    ];

    public static void Apply(SqliteConnection connection, SqliteTransaction transaction)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT; SELECT COALESCE(MAX(version), 0) FROM schema_version";
        long version = (long)command.ExecuteScalar()!;
        if (version > Steps.Length)
            throw new InvalidDataException($"{connection.DataSource}: written by a newer Hearth (schema {version}, this one knows {Steps.Length}); start that version, or use another --data");
        for (long next = version + 1; next <= Steps.Length; next++)
        {
            command.CommandText = Steps[next - 1];
            command.ExecuteNonQuery();
            command.CommandText = $"INSERT INTO schema_version VALUES ({next})";
            command.ExecuteNonQuery();
        }
    }
}
