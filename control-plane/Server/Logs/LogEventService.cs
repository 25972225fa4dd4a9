using Hearth.Contracts.Logs;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Agents;

namespace Hearth.ControlPlane.Logs;

/// <summary>Events: read from the agents and from what was put here, merged in the order of their times.</summary>
public sealed class LogEventService(LogFile file, LogGroupService groups, LogStreamService streams, FleetLogs fleet, TimeProvider time)
{
    /// <summary>Of the service model: a batch's text, and 26 bytes for each event.</summary>
    private const int MaxBatchBytes = 1_048_576;

    private const int EventOverhead = 26;
    private const int MaxEvents = 10_000;
    private const int MaxEventBytes = 262_144;

    /// <summary>Characters of a page; AWS's are 1 MB.</summary>
    private const int MaxPageCharacters = 1 << 20;

    private static readonly TimeSpan MaxAge = TimeSpan.FromDays(14);
    private static readonly TimeSpan MaxAhead = TimeSpan.FromHours(2);

    /// <exception cref="Contracts.LambdaException">There is no such group, or the pattern is not one.</exception>
    public async Task<LogPage> ReadAsync(LogQuery query, CancellationToken cancellationToken)
    {
        LogPattern pattern = LogPattern.TryParse(query.Pattern, out string error) ?? throw LogErrors.Invalid($"Invalid filter pattern: {error}");
        LogGroup group = await groups.RequireAsync(query.Group, cancellationToken);
        // What retention says is gone is gone for readers, whenever the disk is cleared of it.
        if (group.RetentionDays is { } days)
            query = query with { StartUnixMs = Math.Max(query.StartUnixMs, time.GetUtcNow().AddDays(-days).ToUnixTimeMilliseconds()) };
        var parts = new List<(List<StoredEvent> Events, bool More)> { Stored(query, pattern) };
        if (LogGroup.FunctionOf(query.Group) is not { } function)
            return Merge(query, parts, []);
        if (!fleet.IsAnyConnected)
            throw LogErrors.Away();
        FleetAnswer<AgentItems<LogEvent>> answer = await fleet.EventsAsync(id => QueryOf(function, id, query), cancellationToken);
        foreach ((string agent, IReadOnlyList<LogEvent> items, bool more) in answer.Items)
            parts.Add(([.. items.Select(e => new StoredEvent(agent, e.TimeUnixMs, e.Number, e.Stream, e.Text + "\n", e.TimeUnixMs))], more));
        return Merge(query, parts, answer.Silent);
    }

    /// <exception cref="Contracts.LambdaException">There is no such stream, a bound of AWS's is passed, or all groups together hold as much as they may.</exception>
    /// <returns>Indexes of events that were not taken: too new from there on, too old up to there, expired up to there; null for none.</returns>
    public async Task<(int? TooNew, int? TooOld, int? Expired)> PutAsync(string group, string stream, IReadOnlyList<(long TimeUnixMs, string Text)> events, CancellationToken cancellationToken)
    {
        LogGroup owner = await groups.RequireAsync(group, cancellationToken);
        if (events.Count is 0 or > MaxEvents)
            throw LogErrors.Invalid($"{events.Count}", "logEvents", $"Member must have length between 1 and {MaxEvents}");
        if (events.Sum(e => System.Text.Encoding.UTF8.GetByteCount(e.Text) + EventOverhead) > MaxBatchBytes)
            throw LogErrors.Invalid($"Upload too large: bytes exceed limit of {MaxBatchBytes}");
        if (events.Any(e => System.Text.Encoding.UTF8.GetByteCount(e.Text) + EventOverhead > MaxEventBytes))
            throw LogErrors.Invalid($"Log event too large: bytes exceed limit of {MaxEventBytes}");
        for (int i = 1; i < events.Count; i++)
        {
            if (events[i].TimeUnixMs < events[i - 1].TimeUnixMs)
                throw LogErrors.Invalid("Log events in a single PutLogEvents request must be in chronological order.");
        }

        DateTimeOffset now = time.GetUtcNow();
        long newest = (now + MaxAhead).ToUnixTimeMilliseconds(), oldest = (now - MaxAge).ToUnixTimeMilliseconds();
        long expiry = owner.RetentionDays is { } days ? now.AddDays(-days).ToUnixTimeMilliseconds() : 0;
        List<(long TimeUnixMs, string Text)> taken = [.. events.Where(e => e.TimeUnixMs >= Math.Max(oldest, expiry) && e.TimeUnixMs <= newest)];
        if (!file.StreamsOf(group).Exists(s => s.Name == stream))
        {
            // An instance's own stream is written by its function only.
            await streams.RequireAsync(group, stream, cancellationToken);
            throw LogErrors.Invalid("This stream is written by the function itself; create another in its group.");
        }

        AppendOutcome outcome = taken.Count > 0 ? file.Append(group, stream, taken, now) : AppendOutcome.Done;
        if (outcome != AppendOutcome.Done)
            throw outcome == AppendOutcome.Full ? LogErrors.Full() : LogErrors.NoStream();
        int tooNew = events.TakeWhile(e => e.TimeUnixMs <= newest).Count();
        return (tooNew < events.Count ? tooNew : null, CountOrNull(events.TakeWhile(e => e.TimeUnixMs < oldest)), CountOrNull(events.TakeWhile(e => e.TimeUnixMs < expiry)));
    }

    private static int? CountOrNull<T>(IEnumerable<T> items) => items.Count() is > 0 and var count ? count : null;

    private (List<StoredEvent> Events, bool More) Stored(LogQuery query, LogPattern pattern)
    {
        var found = new List<StoredEvent>();
        int characters = 0;
        bool more = false;
        // Without a number of its own, a position is before all of its millisecond.
        (long, long)? position = query.Position is { } at ? (at.TimeUnixMs, at.NumberOf("")) : null;
        if (query.Backward && position is (_, -1))
            position = (query.Position!.TimeUnixMs, 0);
        file.Scan(query.Group, query.StartUnixMs, query.EndUnixMs, position, query.Backward, e =>
        {
            if ((query.Streams.Count > 0 && !query.Streams.Contains(e.Stream)) || !e.Stream.StartsWith(query.StreamPrefix, StringComparison.Ordinal) || !pattern.Matches(e.Text))
                return true;
            more = found.Count == query.Limit || characters > MaxPageCharacters;
            if (more)
                return false;
            found.Add(e);
            characters += e.Text.Length;
            return true;
        });
        if (query.Backward)
            found.Reverse();
        return (found, more);
    }

    private static LogEventsQuery QueryOf(string function, string agent, LogQuery query)
    {
        long number = query.Position?.NumberOf(agent) ?? -1;
        var asked = new LogEventsQuery
        {
            FunctionName = function,
            StartUnixMs = query.StartUnixMs,
            EndUnixMs = query.EndUnixMs == long.MaxValue ? 0 : query.EndUnixMs,
            StreamPrefix = query.StreamPrefix,
            Pattern = query.Pattern,
            Limit = query.Limit,
            Backward = query.Backward,
            PositionUnixMs = query.Position?.TimeUnixMs ?? 0,
            PositionNumber = number,
        };
        // Nothing of this agent is known at the position's time: before all of that millisecond.
        if (query.Position is { } at && number < 0 && query.Backward)
            asked.EndUnixMs = Math.Min(query.EndUnixMs, at.TimeUnixMs);
        asked.Streams.AddRange(query.Streams);
        return asked;
    }

    private static LogPage Merge(LogQuery query, List<(List<StoredEvent> Events, bool More)> parts, IReadOnlyList<string> silent)
    {
        IEnumerable<StoredEvent> all = parts.SelectMany(p => p.Events).OrderBy(e => e.TimeUnixMs).ThenBy(e => e.Source, StringComparer.Ordinal).ThenBy(e => e.Number);
        // Where a source has more than it has said, what others have beyond that is not next.
        foreach ((List<StoredEvent> events, bool more) in parts.Where(p => p.More && p.Events.Count > 0))
            all = query.Backward ? all.Where(e => e.TimeUnixMs >= events[0].TimeUnixMs) : all.Where(e => e.TimeUnixMs <= events[^1].TimeUnixMs);
        List<StoredEvent> merged = [.. all];
        int total = parts.Sum(p => p.Events.Count);
        List<StoredEvent> page = [.. query.Backward ? merged.TakeLast(query.Limit) : merged.Take(query.Limit)];
        return new LogPage(page, page.Count < total || parts.Exists(p => p.More), silent);
    }
}
