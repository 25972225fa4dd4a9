using System.Net.Http.Headers;
using System.Text.Json;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Logs;

/// <summary>Plain calls of the Logs API.</summary>
internal static class LogsCalls
{
    /// <returns>Status, body, and what the answer says that it lacks.</returns>
    public static async Task<(int Status, JsonElement Json, string? Incomplete)> LogsAsync(this TestServer server, string operation, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StringContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1");
        request.Headers.Add("X-Amz-Target", $"Logs_20140328.{operation}");
        using HttpResponseMessage answer = await server.Rest.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, text.Length == 0 ? default : JsonElement.Parse(text), answer.Headers.TryGetValues("x-hearth-incomplete", out IEnumerable<string>? lacks) ? lacks.Single() : null);
    }

    public static string Code(this JsonElement json) => json.GetProperty("__type").GetString()!;

    public static string Message(this JsonElement json) => json.GetProperty("message").GetString()!;
}
