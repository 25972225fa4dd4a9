using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.Escape;

/// <summary>
/// Two nodes with the probes deployed as one Python function: in one its instance is made when it is needed, in the other the sandbox and the interpreter in it were started before it was
/// known for whom. Started by the first test that asks, so that a machine without root can skip.
/// </summary>
public sealed class ProbeNode : IAsyncDisposable
{
    private const string Function = "probes";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly TestNode?[] _nodes = new TestNode?[2];
    private readonly HostFacts?[] _facts = new HostFacts?[2];

    internal async Task<Finding> RunAsync(string probe, bool isAheadOfTime)
    {
        await _gate.WaitAsync();
        try
        {
            var (node, facts) = await NodeAsync(isAheadOfTime);
            var payload = new JsonObject { ["probe"] = probe, ["host"] = facts.Json.DeepClone() };
            var answer = await node.Client.InvokeAsync(Function, payload.ToJsonString());
            Assert.True(answer.Succeeded, $"{probe}: {answer}\n{node.Output}");
            return Finding.Parse(answer.Body);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Whether the instance that answers now was.</summary>
    internal async Task<bool> WasAheadOfTimeAsync(bool isAheadOfTime)
    {
        await _gate.WaitAsync();
        try
        {
            var (node, _) = await NodeAsync(isAheadOfTime);
            return await IsAheadOfTimeAsync(node);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            _facts[i]?.Dispose();
            if (_nodes[i] is { } node)
                await node.DisposeAsync();
        }
        _gate.Dispose();
    }

    private static async Task<bool> IsAheadOfTimeAsync(TestNode node)
    {
        var answer = await node.Client.InvokeAsync(Function, """{"probe":"","started_with":true}""");
        Assert.True(answer.Succeeded, $"{answer}\n{node.Output}");
        return answer.Body.Contains("HEARTH_WARMED=1", StringComparison.Ordinal);
    }

    private async Task<(TestNode Node, HostFacts Facts)> NodeAsync(bool isAheadOfTime)
    {
        var index = isAheadOfTime ? 1 : 0;
        if (_nodes[index] is not { } node)
        {
            node = _nodes[index] = await TestNode.StartAsync("--sandbox-pool", isAheadOfTime ? "4" : "0");
            // 1 GiB: the fork bomb is to meet the limit on processes, not the one on memory.
            await node.Client.CreateAsync(new FunctionSettings(Function, MemoryMb: 1024, TimeoutSeconds: 120), FunctionZip.OfFolder("Escape/probes"));
            // What it expects from now on is made ahead of time, one after the other. That an interpreter runs does not say that it waits already: then this instance is replaced.
            if (isAheadOfTime)
                await Patience.UntilAsync("the instance is one that was started ahead of time", async () =>
                {
                    await Patience.UntilAsync("an interpreter was started", () => ProcessTable.Pids().Any(pid =>
                        ProcessTable.Read(pid, "environ").Contains("HEARTH_WARMED=1", StringComparison.Ordinal) && ProcessTable.Read(pid, "mountinfo").Contains(node.Data + "/", StringComparison.Ordinal)));
                    if (await IsAheadOfTimeAsync(node))
                        return true;
                    await node.Client.UpdateCodeAsync(Function, FunctionZip.OfFolder("Escape/probes"));
                    return false;
                });
            _facts[index] = new HostFacts(node.Data, node.Endpoint.Port, [Environment.ProcessId, node.UpPid, .. node.Pids("hearth-agent")]);
        }
        return (node, _facts[index]!);
    }
}
