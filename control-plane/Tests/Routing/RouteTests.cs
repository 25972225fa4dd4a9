using Grpc.Core;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Adapters;
using Hearth.ControlPlane.Tests.Support;
using Xunit;
using Kind = Hearth.Contracts.V1.ControlMessage.BodyOneofCase;
using RoutesClient = Hearth.Contracts.V1.Routes.RoutesClient;

namespace Hearth.ControlPlane.Tests.Routing;

/// <summary>HTTP routes and function URLs on their way to agents.</summary>
public class RouteTests
{
    [Fact]
    public async Task RoutesAreKeptAndSentToAgents()
    {
        await using TestServer server = await TestServer.StartAsync();
        await new GrpcAdapter(server.Grpc).CreateAsync(new Settings(), Zips.Good());
        Route first = await AddAsync(server, "/shop/{proxy+}", host: "Shop.Example.com", method: "get");
        Assert.Matches("^[a-z0-9]{10}$", first.RouteId);
        Assert.Equal(("shop.example.com", "GET", "f", "apigw-v1"), (first.Host, first.Method, first.FunctionName, first.Shape));

        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        RouteSpec spec = Assert.Single((await agent.NextAsync(Kind.Snapshot)).Snapshot.Routes);
        Assert.Equal((first.RouteId, "shop.example.com", "GET", "/shop/{proxy+}", "f", "", "apigw-v1"), (spec.RouteId, spec.Host, spec.Method, spec.Path, spec.FunctionName, spec.Qualifier, spec.Shape));
        Route second = await AddAsync(server, "/");
        Assert.Equal(2, (await agent.NextAsync(Kind.Routes)).Routes.Routes.Count);
        await Client(server).RemoveRouteAsync(new RemoveRouteRequest { RouteId = first.RouteId }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(second.RouteId, Assert.Single((await agent.NextAsync(Kind.Routes)).Routes.Routes).RouteId);

        await server.RestartAsync();
        Assert.Equal(second, Assert.Single((await Client(server).ListRoutesAsync(new ListRoutesRequest(), cancellationToken: TestContext.Current.CancellationToken)).Routes));
    }

    [Theory]
    [InlineData("no-slash")]
    [InlineData("")]
    [InlineData("/a//b")]
    [InlineData("/{proxy+}/more")]
    [InlineData("/{a}/{a}")]
    [InlineData("/{a")]
    [InlineData("/a b")]
    [InlineData("/a\n")]
    [InlineData("/?x=1")]
    [InlineData("/x", "a b")]
    [InlineData("/x", "example.com:80")]
    [InlineData("/x", "localhost")]
    [InlineData("/x", "127.0.0.1")]
    [InlineData("/x", "abc.lambda-url.localhost")]
    [InlineData("/x", "-a.example")]
    [InlineData("/x", "", "TRACE")]
    [InlineData("/x", "", "")]
    [InlineData("/x", "", "ANY", "apigw")]
    [InlineData("/x", "", "ANY", "")]
    public async Task WhatIsNoRouteIsRefused(string path, string host = "", string method = "ANY", string shape = "alb")
    {
        await using TestServer server = await TestServer.StartAsync();
        await new GrpcAdapter(server.Grpc).CreateAsync(new Settings(), Zips.Good());
        var e = await Assert.ThrowsAsync<RpcException>(() => AddAsync(server, path, host, method, shape));
        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
        Assert.Empty((await Client(server).ListRoutesAsync(new ListRoutesRequest(), cancellationToken: TestContext.Current.CancellationToken)).Routes);
    }

    [Fact]
    public async Task ATwinAFunctionThatIsNotThereAndARouteThatIsNotThereAreRefused()
    {
        await using TestServer server = await TestServer.StartAsync();
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => AddAsync(server, "/x"))).StatusCode);
        await new GrpcAdapter(server.Grpc).CreateAsync(new Settings(), Zips.Good());
        await AddAsync(server, "/x");
        Assert.Equal(StatusCode.AlreadyExists, (await Assert.ThrowsAsync<RpcException>(() => AddAsync(server, "/x", shape: "alb"))).StatusCode);
        await AddAsync(server, "/x", method: "GET");
        await AddAsync(server, "/x", host: "a.example");
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(
            () => Client(server).RemoveRouteAsync(new RemoveRouteRequest { RouteId = "none" }, cancellationToken: TestContext.Current.CancellationToken).ResponseAsync)).StatusCode);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => AddAsync(server, "/y", function: "f:nobody"))).StatusCode);
    }

    [Fact]
    public async Task FunctionUrlsGoToAgentsWithTheirFunction()
    {
        await using TestServer server = await TestServer.StartAsync();
        await new GrpcAdapter(server.Grpc).CreateAsync(new Settings(), Zips.Good());
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        await agent.NextAsync(Kind.Snapshot);
        System.Text.Json.JsonElement made = await server.DoAsync("POST", "/2021-10-31/functions/f/url",
            """{"AuthType":"NONE","InvokeMode":"RESPONSE_STREAM","Cors":{"AllowOrigins":["https://a.example"],"AllowMethods":["GET"],"AllowHeaders":["x-a"],"ExposeHeaders":["x-b"],"MaxAge":5,"AllowCredentials":true}}""");
        UrlSpec url = Assert.Single((await agent.NextAsync(Kind.Upsert)).Upsert.Urls);
        Assert.Equal(("f", "", "NONE", "RESPONSE_STREAM"), (url.FunctionName, url.Qualifier, url.AuthType, url.InvokeMode));
        Assert.StartsWith($"http://{url.UrlId}.lambda-url.", made.GetProperty("FunctionUrl").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            new CorsSpec { AllowOrigins = { "https://a.example" }, AllowMethods = { "GET" }, AllowHeaders = { "x-a" }, ExposeHeaders = { "x-b" }, MaxAgeSeconds = 5, AllowCredentials = true }, url.Cors);
        await server.DoAsync("PUT", "/2021-10-31/functions/f/url", """{"AuthType":"AWS_IAM","Cors":{}}""");
        UrlSpec updated = Assert.Single((await agent.NextAsync(Kind.Upsert)).Upsert.Urls);
        Assert.Equal(("AWS_IAM", null), (updated.AuthType, updated.Cors));
        await using FakeAgent other = await FakeAgent.ConnectAsync(server, "agent-2");
        Assert.Equal(updated, Assert.Single((await other.NextAsync(Kind.Snapshot)).Snapshot.Urls));
        await server.DoAsync("DELETE", "/2021-10-31/functions/f/url");
        Assert.Empty((await agent.NextAsync(Kind.Upsert)).Upsert.Urls);
    }

    private static RoutesClient Client(TestServer server) => new(server.Grpc);

    private static async Task<Route> AddAsync(TestServer server, string path, string host = "", string method = "ANY", string shape = "apigw-v1", string function = "f") =>
        await Client(server).AddRouteAsync(
            new AddRouteRequest { Route = new Route { Path = path, Host = host, Method = method, Shape = shape, FunctionName = function } }, cancellationToken: TestContext.Current.CancellationToken);
}
