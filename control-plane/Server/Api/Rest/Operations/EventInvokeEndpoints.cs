using System.Text.Json;
using Hearth.Contracts;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest.Operations;

public sealed class EventInvokeEndpoints(EventInvokeService configs, FunctionAddress address) : IRestOperations
{
    public IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers =>
    [
        ("PutFunctionEventInvokeConfig", call => Answer(configs.Put(Name(call), Input(call.Body)))),
        ("UpdateFunctionEventInvokeConfig", call => Answer(configs.Update(Name(call), Input(call.Body)))),
        ("GetFunctionEventInvokeConfig", call => Answer(configs.Get(Name(call)))),
        ("ListFunctionEventInvokeConfigs", List),
        ("DeleteFunctionEventInvokeConfig", Delete),
    ];

    private RestAnswer List(RestCall call)
    {
        Page<EventInvokeConfig> page = configs.List(address.Parse(call.Path("FunctionName"), null), call.Number("MaxItems"), call.Query("Marker"));
        return RestAnswer.Ok(writer => writer.Page("FunctionEventInvokeConfigs", page, c => Write(writer, c)));
    }

    private RestAnswer Delete(RestCall call)
    {
        configs.Delete(Name(call));
        return RestAnswer.Nothing;
    }

    private FunctionName Name(RestCall call) => address.Parse(call.Path("FunctionName"), call.Query("Qualifier"));

    private static EventInvokeInput Input(JsonMembers body)
    {
        JsonMembers? destinations = body.Structure("DestinationConfig");
        return new EventInvokeInput(
            body.Integer("MaximumRetryAttempts"), body.Integer("MaximumEventAgeInSeconds"), Destination(destinations, "OnSuccess"), Destination(destinations, "OnFailure"));
    }

    // A structure without a destination asks for none; absent, nothing is said.
    private static string? Destination(JsonMembers? destinations, string member) =>
        destinations?.Structure(member) is { } structure ? structure.Text("Destination") ?? "" : null;

    private RestAnswer Answer(EventInvokeConfig config) => RestAnswer.Ok(writer => Write(writer, config));

    private void Write(Utf8JsonWriter writer, EventInvokeConfig config)
    {
        writer.WriteStartObject();
        writer.Seconds("LastModified", config.LastModified);
        writer.WriteString("FunctionArn", address.Arn(config.Function, config.Qualifier));
        writer.Optional("MaximumRetryAttempts", config.MaximumRetryAttempts);
        writer.Optional("MaximumEventAgeInSeconds", config.MaximumEventAge);
        writer.WriteStartObject("DestinationConfig");
        foreach ((string name, string? destination) in new[] { ("OnSuccess", config.OnSuccess), ("OnFailure", config.OnFailure) })
        {
            writer.WriteStartObject(name);
            writer.Optional("Destination", destination);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
