using System.Text.Json.Nodes;
using Hearth.Contracts;

namespace Hearth.ControlPlane.EventSources;

/// <summary>What a mapping must say, by the kind of its source.</summary>
internal static class SourceRules
{
    /// <exception cref="LambdaException"/>
    public static void CheckNew(string? sourceArn, JsonObject settings)
    {
        if (sourceArn is null && !settings.ContainsKey("SelfManagedEventSource"))
            throw new LambdaException(LambdaError.InvalidParameterValue("Unrecognized event source."));
        if (sourceArn is not null && settings.ContainsKey("SelfManagedEventSource"))
            throw new LambdaException(LambdaError.InvalidParameterValue("You can specify only one of EventSourceArn or SelfManagedEventSource."));
        if (sourceArn is not null && Kind(sourceArn) is null)
            throw new LambdaException(LambdaError.InvalidParameterValue("Unrecognized event source."));
        if (IsStream(sourceArn) && !settings.ContainsKey("StartingPosition"))
            throw new LambdaException(LambdaError.Validation([LambdaError.Violation(null, "startingPosition", "Member must not be null.")]));
        if (IsQueue(sourceArn) && settings.ContainsKey("StartingPosition"))
            throw new LambdaException(LambdaError.InvalidParameterValue("StartingPosition is not valid for SQS event sources."));
        if ((string?)settings["StartingPosition"] == "AT_TIMESTAMP" && !settings.ContainsKey("StartingPositionTimestamp"))
            throw new LambdaException(LambdaError.InvalidParameterValue("StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP."));
        CheckRanges(sourceArn, settings);
    }

    /// <exception cref="LambdaException"/>
    public static void CheckRanges(string? sourceArn, JsonObject settings)
    {
        int? batch = Number(settings, "BatchSize");
        int window = Number(settings, "MaximumBatchingWindowInSeconds") ?? 0;
        if (IsQueue(sourceArn) && batch > 10 && sourceArn!.EndsWith(".fifo", StringComparison.Ordinal))
            throw new LambdaException(LambdaError.InvalidParameterValue("BatchSize must be between 1 and 10 for FIFO queues."));
        if (IsQueue(sourceArn) && batch > 10 && window < 1)
            throw new LambdaException(LambdaError.InvalidParameterValue("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"));
        if (Number(settings, "MaximumRecordAgeInSeconds") is { } age and not -1 and < 60)
            throw new LambdaException(LambdaError.InvalidParameterValue($"MaximumRecordAgeInSeconds must be -1 or between 60 and 604800, not {age}."));
    }

    /// <summary>AWS's, by the source.</summary>
    public static void AddDefaults(string? sourceArn, JsonObject settings)
    {
        Default(settings, "BatchSize", IsQueue(sourceArn) ? 10 : 100);
        Default(settings, "MaximumBatchingWindowInSeconds", 0);
        if (IsStream(sourceArn))
        {
            Default(settings, "ParallelizationFactor", 1);
            Default(settings, "MaximumRecordAgeInSeconds", -1);
            Default(settings, "MaximumRetryAttempts", -1);
            Default(settings, "TumblingWindowInSeconds", 0);
            settings.TryAdd("BisectBatchOnFunctionError", JsonValue.Create(false));
            settings.TryAdd("DestinationConfig", new JsonObject { ["OnFailure"] = new JsonObject() });
        }

        settings.TryAdd("FunctionResponseTypes", new JsonArray());
    }

    // Fractions are cut off, as AWS does.
    private static int? Number(JsonObject settings, string name) =>
        settings[name] is JsonValue value && value.TryGetValue(out double number) ? (int)Math.Clamp(Math.Truncate(number), int.MinValue, int.MaxValue) : null;

    private static void Default(JsonObject settings, string name, int value) => settings.TryAdd(name, JsonValue.Create(value));

    private static bool IsQueue(string? arn) => arn is not null && Kind(arn) == "sqs";

    private static bool IsStream(string? arn) => arn is not null && Kind(arn) is ("kinesis" or "dynamodb");

    private static string? Kind(string arn) => arn.Split(':') is [_, _, var service and ("sqs" or "kinesis" or "dynamodb" or "kafka" or "mq" or "rds" or "docdb"), ..] ? service : null;
}
