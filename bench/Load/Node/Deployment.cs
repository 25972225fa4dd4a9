using Google.Protobuf;
using Grpc.Core;
using Hearth.Contracts.V1;

namespace Hearth.Bench.Load.Node;

/// <summary>The calls of the management API that the bench needs.</summary>
internal static class Deployment
{
    /// <summary>Creates a 128 MB function and waits until it is Active.</summary>
    public static async Task DeployAsync(this BenchNode node, string name, Language language, string variant, int timeoutSeconds, CancellationToken cancelled)
    {
        try
        {
            using var call = node.Functions.DeployFunction(cancellationToken: cancelled);
            var settings = new FunctionSettings { FunctionName = name, Runtime = language.Runtime, Handler = language.Handler, Role = "arn:aws:iam::000000000000:role/bench", MemoryMb = 128, TimeoutSeconds = timeoutSeconds };
            await call.RequestStream.WriteAsync(new UploadRequest { Header = settings }, cancelled);
            await call.RequestStream.WriteAsync(new UploadRequest { ZipChunk = ByteString.CopyFrom(language.Zip(variant)) }, cancelled);
            await call.RequestStream.CompleteAsync();
            await call.ResponseAsync;
            await UntilAsync($"{name} becomes Active", async () => (await node.Functions.GetFunctionAsync(new GetFunctionRequest { FunctionName = name }, cancellationToken: cancelled)).State == "Active", cancelled);
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
        {
            throw new BenchException($"deploying {name}: {e.Status.Detail}", e);
        }
    }

    /// <summary>Deletes it and waits until nothing of it runs, so that the next measurement does not share the machine with its end.</summary>
    public static async Task DeleteAsync(this BenchNode node, string name, CancellationToken cancelled)
    {
        await node.Functions.DeleteFunctionAsync(new DeleteFunctionRequest { FunctionName = name }, cancellationToken: cancelled);
        await UntilAsync($"the instances of {name} end", async () => (await node.InstancesAsync(name, cancelled)).Count == 0, cancelled);
    }

    public static async Task<IReadOnlyList<Instance>> InstancesAsync(this BenchNode node, string name, CancellationToken cancelled) =>
        (await node.Operations.ListInstancesAsync(new ListInstancesRequest { FunctionName = name }, cancellationToken: cancelled)).Instances;

    /// <summary>Requests in the ledger, 0 for a function that it does not know.</summary>
    public static async Task<(long Requests, long ColdStarts, long Errors)> UsageAsync(this BenchNode node, string name, CancellationToken cancelled)
    {
        var usage = (await node.Operations.GetUsageAsync(new GetUsageRequest { FunctionName = name }, cancellationToken: cancelled)).Functions.Where(row => row.FunctionName == name).ToList();
        return (usage.Sum(static row => row.Requests), usage.Sum(static row => row.ColdStarts), usage.Sum(static row => row.Errors));
    }

    public static async Task UntilAsync(string what, Func<Task<bool>> holds, CancellationToken cancelled, int seconds = 30)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(seconds); !await holds(); await Task.Delay(10, cancelled))
        {
            if (DateTime.UtcNow > deadline)
                throw new BenchException($"{what}: not within {seconds} s");
        }
    }
}
