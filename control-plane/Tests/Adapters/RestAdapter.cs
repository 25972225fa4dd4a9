using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hearth.ControlPlane.Tests.Adapters;

internal sealed class RestAdapter(HttpClient http) : IAdapter
{
    private const string Functions = "/2015-03-31/functions";

    public Task<Outcome> CreateAsync(Settings s, byte[] zip) => SendAsync(HttpMethod.Post, Functions, With(Members(s), "Code", new JsonObject { ["ZipFile"] = Convert.ToBase64String(zip) }));

    public Task<Outcome> UpdateCodeAsync(string name, byte[] zip) =>
        SendAsync(HttpMethod.Put, $"{Functions}/{Uri.EscapeDataString(name)}/code", new JsonObject { ["ZipFile"] = Convert.ToBase64String(zip) });

    public Task<Outcome> UpdateConfigurationAsync(Settings change, string? revision) =>
        SendAsync(HttpMethod.Put, $"{Functions}/{Uri.EscapeDataString(change.Name ?? "")}/configuration", With(Members(change), "RevisionId", revision));

    public Task<Outcome> GetAsync(string name, string? qualifier) => SendAsync(HttpMethod.Get, Path(name, qualifier));

    public Task<Outcome> ListAsync(int? maxItems, string? marker) => SendAsync(HttpMethod.Get,
        $"{Functions}/?{(maxItems is null ? "" : $"MaxItems={maxItems}&")}{(marker is null ? "" : $"Marker={Uri.EscapeDataString(marker)}")}");

    public Task<Outcome> DeleteAsync(string name, string? qualifier) => SendAsync(HttpMethod.Delete, Path(name, qualifier));

    private static JsonObject Members(Settings s) => new JsonObject
    {
        ["FunctionName"] = s.Name,
        ["Runtime"] = s.Runtime,
        ["Handler"] = s.Handler,
        ["Role"] = s.Role,
        ["Description"] = s.Description,
        ["Timeout"] = s.Timeout,
        ["MemorySize"] = s.Memory,
        ["EphemeralStorage"] = s.Tmp is null ? null : new JsonObject { ["Size"] = s.Tmp },
        ["Architectures"] = s.Architectures is null ? null : new JsonArray([.. s.Architectures.Select(a => JsonValue.Create(a))]),
        ["Environment"] = s.Environment is null ? null : new JsonObject { ["Variables"] = new JsonObject(s.Environment.Select(p => KeyValuePair.Create<string, JsonNode?>(p.Key, p.Value))) },
    };

    private static JsonObject With(JsonObject members, string name, JsonNode? value)
    {
        members[name] = value;
        return members;
    }

    private static string Path(string name, string? qualifier) =>
        $"{Functions}/{Uri.EscapeDataString(name)}{(qualifier is null ? "" : $"?Qualifier={Uri.EscapeDataString(qualifier)}")}";

    private async Task<Outcome> SendAsync(HttpMethod method, string path, JsonObject? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using HttpResponseMessage answer = await http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        JsonElement json = text.Length == 0 ? default : JsonElement.Parse(text);
        if (!answer.IsSuccessStatusCode)
        {
            return new Outcome(answer.Headers.GetValues("x-amzn-ErrorType").Single(),
                (json.TryGetProperty("message", out JsonElement message) ? message : json.GetProperty("Message")).GetString()!);
        }

        if (json.ValueKind != JsonValueKind.Object)
            return new Outcome("ok");
        if (json.TryGetProperty("Functions", out JsonElement list))
        {
            return new Outcome("ok", string.Join(',', list.EnumerateArray().Select(f => f.GetProperty("FunctionName").GetString())))
            {
                NextMarker = json.GetProperty("NextMarker").GetString() ?? "",
            };
        }

        if (json.TryGetProperty("Configuration", out JsonElement inner))
            json = inner;
        return new Outcome("ok")
        {
            Arn = json.GetProperty("FunctionArn").GetString()!.Replace(":$LATEST", "", StringComparison.Ordinal),
            Sha256 = json.GetProperty("CodeSha256").GetString()!,
            Revision = json.GetProperty("RevisionId").GetString()!,
            State = json.GetProperty("State").GetString()!,
            LastUpdate = json.TryGetProperty("LastUpdateStatus", out JsonElement update) ? update.GetString()! : "",
            Timeout = json.GetProperty("Timeout").GetInt32(),
            Memory = json.GetProperty("MemorySize").GetInt32(),
            Tmp = json.GetProperty("EphemeralStorage").GetProperty("Size").GetInt32(),
        };
    }
}
