using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Hearth.Runtime;

/// <summary>
/// The context argument, made for whatever type the handler declares: Amazon.Lambda.Core.ILambdaContext of the function's own copy, or any interface
/// or class of the function with properties of those names. Hearth asks for no package of its own.
/// </summary>
internal static class LambdaContext
{
    private const string AmazonContext = "Amazon.Lambda.Core.ILambdaContext";

    private static readonly HashSet<string> s_names =
    [
        "AwsRequestId", "ClientContext", "FunctionName", "FunctionVersion", "Identity", "InvokedFunctionArn", "Logger", "LogGroupName",
        "LogStreamName", "MemoryLimitInMB", "RemainingTime", "TenantId", "TraceId", "Serializer",
    ];

    /// <param name="type">Type of the handler's last parameter.</param>
    /// <param name="alone">It is the only one: then it may be the event, and only a type that asks for a request id is a context.</param>
    public static bool IsContext(Type type, bool alone)
    {
        if (type.FullName == AmazonContext)
            return true;
        if (type == typeof(string) || type.IsPrimitive || typeof(Stream).IsAssignableFrom(type))
            return false;
        var names = type.GetProperties().Select(p => p.Name).ToList();
        return names.Count > 0 && names.TrueForAll(s_names.Contains) && (!alone || names.Contains("AwsRequestId"));
    }

    public static object Create(Type type, InvokeRequest request) => DuckType.Create(type, Values(request));

    private static Dictionary<string, Func<object?>> Values(InvokeRequest request) => new()
    {
        ["AwsRequestId"] = () => request.RequestId,
        ["FunctionName"] = () => Variable("AWS_LAMBDA_FUNCTION_NAME"),
        ["FunctionVersion"] = () => Variable("AWS_LAMBDA_FUNCTION_VERSION"),
        ["InvokedFunctionArn"] = () => request.InvokedFunctionArn,
        ["LogGroupName"] = () => Variable("AWS_LAMBDA_LOG_GROUP_NAME"),
        ["LogStreamName"] = () => Variable("AWS_LAMBDA_LOG_STREAM_NAME"),
        ["MemoryLimitInMB"] = () => int.TryParse(Variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), CultureInfo.InvariantCulture, out var mb) ? mb : 0,
        ["RemainingTime"] = () => TimeSpan.FromMilliseconds(Math.Max(0, request.DeadlineUnixMs - DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())),
        ["TenantId"] = () => request.TenantId,
        ["TraceId"] = () => request.TraceId,
        ["Logger"] = () => Empty,
        ["Serializer"] = () => null,
        ["ClientContext"] = () => request.ClientContext is { } json ? ClientContext(json) : null,
        ["Identity"] = () => Identity(request.CognitoIdentity),
    };

    /// <summary>A logger has no values; its Log* methods write lines.</summary>
    private static Dictionary<string, Func<object?>> Empty { get; } = [];

    private static Dictionary<string, Func<object?>> ClientContext(string json)
    {
        var node = Parse(json);
        return new()
        {
            ["Environment"] = () => Strings(node?["env"]),
            ["Custom"] = () => Strings(node?["custom"]),
            ["Client"] = () => new Dictionary<string, Func<object?>>
            {
                ["AppPackageName"] = () => (string?)node?["client"]?["app_package_name"],
                ["AppTitle"] = () => (string?)node?["client"]?["app_title"],
                ["AppVersionCode"] = () => (string?)node?["client"]?["app_version_code"],
                ["AppVersionName"] = () => (string?)node?["client"]?["app_version_name"],
                ["InstallationId"] = () => (string?)node?["client"]?["installation_id"],
            },
        };
    }

    private static Dictionary<string, Func<object?>> Identity(string? json)
    {
        var node = json is null ? null : Parse(json);
        return new()
        {
            ["IdentityId"] = () => (string?)node?["cognitoIdentityId"],
            ["IdentityPoolId"] = () => (string?)node?["cognitoIdentityPoolId"],
        };
    }

    private static JsonObject? Parse(string json) => JsonNode.Parse(json) as JsonObject;

    private static Dictionary<string, string> Strings(JsonNode? node) =>
        (node as JsonObject)?.ToDictionary(p => p.Key, p => p.Value?.ToString() ?? "") ?? [];

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name);
}
