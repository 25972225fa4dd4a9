using System.Globalization;
using System.Text.Json;

namespace Hearth.Adapter.Telemetry;

[Flags]
internal enum EventTypes
{
    None = 0,
    Platform = 1,
    Function = 2,
    Extension = 4,
}

/// <summary>
/// What an extension wants of the Telemetry or Logs API. Names, ranges and defaults: telemetry-api.md of AWS's guide, and the JSON schema in
/// aws-lambda-runtime-interface-emulator.
/// </summary>
/// <param name="IsLogs">The older API: fewer and differently named platform events.</param>
/// <param name="Path">Of the URI; null for TCP.</param>
internal sealed record SubscriptionRequest(bool IsLogs, EventTypes Types, int Port, string? Path, int MaxItems, int MaxBytes, int TimeoutMs)
{
    private const int ApiPort = 9001;
    private static readonly (EventTypes Flag, string Name)[] s_names = [(EventTypes.Platform, "platform"), (EventTypes.Function, "function"), (EventTypes.Extension, "extension")];
    private static readonly string[] s_telemetry = ["2022-07-01", "2022-12-13", "2025-01-29"];
    private static readonly string[] s_logs = ["2020-08-15", "2021-03-18"];

    /// <exception cref="FormatException">What is wrong with it.</exception>
    public static SubscriptionRequest Parse(byte[] body, bool isLogs)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new FormatException("the body must be an object");
            // The first Logs API had no schema version.
            var schema = Text(root, "schemaVersion") ?? (isLogs ? s_logs[0] : throw new FormatException("schemaVersion is missing"));
            if (!(isLogs ? s_logs : s_telemetry).Contains(schema))
                throw new FormatException($"schemaVersion must be one of {string.Join(", ", isLogs ? s_logs : s_telemetry)}");
            if (!root.TryGetProperty("destination", out var destination) || destination.ValueKind != JsonValueKind.Object)
                throw new FormatException("destination is missing");
            var (port, path) = Destination(destination);
            var buffering = root.TryGetProperty("buffering", out var given) && given.ValueKind == JsonValueKind.Object ? given : default;
            return new SubscriptionRequest(
                isLogs, TypesOf(root), port, path, Number(buffering, "maxItems", 1000, 10_000, 10_000), Number(buffering, "maxBytes", 262_144, 1_048_576, 262_144),
                Number(buffering, "timeoutMs", 25, 30_000, 1000));
        }
        catch (JsonException e)
        {
            throw new FormatException(e.Message);
        }
    }

    public static IEnumerable<string> Names(EventTypes types) => s_names.Where(t => types.HasFlag(t.Flag)).Select(static t => t.Name);

    private static EventTypes TypesOf(JsonElement root)
    {
        if (!root.TryGetProperty("types", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > 3)
            throw new FormatException("types must be a list of one to three of platform, function, extension");
        var types = EventTypes.None;
        foreach (var item in list.EnumerateArray())
        {
            types |= (item.ValueKind == JsonValueKind.String ? item.GetString() : null) switch
            {
                "platform" => EventTypes.Platform,
                "function" => EventTypes.Function,
                "extension" => EventTypes.Extension,
                _ => throw new FormatException("types may hold platform, function and extension"),
            };
        }
        return types;
    }

    private static (int Port, string? Path) Destination(JsonElement destination)
    {
        switch (Text(destination, "protocol"))
        {
            case "TCP":
                return (Allowed(Number(destination, "port", 1, ushort.MaxValue, 0)), null);
            case "HTTP":
                var text = Text(destination, "URI") ?? throw new FormatException("destination.URI is missing");
                if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != "http" || uri.Host is not ("sandbox.localdomain" or "sandbox"))
                    throw new FormatException("destination.URI must be http://sandbox.localdomain:PORT/PATH");
                return (Allowed(uri.Port), uri.PathAndQuery);
            default:
                throw new FormatException("destination.protocol must be HTTP or TCP");
        }
    }

    private static int Allowed(int port) => port switch
    {
        0 => throw new FormatException("destination.port is missing"),
        ApiPort => throw new FormatException($"port {ApiPort} is reserved"),
        _ => port,
    };

    private static string? Text(JsonElement from, string name) => from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int Number(JsonElement from, string name, int least, int most, int otherwise)
    {
        if (from.ValueKind != JsonValueKind.Object || !from.TryGetProperty(name, out var value))
            return otherwise;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
            ? number
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{name} must be a number from {least} to {most}"));
    }
}
