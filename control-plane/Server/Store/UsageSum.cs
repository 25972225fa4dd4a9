using Hearth.Contracts.V1;
using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>One function's invocations of one hour. A platform error is ours: neither a request nor an error of the function, and never billed.</summary>
internal readonly record struct UsageSum(
    long Requests, long Errors, long PlatformErrors, long ColdStarts, long BilledMs, long BilledMbMs, long DurationUs, int MaxMemoryMb)
{
    // Far beyond any real value (a year, a terabyte), far below where sums overflow.
    private const long MaxMs = 366L * 24 * 3600 * 1000;
    private const int MaxMb = 1 << 20;

    public static bool IsSound(InvocationRecord r) =>
        r.StartUnixMs is >= 0 and < 253_402_300_800_000
        && r.DurationUs is >= 0 and <= MaxMs * 1000
        && r.InitUs is >= 0 and <= MaxMs * 1000
        && r.BilledMs is >= 0 and <= MaxMs
        && r.MemoryMb is >= 0 and <= MaxMb
        && r.MaxMemoryMb is >= 0 and <= MaxMb;

    public UsageSum Plus(InvocationRecord r)
    {
        if (r.Status == (int)InvocationStatus.PlatformError)
            return this with { PlatformErrors = PlatformErrors + 1 };
        return new UsageSum(
            Requests + 1,
            Errors + (r.Status == (int)InvocationStatus.Success ? 0 : 1),
            PlatformErrors,
            ColdStarts + (r.InitUs > 0 ? 1 : 0),
            BilledMs + r.BilledMs,
            BilledMbMs + r.BilledMs * r.MemoryMb,
            DurationUs + r.DurationUs,
            Math.Max(MaxMemoryMb, r.MaxMemoryMb));
    }

    public void AddTo(SqliteConnection connection, SqliteTransaction transaction, string name, long hour)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            INSERT INTO usage VALUES ($name, $hour, $requests, $errors, $platform, $cold, $billed, $mbms, $duration, $memory)
            ON CONFLICT (function_name, hour_unix) DO UPDATE SET
              requests = requests + excluded.requests, errors = errors + excluded.errors, platform_errors = platform_errors + excluded.platform_errors,
              cold_starts = cold_starts + excluded.cold_starts, billed_ms = billed_ms + excluded.billed_ms, billed_mb_ms = billed_mb_ms + excluded.billed_mb_ms,
              duration_us = duration_us + excluded.duration_us, max_memory_mb = MAX(max_memory_mb, excluded.max_memory_mb)
            """;
        command.Parameters.AddWithValue("$name", name);
        command.Parameters.AddWithValue("$hour", hour);
        command.Parameters.AddWithValue("$requests", Requests);
        command.Parameters.AddWithValue("$errors", Errors);
        command.Parameters.AddWithValue("$platform", PlatformErrors);
        command.Parameters.AddWithValue("$cold", ColdStarts);
        command.Parameters.AddWithValue("$billed", BilledMs);
        command.Parameters.AddWithValue("$mbms", BilledMbMs);
        command.Parameters.AddWithValue("$duration", DurationUs);
        command.Parameters.AddWithValue("$memory", MaxMemoryMb);
        command.ExecuteNonQuery();
    }
}
