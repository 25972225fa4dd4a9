using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Contracts;
using Hearth.ControlPlane.Api.Rest.Model;
using Hearth.ControlPlane.EventSources;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest.Operations;

public sealed class EventSourceEndpoints(EventSourceService mappings, FunctionAddress address) : IRestOperations
{
    private const string NotPolled = "PROBLEM: This version of Hearth does not poll event sources yet.";

    // Kept as they come; what is not among them is ignored, as AWS does.
    private static readonly string[] Settings =
    [
        "BatchSize", "FilterCriteria", "MaximumBatchingWindowInSeconds", "ParallelizationFactor", "StartingPosition", "StartingPositionTimestamp", "DestinationConfig",
        "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "MaximumRetryAttempts", "TumblingWindowInSeconds", "Topics", "Queues", "SourceAccessConfigurations",
        "SelfManagedEventSource", "FunctionResponseTypes", "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig", "ScalingConfig",
    ];

    public IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers =>
    [
        ("CreateEventSourceMapping", Create), ("GetEventSourceMapping", Get), ("ListEventSourceMappings", List), ("UpdateEventSourceMapping", Update),
        ("DeleteEventSourceMapping", Delete),
    ];

    private RestAnswer Create(RestCall call)
    {
        EventSourceMapping made = mappings.Create(
            address.Parse(call.Body.Text("FunctionName"), null), call.Body.Text("EventSourceArn"), call.Body.MaybeFlag("Enabled") ?? true, Members(call));
        return RestAnswer.Accepted(writer => Write(writer, made, "Creating"));
    }

    private RestAnswer Get(RestCall call)
    {
        EventSourceMapping found = mappings.Get(call.Path("UUID"));
        return RestAnswer.Ok(writer => Write(writer, found, null));
    }

    private RestAnswer List(RestCall call)
    {
        FunctionName? function = call.Query("FunctionName") is { } text ? address.Parse(text, null) : null;
        Page<EventSourceMapping> page = mappings.List(function, call.Query("EventSourceArn"), call.Number("MaxItems"), call.Query("Marker"));
        return RestAnswer.Ok(writer => writer.Page("EventSourceMappings", page, m => Write(writer, m, null)));
    }

    private RestAnswer Update(RestCall call)
    {
        FunctionName? function = call.Body.Text("FunctionName") is { } text ? address.Parse(text, null) : null;
        EventSourceMapping updated = mappings.Update(call.Path("UUID"), function, call.Body.MaybeFlag("Enabled"), Members(call));
        return RestAnswer.Accepted(writer => Write(writer, updated, "Updating"));
    }

    private RestAnswer Delete(RestCall call)
    {
        EventSourceMapping deleted = mappings.Delete(call.Path("UUID"));
        return RestAnswer.Accepted(writer => Write(writer, deleted, "Deleting"));
    }

    private static JsonObject Members(RestCall call)
    {
        var members = new JsonObject();
        foreach (string name in Settings)
        {
            if (call.Operation.Input!.Members.Exists(m => m.Name == name) && ModelJson.Member(call, name) is { } json)
                members[name] = JsonNode.Parse(json);
        }

        return members;
    }

    /// <param name="state">The passing state of this answer; null for the lasting one.</param>
    private void Write(Utf8JsonWriter writer, EventSourceMapping mapping, string? state)
    {
        writer.WriteStartObject();
        writer.WriteString("UUID", mapping.Uuid);
        foreach ((string name, JsonNode? value) in mapping.Members)
        {
            writer.WritePropertyName(name);
            if (value is null)
                writer.WriteNullValue();
            else
                value.WriteTo(writer);
        }

        writer.Optional("EventSourceArn", mapping.SourceArn);
        writer.WriteString("FunctionArn", address.Arn(mapping.Function, mapping.Qualifier));
        writer.WriteString("EventSourceMappingArn", $"arn:aws:lambda:{address.Region}:{address.Account}:event-source-mapping:{mapping.Uuid}");
        writer.Seconds("LastModified", mapping.LastModified);
        writer.WriteString("LastProcessingResult", NotPolled);
        writer.WriteString("State", state ?? (mapping.Enabled ? "Enabled" : "Disabled"));
        writer.WriteString("StateTransitionReason", "USER_INITIATED");
        writer.WriteEndObject();
    }
}
