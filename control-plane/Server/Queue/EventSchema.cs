using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Queue;

/// <summary>
/// The queue's own SQLite file, beside the definitions' one: events come and go by the million, and neither their space nor their commits should be in the
/// way of definitions and usage. Steps are never edited once released.
/// </summary>
internal static class EventSchema
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE events (
          sequence INTEGER PRIMARY KEY,
          request_id BLOB NOT NULL,
          function_name TEXT NOT NULL,
          qualifier TEXT,
          accepted_unix_ms INTEGER NOT NULL,
          due_unix_ms INTEGER NOT NULL,
          tries INTEGER NOT NULL,
          refusals INTEGER NOT NULL,
          hops INTEGER NOT NULL,
          payload_bytes INTEGER NOT NULL,
          trace_id TEXT NOT NULL,
          content_type TEXT NOT NULL,
          payload BLOB NOT NULL
        ) STRICT;

        CREATE TABLE dead_letters (
          sequence INTEGER PRIMARY KEY,
          request_id BLOB NOT NULL,
          function_name TEXT NOT NULL,
          qualifier TEXT,
          accepted_unix_ms INTEGER NOT NULL,
          died_unix_ms INTEGER NOT NULL,
          condition TEXT NOT NULL,
          tries INTEGER NOT NULL,
          error_type TEXT NOT NULL,
          error_message TEXT NOT NULL,
          note TEXT NOT NULL,
          payload_bytes INTEGER NOT NULL,
          trace_id TEXT NOT NULL,
          content_type TEXT NOT NULL,
          response BLOB NOT NULL,
          payload BLOB NOT NULL
        ) STRICT;
        CREATE INDEX dead_letters_by_request ON dead_letters (request_id);
        CREATE INDEX dead_letters_by_function ON dead_letters (function_name, sequence);
        """,
        "CREATE INDEX events_by_function ON events (function_name, sequence);",
    ];

    /// <exception cref="InvalidDataException">The file is of a newer version.</exception>
    public static void Apply(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        long version = (long)command.ExecuteScalar()!;
        if (version > Steps.Length)
            throw new InvalidDataException($"{connection.DataSource}: written by a newer Hearth (queue schema {version}, this one knows {Steps.Length}); start that version, or use another --data");
        for (long next = version + 1; next <= Steps.Length; next++)
        {
            command.CommandText = $"BEGIN IMMEDIATE;\n{Steps[next - 1]}\nPRAGMA user_version = {next};\nCOMMIT";
            command.ExecuteNonQuery();
        }
    }
}
