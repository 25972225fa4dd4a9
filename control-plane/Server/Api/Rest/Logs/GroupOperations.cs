using System.Text.Json;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Logs;

namespace Hearth.ControlPlane.Api.Rest.Logs;

/// <summary>Log groups, their retention and tags.</summary>
public sealed class GroupOperations(LogGroupService groups) : ILogsOperations
{
    private const int MaxPage = 50;

    public IEnumerable<(string Operation, Func<JsonMembers, Func<CancellationToken, Task<RestAnswer>>> Handler)> Handlers =>
    [
        ("CreateLogGroup", Create),
        ("DeleteLogGroup", body => LogsMembers.Nothing(Use(body.Group(), groups.DeleteAsync))),
        ("DescribeLogGroups", Describe),
        ("PutRetentionPolicy", body => SetRetention(body.Group(), LogRules.Retention(body.Integer("retentionInDays")))),
        ("DeleteRetentionPolicy", body => SetRetention(body.Group(), null)),
        ("TagResource", body => Tag(body.GroupOfArn(), body.Map("tags"))),
        ("TagLogGroup", body => Tag(body.Group(), body.Map("tags"))),
        ("UntagResource", body => Untag(body.GroupOfArn(), body.Texts("tagKeys"))),
        ("UntagLogGroup", body => Untag(body.Group(), body.Texts("tags"))),
        ("ListTagsForResource", body => ListTags(body.GroupOfArn())),
        ("ListTagsLogGroup", body => ListTags(body.Group())),
    ];

    private Func<CancellationToken, Task<RestAnswer>> Create(JsonMembers body)
    {
        string name = body.Group();
        if (body.Text("kmsKeyId") is not null)
            throw LogErrors.Invalid("kmsKeyId is not supported: logs are not encrypted by a key of their own.");
        if (body.Text("logGroupClass") is not (null or "STANDARD") and var other)
            throw LogErrors.Invalid(other, "logGroupClass", "Member must satisfy enum value set: [STANDARD]");
        IReadOnlyDictionary<string, string> tags = body.Map("tags") ?? new Dictionary<string, string>();
        return LogsMembers.Nothing(cancellationToken => groups.CreateAsync(name, tags, cancellationToken));
    }

    private Func<CancellationToken, Task<RestAnswer>> Describe(JsonMembers body)
    {
        string? prefix = body.Text("logGroupNamePrefix"), pattern = body.Text("logGroupNamePattern"), token = body.Token();
        if (prefix is { Length: > 0 } && pattern is { Length: > 0 })
            throw LogErrors.Invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
        if (prefix is not null)
            LogRules.GroupName(prefix, "logGroupNamePrefix");
        int limit = LogRules.Limit(body.Integer("limit"), MaxPage, MaxPage);
        return async cancellationToken =>
        {
            FleetAnswer<LogGroup> all = await groups.ListAsync(prefix ?? "", cancellationToken);
            Page<LogGroup> page = Pages.Of(all.Items.Where(g => g.Name.Contains(pattern ?? "", StringComparison.OrdinalIgnoreCase)), g => g.Name, limit, token);
            return LogsMembers.Partial(all.Silent, writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("logGroups");
                foreach (LogGroup group in page.Items)
                    Write(writer, group);
                writer.WriteEndArray();
                writer.Optional("nextToken", page.NextMarker);
                writer.WriteEndObject();
            });
        };
    }

    private void Write(Utf8JsonWriter writer, LogGroup group)
    {
        string arn = groups.Arn(group.Name);
        writer.WriteStartObject();
        writer.WriteString("logGroupName", group.Name);
        writer.WriteNumber("creationTime", group.Created.ToUnixTimeMilliseconds());
        if (group.RetentionDays is { } days)
            writer.WriteNumber("retentionInDays", days);
        writer.WriteNumber("metricFilterCount", 0);
        writer.WriteString("arn", arn + ":*");
        writer.WriteNumber("storedBytes", group.Bytes);
        writer.WriteString("logGroupClass", "STANDARD");
        writer.WriteString("logGroupArn", arn);
        writer.WriteEndObject();
    }

    private Func<CancellationToken, Task<RestAnswer>> SetRetention(string group, int? days) =>
        LogsMembers.Nothing(cancellationToken => groups.SetRetentionAsync(group, days, cancellationToken));

    private Func<CancellationToken, Task<RestAnswer>> Tag(string group, IReadOnlyDictionary<string, string>? tags) => tags is null
        ? throw LogErrors.Invalid(null, "tags", "Member must not be null")
        : LogsMembers.Nothing(cancellationToken => groups.TagAsync(group, tags, cancellationToken));

    private Func<CancellationToken, Task<RestAnswer>> Untag(string group, IReadOnlyList<string>? keys) => keys is null
        ? throw LogErrors.Invalid(null, "tagKeys", "Member must not be null")
        : LogsMembers.Nothing(cancellationToken => groups.UntagAsync(group, keys, cancellationToken));

    private Func<CancellationToken, Task<RestAnswer>> ListTags(string group) => async cancellationToken =>
    {
        LogGroup found = await groups.RequireAsync(group, cancellationToken);
        return RestAnswer.Ok(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartObject("tags");
            foreach ((string key, string value) in found.Tags)
                writer.WriteString(key, value);
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    };

    private static Func<CancellationToken, Task> Use(string group, Func<string, CancellationToken, Task> work) => cancellationToken => work(group, cancellationToken);
}
