using Grpc.Core;
using Grpc.Reflection.V1;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Adapters;

public class ReflectionTests
{
    [Fact]
    public async Task ListsTheServices()
    {
        await using TestServer server = await TestServer.StartAsync();
        using AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> call =
            new ServerReflection.ServerReflectionClient(server.Grpc).ServerReflectionInfo(cancellationToken: TestContext.Current.CancellationToken);
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, TestContext.Current.CancellationToken);
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(["hearth.v1.AgentLink", "hearth.v1.Events", "hearth.v1.Functions", "hearth.v1.Keys", "hearth.v1.Operations", "hearth.v1.Routes"],
            call.ResponseStream.Current.ListServicesResponse.Service.Select(s => s.Name).Where(n => n.StartsWith("hearth", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }
}
