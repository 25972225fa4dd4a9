using System.Security.Cryptography;
using Hearth.Agent.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace Hearth.Agent.Tests.Ingress;

public sealed class ControlProxyTests
{
    [Fact]
    public async Task A_request_arrives_as_it_was_sent()
    {
        await using var node = await TestNode.StartAsync();
        string? seen = null;
        node.Control.Rest = async context =>
        {
            seen = string.Join(' ', context.Request.Method, context.Features.Get<IHttpRequestFeature>()!.RawTarget, context.Request.Host, context.Request.Headers["X-Mine"], context.Request.Headers["X-Hop"], context.Request.Headers["TE"]);
            context.Response.StatusCode = 409;
            context.Response.Headers["x-amzn-ErrorType"] = "ResourceConflictException";
            context.Response.Headers["X-Two"] = new(["a", "b"]);
            await context.Response.WriteAsync("body");
        };
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri("/2015-03-31/functions/a%2Fb/code?x=%20y&z", UriKind.Relative)) { Content = new StringContent("{}") };
        request.Headers.TryAddWithoutValidation("X-Mine", "1");
        request.Headers.TryAddWithoutValidation("X-Hop", "2");
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        request.Headers.TryAddWithoutValidation("Connection", "X-Hop");
        using var answer = await node.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal($"PUT /2015-03-31/functions/a%2Fb/code?x=%20y&z {node.Http.BaseAddress!.Authority} 1  ", seen);
        Assert.Equal(409, (int)answer.StatusCode);
        Assert.Equal("ResourceConflictException", answer.Headers.GetValues("x-amzn-ErrorType").Single());
        Assert.Equal("a,b", string.Join(',', answer.Headers.GetValues("X-Two")));
        Assert.Equal("body", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Large_bodies_stream_through_both_ways()
    {
        await using var node = await TestNode.StartAsync();
        var bytes = RandomNumberGenerator.GetBytes(40_000_000);
        node.Control.Rest = async context =>
        {
            if (HttpMethods.IsGet(context.Request.Method))
                await context.Response.Body.WriteAsync(bytes);
            else
                await context.Response.WriteAsync(Convert.ToHexString(await SHA256.HashDataAsync(context.Request.Body)));
        };
        using var up = await node.Http.PostAsync(new Uri("/upload", UriKind.Relative), new ByteArrayContent(bytes), TestContext.Current.CancellationToken);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(bytes)), await up.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(bytes, await node.Http.GetByteArrayAsync(new Uri("/download", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Pieces_are_passed_on_as_they_come()
    {
        await using var node = await TestNode.StartAsync();
        var next = new SemaphoreSlim(0);
        node.Control.Rest = async context =>
        {
            await context.Response.WriteAsync("first");
            await context.Response.Body.FlushAsync();
            await next.WaitAsync();
            await context.Response.WriteAsync("second");
        };
        using var answer = await node.Http.GetAsync(new Uri("/follow", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var buffer = new byte[100];
        Assert.Equal("first".Length, await stream.ReadAsync(buffer, TestContext.Current.CancellationToken));
        next.Release();
        Assert.Equal("second".Length, await stream.ReadAsync(buffer, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task With_the_control_plane_away_management_is_503_and_invocations_go_on()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        await node.Control.StopAsync();
        using var answer = await node.Http.GetAsync(new Uri("/2015-03-31/functions", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.Equal("ServiceException", answer.Headers.GetValues("x-amzn-ErrorType").Single());
        Assert.Equal("1", (await node.InvokeAsync("f")).Text);
    }
}
