using Hearth.Contracts;
using Hearth.Contracts.V1;
using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>Sums of invocations by function and hour, each invocation counted once. Sums of deleted functions stay.</summary>
public sealed class UsageStore(Database database)
{
    public const int HourSeconds = 3600;

    /// <summary>
    /// Applies what is new in a batch, in one transaction with the position. A batch that begins after the next expected sequence is applied too: the stream
    /// is ordered, so what is missing will not come; it is counted, and reported by <see cref="JournalOutcome.Missing"/>.
    /// </summary>
    public JournalOutcome Apply(string agentId, JournalBatch batch) => database.Write((connection, transaction) =>
    {
        var position = JournalPosition.Read(connection, transaction, agentId, batch.Epoch);
        ulong next = position?.Next ?? batch.FirstSequence;
        ulong skip = batch.FirstSequence < next ? Math.Min(next - batch.FirstSequence, (ulong)batch.Records.Count) : 0;
        ulong missing = batch.FirstSequence > next ? batch.FirstSequence - next : 0;
        List<InvocationRecord> fresh = [.. batch.Records.Skip((int)skip)];
        int refused = Add(connection, transaction, fresh);
        ulong last = fresh.Count > 0 ? batch.FirstSequence + (ulong)batch.Records.Count - 1 : next - 1;
        if (fresh.Count > 0)
            JournalPosition.Write(connection, transaction, agentId, batch.Epoch, last, missing);
        return new JournalOutcome(last, fresh.Count - refused, missing, refused);
    });

    /// <param name="functionName">Null = all.</param>
    /// <param name="fromHour">Unix seconds, inclusive.</param>
    /// <param name="toHour">Unix seconds, exclusive.</param>
    public List<FunctionUsage> Query(string? functionName, long fromHour, long toHour) => database.Read(connection =>
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = """
            SELECT function_name, SUM(requests), SUM(errors), SUM(cold_starts), SUM(billed_ms), SUM(billed_mb_ms), MAX(max_memory_mb), SUM(duration_us), SUM(platform_errors)
            FROM usage WHERE hour_unix >= $from AND hour_unix < $to AND ($name IS NULL OR function_name = $name)
            GROUP BY function_name ORDER BY function_name
            """;
        command.Parameters.AddWithValue("$from", fromHour);
        command.Parameters.AddWithValue("$to", toHour);
        command.Parameters.AddWithValue("$name", (object?)functionName ?? DBNull.Value);
        using SqliteDataReader reader = command.ExecuteReader();
        var rows = new List<FunctionUsage>();
        while (reader.Read())
        {
            rows.Add(new FunctionUsage
            {
                FunctionName = reader.GetString(0),
                Requests = reader.GetInt64(1),
                Errors = reader.GetInt64(2),
                ColdStarts = reader.GetInt64(3),
                BilledMs = reader.GetInt64(4),
                BilledMbMs = reader.GetInt64(5),
                MaxMemoryMb = reader.GetInt64(6),
                DurationUs = reader.GetInt64(7),
                PlatformErrors = reader.GetInt64(8),
            });
        }

        return rows;
    });

    // Summed in memory first: a batch of thousands usually touches a few rows.
    private static int Add(SqliteConnection connection, SqliteTransaction transaction, List<InvocationRecord> records)
    {
        int refused = 0;
        var sums = new Dictionary<(string Name, long Hour), UsageSum>();
        foreach (InvocationRecord record in records)
        {
            if (!UsageSum.IsSound(record) || !FunctionName.IsPlainName(record.FunctionName))
            {
                refused++;
                continue;
            }

            (string, long) key = (record.FunctionName, record.StartUnixMs / 1000 / HourSeconds * HourSeconds);
            sums[key] = sums.GetValueOrDefault(key).Plus(record);
        }

        foreach (((string name, long hour), UsageSum sum) in sums)
            sum.AddTo(connection, transaction, name, hour);
        return refused;
    }
}
