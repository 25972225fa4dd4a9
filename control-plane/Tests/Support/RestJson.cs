using System.Text;
using System.Text.Json;
using Xunit;

namespace Hearth.ControlPlane.Tests.Support;

/// <summary>Plain calls of the REST API.</summary>
internal static class RestJson
{
    public static async Task<(int Status, JsonElement Json)> SendAsync(this TestServer server, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await server.Rest.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, text.Length == 0 ? default : JsonElement.Parse(text));
    }

    /// <summary>A call that must succeed.</summary>
    public static async Task<JsonElement> DoAsync(this TestServer server, string method, string path, string? body = null)
    {
        (int status, JsonElement json) = await server.SendAsync(method, path, body);
        Assert.True(status < 300, $"{method} {path}: {status} {(json.ValueKind == JsonValueKind.Undefined ? "" : json.GetRawText())}");
        return json;
    }
}
