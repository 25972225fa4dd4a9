using System.Net.Http.Headers;
using Hearth.Agent.Ingress;
using Hearth.Agent.Sandboxes;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Streaming;

/// <summary>An agent with functions of 256 MB that do what their events say (Fakes/streaming.py).</summary>
internal static class StreamingNode
{
    public const int Memory = 256;

    public static async Task<TestNode> StartAsync(InstanceSettings? settings = null, IngressLimits? limits = null)
    {
        var node = await TestNode.StartAsync(instances: settings, limits: limits);
        node.Spawner.Commands[Memory] =
            ["/usr/bin/python3", "-S", "-I", Path.Join(AppContext.BaseDirectory, "Fakes", "streaming.py"), Path.GetDirectoryName(FakeSpawner.PythonClient)!];
        return node;
    }

    /// <summary>InvokeWithResponseStream, answered as soon as the head is there.</summary>
    public static async Task<HttpResponseMessage> InvokeStreamAsync(this TestNode node, string name, string steps, params (string Name, string Value)[] headers)
    {
        using var content = new StringContent(steps);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/2021-11-15/functions/{name}/response-streaming-invocations") { Content = content };
        foreach (var (header, value) in headers)
            request.Headers.TryAddWithoutValidation(header, value);
        return await node.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }
}
