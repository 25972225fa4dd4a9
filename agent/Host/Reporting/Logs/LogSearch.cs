using Hearth.Contracts.Logs;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Logs;

/// <summary>
/// Looks through a function's segments for the Logs API. Events have the order in which they were appended, which is that of their times; one's number is its place among those of its
/// millisecond, whatever is asked for.
/// </summary>
internal static class LogSearch
{
    /// <summary>Of an answer; what is more is for the next one.</summary>
    private const int MaxCharacters = 1 << 20;

    /// <summary>Streams of one function that are told apart; a function that has more is asked for them by name.</summary>
    private const int MaxStreams = 20_000;

    /// <param name="more">There are events behind (backward: before) those returned.</param>
    public static IReadOnlyCollection<LogEvent> Events(FunctionLog log, LogEventsQuery query, LogPattern pattern, CancellationToken cancellationToken, out bool more)
    {
        more = false;
        var found = new Queue<LogEvent>();
        var characters = 0;
        foreach (var (entry, number) in Read(log, query.Backward ? query.StartUnixMs : Math.Max(query.StartUnixMs, query.PositionUnixMs), cancellationToken))
        {
            if (query.EndUnixMs > 0 && entry.TimeUnixMs >= query.EndUnixMs)
                break;
            if (query.PositionNumber >= 0)
            {
                var side = (entry.TimeUnixMs, number).CompareTo((query.PositionUnixMs, query.PositionNumber));
                if (query.Backward && side >= 0)
                    break;
                if (!query.Backward && side <= 0)
                    continue;
            }
            if (!IsWanted(query, entry.Stream) || !pattern.Matches(entry.Text))
                continue;
            if (!query.Backward && (found.Count == query.Limit || characters + entry.Text.Length > MaxCharacters && found.Count > 0))
            {
                more = true;
                break;
            }
            found.Enqueue(new LogEvent { TimeUnixMs = entry.TimeUnixMs, Number = number, Stream = entry.Stream, Text = entry.Text });
            characters += entry.Text.Length;
            while (query.Backward && (found.Count > query.Limit || characters > MaxCharacters && found.Count > 1))
            {
                characters -= found.Dequeue().Text.Length;
                more = true;
            }
        }
        return found;
    }

    public static IReadOnlyCollection<LogStreamInfo> Streams(FunctionLog log, CancellationToken cancellationToken)
    {
        var streams = new Dictionary<string, LogStreamInfo>(StringComparer.Ordinal);
        foreach (var (entry, _) in Read(log, 0, cancellationToken))
        {
            if (!streams.TryGetValue(entry.Stream, out var stream))
            {
                if (streams.Count == MaxStreams)
                    continue;
                streams[entry.Stream] = stream = new LogStreamInfo { Name = entry.Stream, FirstEventUnixMs = entry.TimeUnixMs };
            }
            stream.LastEventUnixMs = entry.TimeUnixMs;
            stream.Bytes += entry.Text.Length;
        }
        return streams.Values;
    }

    private static IEnumerable<(LogEntry Entry, long Number)> Read(FunctionLog log, long since, CancellationToken cancellationToken)
    {
        log.Flush();
        using var reader = new LogReader(log.Folder, since);
        var (time, number) = (-1L, 0L);
        while (reader.TryRead(out var entry))
        {
            cancellationToken.ThrowIfCancellationRequested();
            number = entry.TimeUnixMs == time ? number + 1 : 0;
            time = entry.TimeUnixMs;
            yield return (entry, number);
        }
    }

    private static bool IsWanted(LogEventsQuery query, string stream) =>
        (query.Streams.Count == 0 || query.Streams.Contains(stream)) && stream.StartsWith(query.StreamPrefix, StringComparison.Ordinal);
}
