using System.Globalization;
using System.Text.Json;
using Hearth.ControlPlane.Logs;

namespace Hearth.ControlPlane.Api.Rest.Logs;

/// <summary>Events: put, read from one stream, searched in a group.</summary>
public sealed class EventOperations(LogEventService events, LogStreamService streams) : ILogsOperations
{
    public const string SequenceToken = "49039859637390000000000000000000000000000000000000000000";

    private const int MaxEvents = 10_000;
    private const int MaxStreams = 100;
    private const string ForwardPrefix = "f/";
    private const string BackwardPrefix = "b/";
    private const string SearchPrefix = "s/";

    public IEnumerable<(string Operation, Func<JsonMembers, Func<CancellationToken, Task<RestAnswer>>> Handler)> Handlers =>
    [
        ("PutLogEvents", Put),
        ("GetLogEvents", Get),
        ("FilterLogEvents", Filter),
    ];

    private Func<CancellationToken, Task<RestAnswer>> Put(JsonMembers body)
    {
        (string group, string stream) = (body.Group(), LogRules.StreamName(body.Text("logStreamName")));
        IReadOnlyList<JsonMembers> given = body.Structures("logEvents") ?? throw LogErrors.Invalid(null, "logEvents", "Member must not be null");
        List<(long, string)> batch =
        [
            .. given.Select(e => (e.Time("timestamp") ?? throw LogErrors.Invalid(null, "logEvents.member.timestamp", "Member must not be null"),
                e.Text("message") is { Length: > 0 } message ? message : throw LogErrors.Invalid(e.Text("message"), "logEvents.member.message", "Member must have length greater than or equal to 1"))),
        ];
        return async cancellationToken =>
        {
            (int? tooNew, int? tooOld, int? expired) = await events.PutAsync(group, stream, batch, cancellationToken);
            return RestAnswer.Ok(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("nextSequenceToken", SequenceToken);
                if ((tooNew ?? tooOld ?? expired) is not null)
                {
                    writer.WriteStartObject("rejectedLogEventsInfo");
                    Index(writer, "tooNewLogEventStartIndex", tooNew);
                    Index(writer, "tooOldLogEventEndIndex", tooOld);
                    Index(writer, "expiredLogEventEndIndex", expired);
                    writer.WriteEndObject();
                }

                writer.WriteEndObject();
            });
        };
    }

    private Func<CancellationToken, Task<RestAnswer>> Get(JsonMembers body)
    {
        (string group, string stream) = (body.Group(), LogRules.StreamName(body.Text("logStreamName")));
        string? token = body.Token();
        LogPosition? position = null;
        bool backward = token is null ? !body.Flag("startFromHead") : token.StartsWith(BackwardPrefix, StringComparison.Ordinal);
        if (token is not null)
            position = LogPosition.TryParse(token, backward ? BackwardPrefix : ForwardPrefix) ?? throw LogErrors.Invalid("The specified nextToken is invalid.");
        var query = new LogQuery(
            group, [stream], "", body.Time("startTime") ?? 0, body.Time("endTime") ?? long.MaxValue, "", LogRules.Limit(body.Integer("limit"), MaxEvents, MaxEvents), position, backward);
        return async cancellationToken =>
        {
            LogPage page = await events.ReadAsync(query, cancellationToken);
            if (page.Events.Count == 0)
                await streams.RequireAsync(group, stream, cancellationToken);
            // At an end both tokens stay what they were.
            LogPosition here = position ?? new LogPosition(query.Backward && query.EndUnixMs == long.MaxValue ? 0 : query.StartUnixMs, new Dictionary<string, long>());
            LogPosition forward = page.Events.Count > 0 ? LogPosition.After(page.Events, position) : here;
            LogPosition back = page.Events.Count > 0 ? LogPosition.Before(page.Events) : here;
            return LogsMembers.Partial(page.Silent, writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("events");
                foreach (StoredEvent found in page.Events)
                {
                    writer.WriteStartObject();
                    Write(writer, found);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteString("nextForwardToken", forward.ToToken(ForwardPrefix));
                writer.WriteString("nextBackwardToken", back.ToToken(BackwardPrefix));
                writer.WriteEndObject();
            });
        };
    }

    private Func<CancellationToken, Task<RestAnswer>> Filter(JsonMembers body)
    {
        string group = body.Group();
        IReadOnlyList<string> names = body.Texts("logStreamNames") ?? [];
        string prefix = body.Text("logStreamNamePrefix") ?? "";
        if (names.Count > MaxStreams)
            throw LogErrors.Invalid($"{names.Count}", "logStreamNames", $"Member must have length less than or equal to {MaxStreams}");
        if (names.Count > 0 && prefix.Length > 0)
            throw LogErrors.Invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
        string? token = body.Token();
        LogPosition? position = token is null ? null : LogPosition.TryParse(token, SearchPrefix) ?? throw LogErrors.Invalid("The specified nextToken is invalid.");
        var query = new LogQuery(
            group, names, prefix, body.Time("startTime") ?? 0, body.Time("endTime") is { } end and < long.MaxValue ? end + 1 : long.MaxValue, body.Text("filterPattern") ?? "",
            LogRules.Limit(body.Integer("limit"), MaxEvents, MaxEvents), position, Backward: false);
        return async cancellationToken =>
        {
            LogPage page = await events.ReadAsync(query, cancellationToken);
            return LogsMembers.Partial(page.Silent, writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("events");
                foreach (StoredEvent found in page.Events)
                {
                    writer.WriteStartObject();
                    writer.WriteString("logStreamName", found.Stream);
                    Write(writer, found);
                    writer.WriteString("eventId", IdOf(found));
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteStartArray("searchedLogStreams");
                // The one place where the API has it that something was not searched; which streams an agent has, nobody else knows.
                foreach (string agent in page.Silent)
                {
                    writer.WriteStartObject();
                    writer.WriteString("logStreamName", $"agent {agent}");
                    writer.WriteBoolean("searchedCompletely", false);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                if (page.More && page.Events.Count > 0)
                    writer.WriteString("nextToken", LogPosition.After(page.Events, position).ToToken(SearchPrefix));
                writer.WriteEndObject();
            });
        };
    }

    private static void Write(Utf8JsonWriter writer, StoredEvent found)
    {
        writer.WriteNumber("timestamp", found.TimeUnixMs);
        writer.WriteString("message", found.Text);
        writer.WriteNumber("ingestionTime", found.IngestedUnixMs);
    }

    private static void Index(Utf8JsonWriter writer, string name, int? index)
    {
        if (index is { } number)
            writer.WriteNumber(name, number);
    }

    /// <summary>56 digits, as AWS's, the same at every reading: followers tell by it what they have shown.</summary>
    private static string IdOf(StoredEvent found)
    {
        uint source = 2_166_136_261;
        foreach (char c in found.Source)
            source = (source ^ c) * 16_777_619;
        return string.Create(CultureInfo.InvariantCulture, $"{found.TimeUnixMs:D17}{source:D19}{found.Number:D20}");
    }
}
