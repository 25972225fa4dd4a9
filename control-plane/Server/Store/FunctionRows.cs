using Hearth.ControlPlane.Functions;
using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>Functions as rows.</summary>
internal static class FunctionRows
{
    private const string Columns = """
        name, runtime, language, handler, role, description, timeout_seconds, memory_mb, ephemeral_storage_mb, environment, tags, architecture,
        code_sha256, code_size, revision_id, last_modified_unix_ms, state, state_reason, state_reason_code, last_update, last_update_reason, last_update_reason_code
        """;

    public static List<FunctionDefinition> ReadAll(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM functions";
        using SqliteDataReader reader = command.ExecuteReader();
        var all = new List<FunctionDefinition>();
        while (reader.Read())
            all.Add(Read(reader));
        return all;
    }

    public static void Upsert(SqliteConnection connection, SqliteTransaction transaction, FunctionDefinition f)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        object?[] values =
        [
            f.Name, f.Runtime, f.Language, f.Handler, f.Role, f.Description, f.TimeoutSeconds, f.MemoryMb, f.EphemeralStorageMb,
            f.Environment is null ? null : StringMap.ToJson(f.Environment), StringMap.ToJson(f.Tags), f.Architecture,
            f.CodeSha256, f.CodeSize, f.RevisionId, f.LastModified.ToUnixTimeMilliseconds(),
            f.Status.State, f.Status.Reason, f.Status.ReasonCode, f.Status.LastUpdate, f.Status.LastUpdateReason, f.Status.LastUpdateReasonCode,
        ];
        command.CommandText = $"INSERT OR REPLACE INTO functions ({Columns}) VALUES ({string.Join(", ", Enumerable.Range(0, values.Length).Select(i => $"$p{i}"))})";
        for (int i = 0; i < values.Length; i++)
            command.Parameters.AddWithValue($"$p{i}", values[i] ?? DBNull.Value);
        command.ExecuteNonQuery();
    }

    public static void Delete(SqliteConnection connection, SqliteTransaction transaction, string name)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "DELETE FROM functions WHERE name = $name";
        command.Parameters.AddWithValue("$name", name);
        command.ExecuteNonQuery();
    }

    private static FunctionDefinition Read(SqliteDataReader r) => new()
    {
        Name = r.GetString(0),
        Runtime = r.GetString(1),
        Language = r.GetString(2),
        Handler = r.GetString(3),
        Role = r.GetString(4),
        Description = r.GetString(5),
        TimeoutSeconds = r.GetInt32(6),
        MemoryMb = r.GetInt32(7),
        EphemeralStorageMb = r.GetInt32(8),
        Environment = r.IsDBNull(9) ? null : StringMap.FromJson(r.GetFieldValue<byte[]>(9)),
        Tags = StringMap.FromJson(r.GetFieldValue<byte[]>(10)),
        Architecture = r.GetString(11),
        CodeSha256 = r.GetString(12),
        CodeSize = r.GetInt64(13),
        RevisionId = r.GetString(14),
        LastModified = DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(15)),
        Status = new FunctionStatus(r.GetString(16), Text(r, 17), Text(r, 18), Text(r, 19), Text(r, 20), Text(r, 21)),
    };

    private static string? Text(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
