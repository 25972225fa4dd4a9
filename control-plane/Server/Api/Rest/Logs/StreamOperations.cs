using System.Globalization;
using System.Text.Json;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Logs;

namespace Hearth.ControlPlane.Api.Rest.Logs;

/// <summary>Log streams.</summary>
public sealed class StreamOperations(LogStreamService streams, LogGroupService groups) : ILogsOperations
{
    private const int MaxPage = 50;

    public IEnumerable<(string Operation, Func<JsonMembers, Func<CancellationToken, Task<RestAnswer>>> Handler)> Handlers =>
    [
        ("CreateLogStream", body => Named(body, streams.CreateAsync)),
        ("DeleteLogStream", body => Named(body, streams.DeleteAsync)),
        ("DescribeLogStreams", Describe),
    ];

    private static Func<CancellationToken, Task<RestAnswer>> Named(JsonMembers body, Func<string, string, CancellationToken, Task> work)
    {
        (string group, string name) = (body.Group(), LogRules.StreamName(body.Text("logStreamName")));
        return LogsMembers.Nothing(cancellationToken => work(group, name, cancellationToken));
    }

    private Func<CancellationToken, Task<RestAnswer>> Describe(JsonMembers body)
    {
        string group = body.Group();
        string prefix = body.Text("logStreamNamePrefix") ?? "";
        string? token = body.Token();
        bool descending = body.Flag("descending");
        int limit = LogRules.Limit(body.Integer("limit"), MaxPage, MaxPage);
        bool byTime = body.Text("orderBy") switch
        {
            null or "LogStreamName" => false,
            "LastEventTime" => true,
            var other => throw LogErrors.Invalid(other, "orderBy", "Member must satisfy enum value set: [LogStreamName, LastEventTime]"),
        };
        if (byTime && prefix.Length > 0)
            throw LogErrors.Invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
        return async cancellationToken =>
        {
            FleetAnswer<LogStream> all = await streams.ListAsync(group, cancellationToken);
            Page<LogStream> page = Pages.Of(InOrder(all.Items.Where(s => s.Name.StartsWith(prefix, StringComparison.Ordinal)), byTime, descending), Key, limit, token);
            return LogsMembers.Partial(all.Silent, writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("logStreams");
                foreach (LogStream stream in page.Items)
                    Write(writer, stream);
                writer.WriteEndArray();
                writer.Optional("nextToken", page.NextMarker);
                writer.WriteEndObject();
            });

            // Pages go by ascending keys; a descending order has keys that ascend.
            string Key(LogStream stream) => (byTime, descending) switch
            {
                (true, false) => TimeKey(stream.LastEventUnixMs ?? 0) + stream.Name,
                (true, true) => TimeKey(999_999_999_999_999 - (stream.LastEventUnixMs ?? 0)) + Inverse(stream.Name),
                (false, true) => Inverse(stream.Name),
                _ => stream.Name,
            };
        };
    }

    private static IEnumerable<LogStream> InOrder(IEnumerable<LogStream> all, bool byTime, bool descending)
    {
        var byName = all.OrderBy(s => s.Name, StringComparer.Ordinal);
        var ordered = byTime ? byName.OrderBy(s => s.LastEventUnixMs ?? 0) : byName;
        return descending ? ordered.Reverse() : ordered;
    }

    private static string TimeKey(long time) => time.ToString("D15", CultureInfo.InvariantCulture);

    /// <summary>Ascends where the name descends; a longer name comes before its prefix.</summary>
    private static string Inverse(string name) => string.Create(name.Length + 1, name, static (inverse, from) =>
    {
        // Below the surrogates, so that it survives being made into UTF-8.
        for (int i = 0; i < from.Length; i++)
            inverse[i] = (char)(0xD7FE - Math.Min((int)from[i], 0xD7FD));
        inverse[^1] = '\uD7FF';
    });

    private void Write(Utf8JsonWriter writer, LogStream stream)
    {
        writer.WriteStartObject();
        writer.WriteString("logStreamName", stream.Name);
        writer.WriteNumber("creationTime", stream.Created.ToUnixTimeMilliseconds());
        if (stream.FirstEventUnixMs is { } first)
            writer.WriteNumber("firstEventTimestamp", first);
        if (stream.LastEventUnixMs is { } last)
            writer.WriteNumber("lastEventTimestamp", last);
        if (stream.LastIngestion is { } ingestion)
            writer.WriteNumber("lastIngestionTime", ingestion.ToUnixTimeMilliseconds());
        // Clients of before 2023 send it back with their next batch; nobody reads it.
        writer.WriteString("uploadSequenceToken", EventOperations.SequenceToken);
        writer.WriteString("arn", $"{groups.Arn(stream.Group)}:log-stream:{stream.Name}");
        writer.WriteNumber("storedBytes", 0);
        writer.WriteEndObject();
    }
}
