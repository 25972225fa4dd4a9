using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Queue;

/// <summary>What can be done to the tables; prepared once, on the one writing connection, inside a transaction that the store has begun.</summary>
internal sealed class EventStatements(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _prepared = [];

    public void Insert(QueuedEvent e, string function, EventBody body) => Run(
        """
        INSERT INTO events (sequence, request_id, function_name, qualifier, accepted_unix_ms, due_unix_ms, tries, refusals, hops, payload_bytes, trace_id, content_type, payload)
        VALUES ($0, $1, $2, $3, $4, $5, 0, 0, $6, $7, $8, $9, $10)
        """,
        e.Sequence, e.RequestId.ToByteArray(bigEndian: true), function, e.Qualifier, e.AcceptedUnixMs, e.DueUnixMs, e.Hops, e.Bytes, body.TraceId, body.ContentType, body.Payload);

    public void Delete(long sequence) => Run("DELETE FROM events WHERE sequence = $0", sequence);

    public void Reschedule(long sequence, long due, int tries, int refusals) =>
        Run("UPDATE events SET due_unix_ms = $1, tries = $2, refusals = $3 WHERE sequence = $0", sequence, due, tries, refusals);

    public void Drop(string function, long upTo) => Run("DELETE FROM events WHERE function_name = $0 AND sequence <= $1", function, upTo);

    /// <summary>False when it is no longer there.</summary>
    public bool Bury(long sequence, Ending ending)
    {
        int copied = Run(
            """
            INSERT INTO dead_letters (sequence, request_id, function_name, qualifier, accepted_unix_ms, died_unix_ms, condition, tries,
              error_type, error_message, note, payload_bytes, trace_id, content_type, response, payload)
            SELECT sequence, request_id, function_name, qualifier, accepted_unix_ms, $1, $2, $3, $4, $5, $6, payload_bytes, trace_id, content_type, $7, payload
            FROM events WHERE sequence = $0
            """,
            sequence, ending.DiedUnixMs, ending.Condition, ending.Tries, ending.ErrorType, ending.ErrorMessage, ending.Note, ending.Response);
        if (copied > 0)
            Delete(sequence);
        return copied > 0;
    }

    /// <returns>Bytes of its payload; null when it is no longer there.</returns>
    public int? Redrive(long dead, long sequence, long now)
    {
        int copied = Run(
            """
            INSERT INTO events (sequence, request_id, function_name, qualifier, accepted_unix_ms, due_unix_ms, tries, refusals, hops, payload_bytes, trace_id, content_type, payload)
            SELECT $1, request_id, function_name, qualifier, $2, $2, 0, 0, 0, payload_bytes, trace_id, content_type, payload FROM dead_letters WHERE sequence = $0
            """,
            dead, sequence, now);
        return copied > 0 ? Remove(dead) : null;
    }

    /// <returns>Bytes of its payload; null when it is no longer there.</returns>
    public int? Remove(long dead) => (int?)Value("DELETE FROM dead_letters WHERE sequence = $0 RETURNING payload_bytes", dead);

    /// <returns>By how many bytes its payload has grown; null when it is no longer there.</returns>
    public int? Edit(long dead, byte[] payload)
    {
        if (Value("SELECT payload_bytes FROM dead_letters WHERE sequence = $0", dead) is not { } before)
            return null;
        Run("UPDATE dead_letters SET payload = $1, payload_bytes = $2 WHERE sequence = $0", dead, payload, payload.Length);
        return payload.Length - (int)before;
    }

    /// <summary>A statement without parameters: BEGIN, COMMIT.</summary>
    public void Execute(string sql) => Run(sql);

    public void Dispose()
    {
        foreach (SqliteCommand command in _prepared.Values)
            command.Dispose();
    }

    private int Run(string sql, params ReadOnlySpan<object?> values)
    {
        SqliteCommand command = Bind(sql, values);
        int rows = command.ExecuteNonQuery();
        // A megabyte of payload must not live until the next event.
        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = DBNull.Value;
        return rows;
    }

    /// <summary>The first column of the first row; null when there is none.</summary>
    private long? Value(string sql, params ReadOnlySpan<object?> values) => (long?)Bind(sql, values).ExecuteScalar();

    private SqliteCommand Bind(string sql, ReadOnlySpan<object?> values)
    {
        if (!_prepared.TryGetValue(sql, out SqliteCommand? command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (int i = 0; i < values.Length; i++)
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
            _prepared[sql] = command;
        }

        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }
}
