using System.Text.Json;

namespace Hearth.ControlPlane.Functions;

/// <summary>CORS of a function URL.</summary>
/// <param name="MaxAgeSeconds">0 = not said.</param>
public sealed record CorsSettings(
    bool AllowCredentials, IReadOnlyList<string> AllowHeaders, IReadOnlyList<string> AllowMethods, IReadOnlyList<string> AllowOrigins, IReadOnlyList<string> ExposeHeaders,
    int MaxAgeSeconds);

internal static class CorsRules
{
    /// <param name="json">As the service model's Cors structure, checked when it came; null for none.</param>
    /// <returns>Null for none, which an empty structure is as well.</returns>
    public static CorsSettings? Read(string? json)
    {
        if (json is null)
            return null;
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement cors = document.RootElement;
        if (cors.ValueKind != JsonValueKind.Object || !cors.EnumerateObject().Any())
            return null;
        return new CorsSettings(
            cors.TryGetProperty("AllowCredentials", out JsonElement credentials) && credentials.ValueKind == JsonValueKind.True,
            Texts(cors, "AllowHeaders"), Texts(cors, "AllowMethods"), Texts(cors, "AllowOrigins"), Texts(cors, "ExposeHeaders"),
            cors.TryGetProperty("MaxAge", out JsonElement age) && age.ValueKind == JsonValueKind.Number && age.TryGetInt32(out int seconds) ? seconds : 0);
    }

    private static List<string> Texts(JsonElement cors, string name) =>
        cors.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)]
            : [];
}
