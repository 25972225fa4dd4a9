using System.Collections.Immutable;
using Grpc.Core;
using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Hosting;
using Hearth.ControlPlane.Metering;
using Hearth.ControlPlane.Runtimes;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Api.Grpc;

/// <summary>The Operations service: what an operator looks at.</summary>
public sealed class OperationsApi(
    AgentRegistry agents, FleetQueries fleet, FunctionStore functions, FunctionAddress address, UsageReport usage, RuntimeCatalogue runtimes, TimeProvider time)
    : Operations.OperationsBase
{
    private readonly long _started = time.GetUtcNow().ToUnixTimeMilliseconds();

    public override Task<NodeInfo> GetNode(GetNodeRequest request, ServerCallContext context)
    {
        ImmutableList<AgentConnection> connected = agents.Current;
        var node = new NodeInfo
        {
            Version = SoftwareVersion.Text,
            StartedUnixMs = _started,
            AgentConnected = connected.Count > 0,
            MemoryBudgetBytes = connected.Sum(a => a.Capacity.MemoryBudgetBytes),
            MemoryUsedBytes = connected.Sum(a => a.Capacity.MemoryUsedBytes),
            Invocations = connected.Sum(a => a.Capacity.Invocations),
        };
        node.Starts.AddRange(connected.SelectMany(a => a.Capacity.Starts).GroupBy(s => s.Reason, (reason, counts) => new StartCount { Reason = reason, Count = counts.Sum(c => c.Count) }));
        if (connected.Count > 0)
        {
            AgentHello hello = connected[0].Hello;
            node.NodeId = hello.AgentId;
            node.Endpoint = hello.Endpoint;
            node.CgroupMode = hello.CgroupMode;
        }

        return Task.FromResult(node);
    }

    public override Task<ListInstancesResponse> ListInstances(ListInstancesRequest request, ServerCallContext context)
    {
        if (request.FunctionName.Length > 0)
            request = new ListInstancesRequest { FunctionName = address.Parse(request.FunctionName, null).Name };
        return fleet.ListInstancesAsync(request, context.CancellationToken);
    }

    public override async Task ReadLogs(ReadLogsRequest request, IServerStreamWriter<LogLine> responseStream, ServerCallContext context)
    {
        FunctionName name = address.Parse(FunctionMessages.Given(request.FunctionName), null);
        if (request.Tail < 0 || request.SinceUnixMs < 0)
            throw new LambdaException(LambdaError.InvalidParameterValue("tail and since must not be negative; 0 means no bound."));
        request = request.Clone();
        request.FunctionName = name.Name;
        bool any = false;
        await foreach (LogLine line in fleet.ReadLogsAsync(request, context.CancellationToken))
        {
            any = true;
            await responseStream.WriteAsync(line, context.CancellationToken);
        }

        // The logs of a deleted function can still be read; a name that never was is an error rather than silence.
        if (!any && !functions.Current.ContainsKey(name.Name))
            throw address.NotFound(name);
    }

    public override Task<GetUsageResponse> GetUsage(GetUsageRequest request, ServerCallContext context) => Task.FromResult(usage.Query(request));

    public override Task<ListRuntimesResponse> ListRuntimes(ListRuntimesRequest request, ServerCallContext context) => Task.FromResult(runtimes.List());
}
