namespace Hearth.Agent.Reporting.Logs;

/// <param name="MaxBytesPerFunction">Oldest segments go first when a function's files are larger.</param>
/// <param name="MaxAge">Segments that end before this are deleted.</param>
/// <param name="SegmentBytes">A segment is closed at this size.</param>
internal sealed record LogSettings(long MaxBytesPerFunction, TimeSpan MaxAge, int SegmentBytes)
{
    public static LogSettings Default { get; } = new(64L * 1024 * 1024, TimeSpan.FromDays(14), 4 * 1024 * 1024);
}
