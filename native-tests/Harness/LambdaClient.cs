using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Hearth.NativeTests.Harness;

/// <summary>The calls of Lambda's REST API that the tests need, by plain HTTP.</summary>
public sealed class LambdaClient(Uri endpoint) : IDisposable
{
    private const string Functions = "/2015-03-31/functions";

    private readonly HttpClient _http = new() { BaseAddress = endpoint, Timeout = Patience.Seconds(120) };

    public async Task<bool> IsManagementUpAsync()
    {
        try
        {
            using var answer = await _http.GetAsync($"{Functions}/");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Creates it and waits until it is Active.</summary>
    public async Task CreateAsync(FunctionSettings settings, byte[] zip)
    {
        using var answer = await _http.PostAsJsonAsync(Functions, Body(settings, zip));
        var text = await answer.Content.ReadAsStringAsync();
        Xunit.Assert.True(answer.StatusCode == HttpStatusCode.Created, $"CreateFunction {settings.Name}: {(int)answer.StatusCode} {text}");
        await UntilReadyAsync(settings.Name);
    }

    public async Task UpdateCodeAsync(string name, byte[] zip)
    {
        using var answer = await _http.PutAsJsonAsync($"{Functions}/{name}/code", new JsonObject { ["ZipFile"] = Convert.ToBase64String(zip) });
        Xunit.Assert.True(answer.IsSuccessStatusCode, $"UpdateFunctionCode {name}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        await UntilReadyAsync(name);
    }

    /// <returns>The ARN of the version.</returns>
    public async Task<string> PublishLayerAsync(string name, byte[] zip)
    {
        using var answer = await _http.PostAsJsonAsync($"/2018-10-31/layers/{name}/versions", new JsonObject { ["Content"] = new JsonObject { ["ZipFile"] = Convert.ToBase64String(zip) } });
        var text = await answer.Content.ReadAsStringAsync();
        Xunit.Assert.True(answer.StatusCode == HttpStatusCode.Created, $"PublishLayerVersion {name}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!["LayerVersionArn"]!.GetValue<string>();
    }

    /// <summary>PutFunctionEventInvokeConfig.</summary>
    /// <param name="onSuccess">An ARN, or null.</param>
    /// <param name="onFailure">An ARN, or null.</param>
    public async Task PutEventConfigAsync(string name, int maxRetries, string? onSuccess = null, string? onFailure = null)
    {
        var destinations = new JsonObject();
        if (onSuccess is not null)
            destinations["OnSuccess"] = new JsonObject { ["Destination"] = onSuccess };
        if (onFailure is not null)
            destinations["OnFailure"] = new JsonObject { ["Destination"] = onFailure };
        var body = new JsonObject { ["MaximumRetryAttempts"] = maxRetries, ["DestinationConfig"] = destinations };
        using var answer = await _http.PutAsJsonAsync($"/2019-09-25/functions/{name}/event-invoke-config", body);
        Xunit.Assert.True(answer.IsSuccessStatusCode, $"PutFunctionEventInvokeConfig {name}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public async Task DeleteAsync(string name)
    {
        using var answer = await _http.DeleteAsync($"{Functions}/{name}");
        Xunit.Assert.True(answer.IsSuccessStatusCode, $"DeleteFunction {name}: {(int)answer.StatusCode}");
    }

    public async Task<Invocation> InvokeAsync(string name, string payload = "{}", bool tail = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Functions}/{name}/invocations") { Content = new StringContent(payload, Encoding.UTF8, "application/json") };
        if (tail)
            request.Headers.Add("X-Amz-Log-Type", "Tail");
        using var answer = await _http.SendAsync(request);
        return new Invocation(
            answer.StatusCode, Header(answer, "X-Amz-Function-Error"), await answer.Content.ReadAsStringAsync(),
            Encoding.UTF8.GetString(Convert.FromBase64String(Header(answer, "X-Amz-Log-Result"))));
    }

    /// <summary>An Event invocation.</summary>
    public async Task<(HttpStatusCode Status, string RequestId, string Body)> SendEventAsync(string name, string payload = "{}")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Functions}/{name}/invocations") { Content = new StringContent(payload, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Amz-Invocation-Type", "Event");
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, Header(answer, "x-amzn-RequestId"), await answer.Content.ReadAsStringAsync());
    }

    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(path);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public void Dispose() => _http.Dispose();

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.First() : "";

    private static JsonObject Body(FunctionSettings settings, byte[] zip) => new()
    {
        ["FunctionName"] = settings.Name,
        ["Runtime"] = settings.Runtime,
        ["Handler"] = settings.Handler,
        ["Role"] = "arn:aws:iam::000000000000:role/test",
        ["MemorySize"] = settings.MemoryMb,
        ["Timeout"] = settings.TimeoutSeconds,
        ["EphemeralStorage"] = new JsonObject { ["Size"] = settings.TmpMb },
        ["Environment"] = new JsonObject { ["Variables"] = new JsonObject(settings.Environment.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))) },
        ["Layers"] = new JsonArray([.. settings.Layers.Select(arn => (JsonNode)arn)]),
        ["Code"] = new JsonObject { ["ZipFile"] = Convert.ToBase64String(zip) },
    };

    private Task UntilReadyAsync(string name) => Patience.UntilAsync($"{name} becomes Active", async () =>
    {
        var (status, text) = await GetAsync($"{Functions}/{name}/configuration");
        if (status != HttpStatusCode.OK)
            return false;
        var json = JsonNode.Parse(text)!;
        Xunit.Assert.False(json["State"]?.GetValue<string>() == "Failed", $"{name} failed: {text}");
        return json["State"]?.GetValue<string>() == "Active" && json["LastUpdateStatus"]?.GetValue<string>() is null or "Successful";
    });
}
