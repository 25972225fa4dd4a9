using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Adapters;
using Hearth.ControlPlane.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;
using Kind = Hearth.Contracts.V1.ControlMessage.BodyOneofCase;

namespace Hearth.ControlPlane.Tests.Agents;

/// <summary>gRPC invocations arrive at the agent's HTTP endpoint as REST ones do, and its answers come back whole.</summary>
public class InvokeTests
{
    [Fact]
    public async Task ForwardsAndMapsTheAnswer()
    {
        string seen = "";
        await using WebApplication endpoint = await EndpointAsync(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            seen = $"{http.Request.Path}{http.Request.QueryString} {http.Request.Headers["X-Amz-Log-Type"]} {await reader.ReadToEndAsync()}";
            http.Response.Headers["X-Amz-Function-Error"] = "Unhandled";
            http.Response.Headers["X-Amz-Log-Result"] = "bG9n";
            http.Response.Headers["X-Amz-Executed-Version"] = "$LATEST";
            http.Response.Headers["x-amzn-RequestId"] = "id-1";
            await http.Response.WriteAsync("""{"errorType":"X"}""");
        });
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await ConnectAsync(server, endpoint);
        InvokeResponse answer = await new Hearth.Contracts.V1.Functions.FunctionsClient(server.Grpc).InvokeAsync(new InvokeRequest
        {
            FunctionName = "f",
            Qualifier = "$LATEST",
            LogType = "Tail",
            Payload = ByteString.CopyFromUtf8("{}"),
        }, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("/2015-03-31/functions/f/invocations?Qualifier=%24LATEST Tail {}", seen);
        Assert.Equal((200, "Unhandled", "bG9n", "$LATEST", "id-1"), (answer.StatusCode, answer.FunctionError, answer.LogResult, answer.ExecutedVersion, answer.RequestId));
        Assert.Equal("""{"errorType":"X"}""", answer.Payload.ToStringUtf8());
    }

    [Fact]
    public async Task MapsRefusals()
    {
        await using WebApplication endpoint = await EndpointAsync(async http =>
        {
            http.Response.StatusCode = 429;
            http.Response.Headers["x-amzn-ErrorType"] = "TooManyRequestsException";
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("""{"Reason":"R","Type":"User","message":"Rate Exceeded."}"""));
        });
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await ConnectAsync(server, endpoint);
        RpcException refusal = await RefusalAsync(server, new InvokeRequest { FunctionName = "f" });
        Assert.Equal((StatusCode.ResourceExhausted, "Rate Exceeded."), (refusal.StatusCode, refusal.Status.Detail));
        Assert.Equal(("TooManyRequestsException", "R"), (refusal.Trailers.GetValue("x-amzn-errortype"), refusal.Trailers.GetValue("x-hearth-reason")));
    }

    [Fact]
    public async Task RefusesBeforeForwarding()
    {
        await using TestServer server = await TestServer.StartAsync();
        Assert.Equal((StatusCode.NotFound, "ResourceNotFoundException"), await CodeAsync(new InvokeRequest { FunctionName = "f" }));
        await new GrpcAdapter(server.Grpc).CreateAsync(new Settings(), Zips.Good());
        Assert.Equal((StatusCode.Unavailable, "ServiceException"), await CodeAsync(new InvokeRequest { FunctionName = "f" }));
        Assert.Equal((StatusCode.ResourceExhausted, "RequestEntityTooLargeException"), await CodeAsync(new InvokeRequest { FunctionName = "f", Payload = ByteString.CopyFrom(new byte[6_291_457]) }));
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        await agent.NextAsync(Kind.Snapshot);
        Assert.Equal((StatusCode.Unavailable, "ServiceException"), await CodeAsync(new InvokeRequest { FunctionName = "f" }));
        Assert.Equal((StatusCode.InvalidArgument, "InvalidParameterValueException"), await CodeAsync(new InvokeRequest { FunctionName = "f", ClientContext = "a\r\nX: y" }));

        async Task<(StatusCode, string)> CodeAsync(InvokeRequest request)
        {
            RpcException refusal = await RefusalAsync(server, request);
            Assert.Null(refusal.Trailers.GetValue("x-hearth-reason"));
            return (refusal.StatusCode, refusal.Trailers.GetValue("x-amzn-errortype") ?? "");
        }
    }

    private static async Task<RpcException> RefusalAsync(TestServer server, InvokeRequest request)
    {
        var client = new Hearth.Contracts.V1.Functions.FunctionsClient(server.Grpc);
        return await Assert.ThrowsAsync<RpcException>(async () => await client.InvokeAsync(request, cancellationToken: TestContext.Current.CancellationToken));
    }

    private static async Task<FakeAgent> ConnectAsync(TestServer server, WebApplication endpoint)
    {
        await new GrpcAdapter(server.Grpc).CreateAsync(new Settings(), Zips.Good());
        FakeAgent agent = await FakeAgent.ConnectAsync(server, endpoint: endpoint.Urls.Single());
        await agent.NextAsync(Kind.Snapshot);
        return agent;
    }

    private static async Task<WebApplication> EndpointAsync(RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(answer);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
