namespace Hearth.Agent.Reporting;

/// <summary>What an invocation used: the same numbers go into the REPORT line and the journal.</summary>
/// <param name="DurationUs">Microseconds from the write of the event to the answer.</param>
/// <param name="InitUs">Microseconds of initialisation that this invocation waited for; 0 when warm.</param>
/// <param name="BilledMs">Duration and init, rounded up to the increment.</param>
/// <param name="MemoryMb">The function's setting.</param>
/// <param name="MaxMemoryMb">Most memory its instance has ever used, MB.</param>
/// <param name="Status">"timeout" or "error"; null when it went well or the handler raised.</param>
/// <param name="ErrorType">After "error" only.</param>
internal readonly record struct UsageReport(
    long DurationUs, long InitUs, long BilledMs, int MemoryMb, int MaxMemoryMb, string? Status = null, string? ErrorType = null)
{
    /// <param name="durationUs">Microseconds.</param>
    /// <param name="initUs">Microseconds.</param>
    /// <param name="incrementMs">1 as AWS bills today; 100 as in 2015.</param>
    public static long Bill(long durationUs, long initUs, int incrementMs)
    {
        var step = incrementMs * 1000L;
        var total = durationUs + initUs;
        return Math.Max(1, (total + step - 1) / step) * incrementMs;
    }
}
